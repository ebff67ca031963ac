-- Tasks, written by people: made, changed, ended, deleted.

CREATE FUNCTION bountygo.create_task(
	title text,
	summary text DEFAULT NULL,
	description text DEFAULT NULL,
	category text DEFAULT NULL,
	reward_amount numeric DEFAULT NULL,
	reward_currency text DEFAULT NULL,
	reward_distribution bountygo.reward_distribution DEFAULT NULL,
	deadline timestamptz DEFAULT NULL,
	external_link text DEFAULT NULL,
	tags text[] DEFAULT NULL,
	organizer_name text DEFAULT NULL,
	status bountygo.task_status DEFAULT 'active',
	reward_min numeric DEFAULT NULL,
	deadline_date date DEFAULT NULL,
	language text DEFAULT NULL,
	eligibility text DEFAULT NULL) RETURNS jsonb
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	caller constant bigint := bountygo.require_editor();
	problems jsonb := '[]';
	wanted_title constant text := bountygo.clean_text(title);
	wanted_summary constant text := bountygo.clean_text(summary, true);
	wanted_description constant text := bountygo.clean_text(description, true);
	wanted_eligibility constant text := bountygo.clean_text(eligibility, true);
	wanted_category constant bountygo.task_category := bountygo.find_category(category);
	wanted_link constant text := bountygo.clean_text(external_link);
	wanted_organizer constant text := bountygo.clean_text(organizer_name);
	wanted_currency constant text := upper(bountygo.clean_text(reward_currency));
	wanted_language constant text := lower(bountygo.clean_text(language));
	fields jsonb;
	w record;
	new_id bigint;
BEGIN
	IF wanted_title IS NULL THEN
		problems := problems || bountygo.problem('/title', 'A task needs a title of 1 to 255 characters.');
	END IF;
	problems := problems || bountygo.text_problems('/title', wanted_title, 255)
		|| bountygo.text_problems('/summary', wanted_summary, 500, true)
		|| bountygo.text_problems('/description', wanted_description, 65535, true)
		|| CASE WHEN wanted_category IS NULL AND category IS NOT NULL THEN bountygo.category_problem(category, '/category') ELSE '[]' END
		|| bountygo.reward_problems('/reward_', reward_amount, reward_min, wanted_currency)
		|| coalesce(bountygo.instant_problems('/deadline', deadline), '[]');
	IF deadline_date IS NOT NULL AND deadline IS NOT NULL THEN
		problems := problems || bountygo.problem('/deadline_date', 'Give deadline, an instant, or deadline_date, a day in any zone, not both.');
	ELSIF deadline_date IS NOT NULL AND bountygo.date_window(deadline_date) IS NULL THEN
		problems := problems || bountygo.problem('/deadline_date', 'This must be a date in the years 1 to 9999.');
	END IF;
	problems := problems || bountygo.link_problems('/external_link', wanted_link)
		|| bountygo.text_problems('/organizer_name', wanted_organizer, 200)
		|| bountygo.tag_problems('/tags', tags)
		|| bountygo.language_problems('/language', wanted_language)
		|| bountygo.text_problems('/eligibility', wanted_eligibility, 2000, true);
	IF create_task.status NOT IN ('draft', 'active') THEN
		problems := problems || bountygo.problem('/status', 'A new task is a draft or active.');
	END IF;
	PERFORM bountygo.raise_invalid(problems);
	-- Lists leave out drafts one by one: nobody makes so many that all others wait for it. Two requests at once may pass it by one.
	IF create_task.status = 'draft' AND (SELECT count(*) FROM bountygo.tasks t WHERE t.sponsor_id = caller AND t.status = 'draft') >= 500 THEN
		RAISE EXCEPTION 'you have 500 drafts already' USING ERRCODE = 'UB409', HINT = 'Publish or delete some of them.';
	END IF;

	fields := bountygo.canonical_fields(jsonb_strip_nulls(jsonb_build_object('title', wanted_title, 'summary', wanted_summary,
			'description', wanted_description, 'category', wanted_category, 'organizer', wanted_organizer,
			'language', wanted_language, 'eligibility', wanted_eligibility,
			'tags', CASE WHEN cardinality(tags) > 0 THEN (SELECT jsonb_agg(bountygo.clean_text(n.name)) FROM unnest(tags) AS n (name)) END))
		-- Their parts are null where nothing is known.
		|| jsonb_build_object('reward', bountygo.reward_value(create_task.reward_amount, create_task.reward_min, wanted_currency,
			create_task.reward_distribution))
		|| jsonb_build_object('deadline', coalesce(bountygo.instant_window(create_task.deadline), bountygo.date_window(create_task.deadline_date))));
	w := bountygo.deadline_parts(fields -> 'deadline');
	INSERT INTO bountygo.tasks (sponsor_id, submitted_by, organizer_id, status, title, summary, description, category, language,
			eligibility, reward_amount, reward_min, reward_currency, reward_distribution, deadline_date, deadline_earliest, deadline,
			deadline_precision, external_link)
		VALUES (caller, caller, CASE WHEN fields ? 'organizer' THEN bountygo.organizer_id(fields ->> 'organizer') END,
			coalesce(create_task.status, 'active'), wanted_title, wanted_summary, wanted_description, wanted_category,
			wanted_language, wanted_eligibility, create_task.reward_amount, create_task.reward_min, wanted_currency,
			create_task.reward_distribution, w.date, w.earliest, w.latest, w.precision, wanted_link)
		RETURNING id INTO new_id;
	IF fields ? 'tags' THEN
		PERFORM bountygo.set_task_tags(new_id, ARRAY(SELECT jsonb_array_elements_text(fields -> 'tags')));
	END IF;
	INSERT INTO bountygo.evidence (task_id, field, value, method)
		SELECT new_id, f.key, f.value, 'user:' || coalesce(caller, 0) FROM jsonb_each(fields) f WHERE f.value <> 'null' ORDER BY f.key;
	INSERT INTO bountygo.events (kind, task_id) VALUES ('task_created', new_id);
	RETURN bountygo.get_task(new_id);
