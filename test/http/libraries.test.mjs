// Libraries that do something their own way, with clients as create_client makes them.
import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';

import * as mcp from '@modelcontextprotocol/sdk/client/auth.js';
import * as openid from 'openid-client';

import * as h from './harness.mjs';

const insecure = { execute: [openid.allowInsecureRequests] };

// it posts the secret unless it is told otherwise
it('openid-client: discovery(url, id, secret)', async () => {
	const client = await h.newClient({ metadata: { grant_types: ['authorization_code', 'client_credentials'] } });
	const config = await openid.discovery(new URL(h.issuer), client.id, client.secret, undefined, insecure);
	assert.ok((await openid.clientCredentialsGrant(config, { scope: 'notes:read' })).access_token);
	const { refresh_token: refreshToken } = await h.newTokens(client);
	assert.notEqual((await openid.refreshTokenGrant(config, refreshToken)).refresh_token, refreshToken);
});

describe('the MCP SDK', () => {
	async function flow(issuer, clientInformation, { scope, resource, approve }) {
		const metadata = await mcp.discoverAuthorizationServerMetadata(issuer);
		assert.equal(metadata.issuer, issuer);
		const redirectUri = h.REDIRECT_URI;
		const { authorizationUrl, codeVerifier } = await mcp.startAuthorization(issuer, { metadata, clientInformation, redirectUrl: redirectUri, scope, resource });
		assert.equal(authorizationUrl.origin + authorizationUrl.pathname, `${issuer}/oauth2/authorize`);
		const authorizationCode = await approve(authorizationUrl);
		const tokens = await mcp.exchangeAuthorization(issuer, { metadata, clientInformation, authorizationCode, codeVerifier, redirectUri, resource });
		const next = await mcp.refreshAuthorization(issuer, { metadata, clientInformation, refreshToken: tokens.refresh_token, resource });
		assert.ok(next.refresh_token !== tokens.refresh_token, 'rotated');
		return next;
	}

	it('finds everything, gets tokens for the API and refreshes, with a secret and without', async () => {
		const approve = async (url) => {
			const { location } = await h.authorize(url.search.slice(1));
			return new URL((await h.approve(location.searchParams.get('transaction_id'))).redirect_uri).searchParams.get('code');
		};
		for (const client of [await h.newClient(), await h.publicClient()]) {
			const tokens = await flow(h.issuer, { client_id: client.id, client_secret: client.secret ?? undefined },
				{ scope: 'openid offline_access notes:read', resource: new URL(h.resource), approve });
			assert.equal((await h.notes(h.bearer(tokens.access_token))).status, 200);
		}
	});

	// without a login page there is no authorization_endpoint, which its parser asks for
	it('says of an issuer without a login page what is missing, as health() does', async () => {
		const login = await h.value('SELECT login_uri FROM pgtoken.issuers WHERE issuer = $1', h.issuer);
		const check = async () => (await h.rows('SELECT ok, detail FROM pgtoken.health() WHERE check_name = $1', 'authorization endpoint'))[0];
		assert.ok((await check()).ok);
		await h.rows('SELECT pgtoken.update_issuer($1, reset => $2)', h.issuer, ['login_uri']);
		try {
			await assert.rejects(mcp.discoverAuthorizationServerMetadata(h.issuer), /authorization_endpoint/);
			assert.match((await check()).detail, /login_uri/);
		} finally {
			await h.rows('SELECT pgtoken.update_issuer($1, login_uri => $2)', h.issuer, login);
		}
	});
});

// Below it are its endpoints, and the metadata is also where RFC 8414 section 3.1 inserts it.
describe('an issuer with a path', () => {
	const path = `/tenant/${h.unique('x')}`;
	const issuer = `${h.issuer}${path}`;
	before(async () => {
		await h.rows('SELECT pgtoken.create_issuer($1), pgtoken.create_signing_key($2, $1)', issuer, 'ES256');
		await h.rows('SELECT pgtoken.update_issuer($1, login_uri => $2)', issuer, `${h.loginUrl}/login`);
	});

	it('is found by the MCP SDK and by openid-client, both ways', async () => {
		assert.equal((await mcp.discoverAuthorizationServerMetadata(issuer)).token_endpoint, `${issuer}/oauth2/token`);
		for (const algorithm of ['oidc', 'oauth2']) {
			const config = await openid.discovery(new URL(issuer), 'any', undefined, openid.None(), { ...insecure, algorithm });
			assert.equal(config.serverMetadata().issuer, issuer);
		}
		for (const name of ['oauth-authorization-server', 'openid-configuration']) {
			for (const where of [`/.well-known/${name}${path}`, `${path}/.well-known/${name}`]) assert.equal((await h.get(where)).json.issuer, issuer, where);
		}
	});

	it('has its endpoints below the path, and is nobody beside it', async () => {
		const [made] = await h.rows(`SELECT client_id, client_secret FROM pgtoken.create_client($1, scopes => '{openid}', issuer => $2,
			metadata => '{"grant_types": ["client_credentials"]}')`, h.unique('tenant'), issuer);
		const ask = (below) => h.post(`${below}/oauth2/token`, { grant_type: 'client_credentials' }, { headers: h.basic(made.client_id, made.client_secret) });
		assert.equal(h.claimsOf(h.assertTokens(await ask(path)).access_token).iss, issuer);
		h.assertError(await ask(''), 'invalid_client', 401);
		for (const other of ['/tenant', `${path}/x`, `${path}x`]) assert.equal((await ask(other)).status, 404, other);
		assert.equal((await h.get(`${path}/oauth2/jwks`)).json.keys.length, 1);
		assert.equal((await h.get('/.well-known/oauth-authorization-server')).json.issuer, h.issuer);
	});
});
