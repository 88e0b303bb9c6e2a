-- What a living family's tokens say: other claims, less scope.

CREATE TYPE pgtoken.changed_family AS (
	grant_id uuid,
	client_id text,
	subject text,
	scope text,
	refreshable boolean,
	access_tokens integer,
	changed_at timestamptz
);
REVOKE ALL ON TYPE pgtoken.changed_family FROM PUBLIC;
GRANT USAGE ON TYPE pgtoken.changed_family TO pgtoken_issuer;
COMMENT ON TYPE pgtoken.changed_family IS 'What change_family changed: the family as it is from now on';
COMMENT ON COLUMN pgtoken.changed_family.grant_id IS 'The family that was changed';
COMMENT ON COLUMN pgtoken.changed_family.client_id IS 'Client the family belongs to';
COMMENT ON COLUMN pgtoken.changed_family.subject IS 'Subject the family belongs to';
COMMENT ON COLUMN pgtoken.changed_family.scope IS 'Scope that it has now';
COMMENT ON COLUMN pgtoken.changed_family.refreshable IS 'Has it a refresh token that still holds? One that had offline_access and has lost it does not, unless the client has session_refresh';
COMMENT ON COLUMN pgtoken.changed_family.access_tokens IS 'Access tokens that are refused from now on; 0 unless at_once';
COMMENT ON COLUMN pgtoken.changed_family.changed_at IS 'When: no later access token says what was so before';

CREATE FUNCTION pgtoken.change_family(grant_id uuid, claims jsonb DEFAULT NULL, scope text DEFAULT NULL, at_once boolean DEFAULT false, reason text DEFAULT NULL)
	RETURNS SETOF pgtoken.changed_family
	AS 'MODULE_PATHNAME', 'pgt_change_family' LANGUAGE C VOLATILE CALLED ON NULL INPUT PARALLEL UNSAFE
	SECURITY DEFINER SET search_path = pg_catalog, pg_temp;
REVOKE ALL ON FUNCTION pgtoken.change_family FROM PUBLIC;
GRANT EXECUTE ON FUNCTION pgtoken.change_family TO pgtoken_issuer;
COMMENT ON FUNCTION pgtoken.change_family IS
'Change what the access tokens of a living family say: a role was taken away, or one scope of what was agreed to. The next access token has it, also that of a refresh which is under way.
grant_id: which. claims: the further claims of its access tokens, in place of those that it has, as in issue_tokens; NULL: as they are. scope: what is left of its scope, space-delimited, never more than it has and never nothing; without offline_access its refresh token is refused from now on, unless the client has session_refresh: then it is its session''s; NULL: as it is. A client that asks for the scope of before at a refresh gets what is left of it. at_once => true: the access tokens that the family has out are refused, too, from the next statement of any session on, and what was exchanged from them; alone it has the client come for new ones, with what the claims function says by now. The refresh token lives. reason: kept in the audit (events grant.changed and blacklist.created).
Returns the family as it is now; no row when it is unknown, revoked or over. Raises 22004 for a NULL grant_id or at_once, and 22023 for a wider or an empty scope, for claims that cannot be set, and when there is nothing to change.';
