# Attack: the thief of a token that was revoked takes it to a replica that is late
# or cut off from its primary, where it goes on being good.  With
# pgtoken.max_replay_lag such a replica refuses to answer: neither "active" nor
# "invalid", for the token may well be good.  An idle primary is not a late one.
use strict;
use warnings;

use FindBin;
use lib $FindBin::RealBin;

use JSON::PP;
use PgtokenTest;
use PostgreSQL::Test::Utils qw(slurp_file);
use Test::More;

my $primary = new_cluster('primary', init => { allows_streaming => 1 }, conf => "autovacuum = off\n");
my $p = session($primary);
my $secret = create_service($p);

my $standby = PostgreSQL::Test::Cluster->new('standby');
$primary->backup('base');
$standby->init_from_backup($primary, 'base', has_streaming => 1);
# a primary that is idle is heard of when the standby asks, after half of the timeout
$standby->append_conf('postgresql.conf', "wal_receiver_timeout = '1s'\nwal_retrieve_retry_interval = '100ms'\n");
$standby->start;
my $s = session($standby);

use constant LIMIT => '1500ms';

sub issue { return $p->row(q{SELECT grant_id, access_token, refresh_token FROM pgtoken.issue_tokens('app', 'alice', 'openid read offline_access')}); }
sub replayed { return $primary->wait_for_catchup($standby, 'replay', $primary->lsn('flush')); }
sub limit { return $s->query(q{SELECT set_config('pgtoken.max_replay_lag', $1, false)}, $_[0]); }

# "holds", "ended" or the SQLSTATE
sub answer
{
	my ($token, $session) = (@_, $s);
	my $answer = eval { defined $session->value('SELECT pgtoken.verify_access_token($1)', $token) ? 'holds' : 'ended' };

	return $answer // $@->{sqlstate} // die $@;
}

# what a session says that has not looked before
sub first_answer
{
	my ($token) = @_;
	my $session = session($standby);

	$session->query('SELECT pgtoken.grant_of($1)', '');
	$session->query(q{SELECT set_config('pgtoken.max_replay_lag', $1, false)}, LIMIT);
	my $answer = answer($token, $session);
	$session->quit;
	return $answer;
}

my ($stolen, $kept) = map { issue() } 1 .. 2;
replayed();

# --- where there is nothing to refuse ------------------------------------------

$p->query('SELECT pgtoken.grant_of($1)', '');
$p->query(q{SET pgtoken.max_replay_lag = '1ms'});
is(answer($kept->{access_token}, $p), 'holds', 'a primary does not lag');
is($p->value('SELECT pgtoken.replay_lag()'), undef, 'and has no lag to tell');
is($p->value(q{SELECT count(*) FROM pgtoken.health() WHERE check_name = 'replay lag'}), 0, 'nor has its health');

is(answer($kept->{access_token}), 'holds', 'a standby without a limit answers');
like($s->value(q{SELECT detail FROM pgtoken.health() WHERE check_name = 'replay lag' AND ok}), qr/max_replay_lag is 0/, 'health says that there is none');
limit('1d');
is(answer($kept->{access_token}), 'holds', 'so does one within its limit');
is($s->value(q{SELECT pgtoken.replay_lag() < '1d'}), 't', 'it knows its lag');
is($s->value(q{SELECT ok FROM pgtoken.health() WHERE check_name = 'replay lag'}), 't', 'and is healthy');
is($s->sqlstate(q{SELECT set_config('pgtoken.max_replay_lag', '-1', false)}), '22023', 'a limit is not negative');

# --- an idle primary ------------------------------------------------------------

limit(LIMIT);
wait_until('the last commit is older than the limit',
	sub { return $s->value(q{SELECT clock_timestamp() - pg_last_xact_replay_timestamp() > $1::interval}, '2 s') eq 't' });
wait_until('a standby of an idle primary answers', sub { return answer($kept->{access_token}) eq 'holds' });
wait_until('so does a session that asks for the first time', sub { return first_answer($kept->{access_token}) eq 'holds' });
pass('a primary that commits nothing but is heard of makes no lag');
wait_until('the lag is less than the age of the last commit',
	sub { return $s->value('SELECT pgtoken.replay_lag() < clock_timestamp() - pg_last_xact_replay_timestamp()') eq 't' });

