-- Rules that every object of the schema keeps: queries that must return no row.
\set SHOW_CONTEXT never
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS bountygo;
SELECT bountygo.init() > 0 AS ready;

-- Functions whose search_path is not pinned: neither SET, nor a body bound at creation, nor on the list of hot read functions
-- that must inline.
SELECT p.oid::regprocedure AS unpinned FROM pg_proc p JOIN pg_language l ON l.oid = p.prolang
	WHERE p.pronamespace = 'bountygo'::regnamespace AND l.lanname IN ('sql', 'plpgsql') AND p.prosqlbody IS NULL
		AND NOT coalesce('search_path=pg_catalog, pg_temp' = ANY (p.proconfig), false)
		AND p.proname NOT IN ('is_moderator', 'is_admin')
	ORDER BY 1;

-- What must inline does: SQL, STABLE, invoker's rights, no SET.
SELECT p.oid::regprocedure AS not_inlinable FROM pg_proc p JOIN pg_language l ON l.oid = p.prolang
	WHERE p.pronamespace = 'bountygo'::regnamespace AND p.proname IN ('is_moderator', 'is_admin')
		AND (l.lanname <> 'sql' OR p.provolatile <> 's' OR p.prosecdef OR p.proconfig IS NOT NULL);

-- PUBLIC may do nothing.
SELECT p.oid::regprocedure AS public_function FROM pg_proc p
	WHERE p.pronamespace = 'bountygo'::regnamespace
		AND (p.proacl IS NULL OR EXISTS (SELECT FROM aclexplode(p.proacl) a WHERE a.grantee = 0));
SELECT c.relname AS public_relation, a.privilege_type FROM pg_class c, aclexplode(c.relacl) a
	WHERE c.relnamespace = 'bountygo'::regnamespace AND a.grantee = 0;
SELECT n.nspname AS public_schema, a.privilege_type FROM pg_namespace n, aclexplode(n.nspacl) a
	WHERE n.nspname = 'bountygo' AND a.grantee = 0;

-- SECURITY DEFINER: this list, owned by a role that is no superuser and cannot log in, the path pinned.
SELECT p.proname, pg_get_userbyid(p.proowner) AS owner FROM pg_proc p
	WHERE p.pronamespace = 'bountygo'::regnamespace AND p.prosecdef
	ORDER BY p.proname;
SELECT p.oid::regprocedure AS powerful_definer FROM pg_proc p JOIN pg_roles r ON r.oid = p.proowner
	WHERE p.pronamespace = 'bountygo'::regnamespace AND p.prosecdef AND (r.rolsuper OR r.rolcanlogin OR r.rolbypassrls);
SELECT p.oid::regprocedure AS unpinned_definer FROM pg_proc p
	WHERE p.pronamespace = 'bountygo'::regnamespace AND p.prosecdef
		AND NOT coalesce('search_path=pg_catalog, pg_temp' = ANY (p.proconfig), false);

-- Comments: they are the manual.
SELECT p.oid::regprocedure AS silent_function FROM pg_proc p
	WHERE p.pronamespace = 'bountygo'::regnamespace AND obj_description(p.oid, 'pg_proc') IS NULL ORDER BY 1;
SELECT t.typname AS silent_type FROM pg_type t
	WHERE t.typnamespace = 'bountygo'::regnamespace AND t.typtype IN ('e', 'd') AND obj_description(t.oid, 'pg_type') IS NULL;
SELECT c.relname AS silent_relation FROM pg_class c
	WHERE c.relnamespace = 'bountygo'::regnamespace AND c.relkind IN ('r', 'p', 'v', 'm')
		AND obj_description(c.oid, 'pg_class') IS NULL;
SELECT s.name AS silent_setting FROM pg_settings s WHERE s.name LIKE 'bountygo.%' AND coalesce(s.short_desc, '') = '';

-- C functions that take NULL: only those that are made for it.
SELECT p.oid::regprocedure AS not_strict FROM pg_proc p JOIN pg_language l ON l.oid = p.prolang
	WHERE p.pronamespace = 'bountygo'::regnamespace AND l.lanname = 'c' AND NOT p.proisstrict AND p.pronargs > 0
		AND p.proname NOT IN ('authenticate', 'issue_token', 'access_token', 'oidc_check', 'siwe_message', 'call', 'extract_html', 'read_text', 'simhash', 'similar_keys')
	ORDER BY 1;

