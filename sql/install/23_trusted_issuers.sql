-- Issuers of others whose assertions are taken for access tokens (RFC 7523), and what
-- an assertion of theirs means here.

CREATE FUNCTION pgtoken.rule_subject_problem(subject text) RETURNS text
	LANGUAGE sql IMMUTABLE PARALLEL SAFE
	RETURN CASE WHEN subject !~ '^[\x20-\x7e]{1,255}$' THEN 'must have 1 to 255 printable ASCII characters'
				WHEN subject !~ '^([^{}]|\{[^{}]{1,64}\})*$' THEN 'must name claims as {claim}, its braces in pairs'
				WHEN starts_with(subject, 'client:') THEN 'must not begin with client:, which stands for clients' END;
REVOKE ALL ON FUNCTION pgtoken.rule_subject_problem FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.rule_subject_problem IS 'Internal: what is wrong with the subject of an assertion rule: an English phrase, or NULL';

CREATE TABLE pgtoken.trusted_issuers (
	issuer text NOT NULL,
	iss text NOT NULL,
	jwks jsonb,
	jwks_uri text,
	audiences text[] NOT NULL DEFAULT '{}',
	assertion_lifetime interval NOT NULL DEFAULT '1 hour',
	single_use boolean NOT NULL DEFAULT false,
	enabled boolean NOT NULL DEFAULT true,
	created_at timestamptz NOT NULL DEFAULT pg_catalog.now(),
	CONSTRAINT trusted_issuers_pkey PRIMARY KEY (issuer, iss),
	CONSTRAINT trusted_issuers_iss_check CHECK (iss ~ '^[\x20-\x7e]{1,255}$'),
	CONSTRAINT trusted_issuers_keys_check CHECK (pg_catalog.num_nonnulls(jwks, jwks_uri) = 1),
	CONSTRAINT trusted_issuers_jwks_check CHECK (pgtoken.valid_jwks(jwks::text)),
	CONSTRAINT trusted_issuers_jwks_uri_check CHECK (pgtoken.valid_redirect_uri(jwks_uri) AND jwks_uri ~* '^https?:'),
	CONSTRAINT trusted_issuers_assertion_lifetime_check CHECK (assertion_lifetime >= interval '1 second' AND assertion_lifetime <= interval '1 day')
);
COMMENT ON TABLE pgtoken.trusted_issuers IS 'Issuers of others whose assertions may be shown for access tokens (RFC 7523 section 2.1): clusters, CI systems, identity providers; what one means, assertion_rules say';
COMMENT ON COLUMN pgtoken.trusted_issuers.issuer IS 'Issuer of ours that trusts it';
COMMENT ON COLUMN pgtoken.trusted_issuers.iss IS 'iss of its assertions, character by character';
COMMENT ON COLUMN pgtoken.trusted_issuers.jwks IS 'Its public keys, a JWK Set; NULL: at jwks_uri';
COMMENT ON COLUMN pgtoken.trusted_issuers.jwks_uri IS 'Where its keys are, fetched by the courier; NULL: they are in jwks';
COMMENT ON COLUMN pgtoken.trusted_issuers.audiences IS 'aud that mean this issuer beside its own name and that of its token endpoint';
COMMENT ON COLUMN pgtoken.trusted_issuers.assertion_lifetime IS 'How long an assertion may still live when it is shown';
COMMENT ON COLUMN pgtoken.trusted_issuers.single_use IS 'Is each assertion good for one request? Then it needs a jti. Those of persons always are';
COMMENT ON COLUMN pgtoken.trusted_issuers.enabled IS 'false: its assertions are refused from the next request on';
COMMENT ON COLUMN pgtoken.trusted_issuers.created_at IS 'When it was created';
COMMENT ON INDEX pgtoken.trusted_issuers_pkey IS 'Each issuer of ours trusts it once';
COMMENT ON CONSTRAINT trusted_issuers_iss_check ON pgtoken.trusted_issuers IS '1 to 255 printable ASCII characters';
COMMENT ON CONSTRAINT trusted_issuers_keys_check ON pgtoken.trusted_issuers IS 'Its keys are here or there, not both';
COMMENT ON CONSTRAINT trusted_issuers_jwks_check ON pgtoken.trusted_issuers IS 'Public keys, at least one of which we can verify with (RFC 7517 section 5)';
COMMENT ON CONSTRAINT trusted_issuers_jwks_uri_check ON pgtoken.trusted_issuers IS 'https; http for loopback hosts only';
COMMENT ON CONSTRAINT trusted_issuers_assertion_lifetime_check ON pgtoken.trusted_issuers IS '1 second to 1 day';

