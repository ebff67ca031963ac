-- Organizers: finding them by a name that may be misspelt, and what moderators do to them.

CREATE TYPE bountygo.organizer_sort AS ENUM ('name', '-created_at', '-relevance');
COMMENT ON TYPE bountygo.organizer_sort IS 'Order of a list of organizers: by name, newest first, or best match first (only with q, and then the default).';

CREATE FUNCTION bountygo.require_moderator() RETURNS bigint
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	IF NOT pg_has_role(current_user, 'bountygo_admin', 'MEMBER') THEN
		PERFORM bountygo.require_user();
		IF NOT bountygo.is_moderator() THEN
			RAISE EXCEPTION 'only moderators may do this' USING ERRCODE = 'UB403';
		END IF;
	END IF;
	RETURN bountygo.current_user_id();
END
$$;
COMMENT ON FUNCTION bountygo.require_moderator() IS
'The id of the caller, a moderator; NULL for an administrator of the database without a token. UB401 without a user, UB403 for others. Which rows may be written is for row-level security.';

-- Reading ---------------------------------------------------------------------------------------------------------

CREATE FUNCTION bountygo.organizer_task_counts(ids bigint[]) RETURNS TABLE (id bigint, tasks bigint, open_tasks bigint)
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
	SELECT i.id, c.tasks, c.open_tasks
	FROM unnest(ids) AS i (id) CROSS JOIN LATERAL (
		SELECT count(*) AS tasks, count(*) FILTER (WHERE t.status NOT IN ('completed', 'cancelled') AND t.gone_at IS NULL
			AND (t.deadline IS NULL OR t.deadline >= clock_timestamp())) AS open_tasks
		FROM bountygo.tasks t WHERE t.organizer_id = i.id AND t.status <> 'draft') c
$$;
COMMENT ON FUNCTION bountygo.organizer_task_counts(bigint[]) IS
'How many tasks these organizers have, and how many of them may still be open; drafts are not counted for anyone. Out of an index.';

CREATE FUNCTION bountygo.organizer_objects(ids bigint[]) RETURNS TABLE (n bigint, object jsonb)
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
	SELECT i.n, jsonb_build_object('id', o.id, 'name', o.name, 'url', o.url, 'is_verified', o.is_verified,
		'aliases', (SELECT coalesce(jsonb_agg(a.name ORDER BY a.name_key), '[]') FROM bountygo.organizer_aliases a WHERE a.organizer_id = o.id),
		'counts', jsonb_build_object('tasks', c.tasks, 'open_tasks', c.open_tasks),
		'created_at', bountygo.rfc3339(o.created_at))
	FROM unnest(ids) WITH ORDINALITY AS i (id, n)
	JOIN bountygo.organizers o ON o.id = i.id
	JOIN bountygo.organizer_task_counts(ids) c ON c.id = i.id
$$;
COMMENT ON FUNCTION bountygo.organizer_objects(bigint[]) IS
'Organizers as answers show them: id, name, url, is_verified, aliases, counts {tasks, open_tasks}, created_at.';

CREATE FUNCTION bountygo.organizers_named(wanted text) RETURNS TABLE (id bigint, score real)
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
SET jit = off
AS $$
DECLARE
	grams constant text[] := bountygo.name_grams(wanted);
	-- Of a name that contains it: all but those that touch its ends.
	inner_grams constant text[] := ARRAY(SELECT g.gram FROM unnest(grams) AS g (gram) WHERE strpos(wanted, g.gram) > 0);
	start constant text := regexp_replace(wanted, '([\\%_])', '\\\1', 'g') || '%';
