// Access tokens for the assertions of issuers that are trusted (RFC 7523 section 2.1):
// workloads with the identity that they have, and agents that act for a person.
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { before, describe, it } from 'node:test';

import { SignJWT } from 'jose';

import * as h from './harness.mjs';

const ID_JAG = 'oauth-id-jag+jwt';
const GRANT = { grant_types: [h.ASSERTION_GRANT] };
const SERVICE = 'system:serviceaccount:prod:reports';

/** an issuer of somebody else's, with a key of its own */
async function newIssuer(options = {}) {
	const key = await h.generateKey('ES256');
	const iss = `https://${h.unique('cluster')}.example`;
	const { audiences = [], lifetime = '1 hour', singleUse = false } = options;
	await h.rows('SELECT pgtoken.create_trusted_issuer($1, $2, audiences => $3, assertion_lifetime => $4, single_use => $5)',
		iss, { keys: [{ ...key.jwk, kid: 'k1', alg: 'ES256' }] }, audiences, lifetime, singleUse);
	return { iss, key };
}

async function newRule({ iss }, rule, conditions, { scopes = ['notes:read'], subject = '{sub}', clientId = null, clientAuthentication = true, resources = null, persons = false } = {}) {
	await h.rows(`SELECT pgtoken.create_assertion_rule($1, $2, $3, $4, subject => $5, client_id => $6, client_authentication => $7, resources => $8, persons => $9)`,
		iss, rule, conditions, scopes, subject, clientId, clientAuthentication, resources, persons);
}

/** signed by the issuer; undefined takes a member away */
function assertionOf({ iss, key }, claims = {}, header = {}, by = key) {
	const payload = { iss, sub: SERVICE, aud: h.issuer, iat: h.now(), exp: h.now() + 300, ...claims };
	return new SignJWT(JSON.parse(JSON.stringify(payload))).setProtectedHeader(JSON.parse(JSON.stringify({ alg: by.alg, kid: 'k1', ...header }))).sign(by.privateKey);
}

const show = async (client, assertion, parameters = {}) =>
	(client ? h.token(client, { grant_type: h.ASSERTION_GRANT, assertion: await assertion, ...parameters })
		: h.post('/oauth2/token', { grant_type: h.ASSERTION_GRANT, assertion: await assertion, ...parameters }));

const reasonOf = (clientId) => h.value(`SELECT reason FROM pgtoken.audit_events WHERE client_id = $1 AND event = 'assertion.refused' ORDER BY event_id DESC LIMIT 1`, clientId);

async function refuses(client, assertion, reason, parameters) {
	h.assertError(await show(client, assertion, parameters), 'invalid_grant');
	if (client) assert.equal(await reasonOf(client.id), reason);
}

