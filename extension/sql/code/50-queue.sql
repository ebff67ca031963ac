-- The queue as people see it: submitting, looking, cancelling; and what starts, wakes and ends workers.

CREATE FUNCTION bountygo.wake_workers() RETURNS void
AS 'MODULE_PATHNAME', 'bountygo_wake_workers' LANGUAGE c VOLATILE STRICT PARALLEL UNSAFE;
COMMENT ON FUNCTION bountygo.wake_workers() IS
'Wakes the workers of this database when the transaction commits. Costs nothing if there are none.';

CREATE FUNCTION bountygo.worker_is_live(pid integer, backend_start timestamptz) RETURNS boolean
AS 'MODULE_PATHNAME', 'bountygo_worker_is_live' LANGUAGE c VOLATILE STRICT;
COMMENT ON FUNCTION bountygo.worker_is_live(integer, timestamptz) IS
'True if the process with this id that started at this moment still runs.';

CREATE FUNCTION bountygo.register_workers() RETURNS integer
AS 'MODULE_PATHNAME', 'bountygo_register_workers' LANGUAGE c VOLATILE STRICT;
COMMENT ON FUNCTION bountygo.register_workers() IS
'Starts a process for each worker slot of this database that has none; returns how many slots are served then. Use start().';

CREATE FUNCTION bountygo.signal_workers() RETURNS integer
AS 'MODULE_PATHNAME', 'bountygo_signal_workers' LANGUAGE c VOLATILE STRICT;
COMMENT ON FUNCTION bountygo.signal_workers() IS
'Asks the worker processes of this database to end and waits up to 5 seconds for it; returns how many ended. Use stop().';

CREATE FUNCTION bountygo.launch_workers() RETURNS integer
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	UPDATE bountygo.worker_control SET enabled = true WHERE NOT enabled;
	PERFORM bountygo.wake_workers();
	RETURN bountygo.register_workers();
END
$$;
COMMENT ON FUNCTION bountygo.launch_workers() IS
'Lets workers run in this database and starts those that are missing; returns how many there are. 53400 if max_worker_processes is too low.';

CREATE FUNCTION bountygo.terminate_workers() RETURNS integer
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	UPDATE bountygo.worker_control SET enabled = false WHERE enabled;
	RETURN bountygo.signal_workers();
END
$$;
COMMENT ON FUNCTION bountygo.terminate_workers() IS
'Ends the workers of this database, also for later restarts of the server, until launch_workers(); returns how many ended. Their jobs go back to the queue.';

-- URLs --------------------------------------------------------------------------------------------------------

CREATE FUNCTION bountygo.url_check(url text, OUT canonical text, OUT host text, OUT problem text)
AS 'MODULE_PATHNAME', 'bountygo_url_check' LANGUAGE c STABLE STRICT;
COMMENT ON FUNCTION bountygo.url_check(text) IS
'The canonical form and the host of a URL, or the problem with it, as a sentence.';

CREATE FUNCTION bountygo.canonical_url(url text) RETURNS text
LANGUAGE plpgsql STABLE STRICT
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	checked record;
BEGIN
	SELECT * INTO checked FROM bountygo.url_check(canonical_url.url);
	IF checked.problem IS NOT NULL THEN
		PERFORM bountygo.raise_invalid(bountygo.problem('/url', checked.problem));
	END IF;
	RETURN checked.canonical;
END
$$;
COMMENT ON FUNCTION bountygo.canonical_url(text) IS
'The form of a URL under which pages are the same page: lower-case punycode host, no default port, no fragment, no tracking parameters. At most 2,048 bytes, http or https. UB422 with what is wrong.';

-- Submitting. What workers trust is written by functions only: submit_one, submit_urls and submit_text run as bountygo_owner, who
-- becomes their owner in grant_privileges(), and check what they are given.
-- -------------------------------------------------------------------------------------------------

