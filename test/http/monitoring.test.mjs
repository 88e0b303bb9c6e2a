// The rules and the board for Prometheus and Grafana: they hold, each alert is tested and has
// its runbook, and what they ask for is measured.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';

import * as h from './harness.mjs';

const ROOT = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
const read = (path) => readFileSync(join(ROOT, path), 'utf8');
const rules = read('monitoring/rules.yml');
const TESTS = ['monitoring/rules_test.yml', 'monitoring/rules_test_days.yml'];
const tests = TESTS.map(read).join('\n');
const board = JSON.parse(read('monitoring/grafana.json'));

/** name => text, of each alert */
const alerts = new Map(rules.split(/^ {6}- (?=alert: |record: )/m).map((text) => [/^alert: (\w+)/.exec(text)?.[1], text]).filter(([name]) => name));
const recorded = [...rules.matchAll(/^ {6}- record: (\S+)$/gm)].map(([, name]) => name);

function promtool(...args) {
	const { status, stdout, stderr, error } = spawnSync('promtool', args, { cwd: ROOT, encoding: 'utf8' });
	assert.equal(status, 0, `${error ?? ''}${stdout}${stderr}`);
}

/** the names of series in the expressions of rules and board, without what a histogram's have at their end */
function asked() {
	const ofRules = rules.replace(/#.*$/gm, '').replace(/^ *(?:- name|- record|- alert|summary|description|runbook|severity): .*$/gm, '');
	const ofBoard = [];
	JSON.stringify(board, (key, value) => {
		if (key === 'expr' || key === 'definition') ofBoard.push(value);
		return value;
	});
	const names = [ofRules, ...ofBoard].join('\n').match(/[A-Za-z_][\w:]*/g);
	return { series: new Set(names.filter((name) => name.startsWith('pgtoken_')).map((name) => name.replace(/_bucket$/, ''))), recorded: new Set(names.filter((name) => name.includes('pgtoken') && name.includes(':') && !name.startsWith('pgtoken_'))) };
}

describe('monitoring', () => {
	it('has rules that hold, with series that fire each alert and that do not', () => {
		promtool('check', 'rules', 'monitoring/rules.yml');
		promtool('test', 'rules', ...TESTS);
	});

	it('has a test of both kinds for each alert', () => {
		for (const name of alerts.keys()) {
			assert.match(tests, new RegExp(`alertname: ${name}\\n +exp_alerts:`), `${name} fires`);
			assert.match(tests, new RegExp(`eval_time: \\w+, alertname: ${name}}`), `${name} does not`);
		}
	});

	it('says of each alert whom it wakes, what has happened, and where it is told what to do', () => {
		const headings = new Set([...read('docs/operations.md').matchAll(/^### (\w+)$/gm)].map(([, heading]) => heading.toLowerCase()));
		for (const [name, text] of alerts) {
			assert.match(text, /severity: (?:critical|warning)\n/, name);
			assert.match(text, /summary: \S/, name);
			assert.match(text, /description: \S/, name);
			assert.equal(/runbook: docs\/operations\.md#(\w+)/.exec(text)?.[1], name.toLowerCase());
			assert.ok(headings.has(name.toLowerCase()), `the runbook of ${name}`);
		}
	});

	it('asks for nothing that is not measured, and records nothing that nobody asks for', async () => {
		const measured = new Set((await h.rows('SELECT name FROM pgtoken.metric_families()')).map(({ name }) => name));
		const { series, recorded: used } = asked();
		assert.deepEqual([...series].filter((name) => !measured.has(name)), []);
		assert.deepEqual([...used].sort(), [...recorded].sort());
	});

	it('has a board whose expressions Prometheus reads', (t) => {
		const exprs = [...board.panels.flatMap(({ targets = [] }) => targets), ...board.annotations.list].map(({ expr }) => expr.replaceAll('$__rate_interval', '5m').replaceAll('$job', 'pgtoken'));
		const folder = mkdtempSync(join(tmpdir(), 'board-'));
		t.after(() => rmSync(folder, { recursive: true }));
		// rules are what promtool reads expressions from, and JSON is YAML
		writeFileSync(join(folder, 'board.yml'), JSON.stringify({ groups: [{ name: 'board', rules: exprs.map((expr, i) => ({ record: `board:x${i}`, expr })) }] }));
		promtool('check', 'rules', join(folder, 'board.yml'));
	});

	it('has a board that can be imported: one variable data source, and no panel over another', () => {
		const taken = new Set();
		for (const { id, title, type, datasource, targets, gridPos: { x, y, w, h: height } } of board.panels) {
			assert.ok(title && (type === 'row' || (datasource.uid === '${datasource}' && targets.every(({ expr }) => expr.includes('$job')))), title);
			assert.ok(x + w <= 24 && !taken.has(`id ${id}`), title);
			taken.add(`id ${id}`);
			for (let i = x; i < x + w; i += 1) for (let j = y; j < y + height; j += 1) assert.ok(!taken.has(`${i} ${j}`) && taken.add(`${i} ${j}`), title);
		}
	});
});
