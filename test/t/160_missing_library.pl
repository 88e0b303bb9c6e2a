# Fault: a server without the library that pgtoken was built against, as after the
# upgrade of a distribution.  The message names the file that is missing, which
# tells the package on any release; and the session goes on.
use strict;
use warnings;

use FindBin;
use lib $FindBin::RealBin;

use PgtokenTest;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = new_cluster('missing_library');
my $dir = PostgreSQL::Test::Utils::tempdir();

# The same module, made to ask for libraries of a number that nobody has.  Each has
# a file of its own: a server process that ends after its psql still runs code of one.
sub module_without
{
	my ($library, $module) = @_;
	my ($pkglibdir) = run_command([ 'pg_config', '--pkglibdir' ]);
	my $code = do
	{
		open my $in, '<:raw', "$pkglibdir/pgtoken.so" or die "pgtoken.so: $!";
		local $/;
		<$in>;
	};
	my $changed = $code =~ s/\0\Q$library\E\.so\.\K(\d+)(?=\0)/'9' x length $1/ge;

	open my $out, '>:raw', $module or die "$module: $!";
	print $out $code;
	close $out or die "$module: $!";
	return $changed;
}

# An HMAC token that libjwt is asked about, when the first of them comes.
my $session = session($node);

create_service($session);
$session->query($_) for
  q{SELECT pgtoken.create_signing_key('HS256')},
  q{SELECT pgtoken.create_resource('https://jwt.example', '{read}', access_token_typ => 'JWT')},
  q{SELECT pgtoken.create_client('hmac', 'public', '{read}', signing_alg => 'HS256')},
  q{CREATE TABLE held AS SELECT access_token FROM pgtoken.issue_tokens('hmac', 'alice', 'read', '{https://jwt.example}')};
$session->quit;

my %asked = (
	libjansson => "LOAD '$dir/without_libjansson.so'",
	libjwt => "CREATE FUNCTION verify_elsewhere(text, text, jsonb) RETURNS jsonb AS '$dir/without_libjwt.so', 'pgt_verify_access_token' LANGUAGE C;\n"
	  . 'SELECT verify_elsewhere(access_token, NULL, NULL) IS NULL FROM held');
for my $library ('libjansson', 'libjwt')
{
	ok(module_without($library, "$dir/without_$library.so"), "$library: named in the module");

	my ($status, $out, $err) = $node->psql('postgres', "\\set VERBOSITY verbose\n$asked{$library};\nSELECT 1 AS goes_on;", on_error_stop => 0);

	like($err, qr/ERROR:  58P01: could not load library "$library\.so\.9+"/, "$library: the message names it");
	like($err, qr/HINT: .*"$library\.so\.9+"/, "$library: so does the hint");
	unlike($err, qr/Debian|libjwt0/, "$library: no package of one release is told of");
	is($out, '1', "$library: the session goes on");
}

$node->stop;
done_testing();
