// A television: it shows a code, waits until its user has typed it in elsewhere, and then
// has tokens of his (RFC 8628).  See README.md.
import { readFileSync, rmSync, writeFileSync } from 'node:fs';

import * as openid from 'openid-client';

const { ISSUER = process.env.BASE_URL, DEVICE_CLIENT_ID, API_URL = ISSUER, TOKEN_FILE = '.tv-token' } = process.env;
const config = await openid.discovery(new URL(ISSUER), DEVICE_CLIENT_ID, undefined, openid.None(),
	{ execute: ISSUER.startsWith('http://127.0.0.1') ? [openid.allowInsecureRequests] : [] });

/** what outlives being switched off: the refresh token alone, where nobody else reads it */
const saved = {
	read: () => { try { return readFileSync(TOKEN_FILE, 'utf8'); } catch { return undefined; } },
	write: (token) => writeFileSync(TOKEN_FILE, token, { mode: 0o600 }),
	forget: () => rmSync(TOKEN_FILE, { force: true }),
};

async function connect() {
	const asked = await openid.initiateDeviceAuthorization(config, { scope: 'openid profile offline_access notes:read' });
	console.log(`Open ${asked.verification_uri} and type in ${asked.user_code},\nor scan ${asked.verification_uri_complete}`);
	// as often as it may, more slowly when told so, until the code is over
	return openid.pollDeviceAuthorizationGrant(config, asked);
}

/** by the token that was kept, where it still holds */
async function resume() {
	const token = saved.read();
	if (!token) return undefined;
	try {
		return await openid.refreshTokenGrant(config, token);
	} catch (error) {
		if (error.error !== 'invalid_grant') throw error;
		saved.forget(); // ended elsewhere
		return undefined;
	}
}

if (process.argv[2] === 'disconnect') {
	const token = saved.read();
	if (token) await openid.tokenRevocation(config, token);
	saved.forget();
	console.log('Disconnected.');
} else {
	const tokens = await resume() ?? await connect();
	saved.write(tokens.refresh_token);
	const response = await openid.fetchProtectedResource(config, tokens.access_token, new URL(`${API_URL}/api/notes`), 'GET');
	console.log(`On the screen: ${(await response.json()).join(', ')}`);
}
