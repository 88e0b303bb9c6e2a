# Attack: reading tokens, client secrets or private keys from where they need
# not be: a log collector, pg_stat_statements, a table, the planner's statistics,
# the audit, a stolen disk, an archived WAL segment.  C21: none of them holds one, whatever the log level,
# when callers pass them as parameters.  Private keys and peppers lie in
# key_material, unless a root key is set: then their plain form is nowhere.
use strict;
use warnings;

use File::Find;
use FindBin;
use lib $FindBin::RealBin;

use MIME::Base64 qw(decode_base64 decode_base64url encode_base64);
use PgtokenTest;
use PostgreSQL::Test::Utils;
use Test::More;

my $dir = PostgreSQL::Test::Utils::tempdir;
my $root_key = "$dir/root.key";
my $root_key_hex = join '', map { sprintf '%02x', (7 * $_ + 3) % 256 } 1 .. 32;

chomp(my $sharedir = `pg_config --sharedir`);
my $have_statements = -e "$sharedir/extension/pg_stat_statements.control";
my $node = new_cluster(
	'secrets',
	conf => ($have_statements ? "shared_preload_libraries = 'pg_stat_statements'\n" : '') . q{
log_min_messages = debug5
log_min_error_statement = debug5
log_error_verbosity = verbose
track_activity_query_size = 32kB
});
$node->safe_psql('postgres', 'CREATE EXTENSION pg_stat_statements') if $have_statements;

# what must not be found: name -> the strings and bytes that would give it away
my %secrets;

sub jwt
{
	my ($name, $token) = @_;
	my ($header, $payload, $signature) = split /\./, $token;

	# without its signature a token is worth nothing; the signature alone is its proof
	$secrets{$name} = [ $token, $signature, decode_base64url($signature) ];
	return;
}

sub opaque
{
	my ($name, $prefix, $token, $raw) = @_;

	$secrets{$name} = [ substr($token, length $prefix), $raw, unpack('H*', $raw) ];
	return;
}

sub remember_answer
{
	my ($name, $answer) = @_;

	die "$name: $answer->{error}" if $answer->{error};
	jwt("access token of $name", $answer->{access_token});
	jwt("ID token of $name", $answer->{id_token}) if defined $answer->{id_token};
	if (defined $answer->{refresh_token})
	{
		my $raw = refresh_secret($answer->{refresh_token});

		opaque("refresh token of $name", 'pgtrt_', $answer->{refresh_token}, $raw);
		# the end of the text form is the secret's, from a byte where base64 has a boundary
		push @{ $secrets{"refresh token of $name"} }, substr($answer->{refresh_token}, -40);
	}
	return $answer;
}

sub remember_client_secret
{
	my ($name, $secret) = @_;

	opaque("client secret of $name", 'pgtcs_', $secret, decode_base64url(substr $secret, length 'pgtcs_'));
	return $secret;
}

# A private key as PEM, and what of it would be enough: a line of the PEM, the
# private number or seed in bytes.
sub private_key
{
	my ($algorithm, @options) = @_;
	my $file = "$dir/$algorithm.pem";

	# its progress goes to stderr
	die 'openssl cannot make a key' if system "openssl genpkey -algorithm $algorithm @options -out $file 2>/dev/null";
	my $pem = slurp_file($file);
	unlink $file;
	return $pem;
}

sub key_traces
{
	my ($pem) = @_;
	my @lines = grep { !/^-/ && length >= 40 } split /\n/, $pem;
	my $der = decode_base64(join '', grep { !/^-/ } split /\n/, $pem);
	my @number =
		length $der > 300 ? substr($der, -64)                   # RSA: the end of its last number
	  : $der =~ /\x04\x22\x04\x20(.{32})\z/s ? $1               # Ed25519: the seed
	  : $der =~ /\x02\x01\x01\x04\x20(.{32})/s ? $1             # EC: the private number
	  : die 'unknown form of private key';

	return (text => \@lines, number => [ @number, unpack('H*', $number[0]), encode_base64($number[0], '') ]);
}

# --- use everything once, with parameters -----------------------------------

my $s = session($node);
my %unwrapped;	# private numbers that key_material holds as they are