# --- a standby that replays late ------------------------------------------------

# While replay is paused nobody starts another WAL receiver: it must not give up,
# however slow the machine is.  From here on the primary is heard of when it commits.
$s->quit;
$standby->append_conf('postgresql.conf', "wal_receiver_timeout = '1h'\n");
$standby->restart;
$s = session($standby);
$s->query('SELECT pgtoken.grant_of($1)', '');
limit(LIMIT);
sub commit { return $p->value('SELECT pg_current_xact_id()'); }
commit();
replayed();

$s->query('SELECT pg_wal_replay_pause()');
wait_until('replay is paused', sub { return $s->value('SELECT pg_get_wal_replay_pause_state()') eq 'paused' });
$p->query('SELECT pgtoken.revoke_family($1::uuid)', $stolen->{grant_id});
my $revocation = $p->value('SELECT clock_timestamp()');
my $revoked_at = $primary->lsn('flush');
sub received { return $s->value('SELECT pg_last_wal_receive_lsn() >= $1::pg_lsn', $_[0]) eq 't'; }
wait_until('the revocation is received', sub { return received($revoked_at) });

wait_until('the standby refuses', sub { return answer($stolen->{access_token}) eq 'PT503' });
for my $round (1 .. 3)
{
	commit();
	my $end = $primary->lsn('flush');

	wait_until('more is received', sub { return received($end) });
	is(answer($stolen->{access_token}), 'PT503', "replay paused, message $round of the primary: a token that was revoked is not answered for");
	is(first_answer($stolen->{access_token}), 'PT503', "nor in a session that asks for the first time ($round)");
}
is(answer($kept->{access_token}), 'PT503', 'nor is one that was not revoked, which the standby cannot know');
is(answer('nonsense'), 'PT503', 'nor is nonsense');

# what watches it hears of that, and a load balancer leaves it out
my $ready = http_request($s, GET => '/ready');
is($ready->{status}, 503, 'it is not ready');
like($ready->{body}, qr/"missing": \["replay"\]/, 'and says why');
is(http_request($s, GET => '/live')->{status}, 200, 'but alive');
cmp_ok($s->value(q{SELECT value FROM pgtoken.metrics() WHERE name = 'pgtoken_replay_lag_seconds'}), '>', 1, 'its metrics have the lag');
is(http_request($s, GET => '/metrics', undef, encode_json({ authorization => "Bearer $kept->{access_token}" }))->{status}, 503, 'which no token lets read here: who knows whether it holds');

my %refused = (
	'introspect' => [ 'SELECT pgtoken.introspect($1)', $kept->{access_token} ],
	'introspect of a refresh token' => [ 'SELECT pgtoken.introspect($1)', $kept->{refresh_token} ],
	'jwks' => ['SELECT pgtoken.jwks()']);
for my $what (sort keys %refused)
{
	is($s->sqlstate(@{ $refused{$what} }), 'PT503', "$what is refused too");
}

# status of what PostgREST calls, and whether it is told when to come again
sub called
{
	my ($call, $token) = @_;
	my $status = '200';

	$s->query('BEGIN READ ONLY');
	$s->query(q{SELECT set_config('request.method', 'POST', true), set_config('request.path', '/', true), set_config('request.headers', $1, true)},
		$token ? qq({"authorization": "Bearer $token"}) : '{}');
	if (!eval { $s->query("SELECT pgtoken_http.$call"); 1 })
	{
		$status = $@->{sqlstate} eq 'PGRST' ? ($@->{detail} =~ /"status": (\d+)/)[0] : $@->{sqlstate};
		$status .= ' later' if $@->{detail} =~ /"Retry-After": ?"\d+"/;
	}
	$s->query('ROLLBACK');
	return $status;
}

# the same of the door
sub answered
{
	my ($method, $target) = @_;
	my $answer = http_request($s, $method, $target, 'token=x', qq({"authorization": "Bearer $kept->{access_token}"}));

	return $answer->{status} . (defined $answer->{headers}{'retry-after'} ? ' later' : '');
}

