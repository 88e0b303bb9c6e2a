# pgtoken_fastcgi on a standby: what can be read is answered, what writes is not; after
# a promotion both are, by the same workers.  Fault: a database that the primary drops
# is dropped on the standby, and its workers stay away.
use strict;
use warnings;

use FindBin;
use lib $FindBin::RealBin;

use FastcgiTest;
use PgtokenTest;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $dir = PostgreSQL::Test::Utils::tempdir_short();
my $primary = new_cluster('fastcgi_primary', init => { allows_streaming => 1 }, conf => "max_worker_processes = 40\n");
my $s = session($primary);

stand_in($s);
$s->query('CREATE DATABASE gone');
$primary->backup('base');
my $standby = PostgreSQL::Test::Cluster->new('fastcgi_standby');
$standby->init_from_backup($primary, 'base', has_streaming => 1);
$standby->append_conf('postgresql.conf', socket_conf("$dir/fcgi.sock", 'pgtoken_fastcgi.listen' => "'postgres=$dir/fcgi.sock, gone=$dir/gone.sock'"));
$standby->start;

my $path = "$dir/fcgi.sock";
my $on_standby = session($standby);

sub workers
{
	return $on_standby->column(q{SELECT pid FROM pg_stat_activity WHERE backend_type = 'pgtoken_fastcgi worker' AND datname = $1 ORDER BY pid}, $_[0]);
}

wait_until('the standby is served', sub { workers('postgres') == 3 && workers('gone') == 3 });
is(ask($path, 'GET', '/echo')->{status}, '200', 'a standby answers what it can read');
is(ask($path, 'POST', '/keep?early')->{status}, '500', 'and nothing that writes');

$s->query('DROP DATABASE gone');
wait_until('the drop is replayed', sub { !$on_standby->value(q{SELECT count(*) FROM pg_database WHERE datname = 'gone'}) });
is(ask("$dir/gone.sock", 'GET', '/echo')->{status}, '503', 'a database that was dropped: 503');
is(scalar workers('gone'), 0, 'and its workers stay away');

my @before = workers('postgres');
$standby->promote;
wait_until('it is promoted', sub { $on_standby->value('SELECT NOT pg_is_in_recovery()') eq 't' });
is(ask($path, 'POST', '/keep?promoted')->{status}, '200', 'after a promotion it writes');
is_deeply([ workers('postgres') ], \@before, 'by the same workers');
is($on_standby->value(q{SELECT count(*) FROM kept WHERE what = 'promoted'}), 1, 'what it has said');
is(scalar(() = slurp_file($standby->logfile) =~ /"gone" at .*: the database does not exist/g), 1, 'the log says once what is missing');

done_testing();
