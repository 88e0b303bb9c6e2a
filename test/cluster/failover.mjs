// make cluster: honest clients without pause on a shard of three nodes, whose primary is killed
// CLUSTER_FAILOVERS times, and after each what was promised; started by test/tools/cluster.
//
// With CLUSTER_SYNCHRONOUS=off no standby is waited for, and it counts what each failover loses:
// who holds a successor that is lost is refused, and nothing ends by it.
import { readFile } from 'node:fs/promises';
import { execFile } from 'node:child_process';
import { setTimeout as later } from 'node:timers/promises';
import { promisify } from 'node:util';

import { check, checkDatabase, checkStorage, differing } from '../soak/checks.mjs';
import { Client } from '../soak/clients.mjs';
import { Journal } from '../soak/journal.mjs';
import { Operator } from '../soak/operator.mjs';
import { Gate, Lost, random, Session } from '../soak/world.mjs';
import { Nodes } from './patroni.mjs';

const run = promisify(execFile);
const { env } = process;
const FAILOVERS = Number(env.CLUSTER_FAILOVERS);
const SYNCHRONOUS = env.CLUSTER_SYNCHRONOUS !== 'off';
const SEED = Number(env.CLUSTER_SEED || Date.now() % 1_000_000);
// milliseconds by which asynchronous standbys are behind, every other time at least
const BEHIND = 250;
// seconds, less than the five that an access token may come from the future
const CLOCKS = [0, 2, -2];

const say = (text) => console.log(`${new Date().toISOString().slice(11, 19)} ${text}`);
const nodes = new Nodes({ folder: env.CLUSTER_FOLDER, tree: env.CLUSTER_TREE, bin: env.CLUSTER_BIN, clocks: CLOCKS });

for (const signal of ['SIGTERM', 'SIGINT']) process.once(signal, () => nodes.stop().finally(() => process.exit(1)));
process.once('uncaughtException', (error) => { console.error(error); nodes.stop().finally(() => process.exit(1)); });

// a lease as short as it may be, so that fifty failovers take less than an hour
await nodes.start({
	ttl: 10, loop_wait: 1, retry_timeout: 3, synchronous_mode: SYNCHRONOUS, synchronous_mode_strict: SYNCHRONOUS, maximum_lag_on_failover: 1_000_000_000,
});
const first = await nodes.primary();
const { stdout } = await run('psql', ['-X', '-q', '-h', '127.0.0.1', '-p', first.port, '-U', 'postgres', '-d', 'postgres', '-v', 'issuer=https://cluster.example',
	'-f', `${env.CLUSTER_TREE}/test/soak/setup.sql`]);

const soak = {
	random: random(SEED),
	world: { database: nodes.servers() },
	secret: stdout.trim(),
	routes: { sql: 1 },
	pause: Number(env.CLUSTER_PAUSE),
	gate: new Gate(),
	journal: new Journal(`${env.CLUSTER_FOLDER}/journal`),
	families: new Map(),
	retired: new Set(),
	counts: {},
	faults: [],
	checks: 0,
	purged: 0,
	count(what) { this.counts[what] = (this.counts[what] ?? 0) + 1; },
	fault(what) {
		this.faults.push(what);
		if (this.faults.length <= 50) say(`FAULT ${what}`);
	},
};
const db = new Session(soak.world.database, 'postgres', 3_600_000);
const clients = Array.from({ length: Number(env.CLUSTER_CLIENTS) }, (_, n) => new Client(soak, n));
const operator = new Operator(soak);

/** again, where the session is lost meanwhile */
async function persist(action) {
	for (;;) {
		try {
			return await action();
		} catch (error) {
			if (!(error instanceof Lost)) throw error;
			await later(100);
		}
	}
}

/** takes another node a write? */
const writes = () => persist(() => db.rows('SELECT pg_catalog.pg_current_wal_lsn()'));

