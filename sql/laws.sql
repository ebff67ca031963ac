-- Law 1 of the design: no evidence, no value. Whoever writes, and in whatever order.
\set SHOW_CONTEXT never
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS bountygo;
SELECT bountygo.init() > 0 AS ready;
\pset format unaligned
\pset tuples_only on

-- Runs statements, has the deferred triggers speak, and takes everything back. Numbers become N.
CREATE FUNCTION pg_temp.try(statements text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	state text; message text; detail text; hint text;
BEGIN
	EXECUTE statements;
	SET CONSTRAINTS ALL IMMEDIATE;
	RAISE EXCEPTION 'accepted' USING ERRCODE = '00001';
EXCEPTION WHEN OTHERS THEN
	GET STACKED DIAGNOSTICS state = RETURNED_SQLSTATE, message = MESSAGE_TEXT, detail = PG_EXCEPTION_DETAIL, hint = PG_EXCEPTION_HINT;
	RETURN CASE state WHEN '00001' THEN 'accepted'
		ELSE state || ' ' || regexp_replace(concat_ws(' | ', message, CASE WHEN detail !~ '^(Failing row|Key)' THEN nullif(detail, '') END,
			nullif(hint, '')), '\m\d+\M', 'N', 'g') END;
END
$$;

INSERT INTO bountygo.snapshots (url, final_url, bytes, text, text_hash, language, result)
	VALUES ('https://laws.example/page', 'https://laws.example/page', 1,
		'征文 Essay contest of Lawsacme. Prize: 500 USDC, first place 300 USDC. Ends 2030-05-01. lawsrust', '\x00', 'en', '{}')
	RETURNING id AS snapshot \gset
-- A value, quoted where it stands.
CREATE FUNCTION pg_temp.quoted(quote text, value jsonb) RETURNS jsonb LANGUAGE sql AS $$
	SELECT jsonb_build_object('value', value, 'quote', quote, 'start', strpos(s.text, quote) - 1,
		'end', strpos(s.text, quote) - 1 + length(quote), 'method', 'rule', 'confidence', 0.9)
	FROM bountygo.snapshots s WHERE s.url = 'https://laws.example/page'
$$;
SELECT bountygo.task_from_snapshot(:snapshot, jsonb_build_object('is_task', true,
	'fields', jsonb_build_object(
		'title', pg_temp.quoted('Essay contest', '"Essay contest"'),
		'organizer', pg_temp.quoted('Lawsacme', '"Lawsacme"'),
		'tags', pg_temp.quoted('lawsrust', '["lawsrust"]'),
		'reward', pg_temp.quoted('500 USDC', '{"amount": 500, "min": null, "currency": "USDC", "distribution": "tiers"}'),
		'deadline', pg_temp.quoted('2030-05-01', '{"date": "2030-05-01", "earliest": "2030-04-30T10:00:00Z",
			"latest": "2030-05-02T12:00:00Z", "text": "2030-05-01", "precision": "day", "zone": null}')),
	'rewards', jsonb_build_array(pg_temp.quoted('first place 300 USDC', NULL) || '{"place": 1, "amount": 300, "currency": "USDC"}'),
	'missing', '{"category": "ambiguous", "summary": "absent", "eligibility": "absent"}'::jsonb)) AS task \gset

-- Setting a field directly.
SELECT pg_temp.try(format('UPDATE bountygo.tasks SET title = ''Another'' WHERE id = %s', :task));
SELECT pg_temp.try(format('UPDATE bountygo.tasks SET summary = ''Out of nowhere'' WHERE id = %s', :task));
SELECT pg_temp.try(format('UPDATE bountygo.tasks SET category = ''content'', missing = missing - ''category'' WHERE id = %s', :task));
SELECT pg_temp.try(format('UPDATE bountygo.tasks SET eligibility = ''everyone'' WHERE id = %s', :task));
SELECT pg_temp.try(format('UPDATE bountygo.tasks SET reward_amount = 501 WHERE id = %s', :task));
SELECT pg_temp.try(format('UPDATE bountygo.tasks SET reward_currency = ''USDT'' WHERE id = %s', :task));
SELECT pg_temp.try(format('UPDATE bountygo.tasks SET deadline = deadline + ''1 day'' WHERE id = %s', :task));
SELECT pg_temp.try(format('UPDATE bountygo.tasks SET deadline_zone = ''UTC'' WHERE id = %s', :task));
SELECT pg_temp.try(format('UPDATE bountygo.tasks SET language = ''zh'' WHERE id = %s', :task));
SELECT pg_temp.try(format($$INSERT INTO bountygo.organizers (name, name_key) VALUES ('Laws Others', bountygo.name_key('Laws Others'));
	UPDATE bountygo.tasks SET organizer_id = (SELECT id FROM bountygo.organizers WHERE name = 'Laws Others') WHERE id = %s$$, :task));
SELECT pg_temp.try($$INSERT INTO bountygo.tasks (title) VALUES ('From nothing')$$);
-- What is no extracted field is free.
SELECT pg_temp.try(format('UPDATE bountygo.tasks SET status = ''paused'', updated_at = now() WHERE id = %s', :task));
-- The same value written again is no other value.
SELECT pg_temp.try(format('UPDATE bountygo.tasks SET title = title, reward_amount = 500.00 WHERE id = %s', :task));

-- Around it: the evidence goes, changes, or is outdated.
SELECT pg_temp.try(format('DELETE FROM bountygo.evidence WHERE field = ''title'' AND task_id = %s', :task));
SELECT pg_temp.try(format('UPDATE bountygo.evidence SET is_current = false WHERE field = ''reward'' AND task_id = %s', :task));
SELECT pg_temp.try(format('UPDATE bountygo.evidence SET value = ''"Other"'' WHERE field = ''title'' AND task_id = %s', :task));
SELECT pg_temp.try(format('UPDATE bountygo.evidence SET quote = ''Essay'' WHERE field = ''title'' AND task_id = %s', :task));
SELECT pg_temp.try(format('UPDATE bountygo.evidence SET is_current = false WHERE field = ''rewards'' AND task_id = %s', :task));
SELECT pg_temp.try('TRUNCATE bountygo.evidence CASCADE');
SELECT pg_temp.try('TRUNCATE bountygo.tasks CASCADE');
SELECT pg_temp.try(format('UPDATE bountygo.snapshots SET text = ''Other'' WHERE id = %s', :snapshot));
SELECT pg_temp.try(format('DELETE FROM bountygo.snapshots WHERE id = %s', :snapshot));
SELECT pg_temp.try('UPDATE bountygo.organizers SET name = ''Acme Two'', name_key = bountygo.name_key(''Acme Two'') WHERE name_key = ''lawsacme''');
SELECT pg_temp.try('UPDATE bountygo.organizers SET name = ''LAWSACME'' WHERE name_key = ''lawsacme''');
SELECT pg_temp.try('INSERT INTO bountygo.organizers (name, name_key) VALUES (''Foo'', ''bar'')');
SELECT pg_temp.try('UPDATE bountygo.tags SET name = ''go'', name_key = ''go'' WHERE name_key = ''lawsrust''');

-- Quotes that are not there.
SELECT pg_temp.try(format($$INSERT INTO bountygo.evidence (task_id, field, value, snapshot_id, start_char, end_char, quote, method)
	VALUES (%s, 'summary', '"Made up"', %s, 0, 7, 'Made up', 'model')$$, :task, :snapshot));
SELECT pg_temp.try(format($$INSERT INTO bountygo.evidence (task_id, field, value, snapshot_id, start_char, end_char, quote, method)
	VALUES (%s, 'summary', '"Essay"', %s, 4, 9, 'Essay', 'model')$$, :task, :snapshot));
SELECT pg_temp.try(format($$INSERT INTO bountygo.evidence (task_id, field, value, snapshot_id, start_char, end_char, quote, method)
	VALUES (%s, 'summary', '"Essay"', %s, 3, 5000, 'Essay', 'model')$$, :task, :snapshot));
-- Characters, not bytes: the page begins with two Chinese ones and a space.
SELECT pg_temp.try(format($$INSERT INTO bountygo.evidence (task_id, field, value, snapshot_id, start_char, end_char, quote, method)
	VALUES (%s, 'summary', '"Essay"', %s, 3, 8, 'Essay', 'model');
	UPDATE bountygo.tasks SET summary = 'Essay', missing = missing - 'summary' WHERE id = %1$s$$, :task, :snapshot));
-- Without a snapshot only people speak.
SELECT pg_temp.try(format($$INSERT INTO bountygo.evidence (task_id, field, value, method) VALUES (%s, 'summary', '"x"', 'model')$$, :task));

-- The right way: new evidence and the value in one transaction, in either order.
SELECT pg_temp.try(format($$UPDATE bountygo.tasks SET title = 'Another' WHERE id = %1$s;
	UPDATE bountygo.evidence SET is_current = false WHERE task_id = %1$s AND field = 'title';
	INSERT INTO bountygo.evidence (task_id, field, value, method) VALUES (%1$s, 'title', '"Another"', 'user:7')$$, :task));
SELECT pg_temp.try(format($$UPDATE bountygo.evidence SET is_current = false WHERE task_id = %1$s AND field = 'title';
	UPDATE bountygo.tasks SET title = NULL, missing = missing || '{"title": "conflict"}' WHERE id = %1$s$$, :task));

-- Tags.
SELECT pg_temp.try(format($$INSERT INTO bountygo.tags (name, name_key) VALUES ('laws-go', bountygo.name_key('laws-go'));
	INSERT INTO bountygo.task_tags SELECT %s, id FROM bountygo.tags WHERE name = 'laws-go'$$, :task));
SELECT pg_temp.try(format('UPDATE bountygo.evidence SET is_current = false WHERE field = ''tags'' AND task_id = %s', :task));
SELECT pg_temp.try(format('DELETE FROM bountygo.task_tags WHERE task_id = %s', :task));

-- Prizes and other dates.
SELECT pg_temp.try(format('UPDATE bountygo.rewards SET amount = 9999 WHERE task_id = %s', :task));
SELECT pg_temp.try(format($$INSERT INTO bountygo.rewards (task_id, evidence_id, amount)
	SELECT task_id, id, 1 FROM bountygo.evidence WHERE task_id = %s AND field = 'title'$$, :task));
SELECT pg_temp.try(format($$INSERT INTO bountygo.milestones (task_id, evidence_id, kind, text, earliest, latest, precision)
	SELECT task_id, id, 'judging', 'soon', '2030-01-01Z', '2030-01-02Z', 'day' FROM bountygo.evidence WHERE task_id = %s AND field = 'title'$$, :task));

-- Reasons: one for each field of a page that has no value, and only then.
SELECT pg_temp.try(format('UPDATE bountygo.tasks SET missing = missing - ''category'' WHERE id = %s', :task));
SELECT pg_temp.try(format('UPDATE bountygo.tasks SET missing = missing || ''{"category": "because"}'' WHERE id = %s', :task));
SELECT pg_temp.try(format('UPDATE bountygo.tasks SET missing = missing || ''{"title": "absent"}'' WHERE id = %s', :task));
SELECT pg_temp.try(format('UPDATE bountygo.tasks SET missing = missing || ''{"category": "conflict"}'' WHERE id = %s', :task));

-- Without the help of try: the error comes with COMMIT, and nothing is done.
BEGIN;
UPDATE bountygo.tasks SET title = 'Another' WHERE id = :task;
\set VERBOSITY sqlstate
COMMIT;
\set VERBOSITY default
SELECT title FROM bountygo.tasks WHERE id = :task;
-- Deleting a task takes all of it along.
SELECT pg_temp.try(format('DELETE FROM bountygo.tasks WHERE id = %s', :task));

-- Law 3 holds in the table: a window has both ends, in order, finite.
SELECT pg_temp.try($$INSERT INTO bountygo.tasks (deadline) VALUES (now())$$) LIKE '23514%';
SELECT pg_temp.try($$INSERT INTO bountygo.tasks (deadline_earliest, deadline, deadline_precision) VALUES (now(), 'infinity', 'day')$$) LIKE '23514%';
SELECT pg_temp.try($$INSERT INTO bountygo.tasks (deadline_earliest, deadline, deadline_precision)
	VALUES (now(), now() - interval '1 s', 'day')$$) LIKE '23514%';
DELETE FROM bountygo.tasks WHERE id = :task;
