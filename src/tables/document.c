/*
 * document.c
 *		Documents of others.
 *
 * Nobody can have this server fetch without end: what is fresh is not asked for, what
 * has failed is not asked for again before its time, a newer one not sooner than its
 * caller says, and what is wanted at a time is bounded, of a kind, an issuer and a host;
 * nor have it keep without end what anybody can name.
 */
#include "tables/document.h"

#include "access/xact.h"
#include "utils/timestamp.h"

#include "base/random.h"
#include "base/store.h"

#define URL_MAX 1000
#define WANTED_MAX \
	100 /* at a time, of an issuer and a kind: names of clients do not crowd out their keys */
#define WANTED_OF_HOST_MAX 10 /* of a kind, for the same reason */
#define PATIENCE 10 /* seconds after which a request no longer waits for a wish */
#define WISH_LIFETIME 60 /* seconds after which a courier need not begin */
#define STALE_MAX SECS_PER_DAY /* that a document is used for longer when it cannot be had again */
#define NOTED_USE SECS_PER_HOUR /* between two notes of its use */
#define STRANGERS_MAX 5000 /* of an issuer and a kind that anybody can name; 64 kB each */
#define STRANGER_LIFETIME SECS_PER_MINUTE /* where there are so many: whoever waited has had it */

typedef struct Document
{
	bool known; /* there is a row */
	char *text; /* NULL: it was never there */
	TimestampTz fetched_at;
	TimestampTz fresh_until;
	TimestampTz wanted_at; /* DT_NOBEGIN: nobody wants it, as the next */
	TimestampTz failed_at;
	TimestampTz retry_at;
	TimestampTz used_at;
} Document;

typedef struct Wanted
{
	int64 of_kind;
	int64 of_host;
	bool courier;
} Wanted;

static const char *const kinds[] = {
	[DOCUMENT_JWKS] = "jwks",
	[DOCUMENT_CLIENT_METADATA] = "client_metadata",
	[DOCUMENT_SECTOR] = "sector",
	[DOCUMENT_REQUEST_OBJECT] = "request_object",
};

const char *
document_kind_name(int kind)
{
	return kind < (int) lengthof(kinds) ? kinds[kind] : NULL;
}

static void
key_args(StoreArgs *args, const Issuer *issuer, DocumentKind kind, const char *url)
{
	store_arg_text(args, issuer->issuer);
	store_arg_text(args, kinds[kind]);
	store_arg_text(args, url);
}

static void
read_document(StoreRow *row, void *arg)
{
	Document *document = arg;

	document->known = true;
	document->text = store_text(row);
	document->fetched_at = store_time(row, DT_NOBEGIN);
	document->fresh_until = store_time(row, DT_NOBEGIN);
	document->wanted_at = store_time(row, DT_NOBEGIN);
	document->failed_at = store_time(row, DT_NOBEGIN);
	document->retry_at = store_time(row, DT_NOBEGIN);
	document->used_at = store_time(row, DT_NOBEGIN);
}

static StoreQuery document_read_query = STORE_QUERY(
	"document read", STORE_READS,
	"SELECT d.body, d.fetched_at, d.fresh_until, d.wanted_at, d.failed_at, d.retry_at, d.used_at "
	"FROM pgtoken.documents d WHERE d.issuer" EQ "$1 AND d.kind" EQ "$2 AND d.url" EQ "$3");

static StoreQuery document_used_query =
	STORE_QUERY("document used", STORE_WRITES,
				"UPDATE pgtoken.documents d SET used_at = $4 WHERE d.issuer" EQ "$1 AND d.kind" EQ
				"$2 AND d.url" EQ "$3 AND d.used_at OPERATOR(pg_catalog.<) $4");

static void
note_use(const Document *document, const Issuer *issuer, DocumentKind kind, const char *url,
		 TimestampTz now)
{
	StoreArgs args = {0};

	if (XactReadOnly || now < document->used_at + NOTED_USE * USECS_PER_SEC)
		return;
	key_args(&args, issuer, kind, url);
	store_arg_time(&args, now);
	store_run(&document_used_query, &args, NULL, NULL);
}

