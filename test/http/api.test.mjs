// An API that trusts the tokens: db-pre-request, revocation, step-up, keys that
// change while everything runs.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import { createRemoteJWKSet, jwtVerify } from 'jose';
import * as oauth from 'oauth4webapi';

import * as h from './harness.mjs';

const sensitive = (accessToken) => h.get('/api/sensitive', { headers: h.bearer(accessToken) });

/** until the listening layer has heard of it: there is no other sign of that */
async function eventually(check) {
	for (const end = Date.now() + h.PATIENCE; Date.now() < end;) {
		if (await check()) return true;
		await new Promise((resolve) => { setTimeout(resolve, 50); });
	}
	return false;
}

describe('the API', () => {
	it('knows whose data they are, and their role (C55)', async () => {
		const client = await h.newClient();
		const { access_token: accessToken } = await h.newTokens(client, { scope: 'openid notes:read notes:write' });
		const written = await h.post('/api/notes', JSON.stringify({ text: `a note by ${client.id}` }), { type: 'application/json', headers: h.bearer(accessToken) });
		assert.equal(written.status, 201);
		const { json } = await h.notes(h.bearer(accessToken));
		assert.ok(json.includes(`a note by ${client.id}`) && json.includes('the first note of user-1'));
		assert.ok(!json.some((text) => text.includes('user-2')), 'and nobody else\'s');
		assert.deepEqual((await h.get('/api/whoami', { headers: h.bearer(accessToken) })).json, { role: 'api_user', subject: h.SUBJECT, client_id: client.id });
	});

	// the attack: a client without any user is let in as if it were one
	it('a client\'s own token is no user\'s', async () => {
		const client = await h.newClient({ metadata: { grant_types: ['client_credentials'] } });
		const { access_token: accessToken } = h.assertTokens(await h.token(client, { grant_type: 'client_credentials', scope: 'notes:read' }));
		assert.equal(h.claimsOf(accessToken).role, undefined);
		assert.notEqual((await h.get('/api/whoami', { headers: h.bearer(accessToken) })).json?.role, 'api_user');
	});

	it('wants a token, and the scope', async () => {
		const none = await h.notes({});
		assert.equal(none.status, 401);
		assert.match(none.headers.get('www-authenticate'), /^Bearer/);
		const client = await h.newClient();
		const { access_token: accessToken } = await h.newTokens(client);
		const refused = await h.post('/api/notes', '{"text": "x"}', { type: 'application/json', headers: h.bearer(accessToken) });
		assert.equal(refused.status, 403);
		assert.match(refused.headers.get('www-authenticate'), /insufficient_scope.*scope="notes:write"/);
	});

	// the attack: something else that the same key has signed, or a token for another API
	it('takes nothing but access tokens that are meant for it (C49, C55)', async () => {
		const client = await h.newClient({ scopes: ['openid', 'notes:read', 'orders:read'] });
		const tokens = await h.newTokens(client);
		const elsewhere = await h.newTokens(client, { scope: 'openid offline_access orders:read', resource: h.otherResource });
		const issuers = await h.newTokens(client, { scope: 'openid offline_access', resource: undefined });
		const logoutToken = await h.value('SELECT pgtoken.logout_token($1, $2, $3)', client.id, h.SUBJECT, 'sid');
		const [header, payload] = tokens.access_token.split('.');
		const cases = { 'an ID token': tokens.id_token, 'a refresh token': tokens.refresh_token, 'another audience': elsewhere.access_token,
			'userinfo\'s audience': issuers.access_token, 'a logout token': logoutToken,
			'a broken signature': `${header}.${payload}.${'A'.repeat(86)}`,
			'"none"': `${Buffer.from('{"alg":"none","typ":"at+jwt"}').toString('base64url')}.${payload}.`, 'no JWT': 'x' };
		for (const [name, token] of Object.entries(cases)) assert.equal((await h.notes(h.bearer(token))).status, 401, name);
		assert.equal((await h.notes(h.bearer(tokens.access_token))).status, 200);
	});

	it('is told at once of what was revoked: family, token, session, client (C25, C94)', async () => {
		const client = await h.newClient();
		const sessionId = h.unique('session');
		const ways = {
			'the family': ({ grantId }) => h.rows('SELECT pgtoken.revoke_family($1)', grantId),
			'the token': ({ access_token: accessToken }) => h.rows('SELECT pgtoken.blacklist_token($1, \'test\')', accessToken),
			'the session': () => h.rows('SELECT * FROM pgtoken.end_session($1, $2, offline => true)', h.SUBJECT, sessionId),
			'the consent': () => h.rows('SELECT * FROM pgtoken.withdraw_consent($1, $2)', h.SUBJECT, client.id),
		};
		for (const [name, end] of Object.entries(ways)) {
			const tokens = await h.newTokens(client, {}, { sessionId });
			for (let i = 0; i < 5; i += 1) assert.equal((await h.notes(h.bearer(tokens.access_token))).status, 200, `${name}: before`);
			await end(tokens);
			// each connection of the layer has its own cache: ask more often than there are
			const answers = await Promise.all(Array.from({ length: 12 }, () => h.notes(h.bearer(tokens.access_token))));
			for (const answer of answers) assert.equal(answer.status, 401, `${name}: after`);
			assert.match(answers[0].headers.get('www-authenticate'), /invalid_token/);
		}
	});

	it('may ask for a stronger login, and says what (C79)', async () => {
		const client = await h.newClient();
		const weak = await h.newTokens(client, {}, { acr: 'urn:example:password' });
		const refused = await sensitive(weak.access_token);
		assert.equal(refused.status, 401);
		const challenge = refused.headers.get('www-authenticate');
		assert.match(challenge, /error="insufficient_user_authentication"/);
		assert.match(challenge, /acr_values="urn:example:strong"/);
		assert.match(challenge, /max_age="600"/);
		// the client goes to the authorization endpoint with what the challenge names; the login page sees it
		const { location } = await h.authorize(h.authorizationParameters(client, h.newVerifier(), { acr_values: 'urn:example:strong', max_age: '600' }));
		const request = await h.value('SELECT pgtoken.authorization_request($1)', location.searchParams.get('transaction_id'));
		assert.equal(request.acr_values, 'urn:example:strong');
		assert.equal(request.max_age, 600);
		const strong = await h.newTokens(client, { acr_values: 'urn:example:strong', max_age: '600' }, { acr: 'urn:example:strong', amr: ['pwd', 'otp'] });
		assert.equal((await sensitive(strong.access_token)).status, 200);
		// refreshed, it is as old as it was (C45)
		const old = await h.newTokens(client, {}, { acr: 'urn:example:strong', authTime: new Date(Date.now() - 3600_000).toISOString() });
		assert.equal((await sensitive(old.access_token)).status, 401);
		const { access_token: refreshed } = h.assertTokens(await h.refresh(client, old.refresh_token));
		assert.equal((await sensitive(refreshed)).status, 401);
	});

	it('by oauth4webapi', async () => {
		const { access_token: accessToken } = await h.newTokens(await h.newClient());
		const answer = await oauth.protectedResourceRequest(accessToken, 'GET', new URL(`${h.apiUrl}/api/notes`), undefined, undefined, h.insecure);
		assert.equal(answer.status, 200);
		await answer.arrayBuffer();
	});
});

