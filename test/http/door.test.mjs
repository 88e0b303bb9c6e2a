// The door: what every endpoint answers alike, whose issuer a request is for, and
// whose word is believed.  A layer adds nothing and takes nothing away.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import * as h from './harness.mjs';

const FORM = ['POST', 'OPTIONS'];
const READ = ['GET', 'HEAD', 'OPTIONS'];
const BOTH = ['GET', 'HEAD', 'POST', 'OPTIONS'];
const ENDPOINTS = { '/.well-known/openid-configuration': READ, '/.well-known/oauth-authorization-server': READ, '/oauth2/jwks': READ,
	'/.well-known/oauth-protected-resource/api': READ, '/.well-known/oauth-protected-resource': READ, '/oauth2/resource_metadata': READ,
	'/oauth2/token': FORM, '/oauth2/par': FORM, '/oauth2/revoke': FORM, '/oauth2/introspect': FORM, '/oauth2/device_authorization': FORM,
	'/oauth2/challenge': FORM, '/oauth2/complete_challenge': FORM, '/oauth2/userinfo': BOTH, '/oauth2/authorize': BOTH, '/oauth2/logout': BOTH };
// where a browser navigates to is not for scripts (RFC 9700 section 2.6)
const PAGES = ['/oauth2/authorize', '/oauth2/logout'];
const ORIGIN = 'https://app.example';

const one = (answer, name) => {
	const values = answer.all(name);
	assert.ok(values.length <= 1, `${name} comes once`);
	return values[0];
};
const words = (list) => (list ?? '').split(',').map((word) => word.trim()).filter((word) => word !== '');
const machine = (more = {}) => h.newClient({ metadata: { grant_types: ['client_credentials'], ...more } });
const form = (client, more = []) => ({ body: 'grant_type=client_credentials',
	headers: ['Content-Type', 'application/x-www-form-urlencoded', ...(client ? ['Authorization', h.basic(client.id, client.secret).authorization] : []), ...more] });
const jsonOf = ({ body }) => JSON.parse(body.toString());

