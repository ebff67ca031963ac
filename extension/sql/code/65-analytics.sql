-- Analytics: what was measured, and nothing else. Numbers that would take reading all tasks are counted by the workers (see
-- refresh_analytics); the rest comes out of indexes.

-- Everybody's numbers -----------------------------------------------------------------------------------------------

CREATE FUNCTION bountygo.count_analytics() RETURNS jsonb
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
-- Few groups of many tasks, which the planner takes for many: no need to sort all of them on disk.
SET enable_sort = off
SET jit = off
AS $$
	WITH groups AS MATERIALIZED (
		SELECT t.status, t.category, s.state, CASE WHEN s.state IN ('upcoming', 'open', 'maybe', 'unknown') AND t.reward_amount IS NOT NULL
				-- Of near-duplicates one counts.
				AND (t.cluster_id IS NULL OR EXISTS (SELECT FROM bountygo.clusters c WHERE c.id = t.cluster_id AND c.canonical_task_id = t.id))
				THEN coalesce(t.reward_currency, '') END AS currency,
			count(*) AS tasks, sum(t.reward_amount) AS amount
		FROM bountygo.tasks t
		CROSS JOIN LATERAL (SELECT bountygo.task_state(t.status, t.deadline_earliest, t.deadline, opens_at => t.opens_at,
			gone_at => t.gone_at, at => transaction_timestamp()) AS state) s
		WHERE t.status <> 'draft'
		GROUP BY 1, 2, 3, 4)
	SELECT jsonb_build_object(
		'tasks', jsonb_build_object(
			'total', (SELECT coalesce(sum(g.tasks), 0) FROM groups g),
			'by_status', (SELECT coalesce(jsonb_object_agg(x.status, x.n), '{}')
				FROM (SELECT g.status, sum(g.tasks) AS n FROM groups g GROUP BY g.status) x),
			'by_state', (SELECT coalesce(jsonb_object_agg(x.state, x.n), '{}')
				FROM (SELECT g.state, sum(g.tasks) AS n FROM groups g GROUP BY g.state) x),
			'by_category', (SELECT coalesce(jsonb_object_agg(x.category, x.n), '{}')
				FROM (SELECT coalesce(g.category::text, 'unknown') AS category, sum(g.tasks) AS n FROM groups g GROUP BY g.category) x)),
		'open_rewards', (SELECT coalesce(jsonb_agg(jsonb_build_object('currency', nullif(x.currency, ''), 'tasks', x.tasks, 'amount', trim_scale(x.amount))
				ORDER BY x.tasks DESC, x.currency), '[]')
			FROM (SELECT g.currency, sum(g.tasks) AS tasks, sum(g.amount) AS amount FROM groups g WHERE g.currency IS NOT NULL
				GROUP BY g.currency ORDER BY 2 DESC, 1 LIMIT 50) x),
		'organizers', (SELECT count(*) FROM bountygo.organizers),
		'users', (SELECT count(*) FROM bountygo.users u WHERE u.disabled_at IS NULL),
		'pages', (SELECT jsonb_build_object('days', 7, 'read', coalesce(sum(x.n), 0), 'by_outcome', coalesce(jsonb_object_agg(x.outcome, x.n), '{}'))
			FROM (SELECT j.outcome, count(*) AS n FROM bountygo.jobs j
				WHERE j.finished_at >= transaction_timestamp() - interval '7 days' AND j.outcome IS NOT NULL AND j.kind <> 'text'
				GROUP BY j.outcome) x))
$$;
COMMENT ON FUNCTION bountygo.count_analytics() IS
'The numbers of system_analytics(), counted now: it reads all tasks.';

CREATE FUNCTION bountygo.count_tag_day(day date) RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
SET jit = off
AS $$
BEGIN
	WITH now_there AS MATERIALIZED (
		SELECT tt.tag_id, count(*) AS tasks FROM bountygo.tasks t JOIN bountygo.task_tags tt ON tt.task_id = t.id
		WHERE t.created_at >= timezone('UTC', count_tag_day.day::timestamp) AND t.created_at < timezone('UTC', count_tag_day.day::timestamp + interval '1 day')
			AND t.status <> 'draft'
		GROUP BY tt.tag_id
	), gone AS (
		DELETE FROM bountygo.tag_days d WHERE d.day = count_tag_day.day AND NOT EXISTS (SELECT FROM now_there n WHERE n.tag_id = d.tag_id))
	INSERT INTO bountygo.tag_days AS d (day, tag_id, tasks) SELECT count_tag_day.day, n.tag_id, n.tasks FROM now_there n ORDER BY n.tag_id
		ON CONFLICT ON CONSTRAINT tag_days_pkey DO UPDATE SET tasks = excluded.tasks WHERE d.tasks <> excluded.tasks;
	INSERT INTO bountygo.tag_days_counted AS c (day, counted_at) VALUES (count_tag_day.day, clock_timestamp())
		ON CONFLICT ON CONSTRAINT tag_days_counted_pkey DO UPDATE SET counted_at = excluded.counted_at;
