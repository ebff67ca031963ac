-- Invariants and who may see what. Every statement can be repeated: init() runs this again when a database was restored into a
-- cluster that lacked the roles. Which functions each role may call stands in code (grant_privileges).

-- Law 1: no evidence, no value ----------------------------------------------------------------------------------
-- Deferred triggers look at what is there at commit; pg_dump creates them after the data.

DROP TRIGGER IF EXISTS evidence_quotes ON bountygo.evidence;
CREATE TRIGGER evidence_quotes AFTER INSERT ON bountygo.evidence
	REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION bountygo.check_quotes();
DROP TRIGGER IF EXISTS evidence_immutable ON bountygo.evidence;
CREATE TRIGGER evidence_immutable BEFORE UPDATE ON bountygo.evidence FOR EACH ROW
	WHEN ((OLD.id, OLD.task_id, OLD.field, OLD.value, OLD.snapshot_id, OLD.start_char, OLD.end_char, OLD.quote, OLD.method,
			OLD.confidence, OLD.created_at)
		IS DISTINCT FROM (NEW.id, NEW.task_id, NEW.field, NEW.value, NEW.snapshot_id, NEW.start_char, NEW.end_char, NEW.quote,
			NEW.method, NEW.confidence, NEW.created_at))
	EXECUTE FUNCTION bountygo.refuse_evidence_change();
DROP TRIGGER IF EXISTS evidence_task ON bountygo.evidence;
CREATE CONSTRAINT TRIGGER evidence_task AFTER UPDATE OR DELETE ON bountygo.evidence
	DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION bountygo.check_evidence_task();
DROP TRIGGER IF EXISTS evidence_truncate ON bountygo.evidence;
CREATE TRIGGER evidence_truncate AFTER TRUNCATE ON bountygo.evidence
	FOR EACH STATEMENT EXECUTE FUNCTION bountygo.refuse_evidence_truncate();

DROP TRIGGER IF EXISTS tasks_evidence ON bountygo.tasks;
CREATE CONSTRAINT TRIGGER tasks_evidence AFTER INSERT OR UPDATE OF title, summary, description, category, language, eligibility,
		organizer_id, reward_amount, reward_min, reward_currency, reward_distribution, deadline_text, deadline_date,
		deadline_earliest, deadline, deadline_precision, deadline_zone, snapshot_id, missing ON bountygo.tasks
	DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION bountygo.check_task_evidence();
DROP TRIGGER IF EXISTS task_tags_evidence ON bountygo.task_tags;
CREATE CONSTRAINT TRIGGER task_tags_evidence AFTER INSERT OR UPDATE OR DELETE ON bountygo.task_tags
	DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION bountygo.check_tag_evidence();
DROP TRIGGER IF EXISTS rewards_evidence ON bountygo.rewards;
CREATE CONSTRAINT TRIGGER rewards_evidence AFTER INSERT OR UPDATE ON bountygo.rewards
	DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION bountygo.check_part_evidence();
DROP TRIGGER IF EXISTS milestones_evidence ON bountygo.milestones;
CREATE CONSTRAINT TRIGGER milestones_evidence AFTER INSERT OR UPDATE ON bountygo.milestones
	DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION bountygo.check_part_evidence();

DROP TRIGGER IF EXISTS snapshots_immutable ON bountygo.snapshots;
CREATE TRIGGER snapshots_immutable BEFORE UPDATE ON bountygo.snapshots FOR EACH ROW
	WHEN (OLD.* IS DISTINCT FROM NEW.*) EXECUTE FUNCTION bountygo.refuse_snapshot_change();
DROP TRIGGER IF EXISTS organizers_key ON bountygo.organizers;
CREATE TRIGGER organizers_key BEFORE INSERT OR UPDATE OF name, name_key ON bountygo.organizers
	FOR EACH ROW EXECUTE FUNCTION bountygo.refuse_key_change('organizer');
