// A web application whose server keeps the tokens: the browser has a cookie, and nothing that could be stolen by a
// script.  It collects the context and is told the outcome; the server adds what it sees, and asks the database.
import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';

import Fastify from 'fastify';

import { contextFromBrowser, SqlClient, UnavailableError } from '../../clients/node/index.js';

const POLICY = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'";
const LIBRARY = ['browser.js', ...['answer', 'client', 'errors', 'http', 'jwt', 'lock', 'retry', 'session'].map((name) => `lib/${name}.js`)];

/** @param options {pool, clientId} */
export function makeServer({ pool, clientId }) {
	const client = new SqlClient({ db: pool, clientId });
	const people = new Map(); // cookie -> {subject, tokens, required, mail}; a real application has a table

	const app = Fastify({ bodyLimit: 64 * 1024, forceCloseConnections: 'idle' });
	app.addHook('onRequest', async (request, reply) => {
		reply.headers({ 'Cache-Control': 'no-store', 'Content-Security-Policy': POLICY, 'Referrer-Policy': 'no-referrer', 'X-Content-Type-Options': 'nosniff' });
		// JSON, which forms and scripts of other origins cannot send, whether the cookie comes with them or not
		if (request.method === 'POST' && !/^application\/json\b/.test(request.headers['content-type'])) return reply.code(415).send({ status: 'error' });
		return undefined;
	});
	app.setErrorHandler((error, request, reply) => {
		// nothing was lost: the token is kept, and the same request may come again
		if (error instanceof UnavailableError) return reply.code(503).header('Retry-After', '5').send({ status: 'unavailable' });
		return reply.code(error.statusCode ?? 500).send({ status: 'error' });
	});

	for (const [path, file, type] of [['/', 'page.html', 'text/html'], ['/page.js', 'page.js', 'text/javascript'], ['/style.css', '../login/style.css', 'text/css'],
		...LIBRARY.map((name) => [`/client/${name}`, `../../clients/node/${name}`, 'text/javascript'])]) {
		const content = readFileSync(new URL(file, import.meta.url));
		app.get(path, (request, reply) => reply.type(`${type}; charset=utf-8`).send(content));
	}

	/** what the browser says of itself, cleaned, and what is seen of it */
	const contextOf = (request) => contextFromBrowser(request.body.context, { ip: request.ip, user_agent: request.headers['user-agent']?.slice(0, 256) });

	const cookieOf = (request) => /(?:^|; )shop=([\w-]+)/.exec(request.headers.cookie ?? '')?.[1];

	/** an action of somebody who is logged in */
	const forUser = (action) => async (request, reply) => {
		const cookie = cookieOf(request);
		const person = people.get(cookie);
		if (!person?.tokens) return reply.code(401).send({ status: 'deny', error: 'login_required', over: true });
		const session = client.session({ key: cookie, load: () => person.tokens, store: (tokens) => { person.tokens = tokens; } });
		return action({ request, reply, person, session, cookie });
	};

	/** what the browser is told: never a token, and of a transaction only which factors do */
	const outcome = (person, answer) => {
		person.required = answer.status === 'require' ? answer : null;
		switch (answer.status) {
			case 'allow': return { status: 'allow', expiresIn: answer.tokens.expiresIn };
			case 'require': return { status: 'require', allowedFactors: answer.allowedFactors };
			default: return { status: 'deny', error: answer.error, over: answer.over };
		}
	};

	app.post('/login', async (request, reply) => {
		const { name, password } = request.body;
		const { rows: [{ subject }] } = await pool.query('SELECT app.check_password($1, $2) AS subject', [String(name), String(password)]);
		if (subject === null) return reply.code(401).send({ status: 'deny', error: 'wrong name or password', over: true });
		const cookie = randomBytes(32).toString('base64url');
		const answer = await client.issue(contextOf(request), { subject, scope: 'openid offline_access notes:read', authTime: new Date(), acr: 'pwd', amr: ['pwd'] });
		if (answer.status !== 'allow') return { status: 'deny', error: answer.error, over: true };
		people.set(cookie, { subject, grantId: answer.grantId, tokens: answer.tokens, required: null, mail: [] });
		reply.header('Set-Cookie', `shop=${cookie}; Path=/; HttpOnly; SameSite=Lax${request.protocol === 'https' ? '; Secure' : ''}`);
		return { status: 'allow', expiresIn: answer.tokens.expiresIn };
	});

	// an application asks for tokens() where it needs some; this page wants to see each outcome
	app.post('/refresh', forUser(async ({ request, person, session }) => outcome(person, await session.refresh(contextOf(request)))));

	app.post('/challenge', forUser(async ({ request, person, reply }) => {
		if (!person.required) return reply.code(409).send({ status: 'deny', error: 'nothing waits', over: true });
		const sent = await client.challenge(person.required.transactionId, String(request.body.factorId));
		if (sent.status !== 'sent') return sent;
		// sent by mail, by a real application
		if (sent.code) person.mail.unshift(sent.code);
		return { status: 'sent', factorType: sent.factorType, publicKey: sent.publicKey };
	}));

	app.post('/prove', forUser(async ({ request, person, session, reply }) => {
		if (!person.required) return reply.code(409).send({ status: 'deny', error: 'nothing waits', over: true });
		const { factorId, evidence } = request.body;
		const answer = await session.prove(person.required, String(factorId), evidence);
		// a wrong code: the refresh waits on
		if (answer.status === 'deny' && answer.transactionOver === false) return { status: 'deny', error: 'wrong code', over: false };
		return outcome(person, answer);
	}));

	app.get('/mailbox', forUser(async ({ person }) => ({ codes: person.mail })));

	app.get('/sessions', forUser(async ({ person }) => {
		const all = await client.sessions(person.subject, { current: person.grantId });
		return all.map(({ id, current, device, createdAt }) => ({ id, current, device, createdAt }));
	}));

	app.post('/sessions/end', forUser(async ({ request, person }) => {
		await client.endSession(person.subject, String(request.body.id));
		return { status: 'ended' };
	}));

	app.post('/logout', forUser(async ({ session, cookie, reply }) => {
		await session.revoke();
		people.delete(cookie);
		reply.header('Set-Cookie', 'shop=; Path=/; HttpOnly; SameSite=Lax; Max-Age=0');
		return { status: 'ended' };
	}));

	return app;
}
