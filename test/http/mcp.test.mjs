// Agents: a client made of the MCP SDK, which knows the URL of examples/mcp and nothing
// else, gets from a 401 to a call with a token, refreshes, and asks for more when a tool
// takes more.  Login and consent are the pages of examples/login.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';

import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { auth, extractWWWAuthenticateParams, UnauthorizedError } from '@modelcontextprotocol/sdk/client/auth.js';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import * as oauth from 'oauth4webapi';

import { Person } from '../examples/person.mjs';
import * as h from './harness.mjs';

const url = h.facts.MCP_URL;
const skip = !url && 'MCP_URL names no MCP server';
const place = url && `${new URL(url).origin}/.well-known/oauth-protected-resource${new URL(url).pathname}`;

// --- a client ------------------------------------------------------------------------------

/** what the SDK wants to be told; it keeps all of it, and its user's browser */
class Provider {
	constructor({ redirectUrl = 'http://127.0.0.1:43117/callback', information, login = 'demo', metadata } = {}) {
		Object.assign(this, { redirectUrl, information, person: new Person({ login, password: `${login}-password` }), requests: [] });
		this.clientMetadata = { client_name: 'Agent', redirect_uris: [redirectUrl], grant_types: ['authorization_code', 'refresh_token'],
			response_types: ['code'], token_endpoint_auth_method: 'none', ...metadata };
	}

	clientInformation() { return this.information; }

	saveClientInformation(information) { this.information = information; }

	// with a refresh token the SDK takes the old scopes for the new ones
	tokens() { return this.steppingUp && this.kept ? { ...this.kept, refresh_token: undefined } : this.kept; }

	saveTokens(tokens) {
		this.kept = tokens;
		this.steppingUp = false;
	}

	/** for a login, for a consent: what its user was */
	get asked() { return this.person.asked; }

	saveCodeVerifier(verifier) { this.verifier = verifier; }

	codeVerifier() { return this.verifier; }

	state() { return h.unique('state'); }

	async redirectToAuthorization(authorizationUrl) {
		for (const [name, content] of Object.entries(this.more ?? {})) authorizationUrl.searchParams.set(name, content);
		this.requests.push(authorizationUrl);
		const page = await this.person.open(authorizationUrl, { until: (at) => at.startsWith(this.redirectUrl) });
		const callback = new URL(page.url);
		assert.equal(callback.searchParams.get('state'), authorizationUrl.searchParams.get('state'));
		assert.equal(callback.searchParams.get('iss'), h.issuer);
		this.code = callback.searchParams.get('code');
		assert.ok(this.code, `a code, and not ${callback.searchParams.get('error')}`);
	}

	invalidateCredentials() { this.kept = undefined; }
}

