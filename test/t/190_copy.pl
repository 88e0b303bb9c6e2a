# Accident: production's database is copied into staging. The copy has production's
# keys, peppers and issuer, so what it signs is good in production, and a refresh
# token of production's rotates in both. By an id that is kept outside it is known to
# be a copy and signs nothing; adopt_copy() gives it keys, peppers and an issuer of
# its own, and ends or keeps its families.
use strict;
use warnings;

use FindBin;
use lib $FindBin::RealBin;

use PgtokenTest;
use Test::More;

use constant STAGING => '5ba4e6a1-0f0c-4b6e-9c1d-2f6a3c1d7e90';

my $node = new_cluster('copies');
$node->safe_psql('postgres', 'CREATE DATABASE original TEMPLATE template0');
my $o = session($node, dbname => 'original');
my $secret = create_service($o);
$o->query('SELECT pgtoken.create_signing_key($1)', $_) for qw(RS256 HS256);
$o->query(q{SELECT pgtoken.create_client('mac', 'confidential', '{read}', signing_alg => 'HS256')});
$o->query(q{SELECT pgtoken.create_policy('office', '[{"rule": "address_in", "outcome": "deny", "networks": ["203.0.113.0/24"]}]')});
$o->query(q{SELECT pgtoken.enroll_factor('alice', $1)}, $_) for qw(email recovery_code);
$o->query(q{SELECT pgtoken.update_issuer('https://id.example', mtls_base_uri => 'https://mtls.example')});
$o->query('SELECT pgtoken.enable_console()');
my $production = $o->value('SELECT installation_id FROM pgtoken.installation');

sub issue { return $_[0]->row(q{SELECT access_token, refresh_token FROM pgtoken.issue_tokens('app', 'alice', 'openid offline_access read')}); }
sub refresh { return $_[0]->row(q{SELECT decision, access_token, refresh_token FROM pgtoken.refresh_grant($1, 'app')}, $_[1]); }
sub holds { return defined $_[0]->value('SELECT pgtoken.verify_access_token($1)', $_[1]) ? 1 : 0; }
sub check { return $_[0]->row(q{SELECT ok, detail FROM pgtoken.health() WHERE check_name = 'installation'}); }
sub kids { return $_[0]->column(q{SELECT kid FROM pgtoken.signing_keys WHERE state <> 'retired'}); }

# a copy of the original, in which the outside says that it is staging's
sub copy
{
	my ($name) = @_;

	$node->safe_psql('postgres', "CREATE DATABASE $name TEMPLATE original");
	$node->safe_psql('postgres', "ALTER DATABASE $name SET pgtoken.installation_id = '${\STAGING}'");
	return session($node, dbname => $name);
}

my $old = issue($o);
my $rotated = issue($o);
my $current = refresh($o, $rotated->{refresh_token});
is($current->{decision}, 'allow', 'a family that has rotated');
is(check($o)->{ok}, 't', 'health: without the setting all is well');
like(check($o)->{detail}, qr/set it to \Q$production\E here/, 'and it says what to set it to');
$node->safe_psql('postgres', "ALTER DATABASE original SET pgtoken.installation_id = '" . uc($production) . "'");
$o->quit;

# --- not adopted --------------------------------------------------------------------

my $c = copy('staging');
$o = session($node, dbname => 'original');

is(check($o)->{ok}, 't', 'health: the original is the original');
is(check($c)->{ok}, 'f', 'health: the copy is red');
for my $call (
	[ 'issue', q{SELECT decision FROM pgtoken.issue_tokens('app', 'alice', 'offline_access read')} ],
	[ 'issue by HS256', q{SELECT decision FROM pgtoken.issue_tokens('mac', 'alice', 'read')} ],
	[ 'refresh', q{SELECT decision FROM pgtoken.refresh_grant($1, 'app')}, $current->{refresh_token} ],
	[ 'retry', q{SELECT decision FROM pgtoken.refresh_grant($1, 'app')}, $rotated->{refresh_token} ])
{
	my ($name, @call) = @{$call};

	is($c->sqlstate(@call), '55000', "$name: the copy signs nothing");
}
is(refresh($o, $current->{refresh_token})->{decision}, 'allow', 'the original goes on');

# --- what is refused ------------------------------------------------------------------

