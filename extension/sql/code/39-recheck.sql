-- The pages of tasks, looked at again: when, what changes, and what it means that a page is gone.

CREATE FUNCTION bountygo.next_check(status bountygo.task_status, deadline_earliest timestamptz, deadline timestamptz, since timestamptz,
	not_found_at timestamptz, gone_at timestamptz, at timestamptz DEFAULT pg_catalog.clock_timestamp()) RETURNS timestamptz
LANGUAGE plpgsql STABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	RETURN CASE
		WHEN status IN ('completed', 'cancelled') THEN NULL
		-- Gone: perhaps it comes back.
		WHEN gone_at IS NOT NULL THEN CASE WHEN at < gone_at + interval '30 days' THEN at + interval '7 days' END
		-- Not found once: a day later it counts.
		WHEN not_found_at IS NOT NULL
			THEN least(greatest(at + interval '1 hour', not_found_at + interval '1 day 1 minute'), at + interval '1 day 1 minute')
		WHEN deadline IS NULL THEN at + greatest(interval '3 days', least(interval '30 days', at - coalesce(since, at)))
		WHEN at > deadline + interval '7 days' THEN NULL
		WHEN at > deadline THEN at + interval '1 day'
		WHEN deadline_earliest > at + interval '30 days' THEN at + interval '7 days'
		WHEN deadline_earliest > at + interval '7 days' THEN at + interval '1 day'
		WHEN deadline_earliest > at + interval '1 day' THEN at + interval '6 hours'
		ELSE at + interval '1 hour' END;
END
$$;
COMMENT ON FUNCTION bountygo.next_check(bountygo.task_status, timestamptz, timestamptz, timestamptz, timestamptz, timestamptz, timestamptz) IS
'When a page is to be looked at after "at" (default: now). By the time left to the deadline''s early edge: over 30 days every 7 days, over 7 days daily, over a day every 6 hours, then hourly until it has surely passed; for 7 days more daily, then NULL, never. Without a deadline: as long as nothing has changed (since), at least 3 and at most 30 days. A page that was not found: a day later; one that is gone: every 7 days for 30 days. Completed and cancelled tasks: NULL.';

-- What a newer snapshot changes --------------------------------------------------------------------------------------

CREATE FUNCTION bountygo.task_parts(task_id bigint) RETURNS jsonb
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
	SELECT jsonb_build_object('rewards', jsonb_agg(e.value ORDER BY e.value) FILTER (WHERE e.field = 'rewards'),
		'milestones', jsonb_agg(e.value ORDER BY e.value) FILTER (WHERE e.field = 'milestones'))
	FROM bountygo.evidence e WHERE e.task_id = $1 AND e.is_current AND e.field IN ('rewards', 'milestones')
$$;
COMMENT ON FUNCTION bountygo.task_parts(bigint) IS 'The prizes and other dates of a task, to be compared: what task_fields() leaves out.';

CREATE FUNCTION bountygo.update_task_from_snapshot(task_id bigint, snapshot_id bigint, result jsonb) RETURNS integer
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	t bountygo.tasks;
	page record;
	new record;
	kept bigint[];
	kept_tags jsonb;
	spoken text[];
	model_held text[];
	rules_before jsonb;
	before jsonb;
	after jsonb;
	wanted jsonb;
	changed text[];
	print bigint;
