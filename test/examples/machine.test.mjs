// examples/machine: a client that proves itself by a key.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';

import { run } from '../http/programs.mjs';
import { env, folder, issuer, sql, sqlFile } from './service.mjs';

const directory = mkdtempSync(join(tmpdir(), 'pgt-machine-'));
after(() => rmSync(directory, { recursive: true }));
const options = (key) => ({ cwd: folder('machine'), env: { ...env, ISSUER: issuer, KEY_FILE: join(directory, key) } });
const keyOf = (key) => run(process.execPath, ['key.js'], options(key));
const machine = (key) => run(process.execPath, ['main.js'], options(key));
/** it ends with an error, and says only its name */
const refused = async (key) => assert.rejects(run(process.execPath, ['main.js'], { ...options(key), stdio: ['ignore', 'pipe', 'ignore'] }));
const register = (jwks) => sqlFile(join(folder('machine'), 'register.sql'), { jwks: JSON.stringify(jwks) });

const NOTES = /^The machine's notes: the first note of client:machine\b.*\n$/;
await sql`INSERT INTO api.note (subject, text) VALUES ('client:machine', 'the first note of client:machine')`;

let first;
test('its private key stays with it', async () => {
	first = JSON.parse(await keyOf('first'));
	assert.ok(!('d' in first.keys[0]));
	assert.equal(statSync(join(directory, 'first')).mode & 0o777, 0o600);
});
test('calls the API in its own name', async () => {
	await register(first);
	assert.match(await machine('first'), NOTES);
});
test('Attack shut out: whoever knows the client, and has another key', async () => {
	await keyOf('other');
	await refused('other');
});
test('gets a new key beside the old one, and then instead of it', async () => {
	const second = JSON.parse(await keyOf('second'));
	await register({ keys: [...first.keys, ...second.keys] });
	for (const key of ['first', 'second']) assert.match(await machine(key), NOTES);
	await register(second);
	await refused('first');
	assert.match(await machine('second'), NOTES);
});
test('disabled, it gets no token any more', async () => {
	await sql`SELECT pgtoken.update_client('machine', enabled => false)`;
	await refused('second');
	await sql`SELECT pgtoken.update_client('machine', enabled => true)`;
});
