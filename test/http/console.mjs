// What the tests of the console have in common: an operator, a browser that is signed in
// as he is, and what each page owes to readers.  One browser and one sign-in a file.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, afterEach, before, describe } from 'node:test';

import { it, launch, skip } from './browser.mjs';
import * as h from './harness.mjs';

export { it, skip };

export const consoleUrl = `${h.issuer}/oauth2/console/`;

const axe = readFileSync(new URL(import.meta.resolve('axe-core/axe.min.js')), 'utf8');

/** {subject, factorId, code(): of his authenticator app, one that was not used yet} */
export async function newOperator(access = 'admin') {
	const subject = h.unique('operator');
	const { factor_id: factorId, secret } = await h.value('SELECT pgtoken.create_console_operator($1, $2)', subject, access);
	return { subject, factorId, code: () => unused(factorId, () => h.totp(secret, 0)) };
}

/** a code counts once, and the next one takes half a minute */
export async function unused(factorId, code) {
	await h.rows('UPDATE pgtoken.factors SET counter = -1 WHERE factor_id = $1', factorId);
	return code();
}

/** the proof of a factor gets older than what a change asks for */
export const ageProof = (operator) => h.rows('UPDATE pgtoken.challenges SET completed_at = completed_at - interval \'1 hour\' WHERE subject = $1', operator.subject);

/** whatever a page says that it should not: what its policy refused, what it threw */
export function listen(page) {
	const said = [];
	page.on('pageerror', (error) => said.push(error.message));
	page.on('console', (message) => {
		// an answer that is no 2xx is told there, too
		if (message.type() === 'error' && !message.text().startsWith('Failed to load resource')) said.push(message.text());
	});
	return said;
}

/** by the code flow, past the login page; ends where the console asks for a factor. here: at the page that is open */
export async function signIn(page, subject, { here = false } = {}) {
	if (!here) await page.goto(consoleUrl);
	// the login page may know somebody by its cookie; the console has none
	await page.context().clearCookies();
	await page.getByRole('button', { name: 'Sign in' }).click();
	await page.waitForURL((url) => url.href.startsWith(`${h.loginUrl}/login`));
	const { redirect_uri: uri, error } = await h.approve(new URL(page.url()).searchParams.get('transaction_id'), { subject });
	assert.ok(uri, `approved, and not ${error}`);
	await page.goto(uri);
}

/** answers the dialog that asks for a factor, with the code of the app */
export async function prove(page, operator) {
	const dialog = page.getByRole('dialog', { name: 'Prove that it is you' });
	await dialog.getByRole('textbox').fill(await operator.code());
	await dialog.getByRole('button', { name: 'Continue' }).click();
	await dialog.waitFor({ state: 'detached' });
}

// of what axe finds this changes with the theme; the rest is told in light
const BY_THEME = { runOnly: ['color-contrast', 'link-in-text-block'] };

/** nothing that has to be scrolled sideways, and no control of the page, or of the dialog over it, over another */
async function checkFit(page, what, width) {
	await page.setViewportSize({ width, height: 900 });
	// what is drawn for a width is drawn anew
	await page.evaluate(() => new Promise((drawn) => { requestAnimationFrame(() => requestAnimationFrame(drawn)); }));
	const found = await page.evaluate(() => {
		const { scrollWidth, clientWidth } = document.documentElement;
		const controls = [...(document.querySelector('dialog[open]') ?? document.querySelector('main')).querySelectorAll('input, select, textarea, button')].filter((control) => control.checkVisibility()).map((control) => [control.name || control.textContent, control.getBoundingClientRect()]);
		const over = controls.flatMap(([one, a], i) => controls.slice(i + 1)
			.filter(([, b]) => Math.min(a.right, b.right) - Math.max(a.left, b.left) > 1 && Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top) > 1).map(([another]) => `${one} and ${another}`));
		return { wider: scrollWidth - clientWidth, over };
	});
	assert.deepEqual(found, { wider: 0, over: [] }, `${what} fits ${width} pixels`);
}

/** nothing for axe to find, in light and dark, at 390 and 1440 pixels; and it fits */
export async function checkAxe(page, what = 'the page') {
	if (!await page.evaluate(() => 'axe' in window)) await page.evaluate(axe);
	for (const width of [1024, 1280]) await checkFit(page, what, width);
	for (const width of [390, 1440]) {
		await checkFit(page, what, width);
		for (const colorScheme of ['light', 'dark']) {
			await page.emulateMedia({ colorScheme });
			const found = await page.evaluate(async (rules) => (await globalThis.axe.run(document, { resultTypes: ['violations'], ...rules })).violations
				.map(({ id, help, nodes }) => `${id} (${help}): ${nodes.map(({ target }) => target.join(' ')).join(', ')}`), colorScheme === 'dark' ? BY_THEME : {});
			assert.deepEqual(found, [], `${what} in ${colorScheme} at ${width}`);
		}
	}
}

/**
 * A describe whose tests share a browser, a context and a page that is signed in as an
 * operator of this access.  tests is called with the suite:
 *   page, context, operator     once a test runs
 *   open(path)                  goes to a page of the console: '/clients'; waits for its heading and data
 *   prove()                     the dialog, answered
 *   stale()                     the proof that there is is too old for a change
 *   axe(what)                   see checkAxe
 */
export function describeConsole(name, tests, { access = 'admin' } = {}) {
	describe(name, { skip }, () => {
		const suite = {};
		let browser;
		let said;

		before(async () => {
			browser = await launch();
			suite.operator = await newOperator(access);
			suite.context = await browser.newContext({ permissions: ['clipboard-read', 'clipboard-write'] });
			suite.context.setDefaultTimeout(h.PATIENCE);
			suite.page = await suite.context.newPage();
			said = listen(suite.page);
			await signIn(suite.page, suite.operator.subject);
			await prove(suite.page, suite.operator);
			await suite.page.getByRole('navigation').waitFor();
		});
		after(async () => {
			await browser?.close();
			if (suite.operator) await h.value('SELECT pgtoken.delete_console_operator($1)', suite.operator.subject);
		});
		afterEach(() => assert.deepEqual(said.splice(0), [], 'the page says nothing that it should not'));

		suite.open = async (path) => {
			await suite.page.goto(`${consoleUrl}#${path}`);
			await suite.page.getByRole('heading', { level: 1 }).waitFor();
			await suite.page.locator('.loading').first().waitFor({ state: 'detached' });
		};
		suite.prove = () => prove(suite.page, suite.operator);
		suite.stale = () => ageProof(suite.operator);
		suite.axe = (what) => checkAxe(suite.page, what);
		tests(suite);
	});
}
