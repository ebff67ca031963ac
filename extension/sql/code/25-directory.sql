-- Names of organizers and tags: the same, free, similar, and finding or making what bears them. What moderators do to organizers and
-- tags stands in 26-organizers.sql and 27-tags.sql.

-- Similar names -------------------------------------------------------------------------------------------------

CREATE FUNCTION bountygo.name_grams(key text) RETURNS text[]
AS 'MODULE_PATHNAME', 'bountygo_name_grams' LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION bountygo.name_grams(text) IS
'The pieces by which a name_key is found although misspelt: its trigrams, with one space around it, and pairs of Chinese characters. Indexes are built on it.';

CREATE FUNCTION bountygo.name_score(wanted text, key text) RETURNS real
AS 'MODULE_PATHNAME', 'bountygo_name_score' LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION bountygo.name_score(text, text) IS
'How well a name_key answers what was asked for (a name_key, too), from 0 to 1: 1 the same, from 0.85 it contains it, below 0.85 it is similar, 0 it is not.';

-- Free names ----------------------------------------------------------------------------------------------------

CREATE FUNCTION bountygo.hold_names(kind text, exclusive boolean) RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	IF exclusive THEN
		PERFORM pg_advisory_xact_lock(hashtext('bountygo.names'), hashtext(kind));
	ELSE
		PERFORM pg_advisory_xact_lock_shared(hashtext('bountygo.names'), hashtext(kind));
	END IF;
END
$$;
COMMENT ON FUNCTION bountygo.hold_names(text, boolean) IS
'Until the end of the transaction nobody else gives another name to an organizer or tag (kind); exclusive: nor makes a new one.';

CREATE FUNCTION bountygo.check_name_free() RETURNS trigger
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	taken boolean;
BEGIN
	IF TG_OP = 'UPDATE' AND NEW.name_key = OLD.name_key AND TG_TABLE_NAME IN ('organizers', 'tags') THEN
		RETURN NEW;
	END IF;
	IF NEW.name_key IS DISTINCT FROM bountygo.name_key(NEW.name) THEN
		RAISE EXCEPTION 'name_key of "%" must be bountygo.name_key(name)', NEW.name
			USING ERRCODE = '23514', TABLE = TG_TABLE_NAME, SCHEMA = 'bountygo', HINT = 'Evidence names it by that key.';
	END IF;
	-- One lock for all names of a kind, so that a restore does not take one a row. Whoever makes a new organizer shares it; who gives
	-- another name to an old one does not: neither could see the other's row. What is about to be renamed has its old name twice.
	CASE TG_TABLE_NAME
		WHEN 'organizers' THEN
			PERFORM bountygo.hold_names('organizer', false);
			taken := EXISTS (SELECT FROM bountygo.organizer_aliases a WHERE a.name_key = NEW.name_key);
		WHEN 'organizer_aliases' THEN
			PERFORM bountygo.hold_names('organizer', true);
			taken := EXISTS (SELECT FROM bountygo.organizers o WHERE o.name_key = NEW.name_key AND o.id <> NEW.organizer_id);
		WHEN 'tags' THEN
			PERFORM bountygo.hold_names('tag', false);
			taken := EXISTS (SELECT FROM bountygo.tag_synonyms s WHERE s.name_key = NEW.name_key);
		WHEN 'tag_synonyms' THEN
			PERFORM bountygo.hold_names('tag', true);
			taken := EXISTS (SELECT FROM bountygo.tags g WHERE g.name_key = NEW.name_key AND g.id <> NEW.tag_id);
	END CASE;
	IF taken THEN
		RAISE EXCEPTION 'the name "%" is taken', NEW.name
			USING ERRCODE = '23505', TABLE = TG_TABLE_NAME, SCHEMA = 'bountygo', CONSTRAINT = TG_TABLE_NAME || '_name_free';
	END IF;
	RETURN NEW;
END
$$;
COMMENT ON FUNCTION bountygo.check_name_free() IS
'Trigger on organizers, tags and their other names: no name is both a name of its own and another name; name_key follows the name.';

CREATE FUNCTION bountygo.keep_former_name() RETURNS trigger
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	INSERT INTO bountygo.former_tag_names (tag_id, name_key)
		SELECT g.id, OLD.name_key FROM bountygo.tags g WHERE g.id = OLD.tag_id
		ON CONFLICT DO NOTHING;
	RETURN NULL;
END
$$;
COMMENT ON FUNCTION bountygo.keep_former_name() IS 'Trigger on tag_synonyms: a name taken from a tag goes on being good for evidence that used it.';

-- Finding and making ----------------------------------------------------------------------------------------------

CREATE FUNCTION bountygo.hold_organizer(id bigint) RETURNS boolean
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	PERFORM FROM bountygo.organizers o WHERE o.id = hold_organizer.id FOR KEY SHARE;
	RETURN FOUND;
END
$$;
COMMENT ON FUNCTION bountygo.hold_organizer(bigint) IS
'Waits for whoever merges or renames the organizer and keeps others from it until the end of the transaction, as a foreign key does; false if it is gone.';