EXCEPTION WHEN foreign_key_violation THEN
	-- A tag was deleted in between; the day is counted again soon.
	NULL;
END
$$;
COMMENT ON FUNCTION bountygo.count_tag_day(date) IS 'Counts the tags of the tasks that were made on a UTC day.';

CREATE FUNCTION bountygo.refresh_analytics(force boolean DEFAULT false) RETURNS boolean
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	begun constant timestamptz := clock_timestamp();
	today constant date := timezone('UTC', begun)::date;
	first constant date := greatest((SELECT timezone('UTC', min(t.created_at))::date FROM bountygo.tasks t), today - 365);
	last record;
	numbers jsonb;
	one date;
BEGIN
	SELECT s.computed_at, s.took INTO last FROM bountygo.analytics_summary s;
	-- Every minute, but never more than a five-hundredth of the time.
	IF NOT coalesce(force, false) AND begun < last.computed_at + greatest(interval '55 seconds', last.took * 500) THEN
		RETURN false;
	END IF;
	IF NOT pg_try_advisory_xact_lock(hashtext('bountygo.refresh_analytics')) THEN
		RETURN false;
	END IF;
	numbers := bountygo.count_analytics();
	DELETE FROM bountygo.tag_days d WHERE d.day < today - 366;
	DELETE FROM bountygo.tag_days_counted d WHERE d.day < today - 366;
	-- Today's tags each time; of the days before, those that were not looked at for longest, as long as it takes little.
	PERFORM bountygo.count_tag_day(today);
	FOR one IN
		SELECT d.day::date FROM generate_series(first::timestamp, today::timestamp - interval '1 day', interval '1 day') AS d (day)
		LEFT JOIN bountygo.tag_days_counted c ON c.day = d.day::date
		ORDER BY c.counted_at NULLS FIRST, d.day DESC
	LOOP
		EXIT WHEN NOT coalesce(force, false) AND clock_timestamp() > begun + interval '100 milliseconds';
		PERFORM bountygo.count_tag_day(one);
	END LOOP;
	INSERT INTO bountygo.analytics_summary AS s (computed_at, took, value) VALUES (begun, clock_timestamp() - begun, numbers)
		ON CONFLICT ("only") DO UPDATE SET computed_at = excluded.computed_at, took = excluded.took, value = excluded.value;
	RETURN true;
END
$$;
COMMENT ON FUNCTION bountygo.refresh_analytics(boolean) IS
'Counts what system_analytics() and popular_tags() show, if that was not done within a minute, or, where counting takes long, five hundred times as long; returns whether it did. force: in any case. Workers call it every minute.';

CREATE FUNCTION bountygo.system_analytics() RETURNS jsonb
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	summary record;
BEGIN
	SELECT s.computed_at, s.value INTO summary FROM bountygo.analytics_summary s;
	IF FOUND THEN
		RETURN summary.value || jsonb_build_object('computed_at', bountygo.rfc3339(summary.computed_at));
	END IF;
	-- No worker has counted yet.
	RETURN bountygo.count_analytics() || jsonb_build_object('computed_at', bountygo.rfc3339(statement_timestamp()));
END
$$;
COMMENT ON FUNCTION bountygo.system_analytics() IS
'Numbers about the service as of computed_at, which workers renew: tasks (total, by_status, by_state, by_category; drafts are not counted), open_rewards by currency (of near-duplicates one), organizers, users, pages read in the last 7 days by outcome.';

CREATE FUNCTION bountygo.popular_tags("limit" integer DEFAULT 20, days integer DEFAULT 30) RETURNS jsonb
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
SET jit = off
AS $$
DECLARE
	size constant integer := bountygo.page_size("limit");
	today constant date := timezone('UTC', statement_timestamp())::date;
	since date;
	found jsonb;
