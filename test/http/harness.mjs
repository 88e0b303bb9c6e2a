// What every test here has: the service's addresses, a superuser's way into its
// database, clients of all kinds, and the steps that lead to tokens.
//
// run.mjs starts the services, or BASE_URL names ones that run already; see
// README.md.  Nothing in here, and no test, prints a token, a code or a secret:
// assertions compare such values with ok(), never with equal(), which would
// show both.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { createHash, createHmac, randomBytes, randomUUID, X509Certificate } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer, request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { calculateJwkThumbprint, exportJWK, generateKeyPair, SignJWT } from 'jose';
import * as oauth from 'oauth4webapi';
import * as openid from 'openid-client';
import pg from 'pg';

import { layers } from './layers.mjs';

const { env } = process;
if (!env.BASE_URL) throw new Error('BASE_URL is not set: start the tests with node test/http/run.mjs');

export const issuer = env.BASE_URL;
export const loginUrl = env.LOGIN_URL;
export const clientUrl = env.CLIENT_URL;
export const apiUrl = env.API_URL || issuer; // where /api is
export const apiProxyUrl = env.API_PROXY_URL || env.PROXY_URL;
export const proxyUrl = env.PROXY_URL; // the same service behind a proxy that verifies certificates
export const certificateHeader = env.CERTIFICATE_HEADER || 'client-cert';
export const resource = env.RESOURCE || `${issuer}/api`;
export const otherResource = 'https://orders.example/api';
export const facts = env;
export const layer = env.LAYER || 'gateway'; // what stands before the database

/** can the layer do it? what it cannot is told in layers.mjs, and not tested */
export const can = (what) => layers[layer].can.includes(what);

export const DEVICE_GRANT = 'urn:ietf:params:oauth:grant-type:device_code';
export const EXCHANGE_GRANT = 'urn:ietf:params:oauth:grant-type:token-exchange';
export const ASSERTION_GRANT = 'urn:ietf:params:oauth:grant-type:jwt-bearer';
export const ACCESS_TOKEN_TYPE = 'urn:ietf:params:oauth:token-type:access_token';
export const ASSERTION_TYPE = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer';
// examples/setup.sql has made these users
export const SUBJECT = 'user-1';
export const OTHER_SUBJECT = 'user-2';
// where codes of clients without a page go; nobody listens there
export const REDIRECT_URI = 'https://client.example/cb';

// --- the database, as superuser ---------------------------------------------------

export const pool = new pg.Pool({ application_name: 'http tests', max: 4, idleTimeoutMillis: 500, allowExitOnIdle: true });
pool.on('error', () => {});
pool.on('connect', (client) => client.on('error', () => {}));

export async function rows(text, ...values) {
	return (await pool.query(text, values)).rows;
}

/** the only column of the only row */
export async function value(text, ...values) {
	const [row] = await rows(text, ...values);
	return row && Object.values(row)[0];
}

/** lets time pass for a family: the last rotation is that much further back */
export async function ageRotation(grantId, interval) {
	await rows('UPDATE pgtoken.grants SET rotated_at = rotated_at - $2::interval WHERE grant_id = $1', grantId, interval);
}

export const family = async (grantId) => (await rows('SELECT * FROM pgtoken.grants WHERE grant_id = $1', grantId))[0];

// --- requests ------------------------------------------------------------------------

/**
 * parameters: an object or a list of pairs, or the body itself as string or Buffer
 * @returns {status, headers, text, json}; json is undefined where the body is none
 */
export async function request(method, path, { parameters, query, headers = {}, base = path.startsWith('/api/') ? apiUrl : issuer, type } = {}) {
	const url = new URL(`${base}${path}`);
	if (query !== undefined) url.search = typeof query === 'string' ? query : new URLSearchParams(query).toString();
	let body;
	if (method !== 'GET') {
		body = typeof parameters === 'string' || Buffer.isBuffer(parameters) ? parameters : new URLSearchParams(parameters ?? {}).toString();
		headers = { 'content-type': type ?? 'application/x-www-form-urlencoded', ...headers };
	}
	const response = await fetch(url, { method, body, headers, redirect: 'manual' });
	const text = await response.text();
	let json;
	try {
		json = JSON.parse(text);
	} catch {
		// an empty body, or a JWT
	}
	return { status: response.status, headers: response.headers, text, json };
}

