// What reaches clients by way of the browser: that a session has ended, in frames of
// the logout page; and logins that others begin.  Clicked in Chromium.
import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { after, afterEach, before, beforeEach, describe } from 'node:test';

import { freshPages, it, skip } from './browser.mjs';
import * as h from './harness.mjs';

let page;
let violations;

/** a client's pages: who was asked for what, until it has come; `hangs` answers /out with nothing */
async function clientPages({ hangs = false } = {}) {
	const asked = [];
	const server = createServer((incoming, answer) => {
		asked.push(new URL(incoming.url, 'http://x'));
		if (hangs && incoming.url.startsWith('/out')) return;
		answer.setHeader('content-type', 'text/html').setHeader('cache-control', 'no-store').end('<!doctype html><title>client</title><h1>At the client</h1>');
	});
	await new Promise((ready) => server.listen(0, '127.0.0.1', ready));
	const url = `http://127.0.0.1:${server.address().port}`;
	return { url, asked: (path) => asked.filter(({ pathname }) => pathname === path),
		close: () => new Promise((closed) => { server.closeAllConnections(); server.close(closed); }) };
}

const logIn = async () => {
	await page.getByLabel('Name').fill('demo');
	await page.getByLabel('Password').fill('demo-password');
	await page.getByRole('button', { name: 'Log in' }).click();
};

/** the browser's session of the login page has a family of this client; {id_token, sid} */
async function visit(client) {
	const verifier = h.newVerifier();
	const asked = h.authorizationParameters(client, verifier);
	await page.goto(`${h.issuer}/oauth2/authorize?${new URLSearchParams(asked)}`);
	await page.getByRole('heading', { name: /Log in|At the client/ }).waitFor();
	if (await page.getByLabel('Password').isVisible()) await logIn();
	await page.getByRole('heading', { name: 'At the client' }).waitFor();
	const code = new URL(page.url()).searchParams.get('code');
	const tokens = h.assertTokens(await h.redeem(client, { code, verifier, redirectUri: client.redirectUri }));
	return { hint: tokens.id_token, sid: h.claimsOf(tokens.id_token).sid };
}

const newClient = ({ url }, metadata = {}) => h.newClient({ redirectUris: [`${url}/cb`], metadata: { consent_required: false, post_logout_redirect_uris: [`${url}/bye`], frontchannel_logout_uri: `${url}/out?a=1`, ...metadata } });

const logOut = async (client, { hint }, url) => {
	await page.goto(`${h.issuer}/oauth2/logout?${new URLSearchParams({ id_token_hint: hint, client_id: client.id, post_logout_redirect_uri: `${url}/bye`, state: 'a b' })}`);
	await page.getByRole('button', { name: 'Log out' }).click();
};

