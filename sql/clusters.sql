-- Near-duplicates: reposts share a cluster, editions do not; the canonical member; "not the same"; what is similar.
\set SHOW_CONTEXT never
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS bountygo;
SELECT bountygo.init() > 0 AS ready;
\pset format unaligned

-- Fingerprints. (Their values are fixed by the unit tests; databases hold them.)
SELECT bountygo.simhash(NULL) IS NULL AS no_text, bountygo.simhash('Too short.', 'A title') IS NULL AS too_short,
	bountygo.simhash(repeat('word ', 20)) IS NOT NULL AS enough, bountygo.hamming(0, -1) AS opposite, bountygo.hamming(5, 5) AS same,
	bountygo.hamming(NULL, 1) IS NULL AS unknown;
SELECT cardinality(bountygo.similar_keys(1, 'Six words make for two passages', 'Two words', ARRAY['organizer 1 2', NULL])) AS keys,
	bountygo.similar_keys(NULL, NULL, NULL, NULL) AS none, bountygo.similar_keys(NULL, 'No five words', 'Word', '{}') AS one_word;
SELECT round(bountygo.title_similarity('River Hackathon', 'River Hackathon | Devboard')::numeric, 2) AS added,
	bountygo.title_similarity('River Hackathon', 'Rust Grant') AS other, bountygo.titles_conflict('Jam 2025', 'Jam 2026') AS editions,
	bountygo.titles_conflict('Jam 2025', 'Jam') AS unnumbered;

-- A page whose text holds what its result says.
CREATE FUNCTION pg_temp.post(url text, title text, organizer text, day date, amount numeric, body text) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
	words constant text := concat_ws(E'\n', title, organizer, to_char(day, 'YYYY-MM-DD'), amount || ' USDC', body);
	snapshot bigint;
	fields jsonb := '{}';
	f record;
BEGIN
	INSERT INTO bountygo.snapshots (url, final_url, bytes, text, text_hash, language, result)
		VALUES (url, url, length(words), words, sha256(convert_to(words, 'UTF8')), 'en', '{}') RETURNING id INTO snapshot;
	FOR f IN SELECT * FROM (VALUES ('title', title, to_jsonb(title)), ('organizer', organizer, to_jsonb(organizer)),
			('deadline', to_char(day, 'YYYY-MM-DD'), jsonb_build_object('date', day, 'earliest', (day - 1)::text || 'T10:00:00Z', 'latest',
				(day + 1)::text || 'T12:00:00Z', 'text', to_char(day, 'YYYY-MM-DD'), 'precision', 'day', 'zone', NULL)),
			('reward', amount || ' USDC', jsonb_build_object('amount', amount, 'min', NULL, 'currency', 'USDC', 'distribution', NULL)))
			AS v (name, quote, value) WHERE v.quote IS NOT NULL
	LOOP
		fields := fields || jsonb_build_object(f.name, jsonb_build_object('value', f.value, 'quote', f.quote, 'method', 'rule',
			'start', strpos(words, f.quote) - 1, 'end', strpos(words, f.quote) - 1 + length(f.quote)));
	END LOOP;
	RETURN bountygo.task_from_snapshot(snapshot, jsonb_build_object('is_task', true, 'language', 'en', 'fields', fields));
END
$$;
CREATE TEMP TABLE texts AS SELECT * FROM (VALUES
	('river', 'Four weeks online for people who want to build open tools for rivers, harbours and coasts. Teams of up to five may take part. Every project has to be published under a free licence, come with a short film of at most three minutes, and be handed in on the event page in time. The jury looks at usefulness, quality of the code and how well the data sets of the harbour are used. Prizes are paid to one wallet for each team within two weeks after the winners are known. Mentors answer questions in the chat on weekdays.'),
	('grant', 'We fund maintainers of widely used libraries so that they can spend a quarter of a year on the work nobody else pays for: triage, releases, documentation and security reviews. Send a plan of two pages with steps and a budget. Three engineers read it every month, and the first half of the sum is transferred when the agreement is signed. Companies cannot apply.'),
	('fix', 'The parser of our command line tool loses the last line of a file that has no newline at its end. Write a failing test first, then fix it in the reader, not in the parser, and keep the benchmarks where they are. The bounty is paid when the change is merged and no regression is reported for a week.')) AS t (name, body);
CREATE FUNCTION pg_temp.body(name text) RETURNS text LANGUAGE sql AS $$ SELECT t.body FROM pg_temp.texts t WHERE t.name = $1 $$;
-- Who shares a cluster with whom: the first parts of the hosts, the canonical one first.
CREATE VIEW pg_temp.clusters AS
	SELECT string_agg(split_part(t.source_host, '.', 1), ' ' ORDER BY t.id <> c.canonical_task_id, t.id) AS members
	FROM bountygo.clusters c JOIN bountygo.tasks t ON t.cluster_id = c.id WHERE t.source_host LIKE '%.clusters.example' GROUP BY c.id;