/**
 * One exchange as it is on the wire: headers is a list of name, value, name, value,
 * sent as they are, a character an octet; chunked: the body's length is not said before.
 * @returns {status, headers: the same kind of list, all(name): values, body: Buffer}
 */
export function exchange(method, path, { base = issuer, headers = [], body, chunked = false } = {}) {
	const { protocol, hostname, port, host } = new URL(base);
	const named = (name) => headers.some((content, i) => i % 2 === 0 && content.toLowerCase() === name);
	const sent = [...(named('host') ? [] : ['Host', host]), ...headers, ...(chunked ? ['Transfer-Encoding', 'chunked'] : body === undefined ? [] : ['Content-Length', String(Buffer.byteLength(body))]),
		'Connection', 'close'];
	return new Promise((resolve, reject) => {
		const outgoing = (protocol === 'https:' ? httpsRequest : httpRequest)({ hostname, port, method, path, headers: sent, agent: false }, (response) => {
			const chunks = [];
			response.on('error', reject).on('data', (chunk) => chunks.push(chunk)).on('end', () => {
				const { rawHeaders: raw } = response;
				const all = (name) => raw.filter((_, i) => i % 2 === 1 && raw[i - 1].toLowerCase() === name.toLowerCase());
				resolve({ status: response.statusCode, headers: raw, all, body: Buffer.concat(chunks) });
			});
		});
		outgoing.on('error', reject).end(body);
	});
}

export const post = (path, parameters, options = {}) => request('POST', path, { ...options, parameters });
export const get = (path, options = {}) => request('GET', path, options);

/** the form-encoding that Basic credentials have (C6) */
export const formEncode = (text) => new URLSearchParams({ '': text }).toString().slice(1);
export const basic = (id, secret) => ({ authorization: `Basic ${Buffer.from(`${formEncode(id)}:${formEncode(secret)}`).toString('base64')}` });
export const bearer = (token) => ({ authorization: `Bearer ${token}` });

/** an OAuth error as section 5.2 of RFC 6749 wants it (C14, C15) */
export function assertError(response, error, status = 400) {
	assert.equal(response.status, status, `the status that ${error} has`);
	assert.match(response.headers.get('content-type') ?? '', /^application\/json/);
	assert.equal(response.json?.error, error);
	assertUncached(response);
	assertErrorText(response.json);
}

export function assertErrorText(json) {
	const allowed = /^[\x20-\x21\x23-\x5b\x5d-\x7e]*$/;
	assert.match(json.error, allowed);
	if (json.error_description !== undefined) assert.match(json.error_description, allowed);
	assert.deepEqual(Object.keys(json).filter((name) => !['error', 'error_description', 'error_uri'].includes(name)), [],
		'an error has no members beside those of section 5.2');
}

export function assertUncached(response) {
	assert.match(response.headers.get('cache-control') ?? '', /no-store/);
	assert.equal(response.headers.get('pragma'), 'no-cache');
}

/** a successful answer of the token endpoint (C14) */
export function assertTokens(response, { type = 'Bearer' } = {}) {
	assert.equal(response.status, 200, `tokens, and not ${response.json?.error}`);
	assert.match(response.headers.get('content-type'), /^application\/json/);
	assertUncached(response);
	const { access_token: token, token_type: tokenType, expires_in: expires } = response.json;
	assert.ok(typeof token === 'string' && token.split('.').length === 3, 'an access token');
	assert.equal(tokenType.toLowerCase(), type.toLowerCase());
	assert.ok(Number.isInteger(expires) && expires > 0, 'expires_in is a number');
	return response.json;
}

// --- clients --------------------------------------------------------------------------

export const unique = (name) => `${name}-${randomUUID().slice(0, 8)}`;

/**
 * @param options {id, type, scopes, redirectUris, offline, resources, name, signingAlg, retryWindow, rotation, profile, metadata, key}
 * key: of generateKey(), for private_key_jwt
 */
