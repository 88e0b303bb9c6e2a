// Runs plans of the OpenID Foundation's suite, which has to be up already, against a
// service that is: see README.md.  Makes the clients itself, in the database.
//
//   SUITE_URL=https://localhost.emobix.co.uk:8443 BASE_URL=https://login.test LOGIN_URL=https://… \
//       PGHOST=… PGDATABASE=… PGUSER=… node test/oidf/run.mjs [PLAN…]
//
// PLAN is a key of plans below: all of them, one after the other, where none is named.
// CERTIFICATES=DIR has 1.crt, 1.key, 2.crt and 2.key, which the proxy before the service takes
// for verified; without it what needs them is left out.  A module that has failed, or warns,
// ends with its conditions on the screen and the program with 1.  Certificates of the suite and of the
// service are checked: NODE_EXTRA_CA_CERTS.
import { execFileSync } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { setTimeout as sleep } from 'node:timers/promises';

const pg = createRequire(new URL('../http/package.json', import.meta.url))('pg');

const { SUITE_URL: suite = 'https://localhost.emobix.co.uk:8443', BASE_URL: issuer, LOGIN_URL: loginUrl, CERTIFICATES: certificates, LOGIN_NAME: user = 'demo',
	LOGIN_PASSWORD: password = 'demo-password' } = process.env;
const ALIAS = process.env.ALIAS || 'pgtoken'; // two runs at once need two
const PATIENCE = 240_000; // a module that waits for longer waits for a person
const here = `${suite}/test/a/${ALIAS}`;

const database = new pg.Pool({ max: 1, allowExitOnIdle: true });
const value = async (text, ...values) => Object.values((await database.query(text, values)).rows[0] ?? {})[0];

async function call(method, path, body) {
	const response = await fetch(`${suite}/api/${path}`, { method, headers: { 'content-type': 'application/json' }, body: body && JSON.stringify(body) });
	if (!response.ok) throw new Error(`${method} ${path.split('?')[0]}: ${response.status} ${await response.text()}`);
	return response.status === 204 ? null : response.json();
}
const query = (parameters) => new URLSearchParams(parameters).toString();

// --- the browser of the suite, at the pages of examples/login -------------------------------

const pages = `${loginUrl}/*`;
const authorize = `${issuer}/oauth2/authorize*`;
const shot = (text, optional = '-optional') => ['wait', 'xpath', '//*', 10, text, `update-image-placeholder${optional}`];
const task = (match, ...commands) => ({ task: commands[0]?.[0] ?? 'arrived', match, optional: true, commands });
const logIn = task(pages, ['text', 'name', 'name', user, 'optional'], ['text', 'name', 'password', password, 'optional'], ['click', 'xpath', "//button[text()='Log in']", 'optional']);
const agree = task(pages, ['click', 'xpath', "//button[@value='allow']", 'optional']);
const arrived = task(`${suite}/test/*`, ['wait', 'id', 'submission_complete', 10]);
const ERROR = '(?i)(error|invalid|did not work)';
const asked = (...tasks) => [{ match: authorize, tasks }];
const leaving = (...tasks) => ({ match: `${issuer}/oauth2/logout*`, tasks });
const browser = [...asked(logIn, agree, arrived), leaving(agree, task(`${suite}/test/*`))];
const errorPage = { browser: asked(task(`${issuer}/*`, shot(ERROR)), logIn, agree, arrived) };
const secondLogin = { browser: asked({ ...logIn, commands: [shot('Log in'), ...logIn.commands] }, agree, arrived) };
const loginPage = { browser: asked(task(pages, shot('Log in', ''))) };
const loggedOut = { browser: [browser[0], leaving({ ...agree, match: '*', commands: [...agree.commands, shot(`(?i)(logged out|${ERROR})`)] })] };
const FAPI = 'fapi2-security-profile-final-';
const override = Object.fromEntries([
	...['oidcc-prompt-login', 'oidcc-max-age-1'].map((name) => [name, secondLogin]),
	...['ensure-registered-redirect-uri', 'ensure-redirect-uri-in-authorization-request', 'redirect-uri-query-added', 'redirect-uri-query-mismatch', 'response-type-missing',
		'ensure-request-object-with-redirect-uri'].map((name) => [`oidcc-${name}`, errorPage]),
	...['logo', 'policy', 'tos'].map((name) => [`oidcc-registration-${name}-uri`, loginPage]),
	...['bad-post-logout-redirect-uri', 'query-added-to-post-logout-redirect-uri', 'modified-id-token-hint', 'bad-id-token-hint', 'no-id-token-hint', 'no-params',
		'no-post-logout-redirect-uri', 'only-state'].map((name) => [`oidcc-rp-initiated-logout-${name}`, loggedOut]),
	...['ensure-unsigned-authorization-request-without-using-par-fails', 'par-attempt-reuse-request_uri', 'par-attempt-to-use-expired-request_uri',
		'par-attempt-to-use-request_uri-for-different-client'].map((name) => [FAPI + name, errorPage]),
	[`${FAPI}user-rejects-authentication`, { browser: asked(task(pages, ['click', 'xpath', "//button[text()='Cancel' or @value='deny']"]), arrived) }],
	[`${FAPI}par-ensure-reused-request-uri-prior-to-auth-completion-succeeds`,
		{ browser: [{ match: authorize, 'match-limit': 1, tasks: [task(pages, shot('Log in'))] }, ...browser] }],
]);