describe('a workload', () => {
	let cluster;
	let client;

	before(async () => {
		cluster = await newIssuer({ audiences: ['pgtoken'] });
		client = await h.newClient({ scopes: ['notes:read', 'notes:write'], metadata: GRANT });
		await newRule(cluster, '10-prod', { sub: 'system:serviceaccount:prod:*', 'kubernetes.io': { namespace: ['prod', 'staging'] } }, { clientId: client.id });
	});
	const of = (claims = {}, header) => assertionOf(cluster, { 'kubernetes.io': { namespace: 'prod' }, ...claims }, header);

	it('gets a token for its own subject, with the scopes of its rule, and nothing else (C75)', async () => {
		const answer = await show(client, of());
		h.assertTokens(answer);
		const claims = h.claimsOf(answer.json.access_token);
		assert.equal(claims.sub, SERVICE);
		assert.equal(claims.client_id, client.id);
		assert.equal(claims.scope, 'notes:read');
		assert.equal(claims.auth_time, undefined);
		assert.equal(answer.json.refresh_token, undefined);
		assert.equal(answer.json.id_token, undefined);
		assert.equal((await h.notes(h.bearer(answer.json.access_token))).status, 200);
		const [{ context }] = await h.rows('SELECT context FROM pgtoken.grants WHERE grant_id = pgtoken.grant_of($1)', answer.json.access_token);
		assert.equal(context.assertion_issuer, cluster.iss);
		assert.equal(context.assertion_rule, '10-prod');
	});

	it('may show its assertion again until it expires, as clusters mean theirs to be', async () => {
		const assertion = await of({ jti: randomUUID() });
		for (let i = 0; i < 2; i++) h.assertTokens(await show(client, assertion));
	});

	it('is meant by the names of the issuer, its token endpoint, or one that was given', async () => {
		for (const aud of [h.issuer, `${h.issuer}/oauth2/token`, 'pgtoken', ['https://kubernetes.default.svc', 'pgtoken']]) h.assertTokens(await show(client, of({ aud })));
		for (const aud of ['https://elsewhere.example', [], undefined, `${h.issuer}/`]) await refuses(client, of({ aud }), 'assertion_invalid');
	});

	it('is told a scope that goes beyond', async () => {
		h.assertError(await show(client, of(), { scope: 'notes:read notes:write' }), 'invalid_scope');
		h.assertError(await show(client, of(), { scope: 'a "b' }), 'invalid_scope');
	});

	// Attack shut out: whoever can have anything signed there, or knows the public key, makes an assertion of his own.
	it('is refused by another key, algorithm or issuer (C73)', async () => {
		const thief = await newIssuer();
		const trusted = await newIssuer();
		const stranger = { iss: 'https://stranger.example', key: await h.generateKey('ES256') };
		await refuses(client, assertionOf(cluster, {}, {}, thief.key), 'assertion_invalid');
		await refuses(client, assertionOf(cluster, {}, { kid: 'other' }), 'assertion_invalid');
		await refuses(client, assertionOf(stranger), 'assertion_issuer_not_trusted');
		await refuses(client, assertionOf({ ...cluster, iss: undefined }), 'assertion_issuer_not_trusted');
		// one that is trusted, and has no rule
		await refuses(client, assertionOf(trusted), 'assertion_without_rule');
		const unsigned = `${Buffer.from('{"alg":"none"}').toString('base64url')}.${(await of()).split('.')[1]}.`;
		for (const broken of [unsigned, 'x.y.z', 'x', `${(await of()).slice(0, -4)}AAAA`]) await refuses(client, broken, 'assertion_invalid');
		const hmac = await new SignJWT({ iss: cluster.iss, sub: SERVICE, aud: h.issuer, exp: h.now() + 60 }).setProtectedHeader({ alg: 'HS256' })
			.sign(new TextEncoder().encode(JSON.stringify(cluster.key.jwk)));
		await refuses(client, hmac, 'assertion_invalid');
	});

	// Attack shut out: a token of another kind, of the same issuer, is shown as an assertion.
	it('is refused as a token of another kind', async () => {
		for (const typ of ['at+jwt', 'dpop+jwt', 'logout+jwt', 'secevent+jwt']) await refuses(client, of({}, { typ }), 'assertion_invalid');
		for (const typ of ['JWT', 'jwt']) h.assertTokens(await show(client, of({}, { typ })));
	});

	it('is refused past its time, before it, and when it lives too long', async () => {
		for (const claims of [{ exp: h.now() - 1 }, { exp: h.now() + 7200 }, { exp: undefined }, { nbf: h.now() + 600 }, { iat: h.now() + 600 }, { sub: undefined }, { sub: '' }]) {
			await refuses(client, of(claims), 'assertion_invalid');
		}
	});

	// Attack shut out: a name that only looks like one that the conditions mean.
	it('is refused where a condition is not fulfilled', async () => {
		for (const claims of [{ sub: 'system:serviceaccount:prod2:reports' }, { 'kubernetes.io': { namespace: 'prod2' } }, { 'kubernetes.io': undefined }, { 'kubernetes.io': 'prod' },
			{ 'kubernetes.io': { namespace: true } }, { 'kubernetes.io': { namespace: { prod: 'prod' } } }, { 'kubernetes.io': [] }]) {
			await refuses(client, of(claims), 'assertion_without_rule');
		}
		h.assertTokens(await show(client, of({ 'kubernetes.io': { namespace: ['other', 'staging'] } })));
	});

	it('is refused for another client than the rule\'s, and for one that may not use the grant', async () => {
		const other = await h.newClient({ metadata: GRANT });
		await refuses(other, of(), 'assertion_without_rule');
		const without = await h.newClient();
		h.assertError(await show(without, of()), 'unauthorized_client');
		h.assertError(await show(client, 'x', { assertion: '' }), 'invalid_request');
	});

	it('is refused from the next request on where the trust is taken back', async () => {
		const mine = await newIssuer();
		await newRule(mine, 'all', { sub: '*' });
		h.assertTokens(await show(client, assertionOf(mine)));
		await h.rows('SELECT pgtoken.update_trusted_issuer($1, enabled => false)', mine.iss);
		await refuses(client, assertionOf(mine), 'assertion_issuer_not_trusted');
		await h.rows('SELECT pgtoken.update_trusted_issuer($1, enabled => true), pgtoken.delete_assertion_rule($1, $2)', mine.iss, 'all');
		await refuses(client, assertionOf(mine), 'assertion_without_rule');
		assert.equal(await h.value('SELECT pgtoken.delete_trusted_issuer($1)', mine.iss), true);
		await refuses(client, assertionOf(mine), 'assertion_issuer_not_trusted');
	});

	// Attack shut out: an assertion whose subject, put in the rule's, becomes a client or nothing at all.
	it('cannot make itself a client, or an empty subject', async () => {
		const mine = await newIssuer();
		await newRule(mine, 'all', { sub: '*' }, { subject: '{login}' });
		for (const login of ['client:web', '', undefined, 7, 'a\nb', 'x'.repeat(256)]) await refuses(client, assertionOf(mine, { login }), 'assertion_without_rule');
		const answer = await show(client, assertionOf(mine, { login: 'build-7' }));
		assert.equal(h.claimsOf(answer.json.access_token).sub, 'build-7');
	});

	it('is good for one request where the issuer says so, also in parallel (C74)', async () => {
		const once = await newIssuer({ singleUse: true });
		await newRule(once, 'all', { sub: '*' });
		await refuses(client, assertionOf(once), 'assertion_invalid');
		const assertion = await assertionOf(once, { jti: randomUUID() });
		// what is refused for another reason has not used it
		h.assertError(await show(client, assertion, { scope: 'notes:write' }), 'invalid_scope');
		const answers = await Promise.all([1, 2, 3].map(() => show(client, assertion)));
		assert.equal(answers.filter(({ status }) => status === 200).length, 1);
		await refuses(client, assertion, 'assertion_replayed');
	});

	it('of which the first rule by name counts', async () => {
		const mine = await newIssuer();
		await newRule(mine, 'b', { sub: '*' }, { subject: 'second' });
		await newRule(mine, 'a', { ref: 'refs/heads/main' }, { subject: 'first:{sub}', scopes: ['notes:write'] });
		const main = await show(client, assertionOf(mine, { ref: 'refs/heads/main', sub: 'acme' }));
		assert.deepEqual([h.claimsOf(main.json.access_token).sub, main.json.scope], ['first:acme', 'notes:write']);
		assert.equal(h.claimsOf((await show(client, assertionOf(mine, { ref: 'refs/heads/dev' }))).json.access_token).sub, 'second');
	});
});

