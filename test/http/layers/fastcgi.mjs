// nginx before pgtoken_fastcgi: the server itself answers for the databases that
// pgtoken_fastcgi.listen names, once they are there.
import { join } from 'node:path';
import { setTimeout as later } from 'node:timers/promises';

import pg from 'pg';

import { start as startProgram } from '../programs.mjs';

/** where the server answers for the database of env; with workers that log in now, as other layers do */
export async function addressOf(env) {
	const client = new pg.Client({ host: env.PGHOST, port: env.PGPORT, user: env.PGUSER, database: env.PGDATABASE });
	await client.connect();
	try {
		const { rows: [{ listen }] } = await client.query(`SELECT current_setting('pgtoken_fastcgi.listen', true) AS listen`);
		const [, address] = (listen ?? '').split(',').map((item) => item.trim().split('=')).find(([database]) => database === env.PGDATABASE) ?? [];
		if (!address) throw new Error(`pgtoken_fastcgi.listen of the server does not name ${env.PGDATABASE}`);
		await client.query(`SELECT pg_terminate_backend(pid, 60000) FROM pg_stat_activity
			WHERE backend_type = 'pgtoken_fastcgi worker' AND datname = current_database()`);
		return address;
	} finally {
		await client.end();
	}
}

export async function start({ env, root, port, proxyPort }) {
	const address = await addressOf(env);
	const nginx = await startProgram(join(root, 'http/fastcgi/serve'), [address, port, proxyPort].filter(Boolean).map(String), { env, ready: 'nginx: listening' });
	const url = `http://127.0.0.1:${port}`;
	// the workers come once the database is there
	while ((await fetch(url)).status === 503) await later(50);
	return { ...nginx, url, proxyUrl: proxyPort && `http://127.0.0.1:${proxyPort}` };
}