/** What each client has lost, who is then refused, by that reason, and of whom nothing ends: {what: number} */
async function lost() {
	const found = {};
	for (const { grant_id: grantId, what } of await differing(soak, db)) {
		const family = soak.families.get(grantId);
		found[what] = (found[what] ?? 0) + 1;
		family.lost = true;
		family.over = true;
		clients.find(({ families }) => families.includes(family))?.forget(family);
		if (what === 'an answered revocation is lost') continue;
		const state = async () => JSON.stringify(await db.rows('SELECT g.generation, g.revoked_at FROM pgtoken.grants g WHERE g.grant_id = $1', [grantId]));
		const before = await state();
		const client = clients.find(({ name }) => name === family.client);
		const answer = await client.refreshOnce(family);
		if (answer.decision !== 'deny' || answer.error !== 'invalid_grant') soak.fault(`${what}, and its token was answered ${answer.decision} ${answer.error}`);
		if (await state() !== before) soak.fault(`${what}, and its token has changed the family ${grantId}`);
		if (before === '[]' || !client.secret) continue;
		const events = await db.rows(`SELECT FROM pgtoken.audit_events WHERE grant_id = $1 AND event = 'refresh.refused' AND reason = 'token_not_in_lineage'`, [grantId]);
		if (events.length !== 1) soak.fault(`${what}, and the audit has ${events.length} events of it: ${grantId}`);
	}
	return found;
}

/** what the clients hold is held against the new primary; what a failover has lost */
async function looked(all) {
	if (SYNCHRONOUS) return void await persist(() => check(soak, db, all));
	const found = await persist(lost);
	await persist(() => checkDatabase(soak, db, ['no reuse was seen']));
	const reuse = await persist(() => db.rows(`SELECT FROM pgtoken.audit_events WHERE event IN ('refresh.reuse', 'grant.revoked') AND reason = 'refresh_token_reuse'`));
	if (reuse.length > 0) soak.fault(`honest clients were taken for thieves: ${reuse.length} events`);
	return found;
}

const running = [...clients, ...SYNCHRONOUS ? [operator] : []].map((one) => one.run().catch((error) => soak.fault(`a client ended: ${error.stack}`)));
say(`${FAILOVERS} failovers, seed ${SEED}, ${clients.length} clients, ${SYNCHRONOUS ? 'a synchronous standby' : 'asynchronous standbys'}, clocks ${CLOCKS.join(', ')} s`);

const times = [];
const losses = {};
const machines = { count: 0 };
for (let n = 1; n <= FAILOVERS; n++) {
	await later(soak.random.between(1500, 4000));
	soak.burst = true;
	await later(soak.random.between(300, 1200));
	const old = await nodes.until('there is a primary', () => nodes.primary());
	// one time in five Patroni goes with it, as with the machine: then its lease has to run out
	const machine = n % 5 === 0;
	const answers = soak.journal.answers.length;
	const began = Date.now();
	const rate = async () => { const from = soak.journal.answers.length; await later(500); return (soak.journal.answers.length - from) * 2; };
	const perSecond = await rate();
	const behind = !SYNCHRONOUS && n % 2 === 0 ? BEHIND : 0;
	const letGo = behind ? await nodes.holdBack(old, behind) : undefined;
	const killed = Date.now();
	await nodes.kill(old, machine);
	letGo?.();
	soak.burst = false;
	const faults = soak.faults.length;
	let found;
	const examine = () => soak.gate.shut(async () => { await writes(); found = await looked(n % 10 === 0); });
	// what is lost is looked for before anybody asks again
	if (SYNCHRONOUS) await writes();
	else await examine();
	const taken = Date.now() - killed;
	times.push(taken);
	if (machine) {
		machines.count++;
		nodes.startNode(old);
	}
	const next = await nodes.until('there is a new primary', () => nodes.primary());
	await nodes.whole();
	const rejoined = Date.now() - killed;
	if (SYNCHRONOUS) await examine();
	const loss = losses[behind ? `${BEHIND} ms behind` : 'as they are'] ??= { failovers: 0, rate: 0, of: {} };
	loss.failovers++;
	loss.rate += perSecond;
	for (const [what, number] of Object.entries(found ?? {})) loss.of[what] = (loss.of[what] ?? 0) + number;
	say(`failover ${n}: ${old.name}${machine ? ' and its machine' : ''} to ${next.name}, writes again after ${taken} ms, three nodes after ${rejoined} ms, ${
		perSecond} answers a second before, ${soak.journal.answers.length - answers} since ${killed - began + rejoined} ms${
		behind ? `, standbys held back for ${behind} ms` : ''}${found ? `, lost ${JSON.stringify(found)}` : ''}: ${soak.faults.length === faults ? 'all holds' : `${soak.faults.length - faults} FAULTS`}`);
}

