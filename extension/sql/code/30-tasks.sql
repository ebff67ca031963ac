-- Tasks, read one by one: their computed state, their evidence, their page.

-- Who may -------------------------------------------------------------------------------------------------------

CREATE FUNCTION bountygo.is_moderator() RETURNS boolean
LANGUAGE sql STABLE
AS $$ SELECT coalesce(bountygo.current_user_role()::text IN ('moderator', 'admin'), false) $$;
COMMENT ON FUNCTION bountygo.is_moderator() IS 'True if the signed-in caller of this transaction is a moderator or an admin.';

CREATE FUNCTION bountygo.is_admin() RETURNS boolean
LANGUAGE sql STABLE
AS $$ SELECT coalesce(bountygo.current_user_role()::text = 'admin', false) $$;
COMMENT ON FUNCTION bountygo.is_admin() IS 'True if the signed-in caller of this transaction is an admin.';

CREATE FUNCTION bountygo.may_edit_task(task_id bigint) RETURNS boolean
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	RETURN EXISTS (SELECT FROM bountygo.tasks t WHERE t.id = may_edit_task.task_id
		AND (t.sponsor_id = bountygo.current_user_id() OR bountygo.is_moderator()));
END
$$;
COMMENT ON FUNCTION bountygo.may_edit_task(bigint) IS 'True if the signed-in caller is the task''s sponsor or a moderator.';

-- State ---------------------------------------------------------------------------------------------------------

CREATE FUNCTION bountygo.task_state(status bountygo.task_status, deadline_earliest timestamptz, deadline timestamptz,
	opens_at timestamptz DEFAULT NULL, gone_at timestamptz DEFAULT NULL, at timestamptz DEFAULT pg_catalog.clock_timestamp())
RETURNS bountygo.task_state
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE
	WHEN status IN ('completed', 'cancelled') OR at OPERATOR(pg_catalog.>) deadline THEN 'closed'::bountygo.task_state
	WHEN gone_at IS NOT NULL THEN 'gone'
	WHEN at OPERATOR(pg_catalog.<) opens_at THEN 'upcoming'
	WHEN deadline IS NULL THEN 'unknown'
	WHEN at OPERATOR(pg_catalog.<) deadline_earliest THEN 'open'
	ELSE 'maybe' END;
COMMENT ON FUNCTION bountygo.task_state(bountygo.task_status, timestamptz, timestamptz, timestamptz, timestamptz, timestamptz) IS
'The state of a task at an instant (default: now), never stored. The first that holds: closed: completed, cancelled, or past the last instant its deadline can mean; gone: its page is; upcoming: before the opening its page states; unknown: no deadline is stated; open: before the deadline''s window; maybe: inside it.';

-- One task ------------------------------------------------------------------------------------------------------

CREATE FUNCTION bountygo.evidence_object(task_id bigint) RETURNS jsonb
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
SET plan_cache_mode = force_generic_plan
AS $$
DECLARE
	found jsonb;
	tags jsonb;
BEGIN
	SELECT coalesce(jsonb_object_agg(e.field, jsonb_build_object('value', e.value, 'quote', e.quote, 'start', e.start_char,
			'end', e.end_char, 'method', e.method, 'confidence', e.confidence, 'snapshot_id', e.snapshot_id)), '{}')
		INTO found
		FROM bountygo.evidence e
		WHERE e.task_id = evidence_object.task_id AND e.is_current AND e.field NOT IN ('tags', 'rewards', 'milestones');
	-- Tags have evidence each: the place of the first stands for the field, all of them are in quotes.
	SELECT jsonb_build_object('tags', jsonb_build_object('value', jsonb_agg(n.name ORDER BY e.id, n.i),
			'quote', (array_agg(e.quote ORDER BY e.id))[1], 'start', (array_agg(e.start_char ORDER BY e.id))[1],
			'end', (array_agg(e.end_char ORDER BY e.id))[1], 'method', (array_agg(e.method ORDER BY e.id))[1],
			'confidence', (array_agg(e.confidence ORDER BY e.id))[1], 'snapshot_id', (array_agg(e.snapshot_id ORDER BY e.id))[1])
			|| CASE WHEN bool_or(e.quote IS NOT NULL) THEN jsonb_build_object('quotes', jsonb_agg(jsonb_build_object('value', n.name,
				'quote', e.quote, 'start', e.start_char, 'end', e.end_char) ORDER BY e.id, n.i)) ELSE '{}' END)
		INTO tags
		FROM bountygo.evidence e, jsonb_array_elements(CASE jsonb_typeof(e.value) WHEN 'array' THEN e.value ELSE '[]' END)
			WITH ORDINALITY AS n (name, i)
		WHERE e.task_id = evidence_object.task_id AND e.is_current AND e.field = 'tags'
		HAVING count(*) > 0;
	RETURN found || coalesce(tags, '{}');
