# C162. Attack: who rules the machine changes what the audit says.  Seals that have left it find
# that, by a program that needs nothing of the database: an edit, a deletion, a
# reordering, a tail that was cut.  Accident: a seal that finds what nobody did, since a
# transaction committed late, was prepared, was restored elsewhere, or its month is over.
use strict;
use warnings;

use FindBin;
use lib $FindBin::RealBin;

use PgtokenTest;
use PostgreSQL::Test::Utils;
use Test::More;

plan skip_all => 'needs node' unless system('node --version >/dev/null 2>&1') == 0;

my $program = "$FindBin::RealBin/../../http/audit/pgtoken-audit.mjs";
my $dir = PostgreSQL::Test::Utils::tempdir;
my $node = new_cluster('sealed', conf => "max_prepared_transactions = 5\nautovacuum = off\n");
my $admin = session($node);
my $secret = create_service($admin);

$admin->query('SET client_min_messages = warning');
$admin->query('SELECT step FROM pgtoken.maintain()');
my $kid = $admin->value('SELECT pgtoken.create_audit_key()');

sub issue
{
	my ($session, $subject) = @_;

	return $session->row(q{SELECT * FROM pgtoken.issue_tokens('backend', $1, 'read offline_access', context => '{"ip": "192.0.2.1"}')}, $subject);
}

# what verify_audit() says that is not in order, a line each; nothing: all is
sub broken
{
	my ($session) = @_;

	return join "\n", $session->column(q{SELECT coalesce(number::text, '-') || ' ' || finding FROM pgtoken.verify_audit() WHERE NOT ok});
}

sub seal { return $_[0]->value('SELECT pgtoken.seal_audit()'); }

# the lines of a function, into a file
sub export
{
	my ($session, $file, $call) = @_;

	open my $out, '>', "$dir/$file" or die $!;
	print $out join("\n", $session->column("SELECT $call")), "\n";
	close $out;
	return "$dir/$file";
}

# what the program says, and whether it found all in order
sub program
{
	my (@arguments) = @_;
	my ($output, $error) = ('', '');
	my $ok = IPC::Run::run([ 'node', $program, @arguments ], '>', \$output, '2>', \$error);

	diag($error) if $error ne '';
	return ($ok, $output);
}

sub holds
{
	my ($what, @arguments) = @_;
	my ($ok, $output) = program(@arguments);

	ok($ok, $what) or diag($output);
	return;
}

sub finds
{
	my ($what, $pattern, @arguments) = @_;
	my ($ok, $output) = program(@arguments);

	ok(!$ok, "$what is found");
	like($output, $pattern, "$what is named");
	return;
}

# The ordinary course: many rows of many subjects, several seals.
$admin->query(q{SELECT count(r.grant_id) FROM generate_series(1, 3000) n, LATERAL pgtoken.issue_tokens('app', 'subject-' || n, 'read', context => jsonb_build_object('ip', '192.0.2.7', 'n', n)) r});
my $family = issue($admin, 'alice');
# and what is left of a month long ago
$admin->query(q{SELECT pgtoken.make_partition('tokens', 'tokens_p2020_01')});
$admin->query(q{SELECT pgtoken.attach_partition('tokens', 'tokens_p2020_01', '2020-01-01Z')});
$admin->query(q{INSERT INTO pgtoken.tokens SELECT (jsonb_populate_record(t, jsonb_build_object('grant_id', pgtoken.first_uuid('2020-01-01Z'::timestamptz + n * interval '1 day'), 'jti', 'old-' || n,
	'issued_at', '2020-01-01Z'::timestamptz + n * interval '1 day'))).* FROM pgtoken.tokens t, generate_series(1, 3) n WHERE t.grant_id = $1}, $family->{grant_id});
is(seal($admin), 1, 'a first seal');
my $refreshed = $admin->row(q{SELECT * FROM pgtoken.refresh_grant($1, 'backend', $2)}, $family->{refresh_token}, $secret);
is($refreshed->{decision}, 'allow', 'a refresh');
is(seal($admin), 2, 'a second one');
is(broken($admin), '', 'all rows are what was sealed');

