-- Tasks by hand, their computed state, one by one and in lists.
\set SHOW_CONTEXT never
SET client_min_messages = warning;
SET timezone = 'UTC';
CREATE EXTENSION IF NOT EXISTS bountygo;
SELECT bountygo.init() > 0 AS ready;
\pset format unaligned
\pset tuples_only on

-- State follows from the window and the clock (law 2), whatever is stored.
SELECT s.status, s.earliest, s.latest, bountygo.task_state(s.status::bountygo.task_status, s.earliest::timestamptz, s.latest::timestamptz, at => '2030-01-10 12:00Z')
	FROM (VALUES ('active', NULL, NULL), ('active', '2030-01-10 12:00:01Z', '2030-01-11Z'), ('active', '2030-01-10 12:00Z', '2030-01-11Z'),
		('active', '2030-01-10Z', '2030-01-11Z'), ('active', '2030-01-10Z', '2030-01-10 12:00Z'), ('active', '2030-01-10Z', '2030-01-10 11:59:59.999999Z'),
		('paused', '2030-01-11Z', '2030-01-11Z'), ('completed', '2030-01-11Z', '2030-01-11Z'), ('cancelled', NULL, NULL)) AS s (status, earliest, latest);
SELECT bountygo.task_state('active', now() + interval '1 h', now() + interval '2 h'), bountygo.task_state('active', now() - interval '1 h', now() + interval '2 h'),
	bountygo.task_state('active', now() - interval '2 h', now() - interval '1 h');

-- By hand. A superuser who is nobody's account makes it without a sponsor.
SELECT bountygo.create_task('  Tasks: a logo  ', summary => E'Two\r\nlines', description => 'Long', category => 'design', reward_amount => 250.50,
	reward_currency => 'usdc', reward_distribution => 'each', deadline => '2030-03-01 10:00+02', external_link => 'https://tasks.example/apply?x=1',
	tags => ARRAY['Tasks Design', 'tasks-design', ' C++Tasks '], organizer_name => 'Tasks & Sons') AS made \gset
