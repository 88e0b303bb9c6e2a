// A confidential web client: authorization code with PKCE, userinfo, refresh,
// logout of its own and from elsewhere, and signals that end its sessions.
import Fastify from 'fastify';
import * as openid from 'openid-client';

import { makeLogoutTokenCheck } from './logout_token.js';
import { accountPage, contentSecurityPolicy, welcomePage } from './pages.js';
import { Sessions } from './sessions.js';
import { makeSignals } from './signals.js';
import { addStepUp } from './step_up.js';

/** discovers the issuer; http only on this machine, where nobody listens in */
async function discover({ issuer, clientId, clientSecret }) {
	const url = new URL(issuer);
	const loopback = url.protocol === 'http:' && ['127.0.0.1', '[::1]', 'localhost'].includes(url.hostname);
	return openid.discovery(url, clientId, undefined, openid.ClientSecretBasic(clientSecret),
		loopback ? { execute: [openid.allowInsecureRequests] } : undefined);
}

/** @param options {baseUrl, issuer, clientId, clientSecret, scope, resource, notesUrl, log} */
export async function makeServer({ baseUrl, clientId, scope, resource, notesUrl, log, ...credentials }) {
	const issuer = await discover({ clientId, ...credentials });
	const checkLogoutToken = makeLogoutTokenCheck(issuer.serverMetadata(), clientId);
	const checkSignal = makeSignals(issuer.serverMetadata(), clientId);
	const sessions = new Sessions(baseUrl);
	const redirectUri = `${baseUrl}/callback`;

	const app = Fastify({ bodyLimit: 64 * 1024, forceCloseConnections: 'idle' });
	app.addContentTypeParser('application/x-www-form-urlencoded', { parseAs: 'string' },
		(request, text, done) => done(null, new URLSearchParams(text)));
	app.addContentTypeParser('application/secevent+jwt', { parseAs: 'string' }, (request, text, done) => done(null, text));
	app.addHook('onRequest', (request, reply, done) => {
		reply.headers({ 'Cache-Control': 'no-store', 'Referrer-Policy': 'no-referrer', 'X-Content-Type-Options': 'nosniff' });
		done();
	});
	app.setErrorHandler((error, request, reply) => {
		// an OAuth error has a name; the rest of what is thrown may hold tokens
		const name = error.error ?? error.code ?? error.name;
		log(`${request.method} ${request.routeOptions.url}: ${name}`);
		reply.code(error.error ? 400 : 500);
		const session = sessions.find(request);
		if (!session?.tokens) return show(reply, welcomePage(`That did not work: ${name}`));
		const noFactor = name === 'access_denied' && request.body?.get?.('acr_values');
		return showAccount(reply, session, { error: noFactor ? `${name}. There may be no factor of yours that would do` : name });
	});
	const show = (reply, text) => reply.type('text/html; charset=utf-8')
		.header('Content-Security-Policy', contentSecurityPolicy).send(text);

	// --- login ---------------------------------------------------------------------------

	/** @param more parameters of the request; goTo: where to go afterwards */
	async function begin(request, reply, more, goTo = '/') {
		const pending = {
			verifier: openid.randomPKCECodeVerifier(),
			state: openid.randomState(),
			nonce: openid.randomNonce(),
			goTo,
		};
		// beside what is there: another site may send a browser here, and nobody be logged out by it
		const session = sessions.find(request);
		if (session) session.pending = pending;
		else sessions.create(request, reply, { pending });
		const parameters = new URLSearchParams({
			redirect_uri: redirectUri, scope, state: pending.state, nonce: pending.nonce,
			code_challenge: await openid.calculatePKCECodeChallenge(pending.verifier), code_challenge_method: 'S256',
		});
		if (resource) parameters.set('resource', resource);
		for (const [name, value] of Object.entries(more)) if (typeof value === 'string') parameters.set(name, value);
		return reply.redirect(openid.buildAuthorizationUrl(issuer, parameters).href, 303);
	}

	app.get('/login', (request, reply) => {
		const { prompt, max_age } = request.query;
		return begin(request, reply, { prompt, max_age });
	});

	// others begin it (OpenID Connect Core section 4): for our issuer, and to a page of ours, alone
	app.get('/login/initiate', (request, reply) => {
		const { iss, login_hint, target_link_uri: target } = request.query;
		if (iss !== issuer.serverMetadata().issuer) return show(reply.code(400), welcomePage('That is not where we log in.'));
		const ours = typeof target === 'string' && URL.canParse(target) && new URL(target).origin === new URL(baseUrl).origin;
		if (target !== undefined && !ours) return show(reply.code(400), welcomePage('That is no page of ours.'));
		return begin(request, reply, { login_hint }, target);
	});
	// what another site posts comes without our cookie, and would cost the browser its session: as a link it has it
	app.post('/login/initiate', (request, reply) => reply.redirect(`/login/initiate?${request.body ?? ''}`, 303));

	app.get('/callback', async (request, reply) => {
		const session = sessions.find(request);
		const pending = session?.pending;
		if (!pending) return show(reply.code(400), welcomePage('This browser has not asked for a login.'));
		delete session.pending;
		const tokens = await openid.authorizationCodeGrant(issuer, new URL(request.raw.url, baseUrl), {
			pkceCodeVerifier: pending.verifier, expectedState: pending.state, expectedNonce: pending.nonce,
		});
		const claims = tokens.claims();
		const userinfo = await openid.fetchUserInfo(issuer, tokens.access_token, claims.sub);
		sessions.create(request, reply, { tokens, claims, userinfo, refreshes: 0, idToken: tokens.id_token });
		return reply.redirect(pending.goTo, 303);
	});

	// --- logged in -----------------------------------------------------------------------

	/** @param more {notes} or {error}, if there is something to tell */
	const showAccount = (reply, session, more = {}) => show(reply, accountPage({
		claims: session.claims, userinfo: session.userinfo, scope: session.tokens.scope ?? scope,
		refreshes: session.refreshes, ...more,
	}));

	app.get('/', async (request, reply) => {
		const session = sessions.find(request);
		return session?.tokens ? showAccount(reply, session) : show(reply, welcomePage());
	});

	/** @param parameters of the token request beside the refresh token */
	async function refresh(reply, session, parameters) {
		try {
			session.tokens = await openid.refreshTokenGrant(issuer, session.tokens.refresh_token, parameters);
		} catch (error) {
			if (error.error !== 'mfa_required' || !error.cause.transaction_id) throw error;
			// the refresh token is as good as it was: the same request goes on when a factor is proved
			session.stepUp = { transactionId: error.cause.transaction_id, factors: error.cause.factors, parameters,
				challengeEndpoint: error.cause.step_up_challenge_endpoint, completeEndpoint: error.cause.complete_challenge_endpoint,
				until: Date.now() + error.cause.expires_in * 1000 };
			return reply.redirect('/step-up', 303);
		}
		session.claims = session.tokens.claims() ?? session.claims;
		session.refreshes += 1;
		session.idToken = session.tokens.id_token ?? session.idToken;
		session.userinfo = await openid.fetchUserInfo(issuer, session.tokens.access_token, session.claims.sub);
		return reply.redirect('/', 303);
	}

	// a form's business: a cookie that is SameSite=Lax does not come along with
	// another site's
	app.post('/refresh', async (request, reply) => {
		const session = sessions.find(request);
		if (!session?.tokens?.refresh_token) return reply.redirect('/', 303);
		const acrValues = request.body?.get('acr_values');
		return refresh(reply, session, acrValues ? { acr_values: acrValues } : {});
	});

	addStepUp(app, { clientId, clientSecret: credentials.clientSecret, sessions, show, refresh });

	app.get('/notes', async (request, reply) => {
		const session = sessions.find(request);
		if (!session?.tokens || !notesUrl) return reply.redirect('/', 303);
		const response = await openid.fetchProtectedResource(issuer, session.tokens.access_token, new URL(notesUrl), 'GET');
		return showAccount(reply, session, { notes: { status: response.status, answer: await response.text() } });
	});

	// --- logout --------------------------------------------------------------------------

	// the session stays until the login application says that it has ended, by the
	// back channel; with it gone first there would be no ID token to name the user by
	app.get('/logout', async (request, reply) => {
		const session = sessions.find(request);
		if (!session?.tokens) return reply.redirect('/', 303);
		session.logoutState = openid.randomState();
		const parameters = { id_token_hint: session.idToken, post_logout_redirect_uri: `${baseUrl}/logged-out`, state: session.logoutState };
		return reply.redirect(openid.buildEndSessionUrl(issuer, parameters).href, 303);
	});

	// the answer to a logout that this browser has asked for here, and no other site's link
	app.get('/logged-out', async (request, reply) => {
		const session = sessions.find(request);
		if (session?.tokens && (!session.logoutState || request.query.state !== session.logoutState)) return reply.redirect('/', 303);
		sessions.remove(request);
		return show(reply, welcomePage('You are logged out.'));
	});

	app.post('/backchannel-logout', async (request, reply) => {
		try {
			const { sub, sid } = await checkLogoutToken(request.body?.get?.('logout_token') ?? '');
			const ended = sessions.removeWhere(({ claims }) => claims && (sid !== undefined ? claims.sid === sid : claims.sub === sub));
			log(`back-channel logout ended ${ended} sessions`);
			return reply.code(200).send();
		} catch (error) {
			return reply.code(400).send({ error: 'invalid_request', error_description: error.code ?? error.message });
		}
	});

	// shared signals, pushed (RFC 8935): a family was revoked, all of a user's sessions have ended, an account is switched off
	app.post('/signals', async (request, reply) => {
		const { err, ends } = await checkSignal(typeof request.body === 'string' ? request.body : '');
		if (err) return reply.code(400).send({ err, description: 'the security event token does not hold' });
		if (ends) log(`a signal ended ${sessions.removeWhere(({ claims }) => claims && ends(claims))} sessions`);
		return reply.code(202).send();
	});

	// in a frame of the logout page, where our cookie may not come along: the sid says which session, and nobody else knows it
	app.get('/frontchannel-logout', async (request, reply) => {
		const { iss, sid } = request.query;
		const known = iss === issuer.serverMetadata().issuer && typeof sid === 'string';
		const ended = known ? sessions.removeWhere(({ claims }) => claims?.sid === sid) : 0;
		if (known) log(`front-channel logout ended ${ended} sessions`);
		return reply.code(known ? 200 : 400).type('text/html; charset=utf-8').header('Content-Security-Policy', "default-src 'none'").send('<!doctype html><title>Logged out</title>');
	});
	return app;
}
