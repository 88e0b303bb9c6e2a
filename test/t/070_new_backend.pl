# What a backend remembers: nothing must be needed from an earlier call or an
# earlier life of the server, and a private key is parsed once per backend, not
# once per call (design 8: parsing costs twenty times what signing does; a
# revocation storm elsewhere must not make every backend parse again, which
# would let an attacker who can revoke his own tokens slow down everybody).
use strict;
use warnings;

use FindBin;
use lib $FindBin::RealBin;

use PgtokenTest;
use Test::More;

my $node = new_cluster('backend');
my $admin = session($node);
my $secret = create_service($admin);

sub stat_of
{
	my ($session, $name) = @_;

	return $session->value('SELECT value FROM pgtoken.cache_stats() WHERE name = $1', $name);
}

my $kept = $admin->row(
	q{SELECT grant_id, access_token, refresh_token FROM pgtoken.issue_tokens('backend', 'alice', 'openid read offline_access')});
my $other = $admin->row(q{SELECT grant_id, access_token, refresh_token FROM pgtoken.issue_tokens('app', 'alice', 'read offline_access')});

# --- any function may be the first of a backend --------------------------------

sub first_calls
{
	my ($when) = @_;
	my %first = (
		issue_tokens => [ q{SELECT (pgtoken.issue_tokens('app', 'bob', 'read')).decision}, 'allow' ],
		verify_access_token => [ q{SELECT pgtoken.verify_access_token($1) ->> 'sub'}, 'alice', $kept->{access_token} ],
		'introspect (access)' => [ q{SELECT pgtoken.introspect($1) ->> 'active'}, 'true', $kept->{access_token} ],
		'introspect (refresh)' => [ q{SELECT pgtoken.introspect($1) ->> 'active'}, 'true', $kept->{refresh_token} ],
		grant_of => [ 'SELECT pgtoken.grant_of($1)', $kept->{grant_id}, $kept->{refresh_token} ],
		jwks => [ q{SELECT jsonb_array_length(pgtoken.jwks() -> 'keys')}, 1 ],
		lineage => [ 'SELECT generation FROM pgtoken.lineage($1::uuid)', 0, $other->{grant_id} ],
		maintain => [ 'SELECT count(*) >= 0 FROM pgtoken.maintain()', 't' ],
		health => [ q{SELECT count(*) > 5 FROM pgtoken.health()}, 't' ],
		cache_stats => [ q{SELECT value FROM pgtoken.cache_stats() WHERE name = 'key_parses'}, 0 ],
		'blacklist_token of nonsense' => [ q{SELECT count(*) FROM pgtoken.blacklist_token('nonsense')}, 0 ],
		'revoke_family of nonsense' => [ q{SELECT count(*) FROM pgtoken.revoke_family('nonsense')}, 0 ]);

	for my $name (sort keys %first)
	{
		my ($sql, $expected, @values) = @{ $first{$name} };
		my $session = session($node);

		is($session->value($sql, @values), $expected, "$when: $name works as the first call of a backend");
		$session->quit;
	}
	my $session = session($node);
	my $answer = $session->row('SELECT decision, refresh_token FROM pgtoken.refresh_grant($1, $2, $3)', $kept->{refresh_token}, 'backend', $secret);

	is($answer->{decision}, 'allow', "$when: refresh_grant works as the first call of a backend");
	$kept->{refresh_token} = $answer->{refresh_token};
	$session->quit;
	return;
}

first_calls('running server');

# --- what a backend opens ----------------------------------------------------------

# Cost shut out: libjwt brings libraries of its own (with libjwt 3 curl and gnutls),
# some milliseconds and megabytes in every backend, for HMAC tokens alone.
sub has_libjwt
{
	my ($session) = @_;

	open my $maps, '<', '/proc/' . $session->pid . '/maps' or die "no /proc: $!";
	my $found = grep { /libjwt\.so/ } <$maps>;
	close $maps;
	return $found > 0;
}

{
	$node->safe_psql('postgres', 'CREATE DATABASE late TEMPLATE template0');
	my ($session, $setup) = map { session($node, dbname => 'late') } 1, 2;

	create_service($setup);
	is($session->value(q{SELECT decision FROM pgtoken.issue_tokens('app', 'alice', 'read')}), 'allow', 'a token by ES256');
	ok(!has_libjwt($session), 'a backend that meets no HMAC token does without libjwt');
	$setup->query('SELECT pgtoken.create_signing_key($1)', 'HS256');
	$setup->query(q{SELECT pgtoken.create_client('hmac', 'public', '{openid,read}', signing_alg => 'HS256')});
	# of typ JWT, since libjwt 1 reads no other
	$setup->query(q{SELECT pgtoken.create_resource('https://jwt.example', '{read}', access_token_typ => 'JWT')});
	my $token = $setup->value(q{SELECT access_token FROM pgtoken.issue_tokens('hmac', 'alice', 'read', '{https://jwt.example}')});
	is($session->value(q{SELECT pgtoken.verify_access_token($1) ->> 'sub'}, $token), 'alice', 'an HMAC token is verified in the same backend');
	ok(has_libjwt($session), 'with libjwt, which is there now');
	$_->quit for $session, $setup;
}

