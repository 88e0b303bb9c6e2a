// Starts the example shop.
//   PGHOST, PGDATABASE, …   the database; PGUSER is web_shop unless it says otherwise
//   SHOP_PORT   where it listens on 127.0.0.1 (default 3005)
import pg from 'pg';

import { makeServer } from './server.js';

const { env } = process;
const port = Number(env.SHOP_PORT || 3005);
const pool = new pg.Pool({ user: env.PGUSER || 'web_shop', application_name: 'shop example' });
pool.on('error', () => {});
pool.on('connect', (client) => client.on('error', () => {}));
const app = makeServer({ pool, clientId: env.SHOP_CLIENT_ID || 'web-shop' });
app.addHook('onClose', () => pool.end());

process.once('SIGTERM', () => app.close());
process.once('SIGINT', () => app.close());

await app.listen({ host: '127.0.0.1', port });
console.log(`shop: listening on http://localhost:${port}`);
