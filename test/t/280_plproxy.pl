# One connection string to two shards: what plproxy_functions() writes is a database
# that has each public function, under the same name and for the same roles, and runs it
# where it belongs.
#
# Attack shut out: who may use a proxy becomes somebody else on the shards, or reads there
# what he may not. He is on each shard who he is in the proxy; and a password among the
# connection strings, which everybody can read, is refused.
use strict;
use warnings;

use FindBin;
use lib $FindBin::RealBin;

use JSON::PP;
use MIME::Base64 qw(encode_base64url);
use Digest::SHA qw(sha256);
use PgtokenTest;
use PostgreSQL::Test::Utils qw(slurp_file);
use Test::More;

use constant SHARDS => 2;

my $node = new_cluster('sharded', conf => "pgtoken.http_authenticator = 'layer'\n");
my $admin = session($node);
$admin->query('CREATE DATABASE shard0');
my @shard = (session($node, dbname => 'shard0'));
my $secret = create_service($shard[0]);
$shard[0]->query(q{SELECT pgtoken.update_issuer('https://id.example', login_uri => 'https://id.example/login', logout_uri => 'https://id.example/bye', verification_uri => 'https://id.example/device', status_lists => true)});
$shard[0]->query(q{SELECT pgtoken.create_client('web', 'public', '{openid,read}', '{https://web.example/cb}', offline_access => true,
	metadata => '{"consent_required": false, "post_logout_redirect_uris": ["https://web.example/bye"], "grant_types": ["authorization_code", "refresh_token", "urn:ietf:params:oauth:grant-type:device_code"]}')});
$admin->query(q{CREATE ROLE application LOGIN IN ROLE pgtoken_admin});
$admin->query(q{CREATE ROLE layer LOGIN NOINHERIT}); # as http/README.md has it
$admin->query(q{CREATE ROLE nobody LOGIN});
$shard[0]->query('GRANT USAGE ON SCHEMA pgtoken_http TO layer');
$shard[0]->query('GRANT EXECUTE ON FUNCTION pgtoken_http.handle, pgtoken_http.admit TO layer');
$shard[0]->quit;
# the same issuers, keys, peppers and clients
$admin->query('CREATE DATABASE shard1 TEMPLATE shard0');
$admin->query(qq{ALTER DATABASE shard$_ SET pgtoken.shard = '$_/@{[SHARDS]}'}) for 0 .. SHARDS - 1;
@shard = map { session($node, dbname => "shard$_") } 0 .. SHARDS - 1;

sub connection { return sprintf 'host=%s port=%s dbname=%s', $node->host, $node->port, $_[0]; }
my $list = '{' . join(',', map { '"' . connection("shard$_") . '"' } 0 .. SHARDS - 1) . '}';

# --- the proxy --------------------------------------------------------------------

is($shard[0]->sqlstate('SELECT pgtoken.plproxy_functions($1)', $_->[0]), $_->[1], $_->[2])
  for [ undef, '22004', 'NULL is no list' ], [ '{}', '22023', 'nor is nothing' ], [ '{a,NULL}', '22004', 'no shard is NULL' ],
  [ '{dbname=a password=x}', '22023', 'no password in what everybody can read' ], [ '{postgres://me:x@there/a}', '22023', 'nor in a URL' ];
# by who may, which takes no superuser
my $administrator = session($node, dbname => 'shard0', user => 'application');
my $script = $administrator->value('SELECT pgtoken.plproxy_functions($1)', $list);
$administrator->quit;
PostgreSQL::Test::Utils::append_to_file($node->basedir . '/proxy.sql', $script);
is($node->psql('shard0', undef, extra_params => [ '-f', $node->basedir . '/proxy.sql' ], on_error_stop => 1) == 0 ? 'made' : 'refused', 'refused', 'no proxy in a database that has pgtoken');
$admin->query('CREATE DATABASE proxy');
$node->command_ok([ 'psql', '-X', '-q', '-v', 'ON_ERROR_STOP=1', '-d', $node->connstr('proxy'), '-f', $node->basedir . '/proxy.sql' ], 'the script runs');
my $p = session($node, dbname => 'proxy', user => 'application');
my $as_admin = session($node, dbname => 'proxy');

