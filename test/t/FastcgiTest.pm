# What the tests of pgtoken_fastcgi share: a small FastCGI client, which can also do
# what no web server does, and a function that stands in for pgtoken_http.handle.
package FastcgiTest;

use strict;
use warnings;

use Exporter 'import';
use FindBin;
use IO::Select;
use IO::Socket::UNIX;
use PostgreSQL::Test::Utils;

our @EXPORT = qw(record parameters request_records fastcgi begin_request ask answer_of stand_in views socket_conf PATIENCE);

use constant PATIENCE => $PostgreSQL::Test::Utils::timeout_default;

my %TYPE = (begin => 1, abort => 2, end => 3, params => 4, stdin => 5, stdout => 6, get_values => 9, get_values_result => 10, unknown => 11);

# record(type, id, content, padding)
sub record
{
	my ($type, $id, $content, $padding) = @_;

	return pack('C C n n C x', 1, $TYPE{$type} // $type, $id, length $content, $padding // 0) . $content . "\0" x ($padding // 0);
}

# name-value pairs
sub parameters
{
	my $bytes = '';

	while (my ($name, $value) = splice @_, 0, 2)
	{
		$bytes .= pack '(a*)*', map { length($_) < 128 ? pack('C', length) : pack('N', 0x80000000 | length) } $name, $value;
		$bytes .= $name . $value;
	}
	return $bytes;
}

# a whole request: (method, target, [parameters...], body)
sub request_records
{
	my ($method, $target, $more, $body) = @_;

	$body //= '';
	my $parameters = parameters(
		REQUEST_METHOD => $method,
		REQUEST_URI => $target,
		REMOTE_ADDR => '192.0.2.7',
		length $body ? (CONTENT_LENGTH => length $body) : (),
		@{ $more // [] });

	return join '',
	  record('begin', 1, pack('n x6', 1)),
	  (map { record('params', 1, $_) } $parameters =~ /(.{1,30000})/gs),
	  record('params', 1, ''),
	  (map { record('stdin', 1, $_) } $body =~ /(.{1,30000})/gs),
	  record('stdin', 1, '');
}

# fastcgi(path): a connection; undef when it is refused
sub fastcgi
{
	my ($path) = @_;

	return IO::Socket::UNIX->new(Peer => $path) if $path =~ m{^/};
	require IO::Socket::INET;
	return IO::Socket::INET->new(PeerAddr => $path);
}

# What comes until the other side closes: { status, headers => { name => [values] },
# body, records => [[type, id, content]...] }; status is undef where there is no answer.
sub answer_of
{
	my ($socket) = @_;
	my $bytes = '';
	my $select = IO::Select->new($socket);

	while (1)
	{
		die 'no answer came' unless $select->can_read(PATIENCE);
		# a reset is an end as well
		last unless sysread $socket, $bytes, 65536, length $bytes;
	}
	close $socket;

	my ($output, @records) = ('');
	while (length $bytes >= 8)
	{
		my ($type, $id, $length, $padding) = unpack 'x C n n C', $bytes;

		last if length $bytes < 8 + $length + $padding;
		push @records, [ $type, $id, substr($bytes, 8, $length) ];
		$output .= $records[-1][2] if $type == $TYPE{stdout};
		substr($bytes, 0, 8 + $length + $padding, '');
	}
	my ($head, $body) = split /\r\n\r\n/, $output, 2;
	my %headers;
	for (split /\r\n/, $head // '')
	{
		my ($name, $value) = split /: /, $_, 2;
		push @{ $headers{ lc $name } }, $value;
	}
	# an answer that is cut off is none
	my $ended = $output && $records[-1][0] == $TYPE{end};
	return {
		status => $ended ? substr($headers{status}[0] // '', 0, 3) : undef,
		headers => \%headers,
		body => $body,
		records => \@records };
}

# ask(path, method, target, [parameters...], body): the answer of a request as web servers send it
sub ask
{
	my ($path, @request) = @_;
	my $socket = begin_request($path, @request) or return { status => undef, refused => 1 };

	return answer_of($socket);
}

# begin_request(path, request): the connection of a request whose answer is not waited for
sub begin_request
{
	my ($path, @request) = @_;
	my $socket = fastcgi($path) or return;

	local $SIG{PIPE} = 'IGNORE';
	print $socket request_records(@request);
	$socket->flush;
	return $socket;
}

# the settings of a server that listens for the database postgres
sub socket_conf
{
	my ($path, %more) = @_;
	my %conf = (
		shared_preload_libraries => "'pgtoken_fastcgi'",
		max_worker_processes => 40,
		'pgtoken_fastcgi.listen' => "'postgres=$path'",
		'pgtoken_fastcgi.workers' => 3,
		# no test fails by the clock: what is to time out says so
		'pgtoken_fastcgi.connection_timeout' => "'60s'",
		'pgtoken_fastcgi.statement_timeout' => 0,
		'pgtoken_fastcgi.lock_timeout' => 0,
		%more);

	return join '', map { "$_ = $conf{$_}\n" } sort keys %conf;
}

# the views, which the extension brings, in a database without it
sub views
{
	my ($node, $database) = @_;

	$node->safe_psql($database, 'CREATE SCHEMA pgtoken;' . slurp_file("$FindBin::RealBin/../../sql/install/57_fastcgi.sql"));
	return;
}

# The role that workers log in as, and a function of the door's signature that does
# what its target says; what it keeps is in the table kept.
sub stand_in
{
	my ($session) = @_;

	$session->query($_) for
	  'CREATE ROLE authenticator LOGIN',
	  'CREATE SCHEMA pgtoken_http',
	  'GRANT USAGE ON SCHEMA pgtoken_http TO authenticator',
	  'CREATE TABLE kept (what text PRIMARY KEY, at timestamptz DEFAULT clock_timestamp(), pid integer DEFAULT pg_backend_pid())',
	  q{CREATE FUNCTION pgtoken_http.handle(text, text, text[], bytea, jsonb DEFAULT '{}', OUT status integer, OUT headers text[], OUT body bytea)
		LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $f$
		DECLARE
			path text := split_part($2, '?', 1);
			query text := split_part($2, '?', 2);
		BEGIN
			status := 200;
			headers := '{Content-Type,text/plain,X-Twice,one,X-Twice,two}';
			body := convert_to('fine', 'UTF8');
			CASE path
			WHEN '/echo' THEN
				body := convert_to(jsonb_build_object('method', $1, 'target', $2, 'headers', $3, 'body', encode($4, 'hex'), 'peer', $5,
					'session_user', session_user, 'current_user', current_user, 'search_path', current_setting('search_path'), 'setting', current_setting('application.who', true))::text, 'UTF8');
			WHEN '/octets' THEN
				headers := ARRAY['X-Octets', $3[2], 'Content-Length', '4'];
				body := '\x00ff0a0d';
			WHEN '/keep' THEN
				INSERT INTO public.kept (what) VALUES (query);
			WHEN '/keep_behind_gate' THEN
				INSERT INTO public.kept (what) VALUES (query);
				PERFORM FROM public.kept WHERE what = 'gate' FOR UPDATE;
			WHEN '/sleep' THEN
				PERFORM pg_sleep(query::float8);
			WHEN '/notify' THEN
				PERFORM pg_notify('somebody', query);
			WHEN '/raise' THEN
				INSERT INTO public.kept (what) VALUES ('raised ' || query);
				RAISE EXCEPTION 'the reason is not the client''s business' USING ERRCODE = query;
			WHEN '/wait' THEN
				INSERT INTO public.kept (what) VALUES (query || ' ' || clock_timestamp());
				IF (SELECT count(*) FROM public.kept WHERE what LIKE query || ' %') < 3 THEN
					status := 0;
					headers := '{Wait,20}';
					body := NULL;
				END IF;
			WHEN '/wait_for_ever' THEN
				status := 0;
				headers := '{Wait,1000}';
				body := NULL;
			WHEN '/elsewhere' THEN
				status := 0;
				headers := ARRAY['Vary', 'Origin', 'Shard', query, 'Carry', 'sealed'];
				body := NULL;
			WHEN '/status' THEN status := query;
			WHEN '/injected' THEN headers := ARRAY['X-Injected', E'a\r\nSet-Cookie: b=c'];
			WHEN '/odd' THEN headers := '{X-Odd}';
			WHEN '/large' THEN body := convert_to(repeat('0123456789', query::integer / 10), 'UTF8');
			ELSE status := 404;
			END CASE;
		END $f$},
	  'REVOKE ALL ON FUNCTION pgtoken_http.handle FROM PUBLIC',
	  'GRANT EXECUTE ON FUNCTION pgtoken_http.handle TO authenticator';
	return;
}

1;
