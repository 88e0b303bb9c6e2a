// The consent page and the device page, clicked in headless Chromium: what they show, in
// which language, that it is kept as it was shown, and that a consent ends.
import assert from 'node:assert/strict';
import { after, before, describe } from 'node:test';

import * as openid from 'openid-client';

import { it, samePage, skip } from './browser.mjs';
import * as h from './harness.mjs';

let page;
let context;
let callback;

const EVIL = '<img src=x onerror="document.title=\'scripted\'">';
const DAY = 86400;

/** the browser is sent to the authorization endpoint: what the client needs to go on */
async function open(client, parameters = {}) {
	const config = await h.configuration(client);
	const verifier = openid.randomPKCECodeVerifier();
	const state = openid.randomState();
	const arrived = callback.next();
	await page.goto(openid.buildAuthorizationUrl(config, { redirect_uri: callback.url, scope: 'openid email', state,
		code_challenge: await openid.calculatePKCECodeChallenge(verifier), code_challenge_method: 'S256', ...parameters }).href);
	return { config, arrived, finish: async () => openid.authorizationCodeGrant(config, await arrived, { pkceCodeVerifier: verifier, expectedState: state }) };
}

const make = ({ metadata = {}, ...options } = {}) => h.newClient({ name: 'The Lamp', redirectUris: ['http://127.0.0.1/cb'], offline: true, ...options,
	metadata: { 'client_name#de': 'Die Lampe', client_uri: 'https://lamp.example/', tos_uri: 'https://lamp.example/tos', 'tos_uri#de': 'https://lamp.example/agb', ...metadata } });

const logIn = async (login = 'demo', [name, password, button] = ['Name', 'Password', 'Log in']) => {
	await page.getByLabel(name).fill(login);
	await page.getByLabel(password).fill(`${login}-password`);
	await page.getByRole('button', { name: button }).click();
};
const GERMAN = ['Name', 'Passwort', 'Anmelden'];
const click = (name) => page.getByRole('button', { name, exact: true }).click();
const asked = () => page.locator('main > ul > li').allTextContents();
const consentsOf = (client) => h.rows('SELECT resource, scopes, state FROM pgtoken.consent_status WHERE client_id = $1 AND subject = $2', client.id, h.SUBJECT);

