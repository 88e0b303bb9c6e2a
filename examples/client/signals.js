// Shared signals: is this a security event token of our issuer, for us, and what does it say?
// (RFC 8417, RFC 8935; OpenID Shared Signals Framework 1.0)
import { createRemoteJWKSet, jwtVerify } from 'jose';

const EVENTS = 'https://schemas.openid.net/secevent/';
const ENDS = [`${EVENTS}caep/event-type/session-revoked`, `${EVENTS}risc/event-type/account-disabled`];
const REMEMBERED = 1000;

/** what is told to the transmitter (RFC 8935 section 2.4) */
function errOf({ code, claim }) {
	if (claim === 'iss') return 'invalid_issuer';
	if (claim === 'aud') return 'invalid_audience';
	return code === 'ERR_JWS_SIGNATURE_VERIFICATION_FAILED' || code === 'ERR_JWKS_NO_MATCHING_KEY' ? 'invalid_key' : 'invalid_request';
}

export function makeSignals({ issuer, jwks_uri: jwksUri }, clientId) {
	const keys = createRemoteJWKSet(new URL(jwksUri));
	const seen = new Set(); // jtis: what was not heard to be taken comes again

	/**
	 * @returns {err}: it does not hold; {}: it says nothing that ends a session, or was here before;
	 *          {ends: (claims) => is this session over?}
	 */
	return async (token) => {
		let payload;
		try {
			({ payload } = await jwtVerify(token, keys, { issuer, audience: clientId, typ: 'secevent+jwt', requiredClaims: ['iat', 'jti', 'events', 'sub_id'] }));
		} catch (error) {
			return { err: errOf(error) };
		}
		if (seen.has(payload.jti)) return {};
		seen.add(payload.jti);
		if (seen.size > REMEMBERED) seen.delete(seen.values().next().value);
		if (!ENDS.some((event) => event in payload.events)) return {};
		const { user = payload.sub_id, session } = payload.sub_id;
		// one session, or all that the user has here
		return { ends: (claims) => claims.sub === user.sub && (session === undefined || claims.sid === session.id) };
	};
}
