-- Looking at pages again: when, what it changes, what it leaves alone; cards; how the agent is doing; what goes by the clock. With a
-- real server and workers: t/035_recheck.pl.
\set SHOW_CONTEXT never
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS bountygo;
SELECT bountygo.init() > 0 AS ready;
\pset format unaligned
\pset tuples_only on
SET datestyle = 'ISO';
SET intervalstyle = 'postgres';

-- When: the nearer the deadline, the sooner.
SELECT d.ahead AS deadline_in, bountygo.next_check('active', at + d.ahead, at + d.ahead + '1 hour', at, NULL, NULL, at) - at AS next
	FROM (VALUES (interval '31 days'), ('30 days'), ('8 days'), ('7 days'), ('25 hours'), ('1 day'), ('1 minute'), ('-30 minutes'), ('-61 minutes'),
		('-7 days'), ('-8 days')) AS d (ahead), (VALUES (timestamptz '2030-01-01 00:00Z')) AS m (at);
SELECT d.age AS unchanged_for, bountygo.next_check('active', NULL, NULL, at - d.age, NULL, NULL, at) - at AS next
	FROM (VALUES (interval '0'), ('3 days'), ('10 days'), ('90 days')) AS d (age), (VALUES (timestamptz '2030-01-01 00:00Z')) AS m (at);
SELECT bountygo.next_check('completed', NULL, NULL, at, NULL, NULL, at) IS NULL AS completed,
		bountygo.next_check('cancelled', at + '1 day', at + '1 day', at, NULL, NULL, at) IS NULL AS cancelled,
		bountygo.next_check('active', NULL, NULL, at, at, NULL, at) - at AS not_found,
		bountygo.next_check('active', NULL, NULL, at, at - interval '23 hours', NULL, at) - at AS not_found_long_ago,
		bountygo.next_check('active', NULL, NULL, at, at, at - interval '1 day', at) - at AS gone,
		bountygo.next_check('active', NULL, NULL, at, at, at - interval '30 days', at) IS NULL AS gone_for_good
	FROM (VALUES (timestamptz '2030-01-01 00:00Z')) AS m (at);

-- A page, read by rules and by a model; quotes are found in its text.
CREATE FUNCTION pg_temp.page(words text) RETURNS bigint LANGUAGE sql AS $$
	INSERT INTO bountygo.snapshots (url, final_url, bytes, text, text_hash, language, result)
	VALUES ('https://again.example/page', '', length(words), words, sha256(convert_to(words, 'UTF8')), 'en', '{}') RETURNING id
$$;
CREATE FUNCTION pg_temp.said(snapshot bigint, quote text, value jsonb, method text DEFAULT 'rule') RETURNS jsonb LANGUAGE sql AS $$
	SELECT jsonb_build_object('value', value, 'quote', quote, 'start', strpos(s.text, quote) - 1,
		'end', strpos(s.text, quote) - 1 + length(quote), 'method', method, 'confidence', 0.5)
	FROM bountygo.snapshots s WHERE s.id = snapshot
$$;
CREATE FUNCTION pg_temp.day(day date) RETURNS jsonb LANGUAGE sql AS $$
	SELECT jsonb_build_object('date', day, 'earliest', (day - 1) || 'T10:00:00Z', 'latest', (day + 1) || 'T12:00:00Z', 'text', day::text, 'precision', 'day', 'zone', NULL)
$$;
CREATE FUNCTION pg_temp.shown(task bigint) RETURNS text LANGUAGE sql AS $$
	SELECT concat_ws(' | ', t.title, o.name, t.reward_amount, t.deadline_date, t.eligibility, (SELECT string_agg(g.name, ',' ORDER BY g.name) FROM bountygo.task_tags tt
		JOIN bountygo.tags g ON g.id = tt.tag_id WHERE tt.task_id = t.id), 'opens ' || (t.opens_at AT TIME ZONE 'UTC')::date, t.missing,
		(SELECT string_agg(r.amount::text, '+' ORDER BY r.id) FROM bountygo.rewards r WHERE r.task_id = t.id))
	FROM bountygo.tasks t LEFT JOIN bountygo.organizers o ON o.id = t.organizer_id WHERE t.id = $1
