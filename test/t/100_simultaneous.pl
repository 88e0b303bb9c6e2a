# Attack and accident: a refresh token presented many times at once, by a client
# with several threads or by a thief beside it.  Were there two answers with
# successors of their own, the family would fork and a thief go on unseen.  All
# get the one successor, nobody an error (C60).  And many sign-ins of one subject at
# once, with a stolen password, each of which counts before the others are there: there
# are never more sessions than the limit (C159).
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
	EACH => 8,      # transactions of a client in a round
	ROUNDS => 6,
};

my $node = new_cluster('simultaneous', conf => "max_connections = 30\n");
my $s = session($node);
create_service($s);
my $dir = PostgreSQL::Test::Utils::tempdir;

# Tokens stay in the database; what is compared are hashes.
$s->query('CREATE TABLE shared (refresh_token text)');
$s->query('CREATE TABLE answers (round integer, decision text, error text, refresh_token text)');
append_to_file("$dir/script", <<'SQL');
INSERT INTO answers (round, decision, error, refresh_token)
	SELECT :round, r.decision, r.error, r.refresh_token
	FROM shared s, pgtoken.refresh_grant(s.refresh_token, 'app') r;
SQL
my $grant_id = $s->value(
	q{WITH i AS MATERIALIZED (SELECT * FROM pgtoken.issue_tokens('app', 'alice', 'openid read offline_access')),
	  kept AS (INSERT INTO shared SELECT refresh_token FROM i)
	  SELECT grant_id FROM i});

my $holder = session($node);
for my $round (1 .. ROUNDS)
{
	# They meet at the family's row: held until all of them wait for it.
	$holder->query('BEGIN');
	$holder->query('SELECT FROM pgtoken.grants WHERE grant_id = $1 FOR UPDATE', $grant_id);
	my ($output, $error) = ('', '');
	my $bench = IPC::Run::start(
		[   'pgbench', '-n', '-M', 'prepared', '-c', CLIENTS, '-j', 2, '-t', EACH, '-D', "round=$round", '-f', "$dir/script",
			'-h', $node->host, '-p', $node->port, 'postgres'
		],
		'<', \undef, '>', \$output, '2>', \$error);
	wait_until(
		'all clients wait',
		sub {
			$s->value(q{SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'}) == CLIENTS;
		});
	$holder->query('COMMIT');
	ok($bench->finish, "round $round: pgbench ends well");
	like($output, qr{^number of transactions actually processed: (\d+)/\g1$}m, "round $round: all transactions are done");
	unlike($error, qr/ERROR|abort/, "round $round: without an error");

	my $seen = $s->row(
		q{SELECT count(*) AS answers, count(*) FILTER (WHERE decision = 'allow' AND error IS NULL) AS allowed,
				 count(DISTINCT refresh_token) AS successors
		  FROM answers WHERE round = $1}, $round);
	is($seen->{answers}, CLIENTS * EACH, "round $round: every client has all its answers");
	is($seen->{allowed}, CLIENTS * EACH, "round $round: and was allowed");
	is($seen->{successors}, 1, "round $round: all successors are equal (C60)");
	$s->query('UPDATE shared SET refresh_token = (SELECT max(a.refresh_token) FROM answers a WHERE a.round = $1)', $round);
}

my $ledger = $s->row(
	q{SELECT count(DISTINCT generation) AS generations, max(generation) AS last, count(*) FILTER (WHERE retry = 0) AS rotations,
			 count(DISTINCT jti) AS access_tokens, count(*) AS rows
	  FROM pgtoken.tokens WHERE grant_id = $1}, $grant_id);
is($ledger->{last}, ROUNDS, 'one generation a round');
is($ledger->{generations}, ROUNDS + 1, 'without gap');
is($ledger->{rotations}, ROUNDS + 1, 'one row with retry = 0 per generation (C60)');
is($ledger->{rows}, 1 + ROUNDS * CLIENTS * EACH, 'and a row for each answer');
is($ledger->{access_tokens}, $ledger->{rows}, 'with an access token of its own');
is( $s->value(
		q{SELECT count(*) FROM (SELECT generation FROM pgtoken.tokens WHERE grant_id = $1 AND generation > 0
		  GROUP BY generation HAVING max(retry) <> count(*) - 1 OR count(DISTINCT retry) <> count(*)) odd}, $grant_id),
	0,
	'retries are counted without gap');
is($s->value('SELECT revoked_at IS NULL FROM pgtoken.grants WHERE grant_id = $1', $grant_id), 't', 'the family lives');

# Sign-ins: each is a transaction, and so is each look at what lives.
use constant LIMIT => 3;
$s->query('CREATE TABLE sign_ins (mode text, error text)');
$s->query('CREATE TABLE looks (mode text, sessions integer)');
append_to_file("$dir/sign_in", <<'SQL');
INSERT INTO sign_ins SELECT :mode, r.error
	FROM pgtoken.issue_tokens('app', 'bob-' || :mode, 'openid read offline_access', session_id => gen_random_uuid()::text) r;
INSERT INTO looks SELECT :mode, count(*) FROM pgtoken.sessions_of('bob-' || :mode);
SQL
for my $mode ('end_oldest', 'refuse')
{
	for my $whose ('issuer', 'client')
	{
		my $name = "$mode, of the $whose";
		$s->query($whose eq 'issuer'
			? q{SELECT pgtoken.update_issuer('https://id.example', max_sessions => $1, at_session_limit => $2)}
			: q{SELECT pgtoken.update_client('app', metadata => jsonb_build_object('max_sessions', $1::integer, 'at_session_limit', $2::text))},
			LIMIT, $mode);
		my ($output, $error) = ('', '');
		ok( IPC::Run::run(
				[   'pgbench', '-n', '-c', CLIENTS, '-j', 2, '-t', EACH, '-D', "mode='$mode-$whose'", '-f', "$dir/sign_in",
					'-h', $node->host, '-p', $node->port, 'postgres'
				],
				'<', \undef, '>', \$output, '2>', \$error),
			"$name: pgbench ends well");
		unlike($error, qr/ERROR|abort/, "$name: without an error");
		my $done = $s->row(
			q{SELECT count(*) AS sign_ins, count(*) FILTER (WHERE error IS NULL) AS allowed, count(DISTINCT error) AS errors
			  FROM sign_ins WHERE mode = $1}, "$mode-$whose");
		is($done->{sign_ins}, CLIENTS * EACH, "$name: every sign-in is answered");
		is($done->{allowed}, $mode eq 'refuse' ? LIMIT : CLIENTS * EACH, "$name: " . ($mode eq 'refuse' ? 'as many as the limit are let in' : 'and let in'));
		is($s->value('SELECT max(sessions) FROM looks WHERE mode = $1', "$mode-$whose"), LIMIT, "$name: nobody ever sees more sessions than that (C159)");
		is($s->value(q{SELECT count(*) FROM pgtoken.sessions_of($1)}, "bob-$mode-$whose"), LIMIT, "$name: and so many live");
		$s->query($whose eq 'issuer'
			? q{SELECT pgtoken.update_issuer('https://id.example', reset => '{max_sessions}')}
			: q{SELECT pgtoken.update_client('app', metadata => '{"max_sessions": null, "at_session_limit": null}')});
	}
}

$holder->quit;
$s->quit;
$node->stop;
done_testing();
