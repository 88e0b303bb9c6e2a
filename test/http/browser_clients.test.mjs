// Client libraries that run in browsers, in headless Chromium, on pages that are
// served here: oidc-client-ts and angular-auth-oidc-client.  Both compare the ID token
// of a refresh with the first one (OpenID Connect Core section 12.2), and one that they
// refuse costs the session: they keep the refresh token that is consumed.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { after, before, describe } from 'node:test';
import { fileURLToPath } from 'node:url';

import { build } from 'esbuild';

import { freshPages, it, skip } from './browser.mjs';
import * as h from './harness.mjs';

const path = (name) => fileURLToPath(new URL(name, import.meta.url));

/** a site with one page, which is its own callback: {origin, close} */
async function site(script) {
	const server = createServer((incoming, answer) => {
		const [type, body] = new URL(incoming.url, 'http://site').pathname === '/script.js'
			? ['text/javascript', script] : ['text/html', '<!doctype html><title>client</title><script src="/script.js"></script>'];
		answer.setHeader('content-type', `${type}; charset=utf-8`).end(body);
	});
	await new Promise((ready) => server.listen(0, '127.0.0.1', ready));
	return { origin: `http://127.0.0.1:${server.address().port}`,
		close: () => new Promise((closed) => { server.closeAllConnections(); server.close(closed); }) };
}

// What a library must do; each function runs in the page.  Tokens stay there, but for
// the first refresh token, of which a thief is made.
const libraries = {
	'oidc-client-ts': {
		script: async () => readFileSync(path('node_modules/oidc-client-ts/dist/browser/oidc-client-ts.min.js')),
		start: (settings) => {
			globalThis.manager = new oidc.UserManager({ ...settings, loadUserInfo: false, automaticSilentRenew: false,
				userStore: new oidc.WebStorageStateStore({ store: localStorage }), stateStore: new oidc.WebStorageStateStore({ store: localStorage }) });
			globalThis.part = (token) => JSON.parse(atob(token.split('.')[1].replaceAll('-', '+').replaceAll('_', '/')));
			globalThis.held = async () => {
				const user = await manager.getUser();
				return { id: part(user.id_token), access: part(user.access_token), refreshToken: user.refresh_token };
			};
		},
		logIn: () => { manager.signinRedirect(); },
		arrive: async () => { await manager.signinCallback(); return held(); },
		refresh: async (parameters) => {
			try {
				await manager.signinSilent({ extraTokenParams: parameters });
				return await held();
			} catch (error) {
				return { error: error.error ?? error.message };
			}
		},
	},
	'angular-auth-oidc-client': {
		script: async () => (await build({ entryPoints: [path('angular_app.mjs')], bundle: true, format: 'iife', write: false, logLevel: 'error' })).outputFiles[0].contents,
		start: async ({ authority, client_id: clientId, redirect_uri: redirectUrl, scope }) => {
			globalThis.service = await startAngular({ authority, clientId, redirectUrl, scope, responseType: 'code', useRefreshToken: true, silentRenew: true,
				autoUserInfo: false, startCheckSession: false, triggerRefreshWhenIdTokenExpired: false, renewTimeBeforeTokenExpiresInSeconds: 1 });
			globalThis.held = async () => ({ id: await service.idToken(), access: await service.accessToken(), refreshToken: await service.refreshToken() });
		},
		logIn: () => { service.authorize(); },
		arrive: async () => { const { isAuthenticated, errorMessage } = await service.checkAuth(); return isAuthenticated ? held() : { error: errorMessage }; },
		refresh: async (parameters) => {
			const before = await service.refreshToken();
			try {
				const { isAuthenticated, errorMessage } = await service.refresh(parameters);
				const now = isAuthenticated ? await held() : { error: errorMessage };
				return now.refreshToken === before ? { error: 'nothing has come of it' } : now;
			} catch (error) {
				return { error: error.message ?? String(error) };
			}
		},
	},
};

