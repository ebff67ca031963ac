-- Taking part, messages and reports: who sees and writes what, and the counters.

DO $$
DECLARE
	name text;
BEGIN
	FOREACH name IN ARRAY ARRAY['todos', 'messages', 'reports', 'task_counts']
	LOOP
		PERFORM bountygo.protect_table(name);
	END LOOP;
END
$$;

-- Counters, exact whoever writes; the functions run as the owner of the tables.
DROP TRIGGER IF EXISTS tasks_counts ON bountygo.tasks;
CREATE TRIGGER tasks_counts AFTER INSERT ON bountygo.tasks
	REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION bountygo.make_task_counts();
DROP TRIGGER IF EXISTS todos_added ON bountygo.todos;
CREATE TRIGGER todos_added AFTER INSERT ON bountygo.todos
	REFERENCING NEW TABLE AS changed_rows FOR EACH STATEMENT EXECUTE FUNCTION bountygo.count_rows('joins', '1');
DROP TRIGGER IF EXISTS todos_removed ON bountygo.todos;
CREATE TRIGGER todos_removed AFTER DELETE ON bountygo.todos
	REFERENCING OLD TABLE AS changed_rows FOR EACH STATEMENT EXECUTE FUNCTION bountygo.count_rows('joins', '-1');
DROP TRIGGER IF EXISTS messages_added ON bountygo.messages;
CREATE TRIGGER messages_added AFTER INSERT ON bountygo.messages
	REFERENCING NEW TABLE AS changed_rows FOR EACH STATEMENT EXECUTE FUNCTION bountygo.count_rows('messages', '1');
DROP TRIGGER IF EXISTS messages_removed ON bountygo.messages;
CREATE TRIGGER messages_removed AFTER DELETE ON bountygo.messages
	REFERENCING OLD TABLE AS changed_rows FOR EACH STATEMENT EXECUTE FUNCTION bountygo.count_rows('messages', '-1');

-- The status of a task goes its way; nobody joins what is over; what hangs on a task goes in one order.
DROP TRIGGER IF EXISTS tasks_status ON bountygo.tasks;
CREATE TRIGGER tasks_status BEFORE UPDATE OF status ON bountygo.tasks FOR EACH ROW
	WHEN (OLD.status IS DISTINCT FROM NEW.status) EXECUTE FUNCTION bountygo.check_status_change();
DROP TRIGGER IF EXISTS todos_open ON bountygo.todos;
CREATE TRIGGER todos_open BEFORE INSERT ON bountygo.todos FOR EACH ROW
	WHEN (NEW.task_id IS NOT NULL) EXECUTE FUNCTION bountygo.check_join();
DROP TRIGGER IF EXISTS tasks_clear ON bountygo.tasks;
CREATE TRIGGER tasks_clear BEFORE DELETE ON bountygo.tasks FOR EACH ROW EXECUTE FUNCTION bountygo.clear_task();

-- todos: one's own, and nobody else's.
DROP POLICY IF EXISTS own_select ON bountygo.todos;
CREATE POLICY own_select ON bountygo.todos FOR SELECT TO bountygo_api USING (user_id = (SELECT bountygo.current_user_id()));
DROP POLICY IF EXISTS own_insert ON bountygo.todos;
CREATE POLICY own_insert ON bountygo.todos FOR INSERT TO bountygo_api
	WITH CHECK (user_id = (SELECT bountygo.current_user_id())
		AND (task_id IS NULL OR (SELECT t.status::text <> 'draft' FROM bountygo.tasks t WHERE t.id = task_id)));
DROP POLICY IF EXISTS own_update ON bountygo.todos;
CREATE POLICY own_update ON bountygo.todos FOR UPDATE TO bountygo_api
	USING (user_id = (SELECT bountygo.current_user_id())) WITH CHECK (user_id = (SELECT bountygo.current_user_id()));
DROP POLICY IF EXISTS own_delete ON bountygo.todos;
CREATE POLICY own_delete ON bountygo.todos FOR DELETE TO bountygo_api USING (user_id = (SELECT bountygo.current_user_id()));
GRANT SELECT, DELETE ON bountygo.todos TO bountygo_api;
GRANT INSERT (user_id, task_id, title, description, deadline, remind_offsets) ON bountygo.todos TO bountygo_api;
GRANT UPDATE (title, description, deadline, remind_offsets, is_completed, completed_at, updated_at) ON bountygo.todos TO bountygo_api;
GRANT SELECT ON bountygo.todos TO bountygo_worker;

