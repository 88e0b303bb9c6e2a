# Attack: reading private keys and peppers from a backup, swapping the root key
# file for one of the attacker's, or turning settings that guard the service as
# a plain user of the database.  With a root key the material opens only for a
# server that has it; a file others could have read or written is refused; and
# no setting of pgtoken moves for a plain user, whichever door he tries.
use strict;
use warnings;

use Fcntl qw(O_NONBLOCK O_WRONLY);
use FindBin;
use lib $FindBin::RealBin;

use PgtokenTest;
use POSIX qw(mkfifo);
use PostgreSQL::Test::Utils;
use Test::More;

my $dir = PostgreSQL::Test::Utils::tempdir;
my $node = new_cluster('root_key');
my $admin = session($node);
my $secret = create_service($admin);
my ($first_key, $second_key) = map { my $n = $_; join '', map { sprintf '%02x', ($n * $_ + 1) % 256 } 1 .. 32 } 5, 9;

$admin->query('SELECT pgtoken.create_signing_key($1)', $_) for qw(RS256 HS256);

sub write_file
{
	my ($name, $text, $mode) = @_;

	unlink "$dir/$name";
	append_to_file("$dir/$name", $text);
	chmod $mode // 0600, "$dir/$name";
	return "$dir/$name";
}

# a new configuration, seen by a backend that has neither keys cached nor the library loaded
my $marker = 0;
sub configure
{
	my ($conf) = @_;

	$admin->quit;
	# a setting that means nothing tells when the configuration has arrived
	$marker++;
	$node->append_conf('postgresql.conf', "$conf\ntest.marker = '$marker'");
	$node->reload;
	wait_until(
		'the configuration is read',
		sub {
			my $session = session($node);
			my $seen = $session->value(q{SELECT current_setting('test.marker', true)}) // '';

			$session->quit;
			return $seen eq $marker;
		});
	$admin = session($node);
	return;
}

sub use_file { return configure("pgtoken.root_key_file = '$_[0]'"); }

sub health
{
	my ($check) = @_;

	return $admin->row('SELECT ok, detail FROM pgtoken.health() WHERE check_name = $1', $check);
}

# can a backend that has read no key yet sign and rotate?
sub service_state
{
	my $session = session($node);
	my $state = $session->sqlstate(
		q{SELECT r.refresh_token FROM pgtoken.issue_tokens('app', 'alice', 'read offline_access') i,
			 pgtoken.refresh_grant(i.refresh_token, 'app') r});

	$session->quit;
	return $state;
}

# a token and a refresh token of a family that began before any root key
my $old = $admin->row(q{SELECT access_token, refresh_token FROM pgtoken.issue_tokens('backend', 'alice', 'read offline_access')});

sub old_family_goes_on
{
	my ($name) = @_;
	my $session = session($node);
	my $answer =
	  $session->row('SELECT decision, refresh_token FROM pgtoken.refresh_grant($1, $2, $3)', $old->{refresh_token}, 'backend', $secret);

	$old->{refresh_token} = $answer->{refresh_token} if $answer->{decision} eq 'allow';
	ok($answer->{decision} eq 'allow' && defined $session->value('SELECT pgtoken.verify_access_token($1)', $old->{access_token}),
		"$name: families and tokens of before go on");
	$session->quit;
	return;
}

# two factors of before any root key, whose secrets are wrapped like key material
my ($factor, $other_factor) = map { $admin->value(q{SELECT pgtoken.enroll_factor('alice', 'totp') ->> 'factor_id'}) } 1 .. 2;

# can a code be compared with the secret of the factor?
sub factor_opens
{
	my ($id) = @_;

	$admin->query(q{SELECT pgtoken.unlock_factor('alice', $1)}, $id);
	return $admin->sqlstate(q{SELECT pgtoken.activate_factor('alice', $1, '000')}, $id) eq '00000';
}

# --- no root key ---------------------------------------------------------------

is(health('root key')->{ok}, 'f', 'unset: health says so');
like(health('root key')->{detail}, qr/not set/, 'unset: and why');
is(health('key material wrapped')->{ok}, 'f', 'unset: health says that material lies unwrapped');
is($admin->sqlstate('SELECT pgtoken.rewrap_keys()'), '55000', 'unset: nothing to wrap with');
is(service_state(), '00000', 'unset: the service works');
ok(factor_opens($factor), 'unset: and so do factors');

