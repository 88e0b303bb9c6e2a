# Fault: processes of pgtoken_fastcgi are killed (kill -9), twenty times, or as often as
# PGTOKEN_KILLS says, while requests come.  The server starts anew each time, with the same socket: nothing that
# was answered is lost, what waits is answered afterwards, and the workers come back.
use strict;
use warnings;

use FindBin;
use lib $FindBin::RealBin;

use FastcgiTest;
use PgtokenTest;
use PostgreSQL::Test::Utils;
use Test::More;

use constant { KILLS => $ENV{PGTOKEN_KILLS} // 20, AT_ONCE => 6 };

my $path = PostgreSQL::Test::Utils::tempdir_short() . '/fcgi.sock';
my $node = new_cluster('fastcgi_crash', conf => socket_conf($path, restart_after_crash => 'on', 'pgtoken_fastcgi.workers' => 4));
my ($postmaster) = slurp_file($node->data_dir . '/postmaster.pid') =~ /^(\d+)/;
my $seed = srand;

stand_in(session($node));

# processes of ours, by their titles: no session lives long enough to ask
sub processes
{
	my ($title) = @_;

	return grep { /./ } map { /^\s*(\d+) postgres: .*pgtoken_fastcgi $title/ ? $1 : '' } split /\n/, `ps -o pid=,args= --ppid $postmaster`;
}

my (%answered, $cut, $killed);
for my $kill (1 .. KILLS)
{
	my @asked = map { [ "$kill.$_", begin_request($path, 'POST', "/keep?$kill.$_") ] } 1 .. AT_ONCE;
	# now and then the launcher, and at some moment of the requests
	my $title = rand() < 0.1 ? 'launcher' : 'worker';
	my @victims;

	wait_until("there is a $title", sub { @victims = processes($title) });
	select undef, undef, undef, rand 0.01;
	$killed += kill 'KILL', $victims[ rand @victims ];
	for (@asked)
	{
		my ($what, $socket) = @$_;
		my $answer = answer_of($socket);

		$answered{$what} = 1 if ($answer->{status} // '') eq '200';
		$cut++ if !defined $answer->{status};
	}
}
note(sprintf 'seed %d: %d killed, %d answered, %d cut off', $seed, $killed, scalar keys %answered, $cut // 0);
cmp_ok($killed, '>', KILLS / 2, 'processes were killed, but for those that had ended by themselves');
cmp_ok(scalar keys %answered, '>', 0, 'requests were answered meanwhile');
is(kill(0, $postmaster), 1, 'the server is the same');
wait_until('all workers are back', sub { processes('worker') == 4 });
pass('the workers come back');

my %kept;
wait_until('the server is back', sub { eval { %kept = map { $_ => 1 } session($node)->column('SELECT what FROM kept'); 1 } });
is_deeply([ grep { !$kept{$_} } sort keys %answered ], [], 'nothing that was answered is lost');
is(ask($path, 'POST', '/keep?last')->{status}, '200', 'and it goes on');

done_testing();
