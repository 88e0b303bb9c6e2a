// clients/node: before a service that loses answers, which is here; over HTTP and SQL against
// the service itself; and its browser part in the example of examples/web, in Chromium.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

import pg from 'pg';

import { clientSecretBasic, clientSecretPost, contextFromBrowser, HttpClient, privateKeyJwt, RefusedError, SqlClient, StoreError, UnavailableError } from '../../clients/node/index.js';
import { freshPages, it as inBrowser, skip } from './browser.mjs';
import { runFirstScreen } from './first_screen.mjs';
import * as h from './harness.mjs';
import { freePorts, start } from './programs.mjs';

const root = fileURLToPath(new URL('../..', import.meta.url));
const quick = { attempts: 3, delay: 1, patience: h.PATIENCE };
const timeout = h.PATIENCE;

/** where a session's tokens are kept: {load, store, kept, stored: how often} */
function place(refreshToken) {
	const here = { kept: { refreshToken }, stored: 0, load: () => here.kept, store: async (tokens) => { here.kept = tokens; here.stored += 1; } };
	return here;
}

describe('clients/node, where answers are lost', () => {
	let server;
	let issuer;
	let seen; // what has arrived: the parameters of each request, and its headers
	let faults; // what happens to the next answers
	let at; // the generation of the one family
	let slow; // what the client's own clock does
	let most; // requests at the same time, at most

	// a family that rotates as pgtoken does: the predecessor gets the same successor, what is older ends it
	function judge(parameters) {
		const presented = Number(parameters.get('refresh_token')?.replace('token-', ''));
		if (at === null || presented < at - 1) {
			at = null;
			return [400, { error: 'invalid_grant' }];
		}
		if (presented === at) at += 1;
		return [200, { access_token: `access-${at}`, token_type: 'Bearer', expires_in: 300, refresh_token: `token-${at}` }];
	}

	const FAULTS = {
		'a connection that breaks': (answer) => answer.destroy(),
		'a proxy\'s page': (answer) => answer.writeHead(502, { 'content-type': 'text/html' }).end('<h1>Bad gateway</h1>'),
		'a service that is busy': (answer) => answer.writeHead(503, { 'retry-after': '0' }).end('{"error":"temporarily_unavailable"}'),
		'half an answer': (answer, status, text) => answer.writeHead(status).end(text.slice(0, 20)),
		'a page where the answer should be': (answer) => answer.writeHead(200, { 'content-type': 'text/html' }).end('<form>Log in to our hotspot</form>'),
		'no answer in time': () => slow.abort(),
	};

	let metadata = {}; // besides

	before(async () => {
		let now = 0;
		server = createServer(async (request, answer) => {
			if (request.url.startsWith('/.well-known/')) return answer.end(JSON.stringify({ issuer, token_endpoint: `${issuer}/token`, ...metadata }));
			most = Math.max(most, now += 1);
			let body = '';
			for await (const chunk of request) body += chunk;
			const parameters = new URLSearchParams(body);
			seen.push({ parameters, headers: request.headers });
			await sleep(5);
			now -= 1;
			const [status, json, headers = {}] = faults[0]?.instead?.(request) ?? judge(parameters);
			const fault = faults.shift();
			const text = JSON.stringify(json);
			return fault?.lose ? FAULTS[fault.lose](answer, status, text) : answer.writeHead(status, { 'content-type': 'application/json', ...headers }).end(text);
		});
		await new Promise((ready) => { server.listen(0, '127.0.0.1', ready); });
		issuer = `http://127.0.0.1:${server.address().port}`;
	});
	after(() => { server.closeAllConnections(); server.close(); });

	/** @param happens to the next answers: names of FAULTS, or functions that answer instead */
	function make(happens = [], options = {}) {
		seen = [];
		at = 0;
		most = 0;
		faults = happens.map((one) => (typeof one === 'function' ? { instead: one } : { lose: one }));
		return new HttpClient({ issuer, clientId: 'c', timeout, ...quick, ...options });
	}

	for (const fault of Object.keys(FAULTS)) {
		// the fault: the token was consumed, and the client never hears of its successor
		it(`asks again with the same token after ${fault}, and has the one successor`, async () => {
			const client = make([fault, fault], { fetch: (url, { signal, ...init }) => {
				slow = new AbortController();
				return fetch(url, { ...init, signal: AbortSignal.any([signal, slow.signal]) });
			} });
			const answer = await client.refresh({ session_id: 's', device_id: 'd' }, 'token-0');
			assert.equal(answer.tokens.refreshToken, 'token-1');
			assert.deepEqual(seen.map(({ parameters }) => parameters.toString()), Array(3).fill(seen[0].parameters.toString()), 'the same request, context and all');
		});
	}

	// the fault: a session that is thrown away since a server was down for a moment
	it('keeps the token when no answer comes at all, and goes on with it later', async () => {
		const client = make(Array(3).fill('a service that is busy'));
		const where = place('token-0');
		const session = client.session({ key: 'u', ...where });
		await assert.rejects(session.refresh({}), (error) => error instanceof UnavailableError && error.attempts === 3);
		assert.equal(where.kept.refreshToken, 'token-0');
		assert.equal((await session.refresh({})).tokens.refreshToken, 'token-1');
		assert.equal(where.kept.refreshToken, 'token-1');
	});

	// the fault: retries that go on until the window has closed, so that a lost answer becomes reuse
	it('begins no attempt after its patience', async () => {
		const client = make(Array(9).fill((request) => [503, {}, { 'retry-after': '2' }]), { attempts: 9, patience: 1000 });
		await assert.rejects(client.refresh({}, 'token-0'), (error) => error instanceof UnavailableError && error.attempts === 1);
	});

	// the race: a page with twenty requests, and each refreshes
	it('refreshes once for all who ask for tokens of a session at the same time', async () => {
		const client = make();
		const where = place('token-0');
		// as in a server: each request makes its own
		const answers = await Promise.all(Array.from({ length: 20 }, () => client.session({ key: 'u', ...where, load: () => where.kept, store: where.store }).tokens({})));
		assert.ok(answers.every(({ tokens }) => tokens.accessToken === 'access-1'));
		assert.deepEqual([seen.length, where.stored], [1, 1]);
		// without a session: the same question is one, with one answer
		await Promise.all(Array.from({ length: 5 }, () => client.refresh({}, 'token-1')));
		assert.equal(seen.length, 2);
	});

	// the race: ten want tokens, a factor is required, and each new transaction ends the one that the user is answering
	it('has one transaction for all who wait', async () => {
		const client = make(Array(10).fill(() => [403, { error: 'mfa_required', transaction_id: 't', expires_in: 300, factors: [] }]));
		const where = place('token-0');
		const answers = await Promise.all(Array.from({ length: 10 }, () => client.session({ key: 'u', ...where }).tokens({ session_id: 's' })));
		assert.ok(answers.every(({ status }) => status === 'require'));
		assert.equal(seen.length, 1);
	});

	// the fault: the service is away, and of those who queue the last waits for the patience of all
	it('tells all who wait that the service is away', async () => {
		const client = make(Array(30).fill('a service that is busy'));
		const where = place('token-0');
		const answers = await Promise.allSettled(Array.from({ length: 10 }, (_, n) => client.session({ key: 'u', ...where }).tokens({ n })));
		assert.ok(answers.every(({ reason }) => reason instanceof UnavailableError));
		assert.equal(seen.length, 3);
		faults = [];
		assert.equal((await client.session({ key: 'u', ...where }).tokens({})).status, 'allow', 'and it is asked again afterwards');
	});

	// the attack: a thief asks at the moment when the owner does, and gets what he was judged by
	it('asks for itself whoever comes with another context, one after the other', async () => {
		const client = make();
		await Promise.all([{ device_id: 'a' }, { device_id: 'b' }, { device_id: 'c' }].map((context) => client.refresh(context, 'token-0')));
		assert.deepEqual(seen.map(({ parameters }) => parameters.get('device_id')), ['a', 'b', 'c']);
		assert.equal(most, 1);
	});

	// the fault: the successor is used, the disk is full, and after a restart the old token is reuse
	it('hands out nothing that could not be stored, and gets the same again', async () => {
		const client = make();
		const where = place('token-0');
		let full = true;
		const session = client.session({ key: 'u', load: where.load, store: (tokens) => { if (full) throw new Error('disk full'); return where.store(tokens); } });
		await assert.rejects(session.tokens({}), StoreError);
		full = false;
		assert.equal((await session.tokens({})).tokens.refreshToken, 'token-1');
		assert.equal(where.kept.refreshToken, 'token-1');
	});

	// the fault: a policy's no costs the session; the fault the other way round: a dead token is presented for ever
	it('forgets the token after invalid_grant, and after no other refusal', async () => {
		const refused = (error, status = 400) => () => [status, { error }];
		const errors = ['access_denied', 'expired_token', 'authorization_pending', 'invalid_client', 'invalid_scope'];
		const client = make([...errors.map((error) => refused(error, error === 'invalid_client' ? 401 : 400)), refused('invalid_grant')]);
		const where = place('token-0');
		const session = client.session({ key: 'u', ...where });
		for (const error of errors) {
			assert.deepEqual(await session.refresh({}), { status: 'deny', error, reason: undefined, over: false });
			assert.equal(where.kept.refreshToken, 'token-0');
		}
		assert.equal((await session.refresh({})).over, true);
		assert.equal(where.kept, null);
		assert.equal((await session.refresh({})).error, 'invalid_grant');
		assert.equal(seen.length, errors.length + 1, 'and nobody was asked');
	});

	// the fault: the answer to the proof is lost, and the user who has typed his code well is sent away
	it('goes on with the refresh where nobody knows whether the evidence has arrived', async () => {
		const required = () => [403, { error: 'mfa_required', transaction_id: 't', expires_in: 300, factors: [{ factor_id: 'f', factor_type: 'totp' }] }];
		const client = make([required, 'a connection that breaks']);
		const where = place('token-0');
		const session = client.session({ key: 'u', ...where });
		const answer = await session.refresh({ session_id: 's' }, { scope: 'openid' });
		assert.deepEqual(answer.allowedFactors, [{ id: 'f', type: 'totp', label: undefined }]);
		assert.equal(where.kept.refreshToken, 'token-0');
		assert.equal((await session.prove(answer, 'f', '123456')).status, 'allow');
		const [, evidence, again] = seen.map(({ parameters }) => Object.fromEntries(parameters));
		assert.equal(seen.length, 3, 'evidence is sent once: each wrong one counts');
		assert.deepEqual([evidence.code, evidence.factor_id], ['123456', 'f']);
		assert.deepEqual([again.transaction_id, again.session_id, again.scope], ['t', 's', 'openid']);
	});

	// the attack: a proof, or an assertion, that was seen on its way is presented by somebody else; and the fault: a retry repeats one that is used up
	it('proves anew for each attempt, with the nonce that it was given', async () => {
		const pair = await crypto.subtle.generateKey({ name: 'ECDSA', namedCurve: 'P-256' }, false, ['sign', 'verify']);
		const nonce = () => [400, { error: 'use_dpop_nonce' }, { 'dpop-nonce': 'n-1' }];
		const client = make([nonce, 'a connection that breaks'], { dpop: pair, authentication: privateKeyJwt({ key: pair.privateKey, kid: 'k' }) });
		assert.equal((await client.refresh({}, 'token-0')).status, 'allow');
		const claims = seen.map(({ headers }) => h.claimsOf(headers.dpop));
		assert.deepEqual(claims.map((one) => one.nonce), [undefined, 'n-1', 'n-1']);
		assert.ok(claims.every(({ htm, htu }) => htm === 'POST' && htu === `${issuer}/token`));
		assert.equal(new Set([...claims, ...seen.map(({ parameters }) => h.claimsOf(parameters.get('client_assertion')))].map(({ jti }) => jti)).size, 6);
	});

	// the attack: a redirect, metadata or a typing error leads the token to somebody else
	it('sends a token nowhere but to its issuer', async () => {
		const elsewhere = createServer((request, answer) => { seen.push('elsewhere'); answer.end('{}'); });
		await new Promise((ready) => { elsewhere.listen(0, '127.0.0.1', ready); });
		const target = `http://127.0.0.1:${elsewhere.address().port}/`;
		const client = make([() => [307, {}, { location: target }]], { attempts: 1 });
		await assert.rejects(client.refresh({}, 'token-0'), UnavailableError);
		assert.ok(!seen.includes('elsewhere'));
		elsewhere.close();
		await assert.rejects(new HttpClient({ issuer: `${issuer}/`, clientId: 'c', ...quick }).refresh({}, 'token-0'), /another issuer/);
		assert.throws(() => new HttpClient({ issuer: 'http://login.example.com', clientId: 'c' }), TypeError);
		// Attack shut out: metadata name an endpoint to which the token would go for all on the way to read
		for (const name of ['token_endpoint', 'revocation_endpoint']) {
			for (const url of ['http://login.example.com/', 'ftp://localhost/', '/token', null]) {
				metadata = { [name]: url };
				await assert.rejects(make().refresh({}, 'token-0'), new RegExp(`${name} that is no https URL`));
			}
		}
		metadata = {};
	});

	// the fault: a connection that ends while the statement commits
	it('asks again over SQL what passes by itself, and nothing else', async () => {
		const problem = (code, severity) => Object.assign(new Error('problem'), { code, severity });
		const row = { decision: 'allow', access_token: 'a', expires_in: 1, refresh_token: 'r' };
		const asked = async (...problems) => {
			let n = 0;
			const db = { query: async () => { n += 1; const error = problems.shift(); if (error) throw error; return { rows: [row] }; } };
			return new SqlClient({ db, ...quick }).refresh({}, 'token').then(() => n, (error) => [n, error.constructor.name]);
		};
		assert.equal(await asked(problem('57P01', 'FATAL'), problem('ECONNREFUSED')), 3);
		assert.equal(await asked(new Error('Connection terminated unexpectedly'), problem('40001', 'ERROR')), 3);
		assert.deepEqual(await asked(problem('22023', 'ERROR')), [1, 'Error']);
		assert.deepEqual(await asked(...Array(3).fill(problem('08006', 'FATAL'))), [3, 'UnavailableError']);
	});

	// the attack: the browser says that it is at home, and no risk at all; or what makes the statement fail
	it('believes a browser only what it may say', () => {
		const said = { ip: '192.0.2.1', latitude: 'x', risk_score: 0, user_agent: 'mine', session_id: 's', device_id: 'x'.repeat(257), collected_at: '1e9', time_zone: 'Europe/Berlin',
			languages: ['de', 7, 'x'.repeat(36)], client_hints: { platform: 'Linux', mobile: 'yes', brands: Array(40).fill('b') }, __proto__: { ip: '1' } };
		assert.deepEqual(contextFromBrowser(said, { ip: '203.0.113.5', user_agent: undefined }), { ip: '203.0.113.5', session_id: 's', time_zone: 'Europe/Berlin',
			languages: ['de'], client_hints: { platform: 'Linux', brands: Array(16).fill('b') } });
		for (const nothing of [undefined, null, 'x', 7, []]) assert.deepEqual(contextFromBrowser(nothing), {});
	});
});

