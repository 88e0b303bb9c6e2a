# A login page and a device page with two databases: the lines of docs/scale.md are typed
# as they stand, each on the shard that is named above it; requests over HTTP go where
# the door says. Afterwards what each subject has lies on one shard.
#
# Attack: of one pushed request, opened twice, one page goes to each shard, for two
# codes; what was handed over is approved on both.
use strict;
use warnings;

use FindBin;
use lib $FindBin::RealBin;

use JSON::PP;
use PgtokenTest;
use Test::More;

use constant SHARDS => 2;
use constant DEVICE => 'urn:ietf:params:oauth:grant-type:device_code';
# RFC 7636 appendix B
use constant VERIFIER => 'dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk';
use constant CHALLENGE => 'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM';

my $node = new_cluster('hand_over');
my $made = session($node);

create_service($made);
$made->query(q{SELECT pgtoken.update_issuer('https://id.example', login_uri => 'https://login.example/', verification_uri => 'https://login.example/device')});
$made->query(q{SELECT pgtoken.create_client('shop', 'public', '{openid,read}', redirect_uris => '{https://shop.example/cb}', offline_access => true, metadata => $1)},
	encode_json({ grant_types => [ 'authorization_code', 'refresh_token', DEVICE ] }));
$made->query('CREATE ROLE layer LOGIN');
$made->query('GRANT USAGE ON SCHEMA pgtoken_http TO layer');
$made->query('GRANT EXECUTE ON FUNCTION pgtoken_http.handle TO layer');
$made->query(q{ALTER SYSTEM SET pgtoken.http_authenticator = 'layer'});
$made->query('SELECT pg_reload_conf()');
$made->quit;

my (@shard, @layer);
for my $number (0 .. SHARDS - 1)
{
	$node->safe_psql('template1', "CREATE DATABASE shard$number TEMPLATE postgres");
	$node->safe_psql('template1', sprintf q{ALTER DATABASE shard%d SET pgtoken.shard = '%d/%d'}, $number, $number, SHARDS);
	push @shard, session($node, dbname => "shard$number");
	push @layer, session($node, dbname => "shard$number", user => 'layer');
}

sub lies { return $shard[0]->value('SELECT pgtoken.shard_of_subject($1, $2)', $_[0], SHARDS); }

# --- what the document says ------------------------------------------------------------

# a block of the document, by what it begins with
sub lines_of
{
	my ($place) = @_;
	my ($block) = grep { $_->{language} eq 'sql' && $_->{text} =~ /\A-- on the shard of :$place\n/ } document_blocks('docs/scale.md');

	die "docs/scale.md has no lines for $place" unless $block;
	return split /\n/, $block->{text};
}

# As psql does: :'name' is a value, \gset keeps the columns. Each line runs on the shard that
# the last comment before it names.
sub type_lines
{
	my ($place, $known) = @_;
	my $session;

	for my $line (lines_of($place))
	{
		my @values;

		if ($line =~ /^--/)
		{
			next unless $line =~ /on the shard of :(\w+)/;
			$session = $shard[$shard[0]->value($1 eq 'subject' ? 'SELECT pgtoken.shard_of_subject($1, $2)' : 'SELECT pgtoken.shard_of($1::text, $2)', $known->{$1}, SHARDS)];
			next;
		}
		$line =~ s/ \\gset$// or die "not a line of psql: $line";
		$line =~ s/:'(\w+)'/push @values, $known->{$1}; '$' . @values . '::text'/ge;
		%{$known} = (%{$known}, %{ $session->row($line, @values) });
	}
	return $known;
}

# --- the service, through a layer --------------------------------------------------------

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

# where the last request has been, in order
my @been;

# it comes to any shard, and goes where it is sent
sub request
{
	my ($method, $target, $body) = @_;
	my %peer = (proxied => JSON::PP::true);
	my $at = 0;

	for (@been = (); @been < 4;)
	{
		push @been, $at;
		my $answer = http_request($layer[$at], $method, $target, $body, '{}', encode_json(\%peer));

		return $answer unless $answer->{status} == 0;
		$at = $answer->{headers}{shard};
		$peer{routed} = JSON::PP::true;
		$peer{carried} = $answer->{headers}{carry} if defined $answer->{headers}{carry};
	}
	die 'sent on and on';
}

