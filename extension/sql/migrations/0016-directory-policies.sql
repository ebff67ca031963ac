-- Organizers, tags, interests and views: who sees and writes what. Every statement can be repeated.

DO $$
DECLARE
	name text;
BEGIN
	FOREACH name IN ARRAY ARRAY['organizer_aliases', 'tag_synonyms', 'former_tag_names', 'tag_interests', 'view_salts', 'task_views',
		'task_view_days', 'task_view_sources', 'analytics_summary', 'tag_days', 'tag_days_counted']
	LOOP
		PERFORM bountygo.protect_table(name);
	END LOOP;
END
$$;

-- A name belongs to one organizer and one tag, whether as its own or as another name of it.
DROP TRIGGER IF EXISTS organizers_name_free ON bountygo.organizers;
CREATE TRIGGER organizers_name_free BEFORE INSERT OR UPDATE OF name_key ON bountygo.organizers
	FOR EACH ROW EXECUTE FUNCTION bountygo.check_name_free();
DROP TRIGGER IF EXISTS organizer_aliases_name_free ON bountygo.organizer_aliases;
CREATE TRIGGER organizer_aliases_name_free BEFORE INSERT OR UPDATE OF name, name_key ON bountygo.organizer_aliases
	FOR EACH ROW EXECUTE FUNCTION bountygo.check_name_free();
DROP TRIGGER IF EXISTS tags_name_free ON bountygo.tags;
CREATE TRIGGER tags_name_free BEFORE INSERT OR UPDATE OF name_key ON bountygo.tags
	FOR EACH ROW EXECUTE FUNCTION bountygo.check_name_free();
DROP TRIGGER IF EXISTS tag_synonyms_name_free ON bountygo.tag_synonyms;
CREATE TRIGGER tag_synonyms_name_free BEFORE INSERT OR UPDATE OF name, name_key ON bountygo.tag_synonyms
	FOR EACH ROW EXECUTE FUNCTION bountygo.check_name_free();
DROP TRIGGER IF EXISTS tag_synonyms_former ON bountygo.tag_synonyms;
CREATE TRIGGER tag_synonyms_former AFTER DELETE OR UPDATE OF tag_id ON bountygo.tag_synonyms
	FOR EACH ROW EXECUTE FUNCTION bountygo.keep_former_name();

-- organizers and tags are public (0002-policies); moderators keep them in order.
DROP POLICY IF EXISTS moderator_insert ON bountygo.organizers;
CREATE POLICY moderator_insert ON bountygo.organizers FOR INSERT TO bountygo_api WITH CHECK ((SELECT bountygo.is_moderator()));
DROP POLICY IF EXISTS user_insert ON bountygo.organizers;
CREATE POLICY user_insert ON bountygo.organizers FOR INSERT TO bountygo_api
	WITH CHECK ((SELECT bountygo.current_user_id()) IS NOT NULL AND url IS NULL AND NOT is_verified AND NOT bountygo.has_control_characters(name));
DROP POLICY IF EXISTS moderator_update ON bountygo.organizers;
CREATE POLICY moderator_update ON bountygo.organizers FOR UPDATE TO bountygo_api
	USING ((SELECT bountygo.is_moderator())) WITH CHECK ((SELECT bountygo.is_moderator()));
DROP POLICY IF EXISTS moderator_delete ON bountygo.organizers;
CREATE POLICY moderator_delete ON bountygo.organizers FOR DELETE TO bountygo_api USING ((SELECT bountygo.is_moderator()));
GRANT UPDATE (name, name_key, url, is_verified), DELETE ON bountygo.organizers TO bountygo_api, bountygo_admin;

DROP POLICY IF EXISTS public_select ON bountygo.organizer_aliases;
CREATE POLICY public_select ON bountygo.organizer_aliases FOR SELECT TO bountygo_api USING (true);
DROP POLICY IF EXISTS moderator_insert ON bountygo.organizer_aliases;
CREATE POLICY moderator_insert ON bountygo.organizer_aliases FOR INSERT TO bountygo_api WITH CHECK ((SELECT bountygo.is_moderator()));
DROP POLICY IF EXISTS moderator_update ON bountygo.organizer_aliases;
CREATE POLICY moderator_update ON bountygo.organizer_aliases FOR UPDATE TO bountygo_api
	USING ((SELECT bountygo.is_moderator())) WITH CHECK ((SELECT bountygo.is_moderator()));
