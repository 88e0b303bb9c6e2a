// Which IP addresses the courier connects to.  Pure: no names, no sockets.
import { isIP } from 'node:net';

// IPv4 addresses that are not of the public Internet: IANA's registry of special
// purposes, multicast and the reserved rest.  Whatever is in none of them is public.
const CLOSED_4 = [
	'0.0.0.0/8', // this network
	'10.0.0.0/8', // private
	'100.64.0.0/10', // carriers' NAT; 100.100.100.200 is a cloud's metadata
	'127.0.0.0/8', // loopback
	'168.63.129.16/32', // a cloud's platform service, at an address like any other
	'169.254.0.0/16', // link-local; 169.254.169.254 is the clouds' metadata
	'172.16.0.0/12', // private
	'192.0.0.0/24', // protocol assignments; 192.0.0.192 is a cloud's metadata
	'192.0.2.0/24', // documentation
	'192.88.99.0/24', // relays of 6to4, given up
	'192.168.0.0/16', // private
	'198.18.0.0/15', // benchmarks
	'198.51.100.0/24', // documentation
	'203.0.113.0/24', // documentation
	'224.0.0.0/4', // multicast
	'240.0.0.0/4', // reserved, broadcast
];

// Of IPv6 the other way round: only what is given out as global unicast is public, so
// that loopback, unique local (fd00:ec2::254 is a cloud's metadata), link-local,
// multicast and what nobody has thought of yet is not; and of it neither of these.
const OPEN_6 = ['2000::/3'];
const CLOSED_6 = [
	'2001::/23', // protocol assignments: Teredo, benchmarks, ORCHID
	'2001:db8::/32', // documentation
	'2002::/16', // 6to4
	'3fff::/20', // documentation
];

// an IPv4 address is in the last 32 bits, and is what counts: mapped, and by NAT64 (RFC 6052)
const EMBEDDING = ['::ffff:0:0/96', '64:ff9b::/96'];

const BITS = { 4: 32, 6: 128 };

const bits4 = (text) => text.split('.').reduce((bits, part) => (bits << 8n) | BigInt(part), 0n);

function bits6(text) {
	// the last 32 bits may be written as IPv4
	const hex = text.replace(/[^:]*\.[^:]*$/, (dotted) => {
		const bits = bits4(dotted);
		return `${(bits >> 16n).toString(16)}:${(bits & 0xffffn).toString(16)}`;
	});
	const [head, tail] = hex.split('::').map((half) => half.split(':').filter(Boolean));
	const groups = tail === undefined ? head : [...head, ...Array(8 - head.length - tail.length).fill('0'), ...tail];
	return groups.reduce((bits, group) => (bits << 16n) | BigInt(`0x${group}`), 0n);
}

/** @returns {family, bits}, or null for what is no address; one with a zone belongs to a link, and is none here */
export function parseAddress(text) {
	const family = text.includes('%') ? 0 : isIP(text);
	if (family === 0) return null;
	return { family, bits: family === 4 ? bits4(text) : bits6(text) };
}

/** a network as '10.0.0.0/8', or an address alone: {family, bits, shift}; null for anything else */
export function parseNetwork(text) {
	const [, base, length] = /^([^/]+)(?:\/(\d{1,3}))?$/.exec(text) ?? [];
	const address = base === undefined ? null : parseAddress(base);
	if (address === null || Number(length ?? 0) > BITS[address.family]) return null;
	const shift = BigInt(BITS[address.family] - Number(length ?? BITS[address.family]));
	return { family: address.family, bits: address.bits >> shift, shift };
}

const within = ({ family, bits }, network) => family === network.family && bits >> network.shift === network.bits;

const networks = (list) => list.map(parseNetwork);
const [closed4, open6, closed6, embedding] = [CLOSED_4, OPEN_6, CLOSED_6, EMBEDDING].map(networks);
const loopback = networks(['127.0.0.0/8', '::1/128']);

/** what the address comes to: the IPv4 address in it, where it only carries one */
function meant(address) {
	return embedding.some((network) => within(address, network)) ? { family: 4, bits: address.bits & 0xffff_ffffn } : address;
}

const isIn = (address, list) => list.some((network) => within(address, network));

const isPublic = (address) => (address.family === 4 ? !isIn(address, closed4) : isIn(address, open6) && !isIn(address, closed6));

/**
 * May a connection go to this address?
 * @param text as resolvers and sockets give it
 * @param rules {allowed, denied}: networks of parseNetwork; what is denied stays so
 */
export function isAddressOpen(text, { allowed, denied }) {
	const written = parseAddress(text);
	if (written === null) return false;
	const address = meant(written);
	if (isIn(written, denied) || isIn(address, denied)) return false;
	return isPublic(address) || isIn(address, allowed);
}

/** does nothing that is sent there leave the machine? */
export function isLoopback(text) {
	const address = parseAddress(text);
	return address !== null && isIn(meant(address), loopback);
}
