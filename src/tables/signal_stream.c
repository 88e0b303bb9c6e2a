/*
 * signal_stream.c
 *		Streams of signals, and what receivers ask of them.
 *
 * What a stream can be and what becomes of it is decided by functions in SQL
 * (47_signals.sql, 47_signals_http.sql).  The statements that call them read as far as
 * the store can see.
 */
#include "tables/signal_stream.h"

#include "base/store.h"

/* asked whenever a family is revoked */
static StoreQuery any_query =
	STORE_QUERY("signal streams", STORE_READS,
				"SELECT 1 FROM pgtoken.signal_streams s "
				"WHERE s.status OPERATOR(pg_catalog.<>) 'disabled' LIMIT 1");

bool
signal_stream_any(void)
{
	StoreArgs args = {0};

	return store_run(&any_query, &args, NULL, NULL) > 0;
}

static void
read_flag(StoreRow *row, void *arg)
{
	*(bool *) arg = store_bool(row);
}

static StoreQuery possible_query =
	STORE_QUERY("signals possible", STORE_READS, "SELECT pgtoken.has_signals($1)");

bool
signal_stream_possible(const Issuer *issuer)
{
	StoreArgs args = {0};
	bool possible = false;

	store_arg_text(&args, issuer->issuer);
	store_run(&possible_query, &args, read_flag, &possible);
	return possible;
}

static void
read_text(StoreRow *row, void *arg)
{
	*(char **) arg = store_text(row);
}

static StoreQuery metadata_query = STORE_QUERY(
	"signals metadata", STORE_READS, "SELECT pgtoken.signals_metadata($1)::pg_catalog.text");

char *
signal_stream_metadata(const Issuer *issuer)
{
	StoreArgs args = {0};
	char *metadata = NULL;

	store_arg_text(&args, issuer->issuer);
	store_run(&metadata_query, &args, read_text, &metadata);
	return metadata;
}

static void
read_answer(StoreRow *row, void *arg)
{
	SignalAnswer *answer = arg;

	answer->status = store_int(row, 0);
	answer->refused = store_text(row);
	answer->sentence = store_text(row);
	answer->body = store_jsonb(row);
}

static StoreQuery answer_query = STORE_QUERY("signals answer", STORE_READS,
											 "SELECT a.status, a.refused, a.sentence, a.answer "
											 "FROM pgtoken.answer_receiver($1, $2, $3, $4, $5) a");

void
signal_stream_answer(const char *client_id, const char *place, const char *method,
					 const char *stream_id, Jsonb *body, SignalAnswer *answer)
{
	StoreArgs args = {0};

	store_arg_text(&args, client_id);
	store_arg_text(&args, place);
	store_arg_text(&args, method);
	store_arg_text(&args, stream_id);
	store_arg_jsonb(&args, body);
	store_run(&answer_query, &args, read_answer, answer);
}