describe('every endpoint', () => {
	// the fault: a client in a browser that never sends its request, and a page that any site's script can read
	it('answers its preflight, with its methods; pages answer none', async () => {
		for (const [path, methods] of Object.entries(ENDPOINTS)) {
			const answer = await h.exchange('OPTIONS', path, { headers: ['Origin', ORIGIN, 'Access-Control-Request-Method', 'POST', 'Access-Control-Request-Headers', 'dpop, x-own'] });
			assert.equal(answer.status, 204, path);
			assert.equal(answer.body.length, 0);
			assert.equal(one(answer, 'access-control-allow-origin'), PAGES.includes(path) ? undefined : '*', path);
			if (PAGES.includes(path)) continue;
			assert.deepEqual(words(one(answer, 'access-control-allow-methods')), methods, path);
			const headers = words(one(answer, 'access-control-allow-headers').toLowerCase());
			for (const name of ['authorization', 'content-type', 'accept', 'dpop', 'x-own']) assert.ok(headers.includes(name), `${path}: ${name}`);
			assert.equal(one(answer, 'access-control-allow-credentials'), undefined);
		}
	});

	it('says to OPTIONS what it takes, and to what it does not take that it does not', async () => {
		for (const [path, methods] of Object.entries(ENDPOINTS)) {
			const options = await h.exchange('OPTIONS', path);
			assert.deepEqual([options.status, words(one(options, 'allow')), options.body.length], [204, methods, 0], path);
			for (const method of ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'PROPFIND', ...(h.can('trace') ? ['TRACE'] : [])].filter((other) => !methods.includes(other))) {
				const answer = await h.exchange(method, path, { headers: ['Origin', ORIGIN], ...(method === 'POST' && { body: '' }) });
				assert.equal(answer.status, 405, `${method} ${path}`);
				assert.deepEqual(words(one(answer, 'allow')), methods, `${method} ${path}`);
				if (method !== 'HEAD') assert.equal(jsonOf(answer).error, 'invalid_request');
				assert.equal(one(answer, 'access-control-allow-origin'), PAGES.includes(path) ? undefined : '*', `${method} ${path}`);
			}
		}
	});

	it('answers HEAD like GET, without the body', async () => {
		const { access_token: accessToken } = await h.newTokens(await h.newClient());
		const cases = Object.keys(ENDPOINTS).filter((path) => ENDPOINTS[path].includes('HEAD')).map((path) => [path, []]);
		for (const [path, headers] of [...cases, ['/oauth2/userinfo', ['Authorization', `Bearer ${accessToken}`]], ['/oauth2/unheard-of', []]]) {
			const [get, head] = [await h.exchange('GET', path, { headers }), await h.exchange('HEAD', path, { headers })];
			assert.equal(head.body.length, 0, path);
			const shape = (answer) => [answer.status, ...['content-type', 'cache-control', 'www-authenticate', 'allow'].map((name) => one(answer, name))];
			assert.deepEqual(shape(head), shape(get), path);
			const length = one(head, 'content-length');
			if (length !== undefined) assert.equal(Number(length), get.body.length, `${path}: the length that GET has`);
		}
	});

	it('says what its body is, once, and a script may read why', async () => {
		for (const path of Object.keys(ENDPOINTS)) {
			const answer = await h.exchange(ENDPOINTS[path].includes('GET') ? 'GET' : 'POST', path, { headers: ['Origin', ORIGIN, 'Content-Type', 'application/x-www-form-urlencoded'],
				...(!ENDPOINTS[path].includes('GET') && { body: '' }) });
			if (answer.body.length > 0) assert.equal(one(answer, 'content-type'), 'application/json', path);
			assert.ok(one(answer, 'cache-control') !== undefined, path);
			if (PAGES.includes(path)) continue;
			const readable = words(one(answer, 'access-control-expose-headers').toLowerCase());
			for (const name of ['dpop-nonce', 'retry-after', 'www-authenticate']) assert.ok(readable.includes(name), `${path}: ${name}`);
		}
	});

	it('does not exist at another path, and that is an answer like others', async () => {
		for (const path of ['/', '/oauth2', '/oauth2/', '/oauth2/token/', '/OAUTH2/token', '/oauth2/Token', '//oauth2/token', '/oauth2/%74oken', '/live/x', '/rpc/token']) {
			const answer = await h.exchange('POST', path, form(null, ['Origin', ORIGIN]));
			assert.equal(answer.status, 404, path);
			assert.deepEqual([jsonOf(answer).error, one(answer, 'content-type'), one(answer, 'access-control-allow-origin')], ['not_found', 'application/json', '*'], path);
		}
	});

	it('has its methods by their exact names', async () => {
		const answer = await h.exchange('POST', '/oauth2/token', { ...form(await machine()), body: 'grant_type=client_credentials&scope=notes%3Aread' });
		assert.equal(answer.status, 200);
		assert.ok(jsonOf(answer).access_token);
	});
});

