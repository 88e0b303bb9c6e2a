# pgtoken_fastcgi answers: what a web server sends comes to the function as it was, and
# the other way round.  Attacks shut out: a client's header that becomes the web
# server's own word, a header of an answer that holds another one, a request cut short
# that is taken for whole, a superuser that can be reached from outside.
use strict;
use warnings;

use FindBin;
use lib $FindBin::RealBin;

use FastcgiTest;
use JSON::PP;
use PgtokenTest;
use PostgreSQL::Test::Utils;
use Test::More;

my $path = PostgreSQL::Test::Utils::tempdir_short() . '/fcgi.sock';
my $node = new_cluster('fastcgi', conf => socket_conf($path, 'pgtoken_fastcgi.socket_mode' => "'0600'"));
my $s = session($node);

# --- before there is anything to answer with ------------------------------------

is(ask($path, 'GET', '/echo')->{status}, '503', 'without the role: 503');
stand_in($s);
wait_until('the workers have come', sub { ask($path, 'GET', '/echo')->{status} eq '200' });
is(sprintf('%04o', (stat $path)[2] & 07777), '0600', 'the socket has its mode');

# --- a request ----------------------------------------------------------------------

sub echo { return decode_json(ask($path, @_)->{body}); }

my $got = echo(
	'POST', '/echo?a=b&c=%20',
	[
		HTTP_HOST => 'id.example', HTTP_AUTHORIZATION => 'Basic eDp5', HTTP_X_TWICE => 'one', HTTP_X_TWICE => 'two',
		CONTENT_TYPE => 'text/x', REQUEST_SCHEME => 'https', PGTOKEN_CERTIFICATE => ':AAAA:', PGTOKEN_CONTEXT_RISK_SCORE => '7',
		SERVER_SOFTWARE => 'nothing of ours'
	],
	"a\0\xFF\r\n");
is_deeply(
	$got,
	{
		method => 'POST', target => '/echo?a=b&c=%20', body => '6100ff0d0a', session_user => 'authenticator',
		current_user => $s->value('SELECT current_user'), search_path => 'pg_catalog, pg_temp', setting => undef,
		headers => [
			host => 'id.example', authorization => 'Basic eDp5', 'x-twice' => 'one', 'x-twice' => 'two',
			'content-type' => 'text/x', 'content-length' => '5'
		],
		peer => { address => '192.0.2.7', scheme => 'https', certificate => ':AAAA:', context => { risk_score => '7' } }
	},
	'all of it comes as it was sent, and the function runs as its definer with its search_path');

# the attack: a client writes what only the web server may say
is_deeply(
	echo('GET', '/echo', [ map { ("HTTP_$_" => 'invented') } qw(REMOTE_ADDR PGTOKEN_CERTIFICATE PGTOKEN_CONTEXT_X PGTOKEN_ROUTED PGTOKEN_CARRIED REQUEST_SCHEME REQUEST_METHOD) ]),
	{
		%$got, method => 'GET', target => '/echo', body => '', peer => { address => '192.0.2.7' },
		headers => [ map { ($_ => 'invented') } qw(remote-addr pgtoken-certificate pgtoken-context-x pgtoken-routed pgtoken-carried request-scheme request-method) ]
	},
	'nothing that is believed comes from a header');

my $answer = ask($path, 'GET', '/octets', [ HTTP_X => "caf\xE9\x80" ]);
is_deeply([ $answer->{status}, $answer->{headers}{'x-octets'}, $answer->{body} ], [ '200', ["caf\xE9\x80"], "\0\xFF\n\r" ], 'any octet goes through');
$answer = ask($path, 'GET', '/anything');
is_deeply([ @{$answer}{ 'status', 'body' }, $answer->{headers}{'x-twice'}, $answer->{headers}{'content-length'} ],
	[ '404', 'fine', [ 'one', 'two' ], ['4'] ], 'headers keep their order and come twice, a length is added');