static void
read_wanted(StoreRow *row, void *arg)
{
	Wanted *wanted = arg;

	wanted->of_kind = store_long(row, 0);
	wanted->of_host = store_long(row, 0);
	wanted->courier = store_bool(row);
}

static StoreQuery documents_wanted_query =
	STORE_QUERY("documents wanted", STORE_READS,
				"SELECT (SELECT pg_catalog.count(*) FROM pgtoken.documents d "
				"WHERE d.issuer" EQ "$1 AND d.kind" EQ "$2 AND d.wanted_at IS NOT NULL), "
				"(SELECT pg_catalog.count(*) FROM pgtoken.courier_work w WHERE w.dead_at IS NULL "
				"AND w.receiver" EQ "pgtoken.courier_receiver($3) AND w.kind" EQ "'document' "
				"AND (w.payload OPERATOR(pg_catalog.->>) 'kind')" EQ "$2), "
				"pgtoken.courier_does('document')");

/* who comes at the same time waits for the other's wish, and has it then; one that nobody has granted is forgotten */
static StoreQuery document_want_query = STORE_QUERY(
	"document want", STORE_WRITES,
	"WITH wish AS (INSERT INTO pgtoken.documents AS d (issuer, kind, url, wanted_at, used_at) "
	"VALUES ($1, $2, $3, $4, $4) ON CONFLICT (issuer, kind, url) "
	"DO UPDATE SET wanted_at = $4 WHERE d.wanted_at IS NULL "
	"OR d.wanted_at OPERATOR(pg_catalog.<) $7 RETURNING d.issuer) "
	"INSERT INTO pgtoken.courier_work (work_id, kind, issuer, receiver, url, payload, expires_at) "
	"SELECT $5, 'document', h.issuer, pgtoken.courier_receiver($3), $3, "
	"pg_catalog.jsonb_build_object('kind', $2), $6 FROM wish h");

static void
read_count(StoreRow *row, void *arg)
{
	*(int64 *) arg = store_long(row, 0);
}

#define IS_STRANGER                                       \
	"d.issuer" EQ "$1 AND d.kind" EQ "$2 AND NOT EXISTS " \
	"(SELECT FROM pgtoken.clients c WHERE c.client_id" EQ "d.url) "

static StoreQuery strangers_query =
	STORE_QUERY("documents of strangers", STORE_READS,
				"SELECT pg_catalog.count(*) FROM (SELECT FROM pgtoken.documents d "
				"WHERE " IS_STRANGER "LIMIT $3) s");

static StoreQuery strangers_forget_query = STORE_QUERY(
	"documents of strangers forget", STORE_WRITES,
	"DELETE FROM pgtoken.documents g WHERE g.ctid OPERATOR(pg_catalog.=) ANY "
	"(ARRAY(SELECT d.ctid FROM pgtoken.documents d WHERE " IS_STRANGER "AND d.wanted_at IS NULL "
	"AND d.used_at OPERATOR(pg_catalog.<) $3 LIMIT 10 FOR UPDATE OF d SKIP LOCKED))");

static bool
are_few(const Issuer *issuer, DocumentKind kind)
{
	StoreArgs args = {0};
	int64 n = 0;

	store_arg_text(&args, issuer->issuer);
	store_arg_text(&args, kinds[kind]);
	store_arg_int(&args, STRANGERS_MAX);
	store_run(&strangers_query, &args, read_count, &n);
	return n < STRANGERS_MAX;
}

/*
 * Is there room for one more that nobody has registered?  What whoever likes can name, and
 * fill, would fill the disk before maintenance comes; what is over makes room.
 */
