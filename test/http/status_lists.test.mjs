// Status lists (Token Status List) as an API reads them that is outside of the
// database and asks it nothing for each request: examples/express/status.js, jose and zlib.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { inflateSync } from 'node:zlib';

import { createRemoteJWKSet, decodeJwt, decodeProtectedHeader, jwtVerify, SignJWT } from 'jose';

import { Refused, verifier } from '../../examples/express/status.js';
import * as h from './harness.mjs';

const TTL = 60;
let client;
before(async () => {
	await h.rows('SELECT pgtoken.update_issuer($1, status_lists => true)', h.issuer);
	client = await h.newClient({ resources: [h.resource] });
});
after(() => h.rows('SELECT pgtoken.update_issuer($1, status_lists => false)', h.issuer));

const issue = async (subject = h.SUBJECT) =>
	(await h.rows('SELECT grant_id, access_token, refresh_token FROM pgtoken.issue_tokens($1, $2, \'notes:read offline_access\', $3)', client.id, subject, [h.resource]))[0];
const placeOf = (token) => decodeJwt(token).status.status_list;
const pathOf = (token) => placeOf(token).uri.slice(h.issuer.length);
/** as if all that was made were too old to be handed out once more */
const age = () => h.rows('UPDATE pgtoken.status_list_documents SET built_at = built_at - interval \'1 day\'');

/** an API with a clock of its own, which counts what it fetches */
function api(options = {}) {
	const seen = { fetched: [], ahead: 0 };
	const fetchList = (uri, init) => {
		seen.fetched.push(uri);
		return fetch(uri, init);
	};
	seen.verify = verifier({ issuer: h.issuer, audience: h.resource, fetch: fetchList, now: () => Date.now() + seen.ahead, ...options });
	seen.holds = (token) => seen.verify(token).then(() => true, (error) => {
		if (error instanceof Refused) return false;
		throw error;
	});
	return seen;
}

describe('an API outside of the database', () => {
	it('learns of a revocation when its list is over, and asks for one list, not for each token (C154)', async () => {
		const [one, other] = [await issue(), await issue(h.OTHER_SUBJECT)];
		const reader = api();
		for (const { access_token: token } of [one, other, one, other, one]) assert.equal(await reader.holds(token), true);
		assert.ok(reader.fetched.length <= new Set([placeOf(one.access_token).uri, placeOf(other.access_token).uri]).size);
		await h.rows('SELECT pgtoken.revoke_family($1::uuid)', one.grant_id);
		assert.equal(await reader.holds(one.access_token), true, 'within its ttl it knows what it knew');
		await age();
		reader.ahead += (TTL + 1) * 1000;
		assert.equal(await reader.holds(one.access_token), false);
		assert.equal(await reader.holds(other.access_token), true);
	});

	it('learns of it by its own clock and the service\'s, if it waits long enough', async () => {
		await h.rows('ALTER ROLE authenticator SET pgtoken.status_list_ttl = 2');
		try {
			const family = await issue();
			const reader = api();
			await age();
			// connections of the layer that are open have the setting of before; whichever answers, a list of this ttl ends in time
			await h.rows('SELECT pg_terminate_backend(pid, 600000) FROM pg_stat_activity WHERE usename = \'authenticator\' AND state = \'idle\'');
			while ((await h.get(pathOf(family.access_token))).status !== 200) await new Promise((resolve) => { setTimeout(resolve, 100); });
			assert.equal(await reader.holds(family.access_token), true);
			await h.rows('SELECT pgtoken.revoke_family($1::uuid)', family.grant_id);
			while (await reader.holds(family.access_token)) await new Promise((resolve) => { setTimeout(resolve, 100); });
			assert.ok(reader.fetched.length > 1);
		} finally {
			await h.rows('ALTER ROLE authenticator RESET pgtoken.status_list_ttl');
			await h.rows('SELECT pg_terminate_backend(pid, 600000) FROM pg_stat_activity WHERE usename = \'authenticator\' AND state = \'idle\'');
			await age();
		}
	});

	it('finds all tokens of a family in one place, whatever made them', async () => {
		const family = await issue();
		let last = family.refresh_token;
		for (let i = 0; i < 2; i++) {
			const { json } = await h.refresh(client, last);
			assert.deepEqual(placeOf(json.access_token), placeOf(family.access_token));
			last = json.refresh_token;
		}
		const { json } = await h.refresh(client, family.refresh_token);
		assert.equal(json.error, 'invalid_grant');
		await age();
		assert.equal(await api().holds(family.access_token), false, 'reuse has ended all of them');
	});

	// Attack shut out: who is revoked gives the API a list that knows nothing of it
	it('takes no list that is another one, another issuer\'s, or no list (C154)', async () => {
		const family = await issue();
		await h.rows('SELECT pgtoken.revoke_family($1::uuid)', family.grant_id);
		await age();
		const genuine = (await h.get(pathOf(family.access_token))).text;
		const claims = decodeJwt(genuine);
		const key = await h.generateKey();
		const sign = (changed, header = {}) => new SignJWT({ ...claims, ...changed }).setProtectedHeader({ ...decodeProtectedHeader(genuine), alg: key.alg, ...header }).sign(key.privateKey);
		const given = (text) => api({ fetch: async () => new Response(text, { headers: { 'content-type': 'application/statuslist+jwt' } }) }).holds(family.access_token);
		assert.equal(await given(genuine), false, 'revoked');
		assert.equal(await given(await sign({})), false, 'by another key');
		assert.equal(await given((await issue()).access_token), false, 'a token of the issuer that is no list');
		assert.equal(await given(genuine.replace(/\.[^.]*$/, '.')), false, 'unsigned');
		const elsewhere = (await h.rows(`INSERT INTO pgtoken.status_lists SELECT l.series, 16000, l.issuer, 131072, true, false, now(), now() FROM pgtoken.status_lists l
			WHERE l.issuer = $1 LIMIT 1 RETURNING format('/oauth2/status_lists/%s/%s', series, number) AS path`, h.issuer))[0].path;
		try {
			const { status, text } = await h.get(elsewhere);
			assert.equal(status, 200);
			assert.equal(await given(text), false, 'genuine, and another list');
		} finally {
			await h.rows('DELETE FROM pgtoken.status_lists WHERE number = 16000');
		}
		assert.equal(await api({ fetch: async () => new Response('', { status: 404 }) }).holds(family.access_token), false, 'gone');
	});
});

