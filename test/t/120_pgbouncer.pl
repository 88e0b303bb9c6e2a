# Attack and accident: behind a pooler in transaction mode one client's statements
# meet sessions in which others have worked.  A token revoked through one of them
# must be dead in the caches of all, and what a request has said of itself (its
# token, its role, its address) must not be left to the next client.
use strict;
use warnings;

use FindBin;
use lib $FindBin::RealBin;

use IPC::Run ();
use PgtokenTest;
use PostgreSQL::Test::Utils;
use Test::More;

use constant {
	CLIENTS => 8,
	ROUNDS => 5,
	CACHE_MEMORY => '8kB',    # a handful of tokens
};

my ($pgbouncer) = grep { -x } map { "$_/pgbouncer" } split(/:/, $ENV{PATH}), '/usr/sbin';
plan skip_all => 'pgbouncer is not installed' unless $pgbouncer;

my $node = new_cluster('pooled', conf => 'pgtoken.cache_memory = ' . CACHE_MEMORY . "\n");
my $admin = session($node);
my $secret = create_service($admin);
$admin->query('CREATE ROLE service LOGIN IN ROLE pgtoken_issuer, pgtoken_admin, pgtoken_auditor, pgtoken_http');
$admin->query('CREATE ROLE reader NOLOGIN IN ROLE pgtoken_http');
$admin->query($_) for 'GRANT USAGE ON SCHEMA pgtoken_postgrest TO reader', 'GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA pgtoken_postgrest TO reader';
$admin->query('GRANT reader TO service');

# --- the pooler: two connections to the server for all clients ------------------

my $dir = PostgreSQL::Test::Utils::tempdir_short;
my ($host, $port) = ($node->host, $node->port);
append_to_file("$dir/users", qq("service" ""\n));
append_to_file("$dir/ini", <<"INI");
[databases]
postgres = host=$host port=$port
[pgbouncer]
unix_socket_dir = $dir
listen_port = $port
auth_type = trust
auth_file = $dir/users
pool_mode = transaction
default_pool_size = 2
max_client_conn = 100
application_name_add_host = 1
INI
my $log = '';
my $pooler = IPC::Run::start([ $pgbouncer, '-q', "$dir/ini" ], '<', \undef, '>', \$log, '2>', \$log);

END
{
	local $?;
	$pooler->kill_kill if $pooler;
}

sub PgtokenTest::Pooler::host { return $dir; }
sub PgtokenTest::Pooler::port { return $port; }
sub client { return session(bless({}, 'PgtokenTest::Pooler'), user => 'service', @_); }

wait_until('the pooler listens', sub { $pooler->pump_nb; -S "$dir/.s.PGSQL.$port" && eval { client()->quit; 1 } });
my @clients = map { client() } 1 .. CLIENTS;

# Which of the two sessions the clients meet: a transaction holds the other one.
my @holders = (client(), client());
my @backends = map { $_->query('BEGIN'); $_->value('SELECT pg_backend_pid()') } @holders;
$holders[0]->query('COMMIT');
my $free = 0;
isnt($backends[0], $backends[1], 'two sessions for all clients');

sub switch
{
	$holders[$free]->query('BEGIN');
	die 'another session than expected' if $holders[$free]->value('SELECT pg_backend_pid()') != $backends[$free];
	$free = 1 - $free;
	$holders[$free]->query('COMMIT');
	die 'another session than expected' if $clients[0]->value('SELECT pg_backend_pid()') != $backends[$free];
	return;
}

sub issue
{
	my ($client) = @_;

	return $client->row(q{SELECT grant_id, access_token, refresh_token FROM pgtoken.issue_tokens('backend', 'alice', 'openid read offline_access')});
}

