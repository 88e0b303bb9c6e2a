# Accident: an upgrade that users notice, or that ends in something else than a new
# installation has.  Library, objects and standbys are replaced one after the other, and
# sessions live on: here each of them meets each, under a load of refreshes of which none
# may fail; then the catalogue is compared with that of a fresh installation, object by
# object.  The version that is upgraded to is made by test/upgrade.
use strict;
use warnings;

use FindBin;
use lib $FindBin::RealBin;

use Digest::SHA qw(sha256);
use JSON::PP;
use MIME::Base64 qw(encode_base64url);
use POSIX ();
use PgtokenTest;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use UpgradeTest;

my $tree = "$FindBin::RealBin/../..";
my $dir = PostgreSQL::Test::Utils::tempdir;
my $old = extension_files();

# --- the next version ------------------------------------------------------------

chomp(my $next = qx($tree/test/upgrade/next '$old->{script}' '$dir'));
my $upgrade = "$dir/pgtoken--$old->{version}--$next.sql";
ok($? == 0 && -s $upgrade, "scripts of a version after $old->{version}");
is(system("$tree/test/upgrade/library", $tree, $dir, $next), 0, 'and its library');

my ($here, $there) = (installation('here'), installation('there'));
my $primary = new_cluster('updated',
	init => { allows_streaming => 1 },
	cluster => { install_path => $here->{path} },
	conf => "shared_buffers = 16MB\nautovacuum = off\nmax_wal_senders = 4\nlog_min_messages = log\n");

my $p = session($primary);
my $secret = create_service($p);
$p->query(q{SELECT pgtoken.create_audit_key()});
$p->query(q{SELECT pgtoken.update_issuer('https://id.example', login_uri => 'https://login.example/', verification_uri => 'https://login.example/device')});
$p->query(q{SELECT pgtoken.create_client('device', 'public', '{openid,read}', offline_access => true,
	metadata => '{"grant_types": ["urn:ietf:params:oauth:grant-type:device_code"]}')});
$p->query(q{SELECT pgtoken.create_client('site', 'public', '{openid,read}', redirect_uris => '{https://site.example/}', metadata => '{"consent_required": false}')});
my $service = $p->value(
	q{SELECT client_secret FROM pgtoken.create_client('service', 'confidential', '{read}', resources => '{https://api.example}',
		metadata => '{"grant_types": ["client_credentials"]}')});
$p->query(q{SELECT pgtoken.maintain()});

# --- what is asked of each pair --------------------------------------------------

my $families = 0;

sub refresh
{
	my ($session, $token) = @_;

	return $session->row(q{SELECT decision, error, access_token, refresh_token FROM pgtoken.refresh_grant($1, 'app')}, $token);
}

sub door
{
	my ($session, $method, $target, $body, %headers) = @_;

	return http_request($session, $method => $target, $body,
		encode_json({ host => 'id.example', $body ? ('content-type' => 'application/x-www-form-urlencoded') : (), %headers }), '{"scheme": "https"}');
}

# what only reads, so that a standby can be asked
sub reads
{
	my ($session, $family) = @_;

	return {
		holds => $session->value(q{SELECT (pgtoken.verify_access_token($1, 'https://api.example') ->> 'sub')}, $family->{access_token}),
		introspected => $session->value(q{SELECT pgtoken.introspect($1) ->> 'active'}, $family->{refresh_token}),
		keys => $session->value(q{SELECT jsonb_array_length(pgtoken.jwks() -> 'keys')}),
		metadata => door($session, GET => '/.well-known/openid-configuration')->{status},
	};
}

my $READ = { holds => 'alice', introspected => 'true', keys => 1, metadata => 200 };

