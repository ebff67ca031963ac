-- Search: the text search parser and configurations, what of a task is indexed, how a question is read, words that are misspelt.

CREATE FUNCTION bountygo.words_start(internal, integer) RETURNS internal
AS 'MODULE_PATHNAME', 'bountygo_words_start' LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION bountygo.words_start(internal, integer) IS 'Of the text search parser bountygo.words: begins a text.';
CREATE FUNCTION bountygo.words_next(internal, internal, internal) RETURNS internal
AS 'MODULE_PATHNAME', 'bountygo_words_next' LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION bountygo.words_next(internal, internal, internal) IS 'Of the text search parser bountygo.words: the next token.';
CREATE FUNCTION bountygo.words_end(internal) RETURNS void
AS 'MODULE_PATHNAME', 'bountygo_words_end' LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION bountygo.words_end(internal) IS 'Of the text search parser bountygo.words: ends a text.';
CREATE FUNCTION bountygo.words_types(internal) RETURNS internal
AS 'MODULE_PATHNAME', 'bountygo_words_types' LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION bountygo.words_types(internal) IS 'Of the text search parser bountygo.words: its token types.';

CREATE TEXT SEARCH PARSER bountygo.words (START = bountygo.words_start, GETTOKEN = bountygo.words_next, END = bountygo.words_end,
	LEXTYPES = bountygo.words_types);
COMMENT ON TEXT SEARCH PARSER bountygo.words IS
'Words in lower case whatever the locale, names with signs (C++, .NET, $SOL), compounds and their parts, and Chinese, Japanese, Korean, Thai as overlapping pairs of characters.';

CREATE TEXT SEARCH DICTIONARY bountygo.english (TEMPLATE = pg_catalog.snowball, Language = english, StopWords = english);
COMMENT ON TEXT SEARCH DICTIONARY bountygo.english IS 'Words without their English endings; the most common words are left out.';

CREATE TEXT SEARCH CONFIGURATION bountygo.search (PARSER = bountygo.words);
ALTER TEXT SEARCH CONFIGURATION bountygo.search ADD MAPPING FOR word WITH bountygo.english;
ALTER TEXT SEARCH CONFIGURATION bountygo.search ADD MAPPING FOR "foreign", number, mixed, name, compound, signed, pair, last, single
	WITH pg_catalog.simple;
COMMENT ON TEXT SEARCH CONFIGURATION bountygo.search IS 'How tasks are indexed: English endings do not matter, everything else is as it stands.';

-- What is asked for is found by its parts, so that "zero-knowledge" finds "zero knowledge" and "$SOL" finds "SOL".
CREATE TEXT SEARCH CONFIGURATION bountygo.question (PARSER = bountygo.words);
ALTER TEXT SEARCH CONFIGURATION bountygo.question ADD MAPPING FOR word WITH bountygo.english;
ALTER TEXT SEARCH CONFIGURATION bountygo.question ADD MAPPING FOR "foreign", number, mixed, name, pair, single WITH pg_catalog.simple;
COMMENT ON TEXT SEARCH CONFIGURATION bountygo.question IS 'How questions are read: bountygo.search without wholes whose parts are asked for, and without the ends of runs.';

CREATE TEXT SEARCH CONFIGURATION bountygo.names (PARSER = bountygo.words);
ALTER TEXT SEARCH CONFIGURATION bountygo.names
	ADD MAPPING FOR word, "foreign", number, mixed, name, compound, signed, pair, last, single WITH pg_catalog.simple;
COMMENT ON TEXT SEARCH CONFIGURATION bountygo.names IS 'Names as they are, common words and all ("The Graph").';

-- What is indexed ---------------------------------------------------------------------------------------------------

CREATE FUNCTION bountygo.plain_text(value text) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN pg_catalog.octet_length(value) OPERATOR(pg_catalog.=) pg_catalog.length(value) THEN value
	ELSE pg_catalog.normalize(value, 'NFKC') END;
COMMENT ON FUNCTION bountygo.plain_text(text) IS 'A text as search reads it: NFKC, so that full-width and composed forms are the ordinary ones.';

-- plpgsql here and below: a function in SQL that has settings is parsed and planned again each time it is called.
CREATE FUNCTION bountygo.search_vector(title text, names text, summary text, body text) RETURNS tsvector
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	RETURN setweight(to_tsvector('bountygo.search', bountygo.plain_text(coalesce(title, ''))), 'A')
		|| setweight(to_tsvector('bountygo.search', bountygo.plain_text(coalesce(names, ''))), 'B')
		|| setweight(to_tsvector('bountygo.names', bountygo.plain_text(concat_ws(' ', names, title))), 'B')
		|| setweight(to_tsvector('bountygo.search', bountygo.plain_text(coalesce(summary, ''))), 'C')
		|| setweight(to_tsvector('bountygo.search', bountygo.plain_text(left(coalesce(body, ''), 20000))), 'D');
