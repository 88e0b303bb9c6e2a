# What logical decoding shows, and what logical replication brings.
use strict;
use warnings;

use FindBin;
use lib $FindBin::RealBin;

use PgtokenTest;
use Test::More;

my $conf = "wal_level = logical\n";
my $node = new_cluster('publisher', conf => $conf, init => { allows_streaming => 'logical' });
my $admin = session($node);
$admin->query('CREATE EXTENSION pgtoken');
$admin->query(q{SELECT pgtoken.create_issuer('https://id.example')});
$admin->query('CREATE ROLE replicator LOGIN REPLICATION');

# --- decoding ------------------------------------------------------------------

# Attack: a role that may replicate, and may read no table, reads the private keys
# as they are made.  It is not shut out, but by a root key: health() and docs say so.
my $replicator = session($node, user => 'replicator');
$replicator->query(q{SELECT pg_create_logical_replication_slot('decoded', 'test_decoding')});

# how many pieces of key material come by, and how many of them in clear
sub decoded
{
	return @{ $replicator->row(
			q{SELECT count(*) FILTER (WHERE data LIKE 'table pgtoken.key_material: INSERT:%') AS pieces,
				count(*) FILTER (WHERE data LIKE 'table pgtoken.key_material: INSERT:%wrapped[boolean]:false%') AS clear
			  FROM pg_logical_slot_get_changes('decoded', NULL, NULL)}) }{qw(pieces clear)};
}

sub root_key { return session($node)->row(q{SELECT ok, detail FROM pgtoken.health() WHERE check_name = 'root key'}); }

$admin->query('SELECT pgtoken.create_signing_key()');
is_deeply([ decoded() ], [ 1, 1 ], 'without a root key: a key in clear');
is(root_key()->{ok}, 'f', 'health() says no');
like(root_key()->{detail}, qr/logical decoding/, 'and where it is seen');

my $file = $node->basedir . '/root.key';
open my $out, '>', $file or die $!;
chmod 0600, $file;
print $out unpack('H*', pack 'N8', map { int rand 2**32 } 1 .. 8), "\n";
close $out;
$admin->query("ALTER SYSTEM SET pgtoken.root_key_file = '$file'");
$admin->query('SELECT pg_reload_conf()');
wait_until('the root key is set', sub { root_key()->{ok} eq 't' });
session($node)->query(q{SELECT pgtoken.create_signing_key('ES384')});
is_deeply([ decoded() ], [ 1, 0 ], 'with one: a key, and none in clear');

# --- applying ------------------------------------------------------------------

# A row that replication brings was audited where it was written, and is not again;
# but it takes effect.
my $copy = new_cluster('subscriber', conf => $conf);
my $there = session($copy);
$there->query('CREATE EXTENSION pgtoken');
$there->query(q{SELECT pgtoken.create_issuer('https://id.example')});
$there->query('SELECT pgtoken.create_signing_key()');
$there->query(q{SELECT pgtoken.create_resource('https://api.example', '{read}')});
$admin->query('CREATE PUBLICATION configuration FOR TABLE pgtoken.clients');
$admin->query(q{SELECT pgtoken.create_client('app', 'public', '{read}', offline_access => true)});
$there->query("CREATE SUBSCRIPTION configuration CONNECTION \$c\$" . $node->connstr('postgres') . "\$c\$ PUBLICATION configuration");

my $issue = q{SELECT decision FROM pgtoken.issue_tokens('app', 'alice', 'read')};
my $client = q{SELECT count(*) FROM pgtoken.clients WHERE client_id = 'app' AND client_name IS NOT DISTINCT FROM $1};
my $events = q{SELECT count(*) FROM pgtoken.audit_events WHERE client_id = 'app' AND event LIKE 'client.%'};
wait_until('the client has come', sub { $there->value($client, undef) == 1 });
is($there->value($issue), 'allow', 'a client that has come gets tokens');
$admin->query(q{SELECT pgtoken.update_client('app', enabled => false)});
wait_until('the client is switched off there as well', sub { $there->value(q{SELECT enabled FROM pgtoken.clients WHERE client_id = 'app'}) eq 'f' });
is($there->value($issue), 'deny', 'and none when it was switched off elsewhere, in a session that has seen it');
is($admin->value($events), 2, 'both are audited where they were done');
is($there->value($events), 0, 'and not where they came to');
$there->query(q{UPDATE pgtoken.clients SET client_name = 'by hand' WHERE client_id = 'app'});
is($there->value($events), 1, 'what is done there, is');
$there->query('DROP SUBSCRIPTION configuration');

done_testing();