const DEVICES = [{ rule: 'unknown_device', outcome: 'require' }];
const HERE = { session_id: 's-1', device_id: 'd-1' };
const AWAY = { session_id: 's-2', device_id: 'd-2' };

describe('clients/node, over HTTP', () => {
	const httpClient = (client, options) => new HttpClient({ issuer: h.issuer, clientId: client.id, timeout, ...options });

	it('has all three outcomes, and a successor that is stored', async () => {
		const maker = await h.publicClient();
		const user = await h.newUser();
		const client = httpClient(maker);
		const code = await h.newCode(maker, { scope: 'openid offline_access notes:read' }, { subject: user.subject });
		const first = await client.redeem(HERE, { code: code.code, redirectUri: code.redirectUri, codeVerifier: code.verifier });
		assert.equal(first.status, 'allow');
		const where = place(first.tokens.refreshToken);
		const session = client.session({ key: 'u', ...where });
		await h.withPolicy(maker, [...DEVICES, { rule: 'velocity', refreshes: 3, within: 3600, outcome: 'deny' }], {}, async () => {
			assert.equal((await session.refresh(HERE)).status, 'allow');
			const required = await session.refresh(AWAY);
			assert.equal(required.status, 'require');
			const [factor] = required.allowedFactors;
			assert.deepEqual([factor.id, factor.type], [user.factorId, 'email']);
			assert.equal((await client.challenge(required.transactionId, factor.id)).status, 'sent');
			const wrong = await session.prove(required, factor.id, 'wrong');
			assert.deepEqual([wrong.status, wrong.error, wrong.transactionOver, wrong.over], ['deny', 'invalid_grant', false, false]);
			assert.equal((await session.prove(required, factor.id, await h.deliveredCode(user.subject))).status, 'allow');
			assert.equal(h.claimsOf(where.kept.accessToken).acr, 'mfa');
			await session.refresh(AWAY);
			const denied = await session.refresh(AWAY);
			assert.deepEqual([denied.status, denied.error, denied.over], ['deny', 'access_denied', false]);
		});
		assert.equal((await session.refresh(HERE)).status, 'allow', 'the token is as good as it was');
		const { refreshToken } = where.kept;
		await session.revoke();
		assert.equal(where.kept, null);
		assert.equal((await client.refresh(HERE, refreshToken)).over, true);
	});

	it('is what the first screen of its README says', async () => {
		assert.match(await runFirstScreen('node', 'js', [process.execPath, 'program.mjs']), /^tokens for \d+ seconds\n$/);
	});

	it('proves who it is in each way, and that it has the key', async () => {
		const extractable = await h.generateKey();
		const pair = { privateKey: extractable.privateKey, publicKey: extractable.publicKey };
		const ways = [
			[await h.newClient(), (client) => clientSecretBasic(client.secret)],
			[await h.newClient({ metadata: { token_endpoint_auth_method: 'client_secret_post' } }), (client) => clientSecretPost(client.secret)],
			[await h.newClient({ key: extractable, metadata: { token_endpoint_auth_method: 'private_key_jwt' } }), () => privateKeyJwt({ key: pair.privateKey, kid: extractable.thumbprint })],
		];
		for (const [maker, authentication] of ways) {
			const { refresh_token: token } = await h.newTokens(maker);
			const answer = await httpClient(maker, { authentication: authentication(maker), dpop: pair }).refresh({}, token);
			assert.equal(answer.status, 'allow', maker.method);
			assert.equal(answer.tokens.tokenType, 'DPoP');
		}
		const [[maker]] = ways;
		const denied = await httpClient(maker, { authentication: clientSecretBasic('wrong') }).refresh({}, (await h.newTokens(maker)).refresh_token);
		assert.deepEqual([denied.error, denied.over], ['invalid_client', false]);
	});

	it('lists and ends sessions of the user who lets it', async () => {
		const maker = await h.publicClient({ scopes: ['openid', 'pgtoken:sessions'] });
		const subject = h.unique('user');
		const tokens = async () => h.assertTokens(await h.redeem(maker, await h.newCode(maker, { scope: 'openid offline_access pgtoken:sessions' }, { subject, sessionId: h.unique('s') })));
		const [{ access_token: mine }, { refresh_token: other }, { refresh_token: third }] = [await tokens(), await tokens(), await tokens()];
		const client = httpClient(maker);
		const all = await client.sessions(mine);
		assert.deepEqual(all.map(({ current }) => current), [false, false, true], 'newest first');
		assert.ok(all[0].createdAt instanceof Date && all[0].clients[0].id === maker.id);
		await client.endSession(mine, all[0].id);
		await client.endSession(mine, all[0].id);
		assert.equal((await client.refresh({}, third)).over, true);
		await client.endOtherSessions(mine);
		assert.equal((await client.refresh({}, other)).over, true);
		await assert.rejects(client.sessions('no token'), (error) => error instanceof RefusedError && error.error === 'invalid_token' && error.status === 401);
	});
});

