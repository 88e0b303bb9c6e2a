# Accident: a backup that restores to something weaker.  Families must go on
# with the tokens clients hold (key material and peppers included), nothing of
# the evidence may be lost or invented, and the guards (append-only triggers,
# audit, cache invalidation, privileges) must stand as in a fresh installation,
# on the monthly partitions too (design 4).
use strict;
use warnings;

use FindBin;
use lib $FindBin::RealBin;

use PgtokenTest;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = new_cluster('dump');
my $dir = PostgreSQL::Test::Utils::tempdir;

# Every privilege on every object of the schema, by name.  NULL means built-in
# defaults, which for a function would mean PUBLIC; acldefault() tells them apart.
use constant PRIVILEGES => q{
	SELECT 'relation ' || c.relname || ' ' || c.relowner::regrole || ' ' ||
		   (SELECT string_agg(a.x, ',' ORDER BY a.x) FROM (SELECT unnest(coalesce(c.relacl, acldefault('r', c.relowner)))::text) a (x)) ||
		   ' rls:' || c.relrowsecurity || c.relforcerowsecurity AS acl
	FROM pg_class c WHERE c.relnamespace = 'pgtoken'::regnamespace AND c.relkind IN ('r', 'p', 'v')
	UNION ALL
	SELECT 'column ' || c.relname || '.' || t.attname || ' ' || (SELECT string_agg(a.x, ',' ORDER BY a.x) FROM (SELECT unnest(t.attacl)::text) a (x))
	FROM pg_attribute t JOIN pg_class c ON c.oid = t.attrelid
	WHERE c.relnamespace = 'pgtoken'::regnamespace AND t.attacl IS NOT NULL
	UNION ALL
	SELECT 'function ' || p.oid::regprocedure || ' ' || p.proowner::regrole || ' ' ||
		   (SELECT string_agg(a.x, ',' ORDER BY a.x) FROM (SELECT unnest(coalesce(p.proacl, acldefault('f', p.proowner)))::text) a (x)) ||
		   ' secdef:' || p.prosecdef || coalesce(p.proconfig::text, '')
	FROM pg_proc p WHERE p.pronamespace = 'pgtoken'::regnamespace
	UNION ALL
	SELECT 'type ' || t.typname || ' ' ||
		   (SELECT string_agg(a.x, ',' ORDER BY a.x) FROM (SELECT unnest(coalesce(t.typacl, acldefault('T', t.typowner)))::text) a (x))
	FROM pg_type t WHERE t.typnamespace = 'pgtoken'::regnamespace AND t.typelem = 0
	UNION ALL
	SELECT 'schema ' || (SELECT string_agg(a.x, ',' ORDER BY a.x) FROM (SELECT unnest(n.nspacl)::text) a (x))
	FROM pg_namespace n WHERE n.nspname = 'pgtoken'
	ORDER BY 1};

# what guards each table: triggers with their state, constraints, indexes, comments, bounds
use constant GUARDS => q{
	SELECT 'trigger ' || c.relname || ' ' || t.tgname || ' ' || t.tgenabled::text || ' ' ||
		   regexp_replace(pg_get_triggerdef(t.oid), '^CREATE TRIGGER', '') AS guard
	FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid
	WHERE c.relnamespace = 'pgtoken'::regnamespace AND NOT t.tgisinternal
	UNION ALL
	SELECT 'constraint ' || n.conrelid::regclass || ' ' || n.conname || ' ' || pg_get_constraintdef(n.oid) || n.convalidated
	FROM pg_constraint n WHERE n.connamespace = 'pgtoken'::regnamespace
	UNION ALL
	SELECT 'index ' || i.indexdef FROM pg_indexes i WHERE i.schemaname = 'pgtoken'
	UNION ALL
	SELECT 'partition ' || c.relname || ' ' || pg_get_expr(c.relpartbound, c.oid)
	FROM pg_class c WHERE c.relnamespace = 'pgtoken'::regnamespace AND c.relispartition
	UNION ALL
	SELECT 'options ' || c.relname || ' ' || c.reloptions::text FROM pg_class c
	WHERE c.relnamespace = 'pgtoken'::regnamespace AND c.reloptions IS NOT NULL
	UNION ALL
	SELECT 'comment ' || c.relname || ' ' || obj_description(c.oid, 'pg_class') FROM pg_class c
	WHERE c.relnamespace = 'pgtoken'::regnamespace AND obj_description(c.oid, 'pg_class') IS NOT NULL
	ORDER BY 1};

