-- What maintenance remembers, and which installation this is. None is on the way of a refresh.

CREATE TABLE pgtoken.maintenance (
	task text NOT NULL,
	position text[],
	updated_at timestamptz,
	CONSTRAINT maintenance_pkey PRIMARY KEY (task)
);
COMMENT ON TABLE pgtoken.maintenance IS 'Where maintain() and run_maintenance() have come to. Whoever works on a task holds its row, and others leave it out. Not dumped: a lost position costs a look at rows that have been seen';
COMMENT ON COLUMN pgtoken.maintenance.task IS 'A table that is purged; "partitions"; "signing keys"; "clock": when the time was last found plausible';
COMMENT ON COLUMN pgtoken.maintenance.position IS 'Primary key of the last row that was looked at; NULL: the next batch begins at the front';
COMMENT ON COLUMN pgtoken.maintenance.updated_at IS 'When it was worked on last; NULL: never';
COMMENT ON CONSTRAINT maintenance_pkey ON pgtoken.maintenance IS 'One row per task';
COMMENT ON INDEX pgtoken.maintenance_pkey IS 'One row per task';
INSERT INTO pgtoken.maintenance (task)
VALUES ('clock'), ('signing keys'), ('blacklist'), ('authorization_requests'), ('authorization_codes'), ('device_codes'), ('challenges'),
	   ('challenge_codes'), ('user_code_attempts'), ('replay_ids'), ('subject_not_before'), ('grants'), ('reused_families'), ('partitions');

CREATE TABLE pgtoken.installation (
	one_row boolean NOT NULL DEFAULT true,
	installation_id uuid NOT NULL DEFAULT pg_catalog.gen_random_uuid(),
	created_at timestamptz NOT NULL DEFAULT pg_catalog.now(),
	adopted_from uuid,
	adopted_at timestamptz,
	CONSTRAINT installation_pkey PRIMARY KEY (one_row),
	CONSTRAINT installation_one_row_check CHECK (one_row)
);
COMMENT ON TABLE pgtoken.installation IS 'Which installation this is: one row, made with the first issuer, so that it goes along with every copy of the data. Held against pgtoken.installation_id, which is kept outside';
COMMENT ON COLUMN pgtoken.installation.one_row IS 'true';
COMMENT ON COLUMN pgtoken.installation.installation_id IS 'Random UUID';
COMMENT ON COLUMN pgtoken.installation.created_at IS 'When the first issuer was created';
COMMENT ON COLUMN pgtoken.installation.adopted_from IS 'Id of the installation that this is a copy of, see adopt_copy(); NULL: of none';
COMMENT ON COLUMN pgtoken.installation.adopted_at IS 'When it was adopted';
COMMENT ON CONSTRAINT installation_pkey ON pgtoken.installation IS 'One row';
COMMENT ON CONSTRAINT installation_one_row_check ON pgtoken.installation IS 'One row';
COMMENT ON INDEX pgtoken.installation_pkey IS 'One row';
SELECT pg_catalog.pg_extension_config_dump('pgtoken.installation', '');

CREATE TABLE pgtoken.reused_families (
	grant_id uuid NOT NULL,
	noted_at timestamptz NOT NULL,
	CONSTRAINT reused_families_pkey PRIMARY KEY (grant_id)
);
COMMENT ON TABLE pgtoken.reused_families IS 'Families of which a refresh token or an authorization code was used again: their ledger and audit rows outlive the partitions they were written to, see pgtoken.reuse_retention';
COMMENT ON COLUMN pgtoken.reused_families.grant_id IS 'The family';
COMMENT ON COLUMN pgtoken.reused_families.noted_at IS 'When that was seen first';
COMMENT ON CONSTRAINT reused_families_pkey ON pgtoken.reused_families IS 'One row per family';
COMMENT ON INDEX pgtoken.reused_families_pkey IS 'One row per family';
SELECT pg_catalog.pg_extension_config_dump('pgtoken.reused_families', '');
