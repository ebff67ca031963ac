-- Changes that cached answers must not outlive. Statement triggers: one look a statement, one notification a transaction and topic.

DO $$
DECLARE
	t record;
BEGIN
	FOR t IN SELECT * FROM (VALUES
		('tasks', 'INSERT OR UPDATE OR DELETE OR TRUNCATE', '''tasks'', ''organizers'', ''tags'''),
		('task_tags', 'INSERT OR UPDATE OR DELETE OR TRUNCATE', '''tasks'', ''tags'''),
		('evidence', 'INSERT OR UPDATE OR DELETE OR TRUNCATE', '''tasks'''),
		('rewards', 'INSERT OR UPDATE OR DELETE OR TRUNCATE', '''tasks'''),
		('milestones', 'INSERT OR UPDATE OR DELETE OR TRUNCATE', '''tasks'''),
		('task_history', 'INSERT OR DELETE OR TRUNCATE', '''tasks'''),
		('clusters', 'INSERT OR UPDATE OR DELETE OR TRUNCATE', '''tasks'''),
		('organizers', 'INSERT OR UPDATE OR DELETE OR TRUNCATE', '''organizers'', ''tasks'''),
		('organizer_aliases', 'INSERT OR UPDATE OR DELETE OR TRUNCATE', '''organizers'''),
		('tags', 'INSERT OR UPDATE OR DELETE OR TRUNCATE', '''tags'', ''tasks'''),
		('tag_synonyms', 'INSERT OR UPDATE OR DELETE OR TRUNCATE', '''tags'', ''tasks'''),
		('users', 'UPDATE OF nickname, avatar_url, disabled_at OR DELETE OR TRUNCATE', '''users'', ''tasks'''),
		-- Joining and messages; views are told in batches, and a cached answer may lag behind them.
		('task_counts', 'UPDATE OF joins, messages', '''tasks'''),
		('routes', 'INSERT OR UPDATE OR DELETE OR TRUNCATE', '''routes'''),
		('analytics_summary', 'INSERT OR UPDATE OR DELETE OR TRUNCATE', '''analytics'''),
		('tag_days', 'INSERT OR UPDATE OR DELETE OR TRUNCATE', '''analytics''')) AS w (name, events, topics)
	LOOP
		EXECUTE pg_catalog.format('DROP TRIGGER IF EXISTS topics_changed ON bountygo.%I', t.name);
		EXECUTE pg_catalog.format('CREATE TRIGGER topics_changed AFTER %s ON bountygo.%I FOR EACH STATEMENT EXECUTE FUNCTION bountygo.topics_changed(%s)',
			t.events, t.name, t.topics);
	END LOOP;
END
$$;
