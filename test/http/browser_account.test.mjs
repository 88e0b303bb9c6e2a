// The page of an account, clicked in headless Chromium: three devices of one person,
// each a browser of its own; one of them ends another, and then all others.
import assert from 'node:assert/strict';
import { after, before, describe } from 'node:test';

import * as openid from 'openid-client';

import { it, samePage, skip } from './browser.mjs';
import * as h from './harness.mjs';

const DEVICES = {
	'Firefox on Windows': 'Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:121.0) Gecko/20100101 Firefox/121.0',
	'Safari on iOS': 'Mozilla/5.0 (iPhone; CPU iPhone OS 17_2 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.2 Mobile/15E148 Safari/604.1',
	'Chrome on Android': 'Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/120.0.0.0 Mobile Safari/537.36',
};

let browser;
let callback;

/** a person that is nobody else's: {name, password, subject} */
async function newPerson() {
	const name = h.unique('person');
	const password = h.unique('password');
	return { name, password, subject: await h.value('SELECT app.sign_up($1, $2, $3, $4)', name, password, 'Some One', 'some@one.example') };
}

/** another browser */
async function newDevice(userAgent) {
	const context = await browser.newContext({ userAgent });
	const page = await context.newPage();
	page.setDefaultTimeout(h.PATIENCE);
	return page;
}

async function logIn(page, { name, password }) {
	await page.getByLabel('Name').fill(name);
	await page.getByLabel('Password').fill(password);
	await page.getByRole('button', { name: 'Log in' }).click();
}

/** sends the browser to the authorization endpoint: {config, arrived, finish} */
async function open(page, client, parameters = {}) {
	const config = await h.configuration(client);
	const checks = { pkceCodeVerifier: openid.randomPKCECodeVerifier(), expectedState: openid.randomState() };
	const url = openid.buildAuthorizationUrl(config, { redirect_uri: callback.url, scope: 'openid offline_access notes:read', resource: h.resource, state: checks.expectedState,
		code_challenge: await openid.calculatePKCECodeChallenge(checks.pkceCodeVerifier), code_challenge_method: 'S256', ...parameters });
	const arrived = callback.next();
	await page.goto(url.href);
	return { config, arrived, finish: async () => openid.authorizationCodeGrant(config, await arrived, checks) };
}

/** signs a person in with a client on each device, or so many of them: [{page, tokens}] */
async function signInEverywhere(person, client, many = 3) {
	const devices = [];
	for (const userAgent of Object.values(DEVICES).slice(0, many)) {
		const page = await newDevice(userAgent);
		const { finish } = await open(page, client);
		await logIn(page, person);
		if (devices.length === 0) await page.getByRole('button', { name: 'Allow' }).click();
		devices.push({ page, tokens: await finish() });
	}
	return devices;
}

const rowsOf = (page) => page.locator('li[data-current]');
const status = async ({ tokens }) => (await h.notes(h.bearer(tokens.access_token))).status;
const refresh = async (client, { tokens }) => (await h.refresh(client, tokens.refresh_token)).json.error ?? 'tokens';

/** presses Tab until a control of that name, and of that description, has the focus, and shows it */
async function tabTo(page, name, description = /^$/) {
	const seen = new Set();
	for (let n = 0; n < 30; n += 1) {
		await page.keyboard.press('Tab');
		const at = await page.evaluate(() => {
			const focused = document.activeElement;
			const by = (focused.getAttribute('aria-describedby') ?? '').split(' ').map((id) => document.getElementById(id)?.textContent ?? '').join(' ');
			return { name: focused.textContent.trim(), description: by.trim(), shown: getComputedStyle(focused).outlineStyle !== 'none' };
		});
		seen.add(`${at.name.slice(0, 40)} (${at.description})`);
		if (at.name === name && description.test(at.description)) {
			assert.ok(at.shown, 'where the focus is can be seen');
			return;
		}
	}
	assert.fail(`no such control among ${[...seen].join(', ')}`);
}

