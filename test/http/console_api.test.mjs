// The console's API as an attacker tries it: with all that the application may, with an
// auditor's token, a user's, one without a proof. What its pages do with it is clicked in
// the other files of the console.
import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';

import * as h from './harness.mjs';

const HOME = '/oauth2/console';
const API = `${HOME}/api`;
const CONSOLE = { id: 'pgtoken-console', method: 'none', offline: true, redirectUri: `${h.issuer}${HOME}/` };
const RESOURCE = `${h.issuer}${API}`;
const SCOPES = ['pgtoken:auditor', 'pgtoken:issuer_admin', 'pgtoken:admin'];

/** an operator with a sheet of recovery codes, each of which is good for one proof */
async function newOperator(access) {
	const subject = h.unique('operator');
	const made = await h.value('SELECT pgtoken.create_console_operator($1, $2, \'recovery_code\')', subject, access);
	return { subject, factorId: made.factor_id, codes: made.codes };
}

/** the console's client, with the scopes that it asks for; what the application does is done as pgtoken_issuer would */
async function signIn(subject, { client = CONSOLE, key, scope = `openid offline_access ${SCOPES.join(' ')}`, resource = RESOURCE } = {}) {
	const held = key ?? await h.generateKey();
	const code = await h.newCode(client, { scope, resource }, { subject, acr: 'pwd', amr: ['pwd'] });
	const answer = await h.redeem(client, code, {}, { headers: { dpop: await h.proof(held) } });
	return { client, key: held, answer, ...answer.json };
}

const begin = async (subject, options) => {
	const session = await signIn(subject, options);
	h.assertTokens(session.answer, { type: 'DPoP' });
	return session;
};

async function refresh(session, parameters) {
	const answer = await h.refresh(session.client, session.refresh_token, parameters, { headers: { dpop: await h.proof(session.key) } });
	if (answer.status === 200) Object.assign(session, answer.json);
	return answer;
}

/** a call, as it should be unless changed */
async function call(session, name, parameters = {}, { proof = {}, headers = {} } = {}) {
	const dpop = proof && await h.proof(session.key, { htu: `${h.issuer}${API}/${name}`, accessToken: session.access_token, ...proof });
	return h.post(`${API}/${name}`, typeof parameters === 'string' ? parameters : JSON.stringify(parameters), {
		type: 'application/json', headers: { authorization: `DPoP ${session.access_token}`, ...(dpop && { dpop }), ...headers } });
}

/** the step-up that RFC 9470 asks for, by one of the factors that the answer names */
async function prove(session, operator, refusal) {
	const challenge = refusal.headers.get('www-authenticate');
	const open = h.assertRequired(await refresh(session, { acr_values: /acr_values="([^"]*)"/.exec(challenge)[1], max_age: '0' }));
	const { factor_id: factorId } = open.factors.find((factor) => refusal.json.factor_ids.includes(factor.factor_id));
	const done = await h.complete(session.client, open.transaction_id, { factor_id: factorId, code: operator.codes.pop() });
	assert.equal(done.status, 200, `completed, and not ${done.json?.error}`);
	h.assertTokens(await refresh(session, { transaction_id: open.transaction_id }), { type: 'DPoP' });
}

/** signed in, and proved */
async function enter(access) {
	const operator = await newOperator(access);
	const session = await begin(operator.subject);
	await prove(session, operator, await call(session, 'whoami'));
	return { operator, session };
}

function assertProofWanted(answer, operator) {
	assert.equal(answer.status, 401);
	assert.match(answer.headers.get('www-authenticate'), /^DPoP .*error="insufficient_user_authentication".*, acr_values="mfa", max_age="0"$/);
	assert.equal(answer.json.error, 'insufficient_user_authentication');
	assert.deepEqual(answer.json.factor_ids, operator ? [operator.factorId] : []);
	h.assertUncached(answer);
}

function assertChallenged(answer, status, error) {
	assert.equal(answer.status, status, answer.json?.error);
	assert.equal(/error="([^"]*)"/.exec(answer.headers.get('www-authenticate'))?.[1], error);
}

