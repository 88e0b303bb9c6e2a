// Races and abuse: what no honest client sends, and what must not come of it.
import assert from 'node:assert/strict';
import { connect } from 'node:net';
import { describe, it } from 'node:test';
import { connect as connectTls } from 'node:tls';

import * as h from './harness.mjs';

const machine = () => h.newClient({ metadata: { grant_types: ['client_credentials'] } });

/** bytes on the wire, as fetch would not send them: the answer's status */
function rawRequest(text) {
	const { protocol, hostname, port } = new URL(h.issuer);
	const secure = protocol === 'https:';
	return new Promise((resolve, reject) => {
		const to = { host: hostname, port: Number(port || (secure ? 443 : 80)), servername: hostname };
		const socket = (secure ? connectTls : connect)(to, () => socket.write(text));
		let answer = '';
		socket.setTimeout(h.PATIENCE, () => socket.destroy(new Error('no answer')));
		socket.on('data', (chunk) => { answer += chunk.toString('latin1'); });
		socket.on('error', reject);
		socket.on('close', () => resolve({ status: Number(answer.split(' ')[1]), head: answer.split('\r\n\r\n')[0] }));
	});
}

describe('methods', () => {
	it('GET at an endpoint that takes POST is 405 (C1)', async () => {
		for (const path of ['/oauth2/token', '/oauth2/par', '/oauth2/revoke', '/oauth2/introspect', '/oauth2/device_authorization']) {
			const answer = await h.get(path, { query: { grant_type: 'client_credentials' } });
			assert.equal(answer.status, 405, path);
			assert.match(answer.headers.get('allow'), /POST/);
		}
	});

	// clients in a browser look for metadata where others have it; without these headers they see a network error
	it('what is not there says so to scripts, and to their preflight; what is for no script says nothing', async () => {
		const origin = 'https://app.example';
		for (const path of ['/.well-known/oauth-authorization-server/x', '/.well-known/oauth-protected-resource', '/oauth2/unheard-of']) {
			const answer = await h.get(path, { headers: { origin } });
			assert.equal(answer.status, 404);
			assert.equal(answer.headers.get('access-control-allow-origin'), '*', path);
			const asked = await h.request('OPTIONS', path, { headers: { origin, 'access-control-request-method': 'GET', 'access-control-request-headers': 'mcp-protocol-version' } });
			assert.ok(asked.status === 200 || asked.status === 204);
			assert.equal(asked.headers.get('access-control-allow-origin'), '*', path);
			assert.match(asked.headers.get('access-control-allow-headers'), /mcp-protocol-version/i);
		}
		for (const [method, path] of [['DELETE', '/oauth2/authorize'], ['OPTIONS', '/oauth2/authorize'], ['PUT', '/oauth2/logout']]) {
			assert.equal((await h.request(method, path, { headers: { origin, 'access-control-request-method': 'GET' } })).headers.get('access-control-allow-origin'), null, `${method} ${path}`);
		}
	});

	it('what no endpoint knows is 404 or 405, never 500', async () => {
		for (const [method, path] of [['PUT', '/oauth2/token'], ['DELETE', '/oauth2/token'], ['PATCH', '/oauth2/authorize'], ['POST', '/oauth2/jwks'],
			['POST', '/oauth2/unheard-of'], ['GET', '/'], ['GET', '/oauth2/%2e%2e/token'], ['POST', '/oauth2/token/'], ['GET', '/.well-known/../oauth2/authorize']]) {
			const answer = await h.request(method, path);
			assert.ok([400, 404, 405].includes(answer.status), `${method} ${path}: ${answer.status}`);
		}
	});
});

