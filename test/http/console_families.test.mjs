// The console's pages find, family and why: what is pasted and leaves the browser, the
// lineage as it is drawn, the end of a family, and a refusal with its evidence.
import assert from 'node:assert/strict';
import { before } from 'node:test';

import { consoleUrl, describeConsole, it } from './console.mjs';
import * as h from './harness.mjs';

const EVIL = '<img src=x onerror="document.title=1">';
const HOME = { ip: '198.51.100.1', user_agent: 'Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0' };

describeConsole('find, family and why', (c) => {
	const subject = h.unique('subject');
	let client;
	/** with a past: a retry from elsewhere, a refusal, a reuse */
	let past;
	/** that lives, and its refresh token */
	let living;

	const issue = async () => (await h.rows(`SELECT grant_id, refresh_token, access_token, id_token FROM pgtoken.issue_tokens($1, $2, 'openid offline_access', session_id => $2 || '-session', context => $3)`,
		client.id, subject, HOME))[0];
	const refresh = async (token, context = HOME, scope = null) => (await h.rows('SELECT error, refresh_token FROM pgtoken.refresh_grant($1, $2, scope => $3, context => $4)', token, client.id, scope, context))[0];
	const entries = () => c.page.locator('.entries > li');

	before(async () => {
		client = await h.publicClient({ name: EVIL });
		past = await issue();
		const first = await refresh(past.refresh_token);
		await refresh(past.refresh_token, { ...HOME, ip: '198.51.100.9' });
		await refresh(first.refresh_token, HOME, 'profile');
		await refresh(first.refresh_token, { ip: '198.51.100.1', user_agent: EVIL });
		assert.equal((await refresh(past.refresh_token, { ip: '203.0.113.66', user_agent: 'curl/8.5.0' })).error, 'invalid_grant');
		living = await issue();
		for (let i = 0; i < 60; i++) Object.assign(living, await refresh(living.refresh_token));
	});

	// Attack shut out: a token that somebody pastes is in a request, an address or a log
	it('sends of a token that is pasted its id alone', async () => {
		const sent = [];
		const listener = (request) => sent.push(request.url(), request.postData() ?? '');
		c.page.on('request', listener);
		for (const [name, token, what] of [
			['a refresh token', past.refresh_token, 'a refresh token'],
			['a header', `Authorization: Bearer ${past.access_token}`, 'an access token'],
			['an answer', JSON.stringify({ access_token: past.access_token, refresh_token: past.refresh_token }), 'a refresh token'],
		]) {
			await c.open('/find');
			const box = c.page.getByRole('textbox', { name: 'Whatever you have at hand' });
			await box.fill(token);
			await c.page.getByText(`Taken for ${what}`).waitFor();
			await box.press('Enter');
			await c.page.waitForURL((url) => url.hash === `#/families/${past.grant_id}/0`);
			await entries().first().waitFor();
			assert.equal(await c.page.locator('.entry.marked').count(), 1, `${name} leads to its generation`);
		}
		// nor from an address, nor from the fields of another page
		const box = c.page.getByRole('textbox', { name: 'Whatever you have at hand' });
		const secret = `pgtcs_${'s'.repeat(43)}`;
		await c.open('/find');
		for (const [text, what] of [
			[past.refresh_token.slice(0, 6 + 65), 'a refresh token, cut or changed'],
			[secret, 'the secret of a client'],
			[`CLIENT_SECRET=${secret}`, 'the secret of a client'],
			['eyJhbGciOiJSU0EtT0FFUCJ9.a2V5a2V5.aXY.dGV4dA.dGFn', 'a token that cannot be read'],
		]) {
			await box.fill(text);
			await c.page.getByText(`Taken for ${what}: there is nothing in it to be found by.`).waitFor();
			await box.press('Enter');
			assert.equal(new URL(c.page.url()).hash, '#/find');
		}
		for (const text of [`https://app.example/callback?code=x#refresh_token=${past.refresh_token}&state=y`, `curl -H 'Authorization: DPoP ${past.access_token}' https://api.example/`]) {
			await box.fill(text);
			await c.page.getByText('and nothing else of it').waitFor();
		}
		await c.open('/audit');
		for (const text of [past.access_token, secret]) {
			await c.page.getByRole('textbox', { name: 'Subject' }).fill(text);
			await c.page.getByRole('button', { name: 'Find', exact: true }).click();
			await c.page.getByText('It was not sent.').waitFor();
			await c.page.getByRole('textbox', { name: 'Subject' }).fill('');
			await c.page.getByRole('button', { name: 'Find', exact: true }).click();
			await c.page.getByText('It was not sent.').waitFor({ state: 'detached' });
		}
		await c.page.goto(`${consoleUrl}#/find/${past.refresh_token}`);
		await c.page.waitForURL((url) => url.hash === `#/families/${past.grant_id}/0`);
		await c.open('/why');
		await c.page.getByRole('textbox', { name: 'Family' }).fill(past.refresh_token);
		await c.page.getByRole('button', { name: 'Show' }).click();
		await c.page.waitForURL((url) => url.hash === `#/why/family/${past.grant_id}`);
		await c.open('/find');
		await c.page.getByRole('textbox', { name: 'Whatever you have at hand' }).fill(past.id_token);
		await c.page.getByRole('button', { name: 'Find' }).click();
		await c.page.waitForURL((url) => decodeURIComponent(url.hash) === `#/find/${subject}-session`);
		await c.page.getByRole('tab', { name: 'Families of the session' }).waitFor();
		assert.ok(!(await c.page.content()).includes(past.id_token), 'and does not stay on the page');
		c.page.off('request', listener);
		assert.ok(sent.some((text) => text.includes('text')), 'something was sent');
		for (const one of [past.refresh_token, past.refresh_token.slice(6, 60), past.id_token, secret]) assert.ok(!sent.some((text) => text.includes(one)), 'and nothing of it was a token');
		assert.ok(!sent.some((text) => text.includes(past.access_token.split('.')[1])));
	});

	it('finds by subject, client and address', async () => {
		await c.open(`/find/${encodeURIComponent(subject)}`);
		await c.page.getByRole('row').filter({ hasText: 'refresh_token_reuse' }).waitFor();
		assert.equal(await c.page.getByRole('row').count(), 3, 'both families, and the heading');
		await c.axe('what was found');
		await c.open(`/find/${encodeURIComponent(client.id)}`);
		await c.page.getByRole('tab', { name: 'Families of the client' }).waitFor();
		await c.page.getByRole('row').filter({ hasText: subject }).first().waitFor();
		await c.open('/find/203.0.113.66');
		await c.page.getByRole('row').filter({ hasText: subject }).filter({ hasText: 'refresh.reuse' }).waitFor();
		await c.open('/find/nobody%2F%25%3F%23');
		await c.page.getByText('Nothing is called nobody/%?#').waitFor();
	});

	it('draws the lineage', async () => {
		await c.open(`/families/${past.grant_id}`);
		await entries().nth(6).waitFor();
		assert.deepEqual(await c.page.locator('.entry-what').allInnerTexts(),
			['Reuse of 0', 'Revoked: refresh token reuse', 'Refreshed 1 → 2', 'Refused 1: scope not granted', 'Answered again 0 → 1', 'Refreshed 0 → 1', 'Issued generation 0']);
		const marks = (name) => c.page.locator(`.graph ${name}`).count();
		assert.deepEqual([await marks('.generation'), await marks('.mark.retry'), await marks('.branch.refusal'), await marks('.branch.reuse'), await marks('.mark.revoke')], [3, 1, 1, 1, 1]);
		// Attack shut out: what a client sends as its name or its user agent becomes markup
		assert.match(await entries().nth(2).innerText(), /<img/);
		assert.ok((await c.page.getByRole('main').innerText()).includes(`at ${EVIL}`));
		assert.equal(await c.page.locator('main img').count(), 0);
		await c.axe('a family');
		// as a table, by the keyboard
		await c.page.getByRole('tab', { name: 'Drawing' }).press('ArrowRight');
		assert.equal(await c.page.getByRole('table', { name: 'Lineage' }).getByRole('row').count(), 8);
	});

	it('follows it, and shows a window of a long one', async () => {
		await c.open(`/families/${living.grant_id}`);
		await c.page.getByText('Refreshed 59 → 60').waitFor();
		await refresh(living.refresh_token, { ip: '203.0.113.7' });
		await c.page.getByText('Refreshed 60 → 61').waitFor();
		await c.page.getByText('1 new entry').waitFor();
		assert.equal(await entries().count(), 51);
		await c.page.getByRole('button', { name: 'Older' }).click();
		await c.page.getByText('Issued generation 0').waitFor();
		assert.equal(await entries().count(), 62);
		await c.page.getByRole('textbox', { name: 'Go to generation' }).fill('12');
		await c.page.getByRole('button', { name: 'Go', exact: true }).click();
		await c.page.locator('.entry.marked').getByText('Refreshed 11 → 12').waitFor();
		assert.equal(await entries().count(), 13);
	});

	it('says why, with the evidence', async () => {
		await c.open(`/families/${past.grant_id}`);
		await c.page.getByRole('button', { name: 'Reuse of 0' }).click();
		await c.page.getByRole('dialog').getByRole('link', { name: 'Why?' }).click();
		await c.page.getByText('A refresh token that was already exchanged came again').waitFor();
		await c.page.getByText('generation 2 was current').waitFor();
		const contexts = c.page.getByRole('table', { name: 'The context of the answer before' });
		assert.match(await contexts.getByRole('row', { name: /^user agent/ }).innerText(), /<img src=x.*curl/s);
		assert.deepEqual((await c.page.locator('.clock-what').allInnerTexts()).slice(0, 5),
			['The family began', 'The token was issued', 'The token was exchanged for its successor', 'The request came', 'The family was ended']);
		await c.axe('why');
		await c.page.getByRole('link', { name: 'All refusals' }).click();
		await c.page.getByRole('textbox', { name: 'Family' }).fill(past.grant_id);
		await c.page.getByRole('button', { name: 'Show' }).click();
		await c.page.getByRole('link', { name: /A scope was not granted/ }).waitFor();
		assert.equal(await c.page.getByRole('row').count(), 3);
		await c.axe('the refusals');
		await c.page.getByRole('tab', { name: 'Last requests' }).click();
		await c.page.getByRole('row').filter({ hasText: 'profile' }).filter({ hasText: 'openid offline_access' }).first().waitFor();
	});

	it('ends a family after a step-up, and blocks its subject', async () => {
		await c.stale();
		await c.open(`/families/${living.grant_id}`);
		await c.page.getByRole('button', { name: 'End this family' }).click();
		const dialog = c.page.getByRole('dialog', { name: 'End this family?' });
		await dialog.getByRole('textbox', { name: 'Reason' }).fill(EVIL);
		await dialog.getByRole('button', { name: 'End it' }).click();
		await c.prove();
		await c.page.getByText('The family has ended.').waitFor();
		await c.page.getByText(`Revoked: ${EVIL}`).waitFor();
		assert.equal((await h.family(living.grant_id)).revoke_reason, EVIL);
		assert.deepEqual(await h.rows(`SELECT detail ->> 'function' AS function FROM pgtoken.audit_events WHERE event = 'console.called' AND subject = $1`, c.operator.subject), [{ function: 'end_family' }]);
		await c.page.getByRole('button', { name: 'Block the subject' }).click();
		await c.page.getByRole('dialog').getByRole('button', { name: 'Block' }).click();
		await c.page.getByText('The subject is blocked since').waitFor();
		assert.equal(await h.value('SELECT count(*)::integer FROM pgtoken.blocked_subjects WHERE subject = $1', subject), 1);
		await c.page.getByRole('button', { name: 'Unblock the subject' }).click();
		await c.page.getByRole('dialog').getByRole('button', { name: 'Unblock' }).click();
		await c.page.getByText('The subject is let in again.').waitFor();
	});
});