describe('clients/node, over SQL', () => {
	it('has all three outcomes, commits what it refuses, and lists and ends sessions', async () => {
		const maker = await h.publicClient();
		const user = await h.newUser();
		const client = new SqlClient({ db: h.pool, clientId: maker.id });
		const issued = await client.issue({ ip: '192.0.2.1', ...HERE }, { subject: user.subject, scope: 'openid offline_access notes:read', resource: [h.resource],
			authTime: new Date(), amr: ['pwd'], claims: { tier: 'gold' }, sessionId: 'here', lifetime: 3600 });
		assert.equal(issued.status, 'allow');
		assert.equal(h.claimsOf(issued.tokens.accessToken).tier, 'gold');
		const where = place(issued.tokens.refreshToken);
		const session = client.session({ key: 'u', ...where });
		await h.withPolicy(maker, [...DEVICES, { rule: 'risk_score', at_least: 80, outcome: 'deny' }], {}, async () => {
			assert.equal((await session.refresh(HERE, { acrValues: undefined, maxAge: 600 })).status, 'allow');
			assert.equal((await session.refresh({ ...HERE, risk_score: 90 })).error, 'access_denied');
			const required = await session.refresh(AWAY);
			const sent = await client.challenge(required.transactionId, required.allowedFactors[0].id);
			assert.match(sent.code, /^[0-9]{6}$/);
			assert.equal((await client.challenge(required.transactionId, sent.factorId)).error, 'slow_down');
			assert.equal((await session.prove(required, sent.factorId, sent.code)).status, 'allow');
		});
		assert.deepEqual((await client.sessions(user.subject, { current: 'here' })).map(({ id, current }) => [id, current]), [['here', true]]);

		// the attack: a stolen token is presented, and the answer's transaction is rolled back by whoever answers 401
		assert.equal((await client.refresh(HERE, issued.tokens.refreshToken)).over, true);
		assert.equal((await session.refresh(HERE)).over, true, 'the reuse has ended the family');
		assert.equal(where.kept, null);
		const connection = new pg.Client();
		await connection.connect();
		await connection.query('BEGIN');
		await assert.rejects(new SqlClient({ db: connection, clientId: maker.id }).refresh(HERE, issued.tokens.refreshToken), /transaction of yours/);
		await connection.end();

		const other = await client.issue({}, { subject: user.subject, scope: 'offline_access notes:read', sessionId: 'there' });
		await client.endSession(user.subject, 'there');
		assert.equal((await client.refresh({}, other.tokens.refreshToken)).over, true);
		await assert.rejects(client.issue({}, { subject: user.subject, scopes: 'x' }), /no option of issue_tokens/);
	});
});

