// http/adapters/node/pgtoken.js in an application of Express.
import { adapter } from './adapter.mjs';

export const start = (context) => adapter(context, process.execPath, (port) => ['test/http/apps/express.mjs', String(port)]);