CREATE FUNCTION bountygo.require_submitter(anonymous boolean) RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	IF to_regclass('bountygo.jobs') IS NULL THEN
		RAISE EXCEPTION 'BountyGo is not set up in this database yet'
			USING ERRCODE = 'UB503', HINT = 'A superuser sets it up: SELECT bountygo.start();';
	END IF;
	PERFORM bountygo.require_scope('jobs:write');
	-- Within functions that run as bountygo_owner current_user is that role; "role" is still what the caller has set.
	IF NOT anonymous AND bountygo.current_user_id() IS NULL
			AND NOT pg_has_role(coalesce(nullif(current_setting('role'), 'none'), session_user)::name, 'bountygo_admin', 'MEMBER') THEN
		RAISE EXCEPTION 'sign in to submit pages'
			USING ERRCODE = 'UB401', HINT = 'Send an access token, or call bountygo.authenticate(token) in the same transaction.';
	END IF;
END
$$;
COMMENT ON FUNCTION bountygo.require_submitter(boolean) IS
'Raises UB503 before init(), UB403 for an API key without the scope jobs:write, and UB401 unless somebody is signed in, an administrator of the database calls, or it may be anonymous.';

CREATE FUNCTION bountygo.queue_submit(kind bountygo.job_kind, canonical text, host text, submitted_url text, auto_create boolean,
	max_age interval, group_id bigint) RETURNS bigint
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
DECLARE
	caller bigint := bountygo.current_user_id();
	-- One open job a person and page: nobody sees another's jobs, so they can't be shared.
	key text := encode(sha256(convert_to(coalesce(caller::text, '') || ' ' || queue_submit.canonical, 'UTF8')), 'hex');
	job bigint;
	creates boolean;
	snapshot bigint;
	page jsonb;
	task bigint;
BEGIN
	FOR attempt IN 1..10 LOOP
		SELECT j.id, j.auto_create INTO job, creates FROM bountygo.jobs j
		WHERE j.kind = queue_submit.kind AND j.dedupe_key = key AND j.state IN ('queued', 'leased');
		IF FOUND THEN
			IF NOT queue_submit.auto_create OR creates THEN
				RETURN job;
			END IF;
			UPDATE bountygo.jobs j SET auto_create = true WHERE j.id = job AND j.state IN ('queued', 'leased');
			IF FOUND THEN
				RETURN job;
			END IF;
			CONTINUE;	-- it ended in between
		END IF;

		SELECT s.id, coalesce((SELECT r.result FROM bountygo.job_results r WHERE r.snapshot_id = s.id AND r.result IS NOT NULL
			ORDER BY r.job_id DESC LIMIT 1), s.result) INTO snapshot, page
		FROM bountygo.snapshots s
		WHERE s.url = queue_submit.canonical AND s.fetched_at > clock_timestamp() - queue_submit.max_age
		ORDER BY s.fetched_at DESC LIMIT 1;
		IF FOUND THEN
			INSERT INTO bountygo.jobs (kind, state, stage, host, group_id, requested_by, is_public, auto_create, outcome, max_attempts,
				started_at, finished_at)
			VALUES (queue_submit.kind, 'done', 'end', queue_submit.host, queue_submit.group_id, caller, caller IS NULL AND queue_submit.kind <> 'page',
				queue_submit.auto_create, 'ok', current_setting('bountygo.max_attempts')::smallint, now(), now())
			RETURNING id INTO job;
			INSERT INTO bountygo.job_payloads (job_id, url, submitted_url)
			VALUES (job, queue_submit.canonical, nullif(queue_submit.submitted_url, queue_submit.canonical));
			IF queue_submit.auto_create THEN
				task := bountygo.task_from_snapshot(snapshot, page, caller, job);
			END IF;
			INSERT INTO bountygo.job_results (job_id, snapshot_id, task_id, result)
			VALUES (job, snapshot, task, CASE WHEN page ? 'model' THEN page END);
			RETURN job;
		END IF;

		INSERT INTO bountygo.jobs (kind, priority, host, dedupe_key, group_id, requested_by, is_public, auto_create, max_attempts)
		VALUES (queue_submit.kind, CASE WHEN queue_submit.kind = 'preview' THEN 10 ELSE 0 END, queue_submit.host, key,
			queue_submit.group_id, caller, caller IS NULL AND queue_submit.kind <> 'page', queue_submit.auto_create, current_setting('bountygo.max_attempts')::smallint)
		ON CONFLICT (kind, dedupe_key) WHERE state IN ('queued', 'leased') DO NOTHING
		RETURNING id INTO job;
		IF FOUND THEN
			INSERT INTO bountygo.job_payloads (job_id, url, submitted_url)
			VALUES (job, queue_submit.canonical, nullif(queue_submit.submitted_url, queue_submit.canonical));
			PERFORM bountygo.wake_workers();
			RETURN job;
		END IF;
		-- Another transaction has just inserted the same: its row is visible to the next statement.
	END LOOP;
	RAISE EXCEPTION 'could not submit because of concurrent submits of the same page' USING ERRCODE = '40001';
