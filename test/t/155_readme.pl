# The five minutes of README.md are typed here as they stand, in one session of psql,
# and each answer compared with the one that is printed there: who follows the page
# must not be taught a call that fails, nor trust an answer that nobody ever got.
use strict;
use warnings;

use FindBin;
use lib $FindBin::RealBin;

use PgtokenTest;
use Test::More;

my $node = new_cluster('readme');
$node->safe_psql('postgres', 'CREATE DATABASE shop TEMPLATE template0');

# what is another one each time, and what is secret; psql pads lines, the page does not
sub comparable
{
	my ($text) = @_;

	$text =~ s/\b(eyJ|pgt\w\w_)[\w.-]+/$1/g;
	$text =~ s/\b[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\b/UUID/g;
	$text =~ s/("(?:exp|iat|auth_time)": )\d{10}\b/$1TIME/g;
	$text =~ s/("jti": )"[\w-]{38}"/$1JTI/g;
	$text =~ s/\bjti \.\.[\w-]{8}/jti ..JTI/g;
	$text =~ s/\b(\d{4}-)?\d\d-\d\d \d\d:\d\d:\d\d([+-]\d\d(:\d\d)?)?\b/TIME/g;
	$text =~ s/[ \t]+$//mg;
	$text =~ s/\A\n+|\n+\z//g;
	return $text;
}

# a statement's block, and the block of its answer where one is shown
my (@typed, @shown);
for my $block (grep { $_->{section} eq 'Five minutes in psql' } document_blocks('README.md'))
{
	if ($block->{language} eq 'sql') { push @typed, $block->{text}; push @shown, undef; }
	elsif ($block->{language} eq '') { $shown[-1] = $block->{text}; }
}
cmp_ok(scalar(grep { defined } @shown), '>=', 5, 'there is something to compare');

my ($stdout, $stderr) = ('', '');
my $mark = "---- next ----\n";
my $failed = $node->psql(
	'shop',
	"\\pset format aligned\n\\pset tuples_only off\n" . join('', map { "$_\n\\echo $mark" } @typed),
	on_error_die => 0, on_error_stop => 1, stdout => \$stdout, stderr => \$stderr);
is($failed, 0, 'each statement does') or diag(join "\n", grep { /ERROR|HINT|DETAIL/ } split /\n/, $stderr);

# psql() takes the last line feed off
my @got = split /\Q$mark\E/, "$stdout\n";
is(scalar @got, scalar @typed, 'each block was typed');
for my $n (grep { defined $shown[$_] } 0 .. $#typed)
{
	my ($first) = $typed[$n] =~ /(\w.*)/;
	is(comparable($got[$n] // ''), comparable($shown[$n]), "the answer is as shown: $first");
}

done_testing();