/** what a page owes to everybody, whatever he reads it with */
async function forAll(page, title) {
	const found = await page.evaluate(() => {
		const all = (selector) => [...document.querySelectorAll(selector)];
		const nameOf = (control) => (control.labels?.[0] ?? control).textContent.trim();
		const controls = all('button, a, summary, input:not([type=hidden])');
		const buttons = controls.map((control) => `${nameOf(control)} ${control.getAttribute('aria-describedby') ?? ''}`);
		return {
			title: document.title,
			language: document.documentElement.lang,
			viewport: all('meta[name=viewport]').map(({ content }) => content),
			parts: [all('main').length, all('h1').length],
			outside: all('body > :not(main)').map(({ localName }) => localName),
			nameless: controls.filter((control) => nameOf(control) === '').map(({ outerHTML }) => outerHTML),
			alike: buttons.filter((button, i) => buttons.indexOf(button) !== i),
			wider: document.documentElement.scrollWidth - document.documentElement.clientWidth,
			images: all('img:not([alt])').length,
		};
	});
	for (const [what, value] of Object.entries({ title, language: 'en', viewport: ['width=device-width, initial-scale=1'], parts: [1, 1], outside: [], nameless: [], alike: [], wider: 0, images: 0 })) {
		assert.deepEqual(found[what], value, `${title}: ${what}`);
	}
}

