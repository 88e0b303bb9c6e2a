// The other grants, and what is asked about tokens: devices, a client's own
// tokens, exchange, passwords; introspection, revocation, userinfo.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import { createRemoteJWKSet, jwtVerify } from 'jose';
import * as oauth from 'oauth4webapi';
import * as openid from 'openid-client';

import * as h from './harness.mjs';

const television = (options = {}) => h.publicClient({ redirectUris: [], metadata: { grant_types: [h.DEVICE_GRANT] }, ...options });
const poll = (client, deviceCode, parameters = {}, options) => h.token(client, { grant_type: h.DEVICE_GRANT, device_code: deviceCode, ...parameters }, options);
const ask = async (client, parameters = {}, options) => {
	const answer = await h.postAs(client, '/oauth2/device_authorization', { scope: 'openid offline_access notes:read', ...parameters }, options);
	assert.equal(answer.status, 200, `device codes, and not ${answer.json?.error}`);
	h.assertUncached(answer);
	return answer.json;
};
const typed = (userCode, subject = h.SUBJECT) => h.value('SELECT pgtoken.approve_device($1, $2, $2)', userCode, subject);
/** lets time pass for everything the client has asked for */
const wait = (client) => h.rows('UPDATE pgtoken.device_codes SET polled_at = polled_at - interval \'1 day\' WHERE client_id = $1', client.id);

/** polls right after the last poll, however long that was ago on a slow machine */
async function atOnce(client, code) {
	await h.rows('UPDATE pgtoken.device_codes SET polled_at = now() + interval \'1 hour\' WHERE client_id = $1', client.id);
	return poll(client, code);
}