DROP TRIGGER IF EXISTS tags_key ON bountygo.tags;
CREATE TRIGGER tags_key BEFORE INSERT OR UPDATE OF name, name_key ON bountygo.tags
	FOR EACH ROW EXECUTE FUNCTION bountygo.refuse_key_change('tag');

-- list_tasks(sort => '-reward'), and its look-ups by host.
CREATE INDEX IF NOT EXISTS tasks_reward_idx ON bountygo.tasks (reward_amount DESC NULLS LAST, id DESC);
CREATE INDEX IF NOT EXISTS tasks_source_host_idx ON bountygo.tasks (source_host);

-- Public faces of people ------------------------------------------------------------------------------------------

CREATE OR REPLACE VIEW bountygo.public_users WITH (security_barrier) AS
	SELECT id, nickname, avatar_url, created_at FROM bountygo.users WHERE disabled_at IS NULL;
COMMENT ON VIEW bountygo.public_users IS 'What anyone may know of a user: no e-mail, no role.';

-- Row-level security ------------------------------------------------------------------------------------------------
-- Applies to everyone but bountygo_owner and superusers. Workers and administrators see all rows; an API caller is whom
-- bountygo.current_user_id() names, nobody without a token.

DO $$
DECLARE
	name text;
BEGIN
	FOREACH name IN ARRAY ARRAY['users', 'organizers', 'snapshots', 'jobs', 'job_payloads', 'job_results', 'hosts', 'model_calls',
		'model_budget', 'model_provider', 'workers', 'worker_control', 'tasks', 'tags', 'task_tags', 'evidence', 'rewards', 'milestones',
		'task_history', 'events', 'routes', 'schema_migrations']
	LOOP
		PERFORM bountygo.protect_table(name);
	END LOOP;
END
$$;

-- users: oneself. Others only as public_users shows them.
DROP POLICY IF EXISTS self_select ON bountygo.users;
CREATE POLICY self_select ON bountygo.users FOR SELECT TO bountygo_api
	USING (id = (SELECT bountygo.current_user_id()) OR (SELECT bountygo.is_admin()));
DROP POLICY IF EXISTS self_update ON bountygo.users;
CREATE POLICY self_update ON bountygo.users FOR UPDATE TO bountygo_api
	USING (id = (SELECT bountygo.current_user_id())) WITH CHECK (id = (SELECT bountygo.current_user_id()));
GRANT SELECT ON bountygo.users TO bountygo_api;
GRANT UPDATE (nickname, avatar_url, locale, timezone, updated_at) ON bountygo.users TO bountygo_api;
GRANT SELECT ON bountygo.public_users TO bountygo_api, bountygo_admin, bountygo_worker;
GRANT INSERT, UPDATE ON bountygo.users TO bountygo_admin;

-- organizers and tags: public; whoever is signed in adds one by using it.
DROP POLICY IF EXISTS public_select ON bountygo.organizers;
CREATE POLICY public_select ON bountygo.organizers FOR SELECT TO bountygo_api USING (true);
DROP POLICY IF EXISTS user_insert ON bountygo.organizers;
CREATE POLICY user_insert ON bountygo.organizers FOR INSERT TO bountygo_api
	WITH CHECK ((SELECT bountygo.current_user_id()) IS NOT NULL AND url IS NULL);
GRANT SELECT, INSERT ON bountygo.organizers TO bountygo_admin;
GRANT SELECT, INSERT (name, name_key) ON bountygo.organizers TO bountygo_api;
DROP POLICY IF EXISTS public_select ON bountygo.tags;
CREATE POLICY public_select ON bountygo.tags FOR SELECT TO bountygo_api USING (true);
DROP POLICY IF EXISTS user_insert ON bountygo.tags;
CREATE POLICY user_insert ON bountygo.tags FOR INSERT TO bountygo_api
	WITH CHECK ((SELECT bountygo.current_user_id()) IS NOT NULL AND category IS NULL AND is_active);
