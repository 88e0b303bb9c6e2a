// http/courier/address.js: which addresses the courier connects to.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import { isAddressOpen, isLoopback, parseAddress, parseNetwork } from '../../http/courier/address.js';

const NOTHING = { allowed: [], denied: [] };
const networks = (...list) => list.map(parseNetwork);

const CLOSED = {
	'this network': ['0.0.0.0', '0.1.2.3', '0.255.255.255'],
	private: ['10.0.0.0', '10.255.255.255', '172.16.0.0', '172.31.255.255', '192.168.0.0', '192.168.255.255'],
	'carriers\' NAT': ['100.64.0.0', '100.100.100.200', '100.127.255.255'],
	loopback: ['127.0.0.0', '127.0.0.1', '127.255.255.255', '::1'],
	'link-local': ['169.254.0.0', '169.254.169.254', '169.254.255.255', 'fe80::', 'fe80::1', 'febf:ffff:ffff:ffff:ffff:ffff:ffff:ffff'],
	'metadata and platform services of clouds': ['169.254.169.254', '169.254.170.2', 'fd00:ec2::254', 'fd20:ce::254', '100.100.100.200', '192.0.0.192', '168.63.129.16'],
	'protocol assignments': ['192.0.0.0', '192.0.0.255', '2001::', '2001:1ff:ffff:ffff:ffff:ffff:ffff:ffff'],
	documentation: ['192.0.2.1', '198.51.100.255', '203.0.113.0', '2001:db8::', '2001:db8:ffff:ffff:ffff:ffff:ffff:ffff', '3fff::1', '3fff:fff:ffff:ffff:ffff:ffff:ffff:ffff'],
	benchmarks: ['198.18.0.0', '198.19.255.255', '2001:2::1'],
	multicast: ['224.0.0.0', '224.0.0.251', '239.255.255.255', 'ff00::', 'ff02::1', 'ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff'],
	'reserved and broadcast': ['240.0.0.0', '255.255.255.254', '255.255.255.255'],
	'unique local, and what was site-local': ['fc00::', 'fdff:ffff:ffff:ffff:ffff:ffff:ffff:ffff', 'fec0::1', 'feff::'],
	unspecified: ['::', '0:0:0:0:0:0:0:0'],
	'given to nobody': ['::2', '100::1', '1fff:ffff:ffff:ffff:ffff:ffff:ffff:ffff', '4000::', '5f00::1', 'fbff::1'],
	'IPv4 mapped': ['::ffff:127.0.0.1', '::ffff:7f00:1', '0:0:0:0:0:ffff:a00:1', '::ffff:169.254.169.254', '::FFFF:A9FE:A9FE', '::ffff:0.0.0.0'],
	'IPv4 in forms that are given up': ['::127.0.0.1', '::7f00:1', '::8.8.8.8', '::ffff:0:127.0.0.1', '::ffff:0:8.8.8.8'],
	NAT64: ['64:ff9b::127.0.0.1', '64:ff9b::7f00:1', '64:ff9b::10.0.0.1', '64:ff9b::169.254.169.254', '64:ff9b:1::8.8.8.8', '64:ff9b::1:808:808'],
	'6to4': ['2002:7f00:1::', '2002:a00:1::1', '2002:a9fe:a9fe::', '2002:808:808::1', '192.88.99.1'],
	Teredo: ['2001:0:7f00:1::', '2001:0:808:808::f5ff:fffe', '2001::8000:63bf:3fff:fdd2'],
	'a zone': ['fe80::1%eth0', '2606:4700::1%1'],
	'no address': ['', 'localhost', '127.1', '0x7f000001', '2130706433', '010.0.0.1', '1.2.3.4.5', '1.2.3', ':::', '1::2::3', '12345::', '8.8.8.8 ', '8.8.8.8/32', '[2606:4700::1]'],
};

