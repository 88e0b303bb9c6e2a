// What clients and conformance suites send because a standard lets them: it must
// be taken, or refused in the way that the standard names.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import * as h from './harness.mjs';

const REQUEST_URN = 'urn:ietf:params:oauth:request_uri:';

const push = async (client, changes = {}) => {
	const { client_id: id, ...asked } = h.authorizationParameters(client, h.newVerifier(), changes);
	return h.postAs(client, '/oauth2/par', asked);
};

/** the error that the browser takes to the client */
const sentBack = async (client, changes) => {
	const asked = h.authorizationParameters(client, h.newVerifier(), changes);
	const { location, json } = await h.authorize(asked);
	assert.ok(location, `sent back, and not shown ${json?.error}`);
	assert.equal(`${location.origin}${location.pathname}`, client.redirectUri);
	assert.equal(location.searchParams.get('iss'), h.issuer);
	assert.ok(location.searchParams.get('state') === asked.state);
	return location.searchParams.get('error');
};

describe('authorization requests (OpenID Connect Core section 3.1.2)', () => {
	// the fault: a client that tries a request object by reference is left on an error page
	it('by what is not supported are told so, at the client', async () => {
		const client = await h.newClient();
		assert.equal(await sentBack(client, { request_uri: 'https://client.example/request.jwt' }), 'request_uri_not_supported');
		assert.equal(await sentBack(client, { request_uri: 'urn:example:request' }), 'request_uri_not_supported');
		assert.equal(await sentBack(client, { request: 'e30.e30.' }), 'request_not_supported');
		assert.equal(await sentBack(client, { registration: '{}' }), 'registration_not_supported');
		h.assertError(await push(client, { registration: '{}' }), 'registration_not_supported');
	});

	// the attack: an open redirector that request_uri switches on
	it('but only where client and redirect_uri belong together', async () => {
		const client = await h.newClient();
		for (const changes of [{ redirect_uri: 'https://evil.example/cb' }, { client_id: 'nobody' }]) {
			const answer = await h.authorize(h.authorizationParameters(client, h.newVerifier(),
				{ request_uri: 'https://client.example/request.jwt', ...changes }));
			h.assertError(answer, 'invalid_request');
			assert.ok(answer.location === null, 'sent nowhere');
		}
	});

	it('with openid name their redirect_uri, also where only one is registered', async () => {
		const client = await h.newClient();
		const answer = await h.authorize(h.authorizationParameters(client, h.newVerifier(), { redirect_uri: undefined }));
		h.assertError(answer, 'invalid_request');
		assert.match(answer.json.error_description, /redirect_uri/);
		assert.ok(answer.location === null, 'sent nowhere');
		const pushed = await push(client, { redirect_uri: undefined });
		h.assertError(pushed, 'invalid_request');
		assert.match(pushed.json.error_description, /redirect_uri/);
		// without openid it is OAuth, where it may be left out (RFC 6749 section 3.1.2.3)
		const { location } = await h.authorize(h.authorizationParameters(client, h.newVerifier(), { redirect_uri: undefined, scope: 'notes:read' }));
		assert.ok(h.toLogin(location));
	});
});

describe('a request_uri (RFC 9126 section 4)', () => {
	const transactionOf = ({ location }) => location.searchParams.get('transaction_id');

	// the fault: the user reloads the login page's address, or goes back, and is stuck
	it('survives a reload, and is spent when the user has answered', async () => {
		const client = await h.newClient();
		const asked = { client_id: client.id, request_uri: (await push(client)).json.request_uri };
		const [first, second] = [await h.authorize(asked), await h.authorize(asked)];
		assert.ok(h.toLogin(first.location) && h.toLogin(second.location));
		assert.ok(transactionOf(first) !== transactionOf(second));
		const { redirect_uri: callback } = await h.approve(transactionOf(second));
		assert.ok(new URL(callback).searchParams.has('code'));
		h.assertError(await h.authorize(asked), 'invalid_request_uri');
	});

	// the attack: one consented request, opened many times, is made into many codes
	it('leads to one code, however often it was opened', async () => {
		const client = await h.newClient();
		const asked = { client_id: client.id, request_uri: (await push(client)).json.request_uri };
		const opened = [await h.authorize(asked), await h.authorize(asked), await h.authorize(asked)];
		const answers = await Promise.all(opened.map((answer) => h.approve(transactionOf(answer))));
		assert.equal(answers.filter(({ redirect_uri: uri }) => uri && new URL(uri).searchParams.has('code')).length, 1);
		assert.equal(answers.filter(({ redirect_uri: uri, error }) => uri === null && error === 'invalid_transaction').length, 2);
	});

	it('is spent by a refusal, too', async () => {
		const client = await h.newClient();
		const asked = { client_id: client.id, request_uri: (await push(client)).json.request_uri };
		const opened = [await h.authorize(asked), await h.authorize(asked)];
		await h.rows('SELECT pgtoken.deny_authorization($1)', transactionOf(opened[0]));
		h.assertError(await h.authorize(asked), 'invalid_request_uri');
		assert.equal((await h.approve(transactionOf(opened[1]))).error, 'invalid_transaction');
	});

	// the fault: the login takes longer than the request_uri lives, and maintenance has been at work meanwhile
	it('need not live as long as the login takes', async () => {
		const client = await h.newClient();
		const asked = { client_id: client.id, request_uri: (await push(client)).json.request_uri };
		const opened = await h.authorize(asked);
		await h.rows(`UPDATE pgtoken.authorization_requests SET created_at = created_at - interval '3 minutes',
			expires_at = expires_at - interval '3 minutes' WHERE client_id = $1`, client.id);
		await h.rows("SELECT pgtoken.purge_batch('authorization_requests', 100000, true)");
		h.assertError(await h.authorize(asked), 'invalid_request_uri');
		assert.ok((await h.approve(transactionOf(opened))).redirect_uri);
	});
});

