// FAPI 2.0 as one setting: whole flows by oauth4webapi, and what the profile demands of each request.
import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';

import { SignJWT } from 'jose';
import * as oauth from 'oauth4webapi';

import * as h from './harness.mjs';

const ALG = 'PS256';
const certificate = h.proxyUrl && h.certificate('fapi');
const noProxy = !h.proxyUrl && 'PROXY_URL names no proxy whose certificate header is believed';
const sequence = (count) => Array.from({ length: count }, (_, i) => i);

/** a client as its profile makes it: what is not said here is the profile's */
async function fapiClient({ tls = false, bound = tls ? 'certificate' : 'dpop', key, metadata = {}, ...options } = {}) {
	const client = await h.newClient({ signingAlg: ALG, profile: 'fapi2', ...options, ...(!tls && { key: key ?? await h.generateKey(ALG) }), metadata: {
		...(tls && { tls_client_auth_subject_dn: certificate.subject }),
		...(bound === 'certificate' && { tls_client_certificate_bound_access_tokens: true }), ...metadata } });
	return { ...client, method: tls ? 'tls_client_auth' : 'private_key_jwt', certificate: certificate?.header };
}

const pushed = (client, changes = {}, options = {}) => {
	const verifier = h.newVerifier();
	return h.postAs(client, '/oauth2/par', h.authorizationParameters(client, verifier, { client_id: undefined, ...changes }), options);
};

/** what a client by certificate sends goes through the proxy, which has seen the certificate */
const throughProxy = (url, init) => fetch(url.replace(h.issuer, h.proxyUrl), { ...init, headers: { ...init.headers, [h.certificateHeader]: certificate.header } });

// --- whole flows ---------------------------------------------------------------------------

for (const tls of [false, true]) for (const bound of ['dpop', 'certificate']) for (const openid of [false, true]) {
	const name = `${tls ? 'tls_client_auth' : 'private_key_jwt'}, ${bound === 'dpop' ? 'DPoP' : 'certificate-bound'}, ${openid ? 'OpenID Connect' : 'plain OAuth'}`;
	it(`a flow of oauth4webapi: ${name} (C131)`, { skip: (tls || bound === 'certificate') && noProxy }, async () => {
		const client = await fapiClient({ tls, bound });
		const server = await h.server();
		const me = { client_id: client.id, id_token_signed_response_alg: ALG };
		const authentication = tls ? oauth.TlsClientAuth() : oauth.PrivateKeyJwt({ key: client.key.privateKey, kid: client.key.thumbprint });
		const DPoP = bound === 'dpop' ? oauth.DPoP(me, await oauth.generateKeyPair('ES256')) : undefined;
		const options = { ...h.insecure, DPoP, ...((tls || bound === 'certificate') && { [oauth.customFetch]: throughProxy }) };

		const verifier = oauth.generateRandomCodeVerifier();
		const nonce = openid ? oauth.generateRandomNonce() : undefined;
		const state = oauth.generateRandomState();
		const asked = new URLSearchParams({ response_type: 'code', redirect_uri: client.redirectUri, state, resource: h.resource,
			scope: `${openid ? 'openid ' : ''}offline_access notes:read`, ...(nonce && { nonce }),
			code_challenge: await oauth.calculatePKCECodeChallenge(verifier), code_challenge_method: 'S256' });
		const par = await oauth.processPushedAuthorizationResponse(server, me, await oauth.pushedAuthorizationRequest(server, me, authentication, asked, options));
		assert.ok(par.expires_in < 600);

		const { location } = await h.authorize({ client_id: client.id, request_uri: par.request_uri });
		assert.ok(h.toLogin(location));
		const { redirect_uri: callback } = await h.approve(location.searchParams.get('transaction_id'));
		// throws unless iss is there and ours
		const parameters = oauth.validateAuthResponse(server, me, new URL(callback), state);
		const response = await oauth.authorizationCodeGrantRequest(server, me, authentication, parameters, client.redirectUri, verifier, options);
		const tokens = await oauth.processAuthorizationCodeResponse(server, me, response, openid ? { expectedNonce: nonce, requireIdToken: true } : {});

		assert.equal(tokens.token_type, bound === 'dpop' ? 'dpop' : 'bearer');
		assert.deepEqual(Object.keys(h.claimsOf(tokens.access_token).cnf), [bound === 'dpop' ? 'jkt' : 'x5t#S256']);
		assert.equal(oauth.getValidatedIdTokenClaims(tokens) !== undefined, openid);
		if (openid) {
			const me2 = await oauth.processUserInfoResponse(server, me, h.SUBJECT, await oauth.userInfoRequest(server, me, tokens.access_token, options));
			assert.equal(me2.sub, h.SUBJECT);
		}
		// rotation only hurts here: an answer that got lost is asked for again, for as long as the family lives
		for (const again of sequence(2)) {
			const next = await oauth.processRefreshTokenResponse(server, me, await oauth.refreshTokenGrantRequest(server, me, authentication, tokens.refresh_token, options));
			assert.ok(next.refresh_token === undefined || next.refresh_token === tokens.refresh_token, `not rotated, ${again}`);
		}
		if (bound === 'certificate') return;
		// the attack: whoever has got hold of the refresh token has no key
		const other = { ...options, DPoP: oauth.DPoP(me, await oauth.generateKeyPair('ES256')) };
		assert.equal(await h.refusal(oauth.refreshTokenGrantRequest(server, me, authentication, tokens.refresh_token, { ...options, DPoP: undefined })
			.then((r) => oauth.processRefreshTokenResponse(server, me, r))), 'invalid_dpop_proof');
		assert.ok((await oauth.refreshTokenGrantRequest(server, me, authentication, tokens.refresh_token, other)).ok, 'a confidential client may change its key (RFC 9449 section 5)');
	});
}

