// The reference gateway: starts, says where it listens, and on SIGTERM or SIGINT
// finishes the requests it has before it goes.
import { readConfig } from './config.js';
import { openPool } from './database.js';
import { Settings } from './preconfig.js';
import { makeServer } from './server.js';

const config = readConfig(process.env);
const pool = openPool(config.database);
const settings = new Settings(config, pool, (line) => console.error(`gateway: ${line}`));
const server = makeServer(config, pool, settings);
let listening = false;
let stopping = false;

async function stop() {
	// before it listens there is nothing to finish
	if (!listening) process.exit();
	if (stopping) return;
	stopping = true;
	await server.close();
	await settings.stop();
	await pool.end();
}

process.once('SIGTERM', stop);
process.once('SIGINT', stop);

try {
	await settings.start();
	await server.listen({ host: config.host, port: config.port });
	listening = true;
	console.log(`gateway: listening on http://${config.host}:${server.server.address().port}`);
} catch (error) {
	// never the error itself: that of a connection holds the configuration
	console.error(`gateway: ${error.cause?.message || error.message}`);
	// at once, because a connection that came to nothing half-way would keep the process
	process.exit(1);
}