END
$$;
COMMENT ON FUNCTION bountygo.search_vector(text, text, text, text) IS
'What search knows of a task: title weighs most (A), then names of organizer and tags (B), the summary (C), the first 20,000 characters of the body (D).';

CREATE FUNCTION bountygo.task_names(organizer_id bigint, tag_ids bigint[]) RETURNS text
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	RETURN concat_ws(E'\n', (SELECT o.name FROM bountygo.organizers o WHERE o.id = organizer_id),
		(SELECT string_agg(g.name, E'\n' ORDER BY g.id) FROM bountygo.tags g WHERE g.id = ANY (tag_ids)));
END
$$;
COMMENT ON FUNCTION bountygo.task_names(bigint, bigint[]) IS 'The names under which a task is searched besides its title: organizer and tags, a line each.';

CREATE FUNCTION bountygo.learn_words(value text) RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
SET enable_seqscan = off
AS $$
BEGIN
	-- Two at once may both add a word: no unique key, which would make one wait for the other, and each for the other's next word.
	INSERT INTO bountygo.search_words (word)
		SELECT DISTINCT p.token FROM ts_parse('bountygo.words', bountygo.plain_text(value)) AS p (kind, token)
		WHERE p.kind IN (1, 2, 4) AND length(p.token) BETWEEN 3 AND 40
			-- A look-up for each, whatever the planner thinks of their number.
			AND (SELECT true FROM bountygo.search_words w WHERE w.word = p.token LIMIT 1) IS NULL;
END
$$;
COMMENT ON FUNCTION bountygo.learn_words(text) IS 'Adds the words of a text to those that misspelt ones are compared with.';

-- Triggers. They only derive what follows from other rows, so that loading rows in any order ends the same.
CREATE FUNCTION bountygo.index_task() RETURNS trigger
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	names text;
BEGIN
	-- Who makes a task may say which tags it is about to get, so that it is indexed once; check_task_evidence() sees to it that it got them.
	NEW.tag_ids := CASE WHEN TG_OP = 'INSERT' AND cardinality(NEW.tag_ids) > 0
		THEN ARRAY(SELECT g.id FROM bountygo.tags g WHERE g.id = ANY (NEW.tag_ids) ORDER BY g.id)
		ELSE ARRAY(SELECT tt.tag_id FROM bountygo.task_tags tt WHERE tt.task_id = NEW.id ORDER BY tt.tag_id) END;
	names := bountygo.task_names(NEW.organizer_id, NEW.tag_ids);
	NEW.search := bountygo.search_vector(NEW.title, names, NEW.summary, concat_ws(E'\n', NEW.description, NEW.eligibility));
	-- A draft is nobody's business, not even by its words.
	IF NEW.status <> 'draft' THEN
		PERFORM bountygo.learn_words(concat_ws(E'\n', NEW.title, names, NEW.summary));
	END IF;
	RETURN NEW;
END
$$;
COMMENT ON FUNCTION bountygo.index_task() IS 'Trigger on tasks: keeps search and tag_ids in step with the task.';

CREATE FUNCTION bountygo.index_tasks(task_ids bigint[]) RETURNS integer
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	changed integer;
	words text;
BEGIN
	-- The lock first, in the order of ids: what is read after it is the last committed state of the tags, too.
	PERFORM FROM bountygo.tasks t WHERE t.id = ANY (task_ids) ORDER BY t.id FOR NO KEY UPDATE;
	WITH now_known AS MATERIALIZED (
		SELECT t.id, g.ids, n.names, t.status,
			bountygo.search_vector(t.title, n.names, t.summary, concat_ws(E'\n', t.description, t.eligibility)) AS search
		FROM bountygo.tasks t
			CROSS JOIN LATERAL (SELECT ARRAY(SELECT tt.tag_id FROM bountygo.task_tags tt WHERE tt.task_id = t.id ORDER BY tt.tag_id) AS ids) g
			CROSS JOIN LATERAL bountygo.task_names(t.organizer_id, g.ids) AS n (names)
		WHERE t.id = ANY (task_ids)),
	updated AS (
		UPDATE bountygo.tasks t SET search = k.search, tag_ids = k.ids FROM now_known k
			WHERE t.id = k.id AND (t.search IS DISTINCT FROM k.search OR t.tag_ids <> k.ids)
			RETURNING k.names, k.status)
	SELECT count(*), string_agg(u.names, E'\n') FILTER (WHERE u.status <> 'draft') INTO changed, words FROM updated u;
	IF words <> '' THEN
		PERFORM bountygo.learn_words(words);
	END IF;
	RETURN changed;
END
$$;
COMMENT ON FUNCTION bountygo.index_tasks(bigint[]) IS 'Puts search and tag_ids of these tasks in step with what they follow from; returns how many were not.';

