// What the soak runs against and who asks it: three ways to the service, and the gateway
// as a program that is killed and started anew.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as later } from 'node:timers/promises';

import pg from 'pg';

import { ask } from './fastcgi.mjs';

const ANSWER_WITHIN = 60_000;

/** the answer did not come, for a reason that the kills explain: the client does not know what became of it */
export class Lost extends Error {}

// the server was shut down, crashed, does not accept yet; the connection broke or there was none
const isLost = (error) => /^(57P0[123]|08|53300)/.test(error.code ?? '')
	|| ['ECONNREFUSED', 'ECONNRESET', 'ENOENT', 'EPIPE'].includes(error.code)
	|| (error.code === undefined && /terminated|timeout|not queryable|closed/i.test(error.message));

/** a session that is opened anew where it was lost */
export class Session {
	/** database: or several, of which the one that takes writes is asked, as by libpq's target_session_attrs; within: milliseconds that a statement may take */
	constructor(database, user, within = ANSWER_WITHIN) {
		this.options = [database].flat().map((one) =>
			({ ...one, user, application_name: `soak-${user}`, query_timeout: within, connectionTimeoutMillis: ANSWER_WITHIN }));
	}

	async connect() {
		let error = new Lost('no server takes writes');
		for (const options of this.options) {
			const client = new pg.Client(options);
			client.on('error', () => {});
			try {
				await client.connect();
				if (this.options.length === 1 || (await client.query('SHOW transaction_read_only')).rows[0].transaction_read_only === 'off') return client;
				error = new Lost('no server takes writes');
			} catch (failure) {
				error = failure;
			}
			client.end().catch(() => {});
		}
		throw error;
	}

	async rows(text, values = []) {
		try {
			this.client ??= await this.connect();
			return (await this.client.query(text, values)).rows;
		} catch (error) {
			if (!(error instanceof Lost) && !isLost(error)) throw error;
			this.close();
			throw new Lost(error.message);
		}
	}

	async row(text, values) {
		return (await this.rows(text, values))[0];
	}

	/** without waiting: the server may be gone */
	close() {
		const { client } = this;
		this.client = undefined;
		client?.end().catch(() => {});
	}
}

async function overHttp(send) {
	let answer;
	try {
		answer = await send();
	} catch (error) {
		throw new Lost(error.message);
	}
	// what a layer says of a database that is away
	if ([502, 503, 504].includes(answer.status)) throw new Lost(`status ${answer.status}`);
	return answer;
}

/** method, target, headers and body of a request -> {status, body} */
export const throughGateway = (world) => (request) => overHttp(async () => {
	const response = await fetch(`http://127.0.0.1:${world.port}${request.target}`, {
		method: request.method, headers: request.headers, body: request.body, signal: AbortSignal.timeout(ANSWER_WITHIN),
	});
	return { status: response.status, body: await response.text() };
});
export const throughFastcgi = (world) => (request) => overHttp(() => ask(world.fastcgi, request, ANSWER_WITHIN));

/** the reference gateway, which comes back by itself until it is stopped */
export class Gateway {
	constructor(world) {
		this.world = world;
		this.starts = 0;
	}

	start() {
		const { world } = this;
		this.starts++;
		this.child = spawn(process.execPath, [world.gateway], {
			env: {
				PATH: process.env.PATH, PGHOST: world.database.host, PGPORT: String(world.database.port), PGDATABASE: world.database.database,
				PGUSER: 'authenticator', GATEWAY_PORT: String(world.port), GATEWAY_POOL_SIZE: '4',
			},
			stdio: ['ignore', 'ignore', 'inherit'],
		});
		this.child.once('exit', () => { if (!this.stopped) setTimeout(() => this.stopped || this.start(), this.pause ?? 200); });
	}

	kill(pause) {
		this.pause = pause;
		this.child.kill('SIGKILL');
	}

	async stop() {
		this.stopped = true;
		if (this.child.exitCode !== null || this.child.signalCode !== null) return;
		this.child.kill('SIGTERM');
		await Promise.race([once(this.child, 'exit'), later(10_000)]);
		this.child.kill('SIGKILL');
	}
}

/** the same numbers for the same seed */
export function random(seed) {
	let state = seed >>> 0;
	const next = () => {
		state = (state + 0x6d2b79f5) >>> 0;
		let t = state;
		t = Math.imul(t ^ (t >>> 15), t | 1);
		t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
		return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
	};
	return {
		next,
		between: (low, high) => low + next() * (high - low),
		of: (list) => list[Math.floor(next() * list.length)],
		/** one of the names, as often as its weight says */
		weighted(weights) {
			const entries = Object.entries(weights);
			let left = next() * entries.reduce((sum, [, weight]) => sum + weight, 0);
			for (const [name, weight] of entries) {
				left -= weight;
				if (left < 0) return name;
			}
			return entries.at(-1)[0];
		},
	};
}

/** closed while invariants are looked at: who is inside ends what he does, and nobody comes in */
export class Gate {
	inside = 0;

	async through(action) {
		while (this.closed) await this.closed;
		this.inside++;
		try {
			return await action();
		} finally {
			this.inside--;
		}
	}

	async shut(action) {
		let open;
		this.closed = new Promise((resolve) => { open = resolve; });
		try {
			while (this.inside > 0) await later(20);
			return await action();
		} finally {
			this.closed = undefined;
			open();
		}
	}
}