-- Foreign keys without an index that finds the referencing rows.
SELECT k.conrelid::regclass AS "table", k.conname AS unindexed_key FROM pg_constraint k
	WHERE k.contype = 'f' AND k.connamespace = 'bountygo'::regnamespace
		AND NOT EXISTS (SELECT FROM pg_index i WHERE i.indrelid = k.conrelid AND i.indpred IS NULL AND i.indisvalid
			AND i.indkey[0] = k.conkey[1] AND cardinality(k.conkey) = 1);

-- Settings without a prefix, whosever.
SELECT s.name AS foreign_setting FROM pg_settings s
	WHERE s.category = 'Customized Options' AND s.name NOT LIKE '%.%';
SELECT bountygo.version() = bountygo.library_version() AS one_version;
SET bountygo.nonsense = 1;

-- Tables: row-level security, owned by bountygo_owner, no part of the extension (so that pg_dump keeps them).
SELECT c.relname AS open_table FROM pg_class c
	WHERE c.relnamespace = 'bountygo'::regnamespace AND c.relkind IN ('r', 'p') AND NOT c.relrowsecurity;
SELECT c.relname AS foreign_relation FROM pg_class c
	WHERE c.relnamespace = 'bountygo'::regnamespace AND c.relkind IN ('r', 'p', 'v', 'm', 'S')
		AND pg_get_userbyid(c.relowner) <> 'bountygo_owner';
SELECT c.relname AS extension_relation FROM pg_class c
	WHERE c.relnamespace = 'bountygo'::regnamespace AND c.relkind IN ('r', 'p', 'v', 'm', 'S')
		AND EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e');

-- The gateway's login: these functions, nothing else; member of nothing.
SELECT p.proname AS gateway_may_call FROM pg_proc p
	WHERE p.pronamespace = 'bountygo'::regnamespace AND has_function_privilege('bountygo_gateway', p.oid, 'EXECUTE') ORDER BY 1;
SELECT c.relname AS gateway_relation FROM pg_class c
	WHERE c.relnamespace = 'bountygo'::regnamespace AND c.relkind IN ('r', 'p', 'v', 'm')
		AND (has_any_column_privilege('bountygo_gateway', c.oid, 'SELECT, INSERT, UPDATE, REFERENCES')
			OR has_table_privilege('bountygo_gateway', c.oid, 'DELETE, TRUNCATE, TRIGGER'));
SELECT m.roleid::regrole AS gateway_is_member_of FROM pg_auth_members m WHERE m.member = 'bountygo_gateway'::regrole;
SELECT r.rolname AS powerful_role FROM pg_roles r
	WHERE r.rolname LIKE 'bountygo\_%' AND (r.rolsuper OR r.rolcreaterole OR r.rolcreatedb OR r.rolreplication OR r.rolbypassrls);

-- The monitor reads views and no table.
SELECT c.relname AS monitor_table FROM pg_class c
	WHERE c.relnamespace = 'bountygo'::regnamespace AND c.relkind IN ('r', 'p')
		AND has_any_column_privilege('bountygo_monitor', c.oid, 'SELECT, INSERT, UPDATE, REFERENCES');

-- Nobody but the owner empties, truncates or hangs triggers on tables.
SELECT c.relname AS exposed_table, r.rolname FROM pg_class c, pg_roles r
	WHERE c.relnamespace = 'bountygo'::regnamespace AND c.relkind IN ('r', 'p')
		AND r.rolname IN ('bountygo_api', 'bountygo_rest', 'bountygo_worker', 'bountygo_gateway', 'bountygo_admin', 'bountygo_monitor')
		AND has_table_privilege(r.oid, c.oid, 'TRUNCATE, TRIGGER, REFERENCES');

-- Bodies were not checked while the tables did not exist; now each validator is asked.
CREATE FUNCTION pg_temp.invalid_functions() RETURNS TABLE (name text, problem text) LANGUAGE plpgsql AS $$
DECLARE
	f record;
BEGIN
	FOR f IN SELECT p.oid, l.lanvalidator::regproc AS validator FROM pg_proc p JOIN pg_language l ON l.oid = p.prolang
		WHERE p.pronamespace = 'bountygo'::regnamespace AND l.lanvalidator <> 0
	LOOP
		BEGIN
			EXECUTE format('SELECT %s(%s)', f.validator, f.oid);
		EXCEPTION WHEN OTHERS THEN
			name := f.oid::regprocedure;
			problem := SQLERRM;
			RETURN NEXT;
		END;
	END LOOP;
END
$$;
SET check_function_bodies = on;
SELECT * FROM pg_temp.invalid_functions() ORDER BY 1;