$answer = ask($path, 'HEAD', '/anything');
is_deeply([ @{$answer}{ 'status', 'body' }, $answer->{headers}{'content-length'} ], [ '404', '', ['4'] ], 'HEAD has the length of what it leaves out');
is(ask($path, 'GET', '/status?204')->{headers}{'content-length'}, undef, '204 has no length');
is(length ask($path, 'GET', '/large?1000000')->{body}, 1_000_000, 'an answer of a megabyte');
is(ask($path, 'POST', '/echo', [], 'x' x 65536)->{status}, '200', 'a body of 64 kB');
is(length echo('POST', '/echo', [], 'x' x 65537)->{body}, 2 * 65537, 'one byte more, for the function to refuse');
is(length echo('POST', '/echo', [], 'x' x 300_000)->{body}, 2 * 65537, 'and no more than that');
is(ask($path, 'GET', '/echo', [ HTTP_X => 'x' x 65536 ])->{status}, '431', 'headers of 64 kB');
is(ask($path, 'GET', '/echo', [ map { (HTTP_X => 'x') } 1 .. 201 ])->{status}, '431', 'more than 200 headers');
is(ask($path, 'GET', '/echo', [ HTTP_X => "a\0b" ])->{status}, '400', 'a NUL in a header');
is(ask($path, 'GET', "/ec\0ho")->{status}, '400', 'and in a target');
is(ask($path, 'POST', '/echo', [ CONTENT_LENGTH => 6 ], 'short')->{status}, '400', 'the attack: a body that is cut short');

# --- an answer that is none ----------------------------------------------------------

for ('/injected', '/odd', '/status?0x', '/status?100', '/status?1000')
{
	$answer = ask($path, 'GET', $_);
	is_deeply([ @{$answer}{ 'status', 'body' }, $answer->{headers}{'set-cookie'} ], [ '500', '{"error":"server_error","error_description":"the server could not answer this request"}', undef ], "$_: 500");
}

# --- what raises -----------------------------------------------------------------------

my %status = (
	P0001 => 500, 22023 => 500, XX000 => 500, 40001 => 503, '40P01' => 503, 53100 => 503, 53300 => 503, '57P01' => 503,
	'57P03' => 503, '55P03' => 503, 40003 => 500);