DROP POLICY IF EXISTS moderator_delete ON bountygo.organizer_aliases;
CREATE POLICY moderator_delete ON bountygo.organizer_aliases FOR DELETE TO bountygo_api USING ((SELECT bountygo.is_moderator()));
GRANT SELECT, INSERT (name_key, organizer_id, name, former_id), DELETE ON bountygo.organizer_aliases TO bountygo_api, bountygo_admin;
GRANT UPDATE (organizer_id) ON bountygo.organizer_aliases TO bountygo_api, bountygo_admin;

-- A user makes a tag by using it, or proposes one, which is not active until a moderator says so.
DROP POLICY IF EXISTS user_insert ON bountygo.tags;
CREATE POLICY user_insert ON bountygo.tags FOR INSERT TO bountygo_api
	WITH CHECK ((SELECT bountygo.current_user_id()) IS NOT NULL AND (category IS NULL OR NOT is_active) AND NOT bountygo.has_control_characters(name));
DROP POLICY IF EXISTS moderator_insert ON bountygo.tags;
CREATE POLICY moderator_insert ON bountygo.tags FOR INSERT TO bountygo_api WITH CHECK ((SELECT bountygo.is_moderator()));
DROP POLICY IF EXISTS moderator_update ON bountygo.tags;
CREATE POLICY moderator_update ON bountygo.tags FOR UPDATE TO bountygo_api
	USING ((SELECT bountygo.is_moderator())) WITH CHECK ((SELECT bountygo.is_moderator()));
DROP POLICY IF EXISTS moderator_delete ON bountygo.tags;
CREATE POLICY moderator_delete ON bountygo.tags FOR DELETE TO bountygo_api USING ((SELECT bountygo.is_moderator()));
GRANT UPDATE (name, name_key, category, is_active), DELETE ON bountygo.tags TO bountygo_api, bountygo_admin;

DROP POLICY IF EXISTS public_select ON bountygo.tag_synonyms;
CREATE POLICY public_select ON bountygo.tag_synonyms FOR SELECT TO bountygo_api USING (true);
DROP POLICY IF EXISTS moderator_insert ON bountygo.tag_synonyms;
CREATE POLICY moderator_insert ON bountygo.tag_synonyms FOR INSERT TO bountygo_api WITH CHECK ((SELECT bountygo.is_moderator()));
DROP POLICY IF EXISTS moderator_update ON bountygo.tag_synonyms;
CREATE POLICY moderator_update ON bountygo.tag_synonyms FOR UPDATE TO bountygo_api
	USING ((SELECT bountygo.is_moderator())) WITH CHECK ((SELECT bountygo.is_moderator()));
DROP POLICY IF EXISTS moderator_delete ON bountygo.tag_synonyms;
CREATE POLICY moderator_delete ON bountygo.tag_synonyms FOR DELETE TO bountygo_api USING ((SELECT bountygo.is_moderator()));
GRANT SELECT, INSERT (name_key, tag_id, name, language, former_id), DELETE ON bountygo.tag_synonyms TO bountygo_api, bountygo_admin;
GRANT UPDATE (tag_id, name, language) ON bountygo.tag_synonyms TO bountygo_api, bountygo_admin;

-- tag_interests: one's own.
DROP POLICY IF EXISTS own_select ON bountygo.tag_interests;
CREATE POLICY own_select ON bountygo.tag_interests FOR SELECT TO bountygo_api USING (user_id = (SELECT bountygo.current_user_id()));
DROP POLICY IF EXISTS own_insert ON bountygo.tag_interests;
CREATE POLICY own_insert ON bountygo.tag_interests FOR INSERT TO bountygo_api
	WITH CHECK (user_id = (SELECT bountygo.current_user_id()));
DROP POLICY IF EXISTS own_update ON bountygo.tag_interests;
CREATE POLICY own_update ON bountygo.tag_interests FOR UPDATE TO bountygo_api
	USING (user_id = (SELECT bountygo.current_user_id())) WITH CHECK (user_id = (SELECT bountygo.current_user_id()));
DROP POLICY IF EXISTS own_delete ON bountygo.tag_interests;
CREATE POLICY own_delete ON bountygo.tag_interests FOR DELETE TO bountygo_api USING (user_id = (SELECT bountygo.current_user_id()));
GRANT SELECT, DELETE ON bountygo.tag_interests TO bountygo_api;
GRANT INSERT (user_id, tag_id, weight) ON bountygo.tag_interests TO bountygo_api;
GRANT UPDATE (weight, updated_at) ON bountygo.tag_interests TO bountygo_api;

