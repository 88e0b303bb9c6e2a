// The two doors of each endpoint: the form as raw text, over HTTP, and the
// function with named arguments, as PostgREST alone calls it for a form.  The
// same requests, the same answers; and where the named door cannot be as exact,
// that is in its documentation (http/README.md), and here.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import * as h from './harness.mjs';

// what each endpoint's function is called
const FUNCTIONS = { '/oauth2/token': 'token', '/oauth2/par': 'par', '/oauth2/revoke': 'revoke', '/oauth2/introspect': 'introspect',
	'/oauth2/device_authorization': 'device_authorization', '/oauth2/authorize': 'authorize',
	'/oauth2/challenge': 'challenge', '/oauth2/complete_challenge': 'complete_challenge' };

/** one call as PostgREST makes it: {status, headers, text, json}, or {sqlstate} of what was raised */
async function named(path, pairs, headers = {}) {
	// of a repeated field the last one wins
	const fields = Object.entries(Object.fromEntries(pairs));
	const placed = fields.map(([name], i) => `"${name.replaceAll('"', '""')}" => $${i + 1}::text`);
	const values = fields.map(([, content]) => content);
	const client = await h.pool.connect();
	try {
		await client.query('BEGIN');
		await client.query(`SELECT set_config('role', 'web_anon', true), set_config('request.method', 'POST', true),
			set_config('request.path', $1, true), set_config('request.headers', $2, true), set_config('request.jwt.claims', '{"role": "web_anon"}', true)`,
		[`/rpc/${FUNCTIONS[path]}`, JSON.stringify({ 'content-type': 'application/x-www-form-urlencoded', ...headers })]);
		const { rows: [{ body }] } = await client.query(`SELECT pgtoken_http.${FUNCTIONS[path]}(${placed.join(', ')})::text AS body`, values);
		const { rows: [settings] } = await client.query(`SELECT coalesce(nullif(current_setting('response.status', true), ''), '200')::int AS status,
			nullif(current_setting('response.headers', true), '')::json AS headers`);
		await client.query('COMMIT');
		let json;
		try {
			json = JSON.parse(body) ?? undefined;
		} catch {
			// null, or a JWT
		}
		return { status: settings.status, headers: new Headers((settings.headers ?? []).flatMap(Object.entries)), text: body ?? '', json };
	} catch (error) {
		await client.query('ROLLBACK');
		return { sqlstate: error.code };
	} finally {
		client.release();
	}
}

const overHttp = (path, pairs, headers) => h.post(path, pairs, { headers });

/** what two answers must have in common: everything but the secrets' values */
const shape = ({ status, headers, json, text }) => ({
	status, error: json?.error, description: json?.error_description,
	members: json && Object.entries(json).map(([name, content]) => `${name}: ${Array.isArray(content) ? 'array' : typeof content}`).sort(),
	empty: text === '',
	type: json?.token_type, scope: json?.scope, active: json?.active,
	location: headers.get('location')?.replace(/[^?]*\?/, '').split('&').map((field) => field.split('=')[0]).sort(),
	authenticate: headers.get('www-authenticate'), cache: headers.get('cache-control'), pragma: headers.get('pragma'),
});

// Each row makes what it needs anew for either door: [path, pairs, headers]
const basicOf = (client) => h.basic(client.id, client.secret);
const machine = (metadata = {}) => h.newClient({ scopes: ['notes:read', 'orders:read'], metadata: { grant_types: ['client_credentials'], ...metadata } });
const grant = (pairs) => async () => { const client = await machine(); return ['/oauth2/token', [['grant_type', 'client_credentials'], ...pairs], basicOf(client)]; };
const refreshed = (pairs) => async () => {
	const client = await h.newClient();
	const { refresh_token: refreshToken } = await h.newTokens(client);
	return ['/oauth2/token', [['grant_type', 'refresh_token'], ['refresh_token', refreshToken], ...pairs], basicOf(client)];
};
const authorization = (changes) => async () => ['/oauth2/authorize', Object.entries(h.authorizationParameters(await h.newClient(), h.newVerifier(), changes)), {}];

// a user with a factor, and a client of his
const stepUp = (make) => async () => {
	const client = await h.newClient();
	const { subject, factorId } = await h.newUser();
	return make(client, await h.newTokens(client, {}, { subject, acr: 'pwd' }), factorId, subject);
};
const waiting = (make) => stepUp(async (client, { refresh_token: refreshToken }, factorId, subject) =>
	make(client, h.assertRequired(await h.refresh(client, refreshToken, { acr_values: 'mfa' })).transaction_id, factorId, subject));

