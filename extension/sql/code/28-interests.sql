-- What users care for: tags with weights, private to each user.

CREATE FUNCTION bountygo.interest_object(tag_id bigint, name text, category bountygo.tag_category, weight numeric, updated_at timestamptz) RETURNS jsonb
LANGUAGE sql STABLE PARALLEL SAFE
RETURN pg_catalog.jsonb_build_object('tag', pg_catalog.jsonb_build_object('id', tag_id, 'name', name, 'category', category),
	'weight', pg_catalog.trim_scale(weight), 'updated_at', bountygo.rfc3339(updated_at));
COMMENT ON FUNCTION bountygo.interest_object(bigint, text, bountygo.tag_category, numeric, timestamptz) IS
'An interest as answers show it: {tag: {id, name, category}, weight, updated_at}.';

CREATE FUNCTION bountygo.list_tag_interests(count bountygo.count_mode DEFAULT 'none', cursor text DEFAULT NULL, "limit" integer DEFAULT 20)
RETURNS jsonb
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	caller constant bigint := bountygo.require_user();
	size constant integer := bountygo.page_size("limit");
	after_weight numeric;
	after_id bigint;
	answer jsonb;
BEGIN
	IF cursor IS NOT NULL THEN
		SELECT c.key::numeric, c.id INTO after_weight, after_id FROM bountygo.cursor_read(cursor, 'interests') c;
	END IF;
	SELECT jsonb_build_object('items', coalesce(jsonb_agg(p.item ORDER BY p.n) FILTER (WHERE p.n <= size), '[]'),
			'next', CASE WHEN count(*) > size THEN bountygo.cursor_make('interests',
				(array_agg(p.weight ORDER BY p.n))[size]::text, (array_agg(p.tag_id ORDER BY p.n))[size]) END)
		INTO answer
		FROM (SELECT i.weight, i.tag_id, bountygo.interest_object(g.id, g.name, g.category, i.weight, i.updated_at) AS item,
				row_number() OVER (ORDER BY i.weight DESC, i.tag_id) AS n
			FROM bountygo.tag_interests i JOIN bountygo.tags g ON g.id = i.tag_id
			WHERE i.user_id = caller AND (after_id IS NULL OR i.weight < after_weight OR i.weight = after_weight AND i.tag_id > after_id)
			ORDER BY i.weight DESC, i.tag_id LIMIT size + 1) p;
	IF list_tag_interests.count <> 'none' THEN
		answer := answer || (SELECT jsonb_build_object('total', count(*)) FROM bountygo.tag_interests i WHERE i.user_id = caller);
	END IF;
	RETURN answer;
END
$$;
COMMENT ON FUNCTION bountygo.list_tag_interests(bountygo.count_mode, text, integer) IS
'What the caller cares for, most first: {"items": [{tag, weight, updated_at}], "next"}. limit 1 to 100. UB401 without a user, UB422 for a bad limit or cursor.';

CREATE FUNCTION bountygo.set_tag_interest(weight numeric, tag_id bigint DEFAULT NULL, name text DEFAULT NULL) RETURNS jsonb
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	caller constant bigint := bountygo.require_user();
	problems jsonb := '[]';
	target bigint;
	answer jsonb;
BEGIN
	IF weight IS NULL OR NOT weight BETWEEN 0 AND 10 OR scale(trim_scale(weight)) > 2 THEN
		problems := problems || bountygo.problem('/weight', 'This must be a number from 0 to 10 with at most 2 decimal places.');
	END IF;
	IF (set_tag_interest.tag_id IS NULL) = (name IS NULL) THEN
		problems := problems || bountygo.problem('/tag_id', 'Give either tag_id or name.');
	ELSIF name IS NOT NULL THEN
		target := (bountygo.find_tags(ARRAY[left(name, 1000)]))[1];
		IF target IS NULL THEN
			problems := problems || bountygo.problem('/name', 'There is no tag of this name.');
		END IF;
	END IF;
	PERFORM bountygo.raise_invalid(problems);
	target := bountygo.present_tag(coalesce(target, set_tag_interest.tag_id));
	-- A bound, so that nobody fills the table; two requests at once may pass it by one.
	IF (SELECT count(*) FROM bountygo.tag_interests i WHERE i.user_id = caller AND i.tag_id <> target) >= 500 THEN
		RAISE EXCEPTION 'you have 500 interests already' USING ERRCODE = 'UB409', HINT = 'Remove one that no longer matters.';
	END IF;
	INSERT INTO bountygo.tag_interests AS i (user_id, tag_id, weight) VALUES (caller, target, set_tag_interest.weight)
		ON CONFLICT ON CONSTRAINT tag_interests_pkey DO UPDATE SET weight = excluded.weight, updated_at = clock_timestamp();
	SELECT bountygo.interest_object(g.id, g.name, g.category, i.weight, i.updated_at) INTO answer
		FROM bountygo.tag_interests i JOIN bountygo.tags g ON g.id = i.tag_id WHERE i.user_id = caller AND i.tag_id = target;
	RETURN answer;
END
$$;
COMMENT ON FUNCTION bountygo.set_tag_interest(numeric, bigint, text) IS
'Says how much the caller cares for a tag, given by tag_id or by name (or synonym): weight from 0 (not at all) to 10, at most 2 decimal places. Returns {tag, weight, updated_at}. UB401 without a user, UB404 without such a tag, UB409 beyond 500 interests, UB422.';

CREATE FUNCTION bountygo.remove_tag_interest(tag_id bigint) RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	caller constant bigint := bountygo.require_user();
BEGIN
	DELETE FROM bountygo.tag_interests i WHERE i.user_id = caller AND i.tag_id = remove_tag_interest.tag_id;
	IF NOT FOUND THEN
		RAISE EXCEPTION 'you have no interest in tag %', coalesce(remove_tag_interest.tag_id::text, '(null)') USING ERRCODE = 'UB404';
	END IF;
END
$$;
COMMENT ON FUNCTION bountygo.remove_tag_interest(bigint) IS
'Forgets how much the caller cares for a tag. UB401 without a user, UB404 if nothing was said about it.';
