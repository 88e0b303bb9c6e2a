// Clients that register themselves (RFC 7591), manage that (RFC 7592), or are what the document
// at the URL of their client_id says.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';

import * as oauth from 'oauth4webapi';
import * as openid from 'openid-client';

import * as h from './harness.mjs';

const CALLBACK = 'http://localhost/callback';
const setRegistration = (mode, policy = {}) => h.rows('SELECT pgtoken.update_issuer($1, registration => $2), pgtoken.set_registration_policy($3, $1)', h.issuer, mode, policy);
const json = (method, path, body, token) => h.request(method, path, { parameters: JSON.stringify(body), type: 'application/json', headers: token ? h.bearer(token) : {} });
const pathOf = (url) => new URL(url).pathname;

// others have a policy of their own
let modeBefore;
let policyBefore;
before(async () => {
	modeBefore = await h.value('SELECT registration FROM pgtoken.issuers WHERE issuer = $1', h.issuer);
	policyBefore = await h.value('DELETE FROM pgtoken.registration_policies WHERE issuer = $1 RETURNING policy', h.issuer) ?? {};
	await setRegistration('open', { max_per_hour: 100000 });
});
after(async () => {
	await h.rows('DELETE FROM pgtoken.registration_policies WHERE issuer = $1', h.issuer);
	await setRegistration(modeBefore, policyBefore);
});

/** a code for the client, agreed to by its user */
async function codeOf(clientId, redirectUri, verifier, scope = 'openid offline_access') {
	const { location } = await h.authorize({ client_id: clientId, redirect_uri: redirectUri, response_type: 'code', scope,
		code_challenge: h.challengeOf(verifier), code_challenge_method: 'S256' });
	assert.ok(h.toLogin(location));
	return new URL((await h.approve(location.searchParams.get('transaction_id'))).redirect_uri).searchParams.get('code');
}

