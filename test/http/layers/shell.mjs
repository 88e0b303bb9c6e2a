// http/adapters/shell, called for each request by a small server.
import { adapter } from './adapter.mjs';

export const start = (context) => adapter(context, process.execPath, (port) => ['test/http/apps/shell.mjs', String(port)]);
