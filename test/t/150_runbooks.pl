# What docs/operations.md tells an operator to type is typed here, word by word, at
# night's state of mind: nothing is filled in, each section on a database of its own
# in which the thing has happened that the section is for. A runbook that fails, or
# leaves in force what it was to end, is worse than none.
use strict;
use warnings;

use FindBin;
use lib $FindBin::RealBin;

use JSON::PP;
use PgtokenTest;
use PostgreSQL::Test::Utils;
use Test::More;

# in shared memory: what some sections ask for
my $node = new_cluster('runbooks', conf => "shared_preload_libraries = 'pgtoken'\n");

# --- what the document says -----------------------------------------------------

# section heading => its blocks of SQL, in order
my %blocks;
push @{ $blocks{ $_->{section} } }, $_->{text} for grep { $_->{language} eq 'sql' } document_blocks('docs/operations.md');
unlike(join("\n", map { @{$_} } values %blocks), qr/<[a-z_]+>|…/, 'nothing is left to fill in');

# --- what has happened ------------------------------------------------------------

# A service as of some days, with all that a section may be about. Secrets stay in a
# table of this database.
$node->safe_psql('postgres', 'CREATE DATABASE service TEMPLATE template0');
my $s = session($node, dbname => 'service');
create_service($s);
$s->query($_) for
  'SELECT pgtoken.maintain()',
  q{SELECT pgtoken.create_signing_key('RS256')},
  # what pg_cron has: takes a command, and an hour later it is run
  q{CREATE SCHEMA cron},
  q{CREATE TABLE cron.job (jobname text, command text, dbname text)},
  q{CREATE FUNCTION cron.schedule(jobname text, schedule text, command text) RETURNS bigint LANGUAGE sql AS
	$$INSERT INTO cron.job VALUES (jobname, command, current_database()); SELECT 1::bigint$$},
  q{CREATE FUNCTION cron.schedule_in_database(jobname text, schedule text, command text, dbname text) RETURNS bigint LANGUAGE sql AS
	$$INSERT INTO cron.job VALUES (jobname, command, dbname); SELECT 1::bigint$$},
  'CREATE TABLE held (name text, token text)',
  q{INSERT INTO held SELECT 'web secret', client_secret FROM pgtoken.create_client('web', scopes => '{openid,read,write}', offline_access => true,
	metadata => '{"grant_types": ["authorization_code", "client_credentials"], "backchannel_logout_uri": "https://web.example/logout"}')},
  q{INSERT INTO held SELECT 'shop secret', client_secret FROM pgtoken.create_client('shop')},
  q{CREATE FUNCTION family(name text, of_client text, of_subject text) RETURNS void LANGUAGE sql AS
	$$WITH i AS (SELECT * FROM pgtoken.issue_tokens(of_client, of_subject, 'openid offline_access read', context => '{"ip": "192.0.2.1"}'))
	  INSERT INTO held SELECT name || ' ' || n, token FROM i, LATERAL (VALUES ('access', access_token), ('refresh', refresh_token)) v (n, token)$$},
  q{SELECT family('42 web', 'web', 'user-42'), family('42 app', 'app', 'user-42'), family('7 web', 'web', 'user-7'), family('reused', 'app', 'user-42')},
  q{INSERT INTO pgtoken.consents (subject, client_id, resource, scopes, granted_at, updated_at)
	VALUES ('user-42', 'web', 'https://api.example', '{read}', now(), now())},
  # a refresh by the client's secret, and a thief with an old token of another family
  q{UPDATE held SET token = r.refresh_token FROM pgtoken.refresh_grant((SELECT token FROM held WHERE name = '42 web refresh'), 'web',
	(SELECT token FROM held WHERE name = 'web secret'), context => '{"ip": "192.0.2.1"}') r WHERE held.name = '42 web refresh'},
  q{INSERT INTO held SELECT 'reused next', r.refresh_token FROM pgtoken.refresh_grant((SELECT token FROM held WHERE name = 'reused refresh'), 'app', context => '{"ip": "192.0.2.1"}') r},
  q{INSERT INTO held SELECT 'reused last', r.refresh_token FROM pgtoken.refresh_grant((SELECT token FROM held WHERE name = 'reused next'), 'app', context => '{"ip": "192.0.2.1"}') r},
  q{SELECT error FROM pgtoken.refresh_grant((SELECT token FROM held WHERE name = 'reused refresh'), 'app', context => '{"ip": "203.0.113.9"}')},
  # a policy that has refused somebody, a factor that is locked
  q{SELECT pgtoken.enroll_factor('user-42', 'email')},
  q{UPDATE pgtoken.factors SET failed_attempts = 10, locked_until = now() + interval '15 minutes' WHERE subject = 'user-42'},
  q{SELECT pgtoken.create_policy('office', '[{"rule": "address_in", "outcome": "deny", "networks": ["203.0.113.0/24"]}]')},
  q{CREATE FUNCTION holds(of_name text) RETURNS boolean LANGUAGE sql AS
	$$SELECT CASE WHEN of_name LIKE '% refresh' THEN coalesce((pgtoken.introspect(h.token) ->> 'active')::boolean, false)
	  ELSE pgtoken.verify_access_token(h.token) IS NOT NULL END FROM held h WHERE h.name = of_name$$};
