# run_maintenance() stopped at any point: what it has committed stays, what it
# was at is as it was before, and another run comes to the same end as one that
# nobody has stopped. It is stopped where a lock keeps it, so that the test knows
# where it is; that it shows where it is is what finds it there.
use strict;
use warnings;

use FindBin;
use lib $FindBin::RealBin;

use PgtokenTest;
use Test::More;

my $node = new_cluster('maintenance');
my $admin = session($node);

create_service($admin);
$admin->query('SELECT pgtoken.maintain()');
$admin->query('CREATE ROLE keeper LOGIN IN ROLE pgtoken_admin');

# 300 families that ended long ago and one that lives, 300 used jti values, and
# lineage and audit of three months, two years ago, one family of which was reused
sub backlog
{
	$admin->query($_) for
	  q{DELETE FROM pgtoken.grants},
	  q{DELETE FROM pgtoken.reused_families},
	  q{SELECT pgtoken.issue_tokens('app', 'alice', 'read offline_access') FROM generate_series(1, 302)},
	  q{UPDATE pgtoken.grants g SET grant_id = pgtoken.first_uuid(date_trunc('month', now()) - interval '24 months' + o.n * interval '1 minute'),
			expires_at = now() - interval '401 days',
			revoked_at = CASE WHEN o.n = 300 THEN now() - interval '23 months' END,
			revoke_reason = CASE WHEN o.n = 300 THEN 'refresh_token_reuse' END
		FROM (SELECT grant_id, row_number() OVER (ORDER BY grant_id) AS n FROM pgtoken.grants) o WHERE o.grant_id = g.grant_id AND o.n <= 301},
	  q{INSERT INTO pgtoken.replay_ids SELECT sha256(i::text::bytea), now() - interval '1 day' FROM generate_series(1, 300) i},
	  q{INSERT INTO pgtoken.tokens (grant_id, generation, retry, issued_at, jti, kid, access_expires_at, scope, resources, decision, context)
		SELECT g.grant_id, m, 0, date_trunc('month', now()) - interval '24 months' + m * interval '32 days', 'x', 'x', now(), '', '{}', 'allow', '{}'
		FROM pgtoken.grants g, generate_series(0, 2) m WHERE g.expires_at < now()},
	  q{INSERT INTO pgtoken.audit_rows (grant_id, event_id, occurred_at, event, session_user_name, role_name)
		SELECT t.grant_id, pgtoken.new_uuid(), t.issued_at, 'test', 'x', 'x' FROM pgtoken.tokens t WHERE t.issued_at < now() - interval '1 year'};
	is($admin->value('SELECT count(*) FROM pgtoken.reused_families'), 1, 'one family is known to have been reused');
	return;
}

sub state_of_things
{
	return $admin->row(
		q{SELECT (SELECT count(*) FROM pgtoken.grants) AS families,
				 (SELECT count(*) FROM pgtoken.replay_ids) AS replay_ids,
				 (SELECT count(*) FROM pgtoken.tokens WHERE issued_at < now() - interval '1 year') AS old_lineage,
				 (SELECT count(*) FROM pgtoken.audit_rows WHERE occurred_at < now() - interval '1 year') AS old_events,
				 (SELECT count(*) FROM pgtoken.tokens_default) + (SELECT count(*) FROM pgtoken.audit_rows_default) AS in_default,
				 (SELECT count(*) FROM pg_class c WHERE c.relnamespace = 'pgtoken'::regnamespace AND c.relkind = 'r' AND c.relname ~ '_reuse_') AS evidence,
				 (SELECT count(*) FROM pg_class c WHERE c.relnamespace = 'pgtoken'::regnamespace AND c.relkind = 'r' AND c.relname ~ '^(tokens|audit_rows)_'
				  AND NOT c.relispartition) AS left_over,
				 (SELECT string_agg(t.tgenabled::text, '') FROM pg_trigger t WHERE t.tgname = 'append_only' AND t.tgrelid IN ('pgtoken.tokens_default'::regclass, 'pgtoken.audit_rows_default'::regclass)) AS guarded});
}

# the living family and the reused one; its three rows in each of two tables
my %end = (families => 2, replay_ids => 0, old_lineage => 3, old_events => 3, in_default => 0, evidence => 6, left_over => 0, guarded => 'AA');

sub drop_evidence
{
	$admin->query("DROP TABLE $_")
	  for $admin->column(q{SELECT c.oid::regclass FROM pg_class c WHERE c.relnamespace = 'pgtoken'::regnamespace AND c.relname ~ '_reuse_[0-9_]+$' AND c.relkind = 'r'});
	return;
}

# --- where it may be stopped -----------------------------------------------------

my %stops = (
	'replay ids' => [ 'replay_ids', 'LOCK TABLE pgtoken.replay_ids IN SHARE MODE' ],
	'families' => [ 'grants', 'LOCK TABLE pgtoken.grants IN SHARE MODE' ],
	'lineage partitions' => [ 'partitions', 'LOCK TABLE pgtoken.tokens IN ACCESS SHARE MODE' ],
	'audit partitions' => [ 'partitions', 'LOCK TABLE pgtoken.audit_rows IN ACCESS SHARE MODE' ]);

