// Starts the example MCP server.
//   MCP_URL   its own public URL, the API of setup.sql (default http://127.0.0.1:MCP_PORT/mcp)
//   MCP_PORT  where it listens on 127.0.0.1 (default 3004)
//   PGHOST, PGUSER (default mcp_server) and so on: the database
import { pgtoken } from '../../http/adapters/node/pgtoken.js';
import { openShards } from '../../http/gateway/shards.js';
import { makeServer } from './server.js';

const port = Number(process.env.MCP_PORT || 3004);
const url = process.env.MCP_URL || `http://127.0.0.1:${port}/mcp`;
const user = process.env.PGUSER || 'mcp_server';
const database = openShards({ database: { user, poolSize: 10, acquireTimeout: 10_000, statementTimeout: 30_000 }, shards: [] });
const door = pgtoken({ user, max: 2 });
const server = makeServer({ url, database, door, log: (line) => console.error(`mcp: ${line}`) });

async function stop() {
	server.closeIdleConnections();
	await new Promise((closed) => { server.close(closed); });
	await Promise.all([database.end(), door.end()]);
}
process.once('SIGTERM', stop);
process.once('SIGINT', stop);

server.listen(port, '127.0.0.1', () => console.log(`mcp: listening on ${url}`));
