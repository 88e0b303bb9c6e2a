# Fault: a commit that stalls makes thieves of honest clients.  A synchronous
# standby is away; a client's refresh hangs at its commit, its retry waits for the
# family's row, and when the standby is back, or its name is taken away, the
# retry's window is long over: the family was ended for a reuse that was none.
# A request counts from when it came in.  A thousand times, and not one family dies.
use strict;
use warnings;

use FindBin;
use lib $FindBin::RealBin;

use PgtokenTest;
use PostgreSQL::Test::Utils;
use Test::More;

use constant {
	FAMILIES => 40,    # that stall at a time
	ROUNDS => 25,
};

my $node = new_cluster('stalled', init => { allows_streaming => 1 }, conf => "max_connections = 100\nautovacuum = off\n");
my $s = session($node);
create_service($s);
# the window of both is the default: the tests move what was written an hour back
$s->query(q{SELECT pgtoken.update_client('app', reset => '{retry_window}')});

my $probe = session($node);
my $probes = 0;

# Whether a commit waits, the checkpointer tells all backends, once it has read the
# setting: one that is made to find out is the first that stalls, and goes on with the rest.
sub commits_stall
{
	my $message = sprintf q{SELECT pg_logical_emit_message(true, 'probe %d', '')}, ++$probes;
	my $state;

	$probe->send_query($message);
	wait_until('the probe has committed or stalls', sub {
		$state = $s->value(q{SELECT CASE WHEN state = 'idle' THEN 'idle' ELSE wait_event END FROM pg_stat_activity
			WHERE query = $1}, $message) // '';
		return $state eq 'idle' || $state eq 'SyncRep';
	});
	return 1 if $state eq 'SyncRep';
	$probe->result;
	return 0;
}

sub synchronous_standby
{
	my ($name) = @_;

	$s->query("ALTER SYSTEM SET synchronous_standby_names = '$name'");
	$s->query('SELECT pg_reload_conf()');
	wait_until('the setting arrives', sub { $s->value('SHOW synchronous_standby_names') eq $name });
	if ($name)
	{
		wait_until('commits stall', \&commits_stall);
	}
	else
	{
		$probe->result;
	}
	return;
}

sub waiting
{
	my ($event) = @_;

	return $s->value('SELECT count(*) FROM pg_stat_activity WHERE wait_event = $1', $event);
}

my @owners = map { session($node) } 1 .. FAMILIES;
my @retries = map { session($node) } 1 .. FAMILIES;
my @tokens;

sub issue
{
	return $s->column(
		q{SELECT i.refresh_token FROM generate_series(1, $1::integer),
			pgtoken.issue_tokens('app', 'user-' || generate_series, 'read offline_access') i}, FAMILIES);
}

my ($lost, $different) = (0, 0);

for my $round (1 .. ROUNDS)
{
	my @first = issue();

	push @tokens, @first;
	synchronous_standby('away');
	for my $i (0 .. $#first)
	{
		$owners[$i]->query('BEGIN');
		$owners[$i]{successor} = $owners[$i]->value(q{SELECT refresh_token FROM pgtoken.refresh_grant($1, 'app')}, $first[$i]);
		$owners[$i]->query(
			q{UPDATE pgtoken.grants SET rotated_at = rotated_at - interval '1 hour' WHERE grant_id = pgtoken.grant_of($1)}, $first[$i]);
		$owners[$i]->send_query('COMMIT');
	}
	wait_until('all commits stall', sub { waiting('SyncRep') == FAMILIES + 1 });
	$retries[$_]->send_query(q{SELECT decision, refresh_token FROM pgtoken.refresh_grant($1, 'app')}, $first[$_]) for 0 .. $#first;
	wait_until('all retries wait', sub { waiting('transactionid') == FAMILIES });
	synchronous_standby('');
	for my $i (0 .. $#first)
	{
		$owners[$i]->result;
		my ($answer) = $retries[$i]->result;

		$lost++ if $answer->{decision} ne 'allow';
		$different++ if ($answer->{refresh_token} // '') ne $owners[$i]{successor};
	}
}

my $total = FAMILIES * ROUNDS;
is(scalar @tokens, $total, 'a thousand commits have stalled');
is($lost, 0, 'no retry was refused');
is($different, 0, 'each got the successor that the stalled rotation has made');
is($s->value('SELECT count(*) FROM pgtoken.grants WHERE revoked_at IS NOT NULL'), 0, 'no family is dead');
is($s->value('SELECT count(*) FROM pgtoken.grants WHERE generation = 1 AND retry_count = 1'), $total, 'each has one rotation and one retry');
is($s->value(q{SELECT count(*) FROM pgtoken.audit_events WHERE event IN ('refresh.reuse', 'refresh.refused')}), 0, 'the audit knows of no reuse');

# Who comes when the window is over is late, stall or not; a client's answer that was
# lost after a stall needs a window that is longer.  health() compares.
is($s->value(q{SELECT decision FROM pgtoken.refresh_grant($1, 'app')}, $tokens[0]), 'deny', 'a retry that came an hour late is reuse');
my $check = q{SELECT ok, detail FROM pgtoken.health() WHERE check_name = 'retry windows'};
is($s->row($check)->{ok}, 't', 'health() is content where no commit waits for a standby');
synchronous_standby('away');
is($s->row($check)->{ok}, 'f', 'and not with windows of 30 seconds, where a commit may wait for a minute');
like($s->row($check)->{detail}, qr/60000 ms.*30 s/, 'which it names');
$s->query(q{SET wal_sender_timeout = '20s'});
is($s->row($check)->{ok}, 't', 'windows that are longer than the wait will do');
$s->query(q{SET wal_sender_timeout = 0});
is($s->row($check)->{ok}, 'f', 'no window is longer than a wait without end');
synchronous_standby('');

# Attack and accident: a session, or a role, that has set synchronous_commit to local or off
# for the speed of it. Its client is answered, the primary goes, and the standby that
# takes over has never heard of it. So a rotation and a revocation wait for the standby
# whatever the session has set; what the session itself writes need not.
my @levels = qw(off local remote_write on remote_apply);
my @of_levels = map { session($node) } @levels;
@tokens = issue();
synchronous_standby('away');
for my $i (0 .. $#levels)
{
	$of_levels[$i]->query("SET synchronous_commit = $levels[$i]");
	$of_levels[$i]->send_query(q{SELECT decision FROM pgtoken.refresh_grant($1, 'app')}, $tokens[$i]);
}
wait_until('all of them stall', sub { waiting('SyncRep') == @levels + 1 });
synchronous_standby('');
is(($_->result)[0]{decision}, 'allow', 'a rotation that has waited is answered') for @of_levels;
synchronous_standby('away');
$of_levels[1]->send_query(q{SELECT pgtoken.revoke_family($1::text)}, $tokens[0]);
wait_until('the revocation stalls', sub { waiting('SyncRep') == 2 });
synchronous_standby('');
$of_levels[1]->result;
# and what it has not set stays as it was
is($of_levels[$_]->value('SHOW synchronous_commit'), $levels[$_], "afterwards synchronous_commit is $levels[$_] again") for 0 .. $#levels;
$s->query('SET pgtoken.durable_rotation = off');
$s->query('SET synchronous_commit = local');
synchronous_standby('away');
is($s->value(q{SELECT decision FROM pgtoken.refresh_grant($1, 'app')}, $tokens[20]), 'allow',
	'with pgtoken.durable_rotation = off nothing waits for a standby');
synchronous_standby('');

$node->stop('fast');
done_testing;