END
$$;
COMMENT ON FUNCTION bountygo.queue_submit(bountygo.job_kind, text, text, text, boolean, interval, bigint) IS
'The open job of the caller for this page, or a job that a snapshot younger than max_age has ended already, or a new one; its id.';

CREATE FUNCTION bountygo.max_age(seconds integer) RETURNS interval
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	IF seconds IS NULL THEN
		RETURN current_setting('bountygo.max_age')::interval;
	END IF;
	IF seconds NOT BETWEEN 0 AND 31536000 THEN
		PERFORM bountygo.raise_invalid(bountygo.problem('/max_age', 'This must be from 0 to 31536000 seconds.'));
	END IF;
	RETURN make_interval(secs => seconds);
END
$$;
COMMENT ON FUNCTION bountygo.max_age(integer) IS
'Seconds as an interval; NULL: the setting bountygo.max_age. UB422 if negative or over a year.';

CREATE FUNCTION bountygo.submit_one(kind bountygo.job_kind, url text, auto_create boolean, max_age integer) RETURNS jsonb
LANGUAGE plpgsql
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	checked record;
	job bigint;
BEGIN
	-- Anyone may call this directly, too: nobody makes jobs of other kinds, and only what is signed in makes tasks.
	IF submit_one.kind IS NULL OR submit_one.kind NOT IN ('page', 'preview') THEN
		PERFORM bountygo.raise_invalid(bountygo.problem('/kind', 'This must be page or preview.'));
	END IF;
	PERFORM bountygo.require_submitter(submit_one.kind <> 'page');
	IF submit_one.url IS NULL THEN
		PERFORM bountygo.raise_invalid(bountygo.problem('/url', 'This is required.'), 'Pass the URL of the page.');
	END IF;
	SELECT * INTO checked FROM bountygo.url_check(submit_one.url);
	IF checked.problem IS NOT NULL THEN
		PERFORM bountygo.raise_invalid(bountygo.problem('/url', checked.problem));
	END IF;
	job := bountygo.queue_submit(submit_one.kind, checked.canonical, checked.host, submit_one.url,
		submit_one.kind = 'page' AND coalesce(submit_one.auto_create, false), bountygo.max_age(submit_one.max_age), NULL);
	-- A statement of its own, to see what the one before wrote.
	RETURN bountygo.job_object(job, true);
END
$$;
COMMENT ON FUNCTION bountygo.submit_one(bountygo.job_kind, text, boolean, integer) IS 'What submit_url and preview_url share.';

CREATE FUNCTION bountygo.submit_url(url text, auto_create boolean DEFAULT false, max_age integer DEFAULT NULL) RETURNS jsonb
LANGUAGE sql
SET search_path = pg_catalog, pg_temp
AS $$ SELECT bountygo.submit_one('page', submit_url.url, submit_url.auto_create, submit_url.max_age) $$;
COMMENT ON FUNCTION bountygo.submit_url(text, boolean, integer) IS
'Submits a page and returns its job at once; workers fetch and read it. The same URL twice is the same open job. auto_create: make a task if the page is one. max_age: seconds (0 to 31536000, default bountygo.max_age) for which an earlier snapshot is as good. UB401 without a user, unless an administrator calls; UB422 if the URL is not fit.';

CREATE FUNCTION bountygo.preview_url(url text, max_age integer DEFAULT NULL) RETURNS jsonb
LANGUAGE sql
SET search_path = pg_catalog, pg_temp
AS $$ SELECT bountygo.submit_one('preview', preview_url.url, false, preview_url.max_age) $$;
COMMENT ON FUNCTION bountygo.preview_url(text, integer) IS
'Reads a page without making a task: like submit_url, but ahead of other pages. Anonymous callers may use it: rules only, and whoever knows the job''s id may read it.';

CREATE FUNCTION bountygo.submit_urls(urls text[], auto_create boolean DEFAULT false) RETURNS jsonb
LANGUAGE plpgsql
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	wanted integer := coalesce(cardinality(submit_urls.urls), 0);
	group_of bigint;
	item record;
	items jsonb;
	ids bigint[];
	job bigint;