// --- message signing -------------------------------------------------------------------------

describe('message signing', () => {
	const signer = () => fapiClient({ profile: 'fapi2-message-signing', metadata: { grant_types: ['authorization_code', 'client_credentials'] } });
	const asked = (client, verifier, changes = {}) => h.authorizationParameters(client, verifier, { response_mode: 'jwt', scope: 'openid offline_access notes:read', resource: h.resource, ...changes });
	/** a request object by hand; changed: members or header to have otherwise */
	const requestObject = (client, parameters, { claims = {}, header = {}, key = client.key } = {}) => new SignJWT(JSON.parse(JSON.stringify({ ...parameters, iss: client.id, aud: h.issuer,
		nbf: h.now(), exp: h.now() + 300, ...claims }))).setProtectedHeader({ typ: 'oauth-authz-req+jwt', alg: key.alg, kid: key.thumbprint, ...header }).sign(key.privateKey);
	const push = async (client, object) => h.postAs(client, '/oauth2/par', { request: await object });

	it('a flow of oauth4webapi: request object, JARM, signed introspection (C136)', async () => {
		const client = await signer();
		const server = await h.server();
		const me = { client_id: client.id, id_token_signed_response_alg: ALG, authorization_signed_response_alg: ALG, introspection_signed_response_alg: ALG };
		const authentication = oauth.PrivateKeyJwt({ key: client.key.privateKey, kid: client.key.thumbprint });
		const DPoP = oauth.DPoP(me, await oauth.generateKeyPair('ES256'));
		const options = { ...h.insecure, DPoP };
		const verifier = oauth.generateRandomCodeVerifier();
		const parameters = new URLSearchParams(asked(client, verifier));
		const request = await oauth.issueRequestObject(server, me, parameters, { key: client.key.privateKey, kid: client.key.thumbprint });
		const par = await oauth.processPushedAuthorizationResponse(server, me, await oauth.pushedAuthorizationRequest(server, me, authentication, { request }, options));
		const { location } = await h.authorize({ client_id: client.id, request_uri: par.request_uri });
		const callback = new URL((await h.approve(location.searchParams.get('transaction_id'))).redirect_uri);
		assert.deepEqual([...callback.searchParams.keys()], ['response']);
		const answer = await oauth.validateJwtAuthResponse(server, me, callback, parameters.get('state'), h.insecure);
		const tokens = await oauth.processAuthorizationCodeResponse(server, me, await oauth.authorizationCodeGrantRequest(server, me, authentication, answer, client.redirectUri, verifier, options),
			{ expectedNonce: parameters.get('nonce'), requireIdToken: true });
		// it says of its own token what the token says, in a JWT, though nothing asks for one
		const response = await h.postAs(client, '/oauth2/introspect', { token: tokens.access_token }, { headers: { accept: 'application/json' } });
		assert.equal(response.headers.get('content-type'), 'application/token-introspection+jwt');
		const introspected = await oauth.processIntrospectionResponse(server, me, await oauth.introspectionRequest(server, me, authentication, tokens.access_token, { ...options, requestJwtResponse: true }), h.insecure);
		assert.equal(introspected.active, true);
		assert.equal(introspected.sub, h.SUBJECT);
	});

	it('a request is signed, and only what is signed counts', async () => {
		const client = await signer();
		const verifier = h.newVerifier();
		h.assertError(await h.postAs(client, '/oauth2/par', asked(client, verifier)), 'invalid_request');
		h.assertError(await h.postAs(client, '/oauth2/par', { ...asked(client, verifier), request: await requestObject(client, asked(client, verifier, { redirect_uri: undefined })) }), 'invalid_request');
		h.assertError(await push(client, requestObject(client, asked(client, verifier, { code_challenge: undefined, code_challenge_method: undefined }))), 'invalid_request');
		const { json } = await push(client, requestObject(client, asked(client, verifier, { state: undefined })));
		const { location } = await h.authorize({ client_id: client.id, request_uri: json.request_uri, state: 'injected', nonce: 'injected' });
		const callback = new URL((await h.approve(location.searchParams.get('transaction_id'))).redirect_uri);
		assert.equal(h.claimsOf(callback.searchParams.get('response')).state, undefined);
	});

	// the attack: an object that is old, made to last, or made for another server or by another client
	it('an object is the client\'s own, for us, and within its time', async () => {
		const client = await signer();
		const parameters = asked(client, h.newVerifier());
		for (const [name, changes] of Object.entries({ 'nbf 8 s ahead': { claims: { nbf: h.now() + 8 } }, 'several aud': { claims: { aud: [h.issuer, 'https://other.example'] } } }))
			assert.equal((await push(client, requestObject(client, parameters, changes))).status, 201, name);
		const cases = { 'no exp': { claims: { exp: undefined } }, 'no nbf': { claims: { nbf: undefined } }, 'an exp of the past': { claims: { exp: h.now() - 5 } },
			'an exp 70 minutes after nbf': { claims: { exp: h.now() + 4200 } }, 'an nbf 70 minutes ago': { claims: { nbf: h.now() - 4200, exp: h.now() + 60 } },
			'an nbf 70 s ahead': { claims: { nbf: h.now() + 70 } }, 'another aud': { claims: { aud: 'https://other.example' } }, 'no aud': { claims: { aud: undefined } },
			'another key': { key: await h.generateKey(ALG) }, 'a request_uri within': { claims: { request_uri: 'urn:ietf:params:oauth:request_uri:x' } } };
		for (const [name, changes] of Object.entries(cases)) assert.equal((await push(client, requestObject(client, parameters, changes))).json.error, 'invalid_request_object', name);
	});

	it('an object and an answer are by the algorithms of the profile, also where it does not demand them', async () => {
		for (const [alg, error] of [['ES256', undefined], ['EdDSA', undefined], ['ES384', 'invalid_request_object'], ['RS256', 'invalid_request_object']]) {
			const [key, object] = [await h.generateKey(ALG), await h.generateKey(alg)];
			const client = { ...await fapiClient({ key, metadata: { jwks: undefined } }), key };
			await h.rows('SELECT pgtoken.update_client($1, metadata => $2)', client.id, { jwks: { keys: [key.publicJwk, object.publicJwk] } });
			const parameters = asked(client, h.newVerifier());
			const answer = await push(client, requestObject(client, parameters, { key: object }));
			assert.equal(answer.json.error, error, alg);
		}
	});

	it('an answer is signed, and a mode that does not sign it is refused', async () => {
		const client = await signer();
		for (const [mode, status] of [['jwt', 201], ['query.jwt', 201], ['form_post.jwt', 201], [undefined, 400], ['query', 400], ['form_post', 400]])
			assert.equal((await push(client, requestObject(client, asked(client, h.newVerifier(), { response_mode: mode })))).status, status, mode);
		const plain = await fapiClient();
		assert.equal((await h.postAs(plain, '/oauth2/par', asked(plain, h.newVerifier(), { client_id: undefined, response_mode: undefined }))).status, 201);
	});
});

