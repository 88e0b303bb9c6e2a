# Attack: a database that is told late, or not at all, goes on saying yes: to a client that
# was switched off, by a key that was retired.  Several databases have their configuration
# from one; what would let replication fail for ever is refused where it comes to, and one
# that may be too old issues nothing.  Who cannot protect keys on their way, or cannot see
# them, is refused before a row has come.
use strict;
use warnings;

use FindBin;
use lib $FindBin::RealBin;

use JSON::PP;
use PgtokenTest;
use PostgreSQL::Test::Utils;
use Test::More;

my $dir = PostgreSQL::Test::Utils::tempdir;
my ($first_key, $second_key) = map { my $n = $_; join '', map { sprintf '%02x', ($n * $_ + 1) % 256 } 1 .. 32 } 5, 9;

sub key_file
{
	my ($name, @keys) = @_;

	append_to_file("$dir/$name", join '', map { "$_\n" } @keys);
	chmod 0600, "$dir/$name" or die $!;
	return "$dir/$name";
}

my $preload = "shared_preload_libraries = 'pgtoken'\n";
my $primary = new_cluster('primary', init => { allows_streaming => 'logical' },
	conf => $preload . "listen_addresses = '127.0.0.1'\npgtoken.root_key_file = '" . key_file('first', $first_key) . "'\n"
	  . "max_worker_processes = 16\npgtoken.max_configuration_lag = 2s\n");
my $shard = new_cluster('shard', init => { allows_streaming => 1 },
	conf => $preload . "pgtoken.root_key_file = '" . key_file('second', $second_key) . "'\nmax_worker_processes = 16\n"
	  . "wal_retrieve_retry_interval = 100ms\n");
my $p = session($primary);
my $secret = create_service($p);
my $s = session($shard);
$s->query('CREATE EXTENSION pgtoken');