const calledOf = (session) => h.rows(`SELECT event, detail ->> 'function' AS function, detail ->> 'role' AS role, detail ->> 'sqlstate' AS sqlstate, subject
	FROM pgtoken.audit_events WHERE grant_id = $1 AND event LIKE 'console.%' ORDER BY event_id`, h.claimsOf(session.access_token).grant_id);

before(async () => {
	// functions of the console of the tests' own: one that reads as a role, one that changes something, one that is wrong
	await h.rows(`CREATE OR REPLACE FUNCTION pgtoken_console.test_reads(arguments jsonb) RETURNS jsonb LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
		BEGIN RETURN jsonb_build_object('role', current_user, 'issuers', (SELECT count(*) FROM pgtoken.issuers), 'clients', (SELECT count(DISTINCT issuer) FROM pgtoken.clients)); END $$;
	REVOKE ALL ON FUNCTION pgtoken_console.test_reads FROM PUBLIC;
	GRANT EXECUTE ON FUNCTION pgtoken_console.test_reads TO pgtoken_auditor, pgtoken_issuer_admin;
	CREATE OR REPLACE FUNCTION pgtoken_console.test_changes(arguments jsonb) RETURNS jsonb LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, pg_temp AS $$
		BEGIN
			IF NOT pgtoken.update_client(arguments ->> 'client_id', client_name => arguments ->> 'name') THEN RAISE EXCEPTION 'no such client'; END IF;
			RETURN to_jsonb(current_user);
		END $$;
	REVOKE ALL ON FUNCTION pgtoken_console.test_changes FROM PUBLIC;
	GRANT EXECUTE ON FUNCTION pgtoken_console.test_changes TO pgtoken_admin;
	CREATE OR REPLACE FUNCTION pgtoken_console.test_changes_here(arguments jsonb) RETURNS jsonb LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, pg_temp AS $$
		BEGIN PERFORM pgtoken_administration.update_client(arguments ->> 'client_id', client_name => arguments ->> 'name'); RETURN to_jsonb(current_user); END $$;
	REVOKE ALL ON FUNCTION pgtoken_console.test_changes_here FROM PUBLIC;
	GRANT EXECUTE ON FUNCTION pgtoken_console.test_changes_here TO pgtoken_issuer_admin;
	CREATE OR REPLACE FUNCTION pgtoken_console.test_lies(arguments jsonb) RETURNS jsonb LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
		BEGIN PERFORM pgtoken.update_client(arguments ->> 'client_id', client_name => 'changed by what says that it reads'); RETURN 'true'; END $$;
	REVOKE ALL ON FUNCTION pgtoken_console.test_lies FROM PUBLIC;
	GRANT EXECUTE ON FUNCTION pgtoken_console.test_lies TO pgtoken_admin;
	CREATE OR REPLACE FUNCTION pgtoken_console.test_raises(arguments jsonb) RETURNS jsonb LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
		BEGIN RAISE EXCEPTION 'no %', arguments ->> 'what' USING ERRCODE = arguments ->> 'sqlstate', DETAIL = 'why', HINT = 'what to do'; END $$;
	REVOKE ALL ON FUNCTION pgtoken_console.test_raises FROM PUBLIC;
	GRANT EXECUTE ON FUNCTION pgtoken_console.test_raises TO pgtoken_auditor;
	CREATE OR REPLACE FUNCTION pgtoken_console.test_large(arguments jsonb) RETURNS jsonb LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp RETURN to_jsonb(repeat('x', 5000000));
	REVOKE ALL ON FUNCTION pgtoken_console.test_large FROM PUBLIC;
	GRANT EXECUTE ON FUNCTION pgtoken_console.test_large TO pgtoken_auditor;
	CREATE OR REPLACE FUNCTION public.test_judges(request jsonb, before jsonb, parameters jsonb) RETURNS jsonb LANGUAGE sql STABLE RETURN '{}'::jsonb;
	REVOKE ALL ON FUNCTION public.test_judges FROM PUBLIC`);
});

