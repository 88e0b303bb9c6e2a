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
my $module = PostgreSQL::Test::Utils::tempdir() . '/pgtoken_elsewhere.so';

# the same module, made to ask for libraries of a number that nobody has
sub module_without
{
	my ($library) = @_;
	my ($dir) = run_command([ 'pg_config', '--pkglibdir' ]);
	my $code = do
	{
		open my $in, '<:raw', "$dir/pgtoken.so" or die "pgtoken.so: $!";
		local $/;
		<$in>;
	};
	my $changed = $code =~ s/\0\Q$library\E\.so\.\K(\d+)(?=\0)/'9' x length $1/ge;

	open my $out, '>:raw', $module or die "$module: $!";
	print $out $code;
	close $out or die "$module: $!";
	return $changed;
}

for my $library ('libjansson', 'libjwt')
{
	ok(module_without($library), "$library: named in the module");

	my ($status, $out, $err) = $node->psql('postgres', "\\set VERBOSITY verbose\nLOAD '$module';\nSELECT 1 AS goes_on;", on_error_stop => 0);

	like($err, qr/ERROR:  58P01: could not load library "$library\.so\.9+"/, "$library: the message names it");
	like($err, qr/HINT: .*"$library\.so\.9+"/, "$library: so does the hint");
	unlike($err, qr/Debian|libjwt0/, "$library: no package of one release is told of");
	is($out, '1', "$library: the session goes on");
}

$node->stop;
done_testing();