END
$$;
COMMENT ON FUNCTION bountygo.create_task(text, text, text, text, numeric, text, bountygo.reward_distribution,
	timestamptz, text, text[], text, bountygo.task_status, numeric, date, text, text) IS
'Makes a task by hand and returns it. title 1 to 255 characters, summary up to 500, description up to 65535, eligibility up to 2000; category in English or Chinese (征文: content); reward_amount from 0, reward_min the least of a range; deadline: the last instant, or deadline_date: a day in whatever zone; external_link http(s); up to 20 tags by name or id, of up to 100 characters, made if new; language such as en or zh-Hans; status draft or active. You are its sponsor, and each value is evidence of method user:<your id>. An administrator without a token makes it without a sponsor (method user:0). UB401 without a user; UB409 beyond 500 drafts; UB422 lists everything that is wrong.';

CREATE FUNCTION bountygo.lock_own_task(id bigint) RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	-- Row-level security gives for locking only what the caller may change.
	PERFORM FROM bountygo.tasks t WHERE t.id = lock_own_task.id FOR NO KEY UPDATE;
	IF NOT FOUND THEN
		PERFORM bountygo.require_task(lock_own_task.id);
		RAISE EXCEPTION 'this task is not yours' USING ERRCODE = 'UB403', HINT = 'Its sponsor and moderators may do this. Whoever sees a mistake says so with correct_task() (POST /tasks/{id}/correct).';
	END IF;
END
$$;
COMMENT ON FUNCTION bountygo.lock_own_task(bigint) IS
'Locks a task that the caller may change until the end of the transaction. UB404 if there is none for the caller, UB403 if it is not theirs.';

CREATE FUNCTION bountygo.update_task(
	id bigint,
	title text DEFAULT NULL,
	summary text DEFAULT NULL,
	description text DEFAULT NULL,
	category text DEFAULT NULL,
	reward_amount numeric DEFAULT NULL,
	reward_min numeric DEFAULT NULL,
	reward_currency text DEFAULT NULL,
	reward_distribution bountygo.reward_distribution DEFAULT NULL,
	deadline timestamptz DEFAULT NULL,
	deadline_date date DEFAULT NULL,
	external_link text DEFAULT NULL,
	tags text[] DEFAULT NULL,
	organizer_name text DEFAULT NULL,
	language text DEFAULT NULL,
	eligibility text DEFAULT NULL,
	status bountygo.task_status DEFAULT NULL,
	clear text[] DEFAULT NULL) RETURNS jsonb
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	caller constant bigint := bountygo.require_editor();
	cleared constant text[] := coalesce(clear, '{}');
	problems jsonb := '[]';
	t record;
	fields jsonb := '{}';
	new_amount numeric;
	new_min numeric;
	new_currency text;
	new_distribution bountygo.reward_distribution;
	new_link text;
	new_status bountygo.task_status;
