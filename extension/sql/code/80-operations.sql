-- Is it well, and what is wrong if not: health() for machines, doctor() for people.

CREATE FUNCTION bountygo.library_version() RETURNS text
AS 'MODULE_PATHNAME', 'bountygo_library_version' LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION bountygo.library_version() IS 'Version of the C code that is loaded; version() is that of the SQL code.';

CREATE FUNCTION bountygo.secret_status(setting text) RETURNS text
AS 'MODULE_PATHNAME', 'bountygo_secret_status' LANGUAGE c VOLATILE STRICT;
COMMENT ON FUNCTION bountygo.secret_status(text) IS
'What is wrong with the file that a setting names, jwt_key_file, jwt_previous_key_file or ppio_key_file; "not set", or NULL if it is fine. Tells neither its content nor its path.';

CREATE FUNCTION bountygo.reader_problem() RETURNS text
AS 'MODULE_PATHNAME', 'bountygo_reader_problem' LANGUAGE c VOLATILE STRICT;
COMMENT ON FUNCTION bountygo.reader_problem() IS 'Why the program bountygo-reader cannot be started; NULL if it can.';

CREATE FUNCTION bountygo.health() RETURNS jsonb
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	began timestamptz := clock_timestamp();
	database_ms numeric;
	alive integer;
	wanted boolean;
	oldest timestamptz;
	late numeric;
	provider record;
	key_problem text;
	components jsonb;
	degraded boolean;
BEGIN
	IF to_regclass('bountygo.workers') IS NULL THEN
		RETURN jsonb_build_object('status', 'unhealthy', 'version', bountygo.version(),
			'uptime_seconds', floor(extract(epoch FROM clock_timestamp() - pg_postmaster_start_time())),
			'components', jsonb_build_object('database', jsonb_build_object('status', 'not_initialised')));
	END IF;
	SELECT count(*) FILTER (WHERE bountygo.worker_is_live(w.pid, w.backend_start)) INTO alive FROM bountygo.workers w;
	database_ms := extract(epoch FROM clock_timestamp() - began) * 1000;
	SELECT c.enabled INTO wanted FROM bountygo.worker_control c;
	SELECT min(j.run_at) INTO oldest FROM bountygo.jobs j WHERE j.state = 'queued';
	late := greatest(extract(epoch FROM clock_timestamp() - oldest), 0);
	SELECT p.open_until, p.paused_until INTO provider FROM bountygo.model_provider p;
	key_problem := bountygo.secret_status('ppio_key_file');
	components := jsonb_build_object(
		'database', jsonb_build_object('status', 'healthy', 'latency_ms', round(database_ms, 3)),
		'workers', jsonb_build_object('status', CASE WHEN alive > 0 THEN 'healthy' WHEN NOT wanted THEN 'stopped' ELSE 'absent' END,
			'alive', alive),
		-- No key is a way to run, by rules; a key that cannot be used is a fault.
		'ppio', jsonb_build_object('status', CASE WHEN key_problem = 'not set' THEN 'not_configured'
			WHEN key_problem IS NOT NULL THEN 'misconfigured'
			WHEN provider.open_until > clock_timestamp() OR provider.paused_until > clock_timestamp() THEN 'unavailable'
			ELSE 'healthy' END),
		'queue', jsonb_build_object('status', CASE WHEN late > 300 THEN 'late' ELSE 'healthy' END,
			'oldest_due_seconds', coalesce(round(late, 3), 0)));
	degraded := EXISTS (SELECT FROM jsonb_each(components) c WHERE c.value ->> 'status' NOT IN ('healthy', 'not_configured'));
	RETURN jsonb_build_object('status', CASE WHEN degraded THEN 'degraded' ELSE 'healthy' END, 'version', bountygo.version(),
		'uptime_seconds', floor(extract(epoch FROM clock_timestamp() - pg_postmaster_start_time())), 'components', components);
