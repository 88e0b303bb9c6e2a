// Whether an exchange fits docs/openapi.json: by schemas compiled once.
import { readFileSync } from 'node:fs';

import Ajv from 'ajv/dist/2020.js';

import { file } from './document.mjs';

// What a client may say beside the parameters is passed over.  Tests say some such: what is no
// name of a parameter, and members of the context that are not the client's to say.
const PASSED_OVER = /^(?![a-z_]+$)|^(token|ip|latitude|longitude|risk_score|unheard_of|unknown|extra|x)$/;

const media = (type) => (type ?? '').split(';')[0].trim().toLowerCase();

function header(list, name) {
	for (let i = 0; i < list.length; i += 2) if (String(list[i]).toLowerCase() === name) return String(list[i + 1]);
	return undefined;
}

export function contract() {
	const document = JSON.parse(readFileSync(file, 'utf8'));
	const ajv = new Ajv({ strict: true, strictTypes: false, strictRequired: false, allErrors: false, validateFormats: false, allowUnionTypes: true });
	ajv.addSchema({ $id: 'openapi', $defs: JSON.parse(JSON.stringify(document.components.schemas).replaceAll('"#/components/schemas/', '"#/$defs/')) });
	const compiled = new Map();

	const local = (schema) => JSON.parse(JSON.stringify(schema).replaceAll('"#/components/schemas/', '"openapi#/$defs/'));

	function check(where, schema, value) {
		if (!compiled.has(where)) compiled.set(where, ajv.compile(local(schema)));
		const validate = compiled.get(where);
		if (validate(value)) return [];
		return validate.errors.slice(0, 3).map(({ instancePath, message, params }) => `${where}: ${instancePath || '/'} ${message} ${params.additionalProperty ?? params.missingProperty ?? ''}`.trimEnd());
	}

	// the longest first, so that what has a name of its own is not taken for a {name}
	const templates = Object.keys(document.paths).map((path) => ({ path, pattern: new RegExp(
		path === '/.well-known/oauth-protected-resource{api}' ? '^/\\.well-known/oauth-protected-resource(/.*)?$'
			: path.startsWith('/.well-known/') ? `${path.replaceAll('.', '\\.')}(/.*)?$` : `${path.replaceAll('.', '\\.').replace(/\{\w+\}/g, '[^/]+')}$`) }))
		.sort((one, other) => (one.path.includes('{') - other.path.includes('{')) || other.path.length - one.path.length);

	const isAnswered = (operation, status) => operation.responses[status] !== undefined;

	function parametersOf(request) {
		const query = request.target.includes('?') ? request.target.slice(request.target.indexOf('?') + 1) : '';
		const names = { query: [...new URLSearchParams(query).keys()], body: [] };
		if (media(request.type) === 'application/x-www-form-urlencoded') names.body = [...new URLSearchParams(request.body.toString('latin1')).keys()];
		return names;
	}

	function judgeRequest(where, operation, request) {
		const names = parametersOf(request);
		const known = (operation.parameters ?? []).map(({ name }) => name);
		const form = operation.requestBody?.content['application/x-www-form-urlencoded']?.schema.properties ?? {};
		return [...(request.method === 'GET' ? names.query : []).filter((name) => !known.includes(name)).map((name) => [name, 'query']),
			...names.body.filter((name) => form[name] === undefined && operation.requestBody).map((name) => [name, 'body'])]
			.filter(([name]) => !PASSED_OVER.test(name)).map(([name, place]) => `${where}: was asked with ${name.slice(0, 40)} in the ${place}`);
	}

	function judgeAnswer(where, operation, { status, headers, body }) {
		const type = media(header(headers, 'content-type'));
		const { content } = operation.responses[status];
		const length = body === null || body === undefined ? 0 : Buffer.byteLength(body);
		// a challenge says it all: those of bearer tokens have no body
		if (length === 0 && header(headers, 'www-authenticate')) return [];
		if (!content) return length === 0 ? [] : [`${where}: has a body`];
		if (content[type] === undefined) return [`${where}: is of the type ${type || 'none'}`];
		if (!type.endsWith('json')) return [];
		return check(`${where} ${type}`, content[type].schema, JSON.parse(String(body)));
	}

	/** the operation, and where it is; undefined: no endpoint */
	function find(method, target) {
		const path = target.replace(/^[a-z][a-z0-9+.-]*:\/\/[^/?]*/i, '').replace(/[?#].*$/s, '') || '/';
		const template = templates.find(({ pattern }) => pattern.test(path));
		const operation = template && document.paths[template.path][method.toLowerCase()];
		return { path: template?.path, operation };
	}

	/** what does not fit */
	function judge(request, answer) {
		const { path, operation } = find(request.method, request.target);
		// no endpoint, a method that it has not, and what is said of all of them once
		if (!operation || answer.status === 0) return [];
		const where = `${request.method} ${path} ${answer.status}`;
		if (!isAnswered(operation, answer.status)) {
			// of what cannot be helped the layer says, in JSON, that it has failed
			return answer.status === 500 ? [] : [`${where}: is not in the document`];
		}
		return [...(answer.status < 400 ? judgeRequest(where, operation, request) : []), ...judgeAnswer(where, operation, answer)];
	}

	return { document, judge };
}