-- messages: as public as their task; written under one's own name, changed and deleted also by moderators.
DROP POLICY IF EXISTS task_select ON bountygo.messages;
CREATE POLICY task_select ON bountygo.messages FOR SELECT TO bountygo_api
	USING ((SELECT true FROM bountygo.tasks t WHERE t.id = task_id));
DROP POLICY IF EXISTS own_insert ON bountygo.messages;
CREATE POLICY own_insert ON bountygo.messages FOR INSERT TO bountygo_api
	WITH CHECK (author_id = (SELECT bountygo.current_user_id()) AND (SELECT true FROM bountygo.tasks t WHERE t.id = task_id));
DROP POLICY IF EXISTS own_update ON bountygo.messages;
CREATE POLICY own_update ON bountygo.messages FOR UPDATE TO bountygo_api
	USING (author_id = (SELECT bountygo.current_user_id()) OR (SELECT bountygo.is_moderator()))
	WITH CHECK (author_id = (SELECT bountygo.current_user_id()) OR (SELECT bountygo.is_moderator()));
DROP POLICY IF EXISTS own_delete ON bountygo.messages;
CREATE POLICY own_delete ON bountygo.messages FOR DELETE TO bountygo_api
	USING (author_id = (SELECT bountygo.current_user_id()) OR (SELECT bountygo.is_moderator()));
GRANT SELECT, DELETE ON bountygo.messages TO bountygo_api;
GRANT INSERT (task_id, author_id, content) ON bountygo.messages TO bountygo_api;
GRANT UPDATE (content, edited_at) ON bountygo.messages TO bountygo_api;
-- Events of messages come from their authors alone, one a message.
DROP POLICY IF EXISTS task_insert ON bountygo.events;
CREATE POLICY task_insert ON bountygo.events FOR INSERT TO bountygo_api
	WITH CHECK (bountygo.may_edit_task(task_id) AND length(payload::text) <= 2000
		-- What happened, and not what its sponsor says has happened.
		AND CASE kind WHEN 'task_created' THEN payload = '{}' WHEN 'task_changed' THEN true
			WHEN 'task_completed' THEN (SELECT t.status::text = 'completed' FROM bountygo.tasks t WHERE t.id = task_id)
			WHEN 'task_cancelled' THEN (SELECT t.status::text = 'cancelled' FROM bountygo.tasks t WHERE t.id = task_id) ELSE false END);
DROP POLICY IF EXISTS message_insert ON bountygo.events;
CREATE POLICY message_insert ON bountygo.events FOR INSERT TO bountygo_api
	WITH CHECK (CASE WHEN kind = 'new_message' THEN (SELECT m.author_id = (SELECT bountygo.current_user_id())
			AND payload = pg_catalog.jsonb_build_object('message_id', m.id)
		FROM bountygo.messages m WHERE m.id = (payload ->> 'message_id')::bigint AND m.task_id = events.task_id) END);

-- reports: the reporter's own, and the moderators'.
DROP POLICY IF EXISTS own_select ON bountygo.reports;
CREATE POLICY own_select ON bountygo.reports FOR SELECT TO bountygo_api
	USING (reporter_id = (SELECT bountygo.current_user_id()) OR (SELECT bountygo.is_moderator()));
DROP POLICY IF EXISTS own_insert ON bountygo.reports;
CREATE POLICY own_insert ON bountygo.reports FOR INSERT TO bountygo_api
	WITH CHECK (reporter_id = (SELECT bountygo.current_user_id()) AND (SELECT true FROM bountygo.tasks t WHERE t.id = task_id));
DROP POLICY IF EXISTS moderator_update ON bountygo.reports;
CREATE POLICY moderator_update ON bountygo.reports FOR UPDATE TO bountygo_api
	USING ((SELECT bountygo.is_moderator()))
	WITH CHECK ((SELECT bountygo.is_moderator()) AND resolved_by = (SELECT bountygo.current_user_id()));
GRANT SELECT ON bountygo.reports TO bountygo_api;
GRANT INSERT (task_id, reporter_id, kind, reason, note, field, value) ON bountygo.reports TO bountygo_api;
GRANT UPDATE (status, resolved_at, resolved_by, resolution) ON bountygo.reports TO bountygo_api;

DROP POLICY IF EXISTS task_select ON bountygo.task_counts;
CREATE POLICY task_select ON bountygo.task_counts FOR SELECT TO bountygo_api
	USING ((SELECT true FROM bountygo.tasks t WHERE t.id = task_id));
GRANT SELECT ON bountygo.task_counts TO bountygo_api, bountygo_worker;
