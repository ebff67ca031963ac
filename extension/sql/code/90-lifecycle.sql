-- From CREATE EXTENSION to a running service: init(), start(), stop().

CREATE FUNCTION bountygo.version() RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$ SELECT '@VERSION@'::text $$;
COMMENT ON FUNCTION bountygo.version() IS 'Version of the SQL code. bountygo.library_version() is that of the C code; the two are equal unless an upgrade is half done.';

CREATE FUNCTION bountygo.schema_version() RETURNS integer
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	found integer;
BEGIN
	IF to_regclass('bountygo.schema_migrations') IS NULL THEN
		RETURN 0;
	END IF;
	SELECT coalesce(max(m.id), 0) INTO found FROM bountygo.schema_migrations m;
	RETURN found;
END
$$;
COMMENT ON FUNCTION bountygo.schema_version() IS 'Number of the last migration that init() ran in this database; 0 before init().';

CREATE FUNCTION bountygo.init() RETURNS integer
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
SET client_min_messages = warning
SET lock_timeout = '10s'
AS $$
DECLARE
	step record;
	role record;
	current integer;
BEGIN
	IF NOT (SELECT r.rolsuper FROM pg_catalog.pg_roles r WHERE r.rolname = current_user) THEN
		RAISE EXCEPTION 'only a superuser may set BountyGo up'
			USING ERRCODE = '42501', HINT = 'Connect as a superuser, for example postgres, and run SELECT bountygo.init() again.';
	END IF;
	-- Two calls at once would both create the tables; the second waits and then finds nothing left to do.
	PERFORM pg_advisory_xact_lock(hashtext('bountygo.init'));

	FOR role IN
		SELECT * FROM (VALUES
			('bountygo_owner', false), ('bountygo_api', false), ('bountygo_rest', false), ('bountygo_worker', true), ('bountygo_gateway', true),
			('bountygo_admin', false), ('bountygo_monitor', false)) AS wanted (name, can_login)
		WHERE NOT EXISTS (SELECT FROM pg_catalog.pg_roles r WHERE r.rolname = wanted.name)
	LOOP
		EXECUTE format('CREATE ROLE %I %s NOSUPERUSER NOCREATEDB NOCREATEROLE', role.name,
			CASE WHEN role.can_login THEN 'LOGIN' ELSE 'NOLOGIN' END);
	END LOOP;
	-- The gateway passes access tokens as parameters: no setting of logging may write them down.
	ALTER ROLE bountygo_gateway SET log_parameter_max_length = 0;
	ALTER ROLE bountygo_gateway SET log_parameter_max_length_on_error = 0;
	-- Its statements take milliseconds; compiling one takes a quarter of a second.
	ALTER ROLE bountygo_gateway SET jit = off;
	-- call() runs as a role of its own: whoever is granted bountygo_api must not be able to alter it.
	GRANT bountygo_api TO bountygo_admin, bountygo_rest;
	GRANT USAGE, CREATE ON SCHEMA bountygo TO bountygo_owner;
	GRANT USAGE ON SCHEMA bountygo TO bountygo_api, bountygo_rest, bountygo_worker, bountygo_gateway, bountygo_admin, bountygo_monitor;
	PERFORM bountygo.grant_privileges();

	current := bountygo.schema_version();
	IF current > (SELECT max(m.id) FROM bountygo.migrations() m) THEN
		RAISE EXCEPTION 'the tables are of schema version %, newer than this version of the extension knows', current
			USING ERRCODE = '55000', HINT = 'Install the newer version of BountyGo and run ALTER EXTENSION bountygo UPDATE.';
	END IF;
	-- Tables belong to a role that is no superuser, so that nothing that runs as their owner can do more than own them.
	SET LOCAL ROLE bountygo_owner;
	IF current = 0 THEN
		CREATE TABLE IF NOT EXISTS bountygo.schema_migrations (
			id integer PRIMARY KEY,
			name text NOT NULL,
			hash text NOT NULL,
			applied_at timestamptz NOT NULL DEFAULT now()
		);
		COMMENT ON TABLE bountygo.schema_migrations IS 'Which migrations init() has run here, with the hash of their text.';
		ALTER TABLE bountygo.schema_migrations ENABLE ROW LEVEL SECURITY;
	END IF;
	FOR step IN SELECT * FROM bountygo.migrations() m WHERE m.id > current ORDER BY m.id
	LOOP
		EXECUTE step.body;
		INSERT INTO bountygo.schema_migrations (id, name, hash)
		VALUES (step.id, step.name, encode(sha256(convert_to(step.body, 'UTF8')), 'hex'));
	END LOOP;
	-- The tables of one row get it here, not in a migration, so that they have it also after a restore of the schema alone.
	INSERT INTO bountygo.model_provider DEFAULT VALUES ON CONFLICT DO NOTHING;
	INSERT INTO bountygo.worker_control DEFAULT VALUES ON CONFLICT DO NOTHING;
	RESET ROLE;
	PERFORM bountygo.grant_privileges();
	PERFORM bountygo.sync_routes();
	RETURN bountygo.schema_version();
END
$$;
COMMENT ON FUNCTION bountygo.init() IS 'Makes or upgrades the tables, indexes, triggers, policies, views and roles, in one transaction; returns the schema version. Superusers only. Harmless when repeated. The tables are ordinary objects: pg_dump keeps them, DROP EXTENSION does not delete them.';

CREATE FUNCTION bountygo.start() RETURNS text
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	workers integer;
BEGIN
	PERFORM bountygo.init();
	workers := bountygo.launch_workers();
	RETURN format('BountyGo %s runs in database %I with %s worker(s)%s', bountygo.version(), current_database(), workers,
		CASE WHEN current_setting('shared_preload_libraries') ~ '(^|[,/ ])bountygo( *,|$)' AND
				current_setting('bountygo.database') = current_database() THEN ''
			ELSE format('; to start them with the server, set shared_preload_libraries = ''bountygo'' and bountygo.database = %L',
				current_database()) END);
END
$$;
COMMENT ON FUNCTION bountygo.start() IS 'Runs init() and launches the workers of this database at once, without a restart of the server. Says how many run. Superusers only.';

CREATE FUNCTION bountygo.stop() RETURNS integer
LANGUAGE sql
SET search_path = pg_catalog, pg_temp
AS $$ SELECT bountygo.terminate_workers() $$;
COMMENT ON FUNCTION bountygo.stop() IS 'Ends the workers of this database and returns how many ended. Jobs stay queued; start() goes on with them. Superusers only.';