describe('by way of the browser', { skip }, () => {
	freshPages((fresh) => { page = fresh; });
	beforeEach(() => {
		violations = [];
		page.on('console', (message) => { if (/Content Security Policy|Refused to/i.test(message.text())) violations.push(message.text().replace(/=[^&\s'"]+/g, '=…')); });
	});
	afterEach(() => assert.deepEqual(violations, [], 'the policies allow what is on the pages'));

	describe('front-channel logout', () => {
		let one;
		let other;
		before(async () => { [one, other] = [await clientPages(), await clientPages()]; });
		after(() => Promise.all([one.close(), other.close()]));

		it('each client hears of it in a frame, with iss and its sid; then the browser goes on, and nobody is logged in', async () => {
			const [first, second] = [await newClient(one), await newClient(other, { subject_type: 'pairwise' })];
			const here = await visit(first);
			const there = await visit(second);
			await logOut(first, here, one.url);
			await page.getByRole('heading', { name: 'At the client' }).waitFor();
			assert.ok(page.url().startsWith(`${one.url}/bye`));
			assert.equal(new URL(page.url()).searchParams.get('state'), 'a b');
			for (const [pages, { sid }] of [[one, here], [other, there]]) {
				const [heard, ...more] = pages.asked('/out');
				assert.equal(more.length, 0, 'once');
				assert.deepEqual([...heard.searchParams.keys()], ['a', 'iss', 'sid']);
				assert.equal(heard.searchParams.get('iss'), h.issuer);
				assert.ok(heard.searchParams.get('sid') === sid, 'as its ID token has it');
			}
			const silent = await h.authorize(h.authorizationParameters(first, h.newVerifier(), { prompt: 'none' }));
			await page.goto(silent.location.href);
			await page.waitForURL(/error=login_required/);
		});

		it('a client that does not answer keeps nobody', async () => {
			const hanging = await clientPages({ hangs: true });
			try {
				const client = await newClient(hanging);
				await logOut(client, await visit(client), hanging.url);
				await page.getByRole('heading', { name: 'At the client' }).waitFor();
				assert.equal(hanging.asked('/out').length, 1);
			} finally {
				await hanging.close();
			}
		});

		// the attack: a client's URI that says more in the page's policy than where it is
		it('the policy names the origins of the frames and nothing else', async () => {
			const client = await newClient(one, { frontchannel_logout_uri: `${one.url}/out?;script-src%20*` });
			const session = await visit(client);
			await page.goto(`${h.loginUrl}/logout`);
			const answered = page.waitForResponse((response) => response.request().method() === 'POST');
			await page.getByRole('button', { name: 'Log out' }).click();
			const policy = (await (await answered).allHeaders())['content-security-policy'];
			assert.match(policy, new RegExp(`frame-src ${one.url};`));
			assert.equal(policy.match(/script-src/g).length, 1);
			assert.ok(session.sid);
			await page.getByText('You are logged out.').waitFor();
		});
	});

	describe('the example client', { skip: !h.clientUrl && 'CLIENT_URL is not set' }, () => {
		const logInAtClient = async () => {
			await page.goto(`${h.clientUrl}/login`);
			await logIn();
			await page.getByRole('heading', { name: /Allow access|Example client/ }).first().waitFor();
			if (await page.getByRole('button', { name: 'Allow' }).isVisible()) await page.getByRole('button', { name: 'Allow' }).click();
			await page.getByText('Logged in as').waitFor();
		};
		const sidShown = () => page.locator('#claims tr', { has: page.getByText('sid', { exact: true }) }).locator('td').textContent();

		// the attack: somebody's session is ended by a frame of another site
		it('ends the session of the sid, for its issuer alone', async () => {
			await logInAtClient();
			const sid = await sidShown();
			const call = async (parameters) => (await fetch(`${h.clientUrl}/frontchannel-logout?${new URLSearchParams(parameters)}`)).status;
			assert.equal(await call({ iss: 'https://evil.example', sid }), 400);
			assert.equal(await call({ iss: h.issuer }), 400);
			assert.equal(await call({ iss: h.issuer, sid: 'another' }), 200);
			await page.goto(`${h.clientUrl}/`);
			await page.getByText('Logged in as').waitFor();
			assert.equal(await call({ iss: h.issuer, sid }), 200);
			await page.goto(`${h.clientUrl}/`);
			await page.getByText('Nobody is logged in').waitFor();
		});

		it('a login begins at the list of applications (OpenID Connect Core section 4)', async () => {
			await logInAtClient();
			await page.context().clearCookies({ name: 'client' });
			await page.goto(`${h.loginUrl}/`);
			await page.getByRole('link', { name: h.facts.WEB_CLIENT_ID ?? 'web-app' }).click();
			await page.getByText('Logged in as').waitFor();
			assert.equal(page.url(), `${h.clientUrl}/`);
		});

		it('by GET and POST, with login_hint and where to go afterwards', async () => {
			await page.goto(`${h.clientUrl}/login/initiate?${new URLSearchParams({ iss: h.issuer, login_hint: 'demo', target_link_uri: `${h.clientUrl}/?came` })}`);
			assert.equal(await page.getByLabel('Name').inputValue(), 'demo');
			await logIn();
			await page.getByRole('heading', { name: /Allow access|Example client/ }).first().waitFor();
			if (await page.getByRole('button', { name: 'Allow' }).isVisible()) await page.getByRole('button', { name: 'Allow' }).click();
			await page.getByText('Logged in as').waitFor();
			assert.equal(page.url(), `${h.clientUrl}/?came`);
			// posted by another site: the session of before is there until the new one is
			await page.goto(`data:text/html,<form method="post" action="${h.clientUrl}/login/initiate"><input type="hidden" name="iss" value="${h.issuer}"><button>go</button></form>`);
			await page.getByRole('button', { name: 'go' }).click();
			await page.getByText('Logged in as').waitFor();
			assert.equal(page.url(), `${h.clientUrl}/`);
		});

		// the attack: a login begun for another issuer (mix-up), or that ends at a page of somebody else's (open redirector)
		it('not for another issuer, and to no page of somebody else\'s', async () => {
			for (const parameters of [{}, { iss: 'https://evil.example' }, { iss: `${h.issuer}/` }, ...['https://evil.example/', `${h.clientUrl}.evil.example/`, '//evil.example', 'javascript:alert(1)', '/x'].map((target) => ({ iss: h.issuer, target_link_uri: target }))]) {
				const answer = await fetch(`${h.clientUrl}/login/initiate?${new URLSearchParams(parameters)}`, { redirect: 'manual' });
				assert.equal(answer.status, 400, JSON.stringify(parameters));
			}
		});
	});
});
