# Attack and accident: a private key is copied out of the database or a backup; the
# hardware that holds it instead goes away, is initialized anew, or has another key of
# the same name; an administrator who is no superuser names a PIN, a file or a library
# of the server in a URI. A key in hardware is never here, what cannot be signed is an
# error and no change, and goes on by itself; and no key of the database follows it
# unasked. The token is SoftHSM's. Where OpenSSL has no provider for it (Debian 12),
# what is tested is that this is said, and nothing else is touched.
use strict;
use warnings;

use FindBin;
use lib $FindBin::RealBin;

use MIME::Base64 qw(decode_base64url);
use PgtokenTest;
use PostgreSQL::Test::Utils;
use Test::More;

use constant PIN => 'pin-8f3c2a';

my $dir = PostgreSQL::Test::Utils::tempdir;
my ($modules) = `openssl version -m` =~ /"(.*)"/;
my $provider = -e "$modules/pkcs11.so";

mkdir "$dir/tokens";
append_to_file("$dir/softhsm2.conf", "directories.tokendir = $dir/tokens\nobjectstore.backend = file\nlog.level = ERROR\n");
$ENV{SOFTHSM2_CONF} = "$dir/softhsm2.conf";

# SoftHSM keeps a key that it has open after the token is gone, as no hardware does. So
# between it and the server stands a library that can say what hardware says: while the
# file "away" is there, that the device was removed; and once "lost" is there, that
# sessions of before are none any more, until they are begun anew.
append_to_file("$dir/shim.c", <<"END");
#include <dlfcn.h>
#include <string.h>
#include <unistd.h>
typedef unsigned long (*Function)();
typedef struct { unsigned char version[2]; Function function[68]; } List;
static List own, *softhsm;
static int lost;
static unsigned long initialize(void *args)
{
	unlink("$dir/lost");
	lost = 0;
	return softhsm->function[0](args);
}
static unsigned long sign_init(unsigned long session, void *mechanism, unsigned long key)
{
	lost = lost || access("$dir/lost", F_OK) == 0;
	if (access("$dir/away", F_OK) == 0)
		return 0x32; /* CKR_DEVICE_REMOVED */
	return lost ? 0xB3 /* CKR_SESSION_HANDLE_INVALID */ : softhsm->function[42](session, mechanism, key);
}
unsigned long C_GetFunctionList(List **list)
{
	void *library = dlopen("/usr/lib/softhsm/libsofthsm2.so", RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
	unsigned long (*get)(List **);
	void *address = library ? dlsym(library, "C_GetFunctionList") : 0;
	if (!address)
		return 5;
	memcpy(&get, &address, sizeof(get));
	get(&softhsm);
	memcpy(&own, softhsm, sizeof(own));
	own.function[0] = initialize;
	own.function[42] = sign_init;
	*list = &own;
	return 0;
}
END

# quiet, and dies where it fails
sub run_quietly
{
	my ($out, $err) = ('', '');

	IPC::Run::run([@_], '>', \$out, '2>', \$err) or die "$_[0] failed: $err";
	return;
}

run_quietly('gcc', '-w', '-shared', '-fPIC', '-o', "$dir/shim.so", "$dir/shim.c", '-ldl');

sub make_token { return run_quietly(qw(softhsm2-util --init-token --free --label signing --so-pin 123456 --pin), PIN); }
sub end_token { return run_quietly(qw(softhsm2-util --delete-token --token signing)); }

# a key of openssl's, in a file, so that it can be put into a token again
my $id = 10;
sub make_key
{
	my ($name, @how) = @_;

	run_quietly('openssl', 'genpkey', @how, '-out', "$dir/$name.pem");
	run_quietly('openssl', 'pkey', '-in', "$dir/$name.pem", '-pubout', '-out', "$dir/$name.pub");
	return put_key($name, $name);
}

sub put_key
{
	my ($name, $label, @more) = @_;

	$id++;
	return run_quietly('softhsm2-util', '--import', "$dir/$name.pem", '--token', 'signing', '--label', $label, '--id', $id, '--pin', PIN, @more);
}

sub write_file
{
	my ($name, $text, $mode) = @_;

	unlink "$dir/$name";
	append_to_file("$dir/$name", $text);
	chmod $mode // 0600, "$dir/$name";
	return "$dir/$name";
}

sub uri { return "pkcs11:token=signing;object=$_[0]"; }

my $node = new_cluster('pkcs11');
my $admin = session($node);
create_service($admin);
my ($soft) = $admin->column('SELECT kid FROM pgtoken.signing_keys');

my $marker = 0;
sub configure
{
	my ($conf) = @_;

	$marker++;
	$node->append_conf('postgresql.conf', "$conf\ntest.marker = '$marker'");
	$node->reload;
	wait_until('the configuration is read', sub { return ($admin->value(q{SELECT current_setting('test.marker', true)}) // '') eq $marker; });
	return;
}

# what the statement ends with: its SQLSTATE and detail
sub failure
{
	my ($session, @query) = @_;

	return '00000' if eval { $session->query(@query); 1 };
	die $@ unless ref $@;
	return "$@->{sqlstate} " . ($@->{detail} // '');
}

sub create_failure
{
	my ($alg, $uri) = @_;

	return failure($admin, 'SELECT pgtoken.create_signing_key($1, uri => $2)', $alg, $uri);
}

sub hardware_health { return $admin->row(q{SELECT ok, detail FROM pgtoken.health() WHERE check_name = 'signing keys in hardware'}); }

# does the process have the library?
sub has_module
{
	my ($pid) = @_;

	return slurp_file("/proc/$pid/maps") =~ /softhsm/;
}

# --- what no URI may say ---------------------------------------------------------------

# all are refused before any library is loaded
$admin->query('CREATE ROLE keeper LOGIN IN ROLE pgtoken_admin');
my $keeper = session($node, user => 'keeper');
my %refused = (
	'a PIN' => uri('es') . '?pin-value=1234',
	'a file with one' => uri('es') . '?pin-source=file:/etc/passwd',
	'a program' => uri('es') . '?pin-source=|/bin/true',
	'a library' => uri('es') . '?module-path=/tmp/mine.so',
	'the name of a library' => uri('es') . '?module-name=mine');
for my $what (sort keys %refused)
{
	my $answer = failure($keeper, 'SELECT pgtoken.create_signing_key($1, uri => $2)', 'ES256', $refused{$what});

	like($answer, qr/^22023 It has a query/, "Attack shut out: an administrator names $what of the server in a URI");
}
ok(!has_module($keeper->pid), 'and nothing is loaded for it');
$keeper->quit;
like(create_failure('ES256', $_), qr/^22023/, 'refused: ' . ($_ || 'an empty one'))
  for '', 'pkcs11:', 'file:/etc/passwd', 'pkcs11:token=signing', 'pkcs11:object=es', 'pkcs11:token=signing;object=es;type=public',
  'pkcs11:token=signing;object=es;object=rs', 'pkcs11:token=signing;object=es;slot-id=0', 'pkcs11:token=signing;object=%zz',
  'pkcs11:token=signing;object=', 'pkcs11:token=signing;object=a b', 'pkcs11:token=signing;object=' . 'x' x 1100;
like(create_failure('HS256', uri('es')), qr/^22023/, 'an HMAC key is not in hardware');
is($admin->sqlstate('SELECT pgtoken.create_signing_key($1, private_key => $2, uri => $3)', 'ES256', 'x', uri('es')),
	'22023', 'nor is one that is brought');
is_deeply(hardware_health(), { ok => 't', detail => 'there are none' }, 'health: none');

# --- what has to be there -----------------------------------------------------------------

like(create_failure('ES256', uri('es')), qr/^58000 pgtoken.pkcs11_module is not set/, 'without a library');
configure("pgtoken.pkcs11_module = '$dir/none.so'");
like(create_failure('ES256', uri('es')), qr/^58000 pgtoken.pkcs11_module cannot be loaded/, 'with one that is not there');
configure("pgtoken.pkcs11_module = '$dir/shim.so'");
like(create_failure('ES256', uri('es')), qr/^58000 the token is not there/, 'without the token');
make_token();
make_key('es', '-algorithm', 'EC', '-pkeyopt', 'ec_paramgen_curve:P-256');
like(create_failure('ES256', uri('es')), qr/^58000 the token asks for a PIN/, 'without a PIN');
my $pin_file = write_file('pin', PIN . "\n", 0640);
configure("pgtoken.pkcs11_pin_file = '$pin_file'");
like(create_failure('ES256', uri('es')), qr/^58000 pgtoken.pkcs11_pin_file must belong to/, 'with one that others may read');
write_file('pin', "two words\n");
like(create_failure('ES256', uri('es')), qr/^58000 pgtoken.pkcs11_pin_file does not hold/, 'with a file that holds none');
write_file('pin', "wrong-pin\n");
like(create_failure('ES256', uri('es')), qr/^58000 the token refuses the PIN/, 'with the wrong one');
write_file('pin', PIN . "\n");

if (!$provider)
{
	like(create_failure('ES256', uri('es')), qr/^58000 OpenSSL has no provider "pkcs11"/, 'without the provider');
	is($admin->value('SELECT count(*) FROM pgtoken.signing_keys'), 1, 'no key is made of it');
	is($admin->sqlstate(q{SELECT pgtoken.issue_tokens('app', 'alice', 'read')}), '00000', 'and the others sign');
	$admin->quit;
	$node->stop;
	unlike(slurp_file($node->logfile), qr/terminated by signal|PANIC/, 'no process has died of it');
	done_testing();
	exit;
}

like(create_failure('ES256', uri('none')), qr/^58000 the token has no private key of this name/, 'without the key');
put_key('es', 'twice');
put_key('es', 'twice');
like(create_failure('ES256', uri('twice')), qr/^58000 the token has several private keys/, 'with two of one name');
like(create_failure($_, uri('es')), qr/^22023 Its type, curve or size/, "a P-256 key is none for $_") for qw(ES384 RS256 PS256 EdDSA);
put_key('es', 'alone', '--no-public-key');
like(create_failure('ES256', uri('alone')), qr/^22023 .* public part is not in the token/, 'a private part alone cannot be made known');
is($admin->value('SELECT count(*) FROM pgtoken.signing_keys'), 1, 'none of that has made a key');

# --- a key ------------------------------------------------------------------------------------

my $kid = $admin->value('SELECT pgtoken.create_signing_key($1, uri => $2)', 'ES256', uri('es'));
my $row = $admin->row(q{SELECT state, uri, public_jwk ->> 'kty' AS kty, public_jwk ->> 'd' AS d FROM pgtoken.signing_keys WHERE kid = $1}, $kid);
is_deeply($row, { state => 'pending', uri => uri('es'), kty => 'EC', d => undef }, 'the key waits, and its public part is known');
is($admin->value(q{SELECT count(*) FROM pgtoken.key_material WHERE material_id = 'key:' || $1}, $kid), 0, 'its private part is not here');
like($admin->value(q{SELECT string_agg(a::text, '') FROM pgtoken.audit_events a}), qr/\Q@{[ uri('es') ]}\E/, 'the audit tells where it is');
is($admin->sqlstate('SELECT pgtoken.create_signing_key($1, $2, uri => $3, if_not_exists => true)', 'ES256', 'https://id.example', uri('es')),
	'00000', 'if_not_exists finds it');
is($admin->value(q{SELECT pgtoken.rotate_signing_key(force => true)}), $kid, 'and it signs from now on');

# RFC 7515 by hand and openssl, which knows the key's public part from elsewhere
my %digest = (ES256 => [], RS256 => [], PS256 => [ qw(-sigopt rsa_padding_mode:pss -sigopt rsa_pss_saltlen:32) ]);
sub der_of
{
	my ($raw) = @_;
	my $integers = join '', map { my $n = $_; $n =~ s/^\0+(?=.)//s; $n = "\0$n" if ord($n) > 127; "\x02" . pack('C/a*', $n) } unpack '(a32)2', $raw;

	return "\x30" . pack('C/a*', $integers);
}
sub good_signature
{
	my ($token, $alg, $name) = @_;
	my ($header, $payload, $signature) = split /\./, $token;
	my $bytes = decode_base64url($signature);

	return 0 if decode_base64url($header) !~ /"alg":"\Q$alg\E"/;
	$bytes = der_of($bytes) if $alg eq 'ES256';
	write_file('text', "$header.$payload");
	write_file('signature', $bytes);
	my @verify = $alg eq 'EdDSA'
	  ? ('pkeyutl', '-verify', '-pubin', '-inkey', "$dir/$name.pub", '-rawin', '-in', "$dir/text", '-sigfile', "$dir/signature")
	  : ('dgst', '-sha256', @{ $digest{$alg} }, '-verify', "$dir/$name.pub", '-signature', "$dir/signature", "$dir/text");
	return eval { run_quietly('openssl', @verify); 1 } ? 1 : 0;
}

use constant ISSUE => q{SELECT access_token, refresh_token FROM pgtoken.issue_tokens('app', 'alice', 'read offline_access')};
my $tokens = $admin->row(ISSUE);
is(good_signature($tokens->{access_token}, 'ES256', 'es'), 1, 'openssl takes what it has signed');
ok(defined $admin->value('SELECT pgtoken.verify_access_token($1)', $tokens->{access_token}), 'and so do we');
is(good_signature($tokens->{access_token}, 'ES256', 'es'), 1, 'in the session that has made it');

my %other = (RS256 => [ '-algorithm', 'RSA' ], PS256 => [ '-algorithm', 'RSA', '-pkeyopt', 'rsa_keygen_bits:3072' ], EdDSA => [ '-algorithm', 'ED25519' ]);
for my $alg (sort keys %other)
{
	make_key(lc $alg, @{ $other{$alg} });
	$admin->query('SELECT pgtoken.create_signing_key($1, uri => $2)', $alg, uri(lc $alg));
	$admin->query('SELECT pgtoken.update_client($1, signing_alg => $2)', 'app', $alg);
	my @signed = map { $admin->value(q{SELECT access_token FROM pgtoken.issue_tokens('app', 'alice', 'read')}) } 1 .. 2;

	is_deeply([ map { good_signature($_, $alg, lc $alg) } @signed ], [ 1, 1 ], "$alg: openssl takes what it has signed, twice");
	is($admin->value('SELECT count(pgtoken.verify_access_token(t)) FROM unnest($1::text[]) t', '{' . join(',', @signed) . '}'), 2, "$alg: and so do we");
	is(hardware_health()->{ok}, 't', "$alg: health has it sign");
}
$admin->query(q{SELECT pgtoken.update_client('app', signing_alg => 'ES256')});
is(hardware_health()->{detail}, 'each has signed just now', 'health: each has signed');

# --- processes ------------------------------------------------------------------------------

my $postmaster = (split /\n/, slurp_file($node->data_dir . '/postmaster.pid'))[0];
my @two = map { session($node) } 1 .. 2;
ok(!has_module($_->pid), 'a session that has signed nothing has no library') for @two;
my @families = map { $admin->row(ISSUE) } 1 .. 2;
for my $round (1 .. 5)
{
	$two[$_]->send_query(q{SELECT decision, access_token, refresh_token FROM pgtoken.refresh_grant($1, 'app')}, $families[$_]{refresh_token}) for 0, 1;
	@families = map { ($two[$_]->result)[0] } 0, 1;
	is_deeply([ map { $_->{decision} } @families ], [ 'allow', 'allow' ], "two sessions refresh at once, $round");
}
is_deeply([ map { good_signature($_->{access_token}, 'ES256', 'es') } @families ], [ 1, 1 ], 'and both sign');
ok(has_module($_->pid), 'each with a library of its own') for @two;
ok(!has_module($postmaster), 'the postmaster, which forks, has none');
$_->quit for @two;

# --- the token goes away --------------------------------------------------------------------

my $held = session($node);
my $family = $held->row(ISSUE);
use constant REFRESH => q{SELECT decision, access_token, refresh_token FROM pgtoken.refresh_grant($1, 'app')};
append_to_file("$dir/lost", '');
$family = $held->row(REFRESH, $family->{refresh_token});
is($family->{decision}, 'allow', 'a session of the token that was lost is begun anew, unseen');
is(good_signature($family->{access_token}, 'ES256', 'es'), 1, 'by the same key');
append_to_file("$dir/away", '');
for my $session ($held, session($node))
{
	like(failure($session, REFRESH, $family->{refresh_token}), qr/^58000 /, 'while the token is away nothing is rotated');
}
like(hardware_health()->{detail}, qr/\Q$kid\E: the token makes no signature/, 'health says why');
unlink "$dir/away";
end_token();
like(failure($held, REFRESH, $family->{refresh_token}), qr/^58000 /, 'nor without a token');
like(hardware_health()->{detail}, qr/\Q$kid\E: the token is not there/, 'health says why');
ok(defined $held->value('SELECT pgtoken.verify_access_token($1)', $family->{access_token}), 'what was signed verifies');
make_token();
like(failure($held, REFRESH, $family->{refresh_token}), qr/^58000 /, 'nor with a token that is empty');
like(hardware_health()->{detail}, qr/\Q$kid\E: the token has no private key/, 'health says why');
make_key('mallory', '-algorithm', 'EC', '-pkeyopt', 'ec_paramgen_curve:P-256');
put_key('mallory', 'es');
like(failure($held, REFRESH, $family->{refresh_token}), qr/^58000 /, 'Attack shut out: another key was put there by the same name');
like(hardware_health()->{detail}, qr/\Q$kid\E: the token has another key of this name/, 'health says why');
end_token();
make_token();
put_key($_, $_) for 'es', map { lc } keys %other;
$family = $held->row(REFRESH, $family->{refresh_token});
is($family->{decision}, 'allow', 'with the token restored the same session goes on, and nothing was consumed');
is(good_signature($family->{access_token}, 'ES256', 'es'), 1, 'by the same key');
is(hardware_health()->{ok}, 't', 'health is content');

# --- the wrong PIN --------------------------------------------------------------------------

write_file('pin', "wrong-pin\n");
is($held->row(REFRESH, $family->{refresh_token})->{decision}, 'allow', 'who is in goes on');
my $late = session($node);
like(failure($late, ISSUE), qr/^58000 /, 'with the wrong PIN nobody comes in');
like(hardware_health()->{detail}, qr/\Q$kid\E: the token refuses the PIN/, 'health says why');
write_file('pin', PIN . "\n");
is($late->sqlstate(ISSUE), '00000', 'with the right one he does');
is(hardware_health()->{ok}, 't', 'health is content');

# --- rotation -------------------------------------------------------------------------------

is($admin->sqlstate('SELECT pgtoken.rotate_signing_key(force => $1)', $_), '55000', "Attack shut out: a key in the database follows one in hardware, force $_")
  for 't', 'f';
is($admin->sqlstate('SELECT pgtoken.retire_signing_key($1)', $kid), '55000', 'nor when it is retired');
$admin->query(q{UPDATE pgtoken.signing_keys SET activated_at = now() - interval '1 year' WHERE state = 'active'});
$admin->query('SELECT * FROM pgtoken.maintain()');
is($admin->value(q{SELECT count(*) FROM pgtoken.signing_keys WHERE state IN ('pending', 'active') AND uri IS NULL}), 0, 'nor by maintain()');
like(hardware_health()->{detail}, qr/\Q$kid\E is to be followed by another/, 'health asks for one');
make_key('next', '-algorithm', 'EC', '-pkeyopt', 'ec_paramgen_curve:P-256');
my $next = $admin->value('SELECT pgtoken.create_signing_key($1, uri => $2)', 'ES256', uri('next'));
is($admin->value('SELECT pgtoken.rotate_signing_key(force => true)'), $next, 'one in hardware follows');
is(good_signature($held->row(ISSUE)->{access_token}, 'ES256', 'next'), 1, 'and signs, in a session of before, too');
ok(defined $held->value('SELECT pgtoken.verify_access_token($1)', $family->{access_token}), 'what the last one has signed verifies');
is($admin->value('SELECT pgtoken.retire_signing_key($1)', $kid), 't', 'which is retired');
ok(!defined $held->value('SELECT pgtoken.verify_access_token($1)', $family->{access_token}), 'and then does not');
is($admin->value(q{SELECT count(*) FROM jsonb_array_elements(pgtoken.jwks() -> 'keys') k WHERE k ->> 'kid' = $1}, $next), 1, 'jwks() has the next');

# --- backups and copies -----------------------------------------------------------------------

configure("pgtoken.root_key_file = '" . write_file('root', '5a' x 32 . "\n") . q{'});
$admin->query('SELECT pgtoken.rewrap_keys()');
is($held->sqlstate(ISSUE), '00000', 'rewrap_keys leaves it alone');
$node->command_ok([ 'pg_dump', '-d', $node->connstr('postgres'), '-f', "$dir/dump.sql" ], 'pg_dump');
$node->safe_psql('postgres', 'CREATE DATABASE restored');
$node->command_ok([ 'psql', '-X', '-q', '-o', "$dir/restore.out", '-v', 'ON_ERROR_STOP=1', '-d', $node->connstr('restored'), '-f', "$dir/dump.sql" ], 'restored');
my $restored = session($node, dbname => 'restored');
is(good_signature($restored->row(ISSUE)->{access_token}, 'ES256', 'next'), 1, 'a restored database signs by the same key');
$restored->query(q{SELECT set_config('pgtoken.installation_id', '5ba4e6a1-0f0c-4b6e-9c1d-2f6a3c1d7e90', false)});
is($restored->sqlstate(ISSUE), '55000', 'a copy that is known to be one does not');
$restored->query(q{SELECT pgtoken.adopt_copy('https://id.staging.example')});
is($restored->value(q{SELECT count(*) FROM pgtoken.signing_keys WHERE uri IS NOT NULL AND state <> 'retired'}), 0, 'adopted, it has keys of its own, in the database');
is($restored->sqlstate(ISSUE), '00000', 'and signs by them');
$restored->quit;

# --- what it leaves behind ----------------------------------------------------------------------

$_->quit for $held, $late, $admin;
$node->stop;
unlike(slurp_file($node->logfile), qr/terminated by signal|PANIC/, 'no process has died of it');
unlike(slurp_file($node->logfile) . slurp_file("$dir/dump.sql"), qr/\Q@{[PIN]}\E/, 'the PIN is in neither log nor dump');
like(slurp_file($node->logfile), qr/DETAIL:  the token refuses the PIN/, 'the log says why');
done_testing();