const ROWS = {
	'token: a client\'s own token': grant([['scope', 'notes:read']]),
	'token: an empty parameter is absent (C2)': grant([['scope', ''], ['resource', '']]),
	'token: one resource': grant([['scope', 'notes:read'], ['resource', h.resource]]),
	'token: a resource that is none (C69)': grant([['resource', 'x']]),
	'token: ambiguous scope (C47)': grant([['scope', 'notes:read orders:read']]),
	'token: unknown scope': grant([['scope', 'x']]),
	'token: parameters of other profiles mean nothing': grant([['state', 'x'], ['nonce', 'x'], ['redirect_uri', 'x'], ['scope', 'notes:read']]),
	'token: an unknown grant type (C17)': async () => ['/oauth2/token', [['grant_type', 'x']], basicOf(await machine())],
	'token: one that the client may not use (C17)': async () => ['/oauth2/token', [['grant_type', 'password'], ['username', 'x'], ['password', 'x']], basicOf(await machine())],
	'token: a wrong secret (C16)': async () => ['/oauth2/token', [['grant_type', 'client_credentials']], h.basic((await machine()).id, 'wrong')],
	'token: nobody': async () => ['/oauth2/token', [['grant_type', 'client_credentials']], {}],
	'token: an unknown client in the body': async () => ['/oauth2/token', [['grant_type', 'client_credentials'], ['client_id', 'nobody'], ['client_secret', 'x']], {}],
	'token: a secret in the body': async () => {
		const client = await machine({ token_endpoint_auth_method: 'client_secret_post' });
		return ['/oauth2/token', [['grant_type', 'client_credentials'], ['scope', 'notes:read'], ['client_id', client.id], ['client_secret', client.secret]], {}];
	},
	'token: two methods (C5)': async () => { const client = await machine(); return ['/oauth2/token', [['grant_type', 'client_credentials'], ['client_secret', 'x']], basicOf(client)]; },
	'token: an assertion': async () => {
		const client = await h.newClient({ scopes: ['notes:read'], metadata: { grant_types: ['client_credentials'], token_endpoint_auth_method: 'private_key_jwt' }, key: await h.generateKey() });
		return ['/oauth2/token', [['grant_type', 'client_credentials'], ['client_assertion_type', h.ASSERTION_TYPE], ['client_assertion', await h.assertion(client)]], {}];
	},
	'token: a code': async () => {
		const client = await h.newClient();
		const { code, verifier, redirectUri } = await h.newCode(client, { scope: 'openid offline_access' });
		return ['/oauth2/token', [['grant_type', 'authorization_code'], ['code', code], ['code_verifier', verifier], ['redirect_uri', redirectUri]], basicOf(client)];
	},
	'token: a code that is none': async () => ['/oauth2/token', [['grant_type', 'authorization_code'], ['code', 'x'], ['redirect_uri', h.REDIRECT_URI]], basicOf(await h.newClient())],
	'token: a refresh': refreshed([]),
	'token: a refresh with an empty scope (C2)': refreshed([['scope', '']]),
	'token: a narrowed refresh (C19)': refreshed([['scope', 'notes:read']]),
	'token: a widened refresh (C18)': refreshed([['scope', 'notes:read notes:write']]),
	'token: a refresh with what an API has asked for, satisfied': refreshed([['max_age', '3600'], ['device_id', 'x'], ['session_id', 'x'], ['acr_values', ''], ['transaction_id', '']]),
	'token: a refresh with a max_age that is none': refreshed([['max_age', 'x']]),
	'token: a refresh with an acr that nobody has (C79)': refreshed([['acr_values', 'unheard-of']]),
	'token: a refresh with a transaction that is none (C92)': refreshed([['transaction_id', 'x']]),
	'token: a refresh that needs another factor (C92)': stepUp(async (client, { refresh_token: refreshToken }) =>
		['/oauth2/token', [['grant_type', 'refresh_token'], ['refresh_token', refreshToken], ['acr_values', 'mfa']], basicOf(client)]),
	'challenge: a factor': waiting((client, id, factorId) => ['/oauth2/challenge', [['transaction_id', id], ['factor_id', factorId], ['device_id', 'x']], basicOf(client)]),
	'challenge: a transaction that is none': waiting((client, id, factorId) => ['/oauth2/challenge', [['transaction_id', 'x'], ['factor_id', factorId]], basicOf(client)]),
	'challenge: a factor that is none': waiting((client, id) => ['/oauth2/challenge', [['transaction_id', id], ['factor_id', 'x']], basicOf(client)]),
	'challenge: nobody asks': waiting((client, id, factorId) => ['/oauth2/challenge', [['transaction_id', id], ['factor_id', factorId]], {}]),
	'complete_challenge: a code': waiting(async (client, id, factorId, subject) => {
		await h.challenge(client, id, factorId);
		return ['/oauth2/complete_challenge', [['transaction_id', id], ['code', await h.deliveredCode(subject)]], basicOf(client)];
	}),
	'complete_challenge: a wrong code': waiting((client, id, factorId) => ['/oauth2/complete_challenge', [['transaction_id', id], ['factor_id', factorId], ['code', 'x']], basicOf(client)]),
	'complete_challenge: no code': waiting((client, id, factorId) => ['/oauth2/complete_challenge', [['transaction_id', id], ['factor_id', factorId]], basicOf(client)]),
	'complete_challenge: an assertion for a factor that has none': waiting((client, id, factorId) => ['/oauth2/complete_challenge', [['transaction_id', id], ['factor_id', factorId],
		['id', 'x'], ['client_data_json', 'x'], ['authenticator_data', 'x'], ['signature', 'x']], basicOf(client)]),
	'token: a refresh token that is none': async () => ['/oauth2/token', [['grant_type', 'refresh_token'], ['refresh_token', 'x']], basicOf(await h.newClient())],
	'token: bound by DPoP (C63)': async () => ['/oauth2/token', [['grant_type', 'client_credentials'], ['scope', 'notes:read']],
		{ ...basicOf(await machine()), dpop: await h.proof(await h.generateKey()) }],
	'token: a proof that is none (C62)': async () => ['/oauth2/token', [['grant_type', 'client_credentials']], { ...basicOf(await machine()), dpop: 'x' }],
	'token: a device code that is none': async () => ['/oauth2/token', [['grant_type', h.DEVICE_GRANT], ['device_code', 'x'], ['client_id', (await h.publicClient({ metadata: { grant_types: [h.DEVICE_GRANT] } })).id]], {}],
	'token: a password': async () => ['/oauth2/token', [['grant_type', 'password'], ['username', 'demo'], ['password', 'demo-password'], ['scope', 'openid']],
		basicOf(await h.newClient({ metadata: { grant_types: ['password'] } }))],
	'token: an exchange without a token': async () => ['/oauth2/token', [['grant_type', h.EXCHANGE_GRANT]], basicOf(await h.newClient({ metadata: { grant_types: [h.EXCHANGE_GRANT] } }))],
	'par: a request': async () => {
		const client = await h.newClient();
		const { client_id: id, ...asked } = h.authorizationParameters(client, h.newVerifier());
		return ['/oauth2/par', Object.entries(asked), basicOf(client)];
	},
	'par: without a challenge (C36)': async () => ['/oauth2/par', [['response_type', 'code'], ['redirect_uri', h.REDIRECT_URI]], basicOf(await h.newClient())],
	'revoke: a token': async () => { const client = await h.newClient(); return ['/oauth2/revoke', [['token', (await h.newTokens(client)).refresh_token], ['token_type_hint', 'x']], basicOf(client)]; },
	'revoke: an unknown token (C26)': async () => ['/oauth2/revoke', [['token', 'x']], basicOf(await h.newClient())],
	'revoke: no token': async () => ['/oauth2/revoke', [['token', '']], basicOf(await h.newClient())],
	'introspect: a token (C31)': async () => { const client = await h.newClient(); return ['/oauth2/introspect', [['token', (await h.newTokens(client)).access_token]], basicOf(client)]; },
	'introspect: an unknown token (C30)': async () => ['/oauth2/introspect', [['token', 'x']], basicOf(await h.newClient())],
	'introspect: nobody asks (C29)': async () => ['/oauth2/introspect', [['token', 'x'], ['client_id', 'nobody']], {}],
	'device_authorization: codes (C38)': async () => ['/oauth2/device_authorization', [['scope', 'openid'], ['client_id', (await h.publicClient({ metadata: { grant_types: [h.DEVICE_GRANT] } })).id]], {}],
	'device_authorization: not allowed': async () => ['/oauth2/device_authorization', [['client_id', (await h.publicClient()).id]], {}],
	'authorize: to the login page': authorization({}),
	'authorize: an error for the client (C77)': authorization({ scope: 'unheard-of' }),
	'authorize: an error for nobody': authorization({ redirect_uri: 'https://evil.example' }),
	'authorize: request objects are refused': authorization({ request: 'x' }),
};

