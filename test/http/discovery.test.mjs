// What the service says of itself: it must be found where clients look for it,
// and each thing it advertises must work (C76), others must not.
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { before, describe, it } from 'node:test';

import { calculateJwkThumbprint } from 'jose';
import * as oauth from 'oauth4webapi';
import * as openid from 'openid-client';

import * as h from './harness.mjs';

let metadata;
before(async () => { metadata = (await h.get('/.well-known/openid-configuration')).json; });

describe('metadata (C76)', () => {
	it('is found by openid-client and by oauth4webapi, and names the URL it was fetched from', async () => {
		const config = await openid.discovery(new URL(h.issuer), 'any', undefined, openid.None(), { execute: [openid.allowInsecureRequests] });
		assert.equal(config.serverMetadata().issuer, h.issuer);
		for (const algorithm of ['oidc', 'oauth2']) {
			const response = await oauth.discoveryRequest(new URL(h.issuer), { algorithm, ...h.insecure });
			assert.equal((await oauth.processDiscoveryResponse(new URL(h.issuer), response)).issuer, h.issuer);
		}
	});

	it('is one document under both names, and may be cached for a while', async () => {
		const other = await h.get('/.well-known/oauth-authorization-server');
		assert.deepEqual(other.json, metadata);
		assert.match(other.headers.get('cache-control'), /max-age=[1-9]/);
	});

	it('answers HEAD like GET, without the body', async () => {
		const { status, headers } = await fetch(`${h.issuer}/.well-known/openid-configuration`, { method: 'HEAD' });
		assert.equal(status, 200);
		assert.match(headers.get('content-type'), /^application\/json/);
	});

	it('has each endpoint under the issuer', () => {
		const endpoints = Object.entries(metadata).filter(([name]) => /_endpoint$|^jwks_uri$/.test(name));
		assert.ok(endpoints.length >= 9);
		for (const [name, url] of endpoints) assert.ok(url.startsWith(`${h.issuer}/oauth2/`), name);
	});

	it('says what certified clients need', () => {
		assert.equal(metadata.authorization_response_iss_parameter_supported, true); // C77
		assert.deepEqual(metadata.code_challenge_methods_supported, ['S256']); // C36
		assert.deepEqual(metadata.response_types_supported, ['code']);
		assert.ok(metadata.id_token_signing_alg_values_supported.includes('RS256')); // C43
		assert.ok(metadata.subject_types_supported.includes('pairwise'));
		assert.equal(metadata.backchannel_logout_supported, true);
		assert.equal(metadata.frontchannel_logout_supported, true);
		assert.equal(metadata.frontchannel_logout_session_supported, true);
	});

	// the attack: a site's script that navigates its visitor's authorization in the background (RFC 9700 section 2.6)
	it('lets scripts of other origins read all but the pages a browser navigates to', async () => {
		const headers = { origin: 'https://spa.example' };
		assert.ok((await h.get('/.well-known/openid-configuration', { headers })).headers.has('access-control-allow-origin'));
		assert.ok((await h.post('/oauth2/token', {}, { headers })).headers.has('access-control-allow-origin'));
		assert.ok(!(await h.get('/oauth2/authorize', { headers })).headers.has('access-control-allow-origin'));
		assert.ok(!(await h.get('/oauth2/logout', { headers })).headers.has('access-control-allow-origin'));
		const preflight = (path) => fetch(`${h.issuer}${path}`, { method: 'OPTIONS', headers: { ...headers,
			'access-control-request-method': 'POST', 'access-control-request-headers': 'authorization, dpop' } });
		const allowed = (await preflight('/oauth2/token')).headers;
		assert.match(allowed.get('access-control-allow-headers').toLowerCase(), /authorization.*dpop/);
		assert.ok(!allowed.has('access-control-allow-credentials'));
		assert.ok(!(await preflight('/oauth2/authorize')).headers.has('access-control-allow-origin'));
	});
});

