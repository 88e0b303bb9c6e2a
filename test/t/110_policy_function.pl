# Functions that the application supplies.
#
# Attack: the function of a policy's rule catches its own cancellation and goes
# on, so that each refresh holds a backend for ever.  It is cancelled again and
# again, and then its session ends; nothing of the refresh remains.
use strict;
use warnings;

use FindBin;
use lib $FindBin::RealBin;

use PgtokenTest;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = new_cluster('policy_function');
my $s = session($node);
create_service($s);
$s->query('CREATE SCHEMA risk');
$s->query('CREATE ROLE risk_owner');
$s->query(q{CREATE FUNCTION risk.holds_on(context jsonb, previous jsonb, family jsonb) RETURNS jsonb LANGUAGE plpgsql AS $$
BEGIN
	LOOP
		BEGIN
			LOOP PERFORM pg_sleep(1); END LOOP;
		EXCEPTION WHEN query_canceled THEN NULL;
		END;
	END LOOP;
END
$$});
$s->query('ALTER FUNCTION risk.holds_on(jsonb, jsonb, jsonb) OWNER TO risk_owner');
$s->query('GRANT USAGE ON SCHEMA risk TO risk_owner');
$s->query(q{SELECT pgtoken.create_policy('holds', '[{"rule": "function", "function": "risk.holds_on"}]', on_issue => true,
	function_timeout => '20 milliseconds')});
$s->query(q{SELECT pgtoken.activate_policy('holds')});

my ($status, $out, $err) = $node->psql('postgres',
	q{SELECT decision FROM pgtoken.issue_tokens('app', 'user-1', 'openid')}, timeout => $PostgreSQL::Test::Utils::timeout_default);
isnt($status, 0, 'the session has ended');
like($err, qr/terminat|server closed the connection/, 'by the server');
is($s->value('SELECT count(*) FROM pgtoken.grants'), 0, 'nothing was issued');

# the other sessions go on
$s->query(q{SELECT pgtoken.deactivate_policy('holds')});
is($s->value(q{SELECT decision FROM pgtoken.issue_tokens('app', 'user-1', 'openid')}), 'allow', 'without the policy tokens are issued');

# Attack: a session that has called a function goes on with it after its owner, its
# name or its schema has changed.
$s->query('CREATE ROLE next_owner');
$s->query('GRANT USAGE ON SCHEMA risk TO next_owner');
my $claims = q{CREATE FUNCTION risk.claims(text, text, text[], text) RETURNS jsonb LANGUAGE sql
	AS $$SELECT pg_catalog.jsonb_build_object('told', '%s by ' OPERATOR(pg_catalog.||) current_user)$$};
$s->query(sprintf $claims, 'first');
$s->query('ALTER FUNCTION risk.claims OWNER TO risk_owner');
$s->query(q{SELECT pgtoken.update_issuer('https://id.example', claims_function => 'risk.claims')});
my $other = session($node);
my $tell = q{SELECT pgtoken.verify_access_token(access_token) ->> 'told' FROM pgtoken.issue_tokens('app', 'user-1', 'openid')};
is($other->value($tell), 'first by risk_owner', 'a claims function runs as its owner');
$s->query('ALTER FUNCTION risk.claims OWNER TO next_owner');
is($other->value($tell), 'first by next_owner', 'as the next one, once it is his');
$s->query('BEGIN');
$s->query('ALTER FUNCTION risk.claims RENAME TO claims_before');
$s->query(sprintf $claims, 'second');
$s->query('ALTER FUNCTION risk.claims OWNER TO next_owner');
$s->query('COMMIT');
is($other->value($tell), 'second by next_owner', 'another one of its name takes its place');
$other->query('BEGIN');
$other->query('DROP FUNCTION risk.claims');
is($other->sqlstate($tell), '55000', 'one that is dropped is missed');
$other->query('ROLLBACK');
is($other->value($tell), 'second by next_owner', 'and is back where it was not dropped after all');
$s->query('ALTER SCHEMA risk RENAME TO risk_before');
is($other->sqlstate($tell), '55000', 'nor is it found in a schema of another name');

done_testing();
