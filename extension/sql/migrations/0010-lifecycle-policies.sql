-- Clusters are as public as their tasks; who split what is for administrators. Tasks leave their cluster in order.

DO $$
BEGIN
	PERFORM bountygo.protect_table('clusters');
	PERFORM bountygo.protect_table('cluster_splits');
END
$$;

DROP POLICY IF EXISTS public_select ON bountygo.clusters;
CREATE POLICY public_select ON bountygo.clusters FOR SELECT TO bountygo_api USING (true);
GRANT SELECT ON bountygo.clusters TO bountygo_api;
GRANT SELECT, INSERT, UPDATE, DELETE ON bountygo.clusters TO bountygo_worker;
GRANT SELECT ON bountygo.cluster_splits TO bountygo_worker;

-- A recheck of a public page is no secret: who asked for it gets the one that is under way, whoever began it.
DROP POLICY IF EXISTS recheck_select ON bountygo.jobs;
CREATE POLICY recheck_select ON bountygo.jobs FOR SELECT TO bountygo_api
	USING (recheck_of IS NOT NULL AND (SELECT true FROM bountygo.tasks t WHERE t.id = recheck_of));

-- At the end of the transaction, when it waits for nothing else. Rows that a restore loads were not made just now.
DROP TRIGGER IF EXISTS tasks_cluster_new ON bountygo.tasks;
CREATE CONSTRAINT TRIGGER tasks_cluster_new AFTER INSERT ON bountygo.tasks DEFERRABLE INITIALLY DEFERRED FOR EACH ROW
	WHEN (NEW.bands IS NOT NULL AND NEW.cluster_id IS NULL AND NEW.created_at = now()) EXECUTE FUNCTION bountygo.cluster_task();
DROP TRIGGER IF EXISTS tasks_cluster_changed ON bountygo.tasks;
CREATE CONSTRAINT TRIGGER tasks_cluster_changed AFTER UPDATE ON bountygo.tasks DEFERRABLE INITIALLY DEFERRED FOR EACH ROW
	WHEN (NEW.bands IS DISTINCT FROM OLD.bands OR OLD.status::text = 'draft' AND NEW.status::text <> 'draft')
	EXECUTE FUNCTION bountygo.cluster_task();
DROP TRIGGER IF EXISTS tasks_cluster_left ON bountygo.tasks;
CREATE TRIGGER tasks_cluster_left AFTER DELETE ON bountygo.tasks FOR EACH ROW
	WHEN (OLD.cluster_id IS NOT NULL) EXECUTE FUNCTION bountygo.leave_cluster();
DROP TRIGGER IF EXISTS tasks_fingerprint ON bountygo.tasks;
CREATE TRIGGER tasks_fingerprint BEFORE INSERT OR UPDATE OF title, description, organizer_id, deadline, deadline_date, reward_amount,
		reward_currency ON bountygo.tasks FOR EACH ROW
	WHEN (NEW.snapshot_id IS NULL AND NEW.description IS NOT NULL) EXECUTE FUNCTION bountygo.fingerprint_task();
DROP TRIGGER IF EXISTS tasks_reschedule ON bountygo.tasks;
CREATE TRIGGER tasks_reschedule BEFORE UPDATE ON bountygo.tasks FOR EACH ROW
	WHEN (NEW.source_url IS NOT NULL AND (NEW.status::text <> OLD.status::text OR NEW.deadline IS DISTINCT FROM OLD.deadline
		OR NEW.deadline_earliest IS DISTINCT FROM OLD.deadline_earliest)) EXECUTE FUNCTION bountygo.reschedule_task();