BEGIN
	IF days NOT BETWEEN 1 AND 365 THEN
		PERFORM bountygo.raise_invalid(bountygo.problem('?days', 'This must be from 1 to 365.'));
	END IF;
	since := today - coalesce(days, 30) + 1;
	-- What workers have counted, and of the days that they have not looked at yet, all tasks: day by day, or the planner reads all.
	WITH missing AS MATERIALIZED (
		SELECT y.day FROM generate_series(since::timestamp, today::timestamp, interval '1 day') AS y (day)
		WHERE NOT EXISTS (SELECT FROM bountygo.tag_days_counted n WHERE n.day = y.day::date))
	SELECT jsonb_agg(jsonb_build_object('tag', jsonb_build_object('id', p.id, 'name', p.name, 'category', p.category), 'tasks', p.tasks)
			ORDER BY p.tasks DESC, p.name_key) INTO found
		FROM (SELECT g.id, g.name, g.name_key, g.category, d.tasks
			FROM (SELECT c.tag_id, sum(c.tasks) AS tasks
				FROM (SELECT k.tag_id, k.tasks FROM bountygo.tag_days k WHERE k.day >= since
					UNION ALL
					SELECT tt.tag_id, 1
						FROM missing m
						CROSS JOIN LATERAL (SELECT t.id FROM bountygo.tasks t WHERE t.created_at >= timezone('UTC', m.day)
							AND t.created_at < timezone('UTC', m.day + interval '1 day') AND t.status::text <> 'draft' OFFSET 0) t
						CROSS JOIN LATERAL (SELECT x.tag_id FROM bountygo.task_tags x WHERE x.task_id = t.id OFFSET 0) tt) c
				GROUP BY c.tag_id) d
			JOIN bountygo.tags g ON g.id = d.tag_id
			WHERE g.is_active ORDER BY d.tasks DESC, g.name_key LIMIT size) p;
	RETURN jsonb_build_object('days', coalesce(days, 30), 'items', coalesce(found, '[]'));
END
$$;
COMMENT ON FUNCTION bountygo.popular_tags(integer, integer) IS
'The active tags that most public tasks of the last days (1 to 365, UTC, today included) have: {"days", "items": [{tag: {id, name, category}, tasks}]}. Renewed by workers. limit 1 to 100. UB422 for bad values.';

CREATE FUNCTION bountygo.recent_activity(cursor text DEFAULT NULL, "limit" integer DEFAULT 20) RETURNS jsonb
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
SET jit = off
AS $$
DECLARE
	size constant integer := bountygo.page_size("limit");
	before bigint := 9223372036854775807;
	answer jsonb;
BEGIN
	IF cursor IS NOT NULL THEN
		SELECT c.id INTO before FROM bountygo.cursor_read(cursor, 'activity') c;
	END IF;
	SELECT jsonb_build_object('items', coalesce(jsonb_agg(p.item ORDER BY p.id DESC) FILTER (WHERE p.n <= size), '[]'),
			'next', CASE WHEN count(*) > size THEN bountygo.cursor_make('activity', '', min(p.id) FILTER (WHERE p.n <= size)) END)
		INTO answer
		FROM (SELECT e.id, row_number() OVER (ORDER BY e.id DESC) AS n, jsonb_build_object('id', e.id, 'kind', e.kind,
				'at', bountygo.rfc3339(e.created_at),
				'fields', CASE WHEN jsonb_typeof(e.payload -> 'fields') = 'array' THEN e.payload -> 'fields' END,
				'task', bountygo.task_ref(t.id)) AS item
			FROM bountygo.events e JOIN bountygo.tasks t ON t.id = e.task_id
			WHERE e.id < before AND t.status::text <> 'draft' AND e.kind IN ('task_created', 'task_changed', 'task_completed',
				'task_cancelled', 'task_gone', 'task_reopened', 'task_split', 'new_message')
			ORDER BY e.id DESC LIMIT size + 1) p;
	RETURN answer;
END
$$;
COMMENT ON FUNCTION bountygo.recent_activity(text, integer) IS
'What happened to public tasks, newest first: {"items": [{id, kind, at, fields, task: {id, title, status, state, created_at}}], "next"}; fields: what task_changed changed. limit 1 to 100. UB422 for a bad limit or cursor.';

-- One's own numbers ---------------------------------------------------------------------------------------------------

CREATE FUNCTION bountygo.task_ref(id bigint) RETURNS jsonb
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
	SELECT jsonb_build_object('id', t.id, 'title', t.title, 'status', t.status,
		'state', bountygo.task_state(t.status, t.deadline_earliest, t.deadline, opens_at => t.opens_at, gone_at => t.gone_at),
		'created_at', bountygo.rfc3339(t.created_at))
	FROM bountygo.tasks t WHERE t.id = $1
