-- Todos: taking part in tasks, and things of one's own; private to each user.

-- Durations ------------------------------------------------------------------------------------------------------

CREATE FUNCTION bountygo.iso_duration(span interval) RETURNS text
LANGUAGE sql IMMUTABLE
SET search_path = pg_catalog, pg_temp
AS $$
	SELECT 'P' || CASE WHEN d.days > 0 THEN d.days || 'D' ELSE '' END
		|| CASE WHEN d.seconds > 0 OR d.days = 0 THEN 'T'
			|| CASE WHEN d.seconds >= 3600 THEN d.seconds / 3600 || 'H' ELSE '' END
			|| CASE WHEN d.seconds % 3600 >= 60 THEN d.seconds % 3600 / 60 || 'M' ELSE '' END
			|| CASE WHEN d.seconds % 60 > 0 OR d.seconds = 0 THEN d.seconds % 60 || 'S' ELSE '' END ELSE '' END
	FROM (SELECT extract(day FROM $1)::integer AS days,
		(extract(epoch FROM $1) - extract(day FROM $1) * 86400)::integer AS seconds) d
$$;
COMMENT ON FUNCTION bountygo.iso_duration(interval) IS 'A span of days, hours, minutes and seconds as ISO 8601 text, such as P3D or PT2H30M.';

CREATE FUNCTION bountygo.offset_problems(pointer text, offsets text[]) RETURNS jsonb
LANGUAGE plpgsql IMMUTABLE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	problems jsonb := '[]';
BEGIN
	IF array_ndims(offsets) > 1 THEN
		RETURN bountygo.problem(pointer, 'This must be a flat list of durations.');
	ELSIF cardinality(offsets) > 10 THEN
		RETURN bountygo.problem(pointer, 'There can be at most 10 reminders.');
	END IF;
	FOR i IN 1..coalesce(cardinality(offsets), 0) LOOP
		IF coalesce(offsets[i] !~ '^P(\d{1,2}W|\d{1,3}D(T(?=\d)(\d{1,4}H)?(\d{1,6}M)?(\d{1,8}S)?)?|T(?=\d)(\d{1,4}H)?(\d{1,6}M)?(\d{1,8}S)?)$', true)
			OR offsets[i]::interval > interval '366 days' THEN
			problems := problems || bountygo.problem(pointer || '/' || i - 1,
				'This must be an ISO 8601 duration of at most 366 days in weeks, or days, hours, minutes and seconds, such as P3D or PT2H.');
		END IF;
	END LOOP;
	RETURN problems;
END
$$;
COMMENT ON FUNCTION bountygo.offset_problems(text, text[]) IS 'What is wrong with a list of reminder offsets, as a list for raise_invalid.';

-- One todo -------------------------------------------------------------------------------------------------------

CREATE FUNCTION bountygo.todo_object(id bigint) RETURNS jsonb
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
	SELECT jsonb_build_object('id', d.id,
		'task', CASE WHEN t.id IS NOT NULL THEN jsonb_build_object('id', t.id, 'title', t.title, 'status', t.status,
			'state', bountygo.task_state(t.status, t.deadline_earliest, t.deadline, t.opens_at, t.gone_at),
			'deadline', bountygo.deadline_value(t.deadline_date, t.deadline_earliest, t.deadline, t.deadline_text, t.deadline_precision,
				t.deadline_zone)) END,
		'title', d.title, 'description', d.description, 'deadline', bountygo.rfc3339(d.deadline),
		'remind_offsets', (SELECT coalesce(jsonb_agg(bountygo.iso_duration(o.span) ORDER BY o.n), '[]')
			FROM unnest(d.remind_offsets) WITH ORDINALITY AS o (span, n)),
		'is_completed', d.is_completed, 'completed_at', bountygo.rfc3339(d.completed_at),
		'created_at', bountygo.rfc3339(d.created_at), 'updated_at', bountygo.rfc3339(d.updated_at))
	FROM bountygo.todos d LEFT JOIN bountygo.tasks t ON t.id = d.task_id
	WHERE d.id = $1
$$;
COMMENT ON FUNCTION bountygo.todo_object(bigint) IS 'A todo of the caller as the API shows it; NULL if it is not theirs.';

CREATE FUNCTION bountygo.get_todo(id bigint) RETURNS jsonb
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	found jsonb;
BEGIN
	PERFORM bountygo.require_user();
	found := bountygo.todo_object(get_todo.id);
	IF found IS NULL THEN
		RAISE EXCEPTION 'there is no todo %', coalesce(get_todo.id::text, '(null)')
			USING ERRCODE = 'UB404', HINT = 'It does not exist or is not visible to you.';
	END IF;
	RETURN found;