my $functions = q{SELECT coalesce(string_agg(p.oid::regprocedure || ' ' || pg_get_function_arguments(p.oid) || ' ' || coalesce(pg_get_function_result(p.oid), '')
	|| ' ' || coalesce((SELECT string_agg(a.grantee::regrole::text, ',' ORDER BY a.grantee::regrole::text) FROM aclexplode(p.proacl) a WHERE a.grantee <> p.proowner AND a.grantee::regrole::text ^@ 'pgtoken_'), '-')
	|| coalesce(a.is_public::text, ''), E'\n' ORDER BY p.oid::regprocedure::text COLLATE "C"), '')
	FROM pg_proc p LEFT JOIN LATERAL (SELECT 'PUBLIC' AS is_public FROM aclexplode(p.proacl) a WHERE a.grantee = 0) a ON true WHERE };
is( $as_admin->value($functions . q{p.pronamespace IN ('pgtoken'::regnamespace, 'pgtoken_http'::regnamespace, 'pgtoken_administration'::regnamespace)}),
	$shard[0]->value($functions . 'p.oid IN (SELECT r.function FROM pgtoken.plproxy_rules() r)'),
	'each public function is there, with its arguments, defaults, result and roles');
is($as_admin->value(q{SELECT count(*) FROM pg_proc p WHERE p.pronamespace = 'pgtoken'::regnamespace AND obj_description(p.oid) !~ E'\nThrough the proxy: '}), 0, 'and says where it runs');

# --- subjects and what is issued to them ----------------------------------------------

sub shard_of { return $p->value('SELECT pgtoken.shard_of_subject($1, $2)', $_[0], SHARDS); }
sub subject_of { my ($wanted, $n) = (@_, 0); return (grep { shard_of($_) == $wanted } map { "user-$_" } 1 .. 100)[$n]; }
my @subject = map { subject_of($_) } 0 .. SHARDS - 1;
sub rows { my ($where) = @_; return join ' ', map { $_->value("SELECT count(*) FROM pgtoken.grants WHERE $where") } @shard; }
sub issue { return $p->row(q{SELECT * FROM pgtoken.issue_tokens('app', subject => $1, scope => 'openid read offline_access', session_id => 'common')}, $_[0]); }

my @family = map { issue($_) } @subject;
is(rows("subject = '$subject[$_]'"), $_ == 0 ? '1 0' : '0 1', "a family lies with its subject, on shard $_") for 0 .. 1;
is($p->value('SELECT pgtoken.shard_of($1, 2)', $family[$_]{refresh_token}), $_, 'and its token says so') for 0 .. 1;
for my $n (0 .. 1)
{
	my $token = $family[$n];

	ok(defined $p->value('SELECT pgtoken.verify_access_token($1)', $token->{access_token}), "shard $n: its access token verifies through the proxy");
	my $next = $p->row(q{SELECT * FROM pgtoken.refresh_grant($1, client_id => 'app')}, $token->{refresh_token});
	is($next->{decision}, 'allow', 'it is refreshed');
	is($p->row(q{SELECT * FROM pgtoken.refresh_grant($1, client_id => 'app')}, $token->{refresh_token})->{refresh_token} eq $next->{refresh_token} ? 'same' : 'another', 'same', 'a retry gets the same successor');
	is(scalar($p->query('SELECT * FROM pgtoken.lineage($1::text)', $next->{refresh_token})), 3, 'a function that returns rows returns them all');
	is($p->value(q{SELECT pgtoken.introspect($1) ->> 'active'}, $next->{refresh_token}), 'true', 'introspection finds it');
	$family[$n] = $next;
}
is(scalar($p->query(q{SELECT * FROM pgtoken.revoke_session('common', subject => $1)}, $subject[0])), 1, 'a session of a subject ends on one shard');
is($p->value('SELECT pgtoken.verify_access_token($1)', $family[0]{access_token}), undef, 'its token is refused');
ok(defined $p->value('SELECT pgtoken.verify_access_token($1)', $family[1]{access_token}), 'and no other');
issue($subject[0]);
is(scalar($p->query(q{SELECT * FROM pgtoken.revoke_session('common')})), 2, 'without a subject on all');
is($p->value(q{SELECT pgtoken.introspect('pgtrt_nonsense') ->> 'active'}), 'false', 'nonsense is sent somewhere, and refused there');
my $revoked = issue($subject[1]);
is(scalar($p->query('SELECT * FROM pgtoken.revoke_family($1::uuid)', $revoked->{grant_id})), 1, 'a family is revoked by its id');
is($p->row(q{SELECT error FROM pgtoken.refresh_grant($1, 'app')}, $revoked->{refresh_token})->{error}, 'invalid_grant', 'and refreshes no more');