CREATE TABLE pgtoken.assertion_rules (
	issuer text NOT NULL,
	iss text NOT NULL,
	rule text NOT NULL,
	conditions jsonb NOT NULL,
	sub text NOT NULL,
	scopes text[] NOT NULL,
	resources text[],
	client_id text,
	client_authentication boolean NOT NULL DEFAULT true,
	persons boolean NOT NULL DEFAULT false,
	enabled boolean NOT NULL DEFAULT true,
	created_at timestamptz NOT NULL DEFAULT pg_catalog.now(),
	CONSTRAINT assertion_rules_pkey PRIMARY KEY (issuer, iss, rule),
	CONSTRAINT assertion_rules_rule_check CHECK (rule ~ '^[\x21-\x7e]{1,63}$'),
	CONSTRAINT assertion_rules_conditions_check CHECK (pg_catalog.jsonb_typeof(conditions) = 'object' AND pg_catalog.length(conditions::text) <= 8192),
	CONSTRAINT assertion_rules_sub_check CHECK (pgtoken.rule_subject_problem(sub) IS NULL),
	CONSTRAINT assertion_rules_scopes_check CHECK (pgtoken.scopes_problem(scopes, of_client => true) IS NULL),
	CONSTRAINT assertion_rules_client_check CHECK (client_authentication OR (client_id IS NOT NULL AND NOT persons))
);
COMMENT ON TABLE pgtoken.assertion_rules IS 'What an assertion of a trusted issuer means here: the first rule, by name, whose conditions its claims fulfil';
COMMENT ON COLUMN pgtoken.assertion_rules.issuer IS 'Issuer of ours';
COMMENT ON COLUMN pgtoken.assertion_rules.iss IS 'Issuer of the assertions';
COMMENT ON COLUMN pgtoken.assertion_rules.rule IS 'Name of the rule; they are tried in its order, byte by byte';
COMMENT ON COLUMN pgtoken.assertion_rules.conditions IS 'Members that the claims must have: texts with * for any run of characters, numbers, booleans, objects of further conditions, or a list of which one must fit';
COMMENT ON COLUMN pgtoken.assertion_rules.sub IS 'sub of the access tokens, with claims in braces: {sub}';
COMMENT ON COLUMN pgtoken.assertion_rules.scopes IS 'Scopes that it may have, as far as the client may';
COMMENT ON COLUMN pgtoken.assertion_rules.resources IS 'APIs that it may ask for, all of them unless it names some; NULL: those of the client';
COMMENT ON COLUMN pgtoken.assertion_rules.client_id IS 'For which client; NULL: whichever has authenticated';
COMMENT ON COLUMN pgtoken.assertion_rules.client_authentication IS 'Must the client authenticate as well? false: the assertion speaks for it, too (RFC 7521 section 4.1)';
COMMENT ON COLUMN pgtoken.assertion_rules.persons IS 'For assertions of persons (typ oauth-id-jag+jwt) and no others; false: for all others';
COMMENT ON COLUMN pgtoken.assertion_rules.enabled IS 'false: it is passed over from the next request on';
COMMENT ON COLUMN pgtoken.assertion_rules.created_at IS 'When it was created';
COMMENT ON INDEX pgtoken.assertion_rules_pkey IS 'Finds the rules of a trusted issuer, in order';
COMMENT ON CONSTRAINT assertion_rules_rule_check ON pgtoken.assertion_rules IS '1 to 63 printable ASCII characters, no space';
COMMENT ON CONSTRAINT assertion_rules_conditions_check ON pgtoken.assertion_rules IS 'An object of at most 8192 characters';
COMMENT ON CONSTRAINT assertion_rules_sub_check ON pgtoken.assertion_rules IS 'Printable, its braces in pairs, and no client''s';
COMMENT ON CONSTRAINT assertion_rules_scopes_check ON pgtoken.assertion_rules IS 'Each a scope-token (RFC 6749 section 3.3), none NULL, none twice; no offline_access';
COMMENT ON CONSTRAINT assertion_rules_client_check ON pgtoken.assertion_rules IS 'An assertion that speaks for a client speaks for one that is named, and is no person''s';