export async function newClient(options = {}) {
	const { type = 'confidential', scopes = ['openid', 'profile', 'email', 'notes:read', 'notes:write'], redirectUris = [REDIRECT_URI],
		offline = true, resources = null, name = null, signingAlg = null, retryWindow = null, rotation = null, profile = null, metadata = {}, key } = options;
	const id = options.id ?? unique('client');
	const given = { ...metadata, ...(key && { jwks: { keys: [key.publicJwk] } }) };
	const [made] = await rows(`SELECT client_id, client_secret FROM pgtoken.create_client($1, $2, $3, $4, offline_access => $5, resources => $6,
			client_name => $7, signing_alg => $8, retry_window => $9::interval, rotation => $10, metadata => $11, profile => $12)`,
	id, type, scopes, redirectUris, offline, resources, name, signingAlg, retryWindow, rotation, given, profile);
	const method = given.token_endpoint_auth_method ?? (type === 'public' ? 'none' : 'client_secret_basic');
	return { id, secret: made.client_secret, method, key, redirectUri: redirectUris[0], scopes, offline, metadata: given };
}

export const publicClient = (options = {}) => newClient({ type: 'public', ...options });

/** a pair for JOSE: {alg, privateKey, publicKey, publicJwk, thumbprint} */
export async function generateKey(alg = 'ES256') {
	const { privateKey, publicKey } = await generateKeyPair(alg, { extractable: true });
	const jwk = await exportJWK(publicKey);
	const thumbprint = await calculateJwkThumbprint(jwk);
	return { alg, privateKey, publicKey, jwk, publicJwk: { ...jwk, alg, use: 'sig', kid: thumbprint }, thumbprint };
}

/** a self-signed certificate, in the forms that proxies have for their header: whether to trust it is their business */
export function certificate(name) {
	const directory = mkdtempSync(join(tmpdir(), 'pgt-cert-'));
	const [key, cert] = ['key', 'crt'].map((ending) => join(directory, `${name}.${ending}`));
	execFileSync('openssl', ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-keyout', key, '-out', cert,
		'-days', '2', '-subj', `/O=Example/CN=${name}`], { stdio: 'ignore' });
	const text = readFileSync(cert, 'utf8');
	rmSync(directory, { recursive: true });
	const { raw: der } = new X509Certificate(text);
	return { subject: `CN=${name},O=Example`, header: `:${der.toString('base64')}:`, pem: encodeURIComponent(text),
		thumbprint: createHash('sha256').update(der).digest('base64url') };
}

/** milliseconds that nothing takes, however slow the machine: who waits that long has hung; less, for who looks for a fault */
export const PATIENCE = Number(env.PATIENCE) || 600_000;

export const now = () => Math.floor(Date.now() / 1000);

/** a client assertion (RFC 7523); changed: claims or header members to have otherwise, undefined takes one away */
export async function assertion(client, { claims = {}, header = {}, key, secret } = {}) {
	const signingKey = key ?? (client.method === 'client_secret_jwt' ? Buffer.from(secret ?? client.secret) : client.key.privateKey);
	const alg = header.alg ?? (client.method === 'client_secret_jwt' ? 'HS256' : client.key.alg);
	const payload = { iss: client.id, sub: client.id, aud: issuer, iat: now(), exp: now() + 60, jti: randomUUID(), ...claims };
	return new SignJWT(JSON.parse(JSON.stringify(payload))).setProtectedHeader({ typ: 'JWT', ...(client.key && { kid: client.key.thumbprint }), ...header, alg })
		.sign(signingKey);
}

/** how the client proves itself: {headers, parameters} of a request */
export async function authentication(client) {
	switch (client.method) {
		case 'client_secret_basic':
			return { headers: basic(client.id, client.secret), parameters: {} };
		case 'client_secret_post':
			return { headers: {}, parameters: { client_id: client.id, client_secret: client.secret } };
		case 'client_secret_jwt':
		case 'private_key_jwt':
			return { headers: {}, parameters: { client_assertion_type: ASSERTION_TYPE, client_assertion: await assertion(client) } };
		case 'tls_client_auth':
			return { headers: { [certificateHeader]: client.certificate }, parameters: { client_id: client.id } };
		default:
			return { headers: {}, parameters: { client_id: client.id } };
	}
}