CREATE FUNCTION bountygo.index_task_tags() RETURNS trigger
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	ids bigint[];
BEGIN
	IF TG_OP <> 'INSERT' THEN
		ids := ARRAY(SELECT DISTINCT r.task_id FROM old_rows r);
	END IF;
	IF TG_OP <> 'DELETE' THEN
		-- But those that this transaction has written with these tags.
		ids := ids || ARRAY(SELECT DISTINCT r.task_id FROM new_rows r WHERE NOT EXISTS (SELECT FROM bountygo.tasks t
			WHERE t.id = r.task_id AND t.xmin = pg_current_xact_id()::xid AND t.tag_ids @> ARRAY[r.tag_id]));
	END IF;
	IF cardinality(ids) = 0 THEN
		RETURN NULL;
	ELSIF cardinality(ids) <= 1000 THEN
		PERFORM bountygo.index_tasks(ids);
	ELSE
		-- A tag that very many tasks have becomes another one: nobody waits for all of them.
		INSERT INTO bountygo.search_stale (task_id) SELECT DISTINCT i.id FROM unnest(ids) AS i (id);
		PERFORM bountygo.refresh_search(200);
	END IF;
	RETURN NULL;
END
$$;
COMMENT ON FUNCTION bountygo.index_task_tags() IS 'Trigger on task_tags: the tasks concerned are indexed again; of more than 1000 at once the newest 200, the others when tidy() comes by.';

CREATE FUNCTION bountygo.index_renamed() RETURNS trigger
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	IF TG_TABLE_NAME = 'organizers' THEN
		INSERT INTO bountygo.search_stale (task_id) SELECT t.id FROM bountygo.tasks t WHERE t.organizer_id = NEW.id;
	ELSE
		INSERT INTO bountygo.search_stale (task_id) SELECT tt.task_id FROM bountygo.task_tags tt WHERE tt.tag_id = NEW.id;
	END IF;
	-- The newest at once; tidy() sees to the others, so that a name that ten thousand tasks bear is changed in an instant, too.
	PERFORM bountygo.refresh_search(200);
	RETURN NULL;
END
$$;
COMMENT ON FUNCTION bountygo.index_renamed() IS 'Trigger on organizers and tags: tasks that bear another name now are indexed again, many of them a little later.';

CREATE FUNCTION bountygo.refresh_search("limit" integer DEFAULT 1000) RETURNS integer
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	ids bigint[];
BEGIN
	WITH taken AS (
		DELETE FROM bountygo.search_stale s WHERE s.ctid = ANY (ARRAY(
				SELECT o.ctid FROM bountygo.search_stale o ORDER BY o.task_id DESC LIMIT refresh_search."limit" FOR UPDATE SKIP LOCKED))
			RETURNING s.task_id)
	SELECT array_agg(DISTINCT t.task_id) INTO ids FROM taken t;
	IF ids IS NULL THEN
		RETURN 0;
	END IF;
	PERFORM bountygo.index_tasks(ids);
	RETURN cardinality(ids);
END
$$;
COMMENT ON FUNCTION bountygo.refresh_search(integer) IS
'Indexes up to so many tasks whose organizer or tag was given another name or merged; returns how many. tidy() calls it.';

-- Questions -----------------------------------------------------------------------------------------------------------

CREATE FUNCTION bountygo.prefix_singles(query tsquery) RETURNS tsquery
AS 'MODULE_PATHNAME', 'bountygo_prefix_singles' LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION bountygo.prefix_singles(tsquery) IS
'A query in which a lone Chinese character stands for every word that has it: each character begins an indexed token.';

CREATE FUNCTION bountygo.word_forms(word text, gaps integer) RETURNS text[]
AS 'MODULE_PATHNAME', 'bountygo_word_forms' LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION bountygo.word_forms(text, integer) IS
'A word with up to "gaps" (0 to 2) of its characters left out, itself first: near words share a form. Empty for more than 40 characters.';

CREATE FUNCTION bountygo.word_distance(a text, b text, most integer) RETURNS integer
AS 'MODULE_PATHNAME', 'bountygo_word_distance' LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION bountygo.word_distance(text, text, integer) IS
'How many characters must be added, left out, replaced or swapped with their neighbour to make one word of the other; "most" + 1 for more.';

CREATE FUNCTION bountygo.search_query(q text) RETURNS tsquery
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
-- No notice that a question has no words.
SET client_min_messages = warning
AS $$
DECLARE
	plain constant text := bountygo.plain_text(q);
	reading tsquery := bountygo.prefix_singles(websearch_to_tsquery('bountygo.question', plain));
	name record;
	asked tsquery;
