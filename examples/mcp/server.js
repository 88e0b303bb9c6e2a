// An MCP server (streamable HTTP, without sessions) whose tokens pgtoken issues.  Each
// message is judged, and a tool is run, by the database: pgtoken_http.admit says as whom,
// and the tool's own function what that takes.  What they refuse is an HTTP answer before
// it is one of MCP, since that is where clients look for it: 401 and 403 with a challenge.
import { createServer } from 'node:http';

import { Server } from '@modelcontextprotocol/sdk/server/index.js';
import { WebStandardStreamableHTTPServerTransport } from '@modelcontextprotocol/sdk/server/webStandardStreamableHttp.js';
import { CallToolRequestSchema, ListToolsRequestSchema } from '@modelcontextprotocol/sdk/types.js';

import { makeApi } from '../../http/gateway/api.js';
import { failure, json, malformed, reason, tooLarge } from '../../http/gateway/errors.js';
import { TOOLS } from './tools.js';

const BODY_LIMIT = 64 * 1024;
const METADATA = '/.well-known/oauth-protected-resource';

/** one with more than the limit is cut: undefined */
async function bodyOf(incoming) {
	const chunks = [];
	let length = 0;
	for await (const chunk of incoming) {
		if ((length += chunk.length) <= BODY_LIMIT) chunks.push(chunk);
	}
	return length > BODY_LIMIT ? undefined : Buffer.concat(chunks).toString();
}

function parse(body) {
	try {
		return JSON.parse(body);
	} catch {
		return undefined;
	}
}

function send(outgoing, { status, headers, body }) {
	outgoing.writeHead(status, headers);
	outgoing.end(body);
}

const FIRST = ['mcp:read', 'mcp:write']; // what a client that has no token is told to ask for

/** of the token of a request that the database has let in, or refused for the want of another one */
function scopesOf({ headers: { authorization = '' } }) {
	const claims = parse(Buffer.from(authorization.split('.')[1] ?? '', 'base64url').toString());
	return typeof claims?.scope === 'string' ? claims.scope.split(' ') : FIRST;
}

/**
 * A client asks for the scopes that a challenge names, and for no others.  The database
 * names the one that is missing; so that the next token can do what this one could, and
 * is not the last, those of this one are named as well, and offline_access.
 */
function widen(challenge, incoming) {
	const asked = (scopes) => `scope="${[...new Set([...scopes, 'offline_access'])].join(' ')}"`;
	if (challenge.includes('error="invalid_token"')) return `${challenge}, ${asked(FIRST)}`;
	return challenge.replace(/\bscope="([^"]*)"/g, (all, scope) => asked([...scopesOf(incoming), scope]));
}

const widened = ({ headers, ...answer }, incoming) => ({ ...answer,
	headers: headers.map((value, i) => (i % 2 === 1 && headers[i - 1] === 'WWW-Authenticate' ? widen(value, incoming) : value)) });

const isCors = (name) => /^(access-control-|vary$)/i.test(name);
const said = (text, isError = false) => ({ content: [{ type: 'text', text }], isError });

/** @param options {url, database, door, log}; door: what answers for the metadata of the API */
export function makeServer({ url, database, door, log }) {
	const { pathname } = new URL(url);
	const functions = new Map(['connect', ...TOOLS.map(({ name }) => name)].map((name) => [name, makeApi(database, `tools.${name}`)]));

	/** what the database says of a message: a function of schema tools, or that the message is refused */
	const ask = (incoming, name, given = {}) => functions.get(name)({ method: incoming.method, target: incoming.url, headers: incoming.rawHeaders,
		body: JSON.stringify(given), peer: { address: incoming.socket.remoteAddress } });

	async function answerOf(incoming, body) {
		const message = parse(body);
		let answer;
		const server = new Server({ name: 'pgtoken-example-notes', version: '1.0.0' }, { capabilities: { tools: {} } });
		server.setRequestHandler(ListToolsRequestSchema, () => ({ tools: TOOLS }));
		server.setRequestHandler(CallToolRequestSchema, async ({ params: { name, arguments: given } }) => {
			const tool = TOOLS.some((known) => known.name === name) && name;
			answer = await ask(incoming, tool || 'connect', given);
			return tool ? said(answer.body ?? '', answer.status >= 400) : said('There is no such tool.', true);
		});
		// a preflight ends here, too
		if (message?.method !== 'tools/call') answer = await ask(incoming, 'connect');
		if (incoming.method !== 'POST' || (answer && answer.status !== 200)) return widened(answer, incoming);
		if (message === undefined || Array.isArray(message)) return malformed();
		const transport = new WebStandardStreamableHTTPServerTransport({ sessionIdGenerator: undefined, enableJsonResponse: true });
		await server.connect(transport);
		const response = await transport.handleRequest(new Request(url, { method: 'POST', headers: incoming.headers, body }), { parsedBody: message });
		const text = await response.text();
		await server.close();
		if (answer && [401, 403, 503].includes(answer.status)) return widened(answer, incoming);
		const cors = (answer?.headers ?? []).filter((_, i, all) => isCors(all[i - (i % 2)]));
		return { status: response.status, headers: [...[...response.headers].flat(), ...cors], body: text };
	}

	async function handle(incoming, outgoing) {
		const path = incoming.url.split('?')[0];
		if (path === METADATA || path.startsWith(`${METADATA}/`)) return door(incoming, outgoing);
		if (path !== pathname) return send(outgoing, json(404, { error: 'not_found' }));
		// there is no session to listen to, or to end
		if (incoming.method !== 'POST' && incoming.method !== 'OPTIONS') return send(outgoing, json(405, { error: 'invalid_request' }, ['Allow', 'POST, OPTIONS']));
		const body = await bodyOf(incoming);
		return send(outgoing, body === undefined ? tooLarge() : await answerOf(incoming, body));
	}

	return createServer((incoming, outgoing) => {
		handle(incoming, outgoing).catch((error) => {
			log(`${incoming.method} ${incoming.url.split('?')[0]}: ${reason(error)}`);
			if (outgoing.headersSent) outgoing.destroy();
			else send(outgoing, failure(error));
		});
	});
}
