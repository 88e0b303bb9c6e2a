// Makes the machine's key, once, and prints what others may know of it: a JWK Set for
// register.sql.  The private key stays in key.json, which nobody else may read.
import { existsSync, readFileSync, writeFileSync } from 'node:fs';

import { calculateJwkThumbprint, exportJWK, generateKeyPair } from 'jose';

const { KEY_FILE = 'key.json' } = process.env;
if (!existsSync(KEY_FILE)) {
	const { privateKey } = await generateKeyPair('ES256', { extractable: true });
	const jwk = await exportJWK(privateKey);
	writeFileSync(KEY_FILE, JSON.stringify({ ...jwk, alg: 'ES256', kid: await calculateJwkThumbprint(jwk) }), { mode: 0o600 });
}
const { d, ...known } = JSON.parse(readFileSync(KEY_FILE, 'utf8'));
console.log(JSON.stringify({ keys: [{ ...known, use: 'sig' }] }));
