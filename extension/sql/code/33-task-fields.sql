-- The fields of a task as evidence holds them: reading all of them, writing some, and keeping what changed.

CREATE FUNCTION bountygo.task_fields(task_id bigint) RETURNS jsonb
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
	SELECT jsonb_build_object('title', t.title, 'organizer', o.name, 'category', t.category,
		'tags', (SELECT jsonb_agg(g.name ORDER BY g.name_key) FROM bountygo.task_tags tt JOIN bountygo.tags g ON g.id = tt.tag_id
			WHERE tt.task_id = t.id),
		'reward', bountygo.reward_value(t.reward_amount, t.reward_min, t.reward_currency, t.reward_distribution),
		'deadline', bountygo.deadline_value(t.deadline_date, t.deadline_earliest, t.deadline, t.deadline_text, t.deadline_precision,
			t.deadline_zone),
		'eligibility', t.eligibility, 'summary', t.summary, 'description', t.description, 'language', t.language)
	FROM bountygo.tasks t LEFT JOIN bountygo.organizers o ON o.id = t.organizer_id
	WHERE t.id = $1
$$;
COMMENT ON FUNCTION bountygo.task_fields(bigint) IS
'The fields of a task, {field: value as its evidence holds it, null if it is unknown}; NULL if there is no such task for the caller.';

CREATE FUNCTION bountygo.set_task_tags(task_id bigint, names text[]) RETURNS boolean
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	ids constant bigint[] := CASE WHEN cardinality(names) > 0 THEN bountygo.tag_ids(names) ELSE '{}' END;
	changed integer;
	added integer;
BEGIN
	DELETE FROM bountygo.task_tags tt WHERE tt.task_id = set_task_tags.task_id AND tt.tag_id <> ALL (ids);
	GET DIAGNOSTICS changed = ROW_COUNT;
	INSERT INTO bountygo.task_tags (task_id, tag_id)
		SELECT set_task_tags.task_id, i.id FROM unnest(ids) AS i (id)
		WHERE NOT EXISTS (SELECT FROM bountygo.task_tags tt WHERE tt.task_id = set_task_tags.task_id AND tt.tag_id = i.id)
		ORDER BY i.id
		ON CONFLICT DO NOTHING;
	GET DIAGNOSTICS added = ROW_COUNT;
	RETURN changed + added > 0;
END
$$;
COMMENT ON FUNCTION bountygo.set_task_tags(bigint, text[]) IS
'Gives a task exactly these tags, made if new, by adding and removing what differs; true if anything did. The evidence that names them is the caller''s to write.';

CREATE FUNCTION bountygo.put_task_fields(task_id bigint, fields jsonb, reasons jsonb DEFAULT '{}') RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	t bountygo.tasks;
	n bountygo.tasks;
	r record;
	w record;
	tags_changed boolean := false;
