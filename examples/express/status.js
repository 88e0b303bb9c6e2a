// What an API that is not in the database does with an access token: it verifies the
// token by the issuer's keys, and reads in the list that the token names whether it is
// refused (Token Status List), without a question to the issuer for each request. One
// list tells of 131072 families, and is fetched again when its ttl is over.
//
//   const verify = verifier({ issuer: 'https://login.example.com', audience: 'https://api.example.com' });
//   const claims = await verify(token); // throws what is to be answered with 401
import { inflateSync } from 'node:zlib';

import { createRemoteJWKSet, jwtVerify } from 'jose';

// of a list with one bit for each entry: 0 is VALID, 1 is INVALID (section 7.1)
const BITS = 1;
const LARGEST = 1 << 20; // bytes of a list, inflated: what a list that is none could take

/** thrown for a token that is not to be let in, whatever the reason */
export class Refused extends Error {}

/**
 * @param jwksUri, fetch: where they are not the usual ones; now: milliseconds
 * @returns verify(token): its claims
 */
export function verifier({ issuer, audience, jwksUri = `${issuer.replace(/\/$/, '')}/oauth2/jwks`, fetch = globalThis.fetch, now = Date.now }) {
	const keys = createRemoteJWKSet(new URL(jwksUri));
	// uri -> { bits, until }, or who is fetching it: as many requests as there are lists, not as there are tokens
	const lists = new Map();

	async function fetchList(uri) {
		const response = await fetch(uri, { headers: { accept: 'application/statuslist+jwt' }, redirect: 'error' });
		if (!response.ok) throw new Refused(`the status list was answered with ${response.status}`);
		// typ: no other token of the issuer is a list; sub: nor is another list this one
		const { payload } = await jwtVerify(await response.text(), keys, { issuer, subject: uri, typ: 'statuslist+jwt', currentDate: new Date(now()) });
		const { ttl = 60, status_list: list } = payload;
		if (list?.bits !== BITS) throw new Refused('the status list is of another kind');
		const bits = inflateSync(Buffer.from(list.lst, 'base64url'), { maxOutputLength: LARGEST });
		return { bits, until: now() + ttl * 1000 };
	}

	async function listOf(uri) {
		// a token of this issuer names lists of this issuer: what its signature says is not checked twice
		let kept = await lists.get(uri);
		if (kept && kept.until > now()) return kept;
		const fetching = fetchList(uri);
		lists.set(uri, fetching);
		try {
			kept = await fetching;
		} catch (error) {
			lists.delete(uri);
			throw error;
		}
		return kept;
	}

	return async function verify(token) {
		let payload;
		try {
			({ payload } = await jwtVerify(token, keys, { issuer, audience, typ: 'at+jwt', currentDate: new Date(now()) }));
		} catch (error) {
			throw new Refused('the token is not genuine, or over', { cause: error });
		}
		const place = payload.status?.status_list;
		if (!place) return payload; // its issuer publishes no lists, or did not when it was made
		let list;
		try {
			list = await listOf(place.uri);
		} catch (error) {
			throw new Refused('the token\'s status is not known', { cause: error });
		}
		if (place.idx >= list.bits.length * 8 || (list.bits[place.idx >> 3] >> (place.idx & 7)) & 1) throw new Refused('the token has been revoked');
		return payload;
	};
}
