-- Status lists (Token Status List): an API outside of the database learns of a
-- revocation without a question for each request.
--
-- A family of an issuer that wants them has a place in a list, which its access tokens
-- name. Nothing is written there when it ends: what a list says is reckoned when the
-- list is made, so that ending a client's million families writes one row.

CREATE FUNCTION pgtoken.status_list_size() RETURNS integer
	AS 'MODULE_PATHNAME', 'pgt_status_list_size' LANGUAGE C IMMUTABLE PARALLEL SAFE;
REVOKE ALL ON FUNCTION pgtoken.status_list_size FROM PUBLIC;
GRANT EXECUTE ON FUNCTION pgtoken.status_list_size TO pgtoken_auditor;
COMMENT ON FUNCTION pgtoken.status_list_size IS 'Internal: how many entries a status list has; families are stored by it, so it never changes';

CREATE TABLE pgtoken.status_lists (
	series bigint NOT NULL,
	number integer NOT NULL,
	issuer text NOT NULL,
	next_index integer NOT NULL,
	is_full boolean NOT NULL,
	all_ended boolean NOT NULL DEFAULT false,
	created_at timestamptz NOT NULL,
	reserved_at timestamptz NOT NULL,
	CONSTRAINT status_lists_pkey PRIMARY KEY (series, number)
);
COMMENT ON TABLE pgtoken.status_lists IS 'One row per status list. A backend reserves a block of indices by moving the row on, and holds it until its transaction ends; whoever comes meanwhile takes another list, or begins a series, and nobody waits';
COMMENT ON COLUMN pgtoken.status_lists.series IS 'Random, and the first part of the list''s name; its lowest 14 bits are a placement of the database, by which a router finds it';
COMMENT ON COLUMN pgtoken.status_lists.number IS 'Of the list in its series, from 0; the next one begins when this one is full. None is used twice';
COMMENT ON COLUMN pgtoken.status_lists.issuer IS 'Issuer of the families';
COMMENT ON COLUMN pgtoken.status_lists.next_index IS 'First index that no backend has reserved';
COMMENT ON COLUMN pgtoken.status_lists.is_full IS 'Nothing more is reserved in it';
COMMENT ON COLUMN pgtoken.status_lists.all_ended IS 'All its tokens are refused, those of families that are not known any more as well: it was there when the database was restored or copied';
COMMENT ON COLUMN pgtoken.status_lists.created_at IS 'When it was begun';
COMMENT ON COLUMN pgtoken.status_lists.reserved_at IS 'When indices were reserved in it last';
COMMENT ON CONSTRAINT status_lists_pkey ON pgtoken.status_lists IS 'One row per list';
COMMENT ON INDEX pgtoken.status_lists_pkey IS 'Finds a list by the name in its URL';

CREATE INDEX status_lists_free ON pgtoken.status_lists (issuer) WHERE NOT is_full;
COMMENT ON INDEX pgtoken.status_lists_free IS 'Finds a list of an issuer that has free indices; holds no column that a reservation changes but the last';

SELECT pg_catalog.pg_extension_config_dump('pgtoken.status_lists', '');
ALTER TABLE pgtoken.status_lists ENABLE ROW LEVEL SECURITY;
CREATE POLICY auditor_reads ON pgtoken.status_lists FOR SELECT TO pgtoken_auditor USING (true);
COMMENT ON POLICY auditor_reads ON pgtoken.status_lists IS 'Lets pgtoken_auditor see every row; without it row security shows none, not even to pg_read_all_data';
GRANT SELECT ON pgtoken.status_lists TO pgtoken_auditor;

CREATE TRIGGER audit AFTER INSERT OR UPDATE OF all_ended OR DELETE ON pgtoken.status_lists FOR EACH ROW EXECUTE FUNCTION pgtoken.audit_row('status_list');
COMMENT ON TRIGGER audit ON pgtoken.status_lists IS 'Writes to audit_events that a list was begun, ended or forgotten; a reservation tells nothing';

CREATE TABLE pgtoken.status_list_documents (
	series bigint NOT NULL,
	number integer NOT NULL,
	built_at timestamptz NOT NULL,
	kid text NOT NULL,
	document text NOT NULL,
	CONSTRAINT status_list_documents_pkey PRIMARY KEY (series, number)
);
COMMENT ON TABLE pgtoken.status_list_documents IS 'Status lists as they were signed last, so that they are made once in a while and not for each request. Not dumped: what is not there is made';
COMMENT ON COLUMN pgtoken.status_list_documents.series IS 'Series of the list';
COMMENT ON COLUMN pgtoken.status_list_documents.number IS 'Number of the list';
COMMENT ON COLUMN pgtoken.status_list_documents.built_at IS 'Its iat: what had been committed by then is in it';
COMMENT ON COLUMN pgtoken.status_list_documents.kid IS 'Key that has signed it; once another key signs it is made anew';
COMMENT ON COLUMN pgtoken.status_list_documents.document IS 'The status list token, as anybody may read it';
COMMENT ON CONSTRAINT status_list_documents_pkey ON pgtoken.status_list_documents IS 'One row per list';
COMMENT ON INDEX pgtoken.status_list_documents_pkey IS 'Finds what was signed for a list';