SELECT :'made'::jsonb ->> 'id' AS logo \gset
SELECT jsonb_pretty(:'made'::jsonb - '{id,created_at,updated_at,evidence}'::text[] #- '{organizer,id}');
SELECT e.key, e.value ->> 'method', e.value -> 'value', e.value -> 'quote' FROM jsonb_each(bountygo.task_evidence(:logo)) e ORDER BY 1;
SELECT sponsor_id, submitted_by, snapshot_id FROM bountygo.tasks WHERE id = :logo;
SELECT kind, payload FROM bountygo.events WHERE task_id = :logo;
-- The organizer is the same however it is spelled.
SELECT (bountygo.create_task('Tasks: another', organizer_name => 'TASKS — sons', status => 'draft') #> '{organizer,id}') = (:'made'::jsonb #> '{organizer,id}');

-- Everything that is wrong is said at once.
SELECT bountygo.create_task(E' \n ', summary => repeat('s', 501), description => repeat('d', 65536), reward_amount => 'NaN', reward_currency => 'U$D',
	deadline => 'infinity', external_link => 'javascript:alert(1)', tags => ARRAY['', repeat('t', 101), 'fine', E'a\nb'],
	organizer_name => repeat('o', 201), status => 'completed');
SELECT bountygo.create_task(repeat('t', 256), reward_amount => -1, external_link => 'https://user@tasks.example/', tags => array_fill('x'::text, ARRAY[21]));
SELECT bountygo.create_task(E'bell\x07', summary => E'\x1b', reward_amount => 1e18, external_link => 'https://tasks.example/a b');
SELECT bountygo.create_task(NULL);
SELECT bountygo.create_task('x', reward_amount => 'Infinity', reward_currency => '');
SELECT bountygo.create_task('x', reward_amount => 0.0000000000000000001);
SELECT bountygo.create_task('x', tags => '{{a,b},{c,d}}');
SELECT bountygo.create_task('x', category => 'lottery', external_link => 'x');
SELECT count(*) FROM bountygo.tasks WHERE title = 'x';
-- At the limits all is well.
SELECT length(t ->> 'title'), length(t ->> 'summary'), length(t ->> 'description'), t #> '{reward,amount}', jsonb_array_length(t -> 'tags'), t -> 'state'
	FROM bountygo.create_task(repeat('界', 255), summary => repeat('界', 500), description => repeat('界', 65535), reward_amount => 999999999999999999,
	tags => ARRAY(SELECT 'tasks limit ' || i FROM generate_series(1, 20) i)) t;

-- Looking at what is not there.
\set VERBOSITY sqlstate
SELECT bountygo.get_task(-1);
SELECT bountygo.get_task(NULL);
SELECT bountygo.task_evidence(-1);
SELECT bountygo.snapshot(-1);
\set VERBOSITY default

-- Lists. These tasks only: one host, since pages make them.
CREATE FUNCTION pg_temp.offer(name text, earliest timestamptz, latest timestamptz, amount numeric, currency text, created timestamptz,
	status bountygo.task_status DEFAULT 'active') RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
	made bigint;
BEGIN
	INSERT INTO bountygo.tasks (title, deadline_earliest, deadline, deadline_precision, reward_amount, reward_currency, source_url, source_host,
			created_at, status)
		VALUES (name, earliest, latest, CASE WHEN latest IS NOT NULL THEN 'second'::bountygo.deadline_precision END, amount, currency,
			'https://list.example/' || name, 'list.example', created, offer.status) RETURNING id INTO made;
	INSERT INTO bountygo.evidence (task_id, field, value, method) SELECT made, v.field, v.value, 'user:0' FROM (VALUES
		('title', to_jsonb(name)), ('deadline', bountygo.deadline_value(NULL, earliest, latest, NULL,
			CASE WHEN latest IS NOT NULL THEN 'second'::bountygo.deadline_precision END, NULL)),
		('reward', bountygo.reward_value(amount, NULL, currency, NULL))) v (field, value) WHERE v.value IS NOT NULL;
	RETURN made;
END
$$;
SELECT count(pg_temp.offer(o.name, o.earliest, o.latest, o.amount, o.currency, o.created, o.status::bountygo.task_status)) FROM (VALUES
	('a-open', '2100-01-01Z'::timestamptz, '2100-01-02Z'::timestamptz, 100, 'USD', '2026-01-01Z'::timestamptz, 'active'),
	('b-open', '2100-01-01Z', '2100-01-02Z', 50.5, 'USD', '2026-01-02Z', 'active'),
	('c-maybe', '2020-01-01Z', '2100-01-01Z', NULL, NULL, '2026-01-03Z', 'active'),
	('d-closed', '2020-01-01Z', '2020-01-02Z', 1000, 'USDC', '2026-01-03Z', 'active'),
	('e-unknown', NULL, NULL, 100, 'CNY', '2026-01-04Z', 'active'),
	('f-unknown', NULL, NULL, NULL, NULL, '2026-01-05Z', 'active'),
	('g-done', '2100-01-01Z', '2100-01-02Z', 7, 'USD', '2026-01-06Z', 'completed'),
	('h-paused', '2099-01-01Z', '2099-01-02Z', 0, 'USD', '2026-01-07Z', 'paused'),
	('i-draft', NULL, NULL, NULL, NULL, '2026-01-08Z', 'draft')) AS o (name, earliest, latest, amount, currency, created, status);
CREATE FUNCTION pg_temp.titles(list jsonb) RETURNS text LANGUAGE sql AS $$
	SELECT concat_ws(' ', string_agg(i ->> 'title', ' ' ORDER BY n), CASE WHEN list -> 'next' <> 'null' THEN '...' END)
	FROM jsonb_array_elements(list -> 'items') WITH ORDINALITY AS e (i, n)
$$;
\set mine 'source_host => ''LIST.example'''
SELECT pg_temp.titles(bountygo.list_tasks(:mine));
SELECT s, pg_temp.titles(bountygo.list_tasks(:mine, state => s)) FROM unnest(enum_range(NULL::bountygo.state_filter)) s;
SELECT s, pg_temp.titles(bountygo.list_tasks(:mine, state => 'any', status => s)) FROM unnest(enum_range(NULL::bountygo.task_status)) s;
SELECT s, pg_temp.titles(bountygo.list_tasks(:mine, state => 'any', sort => s)) FROM unnest(enum_range(NULL::bountygo.task_sort)) s WHERE s <> '-relevance';
SELECT pg_temp.titles(bountygo.list_tasks(:mine, state => 'any', reward_min => 100)), pg_temp.titles(bountygo.list_tasks(:mine, reward_max => 60, currency => 'usd'));
SELECT pg_temp.titles(bountygo.list_tasks(:mine, has_deadline => false)), pg_temp.titles(bountygo.list_tasks(:mine, has_deadline => true));
SELECT pg_temp.titles(bountygo.list_tasks(:mine, state => 'any', closes_before => '2021-01-01Z')), pg_temp.titles(bountygo.list_tasks(:mine, closes_after => '2099-06-01Z'));
SELECT pg_temp.titles(bountygo.list_tasks(:mine, q => ' UNKNOWN ')), pg_temp.titles(bountygo.list_tasks(:mine, q => '%')), pg_temp.titles(bountygo.list_tasks(:mine, q => '  ')) <> '';
SELECT pg_temp.titles(bountygo.list_tasks(q => 'tasks & sons')), pg_temp.titles(bountygo.list_tasks(q => 'C++tasks'));
SELECT pg_temp.titles(bountygo.list_tasks(tag => '{TASKS-DESIGN}')), pg_temp.titles(bountygo.list_tasks(tag => '{tasks design,c++tasks}')),
	pg_temp.titles(bountygo.list_tasks(tag => '{tasks design,unheard of}'));
SELECT pg_temp.titles(bountygo.list_tasks(:mine, category => 'design')), pg_temp.titles(bountygo.list_tasks(category => 'design', q => 'Tasks: a', reward_type => 'each'));
SELECT pg_temp.titles(bountygo.list_tasks(organizer_id => (:'made'::jsonb #>> '{organizer,id}')::bigint)), pg_temp.titles(bountygo.list_tasks(organizer_id => -1)),
	pg_temp.titles(bountygo.list_tasks(sponsor_id => -1)), pg_temp.titles(bountygo.list_tasks(:mine, language => 'en'));
SELECT pg_temp.titles(bountygo.list_tasks(url => 'https://LIST.example:443/a-open?utm_source=x#top')), bountygo.list_tasks(url => 'https://list.example/none');
-- The task of a page, though it is over, unless only open ones are asked for.
SELECT pg_temp.titles(bountygo.list_tasks(url => 'https://list.example/d-closed')), pg_temp.titles(bountygo.list_tasks(url => 'https://list.example/g-done', count => 'exact')),
	pg_temp.titles(bountygo.list_tasks(url => 'https://list.example/d-closed', state => 'open')) = '' AS none_open, pg_temp.titles(bountygo.list_tasks(:mine, status => 'completed'));
SELECT pg_temp.titles(bountygo.list_tasks(:mine, state => NULL, sort => NULL, "limit" => NULL)) = pg_temp.titles(bountygo.list_tasks(:mine));

-- Page by page, in each order, each task exactly once; also when others are added in between.
CREATE FUNCTION pg_temp.walk(sort bountygo.task_sort, size integer) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	page jsonb;
	titles text[] := '{}';
	place text;
BEGIN
	LOOP
		page := bountygo.list_tasks(source_host => 'list.example', state => 'any', sort => walk.sort, cursor => place, "limit" => size);
		titles := titles || ARRAY(SELECT i ->> 'title' FROM jsonb_array_elements(page -> 'items') i);
		place := page ->> 'next';
		EXIT WHEN place IS NULL;
	END LOOP;
	RETURN array_to_string(titles, ' ');
END
$$;
SELECT s, size, pg_temp.walk(s, size) = pg_temp.titles(bountygo.list_tasks(source_host => 'list.example', state => 'any', sort => s))
	FROM unnest(enum_range(NULL::bountygo.task_sort)) s, generate_series(1, 4) size WHERE s <> '-relevance';
SELECT bountygo.list_tasks(:mine, "limit" => 2) ->> 'next' AS next \gset
SELECT pg_temp.offer('z-new', NULL, NULL, NULL, NULL, '2026-06-01Z') > 0;
SELECT pg_temp.titles(bountygo.list_tasks(:mine, cursor => :'next'));

-- Wrong questions.
SELECT bountygo.list_tasks("limit" => 0);
SELECT bountygo.list_tasks("limit" => 101, q => repeat('q', 201), tag => array_fill('t'::text, ARRAY[21]), reward_min => 'NaN', reward_max => -1);
SELECT bountygo.list_tasks(reward_min => 2, reward_max => 1);
SELECT bountygo.list_tasks(cursor => 'abc');
SELECT bountygo.list_tasks(cursor => '');
SELECT bountygo.list_tasks(cursor => 'ä' || :'next');
SELECT bountygo.list_tasks(cursor => overlay(:'next' PLACING CASE WHEN substr(:'next', 30, 1) = 'A' THEN 'B' ELSE 'A' END FROM 30));
SELECT bountygo.list_tasks(cursor => :'next', sort => 'deadline');
SELECT bountygo.list_tasks(url => 'ftp://list.example/');

-- Names.
SELECT n, bountygo.name_key(n) FROM unnest(ARRAY['Web3', 'ＷＥＢ３', '  web  3 ', 'C++', 'C#', 'Node.js', 'NODE JS', 'ÉCOLE', '黑客松、设计', '!!!', 'Straße', 'İ']) n;
SELECT bountygo.rfc3339('2030-01-01 00:00+08'), bountygo.rfc3339('2030-01-01 00:00:00.5Z'), bountygo.rfc3339(NULL) IS NULL;

DELETE FROM bountygo.tasks WHERE source_host = 'list.example';
