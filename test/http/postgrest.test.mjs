// PostgREST behind nginx as it is shipped: whose word is believed for what a request is,
// what PostgREST must not get to judge, a standby, and failures.  Starts a layer of its
// own before the suite's database; the rest of the suite goes through it as through others.
import assert from 'node:assert/strict';
import { request as plain } from 'node:http';
import { after, before, describe, it } from 'node:test';

import * as h from './harness.mjs';
import { start } from './layers/postgrest.mjs';

const skip = !process.env.PGDATABASE && 'PGDATABASE names no database to put a layer before';

/** an exchange as node:http has it: any header, several of one name */
function exchange(base, method, path, { headers = {}, body } = {}) {
	return new Promise((resolve, reject) => {
		const outgoing = plain(`${base}${path}`, { method, headers, agent: false }, (response) => {
			const chunks = [];
			response.on('data', (chunk) => chunks.push(chunk));
			response.on('end', () => resolve({ status: response.statusCode, headers: response.headers, raw: response.rawHeaders, text: Buffer.concat(chunks).toString() }));
		});
		outgoing.on('error', reject);
		outgoing.end(body);
	});
}

const FORM = { 'content-type': 'application/x-www-form-urlencoded' };
const form = (fields) => new URLSearchParams(fields).toString();

/** a client that is who its certificate says */
async function certified() {
	const certificate = h.certificate('machine');
	const client = await h.newClient({ metadata: { grant_types: ['client_credentials'], token_endpoint_auth_method: 'tls_client_auth', tls_client_auth_subject_dn: certificate.subject } });
	return { client, certificate };
}