describe('an operator of the console', () => {
	it('signs in, is asked for a factor, proves it, and sees who he is (C79)', async () => {
		const operator = await newOperator('admin');
		const session = await begin(operator.subject);
		assert.deepEqual(session.scope.split(' ').sort(), ['offline_access', 'openid', 'pgtoken:admin', 'pgtoken:auditor']);
		const asked = await call(session, 'whoami');
		assertProofWanted(asked, operator);
		await prove(session, operator, asked);
		const { status, json } = await call(session, 'whoami');
		assert.equal(status, 200);
		assert.equal(json.subject, operator.subject);
		assert.equal(json.issuer, h.issuer);
		assert.equal(json.access, 'admin');
		assert.deepEqual(json.accesses, ['auditor', 'admin']);
		assert.deepEqual(json.factor_ids, [operator.factorId]);
		assert.ok(Date.now() - new Date(json.proved_at) < h.PATIENCE);
		assert.ok(json.functions.includes('whoami') && json.functions.includes('test_changes'));
	});

	it('runs each function as the least role that may, and a change is in the audit', async () => {
		const { operator, session } = await enter('admin');
		const client = await h.newClient();
		assert.equal((await call(session, 'test_reads')).json.role, 'pgtoken_auditor');
		const changed = await call(session, 'test_changes', { client_id: client.id, name: 'Changed' });
		assert.equal(changed.json, 'pgtoken_admin');
		assert.equal(await h.value('SELECT client_name FROM pgtoken.clients WHERE client_id = $1', client.id), 'Changed');
		assert.deepEqual(await calledOf(session), [{ event: 'console.called', function: 'test_changes', role: 'pgtoken_admin', sqlstate: null, subject: operator.subject }]);
	});

	it('is told what a function raises, and what it did is undone', async () => {
		const { session } = await enter('admin');
		const raised = await call(session, 'test_raises', { what: 'luck', sqlstate: '22023' });
		assert.equal(raised.status, 400);
		assert.deepEqual(raised.json, { error: 'invalid_request', error_description: 'no luck', detail: 'why', hint: 'what to do', sqlstate: '22023' });
		assert.equal((await call(session, 'test_raises', { what: 'right', sqlstate: '42501' })).status, 403);
		assert.equal((await call(session, 'test_raises', { what: 'memory', sqlstate: '53200' })).status, 503);
		assert.equal((await call(session, 'test_changes', { client_id: 'nobody', name: 'x' })).json.error_description, 'no such client');
		assert.equal((await calledOf(session)).at(-1).event, 'console.refused');
		const large = await call(session, 'test_large');
		assert.equal(large.json.error_description, 'the answer is too large');
		// the session's role is its own again
		assert.equal((await call(session, 'whoami')).status, 200);
	});

	it('sends one JSON object, by POST, with no member that is unknown', async () => {
		const { session } = await enter('auditor');
		for (const body of ['', '[]', '{', '"x"']) assert.equal((await call(session, 'whoami', body)).status, 400);
		const unknown = await call(session, 'whoami', { other: 1 });
		assert.equal(unknown.json.error_description, 'unknown argument "other"');
		assert.equal((await call(session, 'whoami', '{}', { headers: { 'content-type': 'text/plain' } })).status, 415);
		const wrong = await h.get(`${API}/whoami`);
		assert.equal(wrong.status, 405);
		assert.equal(wrong.json.error, 'invalid_request');
		for (const name of ['nothing', 'check_arguments', 'WHOAMI', 'whoami%20', 'x'.repeat(70), 'pg_sleep']) {
			assert.equal((await call(session, name)).status, 404, name);
		}
	});

	it('loses all with his row, or his factor', async () => {
		const { operator, session } = await enter('auditor');
		await h.rows('SELECT pgtoken.remove_console_factor($1, $2)', operator.subject, operator.factorId);
		const asked = await call(session, 'whoami');
		assertChallenged(asked, 401, 'insufficient_user_authentication');
		assert.deepEqual(asked.json.factor_ids, []);
		await h.rows('SELECT pgtoken.block_subject($1)', operator.subject);
		assertChallenged(await call(session, 'whoami'), 401, 'invalid_token');
		await h.rows('SELECT pgtoken.unblock_subject($1)', operator.subject);
		await h.rows('SELECT pgtoken.delete_console_operator($1)', operator.subject);
		assertChallenged(await call(session, 'whoami'), 401, 'invalid_token');
	});
});

