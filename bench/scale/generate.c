/*
 * generate.c
 *		Rows of a service that has run for 90 days, as PostgreSQL's COPY reads them
 *		(FORMAT binary), made by the extension's own core: ids, jti, refresh tokens
 *		and their hashes are real.
 *
 * A family's number says all about it, so that grants, ledger and audit are made
 * apart and fit together.  Time is counted in slots, one for each family that
 * begins; the density of slots grows, so that there are more recent families.
 * Generation k of a family comes a fixed number of slots after its beginning, and
 * rows leave in the order of time, as a living service writes them.
 *
 * usage: generate grants | tokens | audit_rows | refresh_tokens
 *				 FAMILIES NOW FROM TO KID [EVERY]
 *
 * NOW, FROM, TO: Unix seconds; of tokens and audit_rows only what came in
 * [FROM, TO).  EVERY: refresh tokens of one family in so many, as text.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "core/base/crypto.h"
#include "core/base/placement.h"
#include "core/oauth/jti.h"
#include "core/oauth/refresh_token.h"

#define SPAN_US (INT64_C(90) * DAY_US)
#define DAY_US (INT64_C(86400) * 1000000)
#define POSTGRES_EPOCH INT64_C(946684800)
#define CLIENTS 300
#define SCOPE "read write offline_access"
#define RESOURCE "https://api.example"
#define IDLE_DAYS 30
#define TEXT_OID 25

/* when generation k comes, in parts of all slots */
static const double comes_after[] = {0, 0.02, 0.06, 0.12, 0.2, 0.3, 0.45, 0.65};
#define GENERATIONS ((int) (sizeof(comes_after) / sizeof(comes_after[0])))

typedef struct Family
{
	int64_t number;
	uint64_t hash;
	int64_t created_us;
	int64_t expires_us;
	int last; /* its newest generation */
	uint8_t grant_id[PGTC_UUID_LEN];
	char client_id[16];
	char subject[24];
	char session_id[24];
	char ip[40]; /* its context */
} Family;

static int64_t families;
static int64_t now_us;
static int64_t offset[GENERATIONS]; /* comes_after, in slots */

/* --- numbers ------------------------------------------------------------------ */

