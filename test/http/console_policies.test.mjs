// The console's pages about policies, the audit, its seals and storage, in Chromium: what
// they are for, what a person types wrongly, and text of the database that would be markup.
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { before } from 'node:test';

import { describeConsole, it } from './console.mjs';
import * as h from './harness.mjs';

const MARKUP = '<img src=x onerror=document.title=1>';
// the second where a spreadsheet takes semicolons for commas
const FORMULA = '=HYPERLINK("https://evil.example","x"); =1+1';

describeConsole('policies, audit, seals and storage in the console', (suite) => {
	const policy = h.unique('nets');
	const client = h.unique('desk');
	const button = (name, from = suite.page) => from.getByRole('button', { name, exact: true });
	const dialog = (name) => suite.page.getByRole('dialog', { name });
	const state = async (version) => h.value('SELECT state FROM pgtoken.policies WHERE policy = $1 AND version = $2', policy, version);
	const refresh = (token, ip) => h.value(`SELECT decision FROM pgtoken.refresh_grant($1, context => jsonb_build_object('ip', $2::text, 'user_agent', $3::text))`, token, ip, MARKUP);
	const tokens = [];
	/** nothing that is stored has become an element */
	const assertText = async (...texts) => {
		assert.equal(await suite.page.locator('main img').count(), 0);
		for (const text of texts) assert.ok(await suite.page.getByText(text).count() > 0, `${text} is shown as text`);
	};

	before(async () => {
		await h.value(`SELECT (pgtoken.create_client($1, 'public', '{read}', offline_access => true)).client_id`, client);
		for (const subject of [MARKUP, FORMULA]) {
			tokens.push(await h.value(`SELECT refresh_token FROM pgtoken.issue_tokens($1, $2, 'offline_access read', context => '{"ip": "192.0.2.1"}')`, client, subject));
		}
		assert.equal(await refresh(tokens[0], '203.0.113.9'), 'allow');
	});

	it('a draft: by a form, with what was wrong beside its field, and as JSON', async () => {
		const { page } = suite;
		await suite.open('/policies');
		await page.getByRole('link', { name: 'New policy' }).click();
		await page.getByLabel('Name').fill(policy);
		await page.getByLabel('It fires when').selectOption('address_in');
		await page.getByText('the address is in one of these networks').waitFor();
		await page.getByLabel('networks').fill('203.0.113.9/24');
		await page.getByLabel('Then').selectOption('deny');
		await page.getByLabel('Clients').fill(client);
		await button('Save the draft').click();
		const wrong = page.getByText(/^networks must be an array/);
		await wrong.first().waitFor();
		assert.equal(await page.evaluate(() => document.activeElement.getAttribute('aria-invalid')), 'true', 'the field has the focus');
		await suite.axe('the form with an error');
		await page.getByRole('tab', { name: 'As JSON' }).click();
		const json = page.getByRole('textbox', { name: 'Rules' });
		assert.deepEqual(JSON.parse(await json.inputValue()), [{ rule: 'address_in', outcome: 'deny', networks: ['203.0.113.9/24'] }]);
		await json.fill('[{');
		await page.getByRole('tab', { name: 'Rules by a form' }).click();
		assert.equal(await json.getAttribute('aria-invalid'), 'true', 'what is no JSON stays');
		await json.fill('[{"rule": "address_in", "outcome": "deny", "networks": ["203.0.113.0/24"]}]');
		await page.getByRole('tab', { name: 'Rules by a form' }).click();
		assert.equal(await page.getByLabel('networks').inputValue(), '203.0.113.0/24');
		await button('Add a rule').click();
		await page.getByRole('group', { name: 'Rule 2' }).getByLabel('It fires when').selectOption('outside_hours');
		await button('Remove rule 2').click();
		await button('Save the draft').click();
		await page.getByRole('heading', { level: 1, name: policy }).waitFor();
		assert.equal(await state(1), 'draft');
		assert.deepEqual(await h.value('SELECT client_ids FROM pgtoken.policies WHERE policy = $1', policy), [client]);
	});

	it('simulated on what is recorded: what would have come out otherwise, and which requests', async () => {
		const { page } = suite;
		await button('Simulate').click();
		const result = page.getByRole('group', { name: 'Result of the simulation' });
		await result.getByText('1 request judged, 1 would have come out stricter and 0 looser').waitFor();
		const example = result.getByRole('region', { name: 'Examples of requests that would have come out otherwise' }).getByRole('row').filter({ hasText: MARKUP });
		assert.match(await example.textContent(), /allow.*deny.*1 address_in/);
		await assertText(MARKUP);
		await suite.axe('a policy, simulated');
		await example.getByRole('link', { name: 'Event' }).click();
		await page.getByRole('heading', { level: 1, name: 'token.refreshed' }).waitFor();
		await assertText(MARKUP);
		await page.goBack();
	});

	it('put in force with a factor, tried in the shadow, rolled back, switched off', async () => {
		const { page } = suite;
		await suite.stale();
		await button('Activate version 1').click();
		await suite.axe('the question before it');
		await button('Activate', dialog('Put version 1 in force?')).click();
		await suite.prove();
		await page.getByText('Version 1 decides', { exact: true }).waitFor();
		assert.equal(await state(1), 'active');
		assert.equal(await button('Roll back').count(), 0, 'there is nothing to go back to');
		assert.equal(await refresh(tokens[1], '203.0.113.7'), 'deny');

		await page.getByRole('link', { name: 'New version' }).click();
		await page.getByLabel('networks').fill('198.51.100.0/24\n2001:db8::/32');
		await button('Save the draft').click();
		await button('Version 2 into the shadow').click();
		await button('Into the shadow', dialog('Try version 2 in the shadow?')).click();
		await page.getByText('Version 1 decides, version 2 is in the shadow').waitFor();
		assert.equal(await button('Roll back').count(), 0, 'what is in the shadow never decided');
		await button('Activate version 2').click();
		const question = dialog('Put version 2 in force?');
		assert.match(await question.getByRole('row').filter({ hasText: 'rule 1' }).textContent(), /203\.0\.113\.0\/24.*198\.51\.100\.0\/24, 2001:db8::\/32/);
		await button('Activate', question).click();
		await page.getByText('Version 2 decides', { exact: true }).waitFor();
		await button('Roll back').click();
		await dialog('Roll back?').getByText('Version 2 retires, and version 1, which decided before, decides again.').waitFor();
		await button('Roll back', dialog('Roll back?')).click();
		await page.getByText('Version 1 decides', { exact: true }).waitFor();
		assert.deepEqual([await state(1), await state(2)], ['active', 'retired']);
		await page.getByRole('region', { name: 'Rules that fired' }).getByText('1 address_in').waitFor();
		await button('Switch off').click();
		await button('Switch off', dialog(`Switch ${policy} off?`)).click();
		await page.getByText('No version decides', { exact: true }).waitFor();
		await suite.open('/policies');
		await suite.axe('the policies');
		assert.match(await page.getByRole('row').filter({ hasText: policy }).textContent(), /off/);
	});

	it('the audit, by filters; an event whole', async () => {
		const { page } = suite;
		await suite.open('/audit');
		await page.getByRole('textbox', { name: 'Event' }).fill('refresh.*');
		await page.getByLabel('Client').fill(client);
		await button('Find').click();
		const events = page.getByRole('region', { name: 'Events' }).getByRole('table');
		await events.getByText('policy_denied').waitFor();
		assert.equal(await events.getByRole('row').count(), 2, 'the head and one event');
		await suite.axe('the audit');
		await page.getByRole('textbox', { name: 'Event' }).fill('');
		await page.getByLabel('Address').fill('203.0.113.0/28');
		await button('Find').click();
		await events.getByText('token.refreshed').waitFor();
		assert.equal(await events.getByRole('row').count(), 3);
		await assertText(MARKUP);
		await page.getByLabel('Address').fill('home');
		await button('Find').click();
		await page.getByText('address must be an IPv4 or IPv6 address or network').waitFor();
		await page.getByLabel('Address').fill('203.0.113.0/28');
		await button('Find').click();
		await events.getByRole('link', { name: 'refresh.denied' }).click();
		await page.getByRole('cell', { name: 'ip 203.0.113.7 is in the rule\'s networks' }).waitFor();
		await assertText(MARKUP);
		await suite.axe('an event');
	});

	// what the user's answer had leads to the event, and the event to all of its request and trace
	it('an event, by the X-Request-Id of an answer and by its trace', async () => {
		const { page } = suite;
		const token = await h.value(`SELECT refresh_token FROM pgtoken.issue_tokens($1, 'asks', 'offline_access read')`, client);
		const trace = randomBytes(16).toString('hex');
		const answer = await h.exchange('POST', '/oauth2/token', {
			headers: ['Content-Type', 'application/x-www-form-urlencoded', 'traceparent', `00-${trace}-00f067aa0ba902b7-01`],
			body: `grant_type=refresh_token&client_id=${client}&refresh_token=${token}&scope=unknown`,
		});
		const [request] = answer.all('X-Request-Id');
		await suite.open('/find');
		await page.getByRole('textbox', { name: 'Whatever you have at hand' }).fill(request);
		await page.getByText('Taken for an id').waitFor();
		await button('Find').click();
		const events = page.getByRole('region', { name: 'Events' }).getByRole('table');
		await events.getByRole('link', { name: 'refresh.refused' }).click();
		await page.getByRole('link', { name: 'Events of this trace' }).click();
		await page.waitForURL((url) => url.hash === `#/audit/by/trace_id/${trace}`);
		await events.getByRole('link', { name: 'refresh.refused' }).waitFor();
		assert.equal(await page.getByLabel('Trace').inputValue(), trace);
	});

	it('Attack shut out: the audit as a file, in which somebody\'s name is a formula', async () => {
		const { page } = suite;
		const save = async (name) => {
			const [download] = await Promise.all([page.waitForEvent('download'), button(name).click()]);
			await button('Close').click();
			return readFileSync(await download.path(), 'utf8');
		};
		await suite.open(`/audit/by/client_id/${encodeURIComponent(client)}`);
		const csv = await save('Export CSV');
		const lines = csv.trimEnd().split('\r\n');
		assert.match(lines[0], /^"occurred_at","event","reason","client_id","subject",/);
		assert.ok(csv.includes(`"'${FORMULA.replaceAll('"', '""').replace('; ', ';\' ')}"`), 'a spreadsheet sees a text');
		assert.ok(!/(^|[,;])\s*"?[=+@-]/m.test(csv), 'and no formula');
		const jsonl = (await save('Export JSON lines')).trimEnd().split('\n').map((line) => JSON.parse(line));
		assert.equal(jsonl.length, lines.length - 1);
		assert.ok(jsonl.some((event) => event.subject === FORMULA && event.event === 'refresh.denied' && event.context.user_agent === MARKUP && event.detail.decision));
	});

	it('seals: the last one verified', async () => {
		const { page } = suite;
		await h.value('SELECT pgtoken.create_audit_key(if_not_exists => true)');
		const number = await h.value(`SELECT pgtoken.seal_audit('for the console')`);
		await suite.open('/seals');
		await button(`Verify seal ${number}`).click();
		await page.getByRole('group', { name: 'Result of the verification' }).getByRole('row').filter({ hasText: 'as sealed' }).first().waitFor();
		await suite.axe('the seals');
	});

	it('storage: what is there, what comes next, maintenance by a button', async () => {
		const { page } = suite;
		await suite.open('/storage');
		const month = page.getByRole('region', { name: 'Months of tokens', exact: true }).getByRole('row');
		assert.ok(await month.count() >= 5, 'the default, three months, the one to be made');
		await suite.axe('storage');
		await suite.stale();
		const before = await h.value(`SELECT updated_at FROM pgtoken.maintenance WHERE task = 'partitions'`);
		await button('Run maintenance').click();
		await button('Run maintenance', dialog('Run maintenance now?')).click();
		await suite.prove();
		await page.getByRole('heading', { name: 'What maintenance did' }).waitFor();
		assert.ok(await h.value(`SELECT updated_at FROM pgtoken.maintenance WHERE task = 'partitions'`) > before);
	});

	it('an auditor is offered none of the changes', async () => {
		const { page, operator } = suite;
		await h.value(`SELECT pgtoken.update_console_operator($1, 'auditor')`, operator.subject);
		await page.reload();
		for (const [path, texts] of [['/policies', ['New policy']], [`/policies/${policy}`, ['New version', 'Simulate', 'Roll back', 'Activate version 2']], ['/storage', ['Run maintenance']]]) {
			await suite.open(path);
			for (const text of texts) assert.equal(await page.locator('main').getByText(text, { exact: true }).count() + await button(text).count(), 0, `${text} on ${path}`);
		}
		await suite.open('/new-policy');
		await page.getByText('Your access does not have this page.').waitFor();
	});
});