for my $where (sort keys %stops)
{
	my ($task, $lock) = @{ $stops{$where} };
	my $holder = session($node);
	my $keeper = session($node, user => 'keeper');

	backlog();
	$holder->query('BEGIN');
	$holder->query($lock);
	$keeper->send_query('CALL pgtoken.run_maintenance(50)');
	wait_until("it is at $where", sub {
		$admin->value('SELECT application_name FROM pg_stat_activity WHERE pid = $1', $keeper->pid) eq "pgtoken maintenance: $task" });
	ok($admin->value('SELECT pg_terminate_backend($1, 60000)', $keeper->pid), "stopped at $where");
	$holder->query('ROLLBACK');
	is(state_of_things()->{left_over}, 0, "$where: it leaves no table behind that is no partition");

	my $again = session($node, user => 'keeper');

	is($again->sqlstate('CALL pgtoken.run_maintenance(50)'), '00000', "$where: another run succeeds");
	is_deeply(state_of_things(), \%end, "$where: and comes to the same end");
	$again->notices;
	$again->query('CALL pgtoken.run_maintenance(50)');
	is_deeply([ $again->notices ], [], "$where: a third has nothing to do");
	$_->quit for $holder, $again;
	drop_evidence();
}

# --- who is seen to be reused while it waits for its locks ------------------------

# Attack shut out: a thief presents a code of a family that has ended, and the
# partition that shows what it was used for is dropped all the same, because
# maintenance looked a moment before.
{
	my $holder = session($node);
	my $keeper = session($node, user => 'keeper');

	backlog();
	$keeper->query('CALL pgtoken.run_maintenance(1000)');
	drop_evidence();
	$admin->query(q{SELECT pgtoken.make_partition('audit_rows', 'audit_rows_p2020_01'), pgtoken.attach_partition('audit_rows', 'audit_rows_p2020_01', '2020-01-01Z')});
	$admin->query(q{INSERT INTO pgtoken.audit_rows (grant_id, event_id, occurred_at, event, session_user_name, role_name)
		SELECT pgtoken.first_uuid(timestamptz '2020-01-02Z' + n * interval '1 hour'), pgtoken.new_uuid(), '2020-01-03Z', 'test', 'x', 'x' FROM generate_series(1, 2) n});
	$holder->query('BEGIN');
	$holder->query('LOCK TABLE pgtoken.audit_rows IN ACCESS SHARE MODE');
	$keeper->send_query('SELECT m.step FROM pgtoken.maintain() m');
	wait_until('it waits for its locks', sub {
		$admin->value(q{SELECT coalesce(application_name = 'pgtoken maintenance: partitions' AND wait_event_type IN ('Lock', 'Timeout'), false) FROM pg_stat_activity WHERE pid = $1}, $keeper->pid) eq 't' });
	$admin->query(q{INSERT INTO pgtoken.reused_families SELECT DISTINCT grant_id, now() FROM pgtoken.audit_rows_p2020_01 WHERE grant_id < pgtoken.first_uuid('2020-01-02 01:30Z')});
	$holder->query('COMMIT');
	is_deeply([ map { $_->{step} } $keeper->result ], ['partition postponed'], 'a reuse meanwhile: the partition is left for the next run');
	is_deeply([ $admin->column(q{SELECT m.detail FROM pgtoken.maintain() m}) ], ['audit_rows_p2020_01 (1 rows of reused families kept)'], 'which keeps the evidence');
	is(state_of_things()->{left_over}, 0, 'nothing is left behind');
	$_->quit for $holder, $keeper;
	drop_evidence();
}

# --- and when nobody stops it -----------------------------------------------------

backlog();
my $keeper = session($node, user => 'keeper');
$keeper->query(q{SET application_name = 'nightly'});
$keeper->query('CALL pgtoken.run_maintenance(50)');
is_deeply(state_of_things(), \%end, 'the end of a run that nobody stops');
is(scalar(grep { /^families forgotten: \d+$/ } $keeper->notices), 7, 'each step is told');
# which is nine tenths of the time
$keeper->send_query(q{CALL pgtoken.run_maintenance(1, '100 s')});
wait_until('it sleeps', sub { $admin->value(q{SELECT coalesce(wait_event, '') FROM pg_stat_activity WHERE pid = $1}, $keeper->pid) eq 'PgSleep' });
like($admin->value('SELECT application_name FROM pg_stat_activity WHERE pid = $1', $keeper->pid), qr/^pgtoken maintenance: \w+ \(pause\)$/, 'a pause says what it is');
$admin->query('SELECT pg_cancel_backend($1)', $keeper->pid);
is(eval { $keeper->result; 'ended' } // $@->{sqlstate}, '57014', 'it can be stopped there');
is($keeper->value('SHOW application_name'), 'nightly', 'the application has its name again');
is($admin->value(q{SELECT count(*) FROM pgtoken.audit_events WHERE event = 'maintenance.purged' AND application_name <> 'nightly' AND occurred_at >
		(SELECT max(backend_start) FROM pg_stat_activity WHERE usename = 'keeper')}), 0, 'which is what the audit knows it by');
is($admin->value(q{SELECT sum((detail ->> 'rows')::integer) FROM pgtoken.audit_events WHERE event = 'maintenance.purged' AND detail ->> 'table' = 'grants' AND application_name = 'nightly'}),
	300, 'with the number of rows that are gone');
$keeper->query('BEGIN');
is($keeper->sqlstate('CALL pgtoken.run_maintenance()'), '25001', 'not inside a transaction block');
$keeper->query('ROLLBACK');

$_->quit for $keeper, $admin;
$node->stop;
done_testing();