SELECT pg_catalog.pg_extension_config_dump('pgtoken.trusted_issuers', '');
SELECT pg_catalog.pg_extension_config_dump('pgtoken.assertion_rules', '');
ALTER TABLE pgtoken.trusted_issuers ENABLE ROW LEVEL SECURITY;
ALTER TABLE pgtoken.assertion_rules ENABLE ROW LEVEL SECURITY;
CREATE POLICY auditor_reads ON pgtoken.trusted_issuers FOR SELECT TO pgtoken_auditor USING (true);
COMMENT ON POLICY auditor_reads ON pgtoken.trusted_issuers IS 'Lets pgtoken_auditor see every row; without it row security shows none, not even to pg_read_all_data';
CREATE POLICY auditor_reads ON pgtoken.assertion_rules FOR SELECT TO pgtoken_auditor USING (true);
COMMENT ON POLICY auditor_reads ON pgtoken.assertion_rules IS 'Lets pgtoken_auditor see every row; without it row security shows none, not even to pg_read_all_data';
GRANT SELECT ON pgtoken.trusted_issuers, pgtoken.assertion_rules TO pgtoken_auditor;

CREATE TRIGGER audit AFTER INSERT OR UPDATE OR DELETE ON pgtoken.trusted_issuers FOR EACH ROW EXECUTE FUNCTION pgtoken.audit_row('trusted_issuer');
COMMENT ON TRIGGER audit ON pgtoken.trusted_issuers IS 'Writes the row before and after to audit_events';
CREATE TRIGGER audit AFTER INSERT OR UPDATE OR DELETE ON pgtoken.assertion_rules FOR EACH ROW EXECUTE FUNCTION pgtoken.audit_row('assertion_rule');
COMMENT ON TRIGGER audit ON pgtoken.assertion_rules IS 'Writes the row before and after to audit_events';

CREATE FUNCTION pgtoken.create_trusted_issuer(
	iss text,
	jwks jsonb DEFAULT NULL,
	jwks_uri text DEFAULT NULL,
	audiences text[] DEFAULT '{}',
	assertion_lifetime interval DEFAULT '1 hour',
	single_use boolean DEFAULT false,
	issuer text DEFAULT NULL
) RETURNS text
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
	of_issuer CONSTANT text := pgtoken.issuer_or_default(issuer);
