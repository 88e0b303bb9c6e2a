// An agent: it knows the URL of an MCP server and nothing else, finds who signs its user in,
// registers itself there, and calls tools as him.
//   node client.js              lists the tools, and the user's notes
//   node client.js TOOL JSON    calls one: node client.js add_note '{"text": "…"}'
//   node client.js disconnect   ends its tokens
//
//   MCP_URL      the server
//   CLIENT_FILE  what it keeps, where nobody else reads it (default .mcp-client.json)
import { randomUUID } from 'node:crypto';
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';

import { discoverAuthorizationServerMetadata, discoverOAuthProtectedResourceMetadata, UnauthorizedError } from '@modelcontextprotocol/sdk/client/auth.js';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';

const { MCP_URL, CLIENT_FILE = '.mcp-client.json' } = process.env;
const url = new URL(MCP_URL);
const kept = existsSync(CLIENT_FILE) ? JSON.parse(readFileSync(CLIENT_FILE, 'utf8')) : {};

function keep(more) {
	Object.assign(kept, more);
	writeFileSync(CLIENT_FILE, JSON.stringify(kept), { mode: 0o600 });
}

/** where the browser comes back to: {redirectUrl, code(state): waits for it, close()} */
async function listen() {
	const answers = [];
	let arrived;
	const server = createServer((request, response) => {
		const { pathname, searchParams } = new URL(request.url, 'http://127.0.0.1');
		if (pathname !== '/callback') return response.writeHead(404).end();
		answers.push(searchParams);
		arrived?.();
		return response.writeHead(200, { 'Content-Type': 'text/plain' }).end('You can close this page.');
	});
	await new Promise((listening) => { server.listen(0, '127.0.0.1', listening); });
	return {
		redirectUrl: `http://127.0.0.1:${server.address().port}/callback`,
		async code(state) {
			while (answers.length === 0) await new Promise((done) => { arrived = done; });
			const answer = answers.shift();
			if (answer.get('state') !== state) throw new Error('an answer to nothing that was asked');
			if (answer.has('error')) throw new Error(answer.get('error'));
			return answer.get('code');
		},
		close() {
			server.close();
			server.closeAllConnections();
		},
	};
}

const browser = await listen();
const state = randomUUID();
let verifier;

/** what the SDK asks of a client */
const provider = {
	redirectUrl: browser.redirectUrl,
	// any port of the loopback will do afterwards (RFC 8252 section 7.3)
	clientMetadata: { client_name: 'Example agent', redirect_uris: ['http://127.0.0.1/callback'], grant_types: ['authorization_code', 'refresh_token'],
		response_types: ['code'], token_endpoint_auth_method: 'none' },
	state: () => state,
	clientInformation: () => kept.information,
	saveClientInformation: (information) => keep({ information }),
	tokens: () => kept.tokens,
	saveTokens: (tokens) => keep({ tokens }),
	saveCodeVerifier: (made) => { verifier = made; },
	codeVerifier: () => verifier,
	redirectToAuthorization: (to) => console.error(`Open ${to}`),
	invalidateCredentials: () => keep({ tokens: undefined }),
};

/** does it; signs in and does it once more, where it takes that, which the SDK has begun when it throws */
async function connected(action) {
	for (let attempt = 1; ; attempt += 1) {
		const client = new Client({ name: 'example-agent', version: '1.0.0' });
		const transport = new StreamableHTTPClientTransport(url, { authProvider: provider });
		try {
			await client.connect(transport);
			return await action(client);
		} catch (error) {
			if (!(error instanceof UnauthorizedError) || attempt === 2) throw error;
			await transport.finishAuth(await browser.code(state));
		} finally {
			await client.close();
		}
	}
}

const textOf = ({ content, isError }) => `${isError ? 'It failed: ' : ''}${content.map(({ text }) => text).join('\n')}`;

async function disconnect() {
	const { authorization_servers: [issuer] } = await discoverOAuthProtectedResourceMetadata(url);
	const { revocation_endpoint: revocation } = await discoverAuthorizationServerMetadata(issuer);
	if (kept.tokens) await fetch(revocation, { method: 'POST', body: new URLSearchParams({ client_id: kept.information.client_id, token: kept.tokens.refresh_token }) });
	rmSync(CLIENT_FILE, { force: true });
	return 'Disconnected.';
}

const [name, given = '{}'] = process.argv.slice(2);
try {
	if (name === 'disconnect') console.log(await disconnect());
	else if (name) console.log(await connected(async (client) => textOf(await client.callTool({ name, arguments: JSON.parse(given) }))));
	else {
		console.log(await connected(async (client) => {
			const { tools } = await client.listTools();
			return [`Tools: ${tools.map((tool) => tool.name).join(', ')}`, `Notes: ${textOf(await client.callTool({ name: 'list_notes' }))}`].join('\n');
		}));
	}
} finally {
	browser.close();
}
