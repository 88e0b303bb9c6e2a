// make soak: honest clients and an operator for SOAK_MINUTES, processes killed at random,
// and after each kill the invariants.  Started by test/tools/soak; the last lines say what
// came of it, the status whether all held.
import { readFile } from 'node:fs/promises';
import { setTimeout as later } from 'node:timers/promises';

import { check, checkStorage } from './checks.mjs';
import { Client } from './clients.mjs';
import { Journal } from './journal.mjs';
import { Killer } from './kills.mjs';
import { Operator } from './operator.mjs';
import { Gate, Gateway, Lost, random, Session, throughFastcgi, throughGateway } from './world.mjs';

const { env } = process;
const number = (name, fallback) => (env[name] ? Number(env[name]) : fallback);
const MINUTES = number('SOAK_MINUTES', 120);
const SEED = number('SOAK_SEED', Date.now() % 1_000_000);
const CLIENTS = number('SOAK_CLIENTS', 8);
const EVERY = number('SOAK_EVERY', 45) * 1000;

const say = (text) => console.log(`${new Date().toISOString().slice(11, 19)} ${text}`);

const soak = {
	random: random(SEED),
	world: {
		database: { host: env.PGHOST, port: Number(env.PGPORT), database: env.PGDATABASE },
		data: env.SOAK_DATA, serverLog: env.SOAK_SERVER_LOG, gateway: env.SOAK_GATEWAY, port: Number(env.SOAK_PORT), fastcgi: env.SOAK_FASTCGI,
	},
	secret: env.SOAK_SECRET,
	pause: number('SOAK_PAUSE', 400),
	gate: new Gate(),
	journal: new Journal(env.SOAK_JOURNAL),
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
soak.ways = [throughGateway(soak.world), throughFastcgi(soak.world)];
soak.gateway = new Gateway(soak.world);

// the audit of two hours is looked through in one statement
const db = new Session(soak.world.database, 'postgres', 3_600_000);
const killer = new Killer(soak, db);
const clients = Array.from({ length: CLIENTS }, (_, n) => new Client(soak, n));
const operator = new Operator(soak);
let stop = () => {};
const stopped = new Promise((resolve) => { stop = resolve; });
for (const signal of ['SIGTERM', 'SIGINT']) process.once(signal, () => stop());

const began = Date.now();
const until = began + MINUTES * 60_000;
soak.gateway.start();
await killer.recovered();
say(`soak of ${MINUTES} minutes, seed ${SEED}, ${CLIENTS} clients`);
const running = [...clients, operator].map((one) => one.run().catch((error) => soak.fault(`a client ended: ${error.stack}`)));

/** anew where the server ends our session meanwhile */
async function looked(all) {
	for (;;) {
		try {
			return await check(soak, db, all);
		} catch (error) {
			if (!(error instanceof Lost)) throw error;
			await killer.recovered();
		}
	}
}

let kills = 0;
let slowest = 0;
while (Date.now() < until) {
	const wait = Math.min(soak.random.between(0.3, 1.7) * EVERY, until - Date.now());
	if (await Promise.race([later(wait, 'go on'), stopped]) !== 'go on') break;
	if (Date.now() >= until) break;
	// at once much is asked, so that something is hit in the middle
	soak.burst = true;
	await later(soak.random.between(200, 1500));
	const what = await killer.one();
	soak.burst = false;
	const recovery = await killer.recovered();
	slowest = Math.max(slowest, recovery);
	const faults = soak.faults.length;
	const started = Date.now();
	kills++;
	await soak.gate.shut(() => looked(kills % 10 === 0));
	say(`kill ${kills}: ${what}; back in ${recovery} ms, ${soak.journal.answers.length} answers, looked at in ${Date.now() - started} ms: ${
		soak.faults.length === faults ? 'all holds' : `${soak.faults.length - faults} FAULTS`}`);
}

// --- the end ---------------------------------------------------------------------

soak.ending = true;
await Promise.all(running);
say('the end: all that was ever answered');
await looked(true);
const indexes = await checkStorage(soak, db);

// every session that was not ended goes on, and none that was ended does
let going = 0;
for (const client of clients) {
	for (const family of [...client.families]) {
		const { length } = soak.faults;
		await client.refresh(family);
		if (soak.faults.length === length) going++;
	}
}
let dead = 0;
const ended = [...soak.families.values()].filter(({ ending }) => ending === 'answered');
for (const family of ended.slice(-1000)) {
	const client = clients.find(({ name }) => name === family.client);
	const answer = await client.refreshOnce(family);
	if (answer.decision === 'allow') soak.fault(`a family that was revoked goes on: ${family.grantId}`);
	else dead++;
}
const log = await readFile(soak.world.serverLog, 'utf8');
// the hint comes whenever a server was ended that recovered, which the killer does
const cries = log.split('\n').filter((line) => /PANIC|TRAP|corrupt|invalid page|could not read block/.test(line)
	&& !/HINT: {2}This probably means that some data is corrupted/.test(line));
if (cries.length > 0) soak.fault(`the server's log has ${cries.length}: ${cries[0]}`);

for (const session of [db, operator.session, operator.superuser, ...clients.map((client) => client.session)]) session.close();
await soak.gateway.stop();

const { user, system } = process.cpuUsage();
say(`asked: ${Object.entries(soak.counts).sort().map(([what, n]) => `${what} ${n}`).join(', ')}`);
say(`killed: ${Object.entries(killer.killed).map(([kind, n]) => `${kind} ${n}`).join(', ')}; slowest recovery ${slowest} ms; gateway started ${soak.gateway.starts} times`);
say(`${soak.families.size} families, ${ended.length} revoked, ${soak.purged} purged, ${going} went on at the end, ${dead} of the revoked tried and refused; ${indexes} indexes whole`);
say(`${soak.checks} checks; the clients took ${Math.round((user + system) / 1e6)} s of processor time`);
console.log('| date | tree | minutes | seed | answers with tokens | kills | checks | faults |');
console.log('|---|---|---:|---:|---:|---|---:|---:|');
console.log(`| ${new Date().toISOString().slice(0, 10)} | ${env.SOAK_TREE} | ${Math.round((Date.now() - began) / 60_000)} | ${SEED} | ${soak.journal.answers.length} | ${
	Object.entries(killer.killed).map(([kind, n]) => `${n} ${kind}`).join(', ')} | ${soak.checks} | ${soak.faults.length} |`);
process.exitCode = soak.faults.length > 0 ? 1 : 0;
// what hangs still hangs on the database
setTimeout(() => process.exit(), 5000).unref();