describe('the registration endpoint', () => {
	it('is announced while it is on, and is not there otherwise (C145)', async () => {
		assert.equal((await h.get('/.well-known/openid-configuration')).json.registration_endpoint, `${h.issuer}/oauth2/register`);
		await setRegistration('off');
		try {
			assert.ok(!('registration_endpoint' in (await h.get('/.well-known/openid-configuration')).json));
			h.assertError(await json('POST', '/oauth2/register', { redirect_uris: [h.REDIRECT_URI] }), 'not_found', 404);
		} finally {
			await setRegistration('open');
		}
	});

	it('registers openid-client, which then gets tokens (C145)', async () => {
		const config = await openid.dynamicClientRegistration(new URL(h.issuer), { redirect_uris: [h.REDIRECT_URI], client_name: 'Registered', scope: 'openid offline_access notes:read',
			grant_types: ['authorization_code', 'refresh_token'] }, undefined, { execute: [openid.allowInsecureRequests] });
		const client = config.clientMetadata();
		const verifier = h.newVerifier();
		const code = await codeOf(client.client_id, h.REDIRECT_URI, verifier);
		const callback = new URL(h.REDIRECT_URI);
		callback.search = new URLSearchParams({ code, iss: h.issuer }).toString();
		const tokens = await openid.authorizationCodeGrant(config, callback, { pkceCodeVerifier: verifier });
		assert.ok(tokens.access_token && tokens.id_token);
		assert.ok((await openid.refreshTokenGrant(config, tokens.refresh_token)).access_token);
	});

	it('registers oauth4webapi, for this device, at any port of it (C145)', async () => {
		const as = await h.server();
		const response = await oauth.dynamicClientRegistrationRequest(as, { redirect_uris: [CALLBACK], token_endpoint_auth_method: 'none',
			grant_types: ['authorization_code', 'refresh_token'], response_types: ['code'] }, h.insecure);
		assert.equal(response.headers.get('cache-control'), 'no-store');
		const client = await oauth.processDynamicClientRegistrationResponse(response);
		assert.equal(client.client_secret, undefined);
		assert.equal(client.application_type, 'native');
		const verifier = h.newVerifier();
		const redirectUri = 'http://localhost:48123/callback';
		const code = await codeOf(client.client_id, redirectUri, verifier);
		h.assertTokens(await h.post('/oauth2/token', { grant_type: 'authorization_code', client_id: client.client_id, code, redirect_uri: redirectUri, code_verifier: verifier }));
	});

	it('takes an initial access token where one is asked for, once (C146)', async () => {
		await setRegistration('token');
		try {
			const as = await h.server();
			const token = await h.value('SELECT registration_token FROM pgtoken.create_registration_token()');
			const register = (initialAccessToken) => oauth.dynamicClientRegistrationRequest(as, { redirect_uris: [h.REDIRECT_URI] }, { initialAccessToken, ...h.insecure });
			assert.ok((await oauth.processDynamicClientRegistrationResponse(await register(token))).client_secret);
			for (const other of [token, undefined]) {
				const refused = await register(other);
				assert.equal(refused.status, 401);
				assert.match(refused.headers.get('www-authenticate'), other ? /^Bearer .*invalid_token/ : /^Bearer realm/);
			}
		} finally {
			await setRegistration('open');
		}
	});

	// the attack: a page registers its own client in the name of its visitor, who has no part in it
	it('is for scripts of other origins too, and no cookie or session of anybody comes along', async () => {
		const headers = { origin: 'https://spa.example', 'access-control-request-method': 'POST', 'access-control-request-headers': 'content-type' };
		const preflight = await fetch(`${h.issuer}/oauth2/register`, { method: 'OPTIONS', headers });
		assert.match(preflight.headers.get('access-control-allow-methods'), /POST/);
		assert.ok(!preflight.headers.has('access-control-allow-credentials'));
	});

	// the attacks: of an open redirector, of a page that runs a script, of a body that two readers read differently
	it('refuses what no client can be, with the errors of RFC 7591 section 3.2.2 (C145)', async () => {
		for (const uri of ['http://evil.example/cb', 'javascript:alert(1)', 'https://good.example@evil.example/', 'https://a.example/#f', '/cb', 7]) {
			h.assertError(await json('POST', '/oauth2/register', { redirect_uris: [uri] }), 'invalid_redirect_uri');
		}
		for (const more of [{ response_types: ['token'] }, { grant_types: ['implicit'] }, { token_endpoint_auth_method: 'magic' }, { jwks: { keys: [{ kty: 'oct', k: 'AAAA' }] } }, { logo_uri: 'javascript:1' }]) {
			h.assertError(await json('POST', '/oauth2/register', { redirect_uris: [h.REDIRECT_URI], ...more }), 'invalid_client_metadata');
		}
		const raw = (body, type = 'application/json') => h.request('POST', '/oauth2/register', { parameters: body, type });
		h.assertError(await raw('{"redirect_uris": ["https://a.example/"], "redirect_uris": ["https://evil.example/"]}'), 'invalid_client_metadata');
		h.assertError(await raw('{'), 'invalid_client_metadata');
		h.assertError(await raw('redirect_uris=x', 'application/x-www-form-urlencoded'), 'invalid_request', 415);
		h.assertError(await json('POST', '/oauth2/register', { redirect_uris: [h.REDIRECT_URI], software_statement: 'a.b.c' }), 'invalid_software_statement');
	});
});

