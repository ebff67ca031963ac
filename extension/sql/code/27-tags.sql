-- Tags: lists, search, proposals, and what moderators do to them. What users care for stands in 28-interests.sql.

-- Reading ---------------------------------------------------------------------------------------------------------

CREATE FUNCTION bountygo.tag_task_counts(ids bigint[]) RETURNS TABLE (id bigint, tasks bigint)
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
SET jit = off
AS $$
	-- All of them out of the index of task_tags alone, less the drafts, which are few.
	WITH drafts AS MATERIALIZED (
		SELECT tt.tag_id, count(*) AS n
		FROM bountygo.tasks t JOIN bountygo.task_tags tt ON tt.task_id = t.id
		WHERE t.status = 'draft' AND tt.tag_id = ANY (ids) GROUP BY tt.tag_id)
	SELECT i.id, (SELECT count(*) FROM bountygo.task_tags tt WHERE tt.tag_id = i.id)
		- coalesce((SELECT d.n FROM drafts d WHERE d.tag_id = i.id), 0)
	FROM unnest(ids) AS i (id)
$$;
COMMENT ON FUNCTION bountygo.tag_task_counts(bigint[]) IS
'How many tasks have each of these tags; drafts are not counted for anyone. Out of indexes.';

CREATE FUNCTION bountygo.tag_objects(ids bigint[]) RETURNS TABLE (n bigint, object jsonb)
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
	SELECT i.n, jsonb_build_object('id', g.id, 'name', g.name, 'category', g.category, 'is_active', g.is_active,
		'synonyms', (SELECT coalesce(jsonb_agg(jsonb_build_object('name', s.name, 'language', s.language) ORDER BY s.name_key), '[]')
			FROM bountygo.tag_synonyms s WHERE s.tag_id = g.id),
		'counts', jsonb_build_object('tasks', c.tasks),
		'created_at', bountygo.rfc3339(g.created_at))
	FROM unnest(ids) WITH ORDINALITY AS i (id, n)
	JOIN bountygo.tags g ON g.id = i.id
	JOIN bountygo.tag_task_counts(ids) c ON c.id = i.id
$$;
COMMENT ON FUNCTION bountygo.tag_objects(bigint[]) IS
'Tags as answers show them: id, name, category, is_active, synonyms [{name, language}], counts {tasks}, created_at.';

CREATE FUNCTION bountygo.tags_named(wanted text) RETURNS TABLE (id bigint, score real)
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
				SELECT n.id, bountygo.name_score(wanted, n.name_key) AS score FROM bountygo.tags n WHERE n.name_key LIKE start
				UNION ALL
				SELECT n.tag_id, bountygo.name_score(wanted, n.name_key) FROM bountygo.tag_synonyms n WHERE n.name_key LIKE start) f
			GROUP BY f.id;
		RETURN;
	END IF;
	RETURN QUERY SELECT f.id, max(f.score) FROM (
			SELECT n.id, bountygo.name_score(wanted, n.name_key) AS score FROM bountygo.tags n
				WHERE bountygo.name_grams(n.name_key) @> inner_grams
			UNION ALL
			SELECT n.tag_id, bountygo.name_score(wanted, n.name_key) FROM bountygo.tag_synonyms n
				WHERE bountygo.name_grams(n.name_key) @> inner_grams) f
		WHERE f.score >= 0.85::real GROUP BY f.id;
	IF NOT FOUND THEN
		-- Nothing contains it: it may be misspelt.
		RETURN QUERY SELECT f.id, max(f.score) FROM (
				SELECT n.id, bountygo.name_score(wanted, n.name_key) AS score FROM bountygo.tags n
					WHERE bountygo.name_grams(n.name_key) && grams
				UNION ALL
				SELECT n.tag_id, bountygo.name_score(wanted, n.name_key) FROM bountygo.tag_synonyms n
					WHERE bountygo.name_grams(n.name_key) && grams) f
			WHERE f.score > 0 GROUP BY f.id;
	END IF;
END
$$;
COMMENT ON FUNCTION bountygo.tags_named(text) IS
'Tags whose name or synonym is or contains a name_key, with how well (name_score), or, if there is none, those that resemble it; one or two letters find those that begin with them.';