describe('bodies', () => {
	// the first attempt of many: a missing parameter would send them looking in the wrong place
	it('JSON and multipart are told what is expected, at every endpoint', async () => {
		const client = await machine();
		const multipart = '--x\r\nContent-Disposition: form-data; name="grant_type"\r\n\r\nclient_credentials\r\n--x--\r\n';
		for (const [type, body] of [['application/json', JSON.stringify({ grant_type: 'client_credentials' })], ['application/json', ' [1]'], ['multipart/form-data; boundary=x', multipart]]) {
			for (const path of ['/oauth2/token', '/oauth2/par', '/oauth2/revoke', '/oauth2/introspect', '/oauth2/device_authorization']) {
				const answer = await h.post(path, body, { type, headers: h.basic(client.id, client.secret) });
				h.assertError(answer, 'invalid_request', 415);
				assert.match(answer.json.error_description, /x-www-form-urlencoded/, `${path} ${type}`);
			}
		}
	});

	// the attack: what a parser takes differently than the one before or behind it
	it('broken encodings, NUL and what is no UTF-8 are invalid_request (C15)', async () => {
		const client = await machine();
		const head = 'grant_type=client_credentials&scope=notes%3Aread';
		const cases = {
			'% at the end': `${head}&x=%`, '% and one digit': `${head}&x=%4`, '% and no digits': `${head}&x=%zz`, 'in a name': `${head}&%zz=x`,
			'an encoded NUL': `${head}&x=a%00b`, 'a NUL in a name': `${head}&a%00=b`, 'a NUL in what counts': 'grant_type=client_credentials%00x',
			'no UTF-8': `${head}&x=%ff`, 'an overlong /': `${head}&x=%c0%af`, 'half a character': `${head}&x=%e2%82`, 'a surrogate': `${head}&x=%ed%a0%80`,
			'beyond Unicode': `${head}&x=%f4%90%80%80`,
		};
		for (const [name, body] of Object.entries(cases)) {
			const answer = await h.post('/oauth2/token', body, { headers: h.basic(client.id, client.secret) });
			assert.equal(answer.json?.error, 'invalid_request', name);
			h.assertError(answer, 'invalid_request');
		}
	});

	it('bytes that are not text are refused before or by the endpoint', async () => {
		const client = await machine();
		const head = Buffer.from('grant_type=client_credentials&x=');
		for (const bytes of [[0], [0xff], [0xc0, 0xaf], [0xed, 0xa0, 0x80]]) {
			const answer = await h.post('/oauth2/token', Buffer.concat([head, Buffer.from(bytes)]), { headers: h.basic(client.id, client.secret) });
			assert.equal(answer.status, 400);
			assert.ok(!answer.text.includes('access_token'));
		}
	});

	it('strange but well-formed ones are what they say', async () => {
		const client = await machine();
		const send = (body, type) => h.post('/oauth2/token', body, { type, headers: h.basic(client.id, client.secret) });
		for (const body of ['&&grant_type=client_credentials&&&', 'grant_type=client%5fcredentials', 'grant%5Ftype=client_credentials', 'grant_type=client_credentials&=&=x']) {
			const answer = await send(body);
			assert.ok(answer.status === 200 || answer.json.error === 'invalid_request', body);
			if (body.startsWith('grant')) assert.ok(answer.status === 200 || body.endsWith('=x'));
		}
		for (const body of ['', '&', '=', 'grant_type', 'grant_type=', '<xml/>', 'grant_type=client_credentials%20', 'GRANT_TYPE=client_credentials']) {
			const answer = await send(body);
			assert.equal(answer.status, 400, body);
			assert.ok(['invalid_request', 'unsupported_grant_type'].includes(answer.json.error));
		}
		h.assertError(await send('{"grant_type": "client_credentials"}'), 'invalid_request', 415);
	});

	// the attack: to have the service fill its memory
	it('too large ones are refused: by bytes, by fields, by the length of a value', async () => {
		const client = await machine();
		const headers = h.basic(client.id, client.secret);
		const big = await h.post('/oauth2/token', `grant_type=client_credentials&x=${'a'.repeat(70_000)}`, { headers: { ...headers, origin: 'https://app.example' } });
		h.assertError(big, 'invalid_request', 413);
		assert.equal(big.headers.get('access-control-allow-origin'), '*');
		// who answers before all has come may as well hang up
		const huge = await h.post('/oauth2/token', 'a'.repeat(4_000_000), { headers }).catch(() => ({ status: 413 }));
		assert.equal(huge.status, 413);
		h.assertError(await h.post('/oauth2/token', `grant_type=client_credentials${'&a='.repeat(1000)}`, { headers }), 'invalid_request');
		h.assertError(await h.post('/oauth2/token', Array.from({ length: 1000 }, (_, i) => [`a${i}`, 'x']), { headers }), 'invalid_request');
		h.assertError(await h.post('/oauth2/token', [['grant_type', 'client_credentials'], ['scope', 'a '.repeat(5000)]], { headers }), 'invalid_scope');
		const many = Array.from({ length: 150 }, (_, i) => ['resource', `https://api${i}.example`]);
		h.assertError(await h.post('/oauth2/token', [['grant_type', 'client_credentials'], ...many], { headers }), 'invalid_target');
	});

	it('tokens that are megabytes of nothing cost nothing', async () => {
		const client = await h.newClient();
		const long = 'a'.repeat(50_000);
		assert.deepEqual(await h.introspect(client, long), { active: false });
		assert.deepEqual(await h.introspect(client, `${long}.${long.slice(0, 5000)}.x`), { active: false });
		h.assertError(await h.refresh(client, long), 'invalid_grant');
		assert.equal((await h.notes(h.bearer('a'.repeat(8000)))).status, 401);
	});
});

