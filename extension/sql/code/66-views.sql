-- Views of tasks: each viewer counts once a day, and nobody can say afterwards who it was.

CREATE FUNCTION bountygo.view_entries(views jsonb) RETURNS TABLE (n bigint, task_id bigint, day date, viewer text, source text)
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
	SELECT r.n, r.task_id, least(timezone('UTC', r.at)::date, timezone('UTC', clock_timestamp())::date), r.viewer, r.source
	FROM (SELECT e.n,
			CASE WHEN jsonb_typeof(e.value -> 'task_id') = 'number' AND e.value ->> 'task_id' ~ '^[0-9]{1,18}$'
				THEN (e.value ->> 'task_id')::bigint END AS task_id,
			CASE jsonb_typeof(e.value -> 'viewer') WHEN 'string' THEN nullif(left(e.value ->> 'viewer', 4096), '') END AS viewer,
			-- Where readers come from, other than these pages themselves.
			CASE WHEN jsonb_typeof(e.value -> 'source') = 'string' AND length(e.value ->> 'source') <= 253
					AND lower(e.value ->> 'source') ~ '^[a-z0-9]([a-z0-9_.-]*[a-z0-9])?$'
					AND lower(e.value ->> 'source') IS DISTINCT FROM
						lower(substring(current_setting('bountygo.public_url', true) FROM '^https?://([^/:?#]+)'))
				THEN lower(e.value ->> 'source') END AS source,
			-- Only what cannot fail is converted: no leap seconds, no 31st of June.
			CASE WHEN jsonb_typeof(e.value -> 'at') = 'string'
					AND e.value ->> 'at' ~ '^20[0-9]{2}-(0[1-9]|1[0-2])-([01][0-9]|2[0-8])T([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](\.[0-9]{1,9})?(Z|[+-](0[0-9]|1[0-4]):[0-5][0-9])$'
					OR jsonb_typeof(e.value -> 'at') = 'string'
					AND e.value ->> 'at' ~ '^20[0-9]{2}-((0[13-9]|1[0-2])-(29|30)|(0[13578]|1[02])-31)T([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](\.[0-9]{1,9})?(Z|[+-](0[0-9]|1[0-4]):[0-5][0-9])$'
					OR jsonb_typeof(e.value -> 'at') = 'string'
					AND e.value ->> 'at' ~ '^20([02468][048]|[13579][26])-02-29T([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](\.[0-9]{1,9})?(Z|[+-](0[0-9]|1[0-4]):[0-5][0-9])$'
				THEN (e.value ->> 'at')::timestamptz END AS at
		FROM jsonb_array_elements(views) WITH ORDINALITY AS e (value, n)
		WHERE jsonb_typeof(e.value) = 'object') r
	WHERE r.task_id IS NOT NULL AND r.viewer IS NOT NULL AND r.at BETWEEN clock_timestamp() - interval '1 day' AND clock_timestamp() + interval '5 minutes'
$$;
COMMENT ON FUNCTION bountygo.view_entries(jsonb) IS
'What can be counted of a batch of views, with the UTC day of each; what is malformed, older than a day or from the future is left out.';

CREATE FUNCTION bountygo.count_views(views jsonb) RETURNS integer
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
SET lock_timeout = '500ms'
AS $$
DECLARE
	today constant date := timezone('UTC', clock_timestamp())::date;
	known bigint[];
	tasks bigint[];
	days date[];
	sources text[];
