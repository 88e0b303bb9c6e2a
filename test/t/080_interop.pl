# Two of one make can be wrong in the same way: what we sign must verify, and
# what we verify must be signed, by implementations that know nothing of ours:
# the openssl program, and npm's jose where Node.js is there (test/interop).
# Attacks among them: an ID token for an access token, another audience, an
# expired token, another algorithm under the same key, "none", the public key as
# an HMAC key (C43, C44, C49, C80, C82).  And a stolen signing key: what it signs
# must be in the ledger as well, so it forges nothing on its own.
use strict;
use warnings;

use Digest::SHA qw(hmac_sha256);
use FindBin;
use lib $FindBin::RealBin;

use IPC::Run ();
use JSON::PP;
use MIME::Base64 qw(decode_base64url encode_base64url);
use PgtokenTest;
use PostgreSQL::Test::Utils;
use Test::More;

my $dir = PostgreSQL::Test::Utils::tempdir;
my $json = JSON::PP->new->utf8->canonical;

my %kinds = (
	ES256 => 'EC -pkeyopt ec_paramgen_curve:P-256',
	ES384 => 'EC -pkeyopt ec_paramgen_curve:P-384',
	ES512 => 'EC -pkeyopt ec_paramgen_curve:P-521',
	RS256 => 'RSA -pkeyopt rsa_keygen_bits:2048',
	PS256 => 'RSA -pkeyopt rsa_keygen_bits:2048',
	EdDSA => 'ED25519');
my @algs = sort keys %kinds;

my $node = new_cluster('interop');
my $s = session($node);
$s->query('CREATE EXTENSION pgtoken');
$s->query(q{SELECT pgtoken.create_issuer('https://id.example')});
$s->query(q{SELECT pgtoken.create_resource('https://api.example')});