GRANT SELECT, INSERT ON bountygo.tags TO bountygo_admin;
GRANT SELECT, INSERT (name, name_key, category, is_active) ON bountygo.tags TO bountygo_api;

-- tasks: public, but drafts, which only their sponsor and moderators see. What pages say is written by workers alone.
DROP POLICY IF EXISTS public_select ON bountygo.tasks;
CREATE POLICY public_select ON bountygo.tasks FOR SELECT TO bountygo_api
	USING (status::text <> 'draft' OR sponsor_id = (SELECT bountygo.current_user_id()) OR (SELECT bountygo.is_moderator()));
DROP POLICY IF EXISTS sponsor_insert ON bountygo.tasks;
CREATE POLICY sponsor_insert ON bountygo.tasks FOR INSERT TO bountygo_api
	WITH CHECK (sponsor_id = (SELECT bountygo.current_user_id()) AND submitted_by = sponsor_id AND status::text IN ('draft', 'active')
		AND source_url IS NULL AND source_host IS NULL AND snapshot_id IS NULL AND job_id IS NULL
		AND NOT bountygo.has_control_characters(concat_ws(' ', title, language, reward_currency))
		AND NOT bountygo.has_control_characters(concat_ws(' ', summary, description, eligibility), true));
DROP POLICY IF EXISTS sponsor_update ON bountygo.tasks;
CREATE POLICY sponsor_update ON bountygo.tasks FOR UPDATE TO bountygo_api
	USING (sponsor_id = (SELECT bountygo.current_user_id()) OR (SELECT bountygo.is_moderator()))
	WITH CHECK ((sponsor_id = (SELECT bountygo.current_user_id()) OR (SELECT bountygo.is_moderator())) AND length(missing::text) <= 4000
		-- What a page said is not looked at again.
		AND (snapshot_id IS NOT NULL OR NOT coalesce(bountygo.has_control_characters(concat_ws(' ', title, language, reward_currency))
			OR bountygo.has_control_characters(concat_ws(' ', summary, description, eligibility), true), false)));
DROP POLICY IF EXISTS sponsor_delete ON bountygo.tasks;
CREATE POLICY sponsor_delete ON bountygo.tasks FOR DELETE TO bountygo_api
	USING (sponsor_id = (SELECT bountygo.current_user_id()) OR (SELECT bountygo.is_moderator()));
GRANT SELECT, DELETE ON bountygo.tasks TO bountygo_api, bountygo_admin;
GRANT INSERT ON bountygo.tasks TO bountygo_admin;
-- Ids and times are given by the database, clusters and checks by the workers: whoever chose them could stand first in every list or
-- take the ids of those who come next.
GRANT INSERT (sponsor_id, submitted_by, organizer_id, status, title, summary, description, category, language, eligibility, reward_amount,
	reward_min, reward_currency, reward_distribution, deadline_date, deadline_earliest, deadline, deadline_precision, external_link)
	ON bountygo.tasks TO bountygo_api;
GRANT UPDATE (status, title, summary, description, category, language, organizer_id, reward_amount, reward_min, reward_currency,
	reward_distribution, deadline_text, deadline_date, deadline_earliest, deadline, deadline_precision, deadline_zone, eligibility,
	external_link, missing, updated_at) ON bountygo.tasks TO bountygo_api, bountygo_admin;

-- What belongs to a task is seen by who sees the task, and written by who may write the task, in their own name. A scalar
-- subquery, not EXISTS: the planner may turn that into a hash of all tasks, for a few rows.
DROP POLICY IF EXISTS task_select ON bountygo.task_tags;
CREATE POLICY task_select ON bountygo.task_tags FOR SELECT TO bountygo_api
	USING ((SELECT true FROM bountygo.tasks t WHERE t.id = task_id));
