// What the token service has said, in one form for both transports.

const tokensOf = (row, presented) => ({
	accessToken: row.access_token,
	tokenType: row.token_type,
	expiresIn: row.expires_in,
	expiresAt: Date.now() + row.expires_in * 1000,
	refreshToken: row.refresh_token ?? presented,
	idToken: row.id_token ?? undefined,
	scope: row.scope ?? undefined,
});

export const allow = (row, presented) => ({ status: 'allow', tokens: tokensOf(row, presented) });

/** over: the refresh token is good for nothing any more.  After any other error it is as good as it was. */
export const deny = (error, reason) => ({ status: 'deny', error, reason: reason ?? undefined, over: error === 'invalid_grant' });

/** the request that goes on after it must have the same context, so it comes along */
export const require_ = (row, context) => ({
	status: 'require',
	error: row.error,
	reason: row.error_description,
	transactionId: row.transaction_id,
	allowedFactors: row.factors.map(({ factor_id: id, factor_type: type, label }) => ({ id, type, label })),
	expiresIn: row.expires_in,
	context,
});

/** of challenge: what the user is shown; code is there over SQL alone, to be sent to him */
export const challenged = (json) => ('error' in json ? ended(json) : {
	status: 'sent', factorId: json.factor_id, factorType: json.factor_type, expiresIn: json.expires_in, code: json.code, publicKey: json.public_key,
});

/** of complete_challenge */
export const completed = (json) => ('error' in json ? ended(json) : { status: 'completed', factorId: json.factor_id, factorType: json.factor_type, acr: json.acr });

/** of the refresh token nothing was said; where the transaction is over the next refresh, without it, begins another */
const ended = ({ error, error_description: reason }) =>
	({ status: 'deny', error, reason, over: false, transactionOver: ['access_denied', 'expired_token'].includes(error) });

/** what is typed is a code */
export const evidenceOf = (evidence) => (typeof evidence === 'string' ? { code: evidence } : evidence);