// --- clients ----------------------------------------------------------------------------------

const redirectUris = [`${here}/callback`, `${here}/callback?dummy1=lorem&dummy2=ipsum`];
const file = (name) => readFileSync(`${certificates}/${name}`, 'utf8');
const subjectOf = (name) => execFileSync('openssl', ['x509', '-in', `${certificates}/${name}`, '-noout', '-subject', '-nameopt', 'RFC2253'], { encoding: 'utf8' }).replace(/^subject=\s*/, '').trim();

async function makeClient(scopes, metadata, { profile = null, signingAlg = null } = {}) {
	const id = `oidf-${crypto.randomUUID()}`;
	const secret = await value(`SELECT client_secret FROM pgtoken.create_client($1, client_name => 'OpenID Foundation', scopes => $2, redirect_uris => $3, offline_access => true,
			signing_alg => $4, metadata => $5, profile => $6)`, id, scopes, redirectUris, signingAlg, metadata, profile);
	return { client_id: id, ...(secret && { client_secret: secret }) };
}

async function connectClients(metadata = {}) {
	const make = (more = {}) => makeClient(['openid', 'profile', 'email', 'address', 'phone', 'notes:read'],
		{ require_pkce: false, post_logout_redirect_uris: [`${here}/post_logout_redirect`], ...metadata, ...more });
	return { client: await make(), client2: await make(), client_secret_post: await make({ token_endpoint_auth_method: 'client_secret_post' }) };
}

/** @param kind openid_connect, plain_oauth, or client_credentials, which has no user */
async function fapiClients(profile, authentication, constrained, kind) {
	const scope = { openid_connect: 'openid profile email offline_access notes:read', plain_oauth: 'offline_access notes:read', client_credentials: 'notes:read' }[kind];
	const made = {};
	for (const n of [1, 2]) {
		const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
		const [secret, open] = [privateKey, publicKey].map((key) => ({ keys: [{ ...key.export({ format: 'jwk' }), kid: `key-${n}`, alg: 'PS256', use: 'sig' }] }));
		const client = await makeClient(['openid', 'profile', 'email', 'address', 'phone', 'notes:read'], {
			...(authentication === 'mtls' ? { token_endpoint_auth_method: 'tls_client_auth', tls_client_auth_subject_dn: subjectOf(`${n}.crt`) } : { token_endpoint_auth_method: 'private_key_jwt' }),
			...((authentication !== 'mtls' || profile !== 'fapi2') && { jwks: open }),
			...(kind === 'client_credentials' && { grant_types: ['authorization_code', 'client_credentials'] }),
			[constrained === 'dpop' ? 'dpop_bound_access_tokens' : 'tls_client_certificate_bound_access_tokens']: true,
		}, { profile, signingAlg: 'PS256' });
		made[n === 1 ? 'client' : 'client2'] = { ...client, scope, jwks: secret, dpop_signing_alg: 'ES256' };
		if (authentication === 'mtls' || constrained === 'mtls') made[n === 1 ? 'mtls' : 'mtls2'] = { cert: file(`${n}.crt`), key: file(`${n}.key`) };
	}
	return { ...made, resource: { resourceUrl: `${issuer}/api/notes` } };
}

// --- the plans ----------------------------------------------------------------------------------

