// The authorization code flow, by clients that are not ours; the user's part is
// called in SQL here, browser.test.mjs clicks it.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { describe, it } from 'node:test';

import { createRemoteJWKSet, jwtVerify } from 'jose';
import * as oauth from 'oauth4webapi';
import * as openid from 'openid-client';

import * as h from './harness.mjs';

/** left half of the hash, of the algorithm's size (C82) */
const halfHash = (text, bits) => createHash(`sha${bits}`).update(text).digest().subarray(0, bits / 16).toString('base64url');

describe('code flow', () => {
	it('by openid-client: tokens, ID token, userinfo, refresh (C77, C81, C84, C88)', async () => {
		const client = await h.newClient();
		const config = await h.configuration(client);
		openid.enableNonRepudiationChecks(config);
		const verifier = openid.randomPKCECodeVerifier();
		const state = openid.randomState();
		const nonce = openid.randomNonce();
		const url = openid.buildAuthorizationUrl(config, { redirect_uri: client.redirectUri, scope: 'openid profile email offline_access',
			code_challenge: await openid.calculatePKCECodeChallenge(verifier), code_challenge_method: 'S256', state, nonce });
		const { location } = await h.authorize(url.search.slice(1));
		const { redirect_uri: callback } = await h.approve(location.searchParams.get('transaction_id'));
		const tokens = await openid.authorizationCodeGrant(config, new URL(callback), { pkceCodeVerifier: verifier, expectedState: state, expectedNonce: nonce });
		const claims = tokens.claims();
		assert.equal(claims.iss, h.issuer);
		assert.equal(claims.sub, h.SUBJECT);
		assert.deepEqual([claims.aud].flat(), [client.id]);
		const userinfo = await openid.fetchUserInfo(config, tokens.access_token, claims.sub);
		assert.equal(userinfo.email, 'demo@example.com');
		assert.equal(userinfo.preferred_username, 'demo');
		const refreshed = await openid.refreshTokenGrant(config, tokens.refresh_token);
		assert.equal(refreshed.claims().sub, h.SUBJECT);
		assert.ok(refreshed.refresh_token !== tokens.refresh_token, 'rotated');
	});

	it('by oauth4webapi, for a public client (C50)', async () => {
		const client = await h.publicClient();
		const [server, webClient, auth] = await h.arguments_(client);
		const { callback, verifier, nonce, state } = await h.newCode(client, { scope: 'openid offline_access' });
		const parameters = oauth.validateAuthResponse(server, webClient, callback, state);
		const response = await oauth.authorizationCodeGrantRequest(server, webClient, auth, parameters, client.redirectUri, verifier, h.insecure);
		const tokens = await oauth.processAuthorizationCodeResponse(server, webClient, response, { expectedNonce: nonce, requireIdToken: true });
		assert.equal(oauth.getValidatedIdTokenClaims(tokens).sub, h.SUBJECT);
		const again = await oauth.refreshTokenGrantRequest(server, webClient, auth, tokens.refresh_token, h.insecure);
		assert.ok((await oauth.processRefreshTokenResponse(server, webClient, again)).refresh_token !== tokens.refresh_token, 'rotated');
	});

	it('verified by jose: access token as RFC 9068 has it, at_hash of the algorithm\'s size (C43, C44, C82, C84)', async () => {
		const keys = createRemoteJWKSet(new URL(`${h.issuer}/oauth2/jwks`));
		for (const [alg, bits] of [['ES256', 256], ['ES384', 384], ['ES512', 512], ['RS256', 256], ['EdDSA', 512]]) {
			const client = await h.newClient({ signingAlg: alg });
			const code = await h.newCode(client, { scope: 'openid notes:read', resource: h.resource }, { acr: 'urn:example:x', amr: ['pwd'] });
			const tokens = h.assertTokens(await h.redeem(client, code));
			const { payload, protectedHeader } = await jwtVerify(tokens.access_token, keys, { issuer: h.issuer, audience: h.resource, typ: 'at+jwt' });
			assert.equal(protectedHeader.alg, alg);
			for (const name of ['sub', 'client_id', 'iat', 'exp', 'jti', 'auth_time', 'acr', 'amr']) assert.ok(name in payload, name);
			assert.equal(payload.client_id, client.id);
			assert.equal(payload.scope.split(' ').sort().join(' '), 'notes:read openid');
			const { payload: id } = await jwtVerify(tokens.id_token, keys, { issuer: h.issuer, audience: client.id, typ: 'JWT' });
			assert.ok(id.nonce === code.nonce, 'nonce unchanged');
			assert.ok(id.at_hash === halfHash(tokens.access_token, bits), `${alg}: at_hash`);
			assert.ok(!('role' in id), 'the role of the API is in the access token alone');
		}
	});

	it('without openid there is no ID token (C81)', async () => {
		const client = await h.newClient();
		const tokens = h.assertTokens(await h.redeem(client, await h.newCode(client, { scope: 'notes:read', nonce: undefined })));
		assert.ok(!('id_token' in tokens));
	});

	it('state and iss come back, and nothing else (C77)', async () => {
		const client = await h.newClient();
		const state = 'a state with "quotes", ünïcode & signs=%41+/?#';
		const { callback } = await h.newCode(client, { state });
		assert.equal(callback.searchParams.get('state'), state);
		assert.equal(callback.searchParams.get('iss'), h.issuer);
		assert.deepEqual([...callback.searchParams.keys()].sort(), ['code', 'iss', 'state']);
	});

	it('the request may be posted as well', async () => {
		const client = await h.newClient();
		const { location } = await h.authorize(h.authorizationParameters(client, h.newVerifier()), { method: 'POST' });
		assert.ok(h.toLogin(location));
	});

	it('the code is long and random enough, in characters that need no encoding (C22)', async () => {
		const { code } = await h.newCode(await h.newClient());
		assert.match(code.length > 40 ? 'long' : 'short', /long/);
		assert.ok(/^[\w.~-]+$/.test(code), 'unreserved characters only');
	});
});

