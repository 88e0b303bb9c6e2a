// Refresh tokens over HTTP: rotation, honest retries, reuse, races.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import * as openid from 'openid-client';

import * as h from './harness.mjs';

const dead = async ({ refresh_token: refreshToken, access_token: accessToken }, client) => {
	h.assertError(await h.refresh(client, refreshToken), 'invalid_grant');
	assert.equal((await h.notes(h.bearer(accessToken))).status, 401, 'the access token is dead');
};

const lives = async (accessToken) => assert.equal((await h.notes(h.bearer(accessToken))).status, 200, 'the access token lives');

describe('rotation', () => {
	it('each refresh by openid-client brings another refresh token (C59)', async () => {
		const client = await h.newClient();
		const config = await h.configuration(client);
		let { refresh_token: current } = await h.newTokens(client);
		const seen = new Set([current]);
		for (let i = 0; i < 3; i += 1) {
			({ refresh_token: current } = await openid.refreshTokenGrant(config, current));
			assert.ok(!seen.has(current), 'a new one');
			seen.add(current);
		}
	});

	it('a refresh token is long enough, of characters that need no encoding (C22)', async () => {
		const { refresh_token: refreshToken } = await h.newTokens(await h.newClient());
		assert.ok(refreshToken.length * 6 >= 160 && /^[\x21-\x7e]+$/.test(refreshToken));
	});

	it('rotation does not extend the absolute end, idleness ends (C52)', async () => {
		const client = await h.newClient();
		const tokens = await h.newTokens(client);
		const { expires_at: before, idle_lifetime: idle } = await h.family(tokens.grantId);
		const { refresh_token: next } = h.assertTokens(await h.refresh(client, tokens.refresh_token));
		assert.deepEqual((await h.family(tokens.grantId)).expires_at, before);
		assert.ok(idle !== null, 'a family has an idle end, too');
		await h.rows('UPDATE pgtoken.grants SET rotated_at = rotated_at - idle_lifetime WHERE grant_id = $1', tokens.grantId);
		h.assertError(await h.refresh(client, next), 'invalid_grant');
	});

	it('where it is off the same token stays good (confidential clients only)', async () => {
		const client = await h.newClient({ rotation: 'never' });
		const { refresh_token: refreshToken } = await h.newTokens(client);
		for (let i = 0; i < 2; i += 1) {
			const { refresh_token: next } = h.assertTokens(await h.refresh(client, refreshToken));
			assert.ok(next === undefined || next === refreshToken, 'the same');
		}
	});
});

describe('scope and resource at refresh', () => {
	it('may be narrowed, and widened again up to the grant (C19)', async () => {
		const client = await h.newClient();
		const tokens = await h.newTokens(client, { scope: 'openid offline_access notes:read notes:write' });
		const narrow = h.assertTokens(await h.refresh(client, tokens.refresh_token, { scope: 'notes:read' }));
		assert.equal(h.claimsOf(narrow.access_token).scope, 'notes:read');
		const wide = h.assertTokens(await h.refresh(client, narrow.refresh_token));
		assert.equal(h.claimsOf(wide.access_token).scope.split(' ').sort().join(' '), 'notes:read notes:write offline_access openid');
	});

	it('an empty scope is none: all of the grant (C2)', async () => {
		const client = await h.newClient();
		const tokens = await h.newTokens(client);
		const next = h.assertTokens(await h.refresh(client, tokens.refresh_token, { scope: '' }));
		assert.equal(h.claimsOf(next.access_token).scope, h.claimsOf(tokens.access_token).scope);
	});

	it('beyond the grant it is refused, and the token is not consumed (C18, C70)', async () => {
		const client = await h.newClient();
		const { refresh_token: refreshToken, grantId } = await h.newTokens(client);
		h.assertError(await h.refresh(client, refreshToken, { scope: 'notes:write' }), 'invalid_scope');
		h.assertError(await h.refresh(client, refreshToken, { resource: h.otherResource }), 'invalid_target');
		assert.equal((await h.family(grantId)).generation, 0);
		h.assertTokens(await h.refresh(client, refreshToken));
	});
});

