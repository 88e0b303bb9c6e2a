# Status lists where more happens than one server sees: as an API reads them that has
# nothing but zlib and the bits, on a standby, after a crash, over two-phase commit and
# over dump and restore.
#
# Attack: a revoked token is taken to an API that reads lists at a replica, or right
# after a crash; or a family gets the place of one that a prepared transaction still
# has, so that the end of one is taken for the other's.
use strict;
use warnings;

use FindBin;
use lib $FindBin::RealBin;

use Compress::Zlib qw(uncompress);
use JSON::PP;
use MIME::Base64 qw(decode_base64url);
use PgtokenTest;
use PostgreSQL::Test::Utils qw(command_ok);
use Test::More;

my $primary = new_cluster('lists', init => { allows_streaming => 1 }, conf => <<'CONF');
max_prepared_transactions = 4
# however long this takes, a list is as new as age() leaves it
pgtoken.status_list_ttl = 2h
# what has notified cannot be prepared
pgtoken.http_notify_channel = ''
CONF
my $p = session($primary);
create_service($p);
my $issuer = $p->value('SELECT issuer FROM pgtoken.issuers WHERE is_default');
$p->query('SELECT pgtoken.update_issuer($1, status_lists => true)', $issuer);

sub claims { return decode_json(decode_base64url((split /\./, $_[0])[1])); }

sub issue
{
	my ($session, $subject) = @_;

	return $session->row(q{SELECT grant_id, access_token FROM pgtoken.issue_tokens('app', $1, 'read offline_access')}, $subject);
}