describe('consent in a browser', { skip }, () => {
	samePage((fresh, its) => { page = fresh; context = its; });
	before(async () => { callback = await h.callbackPage(); });
	after(() => callback.close());

	it('in English: who asks, for what, its terms, and for how long', async () => {
		const client = await make({ metadata: { consent_lifetime: 20 * DAY + 5 } });
		const { finish } = await open(client, { scope: 'openid email notes:read offline_access' });
		// or the family would end with the day's work, before the consent
		await page.getByLabel('Keep me signed in').check();
		await logIn();
		await page.getByRole('heading', { name: 'Allow access?' }).waitFor();
		await page.getByText('The Lamp would like to').waitFor();
		assert.deepEqual(await asked(), ['know that it is you who has signed in openid', 'see your email address email', 'read your notes notes:read', 'keep its access while you are away offline_access']);
		assert.equal(await page.locator('html').getAttribute('lang'), 'en');
		assert.equal(await page.getByRole('link', { name: 'Its terms' }).getAttribute('href'), 'https://lamp.example/tos');
		await page.getByText('This holds for 20 days.').waitFor();
		assert.equal(await page.locator('main').count(), 1);
		assert.deepEqual(await page.getByRole('button').evaluateAll((buttons) => buttons.map((button) => [button.textContent, button.className])), [['Allow', 'primary'], ['Deny', '']]);
		await click('Allow');
		const tokens = await finish();
		const { grant_id: id } = h.claimsOf(tokens.access_token);
		assert.deepEqual(await h.rows('SELECT g.expires_at = c.expires_at AS together FROM pgtoken.grants g JOIN pgtoken.consents c USING (subject, client_id) WHERE g.grant_id = $1', id), [{ together: true }]);
	});

	it('in German, by ui_locales; what was shown is found again, whatever it is called later (C156)', async () => {
		const scope = h.unique('scope');
		await h.rows('SELECT pgtoken.create_resource($1, $2, resource_name => \'Deine Dateien\')', `https://${scope}.example`, [scope]);
		await h.rows('SELECT pgtoken.describe_scope($1, \'your files\'), pgtoken.describe_scope($1, \'Ihre Dateien lesen\', \'de\', $2)', scope, `https://${scope}.example`);
		const client = await make({ scopes: ['openid', 'email', scope] });
		const { finish } = await open(client, { scope: `openid email ${scope}`, resource: `https://${scope}.example`, ui_locales: 'de-AT en' });
		await logIn('demo', GERMAN);
		await page.getByText('Die Lampe möchte').waitFor();
		const shown = ['erfahren, dass Sie es sind, der sich anmeldet openid', 'Ihre E-Mail-Adresse sehen email', `Ihre Dateien lesen ${scope} (https://${scope}.example)`];
		assert.deepEqual(await asked(), shown);
		assert.equal(await page.locator('html').getAttribute('lang'), 'de');
		await page.getByText('bei Deine Dateien').waitFor();
		assert.equal(await page.getByRole('link', { name: 'Ihre Bedingungen' }).getAttribute('href'), 'https://lamp.example/agb');
		await page.getByText('Das gilt, bis Sie es zurücknehmen.').waitFor();
		await click('Erlauben');
		await finish();
		await h.rows('SELECT pgtoken.describe_scope($1, \'etwas anderes\', \'de\', $2)', scope, `https://${scope}.example`);
		const [given] = await h.rows('SELECT event, scopes, refused, page FROM pgtoken.consent_history($1, $2)', h.SUBJECT, client.id);
		assert.deepEqual([given.event, given.scopes, given.refused, given.page.client.name], ['consent.given', ['openid', 'email', scope], [], 'Die Lampe']);
		assert.deepEqual(given.page.scopes.map((one) => [one.description, one.scope, one.resource && `(${one.resource})`].filter(Boolean).join(' ')), shown);
	});

	it('a consent that is over is asked for again; one that holds is not', async () => {
		const client = await make({ metadata: { consent_lifetime: 3600 } });
		const first = await open(client);
		await logIn();
		await click('Allow');
		await first.finish();
		await (await open(client)).finish();
		await h.rows('UPDATE pgtoken.consents SET expires_at = now() WHERE client_id = $1', client.id);
		const silent = await open(client, { prompt: 'none' });
		assert.equal((await silent.arrived).searchParams.get('error'), 'consent_required');
		const again = await open(client);
		await page.getByText('This holds for 1 hour.').waitFor();
		assert.equal((await asked()).length, 2);
		await click('Allow');
		assert.equal((await again.finish()).claims().sub, h.SUBJECT);
		assert.deepEqual((await consentsOf(client)).map(({ state }) => state), ['active']);
	});

	// the attack: a client, or who describes scopes, has a script run in the page, or an image fetched from elsewhere
	it('neither a name nor a description is markup, and no logo comes from anywhere but the login application', async () => {
		const scope = h.unique('scope');
		await h.rows('SELECT pgtoken.describe_scope($1, $2)', scope, EVIL);
		const client = await make({ name: EVIL, scopes: ['openid', scope], metadata: { 'client_name#de': EVIL, logo_uri: `${h.loginUrl}/logos/web-app.svg`, 'logo_uri#de': 'https://lamp.example/logo.png', 'logo_uri#fr': `${h.loginUrl}/logout` } });
		const { arrived } = await open(client, { scope: `openid ${scope}` });
		await logIn();
		await page.getByText(`${EVIL} would like to`).waitFor();
		assert.ok((await asked()).includes(`${EVIL} ${scope}`));
		assert.equal(await page.title(), 'Allow access?');
		assert.deepEqual(await page.locator('img').evaluateAll((images) => images.map((image) => image.getAttribute('src'))), ['/logos/web-app.svg']);
		for (const uri of ['javascript:alert(1)', 'data:text/html,x', 'http://lamp.example/']) {
			for (const member of ['logo_uri', 'logo_uri#de', 'tos_uri#de', 'policy_uri']) {
				await assert.rejects(h.rows('SELECT pgtoken.update_client($1, metadata => $2)', client.id, { [member]: uri }), { code: '22023' });
			}
		}
		await click('Deny');
		assert.equal((await arrived).searchParams.get('error'), 'access_denied');
		for (const locales of ['de', 'fr']) {
			const other = await open(client, { scope: `openid ${scope}`, ui_locales: locales });
			await page.getByRole('button', { name: /Allow|Erlauben/ }).waitFor();
			assert.equal(await page.locator('img').count(), 0);
			await page.getByRole('button', { name: /Deny|Ablehnen/ }).click();
			await other.arrived;
		}
	});

	// the attack: a client that nobody here has looked at calls itself by a name that people trust
	it('who registered itself is told from who was registered', async () => {
		const client = await make({ name: 'Your Bank' });
		await h.rows('INSERT INTO pgtoken.registrations (client_id, issuer, origin) VALUES ($1, $2, \'registration\')', client.id, h.issuer);
		const { arrived } = await open(client, { ui_locales: 'de' });
		await logIn('demo', GERMAN);
		await page.getByText('Diese Anwendung hat hier niemand geprüft.').waitFor();
		await page.getByText('bekommt ein Programm auf dem Gerät vor Ihnen').waitFor();
		await click('Ablehnen');
		assert.equal((await arrived).searchParams.get('error'), 'access_denied');
		await h.rows('DELETE FROM pgtoken.registrations WHERE client_id = $1', client.id);
	});

	// the attack: a page that shows less than is granted, by a form that says more than the page
	it('what the page did not ask about is not granted', async () => {
		const client = await make();
		const first = await open(client, { scope: 'openid email' });
		await logIn();
		await click('Allow');
		await first.finish();
		const more = await open(client, { scope: 'openid email profile' });
		assert.deepEqual(await asked(), ['see your profile, such as your name profile']);
		await page.getByText('It may already').click();
		await page.getByText('see your email address').waitFor();
		await h.rows('SELECT pgtoken.withdraw_consent($1, $2, $3)', h.SUBJECT, client.id, ['email']);
		await page.locator('input[name=scope]').evaluate((field) => { field.value = 'openid email profile'; });
		await click('Allow');
		assert.equal((await more.finish()).scope, 'openid profile');
	});

	it('a page that was made for nobody is shown anew', async () => {
		const client = await make();
		const { finish } = await open(client);
		await logIn();
		await page.getByText('The Lamp would like to').waitFor();
		await page.locator('input[name=page_id]').evaluate((field) => { field.value = '0'.repeat(64); });
		await click('Allow');
		await page.getByText('The Lamp would like to').waitFor();
		await click('Allow');
		assert.equal((await finish()).claims().sub, h.SUBJECT);
	});

	it('a single scope is withdrawn on the account page', async () => {
		const client = await make();
		const { finish } = await open(client, { scope: 'openid email' });
		await logIn();
		await click('Allow');
		await finish();
		await page.goto(h.loginUrl);
		const row = page.locator('form', { hasText: client.id });
		await row.getByText('Withdraw a part').click();
		await row.getByRole('button', { name: 'email', exact: true }).click();
		await page.getByRole('heading', { name: 'Your account' }).waitFor();
		assert.deepEqual((await consentsOf(client)).map(({ scopes }) => scopes), [['openid']]);
	});

	it('a device: in the browser\'s language, with what it asks for', async () => {
		const client = await h.publicClient({ name: 'Television', redirectUris: [], metadata: { grant_types: [h.DEVICE_GRANT], 'client_name#de': 'Der Fernseher', consent_lifetime: 2 * DAY } });
		const config = await h.configuration(client);
		const device = await openid.initiateDeviceAuthorization(config, { scope: 'openid notes:read' });
		await context.setExtraHTTPHeaders({ 'accept-language': 'fr;q=0.2, de-CH, en;q=0.5' });
		await page.goto(device.verification_uri_complete);
		await logIn('demo', GERMAN);
		await page.getByText('Der Fernseher').waitFor();
		assert.deepEqual(await asked(), ['erfahren, dass Sie es sind, der sich anmeldet openid', 'Ihre Notizen lesen notes:read']);
		await page.getByText('Das gilt für 2 Tage.').waitFor();
		await click('Erlauben');
		await page.getByRole('heading', { name: 'Verbunden' }).waitFor();
		const tokens = await openid.pollDeviceAuthorizationGrant(config, { ...device, interval: 0.1 });
		assert.equal(tokens.claims().sub, h.SUBJECT);
		const [given] = await h.rows('SELECT page, expires_at IS NOT NULL AS ends FROM pgtoken.consent_history($1, $2)', h.SUBJECT, client.id);
		assert.deepEqual([given.page.client.name, given.page.scopes[1].language, given.ends], ['Der Fernseher', 'de', true]);
	});
});
