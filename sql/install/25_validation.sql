-- Grammar checks of core/, made available to CHECK constraints.

CREATE FUNCTION pgtoken.valid_alg(alg text) RETURNS boolean
	AS 'MODULE_PATHNAME', 'pgt_valid_alg' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
REVOKE ALL ON FUNCTION pgtoken.valid_alg(text) FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.valid_alg(text) IS 'Is this a signing algorithm we know (RFC 7518 section 3.1, RFC 8037)? ES256, ES384, ES512, RS256, PS256, EdDSA, HS256';

CREATE FUNCTION pgtoken.valid_issuer(issuer text) RETURNS boolean
	AS 'MODULE_PATHNAME', 'pgt_valid_issuer' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
REVOKE ALL ON FUNCTION pgtoken.valid_issuer(text) FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.valid_issuer(text) IS 'Can this be an issuer identifier (RFC 8414 section 2)? https, no query, no fragment; http for loopback hosts only';

CREATE FUNCTION pgtoken.valid_resource(resource text) RETURNS boolean
	AS 'MODULE_PATHNAME', 'pgt_valid_resource' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
REVOKE ALL ON FUNCTION pgtoken.valid_resource(text) FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.valid_resource(text) IS 'Can this be a resource indicator (RFC 8707 section 2)? An absolute URI without a fragment';

CREATE FUNCTION pgtoken.valid_redirect_uri(redirect_uri text) RETURNS boolean
	AS 'MODULE_PATHNAME', 'pgt_valid_redirect_uri' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
REVOKE ALL ON FUNCTION pgtoken.valid_redirect_uri(text) FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.valid_redirect_uri(text) IS 'Can this be a redirect URI (RFC 6749 section 3.1.2, RFC 8252)? https, http on loopback, or a private-use scheme with a dot; no fragment';

CREATE FUNCTION pgtoken.valid_redirect_uris(redirect_uris text[]) RETURNS boolean
	AS 'MODULE_PATHNAME', 'pgt_valid_redirect_uris' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
REVOKE ALL ON FUNCTION pgtoken.valid_redirect_uris(text[]) FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.valid_redirect_uris(text[]) IS 'Is every element a possible redirect URI, and none NULL?';

CREATE FUNCTION pgtoken.valid_scopes(scopes text[]) RETURNS boolean
	AS 'MODULE_PATHNAME', 'pgt_valid_scopes' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
REVOKE ALL ON FUNCTION pgtoken.valid_scopes(text[]) FROM PUBLIC;
COMMENT ON FUNCTION pgtoken.valid_scopes(text[]) IS 'Is every element a scope-token (RFC 6749 appendix A.4), none NULL, none twice?';
