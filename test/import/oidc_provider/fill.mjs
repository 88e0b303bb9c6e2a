// Runs node-oidc-provider with the Knex adapter on a PostgreSQL, makes clients, sessions, grants and refresh tokens by its
// own endpoints, and prints what it handed out as JSON. See README.md
import { createHash, generateKeyPairSync, randomBytes, randomUUID, sign, X509Certificate } from 'node:crypto';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

console.info = console.error; // its notices
const require = createRequire(join(process.cwd(), 'package.json'));
const load = (name) => import(pathToFileURL(require.resolve(name)).href);
const { Provider } = await load('oidc-provider');
const { knexAdapter } = require('oidc-provider-knex-adapter');
const client = require('knex')({ client: 'pg', connection: process.env.DATABASE_URL });

const port = 9998, issuer = `http://127.0.0.1:${port}`, callback = 'https://app.example.org/callback', api = 'https://api.example.org/';
const certificate = process.env.CERTIFICATE; // PEM of a client
const out = {};
const jwk = (key) => ({ ...key.export({ format: 'jwk' }), alg: 'ES256', use: 'sig' });
const signing = jwk(generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey);
signing.kid = randomUUID();
out.certificate = certificate;
out.signing_key = JSON.stringify(signing);

await client.schema.dropTableIfExists('oidc_payloads');
const migration = require('oidc-provider-knex-adapter/db/migrations/20210201121124_create_oidc_payloads_table.js');
await migration.up(client);

const provider = new Provider(issuer, {
	adapter: knexAdapter(client, { cleanup: 0 }),
	jwks: { keys: [signing] },
	cookies: { keys: ['fixture'] },
	scopes: ['openid', 'offline_access', 'email', 'profile'],
	claims: { openid: ['sub'], email: ['email'], profile: ['name'] },
	findAccount: (_ctx, id) => ({ accountId: id, claims: () => ({ sub: id }) }),
	clientDefaults: { id_token_signed_response_alg: 'ES256' },
	clientAuthMethods: ['client_secret_basic', 'client_secret_post', 'client_secret_jwt', 'private_key_jwt', 'none'],
	features: {
		devInteractions: { enabled: false },
		registration: { enabled: true },
		revocation: { enabled: true },
		clientCredentials: { enabled: true },
		dPoP: { enabled: true },
		mTLS: {
			enabled: true, certificateBoundAccessTokens: true,
			getCertificate: (ctx) => ctx.get('x-certificate') && new X509Certificate(Buffer.from(ctx.get('x-certificate'), 'base64url')),
		},
		resourceIndicators: {
			enabled: true, useGrantedResource: () => true,
			getResourceServerInfo: () => ({ scope: 'read write', audience: api, accessTokenTTL: 3600, accessTokenFormat: 'jwt', jwt: { sign: { alg: 'ES256' } } }),
		},
	},
	interactions: { url: (_ctx, interaction) => `/interaction/${interaction.uid}` },
	issueRefreshToken: (_ctx, _client, code) => code.scopes.has('offline_access'),
	// always, so that there are used ones
	rotateRefreshToken: true,
	expiresWithSession: (_ctx, code) => !code.scopes.has('profile'),
	ttl: { RefreshToken: 30 * 86400, Session: 14 * 86400, Grant: 365 * 86400, AccessToken: 3600 },
});

// who signs in is said by the header, and he agrees to all that is asked
provider.use(async (ctx, next) => {
	if (!ctx.path.startsWith('/interaction/'))
		return next();
	const interaction = await provider.interactionDetails(ctx.req, ctx.res);
	const { prompt, params } = interaction;
	const result = {};
	if (prompt.name === 'login') {
		result.login = { accountId: ctx.get('x-account'), acr: 'urn:example:two', amr: ['pwd', 'otp'] };
	} else {
		const grant = new provider.Grant({ accountId: interaction.session.accountId, clientId: params.client_id });
		grant.addOIDCScope(params.scope);
		if (params.resource)
			grant.addResourceScope(params.resource, 'read write');
		result.consent = { grantId: await grant.save() };
	}
	ctx.redirect(await provider.interactionResult(ctx.req, ctx.res, result, { mergeWithLastSubmission: true }));
});
const server = provider.listen(port, '127.0.0.1');

const post = async (path, body, { basic, headers, json } = {}) => {
	const response = await fetch(issuer + path, {
		method: 'POST',
		headers: {
			...headers, ...(basic && { Authorization: `Basic ${Buffer.from(basic).toString('base64')}` }),
			'Content-Type': json ? 'application/json' : 'application/x-www-form-urlencoded',
		},
		body: json ? JSON.stringify(body) : new URLSearchParams(body).toString(),
	});
	const text = await response.text();
	if (!response.ok)
		throw new Error(`${path}: ${response.status} ${text}`);
	return text && JSON.parse(text);
};
const register = (name, metadata) => post('/reg', {
	client_name: name, redirect_uris: [callback], grant_types: ['authorization_code', 'refresh_token'], response_types: ['code'],
	application_type: 'web', ...metadata,
}, { json: true });