// Attack shut out: whoever signs for a workload speaks for a client that always proves a key of its own.
it('an assertion of somebody else\'s is no authentication of the client', async () => {
	const JWT_BEARER = 'urn:ietf:params:oauth:grant-type:jwt-bearer';
	const key = await h.generateKey(ALG);
	const iss = `https://${h.unique('cluster')}.example`;
	const client = await fapiClient({ scopes: ['notes:read'], metadata: { grant_types: [JWT_BEARER] } });
	await h.rows('SELECT pgtoken.create_trusted_issuer($1, $2)', iss, { keys: [key.publicJwk] });
	await h.rows(`SELECT pgtoken.create_assertion_rule($1, 'alone', '{"sub": "*"}', '{notes:read}', client_id => $2, client_authentication => false)`, iss, client.id);
	const assertion = () => new SignJWT({ iss, sub: 'job', aud: h.issuer, exp: h.now() + 60 }).setProtectedHeader({ alg: ALG, kid: key.thumbprint }).sign(key.privateKey);
	const proof = async () => ({ headers: { dpop: await h.proof(await h.generateKey()) } });
	h.assertError(await h.post('/oauth2/token', { grant_type: JWT_BEARER, assertion: await assertion() }, await proof()), 'invalid_client', 401);
	h.assertTokens(await h.token(client, { grant_type: JWT_BEARER, assertion: await assertion() }, await proof()), { type: 'DPoP' });
});

