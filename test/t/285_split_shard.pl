# A database becomes two while it is used: cloned by PostgreSQL's own means, promoted, and
# each told which shard it is; then each forgets what is the other's.
#
# Attack and accident: a family that goes on in both databases has two living successors
# of one token, and a revocation in the one does not reach the other. So what was not
# forgotten yet is refused where it does not lie.
use strict;
use warnings;

use FindBin;
use lib $FindBin::RealBin;

use Digest::SHA qw(sha256);
use JSON::PP;
use PgtokenTest;
use PostgreSQL::Test::Utils qw(slurp_file append_to_file);
use POSIX ();
use Test::More;
use Time::HiRes qw(sleep);

use constant { WORKERS => 3, SUBJECTS => 24, LOOSE => 40 };

my $old = new_cluster('shard0', init => { allows_streaming => 1 }, conf => "autovacuum = off\n");
my $admin = session($old);
$admin->query(q{CREATE ROLE service LOGIN});
$admin->query('CREATE DATABASE service');
my $o = session($old, dbname => 'service');
create_service($o);
$o->query('GRANT pgtoken_admin TO service');
$o->query(q{SELECT pgtoken.update_issuer('https://id.example', status_lists => true)});
$o->query(q{SELECT pgtoken.create_audit_key()});
$o->query(q{SELECT pgtoken.create_client('stream', metadata => '{"token_endpoint_auth_method": "client_secret_basic"}')});
$o->query(q{SELECT pgtoken.create_signal_stream('stream')});

# what people have
my @subjects = map { "user-$_" } 1 .. SUBJECTS;
sub issue { my ($session, $subject) = @_; return $session->row(q{SELECT * FROM pgtoken.issue_tokens('app', subject => $1, scope => 'openid read offline_access', context => '{"ip": "192.0.2.7"}')}, $subject); }
my %kept = map { $_ => issue($o, $_) } @subjects;
for my $subject (@subjects)
{
	$o->query(q{SELECT pgtoken.enroll_factor($1, 'external')}, $subject);
	$o->query(q{SELECT pgtoken.import_consent('app', $1, '{read}')}, $subject);
	$o->query(q{SELECT pgtoken.block_subject($1, end_sessions => false)}, "$subject-blocked");
	$o->query('SELECT pgtoken.blacklist_token($1::text)', issue($o, $subject)->{access_token});
}
# ids that were made before they carried a placement
$o->query('INSERT INTO pgtoken.reused_families SELECT gen_random_uuid(), now() FROM generate_series(1, $1::integer)', LOOSE);
$o->query('SELECT pgtoken.seal_audit()');

# --- traffic: processes of their own, which know where a token lies by the list of shards ----

my $dir = PostgreSQL::Test::Utils::tempdir;
sub write_list { my @nodes = @_; append_to_file("$dir/list.new", encode_json([ map { [ $_->host, $_->port ] } @nodes ])); rename "$dir/list.new", "$dir/list" or die; return; }
write_list($old);

sub PgtokenTest::Address::host { return $_[0][0]; }
sub PgtokenTest::Address::port { return $_[0][1]; }

