# Attack: a token that was cached as good inside a transaction which never
# committed, by way of two-phase commit, where another session decides; and the
# other way round a revocation that is prepared, which must count at COMMIT
# PREPARED and not before (C98: nothing survives a rollback).
use strict;
use warnings;

use FindBin;
use lib $FindBin::RealBin;

use PgtokenTest;
use Test::More;

my $node = new_cluster('two_phase', conf => <<'CONF');
max_prepared_transactions = 4
# what has notified cannot be prepared, and a change of keys notifies PostgREST
pgtoken.http_notify_channel = ''
CONF
my ($one, $two) = (session($node), session($node));

create_service($one);

sub issue
{
	my ($session) = @_;

	return $session->row(q{SELECT grant_id, access_token, refresh_token FROM pgtoken.issue_tokens('app', 'alice', 'read offline_access')});
}

sub holds
{
	my ($session, $token) = @_;

	return defined $session->value('SELECT pgtoken.verify_access_token($1)', $token) ? 1 : 0;
}

# --- issued, prepared, rolled back by somebody else ---------------------------

$one->query('BEGIN');
my $unborn = issue($one);
is(holds($one, $unborn->{access_token}), 1, 'inside its transaction the new token holds');
is(holds($one, $unborn->{access_token}), 1, 'and is cached');
is(holds($two, $unborn->{access_token}), 0, 'elsewhere it does not hold');
is($one->sqlstate(q{PREPARE TRANSACTION 'unborn'}), '00000', 'the transaction can be prepared');
is(holds($one, $unborn->{access_token}), 0, 'prepared: it holds no longer where it was issued');
is(holds($two, $unborn->{access_token}), 0, 'nor elsewhere');
$two->query(q{ROLLBACK PREPARED 'unborn'});
is(holds($one, $unborn->{access_token}), 0, 'rolled back elsewhere: it never holds where it was issued');
is(holds($two, $unborn->{access_token}), 0, 'nor elsewhere');
is($one->value('SELECT error FROM pgtoken.refresh_grant($1)', $unborn->{refresh_token}), 'invalid_grant', 'its refresh token is unknown');
is( $one->value('SELECT (SELECT count(*) FROM pgtoken.grants WHERE grant_id = $1) + (SELECT count(*) FROM pgtoken.tokens WHERE grant_id = $1)',
		$unborn->{grant_id}),
	0,
	'no row of it survived (C98)');

# --- issued, prepared, committed by somebody else -----------------------------

$one->query('BEGIN');
my $born = issue($one);
is(holds($one, $born->{access_token}), 1, 'inside its transaction another token holds');
$one->query(q{PREPARE TRANSACTION 'born'});
is(holds($one, $born->{access_token}), 0, 'not while it is prepared');
$two->query(q{COMMIT PREPARED 'born'});
is(holds($one, $born->{access_token}), 1, 'committed elsewhere: it holds where it was issued');
is(holds($two, $born->{access_token}), 1, 'and elsewhere');

# --- a prepared revocation ----------------------------------------------------

for my $end (qw(ROLLBACK COMMIT))
{
	my $dead = $end eq 'COMMIT';

	$one->query('BEGIN');
	is($one->value('SELECT count(*) FROM pgtoken.revoke_family($1::uuid)', $born->{grant_id}), 1, "$end: a family is revoked");
	is(holds($one, $born->{access_token}), 0, "$end: inside its transaction the token is refused");
	is(holds($two, $born->{access_token}), 1, "$end: elsewhere not yet");
	$one->query(q{PREPARE TRANSACTION 'revocation'});
	is(holds($one, $born->{access_token}), 1, "$end: prepared, it is accepted where it was revoked");
	is(holds($two, $born->{access_token}), 1, "$end: and in another session that is open");
	$one->query("$end PREPARED 'revocation'");
	is(holds($two, $born->{access_token}), $dead ? 0 : 1, "$end PREPARED: what the other session sees at its next statement");
	is(holds($one, $born->{access_token}), $dead ? 0 : 1, "$end PREPARED: what the revoking session sees");
}

# --- a blacklisted token, and a key that is retired ---------------------------

my $listed = issue($one);
is(holds($two, $listed->{access_token}), 1, 'a token is cached elsewhere');
$one->query('BEGIN');
$one->query('SELECT pgtoken.blacklist_token($1)', $listed->{access_token});
$one->query(q{PREPARE TRANSACTION 'blacklist'});
is(holds($two, $listed->{access_token}), 1, 'blacklisted and prepared: accepted still');
$one->query(q{COMMIT PREPARED 'blacklist'});
is(holds($two, $listed->{access_token}), 0, 'committed: refused');

my $signed = issue($one);
is(holds($two, $signed->{access_token}), 1, 'another one is cached elsewhere');
$one->query('BEGIN');
$one->query(q{SELECT pgtoken.retire_signing_key(kid) FROM pgtoken.signing_keys WHERE state = 'active'});
my $by_new_key = issue($one);
is(holds($one, $by_new_key->{access_token}), 1, 'a token signed by the key that came with it holds inside');
$one->query(q{PREPARE TRANSACTION 'key'});
is(holds($two, $signed->{access_token}), 1, 'key retired and prepared: accepted still');
$two->query(q{ROLLBACK PREPARED 'key'});
is(holds($one, $signed->{access_token}), 1, 'rolled back: the key is back where it was retired');
is(holds($one, $by_new_key->{access_token}), 0, 'and the one that came with it is gone');
is(holds($one, issue($one)->{access_token}), 1, 'signing goes on with the old key');

# --- PostgREST is told of keys: what has something to tell cannot be prepared ----

$one->query(q{SET pgtoken.http_notify_channel = 'pgrst'});
$one->query('BEGIN');
$one->query('SELECT pgtoken.rotate_signing_key(force => true)');
is($one->sqlstate(q{PREPARE TRANSACTION 'told'}), '0A000', 'a change of keys notifies, unless the channel is empty');
$one->query('ROLLBACK');

$_->quit for $one, $two;
$node->stop;
done_testing();