BEGIN
	IF numnode(reading) = 0 THEN
		-- Nothing but common words: a name, perhaps.
		RETURN bountygo.prefix_singles(websearch_to_tsquery('bountygo.names', plain));
	END IF;
	-- Where a tag has other names, each of them will do. Words that must not be there as well.
	FOR name IN
		WITH words AS (
			SELECT w.word FROM regexp_split_to_table(plain, '[\s"]+-?') WITH ORDINALITY AS w (word, n) WHERE w.word <> '' AND w.n <= 24
			UNION SELECT ltrim(plain, '-')),
		keys AS (SELECT DISTINCT ON (k.key) k.key, w.word FROM words w, bountygo.name_key(w.word) AS k (key)),
		tags AS (
			SELECT k.key, k.word, g.id FROM keys k JOIN bountygo.tags g ON g.name_key = k.key
			UNION SELECT k.key, k.word, s.tag_id FROM keys k JOIN bountygo.tag_synonyms s ON s.name_key = k.key)
		SELECT t.word, array_agg(DISTINCT o.name) AS others FROM tags t
			JOIN LATERAL (SELECT g.name, g.name_key FROM bountygo.tags g WHERE g.id = t.id
				UNION ALL (SELECT s.name, s.name_key FROM bountygo.tag_synonyms s WHERE s.tag_id = t.id ORDER BY s.name_key LIMIT 10)) o
				ON o.name_key <> t.key
			GROUP BY t.word
			ORDER BY length(t.word) DESC LIMIT 10
	LOOP
		-- One word of several parts is asked for as a phrase, several words as each.
		asked := bountygo.prefix_singles(CASE WHEN name.word ~ '\s' THEN plainto_tsquery('bountygo.question', name.word)
			ELSE phraseto_tsquery('bountygo.question', name.word) END);
		IF numnode(asked) > 0 THEN
			reading := ts_rewrite(reading, asked, (SELECT string_agg('(' || o.phrase::text || ')', ' | ') FROM (
				SELECT asked AS phrase UNION ALL SELECT phraseto_tsquery('bountygo.question', bountygo.plain_text(n))
				FROM unnest(name.others) n) o WHERE numnode(o.phrase) > 0)::tsquery);
		END IF;
	END LOOP;
	RETURN reading;
END
$$;
COMMENT ON FUNCTION bountygo.search_query(text) IS
'A question as people type it: all words, in Chinese also without spaces; "quoted" for a phrase, or, -word; other names of tags count as the tag. Never an error; without a word it finds nothing.';

CREATE FUNCTION bountygo.corrected_query(q text) RETURNS text
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	plain constant text := lower(bountygo.plain_text(q));
	corrected text := plain;
	unknown record;
	nearest text;
BEGIN
	FOR unknown IN
		SELECT DISTINCT p.token AS word, CASE WHEN length(p.token) > 5 THEN 2 ELSE 1 END AS most,
				coalesce((ts_lexize('bountygo.english', p.token))[1], p.token) AS stem
			FROM ts_parse('bountygo.words', plain) AS p (kind, token)
			WHERE p.kind IN (1, 2, 4) AND length(p.token) BETWEEN 3 AND 40
				AND NOT EXISTS (SELECT FROM bountygo.search_words w WHERE w.word = p.token)
			ORDER BY 1 LIMIT 8
	LOOP
		-- Known with another ending?
		CONTINUE WHEN unknown.stem = '' OR EXISTS (SELECT FROM bountygo.search_words w
			WHERE w.word >= left(unknown.stem, greatest(length(unknown.stem) - 1, 3)) COLLATE "C"
				AND w.word < left(unknown.stem, greatest(length(unknown.stem) - 1, 3)) || U&'\+10FFFF' COLLATE "C"
				AND ts_lexize('bountygo.english', w.word) = ARRAY[unknown.stem]);
		SELECT w.word INTO nearest
			FROM bountygo.search_words w, bountygo.word_distance(w.word, unknown.word, unknown.most) AS d (distance)
			-- A slip besides a plural is one too many for the forms alone.
			WHERE bountygo.word_forms(w.word, 1) && (bountygo.word_forms(unknown.word, unknown.most) || bountygo.word_forms(unknown.word || 's', 1))
				AND d.distance <= unknown.most
			ORDER BY d.distance, left(w.word, 1) = left(unknown.word, 1) DESC, abs(length(w.word) - length(unknown.word)), w.word
			LIMIT 1;
		IF nearest IS NOT NULL THEN
			corrected := regexp_replace(corrected, '\m' || unknown.word || '\M', nearest, 'g');
		END IF;
	END LOOP;
	RETURN nullif(corrected, plain);
END
$$;
COMMENT ON FUNCTION bountygo.corrected_query(text) IS
'The question with each word that no task has replaced by the nearest one that a task has; NULL if there is nothing to replace. Words of 3 to 40 characters, one slip in short ones, two in longer ones.';