ALTER TABLE pgtoken.status_list_documents ALTER document SET STORAGE EXTERNAL, ALTER document SET STATISTICS 0;	-- it is compressed already
ALTER TABLE pgtoken.status_list_documents ENABLE ROW LEVEL SECURITY;
CREATE POLICY auditor_reads ON pgtoken.status_list_documents FOR SELECT TO pgtoken_auditor USING (true);
COMMENT ON POLICY auditor_reads ON pgtoken.status_list_documents IS 'Lets pgtoken_auditor see every row; without it row security shows none, not even to pg_read_all_data';
GRANT SELECT ON pgtoken.status_list_documents TO pgtoken_auditor;

CREATE TABLE pgtoken.status_list_ends (
	series bigint NOT NULL,
	position integer NOT NULL,
	ended_at timestamptz NOT NULL,
	CONSTRAINT status_list_ends_pkey PRIMARY KEY (series, position)
);
COMMENT ON TABLE pgtoken.status_list_ends IS 'Places in status lists of families whose rows went before their tokens had ended: verify_access_token refuses what it does not find, and so do the lists. Nothing here tells whose they were';
COMMENT ON COLUMN pgtoken.status_list_ends.series IS 'Series of the list';
COMMENT ON COLUMN pgtoken.status_list_ends.position IS 'Place in the series: number of the list times 131072, plus the index in it';
COMMENT ON COLUMN pgtoken.status_list_ends.ended_at IS 'When the family went; maintain() forgets the row once no token of it can live';
COMMENT ON CONSTRAINT status_list_ends_pkey ON pgtoken.status_list_ends IS 'One row per place';
COMMENT ON INDEX pgtoken.status_list_ends_pkey IS 'Finds those of a list';

SELECT pg_catalog.pg_extension_config_dump('pgtoken.status_list_ends', '');
ALTER TABLE pgtoken.status_list_ends ENABLE ROW LEVEL SECURITY;
CREATE POLICY auditor_reads ON pgtoken.status_list_ends FOR SELECT TO pgtoken_auditor USING (true);
COMMENT ON POLICY auditor_reads ON pgtoken.status_list_ends IS 'Lets pgtoken_auditor see every row; without it row security shows none, not even to pg_read_all_data';
GRANT SELECT ON pgtoken.status_list_ends TO pgtoken_auditor;

CREATE FUNCTION pgtoken.keep_status_end() RETURNS trigger
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $function$
BEGIN
	INSERT INTO pgtoken.status_list_ends (series, position, ended_at) VALUES (OLD.status_series, OLD.status_position, clock_timestamp())
	ON CONFLICT ON CONSTRAINT status_list_ends_pkey DO NOTHING;
	RETURN NULL;
END
$function$;
REVOKE ALL ON FUNCTION pgtoken.keep_status_end FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.keep_status_end IS 'Internal: trigger of grants that keeps the place of a family which is deleted before its tokens have ended';

-- Not for what maintenance deletes, whose tokens ended days ago; nor does a refresh come by here.
CREATE TRIGGER keep_status_end AFTER DELETE ON pgtoken.grants FOR EACH ROW
	WHEN (OLD.status_series IS NOT NULL AND OLD.expires_at > pg_catalog.now() - interval '1 day' AND (OLD.revoked_at < pg_catalog.now() - interval '1 day') IS NOT TRUE)
	EXECUTE FUNCTION pgtoken.keep_status_end();
COMMENT ON TRIGGER keep_status_end ON pgtoken.grants IS 'Keeps the place in its status list of a family that goes before its tokens have ended, so that the list goes on refusing them';

CREATE FUNCTION pgtoken.ancestors_ended(of_ancestors uuid[], of_tokens text[]) RETURNS boolean
	LANGUAGE sql STABLE PARALLEL SAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
	SELECT EXISTS (SELECT FROM unnest(of_ancestors) u (ancestor)
				   LEFT JOIN pgtoken.grant_status a ON a.grant_id = u.ancestor
				   WHERE coalesce(a.state, 'revoked') = 'revoked'
					  OR EXISTS (SELECT FROM pgtoken.blacklist b WHERE b.grant_id = u.ancestor AND b.token_id = ANY (of_tokens)));