describe('error texts', () => {
	// the attack: what was sent comes back in an error, and becomes part of a page, a log or a header
	it('have no characters that they must not have, and nothing of the request (C15)', async () => {
		const client = await h.newClient();
		const marker = 'marker"\\<script>\u0001\u00fc';
		for (const name of ['grant_type', 'client_id', 'scope', 'code', 'refresh_token', 'resource', 'client_secret']) {
			const answer = await h.post('/oauth2/token', { grant_type: 'refresh_token', refresh_token: 'x', client_id: client.id, [name]: marker });
			assert.ok(answer.status === 400 || answer.status === 401, name);
			h.assertErrorText(answer.json);
			assert.ok(!answer.text.includes('marker') && !(answer.headers.get('www-authenticate') ?? '').includes('marker'), name);
		}
	});
});

describe('redirects', () => {
	// the attack: an authorization server that sends its visitors, or their codes, to the attacker (RFC 9700 section 4.11)
	it('never go to a redirect_uri that is not exactly a registered one (C57)', async () => {
		const registered = 'https://client.example/cb';
		const client = await h.newClient({ redirectUris: [registered, 'https://client.example/with?query=1'] });
		const wrong = [
			'https://client.example.evil.example/cb', 'https://client.example@evil.example/cb', 'https://user@client.example/cb', 'https://evil.example/cb',
			'https://client.example:8443/cb', 'http://client.example/cb', 'https://CLIENT.example/cb', 'https://client.example/CB', 'HTTPS://client.example/cb',
			'https://client.example/cb/', 'https://client.example/cb/../evil', 'https://client.example/x/../cb', 'https://client.example/cb/..%2fevil',
			'https://client.example/cb?x=1', 'https://client.example/cb?', 'https://client.example/cb#', 'https://client.example/cb#x', 'https://client.example/with',
			'https://client.example/with?query=1&evil=2', 'https://client.example/cb%20', ' https://client.example/cb', 'https://client.example/cb ',
			'https://client.example/cb\r\nx: y', 'https://client.example/cb\t', 'https://client.example\\@evil.example/cb', '//client.example/cb', '/cb', 'cb', 'javascript:alert(1)',
			'data:text/html,x', 'https://client.example.', 'https://client.example', 'https://client.ex\u0430mple/cb', 'https://client.example/cb,https://evil.example/cb',
			'https://client.example/%63b',
		];
		for (const redirectUri of wrong) {
			const asked = h.authorizationParameters(client, h.newVerifier(), { redirect_uri: redirectUri });
			for (const changes of [{}, { response_type: 'token' }, { prompt: 'none' }]) {
				const answer = await h.authorize({ ...asked, ...changes });
				assert.ok(answer.location === null, JSON.stringify(redirectUri));
				h.assertError(answer, 'invalid_request');
			}
			const { client_id: id, ...pushed } = asked;
			h.assertError(await h.postAs(client, '/oauth2/par', pushed), 'invalid_request');
		}
		assert.ok(h.toLogin((await h.authorize(h.authorizationParameters(client, h.newVerifier()))).location));
	});

	it('a client that is unknown or disabled is sent nowhere', async () => {
		const client = await h.newClient();
		const asked = h.authorizationParameters(client, h.newVerifier());
		for (const id of ['nobody', '', `${client.id}\u0000`, client.id.toUpperCase()]) {
			const answer = await h.authorize({ ...asked, client_id: id });
			assert.ok(answer.location === null, 'sent nowhere');
			assert.equal(answer.status, 400);
		}
		await h.rows('SELECT pgtoken.update_client($1, enabled => false)', client.id);
		assert.ok((await h.authorize(asked)).location === null, 'sent nowhere');
	});

	it('loopback: the port is free, and nothing else is (C57)', async () => {
		const client = await h.publicClient({ redirectUris: ['http://127.0.0.1/cb', 'http://[::1]:1/cb'] });
		const ask = async (redirectUri) => h.toLogin((await h.authorize(h.authorizationParameters(client, h.newVerifier(), { redirect_uri: redirectUri }))).location);
		for (const good of ['http://127.0.0.1/cb', 'http://127.0.0.1:49152/cb', 'http://[::1]:49152/cb']) assert.ok(await ask(good), good);
		for (const bad of ['http://127.0.0.1:49152/other', 'http://127.0.0.2:1/cb', 'http://localhost:1/cb', 'https://127.0.0.1:1/cb', 'http://127.0.0.1:1@evil.example/cb',
			'http://127.0.0.1:99999/cb', 'http://127.0.0.1:/cb?x', 'http://127.0.0.1:80x/cb']) assert.ok(!await ask(bad), bad);
	});

	// VS Code, Cursor and many command lines: a scheme without a dot, and a free port of localhost
	it('an application on its user\'s device, that says so, has localhost\'s ports and a scheme of its own, and nothing else', async () => {
		const redirectUris = ['http://localhost/cb', 'cursor://app/cb'];
		const client = await h.publicClient({ redirectUris, metadata: { application_type: 'native' } });
		const ask = async (redirectUri) => h.toLogin((await h.authorize(h.authorizationParameters(client, h.newVerifier(), { redirect_uri: redirectUri }))).location);
		for (const good of ['http://localhost/cb', 'http://localhost:49152/cb', 'cursor://app/cb']) {
			const code = await h.newCode(client, { redirect_uri: good });
			assert.ok(code.callback.href.startsWith(`${good}?`), good);
			h.assertTokens(await h.redeem(client, code));
		}
		for (const bad of ['http://localhost:49152/other', 'https://localhost:1/cb', 'http://127.0.0.1:1/cb', 'http://localhost:1@evil.example/cb', 'http://localhost.evil.example:1/cb',
			'cursor://app/cb/', 'cursor://evil/cb', 'javascript://app/cb']) assert.ok(!await ask(bad), bad);
		await assert.rejects(h.publicClient({ redirectUris }));
		for (const uri of ['javascript://app/%0aalert(1)', 'data:text/html,x', 'file:///x']) await assert.rejects(h.publicClient({ redirectUris: [uri], metadata: { application_type: 'native' } }));
	});

	// the attack: line breaks in what comes back in Location make headers, or a second answer
	it('state and the others cannot make headers (CRLF)', async () => {
		const client = await h.newClient();
		for (const state of ['x\r\nset-cookie: evil=1', 'x\nlocation: https://evil.example', '\r\n\r\n<script>', 'x\u0085y', 'x\u2028y', 'x%0d%0ay: z']) {
			for (const changes of [{ state }, { state, scope: 'unheard-of' }]) {
				const answer = await h.authorize(h.authorizationParameters(client, h.newVerifier(), changes));
				assert.ok(!answer.headers.has('set-cookie'));
				if (answer.location === null) {
					h.assertError(answer, 'invalid_request');
					continue;
				}
				assert.ok(['client.example', new URL(h.loginUrl).host].includes(answer.location.host));
				if (answer.location.host === 'client.example') assert.ok(answer.location.searchParams.get('state') === state, 'unchanged');
			}
		}
		for (const name of ['nonce', 'login_hint', 'acr_values', 'ui_locales']) {
			const { location, headers } = await h.authorize(h.authorizationParameters(client, h.newVerifier(), { [name]: 'x\r\ny: z' }));
			assert.ok(!headers.has('y'));
			assert.equal(location.searchParams.get('error'), 'invalid_request', name);
		}
	});

	it('state cannot take the place of what the answer says (parameter injection)', async () => {
		const client = await h.newClient();
		const state = 'x&code=evil&iss=https://evil.example#code=evil';
		const { callback, code } = await h.newCode(client, { state });
		assert.equal(callback.searchParams.getAll('code').length, 1);
		assert.ok(callback.searchParams.get('code') === code && code !== 'evil');
		assert.equal(callback.hash, '');
		assert.equal(callback.searchParams.get('iss'), h.issuer);
	});

	it('a redirect_uri with a query of its own keeps it', async () => {
		const client = await h.newClient({ redirectUris: ['https://client.example/cb?tenant=a%20b'] });
		const { callback } = await h.newCode(client);
		assert.equal(callback.searchParams.get('tenant'), 'a b');
		assert.ok(callback.searchParams.has('code'));
	});
});

