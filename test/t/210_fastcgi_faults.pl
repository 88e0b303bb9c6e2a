# Faults that pgtoken_fastcgi is held against: web servers that stall or die, more of
# them than there are workers, requests that wait, workers that are ended, a database
# that is dropped, a standby that is waited for, no room for processes, another server
# at the same path.  Attack shut out: who stalls, or locks a row, keeps others from
# being answered.
use strict;
use warnings;

use FindBin;
use lib $FindBin::RealBin;

use FastcgiTest;
use IO::Select;
use PgtokenTest;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Socket qw(AF_UNIX SOCK_STREAM pack_sockaddr_un);
use Test::More;

use constant { WORKERS => 3, BACKLOG => 4 };

my $dir = PostgreSQL::Test::Utils::tempdir_short();
my $path = "$dir/fcgi.sock";
my $node = new_cluster(
	'fastcgi_faults',
	init => { allows_streaming => 1 },
	conf => socket_conf($path, 'pgtoken_fastcgi.listen' => "'postgres=$path, gone=$dir/gone.sock, postgres=127.0.0.1:0'"
		=~ s/:0/':' . PostgreSQL::Test::Cluster::get_free_port()/er, 'pgtoken_fastcgi.backlog' => BACKLOG));
my ($tcp) = $node->safe_psql('postgres', 'SHOW pgtoken_fastcgi.listen') =~ /(127\.0\.0\.1:\d+)/;
my $s = session($node);
my $gate = session($node);

