// The device flow's page for the user (RFC 8628): type the code in, look who
// asks, say yes or no.
import { deviceCodePage, deviceConsentPage, loginPage, messagePage } from './pages.js';

const ERRORS = {
	invalid_user_code: 'This code is not known, or has expired.',
	too_many_attempts: 'Too many wrong codes. Please wait a while.',
	session_limit: 'You are signed in in as many places as you may be. Please sign out of one of them first.',
};

export function addDevice(app, { database, browsers, show }) {
	async function look(reply, { csrf, session }, userCode) {
		if (!session) return show(reply, loginPage({ csrf, to: { user_code: userCode } }));
		if (!userCode) return show(reply, deviceCodePage({ csrf }));
		const asked = await database.deviceRequest(userCode, session.subject);
		if (asked.error) {
			return show(reply.code(asked.error === 'too_many_attempts' ? 429 : 400),
				deviceCodePage({ csrf, userCode, error: ERRORS[asked.error] ?? asked.error }));
		}
		return show(reply, deviceConsentPage({ csrf, userCode: asked.user_code,
			client: asked.client_name ?? asked.client_id, scope: asked.scope ?? '', details: asked.authorization_details, resource: asked.resource }));
	}

	app.get('/device', async (request, reply) => look(reply, await browsers.of(request, reply), request.query.user_code));
	app.post('/device', async (request, reply) => look(reply, await browsers.of(request, reply), request.body.user_code));

	app.post('/device/answer', async (request, reply) => {
		const { user_code: userCode, decision } = request.body;
		const { csrf, session } = await browsers.of(request, reply);
		if (!session) return show(reply, loginPage({ csrf, to: { user_code: userCode } }));
		const error = decision === 'allow'
			? await database.approveDevice(userCode, session)
			: await database.denyDevice(userCode, session.subject);
		if (error === 'login_required') return show(reply, loginPage({ csrf, to: { user_code: userCode } }));
		if (error) return show(reply.code(400), deviceCodePage({ csrf, userCode, error: ERRORS[error] ?? error }));
		return show(reply, messagePage(decision === 'allow' ? 'Connected' : 'Refused', 'You can go back to your device.'));
	});
}
