# Attack and accident: a caller who sets synchronous_commit aside, for the speed
# of it or to have a revocation forgotten.  What answers a client or cuts access
# off is on disk when COMMIT returns, whatever the session has set, before or
# after the call (C59, C61).  010_crash.pl shows what that is good for; here the
# write-ahead log says it of each function.
use strict;
use warnings;

use FindBin;
use lib $FindBin::RealBin;

use PgtokenTest;
use PostgreSQL::Test::Utils;
use Test::More;

# The WAL writer is kept from flushing what was left unflushed.
my $node = new_cluster(
	'durability', conf => q{
synchronous_commit = off
wal_writer_delay = 10s
wal_writer_flush_after = 1GB
autovacuum = off
});
my $s = session($node);
my $secret = create_service($s);
my $secret_id = $s->value('SELECT secret_id FROM pgtoken.client_secrets');
is($s->value('SHOW synchronous_commit'), 'off', 'synchronous_commit is off');

# The end of the WAL before COMMIT lies before the commit record: when that much
# is flushed and COMMIT has added something to it, the record may still not be;
# so a little more is asked for than was there.
sub flushed
{
	my ($begin, $statement, @values) = @_;

	$s->query($begin);
	$s->query($statement, @values);
	$s->query('SET LOCAL synchronous_commit = off');
	my $before = $s->value('SELECT pg_current_wal_insert_lsn()');
	$s->query('COMMIT');
	return $s->value('SELECT pg_current_wal_flush_lsn() > $1::pg_lsn', $before) eq 't';
}

sub issue { return $s->row(q{SELECT * FROM pgtoken.issue_tokens('app', 'alice', 'read offline_access')}); }

use constant REFRESH => q{SELECT decision FROM pgtoken.refresh_grant($1, 'app')};

sub rotate { return flushed($_[0], REFRESH, issue()->{refresh_token}); }

for my $isolation ('READ COMMITTED', 'SERIALIZABLE')
{
	my $begin = "BEGIN ISOLATION LEVEL $isolation";
	my $token = issue()->{refresh_token};
	my $successor = $s->value('SELECT refresh_token FROM pgtoken.refresh_grant($1)', issue()->{refresh_token});

	ok(flushed($begin, REFRESH, $token), "$isolation: a rotation");
	ok(flushed($begin, REFRESH, $token), "$isolation: its retry");
	ok(flushed($begin, q{SELECT pgtoken.issue_tokens('app', 'bob', 'read offline_access')}), "$isolation: a first issue");
	ok(flushed($begin, 'SELECT pgtoken.revoke_family($1::text)', $token), "$isolation: a revocation");
	ok(flushed($begin, 'SELECT pgtoken.blacklist_token($1)', $successor), "$isolation: a blacklisted refresh token");
	ok(flushed($begin, 'SELECT pgtoken.blacklist_token($1)', issue()->{access_token}), "$isolation: a blacklisted access token");
	ok(flushed($begin, q{SELECT pgtoken.update_client('app', enabled => true)}), "$isolation: a changed client");

	# a reuse ends its family
	my $first = issue()->{refresh_token};
	my $stolen = $first;
	$first = $s->value('SELECT refresh_token FROM pgtoken.refresh_grant($1)', $first) for 1 .. 2;
	ok(flushed($begin, REFRESH, $stolen), "$isolation: a reuse");
	is($s->value('SELECT revoke_reason IS NOT NULL FROM pgtoken.grants WHERE grant_id = pgtoken.grant_of($1)', $stolen),
		't', "$isolation: which was one");
}
ok(flushed('BEGIN', 'SELECT pgtoken.revoke_client_secret($1, $2)', 'backend', $secret_id), 'a revoked client secret');
ok( flushed('BEGIN', q{SELECT pgtoken.retire_signing_key(kid) FROM pgtoken.signing_keys WHERE state = 'active'}),
	'a retired signing key');
$s->query('SELECT pgtoken.create_signing_key()') if $s->value(q{SELECT count(*) FROM pgtoken.signing_keys WHERE state = 'active'}) == 0;

# also within a subtransaction
$s->query('BEGIN');
$s->query('SAVEPOINT before');
$s->query(REFRESH, issue()->{refresh_token});
$s->query('RELEASE SAVEPOINT before');
$s->query('SET LOCAL synchronous_commit = off');
my $before = $s->value('SELECT pg_current_wal_insert_lsn()');
$s->query('COMMIT');
is($s->value('SELECT pg_current_wal_flush_lsn() > $1::pg_lsn', $before), 't', 'a rotation in a subtransaction');

# Who switches it off gets the speed; and the test would have noticed.  The WAL
# writer may come by once, but not each time.
$s->query('SET pgtoken.durable_rotation = off');
my $unflushed = grep { !rotate('BEGIN') } 1 .. 5;
cmp_ok($unflushed, '>', 0, 'with pgtoken.durable_rotation = off a rotation need not be flushed');
$s->query('RESET pgtoken.durable_rotation');
is(scalar(grep { !rotate('BEGIN') } 1 .. 5), 0, 'and on again it is');

$s->quit;
$node->stop;
done_testing();