stand_in($s);
$s->query('CREATE ROLE pgtoken_auditor');
views($node, 'postgres');
$s->query(q{INSERT INTO kept (what) VALUES ('gate')});
wait_until("$_ is served", sub { (ask($_, 'GET', '/echo')->{status} // '') eq '200' }) for $path, $tcp;
pass('a path and a port of the loopback');

sub close_gate
{
	$gate->query('BEGIN');
	$gate->query(q{SELECT FROM kept WHERE what = 'gate' FOR UPDATE});
	return;
}
sub open_gate { $gate->query('COMMIT'); return; }
sub at_gate { return $s->value(q{SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND backend_type = 'pgtoken_fastcgi worker'}); }
sub kept { return $s->value('SELECT count(*) FROM kept WHERE what = $1', $_[0]); }
sub state { return $s->row('SELECT * FROM pgtoken.fastcgi_services WHERE address = $1', $_[0] // $path); }
sub workers
{
	return $s->column(q{SELECT pid FROM pg_stat_activity WHERE backend_type = 'pgtoken_fastcgi worker' AND datname = $1}, $_[0] // 'postgres');
}
sub log_since { return substr slurp_file($node->logfile), $_[0]; }

sub configure
{
	my ($name, $value) = @_;

	$s->query("ALTER SYSTEM SET $name = '$value'");
	$s->query('SELECT pg_reload_conf()');
	return;
}

# --- web servers that stall, or die ---------------------------------------------

{
	my @stalled = map { fastcgi($path) } 1 .. WORKERS - 1;
	print {$_} substr request_records('GET', '/echo'), 0, 40 for @stalled;
	$_->flush for @stalled;
	is(ask($path, 'GET', '/echo')->{status}, '200', 'beside stalled ones another one is answered');

	# all of them, then: their time is up after a while, told by SIGHUP
	push @stalled, fastcgi($path);
	my $waiting = begin_request($path, 'GET', '/echo');
	my $before = state()->{stalled};

	configure('pgtoken_fastcgi.connection_timeout', '200ms');
	# those that have begun have their minute: these make room
	close $_ for @stalled;
	is(answer_of($waiting)->{status}, '200', 'who waits behind stalled ones is answered when they go');
	wait_until('a worker has read the setting', sub {
		my $slow = fastcgi($path);

		print $slow substr request_records('GET', '/echo'), 0, 40;
		$slow->flush;
		return IO::Select->new($slow)->can_read(1) && !defined answer_of($slow)->{status};
	});
	pass('or when their time is up: the connection is closed');
	cmp_ok(state()->{stalled}, '>', $before, 'which is counted');
	configure('pgtoken_fastcgi.connection_timeout', '60s');
}

{
	close_gate();
	my $dying = begin_request($path, 'POST', '/keep_behind_gate?nobody');
	my $aborting = begin_request($path, 'POST', '/keep_behind_gate?aborted');
	wait_until('they wait', sub { at_gate() == 2 });
	close $dying;
	print $aborting record('abort', 1, '');
	$aborting->flush;
	open_gate();
	is(answer_of($aborting)->{status}, undef, 'an aborted request has no answer');
	wait_until('both are undone', sub { state()->{abandoned} == 2 });
	is(kept('nobody') + kept('aborted'), 0, 'nothing happens for a web server that has gone');
}

# --- one locked row, a full queue ----------------------------------------------------

{
	close_gate();
	my @locked = begin_request($path, 'POST', '/keep_behind_gate?locked_0');
	wait_until('it waits', sub { at_gate() == 1 });
	is(ask($path, 'POST', "/keep?beside_$_")->{status}, '200', "who needs no lock is answered ($_)") for 1 .. 20;

	push @locked, map { begin_request($path, 'POST', "/keep_behind_gate?locked_$_") } 1 .. WORKERS - 1;
	wait_until('all workers wait', sub { at_gate() == WORKERS });
	is(state()->{busy}, WORKERS, 'all are busy');

	# the kernel takes one more than it is told
	while (@locked < 100)
	{
		socket my $queued, AF_UNIX, SOCK_STREAM, 0 or die;
		$queued->blocking(0);
		last if !connect $queued, pack_sockaddr_un($path);
		$queued->blocking(1);
		print $queued request_records('POST', '/keep?queued_' . @locked);
		$queued->flush;
		push @locked, $queued;
	}
	is(scalar @locked, WORKERS + BACKLOG + 1, 'so many may wait, more are refused at once');
	is(state()->{queued}, BACKLOG + 1, 'and are seen to wait');
	is(ask($tcp, 'GET', '/echo')->{status}, '200', 'another address is not held up');
	open_gate();
	is_deeply([ map { answer_of($_)->{status} } @locked ], [ ('200') x @locked ], 'all of them are answered');
	is(state()->{queued}, 0, 'nobody waits any more');

	# of TCP, too, it is known
	close_gate();
	@locked = map { begin_request($tcp, 'POST', "/keep_behind_gate?tcp_$_") } 1 .. WORKERS + 2;
	wait_until('two wait at the port', sub { state($tcp)->{queued} == 2 });
	open_gate();
	is_deeply([ map { answer_of($_)->{status} } @locked ], [ ('200') x @locked ], 'and are answered');
}

# --- timeouts, by SIGHUP -----------------------------------------------------------------

for my $timeout ('lock_timeout', 'statement_timeout')
{
	my $log = -s $node->logfile;
	my $reason = $timeout =~ s/_/ /r;
	my ($answer, $n);

	close_gate();
	configure("pgtoken_fastcgi.$timeout", '100ms');
	wait_until("a worker has read $timeout", sub {
		my $waiting = begin_request($path, 'POST', "/keep_behind_gate?$timeout" . $n++);
		my $ended = IO::Select->new($waiting)->can_read(1);

		# one that has not goes on waiting
		open_gate() if !$ended;
		$answer = answer_of($waiting);
		close_gate() if !$ended;
		return $ended && log_since($log) =~ $reason;
	});
	is_deeply([ $answer->{status}, $answer->{headers}{'retry-after'} ], [ '503', ['5'] ], "$timeout: 503");
	like(log_since($log), qr/canceling statement due to $reason/, "$timeout: the log says so");
	open_gate();
	is(kept($timeout . --$n), 0, "$timeout: nothing stays");
	configure("pgtoken_fastcgi.$timeout", '0');
}

# --- a standby that is waited for -----------------------------------------------------------

sub at_commit { return $s->value(q{SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'SyncRep' AND backend_type = 'pgtoken_fastcgi worker'}); }

# The attack on whom a lost rotation hurts: a wait that is cut short is taken for a commit
# that the standby has.
{
	configure('pgtoken_fastcgi.statement_timeout', '300ms');
	configure('synchronous_standby_names', 'away');
	my $n = 0;
	my $waiting;
	# one that is made to find out is the first that waits
	wait_until('commits wait', sub {
		$waiting = begin_request($path, 'POST', '/keep?probe_' . $n++);
		my $select = IO::Select->new($waiting);
		while (1)
		{
			return 1 if at_commit() == 1;
			return answer_of($waiting) && 0 if $select->can_read(0.02);
		}
	});
	# longer than the statement may take
	select undef, undef, undef, 0.6;
	is(at_commit(), 1, 'no timeout cuts a commit short');
	is($s->value(q{SELECT count(pg_cancel_backend(pid)) FROM pg_stat_activity WHERE wait_event = 'SyncRep'}), 1, 'somebody cancels its wait');
	is(answer_of($waiting)->{status}, '503', 'which is not answered as success');
	$n--;
	is(kept("probe_$n"), 1, 'though it is there');

	$waiting = begin_request($path, 'POST', '/keep?ended');
	wait_until('another one waits', sub { at_commit() == 1 });
	is($s->value(q{SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE wait_event = 'SyncRep'}), 1, 'somebody ends the worker');
	is(answer_of($waiting)->{status}, '503', 'nor is that');

	$waiting = begin_request($path, 'POST', '/keep?confirmed');
	wait_until('and one more waits', sub { at_commit() == 1 });
	configure('synchronous_standby_names', '');
	is(answer_of($waiting)->{status}, '200', 'a wait that ends is answered');
	configure('pgtoken_fastcgi.statement_timeout', '0');
}

# --- workers that are ended ---------------------------------------------------------------------

{
	wait_until('all workers are back', sub { workers() == 2 * WORKERS });
	my %before = map { $_ => 1 } workers();
	close_gate();
	my $running = begin_request($path, 'POST', '/keep_behind_gate?drained');
	wait_until('it waits', sub { at_gate() == 1 });
	is($s->value(q{SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE backend_type = 'pgtoken_fastcgi worker' AND datname = 'postgres'}),
		2 * WORKERS, 'all are told to end');
	wait_until('idle ones do', sub { (grep { $before{$_} } workers()) == 1 });
	open_gate();
	is(answer_of($running)->{status}, '200', 'one with a request answers it first');
	wait_until('others take their place', sub { !(grep { $before{$_} } workers()) && workers() == 2 * WORKERS });
	is(kept('drained'), 1, 'and its work is there');

	$s->query(q{SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE backend_type = 'pgtoken_fastcgi launcher'});
	%before = map { $_ => 1 } workers();
	wait_until('with the launcher all are new', sub { !(grep { $before{$_} } workers()) && workers() == 2 * WORKERS });
	is(ask($path, 'GET', '/echo')->{status}, '200', 'and answer');
}

# --- notifications, and what the server wants of each backend --------------------------------------

{
	my @before = sort(workers());
	my $listener = session($node);

	$listener->query('LISTEN somebody');
	is(ask($path, 'POST', "/notify?$_")->{status}, '200', "a notification is sent ($_)") for 1 .. 10;
	# thousands of changes of the catalogue, which backends that rest are told to catch up with
	$s->query(q{DO 'BEGIN FOR i IN 1 .. 300 LOOP EXECUTE ''CREATE TEMP TABLE churn'' || i || ''(a int, b int)''; END LOOP; END'});
	$s->query('DISCARD TEMP');
	is(ask($path, 'POST', '/keep?caught_up')->{status}, '200', 'and who has rested goes on');
	is_deeply([ sort(workers()) ], \@before, 'no signal has ended a worker');
	is_deeply([ $s->query('SELECT * FROM pg_listening_channels()') ], [], 'and none listens');
}

# --- a database that is not there, is made, is dropped ----------------------------------------------

{
	my $gone = "$dir/gone.sock";

	is(ask($gone, 'GET', '/echo')->{status}, '503', 'a database that is not there: 503');
	$s->query('CREATE DATABASE gone');
	wait_until('its workers come', sub { workers('gone') == WORKERS });
	like(ask($gone, 'GET', '/echo')->{status}, qr/503/, 'without the function: 503');
	my $in_gone = session($node, dbname => 'gone');
	$in_gone->query($_) for 'CREATE SCHEMA pgtoken_http', 'GRANT USAGE ON SCHEMA pgtoken_http TO authenticator',
	  q{CREATE FUNCTION pgtoken_http.handle(text, text, text[], bytea, jsonb, OUT status integer, OUT headers text[], OUT body bytea)
		LANGUAGE sql AS $f$ SELECT 200, '{}'::text[], convert_to(current_database(), 'UTF8') $f$};
	wait_until('it is served', sub { ask($gone, 'GET', '/')->{status} eq '200' });
	is(ask($gone, 'GET', '/')->{body}, 'gone', 'each address has its database');
	$in_gone->quit;
	my $log = -s $node->logfile;
	$s->query('DROP DATABASE gone WITH (FORCE)');
	is(ask($gone, 'GET', '/')->{status}, '503', 'a database that was dropped by force: 503');
	is(scalar workers('gone'), 0, 'and the workers stay away');
	# more than one look of the launcher later
	my $state = sub { (grep { /does not serve database "gone"/ } split /\n/, log_since($log)) };
	wait_until('it is said', sub { $state->() >= 1 });
	select undef, undef, undef, 1.5;
	is(scalar(grep { /"gone" at .*: the database does not exist/ } $state->()), 1, 'the log says it once');
	unlike(log_since($log), qr/FATAL:/, 'and nobody has tried in vain');
	is(ask($path, 'GET', '/echo')->{status}, '200', 'the other database is served all the while');
}

# --- another server at the same path ------------------------------------------------------------------

{
	my $second = PostgreSQL::Test::Cluster->new('fastcgi_second');

	$second->init;
	$second->append_conf('postgresql.conf', socket_conf($path));
	is($second->start(fail_ok => 1), 0, 'a second server does not start at the same path');
	like(slurp_file($second->logfile), qr/FATAL:  pgtoken_fastcgi cannot listen on "\Q$path\E": another server does/, 'and says why');
	is(ask($path, 'GET', '/echo')->{status}, '200', 'the first one is not disturbed');

	# the attack: what is at the path is somebody's file
	append_to_file("$dir/file", 'precious');
	$second->append_conf('postgresql.conf', "pgtoken_fastcgi.listen = 'postgres=$dir/file'\n");
	is($second->start(fail_ok => 1), 0, 'nor where there is a file');
	is(slurp_file("$dir/file"), 'precious', 'which stays');

	for ('postgres=0.0.0.0:9000', 'postgres=10.0.0.1:9000', 'postgres=[::]:9000', 'postgres', '=/x', 'postgres=relative', 'a=/x, b=/x')
	{
		$second->append_conf('postgresql.conf', "pgtoken_fastcgi.listen = '$_'\n");
		is($second->start(fail_ok => 1), 0, "nor at $_");
	}
	like(slurp_file($second->logfile), qr/An address is the path of a socket, .* or a loopback/, 'and it says what may be there');
	is($s->sqlstate(q{ALTER SYSTEM SET pgtoken_fastcgi.listen = 'postgres=0.0.0.0:9000'}), '22023', 'nor is it taken by ALTER SYSTEM');
}

# --- no room for processes ----------------------------------------------------------------------------

$node->append_conf('postgresql.conf', "max_worker_processes = 4\n");
my $log = -s $node->logfile;
$node->stop('fast');
ok(!-e $path, 'the socket goes with the server');
$node->start;
$s = session($node);
like(log_since($log), qr/WARNING:  pgtoken_fastcgi needs 10 worker processes, max_worker_processes is 4/, 'too few processes: it is said at the start');
wait_until('some have come', sub { (ask($path, 'GET', '/echo')->{status} // '') eq '200' });
wait_until('and that is all', sub { log_since($log) =~ /max_worker_processes is used up/ });
# some looks of the launcher later
select undef, undef, undef, 1.5;
my %said;
$said{$_}++ for log_since($log) =~ /(?:database .* at .*): no worker can be started/g;
ok(%said, 'which the launcher has found out');
is((grep { $_ > 1 } values %said), 0, 'each address says it once');
like($s->value(q{SELECT string_agg(problem, ' ') FROM pgtoken.fastcgi_services}), qr/max_worker_processes/, 'the view says it as well');

# --- a server that is killed ---------------------------------------------------------------------------

$node->stop('immediate');
append_to_file("$dir/nothing", '');
my $stale = IO::Socket::UNIX->new(Local => "$path.stale", Listen => 1) or die;
rename "$path.stale", $path or die;
close $stale;
$node->start;
wait_until('it is served again', sub { (ask($path, 'GET', '/echo')->{status} // '') eq '200' });
pass('a socket that was left behind is no obstacle');
$node->stop;

done_testing();
