-- Organizers: found under every name and although misspelt; verified, renamed and merged by moderators alone.
\set SHOW_CONTEXT never
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS bountygo;
SELECT bountygo.init() > 0 AS ready;
\pset format unaligned
\pset tuples_only on

-- A signing key for this server, in its own directory (as in policies.sql); the operator's setting comes back at the end.
COPY (SELECT encode(sha256('organizers'), 'hex')) TO PROGRAM 'umask 077 && cat > bountygo_organizers.key';
LOAD 'bountygo';
SELECT count(*) AS had_key, max(s.setting) AS old_key FROM pg_file_settings s
	WHERE s.name = 'bountygo.jwt_key_file' AND s.sourcefile LIKE '%.auto.conf' \gset
ALTER SYSTEM SET bountygo.jwt_key_file = 'bountygo_organizers.key';
SELECT pg_reload_conf();
\set ECHO none
SELECT $$DO 'BEGIN IF current_setting(''bountygo.jwt_key_file'') <> ''bountygo_organizers.key'' THEN PERFORM pg_sleep(0.01); END IF; END'$$
	FROM generate_series(1, 1000) \gexec
\set ECHO all

SELECT bountygo.create_user('Organizers One', 'one@organizers.example') AS one \gset
SELECT bountygo.create_user('Organizers Two', 'two@organizers.example') AS two \gset
SELECT bountygo.create_user('Organizers Moderator', 'moderator@organizers.example', 'moderator') AS moderator \gset
SELECT bountygo.issue_token(:one) AS token_one, bountygo.issue_token(:two) AS token_two, bountygo.issue_token(:moderator) AS token_moderator \gset
CREATE FUNCTION pg_temp.names(list jsonb) RETURNS text LANGUAGE sql AS $$ SELECT string_agg(i ->> 'name', ', ' ORDER BY n) FROM jsonb_array_elements(list -> 'items') WITH ORDINALITY AS x (i, n) $$;
GRANT EXECUTE ON FUNCTION pg_temp.names(jsonb) TO PUBLIC;
-- What a statement fails with.
CREATE FUNCTION pg_temp.try(statement text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	detail text;
	hint text;
BEGIN
	EXECUTE statement;
	RETURN 'done';
EXCEPTION WHEN OTHERS THEN
	GET STACKED DIAGNOSTICS detail = PG_EXCEPTION_DETAIL, hint = PG_EXCEPTION_HINT;
	RETURN concat_ws(' | ', SQLSTATE, regexp_replace(SQLERRM, '[0-9]+', 'N', 'g'), nullif(detail, ''), nullif(regexp_replace(hint, '[0-9]+', 'N', 'g'), ''));
END
$$;
GRANT EXECUTE ON FUNCTION pg_temp.try(text) TO PUBLIC;

-- One makes tasks, one of them a draft; their organizers come into being.
BEGIN;
SET LOCAL ROLE bountygo_api;
SELECT bountygo.authenticate(:'token_one') = :one;
SELECT bountygo.create_task('Organizers: a', organizer_name => 'Zephyr Foundation') ->> 'id' AS a \gset
SELECT bountygo.create_task('Organizers: b', organizer_name => 'Zephyr Foundation', deadline => now() - interval '1 day') ->> 'id' AS b \gset
SELECT bountygo.create_task('Organizers: c', organizer_name => 'Zephyr Labs') ->> 'id' AS c \gset
SELECT bountygo.create_task('Organizers: draft', organizer_name => 'Zephyr Labs', status => 'draft') ->> 'id' AS draft \gset
SELECT bountygo.create_task('Organizers: zh', organizer_name => '风筝开源社区') ->> 'id' AS zh \gset
COMMIT;
SELECT id AS foundation FROM bountygo.organizers WHERE name = 'Zephyr Foundation' \gset
SELECT id AS labs FROM bountygo.organizers WHERE name = 'Zephyr Labs' \gset
SELECT id AS kite FROM bountygo.organizers WHERE name = '风筝开源社区' \gset

-- Anyone reads. Drafts are not counted, not even for those who see them.
SET ROLE bountygo_api;
SELECT bountygo.get_organizer(:foundation) - 'id' - 'created_at';
SELECT bountygo.get_organizer(:labs) - 'id' - 'created_at';
SELECT pg_temp.try('SELECT bountygo.get_organizer(0)');
SELECT pg_temp.try('SELECT bountygo.get_organizer(NULL)');
SELECT pg_temp.names(bountygo.list_organizers(q => 'zephyr'));
SELECT pg_temp.names(bountygo.list_organizers(q => 'ZEPHYR FOUNDATION'));
SELECT pg_temp.names(bountygo.list_organizers(q => 'zephir fundation'));
SELECT pg_temp.names(bountygo.list_organizers(q => 'foundatoin')) ~ 'Zephyr Foundation';
SELECT pg_temp.names(bountygo.list_organizers(q => '开源'));
SELECT pg_temp.names(bountygo.list_organizers(q => '风'));
SELECT pg_temp.names(bountygo.list_organizers(q => '风筝开原社区'));
SELECT pg_temp.names(bountygo.list_organizers(q => 'zephyr', sort => 'name'));
SELECT pg_temp.names(bountygo.list_organizers(q => 'zephyr', sort => '-created_at', is_verified => true));
SELECT bountygo.list_organizers(q => 'q%_\'), bountygo.list_organizers(q => '%'), bountygo.list_organizers(q => repeat('字', 100));
SELECT bountygo.list_organizers(q => 'zephyr', count => 'exact', "limit" => 1) -> 'total';
-- Page by page, in each order, gives the same as at once.
WITH RECURSIVE w (sort, q) AS (VALUES ('name'::bountygo.organizer_sort, NULL), ('-created_at', NULL), ('name', 'zephyr'), ('-created_at', 'zephyr'), ('-relevance', 'zephyr')),
pages (sort, q, page, n) AS (
	SELECT w.sort, w.q, bountygo.list_organizers(q => w.q, sort => w.sort, "limit" => 1), 1 FROM w
	UNION ALL SELECT p.sort, p.q, bountygo.list_organizers(q => p.q, sort => p.sort, "limit" => 1, cursor => p.page ->> 'next'), p.n + 1
		FROM pages p WHERE p.page ->> 'next' IS NOT NULL AND p.n < 90)
SELECT p.sort, p.q, jsonb_agg(p.page #> '{items,0}' ORDER BY p.n) = bountygo.list_organizers(q => p.q, sort => p.sort, "limit" => 100) -> 'items' AS same,
	count(*) = (bountygo.list_organizers(q => p.q, sort => p.sort, count => 'exact') ->> 'total')::integer AS counted
	FROM pages p GROUP BY p.sort, p.q ORDER BY p.sort, p.q;
SELECT pg_temp.try('SELECT bountygo.list_organizers("limit" => 101)');
SELECT pg_temp.try('SELECT bountygo.list_organizers(sort => ''-relevance'')');
SELECT pg_temp.try('SELECT bountygo.list_organizers(q => repeat(''x'', 101))');
SELECT pg_temp.try('SELECT bountygo.list_organizers(cursor => ''x'')');
SELECT pg_temp.try(format('SELECT bountygo.list_organizers(q => ''zephyr'', cursor => %L)', bountygo.list_organizers("limit" => 1) ->> 'next'));
-- and writes nothing, neither through functions nor into tables.
SELECT pg_temp.try(format('SELECT bountygo.update_organizer(%s, name => ''x'')', :labs)), pg_temp.try(format('SELECT bountygo.verify_organizer(%s)', :labs)),
	pg_temp.try(format('SELECT bountygo.merge_organizer(%s, %s)', :labs, :foundation));
UPDATE bountygo.organizers SET is_verified = true;
DELETE FROM bountygo.organizers;
INSERT INTO bountygo.organizer_aliases (name_key, organizer_id, name) VALUES ('zephyr', :labs, 'Zephyr');
RESET ROLE;
BEGIN;
SET LOCAL ROLE bountygo_api;
SELECT bountygo.authenticate(:'token_two') = :two;
SELECT pg_temp.try(format('SELECT bountygo.update_organizer(%s, name => ''x'')', :labs)), pg_temp.try(format('SELECT bountygo.verify_organizer(%s)', :labs)),
	pg_temp.try(format('SELECT bountygo.merge_organizer(%s, %s)', :labs, :foundation)), pg_temp.try(format('SELECT bountygo.rename_organizer(%s, ''x'', NULL, NULL)', :labs)),
	pg_temp.try(format('SELECT bountygo.join_organizers(%s, %s, NULL)', :labs, :foundation));
WITH u AS (UPDATE bountygo.organizers SET is_verified = true RETURNING 1), d AS (DELETE FROM bountygo.organizers RETURNING 1)
	SELECT (SELECT count(*) FROM u) AS updated, (SELECT count(*) FROM d) AS deleted;
SELECT pg_temp.try('INSERT INTO bountygo.organizers (name, name_key, is_verified) VALUES (''Made up'', ''made up'', true)');
SELECT pg_temp.try(format('INSERT INTO bountygo.organizer_aliases (name_key, organizer_id, name) VALUES (''zephyr'', %s, ''Zephyr'')', :labs));
ROLLBACK;

-- A moderator does.
BEGIN;
SET LOCAL ROLE bountygo_api;
SELECT bountygo.authenticate(:'token_moderator') = :moderator;
SELECT bountygo.get_organizer(:labs) #> '{counts,tasks}';
SELECT bountygo.verify_organizer(:labs) -> 'is_verified', bountygo.verify_organizer(:labs, false) -> 'is_verified', bountygo.verify_organizer(:foundation) -> 'is_verified';
SELECT pg_temp.names(bountygo.list_organizers(q => 'zephyr', is_verified => true));
SELECT bountygo.update_organizer(:labs, url => 'https://labs.organizers.example/about') - 'id' - 'created_at';
SELECT bountygo.update_organizer(:labs, clear => '{url}') -> 'url';
SELECT bountygo.update_organizer(:labs, url => 'https://labs.organizers.example') -> 'url';
SELECT pg_temp.try(format('SELECT bountygo.update_organizer(%s, name => E''a\nb'', url => ''ftp://x'', clear => ''{name,id}'')', :labs));
SELECT pg_temp.try(format('SELECT bountygo.update_organizer(%s, name => ''  '')', :labs));
SELECT pg_temp.try(format('SELECT bountygo.update_organizer(%s, url => ''https://user@host.example/'')', :labs));
SELECT pg_temp.try('SELECT bountygo.update_organizer(0, name => ''x'')');
SELECT pg_temp.try(format('SELECT bountygo.update_organizer(%s, name => ''ZEPHYR foundation'')', :labs));
-- Respelt, then renamed: the old name stays another name, and evidence that uses it stays good.
SELECT bountygo.update_organizer(:labs, name => 'ZEPHYR Labs') - 'id' - 'created_at';
SELECT bountygo.update_organizer(:labs, name => 'Gale Works') - 'id' - 'created_at';
SELECT bountygo.organizer_id('zephyr labs') = :labs, bountygo.organizer_id('Gale works!') = :labs;
SELECT bountygo.update_organizer(:labs, name => 'zephyr LABS') - 'id' - 'created_at';
SELECT bountygo.update_organizer(:labs, name => 'Gale Works') - 'id' - 'created_at';
COMMIT;
UPDATE bountygo.tasks SET updated_at = now(), organizer_id = :labs WHERE id = :c;
-- A name has one bearer.
SELECT pg_temp.try('INSERT INTO bountygo.organizers (name, name_key) VALUES (''Zephyr labs'', ''zephyr labs'')');
SELECT pg_temp.try(format('INSERT INTO bountygo.organizer_aliases (name_key, organizer_id, name) VALUES (''zephyr foundation'', %s, ''Zephyr Foundation'')', :labs));
SELECT pg_temp.try(format('INSERT INTO bountygo.organizer_aliases (name_key, organizer_id, name) VALUES (''x'', %s, ''y'')', :labs));
SELECT pg_temp.try(format('UPDATE bountygo.organizers SET name = ''Elsewhere'', name_key = ''elsewhere'' WHERE id = %s', :labs));

-- Merged: tasks (also the draft), other names and the id go to the one that stays.
SELECT updated_at AS before FROM bountygo.tasks WHERE id = :c \gset
BEGIN;
SET LOCAL ROLE bountygo_api;
SELECT bountygo.authenticate(:'token_moderator') = :moderator;
SELECT pg_temp.try(format('SELECT bountygo.merge_organizer(%s, %s)', :labs, :labs)), pg_temp.try(format('SELECT bountygo.merge_organizer(%s, 0)', :labs)),
	pg_temp.try(format('SELECT bountygo.merge_organizer(0, %s)', :labs)), pg_temp.try(format('SELECT bountygo.merge_organizer(%s, NULL)', :labs));
SELECT bountygo.merge_organizer(:labs, :foundation) - 'created_at' - 'id';
COMMIT;
SET ROLE bountygo_api;
SELECT (bountygo.get_organizer(:labs) -> 'id')::bigint = :foundation;
SELECT bountygo.get_task(:c) #>> '{organizer,name}', bountygo.task_evidence(:c) #>> '{organizer,value}';
SELECT pg_temp.names(bountygo.list_organizers(q => 'gale')), pg_temp.names(bountygo.list_organizers(q => 'zephir labs'));
RESET ROLE;
SELECT changed_by = :moderator, method = 'user:' || :moderator, field, old_value, new_value FROM bountygo.task_history WHERE task_id = :c AND field = 'organizer';
SELECT kind, payload FROM bountygo.events WHERE task_id = :c AND kind = 'task_changed';
SELECT organizer_id = :foundation, updated_at > :'before' FROM bountygo.tasks WHERE id IN (:c, :draft) ORDER BY id;
-- Whoever names the old one gets the one that stays; its evidence is good.
BEGIN;
SET LOCAL ROLE bountygo_api;
SELECT bountygo.authenticate(:'token_two') = :two;
SELECT bountygo.create_task('Organizers: later', organizer_name => 'gale works') #>> '{organizer,name}';
COMMIT;
BEGIN;
SET LOCAL ROLE bountygo_api;
SELECT bountygo.authenticate(:'token_moderator') = :moderator;
SELECT pg_temp.try(format('SELECT bountygo.merge_organizer(%s, %s)', :labs, :kite)), pg_temp.try(format('SELECT bountygo.update_organizer(%s, name => ''x'')', :labs)),
	pg_temp.try(format('SELECT bountygo.verify_organizer(%s)', :labs));
-- On to a third, named by an id that is a former one; the chain of ids leads to it.
SELECT bountygo.merge_organizer(:kite, :labs) - 'created_at' - 'id';
COMMIT;
SELECT (bountygo.get_organizer(:kite) -> 'id')::bigint = :foundation, bountygo.organizer_id('风筝开源社区') = :foundation;

-- An administrator of the database needs no token.
SET ROLE bountygo_admin;
SELECT bountygo.verify_organizer(:foundation, false) -> 'is_verified';
RESET ROLE;
-- No e-mail anywhere.
SELECT count(*) FROM (SELECT bountygo.list_organizers(q => 'zephyr')::text AS t UNION ALL SELECT bountygo.get_organizer(:foundation)::text) x WHERE t LIKE '%@%';

-- Searching reads neither all names nor, for the counts, any task.
CREATE FUNCTION pg_temp.plan(statement text) RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE
	line text;
BEGIN
	FOR line IN EXECUTE 'EXPLAIN (COSTS OFF) ' || statement LOOP
		CONTINUE WHEN line !~ 'Scan';
		RETURN NEXT substring(line FROM '(\w+ Only Scan|Bitmap \w+ Scan|\w+ Scan).*') || CASE WHEN line ~ 'using|on ' THEN substring(line FROM ' (?:using|on) \w+') ELSE '' END;
	END LOOP;
END
$$;
GRANT EXECUTE ON FUNCTION pg_temp.plan(text) TO PUBLIC;
BEGIN;
SET LOCAL ROLE bountygo_api;
SET LOCAL enable_seqscan = off;
SELECT pg_temp.plan('SELECT o.id FROM bountygo.organizers o WHERE bountygo.name_grams(o.name_key) && bountygo.name_grams(''zephyr'')');
SELECT pg_temp.plan('SELECT o.id FROM bountygo.organizers o WHERE o.name_key LIKE ''z%''');
SELECT pg_temp.plan('SELECT o.id FROM bountygo.organizers o ORDER BY o.created_at DESC, o.id DESC LIMIT 20');
COMMIT;

\if :had_key
ALTER SYSTEM SET bountygo.jwt_key_file = :'old_key';
\else
ALTER SYSTEM RESET bountygo.jwt_key_file;
\endif
SELECT pg_reload_conf();
COPY (SELECT 1) TO PROGRAM 'cat > /dev/null; rm -f bountygo_organizers.key';
DELETE FROM bountygo.tasks WHERE sponsor_id IN (:one, :two);
DELETE FROM bountygo.users WHERE id IN (:one, :two, :moderator);