# keys that others have made, one client each
my (%key, %tokens);
for my $alg (@algs, 'HS256')
{
	my %made = (alg => $alg);

	if ($alg eq 'HS256')
	{
		$made{mac_key} = encode_base64url(join '', map { chr((13 * $_ + 7) % 256) } 1 .. 32);
	}
	else
	{
		# its progress goes to stderr
		die 'openssl cannot make a key' if system "openssl genpkey -algorithm $kinds{$alg} -out $dir/$alg.pem 2>/dev/null";
		die 'openssl cannot write a public key' if system 'openssl', 'pkey', '-in', "$dir/$alg.pem", '-pubout', '-out', "$dir/$alg.pub";
		$made{pem} = slurp_file("$dir/$alg.pem");
	}
	$made{kid} = $s->value('SELECT pgtoken.create_signing_key($1, NULL, $2)', $alg, $made{pem} // $made{mac_key});
	$s->query(q{SELECT pgtoken.create_client($1, 'public', '{openid,read}', signing_alg => $2)}, "client-$alg", $alg);
	$key{$alg} = \%made;
	$tokens{$alg} = $s->row(
		q{SELECT access_token, id_token, grant_id FROM pgtoken.issue_tokens($1, 'alice', 'openid read', '{https://api.example}',
			nonce => 'n-0S6_WzA2Mj', claims => '{"tenant": "Zürich"}')}, "client-$alg");
}
my $jwks = $s->value('SELECT pgtoken.jwks()');

sub holds
{
	my ($token, $audience) = @_;

	return defined $s->value('SELECT pgtoken.verify_access_token($1, $2)', $token, $audience // 'https://api.example') ? 1 : 0;
}

# --- openssl -------------------------------------------------------------------

# r || s as the SEQUENCE of two INTEGERs that openssl wants (RFC 7518 section 3.4)
sub ecdsa_der
{
	my ($raw) = @_;
	my $half = length($raw) / 2;
	my $body = '';

	for (unpack "a$half a$half", $raw)
	{
		my $number = $_;

		$number =~ s/^\0+//;
		$number = "\0$number" if $number eq '' || ord($number) >= 0x80;
		$body .= pack 'C C/a*', 2, $number;
	}
	return "\x30" . (length $body < 128 ? '' : "\x81") . pack('C/a*', $body);
}

sub write_bytes
{
	my ($name, $bytes) = @_;

	open my $file, '>:raw', "$dir/$name" or die "$name: $!";
	print $file $bytes;
	close $file or die "$name: $!";
	return "$dir/$name";
}

sub openssl_verifies
{
	my ($alg, $token) = @_;
	my ($input, $signature) = $token =~ /^(.*)\.(.*)$/;

	$signature = decode_base64url($signature);
	return hmac_sha256($input, decode_base64url($key{HS256}{mac_key})) eq $signature if $alg eq 'HS256';
	my $data = write_bytes('data', $input);
	my $sig = write_bytes('sig', $alg =~ /^ES/ ? ecdsa_der($signature) : $signature);
	my @command =
	  $alg eq 'EdDSA'
	  ? ('pkeyutl', '-verify', '-pubin', '-inkey', "$dir/$alg.pub", '-rawin', '-in', $data, '-sigfile', $sig)
	  : ('dgst', '-sha' . substr($alg, 2),
		$alg eq 'PS256' ? ('-sigopt', 'rsa_padding_mode:pss', '-sigopt', 'rsa_pss_saltlen:32') : (),
		'-verify', "$dir/$alg.pub", '-signature', $sig, $data);

	return IPC::Run::run([ 'openssl', @command ], '<', \undef, '>&', \my $output);
}

for my $alg (@algs, 'HS256')
{
	for my $type (qw(access_token id_token))
	{
		my $token = $tokens{$alg}{$type};
		my $other = $token =~ s/^(.{40})(.)/$1 . ($2 eq 'x' ? 'y' : 'x')/er;

		ok(openssl_verifies($alg, $token), "$alg: openssl verifies the $type");
		ok(!openssl_verifies($alg, $other), "$alg: and not another one under its signature");
	}
	my $header = $json->decode(decode_base64url($tokens{$alg}{access_token} =~ /^([^.]*)/));
	is_deeply($header, { typ => 'at+jwt', alg => $alg, kid => $key{$alg}{kid} }, "$alg: header (C43)");
}

# --- jose ----------------------------------------------------------------------

my $why_not =
	!IPC::Run::run([ 'sh', '-c', 'command -v node' ], '>', \my $ignored) ? 'Node.js is not installed'
  : ($ENV{PGTOKEN_NODE_MODULES} // '') eq '' ? 'PGTOKEN_NODE_MODULES does not say where jose is (npm ci in test/interop)'
  : undef;

SKIP:
{
	skip "not tested with jose: $why_not", 1 if $why_not;

	my $node_script = sub {
		my ($script, $input) = @_;
		my $text = $json->encode($input);
		my ($output, $error) = ('', '');

		IPC::Run::run([ 'node', "$FindBin::RealBin/../interop/$script" ], '<', \$text, '>', \$output, '2>', \$error)
		  or die "$script: $error";
		return $json->decode($output);
	};

	# ours, verified by jose
	my $checks = $node_script->(
		'verify.mjs',
		{   jwks => $json->decode($jwks),
			issuer => 'https://id.example',
			cases => [
				map {
					{   alg => $_,
						audience => 'https://api.example',
						client_id => "client-$_",
						nonce => 'n-0S6_WzA2Mj',
						access_token => $tokens{$_}{access_token},
						id_token => $tokens{$_}{id_token},
						$_ eq 'HS256' ? (mac_key => $key{HS256}{mac_key}) : (),
					}
				} @algs,
				'HS256'
			]
		});
	for my $alg (@algs, 'HS256')
	{
		cmp_ok(scalar keys %{ $checks->{$alg} }, '>=', 7, "$alg: jose has looked at it");
		ok($checks->{$alg}{$_}, "$alg, jose: $_") for sort keys %{ $checks->{$alg} };
	}

	# jose's, verified by us: the claims of a token of ours, which is in the ledger,
	# and with one thing wrong each.  jti is grant_id and twelve bytes of its own.
	my @cases;
	my %accepted;
	for my $alg (@algs, 'HS256')
	{
		my %signing = (alg => $alg, map { $_ => $key{$alg}{$_} } grep { $key{$alg}{$_} } qw(pem mac_key));
		my $claims = $json->decode($s->value('SELECT pgtoken.verify_access_token($1)', $tokens{$alg}{access_token}));
		my $header = { typ => 'at+jwt', alg => $alg, kid => $key{$alg}{kid} };
		my $unlike = $alg eq 'ES256' ? 'RS256' : 'ES256';
		my $serial = 0;
		my $jti = sub {
			my $grant_id = pack 'H*', ($_[0] // $claims->{grant_id}) =~ tr/-//dr;
			return encode_base64url($grant_id . sprintf('%-12.12s', $alg . $serial++));
		};
		my $case = sub {
			my ($name, %wrong) = @_;
			my %header = (%$header, %{ $wrong{header} // {} });
			my %claims = (%$claims, %{ $wrong{claims} // {} });

			delete @header{ @{ $wrong{no_header} // [] } };
			delete @claims{ @{ $wrong{no_claim} // [] } };
			push @cases, { name => "$alg: $name", %signing, %{ $wrong{signing} // {} }, header => \%header, claims => \%claims };
			return;
		};

		$case->('a good token');
		$accepted{"$alg: a good token"} = 1;
		$case->('several audiences', claims => { aud => [ 'https://other.example', 'https://api.example' ] });
		$accepted{"$alg: several audiences"} = 1;

		$case->('typ JWT', header => { typ => 'JWT' });
		$case->('no typ', no_header => ['typ']);
		$case->('no kid', no_header => ['kid']);
		$case->('unknown kid', header => { kid => 'x' x 43 });
		$case->('kid of another key', header => { kid => $key{$unlike}{kid} });
		$case->('alg of another kind', header => { alg => $unlike });
		$case->('alg none', header => { alg => 'none' });
		$case->('alg none, not signed', header => { alg => 'none' }, signing => { alg => 'none' });
		$case->('a critical extension', header => { crit => ['https://id.example/x'], 'https://id.example/x' => JSON::PP::true });
		$case->('other aud', claims => { aud => 'https://other.example' });
		$case->('aud empty', claims => { aud => [] });
		$case->('other iss', claims => { iss => 'https://evil.example' });
		# the ledger knows these two, so that nothing but the time is wrong with them
		my %moved = (expired => -3600, 'issued in the future' => 3600);
		for my $name (sort keys %moved)
		{
			my $at = $claims->{iat} + $moved{$name};

			$s->query(
				q{INSERT INTO pgtoken.tokens (grant_id, generation, retry, issued_at, jti, kid, access_expires_at, scope, resources, decision, context)
				  SELECT grant_id, generation, (SELECT max(o.retry) + 1 FROM pgtoken.tokens o WHERE o.grant_id = t.grant_id), to_timestamp($2), jti, kid, access_expires_at, scope, resources, decision, context
				  FROM pgtoken.tokens t WHERE jti = $1 AND abs(extract(epoch FROM issued_at - to_timestamp($3))) < 1},
				$claims->{jti}, $at, $claims->{iat});
			$case->($name, claims => { iat => $at, exp => $at + 300 });
		}
		$case->('not yet valid', claims => { nbf => $claims->{iat} + 3600 });
		$case->('other client_id', claims => { client_id => $alg eq 'ES256' ? 'client-RS256' : 'client-ES256' });
		my $others = $json->decode($s->value('SELECT pgtoken.verify_access_token($1)', $tokens{$unlike}{access_token}));
		$case->('a jti that is not in the ledger', claims => { jti => $jti->() });
		$case->('jti of another family', claims => { jti => $others->{jti}, iat => $others->{iat} });
		$case->('grant_id of another family', claims => { grant_id => $tokens{$unlike}{grant_id} });
		$case->('a family that is none',
			claims => { grant_id => '01900000-0000-7000-8000-000000000000', jti => $jti->('01900000-0000-7000-8000-000000000000') });
		$case->("no $_", no_claim => [$_]) for qw(iss sub aud client_id exp iat jti grant_id);
		$case->("$_ of the wrong type", claims => { $_ => { a => 1 } }) for qw(iss sub aud client_id exp iat jti grant_id);
	}

	# the same RSA key, the other padding: the algorithm belongs to the key (RFC 8725 section 3.1)
	my $rs = $json->decode($s->value('SELECT pgtoken.verify_access_token($1)', $tokens{RS256}{access_token}));
	push @cases,
	  { name => 'PS256 with the key of RS256', alg => 'PS256', pem => $key{RS256}{pem},
		header => { typ => 'at+jwt', alg => 'PS256', kid => $key{RS256}{kid} }, claims => $rs };
	# the classic: what is public as the secret
	for my $alg (@algs)
	{
		my $claims = $json->decode($s->value('SELECT pgtoken.verify_access_token($1)', $tokens{$alg}{access_token}));
		my ($jwk) = grep { $_->{kid} eq $key{$alg}{kid} } @{ $json->decode($jwks)->{keys} };
		my %public = (PEM => slurp_file("$dir/$alg.pub"), JWK => $json->encode($jwk));

		for my $form (sort keys %public)
		{
			push @cases,
			  { name => "$alg: its public key as $form for HS256", alg => 'HS256', mac_key => encode_base64url($public{$form}),
				header => { typ => 'at+jwt', alg => 'HS256', kid => $key{$alg}{kid} }, claims => $claims };
		}
	}

	my $signed = $node_script->('sign.mjs', { cases => \@cases });
	for my $case (@cases)
	{
		my $name = $case->{name};
		my $expected = $accepted{$name} // 0;

		is(holds($signed->{$name}), $expected, "signed by jose, $name: " . ($expected ? 'accepted' : 'refused (C49)'));
	}
	# what was refused for its audience alone is good elsewhere: nothing else was wrong with it
	for my $alg (@algs, 'HS256')
	{
		is(holds($signed->{"$alg: other aud"}, 'https://other.example'), 1, "$alg: the other audience accepts what is for it");
	}

	# a good one dies with its family like ours
	my $good = $signed->{'ES256: a good token'};
	$s->query('SELECT pgtoken.revoke_family($1::uuid)', $tokens{ES256}{grant_id});
	is(holds($good), 0, 'a token of jose is refused after its family was revoked');
}

$s->quit;
$node->stop;
done_testing();
