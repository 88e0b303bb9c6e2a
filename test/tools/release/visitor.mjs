// What comes from outside to a service that was set up by docs/production.md: users in
// headless Chromium, and their client, all by https.
//
//   node visitor.mjs sign-in          a user signs in, his client refreshes
//   node visitor.mjs limits           who calls too often, and what others may not see
//   node visitor.mjs traffic          requests of all kinds until SIGTERM; says
//                                     "N requests, N failed", and how each failed
//
//   ISSUER, CLIENT_ID, CLIENT_SECRET, REDIRECT_URI   of the client
//   LOGIN, PASSWORD                                   of the user
//   NODE_EXTRA_CA_CERTS, SPKI                         the certificates, and for Chromium the hashes of their keys
//   FORGED, STRANGER                                  an address that the client claims to be, one that it has besides
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { get } from 'node:https';
import { connect } from 'node:tls';

import * as openid from 'openid-client';
import { chromium } from 'playwright-core';

const { env } = process;
const SCOPE = 'openid offline_access orders:read';
const PATIENCE = Number(env.PATIENCE) || 600_000; // nothing takes as long, however slow the machine

// whoever believes it, believes anybody
const forged = (url, options) => fetch(url, { ...options, headers: { ...options?.headers, 'x-forwarded-for': env.FORGED, 'x-request-id': 'a-client-s-own' } });

async function configuration() {
	return openid.discovery(new URL(env.ISSUER), env.CLIENT_ID, env.CLIENT_SECRET, undefined, { [openid.customFetch]: forged });
}

async function withBrowser(action) {
	const browser = await chromium.launch({ executablePath: env.CHROMIUM || '/usr/bin/chromium', timeout: PATIENCE,
		args: ['--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage', `--ignore-certificate-errors-spki-list=${env.SPKI}`] });
	try {
		return await action(browser);
	} finally {
		await browser.close();
	}
}

/** a user logs in, in a browser that nobody has used, and agrees if he is asked; the client gets its tokens */
async function signIn(browser, config) {
	const context = await browser.newContext();
	const page = await context.newPage();
	page.setDefaultTimeout(PATIENCE);
	const verifier = openid.randomPKCECodeVerifier();
	const [state, nonce] = [openid.randomState(), openid.randomNonce()];
	const url = openid.buildAuthorizationUrl(config, { redirect_uri: env.REDIRECT_URI, scope: SCOPE, state, nonce,
		code_challenge: await openid.calculatePKCECodeChallenge(verifier), code_challenge_method: 'S256' });
	let arrive;
	const arrived = new Promise((resolve) => { arrive = resolve; });
	// nobody is there; it is a redirect, which no route of playwright sees
	context.on('request', (request) => { if (request.url().startsWith(env.REDIRECT_URI)) arrive(new URL(request.url())); });
	await page.goto(url.href);
	await page.getByLabel('Name').fill(env.LOGIN);
	await page.getByLabel('Password').fill(env.PASSWORD);
	await page.getByRole('button', { name: 'Log in' }).click();
	await Promise.race([arrived, page.getByRole('button', { name: 'Allow' }).click().catch(() => {})]);
	const tokens = await openid.authorizationCodeGrant(config, await arrived, { pkceCodeVerifier: verifier, expectedState: state, expectedNonce: nonce });
	await context.close();
	assert.ok(tokens.refresh_token && tokens.access_token && tokens.claims().sub, 'all three tokens');
	return tokens;
}

async function once() {
	const config = await configuration();
	const tokens = await withBrowser((browser) => signIn(browser, config));
	const subject = tokens.claims().sub;
	assert.equal((await openid.fetchUserInfo(config, tokens.access_token, subject)).sub, subject);
	const next = await openid.refreshTokenGrant(config, tokens.refresh_token);
	assert.ok(next.refresh_token !== tokens.refresh_token, 'it rotates');
	assert.ok((await openid.tokenIntrospection(config, next.access_token)).active);
	// a revoked access token is refused at once
	await openid.tokenRevocation(config, next.refresh_token);
	assert.equal((await openid.tokenIntrospection(config, next.access_token)).active, false);
	await assert.rejects(openid.refreshTokenGrant(config, next.refresh_token), { error: 'invalid_grant' });
	console.log('visitor: signed in');
}