BEGIN
	IF iss IS NULL OR audiences IS NULL OR assertion_lifetime IS NULL OR single_use IS NULL THEN
		RAISE EXCEPTION 'iss, audiences, assertion_lifetime and single_use must not be NULL'
			USING ERRCODE = 'null_value_not_allowed';
	END IF;
	IF num_nonnulls(jwks, jwks_uri) <> 1 THEN
		RAISE EXCEPTION 'a trusted issuer has either jwks or jwks_uri'
			USING ERRCODE = 'invalid_parameter_value';
	END IF;
	IF NOT pgtoken.valid_jwks(jwks::text) THEN
		RAISE EXCEPTION 'jwks is no JWK Set of public keys that we can verify with'
			USING ERRCODE = 'invalid_parameter_value',
				  DETAIL = 'RFC 7517 section 5; neither private nor symmetric ones.';
	END IF;
	IF EXISTS (SELECT FROM pgtoken.issuers i WHERE i.issuer = create_trusted_issuer.iss) THEN
		RAISE EXCEPTION '% is an issuer of this service', quote_literal(iss)
			USING ERRCODE = 'invalid_parameter_value',
				  DETAIL = 'Its tokens are no assertions.';
	END IF;
	IF EXISTS (SELECT FROM pgtoken.trusted_issuers t WHERE t.issuer = of_issuer AND t.iss = create_trusted_issuer.iss) THEN
		RAISE EXCEPTION 'the issuer trusts % already', quote_literal(iss)
			USING ERRCODE = 'unique_violation',
				  HINT = 'update_trusted_issuer() changes it.';
	END IF;
	INSERT INTO pgtoken.trusted_issuers (issuer, iss, jwks, jwks_uri, audiences, assertion_lifetime, single_use)
	VALUES (of_issuer, create_trusted_issuer.iss, create_trusted_issuer.jwks, create_trusted_issuer.jwks_uri, create_trusted_issuer.audiences,
			create_trusted_issuer.assertion_lifetime, create_trusted_issuer.single_use);
	RETURN iss;
END
$function$;
REVOKE ALL ON FUNCTION pgtoken.create_trusted_issuer FROM PUBLIC;
GRANT EXECUTE ON FUNCTION pgtoken.create_trusted_issuer TO pgtoken_admin;
COMMENT ON FUNCTION pgtoken.create_trusted_issuer IS
'Trust the assertions of somebody else''s issuer (RFC 7523 section 2.1): a cluster, a CI system, an enterprise''s identity provider. Alone it allows nothing: create_assertion_rule() says what an assertion means. iss: as its assertions have it. jwks: its public keys, a JWK Set. jwks_uri: where they are, instead; https, fetched by the courier. audiences: aud that mean this issuer beside its name and its token endpoint. assertion_lifetime: how long an assertion may still live when it is shown, 1 second to 1 day. single_use: each assertion needs a jti and is good for one request; otherwise it may be shown until it expires, as clusters mean theirs to be. issuer: of ours; NULL is the default one. Returns iss. Raises 22004, 22023, 23505, 23514, 55000.';

CREATE FUNCTION pgtoken.update_trusted_issuer(
	iss text,
	jwks jsonb DEFAULT NULL,
	jwks_uri text DEFAULT NULL,
	audiences text[] DEFAULT NULL,
	assertion_lifetime interval DEFAULT NULL,
	single_use boolean DEFAULT NULL,
	enabled boolean DEFAULT NULL,
	issuer text DEFAULT NULL
) RETURNS boolean
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
	of_issuer CONSTANT text := pgtoken.issuer_or_default(issuer);
BEGIN
	IF num_nonnulls(jwks, jwks_uri) > 1 OR NOT pgtoken.valid_jwks(jwks::text) THEN
		RAISE EXCEPTION 'a trusted issuer has either jwks or jwks_uri'
			USING ERRCODE = 'invalid_parameter_value',
				  DETAIL = 'jwks is a JWK Set (RFC 7517 section 5) of public keys that we can verify with.';
	END IF;
	UPDATE pgtoken.trusted_issuers t
	SET jwks = CASE WHEN num_nonnulls(update_trusted_issuer.jwks, update_trusted_issuer.jwks_uri) = 0 THEN t.jwks ELSE update_trusted_issuer.jwks END,
		jwks_uri = CASE WHEN num_nonnulls(update_trusted_issuer.jwks, update_trusted_issuer.jwks_uri) = 0 THEN t.jwks_uri ELSE update_trusted_issuer.jwks_uri END,
		audiences = coalesce(update_trusted_issuer.audiences, t.audiences),
		assertion_lifetime = coalesce(update_trusted_issuer.assertion_lifetime, t.assertion_lifetime),
		single_use = coalesce(update_trusted_issuer.single_use, t.single_use),
		enabled = coalesce(update_trusted_issuer.enabled, t.enabled)
	WHERE t.issuer = of_issuer AND t.iss = update_trusted_issuer.iss;
	RETURN FOUND;