BEGIN
	IF cardinality(inner_grams) = 0 THEN
		RETURN QUERY SELECT f.id, max(f.score) FROM (
				SELECT n.id, bountygo.name_score(wanted, n.name_key) AS score FROM bountygo.organizers n WHERE n.name_key LIKE start
				UNION ALL
				SELECT n.organizer_id, bountygo.name_score(wanted, n.name_key) FROM bountygo.organizer_aliases n WHERE n.name_key LIKE start) f
			GROUP BY f.id;
		RETURN;
	END IF;
	RETURN QUERY SELECT f.id, max(f.score) FROM (
			SELECT n.id, bountygo.name_score(wanted, n.name_key) AS score FROM bountygo.organizers n
				WHERE bountygo.name_grams(n.name_key) @> inner_grams
			UNION ALL
			SELECT n.organizer_id, bountygo.name_score(wanted, n.name_key) FROM bountygo.organizer_aliases n
				WHERE bountygo.name_grams(n.name_key) @> inner_grams) f
		WHERE f.score >= 0.85::real GROUP BY f.id;
	IF NOT FOUND THEN
		-- Nothing contains it: it may be misspelt.
		RETURN QUERY SELECT f.id, max(f.score) FROM (
				SELECT n.id, bountygo.name_score(wanted, n.name_key) AS score FROM bountygo.organizers n
					WHERE bountygo.name_grams(n.name_key) && grams
				UNION ALL
				SELECT n.organizer_id, bountygo.name_score(wanted, n.name_key) FROM bountygo.organizer_aliases n
					WHERE bountygo.name_grams(n.name_key) && grams) f
			WHERE f.score > 0 GROUP BY f.id;
	END IF;
END
$$;
COMMENT ON FUNCTION bountygo.organizers_named(text) IS
'Organizers whose name or other name is or contains a name_key, with how well (name_score), or, if there is none, those that resemble it; one or two letters find those that begin with them.';

CREATE FUNCTION bountygo.list_organizers(
	q text DEFAULT NULL,
	is_verified boolean DEFAULT NULL,
	sort bountygo.organizer_sort DEFAULT NULL,
	count bountygo.count_mode DEFAULT 'none',
	cursor text DEFAULT NULL,
	"limit" integer DEFAULT 20) RETURNS jsonb
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
SET jit = off
AS $$
DECLARE
	size constant integer := bountygo.page_size("limit");
	wanted constant text := bountygo.name_key(nullif(btrim(q), ''));
	order_by constant bountygo.organizer_sort := coalesce(list_organizers.sort, CASE WHEN wanted IS NULL THEN 'name' ELSE '-relevance' END
		::bountygo.organizer_sort);
	after_key text;
	after_id bigint;
	ids bigint[];
	keys text[];
	total bigint;
	items jsonb;