describe('an answer that was lost', () => {
	for (const [kind, make] of [['confidential', h.newClient], ['DPoP-bound', h.newClient]]) {
		it(`${kind}: the token of before is good again after 31 seconds, while its successor was not used (C59)`, async () => {
			const client = await make();
			const options = async () => (kind === 'confidential' ? {} : { headers: { dpop: await h.proof(await h.generateKey()) } });
			const { refresh_token: first, grantId } = await h.newTokens(client);
			const { refresh_token: lost } = (await h.refresh(client, first, {}, await options())).json;
			await h.ageRotation(grantId, '31 seconds');
			const retried = h.assertTokens(await h.refresh(client, first, {}, await options()), { type: kind === 'confidential' ? 'Bearer' : 'DPoP' });
			assert.ok(retried.refresh_token === lost, 'the same successor');
			if (kind === 'confidential') await lives(retried.access_token);
			h.assertTokens(await h.refresh(client, retried.refresh_token, {}, await options()), { type: kind === 'confidential' ? 'Bearer' : 'DPoP' });
		});
	}

	// the attack: a stolen refresh token is used after its owner has gone on
	it('once the successor was used, a retry is reuse: refused, and the family ends (C51, C59)', async () => {
		const client = await h.newClient();
		const { refresh_token: first } = await h.newTokens(client);
		const second = h.assertTokens(await h.refresh(client, first));
		const third = h.assertTokens(await h.refresh(client, second.refresh_token));
		h.assertError(await h.refresh(client, first), 'invalid_grant');
		await dead(third, client);
	});

	// the attack: the same, after the time in which an honest retry comes
	it('after the window a retry is reuse as well (C51)', async () => {
		const client = await h.publicClient({ retryWindow: '5 seconds' });
		const { refresh_token: first, grantId } = await h.newTokens(client);
		const second = h.assertTokens(await h.refresh(client, first));
		await h.ageRotation(grantId, '6 seconds');
		h.assertError(await h.refresh(client, first), 'invalid_grant');
		await dead(second, client);
	});
});

describe('other clients and no client', () => {
	// the attack: a leaked refresh token is used with the attacker's own client
	it('the token of another client is invalid_grant, and its family lives (C20)', async () => {
		const client = await h.newClient();
		const other = await h.newClient();
		const { refresh_token: refreshToken } = await h.newTokens(client);
		h.assertError(await h.refresh(other, refreshToken), 'invalid_grant');
		h.assertTokens(await h.refresh(client, refreshToken));
	});

	it('without authentication nothing is refreshed or revoked (C8)', async () => {
		const client = await h.newClient();
		const { refresh_token: refreshToken, access_token: accessToken } = await h.newTokens(client);
		h.assertError(await h.post('/oauth2/token', { grant_type: 'refresh_token', refresh_token: refreshToken, client_id: client.id }), 'invalid_client', 401);
		h.assertError(await h.post('/oauth2/revoke', { token: refreshToken, client_id: client.id }), 'invalid_client', 401);
		await lives(accessToken);
		h.assertTokens(await h.refresh(client, refreshToken));
	});

	it('a client that may no longer have refresh tokens cannot use those it has (C95)', async () => {
		const client = await h.newClient();
		const { refresh_token: refreshToken } = await h.newTokens(client);
		await h.rows('SELECT pgtoken.update_client($1, offline_access => false)', client.id);
		h.assertError(await h.refresh(client, refreshToken), 'unauthorized_client');
	});

	it('a client that is disabled has nothing any more', async () => {
		const client = await h.newClient();
		const tokens = await h.newTokens(client);
		await h.rows('SELECT pgtoken.update_client($1, enabled => false)', client.id);
		h.assertError(await h.refresh(client, tokens.refresh_token), 'invalid_client', 401);
		assert.equal((await h.notes(h.bearer(tokens.access_token))).status, 401);
	});

	it('what is no refresh token is invalid_grant', async () => {
		const client = await h.newClient();
		const { access_token: accessToken } = await h.newTokens(client);
		for (const wrong of ['x', accessToken, '\u00fc', 'pgtrt_'.padEnd(100, 'A')]) {
			h.assertError(await h.refresh(client, wrong), 'invalid_grant');
		}
		h.assertError(await h.refresh(client, ''), 'invalid_request');
	});
});

describe('at the same time', () => {
	// the attack: thief and owner at once; and the app that opens ten tabs
	it('of parallel refreshes of one token all get the same successor, none an error of ours (C60)', async () => {
		const client = await h.newClient();
		const { refresh_token: first, grantId } = await h.newTokens(client);
		const answers = await Promise.all(Array.from({ length: 12 }, () => h.refresh(client, first)));
		for (const answer of answers) h.assertTokens(answer);
		assert.equal(new Set(answers.map(({ json }) => json.refresh_token)).size, 1, 'one successor');
		assert.equal((await h.family(grantId)).generation, 1);
		h.assertTokens(await h.refresh(client, answers[0].json.refresh_token));
	});

	it('revoke beside refreshes: afterwards nothing of the family works (C61)', async () => {
		const client = await h.newClient();
		for (let round = 0; round < 3; round += 1) {
			const { refresh_token: first, grantId } = await h.newTokens(client);
			const refreshes = Array.from({ length: 4 }, () => h.refresh(client, first));
			const revocation = h.postAs(client, '/oauth2/revoke', { token: first });
			const answers = await Promise.all(refreshes);
			assert.equal((await revocation).status, 200);
			for (const answer of answers) {
				assert.ok(answer.status === 200 || answer.json.error === 'invalid_grant');
				if (answer.status === 200) await dead(answer.json, client);
			}
			assert.ok((await h.family(grantId)).revoked_at !== null);
		}
	});
});
