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