$$;
COMMENT ON FUNCTION bountygo.task_ref(bigint) IS 'A task in a few words: id, title, status, state, created_at; NULL if there is none for the caller.';

CREATE FUNCTION bountygo.my_analytics() RETURNS jsonb
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
SET jit = off
AS $$
DECLARE
	caller constant bigint := bountygo.require_user();
BEGIN
	RETURN jsonb_build_object(
		'tasks', (SELECT jsonb_build_object('total', count(*), 'active', count(*) FILTER (WHERE t.status = 'active'),
				'completed', count(*) FILTER (WHERE t.status = 'completed'), 'views', coalesce(sum(c.views), 0),
				'joins', coalesce(sum(c.joins), 0), 'messages', coalesce(sum(c.messages), 0))
			FROM bountygo.tasks t LEFT JOIN bountygo.task_counts c ON c.task_id = t.id WHERE t.sponsor_id = caller),
		'todos', (SELECT jsonb_build_object('total', count(*), 'completed', count(*) FILTER (WHERE d.is_completed),
				'joined_tasks', count(d.task_id))
			FROM bountygo.todos d WHERE d.user_id = caller),
		'messages', (SELECT count(*) FROM bountygo.messages m WHERE m.author_id = caller),
		'jobs', (SELECT jsonb_build_object('total', coalesce(sum(x.n), 0), 'by_state', coalesce(jsonb_object_agg(x.state, x.n), '{}'))
			FROM (SELECT j.state, count(*) AS n FROM bountygo.jobs j WHERE j.requested_by = caller GROUP BY j.state) x),
		'model_calls', (SELECT jsonb_build_object('total', count(*),
				'today', count(*) FILTER (WHERE m.created_at >= timezone('UTC', date_trunc('day', timezone('UTC', statement_timestamp())))),
				'prompt_tokens', coalesce(sum(m.prompt_tokens), 0), 'completion_tokens', coalesce(sum(m.completion_tokens), 0))
			FROM bountygo.jobs j JOIN bountygo.model_calls m ON m.job_id = j.id WHERE j.requested_by = caller));
END
$$;
COMMENT ON FUNCTION bountygo.my_analytics() IS
'The caller''s own numbers: tasks sponsored (total, active, completed, and their views, joins, messages), todos (total, completed, joined_tasks), messages written, jobs by state, calls of the model (total, today in UTC, tokens). UB401 without a user.';

CREATE FUNCTION bountygo.task_numbers(id bigint, days integer) RETURNS jsonb
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
SET jit = off
AS $$
	WITH w (today) AS (SELECT timezone('UTC', statement_timestamp())::date),
	seen AS MATERIALIZED (SELECT v.day, v.viewers FROM bountygo.task_view_days v, w WHERE v.task_id = $1 AND v.day > w.today - $2),
	sources AS MATERIALIZED (
		SELECT s.host, sum(s.viewers) AS viewers FROM bountygo.task_view_sources s, w WHERE s.task_id = $1 AND s.day > w.today - $2 GROUP BY s.host)
	SELECT jsonb_build_object('task', bountygo.task_ref($1),
		'counts', (SELECT jsonb_build_object('views', coalesce(max(c.views), 0), 'joins', coalesce(max(c.joins), 0),
			'messages', coalesce(max(c.messages), 0)) FROM bountygo.task_counts c WHERE c.task_id = $1),
		'viewers', (SELECT coalesce(sum(s.viewers), 0) FROM seen s),
		'by_day', (SELECT coalesce(jsonb_agg(jsonb_build_object('day', to_char(d.day, 'YYYY-MM-DD'), 'viewers', coalesce(s.viewers, 0)) ORDER BY d.day), '[]')
			FROM w CROSS JOIN bountygo.tasks t CROSS JOIN LATERAL generate_series(greatest(w.today - $2 + 1, timezone('UTC', t.created_at)::date)::timestamp, w.today::timestamp, interval '1 day') AS d (day)
			LEFT JOIN seen s ON s.day = d.day::date WHERE t.id = $1),
		'sources', (SELECT coalesce(jsonb_agg(jsonb_build_object('host', nullif(x.host, ''), 'viewers', x.viewers) ORDER BY x.viewers DESC, x.host), '[]')
			FROM (SELECT s.host, s.viewers FROM sources s ORDER BY s.viewers DESC, s.host LIMIT 20) x),
		'without_source', (SELECT coalesce(sum(s.viewers), 0) FROM seen s) - (SELECT coalesce(sum(s.viewers), 0) FROM sources s))
