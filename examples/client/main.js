// Starts the example client.
//   ISSUER, CLIENT_ID, CLIENT_SECRET  who it is to whom
//   CLIENT_URL    its own public URL (default http://localhost:CLIENT_PORT)
//   CLIENT_PORT   where it listens on 127.0.0.1 (default 3003)
//   CLIENT_SCOPE  what it asks for (default "openid profile email offline_access")
//   RESOURCE, NOTES_URL  an API it may ask as its user, if there is one
import { makeServer } from './server.js';

const { env } = process;
const port = Number(env.CLIENT_PORT || 3003);
const baseUrl = env.CLIENT_URL || `http://localhost:${port}`;
const app = await makeServer({
	baseUrl,
	issuer: env.ISSUER,
	clientId: env.CLIENT_ID,
	clientSecret: env.CLIENT_SECRET,
	scope: env.CLIENT_SCOPE || 'openid profile email offline_access',
	resource: env.RESOURCE,
	notesUrl: env.NOTES_URL,
	log: (line) => console.error(`client: ${line}`),
});

process.once('SIGTERM', () => app.close());
process.once('SIGINT', () => app.close());

await app.listen({ host: '127.0.0.1', port });
console.log(`client: listening on ${baseUrl}`);
