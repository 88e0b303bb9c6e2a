/*
 * guc.h
 *		Settings.  Units are seconds unless a name says otherwise.
 */
#ifndef PGT_GUC_H
#define PGT_GUC_H

#include "base/compat.h"

extern int pgt_access_token_lifetime;
extern int pgt_authorization_code_lifetime;
extern int pgt_authorization_request_lifetime;
extern int pgt_cache_memory;
extern int pgt_challenge_lifetime;
extern char *pgt_challenge_notify_channel;
extern int pgt_device_code_lifetime;
extern int pgt_dpop_nonce_lifetime;
extern int pgt_dpop_proof_lifetime;
extern bool pgt_durable_rotation;
extern char *pgt_http_authenticator;
extern char *pgt_http_client_address_header;
extern char *pgt_http_client_certificate_header;
extern char *pgt_http_context_headers;
extern char *pgt_http_issuer;
extern char *pgt_http_resource;
extern char *pgt_http_resource_url;
extern char *pgt_installation_id;
extern int pgt_lockstep_generations;
extern int pgt_log_refusals; /* a LogRefusals */
extern int pgt_max_replay_lag; /* ms */
extern bool pgt_preloaded; /* by the postmaster, not by this session */
extern int pgt_pushed_request_lifetime;
extern int pgt_refresh_absolute_lifetime;
extern int pgt_refresh_idle_lifetime;
extern int pgt_refused_requests;
extern int pgt_retry_window_bound; /* -1: until the idle end */
extern int pgt_retry_window_confidential;
extern int pgt_retry_window_public;
extern char *pgt_root_key_file;
extern int pgt_shared_replay_ids;

/* ereport(42501) when the connection's options hide a configured setting; before anything else */
extern void pgt_guc_refuse_connection_options(void);
extern void pgt_guc_init(void);

#endif /* PGT_GUC_H */
