/*
 * status_index.c
 *		Which place in the status lists a new family gets.
 *
 * A reservation is a row that moves on, in the caller's transaction: its lock is held
 * to the end, and others take another list meanwhile.  If the transaction aborts, the
 * same block may go to somebody else; if it is prepared, nobody knows yet.  Either way
 * what is left of the block is forgotten here.  What has been taken from a block stays
 * taken, whatever becomes of the family: indices are cheap.
 *
 * A block ends with the epoch of its issuer, since after_restore() closes all lists,
 * and after an hour, so that a list in which nothing was reserved for days has none of
 * it left and can go when its families have gone.  Of several shards each reserves in
 * lists that lie there: before a split there were others.
 */
#include "tables/status_index.h"

#include "access/xact.h"
#include "utils/memutils.h"

#include "base/place.h"
#include "base/random.h"
#include "base/shard.h"
#include "base/store.h"
#include "core/oauth/status_list.h"

/* the first of a backend, which may be gone after one request; each further one is four times as large */
#define BLOCK_FIRST 16
#define BLOCK_MOST 1024
#define BLOCKS 16 /* issuers that a backend has one of at a time */
#define BLOCK_AGE INT64CONST(3600000000) /* us */

StaticAssertDecl(PGTC_STATUS_LIST_SIZE % BLOCK_FIRST == 0, "a list is made of whole blocks");

/* what a statement has reserved */
typedef struct Reservation
{
	int64 series;
	int32 number;
	int32 first; /* index in the list */
	int32 next; /* first behind it */
} Reservation;

typedef struct Block
{
	char *issuer; /* NULL: it is nobody's yet */
	int64 epoch; /* of the issuer */
	TimestampTz reserved_at;
	int level; /* of the transaction that reserved it, while that is not committed; 0 */
	int64 series;
	int32 position; /* of its first */
	int left;
	int size; /* of the next block */
	uint16 order[BLOCK_MOST]; /* those left come first */
} Block;

static Block *blocks = NULL;
static int next_block = 0;

static void
forget(int level)
{
	for (int i = 0; blocks && i < BLOCKS; i++)
	{
		if (blocks[i].level >= level)
			blocks[i].left = blocks[i].level = 0;
	}
}

static void
on_xact_event(XactEvent event, void *arg)
{
	(void) arg;
	if (event == XACT_EVENT_ABORT || event == XACT_EVENT_PREPARE)
		forget(1);
	else if (event == XACT_EVENT_COMMIT)
	{
		for (int i = 0; blocks && i < BLOCKS; i++)
			blocks[i].level = 0;
	}
}

static void
on_subxact_event(SubXactEvent event, SubTransactionId subid, SubTransactionId parent, void *arg)
{
	int level = GetCurrentTransactionNestLevel();

	(void) subid;
	(void) parent;
	(void) arg;
	if (event == SUBXACT_EVENT_ABORT_SUB)
		forget(level);
	else if (event == SUBXACT_EVENT_COMMIT_SUB)
	{
		for (int i = 0; blocks && i < BLOCKS; i++)
			blocks[i].level = Min(blocks[i].level, level - 1);
	}
}

void
status_index_init(void)
{
	RegisterXactCallback(on_xact_event, NULL);
	RegisterSubXactCallback(on_subxact_event, NULL);
}

static void
read_reservation(StoreRow *row, void *arg)
{
	Reservation *reservation = arg;

	reservation->series = store_long(row, 0);
	reservation->number = store_int(row, 0);
	reservation->first = store_int(row, 0);
	reservation->next = store_int(row, 0);
}

bool
status_index_is_here(int64 series)
{
	return shard_is_here(series & (PGTC_PLACEMENTS - 1));
}

/* whatever the isolation level: a list that others have moved on since the snapshot is no conflict */
static StoreQuery reserve_query = STORE_QUERY(
	"status list reserve", STORE_WRITES_LATEST,
	"WITH o AS MATERIALIZED (SELECT l.series, l.number, l.next_index FROM pgtoken.status_lists l "
	"WHERE l.issuer" EQ "$1 AND NOT l.is_full AND ($4" EQ
	"0 OR (l.series OPERATOR(pg_catalog.&) 16383) "
	"OPERATOR(pg_catalog.%) $4" EQ "$5) LIMIT 1 FOR NO KEY UPDATE SKIP LOCKED) "
	"UPDATE pgtoken.status_lists l SET next_index = LEAST(o.next_index OPERATOR(pg_catalog.+) $2, $3), "
	"is_full = o.next_index OPERATOR(pg_catalog.+) $2 OPERATOR(pg_catalog.>=) $3, "
	"reserved_at = pg_catalog.clock_timestamp() "
	"FROM o WHERE l.series" EQ "o.series AND l.number" EQ "o.number "
	"RETURNING l.series, l.number, o.next_index, l.next_index");

