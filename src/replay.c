/*
 * replay.c
 *		Identifiers that may be used once: the primary key decides.
 */
#include "replay.h"

#include "lib/stringinfo.h"

#include "glue.h"
#include "store.h"

bool
replay_first_use(const char *purpose, const char *owner, const char *id, TimestampTz expires_at)
{
	StoreArgs args = {0};
	StringInfoData text;
	uint8_t hash[PGTC_SHA256_LEN];

	initStringInfo(&text);
	/* each part with its end, so that no two triples make one text */
	appendBinaryStringInfo(&text, purpose, strlen(purpose) + 1);
	appendBinaryStringInfo(&text, owner, strlen(owner) + 1);
	appendBinaryStringInfo(&text, id, strlen(id) + 1);
	pgt_check(pgtc_sha256(text.data, text.len, hash), "hashing an identifier");
	store_arg_bytes(&args, hash, sizeof(hash));
	store_arg_time(&args, expires_at);
	return store_run(STORE_REPLAY_INSERT, &args, NULL, NULL) == 1;
}
