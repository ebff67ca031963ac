-- What the database enforces whoever writes: no value without evidence (DESIGN, law 1). The triggers that call these stand
-- in migrations/0002-policies.sql. They read what is there at commit, so statements may come in any order.

CREATE FUNCTION bountygo.reward_value(amount numeric, min numeric, currency text, distribution bountygo.reward_distribution)
RETURNS jsonb
LANGUAGE sql STABLE PARALLEL SAFE
RETURN CASE WHEN amount IS NOT NULL OR min IS NOT NULL OR currency IS NOT NULL OR distribution IS NOT NULL THEN
	pg_catalog.jsonb_build_object('amount', amount, 'min', min, 'currency', currency, 'distribution', distribution) END;
COMMENT ON FUNCTION bountygo.reward_value(numeric, numeric, text, bountygo.reward_distribution) IS
'The value of the field reward as evidence holds it; NULL if nothing of it is known.';

CREATE FUNCTION bountygo.deadline_value(date date, earliest timestamptz, latest timestamptz, text text,
	"precision" bountygo.deadline_precision, zone text) RETURNS jsonb
LANGUAGE sql STABLE PARALLEL SAFE
RETURN CASE WHEN date IS NOT NULL OR earliest IS NOT NULL OR latest IS NOT NULL OR text IS NOT NULL
		OR "precision" IS NOT NULL OR zone IS NOT NULL THEN
	pg_catalog.jsonb_build_object('date', date, 'earliest', bountygo.rfc3339(earliest), 'latest', bountygo.rfc3339(latest),
		'text', text, 'precision', "precision", 'zone', zone) END;
COMMENT ON FUNCTION bountygo.deadline_value(date, timestamptz, timestamptz, text, bountygo.deadline_precision, text) IS
'The value of the field deadline, a window, as evidence holds it; NULL if nothing of it is known.';

CREATE FUNCTION bountygo.prize_value(place integer, place_to integer, count integer, amount numeric, currency text, label text)
RETURNS jsonb
LANGUAGE sql STABLE PARALLEL SAFE
RETURN pg_catalog.jsonb_build_object('place', place, 'place_to', place_to, 'count', count, 'amount', amount,
	'currency', currency, 'label', label);
COMMENT ON FUNCTION bountygo.prize_value(integer, integer, integer, numeric, text, text) IS
'A row of rewards as its evidence holds it.';

CREATE FUNCTION bountygo.milestone_value(kind text, text text, date date, earliest timestamptz, latest timestamptz,
	"precision" bountygo.deadline_precision, zone text) RETURNS jsonb
LANGUAGE sql STABLE PARALLEL SAFE
RETURN pg_catalog.jsonb_build_object('kind', kind, 'text', text, 'date', date, 'earliest', bountygo.rfc3339(earliest),
	'latest', bountygo.rfc3339(latest), 'precision', "precision", 'zone', zone);
COMMENT ON FUNCTION bountygo.milestone_value(text, text, date, timestamptz, timestamptz, bountygo.deadline_precision, text) IS
'A row of milestones as its evidence holds it.';

CREATE FUNCTION bountygo.quotes_at(text text, starts integer[], ends integer[]) RETURNS text[]
AS 'MODULE_PATHNAME', 'bountygo_quotes_at' LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION bountygo.quotes_at(text, integer[], integer[]) IS
'What stands at each span of the text: characters, start inclusive, end exclusive; NULL where a span is empty, out of bounds or unknown. One pass over the text.';

