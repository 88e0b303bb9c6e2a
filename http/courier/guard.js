// The way out.  What a URL of somebody else's names may lead anywhere, so it is
// judged, its name is resolved once, all its addresses are judged, and the
// connection goes to one of these and no other; where it has gone is judged again.
import { Resolver } from 'node:dns/promises';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { connect as connectTcp, isIP } from 'node:net';
import { connect as connectTls, createSecureContext, rootCertificates } from 'node:tls';

import { isAddressOpen, isLoopback } from './address.js';
import { Failure, refusal } from './failure.js';

const ATTEMPT = 1000; // milliseconds for one of several addresses

const quiet = () => {};

/** the ports of HTTP, and those that nobody needs privileges for: below are other protocols' */
const isPortOpen = (port, standard) => port === standard || port >= 1024;

/** @returns a URL that may be gone to, as far as can be seen without its addresses */
export function judgeUrl(text) {
	let url;
	try {
		url = new URL(text);
	} catch {
		throw refusal('the URL is none');
	}
	if (url.protocol !== 'https:' && url.protocol !== 'http:') throw refusal('the URL is not https');
	if (url.username !== '' || url.password !== '') throw refusal('the URL has a user name or password');
	const standard = url.protocol === 'https:' ? 443 : 80;
	if (!isPortOpen(Number(url.port || standard), standard)) throw refusal('the port is another protocol\'s');
	return url;
}

/** what the machine's own list of hosts says */
async function hostsOf(name) {
	const list = await readFile('/etc/hosts', 'utf8').catch(() => '');
	return list.split('\n').map((line) => line.replace(/#.*/, '').trim().toLowerCase().split(/\s+/))
		.filter(([, ...names]) => names.includes(name)).map(([address]) => address);
}

/**
 * All addresses of a name.  Name servers are asked by Node and not by the system's
 * resolver: that one keeps a thread, and a name server that does not answer is the
 * receiver's choice.  localhost is what RFC 6761 says.
 */
async function resolveName(name, signal) {
	if (/^(?:.*\.)?localhost$/.test(name)) return ['127.0.0.1', '::1'];
	const hosts = await hostsOf(name);
	if (hosts.length > 0) return hosts;
	const resolver = new Resolver({ timeout: 1500, tries: 2 });
	const cancel = () => resolver.cancel();
	signal.addEventListener('abort', cancel);
	try {
		const answers = await Promise.allSettled([resolver.resolve4(name), resolver.resolve6(name)]);
		const addresses = answers.flatMap(({ value }) => value ?? []);
		if (addresses.length === 0) throw new Failure(`the host's name has no address: ${answers[0].reason?.code ?? 'ENODATA'}`);
		return addresses;
	} finally {
		signal.removeEventListener('abort', cancel);
	}
}

/** once with an end: the socket is gone when the signal comes, or anything fails */
async function opened(socket, event, signal) {
	socket.on('error', quiet);
	try {
		await once(socket, event, { signal });
		return socket;
	} catch (error) {
		socket.destroy();
		throw error;
	}
}

/**
 * @param rules.allowed, rules.denied networks, see address.js
 * @param rules.ca certificates of authorities beside those that Node knows, as PEM
 * @param rules.resolve (name, signal) => addresses; tests have their own
 */
export function makeGuard({ allowed = [], denied = [], ca, resolve = resolveName }) {
	// once, since it takes longer than an exchange
	const secureContext = createSecureContext(ca && { ca: [...rootCertificates, ca] });

	function judge(address, { protocol }, trusted) {
		// in the clear only what does not leave the machine
		if (protocol === 'http:' && !isLoopback(address)) throw refusal('the URL is not https');
		if (!trusted && !isAddressOpen(address, { allowed, denied })) throw refusal('the host has an address that is not public');
	}

	return {
		/**
		 * A connection to the URL's host, with TLS.
		 * @param url of judgeUrl
		 * @param trusted the operator's own URL: any address will do
		 */
		async connect(url, signal, trusted = false) {
			const host = url.hostname.replace(/^\[|\]$/g, '').replace(/\.$/, '');
			const named = isIP(host) === 0;
			const addresses = named ? await resolve(host, signal) : [host];
			for (const address of addresses) judge(address, url, trusted);
			const found = addresses.map((address) => ({ address, family: isIP(address) }));
			const port = Number(url.port || (url.protocol === 'https:' ? 443 : 80));
			const socket = await opened(connectTcp({ host, port, autoSelectFamily: true, autoSelectFamilyAttemptTimeout: ATTEMPT,
				lookup: (_, options, done) => (options.all ? done(null, found) : done(null, found[0].address, found[0].family)) }), 'connect', signal);
			try {
				judge(socket.remoteAddress ?? '', url, trusted);
				if (url.protocol === 'http:') return socket;
				return await opened(connectTls({ socket, host, ...(named && { servername: host }), secureContext, ALPNProtocols: ['http/1.1'] }), 'secureConnect', signal);
			} catch (error) {
				socket.destroy();
				throw error;
			}
		},
	};
}