sub request_json
{
	my $answer = request(@_);

	return { status => $answer->{status}, %{ decode_json($answer->{body} // '{}') } };
}

sub parameter
{
	my ($url, $name) = @_;
	my ($value) = $url =~ /[?&]$name=([^&]*)/;

	$value =~ s/%(..)/chr hex $1/ge if defined $value;
	return $value;
}

my @request = (client_id => 'shop', response_type => 'code', redirect_uri => 'https://shop.example/cb', scope => 'openid read offline_access', code_challenge => CHALLENGE, code_challenge_method => 'S256');

sub begin_login { return parameter(request('GET', '/oauth2/authorize?' . form(@_))->{headers}{location}, 'transaction_id'); }
sub redeem { return request_json('POST', '/oauth2/token', form(grant_type => 'authorization_code', client_id => 'shop', redirect_uri => 'https://shop.example/cb', code_verifier => VERIFIER, code => $_[0])); }
sub refresh { return request_json('POST', '/oauth2/token', form(grant_type => 'refresh_token', client_id => 'shop', refresh_token => $_[0])); }

my @subjects = map { "user-$_" } 1 .. 6;

is(scalar(keys %{ { map { lies($_) => 1 } @subjects } }), SHARDS, 'subjects of both shards');

# --- the code flow, and by a pushed request --------------------------------------------------

for my $subject (@subjects)
{
	my $pushed = request_json('POST', '/oauth2/par', form(@request, login_hint => $subject));
	my %way = (code => [@request], par => [ client_id => 'shop', request_uri => $pushed->{request_uri} ]);

	for my $way (sort keys %way)
	{
		my $known = type_lines('transaction_id', { transaction_id => begin_login(@{ $way{$way} }), subject => $subject, scope => 'openid read offline_access' });

		is($known->{error}, undef, "$way: $subject has approved");
		my $tokens = redeem(parameter($known->{redirect_uri}, 'code'));
		is($tokens->{status}, 200, "$way: tokens of his code");
		is($been[-1], lies($subject), "$way: on his shard");
		is(refresh($tokens->{refresh_token})->{status}, 200, "$way: which go on");
		# Attack: approved once more, here or there
		for my $number (0 .. SHARDS - 1)
		{
			my $again = eval { $shard[$number]->row('SELECT error FROM pgtoken.approve_authorization($1, $2)', $known->{sealed}, $subject) };

			is($again ? $again->{error} : $@->{sqlstate}, $number == lies($subject) ? 'invalid_transaction' : '22023', "$way: answered, as shard $number says");
		}
	}
	is(begin_login(@{ $way{par} }), undef, 'the pushed request has ended');
}

# Attack: two pages of one pushed request
my $pushed = request_json('POST', '/oauth2/par', form(@request))->{request_uri};
my @pages = map { begin_login(client_id => 'shop', request_uri => $pushed) } 1 .. 2;
my ($one) = grep { lies($_) == 0 } @subjects;
my ($two) = grep { lies($_) == 1 } @subjects;
my $home = $shard[$shard[0]->value('SELECT pgtoken.shard_of($1::text, $2)', $pages[0], SHARDS)];
isnt($home->value('SELECT pgtoken.hand_over_authorization($1, $2)', $pages[0], $one), undef, 'the first page is handed over');
is($home->value('SELECT pgtoken.hand_over_authorization($1, $2)', $pages[1], $two), undef, 'and the other is not any more');

# --- devices -----------------------------------------------------------------------------------

sub ask { return request_json('POST', '/oauth2/device_authorization', form(client_id => 'shop', scope => 'openid read offline_access')); }

# in time, whenever it comes
sub poll
{
	my ($device_code) = @_;

	$_->query('UPDATE pgtoken.device_codes SET polled_at = NULL WHERE polled_at IS NOT NULL') for @shard;
	return request_json('POST', '/oauth2/token', form(grant_type => DEVICE, client_id => 'shop', device_code => $device_code));
}

for my $subject (@subjects)
{
	my $device = ask();
	my $here = $shard[0]->value('SELECT pgtoken.shard_of($1::text, $2)', $device->{user_code}, SHARDS);

	is(poll($device->{device_code})->{error}, 'authorization_pending', "device: nobody has typed its code");
	is($shard[$here]->value('SELECT pgtoken.hand_over_device($1, $2, $3) IS NOT NULL', $device->{user_code}, '192.0.2.1', $subject), 't', 'device: handed over');
	is(poll($device->{device_code})->{error}, 'authorization_pending', 'device: waits for his answer');
	is($been[-1], lies($subject), 'device: where he lies');
	is($shard[lies($subject)]->value('SELECT pgtoken.deny_device($1, $2)',
			$shard[$here]->value('SELECT pgtoken.hand_over_device($1, $2, $3)', $device->{user_code}, '192.0.2.1', $subject), '192.0.2.1'), undef, 'device: refused there');
	is(poll($device->{device_code})->{error}, 'access_denied', 'device: and told so');

	$device = ask();
	my $known = type_lines('user_code', { user_code => $device->{user_code}, address => '192.0.2.1', subject => $subject, scope => 'openid read offline_access' });
	is($known->{error}, undef, "device: $subject has approved");
	my $tokens = poll($device->{device_code});
	is($tokens->{status}, 200, 'device: tokens');
	is($been[-1], lies($subject), 'device: of his shard');
	is(poll($device->{device_code})->{error}, 'invalid_grant', 'device: once');
	is(refresh($tokens->{refresh_token})->{status}, 200, 'device: which go on');
}

# --- afterwards ----------------------------------------------------------------------------------

# in how many rows, table by table, a database has something of the subject
sub held
{
	my ($session, $subject) = @_;
	my @families = $session->column(q{SELECT unnest(pgtoken.families_of('https://id.example', $1))}, $subject);
	my $found = 0;

	for my $table ($session->query('SELECT table_name, rows_of FROM pgtoken.subject_tables()'))
	{
		# all three arguments are there, whichever the condition takes
		$found += $session->value("SELECT count(*) FROM pgtoken.$table->{table_name} t WHERE (\$1::text, \$2::text, \$3::uuid[]) IS NOT NULL AND ($table->{rows_of})",
			'https://id.example', $subject, '{' . join(',', @families) . '}');
	}
	return $found;
}

for my $subject (@subjects)
{
	my @held = map { held($_, $subject) } @shard;

	cmp_ok($held[lies($subject)], '>', 10, "$subject has rows on his shard");
	is($held[1 - lies($subject)], 0, 'and on no other');
	# nor does anything there name him in passing
	is($shard[1 - lies($subject)]->value(q{SELECT sum((xpath('/row/c/text()', query_to_xml(format('SELECT count(*) AS c FROM pgtoken.%I t WHERE t::text LIKE %L', c.relname, '%' || $1 || '%'), false, true, '')))[1]::text::bigint)
		FROM pg_class c WHERE c.relnamespace = 'pgtoken'::regnamespace AND c.relkind = 'r'}, $subject), 0, 'not even in a word');
}

done_testing();