CREATE FUNCTION bountygo.list_tags(
	category bountygo.tag_category DEFAULT NULL,
	q text DEFAULT NULL,
	is_active boolean DEFAULT true,
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
	active constant boolean := coalesce(list_tags.is_active, true);
	sort constant text := CASE WHEN wanted IS NULL THEN 'tags:name' ELSE 'tags:relevance' END;
	after_key text;
	after_id bigint;
	ids bigint[];
	keys text[];
	total bigint;
	items jsonb;
	answer jsonb;
BEGIN
	PERFORM bountygo.raise_invalid(bountygo.text_problems('?q', q, 100));
	IF cursor IS NOT NULL THEN
		SELECT c.key, c.id INTO after_key, after_id FROM bountygo.cursor_read(cursor, sort) c;
	END IF;
	-- One row more than asked for tells whether there is a next page.
	IF wanted IS NOT NULL THEN
		SELECT array_agg(p.id), array_agg(p.score::text) INTO ids, keys
			FROM (SELECT g.id, m.score FROM bountygo.tags_named(wanted) m JOIN bountygo.tags g ON g.id = m.id
				WHERE g.is_active = active AND (list_tags.category IS NULL OR g.category = list_tags.category)
					AND (after_id IS NULL OR m.score < after_key::real OR m.score = after_key::real AND g.id > after_id)
				ORDER BY m.score DESC, g.id LIMIT size + 1) p;
	ELSE
		SELECT array_agg(p.id), array_agg(p.name_key) INTO ids, keys
			FROM (SELECT g.id, g.name_key FROM bountygo.tags g
				WHERE g.is_active = active AND (list_tags.category IS NULL OR g.category = list_tags.category)
					AND (after_id IS NULL OR g.name_key > after_key)
				ORDER BY g.name_key LIMIT size + 1) p;
	END IF;
	SELECT jsonb_agg(b.object ORDER BY b.n) INTO items FROM bountygo.tag_objects(ids[1:size]) b;
	answer := jsonb_build_object('items', coalesce(items, '[]'),
		'next', CASE WHEN cardinality(ids) > size THEN bountygo.cursor_make(sort, keys[size], ids[size]) END);
	IF list_tags.count <> 'none' THEN
		IF wanted IS NOT NULL THEN
			SELECT count(*) INTO total FROM bountygo.tags_named(wanted) m JOIN bountygo.tags g ON g.id = m.id
				WHERE g.is_active = active AND (list_tags.category IS NULL OR g.category = list_tags.category);
		ELSE
			SELECT count(*) INTO total FROM bountygo.tags g
				WHERE g.is_active = active AND (list_tags.category IS NULL OR g.category = list_tags.category);
		END IF;
		answer := answer || jsonb_build_object('total', total);
	END IF;
	RETURN answer;
END
$$;
COMMENT ON FUNCTION bountygo.list_tags(bountygo.tag_category, text, boolean, bountygo.count_mode, text, integer) IS
'Tags by name, or, with q, best match first: part of a name or synonym, in any language, which may be misspelt. is_active => false shows proposals and retired tags instead. limit 1 to 100; cursor: "next" of the page before. UB422 for bad values.';

CREATE FUNCTION bountygo.search_tags(q text, "limit" integer DEFAULT 20) RETURNS jsonb
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	IF bountygo.clean_text(q) IS NULL THEN
		PERFORM bountygo.raise_invalid(bountygo.problem('?q', 'This must say what to search for.'));
	END IF;
	RETURN bountygo.list_tags(q => search_tags.q, "limit" => search_tags."limit") || '{"next": null}';
END
$$;
COMMENT ON FUNCTION bountygo.search_tags(text, integer) IS
'The active tags that best match the beginning or another part of a name or synonym, also if it is misspelt: for completion while typing. limit 1 to 100. UB422 for bad values.';

CREATE FUNCTION bountygo.tag_categories() RETURNS jsonb
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
	SELECT jsonb_build_object('items', jsonb_agg(jsonb_build_object('category', c.category, 'tags',
		(SELECT count(*) FROM bountygo.tags g WHERE g.category = c.category AND g.is_active)) ORDER BY c.category))
	FROM unnest(enum_range(NULL::bountygo.tag_category)) AS c (category)
$$;
COMMENT ON FUNCTION bountygo.tag_categories() IS 'The categories of tags, each with how many active tags it has: {"items": [{category, tags}]}.';

CREATE FUNCTION bountygo.present_tag(id bigint) RETURNS bigint
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	found bigint;
BEGIN
	SELECT coalesce((SELECT g.id FROM bountygo.tags g WHERE g.id = present_tag.id),
		(SELECT s.tag_id FROM bountygo.tag_synonyms s WHERE s.former_id = present_tag.id)) INTO found;
	IF found IS NULL THEN
		RAISE EXCEPTION 'there is no tag %', coalesce(present_tag.id::text, '(null)') USING ERRCODE = 'UB404';
	END IF;
	RETURN found;
END
$$;
COMMENT ON FUNCTION bountygo.present_tag(bigint) IS 'The tag of that id, or the one it was merged into. UB404 if there is none.';

CREATE FUNCTION bountygo.get_tag(id bigint) RETURNS jsonb
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	RETURN (SELECT b.object FROM bountygo.tag_objects(ARRAY[bountygo.present_tag(get_tag.id)]) b);
END
$$;
COMMENT ON FUNCTION bountygo.get_tag(bigint) IS
'A tag, active or not: id, name, category, is_active, synonyms, counts {tasks} (drafts are not counted), created_at. One that was merged answers with the tag it was merged into, whose id is then another than asked for. UB404 if there is none.';

-- Writing ---------------------------------------------------------------------------------------------------------

CREATE FUNCTION bountygo.read_synonyms(pointer text, given jsonb, OUT names text[], OUT languages text[], OUT problems jsonb)
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	problems := '[]';
	names := '{}';
	languages := '{}';
	IF given IS NULL THEN
		RETURN;
	ELSIF jsonb_typeof(given) <> 'array' OR jsonb_array_length(given) > 50 THEN
		problems := bountygo.problem(pointer, 'This must be a list of at most 50 names or objects {"name", "language"}.');
		RETURN;
	END IF;
	SELECT coalesce(array_agg(p.name ORDER BY p.n) FILTER (WHERE p.detail IS NULL), '{}'),
			coalesce(array_agg(p.language ORDER BY p.n) FILTER (WHERE p.detail IS NULL), '{}'),
			coalesce(jsonb_agg(bountygo.problem(format('%s/%s', pointer, p.n - 1), p.detail) -> 0 ORDER BY p.n)
				FILTER (WHERE p.detail IS NOT NULL), '[]')
		INTO names, languages, problems
		FROM (SELECT e.n, w.name, w.language, CASE
				WHEN jsonb_typeof(e.value) NOT IN ('string', 'object') OR jsonb_typeof(e.value) = 'object'
					AND (jsonb_typeof(e.value -> 'name') IS DISTINCT FROM 'string'
						OR coalesce(jsonb_typeof(e.value -> 'language'), 'null') NOT IN ('null', 'string')
						OR e.value - ARRAY['name', 'language'] <> '{}') THEN 'This must be a name or an object {"name", "language"}.'
				WHEN w.name IS NULL OR length(w.name) > 100 OR bountygo.has_control_characters(w.name)
					THEN 'A synonym is one line of 1 to 100 characters.'
				WHEN w.language !~ '^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$' OR length(w.language) > 35
					THEN 'The language is a tag such as en, zh or zh-Hant.' END AS detail
			FROM jsonb_array_elements(given) WITH ORDINALITY AS e (value, n)
			CROSS JOIN LATERAL (SELECT
				bountygo.clean_text(CASE jsonb_typeof(e.value) WHEN 'string' THEN e.value #>> '{}' WHEN 'object' THEN e.value ->> 'name' END) AS name,
				CASE jsonb_typeof(e.value) WHEN 'object' THEN e.value ->> 'language' END AS language) w) p;
END
$$;
COMMENT ON FUNCTION bountygo.read_synonyms(text, jsonb) IS
'Synonyms out of JSON: a list of names or {"name", "language"}, as two arrays, with all that is wrong in it. pointer: where the list stands.';

CREATE FUNCTION bountygo.put_synonyms(tag_id bigint, names text[], languages text[]) RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	bad record;
BEGIN
	SELECT n.name, coalesce(g.id, s.tag_id) AS id, coalesce(g.name, o.name) AS owner INTO bad
		FROM unnest(names) WITH ORDINALITY AS n (name, i)
		LEFT JOIN bountygo.tags g ON g.name_key = bountygo.name_key(n.name)
		LEFT JOIN bountygo.tag_synonyms s ON s.name_key = bountygo.name_key(n.name)
		LEFT JOIN bountygo.tags o ON o.id = s.tag_id
		WHERE coalesce(g.id, s.tag_id) <> put_synonyms.tag_id
		ORDER BY n.i LIMIT 1;
	IF FOUND THEN
		RAISE EXCEPTION 'the synonym "%" belongs to the tag "%"', bad.name, bad.owner
			USING ERRCODE = 'UB409', HINT = format('That is tag %s. Merge the tags if they mean the same.', bad.id);
	END IF;
	DELETE FROM bountygo.tag_synonyms s WHERE s.tag_id = put_synonyms.tag_id
		AND s.name_key <> ALL (ARRAY(SELECT bountygo.name_key(n.name) FROM unnest(names) AS n (name)));
	-- The first spelling of each counts; its own name is no synonym.
	INSERT INTO bountygo.tag_synonyms AS s (name_key, tag_id, name, language)
		SELECT DISTINCT ON (bountygo.name_key(n.name)) bountygo.name_key(n.name), put_synonyms.tag_id, n.name, n.language
		FROM unnest(names, languages) WITH ORDINALITY AS n (name, language, i)
		WHERE NOT EXISTS (SELECT FROM bountygo.tags g WHERE g.name_key = bountygo.name_key(n.name))
		ORDER BY bountygo.name_key(n.name), n.i
		ON CONFLICT (name_key) DO UPDATE SET name = excluded.name, language = excluded.language
			WHERE (s.name, s.language) IS DISTINCT FROM (excluded.name, excluded.language);
END
$$;
COMMENT ON FUNCTION bountygo.put_synonyms(bigint, text[], text[]) IS
'Gives a tag exactly these synonyms. UB409 if one is the name or a synonym of another tag.';

CREATE FUNCTION bountygo.new_tag(name text, category bountygo.tag_category, is_active boolean, names text[], languages text[]) RETURNS bigint
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	key constant text := bountygo.name_key(new_tag.name);
	other record;
	made bigint;
BEGIN
	-- Exclusively if there are synonyms: two who share it and then both want it alone would wait for each other.
	PERFORM bountygo.hold_names('tag', cardinality(names) > 0);
	INSERT INTO bountygo.tags (name, name_key, category, is_active)
		SELECT new_tag.name, key, new_tag.category, new_tag.is_active
		WHERE NOT EXISTS (SELECT FROM bountygo.tag_synonyms s WHERE s.name_key = key)
		ON CONFLICT DO NOTHING RETURNING id INTO made;
	IF made IS NULL THEN
		SELECT g.id, g.name INTO other FROM bountygo.tags g WHERE g.id = (bountygo.find_tags(ARRAY[new_tag.name]))[1];
		RAISE EXCEPTION 'the tag "%" exists', new_tag.name
			USING ERRCODE = 'UB409', HINT = format('It is tag %s, "%s".', other.id, other.name);
	END IF;
	IF cardinality(names) > 0 THEN
		PERFORM bountygo.put_synonyms(made, names, languages);
	END IF;
	RETURN made;
END
$$;
COMMENT ON FUNCTION bountygo.new_tag(text, bountygo.tag_category, boolean, text[], text[]) IS
'Makes a tag from checked values and returns its id. UB409 if the name or a synonym is taken.';

CREATE FUNCTION bountygo.create_tag(name text, category bountygo.tag_category DEFAULT NULL, synonyms jsonb DEFAULT NULL) RETURNS jsonb
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	is_admin constant boolean := pg_has_role(current_user, 'bountygo_admin', 'MEMBER');
	new_name constant text := bountygo.clean_text(name);
	read record;
	made bigint;
BEGIN
	IF NOT is_admin THEN
		PERFORM bountygo.require_user();
	END IF;
	SELECT * INTO read FROM bountygo.read_synonyms('/synonyms', synonyms);
	PERFORM bountygo.raise_invalid(CASE WHEN new_name IS NULL THEN bountygo.problem('/name', 'A tag is one line of 1 to 100 characters.')
			ELSE bountygo.text_problems('/name', new_name, 100) END || read.problems);
	IF cardinality(read.names) > 0 AND NOT is_admin AND NOT bountygo.is_moderator() THEN
		RAISE EXCEPTION 'only moderators give tags synonyms'
			USING ERRCODE = 'UB403', HINT = 'Propose the tag without synonyms.';
	END IF;
	made := bountygo.new_tag(new_name, create_tag.category, is_admin OR bountygo.is_moderator(), read.names, read.languages);
	RETURN bountygo.get_tag(made);
END
$$;
COMMENT ON FUNCTION bountygo.create_tag(text, bountygo.tag_category, jsonb) IS
'Makes a tag and returns it. name: 1 to 100 characters, unique whatever its case; category: industry, skill or media; synonyms: up to 50 names or {"name", "language"}. Moderators make active tags; others propose one, without synonyms, which is not active until a moderator says so. UB401, UB403, UB409 if a name is taken, UB422.';

CREATE FUNCTION bountygo.create_tags(tags jsonb) RETURNS jsonb
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	entry record;
	read record;
	new_name text;
	wanted text;
	reason text;
	made bigint[] := '{}';
	skipped jsonb := '[]';
	-- The rest of the list is worth its work although one entry is not.
	conflict text;
BEGIN
	PERFORM bountygo.require_moderator();
	IF tags IS NULL OR jsonb_typeof(tags) <> 'array' OR jsonb_array_length(tags) NOT BETWEEN 1 AND 100 THEN
		PERFORM bountygo.raise_invalid(bountygo.problem('/tags', 'This must be a list of 1 to 100 names or objects {"name", "category", "synonyms"}.'));
	END IF;
	PERFORM bountygo.hold_names('tag', true);
	FOR entry IN SELECT e.value, e.n - 1 AS i FROM jsonb_array_elements(tags) WITH ORDINALITY AS e (value, n) ORDER BY e.n LOOP
		reason := NULL;
		new_name := bountygo.clean_text(CASE jsonb_typeof(entry.value) WHEN 'string' THEN entry.value #>> '{}'
			WHEN 'object' THEN CASE jsonb_typeof(entry.value -> 'name') WHEN 'string' THEN entry.value ->> 'name' END END);
		wanted := CASE jsonb_typeof(entry.value) WHEN 'object' THEN entry.value ->> 'category' END;
		SELECT * INTO read FROM bountygo.read_synonyms('', CASE jsonb_typeof(entry.value) WHEN 'object' THEN nullif(entry.value -> 'synonyms', 'null') END);
		IF jsonb_typeof(entry.value) NOT IN ('string', 'object')
			OR jsonb_typeof(entry.value) = 'object' AND entry.value - ARRAY['name', 'category', 'synonyms'] <> '{}' THEN
			reason := 'This must be a name or an object {"name", "category", "synonyms"}.';
		ELSIF new_name IS NULL OR length(new_name) > 100 OR bountygo.has_control_characters(new_name) THEN
			reason := 'A tag is one line of 1 to 100 characters.';
		ELSIF wanted <> ALL (enum_range(NULL::bountygo.tag_category)::text[]) THEN
			reason := format('The category must be one of %s.', array_to_string(enum_range(NULL::bountygo.tag_category)::text[], ', '));
		ELSIF read.problems <> '[]' THEN
			reason := 'Synonyms: ' || (read.problems #>> '{0,detail}');
		ELSE
			BEGIN
				made := made || bountygo.new_tag(new_name, wanted::bountygo.tag_category, true, read.names, read.languages);
			EXCEPTION WHEN SQLSTATE 'UB409' THEN
				GET STACKED DIAGNOSTICS reason = MESSAGE_TEXT, conflict = PG_EXCEPTION_HINT;
				reason := upper(left(reason, 1)) || substr(reason, 2) || '. ' || conflict;
			END;
		END IF;
		IF reason IS NOT NULL THEN
			skipped := skipped || jsonb_build_array(jsonb_build_object('index', entry.i, 'name', new_name, 'reason', reason));
		END IF;
	END LOOP;
	RETURN jsonb_build_object('created', (SELECT coalesce(jsonb_agg(b.object ORDER BY b.n), '[]') FROM bountygo.tag_objects(made) b),
		'skipped', skipped);
END
$$;
COMMENT ON FUNCTION bountygo.create_tags(jsonb) IS
'Makes up to 100 tags: a list of names or {"name", "category", "synonyms"}. Returns {"created": [tags], "skipped": [{index, name, reason}]}: what exists or is wrong is skipped, the rest is made. For moderators. UB401, UB403, UB422 if it is no such list.';

CREATE FUNCTION bountygo.change_tag(id bigint, name text, category bountygo.tag_category, is_active boolean, names text[], languages text[],
	clear text[]) RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
SET lock_timeout = '60ms'
AS $$
DECLARE
	old bountygo.tags;
	key constant text := bountygo.name_key(change_tag.name);
	other bigint;
BEGIN
	IF key IS NOT NULL OR names IS NOT NULL THEN
		PERFORM bountygo.hold_names('tag', true);
	END IF;
	-- Only another key has to wait for whoever uses the tag at this moment.
	IF EXISTS (SELECT FROM bountygo.tags g WHERE g.id = change_tag.id AND g.name_key <> key) THEN
		SELECT g.* INTO old FROM bountygo.tags g WHERE g.id = change_tag.id FOR UPDATE;
	ELSE
		SELECT g.* INTO old FROM bountygo.tags g WHERE g.id = change_tag.id FOR NO KEY UPDATE;
	END IF;
	IF NOT FOUND THEN
		RAISE EXCEPTION 'the tag was merged into another'
			USING ERRCODE = 'UB409', HINT = format('It is tag %s now.', bountygo.present_tag(change_tag.id));
	END IF;
	IF key <> old.name_key THEN
		SELECT coalesce((SELECT g.id FROM bountygo.tags g WHERE g.name_key = key),
			(SELECT s.tag_id FROM bountygo.tag_synonyms s WHERE s.name_key = key AND s.tag_id <> old.id)) INTO other;
		IF other IS NOT NULL THEN
			RAISE EXCEPTION 'another tag has this name'
				USING ERRCODE = 'UB409', HINT = format('It is tag %s. Merge them if they mean the same.', other);
		END IF;
		DELETE FROM bountygo.tag_synonyms s WHERE s.name_key = key;
		-- Evidence names it by the old name, which becomes a synonym.
		INSERT INTO bountygo.tag_synonyms (name_key, tag_id, name) VALUES (old.name_key, old.id, old.name);
	END IF;
	UPDATE bountygo.tags g SET name = coalesce(change_tag.name, g.name), name_key = coalesce(key, g.name_key),
			category = CASE WHEN 'category' = ANY (clear) THEN NULL ELSE coalesce(change_tag.category, g.category) END,
			is_active = coalesce(change_tag.is_active, g.is_active)
		WHERE g.id = old.id;
	IF names IS NOT NULL THEN
		PERFORM bountygo.put_synonyms(old.id, names || CASE WHEN key <> old.name_key THEN ARRAY[old.name] ELSE '{}' END,
			languages || CASE WHEN key <> old.name_key THEN ARRAY[NULL::text] ELSE '{}' END);
	END IF;
END
$$;
COMMENT ON FUNCTION bountygo.change_tag(bigint, text, bountygo.tag_category, boolean, text[], text[], text[]) IS
'One attempt of update_tag, whose arguments are checked. 55P03 if it would have to wait.';

CREATE FUNCTION bountygo.update_tag(id bigint, name text DEFAULT NULL, category bountygo.tag_category DEFAULT NULL, is_active boolean DEFAULT NULL,
	synonyms jsonb DEFAULT NULL, clear text[] DEFAULT NULL) RETURNS jsonb
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	new_name constant text := bountygo.clean_text(name);
	read record;
	problems jsonb;
BEGIN
	PERFORM bountygo.require_moderator();
	SELECT * INTO read FROM bountygo.read_synonyms('/synonyms', synonyms);
	SELECT CASE WHEN update_tag.name IS NOT NULL AND new_name IS NULL THEN bountygo.problem('/name', 'A tag is one line of 1 to 100 characters.')
			ELSE bountygo.text_problems('/name', new_name, 100) END || read.problems
			|| coalesce(jsonb_agg(bountygo.problem('/' || c.name, 'This cannot be cleared.') -> 0), '[]') INTO problems
		FROM unnest(clear) AS c (name) WHERE c.name NOT IN ('category', 'synonyms');
	PERFORM bountygo.raise_invalid(problems);
	PERFORM bountygo.present_tag(update_tag.id);
	FOR i IN 1..40 LOOP
		BEGIN
			PERFORM bountygo.change_tag(update_tag.id, new_name, update_tag.category, update_tag.is_active,
				CASE WHEN synonyms IS NOT NULL OR 'synonyms' = ANY (clear) THEN read.names END, read.languages, clear);
			RETURN bountygo.get_tag(update_tag.id);
		EXCEPTION WHEN lock_not_available THEN
			NULL;
		END;
	END LOOP;
	RAISE EXCEPTION 'the tag is busy' USING ERRCODE = '55P03';
END
$$;
COMMENT ON FUNCTION bountygo.update_tag(bigint, text, bountygo.tag_category, boolean, jsonb, text[]) IS
'Changes a tag and returns it; what is not given stays. name: the old one becomes a synonym, as evidence names it; synonyms: exactly these; clear: category, synonyms. For moderators. UB401, UB403, UB404, UB409 if a name is another tag''s or this one was merged, UB422.';

CREATE FUNCTION bountygo.move_tag_tasks(id bigint, "into" bigint, who bigint) RETURNS integer
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	moved bigint[];
BEGIN
	-- Tasks in the order of their ids, before tags, as whoever changes a task.
	SELECT array_agg(l.id) INTO moved
		FROM (SELECT t.id FROM bountygo.tasks t
			WHERE t.id IN (SELECT tt.task_id FROM bountygo.task_tags tt WHERE tt.tag_id = move_tag_tasks.id) ORDER BY t.id FOR NO KEY UPDATE) l;
	-- Whoever we waited for may have taken the tag from a task meanwhile.
	SELECT array_agg(tt.task_id ORDER BY tt.task_id) INTO moved
		FROM bountygo.task_tags tt WHERE tt.tag_id = move_tag_tasks.id AND tt.task_id = ANY (moved);
	IF moved IS NULL THEN
		RETURN 0;
	END IF;
	INSERT INTO bountygo.task_history (task_id, changed_by, method, field, old_value, new_value)
		SELECT tt.task_id, who, 'user:' || coalesce(who, 0), 'tags', jsonb_agg(g.name ORDER BY g.name_key),
			jsonb_agg(DISTINCT CASE WHEN g.id = move_tag_tasks.id THEN w.name ELSE g.name END)
		FROM bountygo.task_tags tt JOIN bountygo.tags g ON g.id = tt.tag_id, bountygo.tags w
		WHERE tt.task_id = ANY (moved) AND w.id = move_tag_tasks."into" GROUP BY tt.task_id ORDER BY tt.task_id;
	INSERT INTO bountygo.task_tags (task_id, tag_id) SELECT m.id, move_tag_tasks."into" FROM unnest(moved) AS m (id) ORDER BY m.id
		ON CONFLICT DO NOTHING;
	DELETE FROM bountygo.task_tags tt WHERE tt.tag_id = move_tag_tasks.id AND tt.task_id = ANY (moved);
	UPDATE bountygo.tasks t SET updated_at = clock_timestamp() WHERE t.id = ANY (moved);
	INSERT INTO bountygo.events (kind, task_id, payload)
		SELECT 'task_changed', m.id, '{"fields": ["tags"]}' FROM unnest(moved) AS m (id) ORDER BY m.id;
	RETURN cardinality(moved);
END
$$;
COMMENT ON FUNCTION bountygo.move_tag_tasks(bigint, bigint, bigint) IS
'Gives the tasks of one tag another instead, with history and events; returns how many. Part of delete_tag.';

CREATE FUNCTION bountygo.move_tag_interests(id bigint, "into" bigint) RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	-- It runs as the owner, since interests are private to their users.
	IF NOT (bountygo.is_moderator() OR bountygo.is_database_admin()) THEN
		RAISE EXCEPTION 'only moderators may do this' USING ERRCODE = 'UB403';
	END IF;
	INSERT INTO bountygo.tag_interests AS i (user_id, tag_id, weight)
		SELECT o.user_id, move_tag_interests."into", o.weight FROM bountygo.tag_interests o WHERE o.tag_id = move_tag_interests.id ORDER BY o.user_id
		ON CONFLICT (user_id, tag_id) DO UPDATE SET weight = greatest(i.weight, excluded.weight);
	INSERT INTO bountygo.former_tag_names (tag_id, name_key)
		SELECT move_tag_interests."into", f.name_key FROM bountygo.former_tag_names f WHERE f.tag_id = move_tag_interests.id
		ON CONFLICT DO NOTHING;
END
$$;
COMMENT ON FUNCTION bountygo.move_tag_interests(bigint, bigint) IS
'Gives who cares for one tag the same interest in another, or their greater one, and the other the former names of the first. Part of delete_tag; UB403 but for moderators.';

CREATE FUNCTION bountygo.drop_tag(id bigint, "into" bigint, who bigint) RETURNS boolean
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
SET lock_timeout = '60ms'
AS $$
DECLARE
	old bountygo.tags;
	present integer;
	used bigint;
BEGIN
	IF "into" IS NOT NULL THEN
		PERFORM bountygo.move_tag_tasks(drop_tag.id, drop_tag."into", who);
	END IF;
	-- Whoever uses a tag holds it; after this none comes to the old one.
	PERFORM FROM bountygo.tags g WHERE g.id IN (drop_tag.id, drop_tag."into") ORDER BY g.id FOR UPDATE;
	GET DIAGNOSTICS present = ROW_COUNT;
	IF present < (CASE WHEN "into" IS NULL THEN 1 ELSE 2 END) THEN
		RETURN false;
	END IF;
	IF "into" IS NOT NULL THEN
		PERFORM bountygo.move_tag_tasks(drop_tag.id, drop_tag."into", who);
		PERFORM bountygo.hold_names('tag', true);
		UPDATE bountygo.tag_synonyms s SET tag_id = drop_tag."into" WHERE s.tag_id = drop_tag.id;
		PERFORM bountygo.move_tag_interests(drop_tag.id, drop_tag."into");
	ELSE
		SELECT count(*) INTO used FROM bountygo.task_tags tt WHERE tt.tag_id = drop_tag.id;
		IF used > 0 THEN
			RAISE EXCEPTION '%', CASE used WHEN 1 THEN 'a task has this tag' ELSE used || ' tasks have this tag' END
				USING ERRCODE = 'UB409', HINT = 'Merge it into another with into=<id of that tag>, or make it inactive with PATCH.';
		END IF;
	END IF;
	DELETE FROM bountygo.tags g WHERE g.id = drop_tag.id RETURNING g.* INTO old;
	IF "into" IS NOT NULL THEN
		INSERT INTO bountygo.tag_synonyms (name_key, tag_id, name, former_id) VALUES (old.name_key, drop_tag."into", old.name, old.id);
	END IF;
	RETURN true;
END
$$;
COMMENT ON FUNCTION bountygo.drop_tag(bigint, bigint, bigint) IS
'One attempt of delete_tag, whose arguments are checked; false if one of the tags is gone. 55P03 if it would have to wait.';

CREATE FUNCTION bountygo.delete_tag(id bigint, "into" bigint DEFAULT NULL) RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	who constant bigint := bountygo.require_moderator();
	target bigint;
BEGIN
	FOR i IN 1..40 LOOP
		-- Each time anew: somebody else may have merged one of them meanwhile.
		IF bountygo.present_tag(delete_tag.id) <> delete_tag.id THEN
			RAISE EXCEPTION 'the tag was merged already'
				USING ERRCODE = 'UB409', HINT = format('It is tag %s now.', bountygo.present_tag(delete_tag.id));
		END IF;
		IF "into" IS NOT NULL THEN
			SELECT coalesce((SELECT g.id FROM bountygo.tags g WHERE g.id = delete_tag."into"),
				(SELECT s.tag_id FROM bountygo.tag_synonyms s WHERE s.former_id = delete_tag."into")) INTO target;
			IF target IS NULL THEN
				PERFORM bountygo.raise_invalid(bountygo.problem('?into', 'There is no such tag.'));
			ELSIF target = delete_tag.id THEN
				PERFORM bountygo.raise_invalid(bountygo.problem('?into', 'A tag cannot be merged into itself.'));
			END IF;
		END IF;
		BEGIN
			IF bountygo.drop_tag(delete_tag.id, target, who) THEN
				RETURN;
			END IF;
		EXCEPTION WHEN lock_not_available OR foreign_key_violation THEN
			NULL;
		END;
	END LOOP;
	RAISE EXCEPTION 'the tag is busy' USING ERRCODE = '55P03';
END
$$;
COMMENT ON FUNCTION bountygo.delete_tag(bigint, bigint) IS
'Deletes a tag that no task has, with its synonyms and interests. into: merges it into another tag instead, which takes over its tasks (with history and an event each), synonyms and interests, and its name as a synonym; the old id goes on answering in get_tag. For moderators. UB401, UB403, UB404, UB409 while tasks have it or if it was merged already, UB422.';
