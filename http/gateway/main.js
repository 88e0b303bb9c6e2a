// The reference gateway: starts, says where it listens, and on SIGTERM or SIGINT
// finishes the requests it has before it goes.
import { readConfig } from './config.js';
import { assertReady } from './door.js';
import { reason } from './errors.js';
import { makeLog } from './log.js';
import { makeServer } from './server.js';
import { openShards } from './shards.js';

const log = makeLog('gateway', process.env.GATEWAY_LOG);

try {
	const config = readConfig(process.env);
	const shards = openShards(config);
	// before it listens there is nothing to finish
	let stop = () => process.exit();
	for (const signal of ['SIGTERM', 'SIGINT']) process.once(signal, () => stop());
	await shards.begin(assertReady, (error) => log.complain(`shard ${error.shard}: ${reason(error)}`, { shard: error.shard, error: reason(error) }));
	const server = makeServer(config, shards, log);
	server.on('error', (error) => {
		log.complain(reason(error));
		process.exit(1);
	});
	server.listen(config.port, config.host, () => {
		stop = () => {
			stop = () => {};
			server.close(() => shards.end());
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