# What an API does: fetch the list that the token names, and look at the bit; 404: it refuses.
sub status_of
{
	my ($session, $token) = @_;
	my $status = claims($token)->{status}{status_list};
	my $answer = http_request($session, GET => $status->{uri} =~ s/^\Q$issuer\E//r);

	return $answer->{status} if $answer->{status} != 200;
	my $list = claims($answer->{body});
	return 'another list' if $list->{sub} ne $status->{uri};
	my $bits = uncompress(decode_base64url($list->{status_list}{lst}));
	return length($bits) == 16384 ? vec($bits, $status->{idx}, 1) : length $bits;
}

# as if what was signed were too old by now
sub age { $p->query(q{UPDATE pgtoken.status_list_documents SET built_at = built_at - interval '1 day'}); return; }

sub misplaced
{
	my ($session) = @_;

	return $session->value(<<'SQL');
SELECT (SELECT count(*) FROM (SELECT FROM pgtoken.grants WHERE status_series IS NOT NULL GROUP BY status_series, status_position HAVING count(*) > 1) s)
       + (SELECT count(*) FROM pgtoken.grants g LEFT JOIN pgtoken.status_lists l ON l.series = g.status_series AND l.number = g.status_position / 131072
          WHERE g.status_series IS NOT NULL AND (g.status_position % 131072 < l.next_index) IS NOT TRUE)
SQL
}

# --- the bits -------------------------------------------------------------------------

my @families = map { issue($p, "subject-$_") } 1 .. 100;
is(scalar(grep { status_of($p, $_->{access_token}) ne '0' } @families), 0, 'all of a hundred families are VALID');
my @ended = @families[3, 17, 64, 99];
$p->query('SELECT pgtoken.revoke_family($1::uuid)', $_->{grant_id}) for @ended;
is(status_of($p, $ended[0]{access_token}), 0, 'within its ttl a list is what it was');
age();
my %is_ended = map { $_->{grant_id} => 1 } @ended;
is(scalar(grep { status_of($p, $_->{access_token}) ne ($is_ended{ $_->{grant_id} } ? '1' : '0') } @families),
	0, 'then those that were revoked are INVALID, and no other one is');

# --- a standby ------------------------------------------------------------------------

my $standby = PostgreSQL::Test::Cluster->new('reader');
$primary->backup('base');
$standby->init_from_backup($primary, 'base', has_streaming => 1);
$standby->start;
my $s = session($standby);
sub replayed { return $primary->wait_for_catchup($standby, 'replay', $primary->lsn('flush')); }

is(status_of($s, $families[0]{access_token}), 0, 'a standby hands out lists');
is(status_of($s, $ended[0]{access_token}), 1, 'with what was revoked before');
$p->query('SELECT pgtoken.revoke_family($1::uuid)', $families[0]{grant_id});
$p->query('DELETE FROM pgtoken.status_list_documents');
replayed();
my $fresh = session($standby);
is(status_of($fresh, $families[0]{access_token}), 1, 'and makes one itself, where the primary has made none, by what is replayed');
my $path = claims($families[0]{access_token})->{status}{status_list}{uri} =~ s/^\Q$issuer\E//r;
is(http_request($fresh, GET => $path)->{body}, http_request($fresh, GET => $path)->{body}, 'once, and then hands out what it has made');
is(http_request($fresh, GET => $path =~ s/\d+$/7/r)->{status}, 404, 'and knows of no list that there is not');
is(http_request($fresh, GET => '/oauth2/status_lists')->{body}, http_request($p, GET => '/oauth2/status_lists')->{body}, 'all lists are named alike on both');
is(status_of($p, $families[0]{access_token}), 1, 'the primary makes one for both');
replayed();
is(http_request(session($standby), GET => $path)->{body}, http_request($p, GET => $path)->{body}, 'which the standby then hands out');

# --- two-phase commit -----------------------------------------------------------------

my ($one, $two) = (session($primary), session($primary));
$one->query('BEGIN');
my $prepared = issue($one, 'prepared');
is($one->sqlstate(q{PREPARE TRANSACTION 'place'}), '00000', 'a transaction that has reserved places can be prepared');
my @meanwhile = (issue($one, 'meanwhile'), issue($two, 'meanwhile'), issue($one, 'meanwhile'));
$two->query(q{COMMIT PREPARED 'place'});
issue($_, 'afterwards') for $one, $two;
is(misplaced($p), 0, 'nobody has got its place, nor what it had left');
age();
is(status_of($p, $prepared->{access_token}), 0, 'and it has one');

# one that has reserved its places in the very transaction that comes to nothing
my $three = session($primary);
$three->query('BEGIN');
issue($three, 'undone');
$three->query(q{PREPARE TRANSACTION 'undone'});
issue($three, 'before it is decided');
$two->query(q{ROLLBACK PREPARED 'undone'});
issue($three, 'afterwards') for 1 .. 3;
for (1 .. 3)
{
	my $other = session($primary);
	issue($other, 'afterwards') for 1 .. 16;
	$other->quit;
}
is(misplaced($p), 0, 'nor does it matter when it comes to nothing');

# --- a crash --------------------------------------------------------------------------

# the block of this session is reserved and used, and nothing of it was flushed on purpose
my $before = issue($two, 'before-crash');
$_->quit for $p, $one, $two, $three;
$primary->stop('immediate');
$primary->start;
$p = session($primary);
is(issue($p, "since-crash-$_") ? 1 : 0, 1, 'after a crash there are places') for 1 .. 3;
is(misplaced($p), 0, 'and no place is had twice');
age();
is(status_of($p, $before->{access_token}), 0, 'a family of before has its own');

# --- dump and restore -----------------------------------------------------------------

my $dump = PostgreSQL::Test::Utils::tempdir() . '/dump.sql';
my $lists = $p->value('SELECT count(*) FROM pgtoken.status_lists');
command_ok([ 'pg_dump', '-d', $primary->connstr('postgres'), '-f', $dump ], 'a dump');
$primary->safe_psql('postgres', 'CREATE DATABASE copy');
command_ok([ 'psql', '-X', '-q', '-v', 'ON_ERROR_STOP=1', '-d', $primary->connstr('copy'), '-f', $dump ], 'is restored');
my $c = session($primary, dbname => 'copy');
is($c->value('SELECT count(*) FROM pgtoken.status_lists'), $lists, 'with the lists');
is($c->value('SELECT count(*) FROM pgtoken.status_list_documents'), 0, 'and without what was signed');
is(status_of($c, $families[0]{access_token}), 1, 'what was revoked is INVALID there');
is(status_of($c, $families[1]{access_token}), 0, 'and the rest is VALID');
issue($c, 'restored');
is(misplaced($c), 0, 'places go on from where they were');
$c->query('SELECT pgtoken.after_restore(now())');
is(status_of($c, $families[1]{access_token}), 1, 'after_restore(): all of before is INVALID');
is(status_of($c, issue($c, 'let in again')->{access_token}), 0, 'and who logs in again is VALID');

done_testing();
