// What the login application asks the database: its own tables in the schema app
// and pgtoken's functions.  Its role has pgtoken_issuer and no more.
import pg from 'pg';

export class Database {
	#pool;

	constructor() {
		// where it is and as whom: libpq's variables (PGHOST, PGUSER and so on)
		this.#pool = new pg.Pool({ application_name: 'login example' });
		this.#pool.on('error', () => {});
		this.#pool.on('connect', (client) => client.on('error', () => {}));
	}

	async #row(text, ...values) {
		return (await this.#pool.query(text, values)).rows[0];
	}

	end() {
		return this.#pool.end();
	}

	// --- the application's own ------------------------------------------------------

	/** the subject, or null */
	async checkPassword(name, password) {
		return (await this.#row('SELECT app.check_password($1, $2) AS subject', name, password)).subject;
	}

	/**
	 * In place of the session the browser had.  Who logs in anew stays in the same
	 * session, which clients know by its id; another user gets another one.
	 * @param seconds how long it lasts
	 */
	async createSession(cookieHash, subject, formerCookieHash, seconds) {
		await this.#row(`WITH former AS (
				DELETE FROM app.sessions WHERE cookie_hash = $3 RETURNING subject, session_id)
			INSERT INTO app.sessions (cookie_hash, subject, session_id, expires_at)
			SELECT $1, $2, coalesce((SELECT session_id FROM former WHERE subject = $2), gen_random_uuid()::text),
				now() + make_interval(secs => $4)`,
		cookieHash, subject, formerCookieHash, seconds);
	}

	/** the subject of the new account, or null: the name is taken */
	async signUp({ login, password, name, email }) {
		return (await this.#row('SELECT app.sign_up($1, $2, $3, $4) AS subject', login, password, name, email)).subject;
	}

	/** the user of the session has proved a second factor just now */
	async stepUp(cookieHash, acr, amr) {
		await this.#row('UPDATE app.sessions SET auth_time = now(), acr = $2, amr = $3 WHERE cookie_hash = $1', cookieHash, acr, amr);
	}

	/**
	 * {subject, name, session_id, auth_time, acr, amr, remaining} or undefined; the time as text,
	 * because a Date has no microseconds. remaining: an interval, which no family may outlive.
	 */
	findSession(cookieHash) {
		return this.#row(`SELECT s.subject, u.name, s.session_id, s.auth_time::text, s.acr, s.amr, (s.expires_at - now())::text AS remaining
			FROM app.sessions s JOIN app.user_names u USING (subject)
			WHERE s.cookie_hash = $1 AND s.expires_at > now()`, cookieHash);
	}

	async deleteSession(cookieHash) {
		await this.#row('DELETE FROM app.sessions WHERE cookie_hash = $1', cookieHash);
	}

	// --- pgtoken: authorizations -------------------------------------------------------

	async authorizationRequest(transactionId) {
		return (await this.#row('SELECT pgtoken.authorization_request($1) AS request', transactionId)).request;
	}

	/** what the page shows, in the languages of the request, and with its page_id; null: the transaction has ended */
	async consentPage(transactionId, subject) {
		return (await this.#row('SELECT pgtoken.consent_page($1, $2) AS shown', transactionId, subject)).shown;
	}

	/** @param agreed {consent, pageId}: the scopes just agreed to, or null, and on which page; context: {ip, user_agent} of the browser, which is how the user knows it again */
	approveAuthorization(transactionId, session, { consent, pageId }, context) {
		return this.#row(`SELECT * FROM pgtoken.approve_authorization($1, $2, consent => $3, auth_time => $4,
			acr => $5, amr => $6, session_id => $7, lifetime => $8, context => $9, page_id => $10)`,
		transactionId, session.subject, consent, session.auth_time, session.acr, session.amr, session.session_id, session.remaining, context, pageId);
	}

	denyAuthorization(transactionId, error) {
		return this.#row('SELECT * FROM pgtoken.deny_authorization($1, $2)', transactionId, error);
	}

	/** [{client_id, scopes, until}]: one for each client, whatever APIs it may use; until: a day, or null */
	async consents(subject) {
		return (await this.#pool.query(`SELECT c.client_id, array_agg(DISTINCT s ORDER BY s) AS scopes, to_char(min(c.expires_at), 'YYYY-MM-DD') AS until
			FROM pgtoken.consent_status c, unnest(c.scopes) s
			WHERE c.subject = $1 AND c.state = 'active'
			GROUP BY c.client_id ORDER BY c.client_id`, [subject])).rows;
	}

	/** [{client_id, uri}]: the clients that he has let in and that a login can be begun at from here */
	async applications(subject) {
		return (await this.#pool.query(`SELECT a.client_id, a.uri
			FROM (SELECT DISTINCT c.client_id, pgtoken.login_initiation_uri(c.client_id) AS uri FROM pgtoken.consents c WHERE c.subject = $1) a
			WHERE a.uri IS NOT NULL ORDER BY a.client_id`, [subject])).rows;
	}

	/** @param scope one alone; null: all of them */
	async withdrawConsent(subject, clientId, scope) {
		await this.#pool.query('SELECT * FROM pgtoken.withdraw_consent($1, $2, $3)', [subject, clientId, scope && [scope]]);
	}

	// --- pgtoken: devices --------------------------------------------------------------

	/** what the page shows in these languages, with its page_id and the user_code; or error */
	async devicePage(userCode, subject, locales) {
		return (await this.#row('SELECT pgtoken.device_consent_page($1, $2, $2, $3) AS shown', userCode, subject, locales)).shown;
	}

	/** null when done, else the name of an error */
	async approveDevice(userCode, session, pageId) {
		return (await this.#row(`SELECT pgtoken.approve_device($1, $2, $3, auth_time => $4, acr => $5, amr => $6,
			session_id => $7, lifetime => $8, page_id => $9) AS error`,
		userCode, session.subject, session.subject, session.auth_time, session.acr, session.amr, session.session_id, session.remaining, pageId)).error;
	}

	async denyDevice(userCode, attemptKey) {
		return (await this.#row('SELECT pgtoken.deny_device($1, $2) AS error', userCode, attemptKey)).error;
	}

	// --- pgtoken: factors --------------------------------------------------------------

	/** [{factor_id, factor_type, label, state, created_at}] */
	async factors(subject) {
		return (await this.#pool.query('SELECT factor_id, factor_type, label, state, created_at FROM pgtoken.factors_of($1)', [subject])).rows;
	}

	/** what the user has to be shown of it, once */
	async enrollFactor(subject, type, parameters, label) {
		return (await this.#row('SELECT pgtoken.enroll_factor($1, $2, $3, $4) AS made', subject, type, parameters, label)).made;
	}

	async activateFactor(subject, factorId, code) {
		return (await this.#row('SELECT pgtoken.activate_factor($1, $2, $3) AS done', subject, factorId, code)).done;
	}

	async removeFactor(subject, factorId) {
		await this.#row('SELECT pgtoken.remove_factor($1, $2)', subject, factorId);
	}

	/** [{subject, label, code, client_id}]: the codes that wait to be delivered, each told once */
	async takeChallengeCodes() {
		return (await this.#pool.query('SELECT subject, label, code, client_id FROM pgtoken.take_challenge_codes()')).rows;
	}

	// --- pgtoken: sessions -------------------------------------------------------------

	/** the user's, newest first; see docs/functions.md#sessions_of-end_session_of-end_other_sessions */
	async sessions({ subject, session_id: current }, locales) {
		return (await this.#pool.query(`SELECT session_id, is_current, client_names, device, first_address, last_address, created_at, last_used_at, amr, act
			FROM pgtoken.sessions_of($1, $2, $3)`, [subject, current, locales])).rows;
	}

	/**
	 * One of the user's, or (null) all but this one.  Ours goes as well: with its cookie the device would be let in again.
	 * @returns as endSession
	 */
	async endSessionsOf({ subject, session_id: current }, sessionId) {
		const client = await this.#pool.connect();
		try {
			await client.query('BEGIN');
			const told = sessionId === null
				? await client.query('SELECT * FROM pgtoken.end_other_sessions($1, $2)', [subject, current])
				: await client.query('SELECT * FROM pgtoken.end_session_of($1, $2)', [subject, sessionId]);
			await client.query('DELETE FROM app.sessions WHERE subject = $1 AND CASE WHEN $2::text IS NULL THEN session_id <> $3 ELSE session_id = $2 END',
				[subject, sessionId, current]);
			await client.query('COMMIT');
			return told.rows;
		} catch (error) {
			await client.query('ROLLBACK');
			throw error;
		} finally {
			client.release();
		}
	}

	// --- pgtoken: logout ---------------------------------------------------------------

	/** [{client_id, backchannel_logout_uri, logout_token, frontchannel_logout_uri}]: the clients to tell */
	async endSession({ subject, session_id: sessionId }) {
		return (await this.#pool.query('SELECT * FROM pgtoken.end_session($1, $2)', [subject, sessionId])).rows;
	}

	/** where to send the browser, or null */
	async completeLogout(transactionId, session) {
		return (await this.#row('SELECT pgtoken.complete_logout($1, $2, $3) AS uri',
			transactionId, session?.subject ?? null, session?.session_id ?? null)).uri;
	}
}
