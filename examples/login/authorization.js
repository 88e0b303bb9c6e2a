// Login and consent: what the user is asked before a client gets its code.
// pgtoken.authorize has sent the browser here with ?transaction_id=...
import { consentPage, loginPage, messagePage } from './pages.js';

const GONE = 'This login has expired or is already done. Please go back to where you came from and try again.';

// where the answer sends the browser: to the client, or to a page of pgtoken's that posts it there
const leadsTo = (request) => request.answer_uri ?? request.redirect_uri;

export function addAuthorization(app, { database, browsers, show, redirect }) {
	const gone = (reply) => show(reply.code(400), messagePage('Too late', GONE));

	const askForLogin = (reply, csrf, transactionId, request, failed = false) => show(reply.code(failed ? 401 : 200),
		loginPage({ csrf, to: { transaction_id: transactionId }, hint: request.login_hint,
			client: request.client_name ?? request.client_id, failed }), leadsTo(request));

	/**
	 * As far as it goes without asking: pgtoken says whether the login is recent
	 * enough and the consent complete, and where the browser goes next.
	 * @param consent the scopes just agreed to, or null
	 */
	async function proceed(reply, { csrf, session }, transactionId, request, consent = null) {
		if (!session) {
			if (request.prompt?.includes('none')) {
				return redirect(reply, (await database.denyAuthorization(transactionId, 'login_required')).redirect_uri);
			}
			return askForLogin(reply, csrf, transactionId, request);
		}
		const answer = await database.approveAuthorization(transactionId, session, consent);
		if (answer.redirect_uri) return redirect(reply, answer.redirect_uri);
		switch (answer.error) {
			case 'login_required':
				return askForLogin(reply, csrf, transactionId, request);
			case 'consent_required': {
				const missing = await database.consentMissing(transactionId, session.subject);
				return show(reply, consentPage({ csrf, transactionId, client: request.client_name ?? request.client_id,
					scope: missing || request.scope, resource: request.resource }), leadsTo(request));
			}
			default:
				return gone(reply);
		}
	}

	// the transaction is looked up anew at every step: its fields are never the browser's
	async function open(transactionId) {
		const request = transactionId ? await database.authorizationRequest(transactionId) : null;
		return request?.kind === 'authorization' ? request : null;
	}

	app.get('/login', async (request, reply) => {
		const { transaction_id: transactionId } = request.query;
		const browser = await browsers.of(request, reply);
		if (transactionId === undefined) {
			return browser.session ? redirect(reply, '/') : show(reply, loginPage({ csrf: browser.csrf, to: {} }));
		}
		const asked = await open(transactionId);
		return asked ? proceed(reply, browser, transactionId, asked) : gone(reply);
	});

	app.post('/login', async (request, reply) => {
		const { name = '', password = '', transaction_id: transactionId, user_code: userCode } = request.body;
		const asked = transactionId ? await open(transactionId) : null;
		if (transactionId && !asked) return gone(reply);

		const subject = await database.checkPassword(name, password);
		if (!subject) {
			const { csrf } = await browsers.of(request, reply);
			if (asked) return askForLogin(reply, csrf, transactionId, { ...asked, login_hint: name }, true);
			return show(reply.code(401), loginPage({ csrf, to: { user_code: userCode }, hint: name, failed: true }));
		}
		const browser = await browsers.logIn(request, reply, subject);
		if (asked) return proceed(reply, browser, transactionId, asked);
		return redirect(reply, userCode ? `/device?user_code=${encodeURIComponent(userCode)}` : '/');
	});

	app.post('/consent', async (request, reply) => {
		const { transaction_id: transactionId, decision, scope = '' } = request.body;
		const asked = await open(transactionId);
		if (!asked) return gone(reply);
		const browser = await browsers.of(request, reply);
		if (decision !== 'allow') {
			return redirect(reply, (await database.denyAuthorization(transactionId, 'access_denied')).redirect_uri);
		}
		// what was on the page, in case another page was answered meanwhile
		return proceed(reply, browser, transactionId, asked, scope);
	});
}