# statement and values
sub refresh { return ('SELECT decision, error, access_token, refresh_token FROM pgtoken.refresh_grant($1, $2, $3)', $_[0], 'backend', $secret); }
sub holds { return defined $_[0]->value('SELECT pgtoken.verify_access_token($1)', $_[1]) ? 1 : 0; }
sub family_state { return $admin->value('SELECT state FROM pgtoken.grant_status WHERE grant_id = $1', $_[0]); }

# --- verification, with the caches of both sessions -----------------------------

my ($reader, $revoker) = @clients;
for my $how ('revoke_family', 'blacklist_token')
{
	my $token = issue($revoker);

	for (1 .. 2)
	{
		is(holds($reader, $token->{access_token}), 1, "$how: the token holds in session $free");
		is(holds($reader, $token->{access_token}), 1, "$how: and from its cache");
		switch();
	}
	$revoker->query($how eq 'revoke_family' ? 'SELECT pgtoken.revoke_family($1)' : 'SELECT pgtoken.blacklist_token($1)', $token->{access_token});
	for (1 .. 2)
	{
		is(holds($reader, $token->{access_token}), 0, "$how: refused in session $free by the next transaction");
		switch();
	}
}

for my $token (map { issue($_) } (@clients) x 2)
{
	holds($reader, $token->{access_token});
	switch();
}
for (1 .. 2)
{
	my %bytes = map { $_ => $reader->value(q{SELECT value FROM pgtoken.cache_stats() WHERE name = $1}, $_) } 'token_bytes', 'limit_bytes';

	cmp_ok($bytes{token_bytes}, '<=', $bytes{limit_bytes} / 2, "session $free remembers no more tokens than it may, whosesoever they are");
	switch();
}

# --- a family whose refreshes meet one session, then the other ------------------

my $family = issue($reader);
my $first = $reader->row(refresh($family->{refresh_token}));
switch();
my $retry = $revoker->row(refresh($family->{refresh_token}));
is($retry->{decision}, 'allow', 'a retry through the other session succeeds');
ok($retry->{refresh_token} eq $first->{refresh_token}, 'with the same successor');
my $second = $reader->row(refresh($first->{refresh_token}));
is($second->{decision}, 'allow', 'which rotates there');
switch();
is($revoker->row(refresh($family->{refresh_token}))->{error}, 'invalid_grant', 'a token of two rotations ago is reuse');
is(family_state($family->{grant_id}), 'revoked', 'which has ended the family');
switch();
is($reader->row(refresh($second->{refresh_token}))->{error}, 'invalid_grant', 'the last token is dead in the other session');
is(holds($reader, $second->{access_token}), 0, 'and so is its access token');

# --- many clients at once --------------------------------------------------------

$holders[ 1 - $free ]->query('COMMIT'); # both sessions are free now

my %token = map { $_ => issue($clients[$_]) } 0 .. $#clients;
my %grant = map { $_ => $token{$_}{grant_id} } keys %token;
for my $round (1 .. ROUNDS)
{
	$clients[$_]->send_query(refresh($token{$_}{refresh_token})) for 0 .. $#clients;
	$token{$_} = ($clients[$_]->result)[0] for 0 .. $#clients;
	is(join(' ', map { $token{$_}{decision} } sort keys %token), join(' ', ('allow') x CLIENTS), "round $round: every client has refreshed its family");
}
for my $n (sort keys %grant)
{
	is($admin->value(q{SELECT string_agg(format('%s<%s', generation, coalesce(parent_generation::text, '-')), ' ' ORDER BY generation) FROM pgtoken.lineage($1::uuid)}, $grant{$n}),
		join(' ', '0<-', map { $_ . '<' . ($_ - 1) } 1 .. ROUNDS), "family $n has an unbroken chain");
}

my $shared = issue($reader);
$_->send_query(refresh($shared->{refresh_token})) for @clients;
my @answers = map { ($_->result)[0] } @clients;
is(join(' ', map { $_->{decision} } @answers), join(' ', ('allow') x CLIENTS), 'one token presented by all at once: each is answered');
my %successors = map { $_->{refresh_token} => 1 } @answers;
is(scalar keys %successors, 1, 'with the one successor');
is($admin->value('SELECT max(generation) FROM pgtoken.lineage($1::uuid)', $shared->{grant_id}), 1, 'the family has not forked');

