# What tests of upgrades share: installations of PostgreSQL of their own, whose library and
# scripts can be replaced under a running server, and the catalogue of an extension.
package UpgradeTest;

use strict;
use warnings;

use Exporter 'import';
use File::Basename;
use File::Copy qw(copy);
use File::Path qw(make_path);
use FindBin;
use PostgreSQL::Test::Utils;

our @EXPORT = qw(installation extension_files put_library put_script catalogue catalogue_differences);

my %place = map { $_ => qx(\$PG_CONFIG --$_) =~ s/\n//r } qw(bindir sharedir pkglibdir);

# installation(name): programs of its own, links to all else but pgtoken; its path, as
# PostgreSQL::Test::Cluster wants it
sub installation
{
	my ($name) = @_;
	my $root = PostgreSQL::Test::Utils::tempdir_short();
	my $prefix = $place{bindir};

	# the programs find the rest by where it lies from them
	$prefix = dirname($prefix) while grep { index("$_/", "$prefix/") != 0 } values %place;
	my %mine = map { $_ => $root . substr($place{$_}, length $prefix) } keys %place;
	make_path($mine{pkglibdir}, "$mine{sharedir}/extension", dirname($mine{bindir}));
	system('cp', '-R', $place{bindir}, $mine{bindir}) == 0 or die 'cp';
	for my $folder ([ $place{pkglibdir}, $mine{pkglibdir} ], [ $place{sharedir}, $mine{sharedir} ],
		[ "$place{sharedir}/extension", "$mine{sharedir}/extension" ])
	{
		my ($from, $to) = @{$folder};

		for my $file (map { basename($_) } glob "$from/*")
		{
			next if -e "$to/$file";
			if ($file =~ /^pgtoken(_import)?(\.so|\.control|--.*)$/) { copy("$from/$file", "$to/$file") or die "$file: $!"; }
			else { symlink "$from/$file", "$to/$file" or die "$file: $!"; }
		}
	}
	return { %mine, path => dirname($mine{bindir}) };
}

# what is installed of pgtoken: its library and the install script
sub extension_files
{
	my ($version) = slurp_file("$place{sharedir}/extension/pgtoken.control") =~ /^default_version = '(.*)'/m;

	return { library => "$place{pkglibdir}/pgtoken.so", script => "$place{sharedir}/extension/pgtoken--$version.sql", version => $version };
}

# as a package does: sessions that have it loaded keep the file that was there
sub put_library
{
	my ($installation, $file) = @_;
	my $to = "$installation->{pkglibdir}/pgtoken.so";

	copy($file, "$to.new") or die "$file: $!";
	chmod 0755, "$to.new";
	rename "$to.new", $to or die "$to: $!";
	return;
}

sub put_script
{
	my ($installation, $file, $default_version) = @_;
	my $folder = "$installation->{sharedir}/extension";

	copy($file, $folder . '/' . basename($file)) or die "$file: $!";
	return unless $default_version;
	my $control = slurp_file("$folder/pgtoken.control") =~ s/^default_version = .*$/default_version = '$default_version'/mr;
	open my $out, '>', "$folder/pgtoken.control" or die "pgtoken.control: $!";
	print $out $control;
	close $out;
	return;
}

# object and aspect => what the catalogue has, as test/tools/catalogue.sql says it
sub catalogue
{
	my ($session, $extension) = @_;
	my %rows;

	$session->query(q{SET search_path = pg_catalog});
	for my $row ($session->query(slurp_file("$FindBin::RealBin/../tools/catalogue.sql"), $extension // 'pgtoken'))
	{
		# of privileges there are several
		$rows{"$row->{object}: $row->{aspect}"}{ $row->{value} } = 1;
	}
	$session->query(q{RESET search_path});
	return { map { $_ => join "\n", sort keys %{ $rows{$_} } } keys %rows };
}

# a line for each object and aspect that differs
sub catalogue_differences
{
	my ($one, $other) = @_;
	my %all = (%{$one}, %{$other});

	return map { "$_: " . ($one->{$_} // 'nothing') . ' | ' . ($other->{$_} // 'nothing') }
	  grep { ($one->{$_} // "\0") ne ($other->{$_} // "\0") } sort keys %all;
}

1;