/** a POST of the client, authenticated; parameters may be a list of pairs */
export async function postAs(client, path, parameters = {}, { headers = {}, ...options } = {}) {
	const proof = await authentication(client);
	const pairs = [...(Array.isArray(parameters) ? parameters : Object.entries(parameters)), ...Object.entries(proof.parameters)]
		.filter(([, content]) => content !== undefined);
	const base = client.method === 'tls_client_auth' ? proxyUrl : issuer;
	return post(path, pairs, { base, ...options, headers: { ...proof.headers, ...headers } });
}

export const token = (client, parameters, options) => postAs(client, '/oauth2/token', parameters, options);
export const refresh = (client, refreshToken, parameters = {}, options) =>
	token(client, { grant_type: 'refresh_token', refresh_token: refreshToken, ...parameters }, options);

// --- clients by others -------------------------------------------------------------------

export const insecure = { [oauth.allowInsecureRequests]: true };

let metadata;
/** the authorization server's metadata, as oauth4webapi has read and checked it */
export async function server() {
	metadata ??= await oauth.processDiscoveryResponse(new URL(issuer), await oauth.discoveryRequest(new URL(issuer), insecure));
	return metadata;
}

const openidAuthentication = {
	client_secret_basic: (client) => openid.ClientSecretBasic(client.secret),
	client_secret_post: (client) => openid.ClientSecretPost(client.secret),
	client_secret_jwt: (client) => openid.ClientSecretJwt(client.secret),
	private_key_jwt: (client) => openid.PrivateKeyJwt({ key: client.key.privateKey, kid: client.key.thumbprint }),
	none: () => openid.None(),
};

const oauthAuthentication = {
	client_secret_basic: (client) => oauth.ClientSecretBasic(client.secret),
	client_secret_post: (client) => oauth.ClientSecretPost(client.secret),
	client_secret_jwt: (client) => oauth.ClientSecretJwt(client.secret),
	private_key_jwt: (client) => oauth.PrivateKeyJwt({ key: client.key.privateKey, kid: client.key.thumbprint }),
	none: () => oauth.None(),
};

/** openid-client's configuration of a client */
export async function configuration(client) {
	const config = new openid.Configuration(await server(), client.id, { client_secret: client.secret ?? undefined },
		openidAuthentication[client.method](client));
	openid.allowInsecureRequests(config);
	return config;
}

/** oauth4webapi's arguments: [server, client, authentication] */
export const arguments_ = async (client) => [await server(), { client_id: client.id }, oauthAuthentication[client.method](client)];

/** the OAuth error's name that a library's call is refused with */
export async function refusal(promise) {
	try {
		await promise;
	} catch (error) {
		return error.error ?? error.cause?.error ?? error.code ?? error.name;
	}
	return 'no error';
}

// --- authorization -----------------------------------------------------------------------

export const challengeOf = (verifier) => createHash('sha256').update(verifier).digest('base64url');
export const newVerifier = () => randomBytes(32).toString('base64url');

/** a complete authorization request; undefined takes a parameter away */
export function authorizationParameters(client, verifier, changes = {}) {
	const all = {
		client_id: client.id, response_type: 'code', redirect_uri: client.redirectUri, scope: 'openid',
		state: randomBytes(16).toString('base64url'), nonce: randomBytes(16).toString('base64url'),
		code_challenge: challengeOf(verifier), code_challenge_method: 'S256', ...changes,
	};
	return Object.fromEntries(Object.entries(all).filter(([, content]) => content !== undefined));
}

/** GET of the authorization endpoint: {status, json, location}, location a URL or null */
export async function authorize(parameters, { method = 'GET' } = {}) {
	const response = method === 'GET'
		? await get('/oauth2/authorize', { query: parameters })
		: await post('/oauth2/authorize', parameters);
	const location = response.headers.get('location');
	return { ...response, location: location === null ? null : new URL(location) };
}

/** is the browser being sent to the login page? */
export const toLogin = (location) => location?.href.startsWith(`${loginUrl}/login?transaction_id=`) === true;

