-- From an extraction result to a task, with its evidence. Called in the transaction that ends a job. What becomes of a task that is
-- there already stands in 39-recheck.sql.

CREATE FUNCTION bountygo.deadline_parts(value jsonb, OUT date date, OUT earliest timestamptz, OUT latest timestamptz, OUT text text,
	OUT "precision" bountygo.deadline_precision, OUT zone text) RETURNS record
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	date := value ->> 'date';
	earliest := value ->> 'earliest';
	latest := value ->> 'latest';
	text := nullif(value ->> 'text', '');
	"precision" := value ->> 'precision';
	zone := nullif(value ->> 'zone', '');
	IF earliest > latest OR earliest IS NULL OR latest IS NULL OR "precision" IS NULL
		OR NOT isfinite(earliest) OR NOT isfinite(latest) OR NOT coalesce(isfinite(date), true)
		-- Without a zone of its own an instant would depend on this session's.
		OR value ->> 'earliest' !~ '(Z|[+-][0-9]{2}:[0-9]{2})$' OR value ->> 'latest' !~ '(Z|[+-][0-9]{2}:[0-9]{2})$' THEN
		earliest := NULL;
	END IF;
EXCEPTION WHEN data_exception THEN
	earliest := NULL;
END
$$;
COMMENT ON FUNCTION bountygo.deadline_parts(jsonb) IS
'A window out of an extraction result, by its parts; earliest is NULL if it is none.';

CREATE FUNCTION bountygo.reward_parts(value jsonb, OUT amount numeric, OUT min numeric, OUT currency text,
	OUT distribution bountygo.reward_distribution) RETURNS record
LANGUAGE plpgsql IMMUTABLE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	amount := value ->> 'amount';
	min := value ->> 'min';
	currency := nullif(value ->> 'currency', '');
	distribution := value ->> 'distribution';
	IF NOT (amount >= 0 AND amount < 1e18) OR NOT (min >= 0 AND min <= amount) OR (min IS NOT NULL AND amount IS NULL)
		OR length(currency) > 16 THEN
		amount := NULL;
		min := NULL;
		currency := NULL;
		distribution := NULL;
	END IF;
EXCEPTION WHEN data_exception THEN
	amount := NULL;
	min := NULL;
	currency := NULL;
	distribution := NULL;
END
$$;
COMMENT ON FUNCTION bountygo.reward_parts(jsonb) IS
'A reward out of an extraction result, by its parts; all NULL if it is none that tasks can hold.';

CREATE FUNCTION bountygo.field_value(field text, value jsonb) RETURNS jsonb
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	word constant text := CASE jsonb_typeof(value) WHEN 'string' THEN value #>> '{}' END;
	names jsonb;
	w record;
	r record;
