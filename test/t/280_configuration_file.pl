# Attack: the file with all private keys is read on its way, changed, or replaced by one
# that somebody else has made: everybody can seal to a certificate, and what he puts in
# would sign, or sign in, at the new place.  And accident: an old file brings back what
# was ended since, or ends what nobody meant to end.
use strict;
use warnings;

use Digest::SHA qw(sha256);
use File::Spec;
use FindBin;
use lib $FindBin::RealBin;

use JSON::PP;
use MIME::Base64 qw(decode_base64 decode_base64url encode_base64 encode_base64url);
use PgtokenTest;
use PostgreSQL::Test::Utils;
use Test::More;

my $dir = File::Spec->rel2abs(PostgreSQL::Test::Utils::tempdir);

sub write_file
{
	my ($name, $text, $mode) = @_;

	unlink "$dir/$name";
	append_to_file("$dir/$name", $text);
	chmod $mode // 0600, "$dir/$name";
	return "$dir/$name";
}

sub root_key { return write_file("root$_[0].key", join('', map { sprintf '%02x', ($_[0] * $_ + 1) % 256 } 1 .. 32) . "\n"); }

my $conf = "log_min_messages = debug5\nlog_min_error_statement = debug5\nlog_error_verbosity = verbose\n";
my $old_node = new_cluster('old_place', conf => $conf . "pgtoken.root_key_file = '" . root_key(5) . "'");
my $new_node = new_cluster('new_place', conf => $conf . "pgtoken.root_key_file = '" . root_key(9) . "'");
my $old = session($old_node);
my $new = session($new_node);

for my $pair ([ 'rsa', 'rsa:2048' ], [ 'curve', 'ec -pkeyopt ec_paramgen_curve:P-256' ], [ 'stranger', 'rsa:2048' ])
{
	my ($name, $kind) = @{$pair};

	die 'openssl cannot make a certificate'
	  if system "openssl req -x509 -newkey $kind -nodes -keyout $dir/$name.key -out $dir/$name.pem -subj /CN=$name -days 1 2>/dev/null";
	chmod 0600, "$dir/$name.key";
}
my $recipients = slurp_file("$dir/rsa.pem") . slurp_file("$dir/curve.pem");

# --- what there is ------------------------------------------------------------------

my $secret = create_service($old);
$old->query('SELECT pgtoken.create_signing_key($1)', $_) for qw(RS256 HS256);
$old->query(q{SELECT pgtoken.create_client('mac', 'public', '{read}', signing_alg => 'HS256')});
$old->query(q{SELECT pgtoken.create_client('jwt', 'confidential', '{read}', metadata => '{"token_endpoint_auth_method": "client_secret_jwt"}')});
$old->query(q{SELECT pgtoken.create_issuer('https://other.example')});
$old->query(q{SELECT pgtoken.create_signing_key('ES256', 'https://other.example')});
$old->query(q{SELECT pgtoken.create_policy('office', '[{"rule": "address_in", "outcome": "deny", "networks": ["203.0.113.0/24"]}]')});
$old->query(q{SELECT pgtoken.activate_policy('office')});
$old->query(q{SELECT pgtoken.create_signal_stream('backend', 'push', 'https://rp.example/signals', format => 'webhook', all_subjects => true)});
$old->query(q{SELECT pgtoken.update_issuer('https://id.example', registration => 'open')});
$old->query(q{SELECT pgtoken.create_registration_token()});
$old->query(q{SELECT pgtoken.describe_scope('read', 'Read your notes', 'en')});
$old->query(q{SELECT pgtoken.create_audit_key()});
$old->query(q{SELECT pgtoken.enroll_factor('alice', 'recovery_code')});
my $registered = http_request($old, 'POST', '/oauth2/register', '{"redirect_uris": ["https://rp.example/cb"]}', '{"content-type": "application/json"}');
is($registered->{status}, 201, 'a client has registered itself');

