-- Tags: one name whatever its case or language, proposals, what moderators do to them, and what users care for.
\set SHOW_CONTEXT never
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS bountygo;
SELECT bountygo.init() > 0 AS ready;
\pset format unaligned
\pset tuples_only on

-- A signing key for this server, in its own directory (as in policies.sql); the operator's setting comes back at the end.
COPY (SELECT encode(sha256('tags'), 'hex')) TO PROGRAM 'umask 077 && cat > bountygo_tags.key';
LOAD 'bountygo';
SELECT count(*) AS had_key, max(s.setting) AS old_key FROM pg_file_settings s
	WHERE s.name = 'bountygo.jwt_key_file' AND s.sourcefile LIKE '%.auto.conf' \gset
ALTER SYSTEM SET bountygo.jwt_key_file = 'bountygo_tags.key';
SELECT pg_reload_conf();
\set ECHO none
SELECT $$DO 'BEGIN IF current_setting(''bountygo.jwt_key_file'') <> ''bountygo_tags.key'' THEN PERFORM pg_sleep(0.01); END IF; END'$$
	FROM generate_series(1, 1000) \gexec
\set ECHO all

SELECT bountygo.create_user('Tags One', 'one@tags.example') AS one \gset
SELECT bountygo.create_user('Tags Two', 'two@tags.example') AS two \gset
SELECT bountygo.create_user('Tags Moderator', 'moderator@tags.example', 'moderator') AS moderator \gset
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

-- A user proposes a tag: it is not active, and not in lists, until a moderator says so. Synonyms are for moderators.
BEGIN;
SET LOCAL ROLE bountygo_api;
SELECT bountygo.authenticate(:'token_one') = :one;
SELECT bountygo.create_tag(' Quark Engines ', 'skill') - 'id' - 'created_at';
SELECT pg_temp.try('SELECT bountygo.create_tag(''quark  ENGINES'')');
SELECT pg_temp.try('SELECT bountygo.create_tag(''Gluon'', synonyms => ''["Leim"]'')');
SELECT pg_temp.try('SELECT bountygo.create_tag('' '', synonyms => ''{"a": 1}'')'), pg_temp.try('SELECT bountygo.create_tag(repeat(''x'', 101))'), pg_temp.try('SELECT bountygo.create_tag(E''a\tb'')');
SELECT pg_temp.try('SELECT bountygo.create_tag(NULL)');
SELECT bountygo.find_tags('{quark engines}') AS quark \gset
SELECT bountygo.list_tags(q => 'quark'), pg_temp.names(bountygo.list_tags(q => 'quark', is_active => false));
SELECT pg_temp.try(format('SELECT bountygo.update_tag(%s, is_active => true)', (:'quark'::bigint[])[1])), pg_temp.try('SELECT bountygo.create_tags(''["x"]'')'),
	pg_temp.try(format('SELECT bountygo.delete_tag(%s)', (:'quark'::bigint[])[1])), pg_temp.try(format('SELECT bountygo.change_tag(%s, NULL, NULL, true, NULL, NULL, NULL)', (:'quark'::bigint[])[1])),
	pg_temp.try(format('SELECT bountygo.drop_tag(%s, NULL, NULL)', (:'quark'::bigint[])[1])), pg_temp.try('SELECT bountygo.move_tag_interests(1, 2)');
WITH u AS (UPDATE bountygo.tags SET is_active = true RETURNING 1), d AS (DELETE FROM bountygo.tags RETURNING 1) SELECT (SELECT count(*) FROM u), (SELECT count(*) FROM d);
SELECT pg_temp.try('INSERT INTO bountygo.tags (name, name_key, category, is_active) VALUES (''Made up'', ''made up'', ''skill'', true)');
SELECT pg_temp.try(format('INSERT INTO bountygo.tag_synonyms (name_key, tag_id, name) VALUES (''x'', %s, ''x'')', (:'quark'::bigint[])[1]));
COMMIT;
SELECT (:'quark'::bigint[])[1] AS quark \gset
SET ROLE bountygo_api;
SELECT pg_temp.try('SELECT bountygo.create_tag(''x'')'), pg_temp.try('SELECT bountygo.create_tags(''["x"]'')'), pg_temp.try('SELECT bountygo.update_tag(1)'), pg_temp.try('SELECT bountygo.delete_tag(1)');
RESET ROLE;

