// The pictures of docs/console.md: each page of the navigation, light and wide, and some
// as a telephone shows them. Not among the tests; test/tools/screenshots runs it:
//
//   SCREENSHOTS=folder node test/http/run.mjs screenshots/console
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, statSync, unlinkSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { consoleUrl, describeConsole, it } from '../console.mjs';
import * as h from '../harness.mjs';

const LARGEST = 150_000; // bytes
const folder = process.env.SCREENSHOTS;

/** pages that are opened from others: name and, once the data is there, path */
const MORE = [
	['family', async () => `/families/${await h.value('SELECT grant_id FROM pgtoken.grants WHERE subject = \'user-42\'')}`],
	['client', async () => '/clients/shop'],
	['refusal', async () => `/why/${await h.value('SELECT event_id FROM pgtoken.audit_events WHERE event = \'refresh.reuse\' ORDER BY occurred_at DESC LIMIT 1')}`],
	['event', async () => `/audit/events/${await h.value('SELECT event_id FROM pgtoken.audit_events WHERE event = \'client.created\' ORDER BY occurred_at DESC LIMIT 1')}`],
	['new-client', async () => '/new-client'],
	['policy', async () => `/policies/${await h.value('SELECT policy FROM pgtoken.policies ORDER BY created_at DESC LIMIT 1')}`],
	['new-policy', async () => '/new-policy'],
];

/** of these, how the dark theme has them */
const BY_NIGHT = ['family', 'client'];

describeConsole('pictures', (c) => {
	const take = async (name, { width = 1280, height = 720, colorScheme = 'light', from } = {}) => {
		await c.page.setViewportSize({ width, height });
		await c.page.emulateMedia({ colorScheme });
		await c.page.evaluate((heading) => {
			const at = [...document.querySelectorAll('h2')].find(({ textContent }) => textContent === heading);
			window.scrollTo(0, at ? at.getBoundingClientRect().top + window.scrollY - 24 : 0);
		}, from);
		// charts and drawings are made for the size
		await c.page.waitForTimeout(300);
		await c.page.screenshot({ path: join(folder, `${name}.png`), animations: 'disabled', caret: 'hide' });
	};

	it('are taken', async () => {
		mkdirSync(folder, { recursive: true });
		for (const name of readdirSync(folder)) unlinkSync(join(folder, name));
		execFileSync('psql', ['-X', '-q', '-f', fileURLToPath(new URL('data.sql', import.meta.url))], { stdio: ['ignore', 'ignore', 'inherit'] });
		await c.page.setViewportSize({ width: 1280, height: 720 });
		await c.page.reload();
		await c.page.getByRole('navigation').waitFor();
		const links = await c.page.getByRole('navigation').getByRole('link').evaluateAll((all) => all.map(({ hash, textContent }) => [hash.slice(1), textContent]));
		for (const [path, title] of links) {
			const name = title.toLowerCase().replaceAll(/[^a-z]+/g, '-');
			await c.open(path);
			await take(name);
			if (path !== '/') continue;
			await c.page.getByRole('tab', { name: 'Last 30 days' }).click();
			await c.page.locator('canvas').nth(1).waitFor();
			await take(`${name}-month`, { from: 'What happened' });
			await take(`${name}-phone`, { width: 390, height: 844, colorScheme: 'dark' });
		}
		for (const [name, path] of MORE) {
			await c.open(await path());
			if (await c.page.getByRole('heading', { name: 'There is no such page' }).count() > 0) continue;
			await take(name);
			if (BY_NIGHT.includes(name)) await take(`${name}-dark`, { colorScheme: 'dark' });
		}
		// the step-up
		await c.stale();
		await c.page.setViewportSize({ width: 1280, height: 720 });
		await c.open('/');
		await h.rows('DELETE FROM pgtoken.challenges WHERE subject = $1', c.operator.subject);
		await c.page.reload();
		await c.page.getByRole('dialog').waitFor();
		await take('step-up');
		await c.prove();
		// nobody is signed in
		await c.page.getByRole('button', { name: 'Sign out' }).click();
		await c.page.goto(consoleUrl);
		await c.page.getByRole('button', { name: 'Sign in' }).waitFor();
		await take('sign-in');
		for (const name of readdirSync(folder)) assert.ok(statSync(join(folder, name)).size < LARGEST, `${name} is below 150 kB`);
	});
});
