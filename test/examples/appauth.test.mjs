// examples/appauth: AppAuth's calls with the files that a mobile application has.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';

import { Person } from './person.mjs';
import { env, familyOf, folder, generationOf, isRevoked, issuer, longTokens, revoke, shortTokens } from './service.mjs';

const { makeApp, settings } = await import(join(folder('appauth'), 'app.js'));
const person = new Person();
const opened = [];
const app = await makeApp(async (url) => {
	opened.push(new URL(url));
	return (await person.open(url)).url;
}, { issuer, api: `${env.API_URL}/api/notes` });

test('the files of Android and iOS name the scheme of the redirect URIs', () => {
	const scheme = settings.redirect_uri.split(':')[0];
	assert.equal(settings.end_session_redirect_uri.split(':')[0], scheme);
	assert.ok(readFileSync(join(folder('appauth'), 'android/build.gradle'), 'utf8').includes(`appAuthRedirectScheme: '${scheme}'`));
	assert.ok(readFileSync(join(folder('appauth'), 'ios/Info.plist'), 'utf8').includes(`<string>${scheme}</string>`));
	assert.equal(settings.client_id, env.MOBILE_CLIENT_ID);
});
let family;
test('signs in with PKCE, and comes back by its scheme', async () => {
	await app.signIn();
	const { searchParams: asked } = opened.at(-1);
	assert.deepEqual([asked.get('code_challenge_method'), asked.get('code_challenge').length, asked.get('redirect_uri')], ['S256', 43, settings.redirect_uri]);
	family = await familyOf('mobile-app');
	assert.deepEqual(await app.notes(), { status: 200, notes: ['the first note of user-1'] });
});
test('refreshes before the token ends', async () => {
	await shortTokens();
	await app.signIn();
	family = await familyOf('mobile-app');
	assert.equal((await app.notes()).status, 200);
	assert.ok(await generationOf(family) >= 1);
});
test('a session that was revoked elsewhere is over', async () => {
	await revoke(family);
	await assert.rejects(app.notes());
	await longTokens();
});
test('signs out, here and in the browser', async () => {
	await app.signIn();
	family = await familyOf('mobile-app');
	await app.signOut();
	assert.equal(opened.at(-1).searchParams.get('post_logout_redirect_uri'), settings.end_session_redirect_uri);
	assert.ok(person.page.url.startsWith(settings.end_session_redirect_uri));
	assert.ok(await isRevoked(family));
	const { text } = await person.go(`${env.LOGIN_URL}/`);
	assert.match(text, /name="password"/, 'who comes again is asked for his password');
});