describe('keys', () => {
	it('are public, told apart by their thumbprints, one for each advertised algorithm (C80)', async () => {
		const { json: { keys } } = await h.get('/oauth2/jwks');
		for (const key of keys) {
			for (const secret of ['d', 'p', 'q', 'dp', 'dq', 'qi', 'k']) assert.ok(!(secret in key), `no ${secret}`);
			assert.ok(key.kid === await calculateJwkThumbprint(key), 'kid is the thumbprint (RFC 7638)');
		}
		assert.equal(new Set(keys.map(({ kid }) => kid)).size, keys.length);
		for (const alg of metadata.id_token_signing_alg_values_supported) assert.ok(keys.some((key) => key.alg === alg), alg);
	});

	it('of each advertised algorithm sign ID tokens that openid-client accepts (C43, C76, C82)', async () => {
		for (const alg of metadata.id_token_signing_alg_values_supported) {
			const client = await h.newClient({ signingAlg: alg, metadata: { consent_required: false } });
			const config = await h.configuration(client);
			openid.enableNonRepudiationChecks(config); // its signature, too
			const { callback, verifier, nonce, state } = await h.newCode(client);
			const tokens = await openid.authorizationCodeGrant(config, callback, { pkceCodeVerifier: verifier, expectedNonce: nonce, expectedState: state });
			assert.equal(h.headerOf(tokens.id_token).alg, alg);
			assert.equal(h.headerOf(tokens.access_token).alg, alg);
			assert.ok(h.claimsOf(tokens.id_token).at_hash, `${alg}: at_hash`);
			for (const claim of Object.keys(h.claimsOf(tokens.id_token))) assert.ok(metadata.claims_supported.includes(claim), claim);
		}
	});
});

/** a client of the method that may do all that needs an authenticated client */
const clientOf = async (method, key) => {
	const metadata_ = { token_endpoint_auth_method: method, grant_types: ['authorization_code', 'client_credentials'] };
	if (method === 'none') return h.publicClient();
	if (method === 'private_key_jwt') return h.newClient({ metadata: metadata_, key });
	return h.newClient({ metadata: metadata_ });
};

describe('client authentication (C76)', () => {
	for (const place of ['token', 'revocation', 'introspection']) {
		it(`by each method advertised for the ${place} endpoint works`, async () => {
			for (const method of metadata[`${place}_endpoint_auth_methods_supported`]) {
				if (method.endsWith('tls_client_auth')) continue; // client_auth.test.mjs, where there is a proxy
				const client = await clientOf(method, await h.generateKey('ES256'));
				const config = await h.configuration(client);
				if (place === 'introspection') {
					assert.deepEqual(await openid.tokenIntrospection(config, 'unknown'), { active: false }, method);
				} else if (place === 'revocation') {
					await openid.tokenRevocation(config, 'unknown');
				} else if (method === 'none') {
					const { callback, verifier, nonce, state } = await h.newCode(client);
					assert.ok((await openid.authorizationCodeGrant(config, callback,
						{ pkceCodeVerifier: verifier, expectedNonce: nonce, expectedState: state })).access_token);
				} else {
					assert.ok((await openid.clientCredentialsGrant(config, { scope: 'notes:read' })).access_token, method);
				}
			}
		});
	}

	it('introspection is not advertised for clients without a secret, and they do not get it (C29)', async () => {
		assert.ok(!metadata.introspection_endpoint_auth_methods_supported.includes('none'));
		h.assertError(await h.postAs(await h.publicClient(), '/oauth2/introspect', { token: 'unknown' }), 'invalid_client', 401);
	});

	it('by assertions of each advertised algorithm works', async () => {
		for (const alg of metadata.token_endpoint_auth_signing_alg_values_supported) {
			const client = alg === 'HS256' ? await clientOf('client_secret_jwt') : await clientOf('private_key_jwt', await h.generateKey(alg));
			h.assertTokens(await h.token(client, { grant_type: 'client_credentials', scope: 'notes:read' }));
		}
	});

	// the attack: a key that was never meant for signatures of that kind
	it('by assertions of an algorithm that is not advertised does not', async () => {
		const key = await h.generateKey('RS256');
		const { kid, ...jwk } = key.publicJwk;
		delete jwk.alg;
		const client = await h.newClient({ key: { ...key, publicJwk: { ...jwk, kid } },
			metadata: { token_endpoint_auth_method: 'private_key_jwt', grant_types: ['client_credentials'] } });
		for (const alg of ['RS384', 'RS512', 'PS384', 'PS512']) {
			assert.ok(!metadata.token_endpoint_auth_signing_alg_values_supported.includes(alg));
			const other = await h.generateKey(alg);
			const response = await h.post('/oauth2/token', { grant_type: 'client_credentials', client_assertion_type: h.ASSERTION_TYPE,
				client_assertion: await h.assertion(client, { header: { alg }, key: other.privateKey }) });
			h.assertError(response, 'invalid_client', 401);
		}
	});
});