describe('both doors', () => {
	for (const [name, make] of Object.entries(ROWS)) {
		it(name, async () => {
			const raw = await overHttp(...await make());
			const by = await named(...await make());
			assert.equal(by.sqlstate, undefined);
			assert.deepEqual(shape(by), shape(raw));
			assert.ok(raw.status < 500);
		});
	}
});

describe('the raw door alone', () => {
	it('an unknown parameter changes nothing; the named door does not know such a function (C3)', async () => {
		const client = await machine();
		const pairs = [['grant_type', 'client_credentials'], ['scope', 'notes:read'], ['unheard_of', 'x'], ['', 'x'], ['a"b', 'x']];
		h.assertTokens(await overHttp('/oauth2/token', pairs, basicOf(client)));
		assert.equal((await named('/oauth2/token', pairs.slice(0, 3), basicOf(client))).sqlstate, '42883');
	});

	it('the parameter that every request has may be missing; the named door is not found without it', async () => {
		const client = await h.newClient();
		const cases = { '/oauth2/token': 'scope', '/oauth2/par': 'scope', '/oauth2/revoke': 'token_type_hint', '/oauth2/introspect': 'token_type_hint',
			'/oauth2/challenge': 'factor_id', '/oauth2/complete_challenge': 'code' };
		for (const [path, other] of Object.entries(cases)) {
			h.assertError(await overHttp(path, [[other, 'openid']], basicOf(client)), 'invalid_request');
			assert.equal((await named(path, [[other, 'openid']], basicOf(client))).sqlstate, '42883');
		}
	});

	it('a parameter that comes twice is refused, whatever it is; the named door sees the last (C4)', async () => {
		const client = await machine();
		for (const twice of [['grant_type', 'client_credentials'], ['scope', 'notes:read'], ['unheard_of', 'x'], ['client_id', client.id]]) {
			const pairs = [['grant_type', 'client_credentials'], ['scope', 'notes:read'], ['unheard_of', 'x'], ['client_id', client.id], twice];
			h.assertError(await overHttp('/oauth2/token', pairs, basicOf(client)), 'invalid_request');
		}
		h.assertTokens(withType(await named('/oauth2/token', [['grant_type', 'x'], ['grant_type', 'client_credentials'], ['scope', 'notes:read']], basicOf(client))));
	});

	it('several resources can be named; the named door sees the last (C71)', async () => {
		const client = await machine();
		const pairs = [['grant_type', 'client_credentials'], ['resource', h.resource], ['resource', h.otherResource]];
		const { access_token: both } = h.assertTokens(await overHttp('/oauth2/token', [...pairs, ['scope', 'notes:read orders:read']], basicOf(client)));
		assert.deepEqual([h.claimsOf(both).aud].flat().sort(), [h.resource, h.otherResource].sort());
		const { access_token: last } = h.assertTokens(withType(await named('/oauth2/token', [...pairs, ['scope', 'orders:read']], basicOf(client))));
		assert.deepEqual([h.claimsOf(last).aud].flat(), [h.otherResource]);
	});

	it('twice with one of them empty is twice', async () => {
		const client = await machine();
		h.assertError(await overHttp('/oauth2/token', [['grant_type', 'client_credentials'], ['scope', 'notes:read'], ['scope', '']], basicOf(client)), 'invalid_request');
	});

	it('at each endpoint (C4)', async () => {
		const client = await h.newClient();
		for (const path of [...Object.keys(FUNCTIONS), '/oauth2/logout']) {
			const answer = await overHttp(path, [['state', 'x'], ['state', 'x'], ['token', 'x'], ['client_id', client.id], ['grant_type', 'client_credentials']], {});
			h.assertError(answer, 'invalid_request');
		}
	});
});

/** the layer's part, which the named door here has not */
function withType(answer) {
	answer.headers.set('content-type', 'application/json');
	return answer;
}