describe('an assertion that speaks for its client (RFC 7521 section 4.1)', () => {
	it('needs no authentication beside it', async () => {
		const cluster = await newIssuer();
		const client = await h.newClient({ metadata: GRANT });
		await newRule(cluster, 'ci', { repository: 'acme/app' }, { clientId: client.id, clientAuthentication: false });
		const answer = await show(null, assertionOf(cluster, { repository: 'acme/app' }));
		h.assertTokens(answer);
		assert.equal(h.claimsOf(answer.json.access_token).client_id, client.id);
		h.assertTokens(await show(client, assertionOf(cluster, { repository: 'acme/app' })));

		// Attack shut out: the name of the client alone, or a wrong secret, counts as nothing said.
		h.assertError(await show(null, assertionOf(cluster, { repository: 'acme/app' }), { client_id: client.id }), 'invalid_client', 401);
		h.assertError(await show({ ...client, secret: 'wrong' }, assertionOf(cluster, { repository: 'acme/app' })), 'invalid_client', 401);
		// Attack shut out: a rule for clients that authenticate takes one that does not.
		h.assertError(await show(null, assertionOf(cluster, { repository: 'acme/other' })), 'invalid_client', 401);
		const strict = await newIssuer();
		await newRule(strict, 'ci', { sub: '*' }, { clientId: client.id });
		h.assertError(await show(null, assertionOf(strict)), 'invalid_client', 401);
		await h.rows('SELECT pgtoken.update_client($1, enabled => false)', client.id);
		h.assertError(await show(null, assertionOf(cluster, { repository: 'acme/app' })), 'invalid_client', 401);
	});

	// Attack shut out: one rule lets a request in without authentication, and another, stricter one gives it more.
	it('is given by no rule that asks for authentication', async () => {
		const cluster = await newIssuer();
		const client = await h.newClient({ scopes: ['notes:read', 'notes:write'], metadata: GRANT });
		await newRule(cluster, 'a-strict', { sub: '*' }, { clientId: client.id, scopes: ['notes:write'] });
		await newRule(cluster, 'b-strict', { sub: '*' }, { scopes: ['notes:write'] });
		await newRule(cluster, 'c-alone', { sub: '*' }, { clientId: client.id, clientAuthentication: false });
		assert.equal((await show(null, assertionOf(cluster))).json.scope, 'notes:read');
		assert.equal((await show(client, assertionOf(cluster))).json.scope, 'notes:write');
	});

	// Attack shut out: who says the name of a public client has not authenticated.
	it('of a public client is enough only where a rule needs no authentication', async () => {
		const cluster = await newIssuer();
		const mobile = await h.publicClient({ scopes: ['notes:read'], metadata: GRANT });
		await newRule(cluster, 'anybody', { sub: '*' });
		await newRule(cluster, 'this', { sub: '*' }, { clientId: mobile.id });
		await refuses(mobile, assertionOf(cluster), 'assertion_without_rule');
		await newRule(cluster, 'z-alone', { sub: '*' }, { clientId: mobile.id, clientAuthentication: false });
		for (const client of [mobile, null]) h.assertTokens(await show(client, assertionOf(cluster)));
	});
});