static StoreQuery open_query =
	STORE_QUERY("status list open", STORE_WRITES,
				"INSERT INTO pgtoken.status_lists (series, number, issuer, next_index, is_full, "
				"created_at, reserved_at) VALUES ($1, $2, $3, $4, false, "
				"pg_catalog.clock_timestamp(), pg_catalog.clock_timestamp())");

static void
open_list(const Issuer *issuer, int64 series, int32 number, int32 next_index)
{
	StoreArgs args = {0};

	store_arg_long(&args, series);
	store_arg_int(&args, number);
	store_arg_text(&args, issuer->issuer);
	store_arg_int(&args, next_index);
	store_run(&open_query, &args, NULL, NULL);
}

/* of a list that is there and free, or of the first one of a new series */
static Reservation
reserve(const Issuer *issuer, const char *subject, int size)
{
	Shard here = shard_here();
	Reservation reservation = {0};
	StoreArgs args = {0};
	uint8_t random[8];

	store_arg_text(&args, issuer->issuer);
	store_arg_int(&args, size);
	store_arg_int(&args, PGTC_STATUS_LIST_SIZE);
	store_arg_long(&args, here.count);
	store_arg_long(&args, here.number);
	if (store_run(&reserve_query, &args, read_reservation, &reservation) == 0)
	{
		random_public(random, sizeof(random));
		reservation.series = pgtc_status_list_series(random, place_of_subject(subject));
		reservation.next = size;
		open_list(issuer, reservation.series, 0, size);
	}
	/* who has filled one has its row, so nobody else opens the next of the series */
	else if (reservation.next == PGTC_STATUS_LIST_SIZE &&
			 reservation.number + 1 < PGTC_STATUS_LIST_NUMBERS)
		open_list(issuer, reservation.series, reservation.number + 1, 0);
	return reservation;
}

/* Fisher and Yates; that small numbers come a little more often, by 2^32 mod n, tells nothing */
static void
shuffle(uint16 *order, int n)
{
	for (int i = 0; i < n; i++)
		order[i] = i;
	for (int i = n - 1; i > 0; i--)
	{
		uint16 moved = order[i];
		uint32 chosen;

		random_public(&chosen, sizeof(chosen));
		chosen %= i + 1;
		order[i] = order[chosen];
		order[chosen] = moved;
	}
}

static void
fill(Block *block, const Issuer *issuer, const char *subject, TimestampTz now)
{
	Reservation reservation;

	block->left = 0;
	reservation = reserve(issuer, subject, block->size);
	block->series = reservation.series;
	block->position = reservation.number * PGTC_STATUS_LIST_SIZE + reservation.first;
	block->epoch = issuer->epochs.current;
	block->reserved_at = now;
	block->level = GetCurrentTransactionNestLevel();
	shuffle(block->order, reservation.next - reservation.first);
	block->left = reservation.next - reservation.first;
	block->size = Min(block->size * 4, BLOCK_MOST);
}

/* the issuer's, or one that takes the place of another issuer's */
static Block *
block_of(const Issuer *issuer)
{
	Block *block;

	if (blocks == NULL)
		blocks = MemoryContextAllocZero(TopMemoryContext, sizeof(Block) * BLOCKS);
	for (int i = 0; i < BLOCKS && blocks[i].issuer; i++)
	{
		if (strcmp(blocks[i].issuer, issuer->issuer) == 0)
			return &blocks[i];
	}
	block = &blocks[next_block];
	next_block = (next_block + 1) % BLOCKS;
	if (block->issuer)
		pfree(block->issuer);
	memset(block, 0, offsetof(Block, order));
	block->issuer = MemoryContextStrdup(TopMemoryContext, issuer->issuer);
	block->size = BLOCK_FIRST;
	return block;
}

void
status_index_take(const Issuer *issuer, const char *subject, TimestampTz now, int64 *series,
				  int32 *position)
{
	Block *block = block_of(issuer);

	if (block->left == 0 || block->epoch != issuer->epochs.current || now < block->reserved_at ||
		now >= block->reserved_at + BLOCK_AGE || !status_index_is_here(block->series))
		fill(block, issuer, subject, now);
	*series = block->series;
	*position = block->position + block->order[--block->left];
}

static StoreQuery end_query =
	STORE_QUERY("status index end", STORE_WRITES,
				"INSERT INTO pgtoken.status_list_ends (series, position, ended_at) "
				"VALUES ($1, $2, pg_catalog.clock_timestamp()) "
				"ON CONFLICT ON CONSTRAINT status_list_ends_pkey DO NOTHING");

void
status_index_end(int64 series, int32 position)
{
	StoreArgs args = {0};

	store_arg_long(&args, series);
	store_arg_int(&args, position);
	store_run(&end_query, &args, NULL, NULL);
}