# one of each kind: what comes of it
sub flows
{
	my ($session) = @_;
	my %did;
	my $first = $session->row(q{SELECT * FROM pgtoken.issue_tokens('app', 'alice', 'openid read offline_access', context => '{"ip": "203.0.113.7"}')});
	my $second = refresh($session, $first->{refresh_token});
	my $again = refresh($session, $first->{refresh_token});

	$families++;
	$did{issued} = $first->{decision};
	$did{refreshed} = $second->{decision};
	$did{retried} = $again->{refresh_token} eq $second->{refresh_token} ? 'the same' : 'another';
	refresh($session, $second->{refresh_token});
	$did{reused} = refresh($session, $first->{refresh_token})->{error};
	$did{dead} = $session->value(q{SELECT pgtoken.verify_access_token($1) IS NULL}, $second->{access_token});
	my $kept = $session->row(q{SELECT * FROM pgtoken.issue_tokens('backend', 'alice', 'read offline_access', session_id => 'one')});
	$did{confidential} = $session->value(q{SELECT decision FROM pgtoken.refresh_grant($1, 'backend', $2)}, $kept->{refresh_token}, $secret);
	$did{sessions} = $session->value(q{SELECT count(*) > 0 FROM pgtoken.sessions_of('alice')});
	$did{revoked} = $session->value(q{SELECT count(*) FROM pgtoken.revoke_family($1::uuid, 'a test')}, $kept->{grant_id});
	my $short = $session->row(q{SELECT * FROM pgtoken.issue_tokens('app', 'bob', 'read')});
	$session->query(q{SELECT pgtoken.blacklist_token($1)}, $short->{access_token});
	$did{blacklisted} = $session->value(q{SELECT pgtoken.verify_access_token($1) IS NULL}, $short->{access_token});
	$did{factor} = $session->value(q{SELECT pgtoken.enroll_factor($1, 'totp') ->> 'state'}, "user-$families");
	$did{machine} = door($session, POST => '/oauth2/token', "grant_type=client_credentials&scope=read&client_id=service&client_secret=$service")->{status};
	my $code = door($session, POST => '/oauth2/device_authorization', 'client_id=device&scope=openid+read');
	$did{device} = $code->{status};
	$session->query(q{SELECT pgtoken.approve_device($1, 'alice', 'alice')}, decode_json($code->{body})->{user_code});
	$did{polled} = door($session, POST => '/oauth2/token',
		'grant_type=urn:ietf:params:oauth:grant-type:device_code&client_id=device&device_code=' . decode_json($code->{body})->{device_code})->{status};
	my $verifier = 'v' x 43;
	my $page = door($session, GET => '/oauth2/authorize?client_id=site&response_type=code&scope=openid+read&redirect_uri=https://site.example/&code_challenge_method=S256&code_challenge='
		  . encode_base64url(sha256($verifier)));
	my ($transaction) = $page->{headers}{location} =~ /(pgttx_[\w-]+)/;
	my ($given) = $session->value(q{SELECT redirect_uri FROM pgtoken.approve_authorization($1, 'alice')}, $transaction) =~ /code=([\w-]+)/;
	$did{code} = door($session, POST => '/oauth2/token', "grant_type=authorization_code&client_id=site&code=$given&redirect_uri=https://site.example/&code_verifier=$verifier")->{status};
	$did{found} = $session->value(q{SELECT count(*) > 0 FROM pgtoken.audit_events WHERE grant_id = $1 AND event = 'refresh.reuse'}, $first->{grant_id});
	$session->query(q{SELECT pgtoken.seal_audit()});
	$did{broken_seals} = $session->value(q{SELECT count(*) FROM pgtoken.verify_audit() WHERE NOT ok});
	$session->query(q{SELECT pgtoken.maintain()});
	$did{ready} = decode_json(door($session, GET => '/ready')->{body})->{ready} ? 'yes' : 'no';
	return \%did;
}

my $DID = {
	issued => 'allow', refreshed => 'allow', retried => 'the same', reused => 'invalid_grant', dead => 't', confidential => 'allow', sessions => 't',
	revoked => 1, blacklisted => 't', factor => 'pending', machine => 200, device => 200, polled => 200, code => 200, found => 't', broken_seals => 0, ready => 'yes',
};

# --- the load ----------------------------------------------------------------------

# a process that refreshes along a chain, and verifies each token, until the file is there;
# what failed it says in a file of its own
my %load;