END
$$;
COMMENT ON FUNCTION bountygo.evidence_object(bigint) IS 'The evidence of a task as task_evidence() gives it; empty if there is no such task for you.';

CREATE FUNCTION bountygo.task_evidence(id bigint) RETURNS jsonb
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	PERFORM bountygo.require_task(task_evidence.id);
	RETURN bountygo.evidence_object(task_evidence.id);
END
$$;
COMMENT ON FUNCTION bountygo.task_evidence(bigint) IS
'Where each field of a task comes from: {field: {value, quote, start, end, method, confidence, snapshot_id}}; start and end count characters of the snapshot''s text. What a person set has only value and method. UB404 if there is no such task for you.';

CREATE FUNCTION bountygo.require_task(id bigint) RETURNS void
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	IF NOT EXISTS (SELECT FROM bountygo.tasks t WHERE t.id = require_task.id) THEN
		RAISE EXCEPTION 'there is no task %', coalesce(require_task.id::text, '(null)')
			USING ERRCODE = 'UB404', HINT = 'It does not exist or is not visible to you.';
	END IF;
END
$$;
COMMENT ON FUNCTION bountygo.require_task(bigint) IS 'Raises UB404 unless the task exists and the caller may see it.';

CREATE FUNCTION bountygo.get_task(id bigint) RETURNS jsonb
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
SET plan_cache_mode = force_generic_plan
AS $$
DECLARE
	caller constant bigint := bountygo.current_user_id();
	found jsonb;