/** a fetch that sees when more is asked for: a scope, which the SDK knows of, or another login (RFC 9470), which it does not */
const watching = (provider) => async (input, init) => {
	const response = await fetch(input, init);
	const challenge = response.headers.get('www-authenticate') ?? '';
	if (/error="insufficient_(scope|user_authentication)"/.test(challenge)) {
		provider.steppingUp = true;
		provider.more = Object.fromEntries([...challenge.matchAll(/\b(acr_values|max_age)="([^"]*)"/g)].map(([, name, content]) => [name, content]));
	}
	return response;
};

/** what a client does that gets from the challenge to the authorization endpoint and back */
async function connected(provider, server = url) {
	const connect = async () => {
		const client = new Client({ name: 'agent', version: '1' });
		const transport = new StreamableHTTPClientTransport(new URL(server), { authProvider: provider, fetch: watching(provider) });
		try {
			await client.connect(transport);
			return client;
		} catch (error) {
			if (!(error instanceof UnauthorizedError)) throw error;
			await transport.finishAuth(provider.code);
			return undefined;
		}
	};
	return await connect() ?? connect();
}

/** calls a tool, and again when it takes more than the token has: a scope, then a login */
async function call(provider, client, name, given = {}, attempts = 3) {
	try {
		return await client.callTool({ name, arguments: given });
	} catch (error) {
		if (!(error instanceof UnauthorizedError) || attempts === 1) throw error;
		await client.transport.finishAuth(provider.code);
		return call(provider, client, name, given, attempts - 1);
	}
}

const textOf = ({ content: [{ text }] }) => text;

/** POST of one message, as it is on the wire */
const send = (message, headers = {}) => fetch(url, { method: 'POST', body: JSON.stringify({ jsonrpc: '2.0', id: 1, ...message }),
	headers: { 'content-type': 'application/json', accept: 'application/json, text/event-stream', ...headers } });
const challengeOf = async (response) => ({ status: response.status, challenge: response.headers.get('www-authenticate'), text: await response.text() });

// as examples/mcp/registration.sql has it
const POLICY = { resources: [url], scopes: ['mcp:read', 'mcp:write', 'mcp:delete'], all_scopes: true, redirect_hosts: [], max_per_hour: 1_000_000, client_id_metadata_documents: 'open' };
const setRegistration = (mode, policy) => h.rows('SELECT pgtoken.update_issuer($1, registration => $2), pgtoken.set_registration_policy($3, $1)', h.issuer, mode, policy);

describe('an MCP client', { skip }, () => {
	before(() => setRegistration('open', POLICY));
	after(() => setRegistration('off', Object.fromEntries(Object.keys(POLICY).map((name) => [name, null]))));

	it('that knows a URL is told where the metadata are, and what to ask for (C121, C122)', async () => {
		const { status, challenge } = await challengeOf(await send({ method: 'tools/list' }));
		assert.equal(status, 401);
		assert.match(challenge, /^Bearer scope="mcp:read mcp:write offline_access", resource_metadata="([^"]+)"/);
		assert.ok(challenge.includes(`resource_metadata="${place}"`));
		assert.ok(!challenge.includes('error='));
		const metadata = await (await fetch(place)).json();
		assert.deepEqual([metadata.resource, metadata.authorization_servers, metadata.scopes_supported], [url, [h.issuer], ['mcp:read', 'mcp:write', 'mcp:delete']]);
		assert.equal((await fetch(`${new URL(url).origin}/.well-known/oauth-protected-resource`)).status, 404);
	});

	it('gets a token for the server alone, and uses its tools', async () => {
		const provider = new Provider();
		const client = await connected(provider);
		assert.deepEqual(provider.asked, ['login', 'consent']);
		const [asked] = provider.requests;
		assert.deepEqual([asked.searchParams.get('resource'), asked.searchParams.get('scope'), asked.searchParams.get('code_challenge_method')],
			[url, 'mcp:read mcp:write offline_access', 'S256']);
		assert.deepEqual((await client.listTools()).tools.map(({ name }) => name), ['list_notes', 'add_note', 'delete_notes']);
		const text = h.unique('a note');
		assert.ok(!(await client.callTool({ name: 'add_note', arguments: { text } })).isError);
		assert.ok(JSON.parse(textOf(await client.callTool({ name: 'list_notes' }))).includes(text));
		assert.equal(h.claimsOf(provider.kept.access_token).aud, url);
		assert.equal((await h.notes(h.bearer(provider.kept.access_token))).status, 401, 'the other API does not take it');
		await client.close();
	});

	// RFC 8252 section 7.3: nobody listens there but for the moment, so that the port is another each time
	it('listens on any port of localhost, by address or name, whether it registers itself or was registered', async () => {
		for (const [name, metadata] of [['127.0.0.1', {}], ['localhost', {}], ['127.0.0.1', { application_type: 'native' }], ['[::1]', { application_type: 'native' }]]) {
			const provider = new Provider({ redirectUrl: `http://${name}:43118/callback`, metadata });
			await (await connected(provider)).close();
			provider.kept = undefined;
			provider.redirectUrl = `http://${name}:43119/callback`;
			await (await connected(provider)).close();
			assert.equal(provider.requests.length, 2, name);
		}
		for (const name of ['127.0.0.1', 'localhost']) {
			const provider = new Provider({ redirectUrl: `http://${name}:43120/callback`, information: { client_id: h.facts.MCP_CLIENT_ID } });
			await (await connected(provider)).close();
		}
	});

	// as if the courier had brought it: the name of its host leads nowhere
	it('may be what the document at the URL of its client_id says, and is registered nowhere', async () => {
		const provider = new Provider({ redirectUrl: 'http://127.0.0.1:43121/callback' });
		provider.clientMetadataUrl = `https://${h.unique('agent')}.example/client.json`;
		await h.rows(`INSERT INTO pgtoken.documents (issuer, kind, url, body, fetched_at, fresh_until, used_at) VALUES ($1, 'client_metadata', $2, $3, now(), now() + interval '1 hour', now())`,
			h.issuer, provider.clientMetadataUrl, JSON.stringify({ client_id: provider.clientMetadataUrl, ...provider.clientMetadata, redirect_uris: ['http://127.0.0.1/callback'] }));
		const client = await connected(provider);
		assert.ok((await client.listTools()).tools.length > 0);
		assert.equal(provider.information.client_id, provider.clientMetadataUrl);
		assert.ok(provider.kept.refresh_token);
		await client.close();
	});

	// RFC 8707 by RFC 3986 section 6.2.3: a URL without a path is the one with a slash
	it('may write the server\'s URL with a slash or without', async () => {
		const root = `https://${h.unique('root')}.example`;
		await h.rows('SELECT pgtoken.create_resource($1, $2)', root, [h.unique('scope')]);
		const client = await h.publicClient({ scopes: ['notes:read'] });
		for (const written of [root, `${root}/`]) {
			const { access_token: accessToken } = await h.newTokens(client, { scope: 'offline_access', resource: written });
			assert.equal(h.claimsOf(accessToken).aud, root);
		}
	});

	it('refreshes when its token has expired, and asks nobody', async () => {
		const provider = new Provider();
		const client = await connected(provider);
		const before = provider.kept;
		await h.rows('SELECT pgtoken.blacklist_token($1, \'test\')', before.access_token);
		assert.ok((await client.listTools()).tools.length > 0);
		assert.ok(provider.kept.access_token !== before.access_token && provider.kept.refresh_token !== before.refresh_token, 'rotated');
		assert.equal(provider.requests.length, 1);
		await client.close();
	});

	it('whose family was revoked logs its user in anew', async () => {
		const provider = new Provider();
		const client = await connected(provider);
		await h.rows('SELECT pgtoken.revoke_family(pgtoken.grant_of($1))', provider.kept.refresh_token);
		await assert.rejects(client.listTools(), UnauthorizedError);
		await client.transport.finishAuth(provider.code);
		assert.ok((await client.listTools()).tools.length > 0);
		assert.equal(provider.requests.at(-1).searchParams.get('scope'), 'mcp:read mcp:write offline_access');
		await client.close();
	});

	// MCP: scope challenge handling; RFC 9470
	it('asks for more when a dangerous tool takes more: a scope, and a login just now', async () => {
		const provider = new Provider({ login: 'other' });
		const client = await connected(provider);
		await call(provider, client, 'add_note', { text: 'soon gone' });

		assert.match(textOf(await call(provider, client, 'delete_notes')), /"deleted" : \d/);
		assert.equal(provider.requests.at(-1).searchParams.get('scope'), 'mcp:read mcp:write offline_access mcp:delete'.split(' ').filter((scope) => scope).join(' '));
		assert.equal(textOf(await client.callTool({ name: 'list_notes' })), '[]', 'and can do what it could');

		// ten minutes later the page would let him through without a word, and the tool would not
		await h.rows("UPDATE app.sessions SET auth_time = auth_time - interval '10 minutes' WHERE subject = $1", h.OTHER_SUBJECT);
		provider.person.asked = [];
		provider.kept = undefined;
		await assert.rejects(client.listTools(), UnauthorizedError);
		await client.transport.finishAuth(provider.code);
		assert.ok(!provider.asked.includes('login'));
		await call(provider, client, 'add_note', { text: 'gone as well' });
		assert.match(textOf(await call(provider, client, 'delete_notes')), /"deleted" : \d/);
		assert.equal(provider.requests.at(-1).searchParams.get('max_age'), '300');
		assert.ok(provider.asked.includes('login'));
		await client.close();
	});

	// the attack: a tool is run for who may not, or twice, or by a token of another API
	it('is refused before anything is done', async () => {
		const count = () => h.value('SELECT count(*)::int FROM api.note');
		const before = await count();
		const add = { method: 'tools/call', params: { name: 'add_note', arguments: { text: 'x' } } };
		const reader = await h.newTokens(await h.newClient({ scopes: ['mcp:read'] }), { scope: 'offline_access mcp:read', resource: url });
		const elsewhere = await h.newTokens(await h.newClient());
		assert.equal((await send(add)).status, 401);
		assert.equal((await send(add, h.bearer('nonsense'))).status, 401);
		assert.equal((await send(add, h.bearer(elsewhere.access_token))).status, 401);
		assert.equal((await send(add, h.bearer(elsewhere.id_token ?? 'x'))).status, 401);
		const { status, challenge } = await challengeOf(await send(add, h.bearer(reader.access_token)));
		assert.equal(status, 403);
		assert.match(challenge, /^Bearer error="insufficient_scope".*scope="[^"]*mcp:read[^"]*mcp:write[^"]*".*resource_metadata=/);
		const writer = await h.newTokens(await h.newClient({ scopes: ['mcp:read', 'mcp:write'] }), { scope: 'offline_access mcp:read mcp:write', resource: url });
		// what is not MCP's is refused by MCP, and the tool is not run for it
		assert.equal((await send(add, { ...h.bearer(writer.access_token), accept: 'text/plain' })).status, 406);
		assert.equal((await send(add, { ...h.bearer(writer.access_token), 'mcp-protocol-version': '1' })).status, 400);
		for (const path of ['/oauth2/token', '/.well-known/oauth-protected-resourcex', '/']) assert.equal((await fetch(new URL(path, url))).status, 404, path);
		assert.equal(await count(), before);
	});
});

