// The sessions of a person, as a client sees and ends them that he has let do so; the
// application's own page is clicked in browser_account.test.mjs.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import * as h from './harness.mjs';

const SCOPE = 'pgtoken:sessions';
const PATH = '/oauth2/sessions';
const OTHERS = `${PATH}/end_others`;

const makeClient = (options = {}) => h.newClient({ scopes: ['openid', 'notes:read', SCOPE], ...options });
const person = () => h.unique('person');

/** a sign-in that may look after the account */
const signIn = (client, subject, sessionId = h.unique('session')) =>
	h.newTokens(client, { scope: `openid offline_access ${SCOPE}`, resource: h.issuer }, { subject, sessionId });
/** one as any application has it */
const elsewhere = (client, subject, sessionId = h.unique('session')) => h.newTokens(client, {}, { subject, sessionId });

const list = async (token, query) => {
	const answer = await h.get(PATH, { headers: h.bearer(token), query });
	assert.equal(answer.status, 200, `a list, and not ${answer.headers.get('www-authenticate')}`);
	h.assertUncached(answer);
	return answer.json;
};
const end = (token, id, options = {}) => h.request('DELETE', `${PATH}/${id}`, { headers: h.bearer(token), ...options });
const endOthers = (token) => h.post(OTHERS, '', { headers: h.bearer(token) });

function assertChallenge(answer, status, error) {
	assert.equal(answer.status, status);
	const challenge = answer.headers.get('www-authenticate') ?? '';
	assert.match(challenge, /^(Bearer|DPoP) realm=/);
	assert.equal(/error="([^"]*)"/.exec(challenge)?.[1], error);
	assert.equal(answer.text, '');
	h.assertUncached(answer);
	return challenge;
}

describe('the sessions of a person', () => {
	it('are announced, seen, and one of them is this one', async () => {
		const { json: metadata } = await h.get('/.well-known/openid-configuration');
		assert.ok(metadata.scopes_supported.includes(SCOPE));
		const subject = person();
		const portal = await makeClient({ name: 'Portal' });
		const other = await h.newClient({ name: 'Other' });
		await elsewhere(other, subject, 'shared');
		const { access_token: token } = await signIn(portal, subject);
		await elsewhere(portal, subject, 'shared');
		const { sessions, next } = await list(token);
		assert.equal(next, undefined);
		assert.deepEqual(sessions.map(({ current, clients }) => [current, clients.map((client) => client.client_name).sort()]), [[true, ['Portal']], [false, ['Other', 'Portal']]]);
		for (const session of sessions) {
			assert.match(session.id, /^[\w-]{43}$/);
			for (const time of ['auth_time', 'created_at', 'last_used_at', 'expires_at']) assert.ok(Number.isInteger(session[time]), time);
			assert.equal(session.offline, true);
			// the attack: what opens something at the application is told to clients
			assert.ok(!JSON.stringify(session).includes('shared'));
		}
		const head = await fetch(`${h.issuer}${PATH}`, { method: 'HEAD', headers: h.bearer(token) });
		assert.equal(head.status, 200);
	});

	it('come a page at a time', async () => {
		const subject = person();
		const client = await makeClient();
		for (let n = 0; n < 4; n += 1) await elsewhere(client, subject);
		const { access_token: token } = await signIn(client, subject);
		const seen = [];
		for (let after, pages = 0; pages < 3; pages += 1) {
			const page = await list(token, { limit: '2', ...(after && { after }) });
			seen.push(...page.sessions);
			after = page.next;
			assert.equal(after === undefined, pages === 2);
		}
		assert.equal(new Set(seen.map(({ id }) => id)).size, 5);
		for (const query of [{ limit: '0' }, { limit: '1000' }, { limit: '-1' }, { after: 'x' }]) {
			h.assertError(await h.get(PATH, { headers: h.bearer(token), query }), 'invalid_request');
		}
	});

	it('are ended: one, whose tokens are refused at the next call (C158)', async () => {
		const subject = person();
		const client = await makeClient();
		const ended = await elsewhere(client, subject, 'gone');
		const other = await elsewhere(client, subject);
		const { access_token: token } = await signIn(client, subject);
		const { sessions } = await list(token);
		assert.equal((await h.notes(h.bearer(ended.access_token))).status, 200);
		const answer = await end(token, sessions[2].id);
		assert.equal(answer.status, 204);
		assert.equal(answer.text, '');
		assert.equal((await h.notes(h.bearer(ended.access_token))).status, 401);
		h.assertError(await h.refresh(client, ended.refresh_token), 'invalid_grant');
		assert.equal((await h.notes(h.bearer(other.access_token))).status, 200);
		h.assertTokens(await h.refresh(client, other.refresh_token));
		h.assertError(await end(token, sessions[2].id), 'not_found', 404);
		assert.deepEqual((await h.rows('SELECT reason, client_id FROM pgtoken.audit_events WHERE event = \'session.ended\' AND subject = $1', subject)),
			[{ reason: 'ended_by_user', client_id: client.id }]);
	});

	it('are ended: all but this one', async () => {
		const subject = person();
		const client = await makeClient();
		const others = [await elsewhere(client, subject), await elsewhere(await h.newClient(), subject)];
		const mine = await signIn(client, subject);
		const answer = await endOthers(mine.access_token);
		assert.equal(answer.status, 200);
		assert.deepEqual(answer.json, { ended: 2 });
		for (const { access_token: token } of others) assert.equal((await h.notes(h.bearer(token))).status, 401);
		h.assertTokens(await h.refresh(client, mine.refresh_token));
		assert.deepEqual((await endOthers(mine.access_token)).json, { ended: 0 });
	});

	it('two devices sign each other out at the same time: one stays', async () => {
		const subject = person();
		const client = await makeClient();
		const devices = [await signIn(client, subject), await signIn(client, subject)];
		const statuses = (await Promise.all(devices.map(({ access_token: token }) => endOthers(token)))).map(({ status }) => status);
		assert.deepEqual(statuses.sort(), [200, 401]);
		const living = await h.value('SELECT count(*)::integer FROM pgtoken.sessions_of($1)', subject);
		assert.equal(living, 1);
	});
});