sub begin_load
{
	my ($name, $stays) = @_;
	my $family = $p->row(q{SELECT * FROM pgtoken.issue_tokens('app', $1, 'read offline_access')}, "load-$name");
	my $pid = fork // die "fork: $!";

	$load{$name} = { pid => $pid, grant_id => $family->{grant_id} };
	return if $pid;
	my ($done, $session, @failed) = (0);
	until (-e "$dir/enough")
	{
		eval {
			$session //= session($primary);
			my $answer = refresh($session, $family->{refresh_token});
			die "refused: $answer->{error}\n" if $answer->{decision} ne 'allow';
			$family = $answer;
			die "does not hold\n" unless $session->value('SELECT pgtoken.verify_access_token($1)', $answer->{access_token});
			$done++;
			1;
		} or push @failed, "$@";
		undef $session unless $stays;
		last if @failed > 10;
		select undef, undef, undef, 0.02;
	}
	open my $out, '>', "$dir/load.$name" or POSIX::_exit(1);
	print $out encode_json({ done => $done, failed => \@failed });
	close $out;
	POSIX::_exit(0);
}

# so many rotations after now
sub load_goes_on
{
	my %before = map { $_ => $p->value('SELECT generation FROM pgtoken.grants WHERE grant_id = $1', $load{$_}{grant_id}) } keys %load;

	for my $name (keys %load)
	{
		wait_until("$name refreshes", sub {
			-e "$dir/load.$name" || $p->value('SELECT generation FROM pgtoken.grants WHERE grant_id = $1', $load{$name}{grant_id}) > $before{$name} + 2 });
	}
	return;
}

# --- the version of now --------------------------------------------------------------

is_deeply(flows($p), $DID, "library and objects of $old->{version}");
is($p->value('SELECT pgtoken.library_state()'), 'current', 'they are the same');
my $family = $p->row(q{SELECT * FROM pgtoken.issue_tokens('app', 'alice', 'read offline_access')});
my %symbols = map { $_->{symbol} => $_ } $p->query(
	q{SELECT p.prosrc AS symbol, min(p.proargtypes::text) AS arguments, min(format_type(p.prorettype, NULL)) AS result
	  FROM pg_proc p JOIN pg_depend d ON d.classid = 'pg_proc'::regclass AND d.objid = p.oid AND d.deptype = 'e'
	  WHERE p.probin IS NOT NULL GROUP BY p.prosrc HAVING count(*) = 1});
cmp_ok(scalar keys %symbols, '>', 80, 'symbols that this version calls');

$primary->backup('before');
my $standby = PostgreSQL::Test::Cluster->new('follower', install_path => $there->{path});
$standby->init_from_backup($primary, 'before', has_streaming => 1);

begin_load('stays', 1);
begin_load('comes and goes', 0);
load_goes_on();

# --- the standby first ---------------------------------------------------------------

sub replayed { $primary->wait_for_catchup($standby, 'replay'); return; }

