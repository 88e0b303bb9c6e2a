# What backends share without a row: the trace of refused requests and the used
# DPoP proofs, in shared memory of a server that has loaded the library itself.
#
# Fault: a wrong redirect URI and an unknown client are answered alike and left no
# trace, so that the first hour of every integration was spent guessing.  Attacks
# shut out: a DPoP proof that was used is good again because the API's transaction
# rolled back, or could not write; one database's administrator reads what another
# has refused; a flood that fills memory; a request that forges a line of the log.
use strict;
use warnings;

use FindBin;
use lib $FindBin::RealBin;

use Digest::SHA qw(sha256);
use JSON::PP;
use MIME::Base64 qw(encode_base64url);
use PgtokenTest;
use PostgreSQL::Test::Utils;
use Test::More;

use constant KEPT => 8;

my $node = new_cluster(
	'shared', conf => "shared_preload_libraries = 'pgtoken'\nrestart_after_crash = on\npgtoken.refused_requests = " . KEPT . "\n");
my $admin = session($node);
my $secret = create_service($admin);
$admin->query('CREATE DATABASE other');
$admin->query(q{SELECT pgtoken.update_issuer('https://id.example', login_uri => 'https://id.example/login')});
$admin->query(
	q{SELECT pgtoken.create_client('shop', 'public', redirect_uris => '{https://shop.example/callback,https://shop.example/silent}')});

my $newest = q{SELECT * FROM pgtoken.refused_requests($1, 1)};

