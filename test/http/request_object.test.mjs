// What a client asks for, beyond plain parameters: request objects, single claims, and
// what reaches the page.  By jose, openid-client and a browser.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';

import { SignJWT } from 'jose';
import * as openid from 'openid-client';

import { it as click, samePage, skip } from './browser.mjs';
import * as h from './harness.mjs';

/** a confidential client with a key to sign by */
async function signer({ alg = 'ES256', metadata = {}, ...options } = {}) {
	const key = await h.generateKey(alg);
	return { ...await h.newClient({ scopes: ['openid', 'profile', 'email', 'notes:read'], metadata: { jwks: { keys: [key.publicJwk] }, ...metadata }, ...options }), key };
}

/** what it asks for, signed; undefined takes a member away */
function sign(client, changes = {}, { key = client.key, header = {} } = {}) {
	const claims = { iss: client.id, aud: h.issuer, nbf: h.now(), exp: h.now() + 300, ...h.authorizationParameters(client, h.newVerifier()), ...changes };
	return new SignJWT(JSON.parse(JSON.stringify(claims))).setProtectedHeader({ alg: key.alg, kid: key.thumbprint, typ: 'oauth-authz-req+jwt', ...header }).sign(key.privateKey);
}

const ask = (client, request, beside = {}) => h.authorize({ client_id: client.id, request, ...beside });
const described = ({ location }) => h.value('SELECT pgtoken.authorization_request($1)', location.searchParams.get('transaction_id'));

