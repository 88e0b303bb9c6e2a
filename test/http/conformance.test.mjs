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
		assert.equal(await sentBack(client, { request: 'e30.e30.' }), 'invalid_request_object');
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
		// nor one of our own, which no client would know: the answer says where to go on
		assert.ok(!('step_up_challenge_endpoint' in json) && !('complete_challenge_endpoint' in json));
	});

	// the fault: a client with a bound token is told that only Bearer will do
	it('without a token names both schemes (RFC 9449 section 7.2)', async () => {
		const { json } = await h.get('/.well-known/openid-configuration');
		for (const answer of [await h.get('/oauth2/userinfo'), await h.post('/oauth2/userinfo', ''), await h.notes({})]) {
			assert.equal(answer.status, 401);
			const challenge = answer.headers.get('www-authenticate');
			assert.match(challenge, /^Bearer\b/);
			const [, algs] = challenge.match(/, DPoP (?:realm="[^"]*", )?algs="([^"]*)"(?:, scope="[^"]*")?(?:, resource_metadata="[^"]*")?$/);
			assert.deepEqual(algs.split(' ').sort(), [...json.dpop_signing_alg_values_supported].sort());
		}
	});
});

// The plans of the OpenID Foundation's suite that a refresh token decides, step by step; FAPI2SPFinalRefreshToken is in
// refresh.test.mjs: the token of before is good again after 31 seconds.
describe('what the certification does with codes and refresh tokens', () => {
	/** Shannon's entropy of the characters, times their number: what the suite measures */
	const bits = (text) => {
		const counts = [...text].reduce((seen, c) => seen.set(c, (seen.get(c) ?? 0) + 1), new Map());
		return text.length * [...counts.values()].map((n) => n / text.length).reduce((sum, p) => sum - p * Math.log2(p), 0);
	};
	const unguessable = (text, name) => {
		assert.ok(text.length * 8 >= 128 && bits(text) >= 96, `${name}: long and various enough`);
		assert.ok(/^[\x20-\x7e]+$/.test(text), `${name}: VSCHAR only`);
	};
	const nextSecond = () => new Promise((resolve) => { setTimeout(resolve, 1050 - (Date.now() % 1000)); }); // iat has whole seconds

	it('oidcc-refresh-token: with and without scope, by two clients, and of one by the other (C9, C14, C20, C22, C86)', async () => {
		const [one, two] = [await h.newClient(), await h.newClient()];
		const scope = 'openid email offline_access';
		const run = async (client, parameters) => {
			const code = await h.newCode(client, { scope });
			unguessable(code.code, 'the code');
			const first = h.assertTokens(await h.redeem(client, code));
			await nextSecond();
			const second = h.assertTokens(await h.refresh(client, first.refresh_token, parameters));
			for (const { access_token: accessToken, refresh_token: refreshToken } of [first, second]) {
				unguessable(accessToken, 'the access token');
				unguessable(refreshToken, 'the refresh token');
			}
			assert.ok(second.access_token !== first.access_token);
			assert.equal(second.scope.split(' ').sort().join(' '), scope.split(' ').sort().join(' '));
			const [before, after] = [h.claimsOf(first.id_token), h.claimsOf(second.id_token)];
			for (const name of ['iss', 'sub', 'aud', 'auth_time', 'azp']) assert.deepEqual(after[name], before[name], name);
			assert.ok(after.iat > before.iat);
			return second;
		};
		await run(one, { scope });
		const { refresh_token: others } = await run(two, {});
		h.assertError(await h.refresh(one, others), 'invalid_grant', 400);
		h.assertTokens(await h.refresh(two, others));
	});

	// the attack: a code from a log or a history, when its owner has long used it
	it('oidcc-codereuse-30seconds: the second use is refused, and the access token dies, also when the code is over (C10, C58)', async () => {
		for (const later of ['31 seconds', '2 minutes']) {
			const client = await h.newClient();
			const code = await h.newCode(client, { scope: 'openid offline_access notes:read', resource: h.resource });
			const tokens = h.assertTokens(await h.redeem(client, code));
			await h.rows(`UPDATE pgtoken.authorization_codes SET created_at = created_at - $2::interval, expires_at = expires_at - $2::interval,
				redeemed_at = redeemed_at - $2::interval WHERE client_id = $1`, client.id, later);
			assert.equal((await h.notes(h.bearer(tokens.access_token))).status, 200);
			h.assertError(await h.redeem(client, code), 'invalid_grant');
			assert.equal((await h.notes(h.bearer(tokens.access_token))).status, 401, `${later} later`);
			h.assertError(await h.refresh(client, tokens.refresh_token), 'invalid_grant');
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

describe('scopes', () => {
	const scopeOf = async (location) => (await h.value('SELECT pgtoken.authorization_request($1)', location.searchParams.get('transaction_id'))).scope;
	const audited = async (client, event) => (await h.rows('SELECT reason, detail FROM pgtoken.audit_events WHERE client_id = $1 AND event = $2', client.id, event));
	const told = (json) => `${json.error}: ${json.error_description}`;

	// the fault: a client library that adds a scope of its own can log nobody in
	it('that nobody knows are ignored by OpenID Connect requests (Core section 3.1.2.1), everywhere', async () => {
		const client = await h.newClient({ metadata: { grant_types: ['authorization_code', 'password', h.DEVICE_GRANT] } });
		const { location } = await h.authorize(h.authorizationParameters(client, h.newVerifier(), { scope: 'openid unheard-of notes:read' }));
		assert.equal(await scopeOf(location), 'openid notes:read');
		assert.equal((await push(client, { scope: 'unheard-of openid' })).status, 201);
		assert.equal((await h.postAs(client, '/oauth2/device_authorization', { scope: 'openid unheard-of' })).status, 200);
		const tokens = h.assertTokens(await h.token(client,
			{ grant_type: 'password', username: 'demo', password: 'demo-password', scope: 'openid offline_access unheard-of notes:read' }));
		assert.equal(tokens.scope, 'openid offline_access notes:read');
		const next = h.assertTokens(await h.refresh(client, tokens.refresh_token, { scope: 'openid unheard-of' }));
		assert.equal(next.scope, 'openid');
		h.assertError(await h.refresh(client, next.refresh_token, { scope: 'unheard-of' }), 'invalid_scope');
	});

	// the attack: more than the client was registered for, hidden among what is ignored
	it('that are known, and not the client\'s, are refused by name, at all of them', async () => {
		const client = await h.newClient({ scopes: ['openid', 'notes:read'], metadata: { grant_types: ['authorization_code', 'client_credentials', 'password', h.DEVICE_GRANT] } });
		for (const scope of ['openid notes:write', 'openid profile', 'openid mfa_challenge', 'orders:read']) {
			const name = scope.split(' ').at(-1);
			const { location } = await h.authorize(h.authorizationParameters(client, h.newVerifier(), { scope }));
			assert.equal(location.searchParams.get('error'), 'invalid_scope');
			assert.ok(location.searchParams.get('error_description').includes(name), 'the page is told which');
			const answers = { par: await push(client, { scope }),
				device: await h.postAs(client, '/oauth2/device_authorization', { scope }),
				password: await h.token(client, { grant_type: 'password', username: 'demo', password: 'demo-password', scope }),
				machine: await h.token(client, { grant_type: 'client_credentials', scope: name }) };
			for (const [where, answer] of Object.entries(answers)) {
				h.assertError(answer, 'invalid_scope');
				assert.ok(answer.json.error_description.includes(name), `${where}: ${told(answer.json)}`);
			}
		}
		const details = (await h.rows(`SELECT event, detail ->> 'scope' AS scope FROM pgtoken.audit_events WHERE client_id = $1 AND reason LIKE 'scope_%'`, client.id));
		for (const event of ['authorization.refused', 'device.refused', 'issue.refused'])
			assert.ok(details.some((row) => row.event === event && row.scope === 'notes:write'), event);
	});

	// the fault: a token that opens nothing, and an answer that says it went well
	it('of a user are no client\'s own: left out, and refused where nothing else was asked for', async () => {
		const client = await h.newClient({ scopes: ['openid', 'profile', 'notes:read'], metadata: { grant_types: ['client_credentials'] } });
		for (const scope of ['openid', 'profile openid']) {
			const answer = await h.token(client, { grant_type: 'client_credentials', scope });
			h.assertError(answer, 'invalid_scope');
			assert.match(answer.json.error_description, /openid|profile/);
		}
		for (const scope of ['openid notes:read', 'notes:read profile', undefined])
			assert.equal(h.assertTokens(await h.token(client, { grant_type: 'client_credentials', scope })).scope, 'notes:read');
		// not the client's: as everywhere
		h.assertError(await h.token(client, { grant_type: 'client_credentials', scope: 'notes:read email' }), 'invalid_scope');
		// OpenID Connect Core section 11: to be ignored where it means nothing
		assert.equal(h.assertTokens(await h.token(client, { grant_type: 'client_credentials', scope: 'notes:read offline_access' })).scope, 'notes:read');
	});

	it('and resources that were not granted are named at a refresh, and nothing is consumed', async () => {
		const client = await h.newClient();
		const { refresh_token: token } = await h.newTokens(client);
		const scope = await h.refresh(client, token, { scope: 'openid notes:write' });
		h.assertError(scope, 'invalid_scope');
		assert.match(scope.json.error_description, /notes:write/);
		const target = await h.refresh(client, token, { resource: h.otherResource });
		h.assertError(target, 'invalid_target');
		assert.ok(target.json.error_description.includes(h.otherResource));
		assert.deepEqual((await audited(client, 'refresh.refused')).map(({ detail }) => detail.scope ?? detail.resource).sort(), [h.otherResource, 'notes:write'].sort());
		h.assertTokens(await h.refresh(client, token));
	});

	// the fault: an hour of guessing which of twelve parameters it is
	it('as other parameters that are missing or wrong are named in the error', async () => {
		const client = await h.newClient({ metadata: { grant_types: ['authorization_code', 'password', h.DEVICE_GRANT, h.EXCHANGE_GRANT] } });
		const cases = { grant_type: {}, refresh_token: { grant_type: 'refresh_token' }, code: { grant_type: 'authorization_code' },
			device_code: { grant_type: h.DEVICE_GRANT }, username: { grant_type: 'password' }, subject_token: { grant_type: h.EXCHANGE_GRANT },
			max_age: { grant_type: 'refresh_token', refresh_token: 'x', max_age: 'soon' } };
		for (const [name, parameters] of Object.entries(cases)) {
			const answer = await h.token(client, parameters);
			h.assertError(answer, 'invalid_request');
			assert.ok(answer.json.error_description.includes(name), `${name}: ${told(answer.json)}`);
		}
		for (const [changes, name] of [[{ max_age: 'soon' }, 'max_age'], [{ prompt: 'dance' }, 'prompt'], [{ response_type: undefined }, 'response_type'],
			[{ dpop_jkt: 'x' }, 'dpop_jkt'], [{ nonce: 'x'.repeat(2000) }, 'nonce'], [{ code_challenge: 'x' }, 'code_challenge']]) {
			const { location } = await h.authorize(h.authorizationParameters(client, h.newVerifier(), changes));
			assert.equal(location.searchParams.get('error'), 'invalid_request');
			assert.ok(location.searchParams.get('error_description').includes(name), name);
		}
		const twice = await h.token(client, [['grant_type', 'password'], ['scope', 'openid'], ['scope', 'profile']]);
		h.assertError(twice, 'invalid_request');
		assert.match(twice.json.error_description, /scope/);
		for (const [path, name] of [['revoke', 'token'], ['introspect', 'token'], ['challenge', 'transaction_id']])
			assert.ok((await h.postAs(client, `/oauth2/${path}`, {})).json.error_description.includes(name), path);
	});
});

describe('resources', () => {
	const machine = () => h.newClient({ scopes: ['notes:read', 'orders:read'], metadata: { grant_types: ['client_credentials', h.DEVICE_GRANT, 'authorization_code'] } });
	const spellings = () => {
		const url = new URL(h.otherResource);
		return [h.otherResource, h.otherResource.toUpperCase().replace(/\/API$/, '/api'), `${url.protocol}//${url.host}:443/%61pi`, `${url.protocol}//${url.host}:/x/../api`];
	};
	const requested = async (location) => (await h.value('SELECT pgtoken.authorization_request($1)', location.searchParams.get('transaction_id'))).resource;

	// the fault: URL of JavaScript, and MCP clients, write a slash behind a host
	it('are known by each spelling (RFC 3986 section 6.2), their tokens as they are registered', async () => {
		const scope = h.unique('read'); // known to no other API, so that no other test's request is ambiguous
		const client = await machine();
		const root = `https://${h.unique('root')}.example`;
		await h.rows('SELECT pgtoken.create_resource($1, $2)', root, [scope]);
		await h.rows('SELECT pgtoken.update_client($1, scopes => $2)', client.id, ['notes:read', 'orders:read', scope]);
		for (const name of ['resource', 'audience']) {
			for (const spelling of spellings()) {
				const { access_token: token } = h.assertTokens(await h.token(client, { grant_type: 'client_credentials', scope: 'orders:read', [name]: spelling }));
				assert.equal(h.claimsOf(token).aud, h.otherResource);
			}
			const { access_token: token } = h.assertTokens(await h.token(client, { grant_type: 'client_credentials', scope, [name]: new URL(root).href }));
			assert.equal(h.claimsOf(token).aud, root);
			assert.ok(await h.value('SELECT pgtoken.verify_access_token($1, $2) IS NOT NULL', token, `${root}/`), 'to the API, too');
			assert.equal(await h.value('SELECT pgtoken.verify_access_token($1, $2) IS NOT NULL', token, `${root}/x`), false);
			h.assertError(await h.token(client, { grant_type: 'client_credentials', scope, [name]: `${root}/x` }), 'invalid_target');
			const { location } = await h.authorize(h.authorizationParameters(client, h.newVerifier(), { scope, [name]: `${root}/` }));
			assert.deepEqual(await requested(location), [root]);
			assert.equal((await push(client, { scope, [name]: `${root}/` })).status, 201);
			const device = await h.postAs(client, '/oauth2/device_authorization', { scope, [name]: `${root}/` });
			assert.equal(device.status, 200);
			assert.deepEqual((await h.value('SELECT pgtoken.device_request($1, $2)', device.json.user_code, h.unique('typist'))).resource, [root]);
		}
	});

	it('are narrowed to by each spelling, at the code and at a refresh', async () => {
		const client = await h.newClient({ scopes: ['openid', 'notes:read', 'orders:read'] });
		const code = await h.newCode(client, { scope: 'openid offline_access orders:read', resource: h.otherResource });
		const tokens = h.assertTokens(await h.redeem(client, code, { audience: spellings()[1] }));
		assert.equal(h.claimsOf(tokens.access_token).aud, h.otherResource);
		const next = h.assertTokens(await h.refresh(client, tokens.refresh_token, { audience: spellings()[2] }));
		assert.equal(h.claimsOf(next.access_token).aud, h.otherResource);
		h.assertError(await h.refresh(client, next.refresh_token, { audience: h.resource }), 'invalid_target');
	});

	// the attack: a token for an API that was not meant, because the name of the meant one was not looked at
	it('that are named as audience are not passed over', async () => {
		const client = await machine();
		const answer = await h.token(client, { grant_type: 'client_credentials', scope: 'notes:read', audience: h.otherResource });
		h.assertError(answer, 'invalid_scope'); // notes:read is another API's
		const both = h.assertTokens(await h.token(client, { grant_type: 'client_credentials', scope: 'notes:read orders:read', resource: h.resource, audience: h.otherResource }));
		assert.deepEqual(h.claimsOf(both.access_token).aud.sort(), [h.resource, h.otherResource].sort());
		const same = h.assertTokens(await h.token(client, { grant_type: 'client_credentials', scope: 'orders:read', resource: h.otherResource, audience: spellings()[1] }));
		assert.equal(h.claimsOf(same.access_token).aud, h.otherResource);
	});

	// the attack: the same API a second time, with another policy
	it('are registered once, whatever the spelling', async () => {
		const root = `https://${h.unique('once')}.example`;
		await h.rows('SELECT pgtoken.create_resource($1, $2)', `${root}/`, []);
		await assert.rejects(h.rows('SELECT pgtoken.create_resource($1)', root), { code: '23505' });
		await assert.rejects(h.rows('SELECT pgtoken.create_resource($1)', `${root.toUpperCase()}:443`), { code: '23505' });
		const client = await h.newClient({ scopes: ['openid'], resources: [root] });
		assert.deepEqual(await h.value('SELECT resources FROM pgtoken.clients WHERE client_id = $1', client.id), [`${root}/`]);
	});
});

describe('headers', () => {
	// the fault: a resource server that prefers JSON, and says so, gets a JWT
	it('of introspection are weighed (RFC 9110 section 12.5.1)', async () => {
		const client = await h.newClient();
		const { access_token: token } = await h.newTokens(client);
		const JWT = 'application/token-introspection+jwt';
		const cases = [[JWT, true], [`application/json, ${JWT}`, true], [`application/json;q=0.5, ${JWT}`, true], [`*/*;q=0.1,${JWT};q=0.2`, true],
			[`application/json, ${JWT};q=0.5`, false], [`${JWT};q=0.5, */*`, false], [`${JWT};q=0, application/json`, false], [`${JWT};q=0`, false],
			[`${JWT};q=0.000`, false], ['*/*', false], ['application/*', false], ['', false], [`${JWT};q=x`, false]];
		for (const [accept, jwt] of cases) {
			const answer = await h.postAs(client, '/oauth2/introspect', { token }, { headers: { accept } });
			assert.equal(answer.status, 200);
			assert.match(answer.headers.get('content-type'), jwt ? /^application\/token-introspection\+jwt/ : /^application\/json/, accept);
		}
	});

	// the fault: the database's own error, about a byte sequence, for what the server cannot read
	it('that say the body is compressed are answered so, at every endpoint', async () => {
		const { gzipSync } = await import('node:zlib');
		const client = await h.newClient();
		const body = gzipSync(new URLSearchParams({ grant_type: 'client_credentials', client_id: client.id }).toString());
		for (const path of ['token', 'par', 'revoke', 'introspect', 'device_authorization', 'challenge', 'authorize']) {
			for (const encoding of ['gzip', 'br', 'GZIP', 'gzip, identity']) {
				const answer = await h.post(`/oauth2/${path}`, body, { headers: { 'content-encoding': encoding } });
				h.assertError(answer, 'invalid_request', 415);
				assert.match(answer.json.error_description, /compressed/);
			}
		}
		const plain = await h.newClient({ metadata: { grant_types: ['client_credentials'] } });
		h.assertTokens(await h.token(plain, { grant_type: 'client_credentials' }, { headers: { 'content-encoding': 'identity' } }));
	});

	// the attack: whoever runs a host of a domain that somebody else's pages stand on gets the codes
	it('and redirects: no host is a pattern', async () => {
		for (const uri of ['https://*.x.example/cb', 'https://%2a.x.example/cb', 'https://x.*/cb', 'com.example.app://*/cb']) {
			await assert.rejects(h.newClient({ redirectUris: [uri] }), { code: '22023' });
			await assert.rejects(h.newClient({ metadata: { post_logout_redirect_uris: [uri] } }), { code: '22023' });
		}
	});
});