BEGIN
	PERFORM bountygo.lock_own_task(update_task.id);
	SELECT x.status, x.external_link, x.reward_amount, x.reward_min, x.reward_currency, x.reward_distribution
		INTO STRICT t FROM bountygo.tasks x WHERE x.id = update_task.id;

	SELECT problems || coalesce(jsonb_agg(bountygo.problem('/' || c.name, 'This cannot be cleared.') -> 0 ORDER BY c.i), '[]') INTO problems
		FROM unnest(cleared) WITH ORDINALITY AS c (name, i)
		WHERE c.name IS NULL OR c.name <> ALL ('{summary,description,category,reward_amount,reward_min,reward_currency,reward_distribution,'
			'deadline,deadline_date,external_link,tags,organizer_name,language,eligibility}'::text[]);
	-- Texts: one that is given but empty is cleared, too.
	SELECT fields || coalesce(jsonb_object_agg(g.field, g.word), '{}'), problems || coalesce(jsonb_path_query_array(
			jsonb_agg(bountygo.text_problems('/' || g.name, g.word, g.max, g.lines) ORDER BY g.i), '$[*][*]'), '[]')
		INTO fields, problems
		FROM (SELECT v.*, bountygo.clean_text(v.value, v.lines) AS word
			FROM (VALUES (1, 'title', 'title', update_task.title, 255, false), (2, 'summary', 'summary', update_task.summary, 500, true),
				(3, 'description', 'description', update_task.description, 65535, true),
				(4, 'organizer', 'organizer_name', update_task.organizer_name, 200, false),
				(5, 'eligibility', 'eligibility', update_task.eligibility, 2000, true),
				(6, 'language', 'language', lower(update_task.language), 35, false)) AS v (i, field, name, value, max, lines)
			WHERE v.value IS NOT NULL OR v.name = ANY (cleared)) g;
	IF update_task.title IS NOT NULL AND fields ->> 'title' IS NULL THEN
		problems := problems || bountygo.problem('/title', 'A task needs a title of 1 to 255 characters.');
	END IF;
	IF length(fields ->> 'language') <= 35 THEN
		problems := problems || bountygo.language_problems('/language', fields ->> 'language');
	END IF;
	IF update_task.category IS NOT NULL OR 'category' = ANY (cleared) THEN
		fields := fields || jsonb_build_object('category', bountygo.find_category(update_task.category));
		IF update_task.category IS NOT NULL AND fields ->> 'category' IS NULL THEN
			problems := problems || bountygo.category_problem(update_task.category, '/category');
		END IF;
	END IF;
	-- The parts of a reward stand each for itself; together they are one field.
	new_amount := CASE WHEN update_task.reward_amount IS NOT NULL OR 'reward_amount' = ANY (cleared) THEN update_task.reward_amount
		ELSE t.reward_amount END;
	new_min := CASE WHEN update_task.reward_min IS NOT NULL OR 'reward_min' = ANY (cleared) THEN update_task.reward_min ELSE t.reward_min END;
	new_currency := CASE WHEN update_task.reward_currency IS NOT NULL OR 'reward_currency' = ANY (cleared)
		THEN upper(bountygo.clean_text(update_task.reward_currency)) ELSE t.reward_currency END;
	new_distribution := CASE WHEN update_task.reward_distribution IS NOT NULL OR 'reward_distribution' = ANY (cleared)
		THEN update_task.reward_distribution ELSE t.reward_distribution END;
	IF (new_amount, new_min, new_currency, new_distribution)
		IS DISTINCT FROM (t.reward_amount, t.reward_min, t.reward_currency, t.reward_distribution) THEN
		problems := problems || bountygo.reward_problems('/reward_', new_amount, new_min,
			CASE WHEN update_task.reward_currency IS NOT NULL THEN new_currency END);
		IF problems = '[]' THEN
			fields := fields || jsonb_build_object('reward', bountygo.reward_value(new_amount, new_min, new_currency, new_distribution));
		END IF;
	END IF;
	IF update_task.deadline_date IS NOT NULL AND update_task.deadline IS NOT NULL THEN
		problems := problems || bountygo.problem('/deadline_date', 'Give deadline, an instant, or deadline_date, a day in any zone, not both.');
	ELSIF update_task.deadline_date IS NOT NULL AND bountygo.date_window(update_task.deadline_date) IS NULL THEN
		problems := problems || bountygo.problem('/deadline_date', 'This must be a date in the years 1 to 9999.');
	END IF;
	problems := problems || coalesce(bountygo.instant_problems('/deadline', update_task.deadline), '[]');
	IF problems = '[]' AND (coalesce(update_task.deadline::text, update_task.deadline_date::text) IS NOT NULL
			OR cleared && '{deadline,deadline_date}') THEN
		fields := fields || jsonb_build_object('deadline',
			coalesce(bountygo.instant_window(update_task.deadline), bountygo.date_window(update_task.deadline_date)));
	END IF;
	new_link := CASE WHEN update_task.external_link IS NOT NULL OR 'external_link' = ANY (cleared)
		THEN bountygo.clean_text(update_task.external_link) ELSE t.external_link END;
	problems := problems || CASE WHEN update_task.external_link IS NOT NULL THEN bountygo.link_problems('/external_link', new_link) ELSE '[]' END
		|| bountygo.tag_problems('/tags', update_task.tags);
	IF update_task.tags IS NOT NULL OR 'tags' = ANY (cleared) THEN
		fields := fields || jsonb_build_object('tags', (SELECT jsonb_agg(bountygo.clean_text(n.name)) FROM unnest(update_task.tags) AS n (name)));
	END IF;
	PERFORM bountygo.raise_invalid(problems);

	new_status := coalesce(update_task.status, t.status);
	IF (new_status, new_link) IS DISTINCT FROM (t.status, t.external_link) THEN
		UPDATE bountygo.tasks x SET status = new_status, external_link = new_link, updated_at = clock_timestamp() WHERE x.id = update_task.id;
	END IF;
	PERFORM bountygo.apply_user_fields(update_task.id, fields, caller,
		jsonb_build_object('status', t.status, 'external_link', t.external_link),
		jsonb_build_object('status', new_status, 'external_link', new_link));
	RETURN bountygo.get_task(update_task.id);