my $there = $primary->host . ' port=' . $primary->port . ' dbname=postgres';
sub role { return $_[0]->value('SELECT pgtoken.configuration_role()'); }
sub subscribe { my ($session, $connection, $more) = @_; return $session->sqlstate('SELECT pgtoken.configure_as_subscriber($1' . ($more // '') . ')', $connection); }
sub message { return eval { $_[0]->query(@_[ 1 .. $#_ ]); 1 } ? '' : ref $@ ? $@->{message} : die $@; }
sub why { my ($session, $connection) = @_; return message($session, 'SELECT pgtoken.configure_as_subscriber($1)', $connection); }
sub health { return $_[0]->row(q{SELECT ok, detail FROM pgtoken.health() WHERE check_name = 'configuration'}); }
sub slots { return $p->value(q{SELECT count(*) FROM pg_replication_slots WHERE slot_name LIKE 'pgtoken\_%'}); }

# what is committed at the primary by now is applied at the shard, or the test dies
sub applied
{
	my $lsn = $primary->lsn('flush');

	wait_until('it is applied', sub { $s->value('SELECT latest_end_lsn >= $1::pg_lsn FROM pg_stat_subscription WHERE relid IS NULL', $lsn) // '' eq 't' });
	return;
}

# --- who must not become a subscriber -----------------------------------------------

$p->query('CREATE ROLE nobody LOGIN');
$p->query('CREATE ROLE blind LOGIN REPLICATION');
$p->query('CREATE ROLE reader LOGIN REPLICATION IN ROLE pgtoken_replicator');
my $good = "host=$there user=reader";

is(role($p), 'alone', 'a database has its own configuration');
is(health($p)->{ok}, 't', 'and health() minds nothing');
is($s->sqlstate('SELECT pgtoken.configure_as_primary()'), '55000', 'no primary without logical decoding');
is(subscribe($s, 'host=/nowhere'), '08001', 'no connection');
is(subscribe($s, "host=$there user=nobody"), '08001', 'a role that may not replicate');
is(why($s, "host=127.0.0.1 port=" . $primary->port . " dbname=postgres user=reader"), 'the connection to the configuration primary is not protected',
	'in clear over TCP');
is(why($s, "host=127.0.0.1 port=" . $primary->port . " dbname=postgres user=reader sslmode=prefer application_name=sslmode=verify-full"),
	'the connection to the configuration primary is not protected', 'where words of it look like a setting');
is(why($s, "host=$there user=blind"), 'the role that connects must not read the configuration there', 'a role without privileges');
is(why($s, "host=$there user=reader dbname=template1"), 'the other database has no pgtoken of this version', 'a database without pgtoken');
is(why($s, $good), 'the other database is no configuration primary', 'one that is no primary');
is(why($p, $good), 'a database cannot have its configuration from itself', 'its own');
is($p->value('SELECT pgtoken.configure_as_primary()'), 't', 'now it is');
is($p->value('SELECT pgtoken.configure_as_primary()'), 'f', 'once more: nothing new');
is(why($s, $good), 'this server has not the root key of the configuration primary', 'another root key');
$shard->append_conf('postgresql.conf', "pgtoken.root_key_file = '" . key_file('both', $second_key, $first_key) . "'");
$shard->restart;
$s = session($shard);

# Attack, or a mistake: row security lets the first copy bring no rows, without a word.
$p->query("GRANT USAGE ON SCHEMA pgtoken TO blind");
$p->query("GRANT SELECT ON ALL TABLES IN SCHEMA pgtoken TO blind");
$p->query("GRANT EXECUTE ON FUNCTION pgtoken.configuration_facts TO blind");
is(why($s, "host=$there user=blind"), 'the role that connects does not see all rows of the configuration there', 'a role that row security hides rows from');
$p->query("UPDATE pg_extension SET extversion = '0.0.1' WHERE extname = 'pgtoken'");
like(why($s, $good), qr/^the configuration primary has pgtoken 0\.0\.1, this database /, 'another version');
$p->query(q{UPDATE pg_extension SET extversion = $1 WHERE extname = 'pgtoken'}, $s->value(q{SELECT extversion FROM pg_extension WHERE extname = 'pgtoken'}));
is(why($p, $good), 'this database is the configuration primary of others', 'a primary');
$s->query('BEGIN');
is(subscribe($s, $good), '25001', 'in a transaction');
$s->query('ROLLBACK');

$s->query(q{SELECT pgtoken.create_issuer('https://old.example')});
is(why($s, $good), 'this database has a configuration of its own', 'one that has its own');
is(slots(), 0, 'none of them has left a slot');

# what fails after the slot was made takes it away again
$s->query(q{CREATE FUNCTION fail() RETURNS trigger LANGUAGE plpgsql AS $f$BEGIN RAISE EXCEPTION 'no' USING ERRCODE = 'P0001'; END$f$});
$s->query('CREATE TRIGGER z_fail BEFORE DELETE ON pgtoken.issuers FOR EACH ROW EXECUTE FUNCTION fail()');
is(subscribe($s, $good, ', replace => true'), 'P0001', 'it fails half-way');
is(slots(), 0, 'and leaves no slot');
is(role($s), 'alone', 'nor a role');
$s->query('DROP FUNCTION fail CASCADE');

# a slot waits for transactions of the primary; who gives up meanwhile leaves none that is made later
my $writer = session($primary);
$writer->query('BEGIN');
$writer->query('SELECT pg_current_xact_id()');
$s->query("SET statement_timeout = '2s'");
is(subscribe($s, $good, ', replace => true'), '57014', 'it is given up while the slot is made');
$s->query('RESET statement_timeout');
$writer->query('COMMIT');
$writer->quit;
is($p->value(q{SELECT count(*) FROM pg_stat_activity WHERE query LIKE '%create\_logical\_replication\_slot(%' AND pid <> pg_backend_pid() AND state = 'active'}), 0, 'nobody makes it any more');
is(slots(), 0, 'and none is left');

# Attack: who may create in the database makes the publication first, and takes out of it what he likes
$p->query('DROP PUBLICATION pgtoken_configuration');
$p->query('GRANT CREATE ON DATABASE postgres TO nobody');
session($primary, user => 'nobody')->query('CREATE PUBLICATION pgtoken_configuration');
is(subscribe($s, $good, ', replace => true'), '55000', 'a primary that does not publish all');
is(slots(), 0, 'leaves no slot either');
is($s->value('SELECT count(*) FROM pgtoken.issuers'), 1, 'nor deletes what is there');
like(health($p)->{detail}, qr/has not the tables.*some changes do not reach/, 'its health says so');
$p->query('SELECT pgtoken.configure_as_primary()');
is($p->value(q{SELECT rolsuper FROM pg_publication JOIN pg_roles r ON r.oid = pubowner}), 't', 'it is the superuser\'s from then on');
is(health($p)->{ok}, 't', 'and whole');

# Attack: a socket, and another host behind it for the next connection; an address in place of a socket
is(why($s, "host=$there user=reader hostaddr=127.0.0.1"), 'the connection to the configuration primary is not protected', 'an address that a socket is written before');
(my $two = $good) =~ s/^host=(\S+) port=(\d+)/host=$1,127.0.0.1 port=$2,$2/;
is(why($s, $two), 'the connection to the configuration primary is not protected', 'a second host in clear');

# --- set up ---------------------------------------------------------------------------

is(subscribe($s, $good, ', replace => true'), '00000', 'a subscriber');
is(role($s), 'subscriber', 'it says so');
wait_until('the configuration is here', sub { health($s)->{ok} eq 't' });
is(slots(), 1, 'the primary has a slot for it');
is(health($p)->{detail}, '1 subscriber(s) have it from here', 'and knows of it');
is($s->value('SELECT pgtoken.jwks()'), $p->value('SELECT pgtoken.jwks()'), 'the keys are the same');
is($s->value(q{SELECT string_agg(issuer, ',') FROM pgtoken.issuers}), 'https://id.example', 'and in place of what was there');
is($s->value('SELECT count(*) FROM pgtoken.key_material'), $p->value('SELECT count(*) FROM pgtoken.key_material'), 'private keys and peppers have come');
is(subscribe($s, $good), '00000', 'once more');
is($s->value(q{SELECT count(*) FROM pgtoken.audit_events WHERE event = 'configuration.role_changed'}), 1, 'which is no change');
is($s->value(q{SELECT detail ->> 'to' FROM pgtoken.audit_events WHERE event = 'configuration.role_changed'}), 'subscriber', 'the change is in the audit');
unlike($s->value(q{SELECT obj_description(oid, 'pg_subscription') FROM pg_subscription}), qr/user|password/, 'who looks sees where to, and no more');

my $issue = q{SELECT decision, error, access_token, refresh_token, grant_id FROM pgtoken.issue_tokens($1, $2, 'read offline_access')};
sub issue { return $_[0]->row($issue, $_[1] // 'app', $_[2] // 'alice'); }
sub holds { return defined $_[0]->value('SELECT pgtoken.verify_access_token($1)', $_[1]) ? 1 : 0; }
sub outcome { my ($row) = @_; return $row->{error} // $row->{decision}; }

my %token = (shard => issue($s), primary => issue($p));
is(outcome($token{shard}), 'allow', 'tokens are issued at the subscriber');
ok(defined $s->value('SELECT pgtoken.configuration_lag()'), 'how old its configuration is, is known');
ok(!defined $p->value('SELECT pgtoken.configuration_lag()'), 'of the primary there is nothing to know');
is(join(',', $s->value('SELECT count(*) FROM pgtoken.grants'), $p->value('SELECT count(*) FROM pgtoken.grants')), '1,1', 'families stay where they are');

# --- what only the primary may --------------------------------------------------------

my %refused = (
	create_issuer => q{SELECT pgtoken.create_issuer('https://b.example')},
	update_issuer => q{SELECT pgtoken.update_issuer('https://id.example', login_uri => 'https://id.example/login')},
	create_signing_key => q{SELECT pgtoken.create_signing_key('RS256')},
	rotate_signing_key => 'SELECT pgtoken.rotate_signing_key(force => true)',
	create_client => q{SELECT pgtoken.create_client('b', 'public', '{read}')},
	update_client => q{SELECT pgtoken.update_client('app', enabled => true)},
	create_client_secret => q{SELECT pgtoken.create_client_secret('backend')},
	revoke_client => q{SELECT pgtoken.revoke_client('app')},
	set_not_before => q{SELECT pgtoken.set_not_before(issuer => 'https://id.example')},
	create_resource => q{SELECT pgtoken.create_resource('https://b.example', '{read}')},
	create_trusted_issuer => q{SELECT pgtoken.create_trusted_issuer('https://ci.example', jwks_uri => 'https://ci.example/keys')},
	'an update by a superuser' => q{UPDATE pgtoken.clients SET client_name = 'x'},
	'a delete by a superuser' => 'DELETE FROM pgtoken.key_material',
	truncate => 'TRUNCATE pgtoken.policies');
for my $what (sort keys %refused)
{
	is($s->sqlstate($refused{$what}), '25006', "$what: refused at the subscriber");
}
$s->query("SET session_replication_role = 'replica'");
is($s->sqlstate($refused{'an update by a superuser'}), '25006', 'also for who passes for replication');
$s->query('RESET session_replication_role');
my $hint = message($s, $refused{create_client});
is($hint, 'this database has its configuration from another one', 'in plain words');
# each column is guarded, but for what each database notes of the use of a row
is( $s->value(q{SELECT string_agg(format('%s.%s', t.table_name, a.attname), ',' ORDER BY t.table_name, a.attname)
		FROM pgtoken.configuration_tables() t JOIN pg_attribute a ON a.attrelid = format('pgtoken.%I', t.table_name)::regclass AND a.attnum > 0 AND NOT a.attisdropped
		WHERE NOT EXISTS (SELECT FROM pg_trigger g WHERE g.tgrelid = a.attrelid AND g.tgname = 'configuration' AND g.tgenabled = 'A' AND a.attnum = ANY (g.tgattr::int2[]))}),
	'client_secrets.last_used_at,signal_streams.verified_at', 'no column is left out');
$s->query('SELECT pgtoken.create_audit_key()');
ok(defined $s->value('SELECT pgtoken.seal_audit()'), 'it seals its audit by a key of its own');
$s->query('SELECT pgtoken.rewrap_keys()');
is($s->sqlstate('SELECT pgtoken.set_not_before(subject => $1)', 'nobody'), '00000', 'what is about a subject is its own');

my $register = sub { http_request($_[0], POST => '/oauth2/register', '{"redirect_uris": ["https://a.example/cb"]}', '{"content-type": "application/json"}') };
my $answer = $register->($s);
is($answer->{status}, 503, 'who registers a client is told to come elsewhere');
is(decode_json($answer->{body})->{error}, 'temporarily_unavailable', 'by an error of the protocol');
is($s->value(q{SELECT count(*) FROM pgtoken.refused_requests() WHERE reason = 'configuration_elsewhere'}), 1, 'and the operator knows why');
isnt($register->($p)->{status}, 503, 'at the primary it is as it is');

# Attack: the use of a secret is noted, which would be a write that is refused, and lock out every client.
my $used = q{SELECT count(last_used_at) FROM pgtoken.client_secrets};
my $refresh = q{SELECT decision, error, access_token, refresh_token FROM pgtoken.refresh_grant($1, $2, $3)};
my $family = issue($s, 'backend');
is(outcome($s->row($refresh, $family->{refresh_token}, 'backend', $secret)), 'allow', 'a client with a secret refreshes at the subscriber');
is(join(',', $s->value($used), $p->value($used)), '1,0', 'where its use is noted');

# --- keys -----------------------------------------------------------------------------

sub state_of { return $_[0]->value(q{SELECT string_agg(state, ',' ORDER BY state) FROM pgtoken.signing_keys}); }

# Attack: maintain() made a key at the subscriber, and nothing came from the primary any more.
$p->query(q{UPDATE pgtoken.signing_keys SET activated_at = now() - interval '1 year', created_at = now() - interval '1 year'});
applied();
my @steps = $s->column(q{SELECT step || ': ' || detail FROM pgtoken.maintain() WHERE step LIKE 'left%'});
is_deeply(\@steps, [ 'left to the configuration primary: signing keys', 'left to the configuration primary: clients' ], 'maintain() leaves keys and clients to the primary, and says so');
is(state_of($s), 'active', 'it has made no key');
my $listener = session($shard);
$listener->query('LISTEN pgrst');
$p->query('SELECT pgtoken.maintain()');
is(state_of($p), 'active,pending', 'the primary has made the next key');
applied();
is(state_of($s), 'active,pending', 'which comes before it signs');
$listener->query('SELECT 1');
is_deeply([ $listener->notified ], ['pgrst'], 'layers at the subscriber are told');
$p->query(q{UPDATE pgtoken.signing_keys SET created_at = now() - interval '1 month' WHERE state = 'pending'});
$p->query('SELECT pgtoken.maintain()');
applied();
is(state_of($s), 'active,retiring', 'and signs once it does at the primary');
is($s->value('SELECT pgtoken.jwks()'), $p->value('SELECT pgtoken.jwks()'), 'both publish the same');
%token = (%token, shard_2 => issue($s, 'backend'), primary_2 => issue($p, 'backend'));
for my $name (sort keys %token)
{
	my $at = $name =~ /^shard/ ? $s : $p;
	is(holds($at, $token{$name}{access_token}), 1, "$name: a token of the old and of the new key holds where its family is");
}
$p->query(q{UPDATE pgtoken.signing_keys SET retires_at = now() WHERE state = 'retiring'});
$p->query('SELECT pgtoken.maintain()');
applied();
is(state_of($s), 'active,retired', 'a retired one is retired');
is(holds($s, $token{shard}{access_token}), 0, 'and verifies no more, in a session that has known it');

# --- a client that is switched off ----------------------------------------------------

is(outcome(issue($s)), 'allow', 'a client gets tokens');
my $events = q{SELECT count(*) FROM pgtoken.audit_events WHERE event = 'client.changed'};
$p->query(q{SELECT pgtoken.update_client('app', enabled => false)});
applied();
is(outcome(issue($s)), 'invalid_client', 'and none from the next statement on, once it is switched off');
is(join(',', $p->value($events), $s->value($events)), '1,0', 'which is audited once');
# an idle primary sends nothing more, and makes no lag
my $changed_at = $s->value('SELECT clock_timestamp()');
wait_until('the idle primary is known to be idle', sub { ($s->value('SELECT clock_timestamp() - pgtoken.configuration_lag() > $1::timestamptz', $changed_at) // '') eq 't' });
pass('a primary that is idle after a change makes no lag');
$p->query(q{SELECT pgtoken.update_client('app', enabled => true)});
my $ended = issue($s, 'backend', 'bob');
$p->query(q{SELECT pgtoken.revoke_client('backend')});
applied();
is($s->row($refresh, $ended->{refresh_token}, 'backend', $secret)->{error}, 'invalid_grant', 'what a client had is ended at every database by one call');

# --- what else follows from a change at the primary ---------------------------------------

my $stream = $p->value(q{SELECT stream_id FROM pgtoken.create_signal_stream('app', events => '{session-revoked}')});
applied();
my $waiting = q{SELECT count(*) FROM pgtoken.signals};
$s->query('SELECT pgtoken.revoke_family($1::uuid)', issue($s)->{grant_id});
is($s->value($waiting), 1, 'a signal of a subject waits where the subject is');
$p->query(q{SELECT pgtoken.update_signal_stream($1, status => 'disabled')}, $stream);
applied();
is($s->value($waiting), 0, 'and is dropped when its stream is switched off at the primary');

# a client that is named by a URL is made at the primary, where its document is fetched
$p->query(q{SELECT pgtoken.update_issuer('https://id.example', login_uri => 'https://id.example/login')});
$p->query(q{SELECT pgtoken.set_registration_policy('{"client_id_metadata_documents": "open"}')});
applied();
my $by_url = '/oauth2/authorize?response_type=code&client_id=https%3A%2F%2Fapp.example%2Fclient&redirect_uri=https%3A%2F%2Fapp.example%2Fcb';
is(http_request($s, GET => $by_url)->{status}, 503, 'a client that only the primary can know is sent there');

# a receiver of signals comes to where its token lies: it looks there, and changes nothing
my $receiver = $p->value(q{SELECT client_secret FROM pgtoken.create_client('siem', 'confidential', '{ssf.manage}', metadata => '{"grant_types": ["client_credentials"]}')});
my $stream = $p->value(q{SELECT stream_id FROM pgtoken.create_signal_stream('siem')});
applied();
my $of_receiver = decode_json(http_request($s, POST => '/oauth2/token', "grant_type=client_credentials&client_id=siem&client_secret=$receiver&scope=ssf.manage",
	'{"content-type": "application/x-www-form-urlencoded"}')->{body})->{access_token};
my $signals = sub { http_request($s, $_[0] => "/oauth2/signals/$_[1]", $_[2], encode_json({ authorization => "Bearer $of_receiver", 'content-type' => 'application/json' })) };
is(decode_json($signals->(GET => 'streams')->{body})->[0]{stream_id}, $stream, 'a receiver reads its streams at the subscriber');
is(decode_json($signals->(GET => "status?stream_id=$stream")->{body})->{status}, 'enabled', 'and their status');
is($signals->(POST => 'status', qq({"stream_id": "$stream", "status": "paused"}))->{status}, 503, 'which it does not change there');
is($signals->(POST => "poll/$stream", '{}')->{status}, 200, 'and fetches what there is');

# Attack: who has never come to the primary's own shard is no client that nobody uses
$p->query(q{SELECT pgtoken.create_client('elsewhere', 'public', '{read}')});
$p->query(q{INSERT INTO pgtoken.registrations (client_id, issuer, origin, registered_at) VALUES ('elsewhere', 'https://id.example', 'registration', now() - interval '2 years')});
$p->query('SELECT pgtoken.maintain()');
my $elsewhere = q{SELECT count(*) FROM pgtoken.clients WHERE client_id = 'elsewhere'};
is($p->value($elsewhere), 1, 'a client that got no token at the primary stays');

# --- a subscriber that is late ---------------------------------------------------------

$shard->append_conf('postgresql.conf', 'pgtoken.max_configuration_lag = 1s');
$shard->restart;
$s = session($shard);
is(role($s), 'subscriber', 'it is one after a restart');

sub is_fresh { my ($what) = @_; wait_until("tokens are issued: $what", sub { outcome(issue($s)) eq 'allow' }); pass($what); return; }
sub is_stale
{
	my ($what) = @_;

	wait_until("none are issued: $what", sub { outcome(issue($s)) eq 'temporarily_unavailable' });
	is(outcome($s->row($refresh, $family->{refresh_token}, 'backend', $secret)), 'temporarily_unavailable', "$what: nor refreshed");
	is(health($s)->{ok}, 'f', "$what: health() says so");
	return;
}

is_fresh('after the restart');
$family = issue($s, 'backend');
$s->query('ALTER SUBSCRIPTION ' . $s->value('SELECT subname FROM pg_subscription') . ' DISABLE');
is_stale('the subscription is switched off');
like(health($s)->{detail}, qr/^the subscription is switched off: [^;]*; (?:current [^;]*; )?no tokens are issued$/, 'and why');
my $token_request = http_request($s, POST => '/oauth2/token', "grant_type=refresh_token&client_id=backend&client_secret=$secret&refresh_token=$family->{refresh_token}",
	'{"content-type": "application/x-www-form-urlencoded"}');
is($token_request->{status}, 503, 'over HTTP it is 503');
ok(defined $token_request->{headers}{'retry-after'}, 'to be tried again');
is(http_request($s, GET => '/ready')->{status}, 503, 'the service is not ready');
is($s->value(q{SELECT value FROM pgtoken.metrics() WHERE name = 'pgtoken_configuration_role' AND labels ->> 'role' = 'subscriber'}), 1, 'metrics say what it is');
cmp_ok($s->value(q{SELECT value FROM pgtoken.metrics() WHERE name = 'pgtoken_configuration_lag_seconds'}), '>', 1, 'and how late');
is(holds($s, $family->{access_token}), 1, 'what was issued holds');
$s->query(q{SET pgtoken.max_configuration_lag = 0});
is(outcome(issue($s)), 'allow', 'without a limit it issues');
$s->query('RESET pgtoken.max_configuration_lag');
$s->query('ALTER SUBSCRIPTION ' . $s->value('SELECT subname FROM pg_subscription') . ' ENABLE');
is_fresh('it is switched on');
is(outcome($s->row($refresh, $family->{refresh_token}, 'backend', $secret)), 'allow', 'what was refused was not used up');

$family = issue($s, 'backend');
my $holder = session($shard);
$holder->query('BEGIN');
$holder->query(q{SELECT FROM pgtoken.clients WHERE client_id = 'app' FOR UPDATE});
$p->query(q{SELECT pgtoken.update_client('app', client_name => 'Blocked')});
is_stale('the worker waits for a row, and hears of the primary all the time');
$holder->query('ROLLBACK');
is_fresh('the row is free');

# one row that the guard has not seen, which the primary writes as well
$family = issue($s, 'backend');
$s->query('ALTER TABLE pgtoken.resources DISABLE TRIGGER configuration');
$s->query(q{INSERT INTO pgtoken.resources (issuer, resource, scopes) VALUES ('https://id.example', 'https://twice.example', '{other}')});
$s->query('ALTER TABLE pgtoken.resources ENABLE ALWAYS TRIGGER configuration');
$p->query(q{SELECT pgtoken.create_resource('https://twice.example', '{other}')});
is_stale('the worker fails again and again');
$s->query('ALTER TABLE pgtoken.resources DISABLE TRIGGER configuration_delete');
$s->query(q{DELETE FROM pgtoken.resources WHERE resource = 'https://twice.example'});
$s->query('ALTER TABLE pgtoken.resources ENABLE ALWAYS TRIGGER configuration_delete');
is_fresh('the row is gone');

# Attack: with factors on both, one recovery code completes a step-up on each; and a used id
# that came from elsewhere, or an end that did not, is taken for what has happened here.
my %of_a_shard = (
	factors => q{SELECT pgtoken.enroll_factor('carol', 'external')},
	consents => q{SELECT pgtoken.import_consent('app', 'carol', '{read}', 'https://api.example')},
	grants => q{SELECT pgtoken.issue_tokens('app', subject => 'carol', scope => 'read')},
	replay_ids => q{INSERT INTO pgtoken.replay_ids VALUES ('\\x00', now() + interval '1 hour')});
for my $table (sort keys %of_a_shard)
{
	my $before = $s->value("SELECT count(*) FROM pgtoken.$table");

	$p->query("CREATE PUBLICATION people FOR TABLE pgtoken.$table");
	$s->query("CREATE SUBSCRIPTION people CONNECTION 'host=$there' PUBLICATION people WITH (copy_data = false, disable_on_error = true)");
	$p->query($of_a_shard{$table});
	wait_until("rows of $table come", sub { $s->value(q{SELECT NOT subenabled FROM pg_subscription WHERE subname = 'people'}) eq 't' });
	is($s->value("SELECT count(*) FROM pgtoken.$table"), $before, "no row of $table comes from another shard");
	$s->query('DROP SUBSCRIPTION people');
	$p->query('DROP PUBLICATION people');
}
like(slurp_file($shard->logfile), qr/what subjects have is not replicated between shards/, 'and the log says why');

$family = issue($s, 'backend');
$primary->stop;
is_stale('the primary is away');
is(health($s)->{detail} =~ /no tokens are issued/ ? 1 : 0, 1, 'and what follows from it');
$primary->start;
$p = session($primary);
is_fresh('the primary is back');

# Attack, or a mistake: a snapshot of the primary's disk has slots, too, and what is committed until it
# has come to where the subscriber is would be taken for known
my $subscription = $s->value('SELECT subname FROM pg_subscription');
$s->query("ALTER SUBSCRIPTION $subscription DISABLE");
wait_until('its origin is free', sub { $s->value(q{SELECT pg_replication_origin_advance(external_id, '7F/0') IS NOT NULL FROM pg_replication_origin_status}) // '' eq 't' if $s->value('SELECT count(*) FROM pg_stat_subscription WHERE pid IS NOT NULL') == 0 });
$s->query("ALTER SUBSCRIPTION $subscription ENABLE");
is_stale('the primary was put back');
wait_until('it is noticed', sub { health($s)->{detail} =~ /put back to an earlier time/ });
isnt($s->sqlstate("ALTER SUBSCRIPTION $subscription ENABLE"), '00000', 'and switches it off for good');
is(subscribe($s, $good), '55000', 'also for who takes another connection');
$p->query('SELECT pgtoken.update_client($1, client_name => $2)', 'app', 'Anew');
is($s->value('SELECT pgtoken.configure_as_alone()'), 't', 'it begins anew');
is(slots(), 0, 'the slot went with it');
is(subscribe($s, $good, ', replace => true'), '00000', 'from the primary as it is');
is_fresh('once it is copied');
$family = issue($s, 'backend');

# a table that does not come: nobody has read the publication since it was brought up to date
$p->query('ALTER PUBLICATION pgtoken_configuration DROP TABLE pgtoken.consoles');
like(health($p)->{detail}, qr/has not the tables of this version/, 'a publication that lacks a table');
$s->query('ALTER SUBSCRIPTION ' . $s->value('SELECT subname FROM pg_subscription') . ' REFRESH PUBLICATION');
$p->query('SELECT pgtoken.configure_as_primary()');
is(health($p)->{ok}, 't', 'is brought up to date');
like(health($s)->{detail}, qr/changes of consoles do not come/, 'which the subscriber has not read');
$s->query('ALTER SUBSCRIPTION ' . $s->value('SELECT subname FROM pg_subscription') . ' REFRESH PUBLICATION');
wait_until('until then', sub { health($s)->{ok} eq 't' });
$p->query(q{ALTER PUBLICATION pgtoken_configuration SET (publish = 'insert')});
like(health($p)->{detail}, qr/some changes do not reach a subscriber/, 'one that gives new rows alone');
$p->query('SELECT pgtoken.configure_as_primary()');
is(health($p)->{ok}, 't', 'is brought up to date as well');

# --- the way back, and copies ----------------------------------------------------------

# a dump of a subscriber is one that is cut off: it neither takes the original's slot nor issues
my $dump = "$dir/dump.sql";
command_ok([ 'pg_dump', '-d', $shard->connstr('postgres'), '-f', $dump ], 'a subscriber is dumped');
$s->query('CREATE DATABASE copied');
command_ok([ 'psql', '-X', '-q', '-v', 'ON_ERROR_STOP=1', '-d', $shard->connstr('copied'), '-f', $dump, '-o', '/dev/null' ], 'and restored');
my $copied = session($shard, dbname => 'copied');
is(role($copied), 'subscriber', 'the copy is a subscriber');
is(outcome(issue($copied)), 'temporarily_unavailable', 'that issues nothing');
is($copied->sqlstate($refused{create_client}), '25006', 'and writes no configuration');
is($copied->value('SELECT pgtoken.configure_as_alone(keep_slot => true)'), 't', 'it becomes a database of its own');
is($copied->sqlstate($refused{create_client}), '00000', 'that writes its configuration');
is(slots(), 1, 'and the original has its slot still');
$copied->quit;

# a physical clone, as a split has it: it leaves the original's slot alone, and gets one of its own
$family = issue($s, 'backend');
$shard->backup('clone');
my $twin = PostgreSQL::Test::Cluster->new('clone');
$twin->init_from_backup($shard, 'clone', has_streaming => 1);
$twin->append_conf('postgresql.conf', 'max_logical_replication_workers = 0');
$twin->start;
$shard->wait_for_catchup($twin, 'replay', $shard->lsn('flush'));
$twin->promote;
my $t = session($twin);
wait_until('the clone is promoted', sub { $t->value('SELECT pg_is_in_recovery()') eq 'f' });
is(role($t), 'subscriber', 'a clone is a subscriber');
is(outcome(issue($t)), 'temporarily_unavailable', 'that issues nothing');
is($t->value('SELECT pgtoken.configure_as_alone(keep_slot => true)'), 't', 'it leaves the slot to the original');
$twin->append_conf('postgresql.conf', 'max_logical_replication_workers = 4');
$twin->restart;
$t = session($twin);
is($t->value('SELECT pgtoken.configure_as_subscriber($1, replace => true)', $good), 't', 'and becomes a subscriber of its own');
wait_until('the configuration is there', sub { health($t)->{ok} eq 't' });
is(outcome($t->row($refresh, $family->{refresh_token}, 'backend', $secret)), 'allow', 'a family that it was cloned with is refreshed there');
is(slots(), 2, 'by a slot beside that of the original');
is(outcome(issue($s)), 'allow', 'which goes on');
is($t->value('SELECT pgtoken.configure_as_alone()'), 't', 'it leaves');
$t->quit;
$twin->stop;

is($p->sqlstate('SELECT pgtoken.configure_as_alone()'), '55006', 'a primary with subscribers stays one');
is($s->value('SELECT pgtoken.configure_as_alone()'), 't', 'a subscriber leaves');
is(role($s), 'alone', 'it has its own configuration');
is(slots(), 0, 'the slot is gone');
is($s->sqlstate($refused{create_client}), '00000', 'it writes its configuration');
is(outcome(issue($s)), 'allow', 'and issues by what it had');
is($s->value('SELECT pgtoken.configure_as_alone()'), 'f', 'once more: nothing to do');

# publisher and subscriber in one server
$p->query('CREATE DATABASE beside');
my $b = session($primary, dbname => 'beside');
$b->query('CREATE EXTENSION pgtoken');
is(subscribe($b, $good), '00000', 'a subscriber in the server of its primary');
wait_until('the configuration is there', sub { health($b)->{ok} eq 't' });
is(outcome(issue($b)), 'allow', 'it issues');
$p->query('SELECT pg_terminate_backend(active_pid) FROM pg_replication_slots');
is($b->value('SELECT pgtoken.configure_as_alone()'), 't', 'it leaves');
is($p->value('SELECT pgtoken.configure_as_alone()'), 't', 'nobody has it from the primary any more');
is(role($p), 'alone', 'which is none now');
$p->query('SELECT pgtoken.maintain()');
is($p->value($elsewhere), 0, 'and it deletes again what nobody has used');

done_testing();
