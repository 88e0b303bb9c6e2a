// Adaptive refresh over HTTP: what a policy allows, denies, or has the user prove
// first; and that a transaction is good for nothing but the request that waits.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import * as h from './harness.mjs';

// the same client program, seen as another one
const FROM = (agent) => ({ headers: { 'user-agent': agent } });
const HOME = FROM('Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0');
const AWAY = FROM('Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.0 Safari/605.1.15');
const ELSEWHERE = FROM('curl/8.0');

const AGENT_CHANGED = (outcome = 'require') => [{ rule: 'user_agent_changed', outcome }];

/** a family that has begun at HOME: {client, user, tokens} */
async function begin(options = {}, user = undefined) {
	const client = await h.newClient(options);
	const somebody = user ?? await h.newUser();
	const code = await h.newCode(client, { scope: 'openid offline_access notes:read', resource: h.resource },
		{ subject: somebody.subject, acr: 'pwd', amr: ['pwd'] });
	const tokens = h.assertTokens(await h.redeem(client, code, {}, HOME));
	return { client, user: somebody, tokens: { ...tokens, grantId: h.claimsOf(tokens.access_token).grant_id } };
}

const decisionsOf = (grantId) => h.value('SELECT count(*)::int FROM pgtoken.audit_events WHERE grant_id = $1 AND detail ? \'decision\'', grantId);
const generation = async (grantId) => (await h.family(grantId)).generation;

describe('a policy', () => {
	it('that is not for refreshes, or not in force, is never evaluated there (C92)', async () => {
		const { client, tokens } = await begin();
		let { refresh_token: current } = tokens;
		const refresh = async () => { ({ refresh_token: current } = h.assertTokens(await h.refresh(client, current, {}, AWAY))); };
		await h.withPolicy(client, AGENT_CHANGED('deny'), { on_refresh: false, on_issue: true }, refresh);
		await h.withPolicy(client, AGENT_CHANGED('deny'), { grant_types: ['password'] }, refresh);
		await h.withPolicy(client, AGENT_CHANGED('deny'), {}, async () => {});
		await h.rows('SELECT pgtoken.create_policy($1, $2, client_ids => $3)', h.unique('policy'), JSON.stringify(AGENT_CHANGED('deny')), [client.id]);
		await refresh();
		assert.equal(await decisionsOf(tokens.grantId), 0);
	});

	it('that denies: 403 access_denied, nothing of why, and the token is good where it belongs (C92)', async () => {
		const { client, tokens } = await begin();
		await h.withPolicy(client, AGENT_CHANGED('deny'), {}, async () => {
			const denied = await h.refresh(client, tokens.refresh_token, {}, AWAY);
			h.assertError(denied, 'access_denied', 403);
			assert.ok(!/agent|policy|rule/i.test(denied.text));
			assert.equal(await generation(tokens.grantId), 0);
			assert.equal((await h.notes(h.bearer(tokens.access_token))).status, 200, 'the access token lives');
			h.assertTokens(await h.refresh(client, tokens.refresh_token, {}, HOME));
		});
	});

	it('that denies and revokes ends the family (C92)', async () => {
		const { client, tokens } = await begin();
		await h.withPolicy(client, AGENT_CHANGED('deny'), { on_deny: 'revoke' }, async () => {
			h.assertError(await h.refresh(client, tokens.refresh_token, {}, AWAY), 'access_denied', 403);
		});
		h.assertError(await h.refresh(client, tokens.refresh_token, {}, HOME), 'invalid_grant');
		assert.equal((await h.notes(h.bearer(tokens.access_token))).status, 401, 'the access token is dead');
	});

	it('that requires what the user has not got: access_denied (C92)', async () => {
		const { client, tokens } = await begin({}, { subject: h.unique('user') });
		await h.withPolicy(client, AGENT_CHANGED(), {}, async () => {
			h.assertError(await h.refresh(client, tokens.refresh_token, {}, AWAY), 'access_denied', 403);
			assert.equal(await generation(tokens.grantId), 0);
		});
	});
});