const plans = {};
const STATIC = { client_registration: 'static_client' };
const DYNAMIC = { client_registration: 'dynamic_client' };
const registering = () => ({ client: { client_name: 'one' }, client2: { client_name: 'two' } });
function both(name, variant, clients = connectClients) {
	plans[name] = { plan: `${name}-certification-test-plan`, variant: { ...variant, ...STATIC }, clients };
	plans[`${name}:dynamic_client`] = { plan: `${name}-certification-test-plan`, variant: { ...variant, ...DYNAMIC }, clients: registering };
}
both('oidcc-basic', { server_metadata: 'discovery' });
plans['oidcc-config'] = { plan: 'oidcc-config-certification-test-plan', variant: {}, clients: connectClients };
both('oidcc-formpost-basic', { server_metadata: 'discovery' });
plans['oidcc-dynamic'] = { plan: 'oidcc-dynamic-certification-test-plan', variant: { response_type: 'code' }, clients: registering };
both('oidcc-rp-initiated-logout', { response_type: 'code' });
both('oidcc-backchannel-rp-initiated-logout', { response_type: 'code' }, () => connectClients({ backchannel_logout_uri: `${here}/backchannel_logout` }));
both('oidcc-frontchannel-rp-initiated-logout', { response_type: 'code' },
	() => connectClients({ frontchannel_logout_uri: `${here}/frontchannel_logout`, frontchannel_logout_session_required: true }));
plans['oidcc-3rdparty-init-login'] = { plan: 'oidcc-3rdparty-init-login-certification-test-plan', variant: { response_type: 'code' }, clients: registering };
for (const [name, profile, more] of [['security-profile', 'fapi2', {}], ['message-signing', 'fapi2-message-signing', { fapi_request_method: 'signed_non_repudiation', fapi_response_mode: 'jarm' }]])
	for (const authentication of ['private_key_jwt', 'mtls']) for (const constrained of ['dpop', 'mtls']) for (const kind of ['openid_connect', 'plain_oauth', 'client_credentials']) {
		if (kind === 'client_credentials' && profile !== 'fapi2') continue; // there is no request to sign
		plans[`fapi2-${name}-final:${authentication}:${constrained}:${kind}`] = {
			plan: `fapi2-${name}-final-test-plan`, certificates: authentication === 'mtls' || constrained === 'mtls',
			variant: { client_auth_type: authentication, sender_constrain: constrained, openid: kind === 'openid_connect' ? kind : 'plain_oauth',
				fapi_profile: kind === 'client_credentials' ? 'fapi_client_credentials_grant' : 'plain_fapi', authorization_request_type: 'simple', ...more },
			clients: () => fapiClients(profile, authentication, constrained, kind),
		};
	}

// --- to run them -----------------------------------------------------------------------------------

/** until the module has ended, or waits for a person */
async function ended(id, module) {
	const begun = Date.now();
	let started = false;
	for (;;) {
		const { status, result } = await call('GET', `info/${id}`);
		if (status === 'FINISHED') return result;
		if (status === 'INTERRUPTED' || Date.now() - begun > PATIENCE) return 'FAILED';
		if (status === 'CONFIGURED' && !started) {
			if (module === 'oidcc-server-rotate-keys') await value("SELECT pgtoken.create_signing_key('ES256')");
			await call('POST', `runner/${id}`);
			started = true;
		}
		await sleep(500);
	}
}

const listed = (plan) => new Set(readFileSync(new URL(`${plan.replace(/(-certification)?-test-plan$/, '')}.txt`, import.meta.url), 'utf8').match(/^[\w-]+(?= {2})/gm));

async function run(name) {
	const { plan, variant, clients } = plans[name];
	const config = { alias: ALIAS, description: name, server: { discoveryUrl: `${issuer}/.well-known/openid-configuration` }, browser, override, ...await clients() };
	const { id: planId, modules } = await call('POST', `plan?${query({ planName: plan, variant: JSON.stringify(variant) })}`, config);
	console.log(`# ${name}: ${modules.length} modules`);
	let wrong = 0;
	for (const { testModule: module, variant: of } of modules) {
		if (!listed(plan).has(module)) console.log(`#   ${module} is not in the list`);
		const { id } = await call('POST', `runner?${query({ test: module, plan: planId, ...(of && { variant: JSON.stringify(of) }) })}`);
		const result = await ended(id, module);
		console.log(`${result} ${module}`);
		if (!['FAILED', 'WARNING'].includes(result)) continue;
		wrong += 1;
		for (const { result: said, src, msg } of await call('GET', `log/${id}`)) if (['FAILURE', 'WARNING'].includes(said)) console.log(`    ${said} ${src}: ${msg}`);
	}
	return wrong;
}

const chosen = process.argv.length > 2 ? process.argv.slice(2) : Object.keys(plans).filter((name) => certificates || !plans[name].certificates);
let wrong = 0;
for (const name of chosen) {
	if (!plans[name]) throw new Error(`there is no plan ${name}, but ${Object.keys(plans).join(', ')}`);
	wrong += await run(name);
}
console.log(`# ${wrong} modules failed or warned`);
process.exitCode = wrong > 0 ? 1 : 0;