# A late commit: written before the seal, committed after it.
my $late = session($node);
my $prepared = session($node);
$late->query('BEGIN');
my $late_family = issue($late, 'late')->{grant_id};
$prepared->query('BEGIN');
my $prepared_family = issue($prepared, 'prepared')->{grant_id};
$prepared->query(q{PREPARE TRANSACTION 'sealed'});
issue($admin, 'in time');
seal($admin);
is(broken($admin), '', 'what is open, and what began after it, is in no seal yet');
is($admin->value('SELECT count(*) FROM pgtoken.verify_audit() WHERE number IS NULL'), 1, 'but waits');
$late->query('COMMIT');
seal($admin);
is(broken($admin), '', 'a late commit is no tampering');
is($admin->value('SELECT pgtoken.seal_of(r.cluster, r.xact_id) IS NOT NULL FROM pgtoken.audit_row_leaves r WHERE r.grant_id = $1', $late_family), 't', 'and is in a seal of after it');
is($admin->value(q{SELECT count(*) FROM pgtoken.audit_events WHERE subject = 'in time'}), 1, 'while what came behind a prepared one');
is($admin->value(q{SELECT bool_and(pgtoken.seal_of(r.cluster, r.xact_id) IS NULL) FROM pgtoken.audit_row_leaves r JOIN pgtoken.audit_events e USING (event_id) WHERE e.subject = 'in time'}), 't', 'waits for it');
$prepared->query(q{COMMIT PREPARED 'sealed'});
my $last = seal($admin);
is(broken($admin), '', 'and one that was prepared is none either');
is($admin->value('SELECT pgtoken.seal_of(r.cluster, r.xact_id) FROM pgtoken.audit_row_leaves r WHERE r.grant_id = $1', $prepared_family), $last, 'and is in a seal of after it');
is($admin->value(q{SELECT sum(s.rows) = (SELECT count(*) FROM pgtoken.audit_events) FROM pgtoken.audit_seals s}), 't', 'each row is in one seal');
$_->quit for $late, $prepared;

# What leaves the machine, and is checked elsewhere.
my $seals = export($admin, 'seals', 'pgtoken.export_audit_seals()');
my $known = export($admin, 'known', 'pgtoken.export_audit_rows(1)');
my @check = ('rows', $known, '--seals', $seals, '--kid', $kid);