BEGIN
	SELECT * INTO t FROM bountygo.tasks x WHERE x.id = put_task_fields.task_id FOR NO KEY UPDATE;
	IF NOT FOUND THEN
		RETURN;
	END IF;
	n := t;
	IF fields ? 'title' THEN
		n.title := fields ->> 'title';
	END IF;
	IF fields ? 'organizer' THEN
		n.organizer_id := CASE WHEN fields ->> 'organizer' IS NOT NULL THEN bountygo.organizer_id(fields ->> 'organizer') END;
	END IF;
	IF fields ? 'category' THEN
		n.category := fields ->> 'category';
	END IF;
	IF fields ? 'summary' THEN
		n.summary := fields ->> 'summary';
	END IF;
	IF fields ? 'description' THEN
		n.description := fields ->> 'description';
	END IF;
	IF fields ? 'eligibility' THEN
		n.eligibility := fields ->> 'eligibility';
	END IF;
	IF fields ? 'language' THEN
		n.language := fields ->> 'language';
	END IF;
	IF fields ? 'reward' THEN
		r := bountygo.reward_parts(fields -> 'reward');
		n.reward_amount := r.amount;
		n.reward_min := r.min;
		n.reward_currency := r.currency;
		n.reward_distribution := r.distribution;
	END IF;
	IF fields ? 'deadline' THEN
		w := bountygo.deadline_parts(fields -> 'deadline');
		n.deadline_date := CASE WHEN w.earliest IS NOT NULL THEN w.date END;
		n.deadline_earliest := w.earliest;
		n.deadline := CASE WHEN w.earliest IS NOT NULL THEN w.latest END;
		n.deadline_text := CASE WHEN w.earliest IS NOT NULL THEN w.text END;
		n.deadline_precision := CASE WHEN w.earliest IS NOT NULL THEN w.precision END;
		n.deadline_zone := CASE WHEN w.earliest IS NOT NULL THEN w.zone END;
	END IF;
	-- What is known is not missing; what a page does not say has a reason.
	SELECT t.missing - coalesce(array_agg(f.key) FILTER (WHERE f.value <> 'null'), '{}')
			|| coalesce(jsonb_object_agg(f.key, coalesce(reasons ->> f.key, 'absent'))
				FILTER (WHERE f.value = 'null' AND (t.snapshot_id IS NOT NULL OR reasons ? f.key)), '{}')
		INTO n.missing FROM jsonb_each(fields) f
		WHERE f.key IN ('title', 'organizer', 'category', 'tags', 'reward', 'deadline', 'eligibility', 'summary');
	IF fields ? 'tags' THEN
		tags_changed := bountygo.set_task_tags(put_task_fields.task_id, CASE jsonb_typeof(fields -> 'tags')
			WHEN 'array' THEN ARRAY(SELECT jsonb_array_elements_text(fields -> 'tags')) END);
	END IF;
	IF tags_changed OR n IS DISTINCT FROM t THEN
		UPDATE bountygo.tasks x SET title = n.title, organizer_id = n.organizer_id, category = n.category, summary = n.summary,
			description = n.description, eligibility = n.eligibility, language = n.language, reward_amount = n.reward_amount,
			reward_min = n.reward_min, reward_currency = n.reward_currency, reward_distribution = n.reward_distribution,
			deadline_date = n.deadline_date, deadline_earliest = n.deadline_earliest, deadline = n.deadline,
			deadline_text = n.deadline_text, deadline_precision = n.deadline_precision, deadline_zone = n.deadline_zone,
			missing = n.missing, updated_at = clock_timestamp()
		WHERE x.id = t.id;
	END IF;
END
$$;
COMMENT ON FUNCTION bountygo.put_task_fields(bigint, jsonb, jsonb) IS
'Sets fields of a task from values as evidence holds them, {field: value or null}; those that are not named stay. tags: exactly these; organizer: made if new; missing follows, with reasons {field: missing_reason} (absent unless given) for what a page does not say. updated_at moves if anything changed. Locks the task; writes neither evidence nor history.';