END
$function$;
REVOKE ALL ON FUNCTION pgtoken.update_trusted_issuer FROM PUBLIC;
GRANT EXECUTE ON FUNCTION pgtoken.update_trusted_issuer TO pgtoken_admin;
COMMENT ON FUNCTION pgtoken.update_trusted_issuer IS
'Change a trusted issuer. iss: which. jwks, jwks_uri, audiences, assertion_lifetime, single_use: as in create_trusted_issuer; NULL keeps the value, and of the two places for keys the one that is given counts. enabled => false: its assertions are refused from the next request on; tokens that were issued live on until they expire, revoke_client() ends them. issuer: of ours; NULL is the default one. Returns false when there is none. Raises 22023, 23514, 55000.';

CREATE FUNCTION pgtoken.delete_trusted_issuer(iss text, issuer text DEFAULT NULL) RETURNS boolean
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
	of_issuer CONSTANT text := pgtoken.issuer_or_default(issuer);
BEGIN
	DELETE FROM pgtoken.assertion_rules r WHERE r.issuer = of_issuer AND r.iss = delete_trusted_issuer.iss;
	DELETE FROM pgtoken.trusted_issuers t WHERE t.issuer = of_issuer AND t.iss = delete_trusted_issuer.iss;
	RETURN FOUND;
END
$function$;
REVOKE ALL ON FUNCTION pgtoken.delete_trusted_issuer FROM PUBLIC;
GRANT EXECUTE ON FUNCTION pgtoken.delete_trusted_issuer TO pgtoken_admin;
COMMENT ON FUNCTION pgtoken.delete_trusted_issuer IS
'Trust an issuer no longer, and forget its rules. iss: which. issuer: of ours; NULL is the default one. Its assertions are refused from the next request on; tokens that were issued live on until they expire. Returns false when there is none. Raises 55000.';

CREATE FUNCTION pgtoken.create_assertion_rule(
	iss text,
	rule text,
	conditions jsonb,
	scopes text[],
	subject text DEFAULT '{sub}',
	client_id text DEFAULT NULL,
	client_authentication boolean DEFAULT true,
	resources text[] DEFAULT NULL,
	issuer text DEFAULT NULL,
	persons boolean DEFAULT false
) RETURNS text
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
	of_issuer CONSTANT text := pgtoken.issuer_or_default(issuer);
BEGIN
	IF iss IS NULL OR rule IS NULL OR conditions IS NULL OR scopes IS NULL OR subject IS NULL OR client_authentication IS NULL OR persons IS NULL THEN
		RAISE EXCEPTION 'iss, rule, conditions, scopes, subject, client_authentication and persons must not be NULL'
			USING ERRCODE = 'null_value_not_allowed';
	END IF;
	PERFORM pgtoken.check_scopes(scopes, of_client => true);
	IF jsonb_typeof(conditions) <> 'object' OR conditions = '{}' THEN
		RAISE EXCEPTION 'conditions must be an object with at least one member'
			USING ERRCODE = 'invalid_parameter_value',
				  DETAIL = 'A rule without conditions would be for everybody whom the other issuer knows.',
				  HINT = 'Say so where it is meant: {"sub": "*"}.';
	END IF;
	IF pgtoken.rule_subject_problem(subject) IS NOT NULL THEN
		RAISE EXCEPTION 'subject %', pgtoken.rule_subject_problem(subject)
			USING ERRCODE = 'invalid_parameter_value';
	END IF;
	IF client_id IS NULL AND NOT client_authentication THEN
		RAISE EXCEPTION 'an assertion that speaks for a client speaks for one that is named'
			USING ERRCODE = 'invalid_parameter_value',
				  HINT = 'Name it with client_id.';
	END IF;
	IF persons AND NOT client_authentication THEN
		RAISE EXCEPTION 'an assertion of a person speaks for no client'
			USING ERRCODE = 'invalid_parameter_value';
	END IF;
	IF NOT EXISTS (SELECT FROM pgtoken.trusted_issuers t WHERE t.issuer = of_issuer AND t.iss = create_assertion_rule.iss) THEN
		RAISE EXCEPTION 'the issuer does not trust %', quote_literal(iss)
			USING ERRCODE = 'invalid_parameter_value',
				  HINT = 'SELECT pgtoken.create_trusted_issuer(...) first.';
	END IF;
	IF client_id IS NOT NULL AND NOT EXISTS (SELECT FROM pgtoken.clients c WHERE c.issuer = of_issuer AND c.client_id = create_assertion_rule.client_id) THEN
		RAISE EXCEPTION 'the issuer has no client %', quote_literal(client_id)
			USING ERRCODE = 'invalid_parameter_value',
				  HINT = 'SELECT pgtoken.create_client(...) first.';
	END IF;
	IF EXISTS (SELECT FROM pgtoken.assertion_rules r WHERE r.issuer = of_issuer AND r.iss = create_assertion_rule.iss AND r.rule = create_assertion_rule.rule) THEN
		RAISE EXCEPTION 'there is a rule % for % already', quote_literal(rule), quote_literal(iss)
			USING ERRCODE = 'unique_violation',
				  HINT = 'delete_assertion_rule() first.';
	END IF;
	INSERT INTO pgtoken.assertion_rules (issuer, iss, rule, conditions, sub, scopes, resources, client_id, client_authentication, persons)
	VALUES (of_issuer, create_assertion_rule.iss, create_assertion_rule.rule, create_assertion_rule.conditions, create_assertion_rule.subject,
			create_assertion_rule.scopes, pgtoken.registered_resources(of_issuer, create_assertion_rule.resources), create_assertion_rule.client_id,
			create_assertion_rule.client_authentication, create_assertion_rule.persons);
	RETURN rule;