# what the rules are, each by one of its functions
is($p->value(q{SELECT pgtoken.enroll_factor($1, 'external') ->> 'state'}, $subject[1]), 'active', 'subject: a factor');
is(join(' ', map { $_->value('SELECT count(*) FROM pgtoken.factors') } @shard), '0 1', 'which is on one shard');
like($p->value('SELECT pgtoken.jwks()'), qr/"keys"/, 'any: the keys');
is($p->value(q{SELECT pgtoken.create_resource('https://other.example', '{x}', if_not_exists => true)}), 'https://other.example', 'configuration: an API');
is(join(' ', map { $_->value(q{SELECT count(*) FROM pgtoken.resources WHERE resource = 'https://other.example'}) } @shard), '1 0', 'is made on the primary');
my $activity = q{SELECT count(*) FROM pgtoken.activity('1 day', subject => $1, max_events => 10000)};
is($p->value($activity, undef), $shard[0]->value($activity, undef) + $shard[1]->value($activity, undef), 'subject or all: what has happened, on each of them');
is($p->value($activity, $subject[1]), $shard[1]->value($activity, $subject[1]), 'and what concerns one, on one');
my $decisions = q{SELECT coalesce(sum(allowed), 0) FROM pgtoken.decisions_by_client('-infinity')};
is($p->value($decisions), $shard[0]->value($decisions) + $shard[1]->value($decisions), 'all: what was decided, on each of them');
$p->query(q{SELECT pgtoken.set_not_before(subject => $1)}, $subject[1]);
is(join(' ', map { $_->value('SELECT count(*) FROM pgtoken.subject_not_before WHERE client_id = $1 AND subject = $2', '', $subject[1]) } @shard), '0 1', 'what is ended: of a subject, on its shard');
my $list_of = $shard[1]->row('SELECT series, number FROM pgtoken.status_lists LIMIT 1');
ok(defined $p->value('SELECT pgtoken.status_list_token($1, $2)', $list_of->{series}, $list_of->{number}), 'series: a status list is found');
is($p->value('SELECT pgtoken.grant_of($1)', $revoked->{refresh_token}), $revoked->{grant_id}, 'local: grant_of');
is($p->sqlstate('SELECT * FROM pgtoken.health()'), '0A000', 'refused: what is of one database');
is($p->sqlstate('CALL pgtoken.run_maintenance()'), '0A000', 'a procedure, too');

# --- errors, and who is who -------------------------------------------------------

sub failure { my ($session, @query) = @_; return eval { $session->query(@query); 0 } ? die : $@; }
for ([ q{SELECT pgtoken.enroll_factor($1, 'nonsense')}, $subject[0] ], [ q{SELECT pgtoken.issue_tokens('app', $1)}, 'client:x' ])
{
	my $wanted = failure($shard[ shard_of($_->[1]) ], @{$_});
	my $got = failure($p, @{$_});

	is($got->{sqlstate}, $wanted->{sqlstate}, 'an error keeps its SQLSTATE');
	like($got->{message}, qr/REMOTE ERROR: \Q$wanted->{message}\E$/, 'its message');
	is($got->{detail}, defined $wanted->{detail} ? "Remote detail: $wanted->{detail}" : undef, 'its DETAIL');
	is($got->{hint}, defined $wanted->{hint} ? "Remote hint: $wanted->{hint}" : undef, 'and its HINT');
}
my $stranger = session($node, dbname => 'proxy', user => 'nobody');
is($stranger->sqlstate(q{SELECT pgtoken.issue_tokens('app', 'x')}), '42501', 'who has no role of ours calls nothing');
is($stranger->sqlstate(q{SELECT pgtoken_proxy.handle(0, 'GET', '/', '{}', '', '{}')}), '42501', 'nor what is behind it');
$admin->query('GRANT pgtoken_auditor TO nobody');
is($stranger->sqlstate(q{SELECT pgtoken.issue_tokens('app', 'x')}), '42501', 'an auditor issues nothing');
is($stranger->sqlstate(q{SELECT pgtoken_proxy.handle(0, 'GET', '/', '{}', '', '{}')}), '42501', 'and is nobody else on a shard: it refuses him there');
# Attack shut out: an auditor speaks as a layer, with a certificate that he makes up, where the strings or a pooler make everybody one role.
like(failure($stranger, "SELECT pgtoken_proxy.$_")->{message}, qr/^permission denied for (schema|function) pgtoken_http/, 'nor if the shards took him for somebody else')
  for q{handle(0, 'GET', '/', '{}', '', '{}')}, q{routed('GET', '/', '{}', '', '{}')}, q{admit(0, 'GET', '/', '{}', '{}')};
