// Makes users, sessions, factors and OAuth clients in a running GoTrue by its own API, and prints what it handed out as
// JSON. See README.md. fill.mjs PART: what has to be done with one configuration of the server
import { createHmac, createHash, randomBytes } from 'node:crypto';

const base = process.env.GOTRUE_URL ?? 'http://127.0.0.1:9999';
const secret = process.env.GOTRUE_JWT_SECRET;
const password = 'correct horse battery staple';
const out = {};

const b64 = (value) => Buffer.from(value).toString('base64url');
const admin = () => {
	const body = `${b64('{"alg":"HS256","typ":"JWT"}')}.${b64(JSON.stringify({ role: 'service_role', aud: 'authenticated', exp: Math.floor(Date.now() / 1000) + 600 }))}`;
	return `${body}.${createHmac('sha256', secret).update(body).digest('base64url')}`;
};

const call = async (method, path, body, { bearer, agent, form, basic } = {}) => {
	const response = await fetch(base + path, {
		method, redirect: 'manual',
		headers: {
			'User-Agent': agent ?? 'fixture/1.0',
			...(bearer && { Authorization: `Bearer ${bearer}` }),
			...(basic && { Authorization: `Basic ${Buffer.from(basic).toString('base64')}` }),
			...(body && { 'Content-Type': form ? 'application/x-www-form-urlencoded' : 'application/json' }),
		},
		body: body && (form ? new URLSearchParams(body).toString() : JSON.stringify(body)),
	});
	const text = await response.text();
	if (response.status >= 400)
		throw new Error(`${method} ${path}: ${response.status} ${text}`);
	return response.status >= 300 ? { location: response.headers.get('location') } : text && JSON.parse(text);
};

const keep = (name, session) => {
	out[name] = session.refresh_token;
	return session;
};
const address = (name) => `${name}@example.com`;
const sign_up = (name) => call('POST', '/signup', { email: address(name), password });
const sign_in = (name, agent) => call('POST', '/token?grant_type=password', { email: address(name), password }, { agent });
const refresh = (session) => call('POST', '/token?grant_type=refresh_token', { refresh_token: session.refresh_token });

const totp = (base32, at = Date.now()) => {
	const bits = [...base32].map((c) => 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'.indexOf(c).toString(2).padStart(5, '0')).join('');
	const key = Buffer.from(bits.match(/.{8}/g).map((b) => parseInt(b, 2)));
	const counter = Buffer.alloc(8);
	counter.writeBigUInt64BE(BigInt(Math.floor(at / 30000)));
	const mac = createHmac('sha1', key).update(counter).digest();
	return String((mac.readUInt32BE(mac[19] & 15) & 0x7fffffff) % 1000000).padStart(6, '0');
};
const second_factor = async (session) => {
	const factor = await call('POST', '/factors', { factor_type: 'totp', friendly_name: 'phone' }, { bearer: session.access_token });
	const challenge = await call('POST', `/factors/${factor.id}/challenge`, {}, { bearer: session.access_token });
	return call('POST', `/factors/${factor.id}/verify`, { challenge_id: challenge.id, code: totp(factor.totp.secret) }, { bearer: session.access_token });
};

const register = (client_name, method) => call('POST', '/admin/oauth/clients', {
	client_name, redirect_uris: ['https://app.example.org/callback', 'https://app.example.org/other'], token_endpoint_auth_method: method,
}, { bearer: admin() });
const authorize = async (client, user, scope) => {
	const verifier = randomBytes(32).toString('base64url');
	const query = new URLSearchParams({
		client_id: client.client_id, redirect_uri: 'https://app.example.org/callback', response_type: 'code', scope, state: 's',
		code_challenge: createHash('sha256').update(verifier).digest('base64url'), code_challenge_method: 'S256',
	});
	const { location } = await call('GET', `/oauth/authorize?${query}`);
	const id = new URL(location).searchParams.get('authorization_id');
	await call('GET', `/oauth/authorizations/${id}`, undefined, { bearer: user.access_token });
	const { redirect_url } = await call('POST', `/oauth/authorizations/${id}/consent`, { action: 'approve' }, { bearer: user.access_token });
	return call('POST', '/oauth/token', {
		grant_type: 'authorization_code', code: new URL(redirect_url).searchParams.get('code'), code_verifier: verifier,
		redirect_uri: 'https://app.example.org/callback', ...(!client.client_secret && { client_id: client.client_id }),
	}, { form: true, basic: client.client_secret && `${client.client_id}:${client.client_secret}` });
};

const parts = {
	// refresh tokens that are rows of refresh_tokens
	async rows() {
		let session = await sign_up('ada');
		out.ada_first = session.refresh_token;
		session = await refresh(session);
		out.ada_parent = session.refresh_token;
		keep('ada', await refresh(session));

		await sign_up('ben');
		for (const agent of ['phone/1.0', 'tablet/1.0', 'browser/1.0'])
			keep(`ben_${agent.split('/')[0]}`, await sign_in('ben', agent));

		session = keep('eve_ended', await sign_up('eve'));
		await call('POST', '/logout?scope=global', undefined, { bearer: session.access_token });

		keep('fay', await second_factor(await sign_up('fay')));

		session = keep('gil_banned', await sign_up('gil'));
		await call('PUT', `/admin/users/${session.user.id}`, { ban_duration: '87600h' }, { bearer: admin() });

		keep('anonymous', await call('POST', '/signup', {}));

		// a session whose family GoTrue revoked, since a used token came back after the reuse interval
		session = await sign_up('hal');
		let next = session;
		for (let i = 0; i < 3; i++)
			next = await refresh(next);
		keep('hal_reused', next);
		await new Promise((r) => setTimeout(r, 2000));
		await refresh(session).catch(() => undefined);
	},
	// the OAuth server
	async oauth() {
		const ida = await sign_up('ida');
		const service = await register('Service', 'client_secret_basic'), native = await register('Native', 'none');
		out.service_id = service.client_id;
		out.service_secret = service.client_secret;
		out.native_id = native.client_id;
		keep('ida', ida);
		keep('ida_service', await authorize(service, ida, 'openid email'));
		keep('ida_native', await authorize(native, ida, 'openid profile'));
	},
	// refresh tokens that are signed
	async signed() {
		let session = await sign_up('jon');
		out.jon_first = session.refresh_token;
		session = await refresh(session);
		out.jon_parent = session.refresh_token;
		keep('jon', await refresh(session));
		keep('kim', await second_factor(await sign_up('kim')));
		session = await sign_up('lou');
		for (let i = 0; i < 130; i++) // a counter of two bytes
			session = await refresh(session);
		keep('lou', session);
	},
	// the key they are signed with is encrypted in the database, and so are secrets of factors
	async encrypted() {
		keep('max', await refresh(await sign_up('max')));
		keep('nan', await second_factor(await sign_up('nan')));
	},
};

await parts[process.argv[2]]();
console.log(JSON.stringify(out));