# --- files that are refused ----------------------------------------------------

my $good = write_file('good', "# comment\n\n$first_key\n");
my %bad = (
	'missing file' => "$dir/none",
	'a directory' => $dir,
	'readable by the group' => write_file('group', "$first_key\n", 0640),
	'readable by all' => write_file('all', "$first_key\n", 0604),
	'writable by others' => write_file('others', "$first_key\n", 0602),
	'empty' => write_file('empty', ''),
	'only a comment' => write_file('comment', "# $first_key\n"),
	'too short' => write_file('short', substr($first_key, 2) . "\n"),
	'too long' => write_file('long', "${first_key}00\n"),
	'not hexadecimal' => write_file('hex', ('x' x 64) . "\n"),
	'second line broken' => write_file('second', "$first_key\nnonsense\n"),
	'more than fits' => write_file('many', "$first_key\n" x 9),
	'a very long file' => write_file('huge', ('#' x 5000) . "\n$first_key\n"));

for my $what (sort keys %bad)
{
	use_file($bad{$what});
	my $health = health('root key');

	is($health->{ok}, 'f', "$what: health says no");
	unlike($health->{detail}, qr/$first_key/, "$what: without telling the key");
	isnt($admin->sqlstate('SELECT pgtoken.rewrap_keys()'), '00000', "$what: nothing is wrapped");
	isnt($admin->sqlstate(q{SELECT pgtoken.create_signing_key('EdDSA')}), '00000', "$what: no key is stored unwrapped instead");
	isnt($admin->sqlstate(q{SELECT pgtoken.enroll_factor('alice', 'totp')}), '00000', "$what: nor the secret of a factor");
}
is($admin->value('SELECT count(*) FROM pgtoken.key_material WHERE wrapped'), 0, 'none of them has wrapped anything');

