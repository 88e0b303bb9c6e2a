// DPoP (RFC 9449): proofs by libraries that are not ours, and wrong ones by hand.
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, describe, it } from 'node:test';

import * as oauth from 'oauth4webapi';
import * as openid from 'openid-client';

import * as h from './harness.mjs';

const machine = () => h.newClient({ metadata: { grant_types: ['authorization_code', 'client_credentials'] } });
const credentials = (client, dpop, parameters = {}) => h.token(client, { grant_type: 'client_credentials', scope: 'notes:read', resource: h.resource, ...parameters },
	dpop === undefined ? {} : { headers: { dpop } });

/** the API, with the scheme DPoP */
const notesWith = async (key, accessToken, changes = {}) => h.notes({ authorization: `DPoP ${accessToken}`,
	dpop: await h.proof(key, { htm: 'GET', htu: `${h.issuer}/api/notes`, accessToken, ...changes }) });

describe('by libraries', () => {
	it('openid-client: code flow, userinfo, refresh, all with one key (C63, C66)', async () => {
		const client = await h.publicClient();
		const config = await h.configuration(client);
		const keys = await openid.randomDPoPKeyPair('ES256');
		const DPoP = openid.getDPoPHandle(config, keys);
		const { callback, verifier, nonce, state } = await h.newCode(client, { scope: 'openid email offline_access', dpop_jkt: await DPoP.calculateThumbprint() });
		const tokens = await openid.authorizationCodeGrant(config, callback, { pkceCodeVerifier: verifier, expectedNonce: nonce, expectedState: state }, undefined, { DPoP });
		assert.equal(tokens.token_type, 'dpop');
		assert.equal((await openid.fetchUserInfo(config, tokens.access_token, h.SUBJECT, { DPoP })).email, 'demo@example.com');
		const next = await openid.refreshTokenGrant(config, tokens.refresh_token, undefined, { DPoP });
		assert.equal(next.token_type, 'dpop');
		assert.ok(h.claimsOf(next.access_token).cnf.jkt === h.claimsOf(tokens.access_token).cnf.jkt, 'the same key');
	});

	// a library proves the URL that it fetches, and here that may be beside the one the API goes by
	if (h.apiUrl === h.issuer) it('oauth4webapi: the API, by the scheme DPoP (C62, C67)', async () => {
		const client = await machine();
		const [server, webClient, auth] = await h.arguments_(client);
		const handle = oauth.DPoP(webClient, await oauth.generateKeyPair('ES256'));
		const response = await oauth.clientCredentialsGrantRequest(server, webClient, auth, { scope: 'notes:read', resource: h.resource }, { DPoP: handle, ...h.insecure });
		const { access_token: accessToken, token_type: type } = await oauth.processClientCredentialsResponse(server, webClient, response);
		assert.equal(type, 'dpop');
		const answer = await oauth.protectedResourceRequest(accessToken, 'GET', new URL(`${h.issuer}/api/notes`), undefined, undefined, { DPoP: handle, ...h.insecure });
		assert.equal(answer.status, 200);
		await answer.arrayBuffer();
	});
});

