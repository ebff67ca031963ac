-- What people type into tasks: checking it, giving names the spelling that they have here, and storing it as evidence.

CREATE FUNCTION bountygo.require_editor() RETURNS bigint
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	RETURN CASE WHEN pg_has_role(current_user, 'bountygo_admin', 'MEMBER') THEN bountygo.current_user_id() ELSE bountygo.require_user() END;
END
$$;
COMMENT ON FUNCTION bountygo.require_editor() IS
'The id of the signed-in caller; NULL for an administrator of the database without a token, who may write tasks as nobody. UB401 for others without one.';

CREATE FUNCTION bountygo.page_size("limit" integer) RETURNS integer
LANGUAGE plpgsql IMMUTABLE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	IF "limit" NOT BETWEEN 1 AND 100 THEN
		PERFORM bountygo.raise_invalid(bountygo.problem('?limit', 'This must be from 1 to 100.'));
	END IF;
	RETURN coalesce("limit", 20);
END
$$;
COMMENT ON FUNCTION bountygo.page_size(integer) IS 'How many items a page of a list has: 1 to 100, 20 unless said. UB422 otherwise.';

CREATE FUNCTION bountygo.text_problems(pointer text, value text, max integer, lines boolean DEFAULT false) RETURNS jsonb
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE
	WHEN pg_catalog.length(value) OPERATOR(pg_catalog.>) max THEN
		bountygo.problem(pointer, pg_catalog.format('This must have at most %s characters.', max))
	WHEN bountygo.has_control_characters(value, lines) THEN
		bountygo.problem(pointer, CASE WHEN lines THEN 'This must not hold control characters.'
			ELSE 'This must be one line without control characters.' END)
	ELSE '[]'::jsonb END;
COMMENT ON FUNCTION bountygo.text_problems(text, text, integer, boolean) IS
'What is wrong with a text, as a list for raise_invalid: longer than so many characters, or control characters.';

CREATE FUNCTION bountygo.tag_problems(pointer text, tags text[]) RETURNS jsonb
LANGUAGE sql IMMUTABLE
SET search_path = pg_catalog, pg_temp
AS $$
	SELECT CASE
		WHEN array_ndims($2) > 1 THEN bountygo.problem($1, 'This must be a flat list of names.')
		WHEN cardinality($2) > 20 THEN bountygo.problem($1, 'A task has at most 20 tags.')
		ELSE (SELECT coalesce(jsonb_agg(bountygo.problem($1 || '/' || n.i - 1, 'A tag is one line of 1 to 100 characters.') -> 0 ORDER BY n.i), '[]')
			FROM unnest($2) WITH ORDINALITY AS n (name, i)
			WHERE bountygo.clean_text(n.name) IS NULL OR length(bountygo.clean_text(n.name)) > 100
				OR bountygo.has_control_characters(bountygo.clean_text(n.name))) END
$$;
COMMENT ON FUNCTION bountygo.tag_problems(text, text[]) IS 'What is wrong with the names of a task''s tags, as a list for raise_invalid.';

CREATE FUNCTION bountygo.reward_problems(pointer text, amount numeric, min numeric, currency text) RETURNS jsonb
LANGUAGE sql IMMUTABLE
SET search_path = pg_catalog, pg_temp
AS $$
	-- NaN and infinity are no numbers below anything.
	SELECT CASE WHEN NOT ($2 >= 0 AND $2 < 1e18 AND scale(trim_scale($2)) <= 18) THEN bountygo.problem($1 || 'amount',
			'This must be a number from 0 to below 10^18 with at most 18 decimal places.') ELSE '[]' END
		|| CASE WHEN NOT ($3 >= 0 AND $3 < 1e18 AND scale(trim_scale($3)) <= 18) THEN bountygo.problem($1 || 'min',
				'This must be a number from 0 to below 10^18 with at most 18 decimal places.')
			WHEN $3 IS NOT NULL AND $2 IS NULL THEN bountygo.problem($1 || 'min', 'A least amount goes with an amount, the most.')
			WHEN $3 > $2 THEN bountygo.problem($1 || 'min', 'This must not be more than the amount.') ELSE '[]' END
		|| CASE WHEN $4 !~ '^[A-Z][A-Z0-9.]{0,15}$' THEN bountygo.problem($1 || 'currency',
			'This must be a currency or token of 1 to 16 letters and digits, such as USD or USDC.') ELSE '[]' END
$$;
COMMENT ON FUNCTION bountygo.reward_problems(text, numeric, numeric, text) IS
'What is wrong with a reward, as a list for raise_invalid; the pointer is the part that comes before amount, min and currency.';

CREATE FUNCTION bountygo.language_problems(pointer text, language text) RETURNS jsonb
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN pg_catalog.length(language) OPERATOR(pg_catalog.>) 35
		OR language OPERATOR(pg_catalog.!~) '^[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*$'
	THEN bountygo.problem(pointer, 'This must be a language tag, such as en or zh-Hans.') ELSE '[]'::jsonb END;
COMMENT ON FUNCTION bountygo.language_problems(text, text) IS 'What is wrong with a language tag (BCP 47), as a list for raise_invalid.';

CREATE FUNCTION bountygo.instant_problems(pointer text, instant timestamptz) RETURNS jsonb
LANGUAGE sql STABLE PARALLEL SAFE
RETURN CASE WHEN NOT pg_catalog.isfinite(instant) OR instant OPERATOR(pg_catalog.<) '0001-01-01 00:00Z'::timestamptz
		OR instant OPERATOR(pg_catalog.>) '9999-12-31 23:59:59Z'::timestamptz
	THEN bountygo.problem(pointer, 'This must be an instant in the years 1 to 9999.') ELSE '[]'::jsonb END;
