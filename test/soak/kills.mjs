// What goes wrong: processes are killed by SIGKILL, so that none can clean up.
import { execFile } from 'node:child_process';
import { readdir, readFile, readlink } from 'node:fs/promises';
import { setTimeout as later } from 'node:timers/promises';
import { promisify } from 'node:util';

import { Lost } from './world.mjs';

const run = promisify(execFile);
const KINDS = { backend: 45, worker: 10, postmaster: 22, gateway: 23 };

export function kill(pid) {
	try {
		process.kill(pid, 'SIGKILL');
		return 1;
	} catch {
		return 0;
	}
}

async function postmaster(data) {
	return Number((await readFile(`${data}/postmaster.pid`, 'utf8')).split('\n')[0]);
}

/** pids of the server in this folder, also of those whose postmaster has gone */
export async function serversIn(data) {
	const found = [];
	for (const name of await readdir('/proc')) {
		if (/^\d+$/.test(name) && await readlink(`/proc/${name}/cwd`).catch(() => '') === data) found.push(Number(name));
	}
	return found;
}

export class Killer {
	constructor(soak, db) {
		this.soak = soak;
		this.db = db;
		this.killed = Object.fromEntries(Object.keys(KINDS).map((kind) => [kind, 0]));
	}

	/** does it, and returns what it was */
	async one() {
		for (;;) {
			const kind = this.soak.random.weighted(KINDS);
			try {
				const what = await this[kind]();
				this.killed[kind]++;
				return what;
			} catch (error) {
				if (!(error instanceof Lost)) throw error;
				await this.recovered();
			}
		}
	}

	/** one that is at something, where there is one; sometimes one of the server's own */
	async backend() {
		const own = this.soak.random.next() < 0.1;
		for (let tries = 0; ; tries++) {
			const rows = await this.db.rows(`SELECT pid, backend_type, usename, state FROM pg_catalog.pg_stat_activity WHERE pid <> pg_catalog.pg_backend_pid()
				AND CASE WHEN $1 THEN backend_type IN ('checkpointer', 'background writer', 'walwriter')
				ELSE backend_type = 'client backend' AND (state = 'active' OR $2) END`, [own, tries > 200]);
			if (rows.length > 0) {
				const victim = this.soak.random.of(rows);
				if (kill(victim.pid) && await this.noticed()) return `${victim.backend_type}${victim.usename ? ` of ${victim.usename}, ${victim.state}` : ''}`;
			}
			await later(2);
		}
	}

	async worker() {
		for (let tries = 0; ; tries++) {
			const rows = await this.db.rows(`SELECT pid, state FROM pg_catalog.pg_stat_activity WHERE backend_type = 'pgtoken_fastcgi worker'
				AND (state = 'active' OR $1)`, [tries > 200]);
			if (rows.length > 0) {
				const victim = this.soak.random.of(rows);
				if (kill(victim.pid) && await this.noticed()) return `FastCGI worker, ${victim.state}`;
			}
			await later(2);
		}
	}

	/** until the postmaster has ended all sessions, ours too: false where the victim had ended by itself just before */
	async noticed() {
		try {
			for (let tries = 0; tries < 600; tries++) {
				await this.db.rows('SELECT 1');
				await later(50);
			}
			return false;
		} catch (error) {
			if (!(error instanceof Lost)) throw error;
			return true;
		}
	}

	/** all its processes at once, as when the machine stops, or it alone, and the others end when they notice */
	async postmaster() {
		const { random, world } = this.soak;
		const all = random.next() < 0.6;
		kill(await postmaster(world.data));
		await this.gone(all ? 0 : 10_000);
		let again = 0;
		// some die again while they recover
		if (random.next() < 0.25) {
			await this.start(['-W']);
			await later(random.between(0, 250));
			const next = await postmaster(world.data).catch(() => 0);
			// it may not have written itself down yet
			if ((await serversIn(world.data)).includes(next)) again = kill(next);
			await this.gone(0);
		}
		while (!await this.start(['-w'])) await later(100);
		return `postmaster${all ? ' and all its processes' : ''}${again ? ', and again while it recovered' : ''}`;
	}

	/**
	 * Until none of them is left.  After the time each is killed: one that waits for a lock of
	 * another that was killed waits for good, and the next postmaster does not start beside it.
	 */
	async gone(time) {
		const patience = Date.now() + time;
		for (;;) {
			const left = await serversIn(this.soak.world.data);
			if (left.length === 0) return;
			if (Date.now() >= patience) for (const pid of left) kill(pid);
			await later(20);
		}
	}

	async start(how) {
		const { world } = this.soak;
		return await run('pg_ctl', ['-D', world.data, '-l', world.serverLog, '-t', '3600', ...how, 'start']).then(() => true, () => false);
	}

	async gateway() {
		this.soak.gateway.kill(this.soak.random.between(0, 2000));
		return 'gateway';
	}

	/** until all three ways are open again */
	async recovered() {
		const began = Date.now();
		for (let tries = 0; tries < 36_000; tries++) {
			try {
				await this.db.rows('SELECT 1');
				for (const ask of this.soak.ways) {
					const { status } = await ask({ method: 'GET', target: '/ready', headers: {} });
					if (status !== 200) throw new Lost(`/ready says ${status}`);
				}
				return Date.now() - began;
			} catch (error) {
				if (!(error instanceof Lost)) throw error;
				await later(100);
			}
		}
		throw new Error('the service did not come back within an hour');
	}
}