describe('the nonce (C65)', () => {
	const demand = (on) => h.rows('SELECT pgtoken.update_issuer($1, dpop_nonce_required => $2)', h.issuer, on);
	before(() => demand(true));
	after(() => demand(false));

	it('is demanded with the error that says so, and then good', async () => {
		const client = await machine();
		const key = await h.generateKey();
		const asked = await credentials(client, await h.proof(key));
		h.assertError(asked, 'use_dpop_nonce');
		const nonce = asked.headers.get('dpop-nonce');
		assert.ok(nonce?.length > 0);
		h.assertTokens(await credentials(client, await h.proof(key, { claims: { nonce } })), { type: 'DPoP' });
	});

	// the attack: proofs that were made ahead of time, with a nonce that is guessed or old
	it('that is invented is refused', async () => {
		const key = await h.generateKey();
		for (const nonce of ['x', 'A'.repeat(32)]) {
			h.assertError(await credentials(await machine(), await h.proof(key, { claims: { nonce } })), 'use_dpop_nonce');
		}
	});

	if (h.apiUrl === h.issuer) it('openid-client and oauth4webapi repeat their request with it, at the API too', async () => {
		const client = await machine();
		const config = await h.configuration(client);
		const DPoP = openid.getDPoPHandle(config, await openid.randomDPoPKeyPair('ES256'));
		const tokens = await openid.clientCredentialsGrant(config, { scope: 'notes:read', resource: h.resource }, { DPoP });
		assert.equal(tokens.token_type, 'dpop');
		const answer = await openid.fetchProtectedResource(config, tokens.access_token, new URL(`${h.issuer}/api/notes`), 'GET', undefined, undefined, { DPoP });
		assert.equal(answer.status, 200);
	});

	it('at pushed requests and userinfo as well', async () => {
		const client = await h.newClient();
		const config = await h.configuration(client);
		const DPoP = openid.getDPoPHandle(config, await openid.randomDPoPKeyPair('ES256'));
		const verifier = h.newVerifier();
		const url = await openid.buildAuthorizationUrlWithPAR(config, { redirect_uri: client.redirectUri, scope: 'openid',
			code_challenge: h.challengeOf(verifier), code_challenge_method: 'S256' }, { DPoP });
		const { location } = await h.authorize(url.search.slice(1));
		const { redirect_uri: callback } = await h.approve(location.searchParams.get('transaction_id'));
		const tokens = await openid.authorizationCodeGrant(config, new URL(callback), { pkceCodeVerifier: verifier }, undefined, { DPoP });
		assert.equal((await openid.fetchUserInfo(config, tokens.access_token, h.SUBJECT, { DPoP })).sub, h.SUBJECT);
	});
});

describe('proofs that prove nothing (C62)', () => {
	// the attack: a proof made for something else, by somebody else, at another time
	it('are refused at the token endpoint', async () => {
		const client = await machine();
		const key = await h.generateKey();
		const other = await h.generateKey();
		const good = await h.proof(key);
		const { privateKey, ...rest } = key;
		const { exportJWK } = await import('jose');
		const cases = {
			'no proof at all': 'x',
			'two proofs': `${good}, ${await h.proof(key)}`,
			'another type': await h.proof(key, { header: { typ: 'JWT' } }),
			'no type': await h.proof(key, { header: { typ: undefined } }),
			'no key': await h.proof(key, { header: { jwk: undefined } }),
			'a private key': await h.proof(key, { header: { jwk: await exportJWK(privateKey) } }),
			'another key': await h.proof(key, { header: { jwk: other.jwk } }),
			'another method': await h.proof(key, { htm: 'GET' }),
			'a method in lower case': await h.proof(key, { htm: 'post' }),
			'another path': await h.proof(key, { htu: `${h.issuer}/oauth2/revoke` }),
			'another host': await h.proof(key, { htu: 'https://evil.example/oauth2/token' }),
			'no iat': await h.proof(key, { claims: { iat: undefined } }),
			'an old iat': await h.proof(key, { claims: { iat: h.now() - 3600 } }),
			'an iat to come': await h.proof(key, { claims: { iat: h.now() + 3600 } }),
			'no jti': await h.proof(key, { claims: { jti: undefined } }),
			'no htu': await h.proof(key, { claims: { htu: undefined } }),
			'no htm': await h.proof(key, { claims: { htm: undefined } }),
			'a broken signature': `${good.slice(0, -6)}AAAAAA`,
			'not signed': `${Buffer.from(JSON.stringify({ typ: 'dpop+jwt', alg: 'none', jwk: rest.jwk })).toString('base64url')}.${good.split('.')[1]}.`,
			'empty parts': '..',
		};
		for (const [name, dpop] of Object.entries(cases)) {
			const answer = await credentials(client, dpop);
			assert.equal(answer.json.error, 'invalid_dpop_proof', name);
			h.assertError(answer, 'invalid_dpop_proof');
		}
		h.assertTokens(await credentials(client, good), { type: 'DPoP' }); // none of them used it up
	});

	it('htu: query and fragment do not count, nor the case of scheme and host, nor the default port', async () => {
		const client = await machine();
		const key = await h.generateKey();
		const { protocol, host } = new URL(h.issuer);
		for (const htu of [`${h.issuer}/oauth2/token?a=b`, `${h.issuer}/oauth2/token#f`, `${protocol.toUpperCase()}//${host}/oauth2/token`]) {
			h.assertTokens(await credentials(client, await h.proof(key, { htu })), { type: 'DPoP' });
		}
	});

	// the attack: a proof that was overheard is sent again, in parallel as well
	it('a proof is good once', async () => {
		const client = await machine();
		const dpop = await h.proof(await h.generateKey());
		const answers = await Promise.all(Array.from({ length: 8 }, () => credentials(client, dpop)));
		assert.equal(answers.filter(({ status }) => status === 200).length, 1);
		for (const answer of answers) if (answer.status !== 200) h.assertError(answer, 'invalid_dpop_proof');
		const key = await h.generateKey();
		const jti = randomUUID();
		h.assertTokens(await credentials(client, await h.proof(key, { claims: { jti } })), { type: 'DPoP' });
		h.assertTokens(await credentials(client, await h.proof(await h.generateKey(), { claims: { jti } })), { type: 'DPoP' }); // another key's jti is another
	});
});

