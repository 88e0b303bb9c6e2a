// docs/openapi.json, made of what is there: paths and methods of src/endpoints/door.c, errors
// of src/base/errors.c, members of the metadata of sql/install/54_metadata.sql, and the table
// in operations.mjs, which is held against them.
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { named, operations, schemas, tags } from './operations.mjs';

export const root = join(dirname(fileURLToPath(import.meta.url)), '../../..');
export const file = join(root, 'docs/openapi.json');
const read = (path) => readFileSync(join(root, path), 'utf8');

const READING = ['HEAD', 'OPTIONS']; // as GET without a body, and 204 with Allow: said once, in the description

/** path => methods, as the door has them */
export function routes() {
	const door = read('src/endpoints/door.c');
	const words = Object.fromEntries([...door.matchAll(/#define (\w+) \\?\s*"([A-Z, ]+)"/g)].map(([, name, methods]) => [name, methods]));
	const paths = { PGTC_STATUS_LIST_PATH: '/oauth2/status_lists', CONSOLE_PATH: '/oauth2/console', PROBE_LIVE_PATH: '/live', PROBE_READY_PATH: '/ready',
		METRICS_PATH: '/metrics', RESOURCE_METADATA_PATH: '/.well-known/oauth-protected-resource' };
	const found = {};
	for (const [, path, methods, flags] of door.matchAll(/\{\s*((?:\w+|"[^"]*")(?: "[^"]*")?),\s*(\w+),\s*\w+,\s*([\w |]+),\s*\w+,\s*\w+\}/g)) {
		const spelt = path.split(' ').map((part) => (part.startsWith('"') ? part.slice(1, -1) : paths[part])).join('');
		const many = /OF_MANY|OF_PAIRS/.test(flags);
		const name = spelt === '/oauth2/console/' && many ? '{file}' : many ? named[spelt] : spelt === paths.RESOURCE_METADATA_PATH ? '{api}' : '';
		if (words[methods] === undefined || name === undefined) throw new Error(`door.c has ${spelt}, which is not understood here`);
		found[spelt + name] = words[methods].split(', ').filter((method) => !READING.includes(method));
	}
	return found;
}

/** the names of errors that are told to clients */
export const errorNames = () => [...new Set([...read('src/base/errors.c').matchAll(/\] = \{\s*"(\w+)"/g)].map(([, name]) => name))].sort();

/** what an answer of the metadata may have */
function metadataSchema() {
	const body = /json_strip_nulls\(json_build_object\(([\s\S]*?)\)\);\nEND/.exec(read('sql/install/54_metadata.sql'))[1];
	const names = [...body.matchAll(/^\t\t'(\w+)',/gm)].map(([, name]) => name);
	if (names.length < 40) throw new Error('54_metadata.sql is not understood here');
	const kind = (name) => (/_(endpoint|uri)$|^issuer$/.test(name) ? { type: 'string', format: 'uri' } : /_(supported|values_supported)$/.test(name) && !/(parameter|logout(_session)?|document)_supported$/.test(name)
		? { type: 'array', items: { type: 'string' } } : name === 'mtls_endpoint_aliases' ? { type: 'object', additionalProperties: { type: 'string', format: 'uri' } } : { type: 'boolean' });
	return { description: 'OpenID Connect Discovery section 3, RFC 8414 section 2; what is not configured is not there', type: 'object',
		properties: Object.fromEntries(names.map((name) => [name, kind(name)])), required: ['issuer', 'token_endpoint', 'jwks_uri', 'response_types_supported'], additionalProperties: false };
}

const REASONS = { 200: 'it is answered', 201: 'made', 204: 'done', 301: 'leads there', 302: 'leads there', 303: 'leads the browser on', 308: 'leads there', 400: 'the request does not do', 401: 'who asks has not shown who he is; without a body where WWW-Authenticate says it',
	403: 'not allowed, or another factor first; without a body where WWW-Authenticate says it', 404: 'there is no such thing', 405: 'the wrong method; Allow has the right ones', 409: 'there are enough', 413: 'more than 64 kB',
	415: 'of another kind, or compressed', 429: 'too often', 500: 'the service, or a function of the application, has failed', 501: 'not supported', 503: 'not at present; Retry-After' };

const answersOf = (answers) => Object.fromEntries(Object.entries(answers).map(([status, content]) => [status, {
	description: REASONS[status], ...(content && { content: Object.fromEntries(Object.entries(content).map(([type, schema]) => [type, { schema }])) }) }]));

const SECURITY = { client: [{ clientSecret: [] }, {}], token: [{ accessToken: [] }], registration: [{ registrationToken: [] }, {}] };

function operationOf(tag, summary, security, { id, query, body, answers }) {
	return { operationId: id, tags: [tag], summary,
		...(security && { security: SECURITY[security] }),
		...(query && { parameters: Object.entries(query).map(([name, { description, ...schema }]) => ({ name, in: 'query', ...(description && { description }), schema })) }),
		...(body && { requestBody: { content: Object.fromEntries(Object.entries(body).map(([type, schema]) => [type, { schema }])) } }),
		responses: answersOf(answers) };
}

export function makeDocument() {
	const paths = Object.fromEntries(Object.entries(operations).map(([path, { tag, summary, security, ...methods }]) => [path, {
		...(path.includes('{') && { parameters: [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => ({ name, in: 'path', required: true, schema: { type: 'string' } })) }),
		...Object.fromEntries(Object.entries(methods).map(([method, operation]) => [method.toLowerCase(), operationOf(tag, summary, security, operation)])) }]));
	const version = /default_version *= *'(.*)'/.exec(read('pgtoken.control'))[1];
	return {
		openapi: '3.1.0',
		info: { title: 'pgtoken', version, license: { name: 'PostgreSQL', identifier: 'PostgreSQL' },
			summary: 'OAuth 2 and OpenID Connect from the database',
			description: 'What pgtoken_http.handle() answers, through whichever layer. docs/http.md says what the endpoints do, and why. Paths are below the issuer\'s URL; '
				+ 'what an issuer has not configured is 404, or not in its metadata, which are what a client goes by. Where there is GET there is HEAD, but for answer and signals; OPTIONS is 204 with Allow. '
				+ 'What cannot be answered for the time being is 503 with Retry-After, what the service cannot help 500, in JSON. Made by make openapi.' },
		servers: [{ url: 'https://login.example.com', description: 'the issuer' }],
		tags: Object.entries(tags).map(([name, description]) => ({ name, description })),
		paths,
		components: {
			schemas: { ErrorName: { enum: errorNames() }, Metadata: metadataSchema(), ...schemas },
			securitySchemes: {
				clientSecret: { type: 'http', scheme: 'basic', description: 'client_secret_basic. The others are parameters of the form, or a certificate (docs/http.md, Client authentication)' },
				accessToken: { type: 'http', scheme: 'bearer', description: 'an access token; DPoP (RFC 9449) has a scheme of that name and a proof in the header DPoP' },
				registrationToken: { type: 'http', scheme: 'bearer', description: 'an initial access token, or the registration access token (RFC 7592)' },
			},
		},
	};
}

/** as it is written down */
export const text = () => `${JSON.stringify(makeDocument(), null, 1).replace(/^ +/gm, (spaces) => '\t'.repeat(spaces.length))}\n`;