COMMENT ON FUNCTION bountygo.instant_problems(text, timestamptz) IS 'What is wrong with an instant, as a list for raise_invalid.';

CREATE FUNCTION bountygo.instant_window(instant timestamptz) RETURNS jsonb
LANGUAGE sql STABLE PARALLEL SAFE
RETURN bountygo.deadline_value(NULL, instant, instant, NULL, CASE WHEN instant IS NOT NULL THEN 'second'::bountygo.deadline_precision END, NULL);
COMMENT ON FUNCTION bountygo.instant_window(timestamptz) IS 'A deadline that is an instant, as evidence holds it; NULL for NULL.';

CREATE FUNCTION bountygo.date_window(date date) RETURNS jsonb
LANGUAGE sql STABLE PARALLEL SAFE
RETURN CASE WHEN pg_catalog.isfinite(date) AND date OPERATOR(pg_catalog.>=) '0001-01-02'::date AND date OPERATOR(pg_catalog.<=) '9999-12-30'::date THEN
	bountygo.deadline_value(date,
		pg_catalog.timezone('UTC', date::timestamp OPERATOR(pg_catalog.-) '14 hours'::interval),
		pg_catalog.timezone('UTC', date::timestamp OPERATOR(pg_catalog.+) '35:59:59'::interval), NULL, 'day', NULL) END;
COMMENT ON FUNCTION bountygo.date_window(date) IS
'A deadline that is a date without a zone, as evidence holds it: from its first instant on Earth (UTC+14) to its last second (UTC-12). NULL for dates outside the years 1 to 9999.';

CREATE FUNCTION bountygo.link_problems(pointer text, link text) RETURNS jsonb
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE
	WHEN link OPERATOR(pg_catalog.!~*) '^https?://[^/?#\s@]+([/?#][^\s]*)?$' THEN
		bountygo.problem(pointer, 'This must be a URL that begins with http:// or https://, without a user name.')
	ELSE bountygo.text_problems(pointer, link, 2048) END;
COMMENT ON FUNCTION bountygo.link_problems(text, text) IS 'What is wrong with a link, as a list for raise_invalid.';

CREATE FUNCTION bountygo.canonical_fields(fields jsonb) RETURNS jsonb
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	answer jsonb := fields;
	organizer bigint;
	ids bigint[];
BEGIN
	-- Made in statements of their own: the one that made a row does not see it.
	IF jsonb_typeof(fields -> 'organizer') = 'string' THEN
		organizer := bountygo.organizer_id(fields ->> 'organizer');
		answer := answer || jsonb_build_object('organizer', (SELECT o.name FROM bountygo.organizers o WHERE o.id = organizer));
	END IF;
	IF jsonb_typeof(fields -> 'tags') = 'array' THEN
		ids := bountygo.tag_ids(ARRAY(SELECT jsonb_array_elements_text(fields -> 'tags')));
		answer := answer || jsonb_build_object('tags', (SELECT jsonb_agg(g.name ORDER BY g.name_key) FROM bountygo.tags g WHERE g.id = ANY (ids)));
	END IF;
	RETURN answer;
END
$$;
COMMENT ON FUNCTION bountygo.canonical_fields(jsonb) IS
'Fields as evidence holds them, with organizer and tags under the names that they have here, made if new; no tags at all as null.';

CREATE FUNCTION bountygo.apply_user_fields(task_id bigint, fields jsonb, who bigint, before jsonb DEFAULT '{}', after jsonb DEFAULT '{}',
	confirm boolean DEFAULT false) RETURNS integer
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	old constant jsonb := bountygo.task_fields(apply_user_fields.task_id) || before;
	new constant jsonb := bountygo.canonical_fields(fields);
	said jsonb;
	from_page constant boolean := (SELECT t.snapshot_id IS NOT NULL FROM bountygo.tasks t WHERE t.id = apply_user_fields.task_id);
BEGIN
	-- A value that the task has already stays the page's, unless somebody vouches for it.
	SELECT coalesce(jsonb_object_agg(f.key, f.value), '{}') INTO said FROM jsonb_each(new) f
		WHERE confirm OR bountygo.field_key(f.key, f.value) IS DISTINCT FROM bountygo.field_key(f.key, old -> f.key);
	UPDATE bountygo.evidence e SET is_current = false
		WHERE e.task_id = apply_user_fields.task_id AND e.is_current AND said ? e.field;
	-- "Not known" is evidence, too, where a page says otherwise: the next look at the page must not bring its value back.
	INSERT INTO bountygo.evidence (task_id, field, value, method)
		SELECT apply_user_fields.task_id, f.key, f.value, 'user:' || coalesce(who, 0)
		FROM jsonb_each(said) f WHERE f.value <> 'null' OR from_page ORDER BY f.key;
	PERFORM bountygo.put_task_fields(apply_user_fields.task_id, said);
	RETURN bountygo.record_task_changes(apply_user_fields.task_id, old, said || after, 'user:' || coalesce(who, 0), who);
END
$$;
COMMENT ON FUNCTION bountygo.apply_user_fields(bigint, jsonb, bigint, jsonb, jsonb, boolean) IS
'Stores what a person (user id, NULL: nobody) says about fields of a task: evidence in place of what was current, values, missing, history, event. before and after: what else changed, for the history. confirm: also values that the task has already become that person''s. Returns how many fields changed. Whoever calls holds the lock of the task.';
