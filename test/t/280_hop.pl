# Requests that need what lies on several shards: three databases, and a layer that
# carries between them what it cannot read.
#
# Attacks: an assertion of a client, or of an issuer that is trusted, which is good once
# is shown to each shard; what one shard has sealed for another is shown twice, with
# another request, by who is no layer; a client acts by the token of an actor that its
# own shard would refuse.
use strict;
use warnings;

use FindBin;
use lib $FindBin::RealBin;

use Digest::SHA qw(hmac_sha256);
use JSON::PP;
use MIME::Base64 qw(decode_base64url encode_base64 encode_base64url);
use PgtokenTest;
use PostgreSQL::Test::Utils qw(slurp_file system_or_bail);
use Test::More;

use constant SHARDS => 3;
use constant TOKEN => '/oauth2/token';
use constant BEARER => 'urn:ietf:params:oauth:grant-type:jwt-bearer';
use constant EXCHANGE => 'urn:ietf:params:oauth:grant-type:token-exchange';
use constant ACCESS_TOKEN => 'urn:ietf:params:oauth:token-type:access_token';
use constant ASSERTION => 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer';

my $dir = PostgreSQL::Test::Utils::tempdir;
system_or_bail('openssl', 'genrsa', '-out', "$dir/key.pem", '2048');
my ($modulus) = `openssl rsa -in $dir/key.pem -noout -modulus 2>/dev/null` =~ /Modulus=([0-9A-F]+)/;
my $jwk = { kty => 'RSA', e => 'AQAB', n => encode_base64url(pack 'H*', $modulus) };

my $node = new_cluster('shards');
my $service = session($node);

