// examples/device: a television, and the page where its user types the code in.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';

import { run } from '../http/programs.mjs';
import { Person } from './person.mjs';
import { env, familyOf, folder, generationOf, isRevoked, issuer, revoke } from './service.mjs';

const directory = mkdtempSync(join(tmpdir(), 'pgt-tv-'));
after(() => rmSync(directory, { recursive: true }));
const TOKEN_FILE = join(directory, 'token');
const options = { cwd: folder('device'), env: { ...env, ISSUER: issuer, TOKEN_FILE } };
const tv = (...args) => run(process.execPath, ['tv.js', ...args], options);
const NOTES = /On the screen: the first note of user-1\b.*\n$/;

/** switched on, with a code on its screen: the address, which also holds the code; ended: what it has shown */
async function waiting() {
	const child = spawn(process.execPath, ['tv.js'], { ...options, stdio: ['ignore', 'pipe', 'inherit'] });
	let said = '';
	const ended = new Promise((resolve) => { child.once('close', () => resolve(said)); });
	const uri = await new Promise((resolve) => {
		child.stdout.on('data', (chunk) => {
			said += chunk;
			const [, found] = /or scan (\S+)\n/.exec(said) ?? [];
			if (found) resolve(found);
		});
	});
	return { uri, ended, stop: () => child.kill() };
}

async function connect() {
	const { uri, ended } = await waiting();
	await new Person().open(uri);
	assert.match(await ended, NOTES);
	return familyOf(env.DEVICE_CLIENT_ID);
}

let family;
test('a television has its user\'s notes when he has typed its code in', async () => {
	family = await connect();
	assert.equal(statSync(TOKEN_FILE).mode & 0o777, 0o600);
});
test('switched on again, it refreshes and asks nobody', async () => {
	assert.match(await tv(), NOTES);
	assert.ok(await generationOf(family) >= 1);
});
test('revoked elsewhere, it shows a code again', async () => {
	await revoke(family);
	const { ended, stop } = await waiting();
	stop();
	await ended;
	assert.ok(!existsSync(TOKEN_FILE));
});
test('disconnected, its tokens have ended', async () => {
	family = await connect();
	await tv('disconnect');
	assert.ok(await isRevoked(family) && !existsSync(TOKEN_FILE));
});
