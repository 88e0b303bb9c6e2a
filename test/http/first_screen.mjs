// The first program in a README, run as it stands there.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

import * as h from './harness.mjs';

const clients = fileURLToPath(new URL('../../clients', import.meta.url));

/**
 * By somebody who has logged in and has his refresh token in a file; what it says.
 * @param language of the code block; command: [program, arguments…], the last one the file that it is written to
 */
export async function runFirstScreen(folder, language, command) {
	const client = await h.publicClient();
	const { refresh_token: first } = await h.newTokens(client);
	const [, text] = new RegExp(`^\`\`\`${language}\\n([^]*?)^\`\`\``, 'm').exec(readFileSync(join(clients, folder, 'README.md'), 'utf8'));
	const directory = mkdtempSync(join(tmpdir(), 'pgt-screen-'));
	try {
		mkdirSync(join(directory, 'node_modules'));
		symlinkSync(join(clients, 'node'), join(directory, 'node_modules/pgtoken-client'));
		writeFileSync(join(directory, 'refresh_token'), first);
		writeFileSync(join(directory, command.at(-1)), text);
		const { stdout } = await promisify(execFile)(command[0], command.slice(1), { cwd: directory,
			env: { ...process.env, PYTHONPATH: join(clients, 'python'), ISSUER: h.issuer, CLIENT_ID: client.id } });
		const next = readFileSync(join(directory, 'refresh_token'), 'utf8');
		assert.ok(next.startsWith('pgtrt_') && next !== first, 'the successor is kept');
		return stdout;
	} finally {
		rmSync(directory, { recursive: true });
	}
}
