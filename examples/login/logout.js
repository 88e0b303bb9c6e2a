// Logout: the user's own, or asked for by a client, which comes by way of
// pgtoken's end_session endpoint with ?transaction_id=...
import { addFiles, logoOf } from './files.js';
import { goodbyePage, logoutPage, messagePage } from './pages.js';
import { localesOf, textsOf } from './texts.js';

const TELL_TIMEOUT = Number(process.env.LOGIN_TELL_TIMEOUT || 5000); // milliseconds for a client to take its logout token

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

export function addLogout(app, { database, browsers, show, redirect, log, baseUrl }) {
	// those of the client's request, or else the browser's
	const textsFor = (reply, asked) => textsOf(asked?.ui_locales ?? localesOf(reply.request.headers['accept-language']));

	async function open(transactionId) {
		const request = transactionId ? await database.authorizationRequest(transactionId) : null;
		return request?.kind === 'logout' ? request : null;
	}

	/** @param frames of the clients to be told by way of the browser */
	async function complete(reply, transactionId, asked, session, frames = []) {
		const t = textsFor(reply, asked);
		const uri = asked ? await database.completeLogout(transactionId, session) : null;
		if (frames.length > 0) return show(reply, goodbyePage({ frames, next: uri, t }), null, frames);
		return uri ? redirect(reply, uri) : show(reply, messagePage(t.loggedOut, t.areLoggedOut, { next: ['/login', t.logIn], t }));
	}

	addFiles(app, ['goodbye.js']);

	app.get('/logout', async (request, reply) => {
		const { transaction_id: transactionId } = request.query;
		const asked = await open(transactionId);
		const { csrf, session } = await browsers.of(request, reply);
		if (!session) return complete(reply, transactionId, asked, null);
		return show(reply, logoutPage({ csrf, transactionId: asked && transactionId, client: asked?.client_name ?? asked?.client_id,
			logo: logoOf(asked?.logo_uri, baseUrl), name: session.name, t: textsFor(reply, asked) }), asked?.post_logout_redirect_uri);
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
		return complete(reply, transactionId, asked, session, frames);
	});
}