$s->query('CREATE EXTENSION pgtoken');
$s->query(q{SELECT pgtoken.create_issuer('https://id.example')});
for my $key ([ 'ES256', 'EC', '-pkeyopt ec_paramgen_curve:P-256' ], [ 'RS256', 'RSA', '-pkeyopt rsa_keygen_bits:2048' ], [ 'EdDSA', 'ED25519' ])
{
	my ($alg, @kind) = @$key;
	my $pem = private_key(@kind);
	my %traces = key_traces($pem);

	$s->query('SELECT pgtoken.create_signing_key($1, NULL, $2)', $alg, $pem);
	$secrets{"PEM of $alg"} = $traces{text};
	$unwrapped{"private number of $alg"} = $traces{number};
	# refused: the same key again, and one of another type
	is($s->sqlstate('SELECT pgtoken.create_signing_key($1, NULL, $2)', $alg, $pem), '23505', "the same $alg key twice is refused");
	is($s->sqlstate('SELECT pgtoken.create_signing_key($1, NULL, $2)', 'ES384', $pem), '22023', "$alg: a key of another type is refused");
}
# one that is too long to stay in its row as others would
{
	my $pem = private_key('RSA', '-pkeyopt rsa_keygen_bits:4096');
	my %traces = key_traces($pem);

	$s->query(q{SELECT pgtoken.create_issuer('https://long.example')});
	$s->query('SELECT pgtoken.create_signing_key($1, $2, $3)', 'RS256', 'https://long.example', $pem);
	$secrets{'PEM of a long key'} = $traces{text};
	$unwrapped{'private number of a long key'} = $traces{number};
}
$s->query(q{SELECT pgtoken.create_resource('https://api.example', '{read,write}')});
my $secret = remember_client_secret(
	'backend',
	$s->value(q{SELECT client_secret FROM pgtoken.create_client($1, $2, $3, offline_access => true)},
		'backend', 'confidential', '{openid,read,write}'));
is($s->sqlstate('SELECT pgtoken.create_client($1)', 'backend'), '23505', 'the same client twice is refused');
my $further = remember_client_secret('backend, the second', $s->value('SELECT client_secret FROM pgtoken.create_client_secret($1)', 'backend'));
for my $alg (qw(RS256 EdDSA))
{
	$s->query(q{SELECT pgtoken.create_client($1, 'public', '{openid,read,write}', offline_access => true, signing_alg => $2)}, "app-$alg", $alg);
}

sub issue
{
	my ($name, $client) = @_;

	return remember_answer(
		$name,
		$s->row('SELECT (pgtoken.issue_tokens($1, $2, $3, nonce => $4, context => $5)).*',
			$client, 'subject-to-be-found', 'openid read offline_access', 'nonce', '{"ip": "192.0.2.1"}'));
}

sub refresh
{
	my ($name, @arguments) = @_;

	return remember_answer($name, $s->row('SELECT (pgtoken.refresh_grant($1, $2, $3)).*', @arguments));
}

