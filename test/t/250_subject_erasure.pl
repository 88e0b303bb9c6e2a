# C161. Accident: a person was erased, and comes back with a dump that is restored, with a
# partition that nobody looked into, or as a token that holds again because the row
# which said that it does not is gone. An export and an erasure over months, dump and
# restore; and a copy of before the erasure, in which it has to be done once more.
use strict;
use warnings;

use FindBin;
use lib $FindBin::RealBin;

use JSON::PP;
use PgtokenTest;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = new_cluster('people');
my $dir = PostgreSQL::Test::Utils::tempdir;
my $s = session($node);
my $secret = create_service($s);
my $mark = 'a person of that name';

# what of JSON Schema our schema uses: the problems of a value, by their places
sub problems
{
	my ($value, $schema, $place) = @_;
	my %is = (
		object => sub { ref $_[0] eq 'HASH' },
		array => sub { ref $_[0] eq 'ARRAY' },
		null => sub { !defined $_[0] },
		string => sub { defined $_[0] && !ref $_[0] },
		integer => sub { defined $_[0] && !ref $_[0] && $_[0] =~ /\A-?\d+\z/ });
	my @types = ref $schema->{type} ? @{ $schema->{type} } : $schema->{type} // ();
	my @found;

	push @found, "$place is not " . join ' or ', @types if @types && !grep { $is{$_}->($value) } @types;
	push @found, "$place is not $schema->{const}" if exists $schema->{const} && $value ne $schema->{const};
	if (ref $value eq 'HASH')
	{
		my $members = $schema->{properties} // {};
		my $others = exists $schema->{additionalProperties} ? $schema->{additionalProperties} : {};

		push @found, map { "$place.$_ is missing" } grep { !exists $value->{$_} } @{ $schema->{required} // [] };
		for my $name (sort keys %$value)
		{
			my $of = $members->{$name} // $others;

			push @found, ref $of eq 'HASH' ? problems($value->{$name}, $of, "$place.$name") : $of ? () : "$place.$name is not known";
		}
	}
	elsif (ref $value eq 'ARRAY' && $schema->{items})
	{
		push @found, map { problems($value->[$_], $schema->{items}, "$place\[$_]") } 0 .. $#$value;
	}
	return @found;
}

my $schema = decode_json(slurp_file("$FindBin::RealBin/../../docs/subject_export.schema.json"));

# an export is JSON with characters, as the session gives them
sub export { return JSON::PP->new->decode($_[0]->value(q{SELECT pgtoken.export_subject($1)}, $_[1])); }
sub holds { return defined $_[0]->value('SELECT pgtoken.verify_access_token($1)', $_[1]{access_token}) ? 1 : 0; }
sub refreshes { return $_[0]->row(q{SELECT decision, error, access_token, refresh_token FROM pgtoken.refresh_grant($1, 'backend', $2, context => $3)}, $_[1]{refresh_token}, $secret, encode_json({ user_agent => $mark })); }

# rows that hold the mark, by their tables
sub marked
{
	my ($in) = @_;
	my %found;

	for my $table ($in->column(q{SELECT relname FROM pg_class WHERE relnamespace = 'pgtoken'::regnamespace AND relkind IN ('r', 'p') AND NOT relispartition ORDER BY 1}))
	{
		my $n = $in->value("SELECT count(*) FROM pgtoken.$table t WHERE t::text LIKE '%' || \$1 || '%'", $mark);

		$found{$table} = $n if $n > 0;
	}
	return \%found;
}

# --- months of somebody's life ----------------------------------------------------

sub issue { return $_[0]->row(q{SELECT grant_id, access_token, refresh_token FROM pgtoken.issue_tokens('backend', $1, 'openid offline_access read', context => $2)}, $_[1], encode_json({ user_agent => $_[2] })); }

my $subject = "$mark, 42";
my %family = map { $_ => issue($s, $subject, $mark) } qw(old new);
my $bystander = issue($s, 'somebody else', 'another');
is(refreshes($s, $family{old})->{decision}, 'allow', 'a family is refreshed');
$s->query(q{SELECT pgtoken.enroll_factor($1, 'totp', '{}', $1)}, $subject);
$s->query(q{INSERT INTO pgtoken.consents VALUES ($1, 'backend', 'https://api.example', '{read}', now(), now())}, $subject);

# what the older family has is of another month, in a partition of its own: the rows are
# written anew as they would have been then
$s->query('SELECT * FROM pgtoken.maintain()');
for my $table (qw(tokens audit_rows))
{
	my $time = $table eq 'tokens' ? 'issued_at' : 'occurred_at';

	$s->query("CREATE TEMP TABLE then_$table AS SELECT * FROM pgtoken.$table WHERE grant_id = '$family{old}{grant_id}'");
	$s->query("UPDATE then_$table SET $time = $time - interval '70 days'" . ($table eq 'tokens' ? ", jti = 'then.' || jti" : ', event_id = gen_random_uuid()'));
	$s->query("INSERT INTO pgtoken.$table SELECT * FROM then_$table");
}
is($s->value(q{SELECT count(DISTINCT tableoid) FROM pgtoken.tokens WHERE subject = $1}, $subject), 2, 'what there is lies in two partitions');

my $export = export($s, $subject);
is_deeply([ problems($export, $schema, 'export') ], [], 'the export is as the schema says');
is_deeply($schema->{properties}{held}{required}, [ grep { !/^(tokens|audit_rows)$/ } sort keys %{ $export->{held} } ], 'and the schema knows each table');
is(scalar @{ $export->{held}{grants} }, 2, 'both families are in it');
is(scalar @{ $export->{held}{tokens} }, $s->value(q{SELECT count(*) FROM pgtoken.tokens WHERE subject = $1}, $subject), 'and every answer, of all months');
is(scalar(grep { $_->{event} eq 'factor.created' } @{ $export->{held}{audit_rows} }), 1, 'and what happened');
unlike(encode_json($export), qr/somebody else/, 'nobody else is');
is_deeply([ problems({ %$export, version => 2, more => 1 }, $schema, 'export') ], [ 'export.more is not known', 'export.version is not 1' ], 'the schema does look');

# a copy of before, as a backup is one
my $before = "$dir/before.dump";
command_ok([ 'pg_dump', '-Fc', '--no-sync', '-f', $before, $node->connstr('postgres') ], 'a dump of before');

my $sealed = $s->value(q{SELECT to_regproc('pgtoken.seal_audit') IS NOT NULL}) eq 't';
$s->query($_) for $sealed ? ('SELECT pgtoken.create_audit_key()', 'SELECT pgtoken.seal_audit()') : ();

# --- erased -----------------------------------------------------------------------

my $rows = $s->value('SELECT count(*) FROM pgtoken.audit_events');
my $erased = decode_json($s->value(q{SELECT pgtoken.erase_subject($1, 'request 17')}, $subject));
is($erased->{rows}{grants}, 2, 'both families are emptied');
is_deeply(marked($s), { subject_erasures => 1, subject_not_before => 1 }, 'the mark is nowhere else, in no month');
cmp_ok($s->value('SELECT count(*) FROM pgtoken.audit_events'), '>', $rows, 'no row of the audit is gone');
is(holds($s, $family{$_}), 0, "$_: its access token is refused") for qw(old new);
is(refreshes($s, $family{new})->{error}, 'invalid_grant', 'and its refresh token');
is(holds($s, $bystander), 1, 'somebody else\'s holds');
is($s->value(q{SELECT count(*) FROM pgtoken.audit_events WHERE event = 'subject.erased' AND detail ->> 'erasure_id' = $1 AND reason = 'request 17'}, $erased->{erasure_id}), 1, 'the erasure is on record by its id');

# --- over dump and restore --------------------------------------------------------

sub restored
{
	my ($name, $dump) = @_;

	$node->safe_psql('postgres', "CREATE DATABASE $name TEMPLATE template0");
	command_ok([ 'pg_restore', '-d', $node->connstr($name), $dump ], "restored: $name");
	return session($node, dbname => $name);
}

my $after = "$dir/after.dump";
command_ok([ 'pg_dump', '-Fc', '--no-sync', '-f', $after, $node->connstr('postgres') ], 'a dump of after');
my $r = restored('after', $after);
is_deeply(marked($r), { audit_rows => 1, subject_erasures => 1, subject_not_before => 1 }, 'what was erased is not in a dump of later, but what his browser has asked for since');
is(holds($r, $family{$_}), 0, "$_: refused there as well") for qw(old new);
is(holds($r, $bystander), 1, 'somebody else\'s holds there');
is($r->value('SELECT count(*) FROM pgtoken.audit_events'), $s->value('SELECT count(*) FROM pgtoken.audit_events'), 'the audit is there, whole');

# two days later, here as there, nothing knows the id
for ([ 'here', $s ], [ 'restored', $r ])
{
	my ($where, $in) = @$_;

	$in->query(q{UPDATE pgtoken.subject_erasures SET erased_at = erased_at - interval '3 days'});
	$in->query(q{UPDATE pgtoken.grants SET revoked_at = revoked_at - interval '3 days' WHERE subject = ''});
	is_deeply([ $in->column(q{SELECT detail FROM pgtoken.maintain() WHERE step ~ 'erasures|erased' ORDER BY step}) ], [ 1, 2 ], "$where: maintain() finishes the erasure");
	is_deeply(marked($in), {}, "$where: the mark is nowhere");
	is(holds($in, $family{$_}), 0, "$where, $_: still refused") for qw(old new);
}

# Attack shut out: a backup of before brings the person back. It does, which is what
# operations.md says: the erasures since then are done once more.
my $back = restored('before', $before);
ok(marked($back)->{grants}, 'a backup of before has what was erased');
is(holds($back, $family{new}), 1, 'and its tokens hold');
is(decode_json($back->value(q{SELECT pgtoken.erase_subject($1, 'request 17, after a restore')}, $subject))->{rows}{grants}, 2, 'erased once more');
is_deeply(marked($back), { subject_erasures => 1, subject_not_before => 1 }, 'the mark is nowhere else');
is(holds($back, $family{new}), 0, 'and its tokens are refused');

# what was sealed before he was erased still is what it was
SKIP:
{
	skip 'the audit is not sealed', 2 unless $sealed;
	$s->query('SELECT pgtoken.seal_audit()');
	is($s->value('SELECT count(*) FROM pgtoken.verify_audit() WHERE NOT ok'), 0, 'the audit verifies');
	cmp_ok($s->value('SELECT count(*) FROM pgtoken.verify_audit() WHERE redacted_by IS NOT NULL'), '>', 0, 'and says what was redacted');
}

$node->stop;
done_testing();
