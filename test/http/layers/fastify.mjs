// http/adapters/node/fastify.js in an application of Fastify.
import { adapter } from './adapter.mjs';

export const start = (context) => adapter(context, process.execPath, (port) => ['test/http/apps/fastify.mjs', String(port)]);
