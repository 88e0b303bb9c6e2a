// What the tests of the examples have in common: the service that test/tools/serve has
// started, a superuser's way into its database, tokens, and what each website and each API
// has to do, whatever it is written in.
//
// Nothing in here, and no test, prints a token, a code or a secret.
import assert from 'node:assert/strict';
import { createHash, generateKeyPairSync, randomBytes, randomUUID, sign } from 'node:crypto';
import { after, test } from 'node:test';
import { fileURLToPath } from 'node:url';

import { freePorts, run, start as startProgram } from '../http/programs.mjs';
import { Person } from './person.mjs';

export const { env } = process;
if (!env.BASE_URL) throw new Error('BASE_URL is not set: start the tests with make examples');

export const issuer = env.BASE_URL;
export const folder = (name) => fileURLToPath(new URL(`../../examples/${name}`, import.meta.url));

/** of the example's own environment, which test/tools/examples has made */
export const python = env.EXAMPLE_PYTHON || 'python3';

const quoted = (value) => `'${String(value).replaceAll('\'', '\'\'')}'`;
const psql = async (...args) => (await run('psql', ['-X', '-q', '-A', '-t', '-v', 'ON_ERROR_STOP=1', ...args], { env })).trim();

/** sql`SELECT ${value}`: what psql prints */
export const sql = (parts, ...values) => psql('-c', String.raw({ raw: parts }, ...values.map(quoted)));

/** a file of SQL, with variables of psql */
export const sqlFile = (file, variables = {}) => psql(...Object.entries(variables).flatMap(([name, value]) => ['-v', `${name}=${value}`]), '-f', file);

/** the newest family of a client */
export const familyOf = (clientId) => sql`SELECT grant_id FROM pgtoken.grants WHERE client_id = ${clientId} ORDER BY created_at DESC LIMIT 1`;
export const generationOf = async (grantId) => Number(await sql`SELECT generation FROM pgtoken.grants WHERE grant_id = ${grantId}`);
export const isRevoked = async (grantId) => await sql`SELECT revoked_at IS NOT NULL FROM pgtoken.grants WHERE grant_id = ${grantId}` === 't';
export const revoke = (grantId) => sql`SELECT pgtoken.revoke_family(${grantId}::uuid, 'admin')`;

/** the JSON of a POST to the issuer, and its status */
export async function post(path, parameters, headers = {}) {
	const response = await fetch(`${issuer}${path}`, { method: 'POST', body: new URLSearchParams(parameters), headers });
	const text = await response.text();
	return { status: response.status, ...(text && JSON.parse(text)) };
}

/** a proof of a key that nobody else has (RFC 9449), for the token endpoint */
function proof() {
	const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
	const parts = [{ typ: 'dpop+jwt', alg: 'ES256', jwk: publicKey.export({ format: 'jwk' }) },
		{ htm: 'POST', htu: `${issuer}/oauth2/token`, iat: Math.floor(Date.now() / 1000), jti: randomUUID() }];
	const text = parts.map((part) => Buffer.from(JSON.stringify(part)).toString('base64url')).join('.');
	return { dpop: `${text}.${sign('sha256', Buffer.from(text), { key: privateKey, dsaEncoding: 'ieee-p1363' }).toString('base64url')}` };
}

/** tokens of a public client whose user signs in; bound: to a key */
export async function tokens({ bound = false, clientId = env.MOBILE_CLIENT_ID, redirectUri = 'com.example.notes:/oauth2redirect', scope = 'openid offline_access notes:read', ...more } = {}) {
	const verifier = randomBytes(32).toString('base64url');
	const query = new URLSearchParams({ response_type: 'code', client_id: clientId, redirect_uri: redirectUri, scope, code_challenge_method: 'S256',
		code_challenge: createHash('sha256').update(verifier).digest('base64url'), ...more });
	const { url } = await new Person().open(`${issuer}/oauth2/authorize?${query}`, { until: (at) => at.startsWith(redirectUri) });
	const answer = await post('/oauth2/token', { grant_type: 'authorization_code', client_id: clientId, redirect_uri: redirectUri, code_verifier: verifier,
		code: new URL(url).searchParams.get('code'), ...more }, bound ? proof() : {});
	assert.equal(answer.status, 200, `tokens, and not ${answer.error}`);
	return answer;
}

/**
 * Starts a program of an example, and stops it when the tests are over.
 * @param of(port) {command, args, ready, variables}, see start of programs.mjs
 * @returns its URL
 */
export async function started(name, of) {
	const [port] = await freePorts(1);
	const { command, args, ready, variables } = of(port);
	const program = await startProgram(command, args, { ready, cwd: folder(name), env: { ...env, ISSUER: issuer, PORT: String(port), ...variables } });
	after(async () => {
		await program.stop();
		if (process.exitCode) console.error(program.said());
	});
	return `http://127.0.0.1:${port}`;
}