describe('keys that change while the service runs (C80, C90)', () => {
	it('a rotated key: new tokens are accepted without a restart, old ones still', async () => {
		const client = await h.newClient();
		const before = await h.newTokens(client);
		const kid = await h.value('SELECT pgtoken.rotate_signing_key(\'ES256\', force => true)');
		const after = await h.newTokens(client);
		assert.equal(h.headerOf(after.access_token).kid, kid);
		assert.ok(await eventually(async () => (await h.notes(h.bearer(after.access_token))).status === 200), 'NOTIFY has reached the layer');
		assert.equal((await h.notes(h.bearer(before.access_token))).status, 200);
		const { json: { keys } } = await h.get('/oauth2/jwks');
		const kids = keys.map((key) => key.kid);
		assert.ok(kids.includes(kid) && kids.includes(h.headerOf(before.access_token).kid));
		const verifier = createRemoteJWKSet(new URL(`${h.issuer}/oauth2/jwks`));
		for (const { access_token: accessToken } of [before, after]) await jwtVerify(accessToken, verifier, { audience: h.resource });
	});

	it('the next key is published before it signs', async () => {
		const kid = await h.value('SELECT pgtoken.create_signing_key(\'ES384\')');
		const { json: { keys } } = await h.get('/oauth2/jwks');
		assert.ok(keys.some((key) => key.kid === kid));
		await h.rows('SELECT pgtoken.rotate_signing_key(\'ES384\', force => true)');
	});

	// the attack: a stolen key signs on
	it('a key that is retired at once takes its tokens with it', async () => {
		const client = await h.newClient();
		const tokens = await h.newTokens(client);
		const { kid } = h.headerOf(tokens.access_token);
		assert.equal((await h.notes(h.bearer(tokens.access_token))).status, 200);
		await h.rows('SELECT pgtoken.retire_signing_key($1, \'test\')', kid);
		assert.equal((await h.notes(h.bearer(tokens.access_token))).status, 401);
		assert.ok(!(await h.get('/oauth2/jwks')).json.keys.some((key) => key.kid === kid));
		const next = h.assertTokens(await h.refresh(client, tokens.refresh_token));
		assert.ok(await eventually(async () => (await h.notes(h.bearer(next.access_token))).status === 200));
	});
});
