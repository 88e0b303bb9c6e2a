// Seals of the audit that leave the machine by the courier, and are checked by the program
// that knows nothing of the database.
import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { appendFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';

import { readAuthority, startReceiver } from './courier_receiver.mjs';
import * as h from './harness.mjs';

const { COURIER_TLS: authority } = process.env;
const program = join(dirname(dirname(dirname(fileURLToPath(import.meta.url)))), 'http/audit/pgtoken-audit.mjs');

/** what was said where something is wrong; null: nothing is */
function problemOf(...args) {
	const { status, stdout } = spawnSync(process.execPath, [program, ...args], { encoding: 'utf8' });
	return status === 0 ? null : stdout;
}

describe('seals of the audit', { skip: authority === undefined && 'no courier of run.mjs' }, () => {
	it('come to the URL of the setting as they were made, again where it was in trouble, and show a tail that was cut', async (t) => {
		const folder = mkdtempSync(join(tmpdir(), 'pgt-seals-'));
		t.after(() => rmSync(folder, { recursive: true }));
		let status = 503;
		const receiver = await startReceiver(readAuthority(authority), (request, response) => {
			response.writeHead(status).end();
			if (status === 204) appendFileSync(join(folder, 'held'), `${request.body}\n`);
			status = 204;
		});
		t.after(receiver.close);
		await h.value('SELECT pgtoken.create_audit_key(if_not_exists => true)');
		const url = receiver.url('/seals');
		const seal = (reason) => h.value(`SELECT s.number FROM (SELECT set_config('pgtoken.audit_seal_url', $1, true) OFFSET 0) c, LATERAL (SELECT pgtoken.seal_audit($2) AS number WHERE c IS NOT NULL) s`, url, reason);
		const numbers = [await seal('one'), await seal('two')];
		for (const number of numbers) {
			while (await h.value(`SELECT count(*) FROM pgtoken.courier_work WHERE kind = 'seal' AND payload -> 'number' = to_jsonb($1::bigint)`, number) !== '0') {
				// the receiver has said that it cannot now
				await h.rows(`UPDATE pgtoken.courier_work SET due_at = now() WHERE kind = 'seal' AND courier IS NULL`);
				await h.rows('NOTIFY pgtoken_courier');
				await new Promise((resolve) => { setTimeout(resolve, 20); });
			}
		}
		const delivered = receiver.seen.map(({ body }) => body);
		for (const number of numbers) assert.ok(delivered.includes(await h.value('SELECT seal FROM pgtoken.audit_seals WHERE number = $1', number)));
		assert.ok(receiver.seen.length >= 3, 'one of them twice');
		assert.ok(receiver.seen.every(({ method, headers }) => method === 'POST' && headers['content-type'] === 'application/jose'));

		const lines = async (call) => (await h.rows(`SELECT ${call} AS line`)).map(({ line }) => line);
		const whole = await lines('pgtoken.export_audit_seals()');
		writeFileSync(join(folder, 'whole'), whole.join('\n'));
		writeFileSync(join(folder, 'cut'), whole.slice(0, -1).join('\n'));
		const named = await h.value('SELECT kid FROM pgtoken.audit_seals ORDER BY number LIMIT 1');
		assert.equal(problemOf('seals', join(folder, 'whole'), '--kid', named, '--held', join(folder, 'held')), null);
		assert.match(problemOf('seals', join(folder, 'cut'), '--kid', named, '--held', join(folder, 'held')), new RegExp(`seal ${numbers[1]} of chain \\S+, which is held, is not there any more`));
	});

	it('tell how they are called where they are called wrongly', () => {
		const { status, stderr } = spawnSync(process.execPath, [program], { encoding: 'utf8' });
		assert.equal(status, 2);
		assert.match(stderr, /^usage: pgtoken-audit/);
		assert.throws(() => execFileSync(process.execPath, [program, 'seals', '/nowhere', '--kid', 'x'], { stdio: 'ignore' }), ({ status: code }) => code === 2);
	});
});
