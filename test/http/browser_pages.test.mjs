// Every page that a person meets, those of the examples and pgtoken's own: light and dark, on a phone
// and on a wide screen, by axe; nothing that its policy does not let in, and nothing to scroll sideways.
import assert from 'node:assert/strict';
import { after, before, describe } from 'node:test';

import jsQR from 'jsqr';
import * as openid from 'openid-client';

import { it, samePage, skip } from './browser.mjs';
import { checkAxe, listen } from './console.mjs';
import * as h from './harness.mjs';

let page;
let callback;
let complaints;

const click = (name) => page.getByRole('button', { name, exact: true }).click();
const titled = (name) => page.getByRole('heading', { name, level: 1, exact: true }).waitFor();

const measure = () => {
	const all = (selector) => [...document.querySelectorAll(selector)];
	return {
		moves: all('button, a').filter((control) => getComputedStyle(control).transitionDuration !== '0s').length,
		parts: [all('main').length, all('h1').length],
		primary: all('button.primary, a.primary').length > 1,
		viewport: document.querySelector('meta[name=viewport]').content,
		language: document.documentElement.lang,
		background: getComputedStyle(document.body).backgroundColor,
	};
};

/** @param about {wrong: has the focus on what went wrong, language} */
async function look(title, { wrong = false, language = 'en' } = {}) {
	await titled(title);
	if (wrong) assert.equal(await page.evaluate(() => document.activeElement.getAttribute('role')), 'alert', `${title}: the focus is on what went wrong`);
	await page.emulateMedia({ colorScheme: 'light', reducedMotion: 'reduce' });
	const { background: light } = await page.evaluate(measure);
	await checkAxe(page, title);
	const { background: dark, ...found } = await page.evaluate(measure);
	assert.notEqual(light, dark, `${title}: dark is not light`);
	assert.deepEqual(found, { moves: 0, parts: [1, 1], primary: false, viewport: 'width=device-width, initial-scale=1', language }, title);
	assert.deepEqual(complaints, [], title);
}

/** a person that is nobody else's: {name, password, subject} */
async function newPerson() {
	const name = h.unique('person');
	const password = h.unique('password');
	return { name, password, subject: await h.value('SELECT app.sign_up($1, $2, $3, $4)', name, password, 'Some One', 'some@one.example') };
}

async function logIn({ name, password }, [nameLabel, passwordLabel, button] = ['Name', 'Password', 'Log in']) {
	await page.getByLabel(nameLabel, { exact: true }).fill(name);
	await page.getByLabel(passwordLabel).fill(password);
	await click(button);
}

/** sends the browser to the authorization endpoint: what the client does with the answer */
async function open(client, parameters = {}) {
	const config = await h.configuration(client);
	const verifier = openid.randomPKCECodeVerifier();
	const arrived = callback.next();
	await page.goto(openid.buildAuthorizationUrl(config, { redirect_uri: callback.url, scope: 'openid email notes:read offline_access', state: 's',
		code_challenge: await openid.calculatePKCECodeChallenge(verifier), code_challenge_method: 'S256', ...parameters }).href, { waitUntil: 'commit' });
	return async () => openid.authorizationCodeGrant(config, await arrived, { pkceCodeVerifier: verifier, expectedState: 's' });
}

const make = (options = {}) => h.newClient({ name: 'The Lamp', redirectUris: ['http://127.0.0.1/cb'], offline: true, ...options,
	metadata: { logo_uri: `${h.loginUrl}/logos/web-app.svg`, client_uri: 'https://lamp.example/', tos_uri: 'https://lamp.example/tos', ...options.metadata } });

