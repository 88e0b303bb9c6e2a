# The scripts of examples/support are run here, each by the login roles that it names, on
# the database of examples/setup.sql: what they print is what examples/support/README.md
# shows, and what comes of it is looked at from outside.  Who learns from an example must
# not be taught a call that fails, nor a role that may more than it needs.
use strict;
use warnings;

use FindBin;
use lib $FindBin::RealBin;

use IPC::Run;
use JSON::PP;
use PgtokenTest;
use PostgreSQL::Test::Utils;
use Test::More;

my $tree = "$FindBin::RealBin/../..";
my $files = PostgreSQL::Test::Utils::tempdir;
my $node = new_cluster('examples', conf => "autovacuum = off\n");
$node->safe_psql('postgres', 'CREATE DATABASE demo TEMPLATE template0');

# what psql prints, errors where they come; a script's files are those of $files
sub script
{
	my ($file, @options) = @_;
	my $printed = "$files/printed.txt";
	my $ok = do {
		local %ENV = (%ENV, PGHOST => $node->host, PGPORT => $node->port, PGDATABASE => 'demo');
		IPC::Run::run([ 'psql', '-X', '-q', @options, '-f', "$tree/examples/$file" ], '<', \undef, '>', $printed, '2>&1', init => sub { chdir $files or die $! });
	};

	return ($ok, slurp_file($printed));
}

# psql pads lines and says where an error is; the page does neither
sub comparable
{
	my ($text) = @_;

	$text =~ s/^psql:\S+:\d+: //mg;
	$text =~ s/[ \t]+$//mg;
	$text =~ s/\A\n+|\n+\z//g;
	return $text;
}

my $secrets = qr/eyJ[\w-]{8}|\bpgt\w\w_[\w-]{8}|\bwhsec_/;

# prints client secrets, so that its output is for nobody
my ($ok) = script('setup.sql', '-v', 'base_url=http://127.0.0.1:3000', '-v', 'login_url=http://localhost:3002', '-v', 'client_url=http://localhost:3003');
ok($ok, 'the service is set up');
($ok, my $printed) = script('support/setup.sql');
ok($ok && $printed eq '', 'so are the roles') or diag($printed);

my $look = session($node, dbname => 'demo');

# --- each prints what the page shows ------------------------------------------------

my %shown = map { $_->{section} => $_->{text} } grep { $_->{section} =~ /\.sql$/ } document_blocks('examples/support/README.md');
my @scripts = grep { !/^(?:setup|begin)\.sql$/ } map { m{([^/]+)\z} } glob "$tree/examples/support/*.sql";
is(join(' ', sort keys %shown), join(' ', sort @scripts), 'the page shows each script');

