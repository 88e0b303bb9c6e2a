# Attack: a revoked token taken to a read replica, which knows nothing of it yet
# or has cached that it was good.  Verification, introspection and the public
# keys work on a hot standby and write nothing; as soon as a revocation is
# replayed, the next statement of a session that is open there refuses the token
# (C25, C30).  What has to write says so with a clean error, 25006.
use strict;
use warnings;

use FindBin;
use lib $FindBin::RealBin;

use JSON::PP;
use MIME::Base64;
use PgtokenTest;
use PostgreSQL::Test::Utils qw(slurp_file);
use Test::More;

my $primary = new_cluster('primary', init => { allows_streaming => 1 });
my $p = session($primary);
my $secret = create_service($p);

$p->query('SELECT pgtoken.create_signing_key($1)', $_) for qw(RS256 HS256);
$p->query(q{SELECT pgtoken.create_client('mac', 'public', '{read}', offline_access => true, signing_alg => 'HS256')});

my $standby = PostgreSQL::Test::Cluster->new('standby');
$primary->backup('base');
$standby->init_from_backup($primary, 'base', has_streaming => 1);
$standby->start;
my $s = session($standby);

sub issue
{
	my ($client) = @_;

	return $p->row(q{SELECT grant_id, access_token, refresh_token FROM pgtoken.issue_tokens($1, 'alice', 'read offline_access')}, $client);
}

sub replayed { return $primary->wait_for_catchup($standby, 'replay', $primary->lsn('flush')); }
sub holds { return defined $s->value('SELECT pgtoken.verify_access_token($1)', $_[0]) ? 1 : 0; }
sub active { return $s->value(q{SELECT pgtoken.introspect($1) ->> 'active'}, $_[0]); }
sub stat_of { return $s->value(q{SELECT value FROM pgtoken.cache_stats() WHERE name = $1}, $_[0]); }

my %family = map { $_ => issue($_) } qw(app backend mac);
$p->query(q{SELECT pgtoken.create_client('portal', 'public', scopes => '{pgtoken:sessions}')});
my $account = $p->value(q{SELECT access_token FROM pgtoken.issue_tokens('portal', 'alice', 'pgtoken:sessions', ARRAY[(SELECT issuer FROM pgtoken.issuers LIMIT 1)])});
my $other = issue('app');
replayed();

is($s->value('SELECT pg_is_in_recovery()'), 't', 'the standby is one');
# one connection string for both, as docs/scale.md has it
my $several = sprintf 'host=%s,%s port=%s,%s dbname=postgres', map { ($standby->$_, $primary->$_) } qw(host port);
is((PostgreSQL::Test::Utils::run_command([ 'psql', '-XAtc', 'SELECT pg_is_in_recovery()', '-d', "$several target_session_attrs=$_->[0]" ]))[0], $_->[1], "$_->[0]: $_->[2]")
  for [ 'prefer-standby', 't', 'who only reads finds the standby' ], [ 'read-write', 'f', 'who writes the primary' ];
is($s->value('SELECT pgtoken.jwks()'), $p->value('SELECT pgtoken.jwks()'), 'jwks: the same on both');
for my $client (sort keys %family)
{
	is(holds($family{$client}{access_token}), 1, "$client: an access token verifies on the standby");
	is( $s->value('SELECT pgtoken.verify_access_token($1)', $family{$client}{access_token}),
		$p->value('SELECT pgtoken.verify_access_token($1)', $family{$client}{access_token}),
		"$client: with the same claims");
	is(active($family{$client}{access_token}), 'true', "$client: it is active there");
	is(active($family{$client}{refresh_token}), 'true', "$client: so is the refresh token");
}
is($s->value('SELECT count(*) FROM pgtoken.lineage($1::text)', $family{app}{grant_id}), 1, 'lineage works there');
is(active('pgtrt_nonsense'), 'false', 'nonsense is not active there');

# --- what the HTTP layer reads --------------------------------------------------

# what a layer gets that talks to the standby
sub read_at
{
	my ($session, $method, $target, $body, $headers) = @_;
	my $answer = http_request($session, $method, $target, $body, $headers);

	return join ' ', $answer->{status}, $answer->{headers}{'retry-after'} ? 'later' : (), $answer->{body} // ();
}