describe('devices (RFC 8628)', () => {
	it('by openid-client: codes, the user agrees, tokens (C38, C40)', async () => {
		const client = await television();
		const config = await h.configuration(client);
		const asked = await openid.initiateDeviceAuthorization(config, { scope: 'openid offline_access notes:read' });
		assert.ok(asked.verification_uri_complete.startsWith(`${asked.verification_uri}?user_code=`));
		assert.equal(await typed(asked.user_code), null);
		const tokens = await openid.pollDeviceAuthorizationGrant(config, { ...asked, interval: 0.1 });
		assert.equal(tokens.claims().sub, h.SUBJECT);
		assert.ok((await openid.refreshTokenGrant(config, tokens.refresh_token)).access_token);
		assert.equal((await poll(client, asked.device_code)).json.error, 'invalid_grant', 'success exactly once');
	});

	it('by oauth4webapi, a confidential client', async () => {
		const client = await h.newClient({ metadata: { grant_types: [h.DEVICE_GRANT] } });
		const [server, device, auth] = await h.arguments_(client);
		const asked = await oauth.processDeviceAuthorizationResponse(server, device,
			await oauth.deviceAuthorizationRequest(server, device, auth, { scope: 'openid' }, h.insecure));
		await typed(asked.user_code);
		const response = await oauth.deviceCodeGrantRequest(server, device, auth, asked.device_code, h.insecure);
		assert.ok((await oauth.processDeviceCodeResponse(server, device, response)).access_token);
	});

	it('pending, then too fast: slow_down, and the interval has grown for good (C39)', async () => {
		const client = await television();
		const { device_code: code, interval } = await ask(client);
		assert.ok(interval >= 5);
		h.assertError(await poll(client, code), 'authorization_pending');
		h.assertError(await atOnce(client, code), 'slow_down');
		h.assertError(await atOnce(client, code), 'slow_down');
		const grown = await h.value('SELECT poll_interval FROM pgtoken.device_codes WHERE client_id = $1', client.id);
		assert.equal(grown, interval + 5);
		await wait(client);
		h.assertError(await poll(client, code), 'authorization_pending');
		// the old interval would have been long enough; hours stand for seconds, lest a slow machine be in time
		await h.rows('UPDATE pgtoken.device_codes SET poll_interval = poll_interval * 3600, polled_at = now() - make_interval(hours => $2) WHERE client_id = $1',
			client.id, interval + 2);
		h.assertError(await poll(client, code), 'slow_down');
	});

	// a correct device polls by a timer of its own: 4.989 s after its last poll, and once twice, when a proxy sends a request again
	it('who comes a little early, or early once, is not pushed to longer and longer intervals', async () => {
		const client = await television();
		const { device_code: code, interval } = await ask(client);
		const after = async (seconds) => {
			await h.rows('UPDATE pgtoken.device_codes SET polled_at = now() - make_interval(secs => $2) WHERE client_id = $1', client.id, seconds);
			return poll(client, code);
		};
		h.assertError(await poll(client, code), 'authorization_pending');
		for (let i = 0; i < 5; i++) h.assertError(await after(interval - 0.7), 'authorization_pending');
		for (let i = 0; i < 3; i++) {
			h.assertError(await atOnce(client, code), 'slow_down');
			h.assertError(await after(interval - 0.7), 'authorization_pending');
		}
		assert.equal(await h.value('SELECT poll_interval FROM pgtoken.device_codes WHERE client_id = $1', client.id), interval);
	});

	it('refused by the user: access_denied; too late: expired_token (C40)', async () => {
		const client = await television();
		const refused = await ask(client);
		assert.equal(await h.value('SELECT pgtoken.deny_device($1, $2)', refused.user_code, h.SUBJECT), null);
		h.assertError(await poll(client, refused.device_code), 'access_denied');
		const late = await ask(client);
		await h.rows('UPDATE pgtoken.device_codes SET expires_at = now() WHERE client_id = $1', client.id);
		h.assertError(await poll(client, late.device_code), 'expired_token');
		assert.equal(await typed(late.user_code, h.unique('typist')), 'invalid_user_code');
	});

	// the attack: a device code that was seen is fetched by another client
	it('the device code is its client\'s (C42)', async () => {
		const client = await television();
		const { device_code: code, user_code: userCode } = await ask(client);
		await typed(userCode);
		h.assertError(await poll(await television(), code), 'invalid_grant');
		h.assertTokens(await poll(client, code));
	});

	it('a device that asked with a key fetches with it (C66)', async () => {
		const client = await television();
		const key = await h.generateKey();
		const { device_code: code, user_code: userCode } = await ask(client, {}, { headers: { dpop: await h.proof(key, { htu: `${h.issuer}/oauth2/device_authorization` }) } });
		await typed(userCode);
		h.assertError(await poll(client, code), 'invalid_grant');
		h.assertError(await poll(client, code, {}, { headers: { dpop: await h.proof(await h.generateKey()) } }), 'invalid_grant');
		h.assertTokens(await poll(client, code, {}, { headers: { dpop: await h.proof(key) } }), { type: 'DPoP' });
	});

	it('user codes: few letters, none alike, however they are typed (C41)', async () => {
		const client = await television();
		const { user_code: userCode } = await ask(client);
		assert.match(userCode, /^[BCDFGHJKLMNPQRSTVWXZ]{3}(-[BCDFGHJKLMNPQRSTVWXZ]{3}){2}$/);
		assert.equal(await typed(` ${userCode.toLowerCase().replaceAll('-', ' - ')} `), null);
	});

	// the attack: user codes are tried out, until one is somebody's who then is logged in on the attacker's device
	it('two hundred wrong user codes: after ten nobody listens, not even to the right one (C41)', async () => {
		const client = await television();
		const { user_code: userCode, device_code: code } = await ask(client);
		const guesser = h.unique('guesser');
		const letters = 'BCDFGHJKLMNPQRSTVWXZ';
		const guesses = Array.from({ length: 200 }, (_, i) => `${userCode[0]}BB-BBB-${letters[i % 20]}${letters[Math.floor(i / 20)]}B`).filter((guess) => guess !== userCode);
		const answers = await Promise.all(guesses.map((guess) => h.value('SELECT pgtoken.device_request($1, $2)', guess, guesser)));
		assert.equal(answers.filter(({ error }) => error === 'invalid_user_code').length, 10);
		assert.equal(answers.filter(({ error }) => error === 'too_many_attempts').length, guesses.length - 10);
		assert.equal((await h.value('SELECT pgtoken.device_request($1, $2)', userCode, guesser)).error, 'too_many_attempts');
		assert.equal(await typed(userCode, guesser), 'too_many_attempts');
		h.assertError(await poll(client, code), 'authorization_pending');
		assert.equal(await typed(userCode, h.unique('owner')), null, 'its owner still can');
	});

	it('at the same time: of parallel polls after the answer one gets the tokens', async () => {
		const client = await television();
		const { device_code: code, user_code: userCode } = await ask(client);
		await typed(userCode);
		const answers = await Promise.all(Array.from({ length: 8 }, () => poll(client, code)));
		assert.equal(answers.filter(({ status }) => status === 200).length, 1);
		for (const answer of answers) if (answer.status !== 200) h.assertError(answer, 'invalid_grant');
	});
});