-- (a) A quote stands where its evidence says.
CREATE FUNCTION bountygo.check_quotes() RETURNS trigger
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	bad record;
BEGIN
	SELECT g.snapshot_id, g.fields[q.n] AS field, g.starts[q.n] AS start_char INTO bad
		FROM (SELECT n.snapshot_id, array_agg(n.field) AS fields, array_agg(n.start_char) AS starts,
				array_agg(n.end_char) AS ends, array_agg(n.quote) AS quotes
			FROM new_rows n WHERE n.snapshot_id IS NOT NULL GROUP BY n.snapshot_id) g
		JOIN bountygo.snapshots s ON s.id = g.snapshot_id,
		unnest(bountygo.quotes_at(s.text, g.starts, g.ends)) WITH ORDINALITY AS q (quote, n)
		WHERE q.quote IS DISTINCT FROM g.quotes[q.n]
		LIMIT 1;
	IF FOUND THEN
		RAISE EXCEPTION 'the quote for field "%" is not in snapshot % at character %', bad.field, bad.snapshot_id, bad.start_char
			USING ERRCODE = '23514', TABLE = 'evidence', SCHEMA = 'bountygo', CONSTRAINT = 'evidence_quote_in_snapshot',
				HINT = 'quote must equal substr(text, start_char + 1, end_char - start_char) of the snapshot''s text.';
	END IF;
	RETURN NULL;
END
$$;
COMMENT ON FUNCTION bountygo.check_quotes() IS 'Trigger: each new row of evidence that names a snapshot quotes what stands there.';

-- Content of evidence is written once: what changes is only whether it is current.
CREATE FUNCTION bountygo.refuse_evidence_change() RETURNS trigger
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	-- But for one thing: when an account is deleted, what it has said is nobody's. Only delete_me() gets here as the tables' owner.
	IF current_user = 'bountygo_owner' AND OLD.method LIKE 'user:%' AND NEW.method = 'user:0'
			AND to_jsonb(NEW) - 'method' = to_jsonb(OLD) - 'method'
			AND NOT EXISTS (SELECT FROM bountygo.users u WHERE 'user:' || u.id = OLD.method) THEN
		RETURN NEW;
	END IF;
	RAISE EXCEPTION 'evidence cannot be rewritten'
		USING ERRCODE = '23514', TABLE = 'evidence', SCHEMA = 'bountygo', CONSTRAINT = 'evidence_immutable',
			HINT = 'Set is_current to false and insert a new row, in one transaction.';
END
$$;
COMMENT ON FUNCTION bountygo.refuse_evidence_change() IS 'Trigger: refuses changes of evidence other than is_current, and other than taking the name of a deleted account from it.';

CREATE FUNCTION bountygo.refuse_snapshot_change() RETURNS trigger
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	RAISE EXCEPTION 'a snapshot cannot be changed'
		USING ERRCODE = '23514', TABLE = 'snapshots', SCHEMA = 'bountygo', CONSTRAINT = 'snapshots_immutable',
			HINT = 'Evidence points into it. Insert another snapshot of the page.';
END
$$;
COMMENT ON FUNCTION bountygo.refuse_snapshot_change() IS 'Trigger: refuses updates of snapshots.';

CREATE FUNCTION bountygo.refuse_key_change() RETURNS trigger
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	IF NEW.name_key IS DISTINCT FROM bountygo.name_key(NEW.name) THEN
		RAISE EXCEPTION 'name_key of % "%" must be bountygo.name_key(name)', TG_ARGV[0], NEW.name
			USING ERRCODE = '23514', TABLE = TG_TABLE_NAME, SCHEMA = 'bountygo',
				HINT = 'Evidence names it by that key.';
	END IF;
	IF TG_OP = 'UPDATE' AND NEW.name_key <> OLD.name_key
		AND NOT (CASE TG_ARGV[0]
			WHEN 'organizer' THEN EXISTS (SELECT FROM bountygo.organizer_aliases a WHERE a.name_key = OLD.name_key AND a.organizer_id = OLD.id)
			ELSE EXISTS (SELECT FROM bountygo.tag_synonyms s WHERE s.name_key = OLD.name_key AND s.tag_id = OLD.id) END) THEN
		RAISE EXCEPTION 'the % "%" can only be respelled, not become "%"', TG_ARGV[0], OLD.name, NEW.name
			USING ERRCODE = '23514', TABLE = TG_TABLE_NAME, SCHEMA = 'bountygo',
				HINT = format('Tasks refer to it, and their evidence names it. bountygo.update_%s() keeps the old name as another one.',
					TG_ARGV[0]);
	END IF;
	RETURN NEW;