-- Salts are for the function that hashes under them; hashes, too, are nobody's to read.
DROP POLICY IF EXISTS worker_all ON bountygo.view_salts;
DROP POLICY IF EXISTS admin_all ON bountygo.view_salts;
REVOKE ALL ON bountygo.view_salts FROM bountygo_admin;
DROP POLICY IF EXISTS worker_all ON bountygo.task_views;
DROP POLICY IF EXISTS admin_all ON bountygo.task_views;
REVOKE ALL ON bountygo.task_views FROM bountygo_admin;

-- How often a task was seen, and from where, is told its sponsor and moderators; the sum stands in task_counts for all.
DROP POLICY IF EXISTS sponsor_select ON bountygo.task_view_days;
CREATE POLICY sponsor_select ON bountygo.task_view_days FOR SELECT TO bountygo_api
	USING ((SELECT t.sponsor_id = (SELECT bountygo.current_user_id()) OR (SELECT bountygo.is_moderator())
		FROM bountygo.tasks t WHERE t.id = task_id));
DROP POLICY IF EXISTS sponsor_select ON bountygo.task_view_sources;
CREATE POLICY sponsor_select ON bountygo.task_view_sources FOR SELECT TO bountygo_api
	USING ((SELECT t.sponsor_id = (SELECT bountygo.current_user_id()) OR (SELECT bountygo.is_moderator())
		FROM bountygo.tasks t WHERE t.id = task_id));
GRANT SELECT ON bountygo.task_view_days, bountygo.task_view_sources TO bountygo_api;

-- Numbers about everybody are for everybody.
DROP POLICY IF EXISTS public_select ON bountygo.analytics_summary;
CREATE POLICY public_select ON bountygo.analytics_summary FOR SELECT TO bountygo_api USING (true);
DROP POLICY IF EXISTS public_select ON bountygo.tag_days;
CREATE POLICY public_select ON bountygo.tag_days FOR SELECT TO bountygo_api USING (true);
DROP POLICY IF EXISTS public_select ON bountygo.tag_days_counted;
CREATE POLICY public_select ON bountygo.tag_days_counted FOR SELECT TO bountygo_api USING (true);
GRANT SELECT ON bountygo.analytics_summary, bountygo.tag_days, bountygo.tag_days_counted TO bountygo_api;

-- A user's own calls of the model, without what was sent and answered.
DROP POLICY IF EXISTS own_select ON bountygo.model_calls;
CREATE POLICY own_select ON bountygo.model_calls FOR SELECT TO bountygo_api
	USING ((SELECT j.requested_by = (SELECT bountygo.current_user_id()) FROM bountygo.jobs j WHERE j.id = job_id));
GRANT SELECT (id, job_id, model, state, prompt_tokens, completion_tokens, outcome, created_at, finished_at) ON bountygo.model_calls
	TO bountygo_api;

-- Workers find organizers and tags by all their names.
GRANT SELECT ON bountygo.organizer_aliases, bountygo.tag_synonyms TO bountygo_worker;

-- An API key does through SQL, too, what its scopes say and no more. These are added to what the policies above and before allow.
DO $$
DECLARE
	rule record;
BEGIN
	FOR rule IN SELECT r.tables, r.commands, r.scopes FROM (VALUES
		('{users,tag_interests}'::text[], '{INSERT,UPDATE,DELETE}'::text[], '{account:write}'::text[]),
		('{identities,user_wallets,tag_interests}', '{SELECT}', '{account:read}'),
		-- Nothing of this is an API key's.
		('{sessions,api_keys}', '{SELECT,UPDATE}', '{}'),
		('{todos}', '{INSERT,UPDATE,DELETE}', '{todos:write}'),
		-- Tasks tell whether one takes part, and one's numbers how often.
		('{todos}', '{SELECT}', '{todos:read,tasks:read,account:read}'),
		('{messages}', '{INSERT,UPDATE,DELETE}', '{messages:write}'),
		('{tasks,task_tags,evidence,task_history,reports,organizers}', '{INSERT,UPDATE,DELETE}', '{tasks:write}'),
		('{reports}', '{SELECT}', '{tasks:write}'),
		('{events}', '{INSERT}', '{tasks:write,messages:write}'),
		('{tags}', '{INSERT,UPDATE,DELETE}', '{tags:write,tasks:write}'),
		('{jobs}', '{UPDATE}', '{jobs:write}')) AS r (tables, commands, scopes)
	LOOP
		PERFORM bountygo.limit_api_keys(t.name, c.command, rule.scopes) FROM unnest(rule.tables) AS t (name), unnest(rule.commands) AS c (command);
	END LOOP;
END
$$;
