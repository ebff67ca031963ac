-- From an extraction result to a task: what is kept, what is left out and why, and that it happens once.
\set SHOW_CONTEXT never
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS bountygo;
SELECT bountygo.init() > 0 AS ready;
\pset format unaligned
\pset tuples_only on

CREATE FUNCTION pg_temp.page(url text, text text) RETURNS bigint LANGUAGE sql AS $$
	INSERT INTO bountygo.snapshots (url, final_url, bytes, text, text_hash, language, result)
	VALUES (url, url, length(text), text, sha256(convert_to(text, 'UTF8')), 'en', '{}') RETURNING id
$$;
CREATE FUNCTION pg_temp.quoted(snapshot bigint, quote text, value jsonb, method text DEFAULT 'rule') RETURNS jsonb LANGUAGE sql AS $$
	SELECT jsonb_build_object('value', value, 'quote', quote, 'start', strpos(s.text, quote) - 1,
		'end', strpos(s.text, quote) - 1 + length(quote), 'method', method, 'confidence', 0.75)
	FROM bountygo.snapshots s WHERE s.id = snapshot
$$;
-- What a task came to, without what changes from run to run.
CREATE FUNCTION pg_temp.shown(task bigint) RETURNS text LANGUAGE sql AS $$
	SELECT jsonb_pretty(jsonb_strip_nulls(bountygo.get_task(task) - '{id,snapshot_id,created_at,updated_at,checked_at,counts,evidence}'::text[]
		#- '{organizer,id}' || jsonb_build_object('rewards', (SELECT jsonb_agg(r - 'snapshot_id') FROM jsonb_array_elements(bountygo.get_task(task) -> 'rewards') r),
			'milestones', (SELECT jsonb_agg(r - 'snapshot_id') FROM jsonb_array_elements(bountygo.get_task(task) -> 'milestones') r))))
$$;

-- A whole one.
SELECT pg_temp.page('https://store.example/hackathon?id=1', 'Zürich 黑客松 2030 by Store Labs and friends. 1st place: 5,000 USDC. 2nd and 3rd: 1,000.50 USDC each. '
	'Total 7,001 USDC. Submit by Oct 4. Winners on 20 October 2030. Open to students. Cobol++, Storelang, storelang.') AS page \gset
SELECT jsonb_build_object('is_task', true, 'language', 'en',
	'fields', jsonb_build_object(
		'title', pg_temp.quoted(:page, '黑客松 2030', '"黑客松 2030"', 'jsonld'),
		'organizer', pg_temp.quoted(:page, 'Store Labs', '"Store Labs"', 'meta'),
		'category', pg_temp.quoted(:page, '黑客松', '"hackathon"'),
		'tags', pg_temp.quoted(:page, 'Cobol++, Storelang, storelang', '["Cobol++", "Storelang", "storelang", ""]'),
		'reward', pg_temp.quoted(:page, '7,001 USDC', '{"amount": 7001, "min": null, "currency": "USDC", "distribution": "tiers"}'),
		'deadline', pg_temp.quoted(:page, 'Oct 4', '{"date": "2030-10-04", "earliest": "2030-10-03T12:00:00+02:00",
			"latest": "2030-10-05T12:00:00Z", "text": "Oct 4", "precision": "day", "zone": null}'),
		'eligibility', pg_temp.quoted(:page, 'Open to students', '"Open to students"', 'model'),
		'summary', pg_temp.quoted(:page, 'Zürich', '"Zürich"', 'html')),
	'rewards', jsonb_build_array(
		pg_temp.quoted(:page, '1st place: 5,000 USDC', NULL) || '{"place": 1, "place_to": null, "count": 1, "amount": 5000, "currency": "USDC", "label": "1st place"}',
		pg_temp.quoted(:page, '2nd and 3rd: 1,000.50 USDC', NULL) || '{"place": 2, "place_to": 3, "count": 2, "amount": 1000.50, "currency": "USDC", "label": null}'),
	'milestones', jsonb_build_array(
		pg_temp.quoted(:page, '20 October 2030', NULL) || '{"kind": "winners", "date": "2030-10-20", "earliest": "2030-10-19T10:00:00Z",
			"latest": "2030-10-21T12:00:00Z", "text": "20 October 2030", "precision": "day", "zone": null}'),
	'missing', '{}'::jsonb) AS result \gset
SELECT bountygo.task_from_snapshot(:page, :'result') AS task \gset
SELECT pg_temp.shown(:task);
SELECT e.field, e.quote, substr(s.text, e.start_char + 1, e.end_char - e.start_char) = e.quote AS there, e.method, e.confidence
	FROM bountygo.evidence e JOIN bountygo.snapshots s ON s.id = e.snapshot_id WHERE e.task_id = :task ORDER BY e.field, e.start_char;
SELECT source_host, sponsor_id IS NULL AS nobody_sponsors FROM bountygo.tasks WHERE id = :task;

-- Once more: the same task, unchanged, and one event.
SELECT bountygo.task_from_snapshot(:page, jsonb_set(:'result', '{fields,title,value}', '"Other"')) = :task AS same;
SELECT pg_temp.page('https://store.example/hackathon?id=1', 'The same page, later.') AS later \gset
SELECT bountygo.task_from_snapshot(:later, '{"is_task": true}') = :task AS same;
SELECT count(*) FROM bountygo.events WHERE task_id = :task AND kind = 'task_created';

-- No task.
SELECT bountygo.task_from_snapshot(:page, '{"is_task": false}') IS NULL, bountygo.task_from_snapshot(:page, '{}') IS NULL,
	bountygo.task_from_snapshot(:page, '{"is_task": "true"}') IS NULL, bountygo.task_from_snapshot(:page, NULL) IS NULL;
