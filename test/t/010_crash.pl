# Attack and accident: a server that dies after it has answered a refresh.  If
# the rotation were lost, an honest client would hold a token nobody knows while
# its predecessor, which may have been stolen, lived again; and a family that
# forked would hide a thief from reuse detection.  Every answered rotation must
# survive SIGKILL of the whole server, also with synchronous_commit = off
# (design 5: durable rotation), and a rotation that was committed but not
# answered must be given again by the retry rule (C59).
use strict;
use warnings;

use FindBin;
use lib $FindBin::RealBin;

use PgtokenTest;
use PostgreSQL::Test::Utils;
use Test::More;

use constant {
	CLIENTS => 6,
	ROUNDS => 4,
	ANSWERS_PER_ROUND => 240,
};

# The WAL writer is kept from making an unflushed commit durable by chance.
my $node = new_cluster(
	'crash', conf => q{
wal_writer_delay = 10s
wal_writer_flush_after = 1GB
autovacuum = off
max_connections = 20
});
my $admin = session($node);
my $secret = create_service($admin);
my $dir = PostgreSQL::Test::Utils::tempdir;

# one family per load client: half of them public, half confidential
my @families;
for my $i (0 .. CLIENTS - 1)
{
	my $client = $i % 2 ? 'app' : 'backend';
	my $token = $admin->value(
		q{SELECT refresh_token FROM pgtoken.issue_tokens($1, $2, 'read offline_access')}, $client, "user$i");

	push @families, { client => $client, secret => $i % 2 ? undef : $secret, answered => $token, journal => "$dir/$i" };
}

sub refresh
{
	my ($session, $family, $token) = @_;

	return $session->row('SELECT decision, refresh_token, error FROM pgtoken.refresh_grant($1, $2, $3)',
		$token, $family->{client}, $family->{secret});
}

# Refreshes until the server is gone, and writes down each answer when it has
# arrived: with it the server has said that the transaction is committed.
sub load
{
	my ($family, $synchronous_commit) = @_;
	my $token = $family->{answered};

	open my $journal, '>', $family->{journal} or die "journal: $!";
	eval {
		my $session = session($node);

		$session->query("SET synchronous_commit = $synchronous_commit");
		while (1)
		{
			my $answer = refresh($session, $family, $token);

			if ($answer->{decision} ne 'allow')
			{
				syswrite $journal, "refused $answer->{error}\n";
				last;
			}
			$token = $answer->{refresh_token};
			syswrite $journal, "$token\n";
		}
	};
	close $journal;
	return;
}

# the answers of this round; a line is whole when it ends
sub journal
{
	my ($family) = @_;
	my @lines = -e $family->{journal} ? slurp_file($family->{journal}) =~ /^(.*)\n/mg : ();

	return @lines;
}

# the whole server at once, as when the machine stops: nobody can clean up
sub kill_server
{
	my ($postmaster) = split /\n/, slurp_file($node->data_dir . '/postmaster.pid');
	my @backends = $admin->column('SELECT pid FROM pg_stat_activity');

	undef $admin;
	$node->kill9;
	kill 9, @backends;
	wait_until('all its processes are gone', sub { return !grep { kill 0, $_ } $postmaster, @backends; });
	return;
}