END
$$;
COMMENT ON FUNCTION bountygo.get_todo(bigint) IS
'A todo of one''s own, with the task that it is about, if any. title: NULL stands for the task''s. UB401 without a user, UB404 if there is none of yours.';

-- Taking part ----------------------------------------------------------------------------------------------------

CREATE FUNCTION bountygo.join_task(id bigint) RETURNS jsonb
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	caller constant bigint := bountygo.require_user();
	todo bigint;
BEGIN
	PERFORM bountygo.require_task(join_task.id);
	LOOP
		SELECT d.id INTO todo FROM bountygo.todos d WHERE d.user_id = caller AND d.task_id = join_task.id;
		EXIT WHEN todo IS NOT NULL;
		IF EXISTS (SELECT FROM bountygo.tasks t WHERE t.id = join_task.id AND t.status = 'draft') THEN
			RAISE EXCEPTION 'this task is a draft' USING ERRCODE = 'UB409', HINT = 'It can be joined once it is active.';
		END IF;
		BEGIN
			-- Joining twice at once meets in the unique key; whoever left in between is looked for again.
			INSERT INTO bountygo.todos (user_id, task_id) VALUES (caller, join_task.id)
				ON CONFLICT DO NOTHING RETURNING todos.id INTO todo;
		EXCEPTION WHEN foreign_key_violation OR insufficient_privilege THEN
			-- Deleted since we looked.
			PERFORM bountygo.require_task(join_task.id);
			RAISE;
		END;
		EXIT WHEN todo IS NOT NULL;
	END LOOP;
	RETURN bountygo.todo_object(todo);
END
$$;
COMMENT ON FUNCTION bountygo.join_task(bigint) IS
'Takes part in a task: returns the todo of it, made if there is none yet. UB401 without a user, UB404 without such a task, UB409 if it is a draft, completed, cancelled or its deadline has surely passed.';

CREATE FUNCTION bountygo.leave_task(id bigint) RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	caller constant bigint := bountygo.require_user();
BEGIN
	PERFORM bountygo.require_task(leave_task.id);
	DELETE FROM bountygo.todos d WHERE d.user_id = caller AND d.task_id = leave_task.id;
END
$$;
COMMENT ON FUNCTION bountygo.leave_task(bigint) IS
'Ends taking part in a task: its todo is deleted. Harmless for whoever does not take part. UB401 without a user, UB404 without such a task.';

-- Writing --------------------------------------------------------------------------------------------------------

CREATE FUNCTION bountygo.create_todo(
	task_id bigint DEFAULT NULL,
	title text DEFAULT NULL,
	description text DEFAULT NULL,
	deadline timestamptz DEFAULT NULL,
	remind_offsets text[] DEFAULT NULL) RETURNS jsonb
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	caller constant bigint := bountygo.require_user();
	wanted_title constant text := bountygo.clean_text(title);
	wanted_description constant text := bountygo.clean_text(description, true);
	problems jsonb := '[]';
	todo bigint;
BEGIN
	IF create_todo.task_id IS NULL AND wanted_title IS NULL THEN
		problems := problems || bountygo.problem('/title', 'A todo needs a title of 1 to 255 characters, or a task_id.');
	END IF;
	problems := problems || bountygo.text_problems('/title', wanted_title, 255)
		|| bountygo.text_problems('/description', wanted_description, 10000, true)
		|| coalesce(bountygo.instant_problems('/deadline', create_todo.deadline), '[]')
		|| bountygo.offset_problems('/remind_offsets', create_todo.remind_offsets);
	PERFORM bountygo.raise_invalid(problems);
	IF create_todo.task_id IS NOT NULL THEN
		PERFORM bountygo.require_task(create_todo.task_id);
		IF EXISTS (SELECT FROM bountygo.tasks t WHERE t.id = create_todo.task_id AND t.status = 'draft') THEN
			RAISE EXCEPTION 'this task is a draft' USING ERRCODE = 'UB409', HINT = 'It can be joined once it is active.';
		END IF;
	END IF;
	BEGIN
		INSERT INTO bountygo.todos (user_id, task_id, title, description, deadline, remind_offsets)
			VALUES (caller, create_todo.task_id, wanted_title, wanted_description, create_todo.deadline,
				ARRAY(SELECT DISTINCT o.span::interval FROM unnest(create_todo.remind_offsets) AS o (span) ORDER BY 1 DESC))
			ON CONFLICT DO NOTHING RETURNING id INTO todo;
	EXCEPTION WHEN foreign_key_violation OR insufficient_privilege THEN
		-- Deleted since we looked.
		IF create_todo.task_id IS NOT NULL THEN
			PERFORM bountygo.require_task(create_todo.task_id);
		END IF;
		RAISE;
	END;
	IF todo IS NULL THEN
		SELECT d.id INTO todo FROM bountygo.todos d WHERE d.user_id = caller AND d.task_id = create_todo.task_id;
		RAISE EXCEPTION 'todo % is about this task already', coalesce(todo::text, '(deleted since)')
			USING ERRCODE = 'UB409', HINT = 'There is one todo a task. Change that one.';
	END IF;
	RETURN bountygo.todo_object(todo);
