// Back-channel logout: is this a logout token of our issuer, for us?
// (OpenID Connect Back-Channel Logout 1.0, section 2.6)
import { createRemoteJWKSet, jwtVerify } from 'jose';

const EVENT = 'http://schemas.openid.net/event/backchannel-logout';
const REMEMBERED = 1000;

export function makeLogoutTokenCheck({ issuer, jwks_uri: jwksUri }, clientId) {
	const keys = createRemoteJWKSet(new URL(jwksUri));
	const seen = new Set(); // jtis, against a replay

	/** {sub, sid}; rejects when the token does not hold */
	return async (token) => {
		const { payload } = await jwtVerify(token, keys, {
			issuer, audience: clientId, typ: 'logout+jwt', requiredClaims: ['iat', 'exp', 'jti', 'events'], maxTokenAge: '5m',
		});
		if (typeof payload.events?.[EVENT] !== 'object') throw new Error('no logout event');
		if ('nonce' in payload) throw new Error('an ID token in disguise');
		if (payload.sub === undefined && payload.sid === undefined) throw new Error('neither sub nor sid');
		if (seen.has(payload.jti)) throw new Error('seen before');
		seen.add(payload.jti);
		if (seen.size > REMEMBERED) seen.delete(seen.values().next().value);
		return { sub: payload.sub, sid: payload.sid };
	};
}
