// examples/postgrest-app in Chromium, with PostgREST or its stand-in (../http/README.md).
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, test } from 'node:test';

import { launch } from '../http/browser.mjs';
import { startPostgrest } from '../http/layers/postgrest.mjs';
import { freePorts } from '../http/programs.mjs';
import { env, familyOf, folder, generationOf, isRevoked, longTokens, revoke, shortTokens, sql, sqlFile, started, tokens } from './service.mjs';

await sqlFile(join(folder('postgrest-app'), 'setup.sql'));
const [port] = await freePorts(1);
const POSTGREST_URL = `http://127.0.0.1:${port}`;
const postgrest = await startPostgrest('postgrest-api.conf', { env, port, settings: { PGRST_DB_SCHEMAS: 'board', PGRST_JWT_AUD: env.RESOURCE } });
after(() => postgrest.stop());
const base = await started('postgrest-app', () => ({ command: process.execPath, args: ['serve.js'], ready: 'listening on', variables: { POSTGREST_URL } }));
await sql`SELECT pgtoken.update_client('browser-app', metadata => jsonb_build_object('post_logout_redirect_uris', jsonb_build_array(${`${base}/`}::text)))`;

const browser = await launch();
after(() => browser.close());
const page = await browser.newPage();
const faults = [];
page.on('pageerror', (error) => faults.push(error.message));
// what Chromium says of answers that are meant to be refused is no fault
page.on('console', (message) => { if (message.type() === 'error' && !/status of 4\d\d/.test(message.text())) faults.push(message.text()); });

const tasks = () => page.locator('#tasks li').allInnerTexts();
const inside = () => page.locator('#inside').waitFor();
const outside = () => page.locator('#outside').waitFor();
const task = (title) => page.locator('#tasks li', { hasText: title }).waitFor();
const call = (method, path, token, content) => fetch(`${POSTGREST_URL}${path}`, { method, body: content && JSON.stringify(content),
	headers: { ...(token && { authorization: `Bearer ${token}` }), 'content-type': 'application/json', prefer: 'return=representation' } });

test('signs in, and shows the rows of its user and of nobody else', async () => {
	await page.goto(base);
	await page.locator('#sign-in').click();
	await page.locator('#name').fill(env.DEMO_LOGIN);
	await page.locator('#password').fill(env.DEMO_PASSWORD);
	await page.locator('main form[action="/login"] button.primary').click();
	const consent = page.locator('form[action="/consent"] button[value="allow"]');
	await Promise.race([consent.waitFor().then(() => consent.click()), inside()]);
	await task('water the plants');
	assert.equal(await page.locator('#name').innerText(), 'user-1');
	assert.ok(!(await tasks()).some((text) => text.includes('somebody else')));
	assert.equal(new URL(page.url()).search, '', 'and no code is left in the address');
});
test('Attack shut out: a script in the page finds no token in any storage, cookie or variable', async () => {
	const found = await page.evaluate(async () => JSON.stringify([{ ...localStorage }, { ...sessionStorage }, document.cookie, await indexedDB.databases(), Object.keys(window)]));
	assert.doesNotMatch(found, /eyJ|pgt[a-z]{2}_/);
});
test('adds a row, and changes it', async () => {
	await page.locator('input[name="title"]').fill('read the mail');
	await page.locator('#add button').click();
	await task('read the mail');
	await page.locator('#tasks li', { hasText: 'read the mail' }).locator('input').check();
	while (await sql`SELECT done FROM board.tasks WHERE title = 'read the mail' AND subject = 'user-1'` !== 't') await new Promise((later) => { setTimeout(later, 50); });
});
test('loaded again it is signed in without a question, and refreshes', async () => {
	await shortTokens();
	await page.reload();
	await inside();
	await task('read the mail');
	const family = await familyOf('browser-app');
	while (await generationOf(family) < 1) await new Promise((later) => { setTimeout(later, 50); });
});
test('Attack shut out: rows of others, whatever is asked, with a token of one\'s own', async () => {
	const { access_token: token } = await tokens({ scope: 'openid notes:read' });
	const rows = await (await call('GET', '/tasks', token)).json();
	assert.ok(rows.length > 0 && rows.every(({ subject }) => subject === 'user-1'));
	assert.deepEqual(await (await call('GET', '/tasks?subject=eq.user-2', token)).json(), []);
	// a token without the scope writes nothing, and nobody's token says whose a row is
	assert.equal((await call('POST', '/tasks', token, { title: 'x' })).status, 403);
	assert.deepEqual(await (await call('PATCH', '/tasks?subject=eq.user-1', token, { done: true })).json(), []);
	assert.equal((await call('POST', '/tasks', token, { title: 'x', subject: 'user-2' })).status, 403);
	assert.equal((await call('GET', '/tasks')).status, 401);
});
test('a session that was revoked elsewhere is over', async () => {
	await revoke(await familyOf('browser-app'));
	await page.locator('input[name="title"]').fill('too late');
	await page.locator('#add button').click();
	await outside();
	assert.equal(await sql`SELECT count(*) FROM board.tasks WHERE title = 'too late'`, '0');
	await longTokens();
});
test('signs out, here and at the login page', async () => {
	await page.locator('#sign-in').click();
	await inside();
	const family = await familyOf('browser-app');
	await page.locator('#sign-out').click();
	await page.locator('form[action="/logout"] button[value="allow"]').click();
	await page.waitForURL(`${base}/`);
	await outside();
	assert.ok(await isRevoked(family));
	await page.locator('#sign-in').click();
	await page.locator('#password').waitFor();
	assert.deepEqual(faults, []);
});