# every table's rows, in one digest per table; how far maintain() has come is no data
sub contents
{
	my ($session) = @_;
	my %digest;

	for my $table ($session->column(
			q{SELECT relname FROM pg_class WHERE relnamespace = 'pgtoken'::regnamespace AND relkind = 'r' AND relname <> 'maintenance' ORDER BY 1}))
	{
		$digest{$table} =
		  $session->value(
			"SELECT count(*) || ' ' || coalesce(md5(string_agg(t::text, '|' ORDER BY t::text COLLATE \"C\")), '') FROM pgtoken.$table t");
	}
	return \%digest;
}

# evidence of reuse, in the partition that is left of a month
sub keep_evidence
{
	my ($session) = @_;

	$session->query(q{INSERT INTO pgtoken.reused_families VALUES (pgtoken.first_uuid(now() - interval '24 months'), now())});
	$session->query(
		q{INSERT INTO pgtoken.tokens (grant_id, generation, retry, issued_at, jti, kid, access_expires_at, scope, resources, decision, context)
		  SELECT r.grant_id, 0, 0, now() - interval '24 months', 'old', 'old', now() - interval '24 months', '', '{}', 'allow', '{}' FROM pgtoken.reused_families r});
	is(scalar(grep { /^partition dropped tokens_p.* \(1 rows of reused families kept\)$/ } $session->column(q{SELECT step || ' ' || detail FROM pgtoken.maintain()})),
		1, 'evidence of reuse in a partition of its own');
	return;
}

sub refresh
{
	my ($session, @arguments) = @_;

	return $session->row('SELECT decision, access_token, refresh_token, error FROM pgtoken.refresh_grant($1, $2, $3)', @arguments);
}

$node->safe_psql('postgres', 'CREATE DATABASE original TEMPLATE template0');
my $original = session($node, dbname => 'original');
my $secret = create_service($original);

# every algorithm, a pending key, a family that has rotated, one revoked, one token blacklisted
$original->query('SELECT pgtoken.create_signing_key($1)', $_) for qw(RS256 EdDSA HS256 ES256);
$original->query(q{SELECT pgtoken.create_client('mac', 'public', '{read}', offline_access => true, signing_alg => 'HS256')});
my %issued = map {
	$_ => $original->row(
		q{SELECT grant_id, access_token, refresh_token FROM pgtoken.issue_tokens($1, 'alice', 'read offline_access', claims => '{"tenant": "ä"}')}, $_)
} qw(app backend mac);
my $dead = $original->row(q{SELECT grant_id, access_token, refresh_token FROM pgtoken.issue_tokens('app', 'bob', 'read offline_access')});
my $consumed = $issued{backend}{refresh_token};
$issued{backend} = { %{ $issued{backend} }, %{ refresh($original, $consumed, 'backend', $secret) } };
$original->query('SELECT pgtoken.revoke_family($1::uuid)', $dead->{grant_id});
my $listed = $original->value(q{SELECT access_token FROM pgtoken.issue_tokens('app', 'carol', 'read')});
$original->query('SELECT pgtoken.blacklist_token($1)', $listed);

# a delivery that waits, and a document
# a stream with a signal that waits, and whatever else is restored tells it of nothing
$original->query(q{SELECT pgtoken.create_signal_stream('mac', 'push', 'https://mac.example/signals', 'Bearer of-mac', all_subjects => true)});
$original->query(q{SELECT pgtoken.verify_signal_stream(stream_id, 'waits') FROM pgtoken.signal_streams});
$original->query(q{INSERT INTO pgtoken.courier_work (work_id, kind, issuer, receiver, client_id, url, payload, expires_at)
	VALUES (pgtoken.new_uuid(), 'logout', 'https://id.example', 'rp.example', 'app', 'https://rp.example/logout', '{"subject": "ä"}', now() + interval '1 day')});
$original->query(q{INSERT INTO pgtoken.documents (issuer, kind, url, body, fetched_at, fresh_until, used_at)
	VALUES ('https://id.example', 'sector', 'https://rp.example/sector', '["https://rp.example/ä"]', now(), now() + interval '1 day', now())});

keep_evidence($original);

