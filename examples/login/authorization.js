// Login and consent: what the user is asked before a client gets its code.
// pgtoken.authorize has sent the browser here with ?transaction_id=...
import { contextOf } from './browser.js';
import { withoutGaps } from './factors.js';
import { logoOf } from './files.js';
import { consentPage, loginPage, messagePage, secondFactorPage, signUpPage } from './pages.js';
import { Codes, essentialAcr, SECOND_FACTOR, wantsSecondFactor } from './second_factor.js';
import { localesOf, textsOf } from './texts.js';

// where the answer sends the browser: to the client, or to a page of pgtoken's that posts it there
const leadsTo = (request) => request.answer_uri ?? request.redirect_uri;

const aboutOf = (request) => ({ site: request.client_uri, policy: request.policy_uri, terms: request.tos_uri });

const clientOf = (request) => request.client_name ?? request.client_id;

// pgtoken would say so as well, but only after a second factor has been asked for
const tooOld = (request, session) => {
	const age = Date.parse(request.created_at) - Date.parse(session.auth_time);
	return ['login', 'create'].some((prompt) => request.prompt?.includes(prompt)) ? age > 0 : age > request.max_age * 1000;
};

export function addAuthorization(app, { database, browsers, mailbox, show, redirect, baseUrl }) {
	const codes = new Codes(mailbox);
	const gone = (reply) => {
		const t = textsOf(localesOf(reply.request.headers['accept-language']));
		return show(reply.code(400), messagePage(t.tooLate, t.gone, { t }));
	};
	const looks = (request) => ({ t: textsOf(request.ui_locales), display: request.display });

	const askForLogin = (reply, csrf, transactionId, request, failed = false) => show(reply.code(failed ? 401 : 200),
		loginPage({ csrf, to: { transaction_id: transactionId }, hint: request.login_hint, client: clientOf(request),
			logo: logoOf(request.logo_uri, baseUrl), about: aboutOf(request), failed, ...looks(request) }), leadsTo(request));

	const askWho = (reply, csrf, transactionId, request) => (request.prompt?.includes('create')
		? show(reply, signUpPage({ csrf, transactionId, fields: { name: request.login_hint }, ...looks(request) }), leadsTo(request))
		: askForLogin(reply, csrf, transactionId, request));

	function askForSecondFactor(reply, { csrf, session }, transactionId, request, failed = false) {
		codes.send(session, clientOf(request));
		return show(reply.code(failed ? 401 : 200), secondFactorPage({ csrf, transactionId, failed,
			mayGoWithout: essentialAcr(request).length === 0, ...looks(request) }), leadsTo(request));
	}

	/**
	 * As far as it goes without asking: pgtoken says whether the login is recent
	 * and good enough and the consent complete, and where the browser goes next.
	 * @param consent the scopes just agreed to, or null
	 * @param pageId names the page on which they were
	 * @param secondFactor may it be asked for, where the client would like it?
	 */
	async function proceed(reply, browser, transactionId, request, { consent = null, pageId = null, secondFactor = true } = {}) {
		const { csrf, session } = browser;
		const silent = request.prompt?.includes('none');
		if (!session && silent) return redirect(reply, (await database.denyAuthorization(transactionId, 'login_required')).redirect_uri);
		if (!session || (!silent && tooOld(request, session))) return askWho(reply, csrf, transactionId, request);
		if (secondFactor && !silent && wantsSecondFactor(request, session)) return askForSecondFactor(reply, browser, transactionId, request);
		const answer = await database.approveAuthorization(transactionId, session, { consent, pageId }, contextOf(reply.request));
		if (answer.redirect_uri) return redirect(reply, answer.redirect_uri);
		switch (answer.error) {
			case 'login_required':
				return askWho(reply, csrf, transactionId, request);
			case 'unmet_authentication_requirements':
				if (wantsSecondFactor(request, session)) return askForSecondFactor(reply, browser, transactionId, request);
				return redirect(reply, (await database.denyAuthorization(transactionId, answer.error)).redirect_uri);
			case 'consent_required': {
				const shown = await database.consentPage(transactionId, session.subject);
				if (!shown) return gone(reply);
				return show(reply, consentPage({ csrf, transactionId, shown, logo: logoOf(shown.client.logo_uri, baseUrl), ...looks(request) }), leadsTo(request));
			}
			case 'session_limit': {
				const { t } = looks(request);
				return show(reply.code(403), messagePage(t.tooMany, t.signOutOne, { next: ['/sessions', t.whereSignedIn], t }), leadsTo(request));
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
		const { transaction_id: transactionId, instead } = request.query;
		const browser = await browsers.of(request, reply);
		if (transactionId === undefined) {
			return browser.session ? redirect(reply, '/') : show(reply, loginPage({ csrf: browser.csrf, to: {}, t: textsOf(localesOf(request.headers['accept-language'])) }));
		}
		const asked = await open(transactionId);
		if (!asked) return gone(reply);
		// who was shown the other page, and has an account
		return instead ? askForLogin(reply, browser.csrf, transactionId, asked) : proceed(reply, browser, transactionId, asked);
	});

	app.post('/login', async (request, reply) => {
		const { name = '', password = '', keep, transaction_id: transactionId, user_code: userCode } = request.body;
		const asked = transactionId ? await open(transactionId) : null;
		if (transactionId && !asked) return gone(reply);

		const subject = await database.checkPassword(name, password);
		if (!subject) {
			const { csrf } = await browsers.of(request, reply);
			if (asked) return askForLogin(reply, csrf, transactionId, { ...asked, login_hint: name }, true);
			return show(reply.code(401), loginPage({ csrf, to: { user_code: userCode }, hint: name, failed: true,
				t: textsOf(localesOf(request.headers['accept-language'])) }));
		}
		const browser = await browsers.logIn(request, reply, subject, keep === 'yes');
		if (asked) return proceed(reply, browser, transactionId, asked);
		return redirect(reply, userCode ? `/device?user_code=${encodeURIComponent(userCode)}` : '/');
	});

	app.post('/second-factor', async (request, reply) => {
		const { transaction_id: transactionId, code, decision } = request.body;
		const asked = await open(transactionId);
		if (!asked) return gone(reply);
		const browser = await browsers.of(request, reply);
		// one that is essential to the client is asked for again
		if (!browser.session || decision === 'without') return proceed(reply, browser, transactionId, asked, { secondFactor: false });
		if (!codes.check(browser.session, withoutGaps(code ?? ''))) return askForSecondFactor(reply, browser, transactionId, asked, true);
		const { acr, amr } = SECOND_FACTOR;
		return proceed(reply, await browsers.stepUp(request, acr, amr), transactionId, asked);
	});

	app.post('/consent', async (request, reply) => {
		const { transaction_id: transactionId, page_id: pageId = null, decision, scope = '' } = request.body;
		const asked = await open(transactionId);
		if (!asked) return gone(reply);
		const browser = await browsers.of(request, reply);
		if (decision !== 'allow') {
			return redirect(reply, (await database.denyAuthorization(transactionId, 'access_denied')).redirect_uri);
		}
		// what was on the page, in case another page was answered meanwhile: pgtoken knows what this one asked about;
		// he has been asked for the second factor before
		return proceed(reply, browser, transactionId, asked, { consent: scope, pageId, secondFactor: false });
	});

	return { open, gone, proceed, leadsTo };
}