for my $path (qw(/.well-known/openid-configuration /.well-known/oauth-authorization-server /oauth2/jwks))
{
	is(read_at($s, GET => $path), read_at($p, GET => $path), "$path: the same on both");
	like(read_at($s, GET => $path), qr/^200 \{/, 'and an answer');
}
sub bearer { return encode_json({ authorization => "Bearer $_[0]" }); }
is(http_request($s, GET => '/oauth2/userinfo', undef, bearer($family{app}{access_token}))->{status}, 403, 'userinfo: a token without openid is recognised there');
is(http_request($s, GET => '/oauth2/userinfo', undef, bearer('nonsense'))->{status}, 401, 'and nonsense refused');
like(read_at($s, GET => '/oauth2/sessions', undef, bearer($account)), qr/^200 \{.*"current": true/, 'a person sees his sessions there');
like(read_at($s, @{$_}, undef, bearer($account)), qr/^503 later .*temporarily_unavailable/, "and ends none: $_->[0] $_->[1]")
  for [ DELETE => '/oauth2/sessions/' . 'A' x 43 ], [ POST => '/oauth2/sessions/end_others' ];
is($s->sqlstate(q{SELECT pgtoken_http.pre_request()}), '00000', 'a request without a token passes pre_request');
is($s->value('SELECT role FROM pgtoken_http.admit($1, $2, $3)', 'GET', '/', '{}'), 'web_anon', 'and admit');

# a client that proves itself by a secret may ask, and leaves nothing behind
sub basic { return encode_json({ authorization => 'Basic ' . encode_base64("backend:$_[0]", '') }); }
my $asked = 'token=' . $family{backend}{access_token};
like(read_at($s, POST => '/oauth2/introspect', $asked, basic($secret)), qr/^200 \{.*"active": true/, 'introspection by a client with a secret');
like(read_at($s, POST => '/oauth2/introspect', $asked, basic('wrong')), qr/^401 .*invalid_client/, 'a wrong secret is refused');
like(slurp_file($standby->logfile), qr/LOG:  client authentication failed: client_secret_wrong\n.*DETAIL:  Client "backend"\./, 'which its log tells');
unlike(slurp_file($standby->logfile), qr/\Q$secret\E/, 'without the secret');

# Attack shut out: an assertion or a proof is shown once to each standby. What cannot be
# remembered is not taken.
$p->query(q{SELECT pgtoken.create_client('asserting', metadata => '{"token_endpoint_auth_method": "client_secret_jwt"}')});
replayed();
my $unsigned = join '.', map { encode_base64($_, '') =~ tr{+/=}{-_}dr } '{"alg":"HS256"}', '{"iss":"asserting","sub":"asserting"}', 'x';
like(read_at($s, POST => '/oauth2/introspect', "$asked&client_assertion=$unsigned&client_assertion_type=urn:ietf:params:oauth:client-assertion-type:jwt-bearer"),
	qr/^503 later .*temporarily_unavailable/, 'an assertion belongs to the primary');
like(read_at($s, GET => '/oauth2/userinfo', undef, encode_json({ authorization => 'DPoP x', dpop => 'y' })), qr/^503 later /, 'so does a proof');

# what must write is not tried
for my $request ([ POST => '/oauth2/token' ], [ POST => '/oauth2/revoke' ], [ POST => '/oauth2/par' ], [ GET => '/oauth2/authorize' ],
	[ POST => '/oauth2/device_authorization' ], [ POST => '/oauth2/challenge' ], [ POST => '/oauth2/complete_challenge' ], [ GET => '/oauth2/logout' ])
{
	like(read_at($s, @{$request}, 'grant_type=client_credentials', basic($secret)), qr/^503 later .*temporarily_unavailable/, "$request->[1] answers 503 with Retry-After");
}
# PostgREST has a read-only transaction of it
$s->query('BEGIN READ ONLY');
$s->query(q{SELECT set_config('request.headers', '{"pgtoken-method": "GET", "pgtoken-target": "/oauth2/jwks"}', true)});
is($s->value(q{SELECT convert_from(pgtoken_postgrest.read(''), 'UTF8')}), http_request($p, GET => '/oauth2/jwks')->{body}, 'and reads by a function of its own');
$s->query('COMMIT');

# --- what watches the two ------------------------------------------------------

# the library is not preloaded: before PostgreSQL 17 there are no counters, and all else is there
my $counted = $p->value('SHOW server_version_num') >= 170000 ? 1 : 0;
sub metric { return $_[0]->value('SELECT sum(value) FROM pgtoken.metrics() WHERE name = $1', $_[1]); }

for my $session ($p, $s)
{
	my $who = $session == $p ? 'the primary' : 'the standby';

	is(metric($session, 'pgtoken_counters_present'), $counted, "$who: counters where there is shared memory");
	is(metric($session, 'pgtoken_decisions_total') // 'none', $counted ? ($session == $p ? metric($p, 'pgtoken_decisions_total') : 0) : 'none', 'of this server alone');
	is(metric($session, 'pgtoken_signing_keys'), 3, 'keys');
	cmp_ok(metric($session, 'pgtoken_health_problems'), '>', 0, 'what health has to say');
	cmp_ok($session->value(q{SELECT length(pgtoken.metrics_text(true))}), '>', 1000, 'as text');
	is(read_at($session, GET => '/live'), '200 {"live": true}', 'it lives');
	like(read_at($session, GET => '/ready'), qr/^200 .*"ready": true/, 'and is ready');
	is(http_request($session, GET => '/metrics')->{status}, 401, 'metrics are not for strangers');
}
is(metric($p, 'pgtoken_replay_lag_seconds'), undef, 'a primary has no lag');
like(metric($s, 'pgtoken_replay_lag_seconds'), qr/^([0-9.e-]+|Infinity)$/, 'a standby has');

# the cache holds it: that is what a revocation has to reach
holds($family{app}{access_token});
my $hits = stat_of('token_hits');
is(holds($family{app}{access_token}), 1, 'verified once more');
is(stat_of('token_hits'), $hits + 1, 'from the cache');

$p->query('SELECT pgtoken.revoke_family($1::uuid)', $family{app}{grant_id});
replayed();
is(holds($family{app}{access_token}), 0, 'revoked on the primary and replayed: refused at the next statement (C25)');
is($s->value('SELECT pgtoken.introspect($1)', $family{app}{access_token}), '{"active": false}', 'and says nothing but inactive (C30)');
is($s->value('SELECT pgtoken.introspect($1)', $family{app}{refresh_token}), '{"active": false}', 'the refresh token too');
is(holds($other->{access_token}), 1, 'another family of the same client is untouched');

# blocked on the primary, and let in again
my $blocked = issue('app');
replayed();
is(holds($blocked->{access_token}), 1, 'a token that is in memory there');
$p->query(q{SELECT pgtoken.block_subject('alice', end_sessions => false)});
replayed();
is(holds($blocked->{access_token}) . active($blocked->{refresh_token}), '0false', 'its subject is blocked and that is replayed: refused at the next statement');
$p->query(q{SELECT pgtoken.unblock_subject('alice')});
replayed();
is(holds($blocked->{access_token}) . active($blocked->{refresh_token}), '1true', 'and good again with the next one');

# inside one transaction, whose snapshot is older than the revocation
$s->query('BEGIN ISOLATION LEVEL REPEATABLE READ');
is(holds($family{backend}{access_token}), 1, 'a transaction begins with a token that holds');
$p->query('SELECT pgtoken.revoke_family($1::uuid)', $family{backend}{grant_id});
replayed();
is(holds($family{backend}{access_token}), 0, 'and refuses it after it was revoked meanwhile');
$s->query('COMMIT');

is(holds($other->{access_token}), 1, 'cached again');
$p->query('SELECT pgtoken.blacklist_token($1)', $other->{access_token});
replayed();
is(holds($other->{access_token}), 0, 'blacklisted on the primary: refused at the next statement (C94)');

is(holds($family{mac}{access_token}), 1, 'cached again');
$p->query(q{SELECT pgtoken.update_client('mac', enabled => false)});
replayed();
is(holds($family{mac}{access_token}), 0, 'client switched off on the primary: refused at the next statement');

my $late = issue('app');
replayed();
is(holds($late->{access_token}), 1, 'a new token holds');
$p->query(q{SELECT pgtoken.retire_signing_key(kid) FROM pgtoken.signing_keys WHERE alg = 'ES256' AND state = 'active'});
replayed();
is(holds($late->{access_token}), 0, 'its key retired on the primary: refused at the next statement');
is($s->value('SELECT pgtoken.jwks()'), $p->value('SELECT pgtoken.jwks()'), 'jwks: the same again');

# what writes is refused cleanly, and the session lives on
my $fresh = issue('backend');
replayed();
my %writes = (
	'a refresh' => [ 'SELECT pgtoken.refresh_grant($1, $2, $3)', $fresh->{refresh_token}, 'backend', $secret ],
	'a refresh of a consumed or foreign token' => [ 'SELECT pgtoken.refresh_grant($1, $2)', $fresh->{refresh_token}, 'app' ],
	'issuing' => [ q{SELECT pgtoken.issue_tokens('app', 'alice', 'read')} ],
	'a revocation' => [ 'SELECT pgtoken.revoke_family($1::uuid)', $fresh->{grant_id} ],
	'a revocation by token' => [ 'SELECT pgtoken.revoke_family($1::text)', $fresh->{refresh_token} ],
	'blacklisting' => [ 'SELECT pgtoken.blacklist_token($1)', $fresh->{access_token} ],
	'a new key' => [ q{SELECT pgtoken.create_signing_key('EdDSA')} ]);
for my $what (sort keys %writes)
{
	is($s->sqlstate(@{ $writes{$what} }), '25006', "$what on the standby is refused as read-only");
}
is(holds($fresh->{access_token}), 1, 'nothing was harmed');

# after promotion it goes on where the primary was
$p->quit;
$primary->stop;
$standby->promote;
is( $s->value('SELECT decision FROM pgtoken.refresh_grant($1, $2, $3)', $fresh->{refresh_token}, 'backend', $secret),
	'allow', 'promoted: the open session refreshes');

$s->quit;
$standby->stop;
done_testing();