for (sort keys %status)
{
	$answer = ask($path, 'GET', "/raise?$_");
	is_deeply([ $answer->{status}, $answer->{headers}{'retry-after'} ], [ $status{$_}, $status{$_} == 503 ? ['5'] : undef ], "$_: $status{$_}");
	unlike($answer->{body}, qr/business/, "$_: without the reason");
}
is($s->value(q{SELECT count(*) FROM kept WHERE what LIKE 'raised%'}), 0, 'and nothing of it stays');
my $log = slurp_file($node->logfile);
like($log, qr/ERROR:  the reason is not the client's business\n.*CONTEXT:.*\n?.*FastCGI request GET \/raise/s, 'the log has the reason and the path');
unlike($log, qr/raise\?/, 'and not the query');

# --- a request that is waited for ----------------------------------------------------------

$answer = ask($path, 'GET', '/wait?thrice');
is($answer->{status}, '200', 'status 0: it is called again');
is($s->value(q{SELECT count(*) FROM kept WHERE what LIKE 'thrice %'}), 3, 'and each call has committed');
$answer = ask($path, 'GET', '/wait_for_ever');
is_deeply([ $answer->{status}, $answer->{headers}{'retry-after'} ], [ '503', ['5'] ], 'for five seconds');

# --- a request of another shard's -----------------------------------------------------------

sub sent_on
{
	my $answer = ask($path, 'POST', @_);

	return [ $answer->{status}, map { $answer->{headers}{$_}[0] } qw(x-accel-redirect pgtoken-routed pgtoken-carry) ];
}

is_deeply(sent_on('/elsewhere?1'), [ '503', undef, undef, undef ], 'where no locations are named it is refused');
like(slurp_file($node->logfile), qr{LOG:  pgtoken_fastcgi answers 503 to what is for shard 1: POST /elsewhere\n.*HINT:  Set pgtoken_fastcgi.shard_location}s, 'and the log says so');
my ($status, undef, $message) = $node->psql('postgres', q{SET pgtoken_fastcgi.shard_location = '/shard/'});
like($message, qr/It is the beginning of a named location/, 'any other kind of location loses the body');
$s->query(q{ALTER DATABASE postgres SET pgtoken_fastcgi.shard_location = '@shard_'});
$s->query('SELECT pg_reload_conf()');
wait_until('the setting is read', sub { defined sent_on('/elsewhere?1')->[1] });
is_deeply(sent_on('/elsewhere?1'), [ '503', '@shard_1', 1, 'sealed' ], 'the web server is told where it is to ask, and what is to be said there');
is_deeply(sent_on('/elsewhere?configuration', [ PGTOKEN_ROUTED => 2 ]), [ '503', '@shard_configuration', 3, 'sealed' ], 'once more, and with how often it was');
# the attack: a request that goes round for ever
is_deeply(sent_on('/elsewhere?1', [ PGTOKEN_ROUTED => $_ ]), [ '503', undef, undef, undef ], "$_: not again") for '3', '99999999999999999999', '-1', 'x';
is_deeply([ sort keys %{ ask($path, 'POST', '/elsewhere?1')->{headers} } ], [ sort qw(status retry-after x-accel-redirect pgtoken-routed pgtoken-carry) ],
	'no header that nginx would add to the last answer');
# the attack: a name that leads to another location
is(sent_on("/elsewhere?$_")->[0], '500', "'$_': no shard") for '', '../1', '1;x', 'A';
is_deeply(echo('POST', '/echo', [ PGTOKEN_ROUTED => '1', PGTOKEN_CARRIED => 'sealed' ])->{peer}, { address => '192.0.2.7', routed => JSON::PP::true, carried => 'sealed' },
	'the web server says that it was sent on');
is_deeply(echo('POST', '/echo', [ PGTOKEN_ROUTED => '', PGTOKEN_CARRIED => '' ])->{peer}, { address => '192.0.2.7' }, 'and where it was not, nothing');

# --- the protocol --------------------------------------------------------------------------

# exchange(bytes...): what comes back when these are written one after the other
sub exchange
{
	my $socket = fastcgi($path);

	local $SIG{PIPE} = 'IGNORE';
	for (@_)
	{
		print $socket $_;
		$socket->flush;
	}
	return answer_of($socket);
}

is(exchange(split //, request_records('GET', '/echo'))->{status}, '200', 'a byte at a time');
is_deeply(exchange(record('begin', 1, pack('n x6', 3)))->{records}, [ [ 3, 1, pack('N C x3', 0, 3) ] ], 'the role of a filter: FCGI_UNKNOWN_ROLE');
is_deeply(exchange(record('begin', 1, pack('n x6', 1)), record('abort', 1, ''))->{records}, [ [ 3, 1, pack('N C x3', 0, 0) ] ], 'aborted');
my @multiplexed = exchange(record('begin', 1, pack('n x6', 1)), record('begin', 2, pack('n C x5', 1, 1)), substr(request_records('GET', '/echo'), 16));
is_deeply($multiplexed[0]{records}[0], [ 3, 2, pack('N C x3', 0, 1) ], 'a second request: FCGI_CANT_MPX_CONN');
is($multiplexed[0]{status}, '200', 'and the first is answered');
$answer = exchange(record('get_values', 0, parameters(FCGI_MAX_CONNS => '', FCGI_MPXS_CONNS => '')), record(99, 0, ''), request_records('GET', '/echo'));
is_deeply([ @{ $answer->{records} }[ 0, 1 ] ], [ [ 10, 0, parameters(FCGI_MAX_CONNS => '3', FCGI_MPXS_CONNS => '0') ], [ 11, 0, pack('C x7', 99) ] ],
	'FCGI_GET_VALUES is answered, and FCGI_UNKNOWN_TYPE');
is($answer->{status}, '200', 'before the request');
is(exchange("GET / HTTP/1.1\r\n\r\n")->{status}, undef, 'another protocol gets nothing');

# --- who may ---------------------------------------------------------------------------------

sub refused_until
{
	my ($what, $undo, @do) = @_;

	$s->query($_) for @do;
	wait_until("$what is noticed", sub { ask($path, 'GET', '/echo')->{status} eq '503' });
	pass("$what: 503");
	$s->query($undo);
	wait_until("$what is over", sub { ask($path, 'GET', '/echo')->{status} eq '200' });
	return;
}

refused_until('no EXECUTE', 'GRANT EXECUTE ON FUNCTION pgtoken_http.handle TO authenticator', 'REVOKE EXECUTE ON FUNCTION pgtoken_http.handle FROM authenticator');
refused_until('no USAGE', 'GRANT USAGE ON SCHEMA pgtoken_http TO authenticator', 'REVOKE USAGE ON SCHEMA pgtoken_http FROM authenticator');
refused_until('another name', 'ALTER FUNCTION pgtoken_http.other RENAME TO handle', 'ALTER FUNCTION pgtoken_http.handle RENAME TO other');
# the attack: whoever reaches the socket has the rights of a superuser
refused_until('a superuser', 'ALTER ROLE authenticator NOSUPERUSER', 'ALTER ROLE authenticator SUPERUSER');
$log = slurp_file($node->logfile);
like($log, qr/answers 503 for database "postgres": \Q$_\E/, "the log says: $_")
  for 'the role lacks EXECUTE', 'the role lacks USAGE', 'the database has no function', 'the role is a superuser';
like($log, qr/does not serve database "postgres" at "\Q$path\E": the role of pgtoken_fastcgi.role does not exist/, 'and what it was at first');

# a function that has changed is called as it is now
$s->query(q{ALTER FUNCTION pgtoken_http.handle SECURITY INVOKER SET search_path = pg_catalog});
wait_until('the function is looked at again', sub { echo('GET', '/echo')->{search_path} eq 'pg_catalog' });
is(echo('GET', '/echo')->{current_user}, 'authenticator', 'as who calls it');
$s->query(q{ALTER FUNCTION pgtoken_http.handle SECURITY DEFINER SET search_path = pg_catalog, pg_temp});

# so are settings of the role, once the server reads its own again
$s->query(q{ALTER ROLE authenticator SET application.who = 'somebody'});
$s->query('SELECT pg_reload_conf()');
wait_until('the setting is read', sub { (echo('GET', '/echo')->{setting} // '') eq 'somebody' });
pass('settings of the role are read again');

# --- the views ---------------------------------------------------------------------------------

$s->query('CREATE ROLE pgtoken_auditor');
$s->query('CREATE DATABASE other');
views($node, $_) for 'postgres', 'other';
ask($path, 'GET', '/counted?query') for 1 .. 3;
ask($path, 'GET', '/status?418') for 1 .. 2;
is_deeply([ $s->query(q{SELECT status, requests FROM pgtoken.fastcgi_requests WHERE path = '/status' AND status = 418}) ],
	[ { status => 418, requests => 2 } ], 'requests are counted by path and status');
is($s->value(q{SELECT count(*) FROM pgtoken.fastcgi_requests WHERE path = '/counted'}), 0, 'a path that is none has no place of its own');
cmp_ok($s->value('SELECT requests FROM pgtoken.fastcgi_requests WHERE path IS NULL AND status = 404'), '>=', 3, 'it is one of the others');
is_deeply($s->row('SELECT address, workers, connected, queued, problem FROM pgtoken.fastcgi_services'),
	{ address => $path, workers => 3, connected => 3, queued => 0, problem => undef }, 'the state');
is($s->value('SELECT sum(requests) FROM pgtoken.fastcgi_latencies'), $s->value('SELECT sum(requests) FROM pgtoken.fastcgi_requests'), 'each request is in the histogram');
is(session($node, dbname => 'other')->value('SELECT count(*) FROM pgtoken.fastcgi_requests'), 0, 'of another database nothing is told');

# --- without the module ---------------------------------------------------------------------------

$node->append_conf('postgresql.conf', "shared_preload_libraries = ''\n");
$node->restart;
$s = session($node);
is($s->value('SELECT count(*) FROM pgtoken.fastcgi_services') + $s->value('SELECT count(*) FROM pgtoken.fastcgi_requests')
	+ $s->value('SELECT count(*) FROM pgtoken.fastcgi_latencies'), 0, 'the views are empty where the server has not loaded the module');
ok(!-e $path, 'and the socket has gone with the server');

done_testing();