-- Two reposts with other titles, trackers and trimmings beside the page itself, which comes last but is the organizer's own.
SELECT pg_temp.post('https://board.clusters.example/p/81?ref=home', 'River Data Hackathon 2030: apply now | Devboard', 'River Lab', '2030-10-04', 5000,
	pg_temp.body('river') || ' Found on Devboard. Share this page with your friends.') AS board \gset
SELECT pg_temp.post('https://list.clusters.example/events/river', 'Win 5000 USDC in the River Data Hackathon', NULL, NULL, 5000,
	'Our pick of the week. ' || pg_temp.body('river')) AS list \gset
SELECT pg_temp.post('https://riverlab.clusters.example/hackathon', 'River Data Hackathon 2030', 'River Lab', '2030-10-04', 5000, pg_temp.body('river')) AS own \gset
SELECT members FROM pg_temp.clusters;
-- What is something else stays alone: the edition of another year, another deadline, another organizer, reward, text.
SELECT pg_temp.post('https://last.clusters.example/hackathon', 'River Data Hackathon 2029', 'River Lab', '2029-10-05', 5000, pg_temp.body('river')) IS NOT NULL AS stored;
SELECT pg_temp.post('https://year.clusters.example/hackathon', 'River Data Hackathon 2031', 'River Lab', NULL, 5000, pg_temp.body('river')) IS NOT NULL AS stored;
SELECT pg_temp.post('https://late.clusters.example/hackathon', 'River Data Hackathon 2030', 'River Lab', '2030-12-24', 5000, pg_temp.body('river')) IS NOT NULL AS stored;
SELECT pg_temp.post('https://other.clusters.example/hackathon', 'River Data Hackathon', 'Ocean Club', '2030-10-04', 5000, pg_temp.body('river')) IS NOT NULL AS stored;
SELECT pg_temp.post('https://less.clusters.example/hackathon', 'Data week by the river', 'River Lab', '2030-10-04', 700, pg_temp.body('river')) IS NOT NULL AS stored;
SELECT pg_temp.post('https://grant.clusters.example/', 'Maintainer grant 2030', 'River Lab', '2030-10-04', 5000, pg_temp.body('grant')) AS grant \gset
SELECT members FROM pg_temp.clusters;
-- A site whose template makes its pages alike: only what is the same but for the address.
SELECT pg_temp.post('https://hub.clusters.example/issues/' || n, 'Bounty #' || n || ': last line lost', 'Parser Co', NULL, 300, pg_temp.body('fix')) IS NOT NULL AS stored
	FROM generate_series(12, 14) n;
SELECT pg_temp.post('https://hub.clusters.example/en/issues/12', 'Bounty #12: last line lost', 'Parser Co', NULL, 300, pg_temp.body('fix')) IS NOT NULL AS stored;
SELECT members FROM pg_temp.clusters ORDER BY 1;

-- What was entered by hand meets its page; a sponsor's is canonical. Drafts wait until they are published.
BEGIN;
INSERT INTO bountygo.users (nickname) VALUES ('Sponsor of a grant') RETURNING id AS sponsor \gset
INSERT INTO bountygo.tasks (sponsor_id, submitted_by, status, title, description, source_host)
	VALUES (:sponsor, :sponsor, 'draft', 'Maintainer grant', pg_temp.body('grant'), 'hand.clusters.example') RETURNING id AS hand \gset
INSERT INTO bountygo.evidence (task_id, field, value, method)
	SELECT :hand, f, v, 'user:' || :sponsor FROM (VALUES ('title', '"Maintainer grant"'::jsonb), ('description', to_jsonb(pg_temp.body('grant')))) AS e (f, v);
COMMIT;
SELECT members FROM pg_temp.clusters ORDER BY 1;
BEGIN;
UPDATE bountygo.tasks SET status = 'active' WHERE id = :hand;
COMMIT;
SELECT members FROM pg_temp.clusters ORDER BY 1;

-- Similar: duplicates first.
SELECT split_part(substr(i ->> 'source_url', 9), '.', 1) AS page, i -> 'is_duplicate' AS duplicate, (i ->> 'similarity')::real >= 0.9 AS from_09,
		(i ->> 'similarity')::real BETWEEN 0 AND 1 AS in_range
	FROM jsonb_array_elements(bountygo.similar_tasks(:board, 4) -> 'items') WITH ORDINALITY AS e (i, n) ORDER BY n;
SELECT jsonb_array_length(bountygo.similar_tasks(:grant, 1) -> 'items') AS one;
\set VERBOSITY sqlstate
SELECT bountygo.similar_tasks(:board, 0);
SELECT bountygo.similar_tasks(:board, 101);
SELECT bountygo.similar_tasks(-1);
SELECT bountygo.similar_tasks(NULL);
\set VERBOSITY default