END
$$;
COMMENT ON FUNCTION bountygo.refuse_key_change() IS
'Trigger on organizers and tags: name_key follows the name, and changes only if the old one stays as another name, as evidence of tasks names it.';

-- (b) and (c): each field of a task that has a value has current evidence of that very value; each that has none, a reason.
CREATE FUNCTION bountygo.check_task(task_id bigint) RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
SET plan_cache_mode = force_generic_plan
SET enable_seqscan = off
AS $$
DECLARE
	t bountygo.tasks;
	organizer text;
	bad record;
BEGIN
	SELECT * INTO t FROM bountygo.tasks x WHERE x.id = check_task.task_id;
	IF NOT FOUND THEN
		RETURN;
	END IF;
	IF t.organizer_id IS NOT NULL THEN
		SELECT o.name_key INTO organizer FROM bountygo.organizers o WHERE o.id = t.organizer_id;
	END IF;
	SELECT v.field, e.id AS evidence_id, e.value AS evidence INTO bad
		FROM (VALUES ('title', to_jsonb(t.title)),
			('summary', to_jsonb(t.summary)),
			('description', to_jsonb(t.description)),
			('category', to_jsonb(t.category)),
			('eligibility', to_jsonb(t.eligibility)),
			('organizer', to_jsonb(organizer)),
			('reward', bountygo.reward_value(t.reward_amount, t.reward_min, t.reward_currency, t.reward_distribution)),
			('deadline', bountygo.deadline_value(t.deadline_date, t.deadline_earliest, t.deadline, t.deadline_text,
				t.deadline_precision, t.deadline_zone)),
			('language', to_jsonb(t.language))) AS v (field, value)
		LEFT JOIN bountygo.evidence e ON e.task_id = t.id AND e.field = v.field AND e.is_current
		WHERE v.value IS NOT NULL
			AND v.value IS DISTINCT FROM
				-- Evidence names an organizer by its name or another name of it.
				CASE v.field WHEN 'organizer' THEN coalesce(
						(SELECT v.value FROM bountygo.organizer_aliases a
							WHERE a.name_key = bountygo.name_key(e.value #>> '{}') AND a.organizer_id = t.organizer_id),
						to_jsonb(bountygo.name_key(e.value #>> '{}')))
					ELSE e.value END
			-- The language is that of the snapshot's text as a whole; no single quote shows it.
			AND NOT (v.field = 'language' AND EXISTS (SELECT FROM bountygo.snapshots s
				WHERE s.id = t.snapshot_id AND s.language = t.language))
		LIMIT 1;
	IF FOUND THEN
		RAISE EXCEPTION 'field "%" of task % has a value that no current evidence holds', bad.field, t.id
			USING ERRCODE = '23514', TABLE = 'tasks', SCHEMA = 'bountygo', CONSTRAINT = 'tasks_evidence',
				DETAIL = CASE WHEN bad.evidence_id IS NULL THEN 'There is no current evidence of this field.'
					ELSE format('The current evidence, row %s, holds another value.', bad.evidence_id) END,
				HINT = 'No evidence, no value. Create tasks with bountygo.create_task(), or insert the evidence of the new value '
					'(and make the old evidence not current) in the same transaction.';
	END IF;
	IF t.snapshot_id IS NULL THEN
		RETURN;
	END IF;
	SELECT v.field, v.known INTO bad
		FROM (VALUES ('title', t.title IS NOT NULL),
			('organizer', t.organizer_id IS NOT NULL),
			('category', t.category IS NOT NULL),
			('tags', EXISTS (SELECT FROM bountygo.task_tags tt WHERE tt.task_id = t.id)),
			('reward', bountygo.reward_value(t.reward_amount, t.reward_min, t.reward_currency, t.reward_distribution) IS NOT NULL),
			('deadline', t.deadline IS NOT NULL),
			('eligibility', t.eligibility IS NOT NULL),
			('summary', t.summary IS NOT NULL)) AS v (field, known)
		WHERE CASE WHEN v.known THEN t.missing ? v.field
			ELSE NOT coalesce(t.missing ->> v.field = ANY (enum_range(NULL::bountygo.missing_reason)::text[]), false) END
		LIMIT 1;
	IF FOUND THEN
		RAISE EXCEPTION '%', format(CASE WHEN bad.known THEN 'field "%s" of task %s has a value and a reason why it is missing'
				ELSE 'field "%s" of task %s has neither a value nor a reason why not' END, bad.field, t.id)
			USING ERRCODE = '23514', TABLE = 'tasks', SCHEMA = 'bountygo', CONSTRAINT = 'tasks_missing',
				HINT = CASE WHEN bad.known THEN format('Remove "%s" from missing.', bad.field)
					ELSE format('Put one of %s into missing under "%s".',
						array_to_string(enum_range(NULL::bountygo.missing_reason)::text[], ', '), bad.field) END;
	END IF;
END
$$;
COMMENT ON FUNCTION bountygo.check_task(bigint) IS
'Raises check_violation (23514) unless every field of the task that has a value has current evidence of that value, and every field of a task from a page that has none has a reason.';

CREATE FUNCTION bountygo.check_task_tags(task_id bigint, only_tag bigint DEFAULT NULL) RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
SET plan_cache_mode = force_generic_plan
SET enable_seqscan = off
AS $$
DECLARE
	named text[] := ARRAY(SELECT bountygo.name_key(n.name) FROM bountygo.evidence e,
		jsonb_array_elements_text(CASE jsonb_typeof(e.value) WHEN 'array' THEN e.value ELSE '[]' END) AS n (name)
		WHERE e.task_id = check_task_tags.task_id AND e.is_current AND e.field = 'tags');
	bad text;
BEGIN
	SELECT g.name INTO bad FROM bountygo.task_tags tt JOIN bountygo.tags g ON g.id = tt.tag_id
		WHERE tt.task_id = check_task_tags.task_id AND (only_tag IS NULL OR tt.tag_id = only_tag) AND g.name_key <> ALL (named)
			-- By another name, also one that it no longer has.
			AND NOT EXISTS (SELECT FROM bountygo.tag_synonyms s WHERE s.tag_id = g.id AND s.name_key = ANY (named))
			AND NOT EXISTS (SELECT FROM bountygo.former_tag_names f WHERE f.tag_id = g.id AND f.name_key = ANY (named))
		LIMIT 1;
	IF FOUND THEN
		RAISE EXCEPTION 'tag "%" of task % is not named by its evidence', bad, check_task_tags.task_id
			USING ERRCODE = '23514', TABLE = 'task_tags', SCHEMA = 'bountygo', CONSTRAINT = 'task_tags_evidence',
				HINT = 'Insert current evidence of field "tags" that lists all tags of the task, in the same transaction.';
	END IF;
END
$$;
COMMENT ON FUNCTION bountygo.check_task_tags(bigint, bigint) IS
'Raises check_violation (23514) unless the current evidence of field tags names every tag of the task, or that one.';

CREATE FUNCTION bountygo.check_task_evidence() RETURNS trigger
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	PERFORM bountygo.check_task(NEW.id);
	-- The tags that it was made with (index_task) are those that it has got.
	IF TG_OP = 'INSERT' AND cardinality(NEW.tag_ids) > 0 AND EXISTS (SELECT FROM bountygo.tasks t WHERE t.id = NEW.id
			AND t.tag_ids <> ARRAY(SELECT tt.tag_id FROM bountygo.task_tags tt WHERE tt.task_id = t.id ORDER BY tt.tag_id)) THEN
		PERFORM bountygo.index_tasks(ARRAY[NEW.id]);
	END IF;
	RETURN NULL;
END
$$;
COMMENT ON FUNCTION bountygo.check_task_evidence() IS 'Deferred trigger on tasks: check_task, and the tags that a new task says it has are those of task_tags.';

CREATE FUNCTION bountygo.check_evidence_task() RETURNS trigger
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	PERFORM bountygo.check_task(OLD.task_id);
	IF OLD.field = 'tags' THEN
		PERFORM bountygo.check_task_tags(OLD.task_id);
	END IF;
	-- A prize or a date lives as long as its evidence is current; deleted evidence took them along.
	IF TG_OP = 'UPDATE' AND NOT NEW.is_current
		AND (EXISTS (SELECT FROM bountygo.rewards r JOIN bountygo.evidence e ON e.id = r.evidence_id
				WHERE r.evidence_id = NEW.id AND NOT e.is_current)
			OR EXISTS (SELECT FROM bountygo.milestones m JOIN bountygo.evidence e ON e.id = m.evidence_id
				WHERE m.evidence_id = NEW.id AND NOT e.is_current)) THEN
		RAISE EXCEPTION 'evidence row % is not current, but a row of % still rests on it', NEW.id, NEW.field
			USING ERRCODE = '23514', TABLE = 'evidence', SCHEMA = 'bountygo', CONSTRAINT = 'evidence_in_use',
				HINT = 'Delete that row in the same transaction.';
	END IF;
	RETURN NULL;
END
$$;
COMMENT ON FUNCTION bountygo.check_evidence_task() IS 'Deferred trigger on evidence that was changed or deleted: check_task, and no prize or date rests on old evidence.';

CREATE FUNCTION bountygo.check_tag_evidence() RETURNS trigger
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	IF TG_OP = 'DELETE' THEN
		PERFORM bountygo.check_task(OLD.task_id);
	-- The name as it stands there is the usual case; all others are looked at closely.
	ELSIF NOT EXISTS (SELECT FROM bountygo.evidence e WHERE e.task_id = NEW.task_id AND e.is_current AND e.field = 'tags'
			AND e.value @> (SELECT jsonb_build_array(g.name) FROM bountygo.tags g WHERE g.id = NEW.tag_id)) THEN
		PERFORM bountygo.check_task_tags(NEW.task_id, NEW.tag_id);
	END IF;
	RETURN NULL;
END
$$;
COMMENT ON FUNCTION bountygo.check_tag_evidence() IS 'Deferred trigger on task_tags: every tag is named by evidence, and a task from a page without tags says why.';

CREATE FUNCTION bountygo.check_part_evidence() RETURNS trigger
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	part jsonb;
BEGIN
	IF TG_TABLE_NAME = 'rewards' THEN
		part := bountygo.prize_value(NEW.place, NEW.place_to, NEW.count, NEW.amount, NEW.currency, NEW.label);
	ELSE
		part := bountygo.milestone_value(NEW.kind, NEW.text, NEW.date, NEW.earliest, NEW.latest, NEW.precision, NEW.zone);
	END IF;
	IF NOT EXISTS (SELECT FROM bountygo.evidence e WHERE e.id = NEW.evidence_id AND e.task_id = NEW.task_id
			AND e.field = TG_TABLE_NAME AND e.is_current AND e.value = part) THEN
		RAISE EXCEPTION 'a row of % for task % has values that its evidence does not hold', TG_TABLE_NAME, NEW.task_id
			USING ERRCODE = '23514', TABLE = TG_TABLE_NAME, SCHEMA = 'bountygo', CONSTRAINT = TG_TABLE_NAME || '_evidence',
				HINT = format('Insert current evidence of field "%s" whose value is %s first.', TG_TABLE_NAME, part);
	END IF;
	RETURN NULL;
END
$$;
COMMENT ON FUNCTION bountygo.check_part_evidence() IS 'Trigger on rewards and milestones: the row says what its evidence says.';

CREATE FUNCTION bountygo.refuse_evidence_truncate() RETURNS trigger
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	IF EXISTS (SELECT FROM bountygo.tasks) THEN
		RAISE EXCEPTION '% cannot be emptied while there are tasks', TG_TABLE_NAME
			USING ERRCODE = '23514', TABLE = TG_TABLE_NAME, SCHEMA = 'bountygo',
				HINT = 'The values of the tasks rest on it. TRUNCATE bountygo.tasks CASCADE empties both.';
	END IF;
	RETURN NULL;
END
$$;
COMMENT ON FUNCTION bountygo.refuse_evidence_truncate() IS 'Trigger: evidence is not emptied below the tasks that rest on it.';
