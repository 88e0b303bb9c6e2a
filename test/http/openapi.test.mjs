// docs/openapi.json: is what is there, has every endpoint and none beside them, and the watch
// that holds the other tests against it (openapi/watch.mjs) sees what does not fit.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';

import * as h from './harness.mjs';
import { contract } from './openapi/contract.mjs';
import { file, root, routes, text } from './openapi/document.mjs';
import { operations } from './openapi/operations.mjs';

const methodsOf = (path) => Object.keys(operations[path] ?? {}).filter((name) => /^[A-Z]+$/.test(name)).sort();

describe('docs/openapi.json', () => {
	it('is what is there (make openapi)', () => {
		assert.ok(readFileSync(file, 'utf8') === text(), 'the document is not what make openapi writes');
	});

	it('has the paths and methods of the door, and no others', () => {
		assert.deepEqual(Object.fromEntries(Object.keys(operations).sort().map((path) => [path, methodsOf(path)])),
			Object.fromEntries(Object.entries(routes()).sort(([one], [other]) => (one < other ? -1 : 1)).map(([path, methods]) => [path, [...methods].sort()])));
	});

	it('has every parameter that the endpoints read', () => {
		const known = new Set(Object.values(operations).flatMap((operation) => Object.values(operation)).flatMap(({ query, body }) => [
			...Object.keys(query ?? {}), ...Object.values(body ?? {}).flatMap(({ properties }) => Object.keys(properties ?? {}))]));
		const read = execFileSync('grep', ['-rhoE', 'http_(param|seconds)\\(x, "[a-z_]+"', 'src'], { cwd: root, encoding: 'utf8' }).match(/"[a-z_]+"/g).map((name) => name.slice(1, -1));
		assert.ok(read.length > 20);
		assert.deepEqual([...new Set(read)].filter((name) => !known.has(name)), []);
	});

	it('names methods as the service allows them', { skip: !h.can('stand-in') && 'nginx answers itself' }, async () => {
		for (const [path, methods] of Object.entries(routes())) {
			const { status, headers } = await h.request('OPTIONS', path.replace('{api}', '').replace(/\{\w+\}/g, 'x'), { base: h.issuer });
			if (status === 404) continue; // what is not configured
			assert.equal(status, 204, path);
			assert.deepEqual((headers.get('allow') ?? '').split(', ').filter((method) => !['HEAD', 'OPTIONS'].includes(method)).sort(), [...methods].sort(), path);
		}
	});

	it('is not content with what it does not have', () => {
		const { judge } = contract();
		const request = { method: 'POST', target: '/tenant/oauth2/token', type: 'application/x-www-form-urlencoded; charset=utf-8', body: Buffer.from('grant_type=client_credentials') };
		const answer = (status, json, type = 'application/json') => ({ status, headers: ['Content-Type', type], body: JSON.stringify(json) });
		const good = { access_token: 'a.b.c', token_type: 'Bearer', expires_in: 300 };
		assert.deepEqual(judge(request, answer(200, good)), []);
		assert.deepEqual(judge(request, answer(400, { error: 'invalid_grant' })), []);
		for (const [what, asked, answered] of [
			['a member more', request, answer(200, { ...good, secret: 'x' })],
			['a member less', request, answer(200, { access_token: 'a.b.c' })],
			['a member of another type', request, answer(200, { ...good, expires_in: '300' })],
			['an error that nobody knows', request, answer(400, { error: 'oops' })],
			['a status that it has not', request, answer(418, {})],
			['another type', request, answer(200, good, 'text/html')],
			['a parameter', { ...request, body: Buffer.from('grant_type=client_credentials&colour=blue') }, answer(200, good)],
			['a parameter of the query', { method: 'GET', target: '/oauth2/sessions?colour=blue' }, answer(200, { sessions: [] })],
			['a body where there is none', { method: 'DELETE', target: '/oauth2/sessions/x' }, answer(204, {})],
		]) assert.equal(judge(asked, answered).length, 1, what);
	});
});
