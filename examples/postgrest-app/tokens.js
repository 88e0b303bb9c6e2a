// The worker that has the tokens, in its memory and nowhere else.  The page asks it for what
// the API answers; there is nothing that it can ask to be given a token by.
const json = async (url) => (await fetch(url)).json();

/** of the application and of the issuer; a promise, since what a page says while a module awaits at its top is not heard */
const settings = (async () => {
	const { issuer, clientId, api } = await json('config.json');
	const metadata = await json(`${issuer}/.well-known/openid-configuration`);
	if (metadata.issuer !== issuer) throw new Error('the metadata is another issuer\'s');
	return { issuer, clientId, api, metadata };
})();
const redirectUri = `${self.location.origin}/`;

const encoded = (bytes) => btoa(String.fromCharCode(...new Uint8Array(bytes))).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '');
const random = () => encoded(crypto.getRandomValues(new Uint8Array(32)));
const claimsOf = (token) => JSON.parse(new TextDecoder().decode(Uint8Array.from(atob(token.split('.')[1].replaceAll('-', '+').replaceAll('_', '/')), (c) => c.charCodeAt(0))));

let tokens;

async function post(endpoint, parameters) {
	const { metadata, clientId } = await settings;
	const response = await fetch(metadata[endpoint], { method: 'POST', body: new URLSearchParams({ client_id: clientId, ...parameters }) });
	const text = await response.text();
	const answer = text && JSON.parse(text);
	if (!response.ok) throw new Error(answer.error === 'invalid_grant' ? 'signed out' : answer.error ?? `status ${response.status}`);
	return answer;
}

async function keep(parameters) {
	const answer = await post('token_endpoint', parameters);
	tokens = { ...tokens, ...answer, until: Date.now() + answer.expires_in * 1000 };
}

let refreshing;
/** once, however many requests wait for it */
const refresh = () => {
	refreshing ??= keep({ grant_type: 'refresh_token', refresh_token: tokens.refresh_token }).finally(() => { refreshing = undefined; });
	return refreshing;
};

const methods = {
	/** where to send the browser, and what is to be known again when it comes back */
	async begin(more) {
		const { metadata, clientId } = await settings;
		const login = { state: random(), nonce: random(), verifier: random() };
		const challenge = encoded(await crypto.subtle.digest('SHA-256', new TextEncoder().encode(login.verifier)));
		const query = new URLSearchParams({ response_type: 'code', client_id: clientId, redirect_uri: redirectUri, scope: 'openid profile offline_access notes:read notes:write',
			state: login.state, nonce: login.nonce, code_challenge: challenge, code_challenge_method: 'S256', ...more });
		return { url: `${metadata.authorization_endpoint}?${query}`, login };
	},

	/** who has signed in; the ID token came from the issuer itself, by TLS (OpenID Connect Core section 3.1.3.7) */
	async redeem(code, { verifier, nonce }) {
		await keep({ grant_type: 'authorization_code', code, redirect_uri: redirectUri, code_verifier: verifier });
		const { issuer, clientId } = await settings;
		const claims = claimsOf(tokens.id_token);
		if (claims.nonce !== nonce || claims.iss !== issuer || claims.aud !== clientId) {
			tokens = undefined;
			throw new Error('an ID token for another login');
		}
		return claims.sub;
	},

	/** to the API, and to nobody else, with the token that is refreshed half a minute before its end */
	async fetch(method, path, content) {
		if (!tokens) throw new Error('signed out');
		if (tokens.until - Date.now() < 30_000) await refresh();
		const { api } = await settings;
		const response = await fetch(`${api}/${path.replace(/^\/+/, '')}`, { method, headers: { Authorization: `Bearer ${tokens.access_token}`, 'Content-Type': 'application/json' },
			body: content && JSON.stringify(content) });
		if (response.status === 401) throw new Error('signed out');
		const text = await response.text();
		if (!response.ok) throw new Error(JSON.parse(text).message ?? `status ${response.status}`);
		return text ? JSON.parse(text) : undefined;
	},

	/** where to send the browser for the session there to end, too; with offline_access the tokens would outlive it */
	async signOut() {
		const { id_token: hint, refresh_token: token } = tokens ?? {};
		tokens = undefined;
		if (token) await post('revocation_endpoint', { token });
		const { metadata, clientId } = await settings;
		return `${metadata.end_session_endpoint}?${new URLSearchParams({ ...(hint && { id_token_hint: hint }), client_id: clientId, post_logout_redirect_uri: redirectUri })}`;
	},
};

self.addEventListener('message', async ({ data: { id, method, values } }) => {
	try {
		self.postMessage({ id, result: await methods[method](...values) });
	} catch (error) {
		if (error.message === 'signed out') tokens = undefined;
		self.postMessage({ id, error: error.message });
	}
});