$s->quit;

# --- typed -------------------------------------------------------------------------

my $n = 0;

# all blocks of a section in one session of psql, as an operator has it; then the session for looking at what came of it
sub follow
{
	my ($name, %how) = @_;
	my $database = 'runbook_' . ++$n;
	my ($stdout, $stderr) = ('', '');
	my $text = join "\n", @{ delete $blocks{$name} // [] };

	ok($text ne '', "$name: has something to type");
	$node->safe_psql('postgres', "CREATE DATABASE $database TEMPLATE service");
	my $look = session($node, dbname => $database);
	$look->query($_) for @{ $how{before} // [] };
	$how{alone}->($database) if $how{alone};
	# what is shown may be secret: none of it is
	# answers as psql gives them by itself, which is not how the tests have it
	my $failed = $node->psql($database, "\\pset format aligned\n\\pset tuples_only off\n" . ($how{preamble} // '') . $text, on_error_die => 0, on_error_stop => 1,
		stdout => \$stdout, stderr => \$stderr, extra_params => [ '-X', '-q' ]);
	is($failed, 0, "$name: each statement does") or diag(join "\n", grep { /ERROR|HINT|DETAIL/ } split /\n/, $stderr);
	return $look;
}

my $admin = "SET ROLE operator;\n";
my $issuer = "SET ROLE application;\n";
$node->safe_psql('postgres', 'CREATE ROLE operator IN ROLE pgtoken_admin; CREATE ROLE application IN ROLE pgtoken_issuer;');

my $look = follow('Every day');
$look->query($_) for $look->column(q{SELECT DISTINCT command FROM cron.job});
is($look->value('SELECT count(*) FROM cron.job'), 2, 'Every day: what was scheduled runs');

$look = follow('Signing keys', preamble => $admin);
is($look->value(q{SELECT count(*) FROM pgtoken.signing_keys WHERE state = 'retired' AND retire_reason = 'key was copied'}), 1, 'Signing keys: the copied one is retired');
is($look->value(q{SELECT holds('7 web access')}), 'f', 'Signing keys: what it had signed is refused');
is($look->value(q{SELECT decision FROM pgtoken.refresh_grant((SELECT token FROM held WHERE name = '7 web refresh'), 'web', (SELECT token FROM held WHERE name = 'web secret'))}),
	'allow', 'Signing keys: and the next one signs');

follow('Alerts');

# the accident: what was revoked and withdrawn after the backup holds again
$look = follow('After a restore', preamble => $admin, before => [ q{SELECT pgtoken.enroll_factor('user-42', 'recovery_code')} ]);
is($look->value(q{SELECT count(*) FROM held WHERE name ~ '(access|refresh)$' AND holds(name)}), 0, 'After a restore: nothing of before holds');
is($look->value('SELECT count(*) FROM pgtoken.consents'), 0, 'After a restore: no consent of before counts');
is($look->value(q{SELECT cardinality(code_hashes) FROM pgtoken.factors WHERE factor_type = 'recovery_code'}), 0, 'After a restore: no recovery code is good');
$look->query(q{SELECT family('next', 'app', 'user-42')});
is($look->value(q{SELECT holds('next access') AND holds('next refresh')}), 't', 'After a restore: what is issued then does');

# the accident: a copy signs with production's keys
$look = follow('A copy for staging', preamble => $admin, alone => sub {
	my ($database) = @_;

	$node->safe_psql('postgres', "ALTER DATABASE $database SET pgtoken.installation_id = '5ba4e6a1-0f0c-4b6e-9c1d-2f6a3c1d7e90'");
});
is($look->value('SELECT issuer FROM pgtoken.issuers'), 'https://id.staging.example', 'A copy for staging: has an issuer of its own');
is($look->value(q{SELECT count(*) FROM held WHERE name ~ '(access|refresh)$' AND holds(name)}), 0, 'A copy for staging: nothing of the original holds');

# all else of it is for a shell: 280_configuration_file.pl
follow('Move the configuration', preamble => $admin);

follow('Monitoring', preamble => $admin);
follow('The first hour of an integration');

$look = follow('Watch decisions', preamble => $admin, before => [
	q{SELECT pgtoken.activate_policy('office')},
	q{SELECT error FROM pgtoken.refresh_grant((SELECT token FROM held WHERE name = '42 app refresh'), 'app', context => '{"ip": "203.0.113.9"}')} ]);
is($look->value(q{SELECT count(*) FROM pgtoken.decisions WHERE decision = 'deny'}), 1, 'Watch decisions: there was one to watch');

$look = follow('Roll out a policy', preamble => $admin);
is($look->value(q{SELECT string_agg(state, ' ') FROM pgtoken.policies WHERE policy = 'hours'}), 'retired', 'Roll out a policy: and taken back');

$look = follow('Unlock a factor', preamble => $admin);
is($look->value(q{SELECT failed_attempts = 0 AND locked_until IS NULL FROM pgtoken.factors WHERE subject = 'user-42'}), 't', 'Unlock a factor: it is');

$look = follow('Kick somebody out', preamble => $issuer);
is($look->value(q{SELECT string_agg(name, ' ') FROM held WHERE name ~ '^42 .*(access|refresh)$' AND holds(name)}), undef, 'Kick somebody out: he is');
is($look->value(q{SELECT holds('7 web access') AND holds('7 web refresh')}), 't', 'Kick somebody out: and nobody else');

follow('A user says that a session is not his', preamble => $admin);

# the attack: who has lost a role goes on with it by the token that he has
$look = follow('Take a role away', preamble => $admin);
is($look->value(q{SELECT string_agg(name, ' ') FROM held WHERE name ~ '^42 .*access$' AND holds(name)}), undef, 'a role: what says otherwise is refused');
is($look->value(q{SELECT holds('42 web refresh') AND holds('42 app refresh') AND holds('7 web access')}), 't', 'a role: nobody is logged out, and nobody else has lost it');
is($look->value(q{SELECT claims ->> 'role' FROM pgtoken.grants WHERE subject = 'user-42' AND revoked_at IS NULL LIMIT 1}), 'clerk', 'a role: the next token has the new one');

$look = follow('Limit sessions', preamble => $admin);
is($look->value(q{SELECT count(*) FROM pgtoken.grant_status WHERE subject = 'user-60' AND state = 'active'}), 2, 'Limit sessions: no more than that');
is($look->value(q{SELECT holds('42 web refresh') AND holds('42 app refresh')}), 't', 'Limit sessions: which ends nothing by itself');
is($look->value('SELECT max_sessions FROM pgtoken.issuers'), 5, 'Limit sessions: the issuer has its limit, too');

$look = follow('Suspend a user', preamble => $admin, before => [ q{SELECT family('42 more', 'app', 'user-42')} ]);
is($look->value(q{SELECT string_agg(name, ' ') FROM held WHERE name ~ '^42 .*(access|refresh)$' AND holds(name)}), undef, 'Suspend a user: nothing of his holds');
is($look->value(q{SELECT string_agg(i.error, ' ') FROM pgtoken.issue_tokens('app', 'user-42', 'openid') i}), 'access_denied', 'Suspend a user: nor is anything issued');
is($look->value(q{SELECT holds('7 web access') AND holds('7 web refresh')}), 't', 'Suspend a user: to others it is');

$look = follow('Let support act for a user', before => [ q{SELECT decision FROM pgtoken.issue_tokens('web', 'user-7', 'read', actor => '{"sub": "support-7"}')} ]);
$look->query('SET ROLE support_console');
is($look->value(q{SELECT decision FROM pgtoken.issue_tokens('web', 'user-7', 'openid', actor => '{"sub": "support-7"}')}), 'allow', 'Let support act for a user: it does');
# the attack: support does at an API what the policy of the page keeps it out of
is($look->value(q{SELECT error FROM pgtoken.issue_tokens('web', 'user-7', 'read', actor => '{"sub": "support-7"}')}), 'access_denied', 'Let support act for a user: but not at that API');
$look->query('RESET ROLE');

# files are written where psql runs
my $files = PostgreSQL::Test::Utils::tempdir;
$look = follow('A person asks', preamble => $admin . "\\cd $files\n");
is(eval { decode_json(slurp_file("$files/$_.json"))->{subject} }, 'user-42', "A person asks: $_.json is JSON") for qw(user-42 user-42-all user-42-month);
is($look->value(q{SELECT string_agg(name, ' ') FROM held WHERE name ~ '^(42|reused) .*(access|refresh)$' AND holds(name)}), undef, 'A person asks: nothing of his holds');
is($look->value(q{SELECT count(*) FROM pgtoken.audit_events WHERE subject = 'user-42' AND event <> 'subject.exported'}), 0, 'A person asks: nor does the audit know him');
is($look->value(q{SELECT holds('7 web access') AND holds('7 web refresh')}), 't', 'A person asks: and nobody else was concerned');

$look = follow('Let a tenant administer itself', preamble => "SET client_min_messages = warning;\n");
is($look->value('SELECT count(*) FROM pgtoken.administrations'), 0, 'Let a tenant administer itself: and it is taken back');

# the attack: the thief goes on with the secret that was replaced
$look = follow('When a client\'s secret has leaked', preamble => $admin);
is($look->value(q{SELECT error FROM pgtoken.refresh_grant((SELECT token FROM held WHERE name = '7 web refresh'), 'web', (SELECT token FROM held WHERE name = 'web secret'))}),
	'invalid_client', 'a leaked secret: is not taken');
is($look->value(q{SELECT string_agg(name, ' ') FROM held WHERE name ~ ' web (access|refresh)$' AND holds(name)}), undef, 'a leaked secret: nor is what came by it');
is($look->value(q{SELECT count(*) FROM pgtoken.client_secrets WHERE client_id = 'web' AND revoked_at IS NULL}), 1, 'a leaked secret: there is a new one');
is($look->value(q{SELECT holds('42 app refresh')}), 't', 'a leaked secret: other clients carry on');

$look = follow('Withdraw a consent', preamble => $issuer);
is($look->value(q{SELECT count(*) FROM pgtoken.consents WHERE subject = 'user-42' AND client_id = 'web'}), 0, 'Withdraw a consent: it is gone');
is($look->value(q{SELECT NOT holds('42 web refresh') AND holds('42 app refresh') AND holds('7 web refresh')}), 't', 'Withdraw a consent: and its families, no others');

# what he took back is still told of
$look = follow('What a user has agreed to', preamble => $admin, before => [ q{SELECT * FROM pgtoken.withdraw_consent('user-42', 'web')} ]);
is($look->value(q{SELECT string_agg(event, ' ' ORDER BY occurred_at) FROM pgtoken.consent_history('user-42', 'web')}), 'consent.withdrawn', 'What a user has agreed to: and taken back');

$look = follow('When refresh.reuse appears', preamble => $admin);
is($look->value(q{SELECT string_agg(name, ' ') FROM held WHERE name ~ '^(42|reused) .*(access|refresh)$' AND holds(name)}), undef, 'reuse: nothing of the subject holds');

$look = follow('The courier', preamble => $admin);
is($look->value('SELECT logout_delivery FROM pgtoken.issuers'), 'courier', 'The courier: it delivers logouts');
follow('Clients that register themselves', preamble => $admin);
# the whole is in importing.md: here are the tables of the other server
follow('Move here from another server', preamble => <<'PSQL');
\i test/import/hydra/dump.sql
CREATE EXTENSION pgtoken_import;
SELECT value AS token FROM hydra.handed_out WHERE what = 'living refresh' \gset
SELECT ARRAY(SELECT value FROM hydra.handed_out WHERE what IN ('secret', 'older secret')) AS secrets \gset
PSQL
follow('Upgrade');
# the roles go with the last database that has the extension
$look = follow('Uninstall', alone => sub {
	my ($database) = @_;

	$node->safe_psql('postgres', qq{SELECT format('DROP DATABASE %I WITH (FORCE)', datname) FROM pg_database
		WHERE (datname = 'service' OR datname LIKE 'runbook_%') AND datname <> '$database' \\gexec});
});
is($node->safe_psql('postgres', q{SELECT count(*) FROM pg_roles WHERE rolname LIKE 'pgtoken%'}), 0, 'Uninstall: nor are its roles');
is($look->value(q{SELECT count(*) FROM pg_namespace WHERE nspname LIKE 'pgtoken%'}), 0, 'Uninstall: nothing is left');

is(join(', ', sort keys %blocks), '', 'no section with SQL was forgotten');
done_testing();
