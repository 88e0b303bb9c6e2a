/*
 * replay_lag.c
 *		May a standby answer, or is what it has replayed too old?
 *
 * Two things tell that at some time everything the primary had committed was
 * replayed here:
 *	- the time of the last commit that was replayed;
 *	- a message of the primary that says how far its WAL reaches, once that much
 *	  has been replayed.  It keeps an idle primary, which commits nothing, from
 *	  looking like a growing lag.
 * What was true once stays true, so a backend remembers the latest such time and
 * looks again when half of the limit is over.
 */
#include "base/replay_lag.h"

#include <limits.h>

#include "access/xlog.h"
#include "access/xlogrecovery.h"
#include "fmgr.h"
#include "replication/walreceiver.h"
#include "storage/spin.h"
#include "utils/timestamp.h"

#include "base/guc.h"
#include "base/moment.h"

/* a message of the primary: how far its WAL reached when */
typedef struct Word
{
	XLogRecPtr wal_end;
	TimestampTz time; /* 0: there is none */
} Word;

/* replayed is all that was committed before; 0: not known */
static TimestampTz current_as_of = 0;

/* kept until as much is replayed: while the primary writes, its latest word never is */
static Word pending = {0};

/*
 * A WAL receiver sets both times to that of its own start, before it has a
 * connection: until they differ, nobody has said anything.  Of two clocks that
 * disagree the one that is behind errs on the safe side.
 */
static Word
word_of_primary(void)
{
	Word word;
	TimestampTz sent;
	TimestampTz received;

	SpinLockAcquire(&WalRcv->mutex);
	word.wal_end = WalRcv->latestWalEnd;
	sent = WalRcv->lastMsgSendTime;
	received = WalRcv->lastMsgReceiptTime;
	SpinLockRelease(&WalRcv->mutex);
	word.time = sent == received ? 0 : Min(sent, received);
	return word;
}

static void
current_since(TimestampTz time)
{
	current_as_of = Max(current_as_of, time);
}

static void
look(void)
{
	Word word = word_of_primary();
	XLogRecPtr replayed = GetXLogReplayRecPtr(NULL); /* after the word */

	current_since(GetLatestXTime());
	if (pending.time != 0 && pending.wal_end <= replayed)
	{
		current_since(pending.time);
		pending.time = 0;
	}
	if (word.time != 0 && word.wal_end <= replayed)
		current_since(word.time);
	else if (pending.time == 0)
		pending = word;
}

static int64
age_ms(void)
{
	/* a primary whose clock is ahead has committed in the future */
	return Max(0, GetCurrentTimestamp() - current_as_of) / USECS_PER_MSEC;
}

int64
replay_lag_ms(void)
{
	if (!RecoveryInProgress())
		return -1;
	look();
	return current_as_of == 0 ? -1 : age_ms();
}

bool
replay_lag_exceeded(void)
{
	if (guc_max_replay_lag == 0 || !RecoveryInProgress())
		return false;
	if (age_ms() <= guc_max_replay_lag / 2)
		return false;
	look();
	return age_ms() > guc_max_replay_lag;
}

void
replay_lag_check(void)
{
	if (!replay_lag_exceeded())
		return;
	ereport(
		ERROR, errcode(PGT_ERRCODE_STALE_STANDBY),
		errmsg("this standby cannot tell what holds now"),
		current_as_of == 0
			? errdetail("It is not known when it last was current.")
			: errdetail("It was current %lld ms ago; pgtoken.max_replay_lag allows %d ms.",
						(long long) age_ms(), guc_max_replay_lag),
		errhint("Ask the primary or another standby, or try again.  The token may well be good."));
}
