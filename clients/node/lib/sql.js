// Over SQL, by node-postgres: for the application's own server, whose role has pgtoken_issuer.
import { allow, challenged, completed, deny, evidenceOf, require_ } from './answer.js';
import { Client } from './client.js';
import { Lost } from './errors.js';

// what passes by itself: connections, a server that goes down or comes up, serialization, resources, locks, time-outs, a standby
const PASSES = /^(08...|53...|57P0[1-5]|57014|40001|40P01|55P03|25006)$/;
const lost = (error) => (error.severity ? PASSES.test(error.code) : !(error instanceof TypeError));

const seconds = (place) => `make_interval(secs => ${place})`;
const json = (place) => `${place}::jsonb`;
const text = (place) => `${place}::text`;
const texts = (place) => `${place}::text[]`;
const time = (place) => `${place}::timestamptz`;
const asJson = new Set(['context', 'claims', 'cnf', 'authorizationDetails', 'actor']);

// arguments by the names they have here: theirs, and their type
const ISSUE = { subject: ['subject', text], clientId: ['client_id', text], scope: ['scope', text], resource: ['resource', texts], authTime: ['auth_time', time],
	acr: ['acr', text], amr: ['amr', texts], nonce: ['nonce', text], sessionId: ['session_id', text], claims: ['claims', json], context: ['context', json],
	cnf: ['cnf', json], transactionId: ['transaction_id', text], authorizationDetails: ['authorization_details', json], lifetime: ['lifetime', seconds],
	idleLifetime: ['idle_lifetime', seconds], actor: ['actor', json] };
const REFRESH = { token: ['refresh_token', text], clientId: ['client_id', text], clientSecret: ['client_secret', text], scope: ['scope', text],
	resource: ['resource', texts], context: ['context', json], cnf: ['cnf', json], transactionId: ['transaction_id', text], acrValues: ['acr_values', texts],
	maxAge: ['max_age', seconds], authorizationDetails: ['authorization_details', json] };

/** a call with those arguments that are given: [statement, values] */
function call(name, known, given) {
	const unknown = Object.keys(given).find((key) => !(key in known));
	if (unknown) throw new TypeError(`${unknown} is no option of ${name}`);
	const there = Object.entries(given).filter(([, value]) => value !== undefined && value !== null);
	const list = there.map(([key], i) => `${known[key][0]} => ${known[key][1](`$${i + 1}`)}`);
	return [`SELECT * FROM pgtoken.${name}(${list.join(', ')})`, there.map(([key, value]) => (asJson.has(key) ? JSON.stringify(value) : value))];
}

const answerOf = (row, context, token) => {
	switch (row.decision) {
		case 'allow': return { ...allow(row, token), grantId: row.grant_id };
		case 'require': return require_(row, context);
		default: return deny(row.error, row.error_description);
	}
};

const told = ({ client_id: clientId, backchannel_logout_uri: backchannelLogoutUri, logout_token: logoutToken, frontchannel_logout_uri: frontchannelLogoutUri }) =>
	({ clientId, backchannelLogoutUri, logoutToken, frontchannelLogoutUri });

export class SqlClient extends Client {
	#db;
	#client;

	/** db: a Pool of pg, or a Client that is in no transaction. clientId, clientSecret: of all calls, unless they name others */
	constructor({ db, clientId, clientSecret, ...retry }) {
		super(retry);
		if (typeof db?.query !== 'function') throw new TypeError('db is a Pool or a Client of pg');
		this.#db = db;
		this.#client = { clientId, clientSecret };
	}

	/** one statement, which is a transaction of its own: it commits whatever it answers */
	async #rows(statement, values) {
		const status = this.#db.getTransactionStatus?.() ?? 'I';
		if (status !== 'I') throw new TypeError('this client is in a transaction of yours: rolled back, a theft that was found out would be forgotten. Hand in the Pool');
		try {
			return (await this.#db.query(statement, values)).rows;
		} catch (error) {
			if (lost(error)) throw new Lost('no answer from the database', { cause: error });
			throw error;
		}
	}

	async askRefresh(context, token, { clientId = this.#client.clientId, clientSecret = this.#client.clientSecret, ...options }) {
		const [row] = await this.#rows(...call('refresh_grant', REFRESH, { token, clientId, clientSecret, context, ...options }));
		return answerOf(row, context, token);
	}

	issue(context, { clientId = this.#client.clientId, ...options }) {
		// again it would be another family
		return this.once(async () => {
			const [row] = await this.#rows(...call('issue_tokens', ISSUE, { clientId, context: context ?? {}, ...options }));
			return answerOf(row, context ?? {});
		});
	}

	challenge(transactionId, factorId, { deliver = 'return' } = {}) {
		return this.once(async () => challenged((await this.#rows('SELECT pgtoken.challenge($1, $2, $3) AS answer', [transactionId, factorId, deliver]))[0].answer));
	}

	answerChallenge(transactionId, factorId, evidence) {
		const given = JSON.stringify({ ...evidenceOf(evidence), factor_id: factorId ?? undefined });
		return this.once(async () => completed((await this.#rows('SELECT pgtoken.complete_challenge($1, $2::jsonb) AS answer', [transactionId, given]))[0].answer));
	}

	async revoke(token, reason) {
		await this.retried(() => this.#rows('SELECT FROM pgtoken.revoke_family($1::text, $2)', [token, reason ?? null]));
	}

	sessions(subject, { current, uiLocales } = {}) {
		return this.retried(async () => (await this.#rows('SELECT * FROM pgtoken.sessions_of($1, $2, $3)', [subject, current ?? null, uiLocales ?? null])).map((row) => ({
			id: row.session_id, current: row.is_current, device: row.device ?? undefined, scope: row.scopes.join(' '),
			clients: row.client_ids.map((id, i) => ({ id, name: row.client_names[i] ?? undefined })),
			firstAddress: row.first_address ?? undefined, lastAddress: row.last_address ?? undefined,
			createdAt: row.created_at, lastUsedAt: row.last_used_at, expiresAt: row.expires_at, offline: row.offline,
		})));
	}

	endSession(subject, id) {
		return this.retried(async () => (await this.#rows('SELECT * FROM pgtoken.end_session_of($1, $2)', [subject, id])).map(told));
	}

	endOtherSessions(subject, keep) {
		return this.retried(async () => (await this.#rows('SELECT * FROM pgtoken.end_other_sessions($1, $2)', [subject, keep])).map(told));
	}
}
