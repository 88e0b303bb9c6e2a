// Where the user is signed in: every browser, application and device that has tokens
// in his name, each of which he can sign out, or all but this one.
import { tell } from './logout.js';
import { messagePage, sessionsPage } from './pages.js';
import { localesOf } from './texts.js';

export function addAccount(app, { database, browsers, show, redirect, log }) {
	app.get('/sessions', async (request, reply) => {
		const { csrf, session } = await browsers.of(request, reply);
		if (!session) return redirect(reply, '/login');
		return show(reply, sessionsPage({ csrf, sessions: await database.sessions(session, localesOf(request.headers['accept-language'])) }));
	});

	app.post('/sessions/end', async (request, reply) => {
		const { session } = await browsers.of(request, reply);
		const { session_id: sessionId } = request.body;
		if (!session || !sessionId) return redirect(reply, '/sessions');
		await tell(await database.endSessionsOf(session, sessionId), log);
		if (sessionId !== session.session_id) return redirect(reply, '/sessions');
		await browsers.logOut(request, reply);
		return show(reply, messagePage('Logged out', 'You are logged out.', { next: ['/login', 'Log in'] }));
	});

	app.post('/sessions/end-others', async (request, reply) => {
		const { session } = await browsers.of(request, reply);
		if (!session) return redirect(reply, '/login');
		try {
			await tell(await database.endSessionsOf(session, null), log);
		} catch (error) {
			// nothing is kept where this session has no tokens with anybody, or was ended from elsewhere just now
			if (error.code !== '22023') throw error;
			return show(reply.code(409), messagePage('Not possible', 'You are signed in with no application here. Please end the others one by one.', { next: ['/sessions', 'Back'] }));
		}
		return redirect(reply, '/sessions');
	});
}