const OPEN = ['1.1.1.1', '8.8.8.8', '9.255.255.255', '11.0.0.0', '100.63.255.255', '100.128.0.0', '126.255.255.255', '128.0.0.0', '168.63.129.15', '168.63.129.17',
	'169.253.255.255', '169.255.0.0', '172.15.255.255', '172.32.0.0', '191.255.255.255', '192.0.1.0', '192.0.3.0', '192.167.255.255', '192.169.0.0', '198.17.255.255',
	'198.20.0.0', '198.51.99.255', '198.51.101.0', '203.0.112.255', '203.0.114.0', '223.255.255.255', '2000::', '2001:200::1', '2001:db7::1', '2001:db9::1', '2001:4860:4860::8888',
	'2003::1', '2606:4700:4700::1111', '2A00:1450:4001:81b::200e', '3ffe::1', '3fff:1000::1', '::ffff:8.8.8.8', '::ffff:808:808', '64:ff9b::8.8.8.8', '64:ff9b::808:808'];

describe('addresses', () => {
	for (const [name, addresses] of Object.entries(CLOSED)) {
		it(`Attack shut out: a client names a URL that leads inside: ${name}`, () => {
			for (const address of addresses) assert.equal(isAddressOpen(address, NOTHING), false, address);
		});
	}

	it('the public Internet is open, up to the neighbours of what is not', () => {
		for (const address of OPEN) assert.equal(isAddressOpen(address, NOTHING), true, address);
	});

	it('what is allowed is open in every form that means it, and nothing beside', () => {
		const rules = { allowed: networks('10.1.0.0/16', '127.0.0.1', 'fd12:3456::/32', '::1'), denied: [] };
		for (const address of ['10.1.0.0', '10.1.255.255', '::ffff:10.1.2.3', '64:ff9b::10.1.2.3', '127.0.0.1', 'fd12:3456:1::2', '::1', '8.8.8.8']) {
			assert.equal(isAddressOpen(address, rules), true, address);
		}
		for (const address of ['10.0.255.255', '10.2.0.0', '127.0.0.2', 'fd12:3457::', '::2', '::', '192.168.0.1']) {
			assert.equal(isAddressOpen(address, rules), false, address);
		}
	});

	it('Attack shut out: the server\'s own public addresses, which its operator denies, are not reached by another form', () => {
		const rules = { allowed: networks('0.0.0.0/0'), denied: networks('93.184.216.0/24', '2a00:1450::/32', '64:ff9b::/96') };
		for (const address of ['93.184.216.34', '::ffff:93.184.216.34', '2a00:1450:1::1', '64:ff9b::8.8.8.8']) {
			assert.equal(isAddressOpen(address, rules), false, address);
		}
		assert.equal(isAddressOpen('93.184.217.1', rules), true);
	});

	it('one text, one number', () => {
		for (const [one, other] of [['::', '0:0:0:0:0:0:0:0'], ['::1', '0000:0000::0001'], ['1::', '1:0:0:0:0:0:0:0'], ['::ffff:1.2.3.4', '::ffff:102:304'],
			['1:2:3:4:5:6:1.2.3.4', '1:2:3:4:5:6:102:304'], ['2001:DB8::A', '2001:db8:0:0::a']]) {
			assert.deepEqual(parseAddress(one), parseAddress(other), `${one} ${other}`);
		}
		assert.deepEqual(parseAddress('255.255.255.255'), { family: 4, bits: 0xffff_ffffn });
		assert.equal(parseAddress('ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff').bits, (1n << 128n) - 1n);
	});

	it('a network is an address, or one with its length', () => {
		for (const text of ['10.0.0.0/33', '::/129', '10.0.0.0/', '10.0.0.0/8/8', '/8', 'example.com', '10.0.0.0/-1', '10.0.0.0/1e1', '10.0.0/8', '']) {
			assert.equal(parseNetwork(text), null, text);
		}
		assert.deepEqual(parseNetwork('10.0.0.0/8'), { family: 4, bits: 10n, shift: 24n });
		assert.deepEqual(parseNetwork('::1'), { family: 6, bits: 1n, shift: 0n });
		assert.deepEqual(parseNetwork('0.0.0.0/0'), { family: 4, bits: 0n, shift: 32n });
	});

	it('loopback is what does not leave the machine', () => {
		for (const address of ['127.0.0.1', '127.1.2.3', '::1', '::ffff:127.0.0.1']) assert.ok(isLoopback(address), address);
		for (const address of ['128.0.0.1', '0.0.0.0', '::', '::2', 'localhost', '']) assert.ok(!isLoopback(address), address);
	});
});
