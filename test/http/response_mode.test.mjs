// How answers reach a client: posted (OAuth 2.0 Form Post Response Mode), signed
// (JARM), as two libraries read them and as Chromium posts them; and the pages that
// people see when something is wrong.
import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { after, afterEach, before, beforeEach, describe, it as plainly } from 'node:test';

import * as oauth from 'oauth4webapi';
import * as openid from 'openid-client';

import { freshPages, it, skip } from './browser.mjs';
import * as h from './harness.mjs';

const BROWSER = 'text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8';
const UGLY = '"></form><script>alert(1)</script><b>&amp; \'x\' ünïcode+%41';

const unescaped = (text) => text.replace(/&(lt|gt|quot|amp|#39);/g, (whole, name) => ({ lt: '<', gt: '>', quot: '"', amp: '&', '#39': "'" })[name]);

/** the form of a page: {action, fields} */
function formOf(text) {
	assert.equal([...text.matchAll(/<form/g)].length, 1, 'one form');
	return {
		action: unescaped(/<form method="post" action="([^"]*)">/.exec(text)[1]),
		fields: Object.fromEntries([...text.matchAll(/<input type="hidden" name="([^"]*)" value="([^"]*)">/g)].map(([, name, content]) => [unescaped(name), unescaped(content)])),
	};
}

function assertPage({ headers, text }) {
	assert.equal(headers.get('content-type'), 'text/html; charset=utf-8');
	assert.equal(headers.get('x-content-type-options'), 'nosniff');
	assert.equal(headers.get('referrer-policy'), 'no-referrer');
	h.assertUncached({ headers });
	for (const part of ["default-src 'none'", "base-uri 'none'", "frame-ancestors 'none'"]) {
		assert.ok(headers.get('content-security-policy').includes(part), part);
	}
	for (const part of ['<html lang="en">', '<main>', '<h1>', 'name="viewport"', 'prefers-color-scheme:dark']) assert.ok(text.includes(part), part);
}

async function page(url) {
	const response = await fetch(url, { headers: { accept: BROWSER }, redirect: 'manual' });
	return { status: response.status, headers: response.headers, text: await response.text() };
}

/** what approve_authorization gave the browser, of a request in this mode */
async function answered(client, mode, changes = {}, answer = {}) {
	const verifier = h.newVerifier();
	const asked = h.authorizationParameters(client, verifier, { response_mode: mode, ...changes });
	const { location, json } = await h.authorize(asked);
	assert.ok(h.toLogin(location), `sent to the login page, and not ${json?.error}`);
	const { redirect_uri: url } = await h.approve(location.searchParams.get('transaction_id'), answer);
	return { url: new URL(url), verifier, asked };
}

describe('form_post', () => {
	plainly('read by oauth4webapi: code, state and iss, and redeemed; the page is good once', async () => {
		const client = await h.newClient();
		const [server, webClient] = await h.arguments_(client);
		const { url, verifier, asked } = await answered(client, 'form_post', { state: UGLY });
		assert.equal(`${url.origin}${url.pathname}`, `${h.issuer}/oauth2/answer`);
		const shown = await page(url);
		assert.equal(shown.status, 200);
		assertPage(shown);
		assert.ok(!shown.text.includes('alert(1)</script>'), 'what the client sent is text');
		const { action, fields } = formOf(shown.text);
		assert.equal(action, client.redirectUri);
		assert.deepEqual(Object.keys(fields).sort(), ['code', 'iss', 'state']);
		const posted = new Request(action, { method: 'POST', body: new URLSearchParams(fields) });
		const parameters = oauth.validateAuthResponse(server, webClient, new URLSearchParams(await oauth.formPostResponse(posted)), asked.state);
		h.assertTokens(await h.redeem(client, { code: parameters.get('code'), verifier, redirectUri: client.redirectUri }));
		// the attack: who finds the address in a history or a log has the answer as well
		const again = await page(url);
		assert.equal(again.status, 400);
		assertPage(again);
		assert.ok(!again.text.includes('<form'));
	});

	// the attack: a page of the issuer's that posts to wherever a link says
	plainly('posts to registered redirect URIs alone, errors too (RFC 9700 section 4.11)', async () => {
		const client = await h.newClient();
		const bad = await h.get('/oauth2/authorize', { query: h.authorizationParameters(client, h.newVerifier(), { redirect_uri: 'https://evil.example/cb', response_mode: 'form_post' }), headers: { accept: BROWSER } });
		assert.equal(bad.status, 400);
		assert.ok(!bad.text.includes('<form'));
		const error = await h.get('/oauth2/authorize', { query: h.authorizationParameters(client, h.newVerifier(), { code_challenge: undefined, response_mode: 'form_post', state: UGLY }), headers: { accept: BROWSER } });
		assert.equal(error.status, 200);
		assertPage(error);
		const { action, fields } = formOf(error.text);
		assert.equal(action, client.redirectUri);
		assert.equal(fields.error, 'invalid_request');
		assert.equal(fields.state, UGLY);
		assert.equal(fields.iss, h.issuer);
	});

	plainly('races: of several that ask for the page at once one has the answer', async () => {
		const client = await h.newClient();
		const { url } = await answered(client, 'form_post');
		const statuses = (await Promise.all(Array.from({ length: 6 }, () => page(url)))).map(({ status }) => status).sort();
		assert.deepEqual(statuses, [200, 400, 400, 400, 400, 400]);
	});

	plainly('pushed (RFC 9126): the mode is the pushed one', async () => {
		const client = await h.newClient();
		const verifier = h.newVerifier();
		const pushed = await h.postAs(client, '/oauth2/par', h.authorizationParameters(client, verifier, { response_mode: 'form_post.jwt' }));
		assert.equal(pushed.status, 201);
		const { location } = await h.authorize({ client_id: client.id, request_uri: pushed.json.request_uri, response_mode: 'query' });
		const { redirect_uri: url } = await h.approve(location.searchParams.get('transaction_id'));
		assert.deepEqual(Object.keys(formOf((await page(url)).text).fields), ['response']);
	});
});

describe('JARM', () => {
	plainly('validated by oauth4webapi and openid-client, in the query and posted', async () => {
		const client = await h.newClient();
		const [server, webClient] = await h.arguments_(client);
		for (const mode of ['jwt', 'query.jwt', 'form_post.jwt']) {
			const { url, verifier, asked } = await answered(client, mode);
			const fields = mode === 'form_post.jwt' ? new URLSearchParams(formOf((await page(url)).text).fields) : url.searchParams;
			assert.deepEqual([...fields.keys()], ['response'], 'nothing stands beside the JWT');
			const parameters = await oauth.validateJwtAuthResponse(server, webClient, fields, asked.state, h.insecure);
			h.assertTokens(await h.redeem(client, { code: parameters.get('code'), verifier, redirectUri: client.redirectUri }));
			const { aud, iss, exp, iat } = h.claimsOf(fields.get('response'));
			assert.equal(aud, client.id);
			assert.equal(iss, h.issuer);
			assert.ok(exp - iat <= 600);
		}
		const config = await h.configuration(client);
		openid.useJwtResponseMode(config);
		const verifier = openid.randomPKCECodeVerifier();
		const state = openid.randomState();
		const target = openid.buildAuthorizationUrl(config, { redirect_uri: client.redirectUri, scope: 'openid', state,
			code_challenge: await openid.calculatePKCECodeChallenge(verifier), code_challenge_method: 'S256' });
		assert.equal(target.searchParams.get('response_mode'), 'jwt');
		const { location } = await h.authorize(target.search.slice(1));
		const { redirect_uri: callback } = await h.approve(location.searchParams.get('transaction_id'));
		const tokens = await openid.authorizationCodeGrant(config, new URL(callback), { pkceCodeVerifier: verifier, expectedState: state });
		assert.equal(tokens.claims().sub, h.SUBJECT);
	});

	plainly('by each algorithm that is announced, and errors as well', async () => {
		const [server] = await h.arguments_(await h.newClient());
		for (const alg of server.authorization_signing_alg_values_supported) {
			const client = await h.newClient({ metadata: { authorization_signed_response_alg: alg } });
			const asked = h.authorizationParameters(client, h.newVerifier(), { response_mode: 'jwt', scope: 'unheard-of' });
			const { location } = await h.authorize(asked);
			assert.equal(h.headerOf(location.searchParams.get('response')).alg, alg);
			const validated = oauth.validateJwtAuthResponse(server, { client_id: client.id, authorization_signed_response_alg: alg }, location, asked.state, h.insecure);
			assert.equal(await h.refusal(validated), 'invalid_scope');
		}
	});

	// the attack (RFC 9207 section 4, JARM section 5): an answer that was made for another client, or by another issuer, is handed to this one
	plainly('is for one client alone', async () => {
		const [one, other] = [await h.newClient(), await h.newClient()];
		const { url, asked } = await answered(one, 'jwt');
		const [server, webClient] = await h.arguments_(other);
		await assert.rejects(oauth.validateJwtAuthResponse(server, webClient, url, asked.state, h.insecure));
	});
});

describe('signed userinfo', () => {
	plainly('verified by oauth4webapi and openid-client, by each algorithm that is announced', async () => {
		const [server] = await h.arguments_(await h.newClient());
		for (const alg of server.userinfo_signing_alg_values_supported) {
			const client = await h.newClient({ metadata: { userinfo_signed_response_alg: alg } });
			const { access_token: token } = await h.newTokens(client, { scope: 'openid email' });
			const response = await oauth.userInfoRequest(server, { client_id: client.id }, token, h.insecure);
			assert.match(response.headers.get('content-type'), /^application\/jwt/);
			const webClient = { client_id: client.id, userinfo_signed_response_alg: alg };
			const said = await oauth.processUserInfoResponse(server, webClient, h.SUBJECT, response);
			assert.equal(said.email, 'demo@example.com');
			await oauth.validateApplicationLevelSignature(server, response, h.insecure);
			assert.equal(said.aud, client.id);
			const config = new openid.Configuration(server, client.id, { userinfo_signed_response_alg: alg }, openid.None());
			openid.allowInsecureRequests(config);
			openid.enableNonRepudiationChecks(config);
			assert.equal((await openid.fetchUserInfo(config, token, h.SUBJECT)).iss, h.issuer);
		}
	});
});

describe('pages for people', () => {
	plainly('a browser gets HTML, a program JSON, of the same status', async () => {
		const paths = ['/oauth2/authorize?client_id=nobody', '/oauth2/authorize', '/oauth2/logout?client_id=nobody', '/oauth2/answer?answer=x', '/nowhere'];
		for (const path of paths) {
			const [forPeople, forPrograms] = [await h.get(path, { headers: { accept: BROWSER } }), await h.get(path, { headers: { accept: 'application/json' } })];
			assert.equal(forPeople.status, forPrograms.status, path);
			assertPage(forPeople);
			assert.ok(forPeople.text.includes(forPrograms.json.error), path);
			assert.ok(unescaped(forPeople.text).includes(forPrograms.json.error_description), path);
			assert.ok(!forPeople.text.includes('<script'), path);
			assert.match(forPrograms.headers.get('content-type'), /^application\/json/);
		}
	});
});

describe('in a browser', { skip }, () => {
	let shown;
	let context;
	let violations;
	let client;
	let callback;
	freshPages((fresh, its) => { shown = fresh; context = its; });

	/** takes what is posted, and sends the browser on, to another origin where it is asked to */
	const listen = async () => {
		const arrived = [];
		const waiting = [];
		const server = createServer((incoming, answer) => {
			if (incoming.method !== 'POST') return answer.setHeader('content-type', 'text/html').end('<!doctype html><title>client</title><h1>At the client</h1>');
			let body = '';
			incoming.on('data', (part) => { body += part; }).on('end', () => {
				const next = waiting.shift();
				const came = { fields: Object.fromEntries(new URLSearchParams(body)), origin: incoming.headers.origin, referer: incoming.headers.referer };
				if (next) next(came); else arrived.push(came);
				answer.writeHead(303, { location: `http://localhost:${server.address().port}/home` }).end();
			});
		});
		await new Promise((ready) => server.listen(0, '127.0.0.1', ready));
		return { url: `http://127.0.0.1:${server.address().port}/cb`,
			next: () => (arrived.length > 0 ? Promise.resolve(arrived.shift()) : new Promise((resolve) => waiting.push(resolve))),
			close: () => new Promise((closed) => { server.closeAllConnections(); server.close(closed); }) };
	};
	before(async () => {
		callback = await listen();
		client = await h.newClient({ redirectUris: ['http://127.0.0.1/cb'] });
	});
	after(() => callback.close());
	beforeEach(() => {
		violations = [];
		shown.on('console', (message) => { if (/Content Security Policy|Refused to/i.test(message.text())) violations.push(message.text().replace(/=[^&\s'"]+/g, '=…')); });
		shown.on('dialog', (dialog) => { violations.push('a dialog'); dialog.dismiss(); });
	});
	afterEach(() => assert.deepEqual(violations, [], 'the policies allow what is on the pages, and nothing was injected'));

	const open = async (changes = {}, on = shown) => {
		const verifier = h.newVerifier();
		const asked = h.authorizationParameters(client, verifier, { redirect_uri: callback.url, response_mode: 'form_post', ...changes });
		const arrived = callback.next();
		await on.goto(`${h.issuer}/oauth2/authorize?${new URLSearchParams(asked)}`);
		return { asked, verifier, arrived };
	};
	const logIn = async (on = shown) => {
		await on.getByLabel('Name').fill('demo');
		await on.getByLabel('Password').fill('demo-password');
		await on.getByRole('button', { name: 'Log in' }).click();
		await on.getByRole('button', { name: 'Allow' }).or(on.getByRole('heading', { name: /At the client|One moment/ })).first().waitFor();
		if (await on.getByRole('button', { name: 'Allow' }).isVisible()) await on.getByRole('button', { name: 'Allow' }).click();
	};

	// Chromium holds form-action against the redirects behind a form as well: this client's goes to another origin
	it('login and consent lead to the page that posts by itself, and on to wherever the client says', async () => {
		const { asked, verifier, arrived } = await open({ state: UGLY });
		await logIn();
		const { fields, origin, referer } = await arrived;
		await shown.getByRole('heading', { name: 'At the client' }).waitFor();
		assert.equal(fields.state, asked.state);
		assert.ok(origin === 'null' && referer === undefined, 'the address of the page goes nowhere');
		h.assertTokens(await h.redeem(client, { code: fields.code, verifier, redirectUri: callback.url }));
	});

	it('an error that the authorization endpoint itself has: posted at once', async () => {
		const { arrived } = await open({ code_challenge: undefined, state: UGLY });
		const { fields } = await arrived;
		assert.equal(fields.error, 'invalid_request');
		assert.equal(fields.state, UGLY);
		await shown.getByRole('heading', { name: 'At the client' }).waitFor();
	});

	it('without scripts: a button', async () => {
		const browser = context.browser();
		const quiet = await browser.newContext({ javaScriptEnabled: false });
		try {
			const still = await quiet.newPage();
			still.setDefaultTimeout(h.PATIENCE);
			const { arrived } = await open({}, still);
			await logIn(still);
			await still.getByRole('button', { name: 'Continue' }).click();
			assert.ok((await arrived).fields.code);
			await still.getByRole('heading', { name: 'At the client' }).waitFor();
		} finally {
			await quiet.close();
		}
	});

	it('what is wrong is said on a page', async () => {
		await shown.goto(`${h.issuer}/oauth2/authorize?client_id=${encodeURIComponent('<script>alert(1)</script>')}`);
		await shown.getByRole('heading', { name: 'That did not work' }).waitFor();
		assert.equal(await shown.locator('main').count(), 1);
		assert.equal(await shown.title(), 'That did not work');
	});
});
