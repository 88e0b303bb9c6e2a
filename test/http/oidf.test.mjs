// Modules of the OpenID Foundation's suite that no other test stands for: requests as
// certified clients send them, which are to be granted. test/oidf says which is which.
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { after, before, describe, it } from 'node:test';

import * as h from './harness.mjs';

const PROTOCOL = ['iss', 'sub', 'aud', 'azp', 'sid', 'nonce', 'at_hash', 'acr', 'amr', 'iat', 'exp', 'auth_time'];
const text = (bytes) => randomBytes(bytes).toString('base64url');
const secondsAgo = (seconds) => new Date(Date.now() - seconds * 1000).toISOString();

describe('a request that is granted', () => {
	let client;
	before(async () => { client = await h.newClient({ scopes: ['openid', 'profile', 'email', 'address', 'phone', 'notes:read'] }); });
	const tokensOf = async (parameters, answer) => h.assertTokens(await h.redeem(client, await h.newCode(client, parameters, answer)));

	// the fault: a client that says how its user likes to be met is told that it may not
	it('whatever it says of the page, of languages and of who may come', async () => {
		for (const said of [{ display: 'page' }, { display: 'popup' }, { display: 'touch' }, { display: 'wap' }, { ui_locales: 'se fr-CA' }, { ui_locales: 'not a locale!' },
			{ claims_locales: 'se' }, { login_hint: 'buffy@client.example' }, { acr_values: '1 2' }, { extra: 'foobar' }]) {
			const { id_token: idToken } = await tokensOf(said);
			assert.equal(h.claimsOf(idToken).sub, h.SUBJECT, JSON.stringify(said));
		}
	});

	it('by POST, with a nonce or without: the ID token has what was sent', async () => {
		const asked = h.authorizationParameters(client, h.newVerifier());
		assert.ok(h.toLogin((await h.authorize(asked, { method: 'POST' })).location));
		assert.ok(!('nonce' in h.claimsOf((await tokensOf({ nonce: undefined })).id_token)));
	});

	it('with a nonce and a state as long as a client would choose: both come back whole', async () => {
		for (const length of [48, 96, 288]) {
			const [nonce, state] = [text(length), text(2 * length)];
			const { callback, ...code } = await h.newCode(client, { nonce, state });
			assert.ok(callback.searchParams.get('state') === state, 'state');
			const { id_token: idToken } = h.assertTokens(await h.redeem(client, code));
			assert.ok(h.claimsOf(idToken).nonce === nonce, 'nonce');
		}
		const { callback } = await h.newCode(client, { state: undefined });
		assert.ok(!callback.searchParams.has('state'));
	});

	// the fault: who sees the ID token, in a browser or a log, sees the address of its user
	it('for claims by scope: userinfo has them, the ID token does not (Core section 5.4)', async () => {
		const wanted = { profile: ['name', 'preferred_username'], email: ['email', 'email_verified'], address: [], phone: [] };
		for (const scopes of [...Object.keys(wanted).map((scope) => [scope]), Object.keys(wanted)]) {
			const { id_token: idToken, access_token: accessToken, scope } = await tokensOf({ scope: ['openid', ...scopes].join(' ') });
			assert.ok(scope === undefined || scopes.every((name) => scope.split(' ').includes(name)), 'all of them');
			assert.deepEqual(Object.keys(h.claimsOf(idToken)).filter((claim) => !PROTOCOL.includes(claim)), []);
			const { json: userinfo } = await h.get('/oauth2/userinfo', { headers: h.bearer(accessToken) });
			assert.deepEqual(Object.keys(userinfo).sort(), ['sub', ...scopes.flatMap((name) => wanted[name])].sort());
		}
	});

	it('in whatever order its scopes are', async () => {
		const { scope = 'profile openid email' } = await tokensOf({ scope: 'profile openid email' });
		assert.deepEqual(scope.split(' ').sort(), ['email', 'openid', 'profile']);
	});

	it('by a login of before, where max_age leaves the time: auth_time is that of the login', async () => {
		const authTime = secondsAgo(100);
		const [first, second] = [await tokensOf({}, { authTime }), await tokensOf({ max_age: '10000' }, { authTime })].map(({ id_token: idToken }) => h.claimsOf(idToken));
		assert.equal(first.sub, second.sub);
		assert.equal(second.auth_time, first.auth_time);
	});

	it('without a question, to who is there and is named by id_token_hint', async () => {
		const { id_token: hint } = await tokensOf({});
		const { location } = await h.authorize(h.authorizationParameters(client, h.newVerifier(), { prompt: 'none', id_token_hint: hint }));
		const { redirect_uri: uri } = await h.approve(location.searchParams.get('transaction_id'), { consent: null });
		assert.ok(new URL(uri).searchParams.has('code'));
	});
});

