// packaging: the files of settings and the manual pages name every setting of gateway and
// courier and no other, and what the files say is the default is it.
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { parseEnv } from 'node:util';

import { readConfig as readCourier } from '../../http/courier/config.js';
import { readConfig as readGateway } from '../../http/gateway/config.js';

const read = (path) => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8');

/** the names of settings that the program's own files have in them */
function namesIn(folder, prefix) {
	const sources = readdirSync(new URL(`../../${folder}`, import.meta.url)).map((name) => read(`${folder}/${name}`)).join('\n');
	return [...new Set(sources.match(new RegExp(`\\b${prefix}_[A-Z_]+`, 'g')))].sort();
}

/** [NAME, value] of each setting of a file, commented out or not */
const settingsOf = (file) => [...read(file).matchAll(/^(#?)([A-Z][A-Z_]*)=(.*)$/gm)].map(([, sign, name, value]) => ({ sign, name, value }));

for (const { program, folder, prefix, readConfig, user } of [
	{ program: 'gateway', folder: 'http/gateway', prefix: 'GATEWAY', readConfig: readGateway, user: 'authenticator' },
	{ program: 'courier', folder: 'http/courier', prefix: 'COURIER', readConfig: readCourier, user: 'courier' },
]) {
	const file = `packaging/${program}.conf`;
	const settings = settingsOf(file);
	const own = settings.filter(({ name }) => name.startsWith(`${prefix}_`));

	describe(file, () => {
		it('has every setting once, and no other', () => {
			assert.deepEqual(own.map(({ name }) => name).sort(), namesIn(folder, prefix));
			assert.equal(new Set(settings.map(({ name }) => name)).size, settings.length);
			assert.deepEqual(settings.filter(({ name }) => !/^(PG|GATEWAY_|COURIER_)/.test(name)), []);
		});

		it('is a file of comments', () => {
			assert.deepEqual(read(file).split('\n').filter((line) => line !== '' && !line.startsWith('#')), []);
			// each has something said of it, right above
			assert.doesNotMatch(read(file), /(^|\n\n)#[A-Z][A-Z_]*=/);
		});

		it('says the defaults', () => {
			const env = Object.fromEntries(own.map(({ name, value }) => [name, value]));
			assert.deepEqual(readConfig(env), readConfig({}));
			assert.equal(settings.find(({ name }) => name === 'PGUSER').value, user);
			assert.equal(readConfig({}).database.user, user);
		});

		it('says them as a reader of such files takes them', () => {
			const taken = parseEnv(read(file).replace(/^#(?=[A-Z][A-Z_]*=)/gm, ''));
			for (const { name, value } of settings) assert.equal(taken[name], value, name);
		});
	});

	it(`pgtoken-${program}(8) has them all`, () => {
		const page = read(`packaging/pgtoken-${program}.8`);
		for (const { name } of settings) assert.match(page, new RegExp(`\\b${name}\\b`), name);
	});
}