// what serves it is the gateway, or PostgREST behind nginx
if (h.can('api')) describe('any API', () => {
	const url = `${h.apiUrl}/api/notes`;

	it('is one that such a client gets a token for, from its 401 on (C121, C122)', async () => {
		const { id } = await h.publicClient({ scopes: ['notes:read', 'notes:write'], redirectUris: ['http://127.0.0.1/callback'], metadata: { application_type: 'native' } });
		const provider = new Provider({ information: { client_id: id } });
		const begin = async (response, options) => {
			const { resourceMetadataUrl, scope } = extractWWWAuthenticateParams(response);
			return auth(provider, { serverUrl: url, resourceMetadataUrl, scope, ...options });
		};
		const first = await fetch(url);
		assert.equal(first.status, 401);
		assert.equal(await begin(first), 'REDIRECT');
		assert.equal(await begin(first, { authorizationCode: provider.code }), 'AUTHORIZED');
		assert.equal(h.claimsOf(provider.kept.access_token).aud, h.resource);
		assert.equal((await h.notes(h.bearer(provider.kept.access_token))).status, 200);

		const metadata = await oauth.processResourceDiscoveryResponse(new URL(h.resource), await oauth.resourceDiscoveryRequest(new URL(h.resource), h.insecure));
		assert.deepEqual(metadata.authorization_servers, [h.issuer]);

		// the database knows the token as revoked, which nobody else does
		await h.rows('SELECT pgtoken.blacklist_token($1, \'test\')', provider.kept.access_token);
		const second = await fetch(url, { headers: h.bearer(provider.kept.access_token) });
		assert.equal(second.status, 401);
		assert.match(second.headers.get('www-authenticate'), /error="invalid_token".*resource_metadata="/);
		// and more is asked for where more is needed
		const { access_token: accessToken } = await h.newTokens(await h.newClient());
		const third = await fetch(url, { method: 'POST', body: '{"text": "x"}', headers: { 'content-type': 'application/json', ...h.bearer(accessToken) } });
		assert.equal(third.status, 403);
		assert.deepEqual(extractWWWAuthenticateParams(third), { ...extractWWWAuthenticateParams(first), scope: 'notes:write', error: 'insufficient_scope' });
	});
});