// --- what is demanded ------------------------------------------------------------------------

describe('the authorization request', () => {
	let client;
	before(async () => { client = await fapiClient({ scopes: ['notes:read'] }); });

	// the attack: what the browser brings has been changed on its way
	it('is pushed, or refused (C132)', async () => {
		const { location } = await h.authorize(h.authorizationParameters(client, h.newVerifier(), { scope: 'notes:read' }));
		assert.equal(location.searchParams.get('error'), 'invalid_request');
		assert.equal(location.searchParams.get('iss'), h.issuer);
	});

	it('names its redirect_uri, also where only one is registered', async () => {
		assert.equal((await pushed(client, { scope: 'notes:read' })).status, 201);
		h.assertError(await pushed(client, { scope: 'notes:read', redirect_uri: undefined }), 'invalid_request');
		const plain = await h.newClient({ scopes: ['notes:read'] });
		assert.equal((await pushed(plain, { scope: 'notes:read', redirect_uri: undefined })).status, 201, 'others may leave it out');
	});

	it('has a code_challenge by S256', async () => {
		for (const changes of [{ code_challenge: undefined, code_challenge_method: undefined }, { code_challenge_method: 'plain' }, { code_challenge_method: undefined }])
			h.assertError(await pushed(client, { scope: 'notes:read', ...changes }), 'invalid_request');
	});

	it('has no request_uri within, and another client cannot use its own', async () => {
		const { json } = await pushed(client, { scope: 'notes:read' });
		h.assertError(await pushed(client, { scope: 'notes:read', request_uri: json.request_uri }), 'invalid_request');
		const other = await fapiClient({ scopes: ['notes:read'] });
		const answer = await h.authorize({ client_id: other.id, request_uri: json.request_uri });
		assert.equal(answer.location, null);
		h.assertError(answer, 'invalid_request_uri');
	});

	// the attack: a request that was answered is answered once more, for somebody who has seen its request_uri
	it('is answered once; until then its page can be loaded anew', async () => {
		const { json: { request_uri: uri } } = await pushed(client, { scope: 'notes:read' });
		const [first, second] = [await h.authorize({ client_id: client.id, request_uri: uri }), await h.authorize({ client_id: client.id, request_uri: uri })];
		assert.ok(h.toLogin(first.location) && h.toLogin(second.location));
		assert.ok((await h.approve(second.location.searchParams.get('transaction_id'))).redirect_uri);
		h.assertError(await h.authorize({ client_id: client.id, request_uri: uri }), 'invalid_request_uri');
		assert.equal((await h.approve(first.location.searchParams.get('transaction_id'))).error, 'invalid_transaction');
	});
});

