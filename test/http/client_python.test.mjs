// clients/python: its own tests of lost answers, by the distribution's Python; over SQL by psycopg; and over HTTP in
// examples/native, a program that is run as its user would.
import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';

import { runFirstScreen } from './first_screen.mjs';
import * as h from './harness.mjs';

const root = fileURLToPath(new URL('../..', import.meta.url));
const PYTHON = '/usr/bin/python3';

/** a program of Python: {until(pattern): the match in what it has said, type(line), ended: {code, said}} */
function python(args, env = {}) {
	const child = spawn(PYTHON, ['-B', ...args], { cwd: root, env: { ...process.env, ...env }, stdio: 'pipe' });
	let said = '';
	let changed = () => {};
	for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (text) => { said += text; changed(); });
	const ended = once(child, 'close').then(([code]) => ({ code, said }));
	let over = false;
	ended.then(() => { over = true; changed(); });
	const until = async (pattern) => {
		while (!pattern.test(said)) {
			if (over) throw new Error(`it has ended before it said ${pattern}`);
			await new Promise((resolve) => { changed = resolve; });
		}
		return pattern.exec(said);
	};
	return { until, type: (line) => child.stdin.write(`${line}\n`), ended };
}

describe('clients/python', () => {
	it('holds what it promises where answers are lost', async () => {
		const { code, said } = await python(['-m', 'unittest', 'discover', '-s', 'clients/python/tests']).ended;
		assert.equal(code, 0, said);
	});

	it('is what the first screen of its README says', async () => {
		assert.match(await runFirstScreen('python', 'python', [PYTHON, '-B', 'program.py']), /^tokens for \d+ seconds\n$/);
	});

	it('has all three outcomes over SQL, commits what it refuses, and lists and ends sessions', async () => {
		const maker = await h.publicClient();
		const user = await h.newUser();
		await h.withPolicy(maker, [{ rule: 'unknown_device', outcome: 'require' }], {}, async () => {
			const { said } = await python(['clients/python/tests/over_sql.py'], { CLIENT_ID: maker.id, SUBJECT: user.subject }).ended;
			assert.equal(said, 'done\n');
		});
	});
});

describe('examples/native', () => {
	const directory = mkdtempSync(join(tmpdir(), 'pgt-native-'));
	const file = join(directory, 'tokens.json');
	const user = h.unique('native');
	const native = (...args) => python(['examples/native/native.py', ...args, '--file', file], { ISSUER: h.issuer, http_proxy: '' });
	const kept = () => JSON.parse(readFileSync(file, 'utf8'));

	before(() => {
		execFileSync('psql', ['-X', '-q', '-v', `subject=${user}`, '-f', 'examples/native/setup.sql'], { cwd: root, stdio: ['ignore', 'ignore', 'inherit'] });
	});
	after(() => rmSync(directory, { recursive: true }));

	it('goes through login, allow, deny, require with a factor, and logout', async () => {
		const login = native('login');
		const url = new URL((await login.until(/http\S+/))[0]);
		const { location } = await h.authorize(Object.fromEntries(url.searchParams));
		const { redirect_uri: uri } = await h.approve(location.searchParams.get('transaction_id'), { subject: user });
		// the attack: a page of the user's browser calls the program with a code of its own
		assert.equal((await fetch(`${uri.replace(/\?.*/, '')}?code=x&state=y`)).status, 404);
		assert.equal((await fetch(uri)).status, 200);
		assert.match((await login.ended).said, /\nallow\n$/);
		assert.equal(statSync(file).mode & 0o777, 0o600);

		const first = kept().tokens.refresh_token;
		assert.deepEqual(await native('refresh').ended, { code: 0, said: 'allow\n' });
		const second = kept().tokens.refresh_token;
		assert.ok(second !== first);

		assert.deepEqual(await native('refresh', '--as-another').ended, { code: 1, said: 'deny: access_denied\n' });
		assert.ok(kept().tokens.refresh_token === second, 'the token is as good as it was');

		const away = native('refresh', '--new-device');
		await away.until(/0: the mailbox/);
		away.type('0');
		await away.until(/Code: $/);
		away.type('wrong');
		await away.until(/wrong code\nCode: $/);
		away.type(await h.deliveredCode(user));
		assert.match((await away.ended).said, /^require\n[^]*allow\n$/);
		assert.equal(h.claimsOf(kept().tokens.access_token).acr, 'mfa');

		// the race: two programs of the user start at once
		const both = await Promise.all([native('refresh').ended, native('refresh').ended]);
		assert.ok(both.every(({ said }) => said === 'allow\n'));

		assert.match((await native('sessions').ended).said, /^\* /);
		assert.deepEqual(await native('logout').ended, { code: 0, said: 'logged out\n' });
		assert.ok(!existsSync(file));
		assert.equal(await h.value('SELECT count(*)::int FROM pgtoken.grants WHERE subject = $1 AND revoked_at IS NULL', user), 0);
	});
});