END
$$;
COMMENT ON FUNCTION bountygo.create_todo(bigint, text, text, timestamptz, text[]) IS
'Makes a todo of one''s own and returns it: about a task, which is joined by it, or with a title of 1 to 255 characters. description up to 10000 characters; deadline: an instant of one''s own; remind_offsets: up to 10 ISO 8601 durations before a deadline, such as P3D or PT2H. UB401 without a user, UB404 without such a task, UB409 if there is a todo about the task already or the task cannot be joined, UB422.';

CREATE FUNCTION bountygo.update_todo(
	id bigint,
	title text DEFAULT NULL,
	description text DEFAULT NULL,
	deadline timestamptz DEFAULT NULL,
	remind_offsets text[] DEFAULT NULL,
	is_completed boolean DEFAULT NULL,
	clear text[] DEFAULT NULL) RETURNS jsonb
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	cleared constant text[] := coalesce(clear, '{}');
	problems jsonb := '[]';
	d record;
	new_title text;
	new_description text;
	new_deadline timestamptz;
	new_offsets interval[];
	new_completed boolean;
BEGIN
	PERFORM bountygo.require_user();
	SELECT x.task_id, x.title, x.description, x.deadline, x.remind_offsets, x.is_completed INTO d
		FROM bountygo.todos x WHERE x.id = update_todo.id FOR NO KEY UPDATE;
	IF NOT FOUND THEN
		PERFORM bountygo.get_todo(update_todo.id);
	END IF;
	SELECT coalesce(jsonb_agg(bountygo.problem('/' || c.name, 'This cannot be cleared.') -> 0 ORDER BY c.i), '[]') INTO problems
		FROM unnest(cleared) WITH ORDINALITY AS c (name, i)
		WHERE c.name IS NULL OR c.name <> ALL ('{title,description,deadline,remind_offsets}'::text[]);
	problems := problems || bountygo.text_problems('/title', bountygo.clean_text(update_todo.title), 255)
		|| bountygo.text_problems('/description', bountygo.clean_text(update_todo.description, true), 10000, true)
		|| coalesce(bountygo.instant_problems('/deadline', update_todo.deadline), '[]')
		|| bountygo.offset_problems('/remind_offsets', update_todo.remind_offsets);
	new_title := CASE WHEN update_todo.title IS NOT NULL OR 'title' = ANY (cleared) THEN bountygo.clean_text(update_todo.title) ELSE d.title END;
	IF new_title IS NULL AND d.task_id IS NULL THEN
		problems := problems || bountygo.problem('/title', 'A todo that is about no task needs a title of 1 to 255 characters.');
	END IF;
	PERFORM bountygo.raise_invalid(problems);
	new_description := CASE WHEN update_todo.description IS NOT NULL OR 'description' = ANY (cleared)
		THEN bountygo.clean_text(update_todo.description, true) ELSE d.description END;
	new_deadline := CASE WHEN update_todo.deadline IS NOT NULL OR 'deadline' = ANY (cleared) THEN update_todo.deadline ELSE d.deadline END;
	new_offsets := CASE WHEN update_todo.remind_offsets IS NOT NULL OR 'remind_offsets' = ANY (cleared)
		THEN ARRAY(SELECT DISTINCT o.span::interval FROM unnest(update_todo.remind_offsets) AS o (span) ORDER BY 1 DESC) ELSE d.remind_offsets END;
	new_completed := coalesce(update_todo.is_completed, d.is_completed);
	IF (new_title, new_description, new_deadline, new_offsets, new_completed)
		IS DISTINCT FROM (d.title, d.description, d.deadline, d.remind_offsets, d.is_completed) THEN
		UPDATE bountygo.todos x SET title = new_title, description = new_description, deadline = new_deadline, remind_offsets = new_offsets,
			is_completed = new_completed, completed_at = CASE WHEN new_completed THEN coalesce(x.completed_at, clock_timestamp()) END,
			updated_at = clock_timestamp()
		WHERE x.id = update_todo.id;
	END IF;
	RETURN bountygo.todo_object(update_todo.id);
