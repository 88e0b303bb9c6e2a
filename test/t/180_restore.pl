# Accident: the database is lost and recovered to a point in time. What was revoked
# after that point holds again, codes that were used are good again, consents that
# were withdrawn count again, and whoever has kept an old token uses it. Restored for
# real, from a base backup and archived WAL; after_restore() has to shut all of it out,
# and nothing that is issued later.
use strict;
use warnings;

use FindBin;
use lib $FindBin::RealBin;

use PgtokenTest;
use Test::More;

my $node = new_cluster('lost', init => { has_archiving => 1, allows_streaming => 1 });
my $s = session($node);
my $secret = create_service($s);

sub issue
{
	my ($in, $client, $subject) = @_;

	return $in->row(q{SELECT grant_id, access_token, refresh_token FROM pgtoken.issue_tokens($1, $2, 'openid offline_access read')}, $client, $subject);
}

sub holds { return defined $_[0]->value('SELECT pgtoken.verify_access_token($1)', $_[1]{access_token}) ? 1 : 0; }
sub refreshes { return $_[0]->value('SELECT decision FROM pgtoken.refresh_grant($1, $2, $3)', $_[1]{refresh_token}, 'backend', $secret); }

# a step-up by a recovery code: what complete_challenge has answered
sub spend
{
	my ($in, $subject, $code) = @_;
	my $family = issue($in, 'backend', $subject);
	my $step_up = $in->row(q{SELECT transaction_id, factors FROM pgtoken.refresh_grant($1, 'backend', $2, acr_values => '{mfa}')}, $family->{refresh_token}, $secret);

	return 'no factor' unless defined $step_up->{transaction_id};
	return $in->value(
		q{SELECT coalesce(pgtoken.complete_challenge($1, jsonb_build_object('factor_id', f.factor_id, 'code', $2::text)) ->> 'error', 'completed')
		  FROM pgtoken.factors f WHERE f.subject = $3 AND f.factor_type = 'recovery_code'}, $step_up->{transaction_id}, $code, $subject);
}

my %family = map { $_ => issue($s, 'backend', $_) } qw(revoked subject rotated untouched);
$s->query(q{INSERT INTO pgtoken.consents VALUES ('alice', 'backend', 'https://api.example', '{read}', now(), now())});
is(spend($s, 'carol', $s->value(q{SELECT pgtoken.enroll_factor('carol', 'recovery_code') -> 'codes' ->> 0})), 'completed', 'a recovery code is good');
my $sheet = $s->value(q{SELECT pgtoken.enroll_factor('carol', 'recovery_code') -> 'codes' ->> 0});

$node->backup('base');
my $point = $s->value('SELECT clock_timestamp()');
$s->query(q{SELECT pg_create_restore_point('then')});

# --- what will not have happened -------------------------------------------------

$s->query('SELECT pgtoken.revoke_family($1::uuid)', $family{revoked}{grant_id});
$s->query(q{SELECT pgtoken.revoke_subject('subject')});
$s->query(q{SELECT pgtoken.withdraw_consent('alice', 'backend')});
is(refreshes($s, $family{rotated}), 'allow', 'a token rotates');
is(spend($s, 'carol', $sheet), 'completed', 'a recovery code is used');
is(spend($s, 'carol', $sheet), 'invalid_grant', 'and used up');
my $lost = issue($s, 'backend', 'lost');
is(holds($s, $family{$_}), 0, "$_: ended before the disaster") for qw(revoked subject);
$s->value('SELECT pg_switch_wal()');
$s->quit;
$node->stop;

# --- recovered ----------------------------------------------------------------------

my $restored = PostgreSQL::Test::Cluster->new('restored');
$restored->init_from_backup($node, 'base', has_restoring => 1, standby => 0);
$restored->append_conf('postgresql.conf', "recovery_target_name = 'then'\nrecovery_target_action = promote\n");
$restored->start;
my $r = session($restored);
wait_until('it is promoted', sub { return $r->value('SELECT pg_is_in_recovery()') eq 'f' });

is(holds($r, $family{$_}), 1, "$_: holds again after the restore") for qw(revoked subject);
is($r->value(q{SELECT count(*) FROM pgtoken.consents}), 1, 'the consent counts again');
is(holds($r, $lost), 0, 'what was issued in the lost time is refused anyway: its family is not there');

# what the runbook takes where nobody has been let in
my $known = $r->value('SELECT max(occurred_at) FROM pgtoken.audit_events');
is($r->value('SELECT $1::timestamptz <= $2::timestamptz', $known, $point), 't', 'the last audit event is of before the point in time');
$r->query('BEGIN');
is(spend($r, 'carol', $sheet), 'completed', 'the used recovery code is good again');
$r->query('ROLLBACK');

my %step = map { $_->{step} => $_->{detail} } $r->query('SELECT * FROM pgtoken.after_restore($1)', $known);
ok(!exists $step{'look at recovered_to'}, 'the time agrees with the audit');
ok(exists $step{"look at $_"}, "$_: listed for the operator") for 'signing keys', 'client secrets', 'clients', 'resources';

is(holds($r, $family{$_}), 0, "$_: its access token is refused") for sort keys %family;
isnt(refreshes($r, $family{$_}), 'allow', "$_: its refresh token is refused") for sort keys %family;
is(holds($r, $lost), 0, 'nor does what was issued in the lost time hold');
is($r->value(q{SELECT count(*) FROM pgtoken.consents}), 0, 'the withdrawn consent is gone');
is($r->value(q{SELECT usable FROM pgtoken.factors_of('carol')}), 'f', 'no recovery code is left');
$r->query(q{SELECT pgtoken.unlock_factor('carol', f.factor_id) FROM pgtoken.factors f});
isnt(spend($r, 'carol', $sheet), 'completed', 'the used recovery code is not good, nor once the factor is unlocked');

my $next = issue($r, 'backend', 'alice');
is(holds($r, $next), 1, 'what is issued now holds');
is(refreshes($r, $next), 'allow', 'and can be refreshed');
is($r->value(q{SELECT decision FROM pgtoken.issue_tokens('backend', 'untouched', 'offline_access')}), 'allow', 'who was logged out logs in again');

done_testing();