/** what the login application answers: the columns of approve_authorization; undefined consent: to all that is missing */
export async function approve(transactionId, { subject = SUBJECT, consent, authTime = null, acr = null, amr = null, sessionId = null } = {}) {
	const [row] = await rows(`SELECT * FROM pgtoken.approve_authorization($1, $2,
			consent => CASE WHEN $3 THEN pgtoken.consent_missing($1, $2) ELSE $4 END,
			auth_time => coalesce($5::timestamptz, now()), acr => $6, amr => $7, session_id => $8)`,
	transactionId, subject, consent === undefined, consent ?? null, authTime, acr, amr, sessionId);
	return row;
}

/**
 * A code, without a browser: {code, callback, verifier, nonce, state, redirectUri}
 * @param parameters of the authorization request; answer: see approve
 */
export async function newCode(client, parameters = {}, answer = {}) {
	const verifier = newVerifier();
	const asked = authorizationParameters(client, verifier, parameters);
	const { location, json } = await authorize(asked);
	assert.ok(toLogin(location), `sent to the login page, and not ${location?.searchParams.get('error') ?? json?.error}`);
	const { redirect_uri: uri, error } = await approve(location.searchParams.get('transaction_id'), answer);
	assert.ok(uri, `approved, and not ${error}`);
	const callback = new URL(uri);
	return { code: callback.searchParams.get('code'), callback, verifier: asked.code_challenge && verifier, nonce: asked.nonce,
		state: asked.state, redirectUri: asked.redirect_uri };
}

export const redeem = (client, { code, verifier, redirectUri }, parameters = {}, options) => token(client,
	{ grant_type: 'authorization_code', code, redirect_uri: redirectUri, code_verifier: verifier, ...parameters }, options);

/** a family by the code flow: the answer of the token endpoint and the grant_id */
export async function newTokens(client, parameters = {}, answer = {}) {
	const asked = { scope: client.offline ? 'openid offline_access notes:read' : 'openid notes:read', resource, ...parameters };
	const tokens = assertTokens(await redeem(client, await newCode(client, asked, answer)));
	return { ...tokens, grantId: claimsOf(tokens.access_token).grant_id };
}

// --- policies and step-up -------------------------------------------------------------------

/**
 * A policy that is in force while action runs, for one client.
 * @param options arguments of create_policy beside rules
 */
export async function withPolicy(client, rules, options, action) {
	const name = unique('policy');
	const extra = Object.entries({ client_ids: [client.id], ...options });
	await rows(`SELECT pgtoken.create_policy($1, $2${extra.map(([argument], i) => `, ${argument} => $${i + 3}`).join('')})`,
		name, JSON.stringify(rules), ...extra.map(([, content]) => content));
	await rows('SELECT pgtoken.activate_policy($1)', name);
	try {
		return await action(name);
	} finally {
		await rows('SELECT pgtoken.deactivate_policy($1)', name);
	}
}

/** a subject of its own, with a factor: {subject, factorId} */
export async function newUser(type = 'email', parameters = {}) {
	const subject = unique('user');
	const { factor_id: factorId } = await value('SELECT pgtoken.enroll_factor($1, $2, $3)', subject, type, JSON.stringify(parameters));
	return { subject, factorId };
}

/** the answer that asks for another factor: 403, and how to go on */
export function assertRequired(response) {
	assert.equal(response.status, 403, `mfa_required, and not ${response.json?.error ?? 'tokens'}`);
	assert.match(response.headers.get('content-type'), /^application\/json/);
	assertUncached(response);
	assert.deepEqual(Object.keys(response.json).sort(), ['complete_challenge_endpoint', 'error', 'error_description', 'expires_in', 'factors', 'step_up_challenge_endpoint', 'transaction_id']);
	assert.equal(response.json.step_up_challenge_endpoint, `${issuer}/oauth2/challenge`);
	assert.equal(response.json.complete_challenge_endpoint, `${issuer}/oauth2/complete_challenge`);
	assert.equal(response.json.error, 'mfa_required');
	assert.match(response.json.error_description, /^[\x20-\x21\x23-\x5b\x5d-\x7e]*$/);
	assert.ok(Number.isInteger(response.json.expires_in) && response.json.expires_in > 0);
	assert.ok(Array.isArray(response.json.factors) && response.json.factors.length > 0);
	return response.json;
}

