-- What people tell the moderators about tasks: that something is wrong, or what would be right.

CREATE TYPE bountygo.report_kind AS ENUM ('report', 'correction');
COMMENT ON TYPE bountygo.report_kind IS 'report: something is wrong with a task; correction: what one of its fields should say.';

CREATE TYPE bountygo.report_reason AS ENUM ('spam', 'wrong', 'duplicate', 'scam', 'expired', 'other');
COMMENT ON TYPE bountygo.report_reason IS 'Why a task is reported to the moderators.';

CREATE TYPE bountygo.report_status AS ENUM ('open', 'accepted', 'dismissed');
COMMENT ON TYPE bountygo.report_status IS 'What the moderators made of a report; accepted and dismissed are final.';

CREATE TYPE bountygo.report_action AS ENUM ('accept', 'dismiss');
COMMENT ON TYPE bountygo.report_action IS 'What a moderator does with a report. accept: it is right (a correction is applied); dismiss: it is not.';

CREATE FUNCTION bountygo.report_object(id bigint) RETURNS jsonb
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
	SELECT jsonb_build_object('id', r.id, 'task_id', r.task_id, 'kind', r.kind, 'reason', r.reason, 'note', r.note, 'field', r.field,
			'value', nullif(r.value, 'null'), 'status', r.status, 'created_at', bountygo.rfc3339(r.created_at),
			'resolved_at', bountygo.rfc3339(r.resolved_at), 'resolution', r.resolution)
		-- Who reported is for moderators; the reporter knows.
		|| CASE WHEN bountygo.is_moderator() THEN jsonb_build_object('reporter', CASE WHEN u.id IS NOT NULL THEN
			bountygo.user_object(u.id, u.nickname, u.avatar_url, u.created_at) END) ELSE '{}' END
	FROM bountygo.reports r LEFT JOIN bountygo.public_users u ON u.id = r.reporter_id
	WHERE r.id = $1
$$;
COMMENT ON FUNCTION bountygo.report_object(bigint) IS
'A report as the API shows it, for moderators with its reporter; NULL if it is not visible to the caller. value of a correction: what the field should be, null for no value.';

CREATE FUNCTION bountygo.get_report(id bigint) RETURNS jsonb
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	found jsonb;
BEGIN
	PERFORM bountygo.require_editor();
	found := bountygo.report_object(get_report.id);
	IF found IS NULL THEN
		RAISE EXCEPTION 'there is no report %', coalesce(get_report.id::text, '(null)')
			USING ERRCODE = 'UB404', HINT = 'It does not exist or is not visible to you.';
	END IF;
	RETURN found;
END
$$;
COMMENT ON FUNCTION bountygo.get_report(bigint) IS
'A report or proposed correction of one''s own; moderators see all, with who wrote them. UB401 without a user, UB404 if there is none for you.';

CREATE FUNCTION bountygo.report_task(id bigint, reason bountygo.report_reason, note text DEFAULT NULL) RETURNS jsonb
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	caller constant bigint := bountygo.require_user();
	wanted_note constant text := bountygo.clean_text(report_task.note, true);
	problems jsonb := bountygo.text_problems('/note', wanted_note, 2000, true);
	report bigint;
BEGIN
	PERFORM bountygo.require_task(report_task.id);
	IF report_task.reason IS NULL THEN
		problems := problems || bountygo.problem('/reason', format('This must be one of %s.',
			array_to_string(enum_range(NULL::bountygo.report_reason), ', ')));
	END IF;
	PERFORM bountygo.raise_invalid(problems);
	BEGIN
		INSERT INTO bountygo.reports (task_id, reporter_id, kind, reason, note)
			VALUES (report_task.id, caller, 'report', report_task.reason, wanted_note) RETURNING reports.id INTO report;
	EXCEPTION WHEN unique_violation THEN
		RAISE EXCEPTION 'you have reported this task for this reason already'
			USING ERRCODE = 'UB409', HINT = 'Moderators have not decided yet. See GET /reports.';
	WHEN foreign_key_violation OR insufficient_privilege THEN
		-- Deleted since we looked.
		PERFORM bountygo.require_task(report_task.id);
		RAISE;
	END;
	RETURN bountygo.report_object(report);
END
$$;
COMMENT ON FUNCTION bountygo.report_task(bigint, bountygo.report_reason, text) IS
'Tells the moderators that something is wrong with a task, and returns the report. note: up to 2000 characters. UB401 without a user, UB404 without such a task, UB409 while a report of yours of that reason is open, UB422.';

CREATE FUNCTION bountygo.list_reports(
	status bountygo.report_status DEFAULT NULL,
	task_id bigint DEFAULT NULL,
	kind bountygo.report_kind DEFAULT NULL,
	count bountygo.count_mode DEFAULT 'none',
	cursor text DEFAULT NULL,
	"limit" integer DEFAULT 20) RETURNS jsonb
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	size constant integer := bountygo.page_size(list_reports."limit");
	-- Row-level security says the same; said here, it is found by an index.
	caller constant bigint := bountygo.require_editor();
	of_all constant boolean := caller IS NULL OR bountygo.is_moderator();
	after_id bigint;
	ids bigint[];
	total bigint;