describe('scope and audience', () => {
	it('what was not consented to is not granted, and the answer says so (C9)', async () => {
		const client = await h.newClient();
		const code = await h.newCode(client, { scope: 'openid notes:read notes:write', resource: h.resource }, { consent: 'openid notes:read' });
		const tokens = h.assertTokens(await h.redeem(client, code));
		assert.equal(tokens.scope.split(' ').sort().join(' '), 'notes:read openid');
	});

	it('scopes of several APIs need the resource to be named; several may be (C47, C71)', async () => {
		const client = await h.newClient({ scopes: ['openid', 'notes:read', 'orders:read'] });
		const asked = (changes) => h.authorizationParameters(client, h.newVerifier(), { scope: 'openid notes:read orders:read', ...changes });
		assert.equal((await h.authorize(asked({}))).location.searchParams.get('error'), 'invalid_scope');
		const verifier = h.newVerifier();
		const pairs = [...Object.entries(h.authorizationParameters(client, verifier, { scope: 'openid notes:read orders:read' })),
			['resource', h.resource], ['resource', h.otherResource]];
		const { location } = await h.authorize(pairs);
		const { redirect_uri: uri } = await h.approve(location.searchParams.get('transaction_id'));
		const code = new URL(uri).searchParams.get('code');
		const tokens = h.assertTokens(await h.redeem(client, { code, verifier, redirectUri: client.redirectUri }, { resource: h.resource }));
		assert.deepEqual([h.claimsOf(tokens.access_token).aud].flat(), [h.resource], 'narrowed to the one that was named (C70)');
	});

	it('offline_access is for clients that may have it, by consent (C87, C95)', async () => {
		const online = await h.newClient({ offline: false });
		const first = await h.redeem(online, await h.newCode(online, { scope: 'openid offline_access' }));
		assert.ok(!('refresh_token' in h.assertTokens(first)), 'not allowed to the client');
		const offline = await h.newClient();
		const second = await h.redeem(offline, await h.newCode(offline, { scope: 'openid offline_access' }, { consent: 'openid' }));
		assert.ok(!('refresh_token' in h.assertTokens(second)), 'not consented to');
		const third = await h.redeem(offline, await h.newCode(offline, { scope: 'openid' }));
		assert.ok(!('refresh_token' in h.assertTokens(third)), 'not asked for');
	});
});

