/*
 * store_queries.c
 *		Every query, by name.
 *
 * Operators and functions are named with their schema.  A statement on the way of
 * a refresh touches one family by grant_id.
 */
#include "base/store_queries.h"

#include "executor/spi.h"

#define EQ " OPERATOR(pg_catalog.=) "
/* where a jti says that its row is, or behind it: found at once in the primary key's order */
#define LEDGER_PLACE \
	"t.grant_id" EQ "$1 AND t.generation" EQ "$3 AND t.retry OPERATOR(pg_catalog.>=) $4 "
#define CHALLENGE_COLUMNS                                                                                      \
	"c.grant_id, c.handle_hash, c.issuer, c.client_id, c.subject, c.generation, c.context, "                   \
	"c.factor_ids, c.state, c.factor_id, c.code_hash, c.nonce, c.attempts, c.factor_type, c.acr, c.amr, "      \
	"c.completed_at, c.scope, c.resources, c.consumed_at, c.consumed_generation, c.expires_at, c.created_at, " \
	"c.issuer_epoch, c.client_epoch, c.subject_epoch"
#define CHALLENGE_IS_OPEN                                                       \
	"c.grant_id" EQ "$1 AND c.handle_hash" EQ "$2 AND c.state" EQ "'open' AND " \
	"c.expires_at OPERATOR(pg_catalog.>) $3"
#define FACTOR_COLUMNS                                                                            \
	"f.issuer, f.subject, f.factor_id, f.factor_type, f.label, f.state, f.parameters, f.secret, " \
	"f.wrapped, coalesce(pg_catalog.cardinality(f.code_hashes), 0), f.counter, "                  \
	"f.failed_attempts, f.locked_until"
#define FACTOR_KEY "f.issuer" EQ "$1 AND f.subject" EQ "$2 AND f.factor_id" EQ "$3"
#define DEVICE_COLUMNS                                                                           \
	"d.grant_id, d.device_hash, d.client_id, d.scope, d.resources, d.jkt, d.state, d.subject, "  \
	"d.session_id, d.auth_time, d.acr, d.amr, d.claims, d.context, d.created_at, d.expires_at, " \
	"d.issuer_epoch, d.client_epoch, d.subject_epoch"
/* $2: now, $3: seconds by which a poll may come before its time */
#define DEVICE_IS_EARLY                                               \
	"d.polled_at IS NOT NULL AND d.polled_at OPERATOR(pg_catalog.+) " \
	"pg_catalog.make_interval(secs => d.poll_interval OPERATOR(pg_catalog.-) $3) OPERATOR(pg_catalog.>) $2"
/* all of them, in the table's order: then the executor hands on the row as it is, and builds no other */
#define GRANT_COLUMNS                                                                                 \
	"g.grant_id, g.client_id, g.subject, g.scope, g.resources, g.session_id, g.auth_time, g.acr, "    \
	"g.amr, g.mfa_time, g.first_auth_time, g.nonce, g.claims, "                                       \
	"g.created_at, g.expires_at, g.idle_lifetime, "                                                   \
	"g.generation, g.current_hash, g.previous_hash, g.rotation_nonce, g.rotated_at, "                 \
	"g.retry_count, g.lockstep, g.blacklisted_generation, g.context, g.first_context, g.grant_type, " \
	"g.not_before, g.jkt, g.x5t_s256, g.act, g.ancestors, g.ancestor_tokens, g.revoked_at, "          \
	"g.revoke_reason, g.issuer_epoch, g.client_epoch, g.subject_epoch"

/* of an issuer or client, as store_epochs() reads them */
#define EPOCH_COLUMNS(t) \
	t ".epoch, " t ".epochs_since_end, " t ".not_before, " t ".not_before_epoch"

