-- At most so many sessions of a subject, with a client and in all. What is to be done
-- at the limit decides C, which counts under a lock (src/operations/session_limit.c);
-- the settings are max_sessions and at_session_limit of issuers and of a client's
-- metadata.

CREATE FUNCTION pgtoken.sessions_at(of_issuer text, of_subject text, of_client text)
	RETURNS TABLE (session_id text, here boolean, elsewhere boolean)
	LANGUAGE sql STABLE PARALLEL SAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
	SELECT coalesce(g.session_id, g.grant_id::text), bool_or(g.client_id = of_client), bool_or(g.client_id <> of_client)
	FROM pgtoken.grant_status g
	JOIN pgtoken.clients c ON c.client_id = g.client_id
	WHERE g.subject = of_subject AND c.issuer = of_issuer AND g.state = 'active'
	  -- nobody signs in by these
	  AND g.act IS NULL AND g.ancestors IS NULL
	  AND g.grant_type <> ALL ('{client_credentials,urn:ietf:params:oauth:grant-type:token-exchange,urn:ietf:params:oauth:grant-type:jwt-bearer}')
	GROUP BY 1 ORDER BY max(g.rotated_at), 1;
END;
REVOKE ALL ON FUNCTION pgtoken.sessions_at FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.sessions_at IS 'Internal: the living sessions of a subject of an issuer, the least recently used first: the application''s session_id, or the grant_id of a family without one; here and elsewhere: has it families of this client, and of others?';

CREATE FUNCTION pgtoken.end_sessions_at_limit(of_issuer text, of_subject text, of_client text, here text[], everywhere text[], of_reason text) RETURNS void
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
	family record;
	clients text[] := '{}';
	sessions text[] := '{}';
BEGIN
	PERFORM pgtoken.make_durable();
	IF cardinality(here || everywhere) > 1 THEN
		-- what is forgotten of several sessions is locked in the order of primary keys, too
		PERFORM FROM pgtoken.authorization_codes a
		WHERE a.subject = of_subject AND a.redeemed_at IS NULL AND ARRAY[a.session_id, a.grant_id::text] && (here || everywhere)
		ORDER BY a.grant_id FOR UPDATE;
		PERFORM FROM pgtoken.device_codes d
		WHERE d.subject = of_subject AND d.state = 'approved' AND ARRAY[d.session_id, d.family_id::text] && (here || everywhere)
		ORDER BY d.grant_id FOR UPDATE;
	END IF;
	PERFORM pgtoken.forget_codes(of_issuer, of_client, of_subject, s, true) FROM unnest(here) s;
	PERFORM pgtoken.forget_codes(of_issuer, NULL, of_subject, s, true) FROM unnest(everywhere) s;
	FOR family IN SELECT f.* FROM unnest(here) s, LATERAL pgtoken.living_families(of_issuer, of_client, of_subject, s) f
				  UNION
				  SELECT f.* FROM unnest(everywhere) s, LATERAL pgtoken.living_families(of_issuer, NULL, of_subject, s) f
				  ORDER BY grant_id LOOP
		PERFORM pgtoken.revoke_family(family.grant_id, of_reason);
		clients := clients || family.of_client;
		sessions := sessions || family.of_session;
	END LOOP;
	-- what was counted is what is committed by now; this transaction may have begun before
	IF current_setting('transaction_isolation') IN ('repeatable read', 'serializable') AND NOT here || everywhere <@ sessions THEN
		RAISE EXCEPTION 'could not serialize access due to concurrent sign-in'
			USING ERRCODE = 'serialization_failure',
				  HINT = 'The transaction might succeed if retried.';
	END IF;
	PERFORM pgtoken.queue_logouts(of_issuer, of_subject, clients, sessions);
END
$function$;
REVOKE ALL ON FUNCTION pgtoken.end_sessions_at_limit FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.end_sessions_at_limit IS 'Internal: ends sessions of a subject to make room for a new one, some with a client alone (here), others with all of the issuer, those with offline_access, too; clients are told where the courier does. Raises 40001 where the transaction cannot see what has to end';
