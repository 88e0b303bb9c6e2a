/*
 * registration.c
 *		Clients that have registered themselves.
 *
 * What they may have, and what becomes of what they ask for, is decided by functions
 * in SQL (43_registration.sql), beside create_client() and update_client().  The
 * statements that call them read as far as the store can see.
 */
#include "tables/registration.h"

#include "utils/timestamp.h"

#include "base/cache.h"
#include "base/moment.h"
#include "base/store.h"

static void
read_token_id(StoreRow *row, void *arg)
{
	pg_uuid_t **token_id = arg;
	pg_uuid_t found;

	if (!store_uuid_optional(row, &found))
		*token_id = NULL;
	else
		**token_id = found;
}

static StoreQuery token_find_query = STORE_QUERY("registration token find", STORE_READS,
												 "SELECT pgtoken.find_registration_token($1, $2)");

bool
registration_find_token(const Issuer *issuer, const uint8_t hash[PGTC_SHA256_LEN],
						pg_uuid_t *token_id)
{
	StoreArgs args = {0};

	store_arg_text(&args, issuer->issuer);
	store_arg_bytes(&args, hash, PGTC_SHA256_LEN);
	store_run(&token_find_query, &args, read_token_id, &token_id);
	return token_id != NULL;
}

static void
read_json(StoreRow *row, void *arg)
{
	*(Jsonb **) arg = store_jsonb(row);
}

static StoreQuery policy_read_query = STORE_QUERY("registration policy read", STORE_READS,
												  "SELECT pgtoken.registration_policy($1, $2)");

Jsonb *
registration_policy(const Issuer *issuer, const pg_uuid_t *token_id)
{
	StoreArgs args = {0};
	Jsonb *policy = NULL;

	store_arg_text(&args, issuer->issuer);
	store_arg_uuid(&args, token_id);
	store_run(&policy_read_query, &args, read_json, &policy);
	return policy;
}

static void
read_outcome(StoreRow *row, void *arg)
{
	RegistrationOutcome *outcome = arg;

	outcome->refused = store_text(row);
	outcome->sentence = store_text(row);
	outcome->wait = store_int(row, 0);
	outcome->answer = store_jsonb(row);
}

static StoreQuery judge_query = STORE_QUERY("registration judge", STORE_READS,
											"SELECT r.refused, r.sentence, r.wait, r.answer "
											"FROM pgtoken.judge_registration($1, $2, $3, $4) r");

void
registration_judge(const Issuer *issuer, Jsonb *request, const pg_uuid_t *token_id, Jsonb *claims,
				   RegistrationOutcome *outcome)
{
	StoreArgs args = {0};

	store_arg_text(&args, issuer->issuer);
	store_arg_jsonb(&args, request);
	store_arg_uuid(&args, token_id);
	store_arg_jsonb(&args, claims);
	store_run(&judge_query, &args, read_outcome, outcome);
}

static StoreQuery insert_query = STORE_QUERY("registration insert", STORE_READS,
											 "SELECT r.refused, r.sentence, r.wait, r.answer "
											 "FROM pgtoken.register_client($1, $2, $3, $4, $5) r");

void
registration_insert(const Issuer *issuer, Jsonb *request, const pg_uuid_t *token_id,
					const char *statement, Jsonb *claims, RegistrationOutcome *outcome)
{
	StoreArgs args = {0};

	store_arg_text(&args, issuer->issuer);
	store_arg_jsonb(&args, request);
	store_arg_uuid(&args, token_id);
	store_arg_text(&args, statement);
	store_arg_jsonb(&args, claims);
	store_run(&insert_query, &args, read_outcome, outcome);
}

static void
read_registration(StoreRow *row, void *arg)
{
	Registration *registration = palloc0(sizeof(Registration));

	registration->enabled = store_bool(row);
	registration->has_token = store_bytes(row, registration->token_hash, PGTC_SHA256_LEN);
	registration->has_previous = store_bytes(row, registration->previous_hash, PGTC_SHA256_LEN);
	registration->claims = store_jsonb(row);
	*(Registration **) arg = registration;
}

static StoreQuery lock_query =
	STORE_QUERY("registration lock", STORE_READS,
				"SELECT c.enabled, r.access_token_hash, r.previous_token_hash, r.statement_claims "
				"FROM pgtoken.registrations r JOIN pgtoken.clients c ON c.client_id" EQ
				"r.client_id WHERE r.client_id" EQ "$1 AND r.issuer" EQ "$2 FOR UPDATE OF r");