BEGIN
	CASE field
		WHEN 'title' THEN
			RETURN CASE WHEN length(word) BETWEEN 1 AND 255 AND bountygo.clean_text(word) IS NOT NULL THEN value END;
		WHEN 'organizer' THEN
			RETURN CASE WHEN length(word) BETWEEN 1 AND 200 AND bountygo.clean_text(word) IS NOT NULL THEN value END;
		WHEN 'category' THEN
			RETURN CASE WHEN word = ANY (enum_range(NULL::bountygo.task_category)::text[]) THEN value END;
		WHEN 'summary' THEN
			RETURN CASE WHEN length(word) BETWEEN 1 AND 500 THEN value END;
		WHEN 'eligibility' THEN
			RETURN CASE WHEN length(word) BETWEEN 1 AND 2000 THEN value END;
		WHEN 'description' THEN
			RETURN CASE WHEN length(word) BETWEEN 1 AND 65535 THEN value END;
		WHEN 'language' THEN
			RETURN CASE WHEN length(word) BETWEEN 1 AND 35 THEN value END;
		WHEN 'tags' THEN
			SELECT jsonb_agg(n.name ORDER BY n.i) INTO names
				FROM (SELECT DISTINCT ON (bountygo.name_key(e.name)) e.name, e.i
					FROM jsonb_array_elements_text(CASE jsonb_typeof(value) WHEN 'array' THEN value ELSE '[]' END)
						WITH ORDINALITY AS e (name, i)
					WHERE length(e.name) BETWEEN 1 AND 100 AND bountygo.clean_text(e.name) IS NOT NULL
					ORDER BY bountygo.name_key(e.name), e.i) n;
			-- More than 20 is a word cloud, not what the task is about; the first ones count.
			RETURN CASE WHEN jsonb_array_length(names) > 20
				THEN jsonb_path_query_array(names, '$[0 to 19]') ELSE names END;
		WHEN 'reward' THEN
			r := bountygo.reward_parts(CASE jsonb_typeof(value) WHEN 'object' THEN value ELSE '{}' END);
			RETURN bountygo.reward_value(r.amount, r.min, r.currency, r.distribution);
		WHEN 'deadline', 'milestones' THEN
			w := bountygo.deadline_parts(CASE jsonb_typeof(value) WHEN 'object' THEN value ELSE '{}' END);
			IF w.earliest IS NULL THEN
				RETURN NULL;
			END IF;
			IF field = 'deadline' THEN
				RETURN bountygo.deadline_value(w.date, w.earliest, w.latest, w.text, w.precision, w.zone);
			END IF;
			RETURN CASE WHEN length(value ->> 'kind') BETWEEN 1 AND 40 AND w.text IS NOT NULL THEN
				bountygo.milestone_value(value ->> 'kind', w.text, w.date, w.earliest, w.latest, w.precision, w.zone) END;
		WHEN 'rewards' THEN
			IF jsonb_typeof(value) <> 'object' OR length(value ->> 'currency') > 16 OR length(value ->> 'label') > 200
				OR NOT (value ->> 'amount')::numeric BETWEEN 0 AND 1e18 OR NOT (value ->> 'place')::integer > 0
				OR NOT (value ->> 'place_to')::integer >= (value ->> 'place')::integer OR NOT (value ->> 'count')::integer > 0 THEN
				RETURN NULL;
			END IF;
			RETURN bountygo.prize_value((value ->> 'place')::integer, (value ->> 'place_to')::integer, (value ->> 'count')::integer,
				(value ->> 'amount')::numeric, nullif(value ->> 'currency', ''), nullif(value ->> 'label', ''));
		ELSE
			RETURN NULL;
	END CASE;
EXCEPTION WHEN data_exception THEN
	RETURN NULL;
END
$$;
COMMENT ON FUNCTION bountygo.field_value(text, jsonb) IS
'A value of an extraction result as evidence holds it; NULL if tasks cannot hold it (too long, out of range, of another type).';