my $issued = issue('issue', 'backend');
my $refreshed = refresh('refresh', $issued->{refresh_token}, 'backend', $secret);
refresh('retry', $issued->{refresh_token}, 'backend', $further);
my $second = refresh('second refresh', $refreshed->{refresh_token}, 'backend', $secret);
for my $alg (qw(RS256 EdDSA))
{
	my $first = issue("$alg issue", "app-$alg");
	refresh("$alg refresh", $first->{refresh_token}, "app-$alg", undef);
}
for my $token ($second->{access_token}, $second->{refresh_token}, $second->{id_token}, substr($second->{refresh_token}, 0, -1))
{
	$s->query('SELECT pgtoken.verify_access_token($1, $2)', $token, 'https://api.example');
	$s->query('SELECT pgtoken.introspect($1)', $token);
	$s->query('SELECT * FROM pgtoken.lineage($1::text)', $token);
	# wrong doors: the token where something else is expected
	isnt($s->sqlstate('SELECT pgtoken.blacklist_token($1, now(), $2)', $token, 'reason'), '00000', 'a token is no jti');
	isnt($s->sqlstate('SELECT pgtoken.issue_tokens($1, NULL)', $token), '00000', 'a subject is needed');
	isnt($s->sqlstate('SELECT pgtoken.create_signing_key($1)', $token), '00000', 'a token is no algorithm');
}
# refused by all kinds of rules, which the audit and the log may tell of
for my $arguments (
	[ $second->{refresh_token}, 'backend', 'pgtcs_' . ('A' x 43) ],
	[ $second->{refresh_token}, 'app-RS256', undef ],
	[ $second->{access_token}, 'backend', $secret ],
	[ substr($second->{refresh_token}, 0, -2), 'backend', $secret ],
	[ $issued->{refresh_token}, 'backend', $secret ])
{
	is($s->value('SELECT decision FROM pgtoken.refresh_grant($1, $2, $3)', @$arguments), 'deny', 'a refresh is refused');
}
my $listed = issue('blacklist', 'backend');
$s->query('SELECT pgtoken.blacklist_token($1, $2)', $listed->{$_}, 'reason') for qw(access_token refresh_token);
my $revoked = issue('revocation', 'backend');
$s->query('SELECT pgtoken.revoke_family($1::text, $2)', $revoked->{refresh_token}, 'reason');
# an error while a transaction with tokens is open, and one that is rolled back
$s->query('BEGIN');
issue('rollback', 'backend');
is($s->sqlstate('SELECT 1 / (length($1) - length($1))', $second->{access_token}), '22012', 'an error among tokens');
$s->query('ROLLBACK');
$s->query('SELECT pgtoken.maintain()');

# --- and once more with a root key -------------------------------------------

append_to_file($root_key, "$root_key_hex\n");
chmod 0600, $root_key;
$node->append_conf('postgresql.conf', "pgtoken.root_key_file = '$root_key'");
$node->reload;
wait_until('the root key is set', sub { return $s->value('SELECT pgtoken.root_key_status()') eq 'ok'; });
$secrets{'root key'} = [ $root_key_hex, pack('H*', $root_key_hex) ];
$s->query(q{SELECT pgtoken.create_issuer('https://wrapped.example')});
for my $key ([ 'ES256', 'EC', '-pkeyopt ec_paramgen_curve:P-256' ], [ 'EdDSA', 'ED25519' ], [ 'RS256', 'RSA', '-pkeyopt rsa_keygen_bits:2048' ])
{
	my ($alg, @kind) = @$key;
	my $pem = private_key(@kind);
	my %traces = key_traces($pem);

	$s->query('SELECT pgtoken.create_signing_key($1, $2, $3)', $alg, 'https://wrapped.example', $pem);
	$secrets{"PEM of wrapped $alg"} = $traces{text};
	$secrets{"private number of wrapped $alg"} = $traces{number};
}
my $mac_key = encode_base64(join('', map { chr((11 * $_ + 5) % 256) } 1 .. 33), '');
$mac_key =~ tr{+/=}{-_}d;
$s->query('SELECT pgtoken.create_signing_key($1, $2, $3)', 'HS256', 'https://wrapped.example', $mac_key);
$secrets{'wrapped HS256 key'} = [ $mac_key, decode_base64url($mac_key), unpack('H*', decode_base64url($mac_key)) ];
for my $alg (qw(ES256 EdDSA RS256 HS256))
{
	$s->query(
		q{SELECT pgtoken.create_client($1, 'public', '{openid,read}', offline_access => true, signing_alg => $2, issuer => $3)},
		"wrapped-$alg", $alg, 'https://wrapped.example');
	my $first = issue("wrapped $alg issue", "wrapped-$alg");
	my $next = refresh("wrapped $alg refresh", $first->{refresh_token}, "wrapped-$alg", undef);
	ok(defined $s->value('SELECT pgtoken.verify_access_token($1)', $next->{access_token}), "wrapped $alg: its token verifies");
}

# --- the HTTP endpoints: codes, handles, user codes, a kept client secret ------

sub handle
{
	my ($name, $prefix, $handle) = @_;

	opaque($name, $prefix, $handle, substr(decode_base64url(substr $handle, length $prefix), 17));
	push @{ $secrets{$name} }, substr($handle, -40);
	return $handle;
}

# body and headers of an endpoint's answer
sub http
{
	my ($endpoint, $form, $authorization) = @_;
	my $answer = http_request($s, 'POST', "/oauth2/$endpoint", $form, $authorization ? qq({"authorization": "$authorization"}) : '{}');

	return ($answer->{body}, join ' ', %{ $answer->{headers} });
}