describe('a logout that is granted', () => {
	it('without a place to go to the user stays at the application\'s page; without state none comes back', async () => {
		const after = 'https://client.example/logged-out';
		const client = await h.newClient({ metadata: { post_logout_redirect_uris: [after] } });
		const logOut = async (parameters) => {
			const { headers } = await h.get('/oauth2/logout', { query: parameters });
			const transaction = new URL(headers.get('location')).searchParams.get('transaction_id');
			return transaction === null ? null : h.value('SELECT pgtoken.complete_logout($1, $2)', transaction, h.SUBJECT);
		};
		const hint = async () => (await h.newTokens(client)).id_token;
		assert.equal(await logOut({ id_token_hint: await hint() }), null);
		assert.equal(await logOut({ state: 'alone' }), null);
		assert.equal(await logOut({ id_token_hint: await hint(), post_logout_redirect_uri: after }), after);
	});

	// the attack: somebody else's session is ended by a hint that was changed, or that another issuer has signed
	it('not by an ID token that was changed', async () => {
		const { id_token: hint } = await h.newTokens(await h.newClient());
		const [header, , signature] = hint.split('.');
		const other = Buffer.from(JSON.stringify({ ...h.claimsOf(hint), sub: h.OTHER_SUBJECT })).toString('base64url');
		for (const changed of [`${header}.${other}.${signature}`, hint.slice(0, -8), `${hint}A`])
			h.assertError(await h.get('/oauth2/logout', { query: { id_token_hint: changed } }), 'invalid_request');
	});
});

describe('a client that registers itself', () => {
	before(() => h.rows("SELECT pgtoken.update_issuer($1, registration => 'open')", h.issuer));
	after(() => h.rows("SELECT pgtoken.update_issuer($1, registration => 'off')", h.issuer));
	const register = (metadata) => h.request('POST', '/oauth2/register', { parameters: JSON.stringify({ redirect_uris: ['http://localhost/callback'], ...metadata }), type: 'application/json' });

	// the attack: a login is begun on a page that anybody on the way can have changed
	it('initiate_login_uri is registered, and read back; one in the clear is refused (Core section 4)', async () => {
		const uri = 'https://client.example/begin?tenant=1';
		const { status, json } = await register({ initiate_login_uri: uri });
		assert.equal(status, 201);
		assert.equal(json.initiate_login_uri, uri);
		const { json: read } = await h.get(new URL(json.registration_client_uri).pathname, { headers: h.bearer(json.registration_access_token) });
		assert.equal(read.initiate_login_uri, uri);
		h.assertError(await register({ initiate_login_uri: 'http://client.example/begin' }), 'invalid_client_metadata');
	});

	// what users are to know of who asks, before they log in (Registration section 2)
	it('is shown to its user with its policy and its terms, and with its logo where the login application shows those of others', async (t) => {
		const about = { logo_uri: 'https://client.example/logo.png', policy_uri: 'https://client.example/policy', tos_uri: 'https://client.example/terms' };
		const { json } = await register(about);
		const { location } = await h.authorize(h.authorizationParameters({ id: json.client_id, redirectUri: json.redirect_uris[0] }, h.newVerifier()));
		const page = await (await fetch(location)).text();
		assert.ok(!page.includes(about.logo_uri));
		t.after(() => delete process.env.LOGIN_LOGOS);
		process.env.LOGIN_LOGOS = 'anywhere';
		const { IMAGES, logoOf } = await import('../../examples/login/files.js?anywhere');
		assert.deepEqual([IMAGES, logoOf(about.logo_uri, h.loginUrl), logoOf('http://client.example/logo.png', h.loginUrl)], ["'self' https:", about.logo_uri, null]);
		for (const uri of [about.policy_uri, about.tos_uri]) assert.ok(page.includes(`href="${uri}"`), uri);
	});

	it('signs ID tokens by RS256, where it says nothing (Registration section 2)', async () => {
		for (const [said, alg] of [[undefined, 'RS256'], ['ES256', 'ES256']]) {
			const { json } = await register({ id_token_signed_response_alg: said });
			assert.equal(json.id_token_signed_response_alg, alg);
			const client = { id: json.client_id, secret: json.client_secret, method: 'client_secret_basic', redirectUri: json.redirect_uris[0] };
			assert.equal(h.headerOf(h.assertTokens(await h.redeem(client, await h.newCode(client))).id_token).alg, alg);
		}
	});
});

describe('tokens and proofs', () => {
	it('the scheme at the API and at userinfo has no case (RFC 9110 section 11.1)', async () => {
		const client = await h.newClient();
		const { access_token: accessToken } = await h.newTokens(client);
		for (const scheme of ['bearer', 'BEARER', 'bEaReR']) {
			const headers = { authorization: `${scheme} ${accessToken}` };
			assert.equal((await h.notes(headers)).status, 200, scheme);
			assert.equal((await h.get('/oauth2/userinfo', { headers })).status, 200, scheme);
		}
		const key = await h.generateKey();
		const code = await h.newCode(client, { scope: 'openid notes:read', resource: h.resource });
		const { access_token: bound } = h.assertTokens(await h.redeem(client, code, {}, { headers: { dpop: await h.proof(key) } }), { type: 'DPoP' });
		for (const scheme of ['dpop', 'DPOP', 'dPoP']) {
			const proof = await h.proof(key, { htm: 'GET', htu: `${h.issuer}/oauth2/userinfo`, accessToken: bound });
			assert.equal((await h.get('/oauth2/userinfo', { headers: { authorization: `${scheme} ${bound}`, dpop: proof } })).status, 200, scheme);
		}
	});

	it('a proof may have exp and nbf, which RFC 9449 does not name', async () => {
		const client = await h.newClient();
		const key = await h.generateKey();
		const proof = await h.proof(key, { claims: { nbf: h.now(), exp: h.now() + 60 } });
		h.assertTokens(await h.redeem(client, await h.newCode(client), {}, { headers: { dpop: proof } }), { type: 'DPoP' });
	});
});