BEGIN
	-- Before all else the tasks, in the order of their ids, so that none goes away below its views.
	SELECT array_agg(l.id) INTO known
		FROM (SELECT t.id FROM bountygo.tasks t WHERE t.id IN (SELECT e.task_id FROM bountygo.view_entries(views) e) AND t.status <> 'draft'
			ORDER BY t.id FOR KEY SHARE) l;
	IF known IS NULL THEN
		RETURN 0;
	END IF;
	-- Two random UUIDs hold 244 bits that nobody can guess.
	IF NOT EXISTS (SELECT FROM bountygo.view_salts s WHERE s.day = today) THEN
		INSERT INTO bountygo.view_salts (day, salt) VALUES (today, uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid()))
			ON CONFLICT DO NOTHING;
	END IF;
	-- A day without a salt is over: its viewers could be counted, but no longer told apart.
	WITH hashed AS MATERIALIZED (
		SELECT DISTINCT ON (e.task_id, e.day, h.viewer) e.task_id, e.day, h.viewer, e.source
		FROM bountygo.view_entries(views) e JOIN bountygo.view_salts s ON s.day = e.day
		CROSS JOIN LATERAL (SELECT substr(sha256(s.salt || convert_to(e.viewer, 'UTF8')), 1, 16) AS viewer OFFSET 0) h
		WHERE e.task_id = ANY (known)
		ORDER BY e.task_id, e.day, h.viewer, e.n
	), fresh AS (
		INSERT INTO bountygo.task_views AS v (task_id, day, viewer)
			SELECT h.task_id, h.day, h.viewer FROM hashed h ORDER BY h.task_id, h.day, h.viewer
			ON CONFLICT DO NOTHING RETURNING v.task_id, v.day, v.viewer)
	SELECT array_agg(f.task_id), array_agg(f.day), array_agg(h.source) INTO tasks, days, sources
		FROM fresh f JOIN hashed h ON (h.task_id, h.day, h.viewer) = (f.task_id, f.day, f.viewer);
	IF tasks IS NULL THEN
		RETURN 0;
	END IF;
	-- Rows of counters in the order of their keys, so that batches of several gateways cannot wait for each other.
	INSERT INTO bountygo.task_view_days AS d (task_id, day, viewers)
		SELECT n.task_id, n.day, count(*) FROM unnest(tasks, days) AS n (task_id, day) GROUP BY n.task_id, n.day ORDER BY n.task_id, n.day
		ON CONFLICT (task_id, day) DO UPDATE SET viewers = d.viewers + excluded.viewers;
	-- Whoever makes up referrers fills no table: a hundred hosts a task and day have names, the rest is one.
	INSERT INTO bountygo.task_view_sources AS s (task_id, day, host, viewers)
		SELECT c.task_id, c.day, c.host, sum(c.viewers)
		FROM (SELECT n.task_id, n.day, count(*) AS viewers,
				CASE WHEN o.host IS NOT NULL OR (SELECT count(*) FROM bountygo.task_view_sources k WHERE k.task_id = n.task_id AND k.day = n.day)
						+ row_number() OVER (PARTITION BY n.task_id, n.day, o.host IS NULL ORDER BY count(*) DESC, n.host) <= 100
					THEN n.host ELSE '' END AS host
			FROM unnest(tasks, days, sources) AS n (task_id, day, host)
			LEFT JOIN bountygo.task_view_sources o ON (o.task_id, o.day, o.host) = (n.task_id, n.day, n.host)
			WHERE n.host IS NOT NULL GROUP BY n.task_id, n.day, n.host, o.host) c
		GROUP BY c.task_id, c.day, c.host ORDER BY c.task_id, c.day, c.host
		ON CONFLICT (task_id, day, host) DO UPDATE SET viewers = s.viewers + excluded.viewers;
	INSERT INTO bountygo.task_counts AS c (task_id, views)
		SELECT n.task_id, count(*) FROM unnest(tasks) AS n (task_id) GROUP BY n.task_id ORDER BY n.task_id
		ON CONFLICT (task_id) DO UPDATE SET views = c.views + excluded.views;
	RETURN cardinality(tasks);
END
$$;
COMMENT ON FUNCTION bountygo.count_views(jsonb) IS 'One attempt of record_views. 55P03 if it would have to wait for long.';

CREATE FUNCTION bountygo.record_views(views jsonb) RETURNS integer
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	IF views IS NULL OR jsonb_typeof(views) <> 'array' OR jsonb_array_length(views) > 1000 THEN
		PERFORM bountygo.raise_invalid(bountygo.problem('/views', 'This must be a list of at most 1000 views.'));
	END IF;
	-- What deletes an account or a task locks counters in its own order: then this one lets go and begins again.
	FOR i IN 1..15 LOOP
		BEGIN
			RETURN bountygo.count_views(views);
		EXCEPTION WHEN lock_not_available OR deadlock_detected THEN
			NULL;
		END;
	END LOOP;
	RAISE EXCEPTION 'the counters of views are busy' USING ERRCODE = '55P03';
END
$$;
COMMENT ON FUNCTION bountygo.record_views(jsonb) IS
'Counts up to 1000 views of tasks, [{"task_id", "viewer", "source", "at"}], and returns how many were new: a viewer (address and user agent as one text, of which only a hash under a salt of the day is kept) counts once a task and day. source: host of the referrer or null; at: RFC 3339, not older than a day. Malformed entries and unknown tasks are skipped. For the gateway. UB422 if it is no such list.';

CREATE FUNCTION bountygo.tidy_views(max integer DEFAULT 10000) RETURNS integer
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	-- An hour for batches that are still under way.
	past constant date := timezone('UTC', clock_timestamp() - interval '1 hour')::date;
	old constant date := past - 400;
	deleted integer;
	total integer := 0;
BEGIN
	DELETE FROM bountygo.view_salts s WHERE s.day < past;
	DELETE FROM bountygo.task_views v WHERE v.ctid = ANY (ARRAY(SELECT w.ctid FROM bountygo.task_views w WHERE w.day < past
		ORDER BY w.day LIMIT max FOR UPDATE SKIP LOCKED));
	GET DIAGNOSTICS total = ROW_COUNT;
	DELETE FROM bountygo.task_view_sources v WHERE v.ctid = ANY (ARRAY(SELECT w.ctid FROM bountygo.task_view_sources w WHERE w.day < old
		ORDER BY w.day LIMIT max FOR UPDATE SKIP LOCKED));
	GET DIAGNOSTICS deleted = ROW_COUNT;
	total := total + deleted;
	DELETE FROM bountygo.task_view_days v WHERE v.ctid = ANY (ARRAY(SELECT w.ctid FROM bountygo.task_view_days w WHERE w.day < old
		ORDER BY w.day LIMIT max FOR UPDATE SKIP LOCKED));
	GET DIAGNOSTICS deleted = ROW_COUNT;
	RETURN total + deleted;
END
$$;
COMMENT ON FUNCTION bountygo.tidy_views(integer) IS
'Deletes the salts of days that are over (UTC, an hour later) and the hashes of their viewers, at most max of them at once, and counts by day older than 400 days; returns how many rows. Workers call it.';
