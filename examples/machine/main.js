// A machine that calls an API in its own name: no user, no secret, a key (RFC 7523).  See
// README.md.
import { readFileSync } from 'node:fs';

import { importJWK } from 'jose';
import * as openid from 'openid-client';

const { ISSUER = process.env.BASE_URL, API_URL = ISSUER, KEY_FILE = 'key.json' } = process.env;
const jwk = JSON.parse(readFileSync(KEY_FILE, 'utf8'));
const config = await openid.discovery(new URL(ISSUER), 'machine', undefined,
	openid.PrivateKeyJwt({ key: await importJWK(jwk, jwk.alg), kid: jwk.kid }),
	{ execute: ISSUER.startsWith('http://127.0.0.1') ? [openid.allowInsecureRequests] : [] });

let tokens;

/** the access token; there is no refresh token: half a minute before its end it asks for another */
async function accessToken() {
	if (!tokens || tokens.expiresIn() < 30) tokens = await openid.clientCredentialsGrant(config, { scope: 'notes:read' });
	return tokens.access_token;
}

const response = await openid.fetchProtectedResource(config, await accessToken(), new URL(`${API_URL}/api/notes`), 'GET');
console.log(`The machine's notes: ${(await response.json()).join(', ')}`);