END;
REVOKE ALL ON FUNCTION pgtoken.ancestors_ended FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.ancestors_ended IS 'Internal: has one of the families that a token was exchanged from ended or gone, or was the token itself blacklisted?';

CREATE FUNCTION pgtoken.status_list_invalid(of_series bigint, of_number integer) RETURNS SETOF integer
	LANGUAGE sql STABLE PARALLEL SAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
	SELECT s.status_position % pgtoken.status_list_size()
	FROM pgtoken.grant_status s
	LEFT JOIN pgtoken.clients c ON c.client_id = s.client_id
	LEFT JOIN pgtoken.subject_blocks b ON b.issuer = c.issuer AND b.subject = s.subject AND b.blocked_until > clock_timestamp()
	WHERE s.status_series = of_series
	  AND s.status_position BETWEEN of_number::bigint * pgtoken.status_list_size() AND of_number::bigint * pgtoken.status_list_size() + pgtoken.status_list_size() - 1
	  AND (s.state = 'revoked' OR c.enabled IS NOT TRUE OR b.subject IS NOT NULL OR (s.ancestors IS NOT NULL AND pgtoken.ancestors_ended(s.ancestors, s.ancestor_tokens)))
	UNION ALL
	SELECT e.position % pgtoken.status_list_size()
	FROM pgtoken.status_list_ends e
	WHERE e.series = of_series
	  AND e.position BETWEEN of_number::bigint * pgtoken.status_list_size() AND of_number::bigint * pgtoken.status_list_size() + pgtoken.status_list_size() - 1;
END;
REVOKE ALL ON FUNCTION pgtoken.status_list_invalid FROM PUBLIC;
GRANT EXECUTE ON FUNCTION pgtoken.status_list_invalid TO pgtoken_auditor;
COMMENT ON FUNCTION pgtoken.status_list_invalid IS 'Internal: the indices of a status list whose families verify_access_token refuses now, whatever ended them. of_series, of_number: which list. A family that has only expired, or was never there, is not among them: its tokens have ended by themselves';

CREATE FUNCTION pgtoken.status_list_aggregation(issuer text DEFAULT NULL) RETURNS json
	LANGUAGE plpgsql STABLE PARALLEL SAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
	of_issuer CONSTANT text := pgtoken.issuer_or_default(issuer);
	uris CONSTANT text[] := ARRAY(SELECT format('%s/oauth2/status_lists/%s/%s', rtrim(of_issuer, '/'), l.series, l.number) FROM pgtoken.status_lists l
								  WHERE l.issuer = of_issuer ORDER BY l.series, l.number);
BEGIN
	IF uris = '{}' AND NOT EXISTS (SELECT FROM pgtoken.issuers i WHERE i.issuer = of_issuer AND i.status_lists) THEN
		RETURN NULL;
	END IF;
	RETURN json_build_object('status_lists', uris);
END
$function$;
REVOKE ALL ON FUNCTION pgtoken.status_list_aggregation FROM PUBLIC;
GRANT EXECUTE ON FUNCTION pgtoken.status_list_aggregation TO pgtoken_issuer;
COMMENT ON FUNCTION pgtoken.status_list_aggregation IS
'Where the status lists of an issuer are (Token Status List section 9.1), for who publishes them elsewhere; the door answers it by itself at /oauth2/status_lists. issuer: whose; NULL is the default one.
Returns {"status_lists": [URL, ...]}; NULL for an issuer that has none and makes none. Raises 55000 when there is no such issuer.';

CREATE FUNCTION pgtoken.status_list_token(series bigint, number integer, issuer text DEFAULT NULL) RETURNS text
	AS 'MODULE_PATHNAME', 'pgt_status_list_token' LANGUAGE C VOLATILE CALLED ON NULL INPUT PARALLEL UNSAFE
	SECURITY DEFINER SET search_path = pg_catalog, pg_temp;
REVOKE ALL ON FUNCTION pgtoken.status_list_token FROM PUBLIC;
GRANT EXECUTE ON FUNCTION pgtoken.status_list_token TO pgtoken_issuer;
COMMENT ON FUNCTION pgtoken.status_list_token IS
'A status list, signed (Token Status List section 5.1), for who publishes it elsewhere; the door answers it by itself at /oauth2/status_lists/series/number. series, number: which, as the last two parts of the uri in the status of an access token. issuer: whose; NULL is the default one.
Returns a JWT of type statuslist+jwt, which is not made anew before half of pgtoken.status_list_ttl is over; its bits are 1 where verify_access_token refuses the family. NULL for a list that the issuer has not, and for a NULL series or number. Raises 55000 when there is no such issuer, or it has no active signing key.';
