-- Corrections of single fields, which beat what was extracted, and tasks made from a page that was read before.

CREATE FUNCTION bountygo.correction_value(field text, value jsonb, pointer text, OUT normal jsonb, OUT problems jsonb) RETURNS record
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	lines constant boolean := field IN ('summary', 'description', 'eligibility');
	word constant text := CASE jsonb_typeof(value) WHEN 'string' THEN bountygo.clean_text(value #>> '{}', lines) END;
	names text[];
	unknown text;
BEGIN
	problems := '[]';
	normal := 'null';
	IF coalesce(value, 'null') = 'null' THEN
		RETURN;
	END IF;
	CASE
		WHEN field IN ('title', 'organizer', 'summary', 'description', 'eligibility', 'language') THEN
			IF word IS NULL THEN
				problems := bountygo.problem(pointer, 'This must be a text, or null for no value.');
			ELSE
				problems := CASE field WHEN 'language' THEN bountygo.language_problems(pointer, word)
					ELSE bountygo.text_problems(pointer, word, CASE field WHEN 'title' THEN 255 WHEN 'organizer' THEN 200 WHEN 'summary' THEN 500
						WHEN 'eligibility' THEN 2000 ELSE 65535 END, lines) END;
				normal := to_jsonb(CASE field WHEN 'language' THEN lower(word) ELSE word END);
			END IF;
		WHEN field = 'category' THEN
			normal := to_jsonb(bountygo.find_category(word));
			IF normal IS NULL THEN
				problems := CASE WHEN word IS NULL THEN bountygo.problem(pointer, 'This must be the name of a category, or null for no value.')
					ELSE bountygo.category_problem(word, pointer) END;
			END IF;
		WHEN field = 'tags' THEN
			IF jsonb_typeof(value) <> 'array' OR EXISTS (SELECT FROM jsonb_array_elements(value) e WHERE jsonb_typeof(e) <> 'string') THEN
				problems := bountygo.problem(pointer, 'This must be a list of names.');
			ELSE
				names := ARRAY(SELECT n.name FROM jsonb_array_elements_text(value) WITH ORDINALITY AS n (name, i) ORDER BY n.i);
				problems := bountygo.tag_problems(pointer, names);
				normal := coalesce((SELECT jsonb_agg(bountygo.clean_text(n.name) ORDER BY n.i) FROM unnest(names) WITH ORDINALITY AS n (name, i)), 'null');
			END IF;
		WHEN field = 'reward' THEN
			SELECT k INTO unknown FROM jsonb_object_keys(CASE jsonb_typeof(value) WHEN 'object' THEN value ELSE '{}' END) k
				WHERE k <> ALL ('{amount,min,currency,distribution}'::text[]) ORDER BY k LIMIT 1;
			IF jsonb_typeof(value) <> 'object' OR unknown IS NOT NULL OR coalesce(jsonb_typeof(value -> 'amount'), 'null') NOT IN ('number', 'null')
				OR coalesce(jsonb_typeof(value -> 'min'), 'null') NOT IN ('number', 'null')
				OR coalesce(jsonb_typeof(value -> 'currency'), 'null') NOT IN ('string', 'null') THEN
				problems := bountygo.problem(pointer, 'This must be an object {"amount", "min", "currency", "distribution"} of numbers and texts.');
				RETURN;
			END IF;
			problems := bountygo.reward_problems(pointer || '/', (value ->> 'amount')::numeric, (value ->> 'min')::numeric, upper(value ->> 'currency'));
			IF NOT coalesce(value ->> 'distribution' = ANY (enum_range(NULL::bountygo.reward_distribution)::text[]), true) THEN
				problems := problems || bountygo.problem(pointer || '/distribution', format('This must be one of %s.',
					array_to_string(enum_range(NULL::bountygo.reward_distribution), ', ')));
			END IF;
			IF problems = '[]' THEN
				normal := coalesce(bountygo.reward_value((value ->> 'amount')::numeric, (value ->> 'min')::numeric, upper(value ->> 'currency'),
					(value ->> 'distribution')::bountygo.reward_distribution), 'null');
			END IF;
		WHEN field = 'deadline' THEN
			normal := NULL;
			BEGIN
				IF word ~ '^\d{4}-\d\d-\d\d$' THEN
					normal := bountygo.date_window(word::date);
				ELSIF word ~ '^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d{1,6})?)?(Z|[+-]\d\d:\d\d)$' THEN
					normal := bountygo.instant_window(word::timestamptz);
				ELSIF jsonb_typeof(value) = 'object' AND NOT (value ?| '{earliest,latest}') AND value ->> 'date' ~ '^\d{4}-\d\d-\d\d$' THEN
					normal := bountygo.date_window((value ->> 'date')::date);
				ELSIF jsonb_typeof(value) = 'object' AND coalesce(length(value ->> 'text') <= 500 AND NOT
						bountygo.has_control_characters(value ->> 'text'), true) AND coalesce(length(value ->> 'zone') <= 64
						AND NOT bountygo.has_control_characters(value ->> 'zone'), true) THEN
					normal := bountygo.field_value('deadline', value);
				END IF;
			EXCEPTION WHEN data_exception THEN
				normal := NULL;
			END;
			IF normal IS NULL THEN
				problems := bountygo.problem(pointer, 'This must be a date ("2030-03-01"), an instant with its zone ("2030-03-01T10:00:00Z"), '
					'or a window {"date", "earliest", "latest", "text", "precision", "zone"} with both ends in order.');
			END IF;
	END CASE;
END
$$;
COMMENT ON FUNCTION bountygo.correction_value(text, jsonb, text) IS
'What a person says that a field should be, as evidence holds it (JSON null: no value), or what is wrong with it, as a list for raise_invalid.';

CREATE FUNCTION bountygo.correction_problems(field text, pointer text) RETURNS jsonb
LANGUAGE sql IMMUTABLE
SET search_path = pg_catalog, pg_temp
AS $$
	SELECT CASE WHEN coalesce($1 <> ALL ('{title,organizer,category,tags,reward,deadline,eligibility,summary,description,language}'::text[]), true)
		THEN bountygo.problem($2, 'This must be one of title, organizer, category, tags, reward, deadline, eligibility, summary, description, language.')
		ELSE '[]' END
$$;
COMMENT ON FUNCTION bountygo.correction_problems(text, text) IS 'What is wrong with the name of a field that is to be corrected, as a list for raise_invalid.';

CREATE FUNCTION bountygo.sponsored_title_problems(task_id bigint, field text, value jsonb) RETURNS jsonb
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
	SELECT CASE WHEN $2 = 'title' AND $3 = 'null' AND EXISTS (SELECT FROM bountygo.tasks t WHERE t.id = $1 AND t.sponsor_id IS NOT NULL)
		THEN bountygo.problem('/value', 'A task that somebody sponsors needs a title.') ELSE '[]' END
$$;
COMMENT ON FUNCTION bountygo.sponsored_title_problems(bigint, text, jsonb) IS
'What is wrong with a correction that takes the title from a task, as a list for raise_invalid.';

CREATE FUNCTION bountygo.may_correct_task(id bigint) RETURNS boolean
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	RETURN EXISTS (SELECT FROM bountygo.tasks t WHERE t.id = may_correct_task.id
		AND (bountygo.current_user_id() IN (t.sponsor_id, t.submitted_by) OR bountygo.is_moderator()
			OR (bountygo.current_user_id() IS NULL AND pg_has_role(current_user, 'bountygo_admin', 'MEMBER'))));
END
$$;
COMMENT ON FUNCTION bountygo.may_correct_task(bigint) IS 'True if the caller''s corrections of the task are applied at once: its sponsor, who submitted its page, moderators.';

CREATE FUNCTION bountygo.apply_corrections(id bigint, fields jsonb) RETURNS integer
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	caller constant bigint := bountygo.require_user();
	f record;
	c record;
	checked jsonb := '{}';
	t record;
BEGIN
	PERFORM bountygo.require_scope('tasks:write');
	-- Runs as the tables' owner, for whom there is no row-level security: a submitter may change the fields of a page's task, and
	-- nothing else of it. So this believes none of its arguments.
	SELECT x.sponsor_id, x.submitted_by, x.status INTO t FROM bountygo.tasks x WHERE x.id = apply_corrections.id FOR NO KEY UPDATE;
	IF NOT FOUND OR (t.status = 'draft' AND t.sponsor_id IS DISTINCT FROM caller AND NOT bountygo.is_moderator()) THEN
		RAISE EXCEPTION 'there is no task %', coalesce(apply_corrections.id::text, '(null)')
			USING ERRCODE = 'UB404', HINT = 'It does not exist or is not visible to you.';
	ELSIF NOT coalesce(caller = t.sponsor_id, false) AND NOT coalesce(caller = t.submitted_by, false) AND NOT bountygo.is_moderator() THEN
		RAISE EXCEPTION 'this task is not yours' USING ERRCODE = 'UB403', HINT = 'Propose the correction with correct_task().';
	END IF;
	FOR f IN SELECT e.key, e.value FROM jsonb_each(fields) e ORDER BY e.key LOOP
		PERFORM bountygo.raise_invalid(bountygo.correction_problems(f.key, '/field'));
		SELECT v.normal, v.problems INTO c FROM bountygo.correction_value(f.key, f.value, '/value') v;
		PERFORM bountygo.raise_invalid(c.problems || bountygo.sponsored_title_problems(apply_corrections.id, f.key, c.normal));
		checked := checked || jsonb_build_object(f.key, c.normal);
	END LOOP;
	RETURN bountygo.apply_user_fields(apply_corrections.id, checked, caller, confirm => true);
END
$$;
COMMENT ON FUNCTION bountygo.apply_corrections(bigint, jsonb) IS
'Applies corrections {field: value} of the signed-in caller, who is the task''s sponsor, submitted its page, or is a moderator; returns how many fields changed. Internal: correct_task() and create_task_from_job() call it.';

CREATE FUNCTION bountygo.correct_task(id bigint, field text, value jsonb, note text DEFAULT NULL) RETURNS jsonb
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	caller constant bigint := bountygo.require_editor();
	wanted_note constant text := bountygo.clean_text(correct_task.note, true);
	problems jsonb;
	c record;
	report bigint;
BEGIN
	PERFORM bountygo.require_task(correct_task.id);
	problems := bountygo.correction_problems(correct_task.field, '/field');
	IF problems = '[]' THEN
		SELECT v.normal, v.problems INTO c FROM bountygo.correction_value(correct_task.field, correct_task.value, '/value') v;
		problems := c.problems || bountygo.sponsored_title_problems(correct_task.id, correct_task.field, c.normal);
	END IF;
	PERFORM bountygo.raise_invalid(problems || bountygo.text_problems('/note', wanted_note, 2000, true));
	IF bountygo.may_correct_task(correct_task.id) THEN
		IF caller IS NULL THEN
			PERFORM bountygo.lock_own_task(correct_task.id);
			PERFORM bountygo.apply_user_fields(correct_task.id, jsonb_build_object(correct_task.field, c.normal), NULL, confirm => true);
		ELSE
			PERFORM bountygo.apply_corrections(correct_task.id, jsonb_build_object(correct_task.field, c.normal));
		END IF;
		RETURN jsonb_build_object('status', 'applied', 'task', bountygo.get_task(correct_task.id), 'report', NULL);
	END IF;
	BEGIN
		INSERT INTO bountygo.reports (task_id, reporter_id, kind, field, value, note)
			VALUES (correct_task.id, caller, 'correction', correct_task.field, c.normal, wanted_note) RETURNING reports.id INTO report;
	EXCEPTION WHEN unique_violation THEN
		RAISE EXCEPTION 'you have proposed a correction of this field already'
			USING ERRCODE = 'UB409', HINT = 'Moderators have not decided yet. See GET /reports.';
	WHEN foreign_key_violation OR insufficient_privilege THEN
		-- Deleted since we looked.
		PERFORM bountygo.require_task(correct_task.id);
		RAISE;
	END;
	RETURN jsonb_build_object('status', 'proposed', 'task', bountygo.get_task(correct_task.id), 'report', bountygo.report_object(report));
END
$$;
COMMENT ON FUNCTION bountygo.correct_task(bigint, text, jsonb, text) IS
'Says what a field of a task should be: {status: applied or proposed, task, report}. field: title, organizer, category, tags, reward, deadline, eligibility, summary, description or language; value: as in the evidence of that field, a deadline also as a date or an instant; null: the value should go. From the sponsor, who submitted the page, and moderators it is applied at once, as evidence of method user:<id> that later looks at the page do not overrule; from others it is proposed to the moderators. note: up to 2000 characters. UB401 without a user, UB404, UB409 while a proposal of yours for the field is open, UB422.';

CREATE FUNCTION bountygo.store_job_task(job_id bigint) RETURNS bigint
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	caller constant bigint := bountygo.require_user();
	j record;
	task bigint;
BEGIN
	PERFORM bountygo.require_scope('tasks:write');
	SELECT x.requested_by, x.state, r.snapshot_id, r.task_id, coalesce(r.result, s.result) AS result INTO j
		FROM bountygo.jobs x LEFT JOIN bountygo.job_results r ON r.job_id = x.id LEFT JOIN bountygo.snapshots s ON s.id = r.snapshot_id
		WHERE x.id = store_job_task.job_id;
	IF j.requested_by IS DISTINCT FROM caller THEN
		RAISE EXCEPTION 'there is no such job' USING ERRCODE = 'UB404', HINT = 'It may be another user''s: sign in as the one who submitted it.';
	ELSIF j.state IN ('queued', 'leased') THEN
		RAISE EXCEPTION 'this job is not done yet' USING ERRCODE = 'UB409', HINT = 'Wait until its state is done.';
	ELSIF j.snapshot_id IS NULL OR j.result IS NULL THEN
		RAISE EXCEPTION 'this job has read no page' USING ERRCODE = 'UB409', HINT = 'Its outcome says why. Submit the page again.';
	END IF;
	-- That it is a task is what the caller says; what it says about itself still needs its quotes.
	task := coalesce(j.task_id, bountygo.task_from_snapshot(j.snapshot_id, j.result || '{"is_task": true}', caller, store_job_task.job_id));
	UPDATE bountygo.job_results r SET task_id = task WHERE r.job_id = store_job_task.job_id AND r.task_id IS NULL;
	RETURN task;
END
$$;
COMMENT ON FUNCTION bountygo.store_job_task(bigint) IS
'Makes the task of the page that a job of the signed-in caller has read, or finds it, and returns its id. Internal: create_task_from_job() calls it.';

CREATE FUNCTION bountygo.create_task_from_job(job_id bigint, overrides jsonb DEFAULT NULL) RETURNS jsonb
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	caller constant bigint := bountygo.require_user();
	problems jsonb := '[]';
	fields jsonb := '{}';
	f record;
	c record;
	task bigint;
BEGIN
	IF jsonb_typeof(overrides) NOT IN ('object', 'null') THEN
		problems := bountygo.problem('/overrides', 'This must be an object, {field: value}.');
	ELSIF jsonb_typeof(overrides) = 'object' THEN
		FOR f IN SELECT o.key, o.value, '/overrides/' || replace(replace(o.key, '~', '~0'), '/', '~1') AS pointer FROM jsonb_each(overrides) o ORDER BY o.key LOOP
			IF bountygo.correction_problems(f.key, f.pointer) <> '[]' THEN
				problems := problems || bountygo.problem(f.pointer, (bountygo.correction_problems(f.key, f.pointer) -> 0 ->> 'detail')
					|| ' These are the fields that can be overridden.');
			ELSE
				SELECT v.normal, v.problems INTO c FROM bountygo.correction_value(f.key, f.value, f.pointer) v;
				problems := problems || c.problems;
				fields := fields || jsonb_build_object(f.key, c.normal);
			END IF;
		END LOOP;
	END IF;
	PERFORM bountygo.raise_invalid(problems);
	task := bountygo.store_job_task(create_task_from_job.job_id);
	IF fields <> '{}' THEN
		IF bountygo.may_correct_task(task) THEN
			PERFORM bountygo.apply_corrections(task, fields);
		ELSE
			INSERT INTO bountygo.reports (task_id, reporter_id, kind, field, value)
				SELECT task, caller, 'correction', o.key, o.value FROM jsonb_each(fields) o ORDER BY o.key
				ON CONFLICT DO NOTHING;
		END IF;
	END IF;
	RETURN bountygo.get_task(task);
END
$$;
COMMENT ON FUNCTION bountygo.create_task_from_job(bigint, jsonb) IS
'Makes the task of a page that a done job of yours has read, whether or not the page was taken for a task, and returns it; the task that the page already has, if it has one. overrides: {field: value} as for correct_task, applied at once if the task is yours, else proposed to the moderators. UB401 without a user, UB404 without such a job, UB409 if it is not done or read no page, UB422.';