BEGIN
	SELECT * INTO t FROM bountygo.tasks x WHERE x.id = update_task_from_snapshot.task_id FOR NO KEY UPDATE;
	-- An older snapshot, or that of another page, has nothing to tell; a page that is no task any more (closed, a login) takes nothing.
	IF NOT FOUND OR t.snapshot_id >= update_task_from_snapshot.snapshot_id OR result -> 'is_task' IS DISTINCT FROM 'true'::jsonb THEN
		RETURN 0;
	END IF;
	SELECT s.url, s.text, s.language INTO page FROM bountygo.snapshots s WHERE s.id = update_task_from_snapshot.snapshot_id;
	IF NOT FOUND OR page.url IS DISTINCT FROM t.source_url THEN
		RETURN 0;
	END IF;
	before := bountygo.task_fields(t.id) || bountygo.task_parts(t.id);
	new := bountygo.read_result(page.text, result);
	-- What the page says now, in the form of "before".
	wanted := jsonb_build_object('language', page.language, 'tags', NULL, 'rewards', NULL, 'milestones', NULL, 'title', NULL,
			'organizer', NULL, 'category', NULL, 'reward', NULL, 'deadline', NULL, 'eligibility', NULL, 'summary', NULL, 'description', NULL)
		|| new.known
		|| (SELECT coalesce(jsonb_object_agg(p.field, p.list), '{}') FROM (SELECT u.field, jsonb_agg(u.value ORDER BY u.value) AS list
			FROM unnest(new.fields, new.field_values) AS u (field, value) WHERE u.field IN ('rewards', 'milestones') GROUP BY u.field) p);

	-- A person's word stands, also "unknown". So does what the model has found, where only rules have read the new page, its quote is
	-- still there, and what the rules make of the field has not changed since the model chose otherwise.
	SELECT array_agg(DISTINCT e.field) FILTER (WHERE e.method LIKE 'user:%') INTO spoken
		FROM bountygo.evidence e WHERE e.task_id = t.id AND e.is_current;
	IF NOT result ? 'model' THEN
		SELECT s.result INTO rules_before FROM bountygo.snapshots s WHERE s.id = t.snapshot_id;
		SELECT array_agg(e.id), array_agg(DISTINCT e.field) FILTER (WHERE e.field <> 'tags'),
				jsonb_path_query_array(jsonb_agg(e.value ORDER BY e.id) FILTER (WHERE e.field = 'tags'), '$[*][*]')
			INTO kept, model_held, kept_tags
			FROM bountygo.evidence e
			WHERE e.task_id = t.id AND e.is_current AND e.method = 'model' AND strpos(page.text, e.quote) > 0
				AND (e.field = 'tags' OR coalesce(nullif(wanted -> e.field, 'null') IS NULL OR bountygo.field_key(e.field, wanted -> e.field)
					= bountygo.field_key(e.field, bountygo.field_value(e.field, rules_before #> ARRAY['fields', e.field, 'value'])), false));
		IF kept_tags IS NOT NULL THEN
			wanted := wanted || jsonb_build_object('tags', coalesce(nullif(wanted -> 'tags', 'null'), '[]') || kept_tags);
		END IF;
	END IF;
	wanted := wanted - coalesce(spoken, '{}') - coalesce(model_held, '{}')
		-- Whoever has put the task into their name needs a title.
		- CASE WHEN t.sponsor_id IS NOT NULL AND NOT new.known ? 'title' THEN ARRAY['title'] ELSE '{}' END;
	SELECT array_agg(w.key) INTO changed FROM jsonb_each(wanted) w
		WHERE bountygo.field_key(w.key, w.value) IS DISTINCT FROM bountygo.field_key(w.key, before -> w.key);

	IF changed IS NOT NULL THEN
		DELETE FROM bountygo.rewards r WHERE r.task_id = t.id AND 'rewards' = ANY (changed);
		DELETE FROM bountygo.milestones m WHERE m.task_id = t.id AND 'milestones' = ANY (changed);
		UPDATE bountygo.evidence e SET is_current = false WHERE e.task_id = t.id AND e.is_current AND e.field = ANY (changed)
			AND NOT (e.field = 'tags' AND e.id = ANY (coalesce(kept, '{}')));
		INSERT INTO bountygo.evidence (task_id, field, value, snapshot_id, start_char, end_char, quote, method, confidence)
			SELECT t.id, u.field, u.value, update_task_from_snapshot.snapshot_id, u.start_char, u.end_char, u.quote, u.method, u.confidence
			FROM unnest(new.fields, new.field_values, new.starts, new.ends, new.quotes, new.methods, new.confidences)
				AS u (field, value, start_char, end_char, quote, method, confidence)
			WHERE u.field = ANY (changed);
		IF changed && ARRAY['rewards', 'milestones'] THEN
			PERFORM bountygo.store_parts(t.id);
		END IF;
		PERFORM bountygo.put_task_fields(t.id, (SELECT coalesce(jsonb_object_agg(w.key, w.value), '{}') FROM jsonb_each(wanted) w
			WHERE w.key = ANY (changed) AND w.key NOT IN ('rewards', 'milestones')), new.reasons);
	END IF;
	after := bountygo.task_fields(t.id) || bountygo.task_parts(t.id);
	SELECT * INTO t FROM bountygo.tasks x WHERE x.id = update_task_from_snapshot.task_id;
	print := bountygo.simhash(page.text, t.title, after ->> 'organizer',
		ARRAY[coalesce(t.deadline_date, (t.deadline AT TIME ZONE 'UTC')::date)::text]);
	UPDATE bountygo.tasks x SET snapshot_id = update_task_from_snapshot.snapshot_id, simhash = print,
			bands = bountygo.task_keys(print, page.text, t.title, t.organizer_id, t.deadline_date, t.deadline, t.reward_amount, t.reward_currency),
			opens_at = CASE WHEN 'milestones' = ANY (changed) THEN bountygo.opening(new.fields, new.field_values, t.deadline)
				ELSE x.opens_at END
		WHERE x.id = t.id;
	RETURN bountygo.record_task_changes(t.id, before, after, 'recheck', NULL);
END
$$;
COMMENT ON FUNCTION bountygo.update_task_from_snapshot(bigint, bigint, jsonb) IS
'Brings a task up to date with a newer snapshot of its page: fields whose values differ get new evidence (the old is no longer current), prizes and other dates are replaced, missing follows; history and one event task_changed. What a person has set stays as it is. Returns how many fields changed; 0 if the snapshot is not newer, is of another page, or the result says it is no task.';

-- What came of a look -----------------------------------------------------------------------------------------------

CREATE FUNCTION bountygo.task_checked(task_id bigint, at timestamptz) RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	was_gone timestamptz;
BEGIN
	SELECT t.gone_at INTO was_gone FROM bountygo.tasks t
		WHERE t.id = task_checked.task_id AND t.source_url IS NOT NULL AND (t.checked_at < at OR t.checked_at IS NULL OR t.gone_at < at) FOR NO KEY UPDATE;
	IF NOT FOUND THEN
		RETURN;
	END IF;
	UPDATE bountygo.tasks t SET checked_at = at, not_found_at = NULL, gone_at = NULL,
			next_check_at = bountygo.next_check(t.status, t.deadline_earliest, t.deadline, t.updated_at, NULL, NULL, at)
		WHERE t.id = task_checked.task_id;
	IF was_gone IS NOT NULL THEN
		INSERT INTO bountygo.events (kind, task_id, payload)
			VALUES ('task_reopened', task_checked.task_id, jsonb_build_object('gone_at', bountygo.rfc3339(was_gone)));
	END IF;
END
$$;
COMMENT ON FUNCTION bountygo.task_checked(bigint, timestamptz) IS
'The page of a task was there at that moment: checked_at, when to look next, and if it was gone, that it is back (event task_reopened). Nothing if it was looked at later already.';

CREATE FUNCTION bountygo.task_not_found(task_id bigint, http_status integer) RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	moment constant timestamptz := clock_timestamp();
	t record;
	goes boolean;
BEGIN
	SELECT x.id, x.not_found_at, x.gone_at INTO t FROM bountygo.tasks x WHERE x.id = task_not_found.task_id FOR NO KEY UPDATE;
	IF NOT FOUND THEN
		RETURN;
	END IF;
	-- 410 is said on purpose; 404 may be a mistake, unless it lasts.
	goes := t.gone_at IS NULL AND (http_status = 410 OR coalesce(t.not_found_at <= moment - interval '1 day', false));
	UPDATE bountygo.tasks x SET not_found_at = coalesce(x.not_found_at, moment), gone_at = CASE WHEN goes THEN moment ELSE x.gone_at END,
			next_check_at = bountygo.next_check(x.status, x.deadline_earliest, x.deadline, x.updated_at, coalesce(x.not_found_at, moment),
				CASE WHEN goes THEN moment ELSE x.gone_at END, moment)
		WHERE x.id = t.id;
	IF goes THEN
		INSERT INTO bountygo.events (kind, task_id, payload) VALUES ('task_gone', t.id, jsonb_build_object('http_status', http_status));
		-- It no longer stands for its duplicates.
		PERFORM bountygo.repair_cluster(c.id) FROM bountygo.clusters c WHERE c.canonical_task_id = t.id;
	END IF;
END
$$;
COMMENT ON FUNCTION bountygo.task_not_found(bigint, integer) IS
'The page of a task was answered with 404 or 410. It counts as gone (gone_at, event task_gone) at once with 410, with 404 when it was not found at least a day before, either.';

CREATE FUNCTION bountygo.recheck_ended(task_id bigint, snapshot_id bigint, result jsonb) RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	page jsonb := result;
BEGIN
	-- Unchanged since the newest snapshot, on which the task need not rest yet: somebody else may have had the page read.
	IF page IS NULL AND EXISTS (SELECT FROM bountygo.tasks t WHERE t.id = recheck_ended.task_id AND t.snapshot_id < recheck_ended.snapshot_id) THEN
		SELECT coalesce((SELECT r.result FROM bountygo.job_results r WHERE r.snapshot_id = s.id AND r.result IS NOT NULL
				ORDER BY r.job_id DESC LIMIT 1), s.result) INTO page
			FROM bountygo.snapshots s WHERE s.id = recheck_ended.snapshot_id;
	END IF;
	IF page IS NOT NULL THEN
		PERFORM bountygo.update_task_from_snapshot(recheck_ended.task_id, recheck_ended.snapshot_id, page);
	END IF;
	PERFORM bountygo.task_checked(recheck_ended.task_id, clock_timestamp());
END
$$;
COMMENT ON FUNCTION bountygo.recheck_ended(bigint, bigint, jsonb) IS
'A recheck has read a page: the task follows it. result NULL: the page has not changed since that snapshot. For workers.';

CREATE FUNCTION bountygo.reschedule_task() RETURNS trigger
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	next constant timestamptz := bountygo.next_check(NEW.status, NEW.deadline_earliest, NEW.deadline, NEW.updated_at, NEW.not_found_at, NEW.gone_at);
BEGIN
	-- Sooner if the deadline is nearer now, and not at all when the task has ended.
	NEW.next_check_at := CASE WHEN next IS NOT NULL THEN least(NEW.next_check_at, next) END;
	RETURN NEW;
END
$$;
COMMENT ON FUNCTION bountygo.reschedule_task() IS 'Trigger on tasks from pages whose deadline or status changes: when their page is to be looked at next.';

-- Asking for it -------------------------------------------------------------------------------------------------------

CREATE FUNCTION bountygo.recheck_task(id bigint) RETURNS jsonb
LANGUAGE plpgsql
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	caller constant bigint := bountygo.current_user_id();
	t record;
	checked record;
	job bigint;
BEGIN
	PERFORM bountygo.require_submitter(false);
	SELECT x.id, x.source_url INTO t FROM bountygo.tasks x
		WHERE x.id = recheck_task.id AND (x.status <> 'draft' OR x.sponsor_id = caller OR bountygo.is_moderator() OR caller IS NULL);
	IF NOT FOUND THEN
		RAISE EXCEPTION 'there is no task %', coalesce(recheck_task.id::text, '(null)')
			USING ERRCODE = 'UB404', HINT = 'It does not exist or is not visible to you.';
	END IF;
	SELECT * INTO checked FROM bountygo.url_check(t.source_url);
	IF checked.canonical IS NULL THEN
		RAISE EXCEPTION 'this task has no page that could be read again' USING ERRCODE = 'UB409',
			HINT = coalesce(checked.problem, 'It was entered by hand.');
	END IF;
	-- Who asks at the same time waits here, and not the workers, who pass over what somebody asks for.
	PERFORM pg_advisory_xact_lock(hashtext('bountygo.recheck'), (t.id % 2147483647)::integer);
	FOR attempt IN 1..10 LOOP
		SELECT j.id INTO job FROM bountygo.jobs j
			WHERE j.recheck_of = t.id AND (j.state IN ('queued', 'leased') OR (j.state IN ('done', 'dead')
				AND j.finished_at > clock_timestamp() - current_setting('bountygo.recheck_pause')::interval))
			ORDER BY j.id DESC LIMIT 1;
		IF FOUND THEN
			-- One that was only due by the clock goes ahead now that somebody waits for it.
			UPDATE bountygo.jobs j SET priority = 5 WHERE j.id = job AND j.state = 'queued' AND j.priority < 5;
			EXIT;
		END IF;
		INSERT INTO bountygo.jobs (kind, priority, host, dedupe_key, requested_by, recheck_of, max_attempts)
			VALUES ('recheck', 5, checked.host, t.id::text, caller, t.id, current_setting('bountygo.max_attempts')::smallint)
			ON CONFLICT (kind, dedupe_key) WHERE state IN ('queued', 'leased') DO NOTHING
			RETURNING jobs.id INTO job;
		IF FOUND THEN
			INSERT INTO bountygo.job_payloads (job_id, url) VALUES (job, checked.canonical);
			PERFORM bountygo.wake_workers();
			EXIT;
		END IF;
	END LOOP;
	IF job IS NULL THEN
		RAISE EXCEPTION 'could not ask for a recheck because of others who do' USING ERRCODE = '40001';
	END IF;
	RETURN bountygo.job_object(job, true);
END
$$;
COMMENT ON FUNCTION bountygo.recheck_task(bigint) IS
'Has the page of a task read again and returns the job; the task follows what the page says, except where a person has set a value. A recheck that is under way, or ended less than bountygo.recheck_pause ago, is returned instead of a new one. UB401 without a user, UB404 if there is no such task for you, UB409 if the task has no page.';

CREATE FUNCTION bountygo.schedule_rechecks(most integer DEFAULT 200) RETURNS integer
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	made integer;
BEGIN
	IF current_setting('bountygo.recheck', true) = 'off' THEN
		RETURN 0;
	END IF;
	WITH due AS (
		SELECT t.id, t.source_url FROM bountygo.tasks t WHERE t.next_check_at <= clock_timestamp()
		ORDER BY t.next_check_at LIMIT most FOR NO KEY UPDATE SKIP LOCKED
	), moved AS (
		-- Now already, so that a job that is lost or fails is not missed: the end of a job that succeeds sets it anew.
		UPDATE bountygo.tasks t SET next_check_at = bountygo.next_check(t.status, t.deadline_earliest, t.deadline, t.updated_at,
			t.not_found_at, t.gone_at)
		FROM due d WHERE t.id = d.id
		RETURNING t.id, t.source_url
	), asked AS (
		-- Behind what people submit.
		INSERT INTO bountygo.jobs (kind, priority, host, dedupe_key, recheck_of, max_attempts)
		SELECT 'recheck', -1, c.host, m.id::text, m.id, current_setting('bountygo.max_attempts')::smallint
		FROM moved m CROSS JOIN LATERAL bountygo.url_check(m.source_url) c
		WHERE c.problem IS NULL AND c.canonical IS NOT NULL
			AND pg_try_advisory_xact_lock(hashtext('bountygo.recheck'), (m.id % 2147483647)::integer)
		ORDER BY m.id
		ON CONFLICT (kind, dedupe_key) WHERE state IN ('queued', 'leased') DO NOTHING
		RETURNING id, recheck_of
	)
	INSERT INTO bountygo.job_payloads (job_id, url)
	SELECT a.id, m.source_url FROM asked a JOIN moved m ON m.id = a.recheck_of;
	GET DIAGNOSTICS made = ROW_COUNT;
	IF made > 0 THEN
		PERFORM bountygo.wake_workers();
	END IF;
	RETURN made;
END
$$;
COMMENT ON FUNCTION bountygo.schedule_rechecks(integer) IS
'Makes recheck jobs for tasks whose next_check_at has come, at most "most"; returns how many. Nothing if the setting bountygo.recheck is off. For workers, every minute.';