sub member
{
	my ($json, $name) = @_;

	return $s->value('SELECT $1::jsonb ->> $2', $json, $name);
}

$s->query(q{SELECT pgtoken.update_issuer('https://id.example', login_uri => 'https://login.example/', verification_uri => 'https://login.example/device')});
remember_client_secret(
	'site',
	my $site_secret = $s->value(
		q{SELECT client_secret FROM pgtoken.create_client('site', scopes => '{openid,read}', offline_access => true, redirect_uris => '{https://site.example/}',
			metadata => '{"grant_types": ["authorization_code", "urn:ietf:params:oauth:grant-type:device_code", "urn:ietf:params:oauth:grant-type:token-exchange"]}')}));
# its secret is kept, wrapped, to verify what it signs
remember_client_secret(
	'signer',
	$s->value(
		q{SELECT client_secret FROM pgtoken.create_client('signer', metadata => '{"grant_types": ["client_credentials"], "token_endpoint_auth_method": "client_secret_jwt"}')}));
my $basic = 'Basic ' . encode_base64("site:$site_secret", '');
$secrets{'Basic credentials'} = [ substr $basic, length 'Basic ' ];
my $verifier = 'v' . ('0123456789' x 5);
my $challenge = $s->value(q{SELECT translate(encode(sha256($1::bytea), 'base64'), '+/=', '-_')}, $verifier);
$secrets{'code verifier'} = [$verifier];