describe('a step-up', () => {
	it('when the network has changed: challenge, code, and the same refresh goes on with more behind it (C45, C92)', { skip: !h.proxyUrl && 'no PROXY_URL' }, async () => {
		const client = await h.newClient();
		const user = await h.newUser();
		const from = (address) => ({ base: h.proxyUrl, headers: { 'x-forwarded-for': address } });
		const code = await h.newCode(client, { scope: 'openid offline_access notes:read', resource: h.resource },
			{ subject: user.subject, acr: 'pwd', amr: ['pwd'], authTime: new Date(Date.now() - 60_000).toISOString() });
		const tokens = h.assertTokens(await h.redeem(client, code, {}, from('192.0.2.7')));
		const before = h.claimsOf(tokens.access_token);
		await h.withPolicy(client, [{ rule: 'network_changed', outcome: 'require' }], {}, async () => {
			const near = h.assertTokens(await h.refresh(client, tokens.refresh_token, {}, from('192.0.2.200')));
			const required = h.assertRequired(await h.refresh(client, near.refresh_token, {}, from('203.0.113.9')));
			assert.deepEqual(required.factors, [{ factor_id: user.factorId, factor_type: 'email' }]);
			assert.equal(await generation(before.grant_id), 1, 'nothing is consumed');

			const asked = await h.challenge(client, required.transaction_id, user.factorId, from('203.0.113.9'));
			assert.equal(asked.status, 200);
			h.assertUncached(asked);
			assert.deepEqual(Object.keys(asked.json).sort(), ['expires_in', 'factor_id', 'factor_type'], 'and never the code');
			const sent = await h.deliveredCode(user.subject);
			h.assertError(await h.complete(client, required.transaction_id, { code: sent === '000000' ? '000001' : '000000' }), 'invalid_grant');
			// not answered yet: it waits on
			h.assertError(await h.refresh(client, near.refresh_token, { transaction_id: required.transaction_id }, from('203.0.113.9')), 'authorization_pending');
			const done = await h.complete(client, required.transaction_id, { code: sent });
			assert.equal(done.status, 200);
			h.assertUncached(done);
			assert.equal(done.json.completed, true);

			const next = h.assertTokens(await h.refresh(client, near.refresh_token, { transaction_id: required.transaction_id }, from('203.0.113.9')));
			const after = h.claimsOf(next.access_token);
			assert.equal(after.acr, 'mfa');
			assert.deepEqual([...after.amr].sort(), ['mfa', 'otp'], 'the methods of the proof');
			assert.ok(after.auth_time > before.auth_time && after.auth_time <= h.now() + 1);
			assert.equal(h.claimsOf(next.id_token).acr, 'mfa');
			// and the family keeps it
			const later = h.assertTokens(await h.refresh(client, next.refresh_token, {}, from('203.0.113.10')));
			assert.equal(h.claimsOf(later.access_token).acr, 'mfa');
			assert.equal(h.claimsOf(later.access_token).auth_time, after.auth_time);
		});
	});

	/** a refresh that waits: begin(), and {required} */
	const wait = async (action, options = {}, user = undefined) => {
		const begun = await begin(options, user);
		return h.withPolicy(begun.client, AGENT_CHANGED(), {}, async () => action({ ...begun,
			required: h.assertRequired(await h.refresh(begun.client, begun.tokens.refresh_token, {}, AWAY)) }));
	};
	const goOn = (client, tokens, required, from = AWAY) => h.refresh(client, tokens.refresh_token, { transaction_id: required.transaction_id }, from);

	// the attack: a step-up of long ago is gone on with
	it('ends with its time, before and after it was completed (C92)', async () => {
		await wait(async ({ client, user, tokens, required }) => {
			const expire = () => h.rows('UPDATE pgtoken.challenges SET expires_at = now() - interval \'1 second\' WHERE grant_id = $1', tokens.grantId);
			const again = h.assertRequired(await h.refresh(client, tokens.refresh_token, {}, AWAY));
			await h.prove(client, again.transaction_id, user);
			await expire();
			h.assertError(await h.challenge(client, required.transaction_id, user.factorId), 'expired_token');
			h.assertError(await h.complete(client, required.transaction_id, { factor_id: user.factorId, code: '000000' }), 'expired_token');
			for (const late of [required, again]) h.assertError(await goOn(client, tokens, late), 'expired_token');
			assert.equal(await generation(tokens.grantId), 0);
		});
	});

	// the attack: one proof lets several refreshes through
	it('counts once; an answer that was lost can be asked for again (C92)', async () => {
		await wait(async ({ client, user, tokens, required }) => {
			await h.prove(client, required.transaction_id, user);
			h.assertError(await h.complete(client, required.transaction_id, { factor_id: user.factorId, code: '000000' }), 'expired_token');
			const next = h.assertTokens(await goOn(client, tokens, required));
			const retried = h.assertTokens(await goOn(client, tokens, required));
			assert.ok(retried.refresh_token === next.refresh_token, 'the same successor');
			h.assertError(await goOn(client, next, required, ELSEWHERE), 'expired_token');
			h.assertRequired(await h.refresh(client, next.refresh_token, {}, ELSEWHERE));
		});
	});

	it('of many who go on with it at once, all get the one successor (C92)', async () => {
		await wait(async ({ client, user, tokens, required }) => {
			await h.prove(client, required.transaction_id, user);
			const answers = await Promise.all(Array.from({ length: 5 }, () => goOn(client, tokens, required)));
			const successors = new Set(answers.filter(({ status }) => status === 200).map(({ json }) => json.refresh_token));
			assert.equal(successors.size, 1);
			assert.equal(await generation(tokens.grantId), 1);
			assert.equal(await h.value('SELECT count(*)::int FROM pgtoken.challenges WHERE grant_id = $1 AND state = \'consumed\'', tokens.grantId), 1);
		});
	});

	// the attack: the user proves himself, and a thief elsewhere goes on
	it('goes on where it began, and nowhere else (C92)', async () => {
		await wait(async ({ client, user, tokens, required }) => {
			await h.prove(client, required.transaction_id, user);
			h.assertError(await goOn(client, tokens, required, ELSEWHERE), 'access_denied', 403);
			h.assertError(await h.refresh(client, tokens.refresh_token, { transaction_id: required.transaction_id, device_id: 'another' }, AWAY), 'access_denied', 403);
			h.assertTokens(await goOn(client, tokens, required));
		});
	});

	// the attack: the transaction of one is used by another, who has authenticated as himself
	it('belongs to its client and its family (C92)', async () => {
		await wait(async ({ client, user, tokens, required }) => {
			const other = await begin({}, user);
			h.assertError(await h.challenge(other.client, required.transaction_id, user.factorId), 'expired_token');
			h.assertError(await h.complete(other.client, required.transaction_id, { factor_id: user.factorId, code: '000000' }), 'expired_token');
			h.assertError(await h.challenge({ ...client, secret: 'wrong' }, required.transaction_id, user.factorId), 'invalid_client', 401);
			await h.prove(client, required.transaction_id, user);
			await h.withPolicy(other.client, AGENT_CHANGED(), {}, async () => {
				h.assertError(await goOn(other.client, other.tokens, required), 'expired_token');
				h.assertError(await h.refresh(other.client, tokens.refresh_token, { transaction_id: required.transaction_id }, AWAY), 'invalid_grant');
			});
			h.assertTokens(await goOn(client, tokens, required));
		});
	});

	// the attack: the code is guessed
	it('fails after five wrong attempts, also for the right code; a new one begins anew (C92)', async () => {
		await wait(async ({ client, user, tokens, required }) => {
			await h.challenge(client, required.transaction_id, user.factorId);
			const sent = await h.deliveredCode(user.subject);
			const wrong = sent === '000000' ? '000001' : '000000';
			for (let i = 0; i < 4; i += 1) h.assertError(await h.complete(client, required.transaction_id, { code: wrong }), 'invalid_grant');
			h.assertError(await h.complete(client, required.transaction_id, { code: wrong }), 'access_denied', 403);
			h.assertError(await h.complete(client, required.transaction_id, { code: sent }), 'access_denied', 403);
			h.assertError(await goOn(client, tokens, required), 'access_denied', 403);
			const anew = h.assertRequired(await h.refresh(client, tokens.refresh_token, {}, AWAY));
			await h.prove(client, anew.transaction_id, user);
			h.assertTokens(await goOn(client, tokens, anew));
		});
	});

	it('ends with its family', async () => {
		await wait(async ({ client, user, tokens, required }) => {
			await h.prove(client, required.transaction_id, user);
			await h.rows('SELECT pgtoken.revoke_family($1::uuid, $2)', tokens.grantId, 'stolen');
			h.assertError(await goOn(client, tokens, required), 'invalid_grant');
		});
	});

	it('asks for what it needs, by POST, of a client that is known', async () => {
		await wait(async ({ client, user, required }) => {
			const { transaction_id: id } = required;
			h.assertError(await h.postAs(client, '/oauth2/challenge', { factor_id: user.factorId }), 'invalid_request');
			for (const factor of [undefined, '', 'x', '00000000-0000-7000-8000-000000000000']) h.assertError(await h.challenge(client, id, factor), 'invalid_request');
			h.assertError(await h.complete(client, id, {}), 'invalid_request');
			h.assertError(await h.complete(client, id, { factor_id: 'x', code: '000000' }), 'invalid_request');
			h.assertError(await h.complete(client, undefined, { code: '000000' }), 'invalid_request');
			h.assertError(await h.post('/oauth2/challenge', { transaction_id: id, factor_id: user.factorId }), 'invalid_client', 401);
			h.assertError(await h.post('/oauth2/complete_challenge', { transaction_id: id, code: '000000' }), 'invalid_client', 401);
			for (const path of ['/oauth2/challenge', '/oauth2/complete_challenge']) assert.equal((await h.get(path)).status, 405);
			for (const odd of ['x', `${id}x`, id.slice(0, -1), 'pgt', '\u0000', 'ü'.repeat(100)]) {
				h.assertError(await h.challenge(client, odd, user.factorId), odd === '\u0000' ? 'invalid_request' : 'expired_token');
			}
		});
	});

	// the attack: a client declares that its user has proved an external factor
	it('by an external factor is for the application alone to complete', async () => {
		await wait(async ({ client, user, tokens, required }) => {
			for (const claim of [{ verified: 'true' }, { code: 'true', verified: 'true' }, { signature: 'x', verified: 'true', acr: 'phr', amr: 'hwk' }]) {
				const { status } = await h.complete(client, required.transaction_id, { factor_id: user.factorId, ...claim });
				assert.equal(status, 400);
			}
			await h.value('SELECT pgtoken.complete_challenge($1, $2)', required.transaction_id, JSON.stringify({ factor_id: user.factorId, verified: true }));
			h.assertTokens(await goOn(client, tokens, required));
		}, {}, await h.newUser('external'));
	});

	it('by a public client needs its name only', async () => {
		const user = await h.newUser();
		const client = await h.publicClient();
		const code = await h.newCode(client, { scope: 'openid offline_access' }, { subject: user.subject });
		const tokens = h.assertTokens(await h.redeem(client, code, {}, HOME));
		await h.withPolicy(client, AGENT_CHANGED(), {}, async () => {
			const required = h.assertRequired(await h.refresh(client, tokens.refresh_token, {}, AWAY));
			await h.prove(client, required.transaction_id, user);
			h.assertTokens(await goOn(client, tokens, required));
		});
	});

	// the attack: what names a transaction opens something else (C93)
	it('has an id that is no token, no code and no handle of any other kind (C93)', async () => {
		await wait(async ({ client, user, required }) => {
			await h.prove(client, required.transaction_id, user);
			const { transaction_id: id } = required;
			assert.equal((await h.notes(h.bearer(id))).status, 401);
			assert.equal((await h.get('/oauth2/userinfo', { headers: h.bearer(id) })).status, 401);
			h.assertError(await h.refresh(client, id, {}, AWAY), 'invalid_grant');
			h.assertError(await h.token(client, { grant_type: 'authorization_code', code: id, redirect_uri: h.REDIRECT_URI, code_verifier: h.newVerifier() }), 'invalid_grant');
			assert.deepEqual(await h.introspect(client, id), { active: false });
			assert.equal((await h.postAs(client, '/oauth2/revoke', { token: id })).status, 200);
			assert.equal((await h.family((await h.value('SELECT grant_id FROM pgtoken.challenges WHERE subject = $1', user.subject)))).revoked_at, null);
			const all = await h.newClient({ metadata: { grant_types: ['authorization_code', h.DEVICE_GRANT, h.EXCHANGE_GRANT] } });
			h.assertError(await h.token(all, { grant_type: h.DEVICE_GRANT, device_code: id }), 'invalid_grant');
			h.assertError(await h.token(all, { grant_type: h.EXCHANGE_GRANT, subject_token: id, subject_token_type: h.ACCESS_TOKEN_TYPE }), 'invalid_request');
			assert.equal(await h.value('SELECT pgtoken.authorization_request($1)', id), null);
			const { json } = await h.authorize(h.authorizationParameters(client, h.newVerifier(), { request_uri: `urn:ietf:params:oauth:request_uri:${id}` }));
			assert.equal(json.error, 'invalid_request_uri');
		});
	});

	// the attack: a token of the scope that elsewhere opens a step-up's endpoints
	it('has no scope: mfa_challenge cannot be registered, and not be asked for (C93)', async () => {
		await assert.rejects(h.newClient({ scopes: ['openid', 'mfa_challenge'] }), { code: '22023' });
		await assert.rejects(h.rows('SELECT pgtoken.create_resource($1, $2)', 'https://mfa.example', ['mfa_challenge']), { code: '22023' });
		const { client, tokens } = await begin();
		h.assertError(await h.refresh(client, tokens.refresh_token, { scope: 'mfa_challenge' }, HOME), 'invalid_scope');
		const { location } = await h.authorize(h.authorizationParameters(client, h.newVerifier(), { scope: 'openid mfa_challenge' }));
		assert.equal(location.searchParams.get('error'), 'invalid_scope');
	});
});