CREATE FUNCTION bountygo.hold_tags(ids bigint[]) RETURNS integer
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	held integer;
BEGIN
	-- In one order, so that two transactions cannot wait for each other.
	PERFORM FROM bountygo.tags g WHERE g.id = ANY (ids) ORDER BY g.id FOR KEY SHARE;
	GET DIAGNOSTICS held = ROW_COUNT;
	RETURN held;
END
$$;
COMMENT ON FUNCTION bountygo.hold_tags(bigint[]) IS
'Waits for whoever merges, renames or deletes one of the tags and keeps others from it until the end of the transaction, as foreign keys do; returns how many of them there are.';

CREATE FUNCTION bountygo.organizer_id(name text) RETURNS bigint
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	wanted text := bountygo.name_key(organizer_id.name);
	found bigint;
BEGIN
	-- Once is enough unless the organizer is merged or renamed between two looks.
	FOR i IN 1..10 LOOP
		-- Looking first spares the sequence; two at once meet in the unique key, and the loser finds the winner's row.
		SELECT coalesce((SELECT o.id FROM bountygo.organizers o WHERE o.name_key = wanted),
			(SELECT a.organizer_id FROM bountygo.organizer_aliases a WHERE a.name_key = wanted)) INTO found;
		IF found IS NULL THEN
			PERFORM bountygo.hold_names('organizer', false);
			IF NOT EXISTS (SELECT FROM bountygo.organizer_aliases a WHERE a.name_key = wanted) THEN
				INSERT INTO bountygo.organizers (name, name_key) VALUES (organizer_id.name, wanted)
					ON CONFLICT DO NOTHING RETURNING id INTO found;
				IF found IS NOT NULL THEN
					RETURN found;
				END IF;
			END IF;
		ELSIF bountygo.hold_organizer(found) THEN
			RETURN found;
		END IF;
	END LOOP;
	RAISE EXCEPTION 'the organizer "%" changed again and again', organizer_id.name USING ERRCODE = '40001';
END
$$;
COMMENT ON FUNCTION bountygo.organizer_id(text) IS
'The organizer of that name or other name (compared by name_key), made if there is none. It stays what it is until the end of the transaction.';

CREATE FUNCTION bountygo.find_tags(names text[], by_id boolean DEFAULT false) RETURNS bigint[]
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	-- A look-up for each name, as for a few names of many: a join would have to be told how few they are.
	RETURN ARRAY(SELECT coalesce((SELECT g.id FROM bountygo.tags g WHERE g.name_key = k.key),
			(SELECT s.tag_id FROM bountygo.tag_synonyms s WHERE s.name_key = k.key),
			CASE WHEN by_id AND n.name ~ '^\s*[0-9]{1,18}\s*$' THEN (SELECT i.id FROM bountygo.tags i WHERE i.id = btrim(n.name)::bigint) END)
		FROM unnest(names) WITH ORDINALITY AS n (name, n) CROSS JOIN LATERAL (SELECT bountygo.name_key(n.name) AS key OFFSET 0) k
		ORDER BY n.n);
END
$$;
COMMENT ON FUNCTION bountygo.find_tags(text[], boolean) IS
'The tags of these names, in their order: each by name, by synonym, or (if by_id) by its id as digits; NULL where there is none. Makes nothing, so it is for filters.';

CREATE FUNCTION bountygo.tag_ids(names text[]) RETURNS bigint[]
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	-- Only people mean an id by a number; on a page it is a word like another.
	by_id constant boolean := bountygo.current_user_id() IS NOT NULL;
	found bigint[];
	ids bigint[];
BEGIN
	FOR i IN 1..10 LOOP
		found := bountygo.find_tags(names, by_id);
		IF array_position(found, NULL) IS NOT NULL THEN
			-- From here on no new synonym can come up; what came up before is seen now.
			PERFORM bountygo.hold_names('tag', false);
			found := bountygo.find_tags(names, by_id);
			-- In the order of their keys, so that two transactions with the same new tags cannot wait for each other.
			INSERT INTO bountygo.tags (name, name_key)
				SELECT DISTINCT ON (k.key) n.name, k.key
				FROM unnest(names, found) WITH ORDINALITY AS n (name, id, n), bountygo.name_key(n.name) AS k (key)
				WHERE n.id IS NULL AND n.name IS NOT NULL
				ORDER BY k.key, n.n
				ON CONFLICT DO NOTHING;
			found := bountygo.find_tags(names, by_id);
		END IF;
		ids := ARRAY(SELECT f.id FROM unnest(found) WITH ORDINALITY AS f (id, n) WHERE f.id IS NOT NULL GROUP BY f.id ORDER BY min(f.n));
		IF bountygo.hold_tags(ids) = cardinality(ids) THEN
			RETURN ids;
		END IF;
	END LOOP;
	RAISE EXCEPTION 'tags changed again and again' USING ERRCODE = '40001';
END
$$;
COMMENT ON FUNCTION bountygo.tag_ids(text[]) IS
'The tags of these names, each once, in the order of the names: by name, by synonym, or, for a signed-in caller, by id as digits; made if there is none. Evidence must name such a tag by a name or synonym of it. They stay what they are until the end of the transaction.';