END
$$;
COMMENT ON FUNCTION bountygo.update_todo(bigint, text, text, timestamptz, text[], boolean, text[]) IS
'Changes a todo of one''s own and returns it. What is not given stays; clear names what shall have no value (the title only if the todo is about a task). is_completed sets and unsets completed_at. UB401 without a user, UB404 if there is none of yours, UB422.';

CREATE FUNCTION bountygo.delete_todo(id bigint) RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	PERFORM bountygo.require_user();
	DELETE FROM bountygo.todos d WHERE d.id = delete_todo.id;
	IF NOT FOUND THEN
		PERFORM bountygo.get_todo(delete_todo.id);
	END IF;
END
$$;
COMMENT ON FUNCTION bountygo.delete_todo(bigint) IS
'Deletes a todo of one''s own; one about a task ends taking part in it. UB401 without a user, UB404 if there is none of yours.';

-- Lists ----------------------------------------------------------------------------------------------------------

CREATE FUNCTION bountygo.list_todos(
	state bountygo.state_filter DEFAULT 'any',
	is_completed boolean DEFAULT NULL,
	count bountygo.count_mode DEFAULT 'none',
	cursor text DEFAULT NULL,
	"limit" integer DEFAULT 20) RETURNS jsonb
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	caller constant bigint := bountygo.require_user();
	size constant integer := bountygo.page_size(list_todos."limit");
	wanted constant text[] := CASE coalesce(list_todos.state, 'any') WHEN 'any' THEN NULL WHEN 'open' THEN '{upcoming,open,maybe,unknown}'::text[]
		ELSE ARRAY[list_todos.state::text] END;
	after_id bigint;
	ids bigint[];
	total bigint;
BEGIN
	IF cursor IS NOT NULL THEN
		after_id := (bountygo.cursor_read(cursor, 'todos')).id;
	END IF;
	SELECT array_agg(p.id ORDER BY p.id DESC) INTO ids
		FROM (SELECT d.id FROM bountygo.todos d LEFT JOIN bountygo.tasks t ON t.id = d.task_id
			WHERE d.user_id = caller AND (after_id IS NULL OR d.id < after_id)
				AND (list_todos.is_completed IS NULL OR d.is_completed = list_todos.is_completed)
				AND (wanted IS NULL OR CASE WHEN t.id IS NOT NULL THEN bountygo.task_state(t.status, t.deadline_earliest, t.deadline, t.opens_at, t.gone_at)
					ELSE bountygo.task_state('active', d.deadline, d.deadline) END::text = ANY (wanted))
			ORDER BY d.id DESC LIMIT size + 1) p;
	IF list_todos.count <> 'none' THEN
		SELECT count(*) INTO total FROM bountygo.todos d LEFT JOIN bountygo.tasks t ON t.id = d.task_id
			WHERE d.user_id = caller AND (list_todos.is_completed IS NULL OR d.is_completed = list_todos.is_completed)
				AND (wanted IS NULL OR CASE WHEN t.id IS NOT NULL THEN bountygo.task_state(t.status, t.deadline_earliest, t.deadline, t.opens_at, t.gone_at)
					ELSE bountygo.task_state('active', d.deadline, d.deadline) END::text = ANY (wanted));
	END IF;
	RETURN jsonb_build_object(
			'items', (SELECT coalesce(jsonb_agg(bountygo.todo_object(i.id) ORDER BY i.n), '[]') FROM unnest(ids[1:size]) WITH ORDINALITY AS i (id, n)),
			'next', CASE WHEN cardinality(ids) > size THEN bountygo.cursor_make('todos', NULL, ids[size]) END)
		|| CASE WHEN total IS NOT NULL THEN jsonb_build_object('total', total) ELSE '{}' END;
END
$$;
COMMENT ON FUNCTION bountygo.list_todos(bountygo.state_filter, boolean, bountygo.count_mode, text, integer) IS
'One''s own todos, newest first. state: of the task that a todo is about, or by its own deadline if it is about none; open: all that may still be open, any (default): all. is_completed: only those, or only the others. limit 1 to 100, default 20. UB401 without a user, UB422 for a foreign cursor.';