sub issue { return $_[0]->row(q{SELECT access_token, refresh_token FROM pgtoken.issue_tokens($1, 'alice', 'read' || CASE WHEN $1 = 'app' THEN ' offline_access' ELSE '' END)}, $_[1] // 'app'); }
sub refresh { return $_[0]->row(q{SELECT decision, error FROM pgtoken.refresh_grant($1, 'app')}, $_[1]); }
sub holds { return defined $_[0]->value('SELECT pgtoken.verify_access_token($1)', $_[1]) ? 1 : 0; }
sub authenticates { return http_request($_[0], 'POST', '/oauth2/introspect', 'token=x', '{"content-type": "application/x-www-form-urlencoded", "authorization": "Basic ' . encode_base64("backend:$secret", '') . '"}')->{status} == 200 ? 1 : 0; }
# is there an ES256 key by which openssl finds the signature good?
sub signed_by_keys_of
{
	my ($session, $token) = @_;
	my ($header, $payload, $signature) = split /\./, $token;
	my ($r, $s) = map { s/^\0+//r =~ s/^(?=[\x80-\xff])/\0/r } unpack 'a32 a32', decode_base64url($signature);
	my $input = write_file('signed', "$header.$payload");
	my $der = write_file('signature', pack 'C C/a*', 0x30, join '', map { pack 'C C/a*', 2, $_ } $r, $s);

	for my $jwk (grep { $_->{kty} eq 'EC' } @{ decode_json($session->value(q{SELECT pgtoken.jwks('https://id.example')}))->{keys} })
	{
		# SubjectPublicKeyInfo of a point of P-256
		my $key = write_file('public.der', pack('H*', '3059301306072a8648ce3d020106082a8648ce3d03010703420004') . decode_base64url($jwk->{x}) . decode_base64url($jwk->{y}));

		return 1 unless system "openssl dgst -sha256 -verify $key -keyform DER -signature $der $input >/dev/null 2>&1";
	}
	return 0;
}

# a digest, so that the output of a test has no hash of a secret
sub contents
{
	return $_[0]->value(q{SELECT md5(coalesce(string_agg(r.table_name || (r.content::jsonb - t.own_columns)::text, chr(10)), ''))
		FROM pgtoken.configuration_rows() r JOIN pgtoken.configuration_tables() t USING (table_name)});
}
sub actions { return { map { ("$_->{what} $_->{name}" => $_->{action}) } @_ }; }

my %token = map { ($_ => issue($old, $_)) } qw(app mac);
is(holds($old, $token{app}{access_token}), 1, 'a token of the old place');

# --- exported -----------------------------------------------------------------------

my $file = $old->row('SELECT sealed, digest FROM pgtoken.export_configuration($1)', $recipients);
my $sealed = write_file('configuration.pem', $file->{sealed});

sub decrypted { my ($key, $of) = @_; return scalar `openssl cms -decrypt -inform PEM -in $of -inkey $dir/$key.key 2>/dev/null`; }
my $plain = decrypted('rsa', $sealed);
like($plain, qr/\A\{"pgtoken_configuration":1,/, 'openssl opens it by the RSA key');
is(decrypted('curve', $sealed), $plain, 'and by that of the curve');
unlike(decrypted('stranger', $sealed), qr/pgtoken/, 'and by no other');
unlike($plain, qr/alice|subject"/, 'there is nothing of a subject in it');
unlike($plain, qr/audit:|installation/, 'nor what is of this database alone');

my @material = map { decode_base64($_) } $plain =~ /"material":"([^"]+)"/g;
is(scalar(@material), $old->value(q{SELECT count(*) FROM pgtoken.key_material WHERE material_id NOT LIKE 'audit:%'}), 'all key material is');
is($old->value('SELECT bool_and(wrapped) FROM pgtoken.key_material'), 't', 'which lies wrapped there');

# --- who may ------------------------------------------------------------------------

$new->query('CREATE EXTENSION pgtoken');
my @import = ('SELECT what, name, action FROM pgtoken.import_configuration($1, $2)', $file->{sealed}, $file->{digest});
sub key_file { $_[0]->query("SET pgtoken.configuration_key_file = '$_[1]'"); return; }

key_file($new, "$dir/stranger.key");
is($new->sqlstate(@import), '22023', 'not by the key of another');
key_file($new, write_file('open.key', slurp_file("$dir/rsa.key"), 0644));
is($new->sqlstate(@import), '55000', 'nor by a key that others can read');
key_file($new, "$dir/rsa.pem");
is($new->sqlstate(@import), '55000', 'a certificate is no private key');
system "openssl pkey -in $dir/rsa.key -aes256 -passout pass:x -out $dir/locked.key 2>/dev/null";
chmod 0600, "$dir/locked.key";
key_file($new, "$dir/locked.key");
is($new->sqlstate(@import), '55000', 'one with a passphrase is refused, and nobody is asked for it');
$new->query('CREATE ROLE mover LOGIN');
$new->query('GRANT USAGE ON SCHEMA pgtoken TO mover');
$new->query('GRANT EXECUTE ON FUNCTION pgtoken.import_configuration TO mover');
my $mover = session($new_node, user => 'mover');
my $choose = "SET pgtoken.configuration_key_file = '$dir/rsa.key'";
$mover->query($choose);
is($mover->sqlstate(@import), '55000', 'who may import does not choose the key before the library is loaded');
is($mover->sqlstate($choose), '42501', 'nor later');
is($mover->sqlstate('SHOW pgtoken.configuration_key_file'), '42501', 'nor sees which it is');
$mover->quit;
is($new->value('SELECT count(*) FROM pgtoken.issuers'), 0, 'nothing has come of all that');

# --- files of others ----------------------------------------------------------------

# Whoever can make both the file and its digest is the exporting side; what such a file
# may be, when it comes from another version or from a broken hand.
sub forged
{
	my ($content, @cms) = @_;
	my $in = write_file('forged', $content);

	@cms = ('-encrypt', '-aes-256-gcm', "$dir/rsa.pem") unless @cms;
	die 'openssl cannot seal' if system "openssl cms $cms[0] -binary -outform PEM -in $in -out $dir/forged.pem @cms[1 .. $#cms] 2>/dev/null";
	my $pem = slurp_file("$dir/forged.pem");
	my $der = decode_base64(join '', grep { !/^-/ } split /\n/, $pem);
	return ('SELECT what, name, action FROM pgtoken.import_configuration($1, $2)', $pem, encode_base64url(sha256("pgtoken configuration\n$der")));
}

my $about = qq({"pgtoken_configuration":1,"about":{}}\n);
key_file($new, "$dir/rsa.key");
for my $case (
	[ 'another form', '0A000', qq({"pgtoken_configuration":2,"about":{}}\n) ],
	[ 'another table', '0A000', $about . qq({"table":"novelties","row":{"a": 1}}\n) ],
	[ 'a table of a subject', '0A000', $about . qq({"table":"factors","row":{"issuer": "https://id.example"}}\n) ],
	[ 'another column', '0A000', $about . qq({"table":"issuers","row":{"issuer": "https://id.example", "novelty": 1}}\n) ],
	[ 'no configuration', '22023', "key,value\n" ],
	[ 'nothing', '22023', '' ],
	[ 'half a line', '22023', $about . '{"table":"issuers","row":{"iss' ],
	[ 'key material without bytes', '22023', $about . qq({"table":"key_material","material":"","row":{"material_id": "key:x"}}\n) ],
	[ 'key material that is no base64', '22023', $about . qq({"table":"key_material","material":"*","row":{"material_id": "key:x"}}\n) ],
	[ 'key material without a name', '22023', $about . qq({"table":"key_material","material":"c2VjcmV0","row":{}}\n) ],
	[ 'an issuer that is none', '23514', $about . qq({"table":"issuers","row":{"issuer": "https://id.example", "default_alg": "none"}}\n) ],
	[ 'a row without what it has to have', '23502', $about . qq({"table":"issuers","row":{"issuer": "https://id.example", "default_alg": null}}\n) ])
{
	my ($what, $state, $content) = @{$case};

	is($new->sqlstate(forged($content)), $state, "$what is refused");
}
# Attack: the words of an error show a row that cannot be, and with it its hash.
eval { $new->query(forged($about . qq({"table":"client_secrets","row":{"client_id": "app", "secret_id": "01a22811-8956-7f5c-a041-f4396ea8b906", "secret_hash": "\\\\x00ff00ff", "label": null, "created_at": null}}\n))); };
is($@->{sqlstate}, '23502', 'a secret without what it has to have is refused');
unlike("$@->{message} $@->{detail}", qr/00ff00ff/, 'and not shown');
is($new->sqlstate(forged($plain, '-sign', '-nodetach', "-signer $dir/rsa.pem -inkey $dir/rsa.key")), '22023', 'what is signed and not sealed, too');
is($new->value('SELECT count(*) FROM pgtoken.issuers'), 0, 'and nothing has come of it');

# --- imported -----------------------------------------------------------------------

my $before = contents($new);
my $planned = actions($new->query('SELECT * FROM pgtoken.import_configuration($1, $2, dry_run => true)', @import[1, 2]));
is(contents($new), $before, 'a dry run changes nothing');

my $done = actions($new->query(@import));
is_deeply($done, $planned, 'what is done is what the dry run has said');
is_deeply([ grep { $_ ne 'added' } values %{$done} ], [], 'all of it is new');
is(contents($new), contents($old), 'both places have the same configuration');
is($new->value(q{SELECT string_agg(check_name, ', ') FROM pgtoken.health() WHERE NOT ok AND check_name IN ('issuer', 'active signing keys', 'root key', 'key material wrapped', 'installation', 'triggers')}),
	undef, 'health: the new place can sign, and all keys are wrapped under its own root key');
isnt($new->value('SELECT installation_id FROM pgtoken.installation'), $old->value('SELECT installation_id FROM pgtoken.installation'), 'it is an installation of its own');
is($new->value('SELECT count(*) FROM pgtoken.factors'), 0, 'which has no factors');

ok(signed_by_keys_of($new, $token{app}{access_token}), 'who verifies by the keys of the new place takes tokens of the old one');
ok(!signed_by_keys_of($new, $token{mac}{access_token}), 'a secret is not published');
# not by the signature alone, since nobody here would know that it was revoked
is(holds($new, $token{app}{access_token}), 0, 'who asks the new place does not: their families are not here');
is(refresh($new, $token{app}{refresh_token})->{error}, 'invalid_grant', 'families stay where they are');
is(refresh($old, $token{app}{refresh_token})->{decision}, 'allow', 'and live there');
my $fresh = issue($new);
is(holds($new, $fresh->{access_token}), 1, 'the new place issues');
ok(signed_by_keys_of($old, $fresh->{access_token}), 'by the same key');
is(holds($new, issue($new, 'mac')->{access_token}), 1, 'and by the secret of HS256');
is(authenticates($new), 1, 'clients have their secrets');
is($new->value(q{SELECT count(*) FROM pgtoken.registrations r JOIN pgtoken.registration_uses u USING (client_id)}), 1, 'maintenance leaves clients that registered themselves at the old place');

# --- again --------------------------------------------------------------------------

is_deeply([ $new->query(@import) ], [], 'a second time there is nothing to do');
is(contents($new), contents($old), 'and nothing is done');
my @events = $new->column(q{SELECT detail -> 'changes' FROM pgtoken.audit_events WHERE event = 'configuration.imported' ORDER BY event_id});
is_deeply([ map { s/\d+/n/r } @events ], [ '{"added": n}', '{}' ], 'the audit has both');
is($new->value(q{SELECT detail ->> 'digest' FROM pgtoken.audit_events WHERE event = 'configuration.imported' LIMIT 1}), $file->{digest}, 'by the digest');
is($old->value(q{SELECT detail ->> 'digest' FROM pgtoken.audit_events WHERE event = 'configuration.exported'}), $file->{digest}, 'which the old place has in its own');
# it is used: that is no difference
$new->query(q{UPDATE pgtoken.client_secrets SET last_used_at = now()});
is_deeply([ $new->query(@import) ], [], 'nor has use made one');

# --- what differs -------------------------------------------------------------------

$new->query(q{SELECT pgtoken.update_client('app', client_name => 'Of the new place')});
is($new->sqlstate(@import), '55000', 'what differs is refused');
is_deeply(actions($new->query('SELECT * FROM pgtoken.import_configuration($1, $2, dry_run => true)', @import[1, 2])), { 'clients app' => 'differs' }, 'by its name');
is($new->value(q{SELECT client_name FROM pgtoken.clients WHERE client_id = 'app'}), 'Of the new place', 'and stays');
my @replace = ('SELECT what, name, action FROM pgtoken.import_configuration($1, $2, replace => true)', @import[1, 2]);
is_deeply(actions($new->query(@replace)), { 'clients app' => 'replaced' }, 'unless it is to be replaced');
is(contents($new), contents($old), 'then both have the same again');

# Attack: with an old file a secret, and a key, that leaked are good again.
my $leaked = $new->value(q{SELECT kid FROM pgtoken.signing_keys WHERE alg = 'RS256' AND issuer = 'https://id.example'});
$new->query(q{SELECT pgtoken.retire_signing_key($1, 'leaked')}, $leaked);
$new->query(q{SELECT pgtoken.revoke_client_secret(client_id, secret_id) FROM pgtoken.client_secrets WHERE client_id = 'backend'});
$new->query(q{SELECT pgtoken.revoke_client_secret(client_id, secret_id) FROM pgtoken.client_secrets WHERE client_id = 'jwt'});
is(authenticates($new), 0, 'a secret that was revoked');
my $kept = actions($new->query('SELECT * FROM pgtoken.import_configuration($1, $2, replace => true, dry_run => true)', @import[1, 2]));
is($kept->{"signing_keys $leaked"}, 'kept', 'a key that was ended here stays ended');
is($kept->{"key_material key:$leaked"}, 'kept', 'and its private part does not come back');
is(scalar(grep { $_ eq 'kept' } map { $kept->{$_} } grep { /^client_secrets/ } keys %{$kept}), 2, 'nor do secrets');
$new->query(@replace);
is(authenticates($new), 0, 'it does not authenticate again');
is($new->value(q{SELECT count(*) FROM pgtoken.key_material WHERE material_id = 'key:' || $1 OR material_id LIKE 'client:jwt:%'}, $leaked), 0, 'and nothing of them is there');

# --- ends, and keys that follow each other ------------------------------------------

# another session, which has the configuration of before in its caches
my $watching = session($new_node);
$fresh = issue($new);
$old->query(q{SELECT pgtoken.revoke_client('app', 'stolen')});
$old->query(q{SELECT pgtoken.rotate_signing_key('ES256', force => true)});
my $later = $old->row('SELECT sealed, digest FROM pgtoken.export_configuration($1)', $recipients);
my $signs = q{SELECT kid FROM pgtoken.signing_keys WHERE alg = 'ES256' AND issuer = 'https://id.example' AND state = 'active'};
is(holds($watching, $fresh->{access_token}), 1, 'a token of before an end');
is($new->sqlstate($import[0], @{$later}{qw(sealed digest)}), '55000', 'an end is a difference');
$new->query($replace[0], @{$later}{qw(sealed digest)});
is(holds($watching, $fresh->{access_token}), 0, 'what was ended at the old place is ended');
is($new->value($signs), $old->value($signs), 'and its key signs');
# back to the file of before: its key signs again, the end stays
$new->query(@replace);
is(holds($watching, $fresh->{access_token}), 0, 'an older file takes no end back');

# both places rotate by themselves: a key here that the file does not know, in the place of one of it
$new->query(q{SELECT pgtoken.rotate_signing_key('ES256', force => true)});
my $own = $new->value($signs);
is($new->sqlstate($import[0], @{$later}{qw(sealed digest)}), '55000', 'two keys for one place are refused');
my $superseded = actions($new->query($replace[0], @{$later}{qw(sealed digest)}));
is($superseded->{"signing_keys $own"}, 'superseded', 'unless one is to be superseded');
is($new->value($signs), $old->value($signs), 'then the key of the file signs');
is($new->value('SELECT state FROM pgtoken.signing_keys WHERE kid = $1', $own), 'retiring', 'and the other one is good for what it has signed');
my $version = $new->value(q{SELECT pgtoken.create_policy('office', '[{"rule": "address_in", "outcome": "deny", "networks": ["198.51.100.0/24"]}]')});
$new->query(q{SELECT pgtoken.activate_policy('office')});
is($new->sqlstate($import[0], @{$later}{qw(sealed digest)}), '55000', 'two versions of a policy are refused');
$superseded = actions($new->query($replace[0], @{$later}{qw(sealed digest)}));
is($superseded->{"policies https://id.example office $version"}, 'superseded', 'unless one is to be superseded');
is($new->value(q{SELECT version FROM pgtoken.policies WHERE policy = 'office' AND state = 'active'}), 1, 'then the version of the file decides');

# --- beside others ------------------------------------------------------------------

$new_node->safe_psql('postgres', 'CREATE DATABASE beside');
my $beside = session($new_node, dbname => 'beside');
$beside->query('CREATE EXTENSION pgtoken');
$beside->query(q{SELECT pgtoken.create_issuer('https://first.example')});
key_file($beside, "$dir/curve.key");
$beside->query($import[0], @{$later}{qw(sealed digest)});
is($beside->value('SELECT issuer FROM pgtoken.issuers WHERE is_default'), 'https://first.example', 'the default issuer stays the default');
is_deeply([ $beside->query($import[0], @{$later}{qw(sealed digest)}) ], [], 'which is no difference');

# Accident: the pepper of an issuer that lives here is replaced, and nobody can refresh any more.
$new_node->safe_psql('postgres', 'CREATE DATABASE lived_in');
my $lived_in = session($new_node, dbname => 'lived_in');
create_service($lived_in);
key_file($lived_in, "$dir/rsa.key");
my $living = issue($lived_in);
is($lived_in->sqlstate(@replace), '55000', 'a pepper that families hang on is not replaced');
is(actions($lived_in->query('SELECT * FROM pgtoken.import_configuration($1, $2, true, true)', @import[1, 2]))->{'key_material pepper:https://id.example'}, 'refused', 'by its name');
is(refresh($lived_in, $living->{refresh_token})->{decision}, 'allow', 'they live');
$lived_in->query('DELETE FROM pgtoken.grants');
is($lived_in->sqlstate(@replace), '00000', 'without families it is');
ok(signed_by_keys_of($lived_in, issue($lived_in)->{access_token}) && signed_by_keys_of($new, issue($lived_in)->{access_token}), 'and then it signs as the others do');

# Attack: the words of an error show the row, and with it a hash.
my ($hash) = $plain =~ /"token_hash": "\\\\x([0-9a-f]{64})"/;
die 'no initial access token' unless defined $hash;
$beside->query('UPDATE pgtoken.registration_tokens SET token_id = gen_random_uuid()');
eval { $beside->query($import[0], @{$later}{qw(sealed digest)}); };
is($@->{sqlstate}, '23505', 'what cannot be beside what is here is refused');
like($@->{message}, qr/registration_tokens/, 'by its name');
unlike($@->{detail}, qr/\\x/, 'and not by what is in it');

# --- as docs/operations.md has it ----------------------------------------------------

my @blocks = map { $_->{text} } grep { $_->{section} eq 'Move the configuration' && $_->{language} eq 'sh' } document_blocks('docs/operations.md');
is(scalar @blocks, 3, 'the runbook is for a shell');
$new_node->safe_psql('postgres', 'CREATE DATABASE runbook');
my $by_page = session($new_node, dbname => 'runbook');
$by_page->query('CREATE EXTENSION pgtoken');
my $digest;
for my $step ([ $new_node, 'runbook' ], [ $old_node, 'postgres' ], [ $new_node, 'runbook' ])
{
	my ($node, $database) = @{$step};
	my $text = shift @blocks;

	$text =~ s/-d shop/-v ON_ERROR_STOP=1 -q -h ${\$node->host} -p ${\$node->port} -d $database/g;
	$text =~ s{/etc/postgresql}{$dir}g;
	$text =~ s/'[\w-]{43}'/'$digest'/g if defined $digest;
	my ($stdout, $stderr) = ('', '');
	ok(IPC::Run::run([ 'bash', '-ec', "cd $dir\n$text" ], '>', \$stdout, '2>', \$stderr), "a block of the runbook on $database") or diag($stderr);
	($digest) = $stdout =~ /^([\w-]{43})$/m unless defined $digest;
}
is($by_page->value(q{SELECT string_agg(issuer, ' ' ORDER BY issuer) FROM pgtoken.issuers}), 'https://id.example https://other.example', 'the runbook leads there');
$by_page->quit;

# --- a key in hardware --------------------------------------------------------------

$old->query(q{DELETE FROM pgtoken.key_material WHERE material_id IN (SELECT 'key:' || kid FROM pgtoken.signing_keys WHERE alg = 'RS256')});
$old->query(q{UPDATE pgtoken.signing_keys SET uri = 'pkcs11:token=signing;object=one' WHERE alg = 'RS256'});
my $hardware = $old->row('SELECT sealed, digest FROM pgtoken.export_configuration($1)', $recipients);
$new_node->safe_psql('postgres', 'CREATE DATABASE hardware');
my $with = session($new_node, dbname => 'hardware');
$with->query('CREATE EXTENSION pgtoken');
key_file($with, "$dir/rsa.key");
$with->query($import[0], @{$hardware}{qw(sealed digest)});
is($with->value(q{SELECT uri FROM pgtoken.signing_keys WHERE alg = 'RS256'}), 'pkcs11:token=signing;object=one', 'its name goes along');
is($with->value(q{SELECT ok FROM pgtoken.health() WHERE check_name = 'signing keys in hardware'}), 'f', 'and health() says that this server does not reach it');

# --- where it must not be -----------------------------------------------------------

$_->quit for $old, $new, $watching, $beside, $lived_in, $with;
for my $node ($old_node, $new_node)
{
	my $log = slurp_file($node->logfile);
	my $found = grep { my $piece = $_; grep { index($log, $_) >= 0 } $piece, encode_base64($piece, ''), unpack('H*', $piece) } @material;

	is($found, 0, $node->name . ': the log has no key, in no form');
	is(index($log, $hash), -1, $node->name . ': nor the hash of an initial access token');
	$node->stop;
}
done_testing();
