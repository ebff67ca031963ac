-- Triggers of what people do with tasks: counters, the order of a task's statuses, joining. The triggers themselves stand in
-- migrations/0012-collaboration-policies.sql; those that must see or write what their caller may not run as the tables' owner.

CREATE FUNCTION bountygo.make_task_counts() RETURNS trigger
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	INSERT INTO bountygo.task_counts (task_id) SELECT n.id FROM new_rows n ON CONFLICT DO NOTHING;
	RETURN NULL;
END
$$;
COMMENT ON FUNCTION bountygo.make_task_counts() IS 'Trigger on tasks: a row of task_counts for each new task.';

CREATE FUNCTION bountygo.count_rows() RETURNS trigger
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	r record;
BEGIN
	-- One task after the other in the order of their ids, so that two statements about the same tasks cannot wait for each other.
	FOR r IN SELECT c.task_id, count(*)::integer * TG_ARGV[1]::integer AS n FROM changed_rows c WHERE c.task_id IS NOT NULL
		GROUP BY c.task_id ORDER BY c.task_id
	LOOP
		IF TG_ARGV[0] = 'joins' THEN
			UPDATE bountygo.task_counts k SET joins = k.joins + r.n WHERE k.task_id = r.task_id;
		ELSE
			UPDATE bountygo.task_counts k SET messages = k.messages + r.n WHERE k.task_id = r.task_id;
		END IF;
	END LOOP;
	RETURN NULL;
END
$$;
COMMENT ON FUNCTION bountygo.count_rows() IS 'Trigger on todos and messages: keeps the counter of task_counts that its first argument names, by its second a row.';

CREATE FUNCTION bountygo.next_statuses(status bountygo.task_status) RETURNS bountygo.task_status[]
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE status
	WHEN 'draft' THEN '{active}'::bountygo.task_status[]
	WHEN 'active' THEN '{paused,completed,cancelled}'::bountygo.task_status[]
	WHEN 'paused' THEN '{active,completed,cancelled}'::bountygo.task_status[]
	ELSE '{}'::bountygo.task_status[] END;
COMMENT ON FUNCTION bountygo.next_statuses(bountygo.task_status) IS
'What a task of this status can become: draft → active ↔ paused → completed or cancelled, which are final.';

CREATE FUNCTION bountygo.check_status_change() RETURNS trigger
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	possible constant bountygo.task_status[] := bountygo.next_statuses(OLD.status);
BEGIN
	IF NEW.status <> ALL (possible) THEN
		RAISE EXCEPTION 'a task cannot go from % to %', OLD.status, NEW.status
			USING ERRCODE = 'UB409', HINT = CASE WHEN cardinality(possible) = 0 THEN format('%s is final.', initcap(OLD.status::text))
				ELSE format('It can become %s.', array_to_string(possible, ' or ')) END;
	END IF;
	RETURN NEW;
END
$$;
COMMENT ON FUNCTION bountygo.check_status_change() IS 'Trigger on tasks: the status goes only where next_statuses() lets it. UB409 otherwise.';

CREATE FUNCTION bountygo.check_join() RETURNS trigger
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	t record;
BEGIN
	-- The lock makes whoever ends the task at this moment wait, or us for them. Drafts and what is not there are the policy's to refuse.
	SELECT x.status, x.deadline INTO t FROM bountygo.tasks x WHERE x.id = NEW.task_id FOR SHARE;
	IF t.status IN ('completed', 'cancelled') THEN
		RAISE EXCEPTION 'this task is %', t.status USING ERRCODE = 'UB409', HINT = 'Nobody can join it any more.';
	ELSIF t.status <> 'draft' AND t.deadline < clock_timestamp() THEN
		RAISE EXCEPTION 'this task is closed' USING ERRCODE = 'UB409', HINT = 'Its deadline has passed, whatever zone it is meant in.';
	END IF;
	RETURN NEW;
END
$$;
COMMENT ON FUNCTION bountygo.check_join() IS 'Trigger on todos: nobody joins a task that is completed, cancelled or surely closed. UB409.';

CREATE FUNCTION bountygo.clear_task() RETURNS trigger
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	-- Before the counters, which whoever leaves or deletes a message at this moment still has to change: the cascades of the foreign
	-- keys come in no order that one could rely on.
	DELETE FROM bountygo.todos d WHERE d.task_id = OLD.id;
	DELETE FROM bountygo.messages m WHERE m.task_id = OLD.id;
	DELETE FROM bountygo.reports r WHERE r.task_id = OLD.id;
	RETURN OLD;
END
$$;
COMMENT ON FUNCTION bountygo.clear_task() IS 'Trigger on tasks: what hangs on a task goes before it, in an order that cannot deadlock with those who join, leave or write.';