describe('grant types (C76)', () => {
	it('that are advertised are known: each asks for what it needs', async () => {
		const client = await h.newClient({ metadata: { grant_types: ['authorization_code', 'client_credentials', 'password', h.DEVICE_GRANT, h.EXCHANGE_GRANT, h.ASSERTION_GRANT] } });
		for (const grant of metadata.grant_types_supported) {
			const response = await h.token(client, { grant_type: grant });
			if (grant === 'client_credentials') h.assertTokens(response);
			else h.assertError(response, 'invalid_request');
		}
	});

	it('that are not advertised are not known (C17)', async () => {
		const client = await h.newClient();
		for (const grant of ['implicit', 'urn:ietf:params:oauth:grant-type:saml2-bearer', 'urn:openid:params:grant-type:ciba', 'Refresh_token', randomUUID()]) {
			assert.ok(!metadata.grant_types_supported.includes(grant));
			h.assertError(await h.token(client, { grant_type: grant }), 'unsupported_grant_type');
		}
	});

	it('that the client may not use are told apart from unknown ones (C17)', async () => {
		const client = await h.newClient({ offline: false });
		for (const grant of ['client_credentials', 'password', 'refresh_token', h.DEVICE_GRANT, h.EXCHANGE_GRANT]) {
			h.assertError(await h.token(client, { grant_type: grant }), 'unauthorized_client');
		}
	});
});

describe('DPoP algorithms (C76, C62)', () => {
	it('that are advertised work', async () => {
		const client = await h.newClient({ metadata: { grant_types: ['client_credentials'] } });
		for (const alg of metadata.dpop_signing_alg_values_supported) {
			const key = await h.generateKey(alg);
			const response = await h.token(client, { grant_type: 'client_credentials' }, { headers: { dpop: await h.proof(key) } });
			h.assertTokens(response, { type: 'DPoP' });
			assert.ok(h.claimsOf(response.json.access_token).cnf.jkt === key.thumbprint, `${alg}: bound to the key`);
		}
	});

	it('that are not advertised do not', async () => {
		const client = await h.newClient({ metadata: { grant_types: ['client_credentials'] } });
		for (const alg of ['RS384', 'RS512', 'PS384', 'PS512']) {
			assert.ok(!metadata.dpop_signing_alg_values_supported.includes(alg));
			const key = await h.generateKey(alg);
			h.assertError(await h.token(client, { grant_type: 'client_credentials' }, { headers: { dpop: await h.proof(key) } }), 'invalid_dpop_proof');
		}
	});
});

describe('authorization requests (C76)', () => {
	it('of response types, modes and kinds that are not advertised are refused, to the client', async () => {
		const client = await h.newClient();
		const cases = [
			[{ response_type: 'token' }, 'unsupported_response_type'],
			[{ response_type: 'id_token' }, 'unsupported_response_type'],
			[{ response_type: 'code id_token' }, 'unsupported_response_type'], // C83: no ID token comes from here, so there is no c_hash
			[{ response_type: undefined }, 'invalid_request'],
			[{ response_mode: 'fragment' }, 'invalid_request'],
			[{ response_mode: 'fragment.jwt' }, 'invalid_request'],
			[{ request: 'e30.e30.' }, 'invalid_request_object'],
			[{ scope: 'unheard-of' }, 'invalid_scope'], // with openid it is ignored: conformance.test.mjs
			[{ scope: 'openid notes:delete mfa_challenge' }, 'invalid_scope'],
			[{ prompt: 'none login' }, 'invalid_request'],
			[{ prompt: 'dance' }, 'invalid_request'],
			[{ max_age: '-1' }, 'invalid_request'],
			[{ max_age: 'soon' }, 'invalid_request'],
			[{ resource: 'https://unknown.example' }, 'invalid_target'],
			[{ resource: 'not-a-uri' }, 'invalid_target'], // C69
			[{ resource: `${h.resource}#fragment` }, 'invalid_target'], // C69
		];
		for (const [changes, error] of cases) {
			const asked = h.authorizationParameters(client, h.newVerifier(), changes);
			const { status, location } = await h.authorize(asked);
			const name = JSON.stringify(changes);
			assert.ok(status === 302 || status === 303, name);
			assert.equal(`${location.origin}${location.pathname}`, h.REDIRECT_URI, name);
			assert.equal(location.searchParams.get('error'), error, name);
			assert.equal(location.searchParams.get('iss'), h.issuer, 'errors carry iss too (C77)');
			assert.ok(location.searchParams.get('state') === asked.state, 'and state');
			assert.ok(!location.searchParams.has('code'));
		}
	});

	it('with a request_uri that was not pushed are refused, and nothing is fetched', async () => {
		const client = await h.newClient();
		const asked = h.authorizationParameters(client, h.newVerifier(), { request_uri: 'urn:ietf:params:oauth:request_uri:x' });
		const response = await h.authorize(asked);
		h.assertError(response, 'invalid_request_uri');
		assert.ok(response.location === null, 'sent nowhere');
		// those of clients are registered, and the courier fetches them
		assert.deepEqual([metadata.request_uri_parameter_supported, metadata.require_request_uri_registration], [true, true]);
	});
});
