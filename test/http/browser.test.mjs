// The pages, clicked in headless Chromium: login, consent, devices, logout; by
// the example client and by openid-client.
import assert from 'node:assert/strict';
import { after, before, describe } from 'node:test';

import * as openid from 'openid-client';

import { it, samePage, skip } from './browser.mjs';
import * as h from './harness.mjs';

let page;

const logIn = async (login = 'demo', password = `${login}-password`) => {
	await page.getByLabel('Name').fill(login);
	await page.getByLabel('Password').fill(password);
	await page.getByRole('button', { name: 'Log in' }).click();
};
const allow = () => page.getByRole('button', { name: 'Allow' }).click();
const deny = () => page.getByRole('button', { name: 'Deny' }).click();

describe('in a browser', { skip }, () => {
	samePage((fresh) => { page = fresh; });

	describe('openid-client', () => {
		let callback;
		before(async () => { callback = await h.callbackPage(); });
		after(() => callback.close());

		/** the browser is sent to the authorization endpoint: what the client needs to go on */
		const open = async (client, parameters = {}) => {
			const config = await h.configuration(client);
			const checks = { pkceCodeVerifier: openid.randomPKCECodeVerifier(), expectedState: openid.randomState(), expectedNonce: openid.randomNonce() };
			const url = openid.buildAuthorizationUrl(config, { redirect_uri: callback.url, scope: 'openid email', state: checks.expectedState, nonce: checks.expectedNonce,
				code_challenge: await openid.calculatePKCECodeChallenge(checks.pkceCodeVerifier), code_challenge_method: 'S256', ...parameters });
			const arrived = callback.next();
			await page.goto(url.href);
			return { config, arrived, finish: async (more = {}) => openid.authorizationCodeGrant(config, await arrived, { ...checks, ...more }) };
		};
		const make = (options = {}) => h.newClient({ name: 'Clicked <b>client</b>', redirectUris: ['http://127.0.0.1/cb'], ...options });

		it('login and consent, then not asked again (C77, C84)', async () => {
			const client = await make();
			const first = await open(client);
			await logIn();
			// a client's name is not HTML
			await page.getByText('Clicked <b>client</b> would like to').waitFor();
			assert.deepEqual(await page.locator('li code').allTextContents(), ['openid', 'email']);
			await allow();
			const tokens = await first.finish();
			assert.equal(tokens.claims().sub, h.SUBJECT);
			assert.equal((await openid.fetchUserInfo(first.config, tokens.access_token, h.SUBJECT)).email, 'demo@example.com');
			const second = await open(client);
			assert.equal((await second.finish()).claims().sub, h.SUBJECT, 'without a question');
			const silent = await open(client, { prompt: 'none' });
			assert.equal((await silent.finish()).claims().sub, h.SUBJECT);
			const consent = await open(client, { prompt: 'consent' });
			await allow();
			await consent.finish();
		});

		it('a wrong password first; then refused: access_denied, with state and iss (C77)', async () => {
			const { arrived, finish } = await open(await make());
			await logIn('demo', 'wrong');
			await page.getByRole('alert').waitFor();
			await logIn();
			await deny();
			const url = await arrived;
			assert.equal(url.searchParams.get('error'), 'access_denied');
			assert.equal(url.searchParams.get('iss'), h.issuer);
			assert.equal(await h.refusal(finish()), 'access_denied');
		});

		it('cancelled before the login', async () => {
			const { arrived } = await open(await make());
			await page.getByRole('button', { name: 'Cancel' }).click();
			assert.equal((await arrived).searchParams.get('error'), 'access_denied');
		});

		it('prompt=none without a session: login_required, nothing is shown', async () => {
			const { arrived } = await open(await make(), { prompt: 'none' });
			assert.equal((await arrived).searchParams.get('error'), 'login_required');
		});

		it('max_age and prompt=login: asked again although there is a session (C79, C85)', async () => {
			const client = await make({ metadata: { consent_required: false } });
			const first = await open(client);
			await logIn();
			const { auth_time: before_, sid } = (await first.finish({ maxAge: 600 })).claims();
			const fresh = await open(client, { prompt: 'login' });
			await logIn();
			const claims = (await fresh.finish()).claims();
			assert.ok(claims.auth_time >= before_);
			assert.equal(claims.sid, sid, 'the same session');
			await h.rows('UPDATE app.sessions SET auth_time = auth_time - interval \'1 hour\'');
			const aged = await open(client, { max_age: '600' });
			await logIn();
			assert.ok(Number.isInteger((await aged.finish({ maxAge: 600 })).claims().auth_time));
			const enough = await open(client, { max_age: '600' });
			await enough.finish({ maxAge: 600 });
		});

		it('pushed, and bound to a key (C66, C78)', async () => {
			const client = await make({ metadata: { require_pushed_authorization_requests: true, dpop_bound_access_tokens: true } });
			const config = await h.configuration(client);
			const DPoP = openid.getDPoPHandle(config, await openid.randomDPoPKeyPair('ES256'));
			const verifier = openid.randomPKCECodeVerifier();
			const url = await openid.buildAuthorizationUrlWithPAR(config, { redirect_uri: callback.url, scope: 'openid',
				code_challenge: await openid.calculatePKCECodeChallenge(verifier), code_challenge_method: 'S256' }, { DPoP });
			const arrived = callback.next();
			await page.goto(url.href);
			await logIn();
			await allow();
			const tokens = await openid.authorizationCodeGrant(config, await arrived, { pkceCodeVerifier: verifier }, undefined, { DPoP });
			assert.equal(tokens.token_type, 'dpop');
		});

		// the attack: a login page that another site shows in a frame, or whose form it sends
		it('the login page can be neither framed nor posted to from elsewhere', async () => {
			const client = await make();
			const { location } = await h.authorize(h.authorizationParameters(client, h.newVerifier(), { redirect_uri: callback.url }));
			const answer = await fetch(location);
			assert.match(answer.headers.get('content-security-policy'), /frame-ancestors 'none'/);
			assert.match(answer.headers.get('content-security-policy'), /default-src 'none'/);
			assert.ok(!/<script/i.test(await answer.text()));
			const forged = await fetch(`${h.loginUrl}/consent`, { method: 'POST', redirect: 'manual', headers: { origin: 'https://evil.example' },
				body: new URLSearchParams({ transaction_id: location.searchParams.get('transaction_id'), decision: 'allow', scope: 'openid' }) });
			assert.equal(forged.status, 403);
			// the attack: a link to the login page with somebody else's transaction, or a made-up one
			assert.equal((await fetch(`${h.loginUrl}/login?transaction_id=pgttx_x`)).status, 400);
		});
	});

	describe('a device (RFC 8628)', () => {
		const television = () => h.publicClient({ name: 'Television', redirectUris: [], metadata: { grant_types: [h.DEVICE_GRANT] } });
		const tokensOf = async (config, asked) => openid.pollDeviceAuthorizationGrant(config, { ...asked, interval: 0.1 });

		it('by the address with the code in it: still asked (C38, C40)', async () => {
			const config = await h.configuration(await television());
			const asked = await openid.initiateDeviceAuthorization(config, { scope: 'openid notes:read' });
			await page.goto(asked.verification_uri_complete);
			await logIn();
			await page.getByText(asked.user_code).waitFor();
			await page.getByText('Television').waitFor();
			await allow();
			await page.getByRole('heading', { name: 'Connected' }).waitFor();
			assert.equal((await tokensOf(config, asked)).claims().sub, h.SUBJECT);
		});

		it('typed in, wrong first, in small letters; then refused (C40, C41)', async () => {
			const config = await h.configuration(await television());
			const asked = await openid.initiateDeviceAuthorization(config, { scope: 'openid' });
			await page.goto(asked.verification_uri);
			await logIn('other');
			const type = async (code) => {
				await page.goto(asked.verification_uri);
				await page.getByRole('textbox').fill(code);
				await page.getByRole('button', { name: 'Continue' }).click();
			};
			await type('BBBB-BBBC');
			await page.getByRole('alert').waitFor();
			await type(asked.user_code.toLowerCase());
			await deny();
			await page.getByRole('heading', { name: 'Refused' }).waitFor();
			assert.equal(await h.refusal(tokensOf(config, asked)), 'access_denied');
		});
	});

	describe('the example client', { skip: !h.clientUrl && 'CLIENT_URL is not set' }, () => {
		const account = (id, name) => page.locator(`#${id} tr`, { has: page.getByRole('cell', { name, exact: true }).or(page.locator('th', { hasText: new RegExp(`^${name}$`) })) }).locator('td').textContent();
		const logInAtClient = async () => {
			await page.goto(`${h.clientUrl}/login`);
			await logIn();
			await page.getByRole('heading', { name: /Allow access|Example client/ }).first().waitFor();
			if (await page.getByRole('button', { name: 'Allow' }).isVisible()) await allow();
			await page.getByText('Logged in as').waitFor();
		};

		it('login, refresh, API, logout here and by the back channel (C88, C91)', async () => {
			await logInAtClient();
			assert.equal(page.url(), `${h.clientUrl}/`);
			assert.equal(await account('claims', 'sub'), h.SUBJECT);
			assert.equal(await account('userinfo', 'email'), 'demo@example.com');
			await page.getByRole('button', { name: 'Refresh' }).click();
			await page.getByText('refreshed 1 times').waitFor();
			await page.getByRole('link', { name: 'Ask the API' }).click();
			assert.equal(await account('notes', 'status'), '200');
			await page.getByRole('link', { name: 'Log out' }).click();
			await page.getByRole('button', { name: 'Log out' }).click();
			await page.getByText('You are logged out.').waitFor();
			assert.ok(page.url().startsWith(`${h.clientUrl}/logged-out`));
			await page.goto(`${h.clientUrl}/`);
			await page.getByText('Nobody is logged in').waitFor();
			await page.goto(`${h.loginUrl}/`);
			await page.getByRole('heading', { name: 'Log in' }).waitFor();
		});

		it('logged out at the application itself, the client learns of it by the back channel alone (C91)', async () => {
			await logInAtClient();
			await page.goto(`${h.loginUrl}/logout`);
			await page.getByRole('button', { name: 'Log out' }).click();
			await page.getByText('You are logged out.').waitFor();
			await page.goto(`${h.clientUrl}/`);
			await page.getByText('Nobody is logged in').waitFor();
		});

		// the attack: another site sends the browser to where a logout or a login ends or begins
		it('a link of another site logs nobody out (RFC 9700 section 4.7.1)', async () => {
			await logInAtClient();
			for (const path of ['/logged-out', '/logged-out?state=', '/logged-out?state=undefined', '/callback?code=x&state=y', '/login']) {
				// a link as another site has it: a navigation that takes Lax cookies along, and nothing of ours leads to it
				await page.goto(`data:text/html,<a href="${h.clientUrl}${path}">link</a>`);
				await page.getByRole('link', { name: 'link' }).click();
				await page.waitForLoadState();
				await page.goto(`${h.clientUrl}/`);
				await page.getByText('Logged in as').waitFor();
			}
		});

		// the attack: a logout token that was made up, replayed or is something else, ends sessions of others
		it('a logout token that is none ends nothing (C91)', async () => {
			await logInAtClient();
			const { clientUrl } = h;
			const forged = await h.value('SELECT pgtoken.logout_token($1, $2, $3)', (await h.newClient()).id, h.SUBJECT, 'x'); // another client's
			for (const token of ['x', forged, '']) {
				const answer = await fetch(`${clientUrl}/backchannel-logout`, { method: 'POST', body: new URLSearchParams({ logout_token: token }) });
				assert.equal(answer.status, 400);
			}
			await page.goto(`${clientUrl}/`);
			await page.getByText('Logged in as').waitFor();
		});

		// the attack: a thief has used the refresh token, and the browser goes on with a session that he can share
		it('a family that is revoked ends the session that began with it', async () => {
			await logInAtClient();
			await h.rows('SELECT pgtoken.revoke_family(grant_id, \'refresh_token_reuse\') FROM pgtoken.grants WHERE client_id = $1 AND revoked_at IS NULL', h.facts.WEB_CLIENT_ID ?? 'web-app');
			do await page.goto(`${h.clientUrl}/`); while (await page.getByText('Nobody is logged in').count() === 0);
		});

		it('access withdrawn on the account page: the client is told, and its session ends by itself (C96)', async () => {
			await logInAtClient();
			await page.goto(`${h.loginUrl}/`);
			const entry = page.locator('form', { hasText: h.facts.WEB_CLIENT_ID ?? 'web-app' });
			await entry.getByRole('button', { name: 'Withdraw' }).click();
			await entry.waitFor({ state: 'detached' });
			// by a signal, when the courier has been there
			do await page.goto(`${h.clientUrl}/`); while (await page.getByText('Nobody is logged in').count() === 0);
		});
	});
});