Registration *
registration_lock(const Issuer *issuer, const char *client_id)
{
	StoreArgs args = {0};
	Registration *registration = NULL;

	store_arg_text(&args, client_id);
	store_arg_text(&args, issuer->issuer);
	store_run(&lock_query, &args, read_registration, &registration);
	return registration;
}

static StoreQuery end_previous_query =
	STORE_QUERY("registration token end", STORE_WRITES,
				"UPDATE pgtoken.registrations r SET previous_token_hash = NULL "
				"WHERE r.client_id" EQ "$1");

void
registration_end_previous(const char *client_id)
{
	StoreArgs args = {0};

	store_arg_text(&args, client_id);
	store_run(&end_previous_query, &args, NULL, NULL);
}

static StoreQuery answer_query =
	STORE_QUERY("registration read", STORE_READS, "SELECT pgtoken.registration_answer($1)");

Jsonb *
registration_answer(const char *client_id)
{
	StoreArgs args = {0};
	Jsonb *answer = NULL;

	store_arg_text(&args, client_id);
	store_run(&answer_query, &args, read_json, &answer);
	return answer;
}

static StoreQuery replace_query =
	STORE_QUERY("registration replace", STORE_READS,
				"SELECT r.refused, r.sentence, r.wait, r.answer "
				"FROM pgtoken.replace_registration($1, $2, $3, $4, $5) r");

void
registration_replace(const char *client_id, Jsonb *request,
					 const uint8_t presented[PGTC_SHA256_LEN], const char *statement, Jsonb *claims,
					 RegistrationOutcome *outcome)
{
	StoreArgs args = {0};

	store_arg_text(&args, client_id);
	store_arg_jsonb(&args, request);
	store_arg_bytes(&args, presented, PGTC_SHA256_LEN);
	store_arg_text(&args, statement);
	store_arg_jsonb(&args, claims);
	store_run(&replace_query, &args, read_outcome, outcome);
}

static StoreQuery remove_query =
	STORE_QUERY("registration remove", STORE_READS, "SELECT pgtoken.remove_registration($1)");

void
registration_remove(const char *client_id)
{
	StoreArgs args = {0};

	store_arg_text(&args, client_id);
	store_run(&remove_query, &args, NULL, NULL);
}

static void
read_flag(StoreRow *row, void *arg)
{
	*(bool *) arg = store_bool(row);
}

static StoreQuery welcome_query =
	STORE_QUERY("document welcome", STORE_READS, "SELECT pgtoken.document_welcome($1, $2)");

bool
registration_document_welcome(const Issuer *issuer, const char *host)
{
	StoreArgs args = {0};
	bool welcome = false;

	store_arg_text(&args, issuer->issuer);
	store_arg_text(&args, host);
	store_run(&welcome_query, &args, read_flag, &welcome);
	return welcome;
}

static StoreQuery adopt_query = STORE_QUERY("document adopt", STORE_READS,
											"SELECT r.refused, r.sentence, r.wait, r.answer "
											"FROM pgtoken.adopt_client_document($1, $2, $3, $4) r");

void
registration_adopt(const Issuer *issuer, const char *client_id, Jsonb *document,
				   TimestampTz fetched_at, RegistrationOutcome *outcome)
{
	StoreArgs args = {0};

	store_arg_text(&args, issuer->issuer);
	store_arg_text(&args, client_id);
	store_arg_jsonb(&args, document);
	store_arg_time(&args, fetched_at);
	store_run(&adopt_query, &args, read_outcome, outcome);
	/* the change tells other sessions when it commits; this one has to know by now */
	cache_begin_anew();
	cache_begin();
}

static StoreQuery used_query = STORE_QUERY(
	"registration used", STORE_WRITES,
	"INSERT INTO pgtoken.registration_uses AS u (client_id, used_at) VALUES ($1, $2) "
	"ON CONFLICT ON CONSTRAINT registration_uses_pkey DO UPDATE SET used_at = excluded.used_at "
	"WHERE u.used_at OPERATOR(pg_catalog.<=) $3");

void
registration_used(const Client *client)
{
	TimestampTz now = GetCurrentTimestamp();
	StoreArgs args = {0};

	if (client->used_at == NULL || now < moment_plus(*client->used_at, SECS_PER_DAY))
		return;
	*client->used_at = now;
	store_arg_text(&args, client->client_id);
	store_arg_time(&args, now);
	store_arg_time(&args, moment_plus(now, -SECS_PER_DAY));
	store_run(&used_query, &args, NULL, NULL);
}
