# The library loaded by the server itself (shared_preload_libraries), so that a
# new connection need not.  Attack shut out: what is forked from one process has
# the same random numbers, or a cache that a revocation does not reach.
use strict;
use warnings;

use FindBin;
use lib $FindBin::RealBin;

use PgtokenTest;
use Test::More;

my $node = new_cluster('preload', conf => "shared_preload_libraries = 'pgtoken'\n");
my $admin = session($node);
is($admin->value('SHOW pgtoken.access_token_lifetime'), '5min', 'the settings are known before any call');
my $secret = create_service($admin);

# --- what backends have in common --------------------------------------------

my (%jti, %refresh, %family);
for (1 .. 3)
{
	my $issued = session($node)->row(
		q{SELECT t.grant_id, t.refresh_token, pgtoken.verify_access_token(t.access_token) ->> 'jti' AS jti
		  FROM pgtoken.issue_tokens('backend', 'alice', 'read offline_access') t});
	$jti{ $issued->{jti} }++;
	$refresh{ refresh_secret($issued->{refresh_token}) }++;
	$family{ $issued->{grant_id} }++;
}
is_deeply([ map { scalar keys %$_ } \%jti, \%refresh, \%family ], [ 3, 3, 3 ], 'the first tokens of each backend are its own');

# --- the first calls of new backends -----------------------------------------

my $issued = session($node)->row(q{SELECT access_token, refresh_token, grant_id FROM pgtoken.issue_tokens('backend', 'alice', 'read offline_access')});
my $reader = session($node);
my $verify = q{SELECT pgtoken.verify_access_token($1) ->> 'sub'};
is($reader->value($verify, $issued->{access_token}), 'alice', 'a new backend verifies');
my $next = session($node)->row(q{SELECT access_token FROM pgtoken.refresh_grant($1, 'backend', $2)}, $issued->{refresh_token}, $secret);
is($reader->value($verify, $next->{access_token}), 'alice', 'another one refreshes');
is($reader->value($verify, $issued->{access_token}), 'alice', 'and the token from before is one the backend has seen');
session($node)->query('SELECT pgtoken.revoke_family($1)', $issued->{grant_id});
is($reader->value($verify, $issued->{access_token}), undef, 'until its family is revoked elsewhere');

# --- settings ----------------------------------------------------------------

$admin->query('CREATE ROLE plain LOGIN');
is($admin->value(q{SELECT setting FROM pg_settings WHERE name = 'pgtoken.durable_rotation'}), 'on', 'a setting has its default');
my $asked = eval { session($node, user => 'plain', options => '-c pgtoken.durable_rotation=off') };
my $refused = $@;
ok(!$asked && "$refused" =~ /permission denied to set parameter/, 'and who may not change it cannot do so when connecting');

done_testing();
