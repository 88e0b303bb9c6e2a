// The reference gateway: starts, says where it listens, and on SIGTERM or SIGINT
// finishes the requests it has before it goes.
import { readConfig } from './config.js';
import { openPool } from './database.js';
import { assertReady } from './door.js';
import { reason } from './errors.js';
import { makeLog } from './log.js';
import { makeServer } from './server.js';

const log = makeLog('gateway', process.env.GATEWAY_LOG);

try {
	const config = readConfig(process.env);
	const pool = openPool(config.database);
	// before it listens there is nothing to finish
	let stop = () => process.exit();
	for (const signal of ['SIGTERM', 'SIGINT']) process.once(signal, () => stop());
	await assertReady(pool);
	const server = makeServer(config, pool, log);
	server.on('error', (error) => {
		log.complain(reason(error));
		process.exit(1);
	});
	server.listen(config.port, config.host, () => {
		stop = () => {
			stop = () => {};
			server.close(() => pool.end());
			server.closeIdleConnections(); // Node 18 would wait until they time out
		};
		log.tell(`listening on http://${config.host}:${server.address().port}`);
	});
} catch (error) {
	// never the error itself: that of a connection holds the configuration
	log.complain(reason(error));
	// at once, because a connection that came to nothing half-way would keep the process
	process.exit(1);
}
