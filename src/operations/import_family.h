/*
 * import_family.h
 *		Use case: a session that began at another server goes on here.
 */
#ifndef PGT_IMPORT_FAMILY_H
#define PGT_IMPORT_FAMILY_H

#include "base/compat.h"

#include "datatype/timestamp.h"
#include "utils/uuid.h"

#include "core/base/crypto.h"
#include "core/oauth/foreign_token.h"
#include "tables/authentication.h"
#include "tables/confirmation.h"

typedef struct ImportRequest
{
	const char *source;
	PgtcForeignFormat format; /* of its tokens */
	const char *issuer; /* that the client must be of; NULL: any */
	const uint8_t *digest; /* SHA-256 of what the source's token is looked up by */
	const char *client_id;
	Confirmation cnf;
	Authentication auth; /* auth_time DT_NOBEGIN: as started_at */
	const char *scope;
	char **resources;
	int n_resources; /* 0: as a first issue has them */
	TimestampTz started_at; /* DT_NOBEGIN: not known, as the next ones */
	TimestampTz expires_at; /* end of the family at the latest */
	TimestampTz token_issued_at; /* when the source handed the token out */
	TimestampTz token_expires_at; /* until when it can be used there, unless it is before */
} ImportRequest;

/*
 * A family whose generation 0 is the source's refresh token; *grant_id.  ereport for
 * whatever stands against it, by name: nobody but an administrator is told.
 */
extern void import_family(const ImportRequest *request, pg_uuid_t *grant_id);

/* the family of such a token, which may be gone; false: it was not imported */
extern bool import_family_of(const char *issuer, const char *source,
							 const uint8_t digest[PGTC_SHA256_LEN], pg_uuid_t *grant_id);

#endif /* PGT_IMPORT_FAMILY_H */