BEGIN
	PERFORM bountygo.require_submitter(false);
	IF wanted NOT BETWEEN 1 AND 1000 OR array_ndims(submit_urls.urls) <> 1 THEN
		PERFORM bountygo.raise_invalid(bountygo.problem('/urls', 'This must be a list of 1 to 1000 URLs.'));
	END IF;
	group_of := nextval('bountygo.job_group_seq');
	ids := array_fill(NULL::bigint, ARRAY[wanted]);
	-- In one order for everybody, so that two lists with the same pages can't wait for each other in a circle.
	FOR item IN
		SELECT u.place, u.url, c.canonical, c.host FROM unnest(submit_urls.urls) WITH ORDINALITY AS u(url, place)
		CROSS JOIN LATERAL bountygo.url_check(u.url) c
		WHERE c.problem IS NULL AND c.canonical IS NOT NULL ORDER BY c.canonical COLLATE "C", u.place
	LOOP
		ids[item.place] := bountygo.queue_submit('page', item.canonical, item.host, item.url, coalesce(submit_urls.auto_create, false),
			bountygo.max_age(NULL), group_of);
	END LOOP;
	SELECT jsonb_agg(CASE WHEN ids[u.place] IS NOT NULL
			THEN jsonb_build_object('url', u.url, 'job_id', j.id, 'state', j.state)
			ELSE jsonb_build_object('url', u.url, 'error', jsonb_build_object('code', 'UB422', 'pointer', '/urls/' || (u.place - 1),
				'detail', coalesce(c.problem, 'This must not be null.'))) END ORDER BY u.place)
	INTO items
	FROM unnest(submit_urls.urls) WITH ORDINALITY AS u(url, place)
	LEFT JOIN LATERAL bountygo.url_check(u.url) c ON ids[u.place] IS NULL
	LEFT JOIN bountygo.jobs j ON j.id = ids[u.place];
	RETURN jsonb_build_object('group_id', group_of, 'items', items);
END
$$;
COMMENT ON FUNCTION bountygo.submit_urls(text[], boolean) IS
'Submits 1 to 1000 pages as a group: {"group_id", "items": [{"url", "job_id", "state"} or {"url", "error"}]}, in the order given. A bad URL spoils only itself. A page that is already open keeps its job and its group. list_jobs(group_id => …) shows the progress. UB401 without a user, unless an administrator calls.';

CREATE FUNCTION bountygo.submit_text(content text, url text DEFAULT NULL) RETURNS jsonb
LANGUAGE plpgsql
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	caller bigint := bountygo.current_user_id();
	checked record;
	key text;
	job bigint;
BEGIN
	-- The model is asked for it, which is counted against somebody.
	PERFORM bountygo.require_submitter(false);
	IF coalesce(length(submit_text.content), 0) NOT BETWEEN 10 AND 200000 THEN
		PERFORM bountygo.raise_invalid(bountygo.problem('/content', 'This must be text of 10 to 200000 characters.'));
	END IF;
	SELECT * INTO checked FROM bountygo.url_check(submit_text.url);
	IF checked.problem IS NOT NULL THEN
		PERFORM bountygo.raise_invalid(bountygo.problem('/url', checked.problem));
	END IF;
	IF bountygo.model_calls_left() = 0 THEN
		RAISE EXCEPTION 'your model calls of today are used up' USING ERRCODE = 'UB429',
			DETAIL = ceil(extract(epoch FROM date_trunc('day', timezone('UTC', clock_timestamp())) + interval '1 day' - timezone('UTC', clock_timestamp())))::text,
			HINT = 'extract_text() reads it by rules alone, at any time.';
	END IF;
	key := encode(sha256(convert_to(concat_ws(' ', coalesce(caller::text, ''), checked.canonical, submit_text.content), 'UTF8')), 'hex');
	LOOP
		SELECT j.id INTO job FROM bountygo.jobs j
		WHERE j.kind = 'text' AND j.dedupe_key = key AND j.state IN ('queued', 'leased');
		EXIT WHEN FOUND;
		INSERT INTO bountygo.jobs (kind, stage, priority, dedupe_key, requested_by, max_attempts)
		VALUES ('text', 'read', 10, key, caller, current_setting('bountygo.max_attempts')::smallint)
		ON CONFLICT (kind, dedupe_key) WHERE state IN ('queued', 'leased') DO NOTHING
		RETURNING id INTO job;
		IF FOUND THEN
			INSERT INTO bountygo.job_payloads (job_id, url, content) VALUES (job, checked.canonical, submit_text.content);
			PERFORM bountygo.wake_workers();
			EXIT;
		END IF;
	END LOOP;
	RETURN bountygo.job_object(job, true);