$$;
SELECT pg_temp.page('Again Jam by Again Inc. 500 USDC. Starts 2031-02-01, ends 2031-03-01. Students only. Tags: againrust, againgo. First: 500.') AS s1 \gset
SELECT bountygo.task_from_snapshot(:s1, jsonb_build_object('is_task', true, 'model', '{}'::jsonb, 'fields', jsonb_build_object(
		'title', pg_temp.said(:s1, 'Again Jam', '"Again Jam"'), 'organizer', pg_temp.said(:s1, 'Again Inc', '"Again Inc"'),
		'reward', pg_temp.said(:s1, '500 USDC', '{"amount": 500, "currency": "USDC"}'),
		'deadline', pg_temp.said(:s1, '2031-03-01', pg_temp.day('2031-03-01')),
		'eligibility', pg_temp.said(:s1, 'Students only', '"Students only"', 'model'),
		'tags', pg_temp.said(:s1, 'againrust', '["againrust"]') || jsonb_build_object('quotes', jsonb_build_array(
			pg_temp.said(:s1, 'againrust', '"againrust"')))),
	'rewards', jsonb_build_array(pg_temp.said(:s1, 'First: 500', NULL) || '{"place": 1, "amount": 500, "currency": "USDC"}'),
	'milestones', jsonb_build_array(pg_temp.said(:s1, '2031-02-01', NULL) || pg_temp.day('2031-02-01') || '{"kind": "start"}'))) AS task \gset
SELECT pg_temp.shown(:task);
SELECT next_check_at IS NOT NULL AND checked_at IS NOT NULL AND simhash IS NOT NULL FROM bountygo.tasks WHERE id = :task;

-- Later the rules alone read it: the model's field stays while its quote stands; what the page no longer says is not known any more;
-- everything else follows.
SELECT pg_temp.page('Again Jam II by Again Inc. 700 USDC. Ends 2031-04-01. Students only. Tags: againgo. First: 400. Second: 300.') AS s2 \gset
SELECT jsonb_build_object('is_task', true, 'fields', jsonb_build_object(
		'title', pg_temp.said(:s2, 'Again Jam II', '"Again Jam II"'), 'organizer', pg_temp.said(:s2, 'Again Inc', '"again inc"'),
		'reward', pg_temp.said(:s2, '700 USDC', '{"amount": 700, "currency": "USDC"}'),
		'deadline', pg_temp.said(:s2, 'no such quote', pg_temp.day('2031-04-01')),
		'tags', pg_temp.said(:s2, 'againgo', '["againgo"]')),
	'rewards', jsonb_build_array(pg_temp.said(:s2, 'First: 400', NULL) || '{"place": 1, "amount": 400, "currency": "USDC"}',
		pg_temp.said(:s2, 'Second: 300', NULL) || '{"place": 2, "amount": 300, "currency": "USDC"}')) AS later \gset
SELECT bountygo.update_task_from_snapshot(:task, :s2, :'later') AS changed;
SELECT pg_temp.shown(:task);
SELECT field, old_value IS NOT NULL AS had, new_value IS NOT NULL AS has, method, changed_by FROM bountygo.task_history WHERE task_id = :task ORDER BY field;
SELECT payload FROM bountygo.events WHERE task_id = :task AND kind = 'task_changed';
SELECT field, is_current, count(*), bool_and(snapshot_id = :s2) AS new FROM bountygo.evidence WHERE task_id = :task GROUP BY 1, 2 ORDER BY 1, 2;
-- Again, an older one, another page's, and one that is no task: nothing.
INSERT INTO bountygo.snapshots (url, final_url, bytes, text, text_hash, result) VALUES ('https://again.example/other', '', 1, 'Other', '', '{}') RETURNING id AS other \gset
SELECT pg_temp.page('Sign in to go on') AS s3 \gset
SELECT bountygo.update_task_from_snapshot(:task, :s2, :'later'), bountygo.update_task_from_snapshot(:task, :s1, :'later'),
	bountygo.update_task_from_snapshot(:task, :other, :'later'), bountygo.update_task_from_snapshot(:task, :s3, '{"is_task": false}'),
	bountygo.update_task_from_snapshot(-1, :s2, :'later');
SELECT count(*) FROM bountygo.events WHERE task_id = :task AND kind = 'task_changed';
-- The quote of the model is gone, and with it the value.
SELECT pg_temp.page('Again Jam II by Again Inc. 700 USDC.') AS s4 \gset
SELECT bountygo.update_task_from_snapshot(:task, :s4, jsonb_build_object('is_task', true, 'missing', '{"eligibility": "ambiguous"}'::jsonb, 'fields', jsonb_build_object(
	'title', pg_temp.said(:s4, 'Again Jam II', '"Again Jam II"'), 'organizer', pg_temp.said(:s4, 'Again Inc', '"Again Inc"'),
	'reward', pg_temp.said(:s4, '700 USDC', '{"amount": 700, "currency": "USDC"}')))) AS changed;
