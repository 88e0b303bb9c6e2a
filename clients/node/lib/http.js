// Over HTTP, by the issuer's endpoints: for whoever has no database.  Nothing but fetch and WebCrypto, so for browsers, too.
import { allow, challenged, completed, deny, evidenceOf, require_ } from './answer.js';
import { Client } from './client.js';
import { Lost, PgtokenError, RefusedError } from './errors.js';
import { now, proof, sign } from './jwt.js';

const ASSERTION_TYPE = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer';
const PASSES = [408, 425, 429]; // and 5xx
const LOOPBACK = ['127.0.0.1', '[::1]', 'localhost'];

/** nobody on the way can read what is sent there */
function isPrivate(url) {
	try {
		const { protocol, hostname } = new URL(url);
		return protocol === 'https:' || (protocol === 'http:' && LOOPBACK.includes(hostname));
	} catch {
		return false;
	}
}

// --- how a client proves who it is: {headers} or {parameters} of one request, anew for each ---

const formEncode = (text) => new URLSearchParams({ '': text }).toString().slice(1);

export const clientSecretBasic = (secret) => ({ clientId }) =>
	({ headers: { authorization: `Basic ${btoa(`${formEncode(clientId)}:${formEncode(secret)}`)}` } });

export const clientSecretPost = (secret) => ({ clientId }) => ({ parameters: { client_id: clientId, client_secret: secret } });

/** key: a private CryptoKey; kid: of its JWK at the issuer */
export const privateKeyJwt = ({ key, kid }) => async ({ clientId, issuer }) => {
	const claims = { iss: clientId, sub: clientId, aud: issuer, iat: now(), exp: now() + 60, jti: crypto.randomUUID() };
	return { parameters: { client_assertion_type: ASSERTION_TYPE, client_assertion: await sign({ typ: 'JWT', kid }, claims, key) } };
};

const none = ({ clientId }) => ({ parameters: { client_id: clientId } });

const form = (parameters) => new URLSearchParams(Object.entries(parameters).filter(([, value]) => value !== undefined && value !== null)
	.flatMap(([name, value]) => [value].flat().map((one) => [name, String(one)])));

/** what of a context a client may say itself over HTTP (docs/http.md#context); the rest the issuer sees */
const said = ({ session_id, device_id } = {}) => ({ session_id, device_id });

const REFRESH = ['scope', 'resource', 'acrValues', 'maxAge', 'transactionId'];

export class HttpClient extends Client {
	#issuer;
	#clientId;
	#authentication;
	#dpop;
	#fetch;
	#timeout;
	#metadata;
	#nonce;

	constructor({ issuer, clientId, authentication = none, dpop, fetch = globalThis.fetch.bind(globalThis), timeout = 5000, ...retry }) {
		super(retry);
		if (!isPrivate(issuer)) throw new TypeError('issuer is an https URL: tokens are not for everybody on the way');
		this.#issuer = issuer;
		this.#clientId = clientId;
		this.#authentication = authentication;
		this.#dpop = dpop;
		this.#fetch = fetch;
		this.#timeout = timeout;
	}

	// --- one exchange ------------------------------------------------------------------