// what runs the service asks it at these paths, which are no issuer's
describe('who watches it', () => {
	const ask = (path, headers = []) => h.exchange('GET', path, { headers });

	it('is told that it lives, and that it is ready', async () => {
		for (const [path, content] of [['/live', { live: true }], ['/ready', { ready: true, missing: [] }]]) {
			for (const target of [path, `${path}?x=y`]) {
				const answer = await ask(target);
				assert.deepEqual([answer.status, one(answer, 'content-type'), one(answer, 'cache-control')], [200, 'application/json', 'no-store'], target);
				const { late, ...told } = jsonOf(answer);
				assert.deepEqual(told, content);
			}
			assert.deepEqual([(await h.exchange('HEAD', path)).status, (await h.exchange('HEAD', path)).body.length], [200, 0]);
		}
	});

	// the fault: a layer that has its own text for a 503, and the list of what is missing gone
	it('is told what is missing', async () => {
		await h.rows(`UPDATE pgtoken.signing_keys SET state = 'pending' WHERE state = 'active' AND issuer = $1 AND alg = 'ES256'`, h.issuer);
		try {
			const answer = await ask('/ready');
			assert.deepEqual([answer.status, one(answer, 'content-type'), answer.all('retry-after'), answer.all('cache-control')], [503, 'application/json', ['5'], ['no-store']]);
			assert.deepEqual([jsonOf(answer).ready, jsonOf(answer).missing], [false, ['signing_key']]);
		} finally {
			await h.rows(`UPDATE pgtoken.signing_keys SET state = 'active' WHERE state = 'pending' AND issuer = $1 AND alg = 'ES256'`, h.issuer);
		}
		assert.equal((await ask('/ready')).status, 200);
	});

	// the attack: strangers who read how often logins fail
	it('reads metrics with a token for it, in either form, and not without', async () => {
		const client = await h.newClient({ scopes: ['pgtoken:metrics', 'notes:read'], metadata: { grant_types: ['client_credentials'] } });
		const tokenFor = async (scope) => (await h.token(client, { grant_type: 'client_credentials', scope })).json.access_token;
		const bearer = ['Authorization', `Bearer ${await tokenFor('pgtoken:metrics')}`];
		const text = await ask('/metrics', bearer);
		assert.deepEqual([text.status, one(text, 'content-type'), one(text, 'cache-control')], [200, 'text/plain; version=0.0.4; charset=utf-8', 'no-store']);
		assert.match(text.body.toString(), /^pgtoken_http_requests_total\{.*endpoint="\/oauth2\/token".*\} \d+$/m);
		const open = await ask('/metrics', [...bearer, 'Accept', 'application/openmetrics-text;version=1.0.0,text/plain;version=0.0.4;q=0.5,*/*;q=0.1']);
		assert.deepEqual([open.status, one(open, 'content-type')], [200, 'application/openmetrics-text; version=1.0.0; charset=utf-8']);
		assert.ok(open.body.toString().endsWith('\n# EOF\n'));
		for (const [headers, status, error] of [[[], 401], [['Authorization', 'Bearer x'], 401, 'invalid_token'], [['Authorization', `Bearer ${await tokenFor('notes:read')}`], 401, 'invalid_token']]) {
			const refused = await ask('/metrics', headers);
			assert.deepEqual([refused.status, refused.body.toString(), /error="(\w+)"/.exec(one(refused, 'www-authenticate'))?.[1]], [status, '', error]);
		}
	});
});

describe('the form', () => {
	it('is told by its type, whatever its parameters and case', async () => {
		const client = await machine();
		const send = (type) => h.exchange('POST', '/oauth2/token', { body: 'grant_type=client_credentials',
			headers: [...(type ? ['Content-Type', type] : []), 'Authorization', h.basic(client.id, client.secret).authorization] });
		for (const type of ['application/x-www-form-urlencoded', 'Application/X-WWW-Form-URLencoded; charset=UTF-8']) assert.equal((await send(type)).status, 200, type);
		for (const type of ['application/json', 'text/plain', 'multipart/form-data; boundary=x', 'application/x-www-form-urlencodedx']) {
			const answer = await send(type);
			assert.deepEqual([answer.status, jsonOf(answer).error], [415, 'invalid_request'], type);
		}
	});

	it('that is compressed is told that it is, and what is taken', async () => {
		const answer = await h.exchange('POST', '/oauth2/token', form(await machine(), ['Content-Encoding', 'gzip']));
		assert.equal(answer.status, 415);
		assert.equal(one(answer, 'accept-encoding'), 'identity');
	});

	it('is as long as it says, and may come in pieces', async () => {
		const client = await machine();
		const { headers, body } = form(client);
		assert.equal((await h.exchange('POST', '/oauth2/token', { headers, body, chunked: true })).status, 200);
		assert.equal((await h.exchange('POST', '/oauth2/token', { headers, body: `${body}&x=${'a'.repeat(60_000)}` })).status, 200);
		const large = await h.exchange('POST', '/oauth2/token', { headers: [...headers, 'Origin', ORIGIN], body: `${body}&x=${'a'.repeat(64 * 1024)}` });
		assert.deepEqual([large.status, jsonOf(large).error, one(large, 'access-control-allow-origin')], [413, 'invalid_request', '*']);
	});
});