DROP POLICY IF EXISTS task_insert ON bountygo.task_tags;
CREATE POLICY task_insert ON bountygo.task_tags FOR INSERT TO bountygo_api WITH CHECK (bountygo.may_edit_task(task_id));
DROP POLICY IF EXISTS task_delete ON bountygo.task_tags;
CREATE POLICY task_delete ON bountygo.task_tags FOR DELETE TO bountygo_api USING (bountygo.may_edit_task(task_id));
GRANT SELECT, INSERT, DELETE ON bountygo.task_tags TO bountygo_api, bountygo_admin;

DROP POLICY IF EXISTS task_select ON bountygo.evidence;
-- What a person has said before is for who may edit the task: it may be from when the task was a draft.
CREATE POLICY task_select ON bountygo.evidence FOR SELECT TO bountygo_api
	USING ((SELECT true FROM bountygo.tasks t WHERE t.id = task_id)
		AND (is_current OR snapshot_id IS NOT NULL OR bountygo.may_edit_task(task_id)));
DROP POLICY IF EXISTS task_insert ON bountygo.evidence;
CREATE POLICY task_insert ON bountygo.evidence FOR INSERT TO bountygo_api
	WITH CHECK (method = 'user:' || (SELECT bountygo.current_user_id()) AND bountygo.may_edit_task(task_id) AND length(value::text) <= 400000);
DROP POLICY IF EXISTS task_update ON bountygo.evidence;
CREATE POLICY task_update ON bountygo.evidence FOR UPDATE TO bountygo_api USING (bountygo.may_edit_task(task_id));
GRANT SELECT, UPDATE (is_current) ON bountygo.evidence TO bountygo_api, bountygo_admin;
GRANT INSERT ON bountygo.evidence TO bountygo_admin;
GRANT INSERT (task_id, field, value, method) ON bountygo.evidence TO bountygo_api;

DROP POLICY IF EXISTS task_select ON bountygo.rewards;
CREATE POLICY task_select ON bountygo.rewards FOR SELECT TO bountygo_api
	USING ((SELECT true FROM bountygo.tasks t WHERE t.id = task_id));
DROP POLICY IF EXISTS task_select ON bountygo.milestones;
CREATE POLICY task_select ON bountygo.milestones FOR SELECT TO bountygo_api
	USING ((SELECT true FROM bountygo.tasks t WHERE t.id = task_id));
GRANT SELECT ON bountygo.rewards, bountygo.milestones TO bountygo_api;

DROP POLICY IF EXISTS task_select ON bountygo.task_history;
CREATE POLICY task_select ON bountygo.task_history FOR SELECT TO bountygo_api
	USING ((SELECT true FROM bountygo.tasks t WHERE t.id = task_id));
DROP POLICY IF EXISTS task_insert ON bountygo.task_history;
CREATE POLICY task_insert ON bountygo.task_history FOR INSERT TO bountygo_api
	WITH CHECK (changed_by = (SELECT bountygo.current_user_id()) AND method = 'user:' || changed_by AND changed_at >= now()
		AND changed_at <= clock_timestamp() AND bountygo.may_edit_task(task_id));
GRANT SELECT, INSERT ON bountygo.task_history TO bountygo_admin;
GRANT SELECT, INSERT (task_id, changed_at, changed_by, method, field, old_value, new_value) ON bountygo.task_history TO bountygo_api;

DROP POLICY IF EXISTS task_select ON bountygo.events;
CREATE POLICY task_select ON bountygo.events FOR SELECT TO bountygo_api
	USING ((SELECT true FROM bountygo.tasks t WHERE t.id = task_id));
DROP POLICY IF EXISTS task_insert ON bountygo.events;
CREATE POLICY task_insert ON bountygo.events FOR INSERT TO bountygo_api WITH CHECK (bountygo.may_edit_task(task_id));
GRANT SELECT, INSERT ON bountygo.events TO bountygo_admin;
GRANT SELECT, INSERT (kind, task_id, payload) ON bountygo.events TO bountygo_api;