# Whoever can put a named pipe there must not hold up a backend for good: to open
# one waits for somebody who writes.
my $fifo = "$dir/fifo";
mkfifo($fifo, 0600) or die "mkfifo: $!";
use_file($fifo);
my $answer = eval {
	local $SIG{ALRM} = sub { die "no answer\n" };
	alarm $PostgreSQL::Test::Utils::timeout_default;
	my $health = health('root key');
	alarm 0;
	$health;
};
# lets go whom it has held up
my $writer;
close $writer if sysopen $writer, $fifo, O_WRONLY | O_NONBLOCK;
is($answer->{ok}, 'f', 'a named pipe: health says no at once');
like($answer->{detail} // '', qr/not a regular file/, 'a named pipe: and why');
if ($answer)
{
	isnt($admin->sqlstate(q{SELECT pgtoken.create_signing_key('EdDSA')}), '00000', 'a named pipe: no key is stored unwrapped instead');
}
else
{
	$admin = session($node);
}

# --- wrapped -------------------------------------------------------------------

my $pieces = $admin->value('SELECT (SELECT count(*) FROM pgtoken.key_material) + (SELECT count(*) FROM pgtoken.factors)');
use_file($good);
is(health('root key')->{ok}, 't', 'good file: health is content with it');
is(health('key material wrapped')->{ok}, 'f', 'good file: and tells of what is unwrapped still');
is($admin->value('SELECT pgtoken.rewrap_keys()'), $pieces, 'rewrap_keys wraps all pieces');
is($admin->value('SELECT pgtoken.rewrap_keys()'), 0, 'and has nothing to do afterwards');
is(health('key material wrapped')->{ok}, 't', 'health is content');
is(service_state(), '00000', 'wrapped: the service works');
ok(factor_opens($factor), 'wrapped: and so do factors');
is( $admin->value(
		q{SELECT pgtoken.enroll_factor('alice', 'totp', '{"secret": "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"}') ->> 'state'}),
	'active', 'the secret of a factor can be brought');
is( $admin->value(
		q{SELECT count(*) FROM pgtoken.factors WHERE NOT wrapped OR position('12345678901234567890'::bytea IN secret) > 0}),
	0, 'and is wrapped at once');
$pieces++;
old_family_goes_on('wrapped');
is($admin->sqlstate(q{SELECT pgtoken.create_signing_key('EdDSA')}), '00000', 'a key can be made');
is($admin->value('SELECT bool_and(wrapped) FROM pgtoken.key_material'), 't', 'and is wrapped at once');
$pieces++;

# a blob that was moved to another row does not open: it names what it is for
$admin->query('BEGIN');
$admin->query(
	q{UPDATE pgtoken.key_material m SET material = o.material FROM pgtoken.key_material o, pgtoken.signing_keys k
	  WHERE m.material_id = 'key:' || k.kid AND k.alg = 'ES256' AND o.material_id LIKE 'pepper:%'});
is($admin->sqlstate(q{SELECT pgtoken.issue_tokens('app', 'mallory', 'read')}), '55000', 'material of another row does not open');
$admin->query('ROLLBACK');
is($admin->sqlstate(q{SELECT pgtoken.issue_tokens('app', 'alice', 'read')}), '00000', 'and its own does');
$admin->query('BEGIN');
$admin->query('UPDATE pgtoken.factors f SET secret = o.secret FROM pgtoken.factors o WHERE f.factor_id = $1 AND o.factor_id = $2',
	$factor, $other_factor);
ok(!factor_opens($factor), 'nor does the secret of another factor');
$admin->query('ROLLBACK');
ok(factor_opens($factor), 'and its own does');

# --- the wrong root key, or none -----------------------------------------------

for my $wrong (
	[ 'another root key', write_file('wrong', "$second_key\n"), qr/does not open/ ],
	[ 'no root key any more', '', qr/not set/ ])
{
	my ($what, $file, $why) = @$wrong;

	use_file($file);
	is(health('root key')->{ok}, 'f', "$what: health says no");
	like(health('root key')->{detail}, $why, "$what: and why");
	is(service_state(), '55000', "$what: tokens are not signed, with a clean error");
	is($admin->sqlstate('SELECT pgtoken.refresh_grant($1, $2, $3)', $old->{refresh_token}, 'backend', $secret),
		'55000', "$what: nothing is rotated");
	is($admin->sqlstate('SELECT pgtoken.rewrap_keys()'), '55000', "$what: rewrap_keys does not lose what it cannot open");
	ok(!factor_opens($factor), "$what: no code is compared");
	ok(defined $admin->value('SELECT pgtoken.verify_access_token($1)', $old->{access_token}),
		"$what: tokens still verify, which takes public keys only");
}
use_file($good);
is(health('root key')->{ok}, 't', 'the right root key again: health is content');
is(service_state(), '00000', 'the right root key again: the service works');
old_family_goes_on('the right root key again');

# --- a new root key ------------------------------------------------------------

use_file(write_file('both', "$second_key\n$first_key\n"));
is(service_state(), '00000', 'new key first, old one second: the service works');
is($admin->value('SELECT pgtoken.rewrap_keys()'), $pieces, 'rewrap_keys wraps all pieces under the new one');
is($admin->value('SELECT pgtoken.rewrap_keys()'), 0, 'once');
use_file(write_file('new', "$second_key\n"));
is(service_state(), '00000', 'the old root key is not needed any more');
ok(factor_opens($factor), 'the old root key is not needed for factors either');
old_family_goes_on('new root key');
use_file($good);
is(service_state(), '55000', 'and opens nothing any more');
use_file("$dir/new");

# --- settings ------------------------------------------------------------------

# What the operator has configured, unlike the built-in default, and a value that
# would be of use to somebody else.
my %settings = (
	access_token_lifetime => [ '2min', '1d' ],
	address_retention => [ '90d', '1min' ],
	audit_retention => [ '500d', '1min' ],
	audit_seal_interval => [ '3d', '0' ],
	audit_seal_url => [ 'https://archive.example/seals', 'https://mine.example/seals' ],
	authorization_code_lifetime => [ '30s', '10min' ],
	authorization_request_lifetime => [ '5min', '1d' ],
	blacklist_retention => [ '2d', '1min' ],
	cache_memory => [ '1MB', '1GB' ],
	challenge_lifetime => [ '2min', '1h' ],
	challenge_notify_channel => [ 'codes', 'mine' ],
	challenge_retention => [ '2d', '1min' ],
	code_retention => [ '2d', '1min' ],
	consent_lifetime => [ '90d', '0' ],
	consent_page_required => [ 'on', 'off' ],
	consent_retention => [ '60d', '1min' ],
	console_proof_age => [ '10min', '1d' ],
	courier_attempts => [ '20', '1' ],
	courier_lease => [ '2min', '1h' ],
	device_code_lifetime => [ '5min', '30min' ],
	dpop_nonce_lifetime => [ '1min', '1h' ],
	dpop_proof_lifetime => [ '20s', '10min' ],
	durable_rotation => [ 'on', 'off' ],
	grant_retention => [ '500d', '2d' ],
	http_anonymous_role => [ 'nobody_at_all', 'plain' ],
	http_answer_request_id => [ 'off', 'on' ],
	http_authenticator => [ 'layer', 'plain' ],
	http_client_address_header => [ 'x-real-ip', 'x-mine' ],
	http_client_certificate_header => [ 'client-cert', 'x-mine' ],
	http_client_certificates_verified => [ 'off', 'on' ],
	http_context_headers => [ 'risk_score=x-risk-score', 'risk_score=x-mine' ],
	http_cors_origins => [ 'https://app.example', 'https://mine.example' ],
	http_issuer => [ 'https://id.example', 'https://mine.example' ],
	http_notify_channel => [ 'keys', 'mine' ],
	http_request_id_header => [ 'x-request-id', 'x-mine' ],
	http_resource => [ 'https://api.example', 'https://mine.example' ],
	http_resource_metadata => [ 'https://api.example/metadata', 'https://mine.example/metadata' ],
	http_resource_url => [ 'https://api.example', 'https://mine.example' ],
	http_trace_context => [ 'off', 'on' ],
	impersonation_lifetime => [ '5min', '1h' ],
	installation_id => [ $admin->value('SELECT installation_id FROM pgtoken.installation'), '5ba4e6a1-0f0c-4b6e-9c1d-2f6a3c1d7e90' ],
	lineage_retention => [ '500d', '1min' ],
	lockstep_generations => [ '2', '0' ],
	log_refusals => [ 'log', 'debug1' ],
	max_configuration_lag => [ '1min', '1d' ],
	max_replay_lag => [ '1min', '1d' ],
	metrics_networks => [ '192.0.2.0/24', '0.0.0.0/0' ],
	pushed_request_lifetime => [ '1min', '10min' ],
	refresh_absolute_lifetime => [ '1d', '3650d' ],
	refresh_idle_lifetime => [ '1h', '3650d' ],
	refused_requests => [ '100', '0' ],
	retry_window_bound => [ '5s', '-1' ],
	retry_window_confidential => [ '5s', '1h' ],
	retry_window_public => [ '5s', '1h' ],
	reuse_retention => [ '1500d', '1d' ],
	shard => [ '0/1', '1/2' ],
	shared_replay_ids => [ '1000', '0' ],
	signal_retention => [ '14d', '1min' ],
	signing_key_lead_time => [ '20min', '0' ],
	signing_key_lifetime => [ '30d', '0' ],
	signing_key_overlap => [ '2d', '0' ],
	signing_key_retiring_period => [ '3d', '100d' ],
	status_list_ttl => [ '2min', '1d' ]);

# loads the library, so that placeholders become settings
use constant LOAD => q{SELECT pgtoken.grant_of('')};

$admin->query('CREATE ROLE plain LOGIN IN ROLE pgtoken_admin');
configure(join "\n", map { "pgtoken.$_ = '$settings{$_}[0]'" } sort keys %settings);
$admin->query(LOAD);
is_deeply(
	[ $admin->column(q{SELECT substr(name, 9) FROM pg_settings WHERE name LIKE 'pgtoken.%' ORDER BY name COLLATE "C"}) ],
	[ sort qw(configuration_key_file pkcs11_module pkcs11_pin_file root_key_file), keys %settings ],
	'every setting is tested here');
is($admin->value(q{SELECT count(*) FROM pg_settings WHERE name LIKE 'pgtoken.%' AND context NOT IN ('superuser', 'sighup')}),
	0, 'none of them is for everybody');

# A session whose connection options name a setting of ours: the library may
# refuse to work in it, or go by what is configured; it may not fall back to
# something else, be it the built-in default.
sub option_is_void
{
	my ($name, $value, $configured, $test) = @_;
	my $session = session($node, user => 'plain', options => "-c $name=$value");
	my $state = $session->sqlstate(LOAD);
	my $seen = $state eq '00000' ? $session->value('SELECT setting FROM pg_settings WHERE name = lower($1)', $name) : $configured;

	$session->quit;
	local $Test::Builder::Level = $Test::Builder::Level + 1;
	return is($seen, $configured, $test);
}

for my $setting (sort keys %settings)
{
	my $value = $settings{$setting}[1];
	my $name = "pgtoken.$setting";
	my $configured = $admin->value('SELECT setting FROM pg_settings WHERE name = $1', $name);
	# one of the configuration file alone is nobody's to set
	my $refusal = $admin->value('SELECT context FROM pg_settings WHERE name = $1', $name) eq 'sighup' ? '55P02' : '42501';
	my $show = sub { return $_[0]->value('SELECT setting FROM pg_settings WHERE name = $1', $name); };

	my $loaded = session($node, user => 'plain');
	$loaded->query(LOAD);
	is($loaded->sqlstate("SET $name = '$value'"), $refusal, "$setting: SET is refused");
	is($loaded->sqlstate("ALTER ROLE plain SET $name = '$value'"), $refusal, "$setting: ALTER ROLE SET is refused");
	is($show->($loaded), $configured, "$setting: and what is configured holds");

	# before the library is loaded PostgreSQL takes any such name; it must not count afterwards
	my $early = session($node, user => 'plain');
	$early->sqlstate("SET $name = '$value'");
	$early->query(LOAD);
	is($show->($early), $configured, "$setting: SET before the library is loaded does not count");

	my $local = session($node, user => 'plain');
	$local->query('BEGIN');
	$local->sqlstate("SET LOCAL $name = '$value'");
	$local->query(LOAD);
	is($show->($local), $configured, "$setting: nor does SET LOCAL");

	option_is_void($name, $value, $configured, "$setting: nor does an option of the connection");
	option_is_void(ucfirst $name, $value, $configured, "$setting: nor in another spelling");

	my $unloaded = session($node, user => 'plain');
	is($unloaded->sqlstate("ALTER ROLE plain SET $name = '$value'"), '42501', "$setting: ALTER ROLE SET is refused there too");
	$_->quit for $loaded, $early, $local, $unloaded;
}

# a superuser's word counts, also for others and before the library is loaded
$admin->query(q{ALTER ROLE plain SET pgtoken.access_token_lifetime = '10min'});
my $fresh = session($node, user => 'plain');
is($fresh->value(q{SELECT expires_in FROM pgtoken.issue_tokens('app', 'alice', 'read')}), 600, 'what a superuser set for a role counts');
$fresh->quit;
$admin->query('ALTER ROLE plain RESET ALL');

# The root key file belongs to the configuration file alone: an administrator of
# pgtoken who is no superuser must not get keys stored unwrapped, or wrapped
# under a root key of his own.
my $evil = write_file('evil', "$first_key\n");
for my $value ($evil, '')
{
	my $what = $value eq '' ? 'nothing' : 'another file';
	my $early = session($node, user => 'plain');

	$early->sqlstate("SET pgtoken.root_key_file = '$value'");
	$early->query(LOAD);
	isnt($early->sqlstate("SET pgtoken.root_key_file = '$value'"), '00000', "SET root_key_file to $what is refused");
	is($early->sqlstate('SHOW pgtoken.root_key_file'), '42501', 'it cannot even be seen');
	is($early->sqlstate(q{SELECT pgtoken.create_signing_key('ES384')}), '00000', "after an earlier SET to $what a key is stored");
	$early->quit;
	my $options = session($node, user => 'plain', options => "-c pgtoken.root_key_file=$value");
	$options->sqlstate(q{SELECT pgtoken.create_signing_key('ES512')});
	$options->quit;
	is($admin->value('SELECT count(*) FROM pgtoken.key_material WHERE NOT wrapped'), 0, "$what: no key is stored unwrapped");
	is($admin->sqlstate(q{SELECT pgtoken.rewrap_keys()}), '00000', "$what: all key material opens with the configured root key");
	# room for the next one
	$admin->query(q{DELETE FROM pgtoken.signing_keys WHERE alg IN ('ES384', 'ES512')});
}

$admin->quit;
$node->stop;
done_testing();