END
$$;
COMMENT ON FUNCTION bountygo.health() IS
'Whether the service works: {status: healthy | degraded | unhealthy, version, uptime_seconds, components}. degraded: pages wait or the model cannot be asked; unhealthy: init() has not run. Names no hosts and no keys. The gateway adds its own components.';

CREATE FUNCTION bountygo.doctor(OUT "check" text, OUT ok boolean, OUT detail text, OUT fix text) RETURNS SETOF record
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	newest integer := (SELECT max(m.id) FROM bountygo.migrations() m);
	current integer := bountygo.schema_version();
	preload text := (SELECT s.setting FROM pg_settings s WHERE s.name = 'shared_preload_libraries');
	problem text;
	names text;
	count integer;
	wanted integer;
	enabled boolean;
	unseen integer := 0;
	answer jsonb;
BEGIN
	"check" := 'version';
	ok := bountygo.version() = bountygo.library_version();
	detail := format('SQL code %s, library %s', bountygo.version(), bountygo.library_version());
	fix := CASE WHEN NOT ok THEN 'Install the files of one version, restart the server, and run ALTER EXTENSION bountygo UPDATE.' END;
	RETURN NEXT;

	"check" := 'encoding';
	ok := current_setting('server_encoding') = 'UTF8';
	detail := 'database encoding ' || current_setting('server_encoding');
	fix := CASE WHEN NOT ok THEN 'Pages are in all languages: create the database with ENCODING ''UTF8''.' END;
	RETURN NEXT;

	"check" := 'roles';
	SELECT string_agg(w.name, ', ') INTO names
		FROM unnest(ARRAY['bountygo_owner', 'bountygo_api', 'bountygo_rest', 'bountygo_worker', 'bountygo_gateway', 'bountygo_admin', 'bountygo_monitor'])
			AS w (name)
		WHERE NOT EXISTS (SELECT FROM pg_roles r WHERE r.rolname = w.name);
	ok := names IS NULL;
	detail := coalesce('missing: ' || names, 'all there');
	fix := CASE WHEN NOT ok THEN 'Run SELECT bountygo.init(); as a superuser.' END;
	RETURN NEXT;

	"check" := 'tables';
	ok := current = newest;
	detail := CASE current WHEN 0 THEN 'not made yet' ELSE format('schema version %s of %s', current, newest) END;
	fix := CASE WHEN NOT ok THEN 'Run SELECT bountygo.start(); as a superuser.' END;
	RETURN NEXT;

	"check" := 'row security';
	SELECT string_agg(c.relname, ', ' ORDER BY c.relname) INTO names FROM pg_class c
		WHERE c.relnamespace = 'bountygo'::regnamespace AND c.relkind IN ('r', 'p') AND NOT c.relrowsecurity;
	ok := names IS NULL;
	detail := coalesce('off on: ' || names, 'on for every table');
	fix := CASE WHEN NOT ok THEN 'ALTER TABLE … ENABLE ROW LEVEL SECURITY, or who has API rights sees all rows.' END;
	RETURN NEXT;

	"check" := 'privileges';
	SELECT string_agg(p.oid::regprocedure::text, ', ' ORDER BY p.proname) INTO names FROM pg_proc p
		WHERE p.pronamespace = 'bountygo'::regnamespace AND (p.proacl IS NULL
			OR EXISTS (SELECT FROM aclexplode(p.proacl) a WHERE a.grantee = 0));
	ok := names IS NULL;
	detail := coalesce('anyone may call: ' || names, 'nothing is open to everyone');
	fix := CASE WHEN NOT ok THEN 'Run SELECT bountygo.grant_privileges(); as a superuser.' END;
	RETURN NEXT;

	"check" := 'preload';
	ok := preload ~ '(^|[,/ "])bountygo("? *,|"?$)' AND current_setting('bountygo.database', true) = current_database();
	detail := CASE WHEN ok THEN 'workers start with the server'
		WHEN preload IS NULL THEN 'not visible to you'
		WHEN preload !~ '(^|[,/ "])bountygo("? *,|"?$)' THEN 'not in shared_preload_libraries: after a restart the workers wait for start()'
		ELSE 'bountygo.database names another database: after a restart the workers of this one wait for start()' END;
	fix := CASE WHEN NOT ok THEN format('Set shared_preload_libraries = ''bountygo'' and bountygo.database = %L, and restart the server.',
		current_database()) END;
	RETURN NEXT;

	"check" := 'workers';
	wanted := coalesce(current_setting('bountygo.workers', true)::integer, 1);
	count := 0;
	IF current > 0 THEN
		-- Those that start() has just launched come up when it has committed, within moments.
		FOR try IN 1..100 LOOP
			EXECUTE 'SELECT count(*) FROM bountygo.workers w WHERE bountygo.worker_is_live(w.pid, w.backend_start)' INTO count;
			EXECUTE 'SELECT c.enabled FROM bountygo.worker_control c' INTO enabled;
			EXIT WHEN count >= wanted OR enabled IS NOT TRUE;
			PERFORM pg_stat_clear_snapshot();
			IF EXISTS (SELECT FROM pg_stat_activity a WHERE a.backend_type LIKE 'bountygo %' AND a.datname = current_database()) THEN
				unseen := 0;
			ELSE
				unseen := unseen + 1;
			END IF;
			EXIT WHEN unseen > 5;
			PERFORM pg_sleep(0.02);
		END LOOP;
	END IF;
	ok := count >= wanted;
	detail := format('%s of %s run%s', count, wanted,
		CASE WHEN current_setting('bountygo.paused', true) = 'on' THEN '; they claim nothing: bountygo.paused is on' ELSE '' END);
	fix := CASE WHEN NOT ok THEN 'Run SELECT bountygo.start(); as a superuser.' END;
	RETURN NEXT;

	"check" := 'max_worker_processes';
	SELECT count(*) INTO count FROM pg_stat_activity a
		WHERE a.backend_type NOT IN ('client backend', 'autovacuum launcher', 'autovacuum worker', 'background writer', 'checkpointer',
			'walwriter', 'walsender', 'walreceiver', 'startup', 'archiver', 'logger', 'parallel worker');
	ok := current_setting('max_worker_processes')::integer >= wanted + 1;
	detail := format('%s, of which %s are in use', current_setting('max_worker_processes'), count);
	fix := CASE WHEN NOT ok THEN format('Set max_worker_processes to at least %s and restart the server.', wanted + 8) END;
	RETURN NEXT;

	"check" := 'reader';
	problem := bountygo.reader_problem();
	IF problem IS NULL THEN
		BEGIN
			answer := bountygo.extract_text('Win 100 USDC for the best logo. Deadline: 2030-01-31 12:00 UTC.');
			IF answer ->> 'outcome' <> 'ok' OR coalesce(answer ->> 'text', '') = '' THEN
				problem := format('it answered with outcome %s', answer ->> 'outcome');
			END IF;
		EXCEPTION WHEN OTHERS THEN
			problem := SQLERRM;
		END;
	END IF;
	ok := problem IS NULL;
	detail := coalesce(problem, 'bountygo-reader reads');
	fix := CASE WHEN NOT ok THEN 'Install bountygo-reader beside the library (make install), or name it in bountygo.reader_path.' END;
	RETURN NEXT;

	"check" := 'signing key';
	problem := bountygo.secret_status('jwt_key_file');
	ok := problem IS NULL;
	detail := coalesce(problem, 'usable');
	fix := CASE WHEN NOT ok THEN 'Nobody can sign in. Write at least 32 random bytes to a file that only the server can read, such as openssl rand -hex 32 makes, and name it in bountygo.jwt_key_file.' END;
	RETURN NEXT;

	"check" := 'previous signing key';
	problem := nullif(bountygo.secret_status('jwt_previous_key_file'), 'not set');
	ok := problem IS NULL;
	detail := coalesce(problem, 'none, or usable');
	fix := CASE WHEN NOT ok THEN 'Tokens that were signed before the key changed are refused, so people sign in again. Name the file of the key before in bountygo.jwt_previous_key_file, or empty that setting.' END;
	RETURN NEXT;

	"check" := 'public address';
	names := nullif(current_setting('bountygo.public_url', true), '');
	ok := names LIKE 'https://%';
	detail := coalesce(names || CASE WHEN ok THEN '' ELSE ' is not https: tokens travel in clear' END, 'not set: wallets cannot sign in');
	fix := CASE WHEN ok IS NOT TRUE THEN 'Set bountygo.public_url to the https URL under which people reach the service.' END;
	ok := coalesce(ok, false);
	RETURN NEXT;

	"check" := 'identity providers';
	ok := true;
	detail := 'none: set_oidc_provider() adds Google, Clerk and the like';
	IF current >= 7 THEN
		-- Keys that were just asked for are on their way.
		SELECT string_agg(format('%s: %s', p.name, coalesce(p.keys_error, 'no keys yet')), '; ' ORDER BY p.name)
			FILTER (WHERE p.keys_error IS NOT NULL OR p.keys_fetched_at IS NULL AND p.created_at < now() - interval '1 minute')
			INTO names FROM bountygo.oidc_providers p WHERE p.is_enabled;
		ok := names IS NULL;
		detail := coalesce(names, (SELECT 'keys are there: ' || string_agg(p.name, ', ' ORDER BY p.name) FROM bountygo.oidc_providers p
			WHERE p.is_enabled), detail);
	END IF;
	fix := CASE WHEN NOT ok THEN 'The workers fetch jwks_url: see that they run and that it answers there with keys (RFC 7517) over https; change it with bountygo.set_oidc_provider().' END;
	RETURN NEXT;

	"check" := 'model key';
	problem := bountygo.secret_status('ppio_key_file');
	ok := problem IS NULL OR problem = 'not set';
	detail := CASE problem WHEN 'not set' THEN 'not set: pages are read by rules alone' ELSE coalesce(problem, 'usable') END;
	fix := CASE WHEN NOT ok THEN 'Put the key into a file that only the server can read and name it in bountygo.ppio_key_file, or empty that setting.' END;
	RETURN NEXT;

	"check" := 'allowed networks';
	SELECT s.setting INTO names FROM pg_settings s WHERE s.name = 'bountygo.allowed_networks';
	ok := coalesce(names, '') = '';
	detail := CASE WHEN names IS NULL THEN 'not visible to you' WHEN ok THEN 'none: public addresses only' ELSE 'pages may come from ' || names END;
	fix := CASE WHEN NOT ok THEN 'Fine for tests and intranets; in production leave bountygo.allowed_networks empty.' END;
	RETURN NEXT;

	"check" := 'durability';
	SELECT string_agg(s.name || ' = ' || s.setting, ', ') INTO names FROM pg_settings s
		WHERE s.name IN ('fsync', 'full_page_writes', 'synchronous_commit') AND s.setting = 'off';
	ok := names IS NULL;
	detail := coalesce(names, 'what is committed is kept');
	fix := CASE WHEN NOT ok THEN 'Turn it on: else a crash of the machine can lose jobs that were acknowledged.' END;
	RETURN NEXT;

	"check" := 'time zone';
	BEGIN
		ok := timestamptz '2026-07-01 12:00:00 America/New_York' = timestamptz '2026-07-01 16:00:00 UTC';
		detail := format('%s; time zones are known', current_setting('TimeZone'));
	EXCEPTION WHEN data_exception THEN
		ok := false;
		detail := 'the server does not know America/New_York';
	END;
	fix := CASE WHEN NOT ok THEN 'Install the time zone data (package tzdata) and restart the server.' END;
	RETURN NEXT;
END
$$;
COMMENT ON FUNCTION bountygo.doctor() IS
'Looks at the installation: one row a check, whether it is ok, what was found, and how to put it right. Changes nothing. For administrators.';