-- A moderator makes active ones, many at once, with synonyms.
BEGIN;
SET LOCAL ROLE bountygo_api;
SELECT bountygo.authenticate(:'token_moderator') = :moderator;
SELECT bountygo.create_tag('Plasma Finance', 'industry', '[{"name": "等离子金融", "language": "zh"}, "PlaFi", "plafi", "plasma finance"]') - 'id' - 'created_at';
SELECT bountygo.create_tags('["Plasma Arts", {"name": "Tachyon", "category": "skill", "synonyms": [{"name": "快子", "language": "zh"}]}, "plafi", "PLASMA FINANCE", "tachyon",
	{"name": "Warp", "category": "sport"}, {"name": "Warp", "colour": 1}, 7, "  ", {"name": "Warp", "synonyms": ["PlaFi"]}, {"name": "Warp", "synonyms": [{"language": "en"}]}, {"name": 5}, {"name": "Hyper", "category": null, "synonyms": null}]')
	#- '{created,0,id}' #- '{created,1,id}' #- '{created,2,id}' #- '{created,0,created_at}' #- '{created,1,created_at}' #- '{created,2,created_at}' AS made \gset
SELECT jsonb_array_elements(:'made'::jsonb -> 'created');
SELECT regexp_replace(jsonb_array_elements(:'made'::jsonb -> 'skipped')::text, 'tag [0-9]+', 'tag N');
SELECT pg_temp.try('SELECT bountygo.create_tags(''{}'')'), pg_temp.try('SELECT bountygo.create_tags(NULL)'), pg_temp.try('SELECT bountygo.create_tags(''[]'')'),
	pg_temp.try('SELECT bountygo.create_tags((SELECT jsonb_agg(i) FROM generate_series(1, 101) i))');
SELECT pg_temp.try('SELECT bountygo.create_tag(''Krill'', synonyms => ''["Plasma Arts"]'')'), pg_temp.try('SELECT bountygo.create_tag(''PlaFi'')');
SELECT pg_temp.try('SELECT bountygo.create_tag(''Krill'', synonyms => ''["a", 5, {"name": ""}, {"name": "b", "language": "ENGLISH"}, {"name": "b", "x": 1}]'')');
SELECT bountygo.update_tag(:quark, is_active => true) -> 'is_active';
COMMIT;
SELECT (bountygo.find_tags('{plafi}'))[1] AS plasma, (bountygo.find_tags('{plasma arts}'))[1] AS arts, (bountygo.find_tags('{快子}'))[1] AS tachyon \gset

-- Anyone finds them: the beginning, another part, misspelt, in either language.
SET ROLE bountygo_api;
SELECT pg_temp.names(bountygo.search_tags('plas')), pg_temp.names(bountygo.search_tags('fin')), pg_temp.names(bountygo.search_tags('plasma finanse')), pg_temp.names(bountygo.search_tags('等离子')),
	pg_temp.names(bountygo.search_tags('子金')), pg_temp.names(bountygo.search_tags('taxyon')), pg_temp.names(bountygo.search_tags('plasma', 1)), pg_temp.names(bountygo.search_tags('快'));
SELECT pg_temp.try('SELECT bountygo.search_tags('' '')'), pg_temp.try('SELECT bountygo.search_tags(NULL)'), pg_temp.try('SELECT bountygo.search_tags(''x'', 0)');
SELECT pg_temp.names(bountygo.list_tags(category => 'industry', q => 'plasma')), bountygo.list_tags(category => 'media', q => 'plasma'), bountygo.list_tags(q => 'plasma', count => 'exact', "limit" => 1) -> 'total';
SELECT bountygo.get_tag(:tachyon) - 'id' - 'created_at', pg_temp.try('SELECT bountygo.get_tag(0)');
SELECT jsonb_path_query_array(bountygo.tag_categories(), '$.items[*].category'), (SELECT bool_and((i ->> 'tags')::bigint = (SELECT count(*) FROM bountygo.tags g WHERE g.is_active AND g.category::text = i ->> 'category'))
	FROM jsonb_array_elements(bountygo.tag_categories() -> 'items') i);