describe('a client\'s own tokens (RFC 6749 section 4.4)', () => {
	it('by openid-client: no refresh token, no ID token, a subject that no user can have (C13, C48)', async () => {
		const client = await h.newClient({ metadata: { grant_types: ['client_credentials'] } });
		const tokens = await openid.clientCredentialsGrant(await h.configuration(client), { scope: 'notes:read', resource: h.resource });
		assert.deepEqual(Object.keys(tokens).filter((name) => /refresh|id_token/.test(name)), []);
		const { sub } = h.claimsOf(tokens.access_token);
		assert.ok(sub.includes(client.id) && sub !== client.id);
		await assert.rejects(h.value('SELECT pgtoken.issue_tokens($1, $2, \'notes:read\')', client.id, sub), 'no user can be called that');
	});

	it('no scope asked for is what the client may have, one it may not is invalid_scope (C9)', async () => {
		const client = await h.newClient({ scopes: ['notes:read'], metadata: { grant_types: ['client_credentials'] } });
		const tokens = h.assertTokens(await h.token(client, { grant_type: 'client_credentials' }));
		assert.equal(tokens.scope ?? h.claimsOf(tokens.access_token).scope, 'notes:read');
		h.assertError(await h.token(client, { grant_type: 'client_credentials', scope: 'notes:write' }), 'invalid_scope');
		h.assertError(await h.token(client, { grant_type: 'client_credentials', scope: 'NOTES:READ' }), 'invalid_scope');
		h.assertError(await h.token(client, { grant_type: 'client_credentials', scope: 'notes:read "' }), 'invalid_scope');
	});
});

describe('passwords (RFC 6749 section 4.3)', () => {
	it('only for clients that have it allowed, only for the right one (C56)', async () => {
		const client = await h.newClient({ metadata: { grant_types: ['password'] } });
		const ask_ = (parameters) => h.token(client, { grant_type: 'password', scope: 'openid', ...parameters });
		const tokens = h.assertTokens(await ask_({ username: 'demo', password: 'demo-password' }));
		assert.equal(h.claimsOf(tokens.id_token).sub, h.SUBJECT);
		h.assertError(await ask_({ username: 'demo', password: 'wrong' }), 'invalid_grant');
		h.assertError(await ask_({ username: 'nobody', password: 'demo-password' }), 'invalid_grant');
		const other = await h.newClient();
		h.assertError(await h.token(other, { grant_type: 'password', username: 'demo', password: 'demo-password' }), 'unauthorized_client');
	});
});