describe('a registration', () => {
	it('is read, changed and ended with its token, which PUT replaces (C147)', async () => {
		const made = (await json('POST', '/oauth2/register', { redirect_uris: [h.REDIRECT_URI], client_name: 'First', tos_uri: 'https://client.example/tos' })).json;
		const path = pathOf(made.registration_client_uri);
		const read = await json('GET', path, undefined, made.registration_access_token);
		assert.equal(read.status, 200);
		assert.equal(read.json.client_name, 'First');
		assert.ok(!('client_secret' in read.json), 'nobody has it any more');

		const put = await json('PUT', path, { client_id: made.client_id, redirect_uris: [h.REDIRECT_URI], client_name: 'Second' }, made.registration_access_token);
		assert.equal(put.status, 200);
		assert.equal(put.json.client_name, 'Second');
		assert.ok(!('tos_uri' in put.json), 'what is left out is gone');
		assert.ok(put.json.registration_access_token !== made.registration_access_token);
		assert.equal((await json('GET', path, undefined, made.registration_access_token)).status, 200, 'the answer could have got lost');
		assert.equal((await json('GET', path, undefined, put.json.registration_access_token)).status, 200);
		assert.equal((await json('GET', path, undefined, made.registration_access_token)).status, 401, 'it did not');

		const client = { id: made.client_id, secret: made.client_secret, method: 'client_secret_basic', redirectUri: h.REDIRECT_URI, scopes: ['openid'] };
		const verifier = h.newVerifier();
		const code = await codeOf(made.client_id, h.REDIRECT_URI, verifier, 'openid');
		const { access_token: accessToken } = h.assertTokens(await h.token(client, { grant_type: 'authorization_code', code, redirect_uri: h.REDIRECT_URI, code_verifier: verifier }));
		assert.equal((await h.get('/oauth2/userinfo', { headers: h.bearer(accessToken) })).status, 200);
		assert.equal((await json('DELETE', path, undefined, put.json.registration_access_token)).status, 204);
		assert.equal((await h.get('/oauth2/userinfo', { headers: h.bearer(accessToken) })).status, 401);
		assert.equal((await json('GET', path, undefined, put.json.registration_access_token)).status, 401);
	});

	// the attack: one client's token changes another client, or tells whether there is one
	it('is nobody else\'s', async () => {
		const [one, other] = await Promise.all([0, 1].map(async () => (await json('POST', '/oauth2/register', { redirect_uris: [h.REDIRECT_URI] })).json));
		for (const method of ['GET', 'PUT', 'DELETE']) {
			for (const path of [pathOf(other.registration_client_uri), '/oauth2/register/web-app', '/oauth2/register/nobody']) {
				const answer = await json(method, path, method === 'GET' ? undefined : { client_id: other.client_id, redirect_uris: ['https://evil.example/'] }, one.registration_access_token);
				assert.equal(answer.status, 401);
				assert.equal(answer.text, '');
			}
		}
	});
});

// the document is there as if the courier had brought it: nothing here has a name that leads to it
describe('a client_id that is a URL (C149)', () => {
	const fetched = (url, body) => h.rows(`INSERT INTO pgtoken.documents (issuer, kind, url, body, fetched_at, fresh_until, used_at)
		VALUES ($1, 'client_metadata', $2, $3, now(), now() + interval '1 hour', now())
		ON CONFLICT ON CONSTRAINT documents_pkey DO UPDATE SET body = excluded.body, fetched_at = clock_timestamp()`, h.issuer, url, JSON.stringify(body));

	before(() => setRegistration('open', { client_id_metadata_documents: 'open' }));

	it('is announced, and gets tokens for this device, as its document says now', async () => {
		assert.equal((await h.get('/.well-known/oauth-authorization-server')).json.client_id_metadata_document_supported, true);
		const clientId = `https://${h.unique('agent')}.example/client.json`;
		const document = { client_id: clientId, client_name: 'Agent', redirect_uris: [CALLBACK], token_endpoint_auth_method: 'none', grant_types: ['authorization_code', 'refresh_token'] };
		await fetched(clientId, document);
		const verifier = h.newVerifier();
		const redirectUri = 'http://localhost:50007/callback';
		const code = await codeOf(clientId, redirectUri, verifier);
		h.assertTokens(await h.post('/oauth2/token', { grant_type: 'authorization_code', client_id: clientId, code, redirect_uri: redirectUri, code_verifier: verifier }));

		await fetched(clientId, { ...document, redirect_uris: ['https://agent.example/cb'] });
		assert.equal((await h.authorize({ client_id: clientId, redirect_uri: redirectUri, response_type: 'code', scope: 'openid' })).status, 400);
	});

	// the attack: the service fetches from its own network for whoever asks
	it('is none where it leads to an address, to this machine, or disguises its host', async () => {
		for (const clientId of ['https://127.0.0.1/c', 'https://[::1]/c', 'https://localhost/c', 'https://169.254.169.254/latest/meta-data', 'https://2130706433/c', 'https://a.example@127.0.0.1/c', 'https://a.example:22/c', 'http://a.example/c']) {
			const { status } = await h.authorize({ client_id: clientId, redirect_uri: CALLBACK, response_type: 'code', scope: 'openid' });
			assert.equal(status, 400, clientId);
			assert.equal(await h.value('SELECT count(*)::integer FROM pgtoken.courier_work WHERE url = $1', clientId), 0);
		}
	});
});