describe('what a resource asks for (RFC 9470)', () => {
	const sensitive = (accessToken) => h.get('/api/sensitive', { headers: h.bearer(accessToken) });

	it('its challenge is carried into a refresh, and then it accepts (C79)', async () => {
		await h.rows('SELECT pgtoken.update_issuer($1, factor_acr => $2)', h.issuer, { email: 'urn:example:strong' });
		try {
			const { client, user, tokens } = await begin();
			const refused = await sensitive(tokens.access_token);
			assert.equal(refused.status, 401);
			const challenge = refused.headers.get('www-authenticate');
			const asked = { acr_values: /acr_values="([^"]+)"/.exec(challenge)[1], max_age: /max_age="(\d+)"/.exec(challenge)[1] };
			const required = h.assertRequired(await h.refresh(client, tokens.refresh_token, asked, HOME));
			await h.prove(client, required.transaction_id, user);
			const next = h.assertTokens(await h.refresh(client, tokens.refresh_token, { ...asked, transaction_id: required.transaction_id }, HOME));
			assert.equal(h.claimsOf(next.access_token).acr, 'urn:example:strong');
			assert.equal((await sensitive(next.access_token)).status, 200);
			// who has it is not asked again
			h.assertTokens(await h.refresh(client, next.refresh_token, asked, HOME));
		} finally {
			await h.rows('SELECT pgtoken.update_issuer($1, factor_acr => $2)', h.issuer, {});
		}
	});

	it('an acr that no factor comes to: access_denied; max_age alone asks for a fresh proof', async () => {
		const { client, user, tokens } = await begin();
		h.assertError(await h.refresh(client, tokens.refresh_token, { acr_values: 'unheard-of' }, HOME), 'access_denied', 403);
		h.assertTokens(await h.refresh(client, tokens.refresh_token, { max_age: '3600', acr_values: 'unheard-of pwd' }, HOME));
		await h.rows('UPDATE pgtoken.grants SET auth_time = auth_time - interval \'2 hours\' WHERE grant_id = $1', tokens.grantId);
		const { refresh_token: current } = h.assertTokens(await h.refresh(client, tokens.refresh_token, {}, HOME));
		const required = h.assertRequired(await h.refresh(client, current, { max_age: '3600' }, HOME));
		await h.prove(client, required.transaction_id, user);
		const next = h.assertTokens(await h.refresh(client, current, { max_age: '3600', transaction_id: required.transaction_id }, HOME));
		assert.ok(h.claimsOf(next.access_token).auth_time > h.now() - 600);
	});

	it('what cannot be read is invalid_request, and nothing is consumed', async () => {
		const { client, tokens } = await begin();
		for (const maxAge of ['soon', '-1', '1.5', '99999999999', '3000000000', ' 1', '0x10']) {
			h.assertError(await h.refresh(client, tokens.refresh_token, { max_age: maxAge }, HOME), 'invalid_request');
		}
		for (const acr of ['a"b', 'a  b', '\n', 'a\\b']) h.assertError(await h.refresh(client, tokens.refresh_token, { acr_values: acr }, HOME), 'invalid_request');
		assert.equal(await generation(tokens.grantId), 0);
		// empty is absent (C2)
		h.assertTokens(await h.refresh(client, tokens.refresh_token, { max_age: '', acr_values: '', transaction_id: '' }, HOME));
	});

	it('an API that has come to require more: step-up, or where it says so the end (C97)', async () => {
		const set = (settings) => h.rows(`SELECT pgtoken.update_resource($1, ${settings})`, h.otherResource);
		const family = async () => {
			const client = await h.newClient({ scopes: ['openid', 'orders:read'] });
			const user = await h.newUser();
			const code = await h.newCode(client, { scope: 'openid offline_access orders:read', resource: h.otherResource }, { subject: user.subject, acr: 'pwd', amr: ['pwd'] });
			return { client, user, tokens: h.assertTokens(await h.redeem(client, code, {}, HOME)) };
		};
		const one = await family();
		const other = await family();
		try {
			assert.equal((await h.get('/.well-known/openid-configuration')).json.acr_values_supported.join(), 'pwd,mfa,phr');
			await set('required_acr => \'{mfa}\'');
			const { json: metadata } = await h.get('/.well-known/openid-configuration');
			assert.ok(metadata.acr_values_supported.includes('mfa'));
			const required = h.assertRequired(await h.refresh(one.client, one.tokens.refresh_token, {}, HOME));
			await h.prove(one.client, required.transaction_id, one.user);
			h.assertTokens(await h.refresh(one.client, one.tokens.refresh_token, { transaction_id: required.transaction_id }, HOME));
			await set('on_insufficient => \'invalid_grant\'');
			h.assertError(await h.refresh(other.client, other.tokens.refresh_token, {}, HOME), 'invalid_grant');
		} finally {
			await set('reset => \'{required_acr,on_insufficient}\'');
		}
	});
});