describe('parameters', () => {
	const basicOf = (client) => ({ headers: h.basic(client.id, client.secret) });
	const broad = () => h.newClient({ scopes: ['notes:read', 'orders:read'], metadata: { grant_types: ['client_credentials'] } });
	const GRANT = [['grant_type', 'client_credentials']];

	it('that are unknown change nothing (C3)', async () => {
		const pairs = [...GRANT, ['scope', 'notes:read'], ['unheard_of', 'x'], ['', 'x'], ['a"b', 'x']];
		h.assertTokens(await h.post('/oauth2/token', pairs, basicOf(await broad())));
	});

	it('that every request has may be missing, and are asked for', async () => {
		const client = await h.newClient();
		const cases = { token: 'scope', par: 'scope', revoke: 'token_type_hint', introspect: 'token_type_hint', challenge: 'factor_id', complete_challenge: 'code' };
		for (const [path, other] of Object.entries(cases)) h.assertError(await h.post(`/oauth2/${path}`, [[other, 'openid']], basicOf(client)), 'invalid_request');
	});

	// the attack: the one that is checked and the one that is used are not the same
	it('that come twice are refused, whatever they are, at every endpoint (C4)', async () => {
		const client = await broad();
		for (const twice of [['grant_type', 'client_credentials'], ['scope', 'notes:read'], ['unheard_of', 'x'], ['client_id', client.id], ['scope', '']]) {
			const pairs = [...GRANT, ['scope', 'notes:read'], ['unheard_of', 'x'], ['client_id', client.id], twice];
			h.assertError(await h.post('/oauth2/token', pairs, basicOf(client)), 'invalid_request');
		}
		for (const path of Object.keys(ENDPOINTS).filter((name) => ENDPOINTS[name].includes('POST') && name !== '/oauth2/userinfo')) {
			h.assertError(await h.post(path, [['state', 'x'], ['state', 'x'], ['token', 'x'], ['client_id', client.id], ...GRANT]), 'invalid_request');
		}
	});

	it('but resource, which may come as often as there are APIs (C71)', async () => {
		const pairs = [...GRANT, ['resource', h.resource], ['resource', h.otherResource], ['scope', 'notes:read orders:read']];
		const { access_token: both } = h.assertTokens(await h.post('/oauth2/token', pairs, basicOf(await broad())));
		assert.deepEqual([h.claimsOf(both).aud].flat().sort(), [h.resource, h.otherResource].sort());
	});
});

describe('what a client accepts', () => {
	it('is weighed', async () => {
		const client = await h.newClient();
		const { access_token: accessToken } = await h.newTokens(client);
		const signed = 'application/token-introspection+jwt';
		const cases = { [signed]: true, [`${signed};q=0.5, application/json;q=0.4`]: true, [`application/json;q=0.1, ${signed};q=0.2`]: true, [`${signed.toUpperCase()}`]: true,
			[`${signed};q=0.4, application/json`]: false, [`${signed};q=0`]: false, [`application/json, ${signed};q=0.999`]: false, '*/*': false, 'application/*': false, 'text/html': false };
		for (const [accept, jwt] of Object.entries(cases)) {
			const answer = await h.exchange('POST', '/oauth2/introspect', { body: new URLSearchParams({ token: accessToken }).toString(), headers: [
				'Content-Type', 'application/x-www-form-urlencoded', 'Authorization', h.basic(client.id, client.secret).authorization, 'Accept', accept] });
			assert.equal(answer.status, 200, accept);
			assert.equal(one(answer, 'content-type'), jwt ? signed : 'application/json', accept);
		}
		assert.equal((await h.exchange('GET', '/oauth2/jwks', { headers: ['Accept', 'text/html;q=1, */*;q=0'] })).status, 200);
	});
});

describe('a header that came twice', () => {
	// the attack: the layer, a proxy and the database each look at another one
	it('is neither of the two: Authorization, DPoP, Host', async () => {
		const client = await machine();
		const authorization = ['Authorization', h.basic(client.id, client.secret).authorization];
		const send = (more) => h.exchange('POST', '/oauth2/token', form(null, more));
		assert.equal((await send(authorization)).status, 200);
		for (const other of [h.basic(client.id, 'wrong').authorization, authorization[1]]) {
			for (const pair of [[...authorization, 'authorization', other], ['authorization', other, ...authorization]]) {
				const answer = await send(pair);
				assert.ok([400, 401].includes(answer.status), String(answer.status));
			}
		}
		const key = await h.generateKey();
		const twice = [...authorization, 'DPoP', await h.proof(key), 'DPoP', await h.proof(key)];
		if (h.can('repeated headers')) assert.equal((await send(twice)).status, 400);
		const host = new URL(h.issuer).host;
		for (const hosts of [['Host', host, 'Host', host], ['Host', host, 'host', 'other.example']]) {
			assert.equal((await send([...authorization, ...hosts])).status, 400, String(hosts));
		}
	});
});

