// What the tests in a browser have in common: headless Chromium, a page for each
// of them, and that none of them prints what is secret.
import { existsSync } from 'node:fs';
import { env } from 'node:process';
import { after, afterEach, before, beforeEach, it as test } from 'node:test';

import { chromium } from 'playwright-core';

import { PATIENCE } from './harness.mjs';

const executablePath = env.CHROMIUM || '/usr/bin/chromium';

/** as describe and it take it */
export const skip = !existsSync(executablePath) && 'there is no Chromium';

/** without its sandbox, which needs privileges that neither root nor a container may have */
export const launch = () => chromium.launch({ executablePath, timeout: PATIENCE, args: ['--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage'] });

/** gives each test of the surrounding describe a page and its context, in one browser that the tests share */
export function freshPages(take) {
	let browser;
	let context;

	before(async () => {
		browser = await launch();
	});
	after(() => browser?.close());
	beforeEach(async () => {
		context = await browser.newContext();
		const page = await context.newPage();
		page.setDefaultTimeout(PATIENCE);
		take(page, context);
	});
	afterEach(() => context.close());
}

/**
 * As freshPages, at a third of the cost: one page for all tests, which forgets its cookies between them.
 * For tests that leave nothing else in it: no listeners, routes, or pages beside it.
 */
export function samePage(take) {
	let browser;
	let page;

	before(async () => {
		browser = await launch();
		page = await (await browser.newContext()).newPage();
		page.setDefaultTimeout(PATIENCE);
	});
	after(() => browser?.close());
	beforeEach(() => take(page, page.context()));
	afterEach(async () => {
		await page.goto('about:blank');
		await page.context().clearCookies();
		await page.context().setExtraHTTPHeaders({});
	});
}

/**
 * A test.  The browser's own account of what failed names the addresses it went to,
 * and there are transactions and codes in their queries.
 */
export const it = (name, clicks) => test(name, async () => {
	try {
		await clicks();
	} catch (error) {
		for (const text of ['message', 'stack']) error[text] = String(error[text]).replace(/\b([\w-]+)=[^&\s"'<>]+/g, '$1=…');
		throw error;
	}
});