CREATE FUNCTION bountygo.my_deadlines(
	"from" timestamptz DEFAULT NULL,
	"to" timestamptz DEFAULT NULL,
	count bountygo.count_mode DEFAULT 'none',
	cursor text DEFAULT NULL,
	"limit" integer DEFAULT 20) RETURNS jsonb
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	caller constant bigint := bountygo.require_user();
	size constant integer := bountygo.page_size(my_deadlines."limit");
	since constant timestamptz := coalesce(my_deadlines."from", clock_timestamp());
	problems jsonb := coalesce(bountygo.instant_problems('?from', my_deadlines."from"), '[]')
		|| coalesce(bountygo.instant_problems('?to', my_deadlines."to"), '[]');
	after_at timestamptz;
	after_id bigint;
	keys text[];
	ids bigint[];
	items jsonb;
	total bigint;
BEGIN
	IF my_deadlines."from" > my_deadlines."to" THEN
		problems := problems || bountygo.problem('?from', 'This must not be after to.');
	END IF;
	PERFORM bountygo.raise_invalid(problems);
	IF cursor IS NOT NULL THEN
		SELECT c.key::timestamptz, c.id INTO after_at, after_id FROM bountygo.cursor_read(cursor, 'deadlines') c;
	END IF;
	-- Both kinds under one number, as a todo about a task may have a deadline of its own besides.
	WITH both_kinds AS MATERIALIZED (
		SELECT d.id * 2 AS id, 'task' AS kind, d.id AS todo_id, d.task_id, coalesce(d.title, t.title) AS title, t.deadline_earliest AS at,
				t.deadline AS latest, bountygo.deadline_value(t.deadline_date, t.deadline_earliest, t.deadline, t.deadline_text,
					t.deadline_precision, t.deadline_zone) AS deadline
			FROM bountygo.todos d JOIN bountygo.tasks t ON t.id = d.task_id
			WHERE d.user_id = caller AND NOT d.is_completed AND t.status IN ('active', 'paused')
				AND t.deadline >= since AND (my_deadlines."to" IS NULL OR t.deadline_earliest <= my_deadlines."to")
		UNION ALL
		SELECT d.id * 2 + 1, 'todo', d.id, d.task_id, coalesce(d.title, t.title), d.deadline, d.deadline, bountygo.instant_window(d.deadline)
			FROM bountygo.todos d LEFT JOIN bountygo.tasks t ON t.id = d.task_id
			WHERE d.user_id = caller AND NOT d.is_completed AND d.deadline >= since
				AND (my_deadlines."to" IS NULL OR d.deadline <= my_deadlines."to")),
	page AS (
		SELECT b.*, row_number() OVER (ORDER BY b.at, b.id) AS n FROM both_kinds b
			WHERE after_id IS NULL OR (b.at, b.id) > (after_at, after_id) ORDER BY b.at, b.id LIMIT size + 1)
	SELECT array_agg(bountygo.rfc3339(p.at) ORDER BY p.n), array_agg(p.id ORDER BY p.n),
			jsonb_agg(jsonb_build_object('kind', p.kind, 'todo_id', p.todo_id, 'task_id', p.task_id, 'title', p.title,
				'at', bountygo.rfc3339(p.at), 'latest', bountygo.rfc3339(p.latest), 'deadline', p.deadline) ORDER BY p.n)
				FILTER (WHERE p.n <= size),
			(SELECT count(*) FROM both_kinds)
		INTO keys, ids, items, total FROM page p;
	RETURN jsonb_build_object('items', coalesce(items, '[]'),
			'next', CASE WHEN cardinality(ids) > size THEN bountygo.cursor_make('deadlines', keys[size], ids[size]) END)
		|| CASE WHEN my_deadlines.count <> 'none' THEN jsonb_build_object('total', total) ELSE '{}' END;
END
$$;
COMMENT ON FUNCTION bountygo.my_deadlines(timestamptz, timestamptz, bountygo.count_mode, text, integer) IS
'The deadlines of the tasks that one takes part in (kind task) and one''s own (kind todo) in one list, by their early edge, "at" ("latest" is the late one), without those of completed todos and ended tasks. from (default: now): only what has not surely passed then; to: only what may come by then. limit 1 to 100, default 20. UB401 without a user, UB422.';
