/*
 * challenge_outbox.c
 *		One-time codes that the application, or the courier, has still to deliver.
 *
 * They lie in their table under a key of the issuer, so that neither a backup nor
 * who may read the table has them.
 */
#include "step_up/challenge_outbox.h"

#include "commands/async.h"
#include "utils/timestamp.h"

#include "base/glue.h"
#include "base/guc.h"
#include "base/random.h"
#include "base/store.h"
#include "base/strings.h"
#include "core/base/buf.h"
#include "core/base/code.h"
#include "core/base/slice.h"
#include "tables/issuer_seal.h"

#define PURPOSE "challenge outbox"

/* whose code it is is authenticated with it: in another row it does not open */
static char *
label_of(const pg_uuid_t *code_id, const pg_uuid_t *factor_id, const char *subject)
{
	return psprintf("code:%s:%s:%s", strings_of_uuid(code_id), strings_of_uuid(factor_id), subject);
}

static void
tell_listeners(void)
{
	if (guc_challenge_notify_channel[0])
		Async_Notify(guc_challenge_notify_channel, "code");
}

static StoreQuery challenge_code_work_query = STORE_QUERY(
	"challenge code work", STORE_WRITES,
	"INSERT INTO pgtoken.courier_work (work_id, kind, issuer, receiver, client_id, payload, "
	"expires_at) VALUES ($1, 'code', $2, 'code', $3, "
	"pg_catalog.jsonb_build_object('subject', $4::pg_catalog.text), $5)");

static void
give_to_courier(const pg_uuid_t *code_id, const Challenge *challenge, const Factor *factor)
{
	StoreArgs args = {0};

	store_arg_uuid(&args, code_id);
	store_arg_text(&args, factor->issuer);
	store_arg_text(&args, challenge->client_id);
	store_arg_text(&args, factor->subject);
	store_arg_time(&args, challenge->expires_at);
	store_run(&challenge_code_work_query, &args, NULL, NULL);
}

static StoreQuery challenge_code_insert_query = STORE_QUERY(
	"challenge code insert", STORE_WRITES,
	"INSERT INTO pgtoken.challenge_codes (code_id, issuer, subject, factor_id, client_id, "
	"sealed_code, created_at, expires_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)");

void
challenge_outbox_put(Issuer *issuer, const Challenge *challenge, const Factor *factor,
					 const char *code)
{
	StoreArgs args = {0};
	pg_uuid_t code_id;
	PgtcBuf sealed;

	random_uuid(&code_id);
	pgtc_buf_init(&sealed, &glue_mem);
	issuer_seal(issuer, PURPOSE,
				pgtc_slice_str(label_of(&code_id, &factor->factor_id, factor->subject)),
				pgtc_slice_str(code), &sealed);
	store_arg_uuid(&args, &code_id);
	store_arg_text(&args, factor->issuer);
	store_arg_text(&args, factor->subject);
	store_arg_uuid(&args, &factor->factor_id);
	store_arg_text(&args, challenge->client_id);
	store_arg_bytes(&args, sealed.data, sealed.len);
	store_arg_time(&args, GetCurrentTimestamp());
	store_arg_time(&args, challenge->expires_at);
	store_run(&challenge_code_insert_query, &args, NULL, NULL);
	pgtc_buf_free(&sealed);
	if (issuer->codes_by_courier)
		give_to_courier(&code_id, challenge, factor);
	else
		tell_listeners();
}

static void
append_code(StoreRow *row, void *arg)
{
	OutgoingCode ***end = arg;
	OutgoingCode *code = palloc0(sizeof(OutgoingCode));

	store_uuid(row, &code->code_id);
	code->issuer = store_text(row);
	code->subject = store_text(row);
	store_uuid(row, &code->factor_id);
	code->factor_type = store_text(row);
	code->label = store_text(row);
	code->client_id = store_text(row);
	code->sealed = store_bytea(row);
	code->expires_at = store_time(row, DT_NOEND);
	**end = code;
	*end = &code->next;
}

