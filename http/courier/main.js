// The courier: starts, says that it listens, and on SIGTERM or SIGINT finishes the
// work it has before it goes.
import { reason } from '../gateway/errors.js';
import { makeLog } from '../gateway/log.js';
import { makeCodes } from './codes.js';
import { readConfig } from './config.js';
import { makeDatabase } from './database.js';
import { deliver } from './deliver.js';
import { fetchDocument } from './fetch.js';
import { makeGuard } from './guard.js';
import { deliverSignal } from './signal.js';
import { makeWorker } from './work.js';

const log = makeLog('courier', process.env.COURIER_LOG_FORMAT);
const complain = (line) => log.complain(line);

try {
	const config = readConfig(process.env);
	const { timeout, ca } = config;
	const guard = makeGuard(config);
	const codes = config.does.includes('code') && makeCodes(config.codes, { guard, timeout, ca });
	const does = {
		document: ({ request }) => fetchDocument(guard, request, { timeout }),
		logout: ({ request }) => deliver(guard, request, { timeout }),
		signal: ({ request }) => deliverSignal(guard, request, { timeout }),
		code: codes,
		seal: ({ request }) => deliver(guard, request, { timeout }),
	};
	const database = makeDatabase(config);
	const worker = makeWorker({ database, does, lanes: config.does.map((kind) => [kind]), settings: config,
		log: { complain: log.complain, tell: (...line) => { if (config.log) log.tell(...line); } } });

	const end = new AbortController();
	for (const signal of ['SIGTERM', 'SIGINT']) process.once(signal, () => end.abort());
	let ready = () => {
		ready = () => {};
		log.tell(`listening as ${config.name}, does ${config.does.join(', ')}`);
	};
	await database.listen({ signal: end.signal, wake: () => { ready(); worker.wake(); }, complain: (error) => complain(reason(error)) });
	await worker.stop();
	await database.close();
} catch (error) {
	// never the error itself: that of a connection holds the configuration
	complain(reason(error));
	// at once, because a connection that came to nothing half-way would keep the process
	process.exit(1);
}