/* splitmix64: scattered, and the same each time */
static uint64_t
scatter(uint64_t x)
{
	x += UINT64_C(0x9e3779b97f4a7c15);
	x = (x ^ x >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	x = (x ^ x >> 27) * UINT64_C(0x94d049bb133111eb);
	return x ^ x >> 31;
}

static int64_t
time_of(int64_t slot)
{
	return now_us - SPAN_US +
		   (int64_t) ((double) SPAN_US * sqrt((double) slot / (double) families));
}

/* the first slot that is not before a time */
static int64_t
slot_of(int64_t us)
{
	int64_t low = 0;
	int64_t high = families;

	while (low < high)
	{
		int64_t middle = low + (high - low) / 2;

		if (time_of(middle) < us)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static void
family_make(Family *family, int64_t number)
{
	uint64_t hash = scatter((uint64_t) number);
	uint64_t more = scatter(hash);
	double share = (double) (hash >> 32) / 4294967296.0;
	uint8_t random[8];
	uint32_t placement;
	int stops = GENERATIONS - 1;

	family->number = number;
	family->hash = hash;
	family->created_us = time_of(number);
	/* one in five ends after 30 days */
	family->expires_us = family->created_us + (more % 5 == 0 ? 30 : 365) * DAY_US;
	/* three in ten are given up early */
	if (more / 5 % 10 < 3)
		stops = 1 + (int) (more / 50 % 3);
	family->last = 0;
	while (family->last < stops && number + offset[family->last + 1] < families &&
		   time_of(number + offset[family->last + 1]) < family->expires_us)
		family->last++;
	memcpy(random, &more, sizeof(random));
	/* the first client has a tenth of all families, the last one in 750 */
	snprintf(family->client_id, sizeof(family->client_id), "client-%03d",
			 (int) (CLIENTS * pow(share, 2.5)));
	snprintf(family->subject, sizeof(family->subject), "user-%lld",
			 (long long) (scatter(hash ^ 1) % (uint64_t) (families / 3 + 1)));
	pgtc_placement_of(pgtc_slice_str(family->subject), &placement);
	pgtc_placement_uuid((uint64_t) family->created_us, random, placement, family->grant_id);
	snprintf(family->session_id, sizeof(family->session_id), "%016llx", (unsigned long long) more);
	snprintf(family->ip, sizeof(family->ip), "{\"ip\": \"203.0.113.%d\"}", (int) (more >> 56));
}

static bool
revoked(const Family *family)
{
	return family->hash % 50 == 0;
}

static void
secret_of(const Family *family, int generation, PgtcRefreshToken *token)
{
	int64_t seed[2] = {family->number, generation};

	memcpy(token->grant_id, family->grant_id, PGTC_UUID_LEN);
	token->generation = (uint32_t) generation;
	(void) pgtc_crypto_sha256(seed, sizeof(seed), token->secret);
}

/* --- fields of a row ---------------------------------------------------------- */

static void
put(const void *data, size_t len)
{
	if (fwrite_unlocked(data, 1, len, stdout) != len)
	{
		perror("generate");
		exit(1);
	}
}

static void
put_number(uint64_t value, int bytes)
{
	uint8_t out[8];

	for (int i = 0; i < bytes; i++)
		out[i] = (uint8_t) (value >> (8 * (bytes - 1 - i)));
	put(out, (size_t) bytes);
}

static void
field(const void *data, size_t len)
{
	put_number(len, 4);
	put(data, len);
}

static void
field_null(void)
{
	put_number(UINT32_MAX, 4);
}

static void
field_text(const char *text)
{
	field(text, strlen(text));
}

static void
field_int(int value)
{
	put_number(4, 4);
	put_number((uint64_t) (int64_t) value, 4);
}

static void
field_time(int64_t unix_us)
{
	put_number(8, 4);
	put_number((uint64_t) (unix_us - POSTGRES_EPOCH * 1000000), 8);
}

static void
field_days(int days)
{
	put_number(16, 4);
	put_number(0, 8);
	put_number((uint64_t) days, 4);
	put_number(0, 4);
}

static void
field_jsonb(const char *json)
{
	put_number(strlen(json) + 1, 4);
	put_number(1, 1);
	put(json, strlen(json));
}

/* an array of one text */
static void
field_texts(const char *text)
{
	put_number(24 + strlen(text), 4);
	put_number(1, 4);
	put_number(0, 4);
	put_number(TEXT_OID, 4);
	put_number(1, 4);
	put_number(1, 4);
	field_text(text);
}

static void
field_hash(const Family *family, int generation)
{
	PgtcRefreshToken token;
	uint8_t hash[PGTC_SHA256_LEN];

	secret_of(family, generation, &token);
	(void) pgtc_crypto_sha256(token.secret, sizeof(token.secret), hash);
	field(hash, sizeof(hash));
}

static void
jti_of(const Family *family, int generation, char out[PGTC_JTI_LEN + 1])
{
	uint64_t random = scatter(family->hash + (uint64_t) generation);
	PgtcJti jti = {.generation = (uint32_t) generation};

	memcpy(jti.grant_id, family->grant_id, PGTC_UUID_LEN);
	memcpy(jti.random, &random, sizeof(jti.random));
	pgtc_jti_write(&jti, out);
}

/* --- rows ----------------------------------------------------------------------- */

static void
write_grant(const Family *family)
{
	int64_t rotated_us = time_of(family->number + offset[family->last]);

	put_number(22, 2);
	field(family->grant_id, PGTC_UUID_LEN);
	field_text(family->client_id);
	field_text(family->subject);
	field_text(SCOPE);
	field_texts(RESOURCE);
	field_text(family->session_id);
	field_time(family->created_us);
	field_jsonb("{}");
	field_time(family->created_us);
	field_time(family->expires_us);
	field_days(IDLE_DAYS);
	field_int(family->last);
	field_hash(family, family->last);
	if (family->last > 0)
		field_hash(family, family->last - 1);
	else
		field_null();
	field_time(rotated_us);
	field_int(0);
	field_int(-1);
	field_jsonb(family->ip);
	field_jsonb(family->ip);
	field_text("authorization_code");
	if (revoked(family))
	{
		field_time(rotated_us);
		field_text("logout");
	}
	else
	{
		field_null();
		field_null();
	}
}

static void
write_token(const Family *family, int generation, int64_t us, const char *kid)
{
	char jti[PGTC_JTI_LEN + 1];
	int64_t idle_us = us + IDLE_DAYS * DAY_US;

	jti_of(family, generation, jti);
	put_number(19, 2);
	field(family->grant_id, PGTC_UUID_LEN);
	field_int(generation);
	field_int(0);
	field_time(us);
	if (generation > 0)
		field_int(generation - 1);
	else
		field_null();
	field_hash(family, generation);
	field_text(jti);
	field_text(kid);
	field_time(us + INT64_C(300) * 1000000);
	field_time(idle_us < family->expires_us ? idle_us : family->expires_us);
	field_text(SCOPE);
	field_texts(RESOURCE);
	field_text("allow");
	field_jsonb(family->ip);
	field_text(family->client_id);
	field_text(family->subject);
	field_text("application");
	field_text("application");
	field_text("web");
}

/* family: NULL for an event of no family */
static void
write_event(const Family *family, int64_t us, uint64_t salt, const char *event, const char *detail)
{
	static const uint8_t no_family[PGTC_UUID_LEN];
	uint64_t random = scatter(salt);
	uint8_t event_id[PGTC_UUID_LEN];

	pgtc_uuid_make((uint64_t) us, (const uint8_t *) &random, event_id);
	put_number(11, 2);
	field(family ? family->grant_id : no_family, PGTC_UUID_LEN);
	field(event_id, sizeof(event_id));
	field_time(us);
	field_text(event);
	field_text(family ? family->client_id : "client-000");
	if (family)
		field_text(family->subject);
	else
		field_null();
	field_text("application");
	field_text("application");
	field_text("web");
	if (family)
		field_jsonb(family->ip);
	else
		field_jsonb("{}");
	if (detail)
		field_jsonb(detail);
	else
		field_null();
}

static void
write_events(const Family *family, int generation, int64_t us)
{
	uint64_t salt = family->hash + (uint64_t) generation;
	char detail[40];

	if (generation == family->last && revoked(family))
	{
		snprintf(detail, sizeof(detail), "{\"generation\": %d}", generation);
		write_event(family, us, salt + 1, "grant.revoked", detail);
	}
	/* now and then somebody fails to authenticate */
	if (family->number % 500 == 0)
		write_event(NULL, us, salt + 2, "client.authentication_failed", NULL);
}

/* what happened from one slot to another: tokens, or what is no answer with tokens */
static void
write_history(int64_t from, int64_t to, bool events, const char *kid)
{
	Family family;

	for (int64_t slot = from; slot < to; slot++)
	{
		int64_t us = time_of(slot);

		for (int k = 0; k < GENERATIONS && slot >= offset[k]; k++)
		{
			family_make(&family, slot - offset[k]);
			if (k > family.last)
				continue;
			if (events)
				write_events(&family, k, us);
			else
				write_token(&family, k, us, kid);
		}
	}
}

/* of families that can be refreshed: grant_id, client_id, subject, refresh token */
static void
write_refresh_tokens(int64_t every)
{
	Family family;
	PgtcRefreshToken token;
	char grant_id[PGTC_UUID_TEXT_LEN + 1];
	char text[PGTC_REFRESH_TOKEN_LEN + 1];

	for (int64_t number = 0; number < families; number += every)
	{
		family_make(&family, number);
		if (revoked(&family) || family.expires_us < now_us + DAY_US ||
			time_of(number + offset[family.last]) + (IDLE_DAYS - 1) * DAY_US < now_us)
			continue;
		secret_of(&family, family.last, &token);
		pgtc_refresh_token_write(&token, text);
		pgtc_uuid_text(family.grant_id, grant_id);
		printf("%s\t%s\t%s\t%s\n", grant_id, family.client_id, family.subject, text);
	}
}

int
main(int argc, char **argv)
{
	static const char signature[11] = "PGCOPY\n\377\r\n";
	const char *what;
	Family family;

	if (argc < 7)
	{
		fprintf(stderr, "usage: generate WHAT FAMILIES NOW FROM TO KID [EVERY]\n");
		return 2;
	}
	what = argv[1];
	families = atoll(argv[2]);
	now_us = atoll(argv[3]) * 1000000;
	for (int k = 0; k < GENERATIONS; k++)
		offset[k] = (int64_t) (comes_after[k] * (double) families);
	if (strcmp(what, "refresh_tokens") == 0)
	{
		write_refresh_tokens(argc > 7 ? atoll(argv[7]) : 1);
		return fflush(stdout) != 0;
	}
	put(signature, sizeof(signature));
	put_number(0, 8);
	if (strcmp(what, "grants") == 0)
	{
		for (int64_t number = 0; number < families; number++)
		{
			family_make(&family, number);
			write_grant(&family);
		}
	}
	else
		write_history(slot_of(atoll(argv[4]) * 1000000), slot_of(atoll(argv[5]) * 1000000),
					  strcmp(what, "audit_rows") == 0, argv[6]);
	put_number(UINT16_MAX, 2);
	return fflush(stdout) != 0;
}