# the page is in the order of telling, which is not that of names: none needs another one
for my $file (sort @scripts)
{
	($ok, $printed) = script("support/$file");
	ok($ok, "$file runs to its end");
	is(comparable($printed), comparable($shown{$file} // ''), "$file prints what the page shows");
	unlike($printed, $secrets, "$file prints no token and no secret");
	($ok, my $again) = script("support/$file");
	# who has been erased and comes back within two days is known to have been
	$again = $printed if $ok && $file eq 'person_asks.sql';
	is($again, $printed, "$file can be run again");
}

# --- what came of it ------------------------------------------------------------------

is($look->value('SELECT count(*) FROM pgtoken.blocked_subjects'), 0, 'nobody is left blocked');
is($look->value(q{SELECT string_agg(DISTINCT g.subject, ' ') FROM pgtoken.grant_status g WHERE g.state = 'active'}), undef, 'nor signed in');
is($look->value(q{SELECT string_agg(DISTINCT a.subject, ' ' ORDER BY a.subject) FROM pgtoken.audit_events a WHERE a.event = 'grant.issued'}),
	'user-11 user-12 user-13 user-14 user-16', 'as all have been; of one the audit does not know any more who he was');
is($look->value(q{SELECT metadata ?| '{max_sessions,at_session_limit}' FROM pgtoken.clients WHERE client_id = 'mobile-app'}), 'f', 'the client has no limit any more');

my $held = decode_json(slurp_file("$files/user-15.json"));
is("$held->{subject} " . $held->{held}{grants}[0]{claims}{name}, 'user-15 Ada', 'what was held of the person is in his file');
unlike(slurp_file("$files/user-15.json"), $secrets, 'and no token of his');
is($look->value(q{SELECT (SELECT count(*) FROM pgtoken.grants WHERE subject = 'user-15') + (SELECT count(*) FROM pgtoken.audit_events WHERE subject = 'user-15' AND event <> 'subject.exported')}),
	0, 'and nowhere else, since he was erased');

is($look->value(q{SELECT (SELECT count(*) FROM pgtoken.issuers) - 1 + (SELECT count(*) FROM pgtoken.administrations)}), 0, 'the tenant is gone');
is($look->value(q{SELECT pg_has_role('north_admin', 'pgtoken_issuer_admin', 'MEMBER')}), 'f', 'and its administrator is nobody');
is($look->value(q{SELECT (SELECT count(*) FROM pgtoken.signal_streams WHERE client_id = 'mobile-app') + (SELECT count(*) FROM pgtoken.signals WHERE subject = 'user-16')}),
	0, 'what the CRM was told by is gone');

# --- each may what it is for ------------------------------------------------------------

sub refused
{
	my ($who, $what, $sql) = @_;
	my $session = session($node, dbname => 'demo', user => $who);

	# where nobody has loaded the library anybody may set what it will not heed
	$session->query(q{SELECT pgtoken.verify_access_token('')}) if $sql =~ /^SET/;
	is($session->sqlstate($sql), '42501', "Attack shut out: $who $what");
	$session->quit;
	return;
}

my $actor = q{SELECT decision FROM pgtoken.issue_tokens('web-app', 'user-1', 'openid', actor => '{"sub": "thief"}')};
refused('login_app', 'acts for a user', $actor);
refused('operator', 'acts for a user', $actor);
refused('support_console', 'lets in who is blocked', q{SELECT pgtoken.unblock_subject('user-1')});
refused('support_console', 'acts for hours', q{SET pgtoken.impersonation_lifetime = '1 h'});
refused('auditor', 'erases', q{SELECT pgtoken.erase_subject('user-1')});
refused('north_admin', 'looks without an issuer', 'SELECT client_id FROM pgtoken.clients');

# --- the files of seals.sql ---------------------------------------------------------------

# seals and rows that have left the machine, and what a superuser does afterwards
my ($kid) = map { $_->{key}{kid} // () } map { decode_json($_) } (split /\n/, slurp_file("$files/seals.jsonl"))[0];
sub program
{
	my (@arguments) = @_;
	my $output = '';
	my $ok = IPC::Run::run([ 'node', "$tree/http/audit/pgtoken-audit.mjs", @arguments, '--kid', $kid ], '>', \$output, '2>&1');

	return ($ok, $output);
}
$look->query($_) for 'ALTER TABLE pgtoken.audit_rows DISABLE TRIGGER append_only',
  q{UPDATE pgtoken.audit_rows SET session_user_name = 'nobody' WHERE event = 'subject.erased'};
is($look->value('SELECT bool_and(ok) FROM pgtoken.verify_audit()'), 'f', 'Attack shut out: whoever erased the person is to be nobody: verify_audit finds it');
append_to_file("$files/now.jsonl", join "\n", $look->column('SELECT pgtoken.export_audit_rows(1)'), '');
SKIP:
{
	skip 'needs node', 3 unless system('node --version >/dev/null 2>&1') == 0;
	($ok, $printed) = program('seals', "$files/seals.jsonl");
	ok($ok, 'the seals hold, outside of the database') or diag($printed);
	($ok, $printed) = program('rows', "$files/rows.jsonl", '--seals', "$files/seals.jsonl");
	ok($ok, 'and so do the rows that left in time') or diag($printed);
	($ok, $printed) = program('rows', "$files/now.jsonl", '--seals', "$files/seals.jsonl");
	ok(!$ok && $printed =~ /BROKEN/, 'Attack shut out: and who holds the files finds it as well') or diag($printed);
}

done_testing();
