-- Tasks by the thousand, skewed as real ones are, for plans and benchmarks. psql -v tasks=50000 -f generated_tasks.sql
-- Triggers are off (they would check evidence that nobody reads here), so what they keep is written as they would.
\set ON_ERROR_STOP 1
SET client_min_messages = warning;
SET session_replication_role = replica;
SET maintenance_work_mem = '512MB';
SELECT setseed(0.5);

-- An index is faster built than filled.
CREATE TEMP TABLE later AS
	SELECT i.indexrelid::regclass::text AS name, pg_get_indexdef(i.indexrelid) AS definition FROM pg_index i
	WHERE i.indrelid IN ('bountygo.tasks'::regclass, 'bountygo.task_tags'::regclass, 'bountygo.task_counts'::regclass)
		AND NOT i.indisunique AND NOT EXISTS (SELECT FROM pg_constraint k WHERE k.conindid = i.indexrelid);
SELECT format('DROP INDEX %s', name) FROM later \gexec

INSERT INTO bountygo.users (nickname) SELECT 'Generated ' || i FROM generate_series(1, 2000) i;
INSERT INTO bountygo.organizers (name, name_key)
	SELECT n.name, bountygo.name_key(n.name) FROM generate_series(1, greatest(:tasks / 50, 200)) i,
		LATERAL (SELECT initcap(substr(md5(i::text), 1, 6)) || (ARRAY[' Labs', ' DAO', ' Foundation', ' Network', ' 基金会', ''])[1 + i % 6] || ' ' || i AS name) n;
INSERT INTO bountygo.tags (name, name_key)
	SELECT n.name, bountygo.name_key(n.name) FROM (
		SELECT unnest(ARRAY['rust', 'solidity', 'frontend', 'defi', 'nft', 'security', 'design', 'writing', 'python', 'react', '翻译', '设计', '黑客松', '区块链', 'ai'])
		UNION ALL SELECT 'topic ' || i FROM generate_series(1, 485) i) n (name)
	ON CONFLICT DO NOTHING;

-- Ids are taken by number: those of one statement follow each other.
SELECT min(o.id) AS organizer, count(*) AS organizers FROM bountygo.organizers o \gset first_
SELECT min(u.id) AS "user", count(*) AS users FROM bountygo.users u \gset first_
SELECT min(g.id) AS tag, count(*) AS tags FROM bountygo.tags g \gset first_
CREATE TEMP TABLE nouns AS SELECT n - 1 AS n, noun FROM unnest(ARRAY['solana', 'ethereum', 'wallet', 'bridge', 'explorer', 'dashboard', 'protocol', 'hackathon', 'parser', 'contract',
	'token', 'app', 'logo', 'landing page', 'documentation', 'indexer', 'game', 'marketplace', 'oracle', 'zero-knowledge circuit', 'staking', 'security', 'C++ client', 'node.js library'])
	WITH ORDINALITY AS w (noun, n);
CREATE TEMP TABLE verbs AS SELECT n - 1 AS n, verb FROM unnest(ARRAY['Build', 'Design', 'Audit', 'Translate', 'Write', 'Research', 'Integrate', 'Improve', 'Test', 'Document', 'Join the',
	'Hackathon:', 'Bounty:', 'Grant:']) WITH ORDINALITY AS w (verb, n);
CREATE TEMP TABLE chinese AS SELECT n - 1 AS n, word FROM unnest(ARRAY['黑客松', '区块链', '智能合约', '前端开发', '征文比赛', '翻译任务', '海报设计', '漏洞悬赏', '钱包', '空投活动',
	'开源项目', '人工智能', '数据分析', '社区大使']) WITH ORDINALITY AS w (word, n);

CREATE TEMP TABLE made AS
SELECT r.n, r.is_chinese, r.created_at, r.a, r.b, r.c, r.d, r.e, r.f, r.l AS i,
	CASE WHEN r.is_chinese THEN c1.word || ' ' || n1.noun || ' ' || c2.word ELSE v.verb || ' ' || n1.noun || ' ' || n2.noun || ' ' || substr(md5((r.g * r.g * 20000)::integer::text), 1, 6) END AS title,
	:first_organizer + floor(power(r.h, 4) * :first_organizers)::bigint AS organizer_id,
	ARRAY(SELECT DISTINCT :first_tag + floor(power(x, 3) * :first_tags)::bigint FROM unnest((ARRAY[r.a, r.c, r.g, 1 - r.h, 1 - r.d])[1:r.n % 5]) AS x WHERE x < 1 ORDER BY 1) AS tag_ids,
	CASE WHEN r.n % 3 = 0 THEN :first_user + floor(power(r.f, 3) * :first_users)::bigint END AS sponsor_id
FROM (SELECT i AS n, random() < 0.25 AS is_chinese, now() - power(random(), 1.5) * interval '1000 days' AS created_at, random() AS a, random() AS b,
		random() AS c, random() AS d, random() AS e, random() AS f, random() AS g, random() AS h, random() AS i, random() AS j, random() AS l FROM generate_series(1, :tasks) i) r
	JOIN nouns n1 ON n1.n = floor(r.i * r.i * 24) JOIN nouns n2 ON n2.n = floor(r.j * 24) JOIN verbs v ON v.n = floor(r.g * 14)
	JOIN chinese c1 ON c1.n = floor(r.j * r.j * 14) JOIN chinese c2 ON c2.n = floor(r.g * 14);

