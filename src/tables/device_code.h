/*
 * device_code.h
 *		Device authorizations (RFC 8628): the row and what may happen to it.
 *
 * Every change is one UPDATE that names the state it expects; false means that
 * the row is in another one.
 */
#ifndef PGT_DEVICE_CODE_H
#define PGT_DEVICE_CODE_H

#include "base/compat.h"

#include "datatype/timestamp.h"
#include "utils/jsonb.h"
#include "utils/uuid.h"

#include "base/begun.h"
#include "core/base/crypto.h"
#include "core/oauth/user_code.h"
#include "tables/authentication.h"
#include "tables/issuer.h"
#include "tables/lifespan.h"

#define DEVICE_POLL_INTERVAL 5 /* seconds, and by how much it grows (RFC 8628 section 3.5) */
#define DEVICE_POLL_TOLERANCE \
	1 /* seconds: timers are not exact, and no two requests take the same way */

typedef enum DeviceState
{
	DEVICE_PENDING,
	DEVICE_APPROVED,
	DEVICE_DENIED,
	DEVICE_REDEEMED
} DeviceState;

typedef struct DeviceCode
{
	pg_uuid_t grant_id; /* its own: it lies where the user code says */
	pg_uuid_t family_id; /* of an approved one: the family that comes of it */
	uint8_t device_hash[PGTC_SHA256_LEN];
	char *client_id;
	char *scope; /* asked for, later as approved */
	char **resources;
	int n_resources; /* 0: none was named */
	char *jkt; /* NULL: any key may redeem it */
	DeviceState state;
	Authentication
		auth; /* of an approved one: who answered for the user; its details before, too */
	Jsonb *context;
	Begun begun;
	TimestampTz expires_at;
	Lifespan lifespan; /* of an approved one: of its family */
} DeviceCode;

/* what the user types; false: somebody else's is the same, try another */
extern bool device_code_insert(Issuer *issuer, const DeviceCode *device,
							   const char user_code[PGTC_USER_CODE_LEN + 1]);

extern DeviceCode *device_code_read(const pg_uuid_t *grant_id);

/* the unexpired one that waits for an answer under this user code; NULL */
extern DeviceCode *device_code_find(Issuer *issuer, const char user_code[PGTC_USER_CODE_LEN + 1]);

/*
 * A poll of a pending one; false: it is none any more.  *too_early: it came before its
 * time; who comes early again right after that has a longer interval from then on.
 */
extern bool device_code_poll(const DeviceCode *device, TimestampTz now, bool *too_early);

/* from then on it is the subject's, too: subject_epoch is that of the moment */
extern bool device_code_approve(const DeviceCode *device, const Authentication *auth,
								const char *scope, const Lifespan *lifespan, int64 subject_epoch);
extern bool device_code_deny(const DeviceCode *device);

/* exactly once, also of two that come at the same time */
extern bool device_code_redeem(const DeviceCode *device);

#endif /* PGT_DEVICE_CODE_H */
