// Factors and step-up, clicked in headless Chromium: enrolled at the login
// application, asked for by the example client.  The security key is Chromium's
// virtual authenticator.
import assert from 'node:assert/strict';
import { afterEach, describe } from 'node:test';

import { freshPages, it, skip as noBrowser } from './browser.mjs';
import * as h from './harness.mjs';

const skip = noBrowser || (!h.clientUrl && 'CLIENT_URL is not set');

const WEB_CLIENT = { id: h.facts.WEB_CLIENT_ID ?? 'web-app' };
const SUBJECT = h.OTHER_SUBJECT;
// wherever it comes from, the client has to have its user prove a factor
const ALWAYS = [{ rule: 'address_not_in', outcome: 'require', networks: ['198.51.100.0/24'] }];

describe('in a browser', { skip }, () => {
	let context;
	let page;

	const click = (name) => page.getByRole('button', { name, exact: true }).click();
	const logInAtClient = async () => {
		await page.goto(`${h.clientUrl}/login`);
		await page.getByLabel('Name').fill('other');
		await page.getByLabel('Password').fill('other-password');
		await click('Log in');
		await page.getByRole('heading', { name: /Allow access|Example client/ }).first().waitFor();
		if (await page.getByRole('button', { name: 'Allow' }).isVisible()) await click('Allow');
		await page.getByText('Logged in as').waitFor();
	};
	const toFactors = () => page.goto(`${h.loginUrl}/factors`);
	const toClient = () => page.goto(`${h.clientUrl}/`);
	const listed = (label) => page.locator('li', { hasText: label }).first().waitFor();
	const account = (name) => page.locator('#claims tr', { has: page.locator('th', { hasText: new RegExp(`^${name}$`) }) }).locator('td').textContent();
	const refreshed = (times) => page.getByText(`refreshed ${times} times`).waitFor();

	freshPages((fresh, itsContext) => {
		page = fresh;
		context = itsContext;
	});
	afterEach(async () => {
		await h.rows('SELECT pgtoken.remove_factor($1, f.factor_id) FROM pgtoken.factors_of($1) f', SUBJECT);
	});

	it('a code by mail: required, a wrong one first, then the refresh goes on (C92)', async () => {
		await logInAtClient();
		await toFactors();
		await click('Add codes by mail');
		await listed('Codes by mail');
		await toClient();
		await h.withPolicy(WEB_CLIENT, ALWAYS, {}, async () => {
			await click('Refresh');
			await click('Codes by mail');
			await page.getByLabel('Code').fill('not it');
			await click('Continue');
			await page.getByRole('alert').waitFor();
			// a second code would come too early: the first still counts
			await click('Codes by mail');
			const mailbox = await context.newPage();
			await mailbox.goto(`${h.loginUrl}/mailbox`);
			const code = await mailbox.locator('li code').first().textContent();
			await mailbox.close();
			assert.ok(/^\d{6}$/.test(code));
			assert.ok(!(await page.content()).includes(code), 'the client does not know it');
			await page.getByLabel('Code').fill(code);
			await click('Continue');
			await refreshed(1);
			assert.equal(await account('acr'), 'mfa');
		});
	});

	it('an authenticator app: enrolled with its code, proved with the next one', async () => {
		await logInAtClient();
		await toFactors();
		await click('Add an authenticator app');
		const secret = await page.locator('#secret').textContent();
		await page.getByLabel('The code that it shows').fill(h.totp(secret, 0));
		await click('Activate');
		await listed('Authenticator app');
		await toClient();
		// what an API's challenge would ask for (RFC 9470): no policy is in force
		await click('Prove another factor');
		await click('Authenticator app');
		await page.getByLabel('Code').fill(h.totp(secret, 1));
		await click('Continue');
		await refreshed(1);
		assert.equal(await account('acr'), 'mfa');
		assert.ok(JSON.parse(await account('amr')).includes('otp'));
		// satisfied now: not asked again
		await click('Prove another factor');
		await refreshed(2);
	});

	it('a security key: registered at one application, asked for by the other (WebAuthn)', async () => {
		const devtools = await context.newCDPSession(page);
		await devtools.send('WebAuthn.enable');
		const { authenticatorId } = await devtools.send('WebAuthn.addVirtualAuthenticator', { options: { protocol: 'ctap2', transport: 'usb',
			hasResidentKey: true, hasUserVerification: true, isUserVerified: true, automaticPresenceSimulation: true } });
		await logInAtClient();
		await toFactors();
		await click('Add a passkey or security key');
		await listed('Passkey');
		assert.equal((await devtools.send('WebAuthn.getCredentials', { authenticatorId })).credentials.length, 1);
		await toClient();
		await h.withPolicy(WEB_CLIENT, ALWAYS, { factor_types: ['webauthn'] }, async () => {
			let sent;
			page.on('request', (request) => { if (request.url() === `${h.clientUrl}/step-up/complete`) sent = Object.fromEntries(new URLSearchParams(request.postData())); });
			await click('Refresh');
			await click('Passkey');
			await click('Use the passkey or security key');
			await refreshed(1);
			assert.equal(await account('acr'), 'phr');
			assert.ok(JSON.parse(await account('amr')).includes('mfa'));
			// the attack: what was signed for one transaction is sent for another
			await click('Refresh');
			await click('Passkey');
			const replayed = await page.request.post(`${h.clientUrl}/step-up/complete`, { form: sent });
			assert.equal(replayed.status(), 400);
			assert.ok((await replayed.text()).includes('invalid_grant'));
			await click('Use the passkey or security key');
			await refreshed(2);
			// the attack: somebody has the key who is not its user
			await devtools.send('WebAuthn.setUserVerified', { authenticatorId, isUserVerified: false });
			await click('Refresh');
			await click('Passkey');
			await click('Use the passkey or security key');
			await page.getByText('That did not work').waitFor();
		});
	});

	it('without any factor the client is told no', async () => {
		await logInAtClient();
		await click('Prove another factor');
		await page.getByText('access_denied').waitFor();
	});
});