describe('an agent that acts for a person (Identity Assertion Authorization Grant)', () => {
	let idp;
	let client;

	before(async () => {
		idp = await newIssuer();
		client = await h.newClient({ scopes: ['openid', 'notes:read', 'notes:write'], metadata: GRANT });
		await newRule(idp, 'people', { sub: '*' }, { scopes: ['notes:read', 'notes:write'], subject: 'idp:{sub}', persons: true });
	});
	const of = (claims = {}, header = {}) => assertionOf(idp, { sub: 'alice', client_id: client.id, jti: randomUUID(), scope: 'notes:read', ...claims }, { typ: ID_JAG, ...header });

	it('gets what the assertion names, of what the rule gives', async () => {
		const authTime = h.now() - 60;
		const answer = await show(client, of({ auth_time: authTime, acr: 'mfa', amr: ['pwd', 'otp'], resource: h.resource }));
		h.assertTokens(answer);
		const claims = h.claimsOf(answer.json.access_token);
		assert.deepEqual([claims.sub, claims.scope, claims.auth_time, claims.acr, claims.aud], ['idp:alice', 'notes:read', authTime, 'mfa', h.resource]);
		h.assertError(await show(client, of(), { scope: 'notes:write' }), 'invalid_scope');
		h.assertError(await show(client, of({ resource: h.resource }), { resource: h.otherResource }), 'invalid_target');
	});

	// Attack shut out: one client shows what was made for another, or somebody else's audience shows it here.
	it('is refused for another client, audience or time', async () => {
		const other = await h.newClient({ metadata: GRANT });
		await refuses(other, of(), 'assertion_invalid');
		for (const claims of [{ client_id: undefined }, { client_id: other.id }, { jti: undefined }, { aud: [h.issuer, 'https://other.example'] }, { aud: `${h.issuer}/oauth2/token` }]) {
			await refuses(client, of(claims), 'assertion_invalid');
		}
		const assertion = await of();
		h.assertTokens(await show(client, assertion));
		await refuses(client, assertion, 'assertion_replayed');
	});

	// Attack shut out: another token of the person's, for whichever client and as often as one likes, passes for an assertion; or a person for a workload.
	it('is given nothing for a token of another kind, and by no rule for workloads', async () => {
		const other = await h.newClient({ scopes: ['notes:read', 'notes:write'], metadata: GRANT });
		await refuses(other, of({}, { typ: 'JWT' }), 'assertion_without_rule');
		const cluster = await newIssuer();
		await newRule(cluster, 'all', { sub: '*' });
		await refuses(client, assertionOf(cluster, { client_id: client.id, jti: randomUUID() }, { typ: ID_JAG }), 'assertion_without_rule');
	});

	// Attack shut out: a limit that cannot be read is taken for none.
	it('is refused where what limits it is of another type', async () => {
		for (const claims of [{ scope: ['notes:read'] }, { scope: 7 }, { scope: {} }, { scope: 'notes:read "' }, { scope: 'x '.repeat(500) }, { resource: {} }, { resource: 7 }, { resource: [] }, { resource: [7] }]) {
			await refuses(client, of(claims), 'assertion_invalid');
		}
	});

	// Attack shut out: a person's assertion, stolen, is enough by itself.
	it('needs a client that authenticates', async () => {
		const mobile = await h.publicClient({ metadata: GRANT });
		h.assertError(await show(mobile, of({ client_id: mobile.id })), 'unauthorized_client');
		await newRule(idp, 'a-alone', { sub: '*' }, { clientId: client.id, clientAuthentication: false });
		h.assertError(await show(null, of()), 'invalid_client', 401);
	});
});

it('what is trusted is announced (C76)', async () => {
	const { json } = await h.get('/.well-known/oauth-authorization-server');
	assert.ok(json.grant_types_supported.includes(h.ASSERTION_GRANT));
	assert.deepEqual(json.authorization_grant_profiles_supported, ['urn:ietf:params:oauth:grant-profile:id-jag']);
});
