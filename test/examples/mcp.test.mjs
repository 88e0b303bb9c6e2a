// examples/mcp: an agent, and the server whose URL is all that it knows.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';

import { Person } from './person.mjs';
import { env, familyOf, folder, generationOf, isRevoked, revoke } from './service.mjs';

const directory = mkdtempSync(join(tmpdir(), 'pgt-agent-'));
after(() => rmSync(directory, { recursive: true }));
const CLIENT_FILE = join(directory, 'client.json');
const kept = () => JSON.parse(readFileSync(CLIENT_FILE, 'utf8'));
const family = () => familyOf(kept().information.client_id);

/** {said, asked: how often its user was sent to the browser}, where he does as he is asked */
async function agent(...args) {
	const child = spawn(process.execPath, ['client.js', ...args], { cwd: folder('mcp'), env: { ...env, CLIENT_FILE }, stdio: ['ignore', 'pipe', 'pipe'] });
	let said = '';
	let wrong = '';
	let asked = 0;
	child.stdout.on('data', (chunk) => { said += chunk; });
	child.stderr.on('data', (chunk) => {
		wrong += chunk;
		const [, url] = /^Open (\S+)\n/m.exec(wrong) ?? [];
		if (!url) return;
		wrong = '';
		asked += 1;
		new Person().open(url).catch(() => child.kill());
	});
	const code = await new Promise((ended) => { child.once('close', ended); });
	assert.equal(code, 0, `it ends well, and not with ${wrong.split('\n').find((line) => /Error/.test(line))}`);
	return { said, asked };
}

test('from the URL to the user\'s notes: registered, signed in, with a token for this server alone', async () => {
	const { said, asked } = await agent();
	assert.match(said, /^Tools: list_notes, add_note, delete_notes\nNotes: \[.*"the first note of user-1".*\]\n$/);
	assert.equal(asked, 1);
	assert.equal(statSync(CLIENT_FILE).mode & 0o777, 0o600);
});
test('calls tools, and asks nobody again', async () => {
	assert.deepEqual(await agent('add_note', '{"text": "of an agent"}'), { said: '{"added" : "of an agent"}\n', asked: 0 });
});
test('refreshes when its token is not taken any more', async () => {
	const { tokens, ...others } = kept();
	writeFileSync(CLIENT_FILE, JSON.stringify({ ...others, tokens: { ...tokens, access_token: 'x' } }));
	assert.equal((await agent('list_notes')).asked, 0);
	assert.ok(await generationOf(await family()) >= 1);
});
test('revoked elsewhere, its user is asked again', async () => {
	await revoke(await family());
	assert.equal((await agent('list_notes')).asked, 1);
});
test('disconnected, its tokens have ended', async () => {
	const last = await family();
	await agent('disconnect');
	assert.ok(await isRevoked(last) && !existsSync(CLIENT_FILE));
});