static bool
has_room(const Issuer *issuer, DocumentKind kind, TimestampTz now)
{
	StoreArgs args = {0};

	if ((kind != DOCUMENT_CLIENT_METADATA && kind != DOCUMENT_SECTOR) || are_few(issuer, kind))
		return true;
	store_arg_text(&args, issuer->issuer);
	store_arg_text(&args, kinds[kind]);
	store_arg_time(&args, now - STRANGER_LIFETIME * USECS_PER_SEC);
	store_run(&strangers_forget_query, &args, NULL, NULL);
	return are_few(issuer, kind);
}

/* false: not now */
static bool
want(const Issuer *issuer, DocumentKind kind, const char *url, TimestampTz now)
{
	Wanted wanted = {0};
	StoreArgs bounds = {0};
	StoreArgs args = {0};
	pg_uuid_t work_id;

	key_args(&bounds, issuer, kind, url);
	store_run(&documents_wanted_query, &bounds, read_wanted, &wanted);
	if (!wanted.courier || wanted.of_kind >= WANTED_MAX || wanted.of_host >= WANTED_OF_HOST_MAX)
		return false;
	random_uuid(&work_id);
	key_args(&args, issuer, kind, url);
	store_arg_time(&args, now);
	store_arg_uuid(&args, &work_id);
	store_arg_time(&args, now + WISH_LIFETIME * USECS_PER_SEC);
	store_arg_time(&args, now - 2 * WISH_LIFETIME * USECS_PER_SEC);
	store_run(&document_want_query, &args, NULL, NULL);
	return true;
}

/* it has failed since, and its time has not come */
static bool
is_held_off(const Document *document, TimestampTz now)
{
	return document->failed_at > document->fetched_at && now < document->retry_at;
}

static DocumentState
ask_for(const Document *document, const Issuer *issuer, DocumentKind kind, const char *url,
		TimestampTz now)
{
	if (document->wanted_at > now - 2 * WISH_LIFETIME * USECS_PER_SEC)
		return now < document->wanted_at + PATIENCE * USECS_PER_SEC ? DOCUMENT_WANTED
																	: DOCUMENT_MISSING;
	if (XactReadOnly || is_held_off(document, now))
		return DOCUMENT_MISSING;
	if (!document->known && !has_room(issuer, kind, now))
		return DOCUMENT_MISSING;
	return want(issuer, kind, url, now) ? DOCUMENT_WANTED : DOCUMENT_MISSING;
}

DocumentState
document_get(const Issuer *issuer, DocumentKind kind, const char *url, TimestampTz at_least,
			 char **text, TimestampTz *fetched_at)
{
	TimestampTz now = GetCurrentTimestamp();
	Document document = {
		.fetched_at = DT_NOBEGIN, .wanted_at = DT_NOBEGIN, .failed_at = DT_NOBEGIN, .used_at = now};
	StoreArgs args = {0};
	DocumentState state = DOCUMENT_HERE;

	*text = NULL;
	if (strlen(url) > URL_MAX)
		return DOCUMENT_MISSING;
	key_args(&args, issuer, kind, url);
	store_run(&document_read_query, &args, read_document, &document);
	note_use(&document, issuer, kind, url, now);
	if (document.text == NULL || document.fetched_at < at_least || now >= document.fresh_until)
		state = ask_for(&document, issuer, kind, url, now);
	/* better an old one than nothing, for a while */
	if (state == DOCUMENT_MISSING && document.text && document.fetched_at >= at_least &&
		now < document.fresh_until + STALE_MAX * USECS_PER_SEC)
		state = DOCUMENT_HERE;
	if (state == DOCUMENT_HERE)
	{
		*text = document.text;
		*fetched_at = document.fetched_at;
	}
	return state;
}

static StoreQuery document_forget_query = STORE_QUERY(
	"document forget", STORE_WRITES,
	"DELETE FROM pgtoken.documents d WHERE d.issuer" EQ "$1 AND d.kind" EQ "$2 AND d.url" EQ "$3");

void
document_forget(const Issuer *issuer, DocumentKind kind, const char *url)
{
	StoreArgs args = {0};

	key_args(&args, issuer, kind, url);
	store_run(&document_forget_query, &args, NULL, NULL);
}