/* what somebody has tampered with is lost, and must not keep the others from going out */
static void
open_code(OutgoingCode *code)
{
	Issuer *issuer = issuer_find(code->issuer);
	PgtcBuf plain;
	PgtcCode result = PGTC_E_ROOT_KEY;

	pgtc_buf_init(&plain, &glue_mem);
	if (issuer)
		result = issuer_seal_open(
			issuer, PURPOSE,
			pgtc_slice_str(label_of(&code->code_id, &code->factor_id, code->subject)),
			pgtc_slice(VARDATA_ANY(code->sealed), VARSIZE_ANY_EXHDR(code->sealed)), &plain);
	if (result != PGTC_OK)
		ereport(
			WARNING,
			(errcode(ERRCODE_DATA_CORRUPTED), errmsg("a one-time code cannot be opened"),
			 errdetail("\"%s\": %s.", strings_of_uuid(&code->code_id), pgtc_code_text(result))));
	else
		code->code = pnstrdup(plain.data, plain.len);
	pgtc_buf_free(&plain);
}

static StoreQuery challenge_code_expire_query = STORE_QUERY(
	"challenge code expire", STORE_WRITES,
	"DELETE FROM pgtoken.challenge_codes c WHERE c.code_id" EQ "ANY (ARRAY("
	"SELECT o.code_id FROM pgtoken.challenge_codes o "
	"WHERE o.expires_at OPERATOR(pg_catalog.<=) $1 LIMIT 1000 FOR UPDATE SKIP LOCKED))");

static StoreQuery challenge_code_take_query = STORE_QUERY(
	"challenge code take", STORE_READS,
	"WITH taken AS (DELETE FROM pgtoken.challenge_codes c WHERE c.code_id" EQ "ANY (ARRAY("
	"SELECT o.code_id FROM pgtoken.challenge_codes o "
	"WHERE o.expires_at OPERATOR(pg_catalog.>) $2 "
	"AND NOT EXISTS (SELECT FROM pgtoken.courier_work w WHERE w.work_id" EQ "o.code_id) "
	"ORDER BY o.code_id LIMIT $1 FOR UPDATE SKIP LOCKED)) "
	"RETURNING c.code_id, c.issuer, c.subject, c.factor_id, c.client_id, c.sealed_code, "
	"c.expires_at) "
	"SELECT t.code_id, t.issuer, t.subject, t.factor_id, f.factor_type, f.label, t.client_id, "
	"t.sealed_code, t.expires_at FROM taken t JOIN pgtoken.factors f ON f.issuer" EQ
	"t.issuer AND f.subject" EQ "t.subject AND f.factor_id" EQ "t.factor_id "
	"ORDER BY t.code_id");

OutgoingCode *
challenge_outbox_take(int max)
{
	TimestampTz now = GetCurrentTimestamp();
	OutgoingCode *list = NULL;
	OutgoingCode **end = &list;
	StoreArgs expired = {0};
	StoreArgs args = {0};

	store_arg_time(&expired, now);
	store_run(&challenge_code_expire_query, &expired, NULL, NULL);
	store_arg_int(&args, max);
	store_arg_time(&args, now);
	store_run(&challenge_code_take_query, &args, append_code, &end);
	for (OutgoingCode *code = list; code; code = code->next)
		open_code(code);
	return list;
}

static StoreQuery challenge_code_read_query = STORE_QUERY(
	"challenge code read", STORE_READS,
	"SELECT c.code_id, c.issuer, c.subject, c.factor_id, f.factor_type, f.label, c.client_id, "
	"c.sealed_code, c.expires_at FROM pgtoken.challenge_codes c "
	"JOIN pgtoken.factors f ON f.issuer" EQ "c.issuer AND f.subject" EQ
	"c.subject AND f.factor_id" EQ "c.factor_id WHERE c.code_id" EQ "$1");

char *
challenge_outbox_open(const pg_uuid_t *code_id)
{
	OutgoingCode *code = NULL;
	OutgoingCode **end = &code;
	StoreArgs args = {0};

	store_arg_uuid(&args, code_id);
	store_run(&challenge_code_read_query, &args, append_code, &end);
	if (code == NULL)
		return NULL;
	open_code(code);
	return code->code;
}