-- jobs: whose they are; those of anonymous callers are read by whoever knows the id. They are made by functions that run as
-- bountygo_owner (grant_privileges), since nobody may write what workers trust; their owner may end them.
DROP POLICY IF EXISTS own_select ON bountygo.jobs;
CREATE POLICY own_select ON bountygo.jobs FOR SELECT TO bountygo_api
	USING (requested_by = (SELECT bountygo.current_user_id()) OR is_public OR (SELECT bountygo.is_admin()));
DROP POLICY IF EXISTS own_update ON bountygo.jobs;
CREATE POLICY own_update ON bountygo.jobs FOR UPDATE TO bountygo_api
	USING ((requested_by = (SELECT bountygo.current_user_id()) OR (SELECT bountygo.is_admin())) AND state IN ('queued', 'leased'))
	WITH CHECK (state = 'cancelled' AND outcome = 'cancelled' AND length(why) <= 200 AND finished_at >= now() AND finished_at < 'infinity');
GRANT SELECT ON bountygo.jobs TO bountygo_api;
GRANT UPDATE (state, outcome, why, finished_at, leased_until, lease_owner) ON bountygo.jobs TO bountygo_api, bountygo_admin;
DROP POLICY IF EXISTS own_select ON bountygo.job_payloads;
CREATE POLICY own_select ON bountygo.job_payloads FOR SELECT TO bountygo_api
	USING ((SELECT true FROM bountygo.jobs j WHERE j.id = job_id));
GRANT SELECT ON bountygo.job_payloads TO bountygo_api;
DROP POLICY IF EXISTS own_select ON bountygo.job_results;
CREATE POLICY own_select ON bountygo.job_results FOR SELECT TO bountygo_api
	USING ((SELECT true FROM bountygo.jobs j WHERE j.id = job_id));
GRANT SELECT ON bountygo.job_results TO bountygo_api;

-- snapshots: public with the task that rests on them; else only to who had the page read.
DROP POLICY IF EXISTS task_select ON bountygo.snapshots;
CREATE POLICY task_select ON bountygo.snapshots FOR SELECT TO bountygo_api
	USING ((SELECT true FROM bountygo.tasks t WHERE t.snapshot_id = snapshots.id LIMIT 1)
		OR (SELECT true FROM bountygo.evidence e WHERE e.snapshot_id = snapshots.id LIMIT 1)
		OR (SELECT true FROM bountygo.job_results r WHERE r.snapshot_id = snapshots.id LIMIT 1));
GRANT SELECT ON bountygo.snapshots TO bountygo_api;

-- The REST surface is no secret.
DROP POLICY IF EXISTS public_select ON bountygo.routes;
CREATE POLICY public_select ON bountygo.routes FOR SELECT TO bountygo_api USING (true);
GRANT SELECT ON bountygo.routes TO bountygo_api;

-- The workers: the queue and what they make of pages. Nobody's account.
GRANT SELECT, INSERT, UPDATE, DELETE ON bountygo.jobs, bountygo.job_payloads, bountygo.job_results, bountygo.hosts,
	bountygo.model_calls, bountygo.model_budget, bountygo.model_provider, bountygo.workers TO bountygo_worker;
GRANT SELECT, INSERT, DELETE ON bountygo.snapshots TO bountygo_worker;
GRANT SELECT, INSERT, UPDATE ON bountygo.tasks, bountygo.organizers, bountygo.tags TO bountygo_worker;
GRANT SELECT, INSERT, UPDATE, DELETE ON bountygo.task_tags, bountygo.evidence, bountygo.rewards, bountygo.milestones
	TO bountygo_worker;
GRANT SELECT, INSERT ON bountygo.task_history, bountygo.events TO bountygo_worker;
GRANT SELECT ON bountygo.routes, bountygo.worker_control, bountygo.schema_migrations TO bountygo_worker;
