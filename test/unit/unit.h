/*
 * unit.h
 *		The harness of the core's unit tests: counted checks, shared keys, an
 *		allocator that fails on demand.
 *
 * A failed check prints its place and nothing of the data it looked at.
 */
#ifndef PGT_UNIT_H
#define PGT_UNIT_H

#include "core/base/b64url.h"
#include "core/base/basic.h"
#include "core/base/bytes.h"
#include "core/base/crypto.h"
#include "core/base/form.h"
#include "core/base/json_write.h"
#include "core/base/pkcs11_uri.h"
#include "core/base/placement.h"
#include "core/base/uri_normal.h"
#include "core/base/url.h"
#include "core/base/utf8.h"
#include "core/base/uuid.h"
#include "core/jose/certificate.h"
#include "core/jose/claims.h"
#include "core/jose/dn.h"
#include "core/jose/dpop.h"
#include "core/jose/jwk.h"
#include "core/jose/jwks.h"
#include "core/jose/token.h"
#include "core/jose/wrap.h"
#include "core/oauth/handle.h"
#include "core/oauth/jti.h"
#include "core/oauth/pairwise.h"
#include "core/oauth/pkce.h"
#include "core/oauth/redirect.h"
#include "core/oauth/refresh_token.h"
#include "core/oauth/route.h"
#include "core/oauth/scope.h"
#include "core/oauth/secret.h"
#include "core/oauth/secret_hash.h"
#include "core/oauth/secret_hash_verify.h"
#include "core/oauth/user_code.h"
#include "core/risk/risk.h"
#include "core/risk/user_agent.h"

#define CHECK(condition) unit_check((condition), __FILE__, __LINE__)
#define CHECK_CODE(call, expected) unit_check_code((call), (expected), __FILE__, __LINE__)

/* a slice of a literal, which may hold NUL bytes */
#define LITERAL(text) pgtc_slice((text), sizeof(text) - 1)

extern void unit_check(bool condition, const char *file, int line);
extern void unit_check_code(PgtcCode got, PgtcCode expected, const char *file, int line);

/* malloc and free; after unit_fail_after(n) the n-th allocation (from 0) answers NULL, < 0 ends that */
extern const PgtcMem unit_mem;
extern void unit_fail_after(int n);

/* allocations of unit_mem that nobody has released */
extern int unit_live(void);

extern const PgtcAlg *unit_alg(const char *name);

/* one private key per algorithm, made on first use */
extern const PgtcKey *unit_key(const char *alg);

/* header "." payload from raw texts, into an initialised buffer */
extern void unit_signing_input(const char *header, const char *payload, PgtcBuf *out);

/* read header, then verify under the key, as a caller would */
extern PgtcCode unit_verify(PgtcSlice token, const PgtcKey *key);

extern void test_slice(void);
extern void test_text(void);
extern void test_json_foreign(void);
extern void test_plain_object(void);
extern void test_b64url(void);
extern void test_scope(void);
extern void test_uri(void);
extern void test_leaf(void);
extern void test_ids(void);
extern void test_jwk(void);
extern void test_key(void);
extern void test_jws(void);
extern void test_claims(void);
extern void test_token(void);
extern void test_wrap(void);
extern void test_form(void);
extern void test_pkcs11_uri(void);
extern void test_mark(void);
extern void test_printable(void);
extern void test_replay_set(void);
extern void test_request_target(void);
extern void test_client_url(void);
extern void test_dn(void);
extern void test_dpop(void);
extern void test_request_object(void);
extern void test_carry(void);
extern void test_certificate(void);
extern void test_oauth(void);
extern void test_route(void);
extern void test_sealed_request(void);
extern void test_status_list(void);
extern void test_jwks(void);
extern void test_url(void);
extern void test_factor(void);
extern void test_webauthn(void);
extern void test_webauthn_key(void);
extern void test_webauthn_signed(void);
extern void test_accept(void);
extern void test_address(void);
extern void test_user_agent(void);
extern void test_context(void);
extern void test_rules(void);
extern void test_risk(void);
extern void test_lockstep(void);
extern void test_fastcgi(void);
extern void test_secret_hash(void);
extern void test_foreign_token(void);
extern void test_html(void);
extern void test_memory(void);

#endif /* PGT_UNIT_H */