export const challenge = (client, transactionId, factorId, options) =>
	postAs(client, '/oauth2/challenge', { transaction_id: transactionId, factor_id: factorId }, options);
export const complete = (client, transactionId, evidence, options) =>
	postAs(client, '/oauth2/complete_challenge', { transaction_id: transactionId, ...evidence }, options);

/** what the application was told to deliver to the subject; the codes of other tests go with it */
export const deliveredCode = (subject) => value('SELECT code FROM pgtoken.take_challenge_codes(1000) WHERE subject = $1', subject);

/** a factor whose code is delivered, proved for a transaction, from a request that need not be like the one that waits */
export async function prove(client, transactionId, { subject, factorId }, options) {
	// half a minute after the last code that went to it
	await rows('UPDATE pgtoken.factors SET code_sent_at = code_sent_at - interval \'30 seconds\' WHERE subject = $1', subject);
	const asked = await challenge(client, transactionId, factorId, options);
	assert.equal(asked.status, 200, `challenged, and not ${asked.json?.error}`);
	const done = await complete(client, transactionId, { code: await deliveredCode(subject) }, options);
	assert.equal(done.status, 200, `completed, and not ${done.json?.error}`);
	return done.json;
}

/** RFC 6238 with SHA-1, 30 seconds and 6 digits, steps from now */
export function totp(secret, steps) {
	const bits = [...secret].map((letter) => 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'.indexOf(letter).toString(2).padStart(5, '0')).join('');
	const key = Buffer.from(bits.match(/.{8}/g).map((byte) => parseInt(byte, 2)));
	const counter = Buffer.alloc(8);
	counter.writeBigUInt64BE(BigInt(Math.floor(Date.now() / 30_000) + steps));
	const hash = createHmac('sha1', key).update(counter).digest();
	return String((hash.readUInt32BE(hash[19] & 15) & 0x7fffffff) % 1_000_000).padStart(6, '0');
}

// --- tokens --------------------------------------------------------------------------------

const part = (token, index) => JSON.parse(Buffer.from(token.split('.')[index], 'base64url'));
export const headerOf = (token) => part(token, 0);
export const claimsOf = (token) => part(token, 1);

/** does the service's own word, and that of the API, go for the token? */
export async function introspect(client, subject, parameters = {}) {
	const response = await postAs(client, '/oauth2/introspect', { token: subject, ...parameters });
	assert.equal(response.status, 200, `introspected, and not ${response.json?.error}`);
	return response.json;
}

export const notes = (headers, base) => get('/api/notes', { headers, base });

// --- DPoP ------------------------------------------------------------------------------------

/** a proof (RFC 9449 section 4.2); claims and header change it, undefined takes away */
export async function proof(key, { htm = 'POST', htu = `${issuer}/oauth2/token`, claims = {}, header = {}, accessToken } = {}) {
	const payload = { jti: randomUUID(), htm, htu, iat: now(), ...(accessToken && { ath: challengeOf(accessToken) }), ...claims };
	const protectedHeader = { typ: 'dpop+jwt', alg: key.alg, jwk: key.jwk, ...header };
	return new SignJWT(JSON.parse(JSON.stringify(payload))).setProtectedHeader(JSON.parse(JSON.stringify(protectedHeader))).sign(key.privateKey);
}

// --- a page for redirects to -------------------------------------------------------------------

/** listens on a free port of 127.0.0.1 and gives away the URLs it is called with */
export async function callbackPage() {
	const waiting = [];
	const arrived = [];
	const page = createServer((incoming, answer) => {
		answer.setHeader('content-type', 'text/html').end('<!doctype html><title>callback</title><p>done</p>');
		if (!incoming.url.startsWith('/cb')) return;
		const url = new URL(incoming.url, `http://127.0.0.1:${page.address().port}`);
		const next = waiting.shift();
		if (next) next(url);
		else arrived.push(url);
	});
	await new Promise((ready) => page.listen(0, '127.0.0.1', ready));
	return {
		url: `http://127.0.0.1:${page.address().port}/cb`,
		next: () => (arrived.length > 0 ? Promise.resolve(arrived.shift()) : new Promise((resolve) => waiting.push(resolve))),
		close: () => new Promise((closed) => { page.closeAllConnections(); page.close(closed); }),
	};
}