describe('binding', () => {
	// the attack: a stolen refresh token of a public client, without its key
	it('of a public client\'s refresh token: another key or none is refused, and the family lives (C64)', async () => {
		const client = await h.publicClient();
		const key = await h.generateKey();
		const code = await h.newCode(client, { scope: 'openid offline_access' });
		const tokens = h.assertTokens(await h.redeem(client, code, {}, { headers: { dpop: await h.proof(key) } }), { type: 'DPoP' });
		h.assertError(await h.refresh(client, tokens.refresh_token, {}, { headers: { dpop: await h.proof(await h.generateKey()) } }), 'invalid_grant');
		h.assertError(await h.refresh(client, tokens.refresh_token), 'invalid_grant');
		h.assertTokens(await h.refresh(client, tokens.refresh_token, {}, { headers: { dpop: await h.proof(key) } }), { type: 'DPoP' });
	});

	it('a confidential client may take another key at each refresh (C64)', async () => {
		const client = await h.newClient();
		let { refresh_token: current } = await h.newTokens(client);
		for (let i = 0; i < 2; i += 1) {
			const key = await h.generateKey();
			const next = h.assertTokens(await h.refresh(client, current, {}, { headers: { dpop: await h.proof(key) } }), { type: 'DPoP' });
			assert.ok(h.claimsOf(next.access_token).cnf.jkt === key.thumbprint, 'bound to the new key');
			current = next.refresh_token;
		}
	});

	// the attack: a stolen code with its verifier, without the key
	it('of a code, by dpop_jkt or by a proof at the pushed request (C66)', async () => {
		const client = await h.newClient();
		const key = await h.generateKey();
		const code = await h.newCode(client, { dpop_jkt: key.thumbprint });
		h.assertError(await h.redeem(client, code), 'invalid_grant');
		h.assertError(await h.redeem(client, code, {}, { headers: { dpop: await h.proof(await h.generateKey()) } }), 'invalid_grant');
		h.assertTokens(await h.redeem(client, code, {}, { headers: { dpop: await h.proof(key) } }), { type: 'DPoP' });

		const verifier = h.newVerifier();
		const { client_id: id, ...asked } = h.authorizationParameters(client, verifier);
		const pushed = await h.postAs(client, '/oauth2/par', asked, { headers: { dpop: await h.proof(key, { htu: `${h.issuer}/oauth2/par` }) } });
		const { location } = await h.authorize({ client_id: client.id, request_uri: pushed.json.request_uri });
		const { redirect_uri: uri } = await h.approve(location.searchParams.get('transaction_id'));
		const second = { code: new URL(uri).searchParams.get('code'), verifier, redirectUri: client.redirectUri };
		h.assertError(await h.redeem(client, second), 'invalid_grant');
		h.assertTokens(await h.redeem(client, second, {}, { headers: { dpop: await h.proof(key) } }), { type: 'DPoP' });
	});

	it('a client that must, gets nothing without (C63)', async () => {
		const client = await h.newClient({ metadata: { grant_types: ['client_credentials'], dpop_bound_access_tokens: true } });
		h.assertError(await credentials(client), 'invalid_dpop_proof');
		h.assertTokens(await credentials(client, await h.proof(await h.generateKey())), { type: 'DPoP' });
	});

	it('introspection tells the key and the type (C68)', async () => {
		const client = await machine();
		const key = await h.generateKey();
		const { access_token: accessToken } = h.assertTokens(await credentials(client, await h.proof(key)), { type: 'DPoP' });
		const answer = await h.introspect(client, accessToken);
		assert.equal(answer.token_type, 'DPoP');
		assert.ok(answer.cnf.jkt === key.thumbprint, 'cnf.jkt');
	});
});