describe('assertions', () => {
	let client;
	// postAs would add one of its own
	const asserted = async (changes) => h.post('/oauth2/par', h.authorizationParameters(client, h.newVerifier(), { scope: 'notes:read', client_id: undefined,
		client_assertion_type: h.ASSERTION_TYPE, client_assertion: await h.assertion(client, changes) }));
	before(async () => { client = await fapiClient({ scopes: ['notes:read'] }); });

	// the attack: another server takes the endpoint's URL for its own name, and passes the assertion on
	it('name the issuer alone, and as a string (C133)', async () => {
		assert.equal((await asserted({ claims: { aud: h.issuer } })).status, 201);
		for (const aud of [`${h.issuer}/oauth2/token`, `${h.issuer}/oauth2/par`, [h.issuer], [h.issuer, `${h.issuer}/oauth2/par`], `${h.issuer}/`])
			h.assertError(await asserted({ claims: { aud } }), 'invalid_client', 401);
	});

	it('may be 8 seconds ahead, and not 60', async () => {
		for (const name of ['iat', 'nbf']) {
			assert.equal((await asserted({ claims: { [name]: h.now() + 8 } })).status, 201, name);
			h.assertError(await asserted({ claims: { [name]: h.now() + 70, exp: h.now() + 200 } }), 'invalid_client', 401);
		}
		h.assertError(await asserted({ claims: { exp: h.now() - 300 } }), 'invalid_client', 401);
		h.assertError(await asserted({ claims: { sub: undefined } }), 'invalid_client', 401);
	});

	// the attack: PKCS #1 v1.5 and the like, which the profile has left behind
	it('are signed by PS256, ES256 or EdDSA, and by nothing else that the keys would do', async () => {
		for (const [alg, status] of [['PS256', 201], ['ES256', 201], ['EdDSA', 201], ['RS256', 401], ['ES384', 401], ['ES512', 401]]) {
			client = await fapiClient({ scopes: ['notes:read'], key: await h.generateKey(alg) });
			assert.equal((await asserted({})).status, status, alg);
		}
		const { alg, publicJwk, ...key } = await h.generateKey('RS256');
		const unsaid = { ...key, publicJwk: { ...publicJwk, alg: undefined } };
		client = { ...await fapiClient({ scopes: ['notes:read'], key: { ...unsaid, alg } }) };
		h.assertError(await asserted({}), 'invalid_client', 401);
		const [{ reason }] = await h.rows("SELECT reason FROM pgtoken.audit_events WHERE client_id = $1 AND event = 'client.authentication_failed'", client.id);
		assert.equal(reason, 'client_assertion_alg');
	});

	it('are all that counts: a secret does not, and there is none', async () => {
		assert.equal(client.secret, null);
		h.assertError(await h.post('/oauth2/par', h.authorizationParameters(client, h.newVerifier(), { client_secret: 'x' })), 'invalid_client', 401);
	});
});