put_library($there, "$dir/pgtoken.so");
$standby->start;
replayed();
my $s = session($standby);
is($s->value('SELECT pgtoken.library_version()'), $next, "a standby with the library of $next");
is($s->value('SELECT pgtoken.library_state()'), 'extension_behind', 'which its primary has not');
is_deeply(reads($s, $family), $READ, 'reads what there is');
like($s->value(q{SELECT detail FROM pgtoken.health() WHERE check_name = 'library version' AND NOT ok}),
	qr/^library \Q$next\E, extension \Q$old->{version}\E, which work together: ALTER EXTENSION pgtoken UPDATE \(on a standby its primary's\)$/, 'and health() says what is to be done');
is_deeply(decode_json(door($s, GET => '/ready')->{body}), { ready => JSON::PP::true, missing => [], late => ['version'] }, 'it is ready all the same');

# --- the library, before the objects -----------------------------------------------------

put_library($here, "$dir/pgtoken.so");
my $n = session($primary);
is($n->value('SELECT pgtoken.library_version()'), $next, 'a session that begins after the file was replaced');
is($n->value('SELECT pgtoken.library_state()'), 'extension_behind', 'its library is before the objects');
is_deeply(flows($n), $DID, 'everything works');
$n->query(q{CREATE FUNCTION public.next_function(uuid) RETURNS text AS '$libdir/pgtoken', 'pgt_next_function' LANGUAGE C});
is($n->value('SELECT public.next_function($1)', $family->{grant_id}), 'app: none', 'what is new does without the column that is not there');
is($p->value('SELECT pgtoken.library_version()'), $old->{version}, 'a session that lives on has the library of before');
is_deeply(flows($p), $DID, 'and works beside it');
load_goes_on();

# --- the objects, under the load ---------------------------------------------------------

put_script($_, $upgrade) for $here, $there;
put_script($_, "$dir/pgtoken--$next.sql", $next) for $here, $there;
my $u = session($primary);
is($p->sqlstate('ALTER EXTENSION pgtoken UPDATE'), '55000', 'by a session whose library is older than the objects: refused');
is($u->value(q{SELECT extversion FROM pg_extension WHERE extname = 'pgtoken'}), $old->{version}, 'and nothing has changed');

# somebody reads for long; who waits behind an upgrade that waits for him gives up with it
$n->query('BEGIN');
$n->query('SELECT count(*) FROM pgtoken.grants');
$u->query(q{SET lock_timeout = '50ms'});
is($u->sqlstate('ALTER EXTENSION pgtoken UPDATE'), '55P03', 'while a long transaction reads families it gives up');
load_goes_on();
$n->query('COMMIT');
wait_until('the upgrade gets its locks', sub { $u->sqlstate('ALTER EXTENSION pgtoken UPDATE') ne '55P03' });
is($u->value(q{SELECT extversion FROM pg_extension WHERE extname = 'pgtoken'}), $next, 'upgraded');
load_goes_on();

is($p->value('SELECT pgtoken.library_state()'), 'library_behind', 'a session that lives on is behind now');
is_deeply(flows($p), $DID, 'and goes on');
is($p->sqlstate('SELECT pgtoken.next_function($1)', $family->{grant_id}), '42883', 'but for what its library does not know');
like($p->value(q{SELECT detail FROM pgtoken.health() WHERE check_name = 'library version' AND NOT ok}), qr/connect anew/, 'health() tells it to connect anew');
is($n->value('SELECT pgtoken.library_state()'), 'current', 'one that began after the file was replaced is not');
$n->query(q{UPDATE pgtoken.grants SET next_column = 'something' WHERE grant_id = $1}, $family->{grant_id});
is($n->value('SELECT public.next_function($1)', $family->{grant_id}), 'app: something', 'and has noticed the new column');
is($n->value('SELECT pgtoken.next_function($1)', $family->{grant_id}), 'app: something', 'as has the new function');
is_deeply(flows($n), $DID, 'everything works');
$n->query(q{INSERT INTO pgtoken.next_things VALUES ('one')});
is($n->value(q{SELECT count(*) FROM pgtoken.audit_events WHERE event = 'next_thing.created'}), 1, 'the new event is written');
$n->query('DROP FUNCTION public.next_function');

# --- standbys, either library ---------------------------------------------------------------

replayed();
is($s->value('SELECT pgtoken.library_state()'), 'current', 'the standby has the objects by replay');
is_deeply(reads($s, $family), $READ, 'and reads on');
$s->quit;
put_library($there, $old->{library});
$standby->restart;
replayed();
$s = session($standby);
is($s->value('SELECT pgtoken.library_state()'), 'library_behind', 'a standby whose library was forgotten');
is_deeply(reads($s, $family), $READ, 'reads all the same');
$s->quit;
$standby->stop('immediate');

# --- nothing has failed ----------------------------------------------------------------------

append_to_file("$dir/enough", 'now');
for my $name (sort keys %load)
{
	waitpid $load{$name}{pid}, 0;
	my $did = decode_json(slurp_file("$dir/load.$name"));

	is_deeply($did->{failed}, [], "a client that $name: none of its refreshes has failed");
	is($p->value('SELECT count(*) FROM pgtoken.tokens WHERE grant_id = $1 AND retry = 0', $load{$name}{grant_id}), $did->{done} + 1, 'each has one row in the ledger');
}

# --- as a fresh installation --------------------------------------------------------------------

$primary->safe_psql('postgres', 'CREATE DATABASE fresh TEMPLATE template0');
my $f = session($primary, dbname => 'fresh');
$f->query('CREATE EXTENSION pgtoken');
$_->query('SELECT pgtoken.maintain()') for $f, $n;
my $fresh = catalogue($f);
cmp_ok(scalar keys %{$fresh}, '>', 5000, 'a catalogue to compare with');
is_deeply([ catalogue_differences(catalogue($n), $fresh) ], [], 'object by object as a fresh installation: definitions, privileges, comments');
# red where it has to be
$f->query(q{BEGIN});
$f->query($_) for q{COMMENT ON TABLE pgtoken.grants IS 'x'}, q{GRANT SELECT ON pgtoken.key_material TO pgtoken_auditor}, q{ALTER TABLE pgtoken.clients DISABLE TRIGGER audit},
	q{ALTER TABLE pgtoken.tokens ALTER context SET STATISTICS 9}, q{DROP POLICY auditor_reads ON pgtoken.grants}, q{ALTER FUNCTION pgtoken.health() COST 7},
	q{SELECT pg_extension_config_dump('pgtoken.grants', 'WHERE false') WHERE false};
my %found = map { /^(\w+(?: column)? [^:]*)/; ($1 => 1) } catalogue_differences(catalogue($f), $fresh);
is_deeply([ sort keys %found ],
	[ 'function pgtoken.health()', 'policy auditor_reads on pgtoken.grants', map({ "table column $_.context" } grep { $fresh->{"table column $_.context: place"} } sort map { /^table (pgtoken\.tokens\w*): kind$/ } keys %{$fresh}),
		'table pgtoken.grants', 'table pgtoken.key_material', 'trigger audit on pgtoken.clients' ], 'and each change is seen');
$f->query(q{ROLLBACK});

# what the version of before calls is there, with the same arguments first, since sessions and
# databases of that version call it
my @lost = grep { $n->sqlstate(sprintf q{CREATE FUNCTION pg_temp.held() RETURNS void AS '$libdir/pgtoken', '%s' LANGUAGE C}, $_) !~ /^(?:00000|42723)$/ } sort keys %symbols;
is_deeply(\@lost, [], 'the library has each symbol of the version before');
my %now;
push @{ $now{ $_->{symbol} } }, $_ for $n->query(
	q{SELECT p.prosrc AS symbol, p.proargtypes::text AS arguments, format_type(p.prorettype, NULL) AS result FROM pg_proc p
	  WHERE p.probin = '$libdir/pgtoken' AND p.pronamespace <> pg_my_temp_schema()});
my @changed = grep { my $was = $symbols{$_};
	grep { $_->{result} ne $was->{result} || index("$_->{arguments} ", "$was->{arguments} ") != 0 && $was->{arguments} ne '' } @{ $now{$_} // [] } } sort keys %symbols;
is_deeply(\@changed, [], 'and takes what it took, further arguments behind');

# --- library and objects that do not go together --------------------------------------------------

for my $case ([ '99.0.0', 'library_too_old', qr/this library is too old/ ], [ '0.1.0', 'extension_too_old', qr/too old for this library/ ])
{
	my ($version, $state, $message) = @{$case};

	$f->query('BEGIN');
	$f->query(q{UPDATE pg_extension SET extversion = $1 WHERE extname = 'pgtoken'}, $version);
	$f->query('ALTER TABLE pgtoken.config_epoch ENABLE ROW LEVEL SECURITY');
	is($f->value('SELECT pgtoken.library_state()'), $state, "an extension of version $version");
	is($f->value('SELECT count(*) FROM pgtoken.health()'), 1, 'health() says that and no more');
	is_deeply(decode_json($f->value('SELECT pgtoken.readiness(NULL, false)'))->{missing}[0], 'version', 'so does /ready');
	eval { $f->query('SELECT pgtoken.verify_access_token($1)', 'x') };
	is($@->{sqlstate}, '55000', 'nothing is verified');
	like($@->{message}, $message, 'and the error says why');
	$f->query('ROLLBACK');
}
is($f->value(q{SELECT pgtoken.verify_access_token('x') IS NULL}), 't', 'rolled back: verified again');

$_->quit for $p, $n, $u, $f;
$primary->stop('immediate');
done_testing();