BEGIN
	IF cursor IS NOT NULL THEN
		after_id := (bountygo.cursor_read(cursor, 'reports')).id;
	END IF;
	ids := ARRAY(SELECT r.id FROM bountygo.reports r
		WHERE (of_all OR r.reporter_id = caller) AND (after_id IS NULL OR r.id < after_id)
			AND (list_reports.status IS NULL OR r.status = list_reports.status)
			AND (list_reports.task_id IS NULL OR r.task_id = list_reports.task_id)
			AND (list_reports.kind IS NULL OR r.kind = list_reports.kind)
		ORDER BY r.id DESC LIMIT size + 1);
	IF list_reports.count <> 'none' THEN
		SELECT count(*) INTO total FROM bountygo.reports r
			WHERE (of_all OR r.reporter_id = caller) AND (list_reports.status IS NULL OR r.status = list_reports.status)
				AND (list_reports.task_id IS NULL OR r.task_id = list_reports.task_id)
				AND (list_reports.kind IS NULL OR r.kind = list_reports.kind);
	END IF;
	RETURN jsonb_build_object(
			'items', (SELECT coalesce(jsonb_agg(bountygo.report_object(i.id) ORDER BY i.n), '[]')
				FROM unnest(ids[1:size]) WITH ORDINALITY AS i (id, n)),
			'next', CASE WHEN cardinality(ids) > size THEN bountygo.cursor_make('reports', NULL, ids[size]) END)
		|| CASE WHEN total IS NOT NULL THEN jsonb_build_object('total', total) ELSE '{}' END;
END
$$;
COMMENT ON FUNCTION bountygo.list_reports(bountygo.report_status, bigint, bountygo.report_kind, bountygo.count_mode, text, integer) IS
'One''s own reports and proposed corrections, newest first; for moderators all of them. limit 1 to 100, default 20. UB401 without a user, UB422 for a foreign cursor.';

CREATE FUNCTION bountygo.resolve_report(id bigint, action bountygo.report_action, note text DEFAULT NULL) RETURNS jsonb
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	caller constant bigint := bountygo.require_editor();
	wanted_note constant text := bountygo.clean_text(resolve_report.note, true);
	problems jsonb := bountygo.text_problems('/note', wanted_note, 2000, true);
	task bigint;
	r record;
	c record;
BEGIN
	SELECT x.task_id INTO task FROM bountygo.reports x WHERE x.id = resolve_report.id;
	IF NOT FOUND THEN
		PERFORM bountygo.get_report(resolve_report.id);
	END IF;
	-- The task first, then the report: the order in which a task that is deleted takes its reports along.
	PERFORM FROM bountygo.tasks t WHERE t.id = task FOR NO KEY UPDATE;
	SELECT x.kind, x.field, x.value, x.status INTO r FROM bountygo.reports x WHERE x.id = resolve_report.id FOR NO KEY UPDATE;
	IF NOT FOUND THEN
		PERFORM bountygo.get_report(resolve_report.id);
		RAISE EXCEPTION 'only moderators resolve reports' USING ERRCODE = 'UB403', HINT = 'Yours is waiting for one of them.';
	END IF;
	IF resolve_report.action IS NULL THEN
		problems := problems || bountygo.problem('/action', 'This must be one of accept, dismiss.');
	END IF;
	PERFORM bountygo.raise_invalid(problems);
	IF r.status <> 'open' THEN
		RAISE EXCEPTION 'this report is % already', r.status USING ERRCODE = 'UB409', HINT = 'That is final. A new report can be made.';
	END IF;
	UPDATE bountygo.reports x SET status = CASE resolve_report.action WHEN 'accept' THEN 'accepted' ELSE 'dismissed' END::bountygo.report_status,
			resolved_at = clock_timestamp(), resolved_by = caller, resolution = wanted_note
		WHERE x.id = resolve_report.id;
	IF resolve_report.action = 'accept' AND r.kind = 'correction' THEN
		-- Checked again: whoever may write a report has not necessarily come through correct_task().
		PERFORM bountygo.raise_invalid(bountygo.correction_problems(r.field, '/field'));
		SELECT v.normal, v.problems INTO c FROM bountygo.correction_value(r.field, r.value, '/value') v;
		PERFORM bountygo.raise_invalid(c.problems || bountygo.sponsored_title_problems(task, r.field, c.normal));
		PERFORM bountygo.apply_user_fields(task, jsonb_build_object(r.field, c.normal), caller, confirm => true);
	END IF;
	RETURN bountygo.report_object(resolve_report.id);
END
$$;
COMMENT ON FUNCTION bountygo.resolve_report(bigint, bountygo.report_action, text) IS
'Ends a report or proposed correction, for moderators, and returns it. accept: it is right, and a correction is applied as the moderator''s evidence; dismiss: it is not. note: up to 2000 characters, which the reporter sees. UB401, UB403 for others, UB404, UB409 if it was resolved before, UB422.';
