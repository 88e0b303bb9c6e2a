// JWTs that a client signs: its assertions and proofs.  By WebCrypto, and so the same in Node and in a browser.

const encoder = new TextEncoder();
export const base64url = (bytes) => btoa(Array.from(new Uint8Array(bytes), (byte) => String.fromCharCode(byte)).join(''))
	.replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '');
const part = (content) => base64url(encoder.encode(JSON.stringify(content)));

/** alg, and how WebCrypto is told of it */
function algorithmOf({ algorithm: { name, namedCurve, hash } }) {
	if (name === 'ECDSA' && namedCurve === 'P-256') return ['ES256', { name, hash: 'SHA-256' }];
	if (name === 'ECDSA' && namedCurve === 'P-384') return ['ES384', { name, hash: 'SHA-384' }];
	if (name === 'RSASSA-PKCS1-v1_5' && hash.name === 'SHA-256') return ['RS256', { name }];
	if (name === 'RSA-PSS' && hash.name === 'SHA-256') return ['PS256', { name, saltLength: 32 }];
	if (name === 'Ed25519') return ['EdDSA', { name }];
	throw new TypeError(`no algorithm for a key of ${name}`);
}

export async function sign(header, claims, key) {
	const [alg, parameters] = algorithmOf(key);
	const signed = `${part({ ...header, alg })}.${part(claims)}`;
	return `${signed}.${base64url(await crypto.subtle.sign(parameters, key, encoder.encode(signed)))}`;
}

export const now = () => Math.floor(Date.now() / 1000);

/** a proof of possession (RFC 9449 section 4.2), good once */
export async function proof({ privateKey, publicKey }, { method, url, nonce, accessToken }) {
	const { kty, crv, x, y, e, n } = await crypto.subtle.exportKey('jwk', publicKey);
	const ath = accessToken && base64url(await crypto.subtle.digest('SHA-256', encoder.encode(accessToken)));
	return sign({ typ: 'dpop+jwt', jwk: { kty, crv, x, y, e, n } }, { jti: crypto.randomUUID(), htm: method, htu: url.replace(/[?#].*/, ''), iat: now(), nonce, ath }, privateKey);
}