$$;
COMMENT ON FUNCTION bountygo.task_numbers(bigint, integer) IS
'What was measured of a task: counts since it was made; in the last days viewers by day, and the 20 hosts that most came from (null: all beyond the first hundred of a day).';

CREATE FUNCTION bountygo.check_days(days integer) RETURNS integer
LANGUAGE plpgsql IMMUTABLE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	IF days NOT BETWEEN 1 AND 365 THEN
		PERFORM bountygo.raise_invalid(bountygo.problem('?days', 'This must be from 1 to 365.'));
	END IF;
	RETURN coalesce(days, 30);
END
$$;
COMMENT ON FUNCTION bountygo.check_days(integer) IS 'A number of days, 1 to 365, 30 unless said. UB422 otherwise.';

CREATE FUNCTION bountygo.sponsor_dashboard(days integer DEFAULT 30, cursor text DEFAULT NULL, "limit" integer DEFAULT 20) RETURNS jsonb
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
SET jit = off
AS $$
DECLARE
	caller constant bigint := bountygo.require_user();
	size constant integer := bountygo.page_size("limit");
	span constant integer := bountygo.check_days(days);
	before bigint := 9223372036854775807;
	answer jsonb;
BEGIN
	IF cursor IS NOT NULL THEN
		SELECT c.id INTO before FROM bountygo.cursor_read(cursor, 'dashboard') c;
	END IF;
	SELECT jsonb_build_object('days', span,
			'totals', (SELECT jsonb_build_object('tasks', count(*), 'views', coalesce(sum(c.views), 0), 'joins', coalesce(sum(c.joins), 0),
					'messages', coalesce(sum(c.messages), 0))
				FROM bountygo.tasks t LEFT JOIN bountygo.task_counts c ON c.task_id = t.id WHERE t.sponsor_id = caller),
			'items', coalesce(jsonb_agg(bountygo.task_numbers(p.id, span) ORDER BY p.id DESC) FILTER (WHERE p.n <= size), '[]'),
			'next', CASE WHEN count(*) > size THEN bountygo.cursor_make('dashboard', '', min(p.id) FILTER (WHERE p.n <= size)) END)
		INTO answer
		FROM (SELECT t.id, row_number() OVER (ORDER BY t.id DESC) AS n FROM bountygo.tasks t
			WHERE t.sponsor_id = caller AND t.id < before ORDER BY t.id DESC LIMIT size + 1) p;
	RETURN answer;
END
$$;
COMMENT ON FUNCTION bountygo.sponsor_dashboard(integer, text, integer) IS
'The caller''s own tasks, newest first, with what was measured of each in the last days (1 to 365): {"days", "totals": {tasks, views, joins, messages}, "items": [as task_analytics], "next"}. limit 1 to 100. UB401 without a user, UB422 for bad values.';

CREATE FUNCTION bountygo.task_analytics(id bigint, days integer DEFAULT 30) RETURNS jsonb
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	span constant integer := bountygo.check_days(days);
	sponsor bigint;
BEGIN
	IF NOT pg_has_role(current_user, 'bountygo_admin', 'MEMBER') THEN
		PERFORM bountygo.require_user();
	END IF;
	PERFORM bountygo.require_task(task_analytics.id);
	SELECT x.sponsor_id INTO sponsor FROM bountygo.tasks x WHERE x.id = task_analytics.id;
	IF NOT pg_has_role(current_user, 'bountygo_admin', 'MEMBER') AND sponsor IS DISTINCT FROM bountygo.current_user_id()
		AND NOT bountygo.is_moderator() THEN
		RAISE EXCEPTION 'only its sponsor and moderators see the analytics of task %', task_analytics.id USING ERRCODE = 'UB403';
	END IF;
	RETURN bountygo.task_numbers(task_analytics.id, span);
END
$$;
COMMENT ON FUNCTION bountygo.task_analytics(bigint, integer) IS
'What was measured of a task: {task, counts {views, joins, messages}, viewers, by_day: [{day, viewers}], sources: [{host, viewers}], without_source}. A viewer counts once a UTC day; nothing links days, so viewers is the sum over them. days 1 to 365. For its sponsor and moderators. UB401, UB403, UB404, UB422.';