WITH RECURSIVE w (q) AS (VALUES (NULL), ('plasma')),
pages (q, page, n) AS (
	SELECT w.q, bountygo.list_tags(q => w.q, "limit" => 1), 1 FROM w
	UNION ALL SELECT p.q, bountygo.list_tags(q => p.q, "limit" => 1, cursor => p.page ->> 'next'), p.n + 1 FROM pages p WHERE p.page ->> 'next' IS NOT NULL AND p.n < 90)
SELECT p.q, jsonb_agg(p.page #> '{items,0}' ORDER BY p.n) = bountygo.list_tags(q => p.q, "limit" => 100) -> 'items' AS same, count(*) = (bountygo.list_tags(q => p.q, count => 'exact') ->> 'total')::integer AS counted
	FROM pages p GROUP BY p.q ORDER BY p.q;
RESET ROLE;

-- Tasks get tags by name, synonym, or (from a person) number; a synonym is no second tag, and its evidence is good.
BEGIN;
SET LOCAL ROLE bountygo_api;
SELECT bountygo.authenticate(:'token_one') = :one;
SELECT bountygo.tag_ids(ARRAY['plafi', '等离子金融', 'PLASMA finance', :'tachyon']) = ARRAY[:plasma, :tachyon]::bigint[], bountygo.find_tags('{no such tag}'), bountygo.find_tags(ARRAY[:'tachyon']), bountygo.tag_ids('{}');
INSERT INTO bountygo.tasks (sponsor_id, submitted_by, title) VALUES (:one, :one, 'Tags: a') RETURNING id AS a \gset
INSERT INTO bountygo.task_tags (task_id, tag_id) SELECT :a, unnest(bountygo.tag_ids('{等离子金融,快子}'));
INSERT INTO bountygo.evidence (task_id, field, value, method) VALUES (:a, 'title', '"Tags: a"', 'user:' || :one), (:a, 'tags', '["等离子金融", "快子"]', 'user:' || :one);
INSERT INTO bountygo.tasks (sponsor_id, submitted_by, title, status) VALUES (:one, :one, 'Tags: draft', 'draft') RETURNING id AS draft \gset
INSERT INTO bountygo.task_tags (task_id, tag_id) SELECT :draft, unnest(bountygo.tag_ids('{PlaFi}'));
INSERT INTO bountygo.evidence (task_id, field, value, method) VALUES (:draft, 'title', '"Tags: draft"', 'user:' || :one), (:draft, 'tags', '["PlaFi"]', 'user:' || :one);
COMMIT;
-- On a page a number is a word like another.
SELECT (bountygo.tag_ids(ARRAY[:'tachyon']))[1] <> :tachyon;
DELETE FROM bountygo.tags WHERE name = :'tachyon';
SELECT bountygo.get_tag(:plasma) #> '{counts,tasks}', bountygo.get_tag(:arts) #> '{counts,tasks}';

-- Changed by a moderator: a rename keeps the old name as a synonym, a synonym taken away stays good for old evidence.
BEGIN;
SET LOCAL ROLE bountygo_api;
SELECT bountygo.authenticate(:'token_moderator') = :moderator;
SELECT bountygo.update_tag(:plasma, name => 'Plasmatic Finance', category => 'media') - 'id' - 'created_at';
SELECT bountygo.update_tag(:plasma, synonyms => '["Plasma Finance", {"name": "PlaFi", "language": "en"}]', clear => '{category}') - 'id' - 'created_at';
SELECT bountygo.find_tags('{等离子金融}');
SELECT bountygo.update_tag(:tachyon, clear => '{synonyms}') - 'id' - 'created_at';
SELECT bountygo.update_tag(:plasma, name => 'Plasma Finance') - 'id' - 'created_at';
SELECT pg_temp.try(format('SELECT bountygo.update_tag(%s, name => ''plasma arts'')', :plasma)), pg_temp.try(format('SELECT bountygo.update_tag(%s, synonyms => ''["tachyon"]'')', :plasma));
SELECT pg_temp.try(format('SELECT bountygo.update_tag(%s, name => '''', synonyms => ''7'', clear => ''{name,is_active}'')', :plasma)), pg_temp.try('SELECT bountygo.update_tag(0)');
COMMIT;
UPDATE bountygo.tasks SET missing = missing WHERE id IN (:a, :draft);
UPDATE bountygo.task_tags SET tag_id = tag_id WHERE task_id IN (:a, :draft);

-- What is used is not deleted, but merged; interests go along.
BEGIN;
SET LOCAL ROLE bountygo_api;
SELECT bountygo.authenticate(:'token_one') = :one;
SELECT bountygo.set_tag_interest(tag_id => :plasma, weight => 2.50) - 'updated_at' #- '{tag,id}';
SELECT bountygo.set_tag_interest(name => 'tachyon', weight => 10) -> 'weight', bountygo.set_tag_interest(name => 'TACHYON', weight => 3) -> 'weight';
COMMIT;
BEGIN;
SET LOCAL ROLE bountygo_api;
SELECT bountygo.authenticate(:'token_two') = :two;
SELECT bountygo.set_tag_interest(tag_id => :plasma, weight => 0) -> 'weight';
SELECT pg_temp.try(w) FROM unnest(ARRAY['bountygo.set_tag_interest(-0.1, 1)', 'bountygo.set_tag_interest(10.01, 1)', 'bountygo.set_tag_interest(''NaN'', 1)', 'bountygo.set_tag_interest(1.125, 1)', 'bountygo.set_tag_interest(NULL, 1)',
	'bountygo.set_tag_interest(1)', 'bountygo.set_tag_interest(1, 1, ''x'')', 'bountygo.set_tag_interest(1, name => ''no such tag'')', 'bountygo.set_tag_interest(1, 0)', 'bountygo.remove_tag_interest(0)']) f, concat('SELECT ', f) w;
-- One's own, and nobody else's.
SELECT jsonb_array_length(bountygo.list_tag_interests() -> 'items'), (SELECT count(*) FROM bountygo.tag_interests), pg_temp.try(format('SELECT bountygo.remove_tag_interest(%s)', :tachyon));
SELECT pg_temp.try(format('INSERT INTO bountygo.tag_interests (user_id, tag_id, weight) VALUES (%s, %s, 1)', :one, :arts));
WITH u AS (UPDATE bountygo.tag_interests SET weight = 9 WHERE user_id = :one RETURNING 1), d AS (DELETE FROM bountygo.tag_interests WHERE user_id = :one RETURNING 1) SELECT (SELECT count(*) FROM u), (SELECT count(*) FROM d);
COMMIT;
SET ROLE bountygo_api;
SELECT pg_temp.try('SELECT bountygo.list_tag_interests()'), pg_temp.try('SELECT bountygo.set_tag_interest(1, 1)'), pg_temp.try('SELECT bountygo.remove_tag_interest(1)');
RESET ROLE;
BEGIN;
SET LOCAL ROLE bountygo_api;
SELECT bountygo.authenticate(:'token_moderator') = :moderator;
SELECT (SELECT count(*) FROM bountygo.tag_interests) AS moderators_see_none;
SELECT pg_temp.try(format('SELECT bountygo.delete_tag(%s)', :tachyon)), pg_temp.try(format('SELECT bountygo.delete_tag(%s, "into" => 0)', :tachyon)), pg_temp.try(format('SELECT bountygo.delete_tag(%s, "into" => %s)', :tachyon, :tachyon)), pg_temp.try('SELECT bountygo.delete_tag(0)');
SELECT bountygo.delete_tag(:quark), pg_temp.try(format('SELECT bountygo.get_tag(%s)', :quark));
SELECT bountygo.delete_tag(:tachyon, "into" => :plasma);
SELECT (bountygo.get_tag(:tachyon) -> 'id')::bigint = :plasma, bountygo.get_tag(:tachyon) -> 'synonyms', bountygo.get_tag(:tachyon) -> 'counts';
SELECT pg_temp.try(format('SELECT bountygo.delete_tag(%s)', :tachyon)), pg_temp.try(format('SELECT bountygo.update_tag(%s)', :tachyon));
COMMIT;
SELECT g.name FROM bountygo.task_tags tt JOIN bountygo.tags g ON g.id = tt.tag_id WHERE tt.task_id = :a;
SELECT changed_by = :moderator, field, old_value, new_value FROM bountygo.task_history WHERE task_id = :a;
SELECT kind, payload FROM bountygo.events WHERE task_id = :a;
UPDATE bountygo.task_tags SET tag_id = tag_id WHERE task_id = :a;
BEGIN;
SET LOCAL ROLE bountygo_api;
SELECT bountygo.authenticate(:'token_one') = :one;
SELECT i #>> '{tag,name}', i -> 'weight' FROM jsonb_array_elements(bountygo.list_tag_interests(count => 'exact') -> 'items') i;
SELECT bountygo.set_tag_interest(tag_id => :arts, weight => 3) -> 'weight', bountygo.set_tag_interest(tag_id => :tachyon, weight => 4) #>> '{tag,name}';
SELECT bountygo.list_tag_interests("limit" => 1, count => 'exact') AS page \gset
SELECT (:'page'::jsonb) #>> '{items,0,tag,name}', (:'page'::jsonb) -> 'total', bountygo.list_tag_interests("limit" => 1, cursor => (:'page'::jsonb) ->> 'next') #>> '{items,0,tag,name}',
	bountygo.list_tag_interests("limit" => 1, cursor => (:'page'::jsonb) ->> 'next') -> 'next';
SELECT bountygo.remove_tag_interest(:plasma), pg_temp.try(format('SELECT bountygo.remove_tag_interest(%s)', :plasma));
COMMIT;

-- The law itself: a tag that evidence names by no name that it has or had is refused.
SELECT pg_temp.try(format('INSERT INTO bountygo.task_tags (task_id, tag_id) VALUES (%s, %s); SET CONSTRAINTS ALL IMMEDIATE', :a, :arts));
-- A name has one bearer.
SELECT pg_temp.try('INSERT INTO bountygo.tags (name, name_key) VALUES (''plafi'', ''plafi'')'), pg_temp.try(format('INSERT INTO bountygo.tag_synonyms (name_key, tag_id, name) VALUES (''plasma arts'', %s, ''Plasma Arts'')', :plasma));

-- Common tags come only if somebody asks, once, and beside what is there.
BEGIN;
SET LOCAL ROLE bountygo_api;
SELECT pg_temp.try('SELECT bountygo.add_common_tags()');
SELECT bountygo.authenticate(:'token_moderator') = :moderator;
SELECT bountygo.create_tag('播客') -> 'is_active';
SELECT bountygo.add_common_tags() > 0, bountygo.add_common_tags();
SELECT (bountygo.find_tags('{表情包}'))[1] = (bountygo.find_tags('{MEMES}'))[1], bountygo.find_tags('{podcast}');
SELECT pg_temp.names(bountygo.search_tags('表情')), pg_temp.names(bountygo.search_tags('non fungibel tokens')) ~ 'NFT';
ROLLBACK;

\if :had_key
ALTER SYSTEM SET bountygo.jwt_key_file = :'old_key';
\else
ALTER SYSTEM RESET bountygo.jwt_key_file;
\endif
SELECT pg_reload_conf();
COPY (SELECT 1) TO PROGRAM 'cat > /dev/null; rm -f bountygo_tags.key';
DELETE FROM bountygo.tasks WHERE sponsor_id IN (:one, :two);
DELETE FROM bountygo.users WHERE id IN (:one, :two, :moderator);