CREATE FUNCTION bountygo.read_result(page text, result jsonb, OUT fields text[], OUT field_values jsonb[], OUT quotes text[],
	OUT starts integer[], OUT ends integer[], OUT methods text[], OUT confidences real[], OUT known jsonb, OUT reasons jsonb) RETURNS record
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	-- What has a usable value, and then what of that has its quote where it says (law 1).
	WITH given AS MATERIALIZED (
		SELECT 0 AS part, f.key AS field, f.value ->> 'quote' AS quote, f.value AS place,
				bountygo.field_value(f.key, f.value -> 'value') AS value, 0::bigint AS i
			FROM jsonb_each(CASE jsonb_typeof(result -> 'fields') WHEN 'object' THEN result -> 'fields' ELSE '{}' END) f
			WHERE jsonb_typeof(f.value) = 'object' AND f.key NOT IN ('rewards', 'milestones')
				AND NOT (f.key = 'tags' AND f.value ? 'quotes')
		UNION ALL
		-- Each tag with the place where it stands itself.
		SELECT 0, 'tags', e.value ->> 'quote', e.value || jsonb_build_object('method', result #> '{fields,tags,method}',
				'confidence', result #> '{fields,tags,confidence}'),
				bountygo.field_value('tags', jsonb_build_array(e.value -> 'value')), e.i
			FROM jsonb_array_elements(CASE jsonb_typeof(result #> '{fields,tags,quotes}') WHEN 'array' THEN result #> '{fields,tags,quotes}'
				ELSE '[]' END) WITH ORDINALITY AS e (value, i)
			WHERE e.i <= 20
		UNION ALL
		SELECT 1, 'rewards', e.value ->> 'quote', e.value, bountygo.field_value('rewards', e.value), e.i
			FROM jsonb_array_elements(CASE jsonb_typeof(result -> 'rewards') WHEN 'array' THEN result -> 'rewards' ELSE '[]' END)
				WITH ORDINALITY AS e (value, i)
			WHERE e.i <= 200
		UNION ALL
		SELECT 2, 'milestones', e.value ->> 'quote', e.value, bountygo.field_value('milestones', e.value), e.i
			FROM jsonb_array_elements(CASE jsonb_typeof(result -> 'milestones') WHEN 'array' THEN result -> 'milestones' ELSE '[]' END)
				WITH ORDINALITY AS e (value, i)
			WHERE e.i <= 200)
	SELECT array_agg(g.field ORDER BY g.part, g.field, g.i), array_agg(g.value ORDER BY g.part, g.field, g.i),
			array_agg(g.quote ORDER BY g.part, g.field, g.i),
			array_agg(CASE jsonb_typeof(g.place -> 'start') WHEN 'number' THEN (g.place ->> 'start')::integer END
				ORDER BY g.part, g.field, g.i),
			array_agg(CASE jsonb_typeof(g.place -> 'end') WHEN 'number' THEN (g.place ->> 'end')::integer END
				ORDER BY g.part, g.field, g.i),
			-- What stands in an element (h1, title) was picked by a rule.
			array_agg(CASE g.place ->> 'method' WHEN 'html' THEN 'rule' ELSE g.place ->> 'method' END ORDER BY g.part, g.field, g.i),
			array_agg(CASE jsonb_typeof(g.place -> 'confidence') WHEN 'number' THEN (g.place ->> 'confidence')::real END
				ORDER BY g.part, g.field, g.i)
		INTO fields, field_values, quotes, starts, ends, methods, confidences
		FROM given g
		WHERE g.value IS NOT NULL AND g.quote <> '' AND g.place ->> 'method' IN ('jsonld', 'meta', 'html', 'rule', 'model');
	IF fields IS NOT NULL THEN
		SELECT array_agg(fields[q.n] ORDER BY q.n), array_agg(field_values[q.n] ORDER BY q.n), array_agg(quotes[q.n] ORDER BY q.n),
				array_agg(starts[q.n] ORDER BY q.n), array_agg(ends[q.n] ORDER BY q.n), array_agg(methods[q.n] ORDER BY q.n),
				array_agg(CASE WHEN confidences[q.n] BETWEEN 0 AND 1 THEN confidences[q.n] END ORDER BY q.n)
			INTO fields, field_values, quotes, starts, ends, methods, confidences
			FROM unnest(bountygo.quotes_at(page, starts, ends)) WITH ORDINALITY AS q (quote, n)
			WHERE q.quote = quotes[q.n];
	END IF;

	SELECT coalesce(jsonb_object_agg(u.field, u.value), '{}') INTO known
		FROM unnest(fields, field_values) AS u (field, value) WHERE u.field NOT IN ('rewards', 'milestones', 'tags');
	IF 'tags' = ANY (fields) THEN
		known := known || jsonb_build_object('tags', (SELECT jsonb_agg(t.name) FROM unnest(fields, field_values) AS u (field, value),
			jsonb_array_elements(u.value) AS t (name) WHERE u.field = 'tags'));
	END IF;
	SELECT coalesce(jsonb_object_agg(n.field, CASE
			WHEN result #>> ARRAY['missing', n.field] = ANY (enum_range(NULL::bountygo.missing_reason)::text[])
				THEN result #>> ARRAY['missing', n.field]
			WHEN coalesce(jsonb_typeof(result #> ARRAY['fields', n.field, 'value']), 'null') = 'null' THEN 'absent'
			WHEN bountygo.field_value(n.field, result #> ARRAY['fields', n.field, 'value']) IS NULL THEN 'unparseable'
			ELSE 'unsupported' END), '{}') INTO reasons
		FROM unnest(ARRAY['title', 'organizer', 'category', 'tags', 'reward', 'deadline', 'eligibility', 'summary']) AS n (field)
		WHERE NOT known ? n.field;
END
$$;
COMMENT ON FUNCTION bountygo.read_result(text, jsonb) IS
'What of an extraction result can be held by a task and has its quote at its place in the page''s text: parallel arrays, one entry a value (fields first, then prizes, then other dates); the values by field; and a reason for each field that has none.';

CREATE FUNCTION bountygo.store_parts(task_id bigint) RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	INSERT INTO bountygo.rewards (task_id, evidence_id, place, place_to, count, amount, currency, label)
		SELECT e.task_id, e.id, (e.value ->> 'place')::integer, (e.value ->> 'place_to')::integer, (e.value ->> 'count')::integer,
			(e.value ->> 'amount')::numeric, e.value ->> 'currency', e.value ->> 'label'
		FROM bountygo.evidence e WHERE e.task_id = store_parts.task_id AND e.is_current AND e.field = 'rewards'
			AND NOT EXISTS (SELECT FROM bountygo.rewards r WHERE r.evidence_id = e.id) ORDER BY e.id;
	INSERT INTO bountygo.milestones (task_id, evidence_id, kind, text, date, earliest, latest, precision, zone)
		SELECT e.task_id, e.id, e.value ->> 'kind', m.text, m.date, m.earliest, m.latest, m.precision, m.zone
		FROM bountygo.evidence e, bountygo.deadline_parts(e.value) m
		WHERE e.task_id = store_parts.task_id AND e.is_current AND e.field = 'milestones'
			AND NOT EXISTS (SELECT FROM bountygo.milestones x WHERE x.evidence_id = e.id) ORDER BY e.id;
END
$$;
COMMENT ON FUNCTION bountygo.store_parts(bigint) IS 'Rows of rewards and milestones for the current evidence of a task that has none yet.';

CREATE FUNCTION bountygo.opening(fields text[], field_values jsonb[], deadline timestamptz) RETURNS timestamptz
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	earliest timestamptz;
	candidate timestamptz;
BEGIN
	-- A date after "start", "opens" and their like; that of a registration is its end.
	FOR i IN 1..coalesce(cardinality(fields), 0) LOOP
		IF fields[i] = 'milestones' AND field_values[i] ->> 'kind' = 'start' THEN
			candidate := field_values[i] ->> 'earliest';
			IF (candidate > deadline) IS NOT TRUE THEN
				earliest := least(earliest, candidate);
			END IF;
		END IF;
	END LOOP;
	RETURN earliest;
END
$$;
COMMENT ON FUNCTION bountygo.opening(text[], jsonb[], timestamptz) IS
'tasks.opens_at out of the milestones of read_result(): the first instant that the earliest stated opening before the deadline can mean.';

CREATE FUNCTION bountygo.task_from_snapshot(snapshot_id bigint, result jsonb, submitted_by bigint DEFAULT NULL,
	job_id bigint DEFAULT NULL) RETURNS bigint
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
-- One plan for all pages, and not one that was made when the tables were empty.
SET plan_cache_mode = force_generic_plan
SET enable_seqscan = off
AS $$
DECLARE
	page record;
	said record;
	r record;
	w record;
	organizer bigint;
	tags bigint[] := '{}';
	print bigint;
	new_id bigint;
BEGIN
	IF result -> 'is_task' IS DISTINCT FROM 'true'::jsonb THEN
		RETURN NULL;
	END IF;
	SELECT CASE WHEN s.url ~ '^https?://' THEN s.url END AS url, s.text, s.language, s.fetched_at INTO page
		FROM bountygo.snapshots s WHERE s.id = task_from_snapshot.snapshot_id;
	IF NOT FOUND THEN
		RAISE EXCEPTION 'there is no snapshot %', coalesce(task_from_snapshot.snapshot_id::text, '(null)')
			USING ERRCODE = 'UB404';
	END IF;
	-- Two look-ups rather than an OR, so that each uses its index.
	SELECT coalesce((SELECT t.id FROM bountygo.tasks t WHERE t.source_url = page.url),
		(SELECT t.id FROM bountygo.tasks t WHERE t.job_id = task_from_snapshot.job_id)) INTO new_id;
	IF new_id IS NOT NULL THEN
		PERFORM bountygo.update_task_from_snapshot(new_id, task_from_snapshot.snapshot_id, result);
		PERFORM bountygo.task_checked(new_id, page.fetched_at);
		RETURN new_id;
	END IF;

	said := bountygo.read_result(page.text, result);
	IF said.known ? 'organizer' THEN
		organizer := bountygo.organizer_id(said.known ->> 'organizer');
	END IF;
	IF said.known ? 'tags' THEN
		tags := bountygo.tag_ids(ARRAY(SELECT jsonb_array_elements_text(said.known -> 'tags')));
	END IF;
	r := bountygo.reward_parts(said.known -> 'reward');
	w := bountygo.deadline_parts(said.known -> 'deadline');
	print := bountygo.simhash(page.text, said.known ->> 'title', said.known ->> 'organizer',
		ARRAY[coalesce(w.date, (w.latest AT TIME ZONE 'UTC')::date)::text]);
	INSERT INTO bountygo.tasks (submitted_by, organizer_id, title, summary, description, category, language, reward_amount,
			reward_min, reward_currency, reward_distribution, deadline_text, deadline_date, deadline_earliest, deadline,
			deadline_precision, deadline_zone, eligibility, source_url, source_host, snapshot_id, job_id, missing, opens_at,
			checked_at, next_check_at, simhash, bands, tag_ids)
		VALUES (task_from_snapshot.submitted_by, organizer, said.known ->> 'title', said.known ->> 'summary',
			said.known ->> 'description', (said.known ->> 'category')::bountygo.task_category,
			coalesce(said.known ->> 'language', page.language), r.amount, r.min, r.currency, r.distribution, w.text, w.date, w.earliest,
			w.latest, w.precision, w.zone, said.known ->> 'eligibility', page.url,
			lower(substring(page.url FROM '^https?://\[?([^/?#:\]]+)')), task_from_snapshot.snapshot_id, task_from_snapshot.job_id,
			said.reasons, bountygo.opening(said.fields, said.field_values, w.latest), page.fetched_at,
			CASE WHEN page.url IS NOT NULL THEN bountygo.next_check('active', w.earliest, w.latest, page.fetched_at, NULL, NULL, page.fetched_at) END,
			print, bountygo.task_keys(print, page.text, said.known ->> 'title', organizer, w.date, w.latest, r.amount, r.currency),
			-- So that it is indexed once, with its tags.
			tags)
		ON CONFLICT DO NOTHING RETURNING id INTO new_id;
	IF new_id IS NULL THEN
		-- Another transaction made it since we looked; this statement sees what it committed.
		SELECT coalesce((SELECT t.id FROM bountygo.tasks t WHERE t.source_url = page.url),
			(SELECT t.id FROM bountygo.tasks t WHERE t.job_id = task_from_snapshot.job_id)) INTO STRICT new_id;
		PERFORM bountygo.update_task_from_snapshot(new_id, task_from_snapshot.snapshot_id, result);
		PERFORM bountygo.task_checked(new_id, page.fetched_at);
		RETURN new_id;
	END IF;

	WITH proof AS (
		INSERT INTO bountygo.evidence (task_id, field, value, snapshot_id, start_char, end_char, quote, method, confidence)
		SELECT new_id, u.field, u.value, task_from_snapshot.snapshot_id, u.start_char, u.end_char, u.quote, u.method, u.confidence
		FROM unnest(said.fields, said.field_values, said.starts, said.ends, said.quotes, said.methods, said.confidences)
			AS u (field, value, start_char, end_char, quote, method, confidence)
		RETURNING id, field, value
	), prizes AS (
		INSERT INTO bountygo.rewards (task_id, evidence_id, place, place_to, count, amount, currency, label)
		SELECT new_id, e.id, (e.value ->> 'place')::integer, (e.value ->> 'place_to')::integer, (e.value ->> 'count')::integer,
			(e.value ->> 'amount')::numeric, e.value ->> 'currency', e.value ->> 'label'
		FROM proof e WHERE e.field = 'rewards' ORDER BY e.id
	)
	INSERT INTO bountygo.milestones (task_id, evidence_id, kind, text, date, earliest, latest, precision, zone)
		SELECT new_id, e.id, e.value ->> 'kind', m.text, m.date, m.earliest, m.latest, m.precision, m.zone
		FROM proof e, bountygo.deadline_parts(e.value) m WHERE e.field = 'milestones' ORDER BY e.id;
	IF cardinality(tags) > 0 THEN
		INSERT INTO bountygo.task_tags (task_id, tag_id) SELECT new_id, g.id FROM unnest(tags) AS g (id) ORDER BY g.id;
	END IF;
	INSERT INTO bountygo.events (kind, task_id, payload)
		VALUES ('task_created', new_id, jsonb_build_object('snapshot_id', task_from_snapshot.snapshot_id));
	RETURN new_id;
END
$$;
COMMENT ON FUNCTION bountygo.task_from_snapshot(bigint, jsonb, bigint, bigint) IS
'Makes the task of a snapshot from an extraction result, with evidence, prizes, dates, tags, organizer and one task_created event, and returns its id. If the page has a task already, that one, brought up to date if the snapshot is newer than its own (update_task_from_snapshot). NULL if the result says it is no task. What has no quote at its place in the snapshot, or cannot be held, is left out with a reason in missing.';