describe('PKCE', () => {
	it('passes the vector of RFC 7636 appendix B (C35)', async () => {
		const client = await h.publicClient();
		const code = await h.newCode(client, { code_challenge: 'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM' });
		h.assertTokens(await h.redeem(client, { ...code, verifier: 'dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk' }));
	});

	// the attack: a stolen code, and a verifier that is guessed
	it('another verifier, a bit off, or one of the wrong form is refused (C35)', async () => {
		const client = await h.publicClient();
		const code = await h.newCode(client);
		const off = `${code.verifier.slice(0, -1)}${code.verifier.endsWith('A') ? 'B' : 'A'}`;
		for (const verifier of [off, h.newVerifier(), 'short', 'x'.repeat(129), `${'x'.repeat(42)}!`]) {
			h.assertError(await h.redeem(client, { ...code, verifier }), 'invalid_grant');
		}
		h.assertTokens(await h.redeem(client, code));
	});

	// the attack: a verifier that can be guessed, from a client that had the service take its challenge
	it('a verifier of the wrong form is refused although it is the right one (C34)', async () => {
		const client = await h.publicClient();
		const cases = [['x'.repeat(42), false], ['x'.repeat(43), true], ['-._~'.repeat(32), true], ['x'.repeat(129), false], [`${'x'.repeat(42)}!`, false],
			[`${'x'.repeat(42)} `, false], [`${'x'.repeat(42)}\u00fc`, false]];
		for (const [verifier, good] of cases) {
			const code = await h.newCode(client, { code_challenge: h.challengeOf(verifier) });
			const answer = await h.redeem(client, { ...code, verifier });
			if (good) h.assertTokens(answer);
			else h.assertError(answer, 'invalid_grant');
		}
	});

	// the attack (downgrade): PKCE is taken off, from the request or from the redemption (RFC 9700 section 2.1.1)
	it('is not to be left out, neither in the request nor later (C36, C37)', async () => {
		const client = await h.publicClient();
		for (const changes of [{ code_challenge: undefined, code_challenge_method: undefined }, { code_challenge_method: 'plain' }, { code_challenge_method: undefined }]) {
			const { location } = await h.authorize(h.authorizationParameters(client, h.newVerifier(), changes));
			assert.equal(location.searchParams.get('error'), 'invalid_request');
		}
		h.assertError(await h.redeem(client, { ...await h.newCode(client), verifier: undefined }), 'invalid_grant');
		const without = await h.newClient({ metadata: { require_pkce: false } });
		const code = await h.newCode(without, { code_challenge: undefined, code_challenge_method: undefined });
		h.assertError(await h.redeem(without, { ...code, verifier: h.newVerifier() }), 'invalid_grant');
	});
});

describe('redemption', () => {
	// the attack: a code that was intercepted is used after its owner has used it
	it('a second use is refused and ends what the first brought (C10, C58)', async () => {
		const client = await h.newClient();
		const code = await h.newCode(client, { scope: 'openid offline_access notes:read', resource: h.resource });
		const tokens = h.assertTokens(await h.redeem(client, code));
		assert.equal((await h.notes(h.bearer(tokens.access_token))).status, 200);
		h.assertError(await h.redeem(client, code), 'invalid_grant');
		assert.equal((await h.notes(h.bearer(tokens.access_token))).status, 401, 'the access token is dead');
		h.assertError(await h.refresh(client, tokens.refresh_token), 'invalid_grant');
	});

	// the attack (denial of service): who has seen a code but lacks the verifier uses it, to have the family of its owner ended
	it('a second use without the verifier ends nothing (C58)', async () => {
		const client = await h.publicClient();
		const code = await h.newCode(client, { scope: 'openid offline_access' });
		const tokens = h.assertTokens(await h.redeem(client, code));
		h.assertError(await h.redeem(client, { ...code, verifier: h.newVerifier() }), 'invalid_grant');
		h.assertTokens(await h.refresh(client, tokens.refresh_token));
	});

	// the attack: code injection, a code of one client at another
	it('by another client is refused, and the right one can still redeem (C11)', async () => {
		const client = await h.newClient();
		const other = await h.newClient();
		const code = await h.newCode(client);
		h.assertError(await h.redeem(other, code), 'invalid_grant');
		h.assertTokens(await h.redeem(client, code));
	});

	it('wants the same redirect_uri (C12)', async () => {
		const client = await h.newClient({ redirectUris: [h.REDIRECT_URI, `${h.REDIRECT_URI}2`] });
		const code = await h.newCode(client);
		for (const redirectUri of [`${h.REDIRECT_URI}2`, undefined, `${h.REDIRECT_URI}/`]) {
			h.assertError(await h.redeem(client, { ...code, redirectUri }), 'invalid_grant');
		}
		h.assertTokens(await h.redeem(client, code));
	});

	it('without a redirect_uri at both where there is but one to choose (C12)', async () => {
		const client = await h.newClient();
		const code = await h.newCode(client, { redirect_uri: undefined, scope: 'notes:read' });
		assert.equal(`${code.callback.origin}${code.callback.pathname}`, client.redirectUri);
		h.assertTokens(await h.redeem(client, code));
		const several = await h.newClient({ redirectUris: [h.REDIRECT_URI, `${h.REDIRECT_URI}2`] });
		const { location } = await h.authorize(h.authorizationParameters(several, h.newVerifier(), { redirect_uri: undefined, scope: 'notes:read' }));
		assert.ok(location === null, 'sent nowhere');
	});

	it('is a matter of a minute, whatever is configured of at most ten (C10)', async () => {
		const client = await h.newClient();
		const code = await h.newCode(client);
		assert.equal(await h.value('SELECT extract(epoch FROM expires_at - created_at)::int FROM pgtoken.authorization_codes WHERE client_id = $1', client.id), 60);
		await assert.rejects(h.rows('SET pgtoken.authorization_code_lifetime = \'601s\''), { code: '22023' });
		await h.rows('UPDATE pgtoken.authorization_codes SET expires_at = now() WHERE client_id = $1', client.id);
		h.assertError(await h.redeem(client, code), 'invalid_grant');
	});

	it('needs the client to prove itself (C8)', async () => {
		const client = await h.newClient();
		const { code, verifier, redirectUri } = await h.newCode(client);
		const bare = { grant_type: 'authorization_code', code, code_verifier: verifier, redirect_uri: redirectUri, client_id: client.id };
		h.assertError(await h.post('/oauth2/token', bare), 'invalid_client', 401);
	});
});

