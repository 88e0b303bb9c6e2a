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
#include "tables/handed_over.h"
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
	DEVICE_REDEEMED,
	DEVICE_HANDED_OVER /* to the shard of a subject, who answers there */
} DeviceState;

typedef struct DeviceCode
{
	pg_uuid_t grant_id; /* its own: it lies where the user code says */
	pg_uuid_t family_id; /* of an approved one: the family that comes of it */
	pg_uuid_t handed_over_to; /* of one that was handed over: its id there */
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
	TimestampTz consent_ends; /* of an approved one; DT_NOEND: it does not */
	Begun begun;
	TimestampTz expires_at;
	Lifespan lifespan; /* of an approved one: of its family */
	char user_code[PGTC_USER_CODE_LEN + 1]; /* of one that was found by it; else "" */
	const HandedOver *handed_over; /* to us, by another shard; NULL: it is a row of this database */
	uint8_t handed_over_hash[PGTC_SHA256_LEN]; /* of whom it was handed over for */
} DeviceCode;

/* what the user types; false: somebody else's is the same, try another */
extern bool device_code_insert(Issuer *issuer, const DeviceCode *device,
							   const char user_code[PGTC_USER_CODE_LEN + 1]);

extern DeviceCode *device_code_read(const pg_uuid_t *grant_id);

/* the unexpired one that waits for an answer under this user code; NULL */
extern DeviceCode *device_code_find(Issuer *issuer, const char user_code[PGTC_USER_CODE_LEN + 1]);

/* the same, or one that was handed over for this subject already; until the transaction ends it is ours */
extern DeviceCode *device_code_find_for(Issuer *issuer,
										const char user_code[PGTC_USER_CODE_LEN + 1],
										const char *subject);

/* as text, for the subject's shard; spent: it has ended here */
extern char *device_code_seal(Issuer *issuer, const DeviceCode *device, const char *subject,
							  bool spent);

/* what another shard has sealed; NULL as handed_over_open() says, or its client has been ended since */
extern DeviceCode *device_code_open(Issuer *issuer, const char *text, const char *subject);

/* from then on it is polled where the subject's things lie; the row does not tell who that is */
extern bool device_code_hand_over(Issuer *issuer, const DeviceCode *device, const char *subject);

/* one that is to be answered here gets its row; false: it was answered before; of our own nothing happens */
extern bool device_code_take(Issuer *issuer, const DeviceCode *device);

/*
 * A poll of one that waits, here or elsewhere; false: it does not any more.  *too_early: it came before its
 * time; who comes early again right after that has a longer interval from then on.
 */
extern bool device_code_poll(const DeviceCode *device, TimestampTz now, bool *too_early);

/* from then on it is the subject's, too: subject_epoch is that of the moment */
extern bool device_code_approve(const DeviceCode *device, const Authentication *auth,
								const char *scope, const Lifespan *lifespan, int64 subject_epoch);
/* of one that was approved just now: when what was agreed to ends */
extern void device_code_limit(const DeviceCode *device, TimestampTz consent_ends);

extern bool device_code_deny(const DeviceCode *device);

/* exactly once, also of two that come at the same time */
extern bool device_code_redeem(const DeviceCode *device);

#endif /* PGT_DEVICE_CODE_H */