my $answered = 0;
my $unanswered = 0;
for my $round (1 .. ROUNDS)
{
	my $synchronous_commit = $round % 2 ? 'off' : 'on';
	my @children;

	for my $family (@families)
	{
		unlink $family->{journal};
		my $pid = fork // die "fork: $!";

		if ($pid == 0)
		{
			load($family, $synchronous_commit);
			# without what the parent would clean up
			require POSIX;
			POSIX::_exit(0);
		}
		push @children, $pid;
	}
	wait_until(
		'every client has got answers',
		sub {
			my @counts = map { scalar(my @lines = journal($_)) } @families;
			my $sum = 0;

			$sum += $_ for @counts;
			return $sum >= ANSWERS_PER_ROUND && !grep { $_ == 0 } @counts;
		});
	# one more client: its rotation commits, and its answer never arrives
	my $mute = $admin->value(q{SELECT refresh_token FROM pgtoken.issue_tokens('app', 'mute', 'read offline_access')});
	my ($mute_id) = grant_and_generation($mute);
	my $mute_session = session($node);
	$mute_session->query("SET synchronous_commit = $synchronous_commit");
	$mute_session->send_query('SELECT pgtoken.refresh_grant($1)', $mute);
	wait_until(
		'the rotation is committed',
		sub { return $admin->value('SELECT generation FROM pgtoken.grants WHERE grant_id = $1', $mute_id) == 1; });

	kill_server();
	waitpid $_, 0 for @children;

	$node->start;
	$admin = session($node);

	my $mute_answer = refresh($admin, { client => 'app' }, $mute);
	is($mute_answer->{decision}, 'allow', "round $round: a rotation that was committed and not answered is answered now (C59)");
	is((grant_and_generation($mute_answer->{refresh_token}))[1], 1, "round $round: with the successor that was made before the crash");

	my ($refused, $lost, $other, $dead) = (0, 0, 0, 0);
	for my $family (@families)
	{
		my @lines = journal($family);

		$refused += grep { /^refused/ } @lines;
		$answered += @lines;
		$family->{answered} = $lines[-1];

		my ($grant_id, $held) = grant_and_generation($family->{answered});
		my $stored = $admin->value('SELECT generation FROM pgtoken.grants WHERE grant_id = $1', $grant_id);
		if (!defined $stored || $stored < $held || $stored > $held + 1)
		{
			$lost++;
			next;
		}
		$unanswered++ if $stored == $held + 1;

		# the answer before the crash, asked for again after it
		if ($stored == $held && @lines > 1)
		{
			my $retry = refresh($admin, $family, $lines[-2]);
			$other++ if ($retry->{refresh_token} // '') ne $lines[-1];
		}

		# whether its successor was made before the crash or is made now, it is one
		my $first = refresh($admin, $family, $family->{answered});
		my $again = refresh($admin, $family, $family->{answered});
		my $next = refresh($admin, $family, $first->{refresh_token});
		$lost++ if $first->{decision} ne 'allow';
		$other++ if ($again->{refresh_token} // '') ne ($first->{refresh_token} // '-');
		$dead++ if $next->{decision} ne 'allow';
		$family->{answered} = $next->{refresh_token};
	}
	is($refused, 0, "round $round, synchronous_commit $synchronous_commit: no refresh refused under load");
	is($lost, 0, "round $round: no answered rotation lost (C59)");
	is($other, 0, "round $round: the predecessor gets the same successor again (C59)");
	is($dead, 0, "round $round: that successor works");
}
note "$answered answers; $unanswered rotations were committed and not answered";

cmp_ok($answered, '>=', ROUNDS * ANSWERS_PER_ROUND, 'the load was there');
is($admin->value('SELECT count(*) FROM pgtoken.grants WHERE revoked_at IS NOT NULL'), 0, 'no family was revoked');
is( $admin->value(
		q{SELECT count(*) FROM (SELECT FROM pgtoken.tokens WHERE retry = 0
		  GROUP BY grant_id, generation HAVING count(*) > 1) forked}),
	0,
	'no family forked: one child per generation (C60)');
is( $admin->value(
		q{SELECT count(*) FROM pgtoken.grants g
		  WHERE g.generation + 1 <> (SELECT count(*) FROM pgtoken.tokens t WHERE t.grant_id = g.grant_id AND t.retry = 0)}),
	0,
	'generations are without gap and end with the current one');
is( $admin->value(
		q{SELECT count(*) FROM pgtoken.tokens WHERE parent_generation IS DISTINCT FROM nullif(generation - 1, -1)}),
	0,
	'every answer was for the predecessor of what it gave');
is( $admin->value(
		q{SELECT count(*) FROM pgtoken.grants g JOIN pgtoken.tokens t USING (grant_id, generation)
		  WHERE t.token_hash <> g.current_hash}),
	0,
	'ledger and family agree on the current token');

$admin->quit;
$node->stop;
done_testing();