describe('exchange (RFC 8693)', () => {
	// a client's API token; a service that is that API exchanges it for another API
	const setting = async () => {
		const client = await h.newClient({ scopes: ['openid', 'notes:read', 'orders:read'] });
		const service = await h.newClient({ scopes: ['notes:read', 'orders:read'], metadata: { grant_types: [h.EXCHANGE_GRANT, 'client_credentials'] } });
		const api = `https://${service.id}.example/api`;
		await h.rows('SELECT pgtoken.create_resource($1, $2, client_id => $3)', api, ['x:use'], service.id);
		await h.rows('SELECT pgtoken.update_client($1, scopes => $2)', client.id, ['openid', 'notes:read', 'orders:read', 'x:use']);
		await h.rows('SELECT pgtoken.update_client($1, scopes => $2)', service.id, ['notes:read', 'orders:read', 'x:use']);
		const verifierless = { scope: 'openid offline_access x:use orders:read' };
		const code = await (async () => {
			const verifier = h.newVerifier();
			const pairs = [...Object.entries(h.authorizationParameters(client, verifier, verifierless)), ['resource', api], ['resource', h.otherResource]];
			const { location } = await h.authorize(pairs);
			const { redirect_uri: uri } = await h.approve(location.searchParams.get('transaction_id'), { acr: 'urn:example:x' });
			return { code: new URL(uri).searchParams.get('code'), verifier, redirectUri: client.redirectUri };
		})();
		return { client, service, tokens: h.assertTokens(await h.redeem(client, code)), api };
	};
	const exchange = (service, subjectToken, parameters = {}) => h.token(service, { grant_type: h.EXCHANGE_GRANT, subject_token: subjectToken,
		subject_token_type: h.ACCESS_TOKEN_TYPE, resource: h.otherResource, ...parameters });

	it('by openid-client: for the same user, at another API, never longer or wider (C72)', async () => {
		const { service, tokens } = await setting();
		const config = await h.configuration(service);
		const answer = await openid.genericGrantRequest(config, h.EXCHANGE_GRANT, { subject_token: tokens.access_token, subject_token_type: h.ACCESS_TOKEN_TYPE, resource: h.otherResource });
		assert.equal(answer.issued_token_type, h.ACCESS_TOKEN_TYPE);
		const [before, after] = [h.claimsOf(tokens.access_token), h.claimsOf(answer.access_token)];
		assert.equal(after.sub, before.sub);
		assert.equal(after.client_id, service.id);
		assert.deepEqual([after.aud].flat(), [h.otherResource]);
		assert.equal(after.scope, 'orders:read');
		assert.ok(after.exp <= before.exp);
		assert.equal(after.acr, before.acr);
		assert.ok(!('refresh_token' in answer) && !('id_token' in answer));
	});

	it('who acts is told, and who acted before (C72)', async () => {
		const { service, tokens } = await setting();
		const { access_token: own } = h.assertTokens(await h.token(service, { grant_type: 'client_credentials', scope: 'orders:read' }));
		const actor = { actor_token: own, actor_token_type: h.ACCESS_TOKEN_TYPE };
		const first = h.assertTokens(await exchange(service, tokens.access_token, actor));
		const { act } = h.claimsOf(first.access_token);
		assert.equal(act.sub, h.claimsOf(own).sub);
		const second = h.assertTokens(await exchange(service, first.access_token, actor));
		assert.deepEqual(h.claimsOf(second.access_token).act, { sub: act.sub, act });
	});

	// the attack: a token that is dead or stolen is turned into one that lives
	it('a token that was revoked, that is no access token, or is for others, is refused (C72)', async () => {
		const { client, service, tokens, api } = await setting();
		h.assertError(await exchange(service, 'x'), 'invalid_request');
		h.assertError(await exchange(service, tokens.id_token), 'invalid_request');
		h.assertError(await exchange(service, tokens.access_token, { scope: 'notes:read' }), 'invalid_scope');
		h.assertError(await exchange(service, tokens.access_token, { subject_token_type: 'urn:ietf:params:oauth:token-type:refresh_token' }), 'invalid_request');
		const stranger = await h.newClient({ scopes: ['orders:read'], metadata: { grant_types: [h.EXCHANGE_GRANT] } });
		h.assertError(await exchange(stranger, tokens.access_token), 'invalid_request');
		assert.ok([h.claimsOf(tokens.access_token).aud].flat().includes(api));
		await h.postAs(client, '/oauth2/revoke', { token: tokens.refresh_token });
		h.assertError(await exchange(service, tokens.access_token), 'invalid_request');
	});

	it('what was derived dies with what it comes from (C72)', async () => {
		const { client, service, tokens } = await setting();
		const { access_token: derived } = h.assertTokens(await exchange(service, tokens.access_token));
		const { access_token: further } = h.assertTokens(await exchange(service, derived));
		for (const token of [derived, further]) assert.equal((await h.introspect(service, token)).active, true);
		await h.postAs(client, '/oauth2/revoke', { token: tokens.refresh_token });
		for (const token of [derived, further]) assert.deepEqual(await h.introspect(service, token), { active: false });
	});

	it('and with the very token it comes from, when that goes alone (C72)', async () => {
		const { client, service, tokens } = await setting();
		const { access_token: derived } = h.assertTokens(await exchange(service, tokens.access_token));
		await h.postAs(client, '/oauth2/revoke', { token: tokens.access_token });
		assert.deepEqual(await h.introspect(service, derived), { active: false });
		h.assertTokens(await h.refresh(client, tokens.refresh_token));
	});
});

