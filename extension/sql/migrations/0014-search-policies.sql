-- Search: the triggers that keep the index of words, and who may read what.

DO $$
DECLARE
	name text;
BEGIN
	FOREACH name IN ARRAY ARRAY['search_words', 'search_stale']
	LOOP
		PERFORM bountygo.protect_table(name);
	END LOOP;
END
$$;

DROP TRIGGER IF EXISTS tasks_search ON bountygo.tasks;
CREATE TRIGGER tasks_search BEFORE INSERT OR UPDATE OF title, summary, description, eligibility, organizer_id, status ON bountygo.tasks
	FOR EACH ROW EXECUTE FUNCTION bountygo.index_task();
DROP TRIGGER IF EXISTS task_tags_search_insert ON bountygo.task_tags;
CREATE TRIGGER task_tags_search_insert AFTER INSERT ON bountygo.task_tags
	REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION bountygo.index_task_tags();
DROP TRIGGER IF EXISTS task_tags_search_update ON bountygo.task_tags;
CREATE TRIGGER task_tags_search_update AFTER UPDATE ON bountygo.task_tags
	REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION bountygo.index_task_tags();
DROP TRIGGER IF EXISTS task_tags_search_delete ON bountygo.task_tags;
CREATE TRIGGER task_tags_search_delete AFTER DELETE ON bountygo.task_tags
	REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION bountygo.index_task_tags();
DROP TRIGGER IF EXISTS organizers_search ON bountygo.organizers;
CREATE TRIGGER organizers_search AFTER UPDATE OF name ON bountygo.organizers
	FOR EACH ROW WHEN (OLD.name IS DISTINCT FROM NEW.name) EXECUTE FUNCTION bountygo.index_renamed();
DROP TRIGGER IF EXISTS tags_search ON bountygo.tags;
CREATE TRIGGER tags_search AFTER UPDATE OF name ON bountygo.tags
	FOR EACH ROW WHEN (OLD.name IS DISTINCT FROM NEW.name) EXECUTE FUNCTION bountygo.index_renamed();

-- Only words of tasks that everyone may see are there.
DROP POLICY IF EXISTS public_select ON bountygo.search_words;
CREATE POLICY public_select ON bountygo.search_words FOR SELECT TO bountygo_api USING (true);
GRANT SELECT ON bountygo.search_words TO bountygo_api;
GRANT SELECT, INSERT ON bountygo.search_words TO bountygo_worker;
GRANT SELECT, UPDATE, DELETE ON bountygo.search_stale TO bountygo_worker;

-- Tasks from before.
DO $$
BEGIN
	PERFORM bountygo.index_tasks(ARRAY(SELECT t.id FROM bountygo.tasks t WHERE t.search IS NULL));
END
$$;