describe('a first issue', () => {
	const ASKED = [{ rule: 'mfa_age', outcome: 'require', longer_than: 3600 }];
	const onIssue = { on_issue: true, on_refresh: false };
	const expireCode = (grantId) => h.rows('UPDATE pgtoken.authorization_codes SET expires_at = now() - interval \'1 second\' WHERE grant_id = $1', grantId);
	const redeemed = (subject) => h.value('SELECT count(*)::int FROM pgtoken.authorization_codes WHERE subject = $1 AND redeemed_at IS NOT NULL', subject);
	const grantOf = (subject) => h.value('SELECT grant_id FROM pgtoken.authorization_codes WHERE subject = $1 ORDER BY created_at DESC LIMIT 1', subject);

	/** a code that waits: {client, user, code, required, grantId} */
	const wait = async (client, user) => {
		const code = await h.newCode(client, { scope: 'openid offline_access notes:read', resource: h.resource }, { subject: user.subject, amr: ['pwd'] });
		return { client, user, code, required: h.assertRequired(await h.redeem(client, code)), grantId: await grantOf(user.subject) };
	};

	it('the code is not redeemed by a request that must wait, and is good for longer than its own time', async () => {
		const client = await h.newClient();
		await h.withPolicy(client, ASKED, onIssue, async () => {
			const { user, code, required, grantId } = await wait(client, await h.newUser());
			assert.equal(await redeemed(user.subject), 0);
			await h.prove(client, required.transaction_id, user);
			await expireCode(grantId);
			const tokens = h.assertTokens(await h.redeem(client, code, { transaction_id: required.transaction_id }));
			const { acr, amr, grant_id: family } = h.claimsOf(tokens.access_token);
			assert.equal(acr, 'mfa');
			assert.ok(amr.includes('mfa'));
			assert.equal(family, grantId);
			assert.ok(h.claimsOf(tokens.id_token).nonce === code.nonce);
			// a second use is one, transaction or not (RFC 6749 section 4.1.2)
			h.assertError(await h.redeem(client, code, { transaction_id: required.transaction_id }), 'invalid_grant');
			h.assertError(await h.refresh(client, tokens.refresh_token), 'invalid_grant');
		});
	});

	// the attack: a code of long ago, from a log or a history, is redeemed with some transaction
	it('an expired code goes on with its own completed transaction only', async () => {
		const client = await h.newClient();
		const user = await h.newUser();
		await h.withPolicy(client, ASKED, onIssue, async () => {
			const one = await wait(client, user);
			const other = await wait(client, user);
			const begun = await begin({}, user);
			const ofRefresh = await h.withPolicy(begun.client, AGENT_CHANGED(), {}, async () =>
				h.assertRequired(await h.refresh(begun.client, begun.tokens.refresh_token, {}, AWAY)).transaction_id);
			await h.prove(client, other.required.transaction_id, user);
			await expireCode(one.grantId);
			const attempts = async () => {
				for (const id of [undefined, 'x', other.required.transaction_id, ofRefresh, other.code.code]) {
					h.assertError(await h.redeem(client, one.code, { transaction_id: id }), 'invalid_grant');
				}
				h.assertError(await h.redeem(client, one.code, { transaction_id: one.required.transaction_id }), 'authorization_pending');
			};
			await attempts();
			// nor when nothing asks for a factor any more
			await h.rows('SELECT pgtoken.deactivate_policy(p.policy) FROM pgtoken.policies p WHERE p.state = \'active\' AND p.client_ids = ARRAY[$1]', client.id);
			await attempts();
			await h.rows('UPDATE pgtoken.challenges SET expires_at = now() - interval \'1 second\' WHERE grant_id = $1', one.grantId);
			h.assertError(await h.redeem(client, one.code, { transaction_id: one.required.transaction_id }), 'invalid_grant');
			assert.equal(await h.family(one.grantId), undefined);
			// and a completed one of another place is not the one that was asked
			await expireCode(other.grantId);
			h.assertError(await h.redeem(client, other.code, { transaction_id: other.required.transaction_id }, ELSEWHERE), 'access_denied', 403);
			h.assertTokens(await h.redeem(client, other.code, { transaction_id: other.required.transaction_id }));
		});
	});

	// the attack: who has the code and not the verifier learns of the user's factors, or uses the code up
	it('without the verifier there is nothing to prove', async () => {
		const client = await h.newClient();
		await h.withPolicy(client, ASKED, onIssue, async () => {
			const user = await h.newUser();
			const code = await h.newCode(client, {}, { subject: user.subject });
			h.assertError(await h.redeem(client, { ...code, verifier: h.newVerifier() }), 'invalid_grant');
			assert.equal(await h.value('SELECT count(*)::int FROM pgtoken.challenges WHERE subject = $1', user.subject), 0);
			h.assertRequired(await h.redeem(client, code));
		});
	});

	it('to a device waits likewise', async () => {
		const client = await h.publicClient({ metadata: { grant_types: [h.DEVICE_GRANT] } });
		const user = await h.newUser();
		await h.withPolicy(client, ASKED, onIssue, async () => {
			const { json } = await h.postAs(client, '/oauth2/device_authorization', { scope: 'openid notes:read' });
			assert.equal(await h.value('SELECT pgtoken.approve_device($1, $2, $2)', json.user_code, user.subject), null);
			const poll = (parameters = {}) => h.token(client, { grant_type: h.DEVICE_GRANT, device_code: json.device_code, ...parameters });
			const required = h.assertRequired(await poll());
			await h.prove(client, required.transaction_id, user);
			await h.rows('UPDATE pgtoken.device_codes SET expires_at = now() - interval \'1 second\' WHERE client_id = $1', client.id);
			h.assertError(await poll(), 'expired_token');
			assert.equal(h.claimsOf(h.assertTokens(await poll({ transaction_id: required.transaction_id })).access_token).acr, 'mfa');
			h.assertError(await poll({ transaction_id: required.transaction_id }), 'expired_token');
		});
	});

	// the attack: everything of the user is revoked, and a thief goes on with what he had begun before
	it('that waits ends when all of its subject is revoked', async () => {
		const device = await h.publicClient({ metadata: { grant_types: [h.DEVICE_GRANT] } });
		const client = await h.newClient();
		const user = await h.newUser();
		const { json } = await h.postAs(device, '/oauth2/device_authorization', { scope: 'openid notes:read' });
		assert.equal(await h.value('SELECT pgtoken.approve_device($1, $2, $2)', json.user_code, user.subject), null);
		const poll = (id) => h.token(device, { grant_type: h.DEVICE_GRANT, device_code: json.device_code, transaction_id: id });
		await h.withPolicy(client, ASKED, { ...onIssue, client_ids: [client.id, device.id] }, async () => {
			const { code, required, grantId } = await wait(client, user);
			const ofDevice = h.assertRequired(await poll());
			await h.prove(client, required.transaction_id, user);
			await h.prove(device, ofDevice.transaction_id, user);
			await h.rows('SELECT pgtoken.revoke_subject($1)', user.subject);
			await expireCode(grantId);
			await h.rows('UPDATE pgtoken.device_codes SET expires_at = now() - interval \'1 second\' WHERE client_id = $1', device.id);
			const late = await poll(ofDevice.transaction_id);
			assert.ok(late.status === 400 && ['invalid_grant', 'expired_token', 'access_denied'].includes(late.json.error));
			h.assertError(await h.redeem(client, code, { transaction_id: required.transaction_id }), 'invalid_grant');
		});
	});

	it('for a password waits likewise', async () => {
		const client = await h.newClient({ metadata: { grant_types: ['password'] } });
		const password = { grant_type: 'password', username: 'other', password: 'other-password', scope: 'openid' };
		const { factor_id: factorId } = await h.value('SELECT pgtoken.enroll_factor($1, \'email\')', h.OTHER_SUBJECT);
		try {
			await h.withPolicy(client, ASKED, onIssue, async () => {
				const required = h.assertRequired(await h.token(client, password));
				await h.prove(client, required.transaction_id, { subject: h.OTHER_SUBJECT, factorId });
				h.assertTokens(await h.token(client, { ...password, transaction_id: required.transaction_id }));
				h.assertError(await h.token(client, { ...password, transaction_id: required.transaction_id }), 'expired_token');
			});
		} finally {
			await h.rows('SELECT pgtoken.remove_factor($1, $2)', h.OTHER_SUBJECT, factorId);
		}
	});

	it('to a client itself: nobody can be asked', async () => {
		const client = await h.newClient({ scopes: ['notes:read'], metadata: { grant_types: ['client_credentials'] } });
		await h.withPolicy(client, [{ rule: 'address_not_in', outcome: 'require', networks: ['198.51.100.0/24'] }], onIssue, async () => {
			h.assertError(await h.token(client, { grant_type: 'client_credentials' }), 'access_denied', 403);
		});
	});
});