describe('introspection (RFC 7662)', () => {
	it('by openid-client: the same that the token says (C31)', async () => {
		const client = await h.newClient();
		const { access_token: accessToken } = await h.newTokens(client, {}, { acr: 'urn:example:x' });
		const answer = await openid.tokenIntrospection(await h.configuration(client), accessToken);
		const claims = h.claimsOf(accessToken);
		assert.equal(answer.active, true);
		assert.equal(answer.token_type, 'Bearer');
		for (const name of ['scope', 'client_id', 'sub', 'exp', 'iat', 'iss', 'aud', 'jti', 'acr', 'auth_time']) assert.deepEqual(answer[name], claims[name], name);
	});

	it('the resource server is told, others are not (C30)', async () => {
		const client = await h.newClient();
		const stranger = await h.newClient();
		const server = { id: h.facts.API_CLIENT_ID, secret: h.facts.API_CLIENT_SECRET, method: 'client_secret_basic' };
		const { access_token: accessToken } = await h.newTokens(client);
		assert.equal((await h.introspect(server, accessToken)).active, true);
		assert.deepEqual(await h.introspect(stranger, accessToken), { active: false });
	});

	// the attack: an endpoint that tells one reason from another, or answers anybody, is an oracle for stolen tokens
	it('whatever is wrong with a token, the answer is the same (C30), and nobody unknown gets it (C29)', async () => {
		const client = await h.newClient();
		const { access_token: accessToken, refresh_token: refreshToken, id_token: idToken, grantId } = await h.newTokens(client);
		const broken = `${accessToken.slice(0, -4)}AAAA`;
		for (const token of ['x', broken, idToken, `${accessToken}.x`, '\u00fc'.repeat(50)]) assert.deepEqual(await h.introspect(client, token), { active: false });
		assert.equal((await h.introspect(client, refreshToken)).active, true);
		await h.rows('SELECT pgtoken.revoke_family($1)', grantId);
		for (const token of [accessToken, refreshToken]) assert.deepEqual(await h.introspect(client, token), { active: false });
		h.assertError(await h.post('/oauth2/introspect', { token: accessToken }), 'invalid_client', 401);
		h.assertError(await h.post('/oauth2/introspect', { token: accessToken }, { headers: h.basic(client.id, 'wrong') }), 'invalid_client', 401);
		h.assertError(await h.post('/oauth2/introspect', { token: accessToken }, { headers: h.bearer(accessToken) }), 'invalid_client', 401);
		h.assertError(await h.postAs(client, '/oauth2/introspect', {}), 'invalid_request');
	});

	it('refresh tokens are for their client alone (C32)', async () => {
		const client = await h.newClient();
		const { refresh_token: refreshToken } = await h.newTokens(client);
		assert.deepEqual(await h.introspect(await h.newClient(), refreshToken), { active: false });
		assert.deepEqual(await h.introspect({ id: h.facts.API_CLIENT_ID, secret: h.facts.API_CLIENT_SECRET, method: 'client_secret_basic' }, refreshToken), { active: false });
	});

	it('signed (RFC 9701), verified by oauth4webapi and by jose (C33)', async () => {
		const client = await h.newClient();
		const [server, asking, auth] = await h.arguments_(client);
		const { access_token: accessToken } = await h.newTokens(client);
		const response = await oauth.introspectionRequest(server, asking, auth, accessToken, { requestJwtResponse: true, ...h.insecure });
		assert.equal(response.headers.get('content-type').split(';')[0], 'application/token-introspection+jwt');
		const text = await response.clone().text();
		const answer = await oauth.processIntrospectionResponse(server, asking, response);
		await oauth.validateApplicationLevelSignature(server, response, h.insecure);
		assert.equal(answer.active, true);
		const { payload } = await jwtVerify(text, createRemoteJWKSet(new URL(server.jwks_uri)), { issuer: h.issuer, audience: client.id, typ: 'token-introspection+jwt' });
		assert.equal(payload.token_introspection.client_id, client.id);
		// the attack: an answer about a token that passes for a token
		for (const name of ['sub', 'exp']) assert.ok(!(name in payload), name);
		assert.equal((await h.notes(h.bearer(text))).status, 401);
		const inactive = await oauth.introspectionRequest(server, asking, auth, 'x', { requestJwtResponse: true, ...h.insecure });
		assert.deepEqual(await oauth.processIntrospectionResponse(server, asking, inactive), { active: false });
	});
});