describe('PostgREST behind nginx', { skip }, () => {
	let layer;
	before(async () => { layer = await start(); });
	after(async () => { await layer?.stop(); });

	// the attack: an anonymous client writes what only nginx may say, in every way that names can be written
	it('believes no header of a client\'s: certificate, address, method', async () => {
		const { client, certificate } = await certified();
		const body = form({ grant_type: 'client_credentials', client_id: client.id });
		for (const name of ['Pgtoken-Certificate', 'PGTOKEN-CERTIFICATE', 'pgtoken_certificate', 'Pgtoken_Certificate', 'X-SSL-Client-Cert', 'Client-Cert', 'Client-Cert-Chain', 'Pgtoken-Client-Cert']) {
			for (const value of [certificate.header, certificate.pem, [certificate.pem, certificate.pem]]) {
				const { status, text } = await exchange(layer.url, 'POST', '/oauth2/token', { headers: { ...FORM, [name]: value }, body });
				assert.deepEqual([status, JSON.parse(text).error], [401, 'invalid_client'], name);
			}
		}
		// where nginx vouches for it, it is believed
		assert.equal((await exchange(layer.proxyUrl, 'POST', '/oauth2/token', { headers: { ...FORM, 'client-cert': certificate.header }, body })).status, 200);

		const user = await h.newClient();
		const { refresh_token: refreshToken, grantId } = await h.newTokens(user);
		const forged = Object.fromEntries(['Pgtoken-Address', 'pgtoken_address', 'X-Forwarded-For', 'Forwarded', 'X-Real-IP', 'Pgtoken-Method', 'pgtoken_method', 'Pgtoken-Target', 'X-HTTP-Method-Override',
			'X-Forwarded-Method', 'Pgtoken-Context-Country', 'Pgtoken-Context-Risk-Score', 'pgtoken-context-latitude', 'X-Geo-Country', 'X-Risk-Score', 'Pgtoken-Scheme', 'Pgtoken-Host']
			.map((name) => [name, ['203.0.113.7', '203.0.113.7']]));
		const { status } = await exchange(layer.url, 'POST', '/oauth2/token', { headers: { ...FORM, ...h.basic(user.id, user.secret), 'user-agent': 'agent', ...forged },
			body: form({ grant_type: 'refresh_token', refresh_token: refreshToken }) });
		assert.equal(status, 200);
		assert.deepEqual((await h.family(grantId)).context, { user_agent: 'agent', ip: '127.0.0.1' });
	});

	// the attack: the API's PostgREST has the same login role, and its clients may name its functions
	it('the API\'s PostgREST does not have the function', async () => {
		const { client, certificate } = await certified();
		const body = form({ grant_type: 'client_credentials', client_id: client.id });
		const forged = { 'content-type': 'application/octet-stream', 'pgtoken-method': 'POST', 'pgtoken-target': '/oauth2/token', 'pgtoken-content-type': FORM['content-type'],
			'pgtoken-certificate': certificate.pem };
		const { access_token: accessToken } = await h.newTokens(await h.newClient());
		for (const more of [{}, { 'content-profile': 'pgtoken_postgrest', 'accept-profile': 'pgtoken_postgrest' }, { 'content-profile': 'pgtoken_http' }, h.bearer(accessToken)]) {
			for (const name of ['handle', 'read', 'admit', 'pgtoken_postgrest.handle', 'pre_request']) {
				const { status, text } = await exchange(layer.url, 'POST', `/api/${name}`, { headers: { ...forged, ...more }, body });
				assert.ok([401, 404, 406].includes(status), `${name}: ${status}`);
				assert.ok(!text.includes('access_token'));
			}
		}
	});

	// the attack: whoever can run SQL sets request.headers himself
	it('in SQL of others it cannot be called, though the session is the layer\'s', async () => {
		const { client, certificate } = await certified();
		const headers = JSON.stringify({ 'pgtoken-method': 'POST', 'pgtoken-target': '/oauth2/token', 'pgtoken-content-type': FORM['content-type'], 'pgtoken-certificate': certificate.pem,
			'pgtoken-address': '203.0.113.7', 'client-cert': certificate.header });
		const asked = async (login, role) => {
			const connection = await h.pool.connect();
			try {
				await connection.query('BEGIN');
				await connection.query(`SET LOCAL SESSION AUTHORIZATION ${login}`);
				if (role) await connection.query(`SET LOCAL ROLE ${role}`);
				await connection.query('SELECT set_config(\'request.headers\', $1, true)', [headers]);
				await connection.query('SELECT pgtoken_postgrest.handle($1)', [Buffer.from(form({ grant_type: 'client_credentials', client_id: client.id }))]);
				return (await connection.query('SELECT current_setting(\'response.status\') AS status')).rows[0].status;
			} finally {
				await connection.query('ROLLBACK');
				connection.release();
			}
		};
		for (const role of ['web_anon', 'api_user']) {
			await assert.rejects(asked(role), { code: '42501' }, role);
			await assert.rejects(asked('authenticator', role), { code: '42501' }, `an API's session as ${role}`);
		}
		for (const login of ['web_door', 'postgres']) assert.equal(await asked(login), '401', `${login}: not believed`);
		assert.equal(await asked('authenticator', 'web_door'), '200', 'as PostgREST\'s session is');
		// and the door itself is nobody's but the layers'
		for (const login of ['web_anon', 'api_user', 'login_app']) {
			for (const call of ['handle(\'GET\', \'/\', \'{}\', NULL)', 'admit(\'GET\', \'/\', \'{}\')']) {
				const connection = await h.pool.connect();
				await connection.query(`SET SESSION AUTHORIZATION ${login}`);
				await assert.rejects(connection.query(`SELECT pgtoken_http.${call}`), { code: '42501' }, login);
				connection.release(true);
			}
		}
	});

	it('whatever the request is, PostgREST does not judge it', async () => {
		const { access_token: accessToken } = await h.newTokens(await h.newClient());
		const userinfo = (headers) => exchange(layer.url, 'GET', '/oauth2/userinfo', { headers });
		for (const more of [{}, { range: 'bytes=0-1' }, { range: '0-0' }, { prefer: 'handling=strict, x, tx=rollback, count=exact' }, { 'accept-profile': 'public', 'content-profile': 'public' }, { accept: 'text/html' },
			{ accept: 'application/vnd.pgrst.object' }, { cookie: 'a=b' }, { origin: 'https://a.example' }]) {
			const { status, headers, text } = await userinfo({ ...h.bearer(accessToken), ...more });
			assert.deepEqual([status, JSON.parse(text).sub, headers['content-type']], [200, h.SUBJECT, 'application/json'], JSON.stringify(more));
			for (const name of ['content-range', 'content-profile', 'proxy-status', 'preference-applied', 'content-location']) assert.equal(headers[name], undefined, name);
		}
		// its own error would be PGRST301, with a body
		for (const authorization of ['Bearer x', 'Bearer', 'DPoP x', 'Bearer a.b.c']) {
			const { status, headers, text } = await userinfo({ authorization });
			assert.deepEqual([status, text], [401, ''], authorization);
			assert.match(headers['www-authenticate'], /realm=/);
		}
		const junk = await exchange(layer.url, 'POST', '/oauth2/token', { headers: { ...FORM, authorization: 'Bearer x' }, body: form({ grant_type: 'client_credentials' }) });
		assert.ok([400, 401].includes(junk.status) && /^invalid_/.test(JSON.parse(junk.text).error));
		// a NUL does not cut the body
		const client = await h.newClient({ metadata: { grant_types: ['client_credentials'] } });
		const cut = await exchange(layer.url, 'POST', '/oauth2/token', { headers: { ...FORM, ...h.basic(client.id, client.secret) }, body: 'grant_type=client_credentials\0&x' });
		assert.deepEqual([cut.status, JSON.parse(cut.text).error], [400, 'invalid_request']);
		// and OPTIONS that is no preflight has an answer
		assert.deepEqual((({ status, headers, text }) => [status, headers.allow, text])(await exchange(layer.url, 'OPTIONS', '/oauth2/token')), [204, 'POST, OPTIONS', '']);
	});

	// the fault: the client gets PostgREST's text, two words on when to come again, or none
	it('a server that goes down meanwhile is 503, and the request can be sent again', async () => {
		const client = await h.newClient();
		const { refresh_token: refreshToken, grantId } = await h.newTokens(client);
		const holder = await h.pool.connect();
		const send = () => exchange(layer.url, 'POST', '/oauth2/token', { headers: { ...FORM, ...h.basic(client.id, client.secret) }, body: form({ grant_type: 'refresh_token', refresh_token: refreshToken }) });
		try {
			await holder.query('BEGIN');
			await holder.query('SELECT FROM pgtoken.grants WHERE grant_id = $1 FOR UPDATE', [grantId]);
			const waiting = send();
			while (await h.value(`SELECT count(pg_terminate_backend(pid))::int FROM pg_stat_activity
				WHERE datname = current_database() AND application_name = 'postgrest' AND wait_event_type = 'Lock'`) === 0) await new Promise((later) => { setTimeout(later, 20); });
			const { status, headers, raw, text } = await waiting;
			assert.deepEqual([status, JSON.parse(text).error, headers['content-type'], headers['access-control-allow-origin']], [503, 'temporarily_unavailable', 'application/json', '*']);
			assert.deepEqual(raw.filter((word, i) => raw[i - 1]?.toLowerCase() === 'retry-after'), ['5']);
			await holder.query('ROLLBACK');
		} finally {
			holder.release(true);
		}
		assert.equal((await send()).status, 200);
	});
});

