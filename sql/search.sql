-- Search and lists: words in English and Chinese, misspelt ones, signs, whatever people type; orders, cursors, counts.
\set SHOW_CONTEXT never
SET client_min_messages = warning;
SET timezone = 'UTC';
CREATE EXTENSION IF NOT EXISTS bountygo;
SELECT bountygo.init() > 0 AS ready;
\pset format unaligned
\pset tuples_only on

-- The parser.
SELECT t.alias, p.token FROM ts_parse('bountygo.words', E'Ｓolana黑客松 C++/C# .NET web3 $SOL @you #DeFi zero-knowledge 10,000 ÉCOLE 赛') p JOIN ts_token_type('bountygo.words') t ON t.tokid = p.tokid;
SELECT to_tsvector('bountygo.search', 'The Hackathons for Solana developers, 黑客松');
SELECT to_tsvector('bountygo.names', 'The Graph');
SELECT q, bountygo.search_query(q) FROM unnest(ARRAY['hackathons', '黑客松', '赛', '"landing page" design', 'rust -solidity', 'rust or go', 'zero-knowledge', 'c++ C# .net', '$SOL @you #tag',
	'ＷＥＢ３', 'the', 'solana黑客松', 'don''t', '!!!', '', '"', '-', '- -', 'or', '"" or -""', E'a\\b''c', 'a & b | !c <-> (d):*', ':*', '''', E'x\x01y', '黑-客', '%', '_', '$$', U&'\200B']) q;
-- Nothing breaks it.
DO $$
DECLARE
	pieces text[] := ARRAY['"', '-', ' ', 'or', 'a', '黑客', '&', '|', '!', '(', ')', ':', '*', '<->', '''', '\', 'c++', '#', '$', '@', '.', '%', E'\t', 'É', '赛', '1'];
	q text;
BEGIN
	FOR i IN 1..500 LOOP
		SELECT string_agg(pieces[1 + (abs(hashint4(i * 31 + j)) % cardinality(pieces))], '' ORDER BY j) INTO q FROM generate_series(1, 1 + i % 12) j;
		PERFORM bountygo.search_query(q), bountygo.corrected_query(q);
	END LOOP;
END
$$;

-- Tasks to find.
CREATE FUNCTION pg_temp.offer(title text, organizer text, tags text[], summary text, created timestamptz) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
	made bigint := bountygo.create_task(title, summary => offer.summary, tags => offer.tags, organizer_name => organizer) ->> 'id';
BEGIN
	UPDATE bountygo.tasks SET created_at = created, source_host = 'search.example' WHERE id = made;
	RETURN made;
END
$$;
SELECT count(pg_temp.offer(o.title, o.organizer, o.tags, o.summary, o.created::timestamptz)) FROM (VALUES
	('Solarium 黑客松 2026', 'Grafen Foundation', ARRAY['Frontendery', 'C++Search'], 'Build zero-knowledge apps', '2026-01-01Z'),
	('Frobnicator Hackathons', 'Wobble Labs', ARRAY['Rustique'], 'For students, all levels', '2026-01-02Z'),
	('Translate the Frobnicator manual', 'Wobble Labs', ARRAY['翻译文档'], 'English to Chinese 英译中', '2026-01-03Z'),
	('Audit of a bridge', 'The Whom', NULL, 'The frobnicator is mentioned here, once', '2026-01-04Z'),
	('智能合约审计', 'Grafen Foundation', ARRAY['Rustique'], '需要审计 Frobnicator 的合约', '2026-01-05Z'),
	('Frobnicator', NULL, NULL, NULL, '2025-01-01Z')) AS o (title, organizer, tags, summary, created);
-- What other tests have taught is no matter here.
DELETE FROM bountygo.search_words WHERE word = 'hackathon';
CREATE FUNCTION pg_temp.titles(list jsonb) RETURNS text LANGUAGE sql AS $$
	SELECT concat_ws(' | ', string_agg(i ->> 'title', ' | ' ORDER BY n), CASE WHEN list -> 'next' <> 'null' THEN '...' END, list ->> 'total', list ->> 'corrected')
	FROM jsonb_array_elements(list -> 'items') WITH ORDINALITY AS e (i, n)
$$;
\set mine 'source_host => ''search.example'''
SELECT q, pg_temp.titles(bountygo.list_tasks(q => q, sort => '-relevance', source_host => 'search.example')) FROM unnest(ARRAY[
	'黑客松', '客松', '松', '黑', '黑松', 'hackathon', 'hakathon', 'HACKATHONS', 'frobnicator', 'frobnicatr', 'solarium 黑客松', 'solraium 黑客', '黑客松 frobnicator', 'wobble', 'grafen foundation',
	'the whom', 'the', 'c++search', 'frontendery', 'rustique', '翻译文档', '文档', '智能合约', '合约 审计', 'zero knowledge', 'zero-knowledge', '"knowledge zero"', 'frobnicator -manual',
	'manual or bridge', 'audit', '审计', 'students', 'student', 'nosuchwordatall', '!!!', ''''';DROP TABLE bountygo.tasks;--', 'ｆｒｏｂｎｉｃａｔｏｒ　ｍａｎｕａｌ', 'frobnicator'' OR 1=1', '英译中']) q;
-- Its words follow the task, its tags, the names of its organizer and tags; drafts teach no words.
SELECT id AS bridge FROM bountygo.tasks WHERE title = 'Audit of a bridge' \gset
BEGIN;
UPDATE bountygo.evidence SET is_current = false WHERE task_id = :bridge AND field = 'title';
UPDATE bountygo.tasks SET title = 'Audit of a tunnelling' WHERE id = :bridge;
INSERT INTO bountygo.evidence (task_id, field, value, method) VALUES (:bridge, 'title', '"Audit of a tunnelling"', 'user:0');
COMMIT;
SELECT q, pg_temp.titles(bountygo.list_tasks(q => q, source_host => 'search.example')) FROM unnest(ARRAY['audit bridge', 'tunneling', 'tuneling']) q;
BEGIN;
SET CONSTRAINTS ALL DEFERRED;
DELETE FROM bountygo.task_tags WHERE tag_id = (SELECT id FROM bountygo.tags WHERE name = 'Frontendery');
SELECT pg_temp.titles(bountygo.list_tasks(q => 'frontendery')), pg_temp.titles(bountygo.list_tasks(tag => '{frontendery}'));
ROLLBACK;
SELECT pg_temp.titles(bountygo.list_tasks(q => 'frontendery')), pg_temp.titles(bountygo.list_tasks(tag => '{frontendery}'));
BEGIN;
UPDATE bountygo.organizers SET name = 'WOBBLE labs' WHERE name = 'Wobble Labs';
SELECT pg_temp.titles(bountygo.list_tasks(q => 'wobble', :mine));
SELECT count(*) FROM bountygo.search_stale;
ROLLBACK;
SELECT bountygo.create_task('Zyzzyvaic secret plan', status => 'draft') ->> 'id' AS draft \gset
SELECT count(*) FROM bountygo.search_words WHERE word = 'zyzzyvaic';
SELECT pg_temp.titles(bountygo.list_tasks(q => 'zyzzyvaic')), pg_temp.titles(bountygo.list_tasks(q => 'zyzzyvaci'));
SELECT pg_temp.titles(bountygo.list_tasks(q => 'zyzzyvaic', status => 'draft'));
UPDATE bountygo.tasks SET status = 'active' WHERE id = :draft;
SELECT pg_temp.titles(bountygo.list_tasks(q => 'zyzzyvaic')), pg_temp.titles(bountygo.list_tasks(q => 'zyzzyvaci'));
-- Other names of a tag find it, and the tag finds what uses the other name.
BEGIN;
INSERT INTO bountygo.tag_synonyms (name_key, tag_id, name, language) SELECT bountygo.name_key(n), g.id, n, 'zh' FROM bountygo.tags g, unnest(ARRAY['锈语言', 'oxidlang']) n WHERE g.name = 'Rustique';
SELECT q, pg_temp.titles(bountygo.list_tasks(q => q, source_host => 'search.example')) FROM unnest(ARRAY['锈语言', 'oxidlang', 'oxidlang hackathon', '-oxidlang frobnicator']) q;
SELECT pg_temp.titles(bountygo.list_tasks(tag => '{锈语言}')), pg_temp.titles(bountygo.list_tasks(tag => ARRAY[(SELECT id::text FROM bountygo.tags WHERE name = 'Rustique')]));
ROLLBACK;

-- How near words are.
SELECT a, b, bountygo.word_distance(a, b, 3) FROM (VALUES ('hakathon', 'hackathon'), ('sloana', 'solana'), ('abc', 'xyz'), ('', 'ab'), ('黑客', '黑松'), (repeat('a', 41), 'a')) w (a, b);
SELECT bountygo.word_forms('abc', 1), bountygo.word_forms('abc', 2), bountygo.word_forms(repeat('x', 41), 1);
SELECT bountygo.corrected_query('frobnicatr'), bountygo.corrected_query('frobnicator'), bountygo.corrected_query('黑客'), bountygo.corrected_query('"frobnicatr" -wobbel'), bountygo.corrected_query('qqqqqqqqqqqqqqqq');

-- Categories in either language.
SELECT w, bountygo.category_of(w) FROM unnest(ARRAY['征文', '黑客松', 'Hackathon', 'bug bounty', 'WRITING', '设计', '翻译', '社交媒体抽奖', '交易大赛', 'web3 interaction', 'web3_interaction', '其他', NULL]) w;
SELECT bountygo.list_tasks(category => 'hakathon');
SELECT bountygo.list_tasks(category => 'hakathon', reward_min => -1, "limit" => 0);
SELECT bountygo.list_tasks(kind => '征稿文');
SELECT bountygo.list_tasks(category => 'design', kind => 'design');
SELECT bountygo.list_tasks(category => '');
SELECT pg_temp.titles(bountygo.list_tasks(category => '征文', source_host => 'search.example')) = pg_temp.titles(bountygo.list_tasks(kind => 'content', source_host => 'search.example'));

-- Orders: ties by id, unknowns last, page by page while others come in; each exactly once.
UPDATE bountygo.tasks SET status = 'completed' WHERE id = :draft;
CREATE TEMP TABLE many AS SELECT i, bountygo.create_task('Manifold ' || i, category => 'quiz', reward_amount => CASE WHEN i % 3 > 0 THEN i % 4 END,
	deadline => CASE WHEN i % 2 = 0 THEN '2100-01-01Z'::timestamptz + i % 3 * interval '1 day' END) ->> 'id' AS id FROM generate_series(1, 23) i;
UPDATE bountygo.tasks t SET created_at = '2026-02-01Z'::timestamptz + m.i % 5 * interval '1 hour', source_host = 'many.example' FROM many m WHERE t.id = m.id::bigint;
UPDATE bountygo.task_counts c SET views = m.i % 4 FROM many m WHERE c.task_id = m.id::bigint;
CREATE FUNCTION pg_temp.walk(sort bountygo.task_sort, size integer, add boolean) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	page jsonb;
	seen text[] := '{}';
	place text;
	added integer := 0;
	wanted text := CASE WHEN walk.sort = '-relevance' THEN 'manifold' END;
BEGIN
	LOOP
		page := bountygo.list_tasks(q => wanted, source_host => 'many.example', sort => walk.sort, cursor => place, "limit" => size);
		seen := seen || ARRAY(SELECT substr(i ->> 'title', 10) FROM jsonb_array_elements(page -> 'items') i WHERE i ->> 'title' NOT LIKE '%new');
		place := page ->> 'next';
		EXIT WHEN place IS NULL;
		-- As many as end: what is added behind the place is met on the way.
		IF add AND added < 5 THEN
			added := added + 1;
			UPDATE bountygo.tasks SET source_host = 'many.example' WHERE id = (bountygo.create_task('Manifold new', reward_amount => 2) ->> 'id')::bigint;
		END IF;
	END LOOP;
	IF add THEN
		DELETE FROM bountygo.tasks WHERE title = 'Manifold new';
	END IF;
	RETURN CASE WHEN cardinality(seen) = 23 AND cardinality(ARRAY(SELECT DISTINCT unnest(seen))) = 23 THEN '' ELSE 'NOT ALL ONCE ' END || array_to_string(seen, ' ');
END
$$;
SELECT s, pg_temp.walk(s, 100, false) FROM unnest(enum_range(NULL::bountygo.task_sort)) s;
SELECT s, size, pg_temp.walk(s, size, false) = pg_temp.walk(s, 100, false) AND pg_temp.walk(s, size, true) = pg_temp.walk(s, 100, false)
	FROM unnest(enum_range(NULL::bountygo.task_sort)) s, unnest(ARRAY[1, 7, 23]) size ORDER BY s, size;

-- How many.
SELECT c, bountygo.list_tasks(source_host => 'many.example', count => c, "limit" => 1) - 'items' - 'next' FROM unnest(enum_range(NULL::bountygo.count_mode)) c;
SELECT bountygo.list_tasks(source_host => 'many.example', count => 'exact', closes_before => '2000-01-01Z');
SELECT bountygo.list_tasks(source_host => 'many.example', count => 'exact', reward_min => 2, reward_max => 3) ->> 'total', bountygo.list_tasks(q => 'manifold', count => 'exact') ->> 'total';

-- States: what is gone or not yet open.
SELECT m.id AS first FROM many m WHERE m.i = 2 \gset
SELECT m.id AS second FROM many m WHERE m.i = 4 \gset
UPDATE bountygo.tasks SET gone_at = now() WHERE id = :first;
UPDATE bountygo.tasks SET opens_at = '2099-01-01Z' WHERE id = :second;
SELECT s, pg_temp.titles(bountygo.list_tasks(source_host => 'many.example', reward_min => 0, has_deadline => true, state => s)) FROM unnest(enum_range(NULL::bountygo.state_filter)) s;
SELECT (bountygo.get_task(id) ->> 'state'), bountygo.get_task(id) ? 'my_todo' FROM unnest(ARRAY[:first, :second]::bigint[]) id;
SELECT bountygo.task_state('active', '2030-01-02Z', '2030-01-03Z', opens, gone, at => a) FROM (VALUES ('2030-01-01Z'::timestamptz, NULL::timestamptz, '2029-01-01Z'::timestamptz), ('2030-01-01Z', NULL, '2030-01-01Z'),
	('2030-01-01Z', '2029-01-01Z', '2029-06-01Z'), (NULL, '2029-01-01Z', '2030-02-01Z'), ('2031-01-01Z', NULL, '2030-02-01Z')) v (opens, gone, a);
-- Whoever asks for completed tasks gets them.
SELECT pg_temp.titles(bountygo.list_tasks(status => 'completed', q => 'zyzzyvaic')), pg_temp.titles(bountygo.list_tasks(q => 'zyzzyvaic'));

-- A new task may name its tags ahead, so that it is indexed once; those that it does not get are none of its.
SELECT array_agg(g.id ORDER BY g.id) AS ahead, min(g.id) AS first_tag FROM bountygo.tags g WHERE g.name IN ('Rustique', 'Frontendery') \gset
BEGIN;
INSERT INTO bountygo.tasks (title, source_host, tag_ids) VALUES ('Aheadery', 'search.example', :'ahead') RETURNING id AS whole \gset
INSERT INTO bountygo.task_tags SELECT :whole, unnest(:'ahead'::bigint[]);
INSERT INTO bountygo.evidence (task_id, field, value, method) VALUES (:whole, 'title', '"Aheadery"', 'user:0'), (:whole, 'tags', '["Rustique", "Frontendery"]', 'user:0');
INSERT INTO bountygo.tasks (title, source_host, tag_ids) VALUES ('Aheadless', 'search.example', :'ahead'::bigint[] || 999999999999) RETURNING id AS half \gset
INSERT INTO bountygo.task_tags VALUES (:half, :first_tag);
INSERT INTO bountygo.evidence (task_id, field, value, method) VALUES (:half, 'title', '"Aheadless"', 'user:0'), (:half, 'tags', '["Rustique", "Frontendery"]', 'user:0');
COMMIT;
SELECT t.title, t.tag_ids = ARRAY(SELECT tt.tag_id FROM bountygo.task_tags tt WHERE tt.task_id = t.id ORDER BY 1) AS same, cardinality(t.tag_ids), t.search @@ 'rustique', t.search @@ 'frontenderi'
	FROM bountygo.tasks t WHERE t.id IN (:whole, :half) ORDER BY t.id;

-- Wrong questions.
SELECT bountygo.list_tasks(sort => '-relevance');
SELECT bountygo.list_tasks(sort => '-relevance', q => '  ');
SELECT bountygo.list_tasks(q => repeat('q', 201));
SELECT pg_temp.titles(bountygo.list_tasks(q => repeat('黑', 200))), pg_temp.titles(bountygo.list_tasks(q => repeat('a-', 100))), pg_temp.titles(bountygo.list_tasks(q => repeat('"x ', 66)));
SELECT bountygo.list_tasks(reward_min => 'Infinity');

-- Nobody's drafts by any question, and no statement of the caller's.
SELECT bountygo.create_user('Search Reader') AS reader \gset
SET ROLE bountygo_api;
SELECT pg_temp.titles(bountygo.list_tasks(status => 'draft', state => 'any'));
SELECT (bountygo.find_public_tasks(NULL, NULL, 'any', 'draft', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, now(), '-created_at', NULL, NULL, 100, 'exact')).*;
SELECT pg_temp.titles(bountygo.list_tasks(:mine, q => 'frobnicator', sort => '-relevance', "limit" => 2));
INSERT INTO bountygo.search_words VALUES ('forged');
SELECT count(*) FROM bountygo.search_stale;
RESET ROLE;

DELETE FROM bountygo.tasks WHERE source_host IN ('search.example', 'many.example') OR id = :draft;
DELETE FROM bountygo.users WHERE id = :reader;