describe('revocation (RFC 7009)', () => {
	it('of a refresh token by openid-client ends the access tokens as well, at once (C25)', async () => {
		const client = await h.newClient();
		const tokens = await h.newTokens(client);
		assert.equal((await h.notes(h.bearer(tokens.access_token))).status, 200);
		await openid.tokenRevocation(await h.configuration(client), tokens.refresh_token);
		assert.equal((await h.notes(h.bearer(tokens.access_token))).status, 401);
		h.assertError(await h.refresh(client, tokens.refresh_token), 'invalid_grant');
	});

	it('of an access token by oauth4webapi ends that one alone', async () => {
		const client = await h.newClient();
		const [server, asking, auth] = await h.arguments_(client);
		const tokens = await h.newTokens(client);
		await oauth.processRevocationResponse(await oauth.revocationRequest(server, asking, auth, tokens.access_token, h.insecure));
		assert.equal((await h.notes(h.bearer(tokens.access_token))).status, 401);
		h.assertTokens(await h.refresh(client, tokens.refresh_token));
	});

	it('a wrong hint still finds it, an unknown token is no error (C23, C26)', async () => {
		const client = await h.newClient();
		const tokens = await h.newTokens(client);
		const revoke = async (parameters) => {
			const answer = await h.postAs(client, '/oauth2/revoke', parameters);
			assert.equal(answer.status, 200);
			assert.equal(answer.text, '');
		};
		await revoke({ token: tokens.refresh_token, token_type_hint: 'access_token' });
		assert.equal((await h.notes(h.bearer(tokens.access_token))).status, 401);
		for (const token of [tokens.refresh_token, tokens.access_token, 'x', '\u00fc']) await revoke({ token, token_type_hint: 'unheard-of' });
		h.assertError(await h.postAs(client, '/oauth2/revoke', { token: tokens.id_token }), 'unsupported_token_type'); // C27
		h.assertError(await h.postAs(client, '/oauth2/revoke', {}), 'invalid_request');
	});

	// the attack: who has found a token of another client ends that client's sessions
	it('of another client\'s token changes nothing (C24)', async () => {
		const client = await h.newClient();
		const tokens = await h.newTokens(client);
		const other = await h.newClient();
		for (const token of [tokens.refresh_token, tokens.access_token]) assert.equal((await h.postAs(other, '/oauth2/revoke', { token })).status, 200);
		assert.equal((await h.notes(h.bearer(tokens.access_token))).status, 200);
		h.assertTokens(await h.refresh(client, tokens.refresh_token));
	});

	it('a public client may revoke its own (C28)', async () => {
		const client = await h.publicClient();
		const tokens = await h.newTokens(client);
		assert.equal((await h.postAs(client, '/oauth2/revoke', { token: tokens.refresh_token })).status, 200);
		h.assertError(await h.refresh(client, tokens.refresh_token), 'invalid_grant');
	});
});

describe('userinfo', () => {
	it('GET and POST, by header and by form, never both (C88)', async () => {
		const client = await h.newClient();
		const { access_token: accessToken } = await h.newTokens(client, { scope: 'openid profile', resource: undefined });
		const expected = { sub: h.SUBJECT, name: 'Demo User', preferred_username: 'demo' };
		assert.deepEqual((await h.get('/oauth2/userinfo', { headers: h.bearer(accessToken) })).json, expected);
		assert.deepEqual((await h.post('/oauth2/userinfo', '', { headers: h.bearer(accessToken) })).json, expected);
		assert.deepEqual((await h.post('/oauth2/userinfo', { access_token: accessToken })).json, expected);
		assert.equal((await h.post('/oauth2/userinfo', { access_token: accessToken }, { headers: h.bearer(accessToken) })).status, 400);
		// RFC 6750 section 2.3 has gone: a token in an address is in every log
		assert.equal((await h.get('/oauth2/userinfo', { query: { access_token: accessToken } })).status, 401);
		assert.equal((await h.post('/oauth2/userinfo', '', { query: { access_token: accessToken } })).status, 401);
	});

	it('without a token, with a wrong one, without openid: a challenge each (C15)', async () => {
		const client = await h.newClient();
		const userinfo = async (headers) => {
			const answer = await h.get('/oauth2/userinfo', { headers });
			return [answer.status, answer.headers.get('www-authenticate')];
		};
		const [none, challenge] = await userinfo({});
		assert.equal(none, 401);
		assert.match(challenge, /^Bearer/);
		assert.doesNotMatch(challenge, /error=/);
		for (const token of ['x', (await h.newTokens(client)).id_token]) {
			const [status, text] = await userinfo(h.bearer(token));
			assert.equal(status, 401);
			assert.match(text, /error="invalid_token"/);
		}
		const { access_token: accessToken } = h.assertTokens(await h.redeem(client, await h.newCode(client, { scope: 'notes:read' })));
		const [status, text] = await userinfo(h.bearer(accessToken));
		assert.equal(status, 403);
		assert.match(text, /error="insufficient_scope".*scope="openid"/);
	});

	it('a revoked token is none', async () => {
		const client = await h.newClient();
		const { access_token: accessToken, grantId } = await h.newTokens(client);
		await h.rows('SELECT pgtoken.revoke_family($1)', grantId);
		assert.equal((await h.get('/oauth2/userinfo', { headers: h.bearer(accessToken) })).status, 401);
	});
});
