# Accident: an index, a column or a second row comes to the way of each refresh, and
# disks, backups and standbys pay for it for ever.  What one refresh and one
# revocation keep and write to the WAL is counted here as make bench counts it, with
# room for what versions of PostgreSQL, and the names of roles and sessions, differ in.
use strict;
use warnings;

use FindBin;
use lib $FindBin::RealBin;

use PgtokenTest;
use Test::More;

# a checkpoint in between would bring page images, and a vacuum work of its own
my $node = new_cluster(
	'bytes', conf => q{
autovacuum = off
checkpoint_timeout = 1h
max_wal_size = 4GB
synchronous_commit = off
});
my $admin = session($node);
my $secret = create_service($admin);

$admin->query('CREATE SCHEMA bench');
$node->command_ok([ 'psql', '-X', '-q', '-v', 'ON_ERROR_STOP=1', '-d', $node->connstr('postgres'), '-f', "$FindBin::RealBin/../../bench/bytes.sql" ],
	'what make bench counts with');
$admin->query('SET pgtoken.durable_rotation = off');
$admin->query('SELECT step FROM pgtoken.maintain()');
$admin->query('CHECKPOINT');
$admin->query(
	sprintf q{CALL bench.measure_bytes('backend', '%s', 'read offline_access',
		'{"ip": "203.0.113.7", "user_agent": "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0", "session_id": "5f0c1d7e"}', 1000)},
	$secret);

my %goal = ('refresh: kept' => 650, 'refresh: wal' => 1100, 'revocation: kept' => 400, 'revocation: wal' => 750);
for my $what (sort keys %goal)
{
	my $bytes = $admin->value('SELECT round(bytes) FROM bench.bytes WHERE what = $1', $what);

	cmp_ok($bytes, '<=', $goal{$what}, "$what: $bytes bytes");
	cmp_ok($bytes, '>', 0, "$what was counted");
}

done_testing;