holds('seals follow each other and are signed', 'seals', $seals, '--kid', $kid);
holds('the rows are what was sealed, elsewhere', @check);
# one that looks like an option, as one of 64 does, is no other
finds('a key that nobody trusts', qr/is not there/, 'seals', $seals, '--kid', $_ . 'A' x 42) for 'A', '-';
for my $with_personal ('false', 'true')
{
	my $proof = export($admin, "proof_$with_personal",
		"pgtoken.audit_proof((SELECT event_id FROM pgtoken.audit_events WHERE grant_id = '$family->{grant_id}' AND event = 'grant.issued'), $with_personal)");

	holds('one row can be proved', 'proof', $proof, '--kid', $kid);
	is(slurp_file($proof) =~ /alice/, $with_personal eq 'true', 'and tells of the person only where that is wanted');
	my $forged = slurp_file($proof) =~ s/read offline_access/admin offline_access/r;
	append_to_file("$proof.forged", $forged);
	finds('a proof of another row', qr/not in the seal/, 'proof', "$proof.forged", '--kid', $kid);
	# what is not hashed: the names of columns, and what the event is said to be
	for my $lie ([ 'a text that is said to be of another column', qr/not those of a row/, sub { s/"scope", "([^"]*)"/"reason", "$1"/ } ],
		[ 'another event than the row is', qr/the row is event/, sub { s/("event_id": ")[0-9a-f]{8}/${1}00000000/ } ])
	{
		local $_ = slurp_file($proof);
		$lie->[2]->();
		append_to_file("$proof.lie", $_);
		finds("Attack shut out: $lie->[0]", $lie->[1], 'proof', "$proof.lie", '--kid', $kid);
		unlink "$proof.lie";
	}
}

my $looks = slurp_file($known) =~ s/("event_id":")/$1\\nok  seal 1\\n/r;
append_to_file("$dir/looks", $looks);
finds('Attack shut out: a line that looks as if the program had said it', qr/\ABROKEN  event \?ok  seal 1/, 'rows', "$dir/looks", '--seals', $seals, '--kid', $kid);

# Attack shut out: each thing that a superuser can do who has switched the triggers off.
sub tamper
{
	my ($what, $pattern, $offline, $statement) = @_;

	$admin->query('BEGIN');
	$admin->query("ALTER TABLE pgtoken.$_ DISABLE TRIGGER append_only") for qw(tokens audit_rows audit_seals);
	$admin->query($statement);
	like(broken($admin), $pattern, "$what is found in the database");
	finds("$what, by who holds seals and rows,", $offline, 'rows', export($admin, 'now', 'pgtoken.export_audit_rows(1)'), '--seals', $seals, '--kid', $kid, '--known', $known);
	$admin->query('ROLLBACK');
	return;
}
my $victim = q{SELECT t.grant_id FROM pgtoken.tokens t WHERE t.subject = 'subject-1500'};
my $event = $admin->value("SELECT event_id FROM pgtoken.audit_events WHERE grant_id = ($victim)");
tamper('an edit', qr/^1 .*\n1 tokens of [\d-]+: changed/, qr/changed: event $event/, "UPDATE pgtoken.tokens SET application_name = 'another' WHERE grant_id = ($victim)");
tamper('a deletion', qr/^1 .*\n1 tokens of [\d-]+: missing: 1 row/, qr/missing: event $event/, "DELETE FROM pgtoken.tokens WHERE grant_id = ($victim)");
tamper('a reordering', qr/^1 .*\n1 tokens of [\d-]+: (changed|missing)/, qr/BROKEN  tokens/,
	"UPDATE pgtoken.tokens t SET issued_at = (SELECT max(x.issued_at) FROM pgtoken.tokens x) WHERE grant_id = ($victim)");
tamper('an insertion', qr/^1 .*\n1 tokens of [\d-]+: not sealed: 1 row/, qr/not sealed: event/,
	"INSERT INTO pgtoken.tokens SELECT (jsonb_populate_record(t, '{\"generation\": 5, \"jti\": \"forged\"}')).* FROM pgtoken.tokens t WHERE grant_id = ($victim)");

# A cut tail, all of it, so that the database is in order with itself: who holds the seals knows.
$admin->query('BEGIN');
$admin->query("ALTER TABLE pgtoken.$_ DISABLE TRIGGER append_only") for qw(tokens audit_rows audit_seals);
$admin->query("DELETE FROM pgtoken.$_ WHERE xact_id >= (SELECT xact_from FROM pgtoken.audit_seals WHERE number = $last)") for qw(tokens audit_rows);
$admin->query("DELETE FROM pgtoken.audit_seals WHERE number = $last");
is(broken($admin), '', 'a cut tail does not show where it was cut,');
finds('a cut tail', qr/seal $last of chain \S+, which is held, is not there any more/, 'seals', export($admin, 'cut', 'pgtoken.export_audit_seals()'), '--kid', $kid, '--held', $seals);
# and history that is written anew, signed by the true key
$admin->query(q{SELECT grant_id FROM pgtoken.issue_tokens('app', 'forged', 'read')});
$admin->query('SAVEPOINT s');
is($admin->value(q{SELECT pgtoken.seal_audit('again')}), $last, 'another seal in its place');
finds('another seal in its place', qr/seal $last of chain \S+, which is held, is another one now/, 'seals', export($admin, 'anew', 'pgtoken.export_audit_seals()'), '--kid', $kid, '--held', $seals);
$admin->query('ROLLBACK');
# a seal left out of what is received
my @lines = split /\n/, slurp_file($seals);
append_to_file("$dir/gap", join "\n", grep { $_ ne $lines[2] } @lines);
finds('a seal that is missing', qr/seals are missing|does not follow/, 'seals', "$dir/gap", '--kid', $kid);

# Another key: who trusts the first trusts it, since a seal of the first names it.
$admin->query(q{SELECT pgtoken.create_audit_key('EdDSA')});
seal($admin);
issue($admin, 'by another key');
seal($admin);
holds('a key that took the place of another', 'seals', export($admin, 'rotated', 'pgtoken.export_audit_seals()'), '--kid', $kid);

# One subject of many is erased, and all is verified still.
my $others = $admin->value(q{SELECT md5(string_agg(e::text, ',' ORDER BY event_id)) FROM pgtoken.audit_events e WHERE subject <> 'subject-1500'});
is($admin->value(q{SELECT pgtoken.redact_audit('https://id.example', 'subject-1500', 'asked to be forgotten')}), 1, 'one subject is redacted');
is(broken($admin), '', 'and all rows are what was sealed');
is_deeply($admin->row(q{SELECT v.number, v.rows, v.redacted_by = e.event_id AS by_event, e.reason FROM pgtoken.verify_audit() v JOIN pgtoken.audit_events e ON e.event_id = v.redacted_by}),
	{ number => 1, rows => 1, by_event => 't', reason => 'asked to be forgotten' }, 'with what was redacted by what');
holds('elsewhere as well', 'rows', export($admin, 'redacted', 'pgtoken.export_audit_rows(1, true)'), '--seals', $seals, '--kid', $kid);
unlike(slurp_file("$dir/redacted"), qr/subject-1500"/, 'the person is not in an export any more');
is($admin->value(q{SELECT count(*) FROM pgtoken.audit_events e WHERE e::text LIKE '%subject-1500"%' OR e.subject = 'subject-1500' OR e.context @> '{"n": 1500}'}), 0, 'nor anywhere in the audit');
is($admin->value(q{SELECT md5(string_agg(e::text, ',' ORDER BY event_id)) FROM pgtoken.audit_events e WHERE subject <> 'subject-1500'}), $others, 'of others nothing has changed');
seal($admin);

# Over dump and restore into another cluster: the same seals hold, and another chain begins.
my $copy_node = new_cluster('restored', conf => "autovacuum = off\n");
$node->command_ok([ 'pg_dump', '-d', $node->connstr('postgres'), '-f', "$dir/dump.sql" ], 'pg_dump');
# one event that the last seal does not cover comes along
issue($admin, 'not sealed at home');
$node->command_ok([ 'pg_dump', '-d', $node->connstr('postgres'), '-f', "$dir/dump.sql" ], 'pg_dump');
$copy_node->command_ok([ 'psql', '-X', '-q', '-v', 'ON_ERROR_STOP=1', '-d', $copy_node->connstr('postgres'), '-f', "$dir/dump.sql", '-o', "$dir/psql.out" ], 'psql restores it');
my $copy = session($copy_node);
$copy->query('SET client_min_messages = warning');
my $sealed_at_home = $copy->value('SELECT max(number) FROM pgtoken.audit_seals');
like(broken($copy), qr/^- no seal covers these/, 'restored: what was not sealed at home is told');
is($copy->value('SELECT count(*) FROM pgtoken.verify_audit() WHERE number IS NOT NULL AND NOT ok'), 0, 'restored: the seals hold');
issue($copy, 'after the restore');
is(seal($copy), $sealed_at_home + 1, 'restored: the next seal');
is(broken($copy), '', 'restored: it covers what was not, and what came since');
is_deeply([ $copy->column(q{SELECT c.reason FROM pgtoken.audit_chains c ORDER BY opened_at}) ], [ 'first', 'another database cluster: restored from a dump, or upgraded' ], 'restored: a chain of its own begins');
is($copy->value(q{SELECT count(DISTINCT chain) FROM pgtoken.audit_seals}), 2, 'restored: and says so');
my ($ok, $output) = program('seals', export($copy, 'copy', 'pgtoken.export_audit_seals()'), '--kid', $kid, '--held', $seals);
ok($ok, 'restored: elsewhere as well') or diag($output);
like($output, qr/seal @{[$sealed_at_home + 1]}: a chain begins \(another database cluster/, 'restored: the program tells of the chain');
holds('restored: rows of before', 'rows', export($copy, 'copied', 'pgtoken.export_audit_rows(1)'), '--seals', $seals, '--kid', $kid);
holds('restored: rows that were adopted', 'rows', export($copy, 'adopted', "pgtoken.export_audit_rows($sealed_at_home + 1)"), '--seals', "$dir/copy", '--kid', $kid);
$copy->query(q{SELECT step FROM pgtoken.after_restore(clock_timestamp() - interval '1 microsecond')});
seal($copy);
is($copy->value(q{SELECT pgtoken.seal_claims(seal) ->> 'opened' LIKE 'restored to %' FROM pgtoken.audit_seals ORDER BY number DESC LIMIT 1}), 't', 'after_restore() begins a chain');
is(broken($copy), '', 'after_restore(): the seals hold');
$copy->quit;

# A month goes with its partition: its seals stay, what is left of it is told, and the next
# seal says so.
$admin->query(q{INSERT INTO pgtoken.reused_families VALUES (pgtoken.first_uuid('2020-01-02Z'), now())});
is_deeply([ $admin->column(q{SELECT detail FROM pgtoken.maintain() WHERE step = 'partition dropped'}) ], ['tokens_p2020_01 (1 rows of reused families kept)'], 'a month is dropped, but for a reused family');
my $retired = seal($admin);
is(broken($admin), '', 'and all that is left is what was sealed');
is($admin->value('SELECT finding FROM pgtoken.verify_audit() WHERE number = 1 AND redacted_by IS NULL'), '3 row(s) retired with their partitions', 'which tells what is gone');
($ok, $output) = program('seals', export($admin, 'retired', 'pgtoken.export_audit_seals()'), '--kid', $kid, '--held', $seals);
ok($ok, 'elsewhere as well') or diag($output);
like($output, qr/seal $retired: tokens of 2020-01 retired, 1 row/, 'and the program tells it');
holds('rows that are left of the first seal', 'rows', export($admin, 'left', 'pgtoken.export_audit_rows(1)'), '--seals', "$dir/retired", '--kid', $kid);
$admin->query('BEGIN');
$admin->query('ALTER TABLE pgtoken.tokens DISABLE TRIGGER append_only');
$admin->query(q{UPDATE pgtoken.tokens SET scope = 'admin' WHERE issued_at < '2020-02-01Z'});
like(broken($admin), qr/tokens of 2020-01 was retired, and what was left of it is not what is there/, 'Attack shut out: what is left of it is changed');
$admin->query('ROLLBACK');
$admin->query('BEGIN');
$admin->query('DROP TABLE pgtoken.tokens_reuse_2020_01');
like(broken($admin), qr/tokens of 2020-01 was retired, and what was left of it is not what is there/, 'or dropped');
$admin->query('ROLLBACK');

# Attack shut out: a month that is not over is said to be retired, by a seal as well.
$admin->query('BEGIN');
$admin->query('ALTER TABLE pgtoken.tokens DISABLE TRIGGER append_only');
$admin->query(q{INSERT INTO pgtoken.audit_retired (after_number, of_table, month, rows, root) SELECT $1, 'tokens', to_char(now() AT TIME ZONE 'UTC', 'YYYY-MM'), 0, '\x00'}, $retired);
$admin->query(q{DELETE FROM pgtoken.tokens WHERE subject = 'subject-1501'});
$admin->query(q{SELECT pgtoken.seal_audit('of what was not retired')});
finds('a month that was not over', qr/tokens of [\d-]+ retired before it was over/, 'seals', export($admin, 'not_over', 'pgtoken.export_audit_seals()'), '--kid', $kid);
finds('what was taken from it', qr/not the \d+ that were sealed/, 'rows', export($admin, 'emptied', 'pgtoken.export_audit_rows(1)'), '--seals', "$dir/not_over", '--kid', $kid);
$admin->query('ROLLBACK');

# Accident: a row with the time of a clock that was years behind lies where no seal looks.
$admin->query(q{INSERT INTO pgtoken.tokens SELECT (jsonb_populate_record(t, jsonb_build_object('generation', 9, 'issued_at', '2021-01-02Z', 'xact_id', pg_current_xact_id()))).*
	FROM pgtoken.tokens t WHERE t.grant_id = $1 AND generation = 0}, $late_family);
issue($admin, 'with it');
seal($admin);
like(broken($admin), qr/tokens of 2021-01: not sealed: 1 row/, 'a row of another time than its transaction is told');
$admin->quit;
$_->stop for $node, $copy_node;
done_testing();