is($o->sqlstate(q{SELECT pgtoken.adopt_copy('https://id.staging.example')}), '55000', 'the original cannot be adopted');
is($o->sqlstate(q{SELECT set_config('pgtoken.installation_id', 'staging', false)}), '22023', 'the setting is a UUID');
$c->query(q{SELECT set_config('pgtoken.installation_id', '', false)});
is($c->sqlstate(q{SELECT pgtoken.adopt_copy('https://id.staging.example')}), '55000', 'nor what nobody says is a copy');
is(check($c)->{ok}, 't', 'health: nor is that red');
$c->query('RESET pgtoken.installation_id');
is($c->sqlstate(@{$_}), '22023', "refused: $_->[0]")
  for [ q{SELECT pgtoken.adopt_copy(NULL)} ], [ q{SELECT pgtoken.adopt_copy('http://id.staging.example')} ], [ q{SELECT pgtoken.adopt_copy('https://id.example')} ],
  [ q{SELECT pgtoken.adopt_copy('https://ID.example:443/')} ], [ q{SELECT pgtoken.adopt_copy('https://id.staging.example', 'forget')} ],
  [ q{SELECT pgtoken.adopt_copy('https://id.staging.example', NULL)} ], [ q{SELECT pgtoken.adopt_copy('https://id.staging.example', further_issuers => '[]')} ],
  [ q{SELECT pgtoken.adopt_copy('https://id.staging.example', further_issuers => '{"https://unknown.example": "https://u.example"}')} ],
  [ q{SELECT pgtoken.adopt_copy('https://id.staging.example', further_issuers => '{"https://id.example": "https://u.example"}')} ];
is(check($c)->{ok}, 'f', 'and the copy is what it was');

# --- adopted, its families ended ----------------------------------------------------

my @foreign = kids($o);
# Attack: what staging does is pushed to the receivers of the original, who believe it: a webhook has the same secret.
$c->query(q{SELECT pgtoken.create_signal_stream('app', 'push', 'https://rp.example/signals', format => 'webhook', all_subjects => true)});
$c->query(q{INSERT INTO pgtoken.courier_work (work_id, kind, issuer, receiver, expires_at) VALUES (pgtoken.new_uuid(), 'logout', 'https://id.example', 'rp.example', now() + interval '1 day')});
is($c->value(q{SELECT count(*) FROM pgtoken.courier_take('c', '{logout}')}), 0, 'deliveries of the original are not made here');
$c->query('SET ROLE pgtoken_admin');
is($c->value(q{SELECT pgtoken.adopt_copy('https://id.staging.example', reason => 'staging of today')}), STAGING, 'adopted');
$c->query('RESET ROLE');
is(check($c)->{ok}, 't', 'health: it is an installation of its own');
is($c->value(q{SELECT string_agg(check_name, ', ') FROM pgtoken.health() WHERE NOT ok AND check_name IN ('issuer', 'active signing keys', 'installation', 'triggers')}),
	undef, 'health: and it can sign');
is($c->value('SELECT string_agg(issuer, $$ $$) FROM pgtoken.issuers'), 'https://id.staging.example', 'its issuer has a new name');
is($c->value('SELECT mtls_base_uri FROM pgtoken.issuers'), undef, 'and no host of the original, where its clients would be sent');
is($c->value('SELECT enabled FROM pgtoken.consoles'), 'f', 'its console is off, whose client is sent to the original');
is($c->value('SELECT pgtoken.enable_console()'), 'https://id.staging.example/oauth2/console/', 'until somebody switches it on');
is($c->value(q{SELECT redirect_uris[1] || ' ' || array_length(resources, 1) FROM pgtoken.clients WHERE client_id = 'pgtoken-console'}), 'https://id.staging.example/oauth2/console/ 1', 'and then to itself');
is($c->value(q{SELECT count(*) FROM (SELECT issuer FROM pgtoken.clients UNION ALL SELECT issuer FROM pgtoken.resources UNION ALL SELECT issuer FROM pgtoken.policies
	UNION ALL SELECT issuer FROM pgtoken.factors UNION ALL SELECT issuer FROM pgtoken.signing_keys) t WHERE issuer <> 'https://id.staging.example'}), 0, 'everywhere');
is($c->value('SELECT count(*) FROM pgtoken.courier_work'), 0, 'what the original has to deliver is gone');
is($c->value(q{SELECT (SELECT count(*) FROM pgtoken.signal_streams) + (SELECT count(*) FROM pgtoken.signals) + (SELECT count(*) FROM pgtoken.key_material WHERE material_id LIKE 'signal%')}),
	0, 'and so are its streams of signals, with their secrets');