# --- what a transaction has set ends with it -------------------------------------

$holders[0]->query('BEGIN'); # so that all others meet the same session
my $bearer = issue($reader)->{access_token};
my @request = (
	q{SELECT set_config('request.method', 'POST', true), set_config('request.path', '/', true), set_config('request.headers', $1, true),
		set_config('request.jwt.claims', pgtoken.verify_access_token(substr($1::json ->> 'authorization', 8))::text, true), set_config('role', 'reader', true)}, qq({"authorization": "Bearer $bearer"}));

my @ends = (COMMIT => ['SELECT pgtoken_http.pre_request()'], COMMIT => [q{SELECT pgtoken_postgrest.handle('')}], ROLLBACK => [q{SELECT pgtoken_postgrest.handle('')}]);
while (my ($end, $call) = splice @ends, 0, 2)
{
	$reader->query('BEGIN');
	$reader->query(@request);
	$reader->query(@{$call});
	my $pid = $reader->value('SELECT pg_backend_pid()');
	$reader->query($end);

	is($revoker->value('SELECT pg_backend_pid()'), $pid, "another client meets the session of a request that has ended ($end)");
	is($revoker->value(q{SELECT string_agg(n, ' ') FROM unnest('{request.method,request.path,request.headers,request.jwt.claims,response.status,response.headers}'::text[]) n
			WHERE current_setting(n, true) <> ''}), undef, 'nothing of the request is left');
	is($revoker->value('SELECT current_user'), 'service', 'nor its role');
	is($revoker->value(q{SELECT pgtoken.claim('sub')}), undef, 'nor its claims');
	is($revoker->sqlstate('SELECT pgtoken_http.pre_request()'), '00000', 'a request without a token is not taken for the one before');
}

# a rotation is durable whatever the session says, and the session's word stays
$reader->query('BEGIN');
$reader->query('SET LOCAL synchronous_commit = off');
my $row = $reader->row(refresh(issue($reader)->{refresh_token}));
$reader->query('COMMIT');
is($row->{decision}, 'allow', 'a refresh with synchronous_commit off');
is($revoker->value('SHOW synchronous_commit'), 'on', 'is nothing to the next client');

# a call that fails leaves a session that works
is($reader->sqlstate(q{SELECT pgtoken.issue_tokens('nobody', NULL)}), '22004', 'a call that raises an error');
is($revoker->row(refresh($row->{refresh_token}))->{decision}, 'allow', 'the next client is served by the same session');

# --- settings -----------------------------------------------------------------

is($reader->sqlstate(q{SET pgtoken.cache_memory = 1000000}), '42501', 'a client cannot leave a setting of ours to the others');
is($reader->value('SHOW pgtoken.cache_memory'), CACHE_MEMORY, 'so what is configured holds');
is(eval { client(options => '-c pgtoken.cache_memory=7'); 'connected' } // $@->{sqlstate}, '08P01', 'nor by connection options, which the pooler refuses');

# --- who it was, in the audit -----------------------------------------------------

like($admin->value('SELECT application_name FROM pgtoken.audit_events WHERE grant_id = $1 ORDER BY event_id LIMIT 1', $shared->{grant_id}),
	qr/^pgtoken test - unix/, 'the audit has the client\'s application_name, with the address that the pooler saw');
is($admin->value('SELECT session_user_name FROM pgtoken.audit_events WHERE grant_id = $1 ORDER BY event_id LIMIT 1', $shared->{grant_id}),
	'service', 'and the role of the pool');

$holders[0]->query('COMMIT');
$_->quit for @clients, @holders, $admin;
$node->stop;
done_testing();