describe('attacks shut out at the console', () => {
	it('the application signs in as an operator, and exchanges the code itself (C164)', async () => {
		const operator = await newOperator('admin');
		// all of this pgtoken_issuer can do alone: it has approved, and holds code, key and tokens
		const session = await begin(operator.subject);
		assertProofWanted(await call(session, 'test_reads'), operator);
		const open = h.assertRequired(await refresh(session, { acr_values: 'mfa', max_age: '0' }));
		// every way to a proof: a factor of its own, a code that it knows, the word of the application, what it can take away
		const issuer = await h.pool.connect();
		const attempt = async (text, ...values) => {
			try {
				return (await issuer.query(text, values)).rows;
			} catch (error) {
				return error.code;
			}
		};
		try {
			await issuer.query('SET ROLE pgtoken_issuer');
			assert.equal(await attempt('SELECT pgtoken.remove_factor($1, $2)', operator.subject, operator.factorId), '42501');
			assert.equal(await attempt('SELECT pgtoken.unlock_factor($1, $2)', operator.subject, operator.factorId), '42501');
			assert.equal(await attempt('SELECT pgtoken.activate_factor($1, $2, \'123456\')', operator.subject, operator.factorId), '42501');
			for (const text of ['INSERT INTO pgtoken.console_factors (issuer, subject, factor_id) VALUES (\'x\', \'x\', gen_random_uuid())', 'SELECT pgtoken.create_console_operator(\'x\', \'admin\')',
				'SELECT pgtoken.add_console_factor(\'x\')', 'SELECT pgtoken.update_console_operator(\'x\', \'admin\')', 'SELECT pgtoken.enable_console()', 'SELECT pgtoken_console.whoami(\'{}\')',
				'SELECT pgtoken.unlock_console_factor(\'x\', gen_random_uuid())', 'SELECT pgtoken.remove_console_factor(\'x\', gen_random_uuid())', 'SELECT pgtoken.erase_subject(\'x\')']) {
				assert.equal(await attempt(text), '42501', text);
			}
			const [{ own }] = await attempt('SELECT pgtoken.enroll_factor($1, \'external\') AS own', operator.subject);
			const [{ sheet }] = await attempt('SELECT pgtoken.enroll_factor($1, \'recovery_code\') AS sheet', operator.subject);
			assert.equal(await h.value('SELECT count(*)::int FROM pgtoken.factors WHERE factor_id = $1', operator.factorId), 1, 'another sheet of codes does not replace the operator\'s');
			assert.equal(await attempt('SELECT pgtoken.complete_challenge($1, $2) AS done', open.transaction_id, { factor_id: operator.factorId, verified: true, code: sheet.codes[0] }), '42501');
			for (const evidence of [{ factor_id: own.factor_id, verified: true, acr: 'mfa', amr: ['hwk'] }, { factor_id: sheet.factor_id, code: sheet.codes[1] }]) {
				const other = h.assertRequired(await refresh(session, { acr_values: 'mfa', max_age: '0' }));
				assert.equal((await attempt('SELECT pgtoken.complete_challenge($1, $2) AS done', other.transaction_id, evidence))[0].done.completed, true);
				h.assertTokens(await refresh(session, { transaction_id: other.transaction_id }), { type: 'DPoP' });
				assertProofWanted(await call(session, 'test_reads'), operator);
			}
			// by SQL it gets no scope of the console's, whoever asks
			for (const scope of [...SCOPES, null]) {
				const [row] = await attempt('SELECT error, scope FROM pgtoken.issue_tokens($1, $2, $3, resource => ARRAY[$4])', CONSOLE.id, operator.subject, scope && `openid ${scope}`, RESOURCE);
				assert.equal(scope ? row.error : row.error ?? row.scope.includes('pgtoken:'), scope ? 'invalid_scope' : false, scope);
			}
		} finally {
			await issuer.query('RESET ROLE');
			issuer.release();
		}
		// nor guesses: ten wrong codes lock the factor, and the application cannot unlock it
		for (let n = 0; n < 3; n += 1) {
			const { json, status } = await refresh(session, { acr_values: 'mfa', max_age: '0' });
			for (let i = 0; status === 403 && json.transaction_id && i < 5; i += 1) await h.complete(CONSOLE, json.transaction_id, { factor_id: operator.factorId, code: 'AAAA-AAAA-AAAA' });
		}
		assert.ok(await h.value('SELECT locked_until > now() FROM pgtoken.factors WHERE factor_id = $1', operator.factorId));
		assert.deepEqual(await calledOf(session), []);
	});

	it('the application guesses without end: what it rolls back was never counted (C164)', async () => {
		const operator = await newOperator('admin');
		const session = await begin(operator.subject);
		const open = h.assertRequired(await refresh(session, { acr_values: 'mfa', max_age: '0' }));
		const guess = async (transactionId, code) => {
			const issuer = await h.pool.connect();
			try {
				await issuer.query('BEGIN; SET LOCAL ROLE pgtoken_issuer');
				return await issuer.query('SELECT pgtoken.complete_challenge($1, $2)', [transactionId, { factor_id: operator.factorId, code }]).then(() => 'told', (error) => error.code);
			} finally {
				await issuer.query('ROLLBACK');
				issuer.release();
			}
		};
		// of a right code it is told as little as of a wrong one
		assert.equal(await guess(open.transaction_id, operator.codes.at(-1)), '42501');
		assert.equal(await guess(open.transaction_id, 'AAAA-AAAA-AAAA'), '42501');
		// nor is the code asked for where it is not for the console: the application would know it then
		await h.rows('SELECT pgtoken.enroll_factor($1, \'external\')', operator.subject);
		const user = await h.publicClient({ metadata: { dpop_bound_access_tokens: true } });
		const ordinary = await begin(operator.subject, { client: user, scope: 'openid offline_access notes:read', resource: h.resource });
		const { factors } = h.assertRequired(await refresh(ordinary, { acr_values: 'mfa', max_age: '0' }));
		assert.deepEqual(factors.map((factor) => factor.factor_type), ['external']);
		// to the operator, at the console, it is worth what it was
		assert.equal((await h.complete(CONSOLE, open.transaction_id, { factor_id: operator.factorId, code: operator.codes.at(-1) })).status, 200);
	});

	it('the scopes by another client, another flow, another issue', async () => {
		const { subject } = await newOperator('admin');
		const rogue = await h.publicClient({ scopes: ['openid', ...SCOPES], metadata: { dpop_bound_access_tokens: true } });
		const { location } = await h.authorize(h.authorizationParameters(rogue, h.newVerifier(), { scope: `openid ${SCOPES[2]}`, resource: RESOURCE }));
		assert.equal(location.searchParams.get('error'), 'invalid_scope');
		const machine = await h.newClient({ scopes: SCOPES, offline: false, metadata: { grant_types: ['client_credentials', h.DEVICE_GRANT, h.EXCHANGE_GRANT, 'authorization_code'] } });
		h.assertError(await h.token(machine, { grant_type: 'client_credentials', scope: SCOPES[2], resource: RESOURCE }), 'invalid_scope');
		h.assertError(await h.postAs(machine, '/oauth2/device_authorization', { scope: SCOPES[2], resource: RESOURCE }), 'invalid_scope');
		const session = await begin(subject);
		const exchanged = await h.token(machine, { grant_type: h.EXCHANGE_GRANT, subject_token: session.access_token, subject_token_type: h.ACCESS_TOKEN_TYPE, scope: SCOPES[2], resource: RESOURCE });
		assert.notEqual(exchanged.status, 200);
	});

	it('a subject that is no operator gets no token, and one whose access was lowered keeps what it is', async () => {
		const user = h.unique('user');
		h.assertError((await signIn(user)).answer, 'invalid_scope');
		assert.equal(await h.value('SELECT reason FROM pgtoken.audit_events WHERE subject = $1 AND event = \'issue.refused\'', user), 'console_operator_unknown');
		const auditor = await newOperator('auditor');
		h.assertError((await signIn(auditor.subject, { scope: `openid ${SCOPES[2]}` })).answer, 'invalid_scope');
		const { operator, session } = await enter('admin');
		await h.rows('SELECT pgtoken.update_console_operator($1, \'auditor\')', operator.subject);
		assert.deepEqual((await call(session, 'whoami')).json.accesses, ['auditor']);
		assertChallenged(await call(session, 'test_changes', { client_id: CONSOLE.id, name: 'x' }), 403, 'insufficient_scope');
		await h.rows('SELECT pgtoken.update_console_operator($1, \'issuer_admin\')', operator.subject);
		assertChallenged(await call(session, 'whoami'), 403, 'insufficient_scope');
	});

	it('an auditor changes nothing, also not by what says that it reads', async () => {
		const { session } = await enter('auditor');
		const client = await h.newClient({ name: 'As it was' });
		for (const name of ['test_changes', 'test_changes_here', 'test_lies']) assertChallenged(await call(session, name, { client_id: client.id, name: 'x' }), 403, 'insufficient_scope');
		const { session: admin } = await enter('admin');
		assert.equal((await call(admin, 'test_lies', { client_id: client.id })).status, 500);
		assert.equal(await h.value('SELECT client_name FROM pgtoken.clients WHERE client_id = $1', client.id), 'As it was');
	});

	it('an administrator of this issuer sees and changes that one alone, and not the console', async () => {
		const other = `https://${h.unique('tenant')}.example`;
		await h.rows('SELECT pgtoken.create_issuer($1)', other);
		const foreign = h.unique('foreign');
		await h.rows('SELECT pgtoken.create_client($1, issuer => $2, client_name => \'Theirs\')', foreign, other);
		const own = await h.newClient();
		const { session } = await enter('issuer_admin');
		assert.deepEqual((await call(session, 'test_reads')).json, { role: 'pgtoken_issuer_admin', issuers: 1, clients: 1 });
		assert.equal((await call(session, 'test_changes_here', { client_id: own.id, name: 'Ours' })).json, 'pgtoken_issuer_admin');
		for (const id of [foreign, CONSOLE.id]) assert.equal((await call(session, 'test_changes_here', { client_id: id, name: 'x' })).json.sqlstate, '42501');
		assertChallenged(await call(session, 'test_changes', { client_id: own.id, name: 'x' }), 403, 'insufficient_scope');
		// the layer has logged in, and may more: what is his to do is not judged by that
		const sees = h.unique('sees');
		for (const [name, parameters] of [
			['create_policy', { issuer: h.issuer, policy: sees, rules: [{ rule: 'function', function: 'public.test_judges' }] }],
			['create_client', { issuer: h.issuer, client_id: sees, client_type: 'confidential', scopes: ['pgtoken:metrics'] }],
			['update_resource', { issuer: h.issuer, resource: RESOURCE, enabled: false }],
			['delete_resource', { issuer: h.issuer, resource: RESOURCE }],
		]) assert.equal((await call(session, name, parameters)).json.sqlstate, '42501', name);
	});

	it('a user\'s token, one for another API, one without its key, one used twice', async () => {
		const { operator, session } = await enter('admin');
		const user = await h.publicClient({ metadata: { dpop_bound_access_tokens: true } });
		const ordinary = await begin(operator.subject, { client: user, scope: 'openid notes:read', resource: h.resource });
		assertChallenged(await call(ordinary, 'whoami'), 401, 'invalid_token');
		const elsewhere = await begin(operator.subject, { scope: 'openid', resource: h.issuer });
		assertChallenged(await call(elsewhere, 'whoami'), 401, 'invalid_token');
		// what the application issues by itself, to the console's client and for its API
		const [issued] = await h.rows('SELECT access_token FROM pgtoken.issue_tokens($1, $2, \'openid\', resource => ARRAY[$3], cnf => jsonb_build_object(\'jkt\', $4::text))',
			CONSOLE.id, operator.subject, RESOURCE, session.key.thumbprint);
		assertChallenged(await call({ ...session, ...issued }, 'whoami'), 401, 'invalid_token');
		const none = await h.post(`${API}/whoami`, '{}', { type: 'application/json' });
		assert.equal(none.status, 401);
		assertChallenged(await call(session, 'whoami', {}, { proof: null }), 401, 'invalid_dpop_proof');
		assertChallenged(await call(session, 'whoami', {}, { proof: null, headers: { authorization: `Bearer ${session.access_token}` } }), 401, 'invalid_token');
		assertChallenged(await call({ ...session, key: await h.generateKey() }, 'whoami'), 401, 'invalid_token');
		for (const wrong of [{ htu: `${h.issuer}${API}/test_reads` }, { htm: 'GET' }, { claims: { iat: h.now() - 3600 } }, { accessToken: ordinary.access_token }]) {
			assertChallenged(await call(session, 'whoami', {}, { proof: wrong }), 401, 'invalid_dpop_proof');
		}
		const dpop = await h.proof(session.key, { htu: `${h.issuer}${API}/whoami`, accessToken: session.access_token });
		assert.equal((await call(session, 'whoami', {}, { proof: null, headers: { dpop } })).status, 200);
		assertChallenged(await call(session, 'whoami', {}, { proof: null, headers: { dpop } }), 401, 'invalid_dpop_proof');
	});

	it('a change on a proof of long ago, and a proof of another family (C164)', async () => {
		const { operator, session } = await enter('admin');
		const client = await h.newClient();
		const { grant_id: grantId } = h.claimsOf(session.access_token);
		await h.rows('UPDATE pgtoken.challenges SET completed_at = completed_at - interval \'301 seconds\' WHERE grant_id = $1', grantId);
		assert.equal((await call(session, 'test_reads')).status, 200);
		const refused = await call(session, 'test_changes', { client_id: client.id, name: 'x' });
		assertProofWanted(refused, operator);
		await prove(session, operator, refused);
		assert.equal((await call(session, 'test_changes', { client_id: client.id, name: 'x' })).status, 200);
		assertProofWanted(await call(await begin(operator.subject), 'test_reads'), operator);
	});

	it('scripts of other origins', async () => {
		const preflight = await fetch(`${h.issuer}${API}/whoami`, { method: 'OPTIONS', headers: { origin: 'https://evil.example', 'access-control-request-method': 'POST', 'access-control-request-headers': 'authorization' } });
		assert.equal(preflight.headers.get('access-control-allow-origin'), null);
		const { session } = await enter('auditor');
		const answer = await call(session, 'whoami', {}, { headers: { origin: 'https://evil.example' } });
		assert.equal(answer.headers.get('access-control-allow-origin'), null);
	});
});
