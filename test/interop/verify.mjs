// Do tokens of ours satisfy somebody else's verifier?
//
// in:  { jwks, issuer, cases: [{ alg, access_token, id_token, audience, client_id, nonce, mac_key? }] }
// out: { alg: { check: true | false } }
import { createHash } from 'node:crypto';

import { answer, holds, jose } from './jose.mjs';

// OpenID Connect Core 3.1.3.6: the hash of the algorithm; Ed25519 is built on SHA-512
const HASHES = {
	ES256: 'sha256', ES384: 'sha384', ES512: 'sha512',
	RS256: 'sha256', PS256: 'sha256', HS256: 'sha256', EdDSA: 'sha512',
};

function leftHalf(hash, text) {
	const digest = createHash(hash).update(text, 'ascii').digest();
	return digest.subarray(0, digest.length / 2).toString('base64url');
}

// the same token with another payload under the old signature
function forged(token) {
	const [header, payload, signature] = token.split('.');
	const claims = JSON.parse(Buffer.from(payload, 'base64url'));
	claims.sub = 'mallory';
	return [header, Buffer.from(JSON.stringify(claims)).toString('base64url'), signature].join('.');
}

async function check(input, { alg, access_token, id_token, audience, client_id, nonce, mac_key }) {
	const key = mac_key ? Buffer.from(mac_key, 'base64url') : jose.createLocalJWKSet(input.jwks);
	const access = { issuer: input.issuer, audience, typ: 'at+jwt', algorithms: [alg],
		requiredClaims: ['iss', 'exp', 'aud', 'sub', 'client_id', 'iat', 'jti'] };
	const id = { issuer: input.issuer, audience: client_id, typ: 'JWT', algorithms: [alg],
		requiredClaims: ['iss', 'sub', 'aud', 'exp', 'iat', 'auth_time', 'nonce', 'at_hash'] };
	const result = {
		'access token verifies': await holds(jose.jwtVerify(access_token, key, access)),
		'ID token verifies': await holds(jose.jwtVerify(id_token, key, id)),
		'an access token is no ID token': !(await holds(jose.jwtVerify(access_token, key, id))),
		'an ID token is no access token': !(await holds(jose.jwtVerify(id_token, key, access))),
		'a forged one does not verify': !(await holds(jose.jwtVerify(forged(access_token), key, access))),
	};
	const claims = jose.decodeJwt(id_token);
	result['at_hash is that of the access token'] = claims.at_hash === leftHalf(HASHES[alg], access_token);
	result['nonce is what was sent'] = claims.nonce === nonce;
	if (!mac_key) {
		const { kid } = jose.decodeProtectedHeader(access_token);
		const jwk = input.jwks.keys.find((one) => one.kid === kid);
		result['kid is the thumbprint of its key'] = kid === await jose.calculateJwkThumbprint(jwk);
		result['JWK has alg and use and no private part'] =
			jwk.alg === alg && jwk.use === 'sig' && !('d' in jwk) && !('k' in jwk) && !('p' in jwk);
	}
	return result;
}

await answer(async (input) => {
	const results = {};
	for (const one of input.cases) results[one.alg] = await check(input, one);
	return results;
});
