// Logout: the user's own, or asked for by a client, which comes by way of
// pgtoken's end_session endpoint with ?transaction_id=...
import { readFileSync } from 'node:fs';

import { goodbyePage, logoutPage, messagePage } from './pages.js';

const TELL_TIMEOUT = Number(process.env.LOGIN_TELL_TIMEOUT || 5000); // milliseconds for a client to take its logout token

const script = readFileSync(new URL('goodbye.js', import.meta.url), 'utf8');

/** back-channel logout: each client gets its token, unless the courier delivers them; one that does not answer keeps nobody waiting for long */
export async function tell(clients, log) {
	await Promise.all(clients.filter(({ logout_token: token }) => token).map(async ({ client_id: client, backchannel_logout_uri: uri, logout_token: token }) => {
		try {
			const response = await fetch(uri, {
				method: 'POST',
				body: new URLSearchParams({ logout_token: token }),
				redirect: 'error',
				signal: AbortSignal.timeout(TELL_TIMEOUT),
			});
			if (!response.ok) log(`${client} answered its logout token with ${response.status}`);
		} catch (error) {
			log(`${client} did not take its logout token: ${error.cause?.code ?? error.name}`);
		}
	}));
}

export function addLogout(app, { database, browsers, show, redirect, log }) {
	const done = (reply) => show(reply, messagePage('Logged out', 'You are logged out.'));

	async function open(transactionId) {
		const request = transactionId ? await database.authorizationRequest(transactionId) : null;
		return request?.kind === 'logout' ? request : null;
	}

	/** @param frames of the clients to be told by way of the browser */
	async function complete(reply, transactionId, session, frames = []) {
		const uri = transactionId ? await database.completeLogout(transactionId, session) : null;
		if (frames.length > 0) return show(reply, goodbyePage({ frames, next: uri }), null, frames);
		return uri ? redirect(reply, uri) : done(reply);
	}

	app.get('/goodbye.js', (request, reply) => reply.type('text/javascript; charset=utf-8').send(script));

	app.get('/logout', async (request, reply) => {
		const { transaction_id: transactionId } = request.query;
		const asked = await open(transactionId);
		const { csrf, session } = await browsers.of(request, reply);
		if (!session) return complete(reply, asked && transactionId, null);
		return show(reply, logoutPage({ csrf, transactionId: asked && transactionId,
			client: asked?.client_name ?? asked?.client_id, name: session.name }), asked?.post_logout_redirect_uri);
	});

	app.post('/logout', async (request, reply) => {
		const { transaction_id: transactionId, decision } = request.body;
		const { session } = await browsers.of(request, reply);
		if (decision !== 'allow') return redirect(reply, '/');
		let frames = [];
		if (session) {
			const clients = await database.endSession(session);
			frames = clients.map(({ frontchannel_logout_uri: uri }) => uri).filter(Boolean);
			await tell(clients, log);
			await browsers.logOut(request, reply);
		}
		const asked = await open(transactionId);
		return complete(reply, asked && transactionId, session, frames);
	});
}
