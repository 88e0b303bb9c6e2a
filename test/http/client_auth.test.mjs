// Who the client is: each method, mixtures of them, and what must not pass for one.
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { before, describe, it } from 'node:test';

import { SignJWT } from 'jose';
import * as openid from 'openid-client';

import * as h from './harness.mjs';

const MACHINE = { grant_types: ['client_credentials'] };
const DEVICE = 'urn:ietf:params:oauth:grant-type:device_code';
const credentials = (client, parameters = {}, options = {}) => h.token(client, { grant_type: 'client_credentials', scope: 'notes:read', ...parameters }, options);
const raw = (parameters, options) => h.post('/oauth2/token', { grant_type: 'client_credentials', scope: 'notes:read', ...parameters }, options);

describe('Basic', () => {
	it('the credentials are form-encoded: a name with special characters (C6)', async () => {
		for (const id of ['a:b', 'per%cent', 'per%3Acent', 'plus+sign', 'with space', 'sl/a=sh&more']) {
			const client = await h.newClient({ id: `${id} ${randomUUID()}`, metadata: MACHINE });
			h.assertTokens(await credentials(client));
			const config = await h.configuration(client);
			assert.ok((await openid.clientCredentialsGrant(config, { scope: 'notes:read' })).access_token, id);
		}
	});

	// the attack: a name that, decoded or not, is that of another client
	it('a name that is not encoded is not taken for the one it would decode to', async () => {
		const client = await h.newClient({ id: `a%3Ab ${randomUUID()}`, metadata: MACHINE });
		const bare = (id) => ({ headers: { authorization: `Basic ${Buffer.from(`${id}:${client.secret}`).toString('base64')}` } });
		h.assertError(await raw({}, bare(client.id.replaceAll(' ', '+'))), 'invalid_client', 401);
	});

	it('what is wrong is 401 with a challenge of the scheme (C16)', async () => {
		const client = await h.newClient({ metadata: MACHINE });
		for (const headers of [h.basic(client.id, 'wrong'), h.basic(client.id, ''), h.basic('nobody', 'wrong'), { authorization: 'Basic !!!' },
			{ authorization: `Basic ${Buffer.from('no colon').toString('base64')}` }, { authorization: `Basic ${Buffer.from('a%zz:b').toString('base64')}` }]) {
			const answer = await raw({}, { headers });
			h.assertError(answer, 'invalid_client', 401);
			assert.match(answer.headers.get('www-authenticate'), /^Basic /);
		}
	});

	it('the scheme\'s case does not matter', async () => {
		const client = await h.newClient({ metadata: MACHINE });
		const { authorization } = h.basic(client.id, client.secret);
		for (const scheme of ['basic', 'BASIC']) h.assertTokens(await raw({}, { headers: { authorization: authorization.replace('Basic', scheme) } }));
	});
});