CREATE FUNCTION bountygo.field_key(field text, value jsonb) RETURNS jsonb
LANGUAGE sql IMMUTABLE
SET search_path = pg_catalog, pg_temp
AS $$
	SELECT CASE
		WHEN $1 = 'tags' AND jsonb_typeof($2) = 'array' THEN (SELECT jsonb_agg(DISTINCT bountygo.name_key(n.name) ORDER BY bountygo.name_key(n.name))
			FROM jsonb_array_elements_text($2) AS n (name))
		WHEN $1 = 'organizer' THEN to_jsonb(bountygo.name_key($2 #>> '{}'))
		ELSE nullif($2, 'null') END
$$;
COMMENT ON FUNCTION bountygo.field_key(text, jsonb) IS 'What of a field''s value tells it from others: names by their keys, tags in any order; NULL for no value.';

CREATE FUNCTION bountygo.record_task_changes(task_id bigint, before jsonb, after jsonb, method text, changed_by bigint) RETURNS integer
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	changed text[];
	now_is constant text := (SELECT t.status FROM bountygo.tasks t WHERE t.id = record_task_changes.task_id);
	was_draft constant boolean := coalesce(before ->> 'status', now_is) IS NOT DISTINCT FROM 'draft';
BEGIN
	SELECT array_agg(a.key ORDER BY a.key) INTO changed FROM jsonb_each(after) a
		WHERE bountygo.field_key(a.key, a.value) IS DISTINCT FROM bountygo.field_key(a.key, before -> a.key);
	IF changed IS NULL THEN
		RETURN 0;
	END IF;
	INSERT INTO bountygo.task_history (task_id, changed_at, changed_by, method, field, old_value, new_value)
		SELECT record_task_changes.task_id, clock_timestamp(), record_task_changes.changed_by, record_task_changes.method, c.field,
			nullif(before -> c.field, 'null'), nullif(after -> c.field, 'null')
		FROM unnest(changed) WITH ORDINALITY AS c (field, i)
		-- What stood in a draft is its sponsor's, also once the task is there for all to see, with its history.
		WHERE c.field = 'status' OR NOT was_draft ORDER BY c.i;
	-- Nobody follows a draft.
	IF was_draft AND now_is = 'draft' THEN
		RETURN cardinality(changed);
	END IF;
	-- The end of a task is an event of its own kind.
	IF 'status' = ANY (changed) AND after ->> 'status' IN ('completed', 'cancelled') THEN
		INSERT INTO bountygo.events (kind, task_id, payload)
			SELECT 'task_' || (after ->> 'status'), record_task_changes.task_id,
				jsonb_build_object('participants', coalesce((SELECT k.joins FROM bountygo.task_counts k
					WHERE k.task_id = record_task_changes.task_id), 0));
		IF changed = '{status}' THEN
			RETURN 1;
		END IF;
	END IF;
	INSERT INTO bountygo.events (kind, task_id, payload)
		VALUES ('task_changed', record_task_changes.task_id, jsonb_build_object('fields', changed));
	RETURN cardinality(changed);
END
$$;
COMMENT ON FUNCTION bountygo.record_task_changes(bigint, jsonb, jsonb, text, bigint) IS
'Writes the history of a change: for each field of "after" whose value differs from that in "before" (as task_fields gives them; names by their keys, tags in any order) a row of task_history (of a draft only for its status, as the history is public with the task), and, unless it is a draft still, one event task_changed {"fields": [...]}. A status that became completed or cancelled is an event task_completed or task_cancelled {"participants": n}, instead if nothing else changed. Returns how many fields differ.';

CREATE FUNCTION bountygo.list_task_history(id bigint, count bountygo.count_mode DEFAULT 'none', cursor text DEFAULT NULL,
	"limit" integer DEFAULT 20) RETURNS jsonb
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	size constant integer := bountygo.page_size(list_task_history."limit");
	after_id bigint;
	items jsonb;
	ids bigint[];
BEGIN
	PERFORM bountygo.require_task(list_task_history.id);
	IF cursor IS NOT NULL THEN
		after_id := (bountygo.cursor_read(cursor, 'history')).id;
	END IF;
	SELECT array_agg(p.id ORDER BY p.id DESC), jsonb_agg(p.item ORDER BY p.id DESC) FILTER (WHERE p.n <= size) INTO ids, items
		FROM (SELECT h.id, row_number() OVER (ORDER BY h.id DESC) AS n, jsonb_build_object('id', h.id,
				'changed_at', bountygo.rfc3339(h.changed_at), 'method', h.method,
				'changed_by', CASE WHEN u.id IS NOT NULL THEN bountygo.user_object(u.id, u.nickname, u.avatar_url, u.created_at) END,
				'field', h.field, 'old_value', h.old_value, 'new_value', h.new_value) AS item
			FROM bountygo.task_history h LEFT JOIN bountygo.public_users u ON u.id = h.changed_by
			WHERE h.task_id = list_task_history.id AND (after_id IS NULL OR h.id < after_id)
			ORDER BY h.id DESC LIMIT size + 1) p;
	RETURN jsonb_build_object('items', coalesce(items, '[]'),
			'next', CASE WHEN cardinality(ids) > size THEN bountygo.cursor_make('history', NULL, ids[size]) END)
		|| CASE WHEN list_task_history.count <> 'none' THEN jsonb_build_object('total',
			(SELECT count(*) FROM bountygo.task_history h WHERE h.task_id = list_task_history.id)) ELSE '{}' END;
END
$$;
COMMENT ON FUNCTION bountygo.list_task_history(bigint, bountygo.count_mode, text, integer) IS
'What changed in a task, newest first: when, by whom or what (method as in evidence), which field, its value before and after, null for none. limit 1 to 100, default 20. UB404 if there is no such task for you.';
