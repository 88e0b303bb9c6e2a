// Clients, APIs and keys in the console, in Chromium: a client is made and its secret seen
// once, a redirect URI that was refused is added, a key is rotated. What an administrator
// of one issuer has of it, and what somebody else's text does on these pages.
import assert from 'node:assert/strict';
import { after } from 'node:test';

import { describeConsole, it, newOperator, prove, signIn } from './console.mjs';
import * as h from './harness.mjs';

const HOSTILE = '<img src=x onerror="document.title=\'markup\'">&amp;"\'';
const clientId = `${h.unique('made')}/100%`;

describeConsole('clients, APIs and keys in the console', (suite) => {
	const { open, stale, axe } = suite;
	const button = (name, within = suite.page) => within.getByRole('button', { name, exact: true });
	const dialog = (name) => suite.page.getByRole('dialog', { name });
	const field = (name, within = suite.page) => within.getByLabel(name, { exact: true });
	const heading = (name) => suite.page.getByRole('heading', { level: 1, name, exact: true }).waitFor();
	let secret;

	after(async () => {
		await h.rows('DELETE FROM pgtoken.key_material m USING pgtoken.signing_keys k WHERE k.alg = \'HS256\' AND m.material_id = \'key:\' || k.kid');
		await h.rows('DELETE FROM pgtoken.signing_keys WHERE alg = \'HS256\'');
	});

	it('a client is made: what is wrong with a field stands at the field', async () => {
		const { page } = suite;
		await open('/clients');
		await page.getByRole('link', { name: 'New client' }).click();
		await heading('New client');
		await field('Client id').fill(clientId);
		await field('Name').fill(HOSTILE);
		await field('Redirect URIs').fill('javascript:alert(1)');
		await page.getByText('How long things live').click();
		await field('Access token').fill('2 days');
		await field('Refresh tokens (offline_access)').check();
		await button('Register it').click();
		await page.locator('.field-error', { hasText: 'A redirect URI is absolute' }).waitFor();
		assert.equal(await field('Redirect URIs').evaluate((element) => element === document.activeElement), true, 'the field at fault has the focus');
		await axe('a form with a mistake');
		await field('Redirect URIs').fill('https://made.example/cb');
		await button('Register it').click();
		await page.locator('.field-error', { hasText: '10 seconds to a day' }).waitFor();
		await field('Access token').fill('3 minutes');
		await button('Register it').click();
		secret = await dialog('The new secret').locator('.secret code').innerText();
		assert.match(secret, /^pgtcs_/);
		assert.equal(await h.value('SELECT c.access_token_lifetime::text FROM pgtoken.clients c WHERE c.client_id = $1', clientId), '00:03:00');
	});

	it('Attack shut out: the secret is found again, in the page, its address or what the browser keeps', async () => {
		const { page } = suite;
		await button('I have kept it').click();
		await heading(HOSTILE);
		const told = () => page.evaluate(() => [document.documentElement.outerHTML, location.href, JSON.stringify(localStorage), JSON.stringify(sessionStorage)].join('\n'));
		assert.ok(!(await told()).includes(secret), 'closed');
		await page.goBack();
		await heading('New client');
		await page.goForward();
		await heading(HOSTILE);
		await page.reload();
		await heading(HOSTILE);
		await page.getByRole('table', { name: 'Secrets of the client' }).waitFor();
		assert.ok(!(await told()).includes(secret.slice(6)), 'after a reload');
		assert.equal((await h.post('/oauth2/introspect', { token: 'x' }, { headers: h.basic(clientId, secret) })).status, 200, 'and it is the client\'s');
	});

	it('Attack shut out: a client\'s name becomes markup', async () => {
		const { page } = suite;
		assert.equal(await page.locator('main img').count(), 0);
		assert.ok(!(await page.title()).startsWith('markup'));
		await open('/clients');
		await field('Begins with').fill(clientId.slice(0, -3));
		await field('Begins with').press('Enter');
		await page.getByRole('cell', { name: HOSTILE }).waitFor();
		assert.equal(await page.locator('main img').count(), 0);
		await axe('the list of clients');
		await page.getByRole('link', { name: clientId }).click();
		await heading(HOSTILE);
	});

	it('a redirect URI that was refused is added, after another factor', async () => {
		const { page } = suite;
		const authorize = (uri) => h.get(`/oauth2/authorize?${new URLSearchParams({ client_id: clientId, response_type: 'code', redirect_uri: uri, code_challenge: 'x'.repeat(43), code_challenge_method: 'S256' })}`, { redirect: 'manual' });
		for (const uri of ['https://made.example/cb2', 'https://made.example/cb2', 'https://evil.example/"><script>']) assert.equal((await authorize(uri)).status, 400);
		await page.reload();
		await page.getByText('2 requests').waitFor();
		await page.getByText('https://evil.example/"><script>').waitFor();
		await axe('a client, with redirect URIs that were refused');
		await stale();
		await button('Add this one: https://made.example/cb2').click();
		await button('Add it', dialog('Add this redirect URI?')).click();
		await suite.prove();
		await button('Take out https://made.example/cb2').waitFor();
		await button('Add this one: https://made.example/cb2').waitFor({ state: 'detached' });
		assert.deepEqual(await h.value('SELECT c.redirect_uris FROM pgtoken.clients c WHERE c.client_id = $1', clientId), ['https://made.example/cb', 'https://made.example/cb2']);
		assert.notEqual((await authorize('https://made.example/cb2')).status, 400);
	});

	it('secrets are told by label and use, exchanged, and revoked', async () => {
		const { page } = suite;
		await button('New secret').click();
		await field('Label', dialog('A further secret')).fill('next');
		await field('Ends after days', dialog('A further secret')).fill('30');
		await button('Make it', dialog('A further secret')).click();
		await button('I have kept it').click();
		const row = page.getByRole('row').filter({ hasText: 'next' });
		await row.getByText('valid').waitFor();
		await button('Revoke the secret next').click();
		await button('Revoke it', dialog('Revoke this secret?')).click();
		await row.getByText('revoked').waitFor();
	});

	it('a client is changed where something was changed, and switched off', async () => {
		const { page } = suite;
		await button('Change').click();
		await field('Name').fill('Made');
		await page.getByText('What its users are shown').click();
		await field('Users are asked for consent').uncheck();
		await button('Save').click();
		await heading('Made');
		await button('Switch off').click();
		await button('Switch it off', dialog('Switch it off?')).click();
		await page.getByText('off: it cannot authenticate').waitFor();
		assert.deepEqual(await h.value('SELECT jsonb_build_object(\'name\', c.client_name, \'on\', c.enabled, \'metadata\', c.metadata, \'lifetime\', c.access_token_lifetime) FROM pgtoken.clients c WHERE c.client_id = $1', clientId),
			{ name: 'Made', on: false, metadata: { consent_required: false }, lifetime: '00:03:00' });
		await button('Delete').click();
		await button('Delete it', dialog('Delete this client?')).click();
		await heading('Clients');
		assert.equal(await h.value('SELECT count(*)::int FROM pgtoken.clients c WHERE c.client_id = $1', clientId), 0);
	});

	it('an API is made, changed and deleted', async () => {
		const { page } = suite;
		const api = `https://${h.unique('api')}.example`;
		await open('/resources');
		await axe('the list of APIs');
		await button('New API').click();
		await button('Register it').click();
		await page.locator('.field-error', { hasText: 'resource is needed' }).waitFor();
		assert.equal(await field('URI').evaluate((element) => element === document.activeElement), true, 'the field that was left empty has the focus');
		await field('URI').fill('api');
		await button('Register it').click();
		await page.locator('.field-error', { hasText: 'absolute URI' }).waitFor();
		await axe('the form of an API');
		await field('URI').fill(api);
		await field('No longer ago than').fill('1 hour');
		await button('Register it').click();
		await page.getByRole('row').filter({ hasText: api }).getByText('within 1 hour').waitFor();
		await button(`Change ${api}`).click();
		await field('No longer ago than').fill('');
		await button('Save').click();
		await page.getByRole('row').filter({ hasText: api }).getByText('nothing', { exact: true }).waitFor();
		await button(`Delete ${api}`).click();
		await button('Delete it', dialog('Delete this API?')).click();
		await page.getByRole('row').filter({ hasText: api }).waitFor({ state: 'detached' });
	});

	it('Attack shut out: an API\'s name that turns round the URI beside it', async () => {
		const { page } = suite;
		const api = `https://${h.unique('api')}.example/`;
		await h.value('SELECT pgtoken.create_resource($1, resource_name => $2)', api, 'Orders \u202e');
		await open('/new-client');
		await page.getByLabel(`Orders [U+202E] – ${api}`).waitFor();
		await h.value('SELECT pgtoken.delete_resource($1)', api);
	});

	it('a key is made, rotated after another factor, and retired', async () => {
		const { page } = suite;
		await open('/keys');
		await page.getByRole('table', { name: 'Keys' }).waitFor();
		await button('New key').click();
		await field('Algorithm').selectOption('HS256');
		await button('Make it').click();
		await page.getByRole('status').filter({ hasText: 'The HS256 key' }).waitFor();
		await axe('keys');
		await stale();
		await button('Rotate HS256').click();
		const rotating = dialog('Rotate the HS256 key');
		await rotating.getByText('The next key is made and published').waitFor();
		await button('Rotate', rotating).click();
		await suite.prove();
		await page.getByRole('status').filter({ hasText: 'The next HS256 key is published' }).waitFor();
		assert.deepEqual(await h.rows('SELECT k.state FROM pgtoken.signing_keys k WHERE k.alg = \'HS256\' ORDER BY 1'), [{ state: 'active' }, { state: 'pending' }]);
		await button('Rotate HS256').click();
		await rotating.getByText('Nothing changes yet').waitFor();
		await field('At once, before verifiers know it').check();
		await rotating.getByText('refuse its tokens until they fetch it again').waitFor();
		await button('Rotate at once', rotating).click();
		await page.getByRole('status').filter({ hasText: 'signs from now on' }).waitFor();
		const row = page.getByRole('table', { name: 'Keys' }).getByRole('row').filter({ hasText: 'HS256' }).filter({ hasText: 'retiring' });
		await row.getByRole('img', { name: /active from .*; retiring from/ }).waitFor();
		await row.getByRole('button', { name: /^Retire/ }).click();
		await button('Retire it', dialog('Retire this key at once?')).click();
		await page.getByRole('status').filter({ hasText: 'The key is retired.' }).waitFor();
		assert.deepEqual(await h.rows('SELECT k.state FROM pgtoken.signing_keys k WHERE k.alg = \'HS256\' ORDER BY 1'), [{ state: 'active' }, { state: 'retired' }]);
	});

	it('an administrator of the issuer has its clients and APIs, and no keys', async () => {
		const operator = await newOperator('issuer_admin');
		const context = await suite.context.browser().newContext();
		context.setDefaultTimeout(h.PATIENCE);
		const page = await context.newPage();
		await signIn(page, operator.subject);
		await prove(page, operator);
		await page.getByRole('navigation').getByRole('link', { name: 'Clients' }).click();
		assert.equal(await page.getByRole('navigation').getByRole('link', { name: 'Keys' }).count(), 0);
		await page.getByRole('link', { name: 'New client' }).click();
		const id = h.unique('tenant');
		await field('Client id', page).fill(id);
		await field('Type', page).selectOption('public');
		await button('Register it', page).click();
		await page.getByRole('heading', { level: 1, name: id }).waitFor();
		await page.getByText('No request has named another one lately.').waitFor();
		await button('Delete', page).click();
		await button('Delete it', page).click();
		await page.getByRole('heading', { level: 1, name: 'Clients' }).waitFor();
		await context.close();
		await h.value('SELECT pgtoken.delete_console_operator($1)', operator.subject);
	});
});
