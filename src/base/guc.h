/*
 * guc.h
 *		Settings.  Units are seconds unless a name says otherwise.
 */
#ifndef PGT_GUC_H
#define PGT_GUC_H

#include "base/compat.h"

extern int guc_access_token_lifetime;
extern int guc_authorization_code_lifetime;
extern int guc_authorization_request_lifetime;
extern int guc_cache_memory;
extern int guc_challenge_lifetime;
extern char *guc_challenge_notify_channel;
extern int guc_consent_lifetime; /* seconds; 0: without end */
extern bool guc_consent_page_required;
extern int guc_console_proof_age; /* seconds */
extern int guc_device_code_lifetime;
extern int guc_dpop_nonce_lifetime;
extern int guc_dpop_proof_lifetime;
extern bool guc_durable_rotation;
extern char *guc_http_anonymous_role;
extern bool guc_http_answer_request_id;
extern char *guc_http_authenticator;
extern char *guc_http_client_address_header;
extern char *guc_http_client_certificate_header;
extern bool guc_http_client_certificates_verified;
extern char *guc_http_context_headers;
extern char *guc_http_cors_origins;
extern char *guc_http_issuer;
extern char *guc_http_request_id_header;
extern char *guc_http_resource;
extern char *guc_http_resource_metadata;
extern char *guc_http_resource_url;
extern bool guc_http_trace_context; /* a traceparent is taken */
extern int guc_impersonation_lifetime; /* seconds */
extern char *guc_installation_id;
extern int guc_lockstep_generations;
extern int guc_log_refusals; /* a LogRefusals */
extern int guc_max_configuration_lag; /* ms */
extern int guc_max_replay_lag; /* ms */
extern char *guc_metrics_networks;
extern char *guc_pkcs11_module;
extern char *guc_pkcs11_pin_file;
extern bool guc_preloaded; /* by the postmaster, not by this session */
extern int guc_pushed_request_lifetime;
extern int guc_refresh_absolute_lifetime;
extern int guc_refresh_idle_lifetime;
extern int guc_refused_requests;
extern int guc_retry_window_bound; /* -1: until the idle end */
extern int guc_retry_window_confidential;
extern int guc_retry_window_public;
extern char *guc_root_key_file;
extern int guc_shared_replay_ids;
extern int guc_status_list_ttl;

/* ereport(42501) when the connection's options hide a configured setting; before anything else */
extern void guc_refuse_connection_options(void);
extern void guc_init(void);

#endif /* PGT_GUC_H */