describe('the page of an account', { skip }, () => {
	samePage((page, context) => { browser = context.browser(); });
	before(async () => { callback = await h.callbackPage(); });
	after(() => callback.close());
	const make = () => h.newClient({ name: 'Portal', redirectUris: ['http://127.0.0.1/cb'] });

	it('three devices: one is ended and out at its next call, then all others (C158)', async () => {
		const person = await newPerson();
		const client = await make();
		const [here, phone, tablet] = await signInEverywhere(person, client);
		for (const device of [here, phone, tablet]) assert.equal(await status(device), 200);

		await here.page.goto(`${h.loginUrl}/`);
		await here.page.getByRole('link', { name: 'Where you are signed in' }).click();
		const rows = rowsOf(here.page);
		assert.equal(await rows.count(), 3);
		// the browsers themselves, and not the server that has redeemed their codes
		assert.deepEqual(await rows.locator('b').allTextContents(), Object.keys(DEVICES).reverse());
		for (const text of await rows.allTextContents()) assert.match(text, /: Portal\s+Signed in .+ from 127\.0\.0\.1 \(pwd\)\s+Last used/);
		assert.equal(await here.page.locator('li[data-current=true]').count(), 1);
		assert.match(await here.page.locator('li[data-current=true]').textContent(), /Firefox on Windows \(this device\)/);

		await rows.filter({ hasText: 'Safari on iOS' }).getByRole('button', { name: 'End' }).click();
		await rows.filter({ hasText: 'Safari on iOS' }).waitFor({ state: 'detached' });
		assert.equal(await rows.count(), 2);
		assert.equal(await status(phone), 401, 'refused at the next statement');
		assert.equal(await refresh(client, phone), 'invalid_grant');
		for (const device of [here, tablet]) assert.equal(await status(device), 200);
		// nor does the application let the device in again without a word
		const silent = await open(phone.page, client, { prompt: 'none' });
		assert.equal((await silent.arrived).searchParams.get('error'), 'login_required');
		await phone.page.goto(`${h.loginUrl}/sessions`);
		await phone.page.getByRole('heading', { name: 'Log in' }).waitFor();

		await here.page.getByRole('button', { name: 'Sign out everywhere else' }).click();
		await rows.filter({ hasText: 'Chrome on Android' }).waitFor({ state: 'detached' });
		assert.equal(await rows.count(), 1);
		assert.equal(await here.page.getByRole('button', { name: 'Sign out everywhere else' }).count(), 0);
		assert.equal(await status(tablet), 401);
		assert.equal(await refresh(client, tablet), 'invalid_grant');
		assert.equal(await status(here), 200);
		assert.equal(await refresh(client, here), 'tokens');

		await here.page.getByRole('button', { name: 'End' }).click();
		await here.page.getByText('You are logged out.').waitFor();
		assert.equal(await status(here), 401);
	});

	it('a client ends them over HTTP: the device is asked for its password before it gets tokens again', async () => {
		const person = await newPerson();
		const client = await h.newClient({ name: 'Portal', redirectUris: ['http://127.0.0.1/cb'], scopes: ['openid', 'notes:read', 'pgtoken:sessions'] });
		const page = await newDevice(DEVICES['Firefox on Windows']);
		const mine = await open(page, client, { scope: 'openid offline_access pgtoken:sessions', resource: h.issuer });
		await logIn(page, person);
		// the consent page says in words what the scope means
		await page.getByText('see where you are signed in, with which applications').waitFor();
		await page.getByRole('button', { name: 'Allow' }).click();
		const { access_token: token } = await mine.finish();
		const phone = { page: await newDevice(DEVICES['Safari on iOS']) };
		const first = await open(phone.page, client);
		await logIn(phone.page, person);
		await page.waitForLoadState();
		await phone.page.getByRole('button', { name: 'Allow' }).click();
		phone.tokens = await first.finish();

		const { json: { sessions } } = await h.get('/oauth2/sessions', { headers: h.bearer(token) });
		assert.deepEqual(sessions.map(({ device, current, first_address: address }) => [device, current, address]), [['Safari on iOS', false, '127.0.0.1'], ['Firefox on Windows', true, '127.0.0.1']]);
		assert.equal((await h.request('DELETE', `/oauth2/sessions/${sessions[0].id}`, { headers: h.bearer(token) })).status, 204);
		assert.equal(await status(phone), 401);
		const silent = await open(phone.page, client, { prompt: 'none' });
		assert.equal((await silent.arrived).searchParams.get('error'), 'login_required');
		const again = await open(phone.page, client);
		await logIn(phone.page, person);
		phone.tokens = await again.finish();
		assert.equal(await status(phone), 200);
	});

	it('without a mouse, each button says which of them it is: one is ended, a part of what was agreed is taken back', async () => {
		const person = await newPerson();
		const client = await make();
		const [here] = await signInEverywhere(person, client);
		await here.page.goto(`${h.loginUrl}/sessions`);
		await tabTo(here.page, 'End', /^Safari on iOS: Portal/);
		await here.page.keyboard.press('Enter');
		await rowsOf(here.page).filter({ hasText: 'Safari on iOS' }).waitFor({ state: 'detached' });
		assert.deepEqual(await rowsOf(here.page).locator('b').allTextContents(), ['Chrome on Android', 'Firefox on Windows']);

		await here.page.goto(`${h.loginUrl}/`);
		await tabTo(here.page, 'Withdraw', new RegExp(`^${client.id}$`));
		await tabTo(here.page, 'Withdraw a part', new RegExp(`^${client.id}$`));
		await here.page.keyboard.press('Enter');
		await tabTo(here.page, 'notes:read', new RegExp(`^${client.id}$`));
		await here.page.keyboard.press('Enter');
		await here.page.getByRole('button', { name: 'notes:read' }).waitFor({ state: 'detached' });
	});

	it('each page: its language, one main part, controls with names, and no wider than a small screen', async () => {
		const person = await newPerson();
		const page = await newDevice(DEVICES['Safari on iOS']);
		await page.setViewportSize({ width: 320, height: 640 });
		const { finish } = await open(page, await make());
		await forAll(page, 'Log in');
		await logIn(page, person);
		await page.getByRole('button', { name: 'Allow' }).waitFor();
		await forAll(page, 'Allow access?');
		await page.getByRole('button', { name: 'Allow' }).click();
		await finish();
		await h.value("SELECT true FROM pgtoken.enroll_factor($1, 'recovery_code')", person.subject);
		for (const [path, title] of Object.entries({ '': 'Your account', sessions: 'Where you are signed in', factors: 'Your factors', mailbox: 'Your mailbox', device: 'Connect a device',
			logout: 'Log out?', 'sign-up': 'Create an account' })) {
			await page.goto(`${h.loginUrl}/${path}`);
			await forAll(page, title);
		}
		await page.goto(`${h.loginUrl}/factors`);
		await page.getByRole('button', { name: 'Add an authenticator app' }).click();
		await page.getByRole('button', { name: 'Activate' }).waitFor();
		await forAll(page, 'Authenticator app');

		const television = await h.publicClient({ scopes: ['notes:read'], metadata: { grant_types: [h.DEVICE_GRANT] } });
		const { json: device } = await h.post('/oauth2/device_authorization', { client_id: television.id, scope: 'notes:read' });
		await page.goto(device.verification_uri_complete);
		if (await page.getByRole('button', { name: 'Continue' }).count() > 0) await page.getByRole('button', { name: 'Continue' }).click();
		await page.getByRole('button', { name: 'Allow' }).waitFor();
		await forAll(page, 'Connect this device?');

		if (h.clientUrl) {
			await page.goto(h.clientUrl);
			await forAll(page, 'Example client');
			await page.getByRole('link', { name: 'Log in' }).click();
			await page.getByRole('button', { name: 'Allow' }).click();
			await page.getByText('Logged in as').waitFor();
			await forAll(page, 'Example client');
		}
	});

	// the attack: another site's form ends sessions in the name of its visitor; and a person sends another one's session
	it('no form from elsewhere ends anything, and none for another person', async () => {
		const [person, stranger] = [await newPerson(), await newPerson()];
		const client = await make();
		const [here] = await signInEverywhere(person, client, 2);
		const cookie = (await here.page.context().cookies(h.loginUrl)).map(({ name, value }) => `${name}=${value}`).join('; ');
		for (const path of ['/sessions/end', '/sessions/end-others']) {
			for (const body of [{ session_id: 'x' }, { session_id: 'x', csrf: 'x' }]) {
				const forged = await fetch(`${h.loginUrl}${path}`, { method: 'POST', redirect: 'manual', headers: { cookie, origin: 'https://evil.example' }, body: new URLSearchParams(body) });
				assert.equal(forged.status, 403);
				assert.equal((await fetch(`${h.loginUrl}${path}`, { method: 'POST', redirect: 'manual', headers: { cookie }, body: new URLSearchParams(body) })).status, 403);
			}
		}
		assert.equal(await h.value('SELECT count(*)::integer FROM pgtoken.sessions_of($1)', person.subject), 2);

		const [theirs] = await signInEverywhere(stranger, client, 1);
		const [{ session_id: sessionId }] = await h.rows('SELECT session_id FROM pgtoken.sessions_of($1)', person.subject);
		await theirs.page.goto(`${h.loginUrl}/sessions`);
		const field = rowsOf(theirs.page).first().locator('input[name=session_id]');
		await field.evaluate((input, value) => { input.value = value; }, sessionId);
		await rowsOf(theirs.page).first().getByRole('button', { name: 'End' }).click();
		await theirs.page.waitForLoadState();
		assert.equal(await h.value('SELECT count(*)::integer FROM pgtoken.sessions_of($1)', person.subject), 2);
		assert.equal(await h.value('SELECT count(*)::integer FROM pgtoken.sessions_of($1)', stranger.subject), 1);
	});

	// the attack: a device says that it is HTML, and so does a client
	it('what devices say of themselves is text', async () => {
		const person = await newPerson();
		const client = await h.newClient({ name: '<i>Portal</i>', redirectUris: ['http://127.0.0.1/cb'] });
		const page = await newDevice('<img/src=x');
		const { finish } = await open(page, client);
		await logIn(page, person);
		await page.getByRole('button', { name: 'Allow' }).click();
		await finish();
		await page.goto(`${h.loginUrl}/sessions`);
		await page.getByText('<img (this device): <i>Portal</i>').waitFor();
		assert.equal(await page.locator('li img, li i').count(), 0);
	});
});
