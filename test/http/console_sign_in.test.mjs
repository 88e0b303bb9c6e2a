// The console as a client: who gets in and how, what it asks for before it changes
// anything, what outlives a reload, what ends.  In Chromium, by the example login page.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { after, afterEach, before, describe } from 'node:test';
import { fileURLToPath } from 'node:url';

import { launch } from './browser.mjs';
import { ageProof, checkAxe, consoleUrl, it, listen, prove, signIn, skip, unused } from './console.mjs';
import * as h from './harness.mjs';

const DIALOG = { name: 'Prove that it is you' };

describe('the console', { skip }, () => {
	let browser;
	let operator;
	let context;
	let page;
	let said;

	const button = (name) => page.getByRole('button', { name, exact: true });
	const heading = (name) => page.getByRole('heading', { level: 1, name }).waitFor();
	const dialog = () => page.getByRole('dialog', DIALOG);
	const families = () => h.rows(`SELECT grant_id, revoked_at IS NULL AS living, generation FROM pgtoken.grants
		WHERE subject = $1 AND client_id = 'pgtoken-console' ORDER BY grant_id`, operator.subject);

	/** what the browser keeps, but for the key, which does not come out */
	const kept = (of = page) => of.evaluate(async () => {
		const settled = (request) => new Promise((resolve, reject) => {
			request.onsuccess = () => resolve(request.result);
			request.onerror = () => reject(request.error);
		});
		const records = (await settled(indexedDB.open('pgtoken-console'))).transaction('records').objectStore('records');
		const names = await settled(records.getAllKeys());
		const name = names.find((one) => one.startsWith('session '));
		if (!name) return undefined;
		const { keys, refreshToken } = await settled(records.get(name));
		const exported = await crypto.subtle.exportKey('jwk', keys.privateKey).then(() => true, () => false);
		return { refreshToken, exported, names };
	});

	before(async () => {
		browser = await launch();
		// as examples/console has made him
		const { OPERATOR_SUBJECT: subject, OPERATOR_SECRET: secret } = h.facts;
		const factorId = await h.value('SELECT factor_id FROM pgtoken.console_factors WHERE subject = $1', subject);
		const program = fileURLToPath(import.meta.resolve('../../examples/console/code.js'));
		operator = { subject, factorId, code: () => unused(factorId, () => execFileSync(process.execPath, [program, secret], { encoding: 'utf8' }).trim()) };
		context = await browser.newContext();
		context.setDefaultTimeout(h.PATIENCE);
		page = await context.newPage();
		said = listen(page);
	});
	after(async () => {
		await browser?.close();
	});
	afterEach(() => assert.deepEqual(said.splice(0), [], 'the page says nothing that it should not'));

	it('signing in: the login page, then a factor; a wrong code first', async () => {
		await page.goto(consoleUrl);
		await heading('Console');
		await checkAxe(page, 'signed out');
		await button('Sign in').click();
		await page.getByLabel('Name').fill(h.facts.OPERATOR_LOGIN);
		await page.getByLabel('Password').fill(h.facts.OPERATOR_PASSWORD);
		await button('Log in').click();
		await dialog().or(button('Allow')).waitFor();
		if (await button('Allow').isVisible()) await button('Allow').click();
		await dialog().waitFor();
		assert.equal(new URL(page.url()).search, '', 'neither code nor state stay in the address');
		await checkAxe(page, 'the dialog');
		assert.equal(await page.evaluate(() => document.activeElement.name), 'code', 'where one types');
		await page.keyboard.type('not it');
		await page.keyboard.press('Enter');
		await dialog().getByText('That code was not accepted').waitFor();
		await page.keyboard.type(await operator.code());
		await page.keyboard.press('Enter');
		await heading('Overview');
		assert.equal(await page.getByRole('navigation').getByText('admin').count(), 1);
	});

	it('the overview: figures, charts, what wants doing', async () => {
		await page.getByRole('heading', { name: 'Why requests were refused' }).waitFor();
		assert.equal(await page.locator('canvas').count(), 2);
		for (const range of ['Last hour', 'Last 30 days']) {
			await page.getByRole('tab', { name: range }).click();
			await page.locator('canvas').nth(1).waitFor();
		}
		await page.getByRole('tab', { name: 'Last 30 days' }).press('Home');
		assert.equal(await page.getByRole('tab', { name: 'Last hour' }).getAttribute('aria-selected'), 'true', 'tabs go by arrow keys');
		await page.getByText('As a table').first().click();
		assert.equal(await page.locator('.chart').first().getByRole('row').count(), 13, 'the chart as a table');
		await page.getByRole('button', { name: /^All \d+ checks$/ }).click();
		await checkAxe(page, 'the overview');
	});

	it('a reload goes on, and so does another tab: nobody is asked', async () => {
		await page.reload();
		await heading('Overview');
		const other = await context.newPage();
		await Promise.all([other.goto(consoleUrl), page.reload()]);
		await other.getByRole('heading', { name: 'Overview' }).waitFor();
		await heading('Overview');
		const [{ living, generation }, ...more] = await families();
		assert.ok(living && more.length === 0, 'one family');
		assert.ok(generation >= 4, 'each of them has refreshed');
		assert.equal(await h.value('SELECT count(*)::integer FROM pgtoken.audit_events WHERE event = \'refresh.reuse\' AND client_id = \'pgtoken-console\''), 0, 'no token was presented twice');
		await other.close();
	});

	it('Attack shut out: a stolen refresh token, and a script that wants the key', async () => {
		const { refreshToken, exported, names } = await kept();
		assert.ok(refreshToken.startsWith('pgtrt_'));
		assert.equal(exported, false, 'the private key does not leave the browser');
		assert.equal(names.length, 1, 'nothing is left of the sign-in');
		const thief = await h.generateKey();
		const client = { id: 'pgtoken-console', method: 'none' };
		for (const headers of [{}, { dpop: await h.proof(thief) }]) {
			const answer = await h.refresh(client, refreshToken, {}, { headers });
			assert.ok(answer.status >= 400 && !answer.json.access_token, 'refused');
		}
		await page.reload();
		await heading('Overview');
		assert.ok((await families())[0].living, 'and its owner goes on');
		assert.ok((await h.family((await families())[0].grant_id)).jkt !== thief.thumbprint, 'by the key of this browser');
	});

	it('a change asks for a fresh proof; cancelled, nothing happens', async () => {
		await h.rows(`INSERT INTO pgtoken.audit_rows (grant_id, event_id, occurred_at, event, session_user_name)
			VALUES ('00000000-0000-0000-0000-000000000000', '00dc6acf-ac00-7000-8000-000000000001', '2001-01-01', 'test.old', 'test')`);
		await ageProof(operator);
		await page.reload();
		const check = page.getByRole('listitem').filter({ hasText: 'default partitions empty' });
		await check.getByRole('button', { name: 'Run maintenance' }).click();
		await dialog().waitFor();
		await page.keyboard.press('Escape');
		await dialog().waitFor({ state: 'detached' });
		assert.equal(await page.evaluate(() => document.activeElement.textContent), 'Run maintenance', 'the focus is where it was');
		assert.equal(await h.value('SELECT count(*)::integer FROM pgtoken.audit_rows_default'), 1, 'nothing was done');
		await check.getByRole('button', { name: 'Run maintenance' }).click();
		await prove(page, operator);
		await check.waitFor({ state: 'detached' });
		assert.equal(await h.value('SELECT count(*)::integer FROM pgtoken.audit_rows_default'), 0, 'done');
		assert.equal(await h.value(`SELECT count(*)::integer FROM pgtoken.audit_events
			WHERE event = 'console.called' AND detail ->> 'function' = 'maintain' AND subject = $1`, operator.subject), 1, 'and in the audit');
	});

	it('a recovery code, where the app is lost', async () => {
		const { codes } = await h.value('SELECT pgtoken.add_console_factor($1, \'recovery_code\')', operator.subject);
		await ageProof(operator);
		await h.rows('DELETE FROM pgtoken.challenges WHERE subject = $1', operator.subject);
		await page.reload();
		await dialog().getByRole('radio', { name: /Recovery code/ }).check();
		await dialog().getByRole('textbox', { name: 'Recovery code' }).fill(codes[0]);
		await dialog().getByRole('button', { name: 'Continue' }).click();
		await heading('Overview');
	});

	it('a transaction that is over: by its time, and by five wrong codes', async () => {
		await h.rows('DELETE FROM pgtoken.challenges WHERE subject = $1', operator.subject);
		await page.reload();
		await dialog().getByRole('radio', { name: /Authenticator app/ }).check();
		const code = dialog().getByRole('textbox');
		const next = dialog().getByRole('button', { name: 'Continue' });
		await h.rows('UPDATE pgtoken.challenges SET expires_at = now() - interval \'1 second\' WHERE subject = $1', operator.subject);
		await code.fill(await operator.code());
		await next.click();
		await dialog().getByText('That took too long').waitFor();
		await dialog().getByRole('radio', { name: /Authenticator app/ }).check();
		for (let times = 1; times <= 5; times++) {
			await code.fill('not it');
			await next.click();
			await dialog().getByText(times < 5 ? 'That code was not accepted' : 'That was wrong too often').waitFor();
			await dialog().locator('[aria-busy]').waitFor({ state: 'detached' });
		}
		await h.rows('UPDATE pgtoken.factors SET failed_attempts = 0, locked_until = NULL WHERE subject = $1', operator.subject);
		await dialog().getByRole('button', { name: 'Cancel' }).click();
		await heading('A factor is to be proved');
		await checkAxe(page, 'without a proof');
		await button('Prove it now').click();
		await dialog().getByRole('radio', { name: /Authenticator app/ }).check();
		await prove(page, operator);
		await heading('Overview');
	});

	it('offline, and back', async () => {
		await context.setOffline(true);
		await page.getByText('You are offline').waitFor();
		await context.setOffline(false);
		await page.getByText('You are offline').waitFor({ state: 'detached' });
	});

	it('keyboard: the skip link, the menu of a phone, the theme that stays', async () => {
		await page.setViewportSize({ width: 390, height: 800 });
		await page.reload();
		await heading('Overview');
		await page.keyboard.press('Tab');
		await page.keyboard.press('Enter');
		assert.equal(await page.evaluate(() => document.activeElement.id), 'main');
		await button('Menu').press('Enter');
		await page.getByRole('link', { name: 'Overview', exact: true }).waitFor();
		await page.getByLabel('Theme').selectOption('dark');
		await page.keyboard.press('Escape');
		assert.equal(await button('Menu').getAttribute('aria-expanded'), 'false');
		await page.reload();
		await heading('Overview');
		assert.equal(await page.evaluate(() => getComputedStyle(document.documentElement).colorScheme), 'dark');
		await page.evaluate(() => localStorage.clear());
		await page.setViewportSize({ width: 1440, height: 900 });
	});

	it('an address that is none, and one with markup in it', async () => {
		await page.goto(`${consoleUrl}#/<img src=x onerror=alert(1)>`);
		await heading('There is no such page');
		assert.equal(await page.locator('img').count(), 0);
		await page.getByRole('link', { name: 'To the overview' }).click();
		await heading('Overview');
		assert.equal(await page.evaluate(() => document.activeElement.tagName), 'H1', 'the focus goes along');
	});

	it('signing out ends the family, here and in the other tab', async () => {
		const other = await context.newPage();
		await other.goto(consoleUrl);
		await other.getByRole('heading', { name: 'Overview' }).waitFor();
		const [{ grant_id: grantId }] = (await families()).slice(-1);
		await button('Sign out').click();
		await heading('Console');
		await other.getByText('You signed out in another tab').waitFor();
		await other.close();
		while (await h.value('SELECT revoked_at IS NULL FROM pgtoken.grants WHERE grant_id = $1', grantId)) await page.waitForTimeout(20);
		assert.equal(await kept(), undefined, 'nothing is kept');
		await page.reload();
		await heading('Console');
	});

	it('a family that was ended elsewhere: told, and signed in again to the same page', async () => {
		await signIn(page, operator.subject);
		await prove(page, operator);
		await heading('Overview');
		const [{ grant_id: grantId }] = (await families()).slice(-1);
		await h.rows('SELECT pgtoken.revoke_family($1, \'test\')', grantId);
		await page.goto(`${consoleUrl}#/nowhere`);
		await page.reload();
		await heading('Sign in again');
		await checkAxe(page, 'the end');
		await signIn(page, operator.subject, { here: true });
		await prove(page, operator);
		await heading('There is no such page');
	});

	it('an answer that was lost, and asked for again much later: nobody is signed out', async () => {
		const [{ grant_id: grantId }] = (await families()).slice(-1);
		await page.route('**/oauth2/token', async (route) => {
			await route.fetch();
			await route.abort();
		});
		await page.reload();
		await heading('The console does not open');
		await page.getByText('No answer came').waitFor();
		await page.unroute('**/oauth2/token');
		await h.ageRotation(grantId, '20 minutes');
		await button('Try again').click();
		await heading('There is no such page');
	});

	it('an access token that lives for seconds is refreshed when it takes that, and no more often', async () => {
		await h.value('SELECT pgtoken.update_client(\'pgtoken-console\', access_token_lifetime => \'10 seconds\')');
		const [{ generation }] = (await families()).slice(-1);
		await page.goto(`${consoleUrl}#/`);
		await page.reload();
		await page.getByRole('heading', { name: 'Why requests were refused' }).waitFor();
		await h.value('SELECT pgtoken.update_client(\'pgtoken-console\', reset => \'{access_token_lifetime}\')');
		const [{ generation: now }] = (await families()).slice(-1);
		assert.ok(now - generation <= 3, `${now - generation} refreshes`);
	});

	it('Attack shut out: the session of who signs out while another tab refreshes', async () => {
		const [{ grant_id: grantId }] = (await families()).slice(-1);
		const other = await context.newPage();
		await other.goto(consoleUrl);
		await other.getByRole('heading', { name: 'Overview' }).waitFor();
		let arrived;
		let release;
		const arrival = new Promise((resolve) => { arrived = resolve; });
		const released = new Promise((resolve) => { release = resolve; });
		await page.route('**/oauth2/token', async (route) => {
			const response = await route.fetch();
			arrived();
			await released;
			await route.fulfill({ response });
		});
		// the service is not to be told: what counts is what the browser has
		await other.route('**/oauth2/revoke', (route) => route.abort());
		await page.reload();
		await arrival;
		await other.getByRole('button', { name: 'Sign out' }).click();
		await other.getByText('The service could not be told').waitFor();
		release();
		await heading('Sign in again');
		assert.equal(await kept(), undefined, 'nothing is kept');
		await page.unroute('**/oauth2/token');
		await page.reload();
		await heading('Console');
		while (await h.value('SELECT revoked_at IS NULL FROM pgtoken.grants WHERE grant_id = $1', grantId)) await page.waitForTimeout(20);
		await other.close();
	});

	it('Attack shut out: an answer to a sign-in that this tab has not asked for', async () => {
		const said = await (await fetch(new URL('configuration', consoleUrl))).json();
		for (const query of [`code=pgtac_${'x'.repeat(80)}&state=mine&iss=${encodeURIComponent(said.issuer)}`, 'error=access_denied&error_description=%3Cimg%20src%3Dx%3E&state=mine']) {
			const asked = [];
			const listener = (request) => asked.push(request.url());
			page.on('request', listener);
			await page.goto(`${consoleUrl}?${query}`);
			await heading('Console');
			page.off('request', listener);
			assert.ok(!asked.some((url) => url.endsWith('/token')), 'the code goes nowhere');
			assert.equal(new URL(page.url()).search, '');
			assert.equal(await page.getByText('refused').count(), 0);
		}
	});

	it('Attack shut out: somebody who is no operator, though the login page has let him in', async () => {
		const stranger = await (await browser.newContext()).newPage();
		await signIn(stranger, h.OTHER_SUBJECT);
		await stranger.getByRole('heading', { level: 1, name: /You are not let in|Console/ }).waitFor();
		await stranger.getByText(/no operator|refused/).first().waitFor();
		assert.equal(await stranger.getByRole('navigation').count(), 0);
		await checkAxe(stranger, 'who is not let in');
	});

	// keys go by names, so at an issuer of its own whose address has one
	it('a passkey, at the console of another issuer', async () => {
		const issuer = h.issuer.replace('127.0.0.1', 'localhost');
		const id = randomBytes(16);
		const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
		const subject = h.unique('operator');
		await h.rows('SELECT pgtoken.create_issuer($1)', issuer);
		await h.rows('SELECT pgtoken.create_signing_key(\'ES256\', $1)', issuer);
		await h.rows('SELECT pgtoken.update_issuer($1, login_uri => $2, webauthn_rp_id => \'localhost\', webauthn_origins => ARRAY[$1])', issuer, `${h.loginUrl}/login`);
		const url = await h.value('SELECT pgtoken.enable_console($1, \'passkey-console\')', issuer);
		await h.rows('SELECT pgtoken.create_console_operator($1, \'auditor\', \'webauthn\', $2, issuer => $3)', subject,
			JSON.stringify({ credential_id: id.toString('base64url'), alg: 'ES256', public_key: publicKey.export({ format: 'jwk' }) }), issuer);
		const other = await (await browser.newContext()).newPage();
		other.setDefaultTimeout(h.PATIENCE);
		const heard = listen(other);
		const devtools = await other.context().newCDPSession(other);
		await devtools.send('WebAuthn.enable');
		const { authenticatorId } = await devtools.send('WebAuthn.addVirtualAuthenticator', { options: { protocol: 'ctap2', transport: 'usb',
			hasUserVerification: true, isUserVerified: true, automaticPresenceSimulation: true } });
		await devtools.send('WebAuthn.addCredential', { authenticatorId, credential: { credentialId: id.toString('base64'), isResidentCredential: false, rpId: 'localhost',
			privateKey: privateKey.export({ type: 'pkcs8', format: 'der' }).toString('base64'), signCount: 0 } });
		await other.goto(url);
		await other.getByRole('button', { name: 'Sign in' }).click();
		await other.waitForURL((at) => at.href.startsWith(`${h.loginUrl}/login`));
		const client = await h.pool.connect();
		try {
			await client.query('SELECT set_config(\'pgtoken.http_issuer\', $1, false)', [issuer]);
			const { rows: [approved] } = await client.query(`SELECT redirect_uri, error FROM pgtoken.approve_authorization($1, $2,
				consent => pgtoken.consent_missing($1, $2), auth_time => now())`, [new URL(other.url()).searchParams.get('transaction_id'), subject]);
			assert.ok(approved.redirect_uri, `approved, and not ${approved.error}`);
			await other.goto(approved.redirect_uri);
		} finally {
			client.release(true);
		}
		await other.getByRole('dialog', DIALOG).getByRole('button', { name: 'Use the key' }).click();
		await other.getByRole('heading', { level: 1, name: 'Overview' }).waitFor();
		assert.equal(await other.getByRole('navigation').getByText('auditor', { exact: true }).count(), 1);
		assert.equal(await other.getByRole('button', { name: 'Run maintenance' }).count(), 0, 'an auditor is not offered what he may not');
		assert.deepEqual(heard, []);
		await h.rows('SELECT pgtoken.disable_console($1)', issuer);
		assert.equal((await other.goto(`${url}index.html`)).status(), 404, 'and it is gone when it is switched off');
	});
});
