// A website whose users sign in at pgtoken, and its API: see README.md.
import express from 'express';
import session from 'express-session';
import * as openid from 'openid-client';
import { randomBytes } from 'node:crypto';

import { verifier } from './status.js';

const { ISSUER = process.env.BASE_URL, RESOURCE, WEBSITE_CLIENT_ID, WEBSITE_CLIENT_SECRET, PORT = '4000', SESSION_SECRET = randomBytes(32).toString('hex') } = process.env;
const url = process.env.URL ?? `http://127.0.0.1:${PORT}`;
const secure = url.startsWith('https:');
const app = express().disable('x-powered-by');

// --- the API: it knows tokens, and no sessions ------------------------------------------

const verify = verifier({ issuer: ISSUER, audience: RESOURCE });
const notes = new Map(); // by the user's id: an application has a table

/** lets in who has a token that holds and has the scope */
const scope = (wanted) => async (request, response, next) => {
	const challenge = (status, error) => response.status(status).set('WWW-Authenticate', error ? `Bearer error="${error}", scope="${wanted}"` : `Bearer scope="${wanted}"`).end();
	const [, token] = /^bearer +(\S+)$/i.exec(request.headers.authorization) ?? [];
	if (!token) return challenge(401);
	request.claims = await verify(token).catch(() => undefined);
	// one that is bound to a key is worth nothing without a proof, which is not looked at here
	if (!request.claims || request.claims.cnf) return challenge(401, 'invalid_token');
	if (!request.claims.scope?.split(' ').includes(wanted)) return challenge(403, 'insufficient_scope');
	return next();
};
const notesOf = ({ claims: { sub } }) => notes.get(sub) ?? notes.set(sub, [`the first note of ${sub}`]).get(sub);

app.get('/api/notes', scope('notes:read'), (request, response) => response.json(notesOf(request)));
app.post('/api/notes', scope('notes:write'), express.json(), (request, response) => {
	notesOf(request).push(String(request.body?.text));
	response.status(201).end();
});

// --- the website: it knows sessions, and keeps tokens in them -----------------------------

const config = await openid.discovery(new URL(ISSUER), WEBSITE_CLIENT_ID, undefined, openid.ClientSecretBasic(WEBSITE_CLIENT_SECRET),
	{ execute: ISSUER.startsWith('http://127.0.0.1') ? [openid.allowInsecureRequests] : [] });
app.set('trust proxy', secure ? 1 : false);
app.use(session({ name: 'session', secret: SESSION_SECRET, resave: false, saveUninitialized: false, cookie: { httpOnly: true, sameSite: 'lax', secure } }));

const escaped = (text) => text.replace(/[&<>"]/g, (c) => `&#${c.charCodeAt()};`);
app.get('/', ({ session: { claims } }, response) => response.send(claims
	? `<p>Signed in as <b>${escaped(claims.sub)}</b>. <a href="/notes">Notes</a></p><form method="post" action="/logout"><button>Sign out</button></form>`
	: '<p>Nobody is signed in. <a href="/login">Sign in</a></p>'));

app.get('/login', async (request, response) => {
	const login = { pkceCodeVerifier: openid.randomPKCECodeVerifier(), expectedState: openid.randomState(), expectedNonce: openid.randomNonce() };
	request.session.login = login;
	response.redirect(openid.buildAuthorizationUrl(config, { redirect_uri: `${url}/callback`, scope: 'openid profile offline_access notes:read notes:write',
		state: login.expectedState, nonce: login.expectedNonce, code_challenge_method: 'S256',
		code_challenge: await openid.calculatePKCECodeChallenge(login.pkceCodeVerifier) }).href);
});

app.get('/callback', async (request, response) => {
	const { login } = request.session;
	if (!login) return response.status(400).send('This browser has not asked for that. <a href="/">Back</a>');
	const tokens = await openid.authorizationCodeGrant(config, new URL(request.originalUrl, url), login);
	// a session of a new name, so that nobody has known it before
	await new Promise((done, failed) => { request.session.regenerate((error) => (error ? failed(error) : done())); });
	keep(request, tokens);
	return response.redirect('/');
});

function keep({ session: kept }, tokens) {
	Object.assign(kept, { tokens, claims: tokens.claims() ?? kept.claims, idToken: tokens.id_token ?? kept.idToken, until: Date.now() + tokens.expires_in * 1000 });
}

/** the access token, refreshed half a minute before its end */
async function accessToken(request) {
	if (request.session.until - Date.now() < 30_000) keep(request, await openid.refreshTokenGrant(config, request.session.tokens.refresh_token));
	return request.session.tokens.access_token;
}

app.get('/notes', async (request, response) => {
	if (!request.session.tokens) return response.status(401).send('<a href="/login">Sign in</a>');
	const answer = await fetch(`${url}/api/notes`, { headers: { authorization: `Bearer ${await accessToken(request)}` } });
	if (answer.status === 401) throw Object.assign(new Error(), { error: 'invalid_grant' });
	return response.status(answer.status).json(await answer.json());
});

app.post('/logout', async (request, response) => {
	const { idToken, tokens } = request.session;
	// with offline_access its tokens would outlive the session at the login page
	if (tokens) await openid.tokenRevocation(config, tokens.refresh_token);
	request.session.destroy(() => response.redirect(303, idToken
		? openid.buildEndSessionUrl(config, { id_token_hint: idToken, post_logout_redirect_uri: `${url}/` }).href : '/'));
});

// an OAuth error has a name; the rest of what is thrown may hold tokens
app.use((error, request, response, _next) => {
	// the session was ended elsewhere
	if (error.error === 'invalid_grant') return request.session.destroy(() => response.status(401).send('<a href="/login">Sign in</a>'));
	console.error(`${request.method} ${request.path}: ${error.error ?? error.code ?? error.name}`);
	return response.status(error.error || error.code?.startsWith('OAUTH_') ? 400 : 500).send('That did not work. <a href="/">Back</a>');
});

const server = app.listen(Number(PORT), '127.0.0.1', () => console.log(`express: listening on ${url}`));
process.once('SIGTERM', () => { server.close(); server.closeAllConnections(); });
