// The HTTP server: which path is answered how.
import Fastify from 'fastify';

import { authenticate } from './bearer.js';
import * as cors from './cors.js';
import { callFunction, callStatement, procedureStatement } from './database.js';
import { endpointsBelow } from './endpoints.js';
import { HttpError, toHttpError } from './errors.js';
import { cookiesOf, headersOf, splitTarget } from './request.js';
import { sendAnswer, sendError } from './response.js';

const NOTHING = Buffer.alloc(0);

/** @param settings see preconfig.js */
export function makeServer(config, pool, settings) {
	const app = Fastify({ bodyLimit: config.bodyLimit, exposeHeadRoutes: false, forceCloseConnections: 'idle' });

	// every body is handed on as the bytes that came, whatever it is said to be
	app.removeAllContentTypeParsers();
	app.addContentTypeParser('*', { parseAs: 'buffer' }, (request, body, done) => done(null, body));

	app.setErrorHandler((error, request, reply) => sendError(reply, toHttpError(error)));
	if (config.accessLog) app.addHook('onResponse', logAccess);

	const routes = [
		...endpointsBelow(config.basePath).map((endpoint) => ({ ...endpoint, handler: endpointHandler(endpoint, config, pool, settings) })),
		...Object.entries(config.api).map(([path, name]) => ({
			path, methods: ['GET', 'POST'], cors: true, handler: apiHandler(name, config, pool, settings),
		})),
	];
	for (const { path, methods, cors: open, handler } of routes) {
		const onRequest = (request, reply, done) => {
			if (open) cors.decorate(request, reply, config.corsOrigins);
			done();
		};
		app.route({ method: methods, url: path, onRequest, handler });
		if (open) {
			app.options(path, (request, reply) => cors.preflight(request, reply, config.corsOrigins, methods));
		}
	}
	app.setNotFoundHandler((request, reply) => {
		const route = routes.find(({ path }) => path === splitTarget(request.url).path);
		// a script that looks whether something is there is told that it is not, and so is its preflight;
		// what is for no script says nothing to one
		if (!route || route.cors) {
			if (!route && cors.isPreflight(request)) return cors.preflight(request, reply, config.corsOrigins, ['GET', 'POST']);
			cors.decorate(request, reply, config.corsOrigins);
		}
		return sendError(reply, notFound(route));
	});
	return app;
}

// A compressed body is no text, which is what the function takes; it sees the header and says so.
const withheld = ({ headers }) => (headers['content-encoding'] ?? 'identity').toLowerCase() !== 'identity';

function endpointHandler({ name, body }, config, pool, settings) {
	const statement = callStatement(name, body === 'none' ? null : 'text');
	return async (request, reply) => {
		const { path, query } = splitTarget(request.raw.url);
		let values = [];
		if (body !== 'none') {
			values = [request.method === 'GET' ? Buffer.from(body === 'query' ? query : '') : withheld(request) ? NOTHING : request.body ?? NOTHING];
		}
		// An Authorization header here is the client's or for the function to look
		// at, so the role is always the anonymous one.
		const role = settings.anonRole;
		const answer = await callFunction(pool, {
			role,
			readOnly: body === 'none',
			method: request.method,
			path,
			...requestSettings(request, config),
			claims: JSON.stringify({ role }),
		}, null, { statement, values });
		return sendAnswer(reply, answer);
	};
}

// The application's own functions, the way PostgREST calls them: on GET without
// an argument and read only, on POST with the JSON body.
function apiHandler(name, config, pool, settings) {
	const onGet = callStatement(name, null);
	const onPost = callStatement(name, 'json');
	const preRequest = config.preRequest ? procedureStatement(config.preRequest) : null;
	return async (request, reply) => {
		let who = { anonymous: true };
		try {
			const inside = requestSettings(request, config);
			who = await authenticate(request.headers.authorization, settings);
			const call = request.method === 'GET'
				? { statement: onGet, values: [] }
				: { statement: onPost, values: [request.body?.length ? request.body : '{}'] };
			const answer = await callFunction(pool, {
				role: who.role,
				readOnly: request.method === 'GET',
				method: request.method,
				path: splitTarget(request.raw.url).path,
				...inside,
				claims: JSON.stringify(who.claims),
			}, preRequest, call);
			return sendAnswer(reply, answer);
		} catch (error) {
			throw toHttpError(error, who.anonymous);
		}
	};
}

function requestSettings(request, config) {
	return {
		headers: JSON.stringify(headersOf(request.raw, config)),
		peer: config.trustProxy ? null : request.socket.remoteAddress,
		cookies: JSON.stringify(cookiesOf(request.raw)),
	};
}

function notFound(route) {
	if (route) {
		return new HttpError(405, { code: 'PGRST101', message: `only ${route.methods.join(' and ')} here` },
			{ Allow: route.methods.join(', ') });
	}
	return new HttpError(404, { code: 'PGRST125', message: 'Invalid path specified in request URL' });
}

// No query string, no header, no body: any of them may hold a token.
function logAccess(request, reply, done) {
	const { path } = splitTarget(request.raw.url);
	console.log(`${request.method} ${path} ${reply.statusCode} ${reply.elapsedTime.toFixed(1)} ms`);
	done();
}