BEGIN
	PERFORM bountygo.raise_invalid(bountygo.text_problems('?q', q, 100)
		|| CASE WHEN order_by = '-relevance' AND wanted IS NULL THEN
			bountygo.problem('?sort', '-relevance needs q: there is nothing to be relevant to.') ELSE '[]' END);
	IF cursor IS NOT NULL THEN
		SELECT c.key, c.id INTO after_key, after_id FROM bountygo.cursor_read(cursor, 'organizers:' || order_by) c;
	END IF;
	-- One row more than asked for tells whether there is a next page.
	IF wanted IS NOT NULL THEN
		SELECT array_agg(p.id), array_agg(p.key), max(p.total) INTO ids, keys, total
			FROM (SELECT f.id, f.total,
					CASE order_by WHEN 'name' THEN f.name_key WHEN '-created_at' THEN bountygo.rfc3339(f.created_at) ELSE f.score::text END AS key
				FROM (SELECT o.id, o.name_key, o.created_at, m.score, count(*) OVER () AS total
					FROM bountygo.organizers_named(wanted) m JOIN bountygo.organizers o ON o.id = m.id
					WHERE list_organizers.is_verified IS NULL OR o.is_verified = list_organizers.is_verified) f
				WHERE after_id IS NULL OR CASE order_by
					WHEN 'name' THEN f.name_key > after_key
					WHEN '-created_at' THEN (f.created_at, f.id) < (after_key::timestamptz, after_id)
					ELSE f.score < after_key::real OR f.score = after_key::real AND f.id > after_id END
				ORDER BY CASE WHEN order_by = 'name' THEN f.name_key END, CASE WHEN order_by = '-created_at' THEN f.created_at END DESC,
					CASE WHEN order_by = '-created_at' THEN f.id END DESC, CASE WHEN order_by = '-relevance' THEN f.score END DESC, f.id
				LIMIT size + 1) p;
	ELSIF order_by = 'name' THEN
		SELECT array_agg(p.id), array_agg(p.name_key) INTO ids, keys
			FROM (SELECT o.id, o.name_key FROM bountygo.organizers o
				WHERE (list_organizers.is_verified IS NULL OR o.is_verified = list_organizers.is_verified)
					AND (after_id IS NULL OR o.name_key > after_key)
				ORDER BY o.name_key LIMIT size + 1) p;
	ELSE
		SELECT array_agg(p.id), array_agg(p.key) INTO ids, keys
			FROM (SELECT o.id, bountygo.rfc3339(o.created_at) AS key
				FROM bountygo.organizers o
				WHERE (list_organizers.is_verified IS NULL OR o.is_verified = list_organizers.is_verified)
					AND (after_id IS NULL OR (o.created_at, o.id) < (after_key::timestamptz, after_id))
				ORDER BY o.created_at DESC, o.id DESC LIMIT size + 1) p;
	END IF;
	SELECT jsonb_agg(b.object ORDER BY b.n) INTO items FROM bountygo.organizer_objects(ids[1:size]) b;
	IF list_organizers.count = 'none' THEN
		RETURN jsonb_build_object('items', coalesce(items, '[]'),
			'next', CASE WHEN cardinality(ids) > size THEN bountygo.cursor_make('organizers:' || order_by, keys[size], ids[size]) END);
	END IF;
	IF wanted IS NULL THEN
		SELECT count(*) INTO total FROM bountygo.organizers o
			WHERE list_organizers.is_verified IS NULL OR o.is_verified = list_organizers.is_verified;
	ELSIF total IS NULL THEN
		SELECT count(*) INTO total FROM bountygo.organizers_named(wanted) m JOIN bountygo.organizers o ON o.id = m.id
			WHERE list_organizers.is_verified IS NULL OR o.is_verified = list_organizers.is_verified;
	END IF;
	RETURN jsonb_build_object('items', coalesce(items, '[]'),
		'next', CASE WHEN cardinality(ids) > size THEN bountygo.cursor_make('organizers:' || order_by, keys[size], ids[size]) END,
		'total', total);
END
$$;
COMMENT ON FUNCTION bountygo.list_organizers(text, boolean, bountygo.organizer_sort, bountygo.count_mode, text, integer) IS
'Organizers by name, or with q best match first. q: part of a name or other name, in any language, which may be misspelt; sort: name (default), -created_at, or -relevance (default with q). limit 1 to 100; cursor: "next" of the page before. UB422 for bad values.';

CREATE FUNCTION bountygo.present_organizer(id bigint) RETURNS bigint
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	found bigint;
BEGIN
	SELECT coalesce((SELECT o.id FROM bountygo.organizers o WHERE o.id = present_organizer.id),
		(SELECT a.organizer_id FROM bountygo.organizer_aliases a WHERE a.former_id = present_organizer.id)) INTO found;
	IF found IS NULL THEN
		RAISE EXCEPTION 'there is no organizer %', coalesce(present_organizer.id::text, '(null)') USING ERRCODE = 'UB404';
	END IF;
	RETURN found;
END
$$;
COMMENT ON FUNCTION bountygo.present_organizer(bigint) IS
'The organizer of that id, or the one it was merged into. UB404 if there never was one.';