$admin->quit;
$node->restart;
first_calls('restarted server');

# nothing that a backend finds in memory at its start may be another's secret or another's randomness
$node->append_conf('postgresql.conf', "shared_preload_libraries = 'pgtoken'\n");
$node->restart;
first_calls('preloaded server');
my %fresh;
for (1 .. 4)
{
	my $session = session($node);
	my $answer = $session->row(q{SELECT grant_id, refresh_token FROM pgtoken.issue_tokens('app', 'bob', 'read offline_access')});

	$fresh{$_} = 1 for substr($answer->{grant_id}, 14), refresh_secret($answer->{refresh_token});
	$session->quit;
}
is(scalar keys %fresh, 8, 'preloaded server: backends draw different identifiers and secrets');

# --- one parse per backend and key ----------------------------------------------

my ($busy, $elsewhere) = (session($node), session($node));
my $answer = $busy->row(q{SELECT refresh_token FROM pgtoken.issue_tokens('backend', 'carol', 'openid read offline_access')});

is(stat_of($busy, 'key_parses'), 1, 'the first issue parses the private key');
for (1 .. 50)
{
	$answer = $busy->row('SELECT access_token, refresh_token FROM pgtoken.refresh_grant($1, $2, $3)', $answer->{refresh_token}, 'backend', $secret);
	$busy->query(q{SELECT pgtoken.issue_tokens('app', 'carol', 'read')});
}
is(stat_of($busy, 'key_parses'), 1, 'a hundred more calls do not parse it again');

for my $round (1 .. 5)
{
	my $victim = $elsewhere->row(q{SELECT grant_id, access_token FROM pgtoken.issue_tokens('app', 'mallory', 'read')});
	my $resets = stat_of($busy, 'revocation_resets');

	is($busy->value(q{SELECT pgtoken.verify_access_token($1) ->> 'sub'}, $victim->{access_token}), 'mallory', "round $round: a token is verified");
	if ($round % 2)
	{
		$elsewhere->query('SELECT pgtoken.revoke_family($1::uuid)', $victim->{grant_id});
	}
	else
	{
		$elsewhere->query('SELECT pgtoken.blacklist_token($1)', $victim->{access_token});
	}
	is($busy->value('SELECT pgtoken.verify_access_token($1)', $victim->{access_token}), undef, "round $round: and refused after its end elsewhere");
	cmp_ok(stat_of($busy, 'revocation_resets'), '>', $resets, "round $round: which the backend was told");
	$busy->query(q{SELECT pgtoken.issue_tokens('app', 'carol', 'read')});
}
is(stat_of($busy, 'key_parses'), 2, 'one private and one public key parsed: a revocation makes nothing be parsed again');

# an ereport inside a call must not cost the keys either
is($busy->sqlstate(q{SELECT pgtoken.issue_tokens('app', NULL)}), '22004', 'a call that fails');
$busy->query('BEGIN');
$busy->query(q{SELECT pgtoken.issue_tokens('app', 'carol', 'read')});
$busy->query('ROLLBACK');
$busy->query(q{SELECT pgtoken.issue_tokens('app', 'carol', 'read')});
cmp_ok(stat_of($busy, 'key_parses'), '<=', 3, 'a failed call and a rollback cost one parse at most');

# a new configuration is picked up, once
$elsewhere->query('SELECT pgtoken.rotate_signing_key(force => true)');
my $before = stat_of($busy, 'key_parses');
my $kid = $elsewhere->value(q{SELECT kid FROM pgtoken.signing_keys WHERE state = 'active'});
for (1 .. 5)
{
	$answer = $busy->row(q{SELECT access_token, grant_id FROM pgtoken.issue_tokens('app', 'carol', 'read')});
}
is($busy->value('SELECT kid FROM pgtoken.tokens WHERE grant_id = $1', $answer->{grant_id}), $kid, 'the next token is signed by the new key');
is(stat_of($busy, 'key_parses'), $before + 1, 'which was parsed once');

$_->quit for $busy, $elsewhere;
$node->stop;
done_testing();