\set VERBOSITY sqlstate
SELECT bountygo.task_from_snapshot(-1, '{"is_task": true}');
\set VERBOSITY default

-- Nothing known: every field says so, nothing is defaulted.
SELECT pg_temp.page('https://store.example/empty', 'A task, they say.') AS page \gset
SELECT bountygo.task_from_snapshot(:page, '{"is_task": true, "fields": {}, "missing": {"deadline": "ambiguous", "reward": "conflict", "title": "nonsense"}}') AS task \gset
SELECT pg_temp.shown(:task);

-- What has no quote at its place, or does not fit, is left out with its reason.
SELECT pg_temp.page('https://store.example/odd', 'Odd page: prize 100 USDC until 2030-01-02. ' || repeat('long ', 100)) AS page \gset
SELECT bountygo.task_from_snapshot(:page, jsonb_build_object('is_task', true,
	'fields', jsonb_build_object(
		'title', pg_temp.quoted(:page, 'Odd page', '"Odd page"') || '{"quote": "Another page"}',
		'organizer', pg_temp.quoted(:page, 'page', '"page"') || '{"start": -4, "end": 0}',
		'category', pg_temp.quoted(:page, 'prize', '"lottery"'),
		'tags', pg_temp.quoted(:page, 'Odd', '"Odd"'),
		'reward', pg_temp.quoted(:page, '100 USDC', '{"amount": -1, "currency": "USDC"}'),
		'deadline', pg_temp.quoted(:page, '2030-01-02', '{"date": "2030-02-31", "earliest": "2030-01-02T00:00:00Z", "latest": "2030-01-03T00:00:00Z", "text": "2030-01-02", "precision": "day"}'),
		'eligibility', pg_temp.quoted(:page, 'Odd', '"Odd"') || '{"method": "user:1"}',
		'summary', pg_temp.quoted(:page, 'long', to_jsonb(repeat('long ', 101)))),
	'rewards', jsonb_build_array(pg_temp.quoted(:page, '100 USDC', NULL) || '{"place": 0, "amount": 100}',
		pg_temp.quoted(:page, '100 USDC', NULL) || '{"amount": "many"}', '"text"', 7,
		pg_temp.quoted(:page, '100 USDC', NULL) || '{"amount": 100, "currency": "USDC"}' || '{"end": 99999}'),
	'milestones', '{"not": "a list"}'::jsonb)) AS task \gset
SELECT pg_temp.shown(:task);
SELECT count(*) FROM bountygo.evidence WHERE task_id = :task;

-- Windows that are none.
SELECT v, (bountygo.deadline_parts(v::jsonb)).earliest IS NULL AS refused FROM unnest(ARRAY[
	'{"earliest": "2030-01-01T00:00:00Z", "latest": "2030-01-02T00:00:00Z", "precision": "day"}',
	'{"earliest": "2030-01-03T00:00:00Z", "latest": "2030-01-02T00:00:00Z", "precision": "day"}',
	'{"earliest": "2030-01-01T00:00:00", "latest": "2030-01-02T00:00:00", "precision": "day"}',
	'{"earliest": "2030-01-01T00:00:00Z", "latest": "infinity", "precision": "day"}',
	'{"earliest": "2030-01-01T00:00:00Z", "latest": "2030-01-02T00:00:00Z", "precision": "week"}',
	'{"earliest": "2030-01-01T00:00:00Z", "latest": "2030-01-02T00:00:00Z"}',
	'{"earliest": 5, "latest": "2030-01-02T00:00:00Z", "precision": "day"}',
	'{}']) AS v;

-- A past deadline stays past.
SELECT pg_temp.page('https://store.example/past', 'Essay prize, ended 2020-05-01T12:00Z.') AS page \gset
SELECT bountygo.task_from_snapshot(:page, jsonb_build_object('is_task', true, 'fields', jsonb_build_object(
	'title', pg_temp.quoted(:page, 'Essay prize', '"Essay prize"'),
	'deadline', pg_temp.quoted(:page, '2020-05-01T12:00Z', '{"date": "2020-05-01", "earliest": "2020-05-01T12:00:00Z",
		"latest": "2020-05-01T12:00:59Z", "text": "2020-05-01T12:00Z", "precision": "minute", "zone": "UTC"}')))) AS task \gset
SELECT bountygo.get_task(:task) -> 'state', bountygo.get_task(:task) #> '{deadline,latest}';

-- Text that was handed in has no page; its job keeps it single.
INSERT INTO bountygo.jobs (kind, state, stage, finished_at) VALUES ('text', 'done', 'end', now()) RETURNING id AS job \gset
SELECT pg_temp.page('text:0123', 'Pasted offer: logo for 50 EUR') AS page \gset
SELECT jsonb_build_object('is_task', true, 'fields', jsonb_build_object('title', pg_temp.quoted(:page, 'Pasted offer', '"Pasted offer"'))) AS result \gset
SELECT bountygo.task_from_snapshot(:page, :'result', NULL, :job) AS task \gset
SELECT bountygo.task_from_snapshot(:page, :'result', NULL, :job) = :task AS same;
SELECT source_url IS NULL, source_host IS NULL FROM bountygo.tasks WHERE id = :task;

-- Spans: characters, end exclusive; out of bounds is NULL.
SELECT bountygo.quotes_at('a€黑b', ARRAY[0, 1, 2, 3, 0, 4, -1, 2, NULL, 0], ARRAY[1, 2, 3, 4, 4, 5, 2, 2, 3, 99]);
SELECT bountygo.quotes_at('', '{0}', '{1}'), bountygo.quotes_at('abc', '{}', '{}'), bountygo.quotes_at(NULL, '{0}', '{1}') IS NULL;
SELECT bountygo.quotes_at('abc', '{0,1}', '{1}');