describe('the endpoint', () => {
	it('gives a list that anybody can verify and inflate (C154)', async () => {
		const { access_token: token } = await issue();
		const { status, headers, text } = await h.get(pathOf(token), { headers: { accept: 'application/statuslist+jwt' } });
		assert.equal(status, 200);
		assert.match(headers.get('content-type'), /^application\/statuslist\+jwt\b/);
		assert.match(headers.get('cache-control'), /^public, max-age=\d+$/);
		assert.ok(Number(headers.get('cache-control').match(/\d+/)[0]) <= TTL);
		const { payload } = await jwtVerify(text, createRemoteJWKSet(new URL(`${h.issuer}/oauth2/jwks`)), { issuer: h.issuer, subject: placeOf(token).uri, typ: 'statuslist+jwt' });
		assert.equal(payload.ttl, TTL);
		assert.equal(payload.status_list.bits, 1);
		assert.equal(inflateSync(Buffer.from(payload.status_list.lst, 'base64url')).length, 131072 / 8);
		assert.ok(payload.exp > payload.iat + payload.ttl);
	});

	it('is announced, and all lists are named where it says (C154)', async () => {
		const { access_token: token } = await issue();
		const metadata = (await h.get('/.well-known/oauth-authorization-server')).json;
		const all = await h.get(metadata.status_list_aggregation_endpoint.slice(h.issuer.length));
		assert.equal(all.status, 200);
		assert.ok(all.json.status_lists.includes(placeOf(token).uri));
		for (const uri of all.json.status_lists) assert.equal((await h.get(uri.slice(h.issuer.length))).status, 200);
		const list = decodeJwt((await h.get(pathOf(token))).text);
		assert.equal(list.status_list.aggregation_uri, metadata.status_list_aggregation_endpoint);
	});

	it('is for scripts of other origins, HEAD and any Accept, and for no other method', async () => {
		const path = pathOf((await issue()).access_token);
		const { headers } = await h.get(path, { headers: { origin: 'https://spa.example' } });
		assert.ok(headers.has('access-control-allow-origin'));
		const head = await fetch(`${h.issuer}${path}`, { method: 'HEAD' });
		assert.equal(head.status, 200);
		assert.equal(await head.text(), '');
		assert.equal((await h.get(path, { headers: { accept: 'text/html' } })).status, 200);
		for (const method of ['POST', 'PUT', 'DELETE']) assert.equal((await h.request(method, path)).status, 405);
	});

	// Attack shut out: whoever asks for what is not there, or for one list by many names, fills caches or has the database work
	it('knows a list by one name, and no other', async () => {
		const [, , , series, number] = pathOf((await issue()).access_token).split('/');
		for (const name of ['/', `/${series}`, `/${series}/`, `/${series}/${number}/`, `/${series}/0${number}`, `/0${series}/${number}`, `/${series}/-1`, `/${series}/9999`, `/${series}/99999999999999999999`,
			`/${series}/${number}/0`, '/1/0', '/a/b']) {
			const response = await h.exchange('GET', `/oauth2/status_lists${name}`);
			assert.equal(response.status, 404, name);
			assert.match(response.all('cache-control')[0], /no-store/);
		}
	});

	it('makes one list for all who ask at once', async () => {
		const path = pathOf((await issue()).access_token);
		await age();
		const answers = await Promise.all(Array.from({ length: 30 }, () => h.get(path)));
		assert.equal(new Set(answers.map(({ text }) => text)).size, 1);
	});
});