describe('at the API and at userinfo', () => {
	// the attack: a stolen bound token, shown as a bearer token or with the thief's own key
	it('a bound token is no bearer token, and good with its key alone (C67)', async () => {
		const client = await h.newClient();
		const key = await h.generateKey();
		const code = await h.newCode(client, { scope: 'openid notes:read', resource: h.resource });
		const { access_token: accessToken } = h.assertTokens(await h.redeem(client, code, {}, { headers: { dpop: await h.proof(key) } }), { type: 'DPoP' });
		assert.equal((await notesWith(key, accessToken)).status, 200);
		const asBearer = await h.notes(h.bearer(accessToken));
		assert.equal(asBearer.status, 401);
		assert.match(asBearer.headers.get('www-authenticate'), /invalid_token/);
		assert.equal((await h.notes({ authorization: `DPoP ${accessToken}` })).status, 401, 'no proof');
		const others = await notesWith(await h.generateKey(), accessToken);
		assert.equal(others.status, 401, 'another key');
		assert.match(others.headers.get('www-authenticate'), /^DPoP .*algs="/);
		assert.equal((await notesWith(key, accessToken, { claims: { ath: undefined } })).status, 401, 'no ath');
		assert.equal((await notesWith(key, accessToken, { accessToken: 'another' })).status, 401, 'the hash of another token');
		assert.equal((await notesWith(key, accessToken, { htm: 'POST' })).status, 401, 'another method');
		assert.equal((await notesWith(key, accessToken, { htu: `${h.issuer}/api/whoami` })).status, 401, 'another path');
		const userinfo = (headers) => h.get('/oauth2/userinfo', { headers });
		const proof = await h.proof(key, { htm: 'GET', htu: `${h.issuer}/oauth2/userinfo`, accessToken });
		assert.equal((await userinfo({ authorization: `DPoP ${accessToken}`, dpop: proof })).status, 200);
		assert.equal((await userinfo({ authorization: `DPoP ${accessToken}`, dpop: proof })).status, 401, 'the proof again');
		assert.equal((await userinfo(h.bearer(accessToken))).status, 401);
	});

	it('an unbound token with a proof proves nothing', async () => {
		const { access_token: accessToken } = await h.newTokens(await h.newClient());
		const key = await h.generateKey();
		assert.equal((await notesWith(key, accessToken)).status, 401);
		const userinfo = await h.get('/oauth2/userinfo', { headers: { authorization: `DPoP ${accessToken}`,
			dpop: await h.proof(key, { htm: 'GET', htu: `${h.issuer}/oauth2/userinfo`, accessToken }) } });
		assert.equal(userinfo.status, 401);
		assert.equal((await h.get('/oauth2/userinfo', { headers: h.bearer(accessToken) })).status, 200);
	});

	it('the role and the claims are those of the token, as for a bearer token', async () => {
		const client = await h.newClient();
		const key = await h.generateKey();
		const code = await h.newCode(client, { scope: 'openid notes:read', resource: h.resource });
		const { access_token: accessToken } = h.assertTokens(await h.redeem(client, code, {}, { headers: { dpop: await h.proof(key) } }), { type: 'DPoP' });
		const { json } = await h.get('/api/whoami', { headers: { authorization: `DPoP ${accessToken}`,
			dpop: await h.proof(key, { htm: 'GET', htu: `${h.issuer}/api/whoami`, accessToken }) } });
		assert.deepEqual(json, { role: 'api_user', subject: h.SUBJECT, client_id: client.id });
	});
});
