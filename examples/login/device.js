// The device flow's page for the user (RFC 8628): type the code in, look who
// asks, say yes or no.
import { deviceCodePage, deviceConsentPage, loginPage, messagePage } from './pages.js';
import { localesOf, textsOf } from './texts.js';

const ERRORS = {
	invalid_user_code: 'This code is not known, or has expired.',
	too_many_attempts: 'Too many wrong codes. Please wait a while.',
	session_limit: 'You are signed in in as many places as you may be. Please sign out of one of them first.',
};

export function addDevice(app, { database, browsers, show }) {
	// a device says nothing of languages: those of the browser
	async function look(request, reply, { csrf, session }, userCode) {
		const locales = localesOf(request.headers['accept-language']);
		if (!session) return show(reply, loginPage({ csrf, to: { user_code: userCode } }));
		if (!userCode) return show(reply, deviceCodePage({ csrf }));
		const shown = await database.devicePage(userCode, session.subject, locales);
		if (shown.error) {
			return show(reply.code(shown.error === 'too_many_attempts' ? 429 : 400),
				deviceCodePage({ csrf, userCode, error: ERRORS[shown.error] ?? shown.error }));
		}
		return show(reply, deviceConsentPage({ csrf, shown, t: textsOf(locales) }), null, [], [shown.client.logo_uri].filter(Boolean));
	}

	app.get('/device', async (request, reply) => look(request, reply, await browsers.of(request, reply), request.query.user_code));
	app.post('/device', async (request, reply) => look(request, reply, await browsers.of(request, reply), request.body.user_code));

	app.post('/device/answer', async (request, reply) => {
		const { user_code: userCode, page_id: pageId = null, decision } = request.body;
		const browser = await browsers.of(request, reply);
		const { csrf, session } = browser;
		if (!session) return show(reply, loginPage({ csrf, to: { user_code: userCode } }));
		const error = decision === 'allow'
			? await database.approveDevice(userCode, session, pageId)
			: await database.denyDevice(userCode, session.subject);
		if (error === 'login_required') return show(reply, loginPage({ csrf, to: { user_code: userCode } }));
		// the page was another user's, or never was
		if (error === 'consent_required') return look(request, reply, browser, userCode);
		if (error) return show(reply.code(400), deviceCodePage({ csrf, userCode, error: ERRORS[error] ?? error }));
		return show(reply, messagePage(decision === 'allow' ? 'Connected' : 'Refused', 'You can go back to your device.'));
	});
}