/** what is answered to n requests of one moment, each as text */
async function together(host, path, n) {
	const sockets = await Promise.all(Array.from({ length: n }, () => new Promise((resolve, reject) => {
		const socket = connect({ host, port: 443, servername: host }, () => resolve(socket)).on('error', reject);
	})));
	return Promise.all(sockets.map((socket) => new Promise((resolve, reject) => {
		let text = '';
		socket.on('data', (chunk) => { text += chunk; }).on('end', () => resolve(text)).on('error', reject);
		socket.write(`GET ${path} HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`);
	})));
}

async function limits() {
	// by way of the second address, which nobody has let in
	const { hostname } = new URL(env.ISSUER);
	const status = await new Promise((resolve, reject) => {
		get({ host: env.STRANGER, servername: hostname, headers: { host: hostname }, path: '/metrics' }, (answer) => { answer.resume(); resolve(answer.statusCode); }).on('error', reject);
	});
	assert.equal(status, 403, '/metrics is not for everybody');
	// at once, by connections that are there already: on a slow machine handshakes are no burst
	let refused;
	for (let round = 0; round < 20 && !refused; round++) {
		const answers = await together(hostname, '/oauth2/jwks', 150);
		assert.deepEqual(answers.filter((answer) => !/^HTTP\/1\.1 (200|429) /.test(answer)), []);
		refused = answers.find((answer) => answer.startsWith('HTTP/1.1 429 '));
	}
	assert.match(refused ?? 'nobody', /^retry-after: \d/im);
	assert.match(refused, /"error": "temporarily_unavailable"/);
	console.log('visitor: limited');
}

/** four users and their client, each request after the one before, below what one address may */
async function traffic() {
	const config = await configuration();
	const families = await withBrowser(async (browser) => {
		const tokens = [];
		for (let i = 0; i < 4; i++) tokens.push(await signIn(browser, config));
		return tokens;
	});
	let going = true;
	let requests = 0;
	const failed = new Map();
	process.once('SIGTERM', () => { going = false; });
	console.log('visitor: listening to nobody, and asking');
	const ask = async (what, request) => {
		requests++;
		try {
			await request();
		} catch (error) {
			const why = `${what}: ${error.error ?? error.cause?.status ?? error.status ?? error.code ?? error.name} ${error.message}`.replace(/\beyJ[\w.-]+|\bpgt[a-z]{2}_[\w-]+/g, '…');
			failed.set(why, (failed.get(why) ?? 0) + 1);
		}
	};
	await Promise.all(families.map(async (tokens) => {
		let { access_token: access, refresh_token: refresh } = tokens;
		const subject = tokens.claims().sub;
		while (going) {
			const begun = performance.now();
			await ask('refresh', async () => { ({ access_token: access, refresh_token: refresh } = await openid.refreshTokenGrant(config, refresh)); });
			await ask('userinfo', () => openid.fetchUserInfo(config, access, subject));
			await ask('introspect', async () => assert.ok((await openid.tokenIntrospection(config, access)).active, 'active'));
			await ask('jwks', async () => assert.ok((await fetch(`${env.ISSUER}/oauth2/jwks`)).ok, 'keys'));
			await new Promise((later) => { setTimeout(later, Math.max(0, 700 - (performance.now() - begun))); });
		}
	}));
	console.log(`visitor: ${requests} requests, ${[...failed.values()].reduce((sum, n) => sum + n, 0)} failed`);
	for (const [why, n] of failed) console.log(`visitor: ${n} times ${why}`);
}

const modes = { 'sign-in': once, limits, traffic };
if (!modes[process.argv[2]]) throw new Error(`one of: ${Object.keys(modes).join(', ')}`);
if (!existsSync(env.CHROMIUM || '/usr/bin/chromium')) throw new Error('there is no Chromium');
await modes[process.argv[2]]();
