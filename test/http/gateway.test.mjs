// The gateway itself: what it believes, what it does when it is told to read its
// settings again, and what works where the database only reads.  Each test starts
// one of its own.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { dirname, join } from 'node:path';
import { describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';

import * as h from './harness.mjs';

const MAIN = join(dirname(fileURLToPath(import.meta.url)), '../../http/gateway/main.js');
const skip = !h.proxyUrl && 'PROXY_URL names no second gateway, so the layer may be another one';

/** action({base, log}) beside a gateway with these further settings; log() is what it has complained of */
async function withGateway(env, action) {
	const child = spawn(process.execPath, [MAIN], { env: { ...process.env, PGUSER: 'authenticator', GATEWAY_PORT: '0', ...env } });
	let complaints = '';
	child.stderr.on('data', (chunk) => { complaints += chunk; });
	const ended = once(child, 'close');
	try {
		let said = '';
		const base = await new Promise((resolve, reject) => {
			child.stdout.on('data', (chunk) => {
				said += chunk;
				const url = /listening on (\S+)\n/.exec(said)?.[1];
				if (url) resolve(url);
			});
			ended.then(() => reject(new Error(`the gateway did not start: ${complaints}`)));
		});
		return await action({ base, log: () => complaints });
	} finally {
		child.kill('SIGTERM');
		await ended;
	}
}

describe('the gateway without a proxy', { skip }, () => {
	const SETTINGS = { http_client_certificate_header: 'X-My-Certificate', http_client_address_header: 'X-My-Address',
		http_context_headers: 'country=x-my-country , risk_score=x-my-risk' };
	const HEADERS = { 'x-my-address': '192.0.2.1', 'x-my-country': 'AQ', 'x-my-risk': '0', 'x-forwarded-for': '192.0.2.2' };
	const database = process.env.PGDATABASE;
	const set = (name, content) => h.rows(`ALTER ROLE authenticator IN DATABASE "${database}" ${content === null ? `RESET pgtoken.${name}`
		: `SET pgtoken.${name} = '${content}'`}`);

	/** action with the settings under other names, known from before it started, or changed while it runs */
	async function renamed(action) {
		try {
			for (const [name, content] of Object.entries(SETTINGS)) await set(name, content);
			await action();
		} finally {
			for (const name of Object.keys(SETTINGS)) await set(name, null);
		}
	}

	// The attack: the settings name other headers than those of the gateway's own list,
	// and the client writes them itself: another's certificate, another address, no risk.
	async function believesNothing(base) {
		const mine = h.certificate('machine');
		const machine = await h.newClient({ metadata: { grant_types: ['client_credentials'], token_endpoint_auth_method: 'tls_client_auth',
			tls_client_auth_subject_dn: mine.subject } });
		h.assertError(await h.post('/oauth2/token', { grant_type: 'client_credentials', client_id: machine.id }, { base,
			headers: { ...HEADERS, 'x-my-certificate': mine.header } }), 'invalid_client', 401);
		const client = await h.newClient();
		const { refresh_token: refreshToken, grantId } = await h.newTokens(client);
		h.assertTokens(await h.refresh(client, refreshToken, {}, { base, headers: { ...HEADERS, 'user-agent': 'agent' } }));
		assert.deepEqual((await h.family(grantId)).context, { user_agent: 'agent', ip: '127.0.0.1' });
	}

	it('lets nobody write the headers that the settings name', () => renamed(() => withGateway({}, ({ base }) => believesNothing(base))));

	it('nor when they have been renamed while it runs', () => withGateway({ GATEWAY_POOL_SIZE: '1' }, async ({ base }) => {
		await renamed(async () => {
			// what a connection has is what it began with; the pool's next one has the new names
			await h.rows(`SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity
				WHERE usename = 'authenticator' AND application_name = 'pgtoken-gateway' AND datname = current_database() AND state = 'idle'`);
			await believesNothing(base);
		});
	}));
});

describe('the gateway\'s settings', { skip }, () => {
	// the attack: any role of the database may NOTIFY, as often as it likes
	it('are read once more, however many say so meanwhile, and others are served', async () => {
		const LOCK = 815;
		await h.rows('DROP SCHEMA IF EXISTS gateway_test CASCADE');
		await h.rows(`CREATE SCHEMA gateway_test; CREATE SEQUENCE gateway_test.readings;
			CREATE FUNCTION gateway_test.pre_config() RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
			BEGIN
				PERFORM nextval('gateway_test.readings'), pg_advisory_xact_lock(${LOCK}), pgtoken_http.pre_config();
			END $$;
			GRANT USAGE ON SCHEMA gateway_test TO authenticator`);
		const readings = async () => Number(await h.value('SELECT last_value FROM gateway_test.readings'));
		const until = async (n) => { while (await readings() < n) await new Promise((later) => { setTimeout(later, 20); }); };
		const holder = await h.pool.connect();
		try {
			await withGateway({ GATEWAY_PRE_CONFIG: 'gateway_test.pre_config', GATEWAY_NOTIFY_CHANNEL: 'gateway_test', GATEWAY_POOL_SIZE: '2' }, async ({ base, log }) => {
				const before = await readings();
				await holder.query(`SELECT pg_advisory_lock(${LOCK})`);
				await h.rows('NOTIFY gateway_test, \'reload config\'');
				await until(before + 1);
				for (let i = 0; i < 200; i++) await h.rows('NOTIFY gateway_test, \'reload config\'');
				assert.equal((await h.get('/oauth2/jwks', { base })).status, 200, 'and is served while they are read');
				assert.equal(await readings(), before + 1, 'one reading at a time');
				await holder.query(`SELECT pg_advisory_unlock(${LOCK})`);
				await until(before + 2);
				// what has come in order has been dealt with when one more that comes later is
				await holder.query(`SELECT pg_advisory_lock(${LOCK})`);
				await h.rows('NOTIFY gateway_test');
				await until(before + 3);
				assert.equal(await readings(), before + 3, 'and one for the two hundred');
				await holder.query(`SELECT pg_advisory_unlock(${LOCK})`);
				assert.equal(log(), '');
			});
		} finally {
			holder.release(true);
			await h.rows('DROP SCHEMA gateway_test CASCADE');
		}
	});
});

describe('the gateway that has no connection left', { skip }, () => {
	// the fault: a client whose logout nobody had time for believes that its token is gone, or gives up (RFC 7009 section 2.2.1)
	it('answers 503 with Retry-After, and the revocation can be sent again (C27)', () => withGateway({ GATEWAY_POOL_SIZE: '1', GATEWAY_POOL_TIMEOUT: '100' }, async ({ base }) => {
		const client = await h.newClient();
		const { refresh_token: refreshToken, grantId } = await h.newTokens(client);
		const other = await h.newTokens(client);
		const holder = await h.pool.connect();
		try {
			await holder.query('BEGIN');
			await holder.query('SELECT FROM pgtoken.grants WHERE grant_id = $1 FOR UPDATE', [grantId]);
			const first = h.postAs(client, '/oauth2/revoke', { token: refreshToken }, { base });
			// the only connection waits for the family: until then nobody is refused
			while (await h.value(`SELECT count(*)::int FROM pg_stat_activity WHERE datname = current_database()
				AND application_name = 'pgtoken-gateway' AND wait_event_type = 'Lock'`) === 0) await new Promise((later) => { setTimeout(later, 20); });
			const refused = await h.postAs(client, '/oauth2/revoke', { token: other.refresh_token }, { base });
			assert.equal(refused.status, 503);
			assert.match(refused.headers.get('retry-after') ?? '', /^[1-9][0-9]*$/);
			await holder.query('ROLLBACK');
			assert.equal((await first).status, 200);
		} finally {
			holder.release(true);
		}
		assert.equal((await h.family(other.grantId)).revoked_at, null);
		assert.equal((await h.postAs(client, '/oauth2/revoke', { token: other.refresh_token }, { base })).status, 200);
		assert.ok((await h.family(other.grantId)).revoked_at !== null);
	}));
});

describe('the gateway before a database that only reads', { skip }, () => {
	// as on a standby: that a transaction may write cannot be asked for
	it('answers what needs no writing', () => withGateway({ PGOPTIONS: '-c default_transaction_read_only=on', GATEWAY_API: '{"/api/notes": "api.notes"}' }, async ({ base }) => {
		const client = await h.newClient();
		const { access_token: accessToken } = await h.newTokens(client);
		for (const path of ['/.well-known/openid-configuration', '/oauth2/jwks']) assert.equal((await h.get(path, { base })).status, 200);
		const introspected = await h.postAs(client, '/oauth2/introspect', { token: accessToken }, { base });
		assert.deepEqual([introspected.status, introspected.json.active], [200, true]);
		const userinfo = await h.get('/oauth2/userinfo', { base, headers: h.bearer(accessToken) });
		assert.deepEqual([userinfo.status, userinfo.json?.sub], [200, h.SUBJECT]);
		assert.equal((await h.notes(h.bearer(accessToken), base)).status, 200);
	}));
});