describe('secrets', () => {
	// zitadel/oidc, requests-oauthlib, openid-client's discovery() and better-auth send it their own way, whatever was registered
	it('by Basic or in the form, at every endpoint, and the audit says which came', async () => {
		const client = await h.newClient({ metadata: { grant_types: [...MACHINE.grant_types, 'authorization_code', DEVICE] } });
		const seen = async (event) => (await h.rows(`SELECT detail ->> 'client_auth_method' AS method FROM pgtoken.audit_events
			WHERE client_id = $1 AND event = $2 ORDER BY event_id`, client.id, event)).map(({ method }) => method);
		const ways = ['client_secret_basic', 'client_secret_post'].map((method) => ({ ...client, method }));
		const [first] = ways;
		for (const as of ways) {
			h.assertTokens(await credentials(as));
			const { code, ...rest } = await h.newCode(client, { scope: 'openid offline_access notes:read' });
			const { refresh_token: refreshToken } = h.assertTokens(await h.redeem(as, { code, ...rest }));
			let latest;
			for (const other of ways) latest = h.assertTokens(await h.refresh(other, refreshToken)).refresh_token;
			assert.equal((await h.introspect(as, latest)).active, true);
			assert.equal((await h.postAs(as, '/oauth2/par', h.authorizationParameters(client, h.newVerifier(), { client_id: undefined }))).status, 201);
			assert.equal((await h.postAs(as, '/oauth2/device_authorization', { scope: 'notes:read' })).status, 200);
			assert.equal((await h.postAs(as, '/oauth2/revoke', { token: latest })).status, 200);
			assert.equal((await h.introspect(as, latest)).active, false);
		}
		assert.deepEqual(await seen('grant.issued'), ways.flatMap(({ method }) => [method, method]));
		assert.deepEqual(await seen('token.refreshed'), [first.method, first.method]);
		assert.deepEqual(await seen('token.retried'), ['client_secret_post', 'client_secret_post']);
		for (const as of ways) h.assertError(await credentials({ ...as, secret: 'wrong' }), 'invalid_client', 401);
		assert.deepEqual(await seen('client.authentication_failed'), ways.map(({ method }) => method));
	});

	it('only by the registered method, where the client is narrowed to one (C76)', async () => {
		const client = await h.newClient({ metadata: { ...MACHINE, token_endpoint_auth_method: 'client_secret_basic' } });
		h.assertTokens(await credentials(client));
		h.assertError(await raw({ client_id: client.id, client_secret: client.secret }), 'invalid_client', 401);
		await h.rows(`SELECT pgtoken.update_client($1, metadata => '{"token_endpoint_auth_method": null}')`, client.id);
		h.assertTokens(await raw({ client_id: client.id, client_secret: client.secret }));
		const other = await h.newClient({ metadata: { ...MACHINE, token_endpoint_auth_method: 'client_secret_post' } });
		h.assertTokens(await credentials(other));
		h.assertError(await raw({}, { headers: h.basic(other.id, other.secret) }), 'invalid_client', 401);
	});

	// the attack: a secret that a client has beside its key or certificate, sent instead of a proof
	it('by neither way, where the client proves itself otherwise', async () => {
		const metadata = { ...MACHINE, tls_client_auth_subject_dn: 'CN=nobody' };
		for (const method of ['client_secret_jwt', 'private_key_jwt', 'tls_client_auth']) {
			const client = await h.newClient({ metadata: MACHINE });
			await h.rows('SELECT pgtoken.update_client($1, metadata => $2)', client.id,
				{ ...metadata, token_endpoint_auth_method: method, jwks: { keys: [(await h.generateKey()).publicJwk] } });
			for (const as of ['client_secret_basic', 'client_secret_post']) h.assertError(await credentials({ ...client, method: as }), 'invalid_client', 401);
		}
	});

	// x/oauth2 sends Basic with an empty password before every poll of a device, to see what the server takes
	it('an empty one is none: a public client has named itself, and leaves no trace', async () => {
		const client = await h.publicClient({ metadata: { grant_types: ['authorization_code', DEVICE] } });
		const bare = { headers: h.basic(client.id, '') };
		const { json: device } = await h.post('/oauth2/device_authorization', { scope: 'notes:read' }, bare);
		h.assertError(await h.post('/oauth2/token', { grant_type: DEVICE, device_code: device.device_code }, bare), 'authorization_pending');
		h.assertError(await h.post('/oauth2/token', { grant_type: DEVICE, device_code: 'x', client_id: client.id, client_secret: '' }), 'invalid_grant');
		const { refresh_token: refreshToken } = await h.newTokens(client);
		assert.equal((await h.post('/oauth2/revoke', { token: refreshToken, client_id: client.id, client_secret: '' }, bare)).status, 200);
		assert.equal(await h.value(`SELECT count(*)::integer FROM pgtoken.audit_events WHERE client_id = $1 AND event = 'client.authentication_failed'`, client.id), 0);
	});

	// the attack: naming a client that has a secret, with none, in each of the ways
	it('an empty one is none: a confidential client is not authenticated, and a name is not enough to introspect', async () => {
		const client = await h.newClient({ metadata: MACHINE });
		const attempts = [[{}, { headers: h.basic(client.id, '') }], [{ client_id: client.id, client_secret: '' }, {}],
			[{ client_id: client.id, client_secret: '' }, { headers: h.basic(client.id, '') }]];
		for (const [parameters, options] of attempts) h.assertError(await raw(parameters, options), 'invalid_client', 401);
		assert.deepEqual(await h.rows(`SELECT reason, detail ->> 'client_auth_method' AS method FROM pgtoken.audit_events
			WHERE client_id = $1 AND event = 'client.authentication_failed'`, client.id), attempts.map(() => ({ reason: 'client_secret_missing', method: 'none' })));
		const named = await h.publicClient();
		h.assertError(await h.post('/oauth2/introspect', { token: 'x' }, { headers: h.basic(named.id, '') }), 'invalid_client', 401);
		// beside an empty password, the secret in the form counts, and is the named client's
		h.assertTokens(await raw({ client_secret: client.secret }, { headers: h.basic(client.id, '') }));
		h.assertError(await raw({ client_id: client.id, client_secret: client.secret }, { headers: h.basic(named.id, '') }), 'invalid_request');
	});

	it('in the body: wrong ones are invalid_client (C16)', async () => {
		const client = await h.newClient({ metadata: { ...MACHINE, token_endpoint_auth_method: 'client_secret_post' } });
		h.assertError(await raw({ client_id: client.id, client_secret: 'wrong' }), 'invalid_client', 401);
	});

	it('in the query string they do not count (C7)', async () => {
		const client = await h.newClient({ metadata: { ...MACHINE, token_endpoint_auth_method: 'client_secret_post' } });
		const query = { client_id: client.id, client_secret: client.secret };
		const answer = await raw({}, { query });
		assert.ok(answer.status === 400 || answer.status === 401);
		assert.ok(!('access_token' in answer.json));
		assert.ok(!('access_token' in (await h.post('/oauth2/token', {}, { query: { ...query, grant_type: 'client_credentials' } })).json));
	});

	it('two methods in one request are one too many (C5)', async () => {
		const client = await h.newClient({ metadata: MACHINE });
		const keyed = await h.newClient({ metadata: { ...MACHINE, token_endpoint_auth_method: 'private_key_jwt' }, key: await h.generateKey() });
		const headers = h.basic(client.id, client.secret);
		h.assertError(await raw({ client_id: client.id, client_secret: client.secret }, { headers }), 'invalid_request');
		const asserted = { client_assertion_type: h.ASSERTION_TYPE, client_assertion: await h.assertion(keyed) };
		h.assertError(await raw(asserted, { headers }), 'invalid_request');
		h.assertError(await raw({ ...asserted, client_id: keyed.id, client_secret: 'x' }), 'invalid_request');
		h.assertTokens(await raw(asserted)); // it was not used up
	});

	// the attack: authenticated as one client, asking in the name of another
	it('a client_id beside them must be the same', async () => {
		const client = await h.newClient({ metadata: MACHINE });
		const other = await h.newClient({ metadata: MACHINE });
		const headers = h.basic(client.id, client.secret);
		h.assertTokens(await raw({ client_id: client.id }, { headers }));
		h.assertError(await raw({ client_id: other.id }, { headers }), 'invalid_request');
	});

	it('a secret that was revoked or has ended is none', async () => {
		const client = await h.newClient({ metadata: MACHINE });
		const second = await h.value('SELECT client_secret FROM pgtoken.create_client_secret($1)', client.id);
		h.assertTokens(await raw({}, { headers: h.basic(client.id, second) }));
		const first = await h.value('SELECT secret_id FROM pgtoken.client_secrets WHERE client_id = $1 ORDER BY created_at LIMIT 1', client.id);
		await h.rows('SELECT pgtoken.revoke_client_secret($1, $2)', client.id, first);
		h.assertError(await credentials(client), 'invalid_client', 401);
		h.assertTokens(await raw({}, { headers: h.basic(client.id, second) }));
	});

	// the attack: a client without a secret asks as one that has its own rights (RFC 6749 section 4.4)
	it('client_credentials is not for public clients', async () => {
		await assert.rejects(h.publicClient({ metadata: MACHINE }));
		const client = await h.publicClient();
		h.assertError(await credentials(client), 'unauthorized_client');
	});
});