is(answered(POST => '/oauth2/introspect'), '503 later', 'introspection answers 503 with Retry-After');
is(answered(GET => $_), '503 later', "$_ too")
  for qw(/oauth2/userinfo /oauth2/jwks /.well-known/openid-configuration /.well-known/oauth-authorization-server);
is($s->value('SELECT status FROM pgtoken_http.admit($1, $2, ARRAY[$3, $4])', 'GET', '/', 'authorization', "Bearer $kept->{access_token}"),
	503, 'admit says nothing of a token');
is(called('pre_request()', $kept->{access_token}), '503 later', 'nor does pre_request');
is(called('pre_request()'), '200', 'a request without a token passes pre_request');
is(called('pre_config()'), '200', 'an HTTP layer can start there');
is($s->value('SELECT count(*) FROM pgtoken.lineage($1::uuid)', $kept->{grant_id}), 1, 'who looks things up is not refused');
like($s->value(q{SELECT detail FROM pgtoken.health() WHERE check_name = 'replay lag' AND NOT ok}), qr/not allow/, 'health says that it lags');

limit('1d');
is(answer($stolen->{access_token}), 'holds', 'with a limit that is not reached it answers from what it has');
is(called('pre_request()', $stolen->{access_token}), '200', 'so does pre_request');
limit(LIMIT);
is(called('pre_request()', $stolen->{access_token}), '503 later', 'which refuses a token that it has seen, too, when the limit is reached');
limit('0');
is(answer($stolen->{access_token}), 'holds', 'so it does without a limit');

# what was committed before the revocation, and is replayed before it, is too old as well
limit(LIMIT);
wait_until('the revocation is older than the limit',
	sub { return $p->value('SELECT clock_timestamp() - $1::timestamptz > $2::interval', $revocation, LIMIT) eq 't' });
$s->query('SELECT pg_wal_replay_resume()');
my %seen;
wait_until(
	'the standby answers again',
	sub {
		commit();
		my $answer = answer($stolen->{access_token});
		$seen{$answer} = 1;
		return $answer ne 'PT503';
	});
is(join(' ', grep { $_ ne 'PT503' } sort keys %seen), 'ended', 'replay resumed: the first answer is that the token has ended');
wait_until('the other token holds again', sub { commit(); return answer($kept->{access_token}) eq 'holds' });
wait_until('the HTTP layer answers again', sub { commit(); return answered(GET => '/oauth2/jwks') eq '200' });

# --- a standby that is cut off --------------------------------------------------

sub lost_connections { my @lost = slurp_file($standby->logfile) =~ /could not connect to the primary server/g; return scalar @lost; }

$p->quit;
$primary->stop;
wait_until('the standby refuses', sub { return answer($kept->{access_token}) eq 'PT503' });
for my $round (1 .. 3)
{
	my $lost = lost_connections();

	wait_until('another WAL receiver has looked for the primary in vain', sub { return lost_connections() > $lost });
	is(answer($kept->{access_token}), 'PT503', "the primary is gone, attempt $round to reach it: the standby refuses");
	is(first_answer($kept->{access_token}), 'PT503', "in a session that asks for the first time, too ($round)");
}
$primary->start;
$p = session($primary);
wait_until('the standby answers again', sub { commit(); return answer($kept->{access_token}) eq 'holds' });
pass('the primary is back, and the standby answers');

# what health warns of: nobody would hear of an idle primary in time
limit('500ms');
is($s->value(q{SELECT ok FROM pgtoken.health() WHERE check_name = 'replay lag'}), 'f', 'health refuses a limit that is shorter than wal_receiver_timeout');

# --- and promoted ---------------------------------------------------------------

$p->quit;
$primary->stop;
limit('1ms');
$standby->promote;
is(answer($kept->{access_token}), 'holds', 'promoted, it answers whatever the limit');
is($s->value('SELECT pgtoken.replay_lag()'), undef, 'for it is no standby any more');

$s->quit;
$standby->stop;
done_testing();