CREATE FUNCTION bountygo.get_organizer(id bigint) RETURNS jsonb
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	RETURN (SELECT b.object FROM bountygo.organizer_objects(ARRAY[bountygo.present_organizer(get_organizer.id)]) b);
END
$$;
COMMENT ON FUNCTION bountygo.get_organizer(bigint) IS
'An organizer: id, name, url, is_verified, aliases, counts {tasks, open_tasks} (drafts are not counted), created_at. One that was merged answers with the organizer it was merged into, whose id is then another than asked for. UB404 if there is none.';

-- Moderating ------------------------------------------------------------------------------------------------------
-- What is done here waits for no more than half a second at a time and then lets go of everything and begins again: whoever makes
-- tasks goes first, and nobody waits for each other in a circle.

CREATE FUNCTION bountygo.rename_organizer(id bigint, name text, url text, clear text[]) RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
SET lock_timeout = '60ms'
AS $$
DECLARE
	old bountygo.organizers;
	key constant text := bountygo.name_key(rename_organizer.name);
	other bigint;
BEGIN
	IF key IS NOT NULL THEN
		PERFORM bountygo.hold_names('organizer', true);
	END IF;
	-- Only another key has to wait for whoever uses the organizer at this moment.
	IF EXISTS (SELECT FROM bountygo.organizers o WHERE o.id = rename_organizer.id AND o.name_key <> key) THEN
		SELECT o.* INTO old FROM bountygo.organizers o WHERE o.id = rename_organizer.id FOR UPDATE;
	ELSE
		SELECT o.* INTO old FROM bountygo.organizers o WHERE o.id = rename_organizer.id FOR NO KEY UPDATE;
	END IF;
	IF NOT FOUND THEN
		PERFORM bountygo.present_organizer(rename_organizer.id);
		RAISE EXCEPTION 'the organizer was merged into another'
			USING ERRCODE = 'UB409', HINT = format('It is organizer %s now.', bountygo.present_organizer(rename_organizer.id));
	END IF;
	IF key <> old.name_key THEN
		SELECT coalesce((SELECT o.id FROM bountygo.organizers o WHERE o.name_key = key),
			(SELECT a.organizer_id FROM bountygo.organizer_aliases a WHERE a.name_key = key AND a.organizer_id <> old.id)) INTO other;
		IF other IS NOT NULL THEN
			RAISE EXCEPTION 'another organizer has this name'
				USING ERRCODE = 'UB409', HINT = format('It is organizer %s. Merge them if they are the same.', other);
		END IF;
		DELETE FROM bountygo.organizer_aliases a WHERE a.name_key = key;
		-- Evidence names it by the old name, which stays another name.
		INSERT INTO bountygo.organizer_aliases (name_key, organizer_id, name) VALUES (old.name_key, old.id, old.name);
	END IF;
	UPDATE bountygo.organizers o SET name = coalesce(rename_organizer.name, o.name), name_key = coalesce(key, o.name_key),
			url = CASE WHEN 'url' = ANY (clear) THEN NULL ELSE coalesce(rename_organizer.url, o.url) END
		WHERE o.id = old.id;
END
$$;
COMMENT ON FUNCTION bountygo.rename_organizer(bigint, text, text, text[]) IS
'One attempt of update_organizer, whose arguments are checked. 55P03 if it would have to wait.';

CREATE FUNCTION bountygo.update_organizer(id bigint, name text DEFAULT NULL, url text DEFAULT NULL, clear text[] DEFAULT NULL)
RETURNS jsonb
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	new_name constant text := bountygo.clean_text(name);
	new_url constant text := bountygo.clean_text(url);
	problems jsonb := '[]';
