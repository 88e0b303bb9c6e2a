// What Prometheus reads, as Prometheus' own tools and a reader that is stricter see it.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { before, describe, it } from 'node:test';

import * as h from './harness.mjs';

const OPENMETRICS = 'application/openmetrics-text;version=1.0.0';

// what a request could bring into the text
const HOSTILE = 'evil"} 1\n# TYPE x';

/** families of a text in either form, in order: {name, type, help, unit, samples: [{name, labels, value}]} */
function read(text) {
	const families = [];
	for (const line of text.split('\n').slice(0, -1)) {
		const [, keyword, name, said] = /^# (HELP|TYPE|UNIT) (\S+) (.+)$/.exec(line) ?? [];
		if (keyword === 'HELP') families.push({ name, help: said, samples: [] });
		if (keyword) {
			assert.equal(families.at(-1).name, name, line);
			families.at(-1)[keyword.toLowerCase()] = said;
			continue;
		}
		if (line === '# EOF') continue;
		const sample = /^([a-z_]+)(?:\{((?:[a-z_]+="(?:[^"\\\n]|\\["\\n])*",?)+)\})? (\+Inf|[0-9][0-9.e+-]*)$/.exec(line);
		assert.ok(sample, `a line is no sample: ${line}`);
		families.at(-1).samples.push({ name: sample[1], labels: sample[2] ?? '', value: Number(sample[3].replace('+Inf', 'Infinity')) });
	}
	return families;
}

describe('the metrics', () => {
	let text;
	let open;
	before(async () => {
		const client = await h.newClient({ scopes: ['pgtoken:metrics'], metadata: { grant_types: ['client_credentials'] } });
		const { json } = await h.token(client, { grant_type: 'client_credentials', scope: 'pgtoken:metrics' });
		const ask = (headers) => h.exchange('GET', '/metrics', { headers: ['Authorization', `Bearer ${json.access_token}`, ...headers] });
		// the attack: label values without end, or that end their line
		const hostile = encodeURIComponent(HOSTILE);
		for (const path of [`/${hostile}`, `/oauth2/authorize?client_id=${hostile}`]) await h.exchange('GET', path);
		await h.exchange('POST', '/oauth2/token', { headers: ['Content-Type', 'application/x-www-form-urlencoded'], body: `grant_type=${hostile}&client_id=${hostile}` });
		await h.refresh(await h.newClient(), HOSTILE);
		[text, open] = await Promise.all([ask([]), ask(['Accept', OPENMETRICS])]).then((answers) => answers.map(({ body }) => body.toString()));
	});

	it('pass promtool (C167)', () => {
		const checked = spawnSync('promtool', ['check', 'metrics'], { input: text, encoding: 'utf8' });
		assert.deepEqual([checked.error, checked.status, checked.stdout, checked.stderr], [undefined, 0, '', '']);
	});

	it('are read by Prometheus in the form of OpenMetrics (C167)', () => {
		const directory = mkdtempSync(join(tmpdir(), 'pgt-metrics-'));
		try {
			// the tool takes what has times
			writeFileSync(join(directory, 'text'), open.replaceAll(/^(?!#)(.+)$/gm, '$1 1700000000'));
			const made = spawnSync('promtool', ['tsdb', 'create-blocks-from', 'openmetrics', join(directory, 'text'), join(directory, 'blocks')], { encoding: 'utf8' });
			assert.deepEqual([made.error, made.status, made.stderr], [undefined, 0, '']);
			const samples = open.split('\n').filter((line) => line !== '' && !line.startsWith('#')).length;
			assert.match(made.stdout.split('\n')[1], new RegExp(`\\s${samples}\\s`));
		} finally {
			rmSync(directory, { recursive: true, force: true });
		}
	});

	it('have each family once, with type and help, and samples by its name', () => {
		const ENDS = { counter: ['_total'], info: ['_info'], gauge: [''], histogram: ['_bucket', '_sum', '_count'] };
		const [plain, families] = [read(text), read(open)];
		assert.equal(new Set(families.map(({ name }) => name)).size, families.length);
		assert.ok(families.length > 25);
		for (const { name, type, help, unit, samples } of families) {
			assert.ok(help && ENDS[type] && samples.length > 0, name);
			for (const sample of samples) assert.ok(ENDS[type].some((end) => sample.name === name + end), sample.name);
			assert.equal(unit, /_(seconds|bytes)$/.exec(name)?.[1], name);
			assert.equal(new Set(samples.map((sample) => sample.name + sample.labels)).size, samples.length, `${name}: no series twice`);
		}
		// the same series in both, so that a rate survives a change of the form
		const series = (all) => all.flatMap(({ samples }) => samples.map(({ name, labels }) => name + labels)).filter((name) => !name.includes('endpoint="/metrics"')).sort();
		assert.deepEqual(series(plain), series(families));
		assert.ok(open.endsWith('\n# EOF\n') && !text.includes('# EOF'));
	});

	it('have nothing that a request chose, and nobody', () => {
		for (const word of ['evil', h.SUBJECT]) assert.ok(!text.includes(word), word);
		const names = [...new Set([...text.matchAll(/[{,]([a-z_]+)="/g)].map(([, name]) => name))].sort();
		assert.deepEqual(names, ['act', 'alg', 'cache', 'check', 'decision', 'endpoint', 'error', 'grant_type', 'issuer', 'le', 'outbox', 'reason', 'role', 'state', 'status', 'table', 'version']);
		const endpoints = new Set([...text.matchAll(/endpoint="([^"]*)"/g)].map(([, name]) => name));
		for (const name of endpoints) assert.match(name, /^(other|\/[a-z0-9_./-]*)$/);
	});
});
