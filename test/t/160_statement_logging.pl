# What the extension's own statements bind: keys, tokens and secrets, which must
# not come into the server log.  Attack shut out: modules that log statements below
# those that callers send (pgaudit, auto_explain) write them in clear, for whoever
# reads the log, and health() says that statement logging is fine.
use strict;
use warnings;

use FindBin;
use lib $FindBin::RealBin;

use PgtokenTest;
use PostgreSQL::Test::Utils qw(slurp_file);
use Test::More;

my $node = new_cluster('logging', conf => "shared_preload_libraries = 'pgaudit, auto_explain'\n");
my $admin = session($node);
my $secret = create_service($admin);

# what is written while somebody works: how often a secret of that time is in it
sub secrets_logged
{
	my $from = -s $node->logfile;
	my $session = session($node);
	my $key = $session->value('SELECT pgtoken.create_signing_key($1)', 'ES384');
	my $client = 'client-' . $from;
	my $client_secret = $session->value(
		q{SELECT client_secret FROM pgtoken.create_client($1, metadata => '{"token_endpoint_auth_method": "client_secret_jwt"}')}, $client);
	my $issued = $session->row(q{SELECT refresh_token FROM pgtoken.issue_tokens('backend', 'alice', 'read offline_access')});
	my $next = $session->row('SELECT refresh_token FROM pgtoken.refresh_grant($1, $2, $3)', $issued->{refresh_token}, 'backend', $secret);
	my $material = $session->value(q{SELECT string_agg(encode(material, 'hex'), ' ') FROM pgtoken.key_material WHERE material_id IN ('key:' || $1) OR material_id LIKE 'client:' || $2 || '%'}, $key, $client);
	$session->query('SELECT pgtoken.retire_signing_key($1)', $key);
	my $log = substr(slurp_file($node->logfile), $from);
	return scalar grep { index($log, $_) >= 0 } $secret, $client_secret, $issued->{refresh_token}, $next->{refresh_token}, split / /, $material;
}

# NAME => value of each setting, for as long as the code runs
sub with_settings
{
	my ($settings, $code) = @_;

	$admin->query("ALTER SYSTEM SET $_ = '$settings->{$_}'") for sort keys %$settings;
	reload($settings);
	$code->();
	$admin->query("ALTER SYSTEM RESET $_") for sort keys %$settings;
	reload();
	return;
}

sub reload
{
	my ($settings) = @_;
	my ($name, $value) = $settings ? %$settings : ('pgaudit.log', 'none');

	$admin->query('SELECT pg_reload_conf()');
	wait_until("$name is $value", sub { session($node)->value("SHOW $name") eq $value });
	return;
}

sub health { return session($node)->row(q{SELECT ok, detail FROM pgtoken.health() WHERE check_name = 'statement logging'}); }

is(secrets_logged(), 0, 'as it is: nothing in the log');
is(health()->{ok}, 't', 'and health() is content');

my %red = (
	'pgaudit with parameters' => { 'pgaudit.log' => 'read, write, function', 'pgaudit.log_parameter' => 'on' },
	'auto_explain of nested statements' => { 'auto_explain.log_min_duration' => '0', 'auto_explain.log_nested_statements' => 'on', 'auto_explain.log_verbose' => 'on' },
	'samples of transactions' => { 'log_transaction_sample_rate' => '1' },
	'parse trees' => { 'debug_print_parse' => 'on' },
);
for my $what (sort keys %red)
{
	with_settings(
		$red{$what},
		sub {
			my $health = health();
			my ($name) = sort keys %{ $red{$what} };

			cmp_ok(secrets_logged(), '>', 0, "$what: secrets are in the log") unless $what eq 'parse trees';
			is($health->{ok}, 'f', "$what: health() says so");
			like($health->{detail}, qr/\Q$name\E/, "$what: and names the setting");
		});
}

# what writes no statement of ours
with_settings(
	{ 'pgaudit.log' => 'ddl, role, -read' },
	sub {
		is(secrets_logged(), 0, 'pgaudit of DDL and roles: nothing in the log');
		is(health()->{ok}, 't', 'and health() is content');
	});

# in a session of somebody else's
$admin->query('CREATE ROLE logged LOGIN');
for my $setting ('pgaudit.log = $$all$$', 'pgaudit.role = $$pgtoken_auditor$$', 'auto_explain.log_min_duration = 0', 'log_statement = $$mod$$')
{
	my ($name) = split / /, $setting;

	$admin->query('ALTER ROLE logged SET ' . $setting);
	like(session($node)->value(q{SELECT detail FROM pgtoken.health() WHERE check_name = 'statement logging' AND NOT ok}), qr/\Q$name\E.*logged/,
		"$name for one role: health() names both");
	$admin->query('ALTER ROLE logged RESET ' . $name);
}
is(health()->{ok}, 't', 'and is content again');

done_testing();