END
$$;
COMMENT ON FUNCTION bountygo.update_task(bigint, text, text, text, text, numeric, numeric, text,
	bountygo.reward_distribution, timestamptz, date, text, text[], text, text, text, bountygo.task_status, text[]) IS
'Changes a task of one''s own, or any as a moderator, and returns it. What is not given stays; clear names what shall have no value; limits as in create_task. tags: exactly these; deadline: the last instant, deadline_date: a day in whatever zone instead. status: draft → active ↔ paused → completed or cancelled. Each value that changes becomes evidence of method user:<your id>, which later looks at the page do not overrule, and history; updated_at moves only then. UB401 without a user, UB403 if it is another''s, UB404, UB409 for a status it cannot get, UB422 lists everything that is wrong.';

CREATE FUNCTION bountygo.complete_task(id bigint) RETURNS jsonb
LANGUAGE sql
SET search_path = pg_catalog, pg_temp
AS $$ SELECT bountygo.update_task(id => $1, status => 'completed') $$;
COMMENT ON FUNCTION bountygo.complete_task(bigint) IS
'Ends a task of one''s own, or any as a moderator, as completed, and returns it; once more changes nothing. Its participants learn of it by the event task_completed. UB401, UB403, UB404; UB409 for a draft or a cancelled task.';

CREATE FUNCTION bountygo.delete_task(id bigint) RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	PERFORM bountygo.require_editor();
	PERFORM bountygo.lock_own_task(delete_task.id);
	DELETE FROM bountygo.tasks t WHERE t.id = delete_task.id;
END
$$;
COMMENT ON FUNCTION bountygo.delete_task(bigint) IS
'Deletes a task of one''s own, or any as a moderator, with all that hangs on it: evidence, history, messages, todos, reports. UB401, UB403 if it is another''s, UB404.';
