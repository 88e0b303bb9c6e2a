// The login application's HTTP server.
import Fastify from 'fastify';

import { addAccount } from './account.js';
import { addAuthorization } from './authorization.js';
import { Browsers } from './browser.js';
import { addDevice } from './device.js';
import { addFactors } from './factors.js';
import { addFiles, addLogos } from './files.js';
import { addLogout } from './logout.js';
import { Mailbox } from './mailbox.js';
import { contentSecurityPolicy, homePage, messagePage } from './pages.js';
import { addSignUp } from './sign_up.js';

const BODY_LIMIT = 16 * 1024;

export function makeServer({ database, baseUrl, log }) {
	const app = Fastify({ bodyLimit: BODY_LIMIT, forceCloseConnections: 'idle' });
	const browsers = new Browsers(database, baseUrl);

	// of a repeated field the first counts
	const fields = (text) => {
		const read = Object.create(null);
		for (const [name, value] of new URLSearchParams(text)) read[name] ??= value;
		return read;
	};
	app.removeAllContentTypeParsers();
	app.addContentTypeParser('application/x-www-form-urlencoded', { parseAs: 'string' },
		(request, text, done) => done(null, fields(text)));

	/** @param leadsTo, frames see contentSecurityPolicy */
	const show = (reply, page, leadsTo = null, frames = []) => reply.type('text/html; charset=utf-8')
		.header('Content-Security-Policy', contentSecurityPolicy(leadsTo, frames)).send(page);
	const redirect = (reply, uri) => reply.redirect(uri, 303);

	app.addHook('onRequest', (request, reply, done) => {
		request.query = fields(request.raw.url.split('?')[1] ?? '');
		reply.headers({
			'Cache-Control': 'no-store',
			// not no-referrer: that would take the origin from our own forms too
			'Referrer-Policy': 'same-origin',
			'X-Content-Type-Options': 'nosniff',
			'X-Frame-Options': 'DENY',
		});
		done();
	});
	// no form is looked at that another site may have sent
	app.addHook('preHandler', (request, reply, done) => {
		if (request.method === 'POST' && !(request.body && browsers.isOurs(request))) {
			show(reply.code(403), messagePage('Not possible', 'Please go back, reload the page and try again.'));
			return;
		}
		done();
	});
	app.setErrorHandler((error, request, reply) => {
		const status = error.statusCode >= 400 && error.statusCode < 500 ? error.statusCode : 500;
		if (status === 500) log(`${request.method} ${request.routeOptions.url}: ${error.message}`);
		return show(reply.code(status), messagePage('Something went wrong', 'Please try again later.'));
	});

	app.setNotFoundHandler((request, reply) => show(reply.code(404), messagePage('Not found', 'There is no such page.', { next: ['/', 'Your account'] })));
	addFiles(app, ['style.css']);
	addLogos(app);

	const tools = { database, browsers, mailbox: new Mailbox(database), show, redirect, log, baseUrl };
	const authorization = addAuthorization(app, tools);
	addSignUp(app, { ...tools, authorization });
	addDevice(app, tools);
	addFactors(app, tools);
	addLogout(app, tools);
	addAccount(app, tools);

	app.get('/', async (request, reply) => {
		const { csrf, session } = await browsers.of(request, reply);
		if (!session) return redirect(reply, '/login');
		const consents = await database.consents(session.subject);
		const applications = await database.applications(session.subject);
		return show(reply, homePage({ csrf, name: session.name, consents, applications }));
	});
	app.post('/consent/withdraw', async (request, reply) => {
		const { session } = await browsers.of(request, reply);
		if (session) await database.withdrawConsent(session.subject, request.body.client_id ?? '', request.body.scope ?? null);
		return redirect(reply, '/');
	});
	return app;
}