END
$$;
COMMENT ON FUNCTION bountygo.submit_text(text, text) IS
'Queues text of 10 to 200000 characters for rules and model; returns the job. UB401 without a user, unless an administrator calls; UB422 if it is too short or too long, UB429 (DETAIL: seconds until the next UTC day) if the caller''s model calls of today are used up.';

-- Looking and cancelling --------------------------------------------------------------------------------------

CREATE FUNCTION bountygo.extraction_result(job_id bigint) RETURNS jsonb
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
SELECT coalesce(r.result, s.result) || jsonb_build_object('snapshot_id', s.id, 'text', s.text)
	|| CASE WHEN r.model_outcome IS NULL THEN '{}' ELSE jsonb_build_object('model', jsonb_build_object('outcome', r.model_outcome)) END
FROM bountygo.job_results r JOIN bountygo.snapshots s ON s.id = r.snapshot_id
WHERE r.job_id = extraction_result.job_id
$$;
COMMENT ON FUNCTION bountygo.extraction_result(bigint) IS
'The extraction result of a job as the API shows it, with snapshot_id and text; NULL if it has none or is not visible to the caller.';

CREATE FUNCTION bountygo.job_object(id bigint, with_result boolean) RETURNS jsonb
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
SELECT jsonb_build_object('id', j.id, 'kind', j.kind, 'state', j.state, 'stage', j.stage, 'progress', j.progress, 'url', p.url,
		'outcome', j.outcome, 'why', j.why, 'attempts', j.attempts, 'max_attempts', j.max_attempts,
		'created_at', bountygo.rfc3339(j.created_at), 'started_at', bountygo.rfc3339(j.started_at),
		'finished_at', bountygo.rfc3339(j.finished_at), 'group_id', j.group_id, 'task_id', coalesce(r.task_id, j.recheck_of), 'snapshot_id', r.snapshot_id)
	|| CASE WHEN with_result
		THEN jsonb_build_object('result', CASE WHEN j.state = 'done' THEN bountygo.extraction_result(j.id) END)
		ELSE '{}' END
FROM bountygo.jobs j LEFT JOIN bountygo.job_payloads p ON p.job_id = j.id LEFT JOIN bountygo.job_results r ON r.job_id = j.id
WHERE j.id = job_object.id
$$;
COMMENT ON FUNCTION bountygo.job_object(bigint, boolean) IS
'A job as the API shows it; NULL if it is not visible to the caller. Without its result it is short enough for lists.';

CREATE FUNCTION bountygo.get_job(id bigint) RETURNS jsonb
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	job jsonb := bountygo.job_object(get_job.id, true);
BEGIN
	IF job IS NULL THEN
		RAISE EXCEPTION 'there is no such job' USING ERRCODE = 'UB404', HINT = 'It may be another user''s: sign in as the one who submitted it.';
	END IF;
	RETURN job;
END
$$;
COMMENT ON FUNCTION bountygo.get_job(bigint) IS
'A job: state (queued, leased, done, dead, cancelled), stage, progress from 0 to 1, why it is dead or waits, and once it is done its result. UB404 if there is none or it is not visible to the caller.';

CREATE FUNCTION bountygo.list_jobs(state bountygo.job_state DEFAULT NULL, group_id bigint DEFAULT NULL,
	count bountygo.count_mode DEFAULT 'none', cursor text DEFAULT NULL, "limit" integer DEFAULT 20) RETURNS jsonb
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	wanted integer := coalesce(list_jobs."limit", 20);
	before bigint := 9223372036854775807;
	ids bigint[];
	answer jsonb;
