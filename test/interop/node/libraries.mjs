// Libraries of Node and of browsers against a running service: what each does of its own
// accord, with clients as create_client makes them.  Prints TAP.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';

import * as oauth from 'oauth4webapi';
import { InMemoryWebStorage, OidcClient, WebStorageStateStore } from 'oidc-client-ts';
import * as openid from 'openid-client';

const { BASE_URL, LIBRARY_SECRET: secret, RESOURCE: resource } = process.env;
const issuer = new URL(BASE_URL);
const redirect = 'http://127.0.0.1:49152/cb';
const scope = 'openid offline_access notes:read';
const insecure = { [oauth.allowInsecureRequests]: true }; // loopback

/** the user's part: the URL that the browser is sent back to */
const approve = (url) => new URL(execFileSync('../user', ['approve', String(url)], { encoding: 'utf8' }).trim());

// the secret in the body, unless it is told otherwise
async function openidClient() {
	const config = await openid.discovery(issuer, 'library', secret, undefined, { execute: [openid.allowInsecureRequests] });
	const verifier = openid.randomPKCECodeVerifier();
	const [state, nonce] = [openid.randomState(), openid.randomNonce()];
	const url = openid.buildAuthorizationUrl(config, { redirect_uri: redirect, scope, state, nonce,
		code_challenge: await openid.calculatePKCECodeChallenge(verifier), code_challenge_method: 'S256' });
	const tokens = await openid.authorizationCodeGrant(config, approve(url), { pkceCodeVerifier: verifier, expectedState: state, expectedNonce: nonce });
	const { sub } = tokens.claims();
	assert.equal((await openid.fetchUserInfo(config, tokens.access_token, sub)).sub, sub);
	const next = await openid.refreshTokenGrant(config, tokens.refresh_token);
	assert.ok(next.refresh_token !== tokens.refresh_token, 'rotated');
	assert.ok((await openid.clientCredentialsGrant(config, { scope: 'notes:read', resource })).access_token);
	await openid.tokenRevocation(config, next.refresh_token);
	await assert.rejects(openid.refreshTokenGrant(config, next.refresh_token), ({ error }) => error === 'invalid_grant');
}

async function oauth4webapi() {
	const server = await oauth.processDiscoveryResponse(issuer, await oauth.discoveryRequest(issuer, { ...insecure, algorithm: 'oauth2' }));
	const client = { client_id: 'library' };
	const proof = oauth.ClientSecretBasic(secret);
	const verifier = oauth.generateRandomCodeVerifier();
	const state = oauth.generateRandomState();
	const url = new URL(server.authorization_endpoint);
	url.search = new URLSearchParams({ client_id: 'library', redirect_uri: redirect, response_type: 'code', scope, state,
		code_challenge: await oauth.calculatePKCECodeChallenge(verifier), code_challenge_method: 'S256' });
	const parameters = oauth.validateAuthResponse(server, client, approve(url), state);
	const tokens = await oauth.processAuthorizationCodeResponse(server, client,
		await oauth.authorizationCodeGrantRequest(server, client, proof, parameters, redirect, verifier, insecure), { requireIdToken: true });
	const info = await oauth.processUserInfoResponse(server, client, oauth.getValidatedIdTokenClaims(tokens).sub,
		await oauth.userInfoRequest(server, client, tokens.access_token, insecure));
	assert.equal(info.sub, 'user-1');
	const next = await oauth.processRefreshTokenResponse(server, client, await oauth.refreshTokenGrantRequest(server, client, proof, tokens.refresh_token, insecure));
	assert.ok(next.refresh_token !== tokens.refresh_token, 'rotated');
	const told = await oauth.processIntrospectionResponse(server, client, await oauth.introspectionRequest(server, client, proof, next.access_token, insecure));
	assert.equal(told.active, true);
}

// RFC 9728: from the API's URL to its issuer
async function resourceMetadata() {
	const url = new URL(resource);
	const metadata = await oauth.processResourceDiscoveryResponse(url, await oauth.resourceDiscoveryRequest(url, insecure));
	assert.deepEqual(metadata.authorization_servers, [BASE_URL]);
}

// a public client, as in a browser, with its stores in memory
async function oidcClientTs() {
	const client = new OidcClient({ authority: BASE_URL, client_id: 'native-library', redirect_uri: 'http://localhost:49152/cb', scope,
		stateStore: new WebStorageStateStore({ store: new InMemoryWebStorage() }) });
	const { url } = await client.createSigninRequest({ state: { page: '/' } });
	const answer = await client.processSigninResponse(approve(url).href);
	assert.equal(answer.profile.sub, 'user-1');
	const next = await client.useRefreshToken({ state: { refresh_token: answer.refresh_token, id_token: answer.id_token, session_state: null, scope: answer.scope, profile: answer.profile } });
	assert.ok(next.refresh_token !== answer.refresh_token, 'rotated');
}

for (const [name, run] of Object.entries({
	'openid-client: discovery, code with PKCE, userinfo, refresh, client_credentials, revocation': openidClient,
	'oauth4webapi: code with PKCE, userinfo, refresh, introspection': oauth4webapi,
	'oauth4webapi: the metadata of an API': resourceMetadata,
	'oidc-client-ts: code with PKCE, refresh': oidcClientTs,
})) {
	try {
		await run();
		console.log(`ok - ${name}`);
	} catch (error) {
		console.log(`not ok - ${name}\n# ${`${error.error ?? ''} ${error.message} ${error.cause?.message ?? ''}`.replaceAll('\n', ' ')}`);
	}
}