describe('the user\'s authentication', () => {
	it('max_age: a login too long ago is not good enough, and auth_time is told (C79, C85)', async () => {
		const client = await h.newClient();
		const { location } = await h.authorize(h.authorizationParameters(client, h.newVerifier(), { max_age: '60' }));
		const transaction = location.searchParams.get('transaction_id');
		const early = new Date(Date.now() - 3600_000).toISOString();
		const refused = await h.approve(transaction, { authTime: early });
		assert.ok(refused.redirect_uri === null, 'no code');
		assert.equal(refused.error, 'login_required');
		assert.ok((await h.approve(transaction)).redirect_uri, 'a new login is');
		const config = await h.configuration(client);
		const { callback, verifier, nonce, state } = await h.newCode(client, { max_age: '60' });
		const tokens = await openid.authorizationCodeGrant(config, callback, { pkceCodeVerifier: verifier, expectedNonce: nonce, expectedState: state, maxAge: 60 });
		assert.ok(Number.isInteger(tokens.claims().auth_time));
	});

	it('prompt=none: who would have to be asked is not, the client is told (C77)', async () => {
		const client = await h.newClient();
		const asked = h.authorizationParameters(client, h.newVerifier(), { prompt: 'none' });
		const { location } = await h.authorize(asked);
		const { redirect_uri: uri } = await h.approve(location.searchParams.get('transaction_id'), { consent: null });
		const { searchParams } = new URL(uri);
		assert.equal(searchParams.get('error'), 'consent_required');
		assert.equal(searchParams.get('iss'), h.issuer);
		assert.ok(searchParams.get('state') === asked.state, 'state');
		await h.newCode(client); // now there is a consent
		const again = await h.authorize(asked);
		const answer = await h.approve(again.location.searchParams.get('transaction_id'), { consent: null });
		assert.ok(new URL(answer.redirect_uri).searchParams.has('code'));
	});

	it('prompt=login: an earlier login does not count', async () => {
		const client = await h.newClient();
		const { location } = await h.authorize(h.authorizationParameters(client, h.newVerifier(), { prompt: 'login' }));
		const answer = await h.approve(location.searchParams.get('transaction_id'), { authTime: new Date(Date.now() - 60_000).toISOString() });
		assert.equal(answer.error, 'login_required');
	});

	it('id_token_hint: another user does not do; a token that is no hint is refused', async () => {
		const client = await h.newClient();
		const { id_token: hint, access_token: accessToken } = h.assertTokens(await h.redeem(client, await h.newCode(client)));
		const { location } = await h.authorize(h.authorizationParameters(client, h.newVerifier(), { id_token_hint: hint }));
		assert.equal((await h.approve(location.searchParams.get('transaction_id'), { subject: h.OTHER_SUBJECT })).error, 'login_required');
		// the attack: an access token of the user, or another client's ID token, as a hint
		const other = await h.newClient();
		const { id_token: others } = h.assertTokens(await h.redeem(other, await h.newCode(other)));
		for (const wrong of [accessToken, others, 'e30.e30.e30']) {
			const refused = await h.authorize(h.authorizationParameters(client, h.newVerifier(), { id_token_hint: wrong }));
			assert.equal(refused.location.searchParams.get('error'), 'invalid_request');
		}
	});

	it('acr and auth_time outlive refreshes, the ID token is a new one (C45, C86)', async () => {
		const client = await h.newClient();
		const first = await h.newTokens(client, {}, { acr: 'urn:example:x', amr: ['pwd', 'otp'], authTime: new Date(Date.now() - 100_000).toISOString() });
		await new Promise((resolve) => { setTimeout(resolve, 1050 - (Date.now() % 1000)); }); // iat has whole seconds
		const second = h.assertTokens(await h.refresh(client, first.refresh_token));
		const [before, after] = [h.claimsOf(first.id_token), h.claimsOf(second.id_token)];
		for (const name of ['iss', 'sub', 'aud', 'azp', 'auth_time', 'acr', 'amr', 'sid']) assert.deepEqual(after[name], before[name], name);
		assert.ok(after.iat > before.iat);
		assert.ok(after.nonce === undefined || after.nonce === before.nonce, 'nonce absent or the same');
		assert.equal(h.claimsOf(second.access_token).auth_time, before.auth_time);
		assert.equal(h.claimsOf(second.access_token).acr, 'urn:example:x');
	});
});