describe('who may not', () => {
	// the attack: a token that was taken from somewhere else opens the account
	it('a token without the scope, for an API, for the issuer and an API, an ID token, a refresh token, none', async () => {
		const subject = person();
		const client = await makeClient();
		const { access_token: good, id_token: idToken, refresh_token: refreshToken } = await signIn(client, subject);
		const { sessions: [{ id }] } = await list(good);
		const { access_token: plain } = await h.newTokens(client, { scope: 'openid', resource: h.issuer }, { subject });
		const { access_token: forApi } = await elsewhere(client, subject);
		// a family for both, as a client has it that says nothing of where it will use its tokens
		const [{ access_token: both, refresh_token: ofBoth }] = await h.rows('SELECT access_token, refresh_token FROM pgtoken.issue_tokens($1, $2, $3, ARRAY[$4, $5])',
			client.id, subject, `openid notes:read offline_access ${SCOPE}`, h.issuer, h.resource);
		for (const call of [(headers) => h.get(PATH, { headers }), (headers) => h.request('DELETE', `${PATH}/${id}`, { headers }), (headers) => h.post(OTHERS, '', { headers })]) {
			assert.match(assertChallenge(await call(h.bearer(plain)), 403, 'insufficient_scope'), new RegExp(`scope="${SCOPE}"`));
			for (const token of [forApi, both, idToken, refreshToken, 'x.y.z']) assertChallenge(await call(h.bearer(token)), 401, 'invalid_token');
			assertChallenge(await call({}), 401, undefined);
			assertChallenge(await call(h.basic(client.id, client.secret)), 401, undefined);
		}
		assert.equal((await list(good)).sessions.length, 4);
		const { access_token: narrowed } = h.assertTokens(await h.refresh(client, ofBoth, { resource: h.issuer }));
		assert.equal((await list(narrowed)).sessions.length, 4);
	});

	// the attack: somebody who knows the id of another person's session
	it('another person, by the id, the sid or the family (C158)', async () => {
		const client = await makeClient();
		const victim = await signIn(client, person(), 'victim-session');
		const { sessions: [{ id }] } = await list(victim.access_token);
		const { access_token: attacker } = await signIn(client, person());
		for (const name of [id, 'victim-session', victim.grantId, h.claimsOf(victim.id_token).sid, '..', '%2e%2e', '*', `${id}%00`]) {
			const answer = await end(attacker, name);
			assert.ok(answer.status === 404 || answer.status === 405 || answer.status === 400, `refused, and not ${answer.status}`);
		}
		assert.deepEqual((await endOthers(attacker)).json, { ended: 0 });
		h.assertTokens(await h.refresh(client, victim.refresh_token));
	});

	// the attack: two clients that must not know that they have the same user compare what they are told
	it('pairwise clients are told names of their own, and can use no others', async () => {
		const subject = person();
		const pairwise = (host) => makeClient({ redirectUris: [`https://${host}.example/cb`], metadata: { subject_type: 'pairwise' } });
		const [one, two] = [await pairwise('one'), await pairwise('two')];
		const first = await signIn(one, subject, 'same');
		const second = await signIn(two, subject, 'same');
		const [seenByOne, seenByTwo] = [(await list(first.access_token)).sessions, (await list(second.access_token)).sessions];
		assert.equal(seenByOne.length, 1);
		assert.equal(seenByTwo.length, 1);
		assert.notEqual(seenByOne[0].id, seenByTwo[0].id);
		assert.ok(![seenByOne, seenByTwo].some((seen) => JSON.stringify(seen).includes(subject)));
		for (const id of [seenByTwo[0].id, h.claimsOf(first.id_token).sid, 'same']) h.assertError(await end(first.access_token, id), 'not_found', 404);
		assert.equal((await end(first.access_token, seenByOne[0].id)).status, 204);
		assertChallenge(await h.get(PATH, { headers: h.bearer(second.access_token) }), 401, 'invalid_token');
	});

	// the attack: a proof that was made for one session ends another
	it('a thief of a bound token, or of a proof for another address', async () => {
		const subject = person();
		const client = await makeClient({ metadata: { dpop_bound_access_tokens: true } });
		const key = await h.generateKey();
		const { code, verifier, redirectUri } = await h.newCode(client, { scope: `openid ${SCOPE}`, resource: h.issuer }, { subject });
		const { access_token: token } = h.assertTokens(await h.redeem(client, { code, verifier, redirectUri }, {}, { headers: { dpop: await h.proof(key) } }), { type: 'DPoP' });
		const call = async (method, path, htm = method, htu = `${h.issuer}${path}`, using = key) => h.request(method, path,
			{ headers: { authorization: `DPoP ${token}`, dpop: await h.proof(using, { htm, htu, accessToken: token }) } });
		const { json: { sessions: [{ id }] } } = await call('GET', PATH);
		assertChallenge(await h.get(PATH, { headers: h.bearer(token) }), 401, 'invalid_token');
		assertChallenge(await h.get(PATH, { headers: { authorization: `DPoP ${token}` } }), 401, 'invalid_dpop_proof');
		for (const wrong of [['GET', `${h.issuer}${PATH}/${id}`], ['DELETE', `${h.issuer}${PATH}/`], ['DELETE', `${h.issuer}${PATH}/${'A'.repeat(43)}`]]) {
			assertChallenge(await call('DELETE', `${PATH}/${id}`, ...wrong), 401, 'invalid_dpop_proof');
		}
		assertChallenge(await call('DELETE', `${PATH}/${id}`, 'DELETE', `${h.issuer}${PATH}/${id}`, await h.generateKey()), 401, 'invalid_token');
		assert.equal((await call('DELETE', `${PATH}/${id}`)).status, 204);
	});

	// the attack: a page of another site lets the visitor's browser do it; there is no cookie that would come along
	it('another site, in its visitor\'s browser', async () => {
		for (const [method, path] of [['GET', PATH], ['DELETE', `${PATH}/x`], ['POST', OTHERS]]) {
			const preflight = await fetch(`${h.issuer}${path}`, { method: 'OPTIONS',
				headers: { origin: 'https://spa.example', 'access-control-request-method': method, 'access-control-request-headers': 'authorization' } });
			assert.match(preflight.headers.get('access-control-allow-methods'), new RegExp(`\\b${method}\\b`));
			assert.ok(!preflight.headers.has('access-control-allow-credentials'));
			const answer = await h.request(method, path, { headers: { origin: 'https://spa.example', cookie: 'login=x; session=x' } });
			assert.equal(answer.status, 401);
		}
	});

	it('who asks for the whole list to go, or for a session without a name', async () => {
		const subject = person();
		const client = await makeClient();
		await elsewhere(client, subject);
		const { access_token: token } = await signIn(client, subject);
		for (const path of [PATH, `${PATH}/`, `${OTHERS}/`, `${PATH}/undefined`]) {
			const answer = await h.request('DELETE', path, { headers: h.bearer(token) });
			assert.ok([404, 405].includes(answer.status));
		}
		assert.equal((await list(token)).sessions.length, 2);
	});

	it('a client that was not registered for the scope, and no client for itself', async () => {
		const plain = await h.newClient();
		const { location } = await h.authorize(h.authorizationParameters(plain, h.newVerifier(), { scope: `openid ${SCOPE}`, resource: h.issuer }));
		assert.equal(location.searchParams.get('error'), 'invalid_scope');
		const worker = await makeClient({ metadata: { grant_types: ['client_credentials'] } });
		h.assertError(await h.token(worker, { grant_type: 'client_credentials', scope: SCOPE, resource: h.issuer }), 'invalid_scope');
	});

	it('a client whose user was not asked', async () => {
		const client = await makeClient();
		const { location } = await h.authorize(h.authorizationParameters(client, h.newVerifier(), { scope: `openid ${SCOPE}`, resource: h.issuer }));
		const answer = await h.approve(location.searchParams.get('transaction_id'), { subject: person(), consent: null });
		assert.equal(answer.error, 'consent_required');
	});
});
