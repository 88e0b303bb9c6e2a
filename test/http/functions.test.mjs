// Functions of the application that fail: what a request has used up stays used, what
// it has not got is still there, and the client is told that it is not its fault.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';

import * as h from './harness.mjs';

const FAILURES = {
	raises: 'RAISE EXCEPTION \'the salary is 1000\'',
	divides: 'RETURN jsonb_build_object(\'x\', 1 / 0)',
	cancels: 'RAISE EXCEPTION USING ERRCODE = \'query_canceled\', MESSAGE = \'as if it were the server\'',
	'says who it is': 'RETURN \'{"sub": "somebody"}\'',
	'is no object': 'RETURN \'[1]\'',
	'says too much': 'RETURN jsonb_build_object(\'x\', repeat(\'x\', 200000))',
};

describe('a claims function that fails', () => {
	let usual;
	const claims = (body) => h.rows(`CREATE OR REPLACE FUNCTION failing.claims(subject text, client_id text, scopes text[], target text) RETURNS jsonb
		LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$ BEGIN ${body}; END $$`);
	const set = (name) => h.rows('SELECT pgtoken.update_issuer($1, claims_function => $2)', h.issuer, name);
	before(async () => {
		usual = await h.value('SELECT claims_function FROM pgtoken.issuers WHERE issuer = $1', h.issuer);
		await h.rows('CREATE SCHEMA failing');
		await claims('RETURN \'{}\'');
		await set('failing.claims');
	});
	after(async () => {
		await set(usual);
		await h.rows('DROP SCHEMA failing CASCADE');
	});

	/** action while it fails in this way; afterwards it answers again */
	async function failing(body, action) {
		await claims(body);
		try {
			return await action();
		} finally {
			await claims('RETURN \'{}\'');
		}
	}

	function assertServerError(response) {
		h.assertError(response, 'server_error', 500);
		assert.doesNotMatch(response.text, /salary|1000|failing/, 'and nothing of the application\'s');
	}

	for (const [name, body] of Object.entries(FAILURES)) {
		// The attack: a proof or an assertion that was seen on its way is sent again. It was
		// good, and the answer was an error that took the memory of it back.
		it(`${name}: a proof that was used stays used, and the refresh token is as good as before`, async () => {
			const [key, client] = [await h.generateKey(), await h.publicClient()];
			const first = await h.redeem(client, await h.newCode(client, { scope: 'openid offline_access notes:read', resource: h.resource }), {},
				{ headers: { dpop: await h.proof(key) } });
			const { refresh_token: refreshToken } = h.assertTokens(first, { type: 'DPoP' });
			const dpop = await h.proof(key);
			await failing(body, async () => assertServerError(await h.refresh(client, refreshToken, {}, { headers: { dpop } })));
			h.assertError(await h.refresh(client, refreshToken, {}, { headers: { dpop } }), 'invalid_dpop_proof');
			h.assertTokens(await h.refresh(client, refreshToken, {}, { headers: { dpop: await h.proof(key) } }), { type: 'DPoP' });
		});
	}

	it('an assertion that was used stays used, and the code is as good as before', async () => {
		const client = await h.newClient({ key: await h.generateKey(), metadata: { token_endpoint_auth_method: 'private_key_jwt' } });
		const { code, verifier, redirectUri } = await h.newCode(client, { scope: 'openid notes:read' });
		const grant = { grant_type: 'authorization_code', code, redirect_uri: redirectUri, code_verifier: verifier };
		const parameters = { ...grant, client_assertion_type: h.ASSERTION_TYPE, client_assertion: await h.assertion(client) };
		await failing(FAILURES.raises, async () => assertServerError(await h.post('/oauth2/token', parameters)));
		h.assertError(await h.post('/oauth2/token', parameters), 'invalid_client', 401);
		h.assertTokens(await h.token(client, grant));
	});

	it('at userinfo likewise, and the audit says why there were no tokens', async () => {
		const client = await h.newClient();
		const { access_token: accessToken, refresh_token: refreshToken, grantId } = await h.newTokens(client);
		await failing(FAILURES.raises, async () => {
			const answer = await h.get('/oauth2/userinfo', { headers: h.bearer(accessToken) });
			assert.deepEqual([answer.status, answer.json?.error], [500, 'server_error']);
			assertServerError(await h.refresh(client, refreshToken));
		});
		assert.equal(await h.value(`SELECT reason FROM pgtoken.audit_events WHERE grant_id = $1 AND event = 'refresh.refused'`, grantId), 'application_function_failed');
		assert.equal((await h.get('/oauth2/userinfo', { headers: h.bearer(accessToken) })).status, 200);
	});
});