describe('in a browser', { skip }, () => {
	let page;

	freshPages((fresh) => { page = fresh; });

	for (const [name, library] of Object.entries(libraries)) {
		describe(name, () => {
			let served;
			before(async () => { served = await site(await library.script()); });
			after(() => served.close());

			/** logged in an hour ago, at a login page that nobody sees: {client, user, first} */
			const logIn = async () => {
				const redirectUri = `${served.origin}/cb`;
				const client = await h.publicClient({ redirectUris: [redirectUri] });
				const user = await h.newUser();
				const settings = { authority: h.issuer, client_id: client.id, redirect_uri: redirectUri, scope: 'openid offline_access notes:read' };
				await page.route(`${h.loginUrl}/**`, (route) => route.fulfill({ contentType: 'text/html', body: '<!doctype html><title>login</title>' }));
				await page.goto(`${served.origin}/`);
				await page.evaluate(library.start, settings);
				await Promise.all([page.waitForURL((url) => url.href.startsWith(h.loginUrl)), page.evaluate(library.logIn)]);
				const { redirect_uri: back } = await h.approve(new URL(page.url()).searchParams.get('transaction_id'),
					{ subject: user.subject, acr: 'pwd', amr: ['pwd'], authTime: new Date(Date.now() - 3600_000).toISOString() });
				await page.goto(back);
				await page.evaluate(library.start, settings);
				const first = await page.evaluate(library.arrive);
				assert.equal(first.error, undefined);
				assert.equal(first.id.sub, user.subject);
				return { client, user, first };
			};
			const refresh = (parameters = {}) => page.evaluate(library.refresh, parameters);
			const renew = async (parameters = {}) => {
				const answer = await refresh(parameters);
				assert.equal(answer.error, undefined, 'the library takes the answer');
				return answer;
			};
			/** what the page's own request is answered with, as its API has told it to ask */
			const requireMfa = async (client, { refreshToken }) => (await page.evaluate(async ([url, form]) =>
				(await fetch(url, { method: 'POST', body: new URLSearchParams(form) })).json(),
			[`${h.issuer}/oauth2/token`, { grant_type: 'refresh_token', refresh_token: refreshToken, client_id: client.id, acr_values: 'mfa' }])).transaction_id;

			// the fault: the ID token had the auth_time of the proof
			it('login, step-up, renewal: what is fixed is the same in each ID token', async () => {
				const { client, user, first } = await logIn();
				const second = await renew();
				const transactionId = await requireMfa(client, second);
				assert.match(transactionId, /^pgtch_/);
				await h.prove(client, transactionId, user);
				const proved = await renew({ transaction_id: transactionId, acr_values: 'mfa' });
				assert.equal(proved.access.acr, 'mfa');
				assert.ok(proved.access.auth_time > first.access.auth_time, 'the access token has the time of the proof');
				const fourth = await renew();
				for (const { id } of [second, proved, fourth]) {
					for (const claim of ['iss', 'sub', 'aud', 'azp', 'auth_time', 'sid']) assert.deepEqual(id[claim], first.id[claim], claim);
					assert.equal(id.nonce, undefined);
					assert.ok(id.iat >= first.id.iat);
				}
				assert.equal(fourth.access.acr, 'mfa', 'the family keeps it');
				const [family] = await h.rows('SELECT generation, revoked_at, retry_count FROM pgtoken.grants WHERE grant_id = $1', first.access.grant_id);
				assert.deepEqual(family, { generation: 3, revoked_at: null, retry_count: 0 });
			});

			it('a stolen token that is used late ends the session, and the library hears of it', async () => {
				const { client, first } = await logIn();
				await renew();
				await renew();
				h.assertError(await h.refresh(client, first.refreshToken), 'invalid_grant');
				assert.ok((await refresh()).error, 'nothing is to be had any more');
				assert.equal(await h.value('SELECT revoke_reason FROM pgtoken.grants WHERE grant_id = $1', first.access.grant_id), 'refresh_token_reuse');
			});
		});
	}
});
