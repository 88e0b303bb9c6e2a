// An application of Fastify with pgtoken behind its own routes: node fastify.mjs PORT
import Fastify from 'fastify';

import { pgtoken } from '../../../http/adapters/node/fastify.js';

const app = Fastify({ forceCloseConnections: 'idle' });
app.get('/own', async () => 'own');
app.register(pgtoken, { proxied: process.env.PGTOKEN_PROXIED === 'on', requestIdHeader: process.env.PGTOKEN_REQUEST_ID_HEADER, log: process.env.PGTOKEN_LOG });
await app.listen({ port: Number(process.argv[2]), host: '127.0.0.1' });
console.log('fastify: listening');
process.once('SIGTERM', () => app.close());
