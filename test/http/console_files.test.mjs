// The console's pages as files: what make console has built, byte by byte, through each
// layer; what there is besides is nobody's to read.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { gunzipSync } from 'node:zlib';

import * as h from './harness.mjs';

const HOME = '/oauth2/console';
const get = (path, headers = []) => h.exchange('GET', path, { headers });
const GZIP = ['Accept-Encoding', 'br, gzip;q=0.8'];

describe('the files of the console', () => {
	it('are the build, whole, with gzip or plain, under a strict policy', async () => {
		const home = await get(HOME);
		assert.equal(home.status, 308);
		assert.deepEqual(home.all('location'), [`${h.issuer}${HOME}/`]);
		const index = await get(`${HOME}/?code=x&state=y`, ['Accept-Encoding', 'gzip;q=0']);
		assert.equal(index.status, 200, 'make console has built it, and make install shipped it');
		assert.match(index.all('content-type')[0], /^text\/html/);
		assert.match(index.all('cache-control').join(), /no-store/);
		const [, policy] = /^default-src 'none'; (.*)$/.exec(index.all('content-security-policy')[0]);
		for (const part of ['script-src \'self\'', 'frame-ancestors \'none\'', 'base-uri \'none\'', 'require-trusted-types-for \'script\'']) assert.ok(policy.includes(part), part);
		assert.doesNotMatch(policy, /unsafe|https:|\*/);
		assert.deepEqual([index.all('x-content-type-options'), index.all('referrer-policy'), index.all('cross-origin-opener-policy'), index.all('cross-origin-resource-policy')],
			[['nosniff'], ['no-referrer'], ['same-origin'], ['same-origin']]);
		const names = [...index.body.toString().matchAll(/(?:src|href)="\.\/([^"]+)"/g)].map(([, name]) => name);
		assert.ok(names.some((name) => name.endsWith('.js')) && names.some((name) => name.endsWith('.css')));
		for (const name of [...names, 'index.html']) {
			const plain = await get(`${HOME}/${name}`);
			const packed = await get(`${HOME}/${name}`, GZIP);
			assert.deepEqual([plain.status, packed.status, plain.all('content-encoding'), packed.all('content-encoding')], [200, 200, [], ['gzip']], name);
			assert.ok(packed.body.length < plain.body.length && gunzipSync(packed.body).equals(plain.body), `${name} comes as it is`);
			assert.ok(packed.all('vary').join().includes('Accept-Encoding'));
			assert.equal(/immutable/.test(plain.all('cache-control').join()), name !== 'index.html');
		}
		const head = await h.exchange('HEAD', `${HOME}/${names[0]}`);
		assert.deepEqual([head.status, head.body.length], [200, 0]);
	});

	it('say where the console finds itself', async () => {
		const { status, json } = await h.get(`${HOME}/configuration`);
		assert.equal(status, 200);
		assert.deepEqual(json, { issuer: h.issuer, client_id: 'pgtoken-console', resource: `${h.issuer}${HOME}/api`, scopes: ['pgtoken:auditor', 'pgtoken:issuer_admin', 'pgtoken:admin'],
			version: await h.value('SELECT extversion FROM pg_extension WHERE extname = \'pgtoken\'') });
	});

	it('attack shut out: a name that leads elsewhere, or to what is no page', async () => {
		for (const name of ['../../../../etc/passwd', '..%2f..%2fpgtoken.control', '%2e%2e/pgtoken.control', '..', '.', '.htaccess', 'index.html.gz', 'index.html%00.js', 'index.html/', './index.html', 'pgtoken.control',
			`${'x'.repeat(200)}.js`, 'index.html;.js', 'INDEX.HTML']) {
			const answer = await get(`${HOME}/${name}`);
			assert.ok([400, 404].includes(answer.status), `${name}: ${answer.status}`);
			assert.ok(!answer.body.includes('root:') && !answer.body.includes('default_version'));
		}
		const posted = await h.post(`${HOME}/`, {});
		assert.equal(posted.status, 405);
	});
});