describe('proofs', () => {
	const MACHINE = { grant_types: ['authorization_code', 'client_credentials'] };
	const credentials = (client, dpop) => h.token(client, { grant_type: 'client_credentials', scope: 'notes:read', resource: h.resource }, dpop ? { headers: { dpop } } : {});
	let client;
	before(async () => { client = await fapiClient({ scopes: ['notes:read'], metadata: MACHINE }); });

	it('are demanded for each token (C134)', async () => {
		h.assertError(await credentials(client), 'invalid_dpop_proof');
		h.assertTokens(await credentials(client, await h.proof(await h.generateKey())), { type: 'DPoP' });
	});

	it('may be 8 seconds ahead or behind, and not 60', async () => {
		const key = await h.generateKey();
		for (const ahead of [8, -8]) h.assertTokens(await credentials(client, await h.proof(key, { claims: { iat: h.now() + ahead } })), { type: 'DPoP' });
		h.assertError(await credentials(client, await h.proof(key, { claims: { iat: h.now() + 70 } })), 'invalid_dpop_proof');
	});

	it('are signed by the algorithms of the profile, at every endpoint and at the API', async () => {
		for (const alg of ['PS256', 'ES256', 'EdDSA']) h.assertTokens(await credentials(client, await h.proof(await h.generateKey(alg))), { type: 'DPoP' });
		for (const alg of ['RS256', 'ES384']) {
			const key = await h.generateKey(alg);
			h.assertError(await credentials(client, await h.proof(key)), 'invalid_dpop_proof');
			h.assertError(await pushed(client, { scope: 'notes:read' }, { headers: { dpop: await h.proof(key, { htu: `${h.issuer}/oauth2/par` }) } }), 'invalid_dpop_proof');
			const plain = await h.newClient({ metadata: MACHINE });
			h.assertTokens(await credentials(plain, await h.proof(key)), { type: 'DPoP' });
		}
		// the attack: the same key, by the algorithm that the token endpoint would not take
		const rsa = await h.generateKey('PS256');
		const { access_token: accessToken } = h.assertTokens(await credentials(client, await h.proof(rsa)), { type: 'DPoP' });
		const { importPKCS8, exportPKCS8 } = await import('jose');
		const weak = { ...rsa, alg: 'RS256', privateKey: await importPKCS8(await exportPKCS8(rsa.privateKey), 'RS256') };
		const call = async (key) => (await h.notes({ authorization: `DPoP ${accessToken}`, dpop: await h.proof(key, { htm: 'GET', htu: `${h.issuer}/api/notes`, accessToken }) })).status;
		assert.equal(await call(rsa), 200);
		assert.equal(await call(weak), 401);
	});

	it('bind the code, by a proof of the pushed request or by dpop_jkt', async () => {
		const [key, other] = [await h.generateKey(), await h.generateKey()];
		for (const by of ['proof', 'dpop_jkt']) {
			const verifier = h.newVerifier();
			const asked = h.authorizationParameters(client, verifier, { client_id: undefined, scope: 'notes:read', ...(by === 'dpop_jkt' && { dpop_jkt: key.thumbprint }) });
			const { json } = await h.postAs(client, '/oauth2/par', asked, by === 'proof' ? { headers: { dpop: await h.proof(key, { htu: `${h.issuer}/oauth2/par` }) } } : {});
			const { location } = await h.authorize({ client_id: client.id, request_uri: json.request_uri });
			const code = new URL((await h.approve(location.searchParams.get('transaction_id'))).redirect_uri).searchParams.get('code');
			const redeem = async (k) => h.redeem(client, { code, verifier, redirectUri: client.redirectUri }, {}, { headers: { dpop: await h.proof(k) } });
			h.assertError(await redeem(other), 'invalid_grant');
			h.assertTokens(await redeem(key), { type: 'DPoP' });
		}
		h.assertError(await pushed(client, { scope: 'notes:read', dpop_jkt: other.thumbprint }, { headers: { dpop: await h.proof(key, { htu: `${h.issuer}/oauth2/par` }) } }), 'invalid_dpop_proof');
	});
});