describe('pairwise subjects (C89)', () => {
	it('differ between sectors, are equal within one, and are what userinfo says (C88)', async () => {
		const make = (redirectUri, sector) => h.newClient({ redirectUris: [redirectUri], metadata: { subject_type: 'pairwise', ...(sector && { sector_identifier: sector }) } });
		const clients = [await make('https://a.example/cb'), await make('https://a.example/other'), await make('https://b.example/cb'), await make('https://c.example/cb', 'a.example')];
		const subjects = [];
		for (const client of clients) {
			const tokens = h.assertTokens(await h.redeem(client, await h.newCode(client)));
			const { sub } = h.claimsOf(tokens.id_token);
			assert.equal((await h.get('/oauth2/userinfo', { headers: h.bearer(tokens.access_token) })).json.sub, sub);
			assert.equal(h.claimsOf(tokens.access_token).sub, sub);
			subjects.push(sub);
		}
		assert.equal(subjects[1], subjects[0]);
		assert.notEqual(subjects[2], subjects[0]);
		assert.equal(subjects[3], subjects[0]);
		assert.ok(!subjects.includes(h.SUBJECT));
	});

	it('the API still knows whose data they are', async () => {
		const client = await h.newClient({ metadata: { subject_type: 'pairwise' } });
		const { access_token: accessToken } = await h.newTokens(client);
		const { json } = await h.get('/api/whoami', { headers: h.bearer(accessToken) });
		assert.equal(json.subject, h.SUBJECT);
		assert.equal(json.role, 'api_user');
	});
});

