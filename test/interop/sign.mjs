// Access tokens made by somebody else with keys that we have imported.
//
// in:  { cases: [{ name, alg, header, claims, pem? | mac_key? }] }
// out: { name: token }
//
// header is used as it is; alg says how it is really signed.  With header.alg
// unlike it, the signature is made over that header all the same.
import { constants, createHmac, createPrivateKey, sign } from 'node:crypto';

import { answer, jose } from './jose.mjs';

const RAW = {
	ES256: ['sha256', {}], ES384: ['sha384', {}], ES512: ['sha512', {}],
	RS256: ['sha256', {}], EdDSA: [null, {}],
	PS256: ['sha256', { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: 32 }],
};

// what jose refuses to make: not signed, or a header that does not say how it is signed
function signRaw({ alg, header, claims, pem, mac_key }) {
	const input = [header, claims].map((part) => Buffer.from(JSON.stringify(part)).toString('base64url')).join('.');
	if (alg === 'none') return `${input}.`;
	if (alg === 'HS256') {
		return `${input}.${createHmac('sha256', Buffer.from(mac_key, 'base64url')).update(input).digest('base64url')}`;
	}
	const [hash, options] = RAW[alg];
	const key = { key: createPrivateKey(pem), dsaEncoding: 'ieee-p1363', ...options };
	return `${input}.${sign(hash, Buffer.from(input), key).toString('base64url')}`;
}

async function signJose({ alg, header, claims, pem, mac_key }) {
	const key = mac_key ? Buffer.from(mac_key, 'base64url') : await jose.importPKCS8(pem, alg);
	const crit = Object.fromEntries((header.crit ?? []).map((name) => [name, true]));
	return new jose.SignJWT(claims).setProtectedHeader(header).sign(key, { crit });
}

await answer(async ({ cases }) => {
	const tokens = {};
	for (const one of cases) {
		const honest = one.header.alg === one.alg && one.alg !== 'none';
		tokens[one.name] = await (honest ? signJose(one) : signRaw(one));
	}
	return tokens;
});