describe('transactions', () => {
	// the attack: a transaction_id is answered twice, guessed, or one kind taken for the other
	it('are good once and for what they were made', async () => {
		const client = await h.newClient();
		const { location } = await h.authorize(h.authorizationParameters(client, h.newVerifier()));
		const transaction = location.searchParams.get('transaction_id');
		const answers = await Promise.all(Array.from({ length: 6 }, () => h.approve(transaction)));
		assert.equal(answers.filter(({ redirect_uri: uri }) => uri !== null).length, 1, 'one code');
		for (const { redirect_uri: uri, error } of answers) assert.ok(uri !== null || error === 'invalid_transaction');
		assert.equal(await h.value('SELECT pgtoken.authorization_request($1)', transaction), null);
		const logout = await h.get('/oauth2/logout', { query: { client_id: client.id } });
		const other = new URL(logout.headers.get('location')).searchParams.get('transaction_id');
		assert.equal((await h.approve(other)).error, 'invalid_transaction');
		for (const guess of ['', 'x', `${transaction.slice(0, -2)}AA`]) assert.equal((await h.approve(guess)).error, 'invalid_transaction');
	});
});

describe('races', () => {
	// the attack: two who have the same code redeem it at the same moment (C10, C58)
	it('of parallel redemptions of one code at most one has tokens, and then they are dead', async () => {
		const client = await h.newClient();
		for (let round = 0; round < 3; round += 1) {
			const code = await h.newCode(client, { scope: 'openid offline_access notes:read', resource: h.resource });
			const answers = await Promise.all(Array.from({ length: 8 }, () => h.redeem(client, code)));
			const good = answers.filter(({ status }) => status === 200);
			assert.equal(good.length, 1);
			for (const answer of answers) if (answer.status !== 200) h.assertError(answer, 'invalid_grant');
			assert.equal((await h.notes(h.bearer(good[0].json.access_token))).status, 401, 'a code that came twice ends its family');
			h.assertError(await h.refresh(client, good[0].json.refresh_token), 'invalid_grant');
		}
	});

	// the attack: a withdrawal that is outrun (C61)
	it('consent withdrawn beside a redemption: afterwards nothing of the two lives', async () => {
		const client = await h.newClient();
		for (let round = 0; round < 3; round += 1) {
			const code = await h.newCode(client, { scope: 'openid offline_access notes:read', resource: h.resource });
			const [answer] = await Promise.all([h.redeem(client, code), h.rows('SELECT * FROM pgtoken.withdraw_consent($1, $2)', h.SUBJECT, client.id)]);
			if (answer.status === 200) assert.equal((await h.notes(h.bearer(answer.json.access_token))).status, 401);
			else h.assertError(answer, 'invalid_grant');
		}
	});

	it('of parallel uses of one request_uri one gets a code (C78)', async () => {
		const client = await h.newClient();
		const { client_id: id, ...asked } = h.authorizationParameters(client, h.newVerifier());
		const { json: { request_uri: uri } } = await h.postAs(client, '/oauth2/par', asked);
		const answers = await Promise.all(Array.from({ length: 6 }, () => h.authorize({ client_id: client.id, request_uri: uri })));
		const transactions = answers.filter(({ location }) => h.toLogin(location)).map(({ location }) => location.searchParams.get('transaction_id'));
		assert.equal(transactions.length, answers.length, 'each page can be shown');
		const approvals = await Promise.all(transactions.map((transaction) => h.approve(transaction)));
		assert.equal(approvals.filter(({ redirect_uri: to }) => to && new URL(to).searchParams.has('code')).length, 1);
	});
});