# a name whose subject lies on the shard; client: it is a client's
sub named
{
	my ($prefix, $shard, $kind) = @_;

	return $service->value(
		q{SELECT name FROM generate_series(1, 1000) n, LATERAL (SELECT $1 || n AS name) c
			WHERE pgtoken.shard_of_subject($3 || name, $4::integer) = $2::integer LIMIT 1}, $prefix, $shard, $kind // '', SHARDS);
}

# one configuration for all of them: a copy each of the database in which it was made
create_service($service);
$service->query(q{CREATE ROLE layer LOGIN});
$service->query('GRANT USAGE ON SCHEMA pgtoken_http TO layer');
$service->query('GRANT EXECUTE ON FUNCTION pgtoken_http.handle TO layer');
$service->query(q{ALTER SYSTEM SET pgtoken.http_authenticator = 'layer'});
$service->query('SELECT pg_reload_conf()');
my (%secret, %by_assertion, @by_secret, @by_jwt);
for my $shard (0 .. SHARDS - 1)
{
	for my $method ('client_secret_basic', 'client_secret_jwt')
	{
		my $id = named("$method-", $shard, 'client:');

		$secret{$id} = $service->value(
			q{SELECT client_secret FROM pgtoken.create_client($1, 'confidential', '{openid,read,write}', offline_access => true, metadata => $2)},
			$id, encode_json({
				token_endpoint_auth_method => $method,
				grant_types => [ 'client_credentials', 'authorization_code', 'password', BEARER, EXCHANGE ] }));
		$by_assertion{$id} = $method eq 'client_secret_jwt';
		push @{ $by_assertion{$id} ? \@by_jwt : \@by_secret }, $id;
	}
}
$service->query(q{SELECT pgtoken.create_trusted_issuer('https://ci.example', $1, single_use => true)}, encode_json({ keys => [$jwk] }));
$service->query(q{SELECT pgtoken.create_assertion_rule('https://ci.example', 'jobs', '{"sub": "job:*"}', '{read}')});
$service->query('CREATE SCHEMA app');
$service->query('GRANT USAGE ON SCHEMA app TO PUBLIC');
$service->query('CREATE TABLE app.failures (username text)');
$service->query('GRANT INSERT ON app.failures TO PUBLIC');
$service->query(<<'SQL');
CREATE FUNCTION app.verify(username text, password text, client_id text) RETURNS jsonb LANGUAGE plpgsql AS $$
BEGIN
	IF password = 'right' THEN
		RETURN jsonb_build_object('subject', username, 'amr', '["pwd"]'::jsonb);
	END IF;
	INSERT INTO app.failures VALUES (username);
	RETURN NULL;
END $$
SQL
$service->query(q{SELECT pgtoken.update_issuer('https://id.example', password_verifier => 'app.verify')});
$service->quit;
my (@shard, @layer);
for my $number (0 .. SHARDS - 1)
{
	$node->safe_psql('template1', "CREATE DATABASE shard$number TEMPLATE postgres");
	$node->safe_psql('template1', sprintf q{ALTER DATABASE shard%d SET pgtoken.shard = '%d/%d'}, $number, $number, SHARDS);
	push @shard, session($node, dbname => "shard$number");
	push @layer, session($node, dbname => "shard$number", user => 'layer');
}
$service = $shard[0];

# --- what clients send ------------------------------------------------------------------

my $ids = 0;

sub now { return $service->value('SELECT extract(epoch FROM clock_timestamp())::bigint') + 0; }

sub form
{
	my (@fields, @pairs) = @_;

	while (my ($name, $value) = splice @fields, 0, 2)
	{
		$value =~ s/([^A-Za-z0-9._~-])/sprintf '%%%02X', ord $1/ge;
		push @pairs, "$name=$value";
	}
	return join '&', @pairs;
}

sub client_assertion
{
	my ($client) = @_;
	my $input = join '.', map { encode_base64url(encode_json($_)) } { alg => 'HS256' },
	  { iss => $client, sub => $client, aud => 'https://id.example', iat => now(), exp => now() + 60, jti => 'assertion ' . $ids++ };

	return (client_assertion_type => ASSERTION, client_assertion => "$input." . encode_base64url(hmac_sha256($input, $secret{$client})));
}

# how a client says who it is: fields of a form, and headers
sub in_form { return $by_assertion{ $_[0] } ? client_assertion($_[0]) : (); }
sub in_headers { return $by_assertion{ $_[0] } ? {} : { authorization => 'Basic ' . encode_base64("$_[0]:$secret{$_[0]}", '') }; }

sub signed
{
	my ($header, $claims) = @_;
	my $input = join '.', map { encode_base64url(encode_json($_)) } $header, $claims;

	open my $file, '>', "$dir/input" or die;
	print $file $input;
	close $file;
	system_or_bail('openssl', 'dgst', '-sha256', '-sign', "$dir/key.pem", '-out', "$dir/signature", "$dir/input");
	return "$input." . encode_base64url(slurp_file("$dir/signature"));
}

sub proof
{
	return signed({ typ => 'dpop+jwt', alg => 'RS256', jwk => $jwk },
		{ jti => 'proof ' . $ids++, htm => 'POST', htu => 'https://id.example' . TOKEN, iat => now() });
}

# --- the layer --------------------------------------------------------------------------

sub call
{
	my ($shard, $form, $headers, $peer, $target) = @_;

	return http_request($shard, POST => $target // TOKEN, $form, encode_json($headers // {}), encode_json($peer // {}));
}

# from shard to shard, as they say themselves; the answer, with the way that it took and all that was carried
sub request
{
	my ($start, $form, $headers, $target) = @_;
	my ($at, $peer, @carried) = ($start, {});
	my @way = ($start);

	while (1)
	{
		my $answer = call($layer[$at], $form, $headers, $peer, $target);

		return { %$answer, way => join(' ', @way), carried => \@carried, json => $answer->{body} && decode_json($answer->{body}) } if $answer->{status} != 0;
		die 'the request goes round in circles' if @way > 4;
		$at = $answer->{headers}{shard};
		push @way, $at;
		push @carried, { shard => $at, text => $answer->{headers}{carry} };
		$peer = { routed => JSON::PP::true, carried => $answer->{headers}{carry} };
	}
}

sub told { return join ' ', $_[0]{status}, $_[0]{json}{error} // 'tokens'; }

sub claims { return decode_json(decode_base64url((split /\./, $_[0])[1])); }

# the shards that have a family of the subject
sub families
{
	my ($subject) = @_;

	return join ' ', grep { $shard[$_]->value('SELECT count(*) FROM pgtoken.grants WHERE subject = $1', $subject) > 0 } 0 .. SHARDS - 1;
}

sub events
{
	my ($event, $client) = @_;

	return join ' ', map { $_->value('SELECT count(*) FROM pgtoken.audit_events WHERE event = $1 AND client_id = $2', $event, $client) } @shard;
}

# --- assertions of clients --------------------------------------------------------------

my $alice = named('alice-', 1);
my $robot = $by_jwt[2];
my $first = $shard[1]->row('SELECT refresh_token, access_token, grant_id FROM pgtoken.issue_tokens($1, $2, $3)', $robot, $alice, 'openid read offline_access');
my @refresh = (grant_type => 'refresh_token', refresh_token => $first->{refresh_token});

my @assertion = client_assertion($robot);
my $answer = request(1, form(@refresh, @assertion));
is(told($answer), '200 tokens', 'a refresh whose client lies elsewhere');
is($answer->{way}, '1 2 1', 'its assertion is taken there, and the family goes on where it is');
$answer = request(2, form(grant_type => 'refresh_token', refresh_token => $answer->{json}{refresh_token}, client_assertion($robot)));
is(told($answer) . " $answer->{way}", '200 tokens 2 1', 'where a layer may begin');
is(told(request(1, form(@refresh, @assertion))), '401 invalid_client', 'the same assertion again is none');
is(told(request(2, form(grant_type => 'client_credentials', @assertion))), '401 invalid_client', 'nor is it for what lies with its client');
is(events('client.authentication_failed', $robot), '0 0 2', 'whose shard has audited that, and no other');
is($shard[2]->value('SELECT count(*) FROM pgtoken.audit_events WHERE grant_id = $1', $first->{grant_id}), 0, 'of the family it has written nothing');
is(families($alice), '1', 'which has left nothing elsewhere');

@assertion = client_assertion($robot);
$answer = request(2, form(grant_type => 'client_credentials', @assertion));
is(told($answer) . " $answer->{way}", '200 tokens 2', 'what lies with its client goes nowhere');
is(told(request(1, form(@refresh, @assertion))), '401 invalid_client', 'and the assertion is used in all shards');

for my $endpoint ('introspect', 'revoke')
{
	$answer = request(1, form(token => $first->{access_token}, client_assertion($robot)), {}, "/oauth2/$endpoint");
	is($answer->{status} . ' ' . $answer->{way}, '200 1 2 1', "$endpoint: there and back");
	ok($answer->{json}{active}, 'and the answer is that of the shard which has the token') if $endpoint eq 'introspect';
}

# --- what is carried --------------------------------------------------------------------

sub fresh_carry
{
	my $issued = $shard[1]->row('SELECT refresh_token FROM pgtoken.issue_tokens($1, $2, $3)', $robot, $alice, 'openid read offline_access');
	my $body = form(grant_type => 'refresh_token', refresh_token => $issued->{refresh_token}, client_assertion($robot));
	my $there = call($layer[2], $body, {}, { routed => JSON::PP::true, carried => call($layer[1], $body)->{headers}{carry} });

	return ($body, $there->{headers}{carry});
}

# where an answer that is no error leads; 'tokens', an error, or on to a shard
sub outcome
{
	my ($answer) = @_;

	return "to $answer->{headers}{shard}" if $answer->{status} == 0;
	return decode_json($answer->{body})->{error} // 'tokens';
}

my ($body, $carry) = fresh_carry();
is(outcome(call($layer[1], $body, {}, { routed => JSON::PP::true, carried => $carry })), 'tokens', 'what was carried is believed');
is(outcome(call($layer[1], $body, {}, { routed => JSON::PP::true, carried => $carry })), 'invalid_client', 'once');

($body, $carry) = fresh_carry();
is(outcome(call($shard[1], $body, {}, { routed => JSON::PP::true, carried => $carry })), 'to 2', 'of a session that is no layer\'s it is nothing');
is(outcome(call($layer[1], "$body&scope=read", {}, { routed => JSON::PP::true, carried => $carry })), 'to 2', 'nor with another body');
is(outcome(call($layer[1], $body, {}, { routed => JSON::PP::true, carried => $carry }, TOKEN . '?x')), 'to 2', 'nor with another target');
is(outcome(call($layer[0], $body, {}, { routed => JSON::PP::true, carried => $carry })), 'to 2', 'nor at another shard');
is(outcome(call($layer[1], $body, {}, { routed => JSON::PP::true, carried => (substr($carry, 0, -6) . 'AAAAAA') })), 'to 2', 'nor forged');
is(outcome(call($layer[1], $body, {}, { routed => JSON::PP::true, carried => 'x' x 100_000 })), 'to 2', 'nor what is too long');
is(outcome(call($layer[1], $body, {}, { routed => JSON::PP::true, carried => { text => $carry } })), 'to 2', 'nor what is no text');
# the client becomes another issuer's, so that nothing but the seal is in the way
$shard[1]->query(q{SELECT pgtoken.create_issuer('https://other.example')});
my $client_of = sub { $shard[1]->query('UPDATE pgtoken.clients SET issuer = $1 WHERE client_id = $2', $_[0], $robot) };
$client_of->('https://other.example');
is(outcome(call($layer[1], $body, { host => 'other.example' }, { routed => JSON::PP::true, carried => $carry })), 'to 2', 'nor for another issuer');
$client_of->('https://id.example');
unlike($carry, qr/\Q$robot\E/, 'nobody reads it');
is(outcome(call($layer[1], $body, {}, { routed => JSON::PP::true, carried => $carry })), 'tokens', 'it was good all the while');

# --- exchange ---------------------------------------------------------------------------

# a token of the subject for the client that exchanges, and one of an actor
sub exchange
{
	my ($client, $subject_token, $actor_token) = @_;

	return form(grant_type => EXCHANGE, subject_token => $subject_token, subject_token_type => ACCESS_TOKEN, actor_token => $actor_token,
		actor_token_type => ACCESS_TOKEN, in_form($client));
}

sub access_token
{
	my ($shard, $client, $subject) = @_;

	return $shard[$shard]->row('SELECT access_token, grant_id FROM pgtoken.issue_tokens($1, $2, $3)', $client, $subject, 'read');
}

my $bob = named('bob-', 2);
my $carol = named('carol-', 0);
for my $case ([ $by_secret[0], '1 2 1' ], [ $by_jwt[0], '1 0 2 1' ], [ $by_jwt[2], '1 2 1' ], [ $by_jwt[1], '1 2 1' ])
{
	my ($client, $way) = @$case;
	my $of = access_token(1, $client, $alice);
	my $got = request(1, exchange($client, $of->{access_token}, access_token(2, $client, $bob)->{access_token}), { %{ in_headers($client) }, dpop => proof() });

	is(told($got) . " $got->{way}", "200 tokens $way", "$client: an actor of another shard");
	my $token = claims($got->{json}{access_token});
	is($token->{sub} . ' ' . $token->{act}{sub}, "$alice $bob", 'acts for the subject');
	is(families($bob), '2', 'and has nothing on the subject\'s shard');
	$shard[1]->query('SELECT pgtoken.revoke_family($1)', $of->{grant_id});
	is($shard[1]->value('SELECT pgtoken.verify_access_token($1) IS NULL', $got->{json}{access_token}), 't', 'what came of it dies with the subject\'s family');
}

# the actor's shard says no
my $acting = access_token(2, $by_secret[0], $bob);
my $subject_token = access_token(1, $by_secret[0], $alice)->{access_token};
$shard[2]->query('SELECT pgtoken.revoke_family($1)', $acting->{grant_id});
$answer = request(1, exchange($by_secret[0], $subject_token, $acting->{access_token}), in_headers($by_secret[0]));
is(told($answer) . " $answer->{way}", '400 invalid_request 1 2', 'an actor whose family has ended acts for nobody');
is(events('exchange.refused', $by_secret[0]), '0 0 1', 'and his shard has audited it');
$acting = access_token(2, $by_secret[0], $bob);
$shard[2]->query('SELECT pgtoken.block_subject($1)', $bob);
is(told(request(1, exchange($by_secret[0], $subject_token, $acting->{access_token}), in_headers($by_secret[0]))), '400 invalid_request', 'nor one who is blocked');
$shard[2]->query('SELECT pgtoken.unblock_subject($1)', $bob);
$acting = access_token(2, $by_secret[1], $bob);
is(told(request(1, exchange($by_secret[0], $subject_token, $acting->{access_token}), in_headers($by_secret[0]))), '400 invalid_request', 'nor by a token that was given to another client');

# who acts for the actor stands in his act, and the end of his token is the end of what comes of it
my $chain = request(2, exchange($by_secret[0], access_token(2, $by_secret[0], $bob)->{access_token}, access_token(0, $by_secret[0], $carol)->{access_token}), in_headers($by_secret[0]));
is(told($chain) . " $chain->{way}", '200 tokens 2 0 2', 'carol acts for bob');
$answer = request(1, exchange($by_secret[0], $subject_token, $chain->{json}{access_token}), in_headers($by_secret[0]));
is(told($answer), '200 tokens', 'and he for alice');
my $act = claims($answer->{json}{access_token})->{act};
is("$act->{sub} $act->{act}{sub}", "$bob $carol", 'both are named');
$shard[2]->query(q{SELECT pgtoken.update_client($1, access_token_lifetime => '60 seconds')}, $by_secret[0]);
my $short = access_token(2, $by_secret[0], $bob)->{access_token};
$answer = request(1, exchange($by_secret[0], $subject_token, $short), in_headers($by_secret[0]));
cmp_ok(claims($answer->{json}{access_token})->{exp}, '<=', claims($short)->{exp}, 'no token outlives that of an actor whose end is not seen here');

# what was said of an actor is said to one client
$acting = access_token(2, $by_secret[0], $bob)->{access_token};
my $form = exchange($by_secret[0], $subject_token, $acting);
my $aside = call($layer[1], $form, in_headers($by_secret[0]));
my $back = call($layer[2], $form, in_headers($by_secret[0]), { routed => JSON::PP::true, carried => $aside->{headers}{carry} });
is(outcome(call($layer[1], $form, in_headers($by_secret[1]), { routed => JSON::PP::true, carried => $back->{headers}{carry} })), 'to 2', 'not to another one');

# --- assertions of others, and passwords -------------------------------------------------

sub job_assertion
{
	my ($job, $jti) = @_;

	return signed({ alg => 'RS256' }, { iss => 'https://ci.example', sub => $job, aud => 'https://id.example', iat => now(), exp => now() + 60, jti => $jti });
}

my $job = named('job:', 1);
for my $client ($by_secret[0], $by_jwt[0])
{
	my $assertion = job_assertion($job, 'job ' . $ids++);
	my @asked = (grant_type => BEARER, assertion => $assertion);
	my @answers = map { request($_, form(@asked, in_form($client)), { %{ in_headers($client) }, dpop => proof() }) } 0 .. SHARDS - 1;

	is(join(', ', map { told($_) } @answers), '200 tokens, 400 invalid_grant, 400 invalid_grant', "$client: an assertion that is good once is good once in all, wherever it is shown");
	is(families($job), '1', 'its subject is on his shard');
	like($answers[0]{way}, qr/1$/, 'which has answered');
}
# a rule a client, so that the same assertion is of a subject for the one, and of another for the other
for my $database (@shard)
{
	$database->query(q{SELECT pgtoken.delete_assertion_rule('https://ci.example', 'jobs')});
	$database->query(q{SELECT pgtoken.create_assertion_rule('https://ci.example', $1, '{"sub": "job:*"}', '{read}', $1 || ' {sub}', client_id => $1)}, $_) for @by_secret;
}
my $job_assertion = job_assertion($job, 'job ' . $ids++);
is(join(', ', map { told(request($_, form(grant_type => BEARER, assertion => $job_assertion), in_headers($by_secret[$_]))) } 2, 1, 0), '200 tokens, 400 invalid_grant, 400 invalid_grant',
	'nor is it good again for another subject');

my @password = (grant_type => 'password', username => $carol, scope => 'openid read offline_access');
for my $client ($by_secret[1], $by_jwt[1])
{
	my $with = sub { request(1, form(@password, password => $_[0], in_form($client)), { %{ in_headers($client) }, dpop => proof() }) };

	$answer = $with->('right');
	is(told($answer) . " $answer->{way}", '200 tokens 1 0', "$client: a password, and tokens where its user is");
	is(join(' ', @{ claims($answer->{json}{access_token})->{amr} }), 'pwd', 'which is told how he has authenticated');
	is(told($with->('wrong')), '400 invalid_grant', 'not by a wrong one');
}
is(join(' ', map { $_->value('SELECT count(*) FROM app.failures') } @shard), '0 2 0', 'failures are counted where the request came to');
is(events('issue.refused', $by_secret[1]), '0 1 0', 'and audited there');

# --- layers that know of no shards, and databases that are none ------------------------------------------------------------

for my $subject ($alice, $bob, $carol, $job, "$by_secret[2] $job", "client:$robot")
{
	like($shard[0]->value('SELECT pgtoken.shard_of_subject($1, $2)', $subject, SHARDS), qr/^${\families($subject)}$/, 'each subject has families on its own shard alone');
}

my $issued = $shard[1]->row('SELECT refresh_token FROM pgtoken.issue_tokens($1, $2, $3)', $robot, $alice, 'read offline_access');
my $proxy = { 'pgtoken-method' => 'POST', 'pgtoken-target' => TOKEN, 'pgtoken-content-type' => 'application/x-www-form-urlencoded' };
for my $start (1, 2)
{
	my $refused = $shard[$start]->row(
		q{SELECT current_setting('response.status') AS status, current_setting('response.headers') AS headers FROM (SELECT set_config('request.headers', $1, false)) s,
			LATERAL (SELECT pgtoken_postgrest.handle(convert_to($2, 'UTF8')) OFFSET 0) h}, encode_json($proxy),
		form(grant_type => 'refresh_token', refresh_token => $issued->{refresh_token}, client_assertion($robot)));

	is($refused->{status}, 503, 'behind PostgREST the client has to come again');
	unlike($refused->{headers}, qr/Shard|Carry/, 'and is told nothing that is the layer\'s');
}
$node->safe_psql('template1', 'ALTER DATABASE shard1 RESET pgtoken.shard');
my $alone = session($node, dbname => 'shard1', user => 'layer');
is(outcome(call($alone, form(grant_type => 'refresh_token', refresh_token => $issued->{refresh_token}, client_assertion($robot)))), 'tokens', 'without shards an assertion is taken where it comes to');

done_testing();