sub authorize { return http_request($_[1] // $admin, GET => "/oauth2/authorize?$_[0]"); }
sub ask { return http_request($admin, POST => '/oauth2/token', $_[0]); }

# the columns that a test looks at
sub trace
{
	my ($client) = @_;
	my $row = $admin->row($newest, $client);

	return join ' | ', map { $row->{$_} // '-' } qw(endpoint client_id reason parameter received registered);
}

# --- what came beside what is registered -------------------------------------

is($admin->value('SELECT count(*) FROM pgtoken.refused_requests()'), 0, 'nothing was refused yet');

authorize('client_id=shop&response_type=code&redirect_uri=https%3A%2F%2Fshop.example%2Fcallback%2F');
is( trace('shop'),
	'/oauth2/authorize | shop | client_or_redirect_uri_unknown | redirect_uri | https://shop.example/callback/ | https://shop.example/callback https://shop.example/silent',
	'a wrong redirect URI beside the registered ones');
authorize('client_id=Shop&response_type=code&redirect_uri=https%3A%2F%2Fshop.example%2Fcallback');
is(trace('Shop'), '/oauth2/authorize | Shop | client_or_redirect_uri_unknown | client_id | Shop | no client of this name', 'an unknown client');
authorize('client_id=shop&response_type=code&redirect_uri=https%3A%2F%2Fshop.example%2Fcallback&scope=openid');
is(trace('shop'), '/oauth2/authorize | shop | pkce_missing | code_challenge | - | -', 'what went to the client by redirect');

ask("grant_type=refresh_tokn&client_id=shop");
is(trace('shop'), '/oauth2/token | shop | grant_type_unknown | grant_type | refresh_tokn | -', 'a grant type that is none');
$admin->query(q{SELECT pgtoken.create_client('posted', 'confidential', metadata => '{"token_endpoint_auth_method": "client_secret_jwt", "grant_types": ["client_credentials"]}')});
ask("grant_type=client_credentials&client_id=posted&client_secret=$secret");
is( trace('posted'),
	'/oauth2/token | posted | client_auth_method_not_registered | token_endpoint_auth_method | client_secret_post | client_secret_jwt',
	'a wrong authentication method');
$admin->query(q{SELECT pgtoken.create_resource('https://files.example', '{delete}')});
$admin->value('SELECT error FROM pgtoken.issue_tokens($1, $2, $3)', 'backend', 'alice', 'read delete');
is(trace('backend'), 'issue_tokens | backend | scope_not_allowed | scope | delete | openid read write', 'the scope that is not allowed');
$admin->value('SELECT error FROM pgtoken.issue_tokens($1, $2, $3, ARRAY[$4])', 'backend', 'alice', 'read', 'https://api.example/v2');
is(trace('backend'), 'issue_tokens | backend | resource_not_allowed | resource | https://api.example/v2 | no resource of this name', 'the resource that is not registered');

my $row = $admin->row($newest, undef);
like($row->{explanation}, qr/^A resource is not registered.*\.$/, 'and a sentence that says why');
is_deeply(
	[ $admin->column(q{SELECT reason FROM pgtoken.refused_requests('shop')}) ],
	[qw(grant_type_unknown pkce_missing client_or_redirect_uri_unknown)],
	'of one client, the newest first');
is($admin->sqlstate('SELECT * FROM pgtoken.refused_requests(max_requests => 0)'), '22023', 'a number that makes no sense');

# --- no secret, nothing that harms -------------------------------------------

ask("grant_type=client_credentials&client_id=backend&client_secret=hunter2&client_secret=hunter2");
authorize('client_id=shop&response_type=code&state=hunter2&redirect_uri=' . ('x' x 3000));
authorize("client_id=evil%0ALOG:%20all%20is%20well%1B%5B2J&response_type=code");
my ($all) = $admin->value('SELECT json_agg(r)::text FROM pgtoken.refused_requests() r');
unlike($all, qr/hunter2|\Q$secret\E/, 'no secret is kept');
is($admin->value(q{SELECT client_id FROM pgtoken.refused_requests(NULL, 1)}), 'evil\x0aLOG: all is well\x1b[2J', 'no line begins and no cursor moves');
is($admin->value(q{SELECT received LIKE 'xxx%... (of 3000 bytes)' AND octet_length(received) < 400 FROM pgtoken.refused_requests('shop', 1)}), 't', 'what is long is cut, and says so');

# --- bounded, and each database's own ----------------------------------------

authorize("client_id=flood$_&response_type=code") for 1 .. 3 * KEPT;
is($admin->value('SELECT count(*) FROM pgtoken.refused_requests(max_requests => NULL)'), KEPT, 'a flood fills what there is, and no more');
is($admin->value('SELECT min(client_id) FROM pgtoken.refused_requests()'), 'flood' . (2 * KEPT + 1), 'the newest are kept');

my $other = session($node, dbname => 'other');
create_service($other);
is($other->value('SELECT count(*) FROM pgtoken.refused_requests()'), 0, 'another database sees nothing of it');
$other->value('SELECT error FROM pgtoken.issue_tokens($1, $2)', 'nobody', 'alice');
is($other->value('SELECT count(*) FROM pgtoken.refused_requests()'), 1, 'but its own');
is($admin->value(q{SELECT count(*) FROM pgtoken.refused_requests('nobody')}), 0, 'which this one does not see');

# counted is what all sessions of a database have done, and no other one's
my $issued = q{SELECT sum(value) FROM pgtoken.metrics() WHERE name = 'pgtoken_decisions_total' AND labels ->> 'act' = 'issue'};
my ($issued_before, $issued_there) = ($admin->value($issued), $other->value($issued));
$_->query(q{SELECT pgtoken.issue_tokens('app', 'alice', 'read')}) for $admin, session($node), session($node), $other;
is($admin->value($issued) - $issued_before, 3, 'three sessions have issued tokens');
is($other->value($issued) - $issued_there, 1, 'and one of another database');

# what an aborted transaction has refused was refused all the same
$admin->query('BEGIN');
authorize('client_id=aborted&response_type=code');
$admin->query('ROLLBACK');
like(trace('aborted'), qr/^\S+ \| aborted \|/, 'it outlives its transaction');

$admin->query('CREATE ROLE auditor LOGIN');
$admin->query('CREATE ROLE plain LOGIN');
$admin->query('GRANT pgtoken_auditor TO auditor');
is(session($node, user => 'auditor')->sqlstate('SELECT * FROM pgtoken.refused_requests()'), '00000', 'an auditor looks at it');
is(session($node, user => 'plain')->sqlstate('SELECT * FROM pgtoken.refused_requests()'), '42501', 'nobody else does');

# --- the log -----------------------------------------------------------------

sub logged
{
	my ($setting, $client) = @_;
	my $asking = session($node);

	$asking->query("SET pgtoken.log_refusals = $setting");
	$asking->query('SET client_min_messages = debug1') if $setting ne 'debug1';
	$asking->notices;
	authorize("client_id=$client&response_type=code&redirect_uri=https://a.example", $asking);
	is_deeply([ grep { /refused/ } $asking->notices ], [], "$setting: the client is told nothing");
	return scalar grep { /Client: "$client"/ } split /\n/, slurp_file($node->logfile);
}

is(logged('off', 'log1'), 0, 'off: no line');
is(logged('debug1', 'log2'), 0, 'debug1: none where the log has no such messages');
is(logged('log', 'log3'), 1, 'log: one line of detail');
like(slurp_file($node->logfile), qr/pgtoken has refused a request: client_or_redirect_uri_unknown/, 'with the reason');
unlike(slurp_file($node->logfile), qr/hunter2/, 'and no secret');

# --- DPoP proofs that were used ----------------------------------------------

my $dir = PostgreSQL::Test::Utils::tempdir;
system_or_bail('openssl', 'genrsa', '-out', "$dir/key.pem", '2048');
my ($modulus) = `openssl rsa -in $dir/key.pem -noout -modulus 2>/dev/null` =~ /Modulus=([0-9A-F]+)/;
my $n = encode_base64url(pack 'H*', $modulus);
my $jkt = encode_base64url(sha256(qq({"e":"AQAB","kty":"RSA","n":"$n"})));

my $proofs = 0;

sub proof
{
	my ($token, $method) = @_;
	my $input = join '.', map { encode_base64url(encode_json($_)) }
	  { typ => 'dpop+jwt', alg => 'RS256', jwk => { kty => 'RSA', e => 'AQAB', n => $n } },
	  {
		jti => 'proof ' . $proofs++,
		htm => $method,
		htu => 'https://api.example/orders',
		iat => $admin->value('SELECT extract(epoch FROM clock_timestamp())::bigint') + 0,
		ath => encode_base64url(sha256($token))
	  };

	append_to_file("$dir/input", '');
	open my $file, '>', "$dir/input" or die;
	print $file $input;
	close $file;
	system_or_bail('openssl', 'dgst', '-sha256', '-sign', "$dir/key.pem", '-out', "$dir/signature", "$dir/input");
	return "$input." . encode_base64url(slurp_file("$dir/signature"));
}

# one request of the API, in a transaction that ends as told; the code of the refusal, or 'passes'
sub request
{
	my ($session, $token, $proof, %how) = @_;
	my $begin = $how{read_only} ? 'BEGIN READ ONLY' : 'BEGIN';
	my $answer = 'passes';

	$session->query($begin);
	$session->query(q{SELECT set_config('request.headers', $1, true), set_config('request.method', $2, true), set_config('request.path', '/orders', true)},
		encode_json({ authorization => "DPoP $token", dpop => $proof }), $how{method} // 'POST');
	eval { $session->query('SELECT pgtoken_http.pre_request()'); 1 }
	  or $answer = $@->{message} =~ /"code": ?"(\w+)"/ ? $1 : "$@";
	$session->query($how{end} // 'COMMIT');
	return $answer;
}

my $api = session($node);
my $thief = session($node);
$_->query(q{SET pgtoken.http_resource = 'https://api.example'}) for $api, $thief;
my $token = $admin->value(
	q{SELECT access_token FROM pgtoken.issue_tokens('app', 'alice', 'read', cnf => jsonb_build_object('jkt', $1::text))}, $jkt);

for my $case (
	[ 'rolls back', end => 'ROLLBACK' ],
	[ 'commits', end => 'COMMIT' ],
	[ 'may not write', read_only => 1, method => 'GET' ])
{
	my ($what, %how) = @$case;
	my $proof = proof($token, $how{method} // 'POST');

	is(request($api, $token, $proof, %how), 'passes', "a transaction that $what: the first use of a proof");
	is(request($thief, $token, $proof, %how), 'invalid_dpop_proof', "a transaction that $what: the second one");
	is(request($api, $token, proof($token, $how{method} // 'POST'), %how), 'passes', "a transaction that $what: another proof");
}
is(trace(undef), 'pre_request | - | dpop_proof_invalid | - | - | -', 'the replay is in the trace');
request($api, $token, proof($token, 'GET'), method => 'POST');
is(trace(undef), 'pre_request | - | dpop_proof_invalid | htm | GET | POST', 'a proof for another method');
$api->query(q{SET pgtoken.http_resource_url = 'https://api.example/v1'});
request($api, $token, proof($token, 'POST'));
is(trace(undef), 'pre_request | - | dpop_proof_invalid | htu | https://api.example/orders | https://api.example/v1/orders', 'a proof for another URL');
$api->query(q{SET pgtoken.http_resource = 'https://elsewhere.example'});
request($api, $token, proof($token, 'POST'));
is(trace(undef), 'pre_request | - | access_token_invalid | aud | https://api.example | https://elsewhere.example', 'a token for another API');

$api->query(q{SET pgtoken.http_resource = 'https://api.example'});
request($api, "x$token", proof("x$token", 'POST'));
is(trace(undef), 'pre_request | - | access_token_invalid | access_token | - | an access token that this service has signed', 'a token of elsewhere');
$admin->query(q{SELECT pgtoken.revoke_subject('alice')});
request($api, $token, proof($token, 'POST'));
like(trace(undef), qr/access_token_invalid \| access_token \| one of ours, exp \d+ \| not revoked, .* exp after \d+$/, 'a token that was revoked');
$token = $admin->value(
	q{SELECT access_token FROM pgtoken.issue_tokens('app', 'alice', 'read', cnf => jsonb_build_object('jkt', $1::text))}, $jkt);

# --- a crash begins anew, and nothing else fails ------------------------------

my $pid = $thief->pid;
my $before = $admin->value('SELECT pg_postmaster_start_time()');
kill 'KILL', $pid;
local $SIG{PIPE} = 'IGNORE';
wait_until('the crash has ended the other sessions', sub { !eval { $admin->value('SELECT 1'); 1 } });
wait_until('the server has come back', sub { eval { session($node)->value('SELECT 1') } });
$admin = session($node);
is($admin->value('SELECT pg_postmaster_start_time()'), $before, 'the server itself went on');
is($admin->value('SELECT count(*) FROM pgtoken.refused_requests()'), 0, 'after a crash the ring is empty');
authorize('client_id=again&response_type=code');
is($admin->value('SELECT count(*) FROM pgtoken.refused_requests()'), 1, 'and fills again');

# --- switched off ------------------------------------------------------------

$node->append_conf('postgresql.conf', "pgtoken.refused_requests = 0\npgtoken.shared_replay_ids = 0\n");
$node->restart;
$admin = session($node);
is($admin->sqlstate('SELECT * FROM pgtoken.refused_requests()'), '55000', 'without room for them the function says so');
like(authorize('client_id=nobody&response_type=code')->{body}, qr/invalid_request/, 'and requests are refused as before');
$api = session($node);
$api->query(q{SET pgtoken.http_resource = 'https://api.example'});
is(request($api, $token, proof($token, 'POST'), end => 'ROLLBACK'), 'passes', 'and proofs are taken as before');

$node->stop;

# --- a server that has not loaded the library: at need from 17 on, else not ------

my $bare = new_cluster('bare', conf => "pgtoken.refused_requests = 9\n");
$admin = session($bare);
create_service($admin);
my $at_need = $admin->value('SHOW server_version_num') >= 170000;
authorize('client_id=first&response_type=code');
authorize('client_id=second&response_type=code', session($bare));
my $told = eval { join ' ', $admin->column('SELECT client_id FROM pgtoken.refused_requests()') } // $@->{sqlstate};
is($told, $at_need ? 'second first' : '55000', 'what two sessions have refused, or that it is not kept');
$api = session($bare);
$thief = session($bare);
$_->query(q{SET pgtoken.http_resource = 'https://api.example'}) for $api, $thief;
$token = $admin->value(
	q{SELECT access_token FROM pgtoken.issue_tokens('app', 'alice', 'read', cnf => jsonb_build_object('jkt', $1::text))}, $jkt);
my $proof = proof($token, 'POST');
is(request($api, $token, $proof, end => 'ROLLBACK'), 'passes', 'a proof in a transaction that rolls back');
is(request($thief, $token, $proof), $at_need ? 'invalid_dpop_proof' : 'passes', 'is remembered where there is memory for it');
is(request($thief, $token, $proof), 'invalid_dpop_proof', 'and in any case where one has committed');

done_testing();
