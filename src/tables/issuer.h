/*
 * issuer.h
 *		Issuers and their peppers, cached.
 */
#ifndef PGT_ISSUER_H
#define PGT_ISSUER_H

#include "base/compat.h"

#include "datatype/timestamp.h"
#include "utils/jsonb.h"

#include "base/begun.h"
#include "core/base/crypto.h"
#include "core/base/slice.h"
#include "core/jose/alg.h"
#include "core/oauth/refresh_token.h"

/* how many living sessions a subject may have at once */
typedef struct SessionLimit
{
	int max; /* 0: any number */
	bool refuse; /* one more; else the least recently used one ends */
} SessionLimit;

typedef struct Issuer
{
	char *issuer;
	char *authority; /* of its URL: host and port in lower case, a default port left out */
	char *path; /* of its URL, without a slash at the end */
	char *mtls_base_uri; /* below which its endpoints are once more; NULL: nowhere */
	char *mtls_authority; /* of that URL, as the next */
	char *mtls_path;
	bool is_default;
	const PgtcAlg *default_alg;
	char *login_uri; /* NULL: not set, as the next four */
	char *logout_uri;
	char *verification_uri;
	char *claims_function;
	char *password_verifier;
	bool dpop_nonce_required;
	char **acr_levels; /* weakest first */
	int n_acr_levels;
	Jsonb *factor_acr;
	char *webauthn_rp_id; /* NULL: no WebAuthn */
	char **webauthn_origins;
	int n_webauthn_origins;
	char *registration; /* who may register clients by himself: off, token, statement, open */
	bool codes_by_courier; /* and not by the application */
	SessionLimit sessions; /* with all its clients */
	bool status_lists; /* are its families in lists that APIs can read? */
	Epochs epochs;
	char *installation_id; /* of the database; NULL: none is there */
	bool pepper_loaded;
	uint8_t pepper[PGTC_PEPPER_LEN];
} Issuer;

/* NULL when there is no such issuer; issuer NULL names the default one */
extern Issuer *issuer_find(const char *issuer);

/* whom this session speaks for: pgtoken.http_issuer, or the default one */
extern Issuer *issuer_of_session(void);

/*
 * Those whose URL, or whose mtls_base_uri, has this authority, as a Host header writes
 * it, one after the other: before NULL begins, NULL ends.
 */
extern Issuer *issuer_next_at(const char *host, const Issuer *before);

/* the path of its URL there, or of its mtls_base_uri; NULL: that is elsewhere */
extern const char *issuer_path_at(const Issuer *issuer, const char *host, bool mtls);

/* have they been read already, so that issuer_find() reads no table? */
extern bool issuer_is_known(void);

/* like issuer_find, but ereport(55000) when it is not there */
extern Issuer *issuer_get(const char *issuer);

/* what the URLs of its endpoints begin with: without a slash at the end; lives as long as issuer */
extern PgtcSlice issuer_base(const char *issuer);

/* the URL of one of its endpoints; an issuer may end in a slash (RFC 8414 section 3.1) */
extern char *issuer_url(const char *issuer, const char *path);

/* ereport(55000) where pgtoken.installation_id says that this database is a copy */
extern void issuer_require_own(const Issuer *issuer);

/* the pepper of its refresh tokens, read and unwrapped once */
extern const uint8_t *issuer_pepper(Issuer *issuer);

/* a key of its own for the purpose, derived from the pepper */
extern void issuer_subkey(Issuer *issuer, const char *purpose, uint8_t out[PGTC_SHA256_LEN]);

/* make and store the pepper of a new issuer */
extern void issuer_create_pepper(const char *issuer);

#endif /* PGT_ISSUER_H */
