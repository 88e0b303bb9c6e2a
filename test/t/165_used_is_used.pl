# A server whose memory of used assertions and proofs is its rows alone, and that
# cannot sign.  Attack shut out: an assertion that was seen on its way is sent again;
# it was good, and the answer was an error that took the memory of it back.
use strict;
use warnings;

use FindBin;
use lib $FindBin::RealBin;

use Digest::SHA qw(hmac_sha256);
use JSON::PP;
use MIME::Base64 qw(encode_base64url);
use PgtokenTest;
use PostgreSQL::Test::Utils qw(slurp_file);
use Test::More;

my $node = new_cluster('rows', conf => "pgtoken.shared_replay_ids = 0\n");
my $admin = session($node);
create_service($admin);
my $secret = $admin->value(
	q{SELECT client_secret FROM pgtoken.create_client('robot', 'confidential', '{read}',
		metadata => '{"token_endpoint_auth_method": "client_secret_jwt", "grant_types": ["client_credentials"]}')});

my $assertions = 0;

# the parameters of a client that authenticates by an assertion made for one request
sub assertion
{
	my $now = $admin->value('SELECT extract(epoch FROM clock_timestamp())::bigint') + 0;
	my $input = join '.', map { encode_base64url(encode_json($_)) } { alg => 'HS256' },
	  { iss => 'robot', sub => 'robot', aud => 'https://id.example', iat => $now, exp => $now + 60, jti => 'assertion ' . $assertions++ };

	return 'client_assertion_type=urn%3Aietf%3Aparams%3Aoauth%3Aclient-assertion-type%3Ajwt-bearer&client_assertion='
	  . "$input." . encode_base64url(hmac_sha256($input, $secret));
}

# the error of an endpoint's answer, or what was raised; none: undef
sub refusal
{
	my ($endpoint, $form) = @_;
	my $body = http_request($admin, POST => "/oauth2/$endpoint", $form, '{"accept": "application/token-introspection+jwt"}')->{body};

	return $body =~ /^\{/ ? decode_json($body)->{error} : undef;
}

sub keys_are { return $admin->query(q{UPDATE pgtoken.signing_keys SET state = $1 WHERE alg = 'ES256'}, $_[0]); }

my %requests = (token => 'grant_type=client_credentials&', introspect => 'token=x&');
for my $endpoint (sort keys %requests)
{
	my $form = $requests{$endpoint} . assertion();

	keys_are('retired');
	is(refusal($endpoint, $form), 'server_error', "$endpoint: no key to sign with is an answer");
	keys_are('active');
	is(refusal($endpoint, $form), 'invalid_client', "$endpoint: and the assertion is used");
	is(refusal($endpoint, $requests{$endpoint} . assertion()), undef, "$endpoint: another one is good");
}
is($admin->value(q{SELECT count(*) FROM pgtoken.audit_events WHERE client_id = 'robot' AND event = 'token.refused' AND reason = 'server_failed'}),
	1, 'the audit has it');
like(slurp_file($node->logfile), qr/LOG:  there is no active signing key for algorithm ES256/, 'and the log says what it was');

# who has used up nothing sees what is wrong, as ever
keys_are('retired');
is($admin->sqlstate(q{SELECT pgtoken.issue_tokens('app', 'alice', 'read')}), '55000', 'in SQL it is an error');

done_testing();