describe('what is announced', () => {
	// the fault: a wallet that speaks the attestation draft takes our step-up for its challenge endpoint
	it('has no name of another standard\'s for the step-up', async () => {
		const { json } = await h.get('/.well-known/openid-configuration');
		assert.ok(!('challenge_endpoint' in json));
		assert.equal(json.step_up_challenge_endpoint, `${h.issuer}/oauth2/challenge`);
	});

	// the fault: a client with a bound token is told that only Bearer will do
	it('without a token names both schemes (RFC 9449 section 7.2)', async () => {
		const { json } = await h.get('/.well-known/openid-configuration');
		for (const answer of [await h.get('/oauth2/userinfo'), await h.post('/oauth2/userinfo', ''), await h.notes({})]) {
			assert.equal(answer.status, 401);
			const challenge = answer.headers.get('www-authenticate');
			assert.match(challenge, /^Bearer\b/);
			const [, algs] = challenge.match(/, DPoP (?:realm="[^"]*", )?algs="([^"]*)"$/);
			assert.deepEqual(algs.split(' ').sort(), [...json.dpop_signing_alg_values_supported].sort());
		}
	});
});

describe('client assertions (RFC 7523)', () => {
	const grant = async (client, changes, path = '/oauth2/token') => h.post(path, { grant_type: 'client_credentials', token: 'x',
		client_assertion_type: h.ASSERTION_TYPE, client_assertion: await h.assertion(client, changes) });
	const assertionClient = (key, metadata, method = 'private_key_jwt') =>
		h.newClient({ key, metadata: { token_endpoint_auth_method: method, grant_types: ['client_credentials'], ...metadata } });
	const reasons = async (client) => (await h.rows(`SELECT reason FROM pgtoken.audit_events
		WHERE client_id = $1 AND event = 'client.authentication_failed' ORDER BY occurred_at, event_id`, client.id)).map(({ reason }) => reason);

	// the attack: a server that gives our token endpoint for its own gets an assertion that is good here
	it('for the issuer alone, as a string, where the client says so (FAPI 2.0)', async () => {
		const client = await assertionClient(await h.generateKey(), { require_issuer_audience: true });
		const bad = [`${h.issuer}/oauth2/token`, [h.issuer], [h.issuer, h.issuer], [h.issuer, `${h.issuer}/oauth2/token`], `${h.issuer}/`, []];
		for (const aud of bad) h.assertError(await grant(client, { claims: { aud } }), 'invalid_client', 401);
		for (const path of ['/oauth2/revoke', '/oauth2/introspect'])
			h.assertError(await grant(client, { claims: { aud: `${h.issuer}${path}` } }, path), 'invalid_client', 401);
		h.assertTokens(await grant(client, { claims: { aud: h.issuer } }));
		assert.equal((await reasons(client)).filter((reason) => reason === 'client_assertion_audience').length, bad.length + 1, 'all but the unreadable one');
		// others as before
		const other = await assertionClient(await h.generateKey());
		for (const aud of [[h.issuer, `${h.issuer}/oauth2/token`], [h.issuer]]) h.assertTokens(await grant(other, { claims: { aud } }));
	});

	// the attack: a key that its owner uses for another algorithm elsewhere
	it('by one algorithm, where the client is narrowed to it', async () => {
		const { publicJwk: { alg, ...publicJwk }, ...key } = await h.generateKey('PS256');
		const client = await assertionClient({ ...key, publicJwk }, { token_endpoint_auth_signing_alg: 'PS256' });
		h.assertTokens(await grant(client));
		const { createPrivateKey } = await import('node:crypto');
		const rsa = createPrivateKey({ key: (await import('jose').then(({ exportPKCS8 }) => exportPKCS8(key.privateKey))), format: 'pem' });
		h.assertError(await grant(client, { header: { alg: 'RS256' }, key: rsa }), 'invalid_client', 401);
		assert.deepEqual(await reasons(client), ['client_assertion_alg']);
		await h.rows('SELECT pgtoken.update_client($1, metadata => $2)', client.id, { token_endpoint_auth_signing_alg: null });
		h.assertTokens(await grant(client, { header: { alg: 'RS256' }, key: rsa }));
		const narrow = await assertionClient(undefined, { token_endpoint_auth_signing_alg: 'HS256' }, 'client_secret_jwt');
		h.assertTokens(await grant(narrow));
	});

	// the fault: newer clients name every Ed25519 key so (RFC 9864), and older ones still say EdDSA
	it('of an Ed25519 key by either name, whichever is registered', async () => {
		for (const [registered, sent] of [['EdDSA', 'Ed25519'], ['Ed25519', 'EdDSA'], ['Ed25519', 'Ed25519']]) {
			const key = await h.generateKey(registered);
			const client = await assertionClient(key, { token_endpoint_auth_signing_alg: sent });
			h.assertTokens(await grant(client, { header: { alg: sent } }));
			const bound = await h.token(client, { grant_type: 'client_credentials' }, { headers: { dpop: await h.proof(key, { header: { alg: sent } }) } });
			h.assertTokens(bound, { type: 'DPoP' });
		}
	});
});