-- "Not the same": not for anyone, and for good.
INSERT INTO bountygo.users (nickname) VALUES ('Who submitted it') RETURNING id AS submitter \gset
UPDATE bountygo.tasks SET submitted_by = :submitter WHERE id = :list;
COPY (SELECT encode(sha256('clusters'), 'hex')) TO PROGRAM 'umask 077 && cat > bountygo_clusters.key';
SELECT count(*) AS had_key, max(s.setting) AS old_key FROM pg_file_settings s
	WHERE s.name = 'bountygo.jwt_key_file' AND s.sourcefile LIKE '%.auto.conf' \gset
ALTER SYSTEM SET bountygo.jwt_key_file = 'bountygo_clusters.key';
SELECT pg_reload_conf();
\set ECHO none
SELECT $$DO 'BEGIN IF current_setting(''bountygo.jwt_key_file'') <> ''bountygo_clusters.key'' THEN PERFORM pg_sleep(0.01); END IF; END'$$
	FROM generate_series(1, 1000) \gexec
\set ECHO all
SELECT bountygo.issue_token(bountygo.create_user('Clusters stranger')) AS stranger \gset
SELECT bountygo.issue_token(bountygo.create_user('Clusters moderator', NULL, 'moderator')) AS moderator \gset
SELECT bountygo.issue_token(:submitter) AS submitter_token \gset
SET ROLE bountygo_api;
\set VERBOSITY terse
SELECT bountygo.split_task(:list);
BEGIN;
SELECT bountygo.authenticate(:'stranger') > 0 AS signed_in;
SELECT bountygo.split_task(:list);
ROLLBACK;
BEGIN;
SELECT bountygo.authenticate(:'stranger') > 0 AS signed_in;
SELECT jsonb_array_length(bountygo.similar_tasks(:list) -> 'items') > 0 AS looks;
ROLLBACK;
BEGIN;
SELECT bountygo.authenticate(:'moderator') > 0 AS signed_in;
SELECT (bountygo.split_task(:list) ->> 'cluster_before')::bigint > 0 AS moderated;
ROLLBACK;
\set VERBOSITY default
BEGIN;
SELECT bountygo.authenticate(:'submitter_token') > 0 AS signed_in;
SELECT (r -> 'task' -> 'id')::bigint = :list AS task, (r ->> 'cluster_before')::bigint > 0 AS was_in FROM bountygo.split_task(:list) r;
COMMIT;
RESET ROLE;
SELECT members FROM pg_temp.clusters ORDER BY 1;
SELECT kind, payload ? 'cluster_id' AS says_which FROM bountygo.events WHERE task_id = :list AND kind = 'task_split';
SELECT count(*) AS pairs FROM bountygo.cluster_splits WHERE :list IN (low_task_id, high_task_id);
-- Looking again does not bring it back; with no year in its title it may be the edition of another one.
SELECT bountygo.join_cluster(:list) IS NOT NULL AS joined;
SELECT members FROM pg_temp.clusters ORDER BY 1;
\set VERBOSITY sqlstate
SELECT bountygo.split_task(t.id) FROM bountygo.tasks t WHERE t.source_host = 'less.clusters.example';
SELECT bountygo.split_task(-1);
\set VERBOSITY default
-- The canonical one goes: another stands for the rest. The last but one goes: no cluster is left.
DELETE FROM bountygo.tasks WHERE id = :own;
SELECT members FROM pg_temp.clusters ORDER BY 1;
SELECT pg_temp.post('https://riverlab.clusters.example/again', 'River Data Hackathon 2030', 'River Lab', '2030-10-04', 5000, pg_temp.body('river')) AS again \gset
SELECT members FROM pg_temp.clusters ORDER BY 1;
DELETE FROM bountygo.tasks WHERE id = :again;
SELECT members FROM pg_temp.clusters ORDER BY 1;
SELECT cluster_id IS NULL AS alone FROM bountygo.tasks WHERE id = :board;
SELECT count(*) AS clusters_without_members FROM bountygo.clusters c WHERE (SELECT count(*) FROM bountygo.tasks t WHERE t.cluster_id = c.id) < 2;

-- Clean up for the files that follow.
DELETE FROM bountygo.tasks WHERE source_host LIKE '%.clusters.example';
DELETE FROM bountygo.snapshots WHERE url LIKE 'https://%.clusters.example/%';
DELETE FROM bountygo.users WHERE id IN (:sponsor, :submitter) OR nickname LIKE 'Clusters %';
\if :had_key
ALTER SYSTEM SET bountygo.jwt_key_file = :'old_key';
\else
ALTER SYSTEM RESET bountygo.jwt_key_file;
\endif
SELECT pg_reload_conf();
COPY (SELECT 1) TO PROGRAM 'cat > /dev/null; rm -f bountygo_clusters.key';
