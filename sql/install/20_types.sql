CREATE TYPE pgtoken.token_response AS (
	decision text,
	access_token text,
	token_type text,
	expires_in integer,
	refresh_token text,
	refresh_token_expires_in integer,
	id_token text,
	scope text,
	grant_id uuid,
	error text,
	error_description text,
	transaction_id text,
	factors jsonb
);
REVOKE ALL ON TYPE pgtoken.token_response FROM PUBLIC;
COMMENT ON TYPE pgtoken.token_response IS 'Answer of issue_tokens and refresh_grant. A protocol error is a row too (decision deny; error and error_description as RFC 6749 section 5.2), so that what it recorded commits';
COMMENT ON COLUMN pgtoken.token_response.decision IS 'allow: tokens follow. deny: error says why. require: a step-up named by transaction_id and factors must be completed first';
COMMENT ON COLUMN pgtoken.token_response.expires_in IS 'Seconds the access token lives';
COMMENT ON COLUMN pgtoken.token_response.refresh_token_expires_in IS 'Seconds until the refresh token ends if it is not used before';
COMMENT ON COLUMN pgtoken.token_response.scope IS 'Scope of the access token, space-delimited (RFC 6749 section 3.3)';
COMMENT ON COLUMN pgtoken.token_response.grant_id IS 'The family the tokens belong to';

CREATE TYPE pgtoken.revoked_family AS (
	grant_id uuid,
	client_id text,
	subject text,
	generation integer,
	access_tokens integer,
	revoked_at timestamptz,
	reason text
);
REVOKE ALL ON TYPE pgtoken.revoked_family FROM PUBLIC;
COMMENT ON TYPE pgtoken.revoked_family IS 'What revoke_family revoked: the family, the generation its refresh token had reached (NULL: it had none) and how many unexpired access tokens it cut off';

CREATE TYPE pgtoken.blacklisted_token AS (
	grant_id uuid,
	token_type text,
	token_id text,
	expires_at timestamptz
);
REVOKE ALL ON TYPE pgtoken.blacklisted_token FROM PUBLIC;
COMMENT ON TYPE pgtoken.blacklisted_token IS 'What blacklist_token blacklisted: an access_token by its jti, or a refresh_token by its generation, until expires_at';

CREATE TYPE pgtoken.client_credentials AS (
	client_id text,
	client_secret text
);
REVOKE ALL ON TYPE pgtoken.client_credentials FROM PUBLIC;
COMMENT ON TYPE pgtoken.client_credentials IS 'Answer of create_client: the secret is shown this once; NULL for a public client';

CREATE TYPE pgtoken.created_client_secret AS (
	client_secret text,
	secret_id uuid
);
REVOKE ALL ON TYPE pgtoken.created_client_secret FROM PUBLIC;
COMMENT ON TYPE pgtoken.created_client_secret IS 'Answer of create_client_secret';
COMMENT ON COLUMN pgtoken.created_client_secret.client_secret IS 'Shown this once';
COMMENT ON COLUMN pgtoken.created_client_secret.secret_id IS 'Names it in client_secrets, for revoke_client_secret';