is($stranger->sqlstate(q{CREATE USER MAPPING FOR CURRENT_USER SERVER pgtoken OPTIONS (user 'postgres')}), '42704', 'there is no server to say at as whom one connects');

# --- requests ----------------------------------------------------------------------

# the lines of docs/scale.md
$as_admin->query('GRANT USAGE ON SCHEMA pgtoken_http, pgtoken_proxy, plproxy TO layer');
$as_admin->query('GRANT EXECUTE ON FUNCTION pgtoken_http.handle, pgtoken_http.admit TO layer');
my $http = session($node, dbname => 'proxy', user => 'layer');
# either shard may be asked first
is(http_request($http, GET => '/.well-known/openid-configuration')->{status}, 200, 'metadata') for 1 .. 4;
for my $n (0 .. 1)
{
	for (1 .. 4)
	{
		my $answer = http_request($http, POST => '/oauth2/token', "grant_type=refresh_token&client_id=app&refresh_token=" . issue($subject[$n])->{refresh_token}, '{"content-type": "application/x-www-form-urlencoded"}');
		is($answer->{status}, 200, "a refresh through the door finds shard $n");
	}
}
my $admitted = $http->row(q{SELECT status, role, settings FROM pgtoken_http.admit('GET', '/', ARRAY['Authorization', 'Bearer ' || $1])}, issue($subject[1])->{access_token});
is($admitted->{status} // 'admitted', 'admitted', 'bearer: an API asks the shard of the token');

# A shard that has to wait for a document is asked again, with what it was told: what the one before has taken
# (an assertion, good once) it does not take again. Stand-ins for the doors say so.
$as_admin->query(q{ALTER FUNCTION pgtoken_proxy.handle(integer, text, text, text[], bytea, jsonb) RENAME TO handle_of_shards});
$as_admin->query($_) for 'CREATE SEQUENCE pgtoken_proxy.taken', 'CREATE SEQUENCE pgtoken_proxy.waits', 'GRANT USAGE ON ALL SEQUENCES IN SCHEMA pgtoken_proxy TO layer';
$as_admin->query(q{CREATE FUNCTION pgtoken_proxy.handle(at integer, method text, target text, text[], bytea, peer jsonb, OUT status integer, OUT headers text[], OUT body bytea) LANGUAGE plpgsql AS $$
BEGIN
	status := 0;
	IF NOT peer ? 'carried' THEN
		headers := ARRAY['Shard', '1', 'Carry', 'taken ' || nextval('pgtoken_proxy.taken')];
	ELSIF target = '/never' OR nextval('pgtoken_proxy.waits') < 3 THEN
		headers := '{Wait,10}';
	ELSE
		status := 200;
		headers := '{Content-Type,text/plain}';
	END IF;
	body := convert_to(concat_ws(' ', at, peer ->> 'carried'), 'UTF8');
END $$});
my $waited = http_request($http, GET => '/soon');
is("$waited->{status} $waited->{body}", '200 1 taken 1', 'one that waits where it was sent is asked again there');
is(http_request($http, GET => '/never')->{status}, 503, 'and not for ever');
$as_admin->query(q{DROP FUNCTION pgtoken_proxy.handle(integer, text, text, text[], bytea, jsonb)});
$as_admin->query(q{ALTER FUNCTION pgtoken_proxy.handle_of_shards(integer, text, text, text[], bytea, jsonb) RENAME TO handle});

# --- the code flow by SQL ------------------------------------------------------------

sub code_flow
{
	my ($subject) = @_;
	my $verifier = 'v' x 43;
	my $location = http_request($http, GET => '/oauth2/authorize?response_type=code&client_id=web&scope=openid+read+offline_access&redirect_uri=https%3A%2F%2Fweb.example%2Fcb'
		  . '&code_challenge_method=S256&code_challenge=' . encode_base64url(sha256($verifier)))->{headers}{location};
	my ($transaction) = $location =~ /transaction_id=([^&]+)/ or return 'no transaction';

	is($p->value('SELECT pgtoken.consent_missing($1, $2)', $transaction, $subject), '', 'nothing to ask him');
	my ($code) = $p->row('SELECT * FROM pgtoken.approve_authorization($1, $2, auth_time => now())', $transaction, $subject)->{redirect_uri} =~ /[?&]code=([^&]+)/ or return 'no code';
	my $answer = http_request($http, POST => '/oauth2/token', "grant_type=authorization_code&client_id=web&redirect_uri=https%3A%2F%2Fweb.example%2Fcb&code_verifier=$verifier&code=$code",
		'{"content-type": "application/x-www-form-urlencoded"}');
	return $answer->{status} != 200 ? $answer->{body} : $p->value('SELECT pgtoken.shard_of($1, 2)', decode_json($answer->{body})->{refresh_token});
}
my $of_client = $p->value(q{SELECT pgtoken.shard_of_subject('client:web', 2)});
is(code_flow($subject[$of_client]), $of_client, 'a code of a subject that lies where its client does');
is(code_flow($subject[ 1 - $of_client ]), 1 - $of_client, 'a code of another, whose request is handed over');
is(rows("subject = '$subject[$_]' AND grant_type = 'authorization_code'"), $_ == 0 ? '1 0' : '0 1', 'each on its shard alone') for 0 .. 1;

# a logout: the request is its client's, the session the subject's
for my $subject (@subject)
{
	my ($transaction) = http_request($http, GET => '/oauth2/logout?client_id=web&state=x&post_logout_redirect_uri=https%3A%2F%2Fweb.example%2Fbye')->{headers}{location} =~ /transaction_id=([^&]+)/;

	$p->query('SELECT * FROM pgtoken.end_session($1)', $subject);
	is($p->value('SELECT pgtoken.complete_logout($1, $2)', $transaction, $subject), 'https://web.example/bye?state=x', 'a logout is completed, wherever its subject lies');
}

# a device: its request lies by its user code, which follows from the client
sub device_flow
{
	my ($subject) = @_;
	my %form = (headers => '{"content-type": "application/x-www-form-urlencoded"}');
	my $device = decode_json(http_request($http, POST => '/oauth2/device_authorization', 'client_id=web&scope=read+offline_access', $form{headers})->{body});

	is($p->value('SELECT pgtoken.device_request($1, $2) IS NOT NULL', $device->{user_code}, $subject), 't', 'the user code is found');
	is($p->value('SELECT pgtoken.approve_device($1, $2, $2, auth_time => now())', $device->{user_code}, $subject), undef, 'and approved');
	my $answer = http_request($http, POST => '/oauth2/token', "grant_type=urn:ietf:params:oauth:grant-type:device_code&client_id=web&device_code=$device->{device_code}", $form{headers});
	return $answer->{status} != 200 ? $answer->{body} : $p->value('SELECT pgtoken.shard_of($1, 2)', decode_json($answer->{body})->{refresh_token});
}
is(device_flow($subject[$_]), $_, "a device of a subject on shard $_") for 0 .. 1;

my $secrets = join '|', map { quotemeta } $secret, map { $_->{refresh_token} } grep { $_->{refresh_token} } @family;
unlike(slurp_file($node->logfile), qr/$secrets/, 'no token is in the log');

# --- a shard that is away ------------------------------------------------------------

my @living = map { issue($_) } @subject;
$admin->query(q{ALTER DATABASE shard1 ALLOW_CONNECTIONS false});
$_->quit for $http, $p, $shard[1];
$admin->query(q{SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = 'shard1'});
wait_until('nobody is on shard 1', sub { $admin->value(q{SELECT count(*) FROM pg_stat_activity WHERE datname = 'shard1'}) == 0 });
$http = session($node, dbname => 'proxy', user => 'layer');
for (1 .. 4)
{
	is(http_request($http, GET => '/oauth2/jwks')->{status}, 200, 'what any can answer is answered');
}
for my $n (0 .. 1)
{
	my $answer = http_request($http, POST => '/oauth2/token', "grant_type=refresh_token&client_id=app&refresh_token=$living[$n]{refresh_token}", '{"content-type": "application/x-www-form-urlencoded"}');
	is($answer->{status}, $n == 0 ? 200 : 503, "shard 1 is away: shard $n answers $answer->{status}");
}

done_testing();