describe('several issuers', () => {
	/** another issuer with a key, and a client of it */
	async function another(issuer) {
		await h.rows('SELECT pgtoken.create_issuer($1), pgtoken.create_signing_key($2, $1)', issuer, 'ES256');
		const [client] = await h.rows(`SELECT client_id AS id, client_secret AS secret FROM pgtoken.create_client($1, scopes => '{openid}', issuer => $2,
			metadata => '{"grant_types": ["client_credentials"]}')`, h.unique('client'), issuer);
		return client;
	}
	const at = (host) => ({ headers: ['Host', host] });

	// the attack: one tenant's client or token is taken for another's
	it('are told apart by host, and by path on one host', async () => {
		const host = `${h.unique('tenant')}.example`;
		const [root, below] = [`https://${host}`, `https://${host}/a/b`];
		const [own, other] = [await another(root), await another(below)];
		const issuerAt = async (path, where = host) => jsonOf(await h.exchange('GET', path, at(where))).issuer;
		assert.equal(await issuerAt('/.well-known/openid-configuration'), root);
		assert.equal(await issuerAt('/.well-known/openid-configuration', host.toUpperCase()), root);
		for (const name of ['openid-configuration', 'oauth-authorization-server']) {
			assert.equal(await issuerAt(`/.well-known/${name}/a/b`), below);
			assert.equal(await issuerAt(`/a/b/.well-known/${name}`), below);
		}
		for (const path of ['/.well-known/openid-configuration/a', '/a/.well-known/openid-configuration', '/a/b/c/oauth2/jwks']) {
			assert.equal((await h.exchange('GET', path, at(host))).status, 404, path);
		}
		const ask = async (path, client) => {
			const answer = await h.exchange('POST', path, form(client, ['Host', host]));
			return answer.status === 200 ? h.claimsOf(jsonOf(answer).access_token).iss : answer.status;
		};
		assert.deepEqual([await ask('/oauth2/token', own), await ask('/a/b/oauth2/token', other)], [root, below]);
		assert.deepEqual([await ask('/oauth2/token', other), await ask('/a/b/oauth2/token', own)], [401, 401]);
	});

	it('a host that is none\'s means the default one, which is how a proxy may call', async () => {
		const answer = await h.exchange('GET', '/.well-known/openid-configuration', at(`${h.unique('nobody')}.example`));
		assert.equal(jsonOf(answer).issuer, h.issuer);
	});
});

// names under which proxies of all kinds, and the settings, say who is there
const FORGED = ['Forwarded', 'X-Forwarded-For', 'X-Forwarded', 'Forwarded-For', 'X-Real-IP', 'X-Client-IP', 'X-Cluster-Client-IP', 'True-Client-IP', 'CF-Connecting-IP',
	'Fastly-Client-IP', 'X-Envoy-External-Address', 'Remote-Addr', 'Pgtoken-Address', 'Pgtoken-Peer', 'Pgtoken-Context-Ip', 'Address'];
const FORGED_CONTEXT = ['X-Geo-Latitude', 'X-Geo-Longitude', 'X-Risk-Score', 'X-Collected-At', 'X-Session-Id', 'X-Geo-Country', 'Pgtoken-Context-Latitude', 'Pgtoken-Context-Longitude',
	'Pgtoken-Context-Risk-Score', 'Pgtoken-Context-Country', 'Pgtoken-Context-Collected-At', 'Pgtoken-Context-Session-Id'];
const FORGED_CERTIFICATE = ['Client-Cert', 'X-SSL-Client-Cert', 'X-Client-Cert', 'SSL-Client-Cert', 'X-ARR-ClientCert', 'X-Forwarded-Client-Cert', 'X-Amzn-Mtls-Clientcert',
	'Pgtoken-Certificate'];

