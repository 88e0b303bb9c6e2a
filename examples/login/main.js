// Starts the login application.
//   LOGIN_URL   its own public URL (default http://localhost:LOGIN_PORT: security keys want a name)
//   LOGIN_PORT  where it listens on 127.0.0.1 (default 3002)
//   LOGIN_LOGOS  anywhere: logos of clients are shown from where their logo_uri leads (default: files in logos/ alone)
//   LOGIN_TELL_TIMEOUT  milliseconds for a client to take its logout token (default 5000)
//   PGHOST, PGUSER and so on: the database
import { Database } from './database.js';
import { makeServer } from './server.js';

const port = Number(process.env.LOGIN_PORT || 3002);
const baseUrl = process.env.LOGIN_URL || `http://localhost:${port}`;
const database = new Database();
const app = makeServer({ database, baseUrl, log: (line) => console.error(`login: ${line}`) });

async function stop() {
	await app.close();
	await database.end();
}
process.once('SIGTERM', stop);
process.once('SIGINT', stop);

await app.listen({ host: '127.0.0.1', port });
console.log(`login: listening on ${baseUrl}`);