SELECT pg_temp.shown(:task);

-- Gone and back.
SELECT bountygo.task_not_found(:task, 404);
SELECT gone_at IS NULL, not_found_at IS NOT NULL FROM bountygo.tasks WHERE id = :task;
SELECT bountygo.task_not_found(:task, 404);
UPDATE bountygo.tasks SET not_found_at = not_found_at - interval '1 day' WHERE id = :task;
SELECT bountygo.task_not_found(:task, 404);
SELECT bountygo.task_not_found(:task, 410);
SELECT gone_at IS NOT NULL AS gone, next_check_at > now() + interval '6 days' AS rarely FROM bountygo.tasks WHERE id = :task;
SELECT bountygo.task_checked(:task, clock_timestamp());
SELECT bountygo.task_checked(:task, '2000-01-01Z');
SELECT gone_at IS NULL, not_found_at IS NULL, checked_at > '2001-01-01' FROM bountygo.tasks WHERE id = :task;
SELECT string_agg(kind, ' ' ORDER BY id) FROM bountygo.events WHERE task_id = :task;

-- What a person says about the deadline brings the next look forward, and the end of a task ends the looking.
BEGIN;
UPDATE bountygo.tasks SET next_check_at = now() + interval '7 days' WHERE id = :task;
SELECT bountygo.apply_user_fields(:task, jsonb_build_object('deadline', jsonb_build_object('date', NULL, 'text', NULL, 'zone', NULL, 'precision', 'second',
	'earliest', bountygo.rfc3339(now() + interval '2 days'), 'latest', bountygo.rfc3339(now() + interval '2 days'))), NULL) AS changed;
SELECT next_check_at BETWEEN now() + interval '5 hours' AND now() + interval '7 hours' FROM bountygo.tasks WHERE id = :task;
UPDATE bountygo.tasks SET status = 'completed' WHERE id = :task RETURNING next_check_at IS NULL;
ROLLBACK;

-- Asking.
SELECT r ->> 'kind', r ->> 'state', (r ->> 'task_id')::bigint = :task, r ->> 'url' FROM bountygo.recheck_task(:task) r;
SELECT (bountygo.recheck_task(:task) ->> 'id') = max(id)::text FROM bountygo.jobs WHERE recheck_of = :task;
SELECT count(*) AS jobs, max(priority) AS priority FROM bountygo.jobs WHERE recheck_of = :task;
UPDATE bountygo.jobs SET state = 'done', stage = 'end', outcome = 'ok', finished_at = clock_timestamp() WHERE recheck_of = :task;
SELECT (bountygo.recheck_task(:task) ->> 'state') AS the_last_one;
UPDATE bountygo.jobs SET finished_at = finished_at - interval '1 hour' WHERE recheck_of = :task;
SELECT (bountygo.recheck_task(:task) ->> 'state') AS a_new_one;
INSERT INTO bountygo.tasks DEFAULT VALUES RETURNING id AS by_hand \gset
\set VERBOSITY terse
SELECT bountygo.recheck_task(:by_hand);
SELECT bountygo.recheck_task(-1);
SELECT bountygo.recheck_task(NULL);
SET ROLE bountygo_api;
SELECT bountygo.recheck_task(:task);
RESET ROLE;
\set VERBOSITY default