BEGIN
	PERFORM bountygo.require_moderator();
	IF name IS NOT NULL AND new_name IS NULL THEN
		problems := problems || bountygo.problem('/name', 'An organizer needs a name of 1 to 200 characters.');
	END IF;
	problems := problems || bountygo.text_problems('/name', new_name, 200);
	IF url IS NOT NULL AND new_url !~* '^https?://[^/?#\s@]+([/?#][^\s]*)?$' IS NOT FALSE THEN
		problems := problems || bountygo.problem('/url', 'This must be a URL that begins with http:// or https://, without a user name.');
	END IF;
	problems := problems || bountygo.text_problems('/url', new_url, 2048);
	SELECT problems || coalesce(jsonb_agg(bountygo.problem('/' || c.name, 'This cannot be cleared.') -> 0), '[]') INTO problems
		FROM unnest(clear) AS c (name) WHERE c.name <> 'url';
	PERFORM bountygo.raise_invalid(problems);
	FOR i IN 1..40 LOOP
		BEGIN
			PERFORM bountygo.rename_organizer(update_organizer.id, new_name, new_url, clear);
			RETURN bountygo.get_organizer(update_organizer.id);
		EXCEPTION WHEN lock_not_available THEN
			NULL;
		END;
	END LOOP;
	RAISE EXCEPTION 'the organizer is busy' USING ERRCODE = '55P03';
END
$$;
COMMENT ON FUNCTION bountygo.update_organizer(bigint, text, text, text[]) IS
'Changes an organizer and returns it; what is not given stays. name: 1 to 200 characters; the old one stays another name of it, so that pages that use it go on finding it. url: http(s); clear => {url} empties it. For moderators. UB401, UB403, UB404, UB409 if the name is another organizer''s or this one was merged, UB422.';

CREATE FUNCTION bountygo.verify_organizer(id bigint, is_verified boolean DEFAULT true) RETURNS jsonb
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	PERFORM bountygo.require_moderator();
	UPDATE bountygo.organizers o SET is_verified = coalesce(verify_organizer.is_verified, true) WHERE o.id = verify_organizer.id;
	IF NOT FOUND THEN
		PERFORM bountygo.present_organizer(verify_organizer.id);
		RAISE EXCEPTION 'the organizer was merged into another'
			USING ERRCODE = 'UB409', HINT = format('It is organizer %s now.', bountygo.present_organizer(verify_organizer.id));
	END IF;
	RETURN bountygo.get_organizer(verify_organizer.id);
END
$$;
COMMENT ON FUNCTION bountygo.verify_organizer(bigint, boolean) IS
'Says that an organizer is who it says, or, with false, that nobody has made sure; returns it. For moderators. UB401, UB403, UB404, UB409 if it was merged.';

CREATE FUNCTION bountygo.move_organizer_tasks(id bigint, "into" bigint, who bigint) RETURNS integer
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	moved bigint[];
BEGIN
	-- In the order of ids, as whoever else locks several tasks.
	SELECT array_agg(l.id) INTO moved
		FROM (SELECT t.id FROM bountygo.tasks t WHERE t.organizer_id = move_organizer_tasks.id ORDER BY t.id FOR NO KEY UPDATE) l;
	IF moved IS NULL THEN
		RETURN 0;
	END IF;
	UPDATE bountygo.tasks t SET organizer_id = move_organizer_tasks."into", updated_at = clock_timestamp() WHERE t.id = ANY (moved);
	INSERT INTO bountygo.task_history (task_id, changed_by, method, field, old_value, new_value)
		SELECT m.id, who, 'user:' || coalesce(who, 0), 'organizer', to_jsonb(a.name), to_jsonb(b.name)
		FROM unnest(moved) AS m (id), bountygo.organizers a, bountygo.organizers b
		WHERE a.id = move_organizer_tasks.id AND b.id = move_organizer_tasks."into" ORDER BY m.id;
	INSERT INTO bountygo.events (kind, task_id, payload)
		SELECT 'task_changed', m.id, '{"fields": ["organizer"]}' FROM unnest(moved) AS m (id) ORDER BY m.id;
	RETURN cardinality(moved);
END
$$;
COMMENT ON FUNCTION bountygo.move_organizer_tasks(bigint, bigint, bigint) IS
'Gives the tasks of one organizer to another, with history and events; returns how many. Part of merge_organizer.';