END
$function$;
REVOKE ALL ON FUNCTION pgtoken.create_assertion_rule FROM PUBLIC;
GRANT EXECUTE ON FUNCTION pgtoken.create_assertion_rule TO pgtoken_admin;
COMMENT ON FUNCTION pgtoken.create_assertion_rule IS
'Say what assertions of a trusted issuer mean here (RFC 7523): whose claims fulfil the conditions gets access tokens with this subject and these scopes. iss: the trusted issuer. rule: a name; the first by name that fits counts. conditions: members that the claims must have; a text matches with * for any run of characters, an object holds further conditions, of a list one must fit, and of a claim that is a list one element. scopes: what it may have, as far as its client may. subject: sub of the tokens, claims in braces; {sub} alone is whatever the other issuer says, also the name of a subject of yours: put something before it where that must not be, and no text between two claims that one of them could hold. client_id: for which client, which must have urn:ietf:params:oauth:grant-type:jwt-bearer among its grant_types; NULL: any that has authenticated. client_authentication => false: the client need not authenticate, the assertion speaks for it (RFC 7521 section 4.1). resources: APIs that it may ask for; NULL: the client''s. issuer: of ours; NULL is the default one. persons => true: the rule is for assertions of persons (typ oauth-id-jag+jwt) and no others, which need a client that authenticates; false: for all others. Returns rule. Raises 22004, 22023, 23505, 23514, 55000.';

CREATE FUNCTION pgtoken.delete_assertion_rule(iss text, rule text, issuer text DEFAULT NULL) RETURNS boolean
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
	of_issuer CONSTANT text := pgtoken.issuer_or_default(issuer);
BEGIN
	DELETE FROM pgtoken.assertion_rules r WHERE r.issuer = of_issuer AND r.iss = delete_assertion_rule.iss AND r.rule = delete_assertion_rule.rule;
	RETURN FOUND;
END
$function$;
REVOKE ALL ON FUNCTION pgtoken.delete_assertion_rule FROM PUBLIC;
GRANT EXECUTE ON FUNCTION pgtoken.delete_assertion_rule TO pgtoken_admin;
COMMENT ON FUNCTION pgtoken.delete_assertion_rule IS
'Delete an assertion rule: it counts no more from the next request on. iss: the trusted issuer. rule: its name. issuer: of ours; NULL is the default one. Returns false when there is none. Raises 55000.';
