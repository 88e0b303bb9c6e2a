-- What is nobody's business must not come to light beside its table.  Row security and
-- privileges keep members of pg_read_all_data from the rows, but pg_statistic and TOAST
-- tables have neither: ANALYZE would copy samples of a column into the one, and values
-- of more than some 2 kB lie in the other.
--
-- So of these columns nothing is sampled, and values stay in their row: secrets always,
-- the others for as long as that fits on a page.  Sampled they are where plans need to
-- know how they are spread.  make_partition() does the same with new partitions.

DO $out_of_sight$
DECLARE
	hidden record;
BEGIN
	FOR hidden IN
		SELECT l.relation, c.name, l.sampled, l.storage
		FROM (VALUES
			-- secrets, wrapped or sealed
			('factors', 'secret code_hashes', false, 'PLAIN'),
			('challenge_codes', 'sealed_code', false, 'PLAIN'),
			-- hashes of secrets
			('client_secrets', 'secret_hash label', false, 'MAIN'),
			('grants', 'current_hash previous_hash rotation_nonce lockstep', false, 'MAIN'),
			('tokens', 'token_hash', false, 'MAIN'),
			('authorization_requests', 'handle_hash parameters', false, 'MAIN'),
			('authorization_codes', 'code_hash', false, 'MAIN'),
			('device_codes', 'device_hash user_code_hash', false, 'MAIN'),
			('challenges', 'handle_hash code_hash nonce', false, 'MAIN'),
			('replay_ids', 'replay_hash', false, 'MAIN'),
			-- what tells of people
			('clients', 'metadata', false, 'MAIN'),
			('grants', 'acr amr nonce claims context first_context jkt x5t_s256 act ancestor_tokens revoke_reason', false, 'MAIN'),
			('grants', 'subject session_id', true, 'MAIN'),
			('tokens', 'jti context', false, 'MAIN'),
			('blacklist', 'token_id reason', false, 'MAIN'),
			('audit_events', 'reason session_user_name role_name application_name client_addr context detail', false, 'MAIN'),
			('audit_events', 'subject', true, 'MAIN'),
			('authorization_codes', 'code_challenge dpop_jkt subject session_id acr amr nonce claims context', false, 'MAIN'),
			('device_codes', 'jkt subject session_id acr amr claims context', false, 'MAIN'),
			('user_code_attempts', 'attempt_key', false, 'MAIN'),
			('consents', 'subject', false, 'MAIN'),
			('subject_not_before', 'subject reason', false, 'MAIN'),
			('factors', 'subject label parameters', false, 'MAIN'),
			('challenges', 'subject context acr amr', false, 'MAIN'),
			('challenge_codes', 'subject', false, 'MAIN')
		) l (relation, columns, sampled, storage), pg_catalog.unnest(pg_catalog.string_to_array(l.columns, ' ')) c (name)
	LOOP
		EXECUTE pg_catalog.format('ALTER TABLE pgtoken.%I ALTER COLUMN %I SET STORAGE %s', hidden.relation, hidden.name, hidden.storage);
		IF NOT hidden.sampled THEN
			EXECUTE pg_catalog.format('ALTER TABLE pgtoken.%I ALTER COLUMN %I SET STATISTICS 0', hidden.relation, hidden.name);
		END IF;
	END LOOP;
END
$out_of_sight$;