describe('certificates', { skip: noProxy }, () => {
	// the issuer's other host, where certificates are asked for (RFC 8705 section 5)
	it('a client library goes where the metadata send it, and proofs are for that URL (C140)', async () => {
		await h.rows('SELECT pgtoken.update_issuer($1, mtls_base_uri => $2)', h.issuer, h.proxyUrl);
		try {
			const server = await oauth.processDiscoveryResponse(new URL(h.issuer), await oauth.discoveryRequest(new URL(h.issuer), h.insecure));
			assert.equal(server.mtls_endpoint_aliases.token_endpoint, `${h.proxyUrl}/oauth2/token`);
			const called = [];
			const withCertificate = (url, init) => {
				called.push(url);
				return fetch(url, { ...init, headers: { ...init.headers, [h.certificateHeader]: certificate.header } });
			};
			for (const bound of ['certificate', 'dpop']) {
				const client = await fapiClient({ tls: true, bound, scopes: ['notes:read'], metadata: { grant_types: ['client_credentials'] } });
				const me = { client_id: client.id, use_mtls_endpoint_aliases: true };
				const options = { ...h.insecure, [oauth.customFetch]: withCertificate, ...(bound === 'dpop' && { DPoP: oauth.DPoP(me, await oauth.generateKeyPair('ES256')) }) };
				const response = await oauth.clientCredentialsGrantRequest(server, me, oauth.TlsClientAuth(), { scope: 'notes:read', resource: h.resource }, options);
				const tokens = await oauth.processClientCredentialsResponse(server, me, response);
				assert.equal(h.claimsOf(tokens.access_token).iss, h.issuer);
			}
			assert.ok(called.every((url) => String(url) === `${h.proxyUrl}/oauth2/token`));
			assert.equal((await h.get('/.well-known/openid-configuration', { base: h.proxyUrl })).status, 404);
		} finally {
			await h.rows('SELECT pgtoken.update_issuer($1, reset => $2)', h.issuer, ['mtls_base_uri']);
		}
	});

	it('one that is registered itself, for a flow without an authority', async () => {
		const key = await h.generateKey(ALG);
		const client = await fapiClient({ scopes: ['notes:read'], key: { ...key, publicJwk: { ...key.publicJwk, x5c: [certificate.header.slice(1, -1)] } },
			metadata: { token_endpoint_auth_method: 'self_signed_tls_client_auth', grant_types: ['client_credentials'], dpop_bound_access_tokens: false, tls_client_certificate_bound_access_tokens: true } });
		const other = h.certificate('fapi');
		const ask = (header) => h.post('/oauth2/token', { grant_type: 'client_credentials', scope: 'notes:read', resource: h.resource, client_id: client.id },
			{ base: h.proxyUrl, headers: header ? { [h.certificateHeader]: header } : {} });
		h.assertTokens(await ask(certificate.header));
		// the attack: another certificate of the same name
		assert.equal(other.subject, certificate.subject);
		h.assertError(await ask(other.header), 'invalid_client', 401);
		h.assertError(await ask(null), 'invalid_client', 401);
	});

	// the attack: the client's name alone, or a certificate that is not its own
	it('are demanded for each token', async () => {
		const client = await fapiClient({ bound: 'certificate', scopes: ['notes:read'], metadata: { grant_types: ['client_credentials'] } });
		const ask = (header) => h.token(client, { grant_type: 'client_credentials', scope: 'notes:read', resource: h.resource },
			{ base: h.proxyUrl, headers: header ? { [h.certificateHeader]: header } : {} });
		h.assertError(await ask(null), 'invalid_request');
		assert.ok(h.claimsOf(h.assertTokens(await ask(certificate.header)).access_token).cnf['x5t#S256'] === certificate.thumbprint);
	});
});