describe('headers', () => {
	it('two Authorization or DPoP headers are not one of them', async () => {
		const client = await machine();
		const { authorization } = h.basic(client.id, client.secret);
		const body = 'grant_type=client_credentials';
		const head = (more) => `POST /oauth2/token HTTP/1.1\r\nHost: ${new URL(h.issuer).host}\r\nContent-Type: application/x-www-form-urlencoded\r\n` +
			`Content-Length: ${body.length}\r\nConnection: close\r\n${more.join('\r\n')}\r\n\r\n${body}`;
		assert.equal((await rawRequest(head([`Authorization: ${authorization}`]))).status, 200);
		const other = h.basic(client.id, 'wrong').authorization;
		for (const pair of [[authorization, other], [other, authorization]]) {
			assert.ok([400, 401].includes((await rawRequest(head(pair.map((content) => `Authorization: ${content}`)))).status));
		}
		if (!h.can('repeated headers')) return;
		const key = await h.generateKey();
		const proofs = [await h.proof(key), await h.proof(key)].map((dpop) => `DPoP: ${dpop}`);
		assert.equal((await rawRequest(head([`Authorization: ${authorization}`, ...proofs]))).status, 400); // C62
	});

	it('what is no HTTP is refused, and the service goes on', async () => {
		for (const text of ['\0\0\0\0\r\n\r\n', 'GET / HTTP/9.9\r\n\r\n', `GET /oauth2/authorize?${'a'.repeat(100_000)} HTTP/1.1\r\nHost: x\r\n\r\n`,
			'POST /oauth2/token HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET /']) {
			const { status } = await rawRequest(text).catch(() => ({ status: NaN }));
			assert.ok(!(status < 400), `${status}`);
		}
		assert.equal((await h.get('/oauth2/jwks')).status, 200);
	});

	it('header values with strange characters are no error of ours', async () => {
		const client = await machine();
		const headers = { ...h.basic(client.id, client.secret), 'user-agent': 'x"\\{}\u00fc\u00ff', 'x-forwarded-for': '"; DROP TABLE', accept: '*/*;q="' };
		h.assertTokens(await h.post('/oauth2/token', { grant_type: 'client_credentials' }, { headers }));
	});

	// the attack: the address in the audit, and whatever a policy makes of it, is the client's own invention
	it('X-Forwarded-For of a client is not believed', { skip: !h.proxyUrl && 'what stands before the service is not known' }, async () => {
		const client = await h.newClient();
		const tokens = await h.newTokens(client);
		h.assertTokens(await h.refresh(client, tokens.refresh_token, {}, { headers: { 'x-forwarded-for': '203.0.113.7' } }));
		assert.notEqual((await h.family(tokens.grantId)).context.ip, '203.0.113.7');
	});

	it('of a proxy the last address counts, which it has seen itself', { skip: !h.proxyUrl && 'PROXY_URL is not set' }, async () => {
		const client = await h.newClient();
		const tokens = await h.newTokens(client);
		h.assertTokens(await h.refresh(client, tokens.refresh_token, {}, { base: h.proxyUrl, headers: { 'x-forwarded-for': '198.51.100.1, 203.0.113.7' } }));
		assert.equal((await h.family(tokens.grantId)).context.ip, '203.0.113.7');
	});

	// the attack: a POST passes for the GET that a proof names, or the other way round (C62)
	it('X-Forwarded-Method of a client is not believed', async () => {
		const client = await machine();
		const key = await h.generateKey();
		const send = async (htm, more) => h.token(client, { grant_type: 'client_credentials' }, { headers: { dpop: await h.proof(key, { htm }), ...more } });
		h.assertTokens(await send('POST', { 'x-forwarded-method': 'GET' }), { type: 'DPoP' });
		h.assertError(await send('GET', { 'x-forwarded-method': 'GET' }), 'invalid_dpop_proof');
		const user = await h.newClient();
		const code = await h.newCode(user);
		const { access_token: accessToken } = h.assertTokens(await h.redeem(user, code, {}, { headers: { dpop: await h.proof(key) } }), { type: 'DPoP' });
		const userinfo = async (htm) => (await h.get('/oauth2/userinfo', { headers: { authorization: `DPoP ${accessToken}`, 'x-forwarded-method': 'POST',
			dpop: await h.proof(key, { htm, htu: `${h.issuer}/oauth2/userinfo`, accessToken }) } })).status;
		assert.equal(await userinfo('POST'), 401);
		assert.equal(await userinfo('GET'), 200);
	});
});

describe('what is written down', () => {
	// the attack: whoever reads tables, statistics or logs has the tokens (C21)
	it('no token, code or secret of a whole flow is in any table in clear (C21)', async () => {
		const client = await h.newClient();
		const code = await h.newCode(client, { scope: 'openid offline_access notes:read', resource: h.resource });
		const tokens = h.assertTokens(await h.redeem(client, code));
		const secrets = { code: code.code, refresh: tokens.refresh_token, access: tokens.access_token, id: tokens.id_token, secret: client.secret, verifier: code.verifier };
		const tables = await h.rows(`SELECT format('%I.%I', schemaname, tablename) AS name FROM pg_tables
			WHERE schemaname IN ('pgtoken', 'app', 'api') AND tablename <> 'key_material'`);
		assert.ok(tables.length > 10);
		for (const { name } of tables) {
			for (const [kind, secret] of Object.entries(secrets)) {
				assert.equal(await h.value(`SELECT count(*)::int FROM ${name} t WHERE strpos(t::text, $1) > 0`, secret), 0, `${kind} in ${name}`);
			}
		}
	});
});