	/** {status, json, headers} of whatever is an answer; all else is lost */
	async #exchange(method, url, { parameters, headers, accessToken, proves = this.#dpop }) {
		const dpop = proves && { dpop: await proof(proves, { method, url, nonce: this.#nonce, accessToken }) };
		let response;
		let text;
		try {
			response = await this.#fetch(url, { method, headers: { accept: 'application/json', ...headers, ...dpop }, body: parameters && form(parameters),
				redirect: 'error', credentials: 'omit', cache: 'no-store', signal: AbortSignal.timeout(this.#timeout) });
			text = await response.text();
		} catch (cause) {
			throw new Lost('no answer', { cause });
		}
		const { status } = response;
		if (status >= 500 || PASSES.includes(status)) throw new Lost(`status ${status}`, { retryAfter: Number(response.headers.get('retry-after')) || 0 });
		this.#nonce = response.headers.get('dpop-nonce') ?? this.#nonce;
		let json;
		try {
			json = text === '' ? {} : JSON.parse(text);
		} catch {
			json = null;
		}
		// cut off on its way, or the word of something that stands between
		if (typeof json !== 'object' || json === null) throw new Lost(`status ${status}, and no JSON`);
		return { status, json, challenge: response.headers.get('www-authenticate') ?? '' };
	}

	/** once more, and at once, where the service wants a nonce of its own in the proof (RFC 9449 section 8) */
	async #request(method, url, request) {
		const answer = async () => this.#exchange(method, url, typeof request === 'function' ? await request() : request);
		const first = await answer();
		const nonce = first.json.error === 'use_dpop_nonce' || first.challenge.includes('use_dpop_nonce');
		return nonce && this.#dpop ? answer() : first;
	}

	/** a POST of this client, authenticated anew each time: an assertion is good once */
	#post(url, parameters) {
		return this.#request('POST', url, async () => {
			const { headers, parameters: credentials } = await this.#authentication({ clientId: this.#clientId, issuer: this.#issuer });
			return { headers, parameters: { ...parameters, ...credentials } };
		});
	}

	/** the issuer's metadata, asked for once */
	async metadata() {
		this.#metadata ??= this.#discover().catch((error) => {
			this.#metadata = undefined;
			throw error;
		});
		return this.#metadata;
	}

	async #discover() {
		const { status, json } = await this.#exchange('GET', `${this.#issuer.replace(/\/$/, '')}/.well-known/openid-configuration`, { proves: null });
		if (status !== 200) throw new PgtokenError(`there is no issuer at ${this.#issuer}: status ${status}`);
		if (json.issuer !== this.#issuer) throw new PgtokenError(`the metadata at ${this.#issuer} is of another issuer`);
		const bare = ['token_endpoint', 'revocation_endpoint'].find((name) => name in json && !isPrivate(json[name]));
		if (bare) throw new PgtokenError(`the metadata at ${this.#issuer} has a ${bare} that is no https URL`);
		return json;
	}

	/** an endpoint that no standard has a name in the metadata for */
	#own(path) {
		return `${this.#issuer.replace(/\/$/, '')}/oauth2/${path}`;
	}

	// --- tokens --------------------------------------------------------------------------

	async #grant(context, parameters, token) {
		const { token_endpoint: url } = await this.metadata();
		const { status, json } = await this.#post(url, { ...parameters, ...said(context) });
		if (status === 200 && typeof json.access_token === 'string') return allow(json, token);
		if (json.error === 'mfa_required' && json.transaction_id) return require_(json, context);
		if (typeof json.error !== 'string') throw new Lost(`status ${status}, and neither tokens nor an error`);
		return deny(json.error, json.error_description);
	}

	askRefresh(context, token, options) {
		const unknown = Object.keys(options).find((name) => !REFRESH.includes(name));
		if (unknown) throw new TypeError(`${unknown} is no option of refresh over HTTP`);
		const { scope, resource, acrValues, maxAge, transactionId } = options;
		return this.#grant(context, { grant_type: 'refresh_token', refresh_token: token, scope, resource,
			acr_values: acrValues?.join(' '), max_age: maxAge, transaction_id: transactionId }, token);
	}

	redeem(context, { code, redirectUri, codeVerifier, resource, transactionId }) {
		// a code that comes twice ends what the first one began
		return this.once(() => this.#grant(context ?? {}, { grant_type: 'authorization_code', code, redirect_uri: redirectUri, code_verifier: codeVerifier,
			resource, transaction_id: transactionId }));
	}

	// --- step-up -------------------------------------------------------------------------

	challenge(transactionId, factorId) {
		return this.once(async () => challenged((await this.#post(this.#own('challenge'), { transaction_id: transactionId, factor_id: factorId })).json));
	}

	answerChallenge(transactionId, factorId, evidence) {
		return this.once(async () => completed((await this.#post(this.#own('complete_challenge'),
			{ ...evidenceOf(evidence), transaction_id: transactionId, factor_id: factorId })).json));
	}

	// --- the end, and sessions -------------------------------------------------------------

	async revoke(token) {
		const { status, json } = await this.retried(async () => this.#post((await this.metadata()).revocation_endpoint, { token }));
		if (status !== 200) throw new RefusedError(json.error, json.error_description, status);
	}

	/** by an access token with the scope pgtoken:sessions, for the issuer alone (docs/account.md) */
	async #account(method, path, accessToken) {
		const authorization = `${this.#dpop ? 'DPoP' : 'Bearer'} ${accessToken}`;
		const { status, json, challenge } = await this.retried(() => this.#request(method, this.#own(path), { headers: { authorization }, accessToken }));
		if (status >= 400 && status !== 404) {
			const [, error = json.error ?? 'invalid_token'] = /\berror="([^"]*)"/.exec(challenge) ?? [];
			const [, reason] = /\berror_description="([^"]*)"/.exec(challenge) ?? [];
			throw new RefusedError(error, reason, status);
		}
		return { status, json };
	}

	async sessions(accessToken, { uiLocales } = {}) {
		const all = [];
		for (let after; ;) {
			const query = form({ after, ui_locales: uiLocales }).toString();
			const { json } = await this.#account('GET', `sessions${query && `?${query}`}`, accessToken);
			all.push(...json.sessions);
			if (!json.next) break;
			after = json.next;
		}
		const date = (seconds) => new Date(seconds * 1000);
		return all.map((one) => ({
			id: one.id, current: one.current, device: one.device, scope: one.scope,
			clients: one.clients.map(({ client_id: id, client_name: name }) => ({ id, name })),
			firstAddress: one.first_address, lastAddress: one.last_address,
			createdAt: date(one.created_at), lastUsedAt: date(one.last_used_at), expiresAt: date(one.expires_at), offline: one.offline,
		}));
	}

	/** one that has ended already has ended: the issuer tells the clients */
	async endSession(accessToken, id) {
		await this.#account('DELETE', `sessions/${encodeURIComponent(id)}`, accessToken);
		return [];
	}

	async endOtherSessions(accessToken) {
		await this.#account('POST', 'sessions/end_others', accessToken);
		return [];
	}
}
