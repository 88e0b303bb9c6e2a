// "Keep me signed in": how long a login lasts, for the browser and for what it gave to
// clients; and refresh tokens that end with it.
import assert from 'node:assert/strict';
import { after, before, describe } from 'node:test';

import * as openid from 'openid-client';

import { it, samePage, skip } from './browser.mjs';
import * as h from './harness.mjs';

const HOUR = 3600;

describe('keep me signed in', { skip }, () => {
	let page;
	let callback;
	samePage((fresh) => { page = fresh; });
	before(async () => { callback = await h.callbackPage(); });
	after(() => callback.close());

	/** @returns {config, tokens, family, cookie}: the seconds that the family may last, and when the cookie ends (-1: with the browser) */
	async function logIn(client, keep, scope) {
		const config = await h.configuration(client);
		const verifier = openid.randomPKCECodeVerifier();
		const url = openid.buildAuthorizationUrl(config, { redirect_uri: callback.url, scope,
			code_challenge: await openid.calculatePKCECodeChallenge(verifier), code_challenge_method: 'S256' });
		const arrived = callback.next();
		await page.goto(url.href);
		await page.getByLabel('Name').fill('demo');
		await page.getByLabel('Password').fill('demo-password');
		if (keep) await page.getByLabel('Keep me signed in').check();
		await page.getByRole('button', { name: 'Log in' }).click();
		const tokens = await openid.authorizationCodeGrant(config, await arrived, { pkceCodeVerifier: verifier });
		const [family] = await h.rows(`SELECT extract(epoch FROM expires_at - created_at)::float8 AS seconds, scope FROM pgtoken.grants
			WHERE grant_id = pgtoken.grant_of($1)`, tokens.refresh_token);
		const [cookie] = (await page.context().cookies(h.loginUrl)).filter(({ name }) => name.endsWith('login'));
		return { config, tokens, family, cookie: cookie.expires };
	}
	const make = (options) => h.newClient({ redirectUris: ['http://127.0.0.1/cb'], ...options });

	it('unchecked: a day\'s work, and the browser forgets', async () => {
		const { family, cookie } = await logIn(await make({ metadata: { consent_required: false } }), false, 'openid offline_access');
		assert.ok(family.seconds > 7 * HOUR && family.seconds <= 8 * HOUR);
		assert.equal(cookie, -1);
	});

	it('checked: as long as the client may have it, over the end of the browser', async () => {
		const { family, cookie } = await logIn(await make({ metadata: { consent_required: false } }), true, 'openid offline_access');
		assert.ok(family.seconds > 29 * 24 * HOUR && family.seconds <= 30 * 24 * HOUR);
		assert.ok(cookie > Date.now() / 1000 + 29 * 24 * HOUR);
	});

	it('a refresh token without offline_access works, and is gone after the logout (Core section 11) (C155)', async () => {
		const client = await make({ offline: false, metadata: { consent_required: false, session_refresh: true } });
		const { config, tokens, family } = await logIn(client, true, 'openid');
		assert.equal(family.scope, 'openid');
		const { refresh_token: next } = await openid.refreshTokenGrant(config, tokens.refresh_token);
		await page.goto(`${h.loginUrl}/logout`);
		await page.getByRole('button', { name: 'Log out' }).click();
		await page.getByText('You are logged out.').waitFor();
		assert.equal(await h.refusal(openid.refreshTokenGrant(config, next)), 'invalid_grant');
	});
});