describe('assertions (RFC 7523)', () => {
	let client;
	const send = async (changes, parameters = {}) => raw({ client_assertion_type: h.ASSERTION_TYPE, client_assertion: await h.assertion(client, changes), ...parameters });
	before(async () => { client = await h.newClient({ metadata: { ...MACHINE, token_endpoint_auth_method: 'private_key_jwt' }, key: await h.generateKey('ES256') }); });

	it('issuer, token endpoint and the endpoint itself are good audiences, also several (C73)', async () => {
		for (const aud of [h.issuer, `${h.issuer}/oauth2/token`, [h.issuer], [h.issuer, `${h.issuer}/oauth2/token`]]) {
			h.assertTokens(await send({ claims: { aud } }));
		}
		h.assertTokens(await send({}, { client_id: client.id }));
		h.assertTokens(await send({ header: { kid: undefined } }));
	});

	// the attack: an assertion for another server is passed on to this one; one that is old, or made to last
	it('everything else about them is invalid_client (C73, C75)', async () => {
		const other = await h.generateKey('ES256');
		const cases = {
			'no iss': { claims: { iss: undefined } },
			'another iss': { claims: { iss: 'somebody' } },
			'no sub': { claims: { sub: undefined } },
			'another sub': { claims: { sub: 'somebody' } },
			'no aud': { claims: { aud: undefined } },
			'another aud': { claims: { aud: 'https://other.example' } },
			'another aud beside ours': { claims: { aud: [h.issuer, 'https://other.example'] } },
			'an aud that begins like ours': { claims: { aud: `${h.issuer}.evil.example` } },
			'no exp': { claims: { exp: undefined } },
			'an exp of the past': { claims: { exp: h.now() - 60 } },
			'an exp too far': { claims: { exp: h.now() + 86400 } },
			'an nbf to come': { claims: { nbf: h.now() + 600 } },
			'an iat to come': { claims: { iat: h.now() + 600 } },
			'no jti': { claims: { jti: undefined } },
			'another key': { key: other.privateKey },
			'a kid that is not there': { header: { kid: 'x' } },
			'a type of its own': { header: { typ: 'at+jwt' } },
		};
		for (const [name, changes] of Object.entries(cases)) {
			const answer = await send(changes);
			assert.equal(answer.json.error, 'invalid_client', name);
			h.assertError(answer, 'invalid_client', 401);
		}
	});

	// the attack: no signature, or the public key as the secret of an HMAC
	it('"none", and HMAC with what is public (C73)', async () => {
		const [, payload] = (await h.assertion(client)).split('.');
		const none = `${Buffer.from('{"alg":"none","typ":"JWT"}').toString('base64url')}.${payload}.`;
		h.assertError(await raw({ client_assertion_type: h.ASSERTION_TYPE, client_assertion: none }), 'invalid_client', 401);
		const claims = { iss: client.id, sub: client.id, aud: h.issuer, exp: h.now() + 60, jti: randomUUID() };
		for (const secret of [JSON.stringify(client.key.publicJwk), client.key.thumbprint.padEnd(32, 'x')]) {
			const forged = await new SignJWT(claims).setProtectedHeader({ alg: 'HS256', kid: client.key.thumbprint }).sign(Buffer.from(secret));
			h.assertError(await raw({ client_assertion_type: h.ASSERTION_TYPE, client_assertion: forged }), 'invalid_client', 401);
		}
	});

	// the attack: an assertion that was overheard is sent again (C74)
	it('each is good once, also in parallel (C74)', async () => {
		const parameters = { client_assertion_type: h.ASSERTION_TYPE, client_assertion: await h.assertion(client) };
		const answers = await Promise.all(Array.from({ length: 10 }, () => raw(parameters)));
		assert.equal(answers.filter(({ status }) => status === 200).length, 1);
		for (const answer of answers) if (answer.status !== 200) h.assertError(answer, 'invalid_client', 401);
		const jti = randomUUID();
		h.assertTokens(await send({ claims: { jti } }));
		h.assertError(await send({ claims: { jti, exp: h.now() + 30 } }), 'invalid_client', 401);
	});

	it('of another type, or without one, are invalid_request', async () => {
		h.assertError(await send({}, { client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:saml2-bearer' }), 'invalid_request');
		h.assertError(await send({}, { client_assertion_type: '' }), 'invalid_request');
		h.assertError(await raw({ client_assertion_type: h.ASSERTION_TYPE }), 'invalid_request');
	});

	it('by a shared secret: only that of the client, only by clients of that method', async () => {
		const shared = await h.newClient({ metadata: { ...MACHINE, token_endpoint_auth_method: 'client_secret_jwt' } });
		h.assertTokens(await credentials(shared));
		const wrong = await h.assertion(shared, { secret: 'x'.repeat(43) });
		h.assertError(await raw({ client_assertion_type: h.ASSERTION_TYPE, client_assertion: wrong }), 'invalid_client', 401);
		h.assertError(await raw({}, { headers: h.basic(shared.id, shared.secret) }), 'invalid_client', 401);
		const plain = await h.newClient({ metadata: MACHINE });
		const tried = await h.assertion({ ...plain, method: 'client_secret_jwt' });
		h.assertError(await raw({ client_assertion_type: h.ASSERTION_TYPE, client_assertion: tried }), 'invalid_client', 401);
	});

	it('are good at the other endpoints, too', async () => {
		assert.deepEqual(await h.introspect(client, 'unknown'), { active: false });
		assert.equal((await h.postAs(client, '/oauth2/revoke', { token: 'unknown' })).status, 200);
	});
});

describe('certificates (RFC 8705)', { skip: !h.proxyUrl && 'PROXY_URL names no proxy whose certificate header is believed' }, () => {
	const [mine, others] = ['machine', 'other'].map(h.certificate);
	const make = async (metadata = {}) => ({ ...await h.newClient({ metadata: { ...MACHINE, token_endpoint_auth_method: 'tls_client_auth',
		tls_client_auth_subject_dn: mine.subject, ...metadata } }), certificate: mine.header });
	const through = (client, header, base = h.proxyUrl) => raw({ client_id: client.id }, { base, headers: header ? { [h.certificateHeader]: header } : {} });

	it('the subject is the client (C76)', async () => {
		const client = await make();
		h.assertTokens(await through(client, mine.header));
		h.assertTokens(await through(client, mine.pem));
		h.assertError(await through(client, others.header), 'invalid_client', 401);
		h.assertError(await through(client, null), 'invalid_client', 401);
		h.assertError(await through(client, ':AAAA:'), 'invalid_client', 401);
		const methods = async (base) => (await h.get('/.well-known/openid-configuration', { base })).json.token_endpoint_auth_methods_supported;
		assert.ok((await methods(h.proxyUrl)).includes('tls_client_auth'));
		if (h.can('certificates')) assert.ok(!(await methods(h.issuer)).includes('tls_client_auth'), 'where nobody asks for certificates there is none');
	});

	// the fault: the name is the right one, and is refused for the way in which somebody else's tool prints it
	it('is named as RFC 4514 lets it be, and the audit has the name that was seen', async () => {
		const [attribute, ...rest] = mine.subject.split(',');
		const [type, value] = attribute.split('=');
		const spellings = [`${type.toLowerCase()}=${value}`, ` ${type} = ${value} `, `2.5.4.3=${value}`, `OID.2.5.4.3=${value}`,
			`commonName=${[...value].map((c) => `\\${c.charCodeAt(0).toString(16)}`).join('')}`, `CN=#0c${value.length.toString(16).padStart(2, '0')}${Buffer.from(value).toString('hex')}`];
		assert.equal(type, 'CN');
		for (const spelling of spellings) {
			const client = await make({ tls_client_auth_subject_dn: [spelling, ...rest].join(' , ') });
			h.assertTokens(await through(client, mine.header));
			h.assertError(await through(client, others.header), 'invalid_client', 401);
			const [{ detail }] = await h.rows("SELECT detail FROM pgtoken.audit_events WHERE client_id = $1 AND event = 'client.authentication_failed'", client.id);
			assert.equal(detail.certificate, others.subject);
		}
		// the attack: another name that looks like it
		for (const spelling of [`CN=${value.toUpperCase()}`, `CN=${value}+O=x`, `O=x,CN=${value}`, `CN=${value}\\ `, `O=${value}`])
			h.assertError(await through(await make({ tls_client_auth_subject_dn: [spelling, ...rest].join(',') }), mine.header), 'invalid_client', 401);
	});

	// the attack: the header is the client's own invention, where no proxy has put it there
	it('is not believed where no proxy stands before the service', async () => {
		const client = await make();
		h.assertError(await through(client, mine.header, h.issuer), 'invalid_client', 401);
	});

	it('tokens bound to it say so, and the API wants it (C68)', async () => {
		const client = await make({ tls_client_certificate_bound_access_tokens: true });
		const answer = await h.post('/oauth2/token', { grant_type: 'client_credentials', scope: 'notes:read', resource: h.resource, client_id: client.id },
			{ base: h.proxyUrl, headers: { [h.certificateHeader]: mine.header } });
		const { access_token: accessToken } = h.assertTokens(answer);
		assert.ok(h.claimsOf(accessToken).cnf['x5t#S256'] === mine.thumbprint, 'bound to the certificate');
		assert.ok((await h.introspect(client, accessToken)).cnf['x5t#S256'] === mine.thumbprint, 'introspection says so, too');
		const call = async (header) => (await h.notes({ ...h.bearer(accessToken), ...(header && { [h.certificateHeader]: header }) }, h.apiProxyUrl)).status;
		assert.equal(await call(mine.header), 200);
		// the attack: a stolen token with another certificate, or none
		assert.equal(await call(others.header), 401);
		assert.equal(await call(null), 401);
	});
});
