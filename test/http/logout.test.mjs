// Logout that a client asks for, and clients that are told of it; the pages are
// clicked in browser.test.mjs.
import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { describe, it } from 'node:test';

import { createRemoteJWKSet, exportPKCS8, generateKeyPair, jwtVerify, SignJWT } from 'jose';
import * as openid from 'openid-client';

import * as h from './harness.mjs';

const AFTER = 'https://client.example/logged-out';
const withLogout = (metadata = {}) => h.newClient({ metadata: { post_logout_redirect_uris: [AFTER], ...metadata } });

const endSession = async (parameters, method = 'GET') => {
	const answer = method === 'GET' ? await h.get('/oauth2/logout', { query: parameters }) : await h.post('/oauth2/logout', parameters);
	const location = answer.headers.get('location');
	return { ...answer, location: location && new URL(location) };
};
const toLogout = (location) => location?.href.startsWith(`${h.loginUrl}/logout?transaction_id=`) === true;
const complete = (location) => h.value('SELECT pgtoken.complete_logout($1, $2)', location.searchParams.get('transaction_id'), h.SUBJECT);

describe('RP-initiated logout', () => {
	it('by openid-client: to the application\'s page, and back with state', async () => {
		const client = await withLogout();
		const { id_token: hint } = await h.newTokens(client);
		const url = openid.buildEndSessionUrl(await h.configuration(client), { id_token_hint: hint, post_logout_redirect_uri: AFTER, state: 'a b&c' });
		const { location, status } = await endSession(url.search.slice(1));
		assert.equal(status, 303);
		assert.ok(toLogout(location));
		const request = await h.value('SELECT pgtoken.authorization_request($1)', location.searchParams.get('transaction_id'));
		assert.equal(request.kind, 'logout');
		assert.equal(request.client_id, client.id);
		const back = new URL(await complete(location));
		assert.equal(`${back.origin}${back.pathname}`, AFTER);
		assert.equal(back.searchParams.get('state'), 'a b&c');
		assert.equal(await complete(location), null, 'once');
	});

	it('may be posted, and name the client instead of the user, or nothing', async () => {
		const client = await withLogout();
		assert.ok(toLogout((await endSession({ client_id: client.id, post_logout_redirect_uri: AFTER }, 'POST')).location));
		// of nobody there is nothing to remember
		const { location } = await endSession({});
		assert.equal(location.href, `${h.loginUrl}/logout`);
		assert.equal(await complete(location), null);
	});

	// the attack: an open redirector with the issuer's name on it
	it('goes nowhere that the client has not registered', async () => {
		const client = await withLogout();
		const other = await h.newClient();
		const { id_token: hint, access_token: accessToken } = await h.newTokens(client);
		const cases = [
			{ post_logout_redirect_uri: AFTER },
			{ client_id: other.id, post_logout_redirect_uri: AFTER },
			{ client_id: 'nobody', post_logout_redirect_uri: AFTER },
			{ id_token_hint: hint, client_id: other.id },
			{ id_token_hint: 'x', post_logout_redirect_uri: AFTER },
			{ id_token_hint: accessToken, post_logout_redirect_uri: AFTER },
			...[`${AFTER}/`, `${AFTER}?x=1`, `${AFTER}#x`, 'https://client.example.evil.example/logged-out', 'https://client.example@evil.example/logged-out',
				'https://client.example/x/../logged-out', 'https://CLIENT.example/logged-out', '//evil.example', 'javascript:alert(1)', h.REDIRECT_URI]
				.map((uri) => ({ id_token_hint: hint, post_logout_redirect_uri: uri })),
		];
		for (const parameters of cases) {
			const answer = await endSession(parameters);
			h.assertError(answer, 'invalid_request');
			assert.ok(answer.location === null, 'sent nowhere');
		}
	});

	it('an ID token that has expired is still a hint', async () => {
		const client = await withLogout();
		const { id_token: hint } = await h.newTokens(client);
		// a key whose private half is known here signs one that is an hour old
		const { privateKey } = await generateKeyPair('EdDSA', { extractable: true });
		const kid = await h.value('SELECT pgtoken.create_signing_key($1, NULL, $2)', 'EdDSA', await exportPKCS8(privateKey));
		await h.rows('SELECT pgtoken.rotate_signing_key($1, force => true)', 'EdDSA');
		const claims = h.claimsOf(hint);
		const sign = (changes) => new SignJWT({ ...claims, iat: claims.iat - 7200, exp: claims.exp - 7200, ...changes })
			.setProtectedHeader({ alg: 'EdDSA', typ: 'JWT', kid }).sign(privateKey);
		assert.ok(toLogout((await endSession({ id_token_hint: await sign({}), post_logout_redirect_uri: AFTER })).location));
		h.assertError(await endSession({ id_token_hint: await sign({ iss: 'https://evil.example' }) }), 'invalid_request');
		await h.rows('SELECT pgtoken.retire_signing_key($1, $2)', kid, 'test');
	});
});

describe('back-channel logout (C91)', () => {
	it('a logout token as the specification has it, verified by jose; families without offline_access end', async () => {
		const received = [];
		const listener = createServer((request, answer) => {
			let body = '';
			request.on('data', (chunk) => { body += chunk; });
			request.on('end', () => { received.push({ type: request.headers['content-type'], body: new URLSearchParams(body) }); answer.end(); });
		});
		await new Promise((ready) => { listener.listen(0, '127.0.0.1', ready); });
		const uri = `http://127.0.0.1:${listener.address().port}/logout`;
		const client = await withLogout({ backchannel_logout_uri: uri });
		const silent = await h.newClient();
		const sessionId = h.unique('session');
		const online = await h.newTokens(client, { scope: 'openid notes:read' }, { sessionId });
		const offline = await h.newTokens(client, {}, { sessionId });
		const other = await h.newTokens(client, { scope: 'openid notes:read' }, { sessionId: h.unique('session') });
		const quiet = await h.newTokens(silent, { scope: 'openid notes:read' }, { sessionId });

		// what the login application does (examples/login/logout.js), over HTTP
		for (const row of await h.rows('SELECT * FROM pgtoken.end_session($1, $2)', h.SUBJECT, sessionId)) {
			assert.equal(row.backchannel_logout_uri, uri);
			await fetch(row.backchannel_logout_uri, { method: 'POST', body: new URLSearchParams({ logout_token: row.logout_token }) });
		}
		listener.close();
		assert.equal(received.length, 1, 'once for the session, to the client that wants to know');
		assert.match(received[0].type, /^application\/x-www-form-urlencoded/);
		const token = received[0].body.get('logout_token');
		const { payload } = await jwtVerify(token, createRemoteJWKSet(new URL(`${h.issuer}/oauth2/jwks`)), { issuer: h.issuer, audience: client.id, typ: 'logout+jwt' });
		assert.deepEqual(payload.events, { 'http://schemas.openid.net/event/backchannel-logout': {} });
		assert.equal(payload.sub, h.SUBJECT);
		assert.equal(payload.sid, sessionId);
		assert.equal(payload.sid, h.claimsOf(online.id_token).sid);
		assert.ok(payload.jti && payload.iat && payload.exp - payload.iat <= 300);
		assert.ok(!('nonce' in payload));

		for (const [name, tokens, status] of [['online', online, 401], ['of a client that is not told', quiet, 401], ['offline', offline, 200], ['of another session', other, 200]]) {
			assert.equal((await h.notes(h.bearer(tokens.access_token))).status, status, name);
		}
		h.assertTokens(await h.refresh(client, offline.refresh_token));
	});
});