-- Cards: what is public of a page, and nothing is written.
CREATE FUNCTION pg_temp.card(url text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	c jsonb;
BEGIN
	c := bountygo.card(url);
	RETURN concat_ws(' | ', c ->> 'url', c -> 'task' ->> 'title', c -> 'fields' -> 'title' ->> 'value', c -> 'missing', (c -> 'snapshot_id')::bigint > 0,
		(SELECT string_agg(k, ',' ORDER BY k) FROM jsonb_object_keys(c) k));
EXCEPTION WHEN OTHERS THEN
	RETURN SQLSTATE || ' ' || SQLERRM;
END
$$;
GRANT EXECUTE ON FUNCTION pg_temp.card(text) TO PUBLIC;
INSERT INTO bountygo.snapshots (url, final_url, bytes, text, text_hash, result)
	SELECT 'https://again.example/' || p, '', 1, p, '', jsonb_build_object('fields', jsonb_build_object('title', jsonb_build_object('value', p)), 'missing', '{}'::jsonb)
	FROM unnest(ARRAY['private', 'previewed']) AS p;
INSERT INTO bountygo.jobs (kind, state, stage, is_public, finished_at)
	SELECT k, 'done', 'end', k = 'preview', now() FROM unnest(ARRAY['page', 'preview']::bountygo.job_kind[]) AS k;
INSERT INTO bountygo.job_results (job_id, snapshot_id)
	SELECT j.id, s.id FROM bountygo.snapshots s JOIN bountygo.jobs j ON j.is_public = (s.url LIKE '%previewed') AND j.state = 'done' AND j.recheck_of IS NULL
	WHERE s.url IN ('https://again.example/private', 'https://again.example/previewed')
		AND NOT EXISTS (SELECT FROM bountygo.job_results r WHERE r.job_id = j.id) AND NOT EXISTS (SELECT FROM bountygo.job_payloads p WHERE p.job_id = j.id);
SET ROLE bountygo_api;
BEGIN READ ONLY;
SELECT pg_temp.card('HTTPS://Again.example:443/page?utm_source=x#top');
SELECT pg_temp.card('https://again.example/previewed');
SELECT pg_temp.card('https://again.example/private');
SELECT pg_temp.card('https://again.example/unheard-of');
SELECT pg_temp.card('not a url');
SELECT pg_temp.card(NULL);
COMMIT;

-- How the agent is doing: for everybody without names, for administrators with numbers.
SELECT string_agg(k, ' ' ORDER BY k) FROM jsonb_object_keys(bountygo.agent_status()) k;
SELECT (s -> 'queue' -> 'queued')::integer > 0, s -> 'rules_only', s -> 'model' ->> 'state', (s -> 'last_day' -> 'ok')::integer > 0 FROM bountygo.agent_status() s;
\set VERBOSITY terse
SELECT bountygo.agent_metrics();
\set VERBOSITY default
RESET ROLE;
SELECT string_agg(k, ' ' ORDER BY k) FROM jsonb_object_keys(bountygo.agent_metrics()) k;
SELECT bountygo.percentiles(ARRAY[1, 2, 3, 4, 100]), bountygo.percentiles('{}');

-- By the clock: what has expired goes, what has not stays.
INSERT INTO bountygo.wallet_nonces (nonce, address, chain_id, message, expires_at)
	SELECT repeat(n::text, 20), '0x', 1, 'm', now() + n * interval '1 hour' - interval '2 hours' FROM generate_series(1, 3) n;
INSERT INTO bountygo.users (nickname) VALUES ('Again') RETURNING id AS again \gset
INSERT INTO bountygo.sessions (user_id, method, expires_at) SELECT :again, 'wallet', now() - d FROM unnest(ARRAY['31 days', '29 days']::interval[]) d;
UPDATE bountygo.jobs SET finished_at = now() - interval '91 days' WHERE id IN (SELECT r.job_id FROM bountygo.job_results r JOIN bountygo.snapshots s ON s.id = r.snapshot_id
	WHERE s.url IN ('https://again.example/private', 'https://again.example/previewed'));
SELECT (t -> 'jobs')::integer >= 2 AS jobs, (t -> 'accounts')::integer >= 3 AS accounts FROM bountygo.tidy() t;
SELECT bountygo.tidy() - '{jobs,accounts,views,search}'::text[] AS nothing_else;
SELECT string_agg(left(nonce, 1), ' ' ORDER BY nonce) AS nonces_left FROM bountygo.wallet_nonces WHERE address = '0x';
SELECT count(*) AS sessions_left FROM bountygo.sessions WHERE user_id = :again;
SELECT count(*) AS orphans FROM bountygo.snapshots WHERE url IN ('https://again.example/private', 'https://again.example/previewed');
SELECT bountygo.every_minute() AS more;
UPDATE bountygo.tasks SET next_check_at = now() WHERE id = :task;
UPDATE bountygo.jobs SET state = 'cancelled', finished_at = now() WHERE recheck_of = :task AND state = 'queued';
SELECT bountygo.schedule_rechecks() AS made, bountygo.schedule_rechecks() AS then;
SELECT priority, requested_by IS NULL FROM bountygo.jobs WHERE recheck_of = :task AND state = 'queued';

DELETE FROM bountygo.wallet_nonces WHERE address = '0x';
DELETE FROM bountygo.jobs WHERE recheck_of = :task OR host = 'again.example';
DELETE FROM bountygo.tasks WHERE id IN (:task, :by_hand);
DELETE FROM bountygo.snapshots WHERE url LIKE 'https://again.example/%';
DELETE FROM bountygo.users WHERE id = :again;