# Rows in monthly partitions; then some of a month that has none, which lie in the default ones.
$original->query('SELECT pgtoken.maintain()');
$original->query(
	q{INSERT INTO pgtoken.tokens (grant_id, generation, retry, issued_at, jti, kid, access_expires_at, scope, resources, decision, context)
	  SELECT pgtoken.new_uuid(), 0, 0, now() - interval '1 year', 'old', 'old', now() - interval '1 year', '', '{}', 'allow', '{}'
	  FROM generate_series(1, 3)});
$original->query(
	q{INSERT INTO pgtoken.audit_rows (grant_id, event_id, occurred_at, event, session_user_name, role_name)
	  SELECT pgtoken.new_uuid(), pgtoken.new_uuid(), now() - interval '1 year', 'old', 'old', 'old' FROM generate_series(1, 3)});
$issued{app} = { %{ $issued{app} }, %{ refresh($original, $issued{app}{refresh_token}, 'app', undef) } };
for my $parent (qw(tokens audit_rows))
{
	my ($default, $monthly) = @{
		$original->row(
			"SELECT count(*) FILTER (WHERE tableoid = 'pgtoken.${parent}_default'::regclass) AS d,
					count(*) FILTER (WHERE tableoid <> 'pgtoken.${parent}_default'::regclass) AS m FROM pgtoken.$parent")
	}{qw(d m)};

	ok($default > 0 && $monthly > 0, "$parent: rows in the default and in monthly partitions");
}

# Restored by one of the two ways, the copy must equal what was dumped, then work.
sub check_copy
{
	my ($name, $wrapped) = @_;
	my $copy = session($node, dbname => $name);

	is_deeply(contents($copy), contents($original), "$name: every table has the same rows, no event invented, none lost");
	is_deeply([ $copy->column(GUARDS) ], [ $original->column(GUARDS) ], "$name: the same triggers, constraints, indexes, partitions");
	is_deeply([ $copy->column(PRIVILEGES) ], [ $original->column(PRIVILEGES) ], "$name: the same owners and privileges");
	is($copy->value('SELECT pgtoken.jwks()'), $original->value('SELECT pgtoken.jwks()'), "$name: the same public keys");
	is($copy->value('SELECT bool_and(wrapped) FROM pgtoken.key_material'), $wrapped, "$name: key material is as it was");

	# families go on
	for my $client (sort keys %issued)
	{
		my $answer = refresh($copy, $issued{$client}{refresh_token}, $client, $client eq 'backend' ? $secret : undef);

		ok(defined $copy->value('SELECT pgtoken.verify_access_token($1)', $issued{$client}{access_token}),
			"$name: an access token of $client made before holds");
		is($answer->{decision}, 'allow', "$name: the refresh token $client holds works");
		ok(defined $copy->value('SELECT pgtoken.verify_access_token($1)', $answer->{access_token}),
			"$name: the new access token of $client holds");
	}
	is( refresh($copy, $issued{app}{refresh_token}, 'app', undef)->{refresh_token},
		refresh($copy, $issued{app}{refresh_token}, 'app', undef)->{refresh_token},
		"$name: a retry gets the same successor");
	for my $token ($dead->{access_token}, $listed)
	{
		is($copy->value('SELECT pgtoken.verify_access_token($1)', $token), undef, "$name: what was refused stays refused");
	}
	is(refresh($copy, $dead->{refresh_token}, 'app', undef)->{error}, 'invalid_grant', "$name: a revoked family stays revoked");

	# reuse is still recognised: consumed hashes came along
	is(refresh($copy, $consumed, 'backend', $secret)->{error}, 'invalid_grant', "$name: a token consumed before the dump is refused");
	is( $copy->value('SELECT revoke_reason IS NOT NULL FROM pgtoken.grants WHERE grant_id = $1', $issued{backend}{grant_id}),
		't', "$name: and its family is revoked as reused (C51)");

	# the guards act
	for my $table ($copy->column(
			q{SELECT relname FROM pg_class WHERE relnamespace = 'pgtoken'::regnamespace AND relname ~ '^(tokens|audit_rows)'
			  AND relkind IN ('r', 'p') ORDER BY 1}))
	{
		my $empty = $copy->value("SELECT NOT EXISTS (SELECT FROM pgtoken.$table)") eq 't';

		isnt($copy->sqlstate("DELETE FROM pgtoken.$table"), '00000', "$name: DELETE FROM $table is refused") unless $empty;
		isnt($copy->sqlstate("UPDATE pgtoken.$table SET grant_id = grant_id"), '00000', "$name: UPDATE $table is refused") unless $empty;
		isnt($copy->sqlstate("TRUNCATE pgtoken.$table"), '00000', "$name: TRUNCATE $table is refused");
	}
	my $events = $copy->value(q{SELECT count(*) FROM pgtoken.audit_events WHERE event LIKE 'client.%'});
	my $watcher = session($node, dbname => $name);
	my $access = refresh($copy, $issued{mac}{refresh_token}, 'mac', undef)->{access_token};
	my $verify = sub { return defined $watcher->value('SELECT pgtoken.verify_access_token($1)', $access); };
	ok($verify->(), "$name: another session accepts a token");
	$copy->query(q{SELECT pgtoken.update_client('mac', enabled => false)});
	ok(!$verify->(), "$name: and refuses it after its client was switched off");
	is($copy->value(q{SELECT count(*) FROM pgtoken.audit_events WHERE event LIKE 'client.%'}), $events + 1, "$name: which was audited");
	$watcher->quit;

	is($copy->sqlstate('SELECT pgtoken.maintain()'), '00000', "$name: maintain() works");
	is($copy->value(q{SELECT ok FROM pgtoken.health() WHERE check_name = 'default partitions empty'}), 't', "$name: and moves what lies in default partitions");
	is($copy->sqlstate(q{SELECT pgtoken.rotate_signing_key(force => true)}), '00000', "$name: a key can be rotated");
	$copy->quit;
	return;
}

# a fresh installation has the same privileges as the original
$node->safe_psql('postgres', 'CREATE DATABASE fresh TEMPLATE template0');
my $fresh = session($node, dbname => 'fresh');
$fresh->query('CREATE EXTENSION pgtoken');
$fresh->query('SELECT pgtoken.maintain()');
my $monthly = qr/_(p|reuse_)\d{4}_\d\d/;
is_deeply(
	[ grep { !/$monthly/ } $original->column(PRIVILEGES) ],
	[ grep { !/$monthly/ } $fresh->column(PRIVILEGES) ],
	'privileges are those of a fresh installation');
is( $original->value(
		q{SELECT count(*) FROM pg_class c, aclexplode(coalesce(c.relacl, acldefault('r', c.relowner))) a
		  WHERE c.relnamespace = 'pgtoken'::regnamespace AND c.relkind IN ('r', 'p', 'v') AND a.grantee = 0}),
	0,
	'nothing of them is for PUBLIC');
$fresh->quit;

# 1. plain text through psql
$node->safe_psql('postgres', 'CREATE DATABASE plain TEMPLATE template0');
$node->command_ok([ 'pg_dump', '-d', $node->connstr('original'), '-f', "$dir/plain.sql" ], 'pg_dump as text');
$node->command_ok([ 'psql', '-X', '-q', '-v', 'ON_ERROR_STOP=1', '-d', $node->connstr('plain'), '-f', "$dir/plain.sql", '-o', "$dir/psql.out" ],
	'psql restores it without an error');
check_copy('plain', 'f');

# 2. custom format through pg_restore, with wrapped key material
my $root_key = "$dir/root.key";
append_to_file($root_key, "# root key of this test\n" . ('0123456789abcdef' x 4) . "\n");
chmod 0600, $root_key;
$node->append_conf('postgresql.conf', "pgtoken.root_key_file = '$root_key'");
$node->reload;
wait_until('the root key is set', sub { return $original->value('SELECT pgtoken.root_key_status()') eq 'ok'; });
is($original->value('SELECT pgtoken.rewrap_keys() > 0'), 't', 'key material is wrapped');
$node->safe_psql('postgres', 'CREATE DATABASE custom TEMPLATE template0');
$node->command_ok([ 'pg_dump', '-Fc', '-d', $node->connstr('original'), '-f', "$dir/custom.dump" ], 'pg_dump in custom format');
$node->command_ok([ 'pg_restore', '--exit-on-error', '-d', $node->connstr('custom'), "$dir/custom.dump" ],
	'pg_restore restores it without an error');
check_copy('custom', 't');

$original->quit;
$node->stop;
done_testing();