describe('pushed requests', () => {
	const push = async (client, changes = {}, options) => {
		const verifier = h.newVerifier();
		const { client_id: id, ...asked } = h.authorizationParameters(client, verifier, changes);
		return { verifier, asked, response: await h.postAs(client, '/oauth2/par', asked, options) };
	};

	it('by openid-client (C78)', async () => {
		const client = await h.newClient({ metadata: { require_pushed_authorization_requests: true } });
		const config = await h.configuration(client);
		const verifier = openid.randomPKCECodeVerifier();
		const state = openid.randomState();
		const url = await openid.buildAuthorizationUrlWithPAR(config, { redirect_uri: client.redirectUri, scope: 'openid', state,
			code_challenge: await openid.calculatePKCECodeChallenge(verifier), code_challenge_method: 'S256' });
		assert.deepEqual([...url.searchParams.keys()].sort(), ['client_id', 'request_uri']);
		const { location } = await h.authorize(url.search.slice(1));
		const { redirect_uri: callback } = await h.approve(location.searchParams.get('transaction_id'));
		const tokens = await openid.authorizationCodeGrant(config, new URL(callback), { pkceCodeVerifier: verifier, expectedState: state });
		assert.equal(tokens.claims().sub, h.SUBJECT);
	});

	it('by oauth4webapi (C78)', async () => {
		const client = await h.newClient();
		const [server, webClient, auth] = await h.arguments_(client);
		const verifier = h.newVerifier();
		const { client_id: id, ...asked } = h.authorizationParameters(client, verifier);
		const response = await oauth.pushedAuthorizationRequest(server, webClient, auth, asked, h.insecure);
		const { request_uri: uri, expires_in: expires } = await oauth.processPushedAuthorizationResponse(server, webClient, response);
		assert.ok(uri.startsWith('urn:ietf:params:oauth:request_uri:'));
		assert.ok(expires > 0 && expires < 600);
	});

	it('by a public client', async () => {
		const { response } = await push(await h.publicClient());
		assert.equal(response.status, 201);
	});

	it('a request_uri is good once, for its client, for a while; what is beside it does not count (C78)', async () => {
		const client = await h.newClient();
		const other = await h.newClient();
		const { response } = await push(client);
		assert.equal(response.status, 201);
		h.assertUncached(response);
		const { request_uri: uri } = response.json;
		h.assertError(await h.authorize({ client_id: other.id, request_uri: uri }), 'invalid_request_uri');
		// the attack: the pushed request is swapped for another on the way through the browser
		const { location } = await h.authorize({ client_id: client.id, request_uri: uri, scope: 'openid notes:write', redirect_uri: 'https://evil.example/cb' });
		assert.ok(h.toLogin(location));
		const request = await h.value('SELECT pgtoken.authorization_request($1)', location.searchParams.get('transaction_id'));
		assert.equal(request.scope, 'openid');
		assert.equal(request.redirect_uri, client.redirectUri);
		await h.approve(location.searchParams.get('transaction_id'));
		h.assertError(await h.authorize({ client_id: client.id, request_uri: uri }), 'invalid_request_uri');
		const { response: late } = await push(client);
		await h.rows('UPDATE pgtoken.authorization_requests SET expires_at = now() WHERE client_id = $1', client.id);
		h.assertError(await h.authorize({ client_id: client.id, request_uri: late.json.request_uri }), 'invalid_request_uri');
	});

	it('are checked when they are pushed, and the client proves itself (C8, C78)', async () => {
		const client = await h.newClient();
		h.assertError((await push(client, { redirect_uri: 'https://evil.example/cb' })).response, 'invalid_request');
		h.assertError((await push(client, { scope: 'unheard-of' })).response, 'invalid_scope');
		h.assertError((await push(client, { code_challenge: undefined })).response, 'invalid_request');
		h.assertError((await push(client, { request_uri: 'urn:ietf:params:oauth:request_uri:x' })).response, 'invalid_request');
		h.assertError(await h.post('/oauth2/par', h.authorizationParameters(client, h.newVerifier())), 'invalid_client', 401);
	});

	// the attack: a client that is held to pushed requests is sent a request by a link
	it('where they are required, others are refused (C78)', async () => {
		const client = await h.newClient({ metadata: { require_pushed_authorization_requests: true } });
		const { location } = await h.authorize(h.authorizationParameters(client, h.newVerifier()));
		assert.equal(location.searchParams.get('error'), 'invalid_request');
	});

	// the attack: everything from before a time is ended, and what was approved before it and redeemed behind it lives on
	it('a time that is named ends what was approved before it, whenever it was redeemed', async () => {
		const client = await h.newClient();
		const subject = h.unique('user');
		const code = await h.newCode(client, { scope: 'openid offline_access notes:read', resource: h.resource }, { subject });
		const moment = await h.value('SELECT clock_timestamp()::text');
		const tokens = h.assertTokens(await h.redeem(client, code));
		assert.equal((await h.notes(h.bearer(tokens.access_token))).status, 200);
		await h.rows('SELECT pgtoken.set_not_before($1::timestamptz, issuer => $2, subject => $3)', moment, h.issuer, subject);
		assert.equal((await h.notes(h.bearer(tokens.access_token))).status, 401);
		h.assertError(await h.refresh(client, tokens.refresh_token), 'invalid_grant');
	});
});
