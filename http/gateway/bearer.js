// The check of a Bearer token that PostgREST does before it asks the database:
// signature, times, audience, role.  Whether the token was revoked, and whether
// it is an access token at all, is the business of db-pre-request.
import { createLocalJWKSet, errors, jwtVerify } from 'jose';

import { HttpError } from './errors.js';

const SKEW = 30; // seconds, as PostgREST

function refused(code, message) {
	const shown = message.replace(/["\\\r\n]/g, '');
	return new HttpError(401, { code, message },
		{ 'WWW-Authenticate': `Bearer error="invalid_token", error_description="${shown}"` });
}

/** the token of an Authorization header with the Bearer scheme; undefined for any other */
function bearerToken(authorization) {
	return /^Bearer +(\S+) *$/i.exec(authorization ?? '')?.[1];
}

// Without a kid several keys may fit; each is tried.
async function verifyWithAny(token, keySet, options) {
	try {
		return await jwtVerify(token, keySet, options);
	} catch (error) {
		if (error.code !== 'ERR_JWKS_MULTIPLE_MATCHING_KEYS') throw error;
		for await (const key of error) {
			try {
				return await jwtVerify(token, key, options);
			} catch (inner) {
				if (inner.code !== 'ERR_JWS_SIGNATURE_VERIFICATION_FAILED') throw inner;
			}
		}
		throw new errors.JWSSignatureVerificationFailed();
	}
}

/** made anew for each pre-config */
export function makeVerifier({ jwtSecret, jwtAudience }) {
	if (!jwtSecret) return null;
	const parsed = JSON.parse(jwtSecret);
	const keySet = createLocalJWKSet(parsed.keys ? parsed : { keys: [parsed] });

	return async (token) => {
		let claims;
		try {
			({ payload: claims } = await verifyWithAny(token, keySet, { clockTolerance: SKEW }));
		} catch (error) {
			if (!(error instanceof errors.JOSEError)) throw error;
			if (error instanceof errors.JWTExpired) throw refused('PGRST303', 'JWT expired');
			if (error instanceof errors.JWTClaimValidationFailed) throw refused('PGRST303', 'JWT claims are not valid');
			throw refused('PGRST301', 'No suitable key or wrong key type');
		}
		// jose would refuse a token without aud, PostgREST takes it
		const audiences = [claims.aud ?? []].flat();
		if (jwtAudience && audiences.length > 0 && !audiences.includes(jwtAudience)) {
			throw refused('PGRST303', 'JWT not in audience');
		}
		return claims;
	};
}

/** {role, claims} for the API's transaction */
export async function authenticate(authorization, { verify, anonRole }) {
	const token = bearerToken(authorization);
	if (token === undefined) return { role: anonRole, claims: { role: anonRole }, anonymous: true };
	if (!verify) throw new HttpError(500, { code: 'PGRST300', message: 'Server lacks JWT secret' });
	const claims = await verify(token);
	const role = typeof claims.role === 'string' ? claims.role : anonRole;
	return { role, claims: { ...claims, role }, anonymous: role === anonRole };
}