describe('who is there', () => {
	// the attack: a thief says by headers that he is where the user is, at no risk, and has the client's certificate
	it('is nothing that a client can write, under any name', async () => {
		const client = await h.newClient();
		const { refresh_token: refreshToken, grantId } = await h.newTokens(client);
		const answer = await h.exchange('POST', '/oauth2/token', { body: new URLSearchParams({ grant_type: 'refresh_token', refresh_token: refreshToken }).toString(), headers: [
			'Content-Type', 'application/x-www-form-urlencoded', 'Authorization', h.basic(client.id, client.secret).authorization, 'User-Agent', 'agent',
			...FORGED.flatMap((name) => [name, '192.0.2.1']), ...FORGED_CONTEXT.flatMap((name) => [name, '1'])] });
		assert.equal(answer.status, 200);
		const { context } = await h.family(grantId);
		assert.deepEqual(Object.keys(context).sort(), ['ip', 'user_agent']);
		assert.deepEqual([context.user_agent, context.ip], ['agent', '127.0.0.1']);
	});

	it('nor is a certificate', async () => {
		const mine = h.certificate('machine');
		const client = await machine({ token_endpoint_auth_method: 'tls_client_auth', tls_client_auth_subject_dn: mine.subject });
		const send = (base, headers) => h.exchange('POST', '/oauth2/token', { base, body: `grant_type=client_credentials&client_id=${client.id}`,
			headers: ['Content-Type', 'application/x-www-form-urlencoded', ...headers] });
		for (const value of [mine.header, mine.pem]) {
			assert.equal((await send(h.issuer, FORGED_CERTIFICATE.flatMap((name) => [name, value]))).status, 401);
			if (h.proxyUrl) assert.equal((await send(h.proxyUrl, [h.certificateHeader, value])).status, 200, 'where a proxy is believed');
		}
	});

	// the attack: any role of the database calls the door itself, and vouches for itself
	it('is not what a session says that is no layer\'s', async () => {
		const mine = h.certificate('machine');
		const device = await machine({ token_endpoint_auth_method: 'tls_client_auth', tls_client_auth_subject_dn: mine.subject });
		const client = await h.newClient();
		const { refresh_token: refreshToken, grantId } = await h.newTokens(client);
		const peer = { address: '192.0.2.1', certificate: mine.header, scheme: 'https', context: { risk_score: '0', country: 'DE' }, proxied: true };
		const call = async (headers, parameters) => (await h.rows('SELECT status, body FROM pgtoken_http.handle(\'POST\', \'/oauth2/token\', $1, $2, $3)',
			['content-type', 'application/x-www-form-urlencoded', 'user-agent', 'agent', 'x-forwarded-for', '192.0.2.1', ...headers],
			Buffer.from(new URLSearchParams(parameters).toString()), peer))[0];
		const refreshed = await call(['authorization', h.basic(client.id, client.secret).authorization], { grant_type: 'refresh_token', refresh_token: refreshToken,
			session_id: 'mine', device_id: 'mine' });
		assert.equal(refreshed.status, 200);
		// what the form says may be anybody's word anyway
		assert.deepEqual((await h.family(grantId)).context, { user_agent: 'agent', session_id: 'mine', device_id: 'mine' });
		assert.equal((await call([h.certificateHeader, mine.header], { grant_type: 'client_credentials', client_id: device.id })).status, 401);
	});

	// the attack: an API's role calls the door, or the judgement of another's request
	it('the door is not open to the roles of an API', async () => {
		for (const role of ['web_anon', 'api_user', 'login_app']) {
			for (const call of ['handle(\'GET\', \'/\', \'{}\', \'\')', 'admit(\'GET\', \'/\', \'{}\')']) {
				const connection = await h.pool.connect();
				try {
					await connection.query(`BEGIN; SET LOCAL ROLE ${role}`);
					await assert.rejects(connection.query(`SELECT pgtoken_http.${call}`), { code: '42501' }, `${role} ${call}`);
				} finally {
					await connection.query('ROLLBACK');
					connection.release();
				}
			}
		}
	});
});
