// http/adapters/python under uvicorn, of the distribution's packages.
import { adapter } from './adapter.mjs';

export const start = (context) => adapter(context, '/usr/bin/python3', (port) => ['-m', 'uvicorn', '--app-dir', 'http/adapters/python',
	'--host', '127.0.0.1', '--port', String(port), '--no-proxy-headers', '--no-access-log', 'pgtoken_asgi:app'], 'Uvicorn running on');
