// The first hour of an integration.  Fault: a wrong redirect URI and an unknown
// client are answered alike, rightly, and an administrator had nothing to look at.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import * as h from './harness.mjs';

// what the server keeps of the last refusal of a client; where it has no shared
// memory (before PostgreSQL 17 not without preloading) it must say how to get it
async function lastOf(clientId) {
	try {
		return (await h.rows('SELECT * FROM pgtoken.refused_requests($1, 1)', clientId))[0] ?? {};
	} catch (error) {
		assert.equal(error.code, '55000');
		assert.match(error.hint, /shared_preload_libraries.*pgtoken\.log_refusals/);
		return undefined;
	}
}

async function assertTrace(clientId, expected) {
	const trace = await lastOf(clientId);

	if (trace === undefined)
		return;
	assert.ok(Date.now() - trace.at < h.PATIENCE && trace.explanation.endsWith('.'));
	for (const [name, value] of Object.entries(expected))
		assert.equal(trace[name], value, name);
}

describe('what was refused', () => {
	it('a redirect URI beside the registered one, and a client that is unknown; told alike', async () => {
		const client = await h.publicClient();
		const wrong = `${client.redirectUri}/`;
		const parameters = h.authorizationParameters(client, h.newVerifier());
		const first = await h.authorize({ ...parameters, redirect_uri: wrong });
		const unknown = h.unique('typo');
		const second = await h.authorize({ ...parameters, client_id: unknown });

		assert.deepEqual([first.status, first.json], [second.status, second.json], 'the answers do not tell them apart');
		await assertTrace(client.id, { endpoint: '/oauth2/authorize', reason: 'client_or_redirect_uri_unknown', parameter: 'redirect_uri', received: wrong, registered: client.redirectUri });
		await assertTrace(unknown, { endpoint: '/oauth2/authorize', parameter: 'client_id', received: unknown });
	});

	it('what went back to the client by redirect', async () => {
		const client = await h.publicClient();

		await h.authorize({ ...h.authorizationParameters(client, h.newVerifier()), code_challenge_method: 'plain' });
		await assertTrace(client.id, { reason: 'pkce_method', parameter: 'code_challenge_method', received: 'plain', registered: 'S256' });
	});

	it('a client assertion for another audience, beside ours; and nothing of the assertion', async () => {
		const key = await h.generateKey();
		const client = await h.newClient({ key, metadata: { token_endpoint_auth_method: 'private_key_jwt', grant_types: ['client_credentials'] } });
		const assertion = await h.assertion(client, { claims: { aud: 'https://elsewhere.example' } });

		h.assertError(await h.post('/oauth2/token', { grant_type: 'client_credentials', client_assertion_type: h.ASSERTION_TYPE, client_assertion: assertion }), 'invalid_client', 401);
		const trace = await lastOf(client.id);
		if (trace) {
			assert.deepEqual([trace.reason, trace.parameter, trace.received], ['client_assertion_audience', 'aud', 'https://elsewhere.example']);
			assert.ok(trace.registered.split(' ').includes(h.issuer));
			assert.ok(!JSON.stringify(trace).includes(assertion.split('.')[2]), 'no signature');
		}
	});

	it('a DPoP proof for another URL, beside the one that was asked', async () => {
		const client = await h.publicClient();
		const key = await h.generateKey();
		const proof = await h.proof(key, { htu: 'https://elsewhere.example/oauth2/token?secret=1' });

		await h.post('/oauth2/token', { grant_type: 'refresh_token', refresh_token: 'pgtrt_x', client_id: client.id }, { headers: { dpop: proof } });
		await assertTrace(client.id, { parameter: 'htu', received: 'https://elsewhere.example/oauth2/token', registered: `${h.issuer}/oauth2/token` });
	});
});