describe('PostgREST before a standby', { skip }, () => {
	let layer;
	before(async () => { layer = await start({ standby: true }); });
	after(async () => { await layer?.stop(); });

	it('answers what needs no writing, and 503 with Retry-After to the rest', async () => {
		const client = await h.newClient();
		const { access_token: accessToken, refresh_token: refreshToken, grantId } = await h.newTokens(client);
		const base = layer.url;
		for (const path of ['/.well-known/openid-configuration', '/.well-known/oauth-authorization-server', '/oauth2/jwks']) assert.equal((await h.get(path, { base })).status, 200);
		const userinfo = await h.get('/oauth2/userinfo', { base, headers: h.bearer(accessToken) });
		assert.deepEqual([userinfo.status, userinfo.json?.sub], [200, h.SUBJECT]);
		const introspected = await h.postAs(client, '/oauth2/introspect', { token: accessToken }, { base });
		assert.deepEqual([introspected.status, introspected.json?.active], [200, true]);
		for (const path of ['/oauth2/token', '/oauth2/revoke', '/oauth2/par']) {
			const refused = await h.postAs(client, path, { grant_type: 'refresh_token', refresh_token: refreshToken, token: refreshToken }, { base });
			assert.deepEqual([refused.status, refused.json?.error, refused.headers.get('retry-after')], [503, 'temporarily_unavailable', '5'], path);
		}
		assert.equal((await h.family(grantId)).revoked_at, null);
		h.assertTokens(await h.refresh(client, refreshToken), { type: 'Bearer' });
	});
});
