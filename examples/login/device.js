// The device flow's page for the user (RFC 8628): type the code in, look who
// asks, say yes or no.
import { logoOf } from './files.js';
import { deviceCodePage, deviceConsentPage, loginPage, messagePage } from './pages.js';
import { localesOf, textsOf } from './texts.js';

export function addDevice(app, { database, browsers, show, baseUrl }) {
	// a device says nothing of languages: those of the browser
	const localesIn = (request) => localesOf(request.headers['accept-language']);

	const askForLogin = (request, reply, csrf, userCode) => show(reply, loginPage({ csrf, to: { user_code: userCode }, t: textsOf(localesIn(request)) }));

	function askForCode(request, reply, csrf, userCode, error) {
		const t = textsOf(localesIn(request));
		return show(reply, deviceCodePage({ csrf, userCode, error: error && (t[error] ?? error), t }));
	}

	async function look(request, reply, { csrf, session }, userCode) {
		if (!session) return askForLogin(request, reply, csrf, userCode);
		if (!userCode) return askForCode(request, reply, csrf);
		const locales = localesIn(request);
		const shown = await database.devicePage(userCode, session.subject, locales);
		if (shown.error) return askForCode(request, reply.code(shown.error === 'too_many_attempts' ? 429 : 400), csrf, userCode, shown.error);
		return show(reply, deviceConsentPage({ csrf, shown, logo: logoOf(shown.client.logo_uri, baseUrl), t: textsOf(locales) }));
	}

	app.get('/device', async (request, reply) => look(request, reply, await browsers.of(request, reply), request.query.user_code));
	app.post('/device', async (request, reply) => look(request, reply, await browsers.of(request, reply), request.body.user_code));

	app.post('/device/answer', async (request, reply) => {
		const { user_code: userCode, page_id: pageId = null, decision } = request.body;
		const browser = await browsers.of(request, reply);
		const { csrf, session } = browser;
		if (!session) return askForLogin(request, reply, csrf, userCode);
		const error = decision === 'allow'
			? await database.approveDevice(userCode, session, pageId)
			: await database.denyDevice(userCode, session.subject);
		if (error === 'login_required') return askForLogin(request, reply, csrf, userCode);
		// the page was another user's, or never was
		if (error === 'consent_required') return look(request, reply, browser, userCode);
		if (error) return askForCode(request, reply.code(400), csrf, userCode, error);
		const t = textsOf(localesIn(request));
		return show(reply, messagePage(decision === 'allow' ? t.connected : t.refused, t.backToDevice, { t }));
	});
}
