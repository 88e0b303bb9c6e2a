// db-pre-config: settings that the database hands out, among them the keys that
// tokens are verified with.  Read at the start and whenever the database says
// NOTIFY pgrst, 'reload config' (db-channel), for which one connection listens.
import pg from 'pg';

import { makeVerifier } from './bearer.js';
import { transact } from './database.js';

const READ = {
	name: 'gateway_settings',
	text: `SELECT nullif(current_setting('pgrst.jwt_secret', true), ''),
		nullif(current_setting('pgrst.jwt_aud', true), ''),
		nullif(current_setting('pgrst.db_anon_role', true), '')`,
};

const RETRY_AFTER = 1000; // milliseconds

export class Settings {
	#config;
	#pool;
	#log;
	#listener = null;
	#retry = null;
	#reading = null;
	#asked = false;
	#stopped = false;

	constructor(config, pool, log) {
		this.#config = config;
		this.#pool = pool;
		this.#log = log;
		this.anonRole = config.anonRole;
		this.verify = null;
	}

	/** reads once, with an error when that does not work, and then listens */
	async start() {
		await this.#read();
		if (this.#config.notifyChannel) await this.#listen();
	}

	async stop() {
		this.#stopped = true;
		clearTimeout(this.#retry);
		await this.#listener?.end().catch(() => {});
	}

	async #read() {
		const { preConfig } = this.#config;
		const steps = [{ ...READ, values: [] }];
		if (preConfig) steps.unshift({ name: 'gateway_pre_config', text: `SELECT ${preConfig}()`, values: [] });
		const results = await transact(this.#pool, steps);
		const [jwtSecret, jwtAudience, anonRole] = results[steps.length - 1][0];
		this.verify = makeVerifier({ jwtSecret, jwtAudience: jwtAudience ?? this.#config.jwtAudience });
		this.anonRole = anonRole ?? this.#config.anonRole;
	}

	async #listen() {
		const { database, notifyChannel } = this.#config;
		const listener = new pg.Client({
			user: database.user,
			connectionTimeoutMillis: database.acquireTimeout,
			application_name: 'pgtoken-gateway listener',
		});
		this.#listener = listener;
		listener.on('error', () => {});
		listener.on('end', () => this.#listenLater());
		listener.on('notification', ({ payload }) => {
			if (payload === '' || payload === 'reload config') this.#reload();
		});
		await listener.connect();
		await listener.query(`LISTEN ${pg.escapeIdentifier(notifyChannel)}`);
	}

	// while nobody listened something may have changed
	#listenLater() {
		if (this.#stopped) return;
		clearTimeout(this.#retry);
		this.#retry = setTimeout(async () => {
			try {
				await this.#listen();
				await this.#reload();
			} catch {
				this.#listenLater();
			}
		}, RETRY_AFTER);
	}

	// One reading at a time, and after it one more for all that have asked meanwhile:
	// whoever may NOTIFY cannot make it read faster than it can, and an older answer
	// never comes after a newer one.
	#reload() {
		this.#asked = true;
		this.#reading ??= this.#readWhileAsked().finally(() => { this.#reading = null; });
		return this.#reading;
	}

	// the settings of before stay in force when the new ones cannot be read
	async #readWhileAsked() {
		while (this.#asked && !this.#stopped) {
			this.#asked = false;
			try {
				await this.#read();
			} catch (error) {
				this.#log(`db-pre-config could not be read: ${error.cause?.message || error.message}`);
			}
		}
	}
}