BEGIN
	IF wanted NOT BETWEEN 1 AND 100 THEN
		PERFORM bountygo.raise_invalid(bountygo.problem('?limit', 'This must be from 1 to 100.'));
	END IF;
	IF list_jobs.cursor IS NOT NULL THEN
		SELECT c.id INTO before FROM bountygo.cursor_read(list_jobs.cursor, 'jobs') c;
	END IF;
	-- Anonymous jobs are read by their id only, and by nobody's list.
	SELECT array_agg(f.id ORDER BY f.id DESC) INTO ids FROM (
		SELECT j.id FROM bountygo.jobs j
		WHERE (list_jobs.state IS NULL OR j.state = list_jobs.state) AND (list_jobs.group_id IS NULL OR j.group_id = list_jobs.group_id)
			AND j.id < before AND (j.requested_by = bountygo.current_user_id() OR bountygo.current_user_role() = 'admin'
				OR pg_has_role('bountygo_admin', 'usage'))
		ORDER BY j.id DESC LIMIT wanted + 1) f;
	SELECT jsonb_build_object('items', coalesce(jsonb_agg(bountygo.job_object(u.id, false) ORDER BY u.place), '[]'), 'next',
		CASE WHEN cardinality(ids) > wanted THEN bountygo.cursor_make('jobs', '', ids[wanted]) END)
	INTO answer FROM unnest(ids[1:wanted]) WITH ORDINALITY AS u(id, place);
	IF list_jobs.count <> 'none' THEN
		answer := answer || jsonb_build_object('total', (SELECT count(*) FROM bountygo.jobs j
			WHERE (list_jobs.state IS NULL OR j.state = list_jobs.state) AND (list_jobs.group_id IS NULL OR j.group_id = list_jobs.group_id)
				AND (j.requested_by = bountygo.current_user_id() OR bountygo.current_user_role() = 'admin'
					OR pg_has_role('bountygo_admin', 'usage'))));
	END IF;
	IF list_jobs.group_id IS NOT NULL THEN
		answer := answer || (SELECT jsonb_build_object('group', jsonb_build_object('id', list_jobs.group_id, 'jobs', count(*),
				'ended', count(*) FILTER (WHERE j.finished_at IS NOT NULL), 'done', count(*) FILTER (WHERE j.state = 'done'),
				'progress', coalesce(round(avg(CASE WHEN j.finished_at IS NULL THEN j.progress ELSE 1 END)::numeric, 3), 0)))
			FROM bountygo.jobs j WHERE j.group_id = list_jobs.group_id);
	END IF;
	RETURN answer;
END
$$;
COMMENT ON FUNCTION bountygo.list_jobs(bountygo.job_state, bigint, bountygo.count_mode, text, integer) IS
'The caller''s jobs, newest first: {"items": [jobs without result], "next": cursor or null}, "total" if they are counted, with "group" (jobs, ended, done, progress from 0 to 1) if group_id is given. limit from 1 to 100. UB422 for a bad limit or cursor.';

CREATE FUNCTION bountygo.cancel_job(id bigint) RETURNS jsonb
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	was bountygo.job_state;
BEGIN
	UPDATE bountygo.jobs j SET state = 'cancelled', outcome = 'cancelled', why = 'The job was cancelled by its owner.', leased_until = NULL,
		lease_owner = NULL, finished_at = clock_timestamp()
	WHERE j.id = cancel_job.id AND j.state IN ('queued', 'leased');
	IF NOT FOUND THEN
		SELECT j.state INTO was FROM bountygo.jobs j WHERE j.id = cancel_job.id;
		IF NOT FOUND THEN
			RAISE EXCEPTION 'there is no such job' USING ERRCODE = 'UB404', HINT = 'It may be another user''s: sign in as the one who submitted it.';
		ELSIF was IN ('queued', 'leased') THEN
			RAISE EXCEPTION 'this job is not yours to cancel' USING ERRCODE = 'UB403';
		END IF;
		RAISE EXCEPTION 'the job has ended already' USING ERRCODE = 'UB409', HINT = format('Its state is %s; only queued and leased jobs can be cancelled.', was);
	END IF;
	PERFORM pg_notify('bountygo_job', cancel_job.id::text);
	RETURN bountygo.job_object(cancel_job.id, true);
END
$$;
COMMENT ON FUNCTION bountygo.cancel_job(bigint) IS
'Cancels a job that has not ended; what a worker is doing for it is thrown away. UB404 if there is none, UB403 if it is another''s, UB409 if it has ended.';