BEGIN
	SELECT jsonb_build_object(
			'id', t.id,
			'title', t.title,
			'summary', t.summary,
			'description', t.description,
			'category', t.category,
			'language', t.language,
			'status', t.status,
			'state', bountygo.task_state(t.status, t.deadline_earliest, t.deadline, t.opens_at, t.gone_at),
			'organizer', (SELECT jsonb_build_object('id', o.id, 'name', o.name) FROM bountygo.organizers o WHERE o.id = t.organizer_id),
			'sponsor', (SELECT jsonb_build_object('id', u.id, 'nickname', u.nickname, 'avatar_url', u.avatar_url)
				FROM bountygo.public_users u WHERE u.id = t.sponsor_id),
			'reward', bountygo.reward_value(t.reward_amount, t.reward_min, t.reward_currency, t.reward_distribution),
			'deadline', bountygo.deadline_value(t.deadline_date, t.deadline_earliest, t.deadline, t.deadline_text,
				t.deadline_precision, t.deadline_zone),
			'eligibility', t.eligibility,
			'tags', (SELECT coalesce(jsonb_agg(g.name ORDER BY g.name_key), '[]') FROM unnest(t.tag_ids) AS i (id)
				CROSS JOIN LATERAL (SELECT n.name, n.name_key FROM bountygo.tags n WHERE n.id = i.id OFFSET 0) g),
			'rewards', (SELECT coalesce(jsonb_agg(e.value || jsonb_build_object('quote', e.quote, 'start', e.start_char,
					'end', e.end_char, 'method', e.method, 'confidence', e.confidence, 'snapshot_id', e.snapshot_id)
					ORDER BY r.place NULLS LAST, r.id), '[]')
				FROM bountygo.rewards r JOIN bountygo.evidence e ON e.id = r.evidence_id WHERE r.task_id = t.id),
			'milestones', (SELECT coalesce(jsonb_agg(e.value || jsonb_build_object('quote', e.quote, 'start', e.start_char,
					'end', e.end_char, 'method', e.method, 'confidence', e.confidence, 'snapshot_id', e.snapshot_id)
					ORDER BY m.earliest, m.id), '[]')
				FROM bountygo.milestones m JOIN bountygo.evidence e ON e.id = m.evidence_id WHERE m.task_id = t.id),
			'evidence', bountygo.evidence_object(t.id),
			'missing', t.missing,
			'source_url', t.source_url,
			'external_link', t.external_link,
			'snapshot_id', t.snapshot_id,
			'counts', (SELECT jsonb_build_object('views', coalesce(max(c.views), 0), 'joins', coalesce(max(c.joins), 0),
				'messages', coalesce(max(c.messages), 0)) FROM bountygo.task_counts c WHERE c.task_id = t.id),
			'cluster', CASE WHEN t.cluster_id IS NOT NULL THEN (
				SELECT jsonb_build_object('id', k.id, 'canonical_id', k.canonical_task_id, 'size', 1 + s.size, 'siblings', s.siblings)
				FROM bountygo.clusters k, LATERAL (
					SELECT count(*) AS size, coalesce(jsonb_agg(jsonb_build_object('id', m.id, 'title', m.title, 'source_url', m.source_url)
						ORDER BY m.id) FILTER (WHERE m.place <= 50), '[]') AS siblings
					FROM (SELECT b.id, b.title, b.source_url, row_number() OVER (ORDER BY b.id) AS place
						FROM bountygo.tasks b WHERE b.cluster_id = t.cluster_id AND b.id <> t.id) m) s
				WHERE k.id = t.cluster_id) END,
			'opens_at', bountygo.rfc3339(t.opens_at),
			'checked_at', bountygo.rfc3339(t.checked_at),
			'gone_at', bountygo.rfc3339(t.gone_at),
			'created_at', bountygo.rfc3339(t.created_at),
			'updated_at', bountygo.rfc3339(t.updated_at))
			|| CASE WHEN caller IS NULL THEN '{}' ELSE jsonb_build_object('my_todo', (
				SELECT jsonb_build_object('id', d.id, 'is_completed', d.is_completed) FROM bountygo.todos d
				WHERE d.user_id = caller AND d.task_id = t.id)) END
		INTO found
		FROM bountygo.tasks t
		WHERE t.id = get_task.id;
	IF found IS NULL THEN
		PERFORM bountygo.require_task(get_task.id);
	END IF;
	RETURN found;
END
$$;
COMMENT ON FUNCTION bountygo.get_task(bigint) IS
'A task with its computed state, tags, rewards, milestones, organizer, public sponsor, the evidence of each field, counts, and the other members of its cluster that you may see (the first 50 by name); "missing" says why a field has no value; signed in, my_todo is yours for it, or null. Drafts only for their sponsor and moderators. UB404 if there is no such task for you.';

CREATE FUNCTION bountygo.snapshot(id bigint) RETURNS jsonb
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	found jsonb;
BEGIN
	SELECT jsonb_build_object('id', s.id, 'url', s.url, 'final_url', s.final_url, 'fetched_at', bountygo.rfc3339(s.fetched_at),
			'http_status', s.http_status, 'content_type', s.content_type, 'language', s.language, 'bytes', s.bytes,
			'text', s.text, 'metadata', s.result -> 'metadata')
		INTO found
		FROM bountygo.snapshots s WHERE s.id = snapshot.id;
	IF found IS NULL THEN
		RAISE EXCEPTION 'there is no snapshot %', coalesce(snapshot.id::text, '(null)')
			USING ERRCODE = 'UB404', HINT = 'It does not exist or is not visible to you.';
	END IF;
	RETURN found;
END
$$;
COMMENT ON FUNCTION bountygo.snapshot(bigint) IS
'What a page said when it was read: url, time and text, into which evidence points. Public if a task rests on it, else for who had the page read. UB404 if there is none for you.';