// --- the end ---------------------------------------------------------------------

soak.ending = true;
await Promise.all(running);
await persist(() => looked(true));
const indexes = await persist(() => checkStorage(soak, db));

/** what a node has, of families and the ledger */
async function content(server) {
	const session = new Session(server, 'postgres', 600_000);
	const { families, ledger } = await persist(() => session.row(`SELECT
		(SELECT md5(string_agg(g::text, ' ' ORDER BY g.grant_id)) FROM pgtoken.grants g) AS families,
		(SELECT md5(string_agg(t::text, ' ' ORDER BY t.grant_id, t.generation, t.retry)) FROM pgtoken.tokens t) AS ledger`));
	session.close();
	return `${families} ${ledger}`;
}
const { lsn } = await persist(() => db.row('SELECT pg_current_wal_lsn() AS lsn'));
await nodes.until('all nodes have it all', async () => {
	const rows = await persist(() => db.rows('SELECT FROM pg_stat_replication WHERE replay_lsn >= $1::pg_lsn', [lsn]));
	return rows.length === CLOCKS.length - 1;
});
const contents = new Set(await Promise.all(nodes.servers().map(content)));
if (contents.size !== 1) soak.fault('the nodes differ');

let going = 0;
for (const client of clients) {
	for (const family of [...client.families]) {
		const { length } = soak.faults;
		await client.refresh(family);
		if (soak.faults.length === length) going++;
	}
}
const rewound = (await Promise.all(nodes.nodes.map(async ({ folder }) => (await readFile(`${folder}/patroni.log`, 'utf8')).match(/pg_rewind exit code=0/g)?.length ?? 0)))
	.reduce((sum, number) => sum + number, 0);
for (const session of [db, operator.session, operator.superuser, ...clients.map(({ session: one }) => one)]) session.close();
await nodes.stop();

times.sort((a, b) => a - b);
say(`asked: ${Object.entries(soak.counts).sort().map(([what, number]) => `${what} ${number}`).join(', ')}`);
say(`${soak.families.size} families, ${going} went on at the end; pg_rewind ran ${rewound} times; nodes were made anew ${nodes.helped ?? 0} times; ${indexes} indexes whole, the three nodes are the same`);
for (const [how, { failovers, rate, of }] of SYNCHRONOUS ? [] : Object.entries(losses)) {
	say(`standbys ${how}: in ${failovers} failovers at ${Math.round(rate / failovers)} answers a second on an average ${JSON.stringify(of)}`);
}
console.log('| date | tree | standby | failovers | with the machine | answers with tokens | writes again after, median and worst | checks | faults |');
console.log('|---|---|---|---:|---:|---:|---:|---:|---:|');
console.log(`| ${new Date().toISOString().slice(0, 10)} | ${env.CLUSTER_COMMIT} | ${SYNCHRONOUS ? 'synchronous' : 'asynchronous'} | ${FAILOVERS} | ${machines.count} | ${
	soak.journal.answers.length} | ${(times[times.length >> 1] / 1000).toFixed(1)} s, ${(times.at(-1) / 1000).toFixed(1)} s | ${soak.checks} | ${soak.faults.length} |`);
process.exitCode = soak.faults.length > 0 ? 1 : 0;
setTimeout(() => process.exit(), 5000).unref();