CREATE FUNCTION bountygo.join_organizers(id bigint, "into" bigint, who bigint) RETURNS boolean
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
SET lock_timeout = '60ms'
AS $$
DECLARE
	old bountygo.organizers;
	present integer;
BEGIN
	-- Tasks first, as whoever changes a task locks it before its organizer. Then both organizers, which whoever uses their names
	-- holds: from here on no task can come to the old one, so what has come in between is the rest.
	PERFORM bountygo.move_organizer_tasks(join_organizers.id, join_organizers."into", who);
	PERFORM FROM bountygo.organizers o WHERE o.id IN (join_organizers.id, join_organizers."into") ORDER BY o.id FOR UPDATE;
	GET DIAGNOSTICS present = ROW_COUNT;
	IF present < 2 THEN
		-- Nothing was moved: tasks are neither with nor for one that is gone.
		RETURN false;
	END IF;
	PERFORM bountygo.move_organizer_tasks(join_organizers.id, join_organizers."into", who);
	PERFORM bountygo.hold_names('organizer', true);
	UPDATE bountygo.organizer_aliases a SET organizer_id = join_organizers."into" WHERE a.organizer_id = join_organizers.id;
	DELETE FROM bountygo.organizers o WHERE o.id = join_organizers.id RETURNING o.* INTO old;
	INSERT INTO bountygo.organizer_aliases (name_key, organizer_id, name, former_id)
		VALUES (old.name_key, join_organizers."into", old.name, old.id);
	UPDATE bountygo.organizers o SET url = old.url WHERE o.id = join_organizers."into" AND o.url IS NULL AND old.url IS NOT NULL;
	RETURN true;
END
$$;
COMMENT ON FUNCTION bountygo.join_organizers(bigint, bigint, bigint) IS
'One attempt of merge_organizer, whose arguments are checked; false if one of the two is gone. 55P03 if it would have to wait.';

CREATE FUNCTION bountygo.merge_organizer(id bigint, "into" bigint) RETURNS jsonb
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	who constant bigint := bountygo.require_moderator();
	target bigint;
BEGIN
	IF merge_organizer."into" IS NULL THEN
		PERFORM bountygo.raise_invalid(bountygo.problem('/into', 'This must be the id of the organizer that stays.'));
	END IF;
	FOR i IN 1..40 LOOP
		-- Each time anew: somebody else may have merged one of them meanwhile.
		IF bountygo.present_organizer(merge_organizer.id) <> merge_organizer.id THEN
			RAISE EXCEPTION 'the organizer was merged already'
				USING ERRCODE = 'UB409', HINT = format('It is organizer %s now.', bountygo.present_organizer(merge_organizer.id));
		END IF;
		SELECT coalesce((SELECT o.id FROM bountygo.organizers o WHERE o.id = merge_organizer."into"),
			(SELECT a.organizer_id FROM bountygo.organizer_aliases a WHERE a.former_id = merge_organizer."into")) INTO target;
		IF target IS NULL THEN
			PERFORM bountygo.raise_invalid(bountygo.problem('/into', 'There is no such organizer.'));
		ELSIF target = merge_organizer.id THEN
			PERFORM bountygo.raise_invalid(bountygo.problem('/into', 'An organizer cannot be merged into itself.'));
		END IF;
		BEGIN
			IF bountygo.join_organizers(merge_organizer.id, target, who) THEN
				RETURN bountygo.get_organizer(target);
			END IF;
		EXCEPTION WHEN lock_not_available OR foreign_key_violation THEN
			NULL;
		END;
	END LOOP;
	RAISE EXCEPTION 'the organizer is busy' USING ERRCODE = '55P03';
END
$$;
COMMENT ON FUNCTION bountygo.merge_organizer(bigint, bigint) IS
'Merges an organizer into another, which is returned: its tasks (with history and an event each) and other names go there, its name becomes another name, so that pages that use it find the one that stays, and its id goes on answering in get_organizer. For moderators. UB401, UB403, UB404, UB409 if it was merged already, UB422.';
