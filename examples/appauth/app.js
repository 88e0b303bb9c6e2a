// What a mobile application asks of pgtoken, call by call as AppAuth makes them on Android
// and iOS, by AppAuth-JS: see README.md.  The browser and the scheme that leads back from it
// are open(url): in an application they are AppAuth's, here whoever calls.
import { readFileSync } from 'node:fs';

import { AuthorizationRequest, AuthorizationRequestHandler, AuthorizationServiceConfiguration, BaseTokenRequestHandler, BasicQueryStringUtils, FetchRequestor,
	RevokeTokenRequest, TokenRequest } from '@openid/appauth';
import { NodeCrypto } from '@openid/appauth/built/node_support/index.js';

export const settings = JSON.parse(readFileSync(new URL('auth_config.json', import.meta.url)));

const requestor = new FetchRequestor();
const tokenHandler = new BaseTokenRequestHandler(requestor);

/** the URL of a request, as AppAuth builds it */
class Handler extends AuthorizationRequestHandler {
	url(configuration, request) {
		return this.buildRequestUrl(configuration, request);
	}
}

/** @param changed settings of auth_config.json that are otherwise; open(url): the URI with which the browser comes back */
export async function makeApp(open, changed = {}) {
	const { issuer, client_id: clientId, redirect_uri: redirectUri, end_session_redirect_uri: signedOut, scopes, api } = { ...settings, ...changed };
	const configuration = await AuthorizationServiceConfiguration.fetchFromIssuer(issuer, requestor);
	// kept where no other application and no backup reads it: in the Keychain, or under a key of the Keystore
	let tokens;

	const fetchTokens = async (more) => {
		const next = await tokenHandler.performTokenRequest(configuration, new TokenRequest({ client_id: clientId, redirect_uri: redirectUri, ...more }));
		// a refresh that has no scope openid brings no ID token
		next.idToken ??= tokens?.idToken;
		tokens = next;
	};

	return {
		async signIn() {
			const crypto = new NodeCrypto();
			const request = new AuthorizationRequest({ client_id: clientId, redirect_uri: redirectUri, scope: scopes.join(' '), response_type: AuthorizationRequest.RESPONSE_TYPE_CODE,
				extras: { nonce: crypto.generateRandom(10) } }, crypto);
			await request.setupCodeVerifier();
			const back = new URL(await open(new Handler(new BasicQueryStringUtils(), crypto).url(configuration, request)));
			const answer = Object.fromEntries(back.searchParams);
			if (answer.state !== request.state) throw new Error('an answer to nothing that was asked');
			if (answer.error) throw new Error(answer.error);
			await fetchTokens({ grant_type: 'authorization_code', code: answer.code, extras: { code_verifier: request.internal.code_verifier } });
		},

		/** the status of the API's answer, and what it says; the token is refreshed half a minute before its end */
		async notes() {
			if (!tokens.isValid(-30)) await fetchTokens({ grant_type: 'refresh_token', refresh_token: tokens.refreshToken });
			const response = await fetch(api, { headers: { authorization: `Bearer ${tokens.accessToken}` } });
			return { status: response.status, notes: response.ok ? await response.json() : undefined };
		},

		/** the tokens' end, and the browser's session's */
		async signOut() {
			await tokenHandler.performRevokeTokenRequest(configuration, new RevokeTokenRequest({ token: tokens.refreshToken, client_id: clientId, token_type_hint: 'refresh_token' }));
			const state = new NodeCrypto().generateRandom(10);
			const query = new BasicQueryStringUtils().stringify({ id_token_hint: tokens.idToken, post_logout_redirect_uri: signedOut, state });
			tokens = undefined;
			const back = new URL(await open(`${configuration.endSessionEndpoint}?${query}`));
			if (back.searchParams.get('state') !== state) throw new Error('an answer to nothing that was asked');
		},
	};
}
