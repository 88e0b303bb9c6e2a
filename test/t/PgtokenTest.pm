# What the TAP tests share: a cluster with pgtoken in it, and sessions.
#
# A session speaks the extended protocol with bind parameters, as applications
# do.  Unlike psql and BackgroundPsql it prints neither what it sends nor what
# it gets, so that no token comes into the output of a test; and it knows exactly
# when an answer has arrived, which the crash test needs.
package PgtokenTest;

use strict;
use warnings;

use Exporter 'import';
use FindBin;
use IO::Socket::INET;
use IO::Socket::UNIX;
use JSON::PP;
use MIME::Base64 qw(decode_base64url);
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;

our @EXPORT = qw(new_cluster create_service session grant_and_generation refresh_secret wait_until document_blocks http_request);

# new_cluster(name, conf => text, init => { ... }, cluster => { ... }): running, without the extension
sub new_cluster
{
	my ($name, %params) = @_;
	my $node = PostgreSQL::Test::Cluster->new($name, %{ $params{cluster} // {} });

	$node->init(extra => [ '-E', 'UTF8', '--no-locale' ], %{ $params{init} // {} });
	# PostgreSQL's test clusters log every statement with its parameters; these not
	$node->append_conf('postgresql.conf', "log_statement = none\n" . ($params{conf} // ''));
	$node->start;
	return $node;
}

# The extension with an issuer, an ES256 key, an API and two clients whose
# refresh tokens may be retried for long, since no test depends on the clock.
# Returns the secret of the confidential client "backend"; "app" is public.
sub create_service
{
	my ($session) = @_;

	$session->query('CREATE EXTENSION pgtoken');
	$session->query(q{SELECT pgtoken.create_issuer('https://id.example')});
	$session->query('SELECT pgtoken.create_signing_key()');
	$session->query(q{SELECT pgtoken.create_resource('https://api.example', '{read,write}')});
	$session->query(
		q{SELECT pgtoken.create_client('app', 'public', '{openid,read,write}',
			offline_access => true, retry_window => '1 hour')});
	return $session->value(
		q{SELECT client_secret FROM pgtoken.create_client('backend', 'confidential', '{openid,read,write}',
			offline_access => true, retry_window => '1 hour')});
}

# session(node, dbname =>, user =>, options =>): connected, or dies as query does
sub session { return PgtokenTest::Session->new(@_); }

# what a refresh token says of itself: "pgtrt_" base64url(version, grant_id, generation, secret)
# One HTTP request through the door; headers and peer as JSON.  { status, headers, body },
# headers by their names in lower case.
sub http_request
{
	my ($session, $method, $target, $body, $headers, $peer) = @_;
	my $row = $session->row(
		q{SELECT h.status, h.body <> '' AS has_body, convert_from(h.body, 'UTF8') AS body,
			(SELECT jsonb_object_agg(lower(h.headers[i]), h.headers[i + 1]) FROM generate_series(1, cardinality(h.headers), 2) i) AS headers
		FROM pgtoken_http.handle($1, $2, ARRAY(SELECT v.part FROM jsonb_each_text($3) x, LATERAL (VALUES (x.key), (x.value)) v (part)),
			convert_to($4, 'UTF8'), $5) h}, $method, $target, $headers // '{}', $body // '', $peer // '{}');

	return { status => $row->{status}, headers => decode_json($row->{headers}), body => $row->{has_body} eq 't' ? $row->{body} : undef };
}

sub grant_and_generation
{
	my ($version, $grant_id, $generation) = unpack 'C a16 N', _refresh_bytes(@_);

	return (join('-', unpack 'H8 H4 H4 H4 H12', $grant_id), $generation);
}

sub refresh_secret { return substr(_refresh_bytes(@_), 21); }

sub _refresh_bytes
{
	my ($token) = @_;
	my $bytes = decode_base64url(substr($token, length 'pgtrt_'));

	die 'not a refresh token' unless $token =~ /^pgtrt_/ && length $bytes == 53;
	return $bytes;
}

# wait_until(what, code): until the code returns true; a test that hangs dies
sub wait_until
{
	my ($what, $code) = @_;
	my $tries = 20 * $PostgreSQL::Test::Utils::timeout_default;

	until ($code->())
	{
		die "waited in vain until $what" if $tries-- == 0;
		select undef, undef, undef, 0.05;
	}
	return;
}

# document_blocks(path in the tree): the fenced blocks of a document, in order, each
# { section => heading, language => 'sql' or '', text => lines }
sub document_blocks
{
	my ($path) = @_;
	my ($section, $block, @blocks) = ('');

	open my $document, '<', "$FindBin::RealBin/../../$path" or die "$path: $!";
	while (my $line = <$document>)
	{
		if ($line =~ /^```(.*)$/)
		{
			if ($block) { push @blocks, $block; undef $block; }
			else { $block = { section => $section, language => $1, text => '' }; }
		}
		elsif ($block) { $block->{text} .= $line; }
		elsif ($line =~ /^## (.*)$/) { $section = $1; }
	}
	close $document;
	return @blocks;
}

package PgtokenTest::Session;

use strict;
use warnings;

sub new
{
	my ($class, $node, %params) = @_;
	my ($host, $port) = ($node->host, $node->port);
	my $socket =
	  $host =~ m{^/}
	  ? IO::Socket::UNIX->new(Peer => "$host/.s.PGSQL.$port")
	  : IO::Socket::INET->new(PeerHost => $host, PeerPort => $port);
	my $self = bless { socket => $socket, notices => [], notified => [] }, $class;
	my %startup = (
		user => $params{user} // $ENV{PGUSER} // scalar getpwuid($<),
		database => $params{dbname} // 'postgres',
		application_name => 'pgtoken test',
		client_encoding => 'UTF8');

	die PgtokenTest::Error->new('08001', 'no connection') unless $socket;
	$startup{options} = $params{options} if defined $params{options};
	my $body = pack('N', 196608) . join('', map { pack 'Z*Z*', $_, $startup{$_} } sort keys %startup) . "\0";
	$self->_write(pack('N', length($body) + 4) . $body);
	$self->_until_ready;
	return $self;
}

# rows as hashes, values as text; a statement that fails dies with a PgtokenTest::Error
sub query
{
	my ($self, @query) = @_;

	$self->send_query(@query);
	return $self->result;
}

# what a statement sent before has returned
sub result { return @{ $_[0]->_until_ready }; }

# without waiting for the answer: result() fetches it, unless the client does not live to see it
sub send_query
{
	my ($self, $sql, @values) = @_;
	my $bind = "\0\0" . pack('nn', 0, scalar @values);

	for my $value (@values)
	{
		if (defined $value)
		{
			utf8::encode($value) if utf8::is_utf8($value);
			$bind .= pack 'N/a*', $value;
		}
		else
		{
			$bind .= pack 'N', 0xFFFFFFFF;
		}
	}
	$bind .= pack 'n', 0;
	$self->_write(
		join '',
		_message('P', "\0$sql\0" . pack('n', 0)),
		_message('B', $bind),
		_message('D', "P\0"),
		_message('E', "\0" . pack('N', 0)),
		_message('S', ''));
	return;
}

sub row
{
	my ($self, @query) = @_;

	return ($self->query(@query))[0];
}

# the first column of the first row
sub value
{
	my ($self, @query) = @_;
	my $row = $self->row(@query);

	return $row ? $row->{ $self->{columns}[0] } : undef;
}

# the first column of all rows
sub column
{
	my ($self, @query) = @_;

	return map { $_->{ $self->{columns}[0] } } $self->query(@query);
}

# the SQLSTATE a statement ends with; '00000' when it succeeds
sub sqlstate
{
	my ($self, @query) = @_;

	return '00000' if eval { $self->query(@query); 1 };
	die $@ unless ref $@;
	return $@->{sqlstate};
}

# messages below ERROR since the last call
sub notices
{
	my ($self) = @_;

	return splice @{ $self->{notices} };
}

# the channels that were notified since the last call, as far as a statement has brought them
sub notified
{
	my ($self) = @_;

	return splice @{ $self->{notified} };
}

sub pid { return $_[0]{pid}; }

sub quit
{
	my ($self) = @_;

	$self->_write(_message('X', ''));
	# the server closes its end when it is through
	1 while sysread $self->{socket}, my $rest, 8192;
	close $self->{socket};
	return;
}

sub _message { return $_[0] . pack('N', length($_[1]) + 4) . $_[1]; }

sub _write
{
	my ($self, $data) = @_;
	my $at = 0;

	local $SIG{PIPE} = 'IGNORE';
	while ($at < length $data)
	{
		my $n = syswrite $self->{socket}, $data, length($data) - $at, $at;

		die PgtokenTest::Error->new('08006', 'the connection is lost') unless $n;
		$at += $n;
	}
	return;
}

sub _read
{
	my ($self, $len) = @_;
	my $data = '';

	while (length $data < $len)
	{
		my $n = sysread $self->{socket}, $data, $len - length $data, length $data;

		die PgtokenTest::Error->new('08006', 'the connection is lost') unless $n;
	}
	return $data;
}

sub _until_ready
{
	my ($self) = @_;
	my (@rows, $error);

	while (1)
	{
		my ($type, $len) = unpack 'a N', $self->_read(5);
		my $body = $len > 4 ? $self->_read($len - 4) : '';

		if ($type eq 'T')
		{
			my ($n, $rest) = unpack 'n a*', $body;

			$self->{columns} = [];
			for (1 .. $n)
			{
				(my $name, $rest) = unpack 'Z* x18 a*', $rest;
				push @{ $self->{columns} }, $name;
			}
		}
		elsif ($type eq 'D')
		{
			my ($n, $at, %row) = (unpack('n', $body), 2);

			for my $name (@{ $self->{columns} })
			{
				my $size = unpack 'l>', substr $body, $at, 4;

				$row{$name} = $size < 0 ? undef : substr $body, $at + 4, $size;
				$at += 4 + ($size < 0 ? 0 : $size);
			}
			push @rows, \%row;
		}
		elsif ($type eq 'E' || $type eq 'N')
		{
			my %field = map { substr($_, 0, 1) => substr($_, 1) } grep { length } split /\0/, $body;

			if ($type eq 'N')
			{
				push @{ $self->{notices} }, $field{M};
				next;
			}
			$error = PgtokenTest::Error->new($field{C}, $field{M}, $field{D});
			die $error if $field{S} eq 'FATAL' || $field{S} eq 'PANIC';
		}
		elsif ($type eq 'R')
		{
			die PgtokenTest::Error->new('28000', 'the test server asks for a password')
			  if unpack('N', $body) != 0;
		}
		elsif ($type eq 'A')
		{
			push @{ $self->{notified} }, unpack 'x4 Z*', $body;
		}
		elsif ($type eq 'K')
		{
			$self->{pid} = unpack 'N', $body;
		}
		elsif ($type eq 'Z')
		{
			die $error if $error;
			return \@rows;
		}
	}
}

# says what kind of error it was; the message is the server's
package PgtokenTest::Error;

use strict;
use warnings;

use overload '""' => sub { return "ERROR $_[0]{sqlstate}: $_[0]{message}\n"; };

sub new
{
	my ($class, $sqlstate, $message, $detail) = @_;

	return bless { sqlstate => $sqlstate, message => $message, detail => $detail }, $class;
}

1;