/** new access tokens end so soon that an application, which looks ahead by half a minute, refreshes before each call */
export const shortTokens = () => sql`SELECT pgtoken.update_resource(${env.RESOURCE}, access_token_lifetime => '20 seconds')`;
export const longTokens = () => sql`SELECT pgtoken.update_resource(${env.RESOURCE}, reset => '{access_token_lifetime}')`;

/** a website whose user signs in: client website of examples/clients.sql */
export async function website(base) {
	const person = new Person();
	let family;
	await sql`SELECT pgtoken.update_client('website', metadata => jsonb_build_object('post_logout_redirect_uris', jsonb_build_array(${`${base}/`}::text)))`;
	after(longTokens);
	const nobody = async () => {
		const { status, text } = await person.go(`${base}/`);
		assert.equal(status, 200);
		assert.match(text, /href="\/login"/);
		assert.doesNotMatch(text, /user-1/);
	};

	test('nobody is signed in at first', async () => {
		await nobody();
		assert.equal((await person.go(`${base}/notes`)).status, 401);
	});
	test('Attack shut out: the code of somebody else\'s login, sent to a browser that has begun one', async () => {
		const { url } = await new Person().open(`${base}/login`, { until: (at) => at.startsWith(`${base}/callback?`) });
		await person.go(`${base}/login`, { until: (at) => at.startsWith(issuer) });
		await person.go(url);
		assert.ok(person.page.status >= 400 && person.page.status < 500, `a status of ${person.page.status}`);
		await nobody();
	});
	test('signs a user in by the login page', async () => {
		await shortTokens();
		const { url, status, text } = await person.open(`${base}/login`);
		assert.deepEqual([url, status], [`${base}/`, 200]);
		assert.match(text, /user-1/);
		family = await familyOf('website');
	});
	test('calls the API as the user, and refreshes when the token is about to end', async () => {
		const calls = async () => {
			const { status, text } = await person.go(`${base}/notes`);
			assert.equal(status, 200);
			assert.match(text, /note of user-1/);
			return generationOf(family);
		};
		const first = await calls();
		assert.ok(first >= 1, 'it has refreshed');
		assert.ok(await calls() > first, 'and again');
	});
	test('forgets the user when his session was revoked elsewhere', async () => {
		await revoke(family);
		assert.equal((await person.go(`${base}/notes`)).status, 401);
		await nobody();
		await longTokens();
	});
	test('signs the user out, here and at the service', async () => {
		await person.open(`${base}/login`);
		assert.match(person.page.text, /user-1/);
		family = await familyOf('website');
		await person.press('/logout');
		await person.answer();
		assert.equal(person.page.url.split('?')[0], `${base}/`);
		await nobody();
		assert.ok(await isRevoked(family), 'the family has ended');
	});
}

/** an API for tokens of RESOURCE: GET with notes:read, POST with notes:write */
export async function api(base, { path = '/api/notes', untilRefused = (call) => call() } = {}) {
	const call = (token, method = 'GET') => fetch(`${base}${path}`, { method, headers: { ...(token && { authorization: `Bearer ${token}` }), 'content-type': 'application/json' },
		body: method === 'POST' ? '{"text": "another"}' : undefined });
	const refused = (response) => {
		assert.equal(response.status, 401);
		assert.match(response.headers.get('www-authenticate') ?? '', /^Bearer/);
	};
	const own = await tokens();

	test('the API answers a token that holds', async () => {
		const response = await call(own.access_token);
		assert.equal(response.status, 200);
		assert.match(await response.text(), /note of user-1/);
	});
	test('Attack shut out: without a token, with none of the issuer\'s, or with an ID token', async () => {
		for (const token of [undefined, 'x', `${own.access_token.slice(0, -8)}AAAAAAAA`, own.id_token, own.refresh_token]) refused(await call(token));
	});
	test('Attack shut out: a token that was given for another API', async () => {
		const other = await tokens({ clientId: env.MCP_CLIENT_ID, redirectUri: 'http://127.0.0.1/callback', scope: 'mcp:read', resource: env.MCP_URL });
		refused(await call(other.access_token));
	});
	test('Attack shut out: a token that is bound to a key, which a thief sends without the key', async () => {
		const stolen = await tokens({ bound: true });
		assert.equal(stolen.token_type, 'DPoP');
		refused(await call(stolen.access_token));
	});
	test('Attack shut out: a token that lacks the scope', async () => {
		const response = await call(own.access_token, 'POST');
		assert.equal(response.status, 403);
		assert.match(response.headers.get('www-authenticate') ?? '', /insufficient_scope/);
	});
	test('a token that was revoked is refused', async () => {
		assert.equal((await post('/oauth2/revoke', { client_id: env.MOBILE_CLIENT_ID, token: own.refresh_token })).status, 200);
		refused(await untilRefused(() => call(own.access_token)));
	});
}
