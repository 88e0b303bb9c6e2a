# The five minutes of README.md are typed here as they stand, in one session of psql,
# and each answer compared with the one that is printed there: who follows the page
# must not be taught a call that fails, nor trust an answer that nobody ever got.  So
# are the pages that begin where the README ends, and docs/functions.md.
use strict;
use warnings;

use FindBin;
use lib $FindBin::RealBin;

use PgtokenTest;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = new_cluster('readme');
my $program = "$FindBin::RealBin/../../http/audit/pgtoken-audit.mjs";

# what is another one each time, and what is secret; psql pads lines, the page does not
sub comparable
{
	my ($text) = @_;

	$text =~ s/\b(eyJ|pgt\w\w_)[\w.-]+/$1/g;
	$text =~ s/\b[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\b/UUID/g;
	$text =~ s/("(?:exp|iat|auth_time)": )\d{10}\b/$1TIME/g;
	$text =~ s/("jti": )"[\w-]{38}"/$1JTI/g;
	$text =~ s/\bjti \.\.[\w-]{8}/jti ..JTI/g;
	$text =~ s/\b(\d{4}-)?\d\d-\d\d \d\d:\d\d:\d\d(\.\d+)?([+-]\d\d(:\d\d)?)?\b/TIME/g;
	$text =~ s/[ \t]+$//mg;
	$text =~ s/\A\n+|\n+\z//g;
	return $text;
}

# An answer by what is in it: how wide columns are comes from what is another one each
# time.  Notices and errors do not come by the same way.
sub content
{
	# before dashes are taken out, which random names have as well
	my $text = comparable(join '', grep { !/^(NOTICE|WARNING|ERROR|DETAIL|HINT):/ } $_[0] =~ /^.*\n?/mg);

	$text =~ s{(/status_lists/)\d+}{$1N}g;
	$text =~ s/(secret=|pgt\w\w_|eyJ)[\w…-]+/$1/g;
	$text =~ s/-{2,}/-/g;
	$text =~ s/ +/ /g;
	$text =~ s/^ +| +$//mg;
	$text =~ s/\n\n+/\n/g;
	return $text;
}

# the blocks of SQL of a page that are to be typed, each with its answer where one is shown
sub examples
{
	my ($path, @sections) = @_;
	my (@examples, $last);

	for my $block (grep { my $of = $_->{section}; !@sections || grep { $of eq $_ } @sections } document_blocks($path))
	{
		# how a function is declared is no statement
		if ($block->{language} eq 'sql' && $block->{text} !~ /\A[\w.]+\(/) { push @examples, $last = { %$block }; }
		elsif ($block->{language} eq '' && $last) { $last->{shown} //= $block->{text}; }
		else { undef $last; }
	}
	return @examples;
}

# Types examples in one session; got: what was answered to each.  fails: how many there are
# of which the page says that they raise an error.
sub type
{
	my ($name, $server, $database, $examples, %how) = @_;
	my ($stdout, $stderr) = ('', '');
	my $mark = "---- next ----\n";
	my @expected = map { $_->{shown} // '' } @$examples;
	my $failed = $server->psql(
		$database,
		"\\pset format aligned\n\\pset tuples_only off\n" . ($how{before} // '') . "\n\\echo $mark" . join('', map { "$_->{text}\n\\echo $mark" } @$examples),
		on_error_die => 0, on_error_stop => !$how{fails}, stdout => \$stdout, stderr => \$stderr);
	# psql() takes the last line feed off
	my (undef, @got) = split /\Q$mark\E/, "$stdout\n", -1;
	my @errors = grep { /ERROR:/ } split /\n/, $stderr;

	is(scalar @errors, scalar(grep { /^ERROR:/m } @expected), "$name: each statement does") or diag(join "\n", grep { /ERROR|HINT|DETAIL/ } split /\n/, $stderr);
	is($failed, 0, "$name: to its end");
	$examples->[$_]->{got} = $got[$_] // '' for 0 .. $#$examples;
	return grep { defined $_->{shown} } @$examples;
}

sub first_word { my ($first) = $_[0]->{text} =~ /(\w.*)/; return $first; }

# --- the five minutes ---------------------------------------------------------------

my @minutes = examples('README.md', 'Five minutes in psql');
my $roles = 'DROP ROLE IF EXISTS app;';

$node->safe_psql('postgres', 'CREATE DATABASE shop TEMPLATE template0');
my @shown = type('README.md', $node, 'shop', \@minutes);
cmp_ok(scalar @shown, '>=', 5, 'there is something to compare');
is(comparable($_->{got}), comparable($_->{shown}), 'the answer is as shown: ' . first_word($_)) for @shown;
$node->safe_psql('shop', 'DROP OWNED BY app');

# --- pages that begin there ------------------------------------------------------------

# page, and what it takes for granted besides: the application's own tables, pg_cron, where psql runs
my $dir = PostgreSQL::Test::Utils::tempdir;
my %pages = (
	'docs/console.md' => '',
	'docs/metrics.md' => '',
	'docs/rotation.md' => '',
	'docs/status_lists.md' => '',
	'docs/signals.md' => '',
	'docs/account.md' => 'CREATE SCHEMA app; CREATE TABLE app.sessions (subject text, session_id text);',
	'docs/audit.md' => qq{\\cd $dir
CREATE SCHEMA cron;
CREATE FUNCTION cron.schedule(jobname text, schedule text, command text) RETURNS bigint LANGUAGE sql AS 'SELECT 1::bigint';});
# and what is typed after a page, where that has been set up
my %after = ('docs/console.md' => [qw(docs/console_clients.md docs/console_policies.md)]);
for my $page (sort keys %pages)
{
	my ($database) = $page =~ /(\w+)\.md/;
	my @page = map { examples($_) } $page, @{ $after{$page} // [] };

	$node->safe_psql('postgres', "$roles CREATE DATABASE $database TEMPLATE template0");
	for my $example (grep { defined $_->{shown} } type($page, $node, $database, [ @minutes, @page ], before => "SET client_min_messages = warning;\n$pages{$page}"))
	{
		next if grep { $example == $_ } @minutes;
		# what prepares an example may have answered before it
		my ($got, $shown) = map { s/\n?\(\d+ rows?\)//gr } content($example->{got}), content($example->{shown});
		is(substr($got, -length $shown), $shown, "$page: the answer is as shown: " . first_word($example));
	}
	$node->safe_psql($database, 'DROP OWNED BY app');
}

# what docs/audit.md has a shell do with the files that were written
{
	open my $document, '<', "$FindBin::RealBin/../../docs/audit.md" or die "docs/audit.md: $!";
	my @commands = map { /^    pgtoken-audit (.*)/ ? $1 : () } <$document>;
	close $document;
	my $kid = $node->safe_psql('audit', 'SELECT kid FROM pgtoken.audit_keys ORDER BY created_at LIMIT 1');
	# what the receiver of the courier's would have, and an export of today
	my $seals = slurp_file("$dir/seals.jsonl");
	append_to_file("$dir/received.txt", join '', map { "$_\n" } $seals =~ /"seal" ?: ?"([^"]+)"/g);
	append_to_file("$dir/now-1.jsonl", slurp_file("$dir/rows-1.jsonl"));

	cmp_ok(scalar @commands, '>=', 5, 'docs/audit.md: there are commands to type');
	isnt(-s "$dir/received.txt", 0, 'docs/audit.md: and seals that were received');
	for my $command (@commands)
	{
		my @arguments = map { $_ eq 'SvCd…' || $_ eq "SvCd\xe2\x80\xa6" ? $kid : /^[\w-]+\.\w+$/ ? "$dir/$_" : $_ } split / /, $command;
		my ($stdout, $stderr) = ('', '');

		ok(IPC::Run::run([ 'node', $program, @arguments ], '>', \$stdout, '2>', \$stderr), "docs/audit.md: pgtoken-audit $command") or diag($stdout, $stderr);
	}
}

# --- docs/functions.md and docs/logs.md: on from the README in its session, on a server as docs/install.md has it ----

$node->stop;
my $preloaded = new_cluster('functions', conf => "shared_preload_libraries = 'pgtoken'\n");

# whose answers are another one each time, or take a request over HTTP
my %not_compared = map { $_ => 1 } 'jwks', 'sessions, ended_sessions', 'activity', 'storage', 'consent_page', 'consent_history',
	'create_signing_key', 'rotate_signing_key', 'take_challenge_codes', 'explain_decision', 'refused_requests',
	'decisions_by_rule, decisions_by_client, decision_latency', 'maintain', 'run_maintenance', 'health';
my @functions = grep { $_->{text} !~ /\A(CALL|SELECT) \w+\.?\w*\([a-z_]+ \w+ DEFAULT/ } examples('docs/functions.md');

$preloaded->safe_psql('postgres', 'CREATE DATABASE functions TEMPLATE template0');
for my $example (type('docs/functions.md', $preloaded, 'functions', [ @minutes, @functions, examples('docs/logs.md') ], fails => 1, before => "\\pset footer off\n"))
{
	next if $not_compared{ $example->{section} } || grep { $example == $_ } @minutes;
	my ($got, $shown) = (content($example->{got}), content($example->{shown}));
	is(substr($got, -length $shown), $shown, "docs/functions.md: $example->{section}: the answer is as shown");
}

# what has happened by then, and what else is audited, has a place in the list of events
my $events = join '', map { slurp_file("$FindBin::RealBin/../../docs/$_") } qw(errors.md http.md);
is(join(' ', grep { $events !~ /`\Q$_\E(\.changed)?`/ } split /\n/, $preloaded->safe_psql('functions', q{
	SELECT event FROM pgtoken.audit_events WHERE event !~ '\.(created|changed|deleted)$'
	UNION SELECT split_part(encode(tgargs, 'escape'), '\000', 1) FROM pg_trigger WHERE tgname ~ 'audit' AND NOT tgisinternal AND tgnargs > 0})),
	'', 'docs/errors.md names each event');

done_testing();