# an answered refresh is one line: grant_id generation
sub work
{
	my ($n) = @_;
	my (%session, %token, $answered);
	open my $log, '>', "$dir/answered.$n" or die;
	$log->autoflush;
	my @mine = grep { /(\d+)$/ && $1 % WORKERS == $n } @subjects;

	for (my $i = 0; !-e "$dir/stop"; $i++)
	{
		my $subject = $mine[ $i % @mine ];
		my $list = decode_json(slurp_file("$dir/list"));
		my $at = (unpack('n', sha256($subject)) >> 2) % @{$list};
		my $key = join ':', @{ $list->[$at] };

		my $answer = eval {
			$session{$key} //= session(bless([ @{ $list->[$at] } ], 'PgtokenTest::Address'), dbname => 'service', user => 'service');
			$token{$subject} //= issue($session{$key}, $subject)->{refresh_token};
			$session{$key}->row(q{SELECT decision, error, refresh_token FROM pgtoken.refresh_grant($1, client_id => 'app')}, $token{$subject});
		};
		if (!$answer)
		{
			# nobody answers, or sends elsewhere: the same token again
			print {$log} 'wrong: ', $@->{message}, "\n" if ref $@ && $@->{sqlstate} !~ /^(08|57|53300|22023)/;
			delete $session{$key};
			sleep 0.02;
			next;
		}
		if (($answer->{decision} // '') ne 'allow') { print {$log} 'refused: ', $answer->{error} // '', "\n"; last; }
		$token{$subject} = $answer->{refresh_token};
		print {$log} join(' ', grant_and_generation($answer->{refresh_token})), "\n";
		sleep 0.01;
	}
	append_to_file("$dir/left.$n", encode_json(\%token));
	return;
}
sub answered { return map { my $file = $_; -e $file ? (split /\n/, slurp_file($file)) : () } glob "$dir/answered.*"; }
sub answers_go_on { my ($what) = @_; my $n = answered(); wait_until($what, sub { answered() > $n + 3 * SUBJECTS }); return; }

my @workers;
for my $n (0 .. WORKERS - 1)
{
	my $pid = fork // die;
	if ($pid == 0) { eval { work($n); 1 } or append_to_file("$dir/answered.$n", "died: $@\n"); POSIX::_exit(0); }
	push @workers, $pid;
}
END { local $?; append_to_file("$dir/stop", '') if $dir; }
answers_go_on('there is traffic');

# --- the clone -----------------------------------------------------------------------

my $new = PostgreSQL::Test::Cluster->new('shard1');
$old->backup('clone');
$new->init_from_backup($old, 'clone', has_streaming => 1);
$new->start;
answers_go_on('the clone follows, and traffic goes on');

# the moment of the switch: nobody is let in, who is there is sent away, and the clone has all that was answered
my $began = Time::HiRes::time();
$admin->query('ALTER DATABASE service CONNECTION LIMIT 0');
$admin->query(q{SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = 'service' AND usename = 'service'});
wait_until('they are gone', sub { $admin->value(q{SELECT count(*) FROM pg_stat_activity WHERE datname = 'service' AND usename = 'service'}) == 0 });
$admin->query(q{ALTER DATABASE service SET pgtoken.shard = '0/2'});
$old->wait_for_catchup($new, 'replay', $old->lsn('flush'));
$new->promote;
my $new_admin = session($new);
$new_admin->query(q{ALTER DATABASE service SET pgtoken.shard = '1/2'});
write_list($old, $new);
$_->query('ALTER DATABASE service CONNECTION LIMIT -1') for $admin, $new_admin;
note(sprintf 'nobody was let in for %.1f seconds', Time::HiRes::time() - $began);
answers_go_on('traffic goes on, on both');

my @shard = map { session($_, dbname => 'service') } $old, $new;
is($shard[$_]->value('SHOW pgtoken.shard'), "$_/2", "shard $_ knows itself") for 0 .. 1;
sub shard_of { return $shard[0]->value('SELECT pgtoken.shard_of_subject($1, 2)', $_[0]); }
my @moved = grep { shard_of($_) == 1 } @subjects;
my @stayed = grep { shard_of($_) == 0 } @subjects;
cmp_ok(scalar @moved, '>', 3, 'some subjects have moved');
my $mistaken = q{SELECT pgtoken.refresh_grant($1, client_id => 'app')};
is($shard[0]->sqlstate($mistaken, $kept{ $moved[0] }{refresh_token}), '22023', 'a family that has moved is not refreshed where it was, though it is not forgotten yet');
is($shard[1]->sqlstate($mistaken, $kept{ $stayed[0] }{refresh_token}), '22023', 'nor one that stayed where it was copied to');
is($shard[0]->sqlstate('SELECT pgtoken.verify_access_token($1)', $kept{ $moved[0] }{access_token}), '22023', 'nor is its access token judged by who does not know its end');

# --- each forgets what is the other's ---------------------------------------------------

is($shard[0]->sqlstate('CALL pgtoken.forget_foreign_families(1, 2)'), '55000', 'not what pgtoken.shard does not say');
is($shard[0]->sqlstate('CALL pgtoken.forget_foreign_families(0, 4)'), '55000', 'nor for another number of shards');
is($shard[0]->sqlstate('CALL pgtoken.forget_foreign_families(0, 2, 0)'), '22023', 'nor nothing at a time');
$shard[0]->query('BEGIN');
is($shard[0]->sqlstate('CALL pgtoken.forget_foreign_families(0, 2)'), '25001', 'nor in a transaction that is somebody else\'s');
$shard[0]->query('ROLLBACK');

sub count { my ($session, $table, $where) = @_; return $session->value("SELECT count(*) FROM pgtoken.$table t WHERE " . ($where // 'true')); }
my %before = map { my $table = $_; $table => [ map { count($_, $table) } @shard ] } qw(factors consents subject_blocks reused_families);
my $signals = count($shard[0], 'signals') + count($shard[1], 'signals');
my $sealed = $shard[0]->value('SELECT max(number) FROM pgtoken.audit_seals');
$_->query('CALL pgtoken.forget_foreign_families($1, 2, 7, $2)', $_ == $shard[0] ? 0 : 1, '0.001s') for @shard;
answers_go_on('traffic has gone on meanwhile');

for my $n (0 .. 1)
{
	is($shard[$n]->value(q{SELECT string_agg(f.table_name, ',') FROM pgtoken.foreign_tables($1, 2) f WHERE f.foreign_rows IS NOT NULL
		AND (xpath('/row/n/text()', query_to_xml(format('SELECT count(*) AS n FROM pgtoken.%I t WHERE %s', f.table_name, f.foreign_rows), false, true, '')))[1]::text <> '0'}, $n),
		undef, "shard $n has no row of the other");
	is(count($shard[$n], 'tokens', "num_nonnulls(t.subject, t.personal, t.client_addr, t.context) > 0 AND pgtoken.shard_of(t.grant_id, 2) <> $n"), 0, 'and its ledger tells of nobody there');
	is(count($shard[$n], 'audit_rows', "pgtoken.shard_of_subject(t.subject, 2) <> $n"), 0, 'nor does its audit');
	is($shard[$n]->value('SELECT count(*) FROM pgtoken.verify_audit() v WHERE NOT v.ok'), 0, 'seals hold');
	$shard[$n]->query('SELECT pgtoken.seal_audit()');
	is($shard[$n]->value('SELECT count(*) FROM pgtoken.verify_audit() v WHERE NOT v.ok'), 0, 'and the next');
	cmp_ok($shard[$n]->value('SELECT max(number) FROM pgtoken.audit_seals'), '>', $sealed, 'there is one');
	is($shard[$n]->value(q{SELECT reason FROM pgtoken.audit_chains ORDER BY after_number DESC, opened_at DESC LIMIT 1}), "shard $n of 2", 'of a chain of its own');
	cmp_ok($shard[$n]->value(q{SELECT sum((detail ->> 'rows')::integer) FROM pgtoken.audit_events WHERE event = 'shard.forgotten'}), '>', 0, 'what was forgotten is audited');
}
isnt($shard[0]->value('SELECT chain FROM pgtoken.audit_seals ORDER BY number DESC LIMIT 1'), $shard[1]->value('SELECT chain FROM pgtoken.audit_seals ORDER BY number DESC LIMIT 1'), 'the two chains are two');
for my $table (sort keys %before)
{
	is(count($shard[0], $table) + count($shard[1], $table), $before{$table}[0], "$table: each row is on one of the two");
	cmp_ok($_, '>', 0, 'and some on each') for map { count($_, $table) } @shard;
}
is(count($shard[0], 'signals', q{t.event = 'credential-change' AND t.payload ->> 'change_type' = 'delete' OR t.event = 'account-enabled'}), 0, 'nobody was told that a factor has gone, or a block');

# --- nothing that was answered is lost ---------------------------------------------------

append_to_file("$dir/stop", '');
waitpid $_, 0 for @workers;
my @answered = answered();
is(join(' | ', grep { !/^[0-9a-f-]{36} \d+$/ } @answered), '', 'no refresh was refused, none failed otherwise');
my %generations;
push @{ $generations{ (split)[0] } }, (split)[1] for @answered;
is(scalar(grep { my $g = $generations{$_}; grep { $g->[$_] != $g->[ $_ - 1 ] + 1 } 1 .. $#{$g} } keys %generations), 0, 'no family has forked: each answer follows the one before');
for my $n (0 .. 1)
{
	my @here = grep { $shard[$n]->value('SELECT pgtoken.shard_of($1::uuid, 2)', $_) == $n } keys %generations;
	is(scalar(grep { ($shard[$n]->value('SELECT generation FROM pgtoken.grants WHERE grant_id = $1', $_) // -1) < $generations{$_}[-1] } @here), 0, "shard $n has what it has answered");
	is(scalar(grep { $shard[ 1 - $n ]->value('SELECT count(*) FROM pgtoken.grants WHERE grant_id = $1', $_) } @here), 0, 'and nobody else has');
}
my %left = map { %{ decode_json(slurp_file($_)) } } glob "$dir/left.*";
is(scalar(keys %left), SUBJECTS, 'everybody has a token');
my (@signed_out, @far);
for my $token ((map { $kept{$_}{refresh_token} } @subjects), values %left)
{
	my $n = $shard[0]->value('SELECT pgtoken.shard_of($1::text, 2)', $token);
	my $answer = $shard[$n]->row(q{SELECT decision, grant_id, access_token FROM pgtoken.refresh_grant($1, client_id => 'app')}, $token);

	push @signed_out, $token if $answer->{decision} ne 'allow';
	push @far, $token if $shard[$n]->value('SELECT (status_series & 16383) % 2 FROM pgtoken.grants WHERE grant_id = $1', $answer->{grant_id}) != $n;
}
is(scalar @signed_out, 0, 'no one is signed out');
is(scalar @far, 0, 'each family has a place in a list of its own shard');
is($shard[0]->row($mistaken =~ s/SELECT/SELECT error FROM/r, $kept{ $moved[1] }{refresh_token})->{error}, 'invalid_grant', 'what was forgotten is not known any more');
is($shard[1]->value('SELECT pgtoken.verify_access_token($1)', issue($shard[1], $moved[0])->{access_token}) ? 1 : 0, 1, 'the new shard issues');
my %again = map { $_ => $shard[$_]->value(q{SELECT count(*) FROM pgtoken.audit_rows WHERE event = 'shard.forgotten'}) } 0 .. 1;
$shard[$_]->query('CALL pgtoken.forget_foreign_families($1, 2)', $_) for 0 .. 1;
is($shard[$_]->value(q{SELECT count(*) FROM pgtoken.audit_rows WHERE event = 'shard.forgotten'}), $again{$_}, 'called again it finds nothing') for 0 .. 1;
# a number that is another database's, in the setting too: all would go, and nobody else has it
issue($shard[0], $stayed[0]) for 1 .. 40;
$shard[0]->query(q{SET pgtoken.shard = '1/2'});
my $families = count($shard[0], 'grants');
is($shard[0]->sqlstate('CALL pgtoken.forget_foreign_families(1, 2)'), '55000', 'not where nothing is of the shard that it is told to be');
is(count($shard[0], 'grants'), $families, 'and nothing is gone');

done_testing();
