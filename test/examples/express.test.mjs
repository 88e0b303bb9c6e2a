// examples/express: sessions by openid-client, and an API that verifies tokens by jose and
// hears of revocations by the issuer's status list.
import { api, issuer, sql, started, website } from './service.mjs';

const base = await started('express', (port) => ({ command: process.execPath, args: ['main.js'], ready: `listening on http://127.0.0.1:${port}` }));

// a list is asked for again after two seconds, and not after a minute
await sql`ALTER SYSTEM SET pgtoken.status_list_ttl = '2s'`;
await sql`SELECT pg_reload_conf()`;
await sql`SELECT pgtoken.update_issuer(${issuer}, status_lists => true)`;

await website(base);await api(base, { untilRefused: async (call) => {
	for (;;) {
		const response = await call();
		if (response.status !== 200) return response;
		await new Promise((later) => { setTimeout(later, 200); });
	}
} });