/** what the code says to who scans it */
async function scan() {
	const { size, path } = await page.locator('svg.qr').evaluate((svg) => ({ size: svg.viewBox.baseVal.width, path: svg.querySelector('path').getAttribute('d') }));
	const scale = 4;
	const pixels = new Uint8ClampedArray((size * scale) ** 2 * 4).fill(255);
	for (const [, x, y] of path.matchAll(/M(\d+) (\d+)h1v1h-1z/g)) {
		for (let n = 0; n < scale * scale; n += 1) pixels.set([0, 0, 0], ((y * scale + (n % scale)) * size * scale + x * scale + Math.floor(n / scale)) * 4);
	}
	return jsQR(pixels, size * scale, size * scale)?.data;
}

describe('the pages', { skip }, () => {
	samePage((same) => {
		page = same;
		complaints ??= listen(page);
		complaints.length = 0;
	});
	before(async () => { callback = await h.callbackPage(); });
	after(() => callback.close());

	it('login, sign-up, another factor, consent', async () => {
		const person = await newPerson();
		const client = await make();
		const finish = await open(client, { acr_values: 'mfa' });
		await look('Log in');
		assert.ok(await page.locator('.brand img').evaluate((image) => image.complete && image.naturalWidth > 0), 'the logo is there');
		await logIn({ ...person, password: 'wrong' });
		await look('Log in', { wrong: true });
		assert.equal(await page.getByLabel('Name', { exact: true }).getAttribute('aria-invalid'), 'true');
		await page.getByRole('link', { name: 'The name or the password is not right.' }).press('Enter');
		assert.equal(await page.evaluate(() => document.activeElement.id), 'name', 'the problem leads to its field');
		await page.getByRole('link', { name: 'Create an account' }).click();
		await look('Create an account');
		await page.getByLabel('Name', { exact: true }).fill(person.name);
		for (const label of ['Password', 'Your name', 'Email address']) await page.getByLabel(label).fill('x');
		await click('Create an account');
		await look('Create an account', { wrong: true });
		await page.getByRole('link', { name: 'I have an account' }).click();
		await logIn(person);
		await look('One more step');
		await click('Go on without it');
		await look('Allow access?');
		const [allow, deny] = await Promise.all(['Allow', 'Deny'].map((name) => page.getByRole('button', { name }).evaluate((button) => getComputedStyle(button).backgroundColor)));
		assert.notEqual(allow, deny);
		await click('Deny');
		assert.equal(await h.refusal(finish()), 'access_denied');
		await page.goto(`${h.loginUrl}/login?transaction_id=gone`);
		await look('Too late');
	});

	it('the account: sessions, factors, a QR code that can be scanned, recovery codes, logout', async () => {
		const person = await newPerson();
		const finish = await open(await make());
		await logIn(person);
		await click('Allow');
		await finish();
		await page.goto(h.loginUrl);
		await look('Your account');
		await page.getByRole('link', { name: 'Where you are signed in' }).click();
		await look('Where you are signed in');
		await page.goto(`${h.loginUrl}/factors`);
		await click('Add codes by mail');
		await click('Make recovery codes');
		await look('Recovery codes');
		assert.equal(await page.locator('.codes li').count(), 10);
		await page.emulateMedia({ media: 'print' });
		assert.deepEqual(await Promise.all([page.locator('.codes'), page.getByRole('button', { name: 'Print' })].map((part) => part.isVisible())), [true, false]);
		await page.emulateMedia({ media: 'screen' });
		await page.getByRole('link', { name: 'Back' }).click();
		await look('Your factors');
		await click('Add an authenticator app');
		const secret = await page.locator('#secret').textContent();
		const uri = await scan();
		assert.ok(uri?.startsWith('otpauth://totp/') && uri === await page.getByRole('link', { name: 'link' }).getAttribute('href') && new URL(uri).searchParams.get('secret') === secret,
			'who scans it and who types it have the same');
		await look('Authenticator app');
		await page.getByLabel('The code that it shows').fill('not it');
		await click('Activate');
		await look('Authenticator app', { wrong: true });
		await page.goto(`${h.loginUrl}/mailbox`);
		await look('Your mailbox');
		await page.goto(`${h.loginUrl}/nowhere`);
		await look('Not found');
		await page.goto(`${h.loginUrl}/logout`);
		await look('Log out?');
		await click('Log out');
		await look('Logged out');
	});

	it('a device, in the browser\'s language: the code as people type it', async () => {
		const person = await newPerson();
		const television = await h.publicClient({ name: 'Television', redirectUris: [], metadata: { grant_types: [h.DEVICE_GRANT], logo_uri: 'https://lamp.example/logo.png' } });
		const { json: device } = await h.post('/oauth2/device_authorization', { client_id: television.id, scope: 'openid notes:read' });
		await page.context().setExtraHTTPHeaders({ 'accept-language': 'de-AT, en;q=0.5' });
		await page.goto(`${h.loginUrl}/device`);
		await logIn(person, ['Name', 'Passwort', 'Anmelden']);
		await titled('Your account');
		await page.goto(`${h.loginUrl}/device`);
		await look('Ein Gerät verbinden', { language: 'de' });
		await page.getByRole('textbox').fill('BBBB-BBBB');
		await click('Weiter');
		await look('Ein Gerät verbinden', { language: 'de', wrong: true });
		await page.getByRole('textbox').fill(` ${device.user_code.toLowerCase().replace('-', '')} `);
		await click('Weiter');
		await look('Dieses Gerät verbinden?', { language: 'de' });
		// nobody but the login application shows a logo: a client's own server would learn who is here
		assert.deepEqual([await page.locator('img').count(), await page.locator('.monogram').textContent()], [0, 'T']);
		await click('Erlauben');
		await look('Verbunden', { language: 'de' });
	});

	it('without scripts all is there but the button that prints', async () => {
		const context = await page.context().browser().newContext({ javaScriptEnabled: false });
		page = await context.newPage();
		page.setDefaultTimeout(h.PATIENCE);
		const finish = await open(await make());
		await logIn(await newPerson());
		await click('Allow');
		await finish();
		await page.goto(`${h.loginUrl}/factors`);
		await click('Make recovery codes');
		await titled('Recovery codes');
		assert.equal(await page.getByRole('button').count(), 0);
		await page.getByRole('link', { name: 'Back' }).click();
		await click('Add a passkey or security key');
		await page.getByText('that takes scripts').waitFor();
		await page.getByRole('link', { name: 'Back' }).click();
		await click('Add an authenticator app');
		await page.locator('svg.qr').waitFor();
		await context.close();
	});

	it('the client: its account, and a step-up', async () => {
		if (!h.clientUrl) return;
		const person = await newPerson();
		await h.value("SELECT true FROM pgtoken.enroll_factor($1, 'email', '{}', 'Codes by mail')", person.subject);
		await page.goto(h.clientUrl);
		await look('Example client');
		await page.getByRole('link', { name: 'Log in' }).click();
		await logIn(person);
		await click('Allow');
		await page.getByText('Logged in as').waitFor();
		await look('Example client');
		await click('Prove another factor');
		await page.getByText('To go on').waitFor();
		await look('Example client');
		await click('Codes by mail');
		await page.getByLabel('Code').waitFor();
		await look('Example client');
		await page.getByLabel('Code').fill('not it');
		await click('Continue');
		await look('Example client', { wrong: true });
	});

	it('pgtoken\'s own: an error, no such page, an answer that is posted; and a policy that is broken is noticed', async () => {
		await page.goto(`${h.issuer}/oauth2/authorize?client_id=nobody`);
		await look('That did not work');
		const client = await make({ redirectUris: ['http://127.0.0.1/cb'] });
		// the client has nothing to say: the page stays
		await page.route(`${callback.url}*`, (route) => route.fulfill({ status: 204 }));
		await open(client, { response_mode: 'form_post', prompt: 'none' });
		await look('One moment');
		await page.evaluate(() => document.head.appendChild(document.createElement('style')).append('body { color: red }'));
		assert.notEqual(complaints.length, 0);
		await page.unrouteAll();
	});
});