my ($pushed) = http('par', "response_type=code&scope=openid+read+offline_access&redirect_uri=https://site.example/&code_challenge=$challenge&code_challenge_method=S256", $basic);
my $request_uri = member($pushed, 'request_uri');
handle('request_uri', 'pgtpr_', $request_uri =~ s/.*://r);
my (undef, $location) = http('authorize', "client_id=site&request_uri=$request_uri");
my ($transaction_id) = $location =~ /transaction_id=(\w[\w-]+)/;
handle('transaction_id', 'pgttx_', $transaction_id);
my $back = $s->value(q{SELECT redirect_uri FROM pgtoken.approve_authorization($1, 'subject-to-be-found', 'openid read offline_access')}, $transaction_id);
my ($code) = $back =~ /code=([\w-]+)/;
handle('authorization code', 'pgtac_', $code);
http('token', "grant_type=authorization_code&code=$code&redirect_uri=https://site.example/&code_verifier=$verifier" . 'x', $basic);
my ($tokens) = http('token', "grant_type=authorization_code&code=$code&redirect_uri=https://site.example/&code_verifier=$verifier", $basic);
remember_answer('authorization_code', { map { $_ => member($tokens, $_) } qw(access_token refresh_token id_token) });
my ($exchanged) = http('token',
	'grant_type=urn:ietf:params:oauth:grant-type:token-exchange&subject_token_type=urn:ietf:params:oauth:token-type:access_token&subject_token='
	  . member($tokens, 'access_token'), $basic);
remember_answer('token exchange', { access_token => member($exchanged, 'access_token') });
http($_, 'token=' . member($tokens, 'refresh_token'), $basic) for qw(introspect revoke);

my ($device) = http('device_authorization', 'scope=read', $basic);
handle('device code', 'pgtdc_', member($device, 'device_code'));
my $user_code = member($device, 'user_code');
$secrets{'user code'} = [ $user_code, $user_code =~ s/-//gr ];
$s->value(q{SELECT pgtoken.approve_device($1, 'subject-to-be-found', 'subject-to-be-found')}, $user_code);
my ($device_tokens) = http('token', 'grant_type=urn:ietf:params:oauth:grant-type:device_code&device_code=' . member($device, 'device_code'), $basic);
remember_answer('device code', { access_token => member($device_tokens, 'access_token') });
# an error in the middle of it all
isnt($s->sqlstate(q{SELECT pgtoken_http.handle('POST', '/oauth2/token', '{}', convert_to($1, 'UTF8')), 1 / (length($1) - length($1))}, "code=$code&client_secret=$site_secret"), '00000', 'an error beside an endpoint');

# --- look for them everywhere ------------------------------------------------

# names of the secrets that a text holds; never the secrets themselves
sub found_in
{
	my ($text, $what) = @_;
	my @found;

	for my $name (sort keys %$what)
	{
		push @found, $name if grep { index($text, $_) >= 0 } @{ $what->{$name} };
	}
	return @found;
}

sub none_in
{
	my ($text, $what, $name) = @_;
	my @found = found_in($text, $what);

	local $Test::Builder::Level = $Test::Builder::Level + 1;
	return ok(!@found, $name) || diag("found: @found");
}

cmp_ok(scalar(keys %secrets), '>=', 40, 'there is enough to look for');
is_deeply([ found_in("... $second->{access_token} ...", \%secrets) ], ['access token of second refresh'], 'the search finds a token');

# tables, as text; partitions are tables of their own
my %everything = (%secrets, %unwrapped);
for my $table ($s->column(
		q{SELECT c.relname FROM pg_class c WHERE c.relnamespace = 'pgtoken'::regnamespace AND c.relkind IN ('r', 'v') ORDER BY 1}))
{
	my $text = join "\n", map { $_ // '' } $s->column("SELECT t::text FROM pgtoken.$table t");

	none_in($text, $table eq 'key_material' ? \%secrets : \%everything, "table $table holds none (C21)");
	like($text, qr/subject-to-be-found/, "table $table was really read") if $table eq 'grants';
}
is_deeply(
	[ found_in(join("\n", $s->column('SELECT t::text FROM pgtoken.key_material t')), \%unwrapped) ],
	[ map { "private number of $_" } qw(ES256 EdDSA RS256), 'a long key' ],
	'without a root key the private numbers are in key_material, and found there');

# what ANALYZE writes down of a table, and where long values are put, members of
# pg_read_all_data can read; privileges on the table mean nothing there
$s->query('ANALYZE');
my $statistics = join "\n", $s->column('SELECT s::text FROM pg_statistic s');
like($statistics, qr/key:/, 'pg_statistic knows key_material');
none_in($statistics, \%everything, 'pg_statistic holds none (C21)');
my $toasted = '';
for my $toast ($s->column(
		q{SELECT t.oid::regclass FROM pg_class c JOIN pg_class t ON t.oid = c.reltoastrelid WHERE c.oid = 'pgtoken.key_material'::regclass}))
{
	$toasted .= join "\n", $s->column("SELECT chunk_data::text FROM $toast");
}
cmp_ok($s->value('SELECT max(length(material)) FROM pgtoken.key_material'), '>', 2100, 'key material is long enough to leave its row');
none_in($toasted, \%everything, 'and none lies in the TOAST table');

SKIP:
{
	skip 'pg_stat_statements is not installed', 2 unless $have_statements;
	my $text = join "\n", $s->column('SELECT query FROM pg_stat_statements');

	like($text, qr/refresh_grant/, 'pg_stat_statements has seen the calls');
	none_in($text, \%everything, 'pg_stat_statements holds none (C21)');
}

# the log, while the server runs and with what it says at its end
$s->query('CHECKPOINT');
$s->quit;
my $cluster = $node->data_dir;
my %files;
$node->stop;
my $log = slurp_file($node->logfile);
like($log, qr/DEBUG:.*CommitTransaction/, 'the log is as verbose as can be');
like($log, qr/22012: division by zero/, 'the log has the errors');
none_in($log, \%everything, 'the server log holds none (C21)');

# the disk: data files, WAL, statistics, everything.  What is in key_material
# unwrapped may be there; it was written before the root key was set.
find(
	{   no_chdir => 1,
		wanted => sub { $files{$_} = 1 if -f $_; }
	},
	$cluster);
my ($bytes, $control, %where) = (0, 0);
for my $file (sort keys %files)
{
	my $content = slurp_file($file);

	$bytes += length $content;
	$control++ if index($content, 'subject-to-be-found') >= 0;
	push @{ $where{$_} }, substr($file, length $cluster) for found_in($content, \%secrets);
}
note scalar(keys %files) . " files, $bytes bytes";
cmp_ok($control, '>=', 2, 'the search sees data files and WAL');
ok(!%where, 'no file of the cluster holds any (C21)') || diag(map { "$_: @{ $where{$_} }\n" } sort keys %where);

done_testing();