const QueryDef store_queries[STORE_QUERIES] = {
	[STORE_AUDIT_INSERT] =
		{"audit insert", "uuztttttttjj", SPI_OK_INSERT, false,
		 "INSERT INTO pgtoken.audit_events (grant_id, event_id, occurred_at, event, reason, "
		 "client_id, subject, session_user_name, role_name, application_name, context, detail, "
		 "client_addr) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, pg_catalog.inet_client_addr())"},
	[STORE_BLACKLIST_INSERT] =
		{"blacklist insert", "utttzz", SPI_OK_INSERT, false,
		 "INSERT INTO pgtoken.blacklist AS b (grant_id, token_id, token_type, reason, expires_at, "
		 "created_at) VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (grant_id, token_id) "
		 "DO UPDATE SET expires_at = EXCLUDED.expires_at, reason = coalesce(EXCLUDED.reason, b.reason) "
		 "WHERE b.expires_at OPERATOR(pg_catalog.<) EXCLUDED.expires_at"},
	[STORE_CHALLENGE_ATTEMPT] =
		{"challenge attempt", "ubzi", SPI_OK_UPDATE_RETURNING, false,
		 "UPDATE pgtoken.challenges c SET attempts = c.attempts OPERATOR(pg_catalog.+) 1 "
		 "WHERE " CHALLENGE_IS_OPEN " AND c.attempts OPERATOR(pg_catalog.<) $4 "
		 "RETURNING " CHALLENGE_COLUMNS},
	[STORE_CHALLENGE_CHOOSE] =
		{"challenge choose", "ubzub", SPI_OK_UPDATE, false,
		 "UPDATE pgtoken.challenges c SET factor_id = $4, code_hash = NULL, nonce = $5 "
		 "WHERE " CHALLENGE_IS_OPEN},
	[STORE_CHALLENGE_CODE] =
		{"challenge code", "ubzub", SPI_OK_UPDATE, false,
		 "UPDATE pgtoken.challenges c SET factor_id = $4, code_hash = $5, nonce = NULL, "
		 "sent = c.sent OPERATOR(pg_catalog.+) 1, sent_at = $3 "
		 "WHERE " CHALLENGE_IS_OPEN},
	[STORE_CHALLENGE_CODE_EXPIRE] =
		{"challenge code expire", "z", SPI_OK_DELETE, false,
		 "DELETE FROM pgtoken.challenge_codes c WHERE c.code_id" EQ "ANY (ARRAY("
		 "SELECT o.code_id FROM pgtoken.challenge_codes o "
		 "WHERE o.expires_at OPERATOR(pg_catalog.<=) $1 LIMIT 1000 FOR UPDATE SKIP LOCKED))"},
	[STORE_CHALLENGE_CODE_INSERT] =
		{"challenge code insert", "uttutbzz", SPI_OK_INSERT, false,
		 "INSERT INTO pgtoken.challenge_codes (code_id, issuer, subject, factor_id, client_id, "
		 "sealed_code, created_at, expires_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)"},
	[STORE_CHALLENGE_CODE_LOCK] =
		{"challenge code lock", "ubzzi", SPI_OK_SELECT, false,
		 "SELECT FROM pgtoken.challenges c WHERE " CHALLENGE_IS_OPEN
		 " AND c.sent OPERATOR(pg_catalog.<) $5 "
		 "AND (c.sent_at IS NULL OR c.sent_at OPERATOR(pg_catalog.<=) $4) FOR NO KEY UPDATE"},
	[STORE_CHALLENGE_CODE_TAKE] =
		{"challenge code take", "iz", SPI_OK_SELECT, false,
		 "WITH taken AS (DELETE FROM pgtoken.challenge_codes c WHERE c.code_id" EQ "ANY (ARRAY("
		 "SELECT o.code_id FROM pgtoken.challenge_codes o "
		 "WHERE o.expires_at OPERATOR(pg_catalog.>) $2 "
		 "ORDER BY o.code_id LIMIT $1 FOR UPDATE SKIP LOCKED)) "
		 "RETURNING c.code_id, c.issuer, c.subject, c.factor_id, c.client_id, c.sealed_code, "
		 "c.expires_at) "
		 "SELECT t.code_id, t.issuer, t.subject, t.factor_id, f.factor_type, f.label, t.client_id, "
		 "t.sealed_code, t.expires_at FROM taken t JOIN pgtoken.factors f ON f.issuer" EQ
		 "t.issuer AND f.subject" EQ "t.subject AND f.factor_id" EQ "t.factor_id "
		 "ORDER BY t.code_id"},
	[STORE_CHALLENGE_COMPLETE] =
		{"challenge complete", "ubzuttT", SPI_OK_UPDATE, false,
		 "UPDATE pgtoken.challenges c SET state = 'completed', factor_id = $4, factor_type = $5, acr = $6, amr = $7, "
		 "completed_at = $3, code_hash = NULL, nonce = NULL WHERE " CHALLENGE_IS_OPEN},
	[STORE_CHALLENGE_CONSUME] =
		{"challenge consume", "ubiz", SPI_OK_UPDATE, false,
		 "UPDATE pgtoken.challenges c SET state = 'consumed', consumed_generation = $3, consumed_at = $4 "
		 "WHERE c.grant_id" EQ "$1 AND c.handle_hash" EQ "$2 AND c.state" EQ "'completed'"},
	[STORE_CHALLENGE_COUNT] =
		{"challenge count", "utttz", SPI_OK_SELECT, false,
		 "SELECT pg_catalog.count(*) FILTER (WHERE c.grant_id" EQ "$1)::pg_catalog.int4, "
		 "pg_catalog.count(*)::pg_catalog.int4 FROM pgtoken.challenges c WHERE c.issuer" EQ
		 "$2 AND c.subject" EQ "$3 AND c.client_id" EQ "$4 AND c.state" EQ "'open' "
		 "AND c.expires_at OPERATOR(pg_catalog.>) $5"},
	[STORE_CHALLENGE_FAIL] = {"challenge fail", "ub", SPI_OK_UPDATE, false,
							  "UPDATE pgtoken.challenges c SET state = 'failed', code_hash = NULL, "
							  "nonce = NULL WHERE c.grant_id" EQ "$1 AND c.handle_hash" EQ
							  "$2 AND c.state" EQ "'open'"},
	[STORE_CHALLENGE_INSERT] =
		{"challenge insert", "ubtttijUzztTlll", SPI_OK_INSERT, false,
		 "INSERT INTO pgtoken.challenges (grant_id, handle_hash, issuer, client_id, subject, "
		 "generation, context, factor_ids, state, created_at, expires_at, scope, resources, "
		 "issuer_epoch, client_epoch, subject_epoch) "
		 "VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 'open', $9, $10, $11, $12, $13, $14, $15)"},
	[STORE_CHALLENGE_READ] = {"challenge read", "ub", SPI_OK_SELECT, false,
							  "SELECT " CHALLENGE_COLUMNS
							  " FROM pgtoken.challenges c WHERE c.grant_id" EQ
							  "$1 AND c.handle_hash" EQ "$2"},
	/* without waiting: who holds one is about to answer it */
	[STORE_CHALLENGE_REPLACE] =
		{"challenge replace", "utij", SPI_OK_DELETE, false,
		 "DELETE FROM pgtoken.challenges c WHERE c.grant_id" EQ "$1 AND c.handle_hash" EQ
		 "ANY (ARRAY(SELECT o.handle_hash FROM pgtoken.challenges o WHERE o.grant_id" EQ
		 "$1 AND o.client_id" EQ "$2 AND o.generation IS NOT DISTINCT FROM $3 AND o.context" EQ
		 "$4 AND o.state" EQ "'open' FOR UPDATE SKIP LOCKED))"},
	[STORE_CLIENT_READ] =
		{"client read", "t", SPI_OK_SELECT, true,
		 "SELECT c.issuer, c.client_type" EQ "'confidential', c.enabled, "
		 "pg_catalog.array_to_string(c.scopes, ' '), c.resources, c.offline_access, c.signing_alg, "
		 "c.access_token_lifetime, "
		 "c.refresh_absolute_lifetime, "
		 "c.refresh_idle_lifetime, "
		 "c.retry_window, c.retry_limit, c.lockstep_generations, "
		 "c.rotation" EQ "'always', c.client_name, c.redirect_uris, c.metadata, " EPOCH_COLUMNS(
			 "c") " FROM pgtoken.clients c WHERE c.client_id" EQ "$1"},
	[STORE_CLIENT_SECRETS_READ] = {"client secrets read", "t", SPI_OK_SELECT, true,
								   "SELECT s.secret_id, CASE WHEN s.hash_scheme" EQ
								   "'sha256' THEN s.secret_hash END, "
								   "CASE WHEN s.hash_scheme OPERATOR(pg_catalog.<>) 'sha256' "
								   "THEN pg_catalog.convert_from(s.secret_hash, 'UTF8') END, "
								   "s.expires_at, s.last_used_at FROM pgtoken.client_secrets s "
								   "WHERE s.client_id" EQ "$1 AND s.revoked_at IS NULL"},
	/* without waiting: who holds it notes its use as well, or is about to end it */
	[STORE_CLIENT_SECRET_USED] =
		{"client secret used", "tuzz", SPI_OK_UPDATE, false,
		 "UPDATE pgtoken.client_secrets s SET last_used_at = $3 WHERE s.client_id" EQ
		 "$1 AND s.secret_id" EQ "ANY (ARRAY(SELECT o.secret_id FROM pgtoken.client_secrets o "
		 "WHERE o.client_id" EQ "$1 AND o.secret_id" EQ "$2 AND (o.last_used_at IS NULL "
		 "OR o.last_used_at OPERATOR(pg_catalog.<=) $4) FOR NO KEY UPDATE SKIP LOCKED))"},
	/* without waiting: who holds it has verified the same secret, or is about to end it */
	[STORE_CLIENT_SECRET_REHASH] =
		{"client secret rehash", "tubz", SPI_OK_UPDATE, false,
		 "UPDATE pgtoken.client_secrets s SET secret_hash = $3, hash_scheme = 'sha256', "
		 "last_used_at = $4 WHERE s.client_id" EQ "$1 AND s.secret_id" EQ
		 "ANY (ARRAY(SELECT o.secret_id FROM pgtoken.client_secrets o "
		 "WHERE o.client_id" EQ "$1 AND o.secret_id" EQ "$2 AND o.revoked_at IS NULL "
		 "AND o.hash_scheme OPERATOR(pg_catalog.<>) 'sha256' FOR NO KEY UPDATE SKIP LOCKED))"},
	[STORE_CODE_INSERT] =
		{"code insert", "ubttttttTtztTtjjzzlll", SPI_OK_INSERT, false,
		 "INSERT INTO pgtoken.authorization_codes (grant_id, code_hash, client_id, redirect_uri, "
		 "code_challenge, dpop_jkt, subject, scope, resources, session_id, auth_time, acr, amr, nonce, "
		 "claims, context, created_at, expires_at, issuer_epoch, client_epoch, subject_epoch) "
		 "VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, "
		 "$19, $20, $21)"},
	[STORE_CODE_READ] =
		{"code read", "u", SPI_OK_SELECT, false,
		 "SELECT c.grant_id, c.code_hash, c.client_id, c.redirect_uri, c.code_challenge, c.dpop_jkt, "
		 "c.subject, c.scope, c.resources, c.session_id, c.auth_time, c.acr, c.amr, c.nonce, c.claims, "
		 "c.context, c.created_at, c.expires_at, c.redeemed_at IS NOT NULL, "
		 "c.issuer_epoch, c.client_epoch, c.subject_epoch "
		 "FROM pgtoken.authorization_codes c WHERE c.grant_id" EQ "$1"},
	[STORE_CODE_REDEEM] = {"code redeem", "uz", SPI_OK_UPDATE, false,
						   "UPDATE pgtoken.authorization_codes c SET redeemed_at = $2 "
						   "WHERE c.grant_id" EQ "$1 AND c.redeemed_at IS NULL"},
	[STORE_CONSENT_READ] = {"consent read", "tt", SPI_OK_SELECT, false,
							"SELECT c.resource, c.scopes FROM pgtoken.consents c "
							"WHERE c.subject" EQ "$1 AND c.client_id" EQ "$2 FOR NO KEY UPDATE"},
	[STORE_CONSENT_STORE] =
		{"consent store", "tttTz", SPI_OK_INSERT, false,
		 "INSERT INTO pgtoken.consents AS c (subject, client_id, resource, scopes, granted_at, "
		 "updated_at) VALUES ($1, $2, $3, $4, $5, $5) ON CONFLICT (subject, client_id, resource) "
		 "DO UPDATE SET scopes = ARRAY(SELECT DISTINCT u FROM pg_catalog.unnest("
		 "c.scopes OPERATOR(pg_catalog.||) EXCLUDED.scopes) u ORDER BY u), "
		 "updated_at = EXCLUDED.updated_at"},
	[STORE_DEVICE_APPROVE] =
		{"device approve", "uztttztTjl", SPI_OK_UPDATE, false,
		 "UPDATE pgtoken.device_codes d SET state = 'approved', subject = $3, scope = $4, "
		 "session_id = $5, auth_time = $6, acr = $7, amr = $8, claims = $9, subject_epoch = $10 "
		 "WHERE d.grant_id" EQ "$1 AND d.state" EQ "'pending' "
		 "AND d.expires_at OPERATOR(pg_catalog.>) $2"},
	[STORE_DEVICE_DENY] = {"device deny", "uz", SPI_OK_UPDATE, false,
						   "UPDATE pgtoken.device_codes d SET state = 'denied' "
						   "WHERE d.grant_id" EQ "$1 AND d.state" EQ "'pending' "
						   "AND d.expires_at OPERATOR(pg_catalog.>) $2"},
	[STORE_DEVICE_FIND] = {"device find", "bz", SPI_OK_SELECT, false,
						   "SELECT " DEVICE_COLUMNS " FROM pgtoken.device_codes d "
						   "WHERE d.user_code_hash" EQ "$1 AND d.state" EQ "'pending' "
						   "AND d.expires_at OPERATOR(pg_catalog.>) $2"},
	[STORE_DEVICE_INSERT] =
		{"device insert", "ubbttTtijzzlll", SPI_OK_INSERT, false,
		 "INSERT INTO pgtoken.device_codes (grant_id, device_hash, user_code_hash, client_id, scope, "
		 "resources, jkt, state, poll_interval, context, created_at, expires_at, issuer_epoch, "
		 "client_epoch, subject_epoch) SELECT $1, $2, $3, $4, $5, $6, $7, 'pending', $8, $9, $10, $11, "
		 "$12, $13, $14 WHERE NOT EXISTS (SELECT "
		 "FROM pgtoken.device_codes d WHERE d.user_code_hash" EQ "$3 AND d.state" EQ "'pending' "
		 "AND d.expires_at OPERATOR(pg_catalog.>) $10)"},
	[STORE_DEVICE_POLL] =
		{"device poll", "uzii", SPI_OK_UPDATE_RETURNING, false,
		 "UPDATE pgtoken.device_codes d SET polled_at = GREATEST(d.polled_at, $2), "
		 "early_polls = CASE WHEN " DEVICE_IS_EARLY
		 " THEN d.early_polls OPERATOR(pg_catalog.+) 1 ELSE 0 END, "
		 "poll_interval = CASE WHEN " DEVICE_IS_EARLY " AND d.early_polls OPERATOR(pg_catalog.>) 0 "
		 "THEN d.poll_interval OPERATOR(pg_catalog.+) $4 ELSE d.poll_interval END "
		 "WHERE d.grant_id" EQ "$1 AND d.state" EQ "'pending' "
		 "RETURNING d.early_polls OPERATOR(pg_catalog.>) 0"},
	[STORE_DEVICE_READ] = {"device read", "u", SPI_OK_SELECT, false,
						   "SELECT " DEVICE_COLUMNS
						   " FROM pgtoken.device_codes d WHERE d.grant_id" EQ "$1"},
	[STORE_DEVICE_REDEEM] = {"device redeem", "u", SPI_OK_UPDATE, false,
							 "UPDATE pgtoken.device_codes d SET state = 'redeemed' "
							 "WHERE d.grant_id" EQ "$1 AND d.state" EQ "'approved'"},
	[STORE_FACTOR_ACTIVATE] =
		{"factor activate", "ttulz", SPI_OK_UPDATE, false,
		 "UPDATE pgtoken.factors f SET state = 'active', counter = $4, failed_attempts = 0, "
		 "locked_until = NULL, last_used_at = $5 WHERE " FACTOR_KEY " AND f.state" EQ
		 "'pending' AND f.counter OPERATOR(pg_catalog.<) $4"},
	[STORE_FACTOR_ATTEMPT] =
		{"factor attempt", "ttutz", SPI_OK_UPDATE_RETURNING, false,
		 "UPDATE pgtoken.factors f SET failed_attempts = f.failed_attempts OPERATOR(pg_catalog.+) 1 "
		 "WHERE " FACTOR_KEY " AND f.state" EQ "$4 AND (f.locked_until IS NULL "
		 "OR f.locked_until OPERATOR(pg_catalog.<=) $5) RETURNING " FACTOR_COLUMNS},
	[STORE_FACTOR_COUNT_CODE] =
		{"factor count code", "ttuzzzi", SPI_OK_UPDATE, false,
		 "UPDATE pgtoken.factors f SET code_sent_at = $4, "
		 "codes_sent = CASE WHEN f.codes_since OPERATOR(pg_catalog.>) $5 "
		 "THEN f.codes_sent OPERATOR(pg_catalog.+) 1 ELSE 1 END, "
		 "codes_since = CASE WHEN f.codes_since OPERATOR(pg_catalog.>) $5 THEN f.codes_since ELSE $4 END "
		 "WHERE " FACTOR_KEY
		 " AND (f.code_sent_at IS NULL OR f.code_sent_at OPERATOR(pg_catalog.<=) $6) "
		 "AND (f.codes_sent OPERATOR(pg_catalog.<) $7 OR f.codes_since OPERATOR(pg_catalog.<=) $5)"},
	[STORE_FACTOR_DELETE] = {"factor delete", "ttu", SPI_OK_DELETE, false,
							 "DELETE FROM pgtoken.factors f WHERE " FACTOR_KEY},
	[STORE_FACTOR_DELETE_TYPE] = {"factor delete type", "ttt", SPI_OK_DELETE, false,
								  "DELETE FROM pgtoken.factors f WHERE f.issuer" EQ
								  "$1 AND f.subject" EQ "$2 AND f.factor_type" EQ "$3"},
	[STORE_FACTOR_DISABLE] = {"factor disable", "ttu", SPI_OK_UPDATE, false,
							  "UPDATE pgtoken.factors f SET state = 'disabled' WHERE " FACTOR_KEY},
	[STORE_FACTOR_INSERT] =
		{"factor insert", "ttutttjboBlz", SPI_OK_INSERT, false,
		 "INSERT INTO pgtoken.factors (issuer, subject, factor_id, factor_type, label, state, "
		 "parameters, secret, wrapped, code_hashes, counter, created_at) "
		 "VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)"},
	[STORE_FACTOR_LIST] = {"factor list", "tt", SPI_OK_SELECT, false,
						   "SELECT " FACTOR_COLUMNS " FROM pgtoken.factors f WHERE f.issuer" EQ
						   "$1 AND f.subject" EQ "$2 ORDER BY f.factor_id"},
	[STORE_FACTOR_LIST_LOCKED] = {"factor list locked", "tt", SPI_OK_SELECT, false,
								  "SELECT " FACTOR_COLUMNS
								  " FROM pgtoken.factors f WHERE f.issuer" EQ "$1 AND f.subject" EQ
								  "$2 ORDER BY f.factor_id FOR NO KEY UPDATE"},
	[STORE_FACTOR_LOCK] = {"factor lock", "ttuz", SPI_OK_UPDATE, false,
						   "UPDATE pgtoken.factors f SET locked_until = $4 WHERE " FACTOR_KEY},
	[STORE_FACTOR_READ] = {"factor read", "ttu", SPI_OK_SELECT, false,
						   "SELECT " FACTOR_COLUMNS " FROM pgtoken.factors f WHERE " FACTOR_KEY},
	[STORE_FACTOR_SECRET_SAMPLES] =
		{"factor secret samples", "", SPI_OK_SELECT, true,
		 "SELECT DISTINCT ON (pg_catalog.substr(f.secret, 2, 8)) f.factor_id, f.secret "
		 "FROM pgtoken.factors f WHERE f.wrapped"},
	[STORE_FACTOR_SECRET_UPDATE] =
		{"factor secret update", "ttubb", SPI_OK_UPDATE, false,
		 "UPDATE pgtoken.factors f SET secret = $4, wrapped = true WHERE " FACTOR_KEY
		 " AND f.secret" EQ "$5"},
	[STORE_FACTOR_SECRETS] =
		{"factor secrets", "ttui", SPI_OK_SELECT, true,
		 "SELECT f.issuer, f.subject, f.factor_id, f.secret, f.wrapped FROM pgtoken.factors f "
		 "WHERE f.secret IS NOT NULL AND ROW(f.issuer, f.subject, f.factor_id) "
		 "OPERATOR(pg_catalog.>) ROW($1, $2, $3) ORDER BY f.issuer, f.subject, f.factor_id "
		 "LIMIT $4"},
	[STORE_FACTOR_UNLOCK] =
		{"factor unlock", "ttu", SPI_OK_UPDATE, false,
		 "UPDATE pgtoken.factors f SET failed_attempts = 0, locked_until = NULL, "
		 "state = CASE WHEN f.state" EQ
		 "'disabled' THEN 'active' ELSE f.state END WHERE " FACTOR_KEY},
	/* each kind of evidence at most once: a counter that grows, a code that goes */
	[STORE_FACTOR_USE] =
		{"factor use", "ttuzlb", SPI_OK_UPDATE, false,
		 "UPDATE pgtoken.factors f SET failed_attempts = 0, locked_until = NULL, last_used_at = $4, "
		 "counter = coalesce($5, f.counter), "
		 "code_hashes = pg_catalog.array_remove(f.code_hashes, $6) WHERE " FACTOR_KEY
		 " AND f.state" EQ "'active' "
		 "AND ($5 IS NULL OR f.counter OPERATOR(pg_catalog.<) $5 OR ($5" EQ "0 AND f.counter" EQ
		 "0 AND f.factor_type" EQ "'webauthn')) "
		 "AND ($6 IS NULL OR $6" EQ "ANY (f.code_hashes))"},
	[STORE_GRANT_ANCESTORS] =
		{"grant ancestors", "u", SPI_OK_SELECT, false,
		 "SELECT u.ancestor, u.token FROM pgtoken.grants g, "
		 "ROWS FROM (pg_catalog.unnest(g.ancestors), "
		 "pg_catalog.unnest(g.ancestor_tokens)) WITH ORDINALITY u (ancestor, token, n) "
		 "WHERE g.grant_id" EQ "$1 ORDER BY u.n"},
	[STORE_GRANT_BLACKLIST] =
		{"grant blacklist", "ui", SPI_OK_UPDATE_RETURNING, false,
		 "UPDATE pgtoken.grants g SET blacklisted_generation = $2 WHERE g.grant_id" EQ "$1 "
		 "AND g.blacklisted_generation OPERATOR(pg_catalog.<) $2 AND g.revoked_at IS NULL "
		 "RETURNING g.expires_at"},
	[STORE_GRANT_INSERT] =
		{"grant insert", "utttTtztTtjzzibzjtttjUTzlll", SPI_OK_INSERT, false,
		 "INSERT INTO pgtoken.grants (grant_id, client_id, subject, scope, resources, session_id, "
		 "auth_time, acr, amr, nonce, claims, created_at, expires_at, idle_lifetime, generation, "
		 "current_hash, rotated_at, retry_count, blacklisted_generation, context, first_context, "
		 "grant_type, jkt, x5t_s256, act, ancestors, ancestor_tokens, mfa_time, "
		 "issuer_epoch, client_epoch, subject_epoch) "
		 "VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, "
		 "pg_catalog.make_interval(secs => $14), CASE WHEN $15 IS NOT NULL THEN 0 END, $15, $16, 0, "
		 "-1, $17, $17, $18, $19, $20, $21, $22, $23, $24, $25, $26, $27)"},
	[STORE_GRANT_LOCK] = {"grant lock", "u", SPI_OK_SELECT, false,
						  "SELECT 0 FROM pgtoken.grants g WHERE g.grant_id" EQ
						  "$1 FOR NO KEY UPDATE"},
	[STORE_GRANT_READ] = {"grant read", "u", SPI_OK_SELECT, false,
						  "SELECT " GRANT_COLUMNS " FROM pgtoken.grants g WHERE g.grant_id" EQ
						  "$1"},
	[STORE_GRANT_READ_LATEST] = {"grant read latest", "u", SPI_OK_SELECT, true,
								 "SELECT " GRANT_COLUMNS
								 " FROM pgtoken.grants g WHERE g.grant_id" EQ "$1"},
	[STORE_GRANT_RENEW] =
		{"grant renew", "uizj", SPI_OK_UPDATE_RETURNING, false,
		 "UPDATE pgtoken.grants g SET retry_count = g.retry_count OPERATOR(pg_catalog.+) 1, "
		 "previous_hash = NULL, rotated_at = $3, context = $4 WHERE g.grant_id" EQ
		 "$1 AND g.generation" EQ "$2 "
		 "AND g.blacklisted_generation OPERATOR(pg_catalog.<) $2 AND g.revoked_at IS NULL "
		 "RETURNING g.retry_count"},
	[STORE_GRANT_RETRY] =
		{"grant retry", "uiib", SPI_OK_UPDATE_RETURNING, false,
		 "UPDATE pgtoken.grants g SET retry_count = g.retry_count OPERATOR(pg_catalog.+) 1, "
		 "lockstep = coalesce($4, g.lockstep) "
		 "WHERE g.grant_id" EQ "$1 AND g.generation" EQ "$2 "
		 "AND g.blacklisted_generation OPERATOR(pg_catalog.<) $2 AND g.revoked_at IS NULL "
		 "AND ($3 OPERATOR(pg_catalog.<) 0 OR g.retry_count OPERATOR(pg_catalog.<) $3) "
		 "RETURNING g.retry_count"},
	[STORE_GRANT_REVOKE] = {"grant revoke", "uzt", SPI_OK_UPDATE_RETURNING, false,
							"UPDATE pgtoken.grants g SET revoked_at = $2, revoke_reason = $3 "
							"WHERE g.grant_id" EQ "$1 AND g.revoked_at IS NULL "
							"RETURNING g.client_id, g.subject, g.generation"},
	[STORE_GRANT_ROTATE] =
		{"grant rotate", "uibbzj", SPI_OK_UPDATE, false,
		 "UPDATE pgtoken.grants g SET generation = $2 OPERATOR(pg_catalog.+) 1, "
		 "previous_hash = g.current_hash, current_hash = $3, rotation_nonce = $4, rotated_at = $5, "
		 "retry_count = 0, context = $6 WHERE g.grant_id" EQ "$1 AND g.generation" EQ "$2 "
		 "AND g.blacklisted_generation OPERATOR(pg_catalog.<) $2 AND g.revoked_at IS NULL"},
	[STORE_GRANT_STEP_UP] =
		{"grant step up", "utTzz", SPI_OK_UPDATE, false,
		 "UPDATE pgtoken.grants g SET acr = $2, amr = $3, auth_time = $4, mfa_time = $5, "
		 "first_auth_time = coalesce(g.first_auth_time, g.auth_time) "
		 "WHERE g.grant_id" EQ "$1 AND g.revoked_at IS NULL"},
	[STORE_ISSUER_LOCK] = {"issuer lock", "t", SPI_OK_SELECT, false,
						   "SELECT 0 FROM pgtoken.issuers i WHERE i.issuer" EQ
						   "$1 FOR NO KEY UPDATE"},
	[STORE_ISSUERS_READ] =
		{"issuers read", "", SPI_OK_SELECT, true,
		 "SELECT i.issuer, i.is_default, i.default_alg, i.login_uri, i.logout_uri, "
		 "i.verification_uri, i.claims_function, i.password_verifier, "
		 "i.dpop_nonce_required, i.acr_levels, i.factor_acr, i.webauthn_rp_id, i.webauthn_origins, " EPOCH_COLUMNS(
			 "i") ", (SELECT s.installation_id::pg_catalog.text FROM pgtoken.installation s) "
				  "FROM pgtoken.issuers i"},
	[STORE_KEY_INSERT] =
		{"signing key insert", "ttttj", SPI_OK_INSERT, false,
		 "INSERT INTO pgtoken.signing_keys (kid, issuer, alg, state, public_jwk, activated_at) "
		 "VALUES ($1, $2, $3, $4, $5, CASE WHEN $4" EQ "'active' THEN pg_catalog.now() END)"},
	/* by maintain() at its time: one that was retired for another reason may be known to somebody */
	[STORE_KEY_AT_ITS_END] =
		{"retired signing key", "t", SPI_OK_SELECT, true,
		 "SELECT k.kid, k.issuer, k.alg, k.state, k.public_jwk FROM pgtoken.signing_keys k "
		 "WHERE k.kid" EQ "$1 AND k.state" EQ "'retired' AND k.retire_reason" EQ "'end of life' "
		 "AND k.retired_at OPERATOR(pg_catalog.>=) k.retires_at"},
	[STORE_KEYS_READ] =
		{"signing keys read", "", SPI_OK_SELECT, true,
		 "SELECT k.kid, k.issuer, k.alg, k.state, k.public_jwk FROM pgtoken.signing_keys k "
		 "WHERE k.state OPERATOR(pg_catalog.<>) 'retired'"},
	/* among its last answers: a family may live for years */
	[STORE_LINEAGE_COLLECTION_SEEN] =
		{"lineage collection", "uztii", SPI_OK_SELECT, false,
		 "SELECT 0 FROM (SELECT t.context FROM pgtoken.tokens t WHERE t.grant_id" EQ
		 "$1 AND t.generation OPERATOR(pg_catalog.>) $4 "
		 "AND t.issued_at OPERATOR(pg_catalog.<) $2 "
		 "ORDER BY t.generation DESC, t.retry DESC LIMIT $5) l "
		 "WHERE l.context OPERATOR(pg_catalog.->>) 'session_id'" EQ "$3 LIMIT 1"},
	[STORE_LINEAGE_COUNT_LIVE] =
		{"lineage count", "uzz", SPI_OK_SELECT, false,
		 "SELECT pg_catalog.count(*)::pg_catalog.int4 FROM pgtoken.tokens t "
		 "WHERE t.grant_id" EQ "$1 AND t.access_expires_at OPERATOR(pg_catalog.>) $2 "
		 "AND t.issued_at OPERATOR(pg_catalog.>) $3"},
	/* refreshes only: neither first issues nor retries, which have another parent than a renewal's */
	[STORE_LINEAGE_COUNT_REFRESHES] =
		{"lineage refreshes", "uzzii", SPI_OK_SELECT, false,
		 "SELECT pg_catalog.count(*)::pg_catalog.int4 FROM (SELECT FROM pgtoken.tokens t "
		 "WHERE t.grant_id" EQ "$1 AND t.generation OPERATOR(pg_catalog.>) $5 "
		 "AND t.issued_at OPERATOR(pg_catalog.>) $2 "
		 "AND t.issued_at OPERATOR(pg_catalog.<) $3 AND t.parent_generation IS NOT NULL "
		 "AND (t.retry" EQ "0 OR t.generation" EQ "t.parent_generation) LIMIT $4) r"},
	[STORE_LINEAGE_HASH] = {"lineage hash", "ui", SPI_OK_SELECT, true,
							"SELECT t.token_hash FROM pgtoken.tokens t WHERE t.grant_id" EQ "$1 "
							"AND t.generation" EQ "$2 AND t.retry" EQ "0 LIMIT 1"},
	[STORE_LINEAGE_EXPIRY] = {"lineage expiry", "utii", SPI_OK_SELECT, false,
							  "SELECT t.access_expires_at FROM pgtoken.tokens t WHERE " LEDGER_PLACE
							  "AND t.jti" EQ "$2 LIMIT 1"},
	[STORE_LINEAGE_INSERT] =
		{"lineage insert", "uiizibttzztTtju", SPI_OK_INSERT, false,
		 "INSERT INTO pgtoken.tokens (grant_id, generation, retry, issued_at, parent_generation, "
		 "token_hash, jti, kid, access_expires_at, refresh_expires_at, scope, resources, decision, "
		 "context, client_secret_id) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, "
		 "$15)"},
	[STORE_MATERIAL_INSERT] =
		{"key material insert", "tbo", SPI_OK_INSERT, false,
		 "INSERT INTO pgtoken.key_material (material_id, material, wrapped) VALUES ($1, $2, $3)"},
	[STORE_MATERIAL_LIST] =
		{"key material list", "", SPI_OK_SELECT, true,
		 "SELECT m.material_id, m.material, m.wrapped FROM pgtoken.key_material m"},
	[STORE_MATERIAL_READ] =
		{"key material read", "t", SPI_OK_SELECT, true,
		 "SELECT m.material, m.wrapped FROM pgtoken.key_material m WHERE m.material_id" EQ "$1"},
	[STORE_MATERIAL_UPDATE] =
		{"key material update", "tb", SPI_OK_UPDATE, false,
		 "UPDATE pgtoken.key_material m SET material = $2, wrapped = true WHERE m.material_id" EQ
		 "$1"},
	[STORE_POLICIES_READ] = {"policies read", "", SPI_OK_SELECT, true,
							 "SELECT p.issuer, p.policy, p.version, p.state" EQ
							 "'shadow', p.rules, p.client_ids, p.resources, "
							 "p.grant_types, p.on_refresh, p.on_issue, p.on_deny" EQ
							 "'revoke', p.on_error" EQ "'allow', "
							 "pg_catalog.ceil(pg_catalog.date_part('epoch', p.function_timeout) "
							 "OPERATOR(pg_catalog.*) 1000)::pg_catalog.int4, "
							 "p.factor_types FROM pgtoken.policies p WHERE p.state" EQ
							 "'active' OR p.state" EQ "'shadow' "
							 "ORDER BY p.issuer DESC, p.policy DESC, p.version DESC"},
	[STORE_REPLAY_INSERT] =
		{"replay id insert", "bz", SPI_OK_INSERT, false,
		 "INSERT INTO pgtoken.replay_ids (replay_hash, expires_at) VALUES ($1, $2) "
		 "ON CONFLICT DO NOTHING"},
	[STORE_REQUEST_CHECK] = {"request check", "", SPI_OK_SELECT, false,
							 "SELECT pgtoken.check_request()"},
	[STORE_REQUEST_DELETE] = {"request delete", "u", SPI_OK_DELETE, false,
							  "DELETE FROM pgtoken.authorization_requests r WHERE r.grant_id" EQ
							  "$1"},
	[STORE_REQUEST_INSERT] =
		{"request insert", "utbttjzz", SPI_OK_INSERT, false,
		 "INSERT INTO pgtoken.authorization_requests (grant_id, kind, handle_hash, issuer, client_id, "
		 "parameters, created_at, expires_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)"},
	[STORE_REQUEST_READ] =
		{"request read", "u", SPI_OK_SELECT, false,
		 "SELECT r.grant_id, r.kind, r.handle_hash, r.issuer, r.client_id, r.parameters, r.created_at, "
		 "r.expires_at FROM pgtoken.authorization_requests r WHERE r.grant_id" EQ "$1"},
	[STORE_RESOURCES_READ] =
		{"resources read", "", SPI_OK_SELECT, true,
		 "SELECT r.issuer, r.resource, pg_catalog.array_to_string(r.scopes, ' '), "
		 "r.access_token_lifetime, r.enabled, r.client_id, r.required_acr, r.required_amr, "
		 "r.max_age, r.on_insufficient" EQ "'require', r.policy_version, r.access_token_typ" EQ
		 "'JWT' "
		 "FROM pgtoken.resources r ORDER BY r.issuer, r.resource"},
	[STORE_REUSE_NOTE] =
		{"reuse note", "uz", SPI_OK_INSERT, false,
		 "INSERT INTO pgtoken.reused_families (grant_id, noted_at) VALUES ($1, $2) "
		 "ON CONFLICT DO NOTHING"},
	/* of the subject, and of the subject with this client */
	[STORE_SUBJECT_NOT_BEFORE] =
		{"subject not_before", "ttt", SPI_OK_SELECT, true,
		 "SELECT s.client_id OPERATOR(pg_catalog.<>) '', s.ended_epoch, s.not_before, "
		 "s.not_before_epoch FROM pgtoken.subject_not_before s WHERE s.issuer" EQ
		 "$1 AND s.subject" EQ "$2 AND s.client_id" EQ "ANY (ARRAY['', $3])"},
	[STORE_SUBJECT_NOT_BEFORE_LATEST] =
		{"latest subject not_before", "t", SPI_OK_SELECT, true,
		 "SELECT (SELECT e.epoch FROM pgtoken.subject_epochs e WHERE e.issuer" EQ "$1), "
		 "pg_catalog.max(s.not_before) FROM pgtoken.subject_not_before s "
		 "WHERE s.issuer" EQ "$1"},
	/* an ancestor that is gone stands for nothing */
	[STORE_TOKEN_ANCESTORS] =
		{"token ancestors", "u", SPI_OK_SELECT, true,
		 "SELECT coalesce(a.client_id, ''), a.subject, a.created_at, a.not_before, a.issuer_epoch, "
		 "a.client_epoch, a.subject_epoch, "
		 "a.grant_id IS NOT NULL AND a.revoked_at IS NULL AND NOT EXISTS (SELECT FROM pgtoken.blacklist b "
		 "WHERE b.grant_id" EQ "a.grant_id AND b.token_id" EQ "ANY (g.ancestor_tokens)) "
		 "FROM pgtoken.grants g CROSS JOIN pg_catalog.unnest(g.ancestors) u (ancestor) "
		 "LEFT JOIN pgtoken.grants a ON a.grant_id" EQ "u.ancestor WHERE g.grant_id" EQ "$1"},
	[STORE_TOKEN_STATE] =
		{"token state", "utiizz", SPI_OK_SELECT, true,
		 "SELECT g.client_id, g.subject, g.created_at, g.not_before, g.issuer_epoch, g.client_epoch, "
		 "g.subject_epoch, g.revoked_at IS NULL "
		 "AND NOT EXISTS (SELECT FROM pgtoken.blacklist b "
		 "WHERE b.grant_id" EQ "$1 AND b.token_id" EQ "$2) "
		 "AND EXISTS (SELECT FROM pgtoken.tokens t WHERE " LEDGER_PLACE
		 "AND t.issued_at OPERATOR(pg_catalog.>=) $5 AND t.issued_at OPERATOR(pg_catalog.<) $6 "
		 "AND t.jti" EQ "$2), g.ancestors IS NOT NULL "
		 "FROM pgtoken.grants g WHERE g.grant_id" EQ "$1"},
	[STORE_USER_CODE_ATTEMPT] =
		{"user code attempt", "tzzi", SPI_OK_INSERT_RETURNING, false,
		 "INSERT INTO pgtoken.user_code_attempts AS a (attempt_key, attempts, window_start) "
		 "VALUES ($1, 1, $2) ON CONFLICT (attempt_key) DO UPDATE SET "
		 "attempts = CASE WHEN a.window_start OPERATOR(pg_catalog.>) $3 "
		 "THEN LEAST(a.attempts OPERATOR(pg_catalog.+) 1, $4) ELSE 1 END, "
		 "window_start = CASE WHEN a.window_start OPERATOR(pg_catalog.>) $3 THEN a.window_start "
		 "ELSE $2 END RETURNING a.attempts"},
	[STORE_USER_CODE_FORGIVE] =
		{"user code forgive", "t", SPI_OK_UPDATE, false,
		 "UPDATE pgtoken.user_code_attempts a SET attempts = a.attempts OPERATOR(pg_catalog.-) 1 "
		 "WHERE a.attempt_key" EQ "$1 AND a.attempts OPERATOR(pg_catalog.>) 0"},
};