INSERT INTO bountygo.tasks (status, title, summary, description, category, language, organizer_id, sponsor_id, reward_amount, reward_currency, reward_distribution,
		deadline_earliest, deadline, deadline_precision, deadline_text, opens_at, gone_at, source_url, source_host, created_at, updated_at, tag_ids, search)
	SELECT CASE WHEN a < 0.02 AND m.sponsor_id IS NOT NULL THEN 'draft' WHEN a < 0.05 THEN 'completed' WHEN a < 0.07 THEN 'cancelled' WHEN a < 0.09 THEN 'paused' ELSE 'active' END::bountygo.task_status,
		m.title, CASE WHEN b < 0.7 THEN 'What is wanted: ' || m.title || ', by ' || substr(md5(n::text), 1, 8) END,
		CASE WHEN b < 0.3 THEN repeat('Details of ' || m.title || '. ', 5) END,
		(enum_range(NULL::bountygo.task_category))[1 + floor(power(c, 2) * 16)::integer],
		CASE WHEN is_chinese THEN 'zh' WHEN d < 0.8 THEN 'en' WHEN d < 0.95 THEN (ARRAY['es', 'ja', 'ko', 'de', 'fr', 'pt'])[1 + n % 6] WHEN n % 997 = 0 THEN 'eo' END,
		m.organizer_id, m.sponsor_id,
		CASE WHEN d < 0.75 THEN round(exp(3 + 6 * e)::numeric, 2) END, CASE WHEN d < 0.75 THEN (ARRAY['USDC', 'USD', 'USDT', 'CNY', 'ETH', 'SOL', 'DOT'])[1 + floor(power(b, 2) * 7)::integer] END,
		CASE WHEN d < 0.6 THEN (enum_range(NULL::bountygo.reward_distribution))[1 + floor(power(a, 2) * 7)::integer] END,
		w.latest - w.width, w.latest, CASE WHEN w.latest IS NOT NULL THEN 'day'::bountygo.deadline_precision END, CASE WHEN w.latest IS NOT NULL THEN 'soon' END,
		CASE WHEN n % 40 = 0 THEN m.created_at + interval '5 days' END, CASE WHEN n % 150 = 0 THEN m.created_at + interval '20 days' END,
		CASE WHEN m.sponsor_id IS NULL THEN 'https://' || h.host || '/tasks/' || n END, CASE WHEN m.sponsor_id IS NULL THEN h.host END,
		m.created_at, m.created_at, m.tag_ids,
		bountygo.search_vector(m.title, bountygo.task_names(m.organizer_id, m.tag_ids), CASE WHEN b < 0.7 THEN 'What is wanted: ' || m.title || ', by ' || substr(md5(n::text), 1, 8) END,
			CASE WHEN b < 0.3 THEN repeat('Details of ' || m.title || '. ', 5) END)
	FROM made m
		CROSS JOIN LATERAL (SELECT 'host' || floor(power(1 - c, 6) * 3000)::integer || '.example' AS host) h
		CROSS JOIN LATERAL (SELECT CASE WHEN i > 0.3 THEN date_trunc('hour', m.created_at + (d * 90 + 1) * interval '1 day') END AS latest,
			CASE WHEN n % 2 = 0 THEN interval '50 hours' ELSE interval '0' END AS width) w
	ORDER BY m.created_at;
INSERT INTO bountygo.task_tags (task_id, tag_id) SELECT t.id, g FROM bountygo.tasks t, unnest(t.tag_ids) g;
INSERT INTO bountygo.task_counts (task_id, views, joins) SELECT t.id, floor(power(random(), 8) * 10000), floor(power(random(), 10) * 50) FROM bountygo.tasks t ON CONFLICT DO NOTHING;
-- A tag that three old tasks have, whatever their number is.
WITH rare AS (INSERT INTO bountygo.tags (name, name_key) VALUES ('rarity', 'rarity') RETURNING id),
	few AS (UPDATE bountygo.tasks t SET tag_ids = t.tag_ids || rare.id FROM rare
		WHERE t.id IN (SELECT f.id FROM bountygo.tasks f WHERE f.status = 'active' AND f.deadline IS NULL ORDER BY f.created_at LIMIT 3) RETURNING t.id, rare.id AS tag)
	INSERT INTO bountygo.task_tags (task_id, tag_id) SELECT f.id, f.tag FROM few f;
INSERT INTO bountygo.search_words (word) SELECT DISTINCT p.token FROM (SELECT DISTINCT title FROM bountygo.tasks) t, ts_parse('bountygo.words', bountygo.plain_text(t.title)) p (kind, token)
	WHERE p.kind IN (1, 2, 4) AND length(p.token) BETWEEN 3 AND 40;
INSERT INTO bountygo.evidence (task_id, field, value, method)
	SELECT t.id, v.field, v.value, 'user:0' FROM bountygo.tasks t, LATERAL (VALUES ('title', to_jsonb(t.title)), ('summary', to_jsonb(t.summary)), ('category', to_jsonb(t.category)),
		('language', to_jsonb(t.language)), ('tags', (SELECT jsonb_agg(g.name) FROM bountygo.tags g WHERE g.id = ANY (t.tag_ids))),
		('reward', bountygo.reward_value(t.reward_amount, t.reward_min, t.reward_currency, t.reward_distribution))) v (field, value)
	WHERE v.value IS NOT NULL AND t.id % greatest(:tasks / 20000, 1) = 0;
SELECT definition FROM later \gexec
SET session_replication_role = origin;
VACUUM (ANALYZE) bountygo.tasks, bountygo.task_tags, bountygo.task_counts, bountygo.tags, bountygo.organizers, bountygo.users, bountygo.search_words, bountygo.evidence;
