// pgtoken for Fastify: what the application's own routes do not answer.
//
//   app.register(pgtoken, options);          options: see pgtoken.js
import { pgtoken as makeHandler } from './pgtoken.js';

export async function pgtoken(fastify, options) {
	const handler = makeHandler(options);
	// the body is handed on as it came, whatever it is said to be
	fastify.removeAllContentTypeParsers();
	fastify.addContentTypeParser('*', (request, payload, done) => done(null));
	fastify.setNotFoundHandler((request, reply) => {
		reply.hijack();
		return handler(request.raw, reply.raw);
	});
	fastify.addHook('onClose', () => handler.end());
}