my %own = map { $_ => 1 } kids($c);
is(scalar(grep { $own{$_} } @foreign), 0, 'no signing key of the original signs or verifies');
is(scalar(keys %own), 3, 'there is one for each algorithm');
is($c->value(q{SELECT count(*) FROM pgtoken.key_material m WHERE m.material_id = 'pepper:https://id.example' OR m.material_id = ANY (SELECT 'key:' || unnest($1::text[]))},
	'{' . join(',', @foreign) . '}'), 0, 'nor does its key material lie there');
is(holds($c, $old->{access_token}), 0, 'an access token of the original is refused');
is(refresh($c, $old->{refresh_token})->{decision}, 'deny', 'so is a refresh token');
is($c->value(q{SELECT usable FROM pgtoken.factors_of('alice') WHERE factor_type = 'recovery_code'}), 'f', 'recovery codes are none any more');
my $new = issue($c);
is(holds($c, $new->{access_token}), 1, 'what it issues holds here');
is(holds($o, $new->{access_token}), 0, 'and not in the original');
is(refresh($c, $new->{refresh_token})->{decision}, 'allow', 'and can be refreshed');
is(refresh($o, $new->{refresh_token})->{decision}, 'deny', 'here only');
is($c->value(q{SELECT reason || ' ' || (detail ->> 'adopted_from') FROM pgtoken.audit_events WHERE event = 'installation.adopted'}), "staging of today $production", 'the audit says it');
is($c->sqlstate(q{SELECT pgtoken.adopt_copy('https://again.example')}), '55000', 'it is adopted once');

# the original has noticed nothing
is(holds($o, $old->{access_token}), 1, 'the original: its access token holds');
is(refresh($o, $old->{refresh_token})->{decision}, 'allow', 'the original: and its refresh token');

# --- its families kept; several issuers -----------------------------------------------

$o->query(q{SELECT pgtoken.create_issuer('https://other.example')});
$o->query(q{SELECT pgtoken.create_signing_key('ES256', 'https://other.example')});
my $kept = issue($o);
my $without = $o->row(q{SELECT refresh_token FROM pgtoken.issue_tokens('app', 'dave', 'openid offline_access')});
my $before = issue($o);
my $after = refresh($o, $before->{refresh_token});
$o->quit;
$c = copy('preview');
is($c->sqlstate(q{SELECT pgtoken.adopt_copy('https://id.preview.example', 'keep')}), '22023', 'each issuer needs a name');
is($c->sqlstate(q{SELECT pgtoken.adopt_copy('https://id.preview.example', 'keep', '{"https://other.example": "https://id.preview.example/"}')}), '22023', 'of its own');
is($c->sqlstate(q{SELECT pgtoken.adopt_copy('https://id.preview.example', 'keep', '{"https://other.example": null}')}), '22023', 'not nothing');
is($c->value(q{SELECT pgtoken.adopt_copy('https://id.preview.example', 'keep', '{"https://other.example": "https://other.preview.example"}')}), STAGING, 'adopted');
is($c->value('SELECT string_agg(issuer, $$ $$ ORDER BY issuer) FROM pgtoken.issuers'), 'https://id.preview.example https://other.preview.example', 'both have new names');
is(holds($c, $kept->{access_token}), 0, 'kept: an access token of before is refused all the same');
my $next = refresh($c, $kept->{refresh_token});
is($next->{decision}, 'allow', 'kept: a refresh token of before goes on');
is(holds($c, $next->{access_token}), 1, 'kept: and its access token holds');
is(refresh($c, $kept->{refresh_token})->{refresh_token} eq $next->{refresh_token} ? 1 : 0, 1, 'kept: what rotates here can be retried here');
# a family without an API has the issuer as its resource
is(refresh($c, $without->{refresh_token})->{decision}, 'allow', 'kept: so does that of a family without an API');
is($c->value(q{SELECT count(*) FROM pgtoken.grants WHERE 'https://id.example' = ANY (resources)}), 0, 'kept: no family names the issuer of before');
is(refresh($c, $before->{refresh_token})->{decision}, 'deny', 'kept: the predecessor of before cannot be retried');

done_testing();