describe('request objects (RFC 9101, OpenID Connect Core section 6)', () => {
	for (const alg of ['ES256', 'ES384', 'ES512', 'RS256', 'PS256', 'EdDSA']) {
		it(`signed by ${alg}`, async () => {
			const client = await signer({ alg, metadata: { request_object_signing_alg: alg, require_signed_request_object: true } });
			const asked = await described(await ask(client, await sign(client, { state: 'within', max_age: 60, resource: [h.resource] }), { state: 'beside' }));
			assert.equal(asked.state, 'within');
			assert.equal(asked.max_age, 60);
			assert.deepEqual(asked.resource, [h.resource]);
		});
	}

	it('by openid-client: signed, pushed, and a code (C141)', async () => {
		const client = await signer({ metadata: { require_signed_request_object: true, consent_required: false } });
		const config = await h.configuration(client);
		const verifier = openid.randomPKCECodeVerifier();
		const state = openid.randomState();
		const parameters = { redirect_uri: client.redirectUri, scope: 'openid', state, code_challenge: await openid.calculatePKCECodeChallenge(verifier), code_challenge_method: 'S256' };
		const byValue = await openid.buildAuthorizationUrlWithJAR(config, parameters, { key: client.key.privateKey, kid: client.key.thumbprint });
		const pushed = await openid.buildAuthorizationUrlWithPAR(config, byValue.searchParams);
		for (const url of [byValue, pushed]) {
			const { location } = await h.authorize(Object.fromEntries(url.searchParams));
			assert.ok(h.toLogin(location));
			const { redirect_uri: uri } = await h.approve(location.searchParams.get('transaction_id'));
			const tokens = await openid.authorizationCodeGrant(config, new URL(uri), { pkceCodeVerifier: verifier, expectedState: state });
			assert.equal(tokens.claims().sub, h.SUBJECT);
		}
	});

	it('what is advertised is there, and nothing unsigned', async () => {
		const { json: metadata } = await h.get('/.well-known/openid-configuration');
		assert.equal(metadata.request_parameter_supported, true);
		assert.ok(metadata.request_object_signing_alg_values_supported.includes('RS256'));
		assert.ok(!metadata.request_object_signing_alg_values_supported.includes('none'));
		const client = await signer();
		const unsigned = [{ alg: 'none' }, h.authorizationParameters(client, h.newVerifier())].map((part) => Buffer.from(JSON.stringify(part)).toString('base64url')).join('.');
		for (const object of [`${unsigned}.`, `${unsigned}.AAAA`]) {
			const { location, json } = await ask(client, object, h.authorizationParameters(client, h.newVerifier()));
			assert.equal(location?.searchParams.get('error') ?? json.error, 'invalid_request_object');
		}
	});

	// Attack shut out: mix-up. What one client has signed, or for another server, is asked of this one in another's name
	it('of another client, or for another server, is none (C141)', async () => {
		const [client, other] = [await signer(), await signer()];
		const error = async (...asked) => (await ask(...asked)).location.searchParams.get('error');
		assert.equal(await error(client, await sign(other, { redirect_uri: client.redirectUri })), 'invalid_request_object', 'the other\'s whole object');
		assert.equal(await error(client, await sign(client, {}, { key: other.key })), 'invalid_request_object', 'its key');
		assert.equal(await error(client, await sign(client, {}, { key: other.key, header: { kid: client.key.thumbprint, jwk: other.key.publicJwk } })), 'invalid_request_object', 'its key, in the header');
		assert.equal(await error(client, await sign(client, { aud: 'https://other.example' })), 'invalid_request_object');
		// the assertion that it authenticates by
		const assertion = await h.assertion({ ...client, method: 'private_key_jwt' });
		assert.equal((await ask(client, assertion, h.authorizationParameters(client, h.newVerifier()))).location.searchParams.get('error'), 'invalid_request_object');
	});

	// and the other way round
	it('is no assertion that a client authenticates by', async () => {
		const client = await signer({ metadata: { token_endpoint_auth_method: 'private_key_jwt' } });
		for (const changes of [{}, { sub: client.id, jti: 'x' }]) {
			const object = await sign(client, changes);
			const answer = await h.post('/oauth2/token', { grant_type: 'authorization_code', code: 'x', client_assertion: object,
				client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer' });
			assert.equal(answer.json.error, 'invalid_client');
		}
	});
});

describe('the claims parameter (OpenID Connect Core section 5.5)', () => {
	it('what it asks for is delivered where it asks for it, and asked of the user first (C143)', async () => {
		const client = await h.newClient({ scopes: ['openid', 'profile', 'email'] });
		const { code, verifier, redirectUri } = await h.newCode(client, { scope: 'openid', claims: JSON.stringify({ userinfo: { name: { essential: true } }, id_token: { email: null } }) });
		const tokens = h.assertTokens(await h.redeem(client, { code, verifier, redirectUri }));
		assert.equal(tokens.scope, 'openid');
		assert.equal(h.claimsOf(tokens.id_token).email, 'demo@example.com');
		assert.ok(!('name' in h.claimsOf(tokens.id_token)) && !('email' in h.claimsOf(tokens.access_token)));
		const { json: userinfo } = await h.get('/oauth2/userinfo', { headers: { authorization: `Bearer ${tokens.access_token}` } });
		assert.deepEqual(userinfo, { sub: h.SUBJECT, name: 'Demo User' });
		assert.deepEqual(await h.rows('SELECT scopes FROM pgtoken.consents WHERE client_id = $1', client.id), [{ scopes: ['openid', 'email', 'profile'] }]);
	});
});

describe('in a browser', { skip }, () => {
	let page;
	let context;
	let callback;
	samePage((fresh, its) => { page = fresh; context = its; });
	before(async () => { callback = await h.callbackPage(); });
	after(() => callback.close());

	const open = async (client, parameters = {}) => {
		const config = await h.configuration(client);
		const verifier = openid.randomPKCECodeVerifier();
		const state = openid.randomState();
		const arrived = callback.next();
		await page.goto(openid.buildAuthorizationUrl(config, { redirect_uri: callback.url, scope: 'openid', state, code_challenge: await openid.calculatePKCECodeChallenge(verifier),
			code_challenge_method: 'S256', ...parameters }).href);
		return { arrived, finish: async () => openid.authorizationCodeGrant(config, await arrived, { pkceCodeVerifier: verifier, expectedState: state }) };
	};
	const make = (options = {}) => h.newClient({ redirectUris: ['http://127.0.0.1/cb'], metadata: { consent_required: false }, ...options });
	const logIn = async (button = 'Log in', password = 'Password') => {
		await page.getByLabel('Name').fill('demo');
		await page.getByLabel(password).fill('demo-password');
		await page.getByRole('button', { name: button }).click();
	};
	const mailedCode = async () => {
		const mailbox = await context.newPage();
		await mailbox.goto(`${h.loginUrl}/mailbox`);
		const code = await mailbox.locator('code').first().textContent();
		await mailbox.close();
		return code;
	};

	click('prompt=create: a new account, for who has one the login (C144)', async () => {
		const client = await make();
		const name = h.unique('newcomer');
		const { finish } = await open(client, { prompt: 'create', login_hint: 'demo' });
		await page.getByLabel('Password').fill('a-password');
		await page.getByLabel('Your name').fill('New Comer');
		await page.getByLabel('Email address').fill('new@example.com');
		await page.getByRole('button', { name: 'Create an account' }).click();
		await page.getByText('This name is taken.').waitFor();
		await page.getByLabel('Name', { exact: true }).fill(name);
		await page.getByLabel('Password').fill('a-password');
		await page.getByRole('button', { name: 'Create an account' }).click();
		const { sub } = (await finish()).claims();
		assert.deepEqual(await h.rows('SELECT login, name FROM app.users WHERE subject = $1', sub), [{ login: name, name: 'New Comer' }]);
		// a session does not make an account
		const again = await open(client, { prompt: 'create' });
		await page.getByRole('link', { name: 'I have an account' }).click();
		await logIn();
		assert.equal((await again.finish()).claims().sub, h.SUBJECT);
	});

	click('acr_values: the second factor that they ask for first; who would rather not goes on without (C144)', async () => {
		const client = await make();
		const without = await open(client, { acr_values: 'mfa pwd' });
		await logIn();
		await page.getByRole('button', { name: 'Go on without it' }).click();
		assert.equal((await without.finish()).claims().acr, 'pwd');
		const enough = await open(client, { acr_values: 'pwd mfa phr' });
		assert.equal((await enough.finish()).claims().acr, 'pwd');
		const better = await open(client, { acr_values: 'phr mfa' });
		await page.getByLabel('Code').fill('wrong');
		await page.getByRole('button', { name: 'Continue' }).click();
		await page.getByRole('alert').waitFor();
		await page.getByLabel('Code').fill(await mailedCode());
		await page.getByRole('button', { name: 'Continue' }).click();
		const claims = (await better.finish()).claims();
		assert.deepEqual([claims.acr, claims.amr], ['mfa', ['pwd', 'otp', 'mfa']]);
	});

	click('an acr that is essential: had, or unmet_authentication_requirements', async () => {
		const client = await make();
		const essential = (...values) => ({ claims: JSON.stringify({ id_token: { acr: { essential: true, values } } }) });
		const impossible = await open(client, essential('phr'));
		await logIn();
		assert.equal((await impossible.arrived).searchParams.get('error'), 'unmet_authentication_requirements');
		const silent = await open(client, { ...essential('mfa'), prompt: 'none' });
		assert.equal((await silent.arrived).searchParams.get('error'), 'unmet_authentication_requirements');
		const possible = await open(client, essential('phr', 'mfa'));
		assert.equal(await page.getByRole('button', { name: 'Go on without it' }).count(), 0);
		await page.getByLabel('Code').fill(await mailedCode());
		await page.getByRole('button', { name: 'Continue' }).click();
		assert.equal((await possible.finish()).claims().acr, 'mfa');
	});

	click('ui_locales, display, login_hint, and the claims at the consent (C144)', async () => {
		const client = await h.newClient({ redirectUris: ['http://127.0.0.1/cb'], scopes: ['openid', 'profile', 'email'] });
		const { finish } = await open(client, { ui_locales: 'fr-CA de-AT en', display: 'popup', login_hint: 'demo', claims: JSON.stringify({ userinfo: { name: null } }) });
		assert.equal(await page.locator('html').getAttribute('lang'), 'de');
		assert.equal(await page.locator('body').getAttribute('class'), 'popup');
		assert.equal(await page.getByLabel('Name').inputValue(), 'demo');
		await logIn('Anmelden', 'Passwort');
		await page.getByText('und erfahren: name').waitFor();
		assert.deepEqual(await page.locator('li code').allTextContents(), ['openid', 'profile']);
		await page.getByRole('button', { name: 'Erlauben' }).click();
		await finish();
	});
});