class Browser {
	cookies = new Map();
	constructor(account) { this.account = account; }
	async get(url) {
		const response = await fetch(url, {
			redirect: 'manual', headers: { 'x-account': this.account, Cookie: [...this.cookies].map(([k, v]) => `${k}=${v}`).join('; ') },
		});
		for (const cookie of response.headers.getSetCookie()) {
			const [, name, value] = /^([^=]+)=([^;]*)/.exec(cookie);
			this.cookies.set(name, value);
		}
		return new URL(response.headers.get('location') ?? `data:,${encodeURIComponent(await response.text())}`, url);
	}
}
const dpop_key = generateKeyPairSync('ec', { namedCurve: 'P-256' });
out.dpop_key = JSON.stringify(dpop_key.privateKey.export({ format: 'jwk' }));
const proof = () => {
	const { kty, crv, x, y } = dpop_key.publicKey.export({ format: 'jwk' });
	const body = [{ typ: 'dpop+jwt', alg: 'ES256', jwk: { kty, crv, x, y } }, { jti: randomUUID(), htm: 'POST', htu: `${issuer}/token`, iat: Math.floor(Date.now() / 1000) }]
		.map((part) => Buffer.from(JSON.stringify(part)).toString('base64url')).join('.');
	return `${body}.${sign('sha256', Buffer.from(body), { key: dpop_key.privateKey, dsaEncoding: 'ieee-p1363' }).toString('base64url')}`;
};
const token = (who, body, { dpop, mtls } = {}) => post('/token', { ...body, ...(!who.client_secret && { client_id: who.client_id }) }, {
	basic: who.client_secret && `${who.client_id}:${who.client_secret}`,
	headers: { ...(dpop && { DPoP: proof() }), ...(mtls && { 'x-certificate': Buffer.from(certificate).toString('base64url') }) },
});
const authorize = async (who, browser, scope, { resource, ...with_binding } = {}) => {
	const verifier = randomBytes(32).toString('base64url');
	let at = new URL(`/auth?${new URLSearchParams({
		client_id: who.client_id, redirect_uri: callback, response_type: 'code', scope, state: 's', prompt: 'consent', nonce: 'n', ...(resource && { resource }),
		code_challenge: createHash('sha256').update(verifier).digest('base64url'), code_challenge_method: 'S256',
	})}`, issuer);
	while (at.origin === issuer)
		at = await browser.get(at.href);
	const code = at.searchParams?.get('code');
	if (!code)
		throw new Error(`no code: ${at.href}`);
	return token(who, { grant_type: 'authorization_code', code, code_verifier: verifier, redirect_uri: callback }, with_binding);
};
const refresh = (who, tokens, binding) => token(who, { grant_type: 'refresh_token', refresh_token: tokens.refresh_token }, binding);

const keys = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const { d: _d, ...public_key } = jwk(keys.privateKey);
const web = await register('Web', { token_endpoint_auth_method: 'client_secret_basic' });
const native = await register('Native', { token_endpoint_auth_method: 'none', application_type: 'native', redirect_uris: [callback, 'com.example.app:/callback'] });
const keyed = await register('Keyed', { token_endpoint_auth_method: 'private_key_jwt', jwks: { keys: [{ ...public_key, kid: 'one' }] } });
const signer = await register('Signer', { token_endpoint_auth_method: 'client_secret_jwt' });
const bound = await register('Bound', { token_endpoint_auth_method: 'none', dpop_bound_access_tokens: true });
const certified = await register('Certified', { token_endpoint_auth_method: 'none', tls_client_certificate_bound_access_tokens: true });
const machine = await register('Machine', { grant_types: ['client_credentials'], response_types: [], redirect_uris: [] });
const implicit = await register('Implicit', { grant_types: ['implicit'], response_types: ['id_token'], token_endpoint_auth_method: 'none' });
Object.entries({ web, native, keyed, signer, bound, certified, machine, implicit }).forEach(([name, c]) => {
	out[`${name}_id`] = c.client_id;
	if (c.client_secret)
		out[`${name}_secret`] = c.client_secret;
});

const keep = (name, tokens) => {
	out[name] = tokens.refresh_token;
	return tokens;
};
const ada = new Browser('ada'), ben = new Browser('ben'), cyd = new Browser('cyd'), dan = new Browser('dan');
let tokens = await authorize(web, ada, 'openid email offline_access');
out.ada_first = tokens.refresh_token;
tokens = await refresh(web, tokens);
out.ada_parent = tokens.refresh_token;
out.ada_access = tokens.access_token;
keep('ada', await refresh(web, tokens));
// two clients of one session, and another session of the same person
keep('ada_native', await authorize(native, ada, 'openid offline_access'));
keep('ada_elsewhere', await authorize(native, new Browser('ada'), 'openid profile offline_access'));
keep('ben', await authorize(web, ben, 'openid profile offline_access read', { resource: api }));
out.ben_access = (await refresh(web, { refresh_token: out.ben })).access_token;
out.ben_used = out.ben;
keep('ben', await authorize(web, ben, 'openid profile offline_access read', { resource: api }));
keep('cyd_bound', await authorize(bound, cyd, 'openid profile offline_access', { dpop: true }));
keep('cyd_certified', await authorize(certified, cyd, 'openid profile offline_access', { mtls: true }));
// a used token came again, by which all of its grant ended
tokens = await authorize(web, dan, 'openid profile offline_access');
out.dan_reused = (await refresh(web, tokens)).refresh_token;
await refresh(web, tokens).catch(() => undefined);
// revoked by the client
tokens = keep('dan_revoked', await authorize(web, dan, 'openid profile offline_access'));
await post('/token/revocation', { token: tokens.refresh_token }, { basic: `${web.client_id}:${web.client_secret}` });
// his session has ended, and his token with it
tokens = keep('eve_session', await authorize(web, new Browser('eve'), 'openid email offline_access'));
await client('oidc_payloads').where({ type: 1 }).whereRaw("payload::jsonb->>'accountId' = 'eve'").delete();

console.log(JSON.stringify(out));
server.close();
await client.destroy();
process.exit(0);