describe('examples/web', { skip }, () => {
	let page;
	let context;
	let shop;
	let url;
	freshPages((...given) => { [page, context] = given; });

	before(async () => {
		const subject = await h.value('SELECT app.sign_up(\'shopper\', \'shopper-password\', \'Shopper\', \'shopper@example.com\')');
		execFileSync('psql', ['-X', '-q', '-v', `subject=${subject}`, '-f', 'examples/web/setup.sql'], { cwd: root, stdio: ['ignore', 'ignore', 'inherit'] });
		const [port] = await freePorts(1);
		url = `http://localhost:${port}`;
		shop = await start(process.execPath, ['examples/web/main.js'], { cwd: root, env: { ...process.env, PGUSER: 'web_shop', SHOP_PORT: String(port) } });
	});
	after(() => shop?.stop());

	const outcome = (text) => page.waitForFunction((expected) => document.getElementById('outcome').textContent === expected, text);
	const press = async (name) => {
		await page.evaluate(() => { document.getElementById('outcome').textContent = ''; });
		await page.getByRole('button', { name, exact: true }).click();
	};

	inBrowser('goes through allow, require and deny, with what the page has collected', async () => {
		await page.goto(url);
		await page.fill('#name', 'shopper');
		await page.fill('#password', 'shopper-password');
		await press('Log in');
		await outcome('allow');
		for (const name of ['Refresh', 'Refresh']) { // signals that came before would ask for a factor
			await press(name);
			await outcome('allow');
		}
		await press('Refresh from another time zone');
		await outcome('deny: access_denied');
		await press('Refresh as a new device');
		await outcome('require');
		await page.fill('#code', 'wrong');
		await press('Prove it');
		await outcome('deny: wrong code');
		const { codes: [code] } = await (await context.request.get(`${url}/mailbox`)).json();
		await page.fill('#code', code);
		await press('Prove it');
		await outcome('allow');

		const { context: kept, subject } = (await h.rows('SELECT context, subject FROM pgtoken.grants WHERE client_id = \'web-shop\' ORDER BY created_at DESC LIMIT 1'))[0];
		assert.deepEqual(Object.keys(kept).sort(), ['client_hints', 'collected_at', 'device_id', 'ip', 'languages', 'session_id', 'time_zone', 'user_agent'].filter((name) => name in kept || name !== 'client_hints'));
		assert.equal((await (await context.request.get(`${url}/sessions`)).json()).filter(({ current }) => current).length, 1);

		// the attack: a script of the page, or another site's form
		assert.equal(await page.evaluate(() => document.cookie), '');
		assert.equal((await context.request.post(`${url}/logout`, { form: {} })).status(), 415);
		// Attack shut out: a page of the same site, of another port or name below it, whose requests have the cookie, logs the user out
		for (const headers of [{ 'content-type': 'text/plain' }, {}]) {
			assert.equal((await context.request.fetch(`${url}/logout`, { method: 'POST', headers, data: 'content-type' in headers ? '{}' : undefined })).status(), 415);
		}
		await press('Log out');
		await outcome('logged out');
		assert.equal(await h.value('SELECT count(*)::int FROM pgtoken.grants WHERE subject = $1 AND revoked_at IS NULL', subject), 0);
	});

	inBrowser('collects again where a policy asks, and lets one tab refresh at a time', async () => {
		await page.goto(url);
		const second = await context.newPage();
		await second.goto(url);
		const { contexts, statuses } = await page.evaluate(async () => {
			const { Collector } = await import('/client/browser.js');
			const collector = new Collector({ keep: 60 });
			const contexts = [];
			// a policy that wants a collection of its own for each refresh
			const send = async (one) => ({ status: contexts.push(one.session_id) && contexts.slice(0, -1).includes(one.session_id) ? 'require' : 'allow' });
			return { statuses: [(await collector.refresh(send)).status, (await collector.refresh(send)).status], contexts };
		});
		assert.deepEqual(statuses, ['allow', 'allow']);
		assert.deepEqual([contexts.length, new Set(contexts).size], [3, 2], 'presented, presented again, and a new one');

		// the race: two tabs of a page that keeps its tokens in the browser
		const inTab = (tab, name) => tab.evaluate(async (mine) => {
			const { tabLock } = await import('/client/browser.js');
			await tabLock('u', async () => {
				const held = localStorage.getItem('held');
				localStorage.setItem('held', mine);
				await new Promise((done) => { setTimeout(done, 50); });
				if (held || localStorage.getItem('held') !== mine) localStorage.setItem('clash', '1');
				localStorage.removeItem('held');
			});
		}, name);
		await Promise.all([inTab(page, 'a'), inTab(second, 'b'), inTab(page, 'c')]);
		assert.equal(await page.evaluate(() => localStorage.getItem('clash')), null);
	});

	inBrowser('refreshes from a page of another origin, bound to a key that no script can take away', async () => {
		const site = createServer((request, answer) => {
			const file = /^\/client\/((?:lib\/)?\w+\.js)$/.exec(request.url)?.[1];
			answer.setHeader('content-type', file ? 'text/javascript' : 'text/html').end(file ? readFileSync(join(root, 'clients/node', file)) : '<!doctype html><title>page</title>');
		});
		await new Promise((ready) => { site.listen(0, '127.0.0.1', ready); });
		const maker = await h.publicClient({ scopes: ['openid', 'pgtoken:sessions'] });
		const code = await h.newCode(maker, { scope: 'openid offline_access pgtoken:sessions' });
		try {
			await page.goto(`http://127.0.0.1:${site.address().port}/`);
			const told = await page.evaluate(async ([issuer, clientId, given]) => {
				const { Collector, HttpClient, tabLock } = await import('/client/browser.js');
				const dpop = await crypto.subtle.generateKey({ name: 'ECDSA', namedCurve: 'P-256' }, false, ['sign', 'verify']);
				const client = new HttpClient({ issuer, clientId, dpop, timeout: 600_000 });
				const first = await client.redeem({}, given);
				let kept = first.tokens;
				const session = client.session({ key: 'u', load: () => kept, store: (tokens) => { kept = tokens; }, lock: tabLock });
				const answers = [await new Collector().refresh((one) => session.refresh(one)), await new Collector().refresh((one) => session.tokens(one))];
				return { type: kept.tokenType, statuses: answers.map(({ status }) => status), once: kept.accessToken === answers[1].tokens.accessToken,
					sessions: (await client.sessions(kept.accessToken)).filter(({ current }) => current).length };
			}, [h.issuer, maker.id, { code: code.code, redirectUri: code.redirectUri, codeVerifier: code.verifier }]);
			assert.deepEqual(told, { type: 'DPoP', statuses: ['allow', 'allow'], once: true, sessions: 1 });
		} finally {
			site.closeAllConnections();
			site.close();
		}
	});
});
