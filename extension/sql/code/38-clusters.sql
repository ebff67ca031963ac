-- Near-duplicates: the same task found on more than one page, or entered by hand beside its page. Fingerprints find candidates by
-- index, rules confirm them, clusters hold them together, a person's "not the same" parts them for good.

CREATE FUNCTION bountygo.simhash(text text, title text DEFAULT NULL, organizer text DEFAULT NULL, dates text[] DEFAULT NULL) RETURNS bigint
AS 'MODULE_PATHNAME', 'bountygo_simhash' LANGUAGE c IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION bountygo.simhash(text, text, text, text[]) IS
'A fingerprint of a text (triples of words, pairs of CJK characters) and of what is known of it: texts that are alike have fingerprints of small hamming() distance. NULL if the text is NULL or has fewer than 8 such pieces.';

CREATE FUNCTION bountygo.hamming(a bigint, b bigint) RETURNS integer
AS 'MODULE_PATHNAME', 'bountygo_hamming' LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION bountygo.hamming(bigint, bigint) IS
'How many of the 64 bits of two fingerprints differ: 0 the same, up to about 12 alike, around 32 unrelated.';

CREATE FUNCTION bountygo.similar_keys(simhash bigint, text text, title text, parts text[]) RETURNS integer[]
AS 'MODULE_PATHNAME', 'bountygo_similar_keys' LANGUAGE c IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION bountygo.similar_keys(bigint, text, text, text[]) IS
'Keys by which an index finds tasks that may be the same: the four quarters of the fingerprint (kinds 0 to 3), up to four passages of the text (6), the words of the title (4), and each of the parts (5). The kind is in the lowest four bits.';

CREATE FUNCTION bountygo.title_similarity(a text, b text) RETURNS real
AS 'MODULE_PATHNAME', 'bountygo_title_similarity' LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION bountygo.title_similarity(text, text) IS
'How many words two titles share, from 0 to 1; up to 0.9 if one is the other with something added.';

CREATE FUNCTION bountygo.titles_conflict(a text, b text) RETURNS boolean
AS 'MODULE_PATHNAME', 'bountygo_titles_conflict' LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION bountygo.titles_conflict(text, text) IS
'True if two titles both name years, or both other numbers (editions, rounds; not amounts of money), and neither names all that the other does: Jam 2025 and Jam 2026 are not one task.';

CREATE FUNCTION bountygo.task_keys(simhash bigint, text text, title text, organizer_id bigint, deadline_date date, deadline timestamptz,
	reward_amount numeric, reward_currency text) RETURNS integer[]
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	-- A day as the page writes it; only an instant without one is a day of UTC. By number, whatever DateStyle says.
	day constant integer := coalesce(deadline_date, (deadline AT TIME ZONE 'UTC')::date) - date '2000-01-01';
BEGIN
	RETURN bountygo.similar_keys(simhash, text, title, ARRAY['organizer ' || organizer_id || ' ' || day,
		'reward ' || trim_scale(reward_amount) || ' ' || reward_currency || ' ' || day]);
END
$$;
COMMENT ON FUNCTION bountygo.task_keys(bigint, text, text, bigint, date, timestamptz, numeric, text) IS
'tasks.bands of a task: similar_keys() with its organizer and deadline, and its reward and deadline, as parts.';

CREATE FUNCTION bountygo.fingerprint_task() RETURNS trigger
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	NEW.simhash := bountygo.simhash(NEW.description, NEW.title,
		(SELECT o.name FROM bountygo.organizers o WHERE o.id = NEW.organizer_id),
		ARRAY[coalesce(NEW.deadline_date, (NEW.deadline AT TIME ZONE 'UTC')::date)::text]);
	NEW.bands := bountygo.task_keys(NEW.simhash, NEW.description, NEW.title, NEW.organizer_id, NEW.deadline_date, NEW.deadline, NEW.reward_amount,
		NEW.reward_currency);
	RETURN NEW;
END
$$;
COMMENT ON FUNCTION bountygo.fingerprint_task() IS 'Trigger on tasks: the fingerprint of what was entered by hand. That of a page comes with its snapshot.';

-- Are they the same? ----------------------------------------------------------------------------------------------

CREATE FUNCTION bountygo.cannot_be_same(one bigint, other bigint) RETURNS boolean
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	a bountygo.tasks;
	b bountygo.tasks;
BEGIN
	SELECT * INTO a FROM bountygo.tasks t WHERE t.id = one;
	SELECT * INTO b FROM bountygo.tasks t WHERE t.id = other;
	RETURN coalesce(bountygo.titles_conflict(a.title, b.title), false)
		-- Windows of which none can mean the other's instant.
		OR coalesce(a.deadline_earliest > b.deadline OR b.deadline_earliest > a.deadline, false)
		OR (coalesce(a.organizer_id <> b.organizer_id, false) AND NOT EXISTS (SELECT FROM bountygo.organizers x, bountygo.organizers y
			WHERE x.id = a.organizer_id AND y.id = b.organizer_id
				AND (strpos(x.name_key, y.name_key) > 0 OR strpos(y.name_key, x.name_key) > 0)));
END
$$;
COMMENT ON FUNCTION bountygo.cannot_be_same(bigint, bigint) IS
'True if what two tasks state rules out that they are one: numbers of their titles (years, editions), deadlines, organizers. What one of them does not state rules out nothing.';

CREATE FUNCTION bountygo.is_alike(distance integer, shared integer, likeness real, backed boolean, other_reward boolean, same_host boolean)
RETURNS boolean
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE
	WHEN distance OPERATOR(pg_catalog.>) 28 OR (distance OPERATOR(pg_catalog.>) 20 AND shared OPERATOR(pg_catalog.<) 2) THEN false
	-- Two rewards are two tasks, unless all else says otherwise (a page may name the pool, another the first prize).
	WHEN other_reward AND NOT ((distance OPERATOR(pg_catalog.<=) 6 OR shared OPERATOR(pg_catalog.>=) 3)
		AND likeness OPERATOR(pg_catalog.>=) 0.8) THEN false
	-- One site has a page for each of its tasks, which its template makes alike.
	WHEN same_host THEN distance OPERATOR(pg_catalog.<=) 3 AND likeness OPERATOR(pg_catalog.>=) 0.95
	WHEN distance OPERATOR(pg_catalog.<=) 6 OR shared OPERATOR(pg_catalog.>=) 3 THEN likeness OPERATOR(pg_catalog.>=) 0.2 OR backed
	WHEN distance OPERATOR(pg_catalog.<=) 12 OR shared OPERATOR(pg_catalog.>=) 2 THEN likeness OPERATOR(pg_catalog.>=) 0.4
	WHEN distance OPERATOR(pg_catalog.<=) 16 THEN backed AND likeness OPERATOR(pg_catalog.>=) 0.6
	ELSE backed AND likeness OPERATOR(pg_catalog.>=) 0.8 END;
COMMENT ON FUNCTION bountygo.is_alike(integer, integer, real, boolean, boolean, boolean) IS
'Whether two tasks are alike enough to be one: distance of their fingerprints, how many of four passages they share, likeness of their titles; backed: their organizer is the same, or both state a deadline (that it fits is asked elsewhere). On one host nearly everything has to be equal.';

-- Clusters --------------------------------------------------------------------------------------------------------
-- Locks, in this order: rows of tasks as callers hold them; clusters_lock; a cluster's row; members. Who has clusters_lock waits for no
-- row: what is being written by another is left due, for the workers' next minute. So nobody waits for nobody in a circle.

CREATE FUNCTION bountygo.clusters_lock() RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	PERFORM pg_advisory_xact_lock(hashtext('bountygo.clusters'));
END
$$;
COMMENT ON FUNCTION bountygo.clusters_lock() IS
'Until the end of the transaction nobody else puts tasks into clusters, so that two reposts which are stored at once see each other.';

CREATE FUNCTION bountygo.canonical_member(cluster_id bigint) RETURNS bigint
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
	SELECT t.id FROM bountygo.tasks t LEFT JOIN bountygo.organizers o ON o.id = t.organizer_id
	WHERE t.cluster_id = $1
	ORDER BY t.gone_at IS NOT NULL, t.sponsor_id IS NULL,
		-- The organizer's own site: its address if it is known, else its name within the host's.
		NOT coalesce(t.source_host = lower(substring(o.url FROM '^https?://(?:www\.)?([^/?#:]+)'))
			OR (length(o.name_key) >= 3 AND strpos(replace(t.source_host, '-', ''), replace(o.name_key, ' ', '')) > 0), false),
		t.id
	LIMIT 1
$$;
COMMENT ON FUNCTION bountygo.canonical_member(bigint) IS
'The member of a cluster that stands for all: one whose page is not gone, with a sponsor, on its organizer''s own site, the oldest, in this order of weight.';

CREATE FUNCTION bountygo.repair_cluster(id bigint) RETURNS boolean
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	members bigint[];
	best bigint;
BEGIN
	PERFORM FROM bountygo.clusters c WHERE c.id = repair_cluster.id FOR UPDATE;
	IF NOT FOUND THEN
		RETURN true;
	END IF;
	members := ARRAY(SELECT t.id FROM bountygo.tasks t WHERE t.cluster_id = repair_cluster.id ORDER BY t.id LIMIT 2);
	IF cardinality(members) < 2 THEN
		-- The last one need not be told by hand: the foreign key does it, unless it is being written.
		PERFORM FROM bountygo.tasks t WHERE t.id = members[1] FOR NO KEY UPDATE SKIP LOCKED;
		IF cardinality(members) = 1 AND NOT FOUND THEN
			UPDATE bountygo.clusters c SET is_due = true, canonical_task_id = members[1] WHERE c.id = repair_cluster.id;
			RETURN false;
		END IF;
		DELETE FROM bountygo.clusters c WHERE c.id = repair_cluster.id;
		RETURN true;
	END IF;
	best := bountygo.canonical_member(repair_cluster.id);
	UPDATE bountygo.clusters c SET canonical_task_id = best, is_due = false
		WHERE c.id = repair_cluster.id AND (c.canonical_task_id <> best OR c.is_due);
	RETURN true;
END
$$;
COMMENT ON FUNCTION bountygo.repair_cluster(bigint) IS
'Puts a cluster right after a member has come, gone or changed: its canonical member, or its end if it has fewer than two. False if that has to wait for somebody who is writing the last member; then it is due.';

CREATE FUNCTION bountygo.join_cluster(task_id bigint) RETURNS bigint
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
SET plan_cache_mode = force_generic_plan
SET enable_seqscan = off
AS $$
DECLARE
	mine bountygo.tasks;
	other record;
	cluster bigint;
	busy boolean := false;
BEGIN
	PERFORM bountygo.clusters_lock();
	SELECT * INTO mine FROM bountygo.tasks t WHERE t.id = join_cluster.task_id FOR NO KEY UPDATE SKIP LOCKED;
	IF NOT FOUND OR mine.cluster_id IS NOT NULL OR mine.bands IS NULL OR mine.status = 'draft' THEN
		RETURN mine.cluster_id;
	END IF;
	FOR other IN
		-- OFFSET 0: the cheap questions first.
		SELECT near.id, near.cluster_id
		FROM (SELECT c.id, c.cluster_id, l.distance
			FROM (SELECT n.id, count(*) FILTER (WHERE k.key & 15 = 6)::integer AS shared
				FROM unnest(mine.bands) AS k (key), LATERAL (
					-- So many of each, or a key that half of a site shares would crowd the others out.
					SELECT t.id FROM bountygo.tasks t WHERE t.bands @> ARRAY[k.key] LIMIT 50) n
				GROUP BY n.id) found
			JOIN bountygo.tasks c ON c.id = found.id
			CROSS JOIN LATERAL (SELECT coalesce(bountygo.hamming(c.simhash, mine.simhash), 64) AS distance,
				coalesce(bountygo.title_similarity(c.title, mine.title), 0) AS likeness OFFSET 0) l
			WHERE c.id <> mine.id AND c.status <> 'draft'
				AND bountygo.is_alike(l.distance, found.shared, l.likeness,
					coalesce(c.organizer_id = mine.organizer_id, false) OR (c.deadline IS NOT NULL AND mine.deadline IS NOT NULL),
					coalesce(c.reward_amount <> mine.reward_amount OR c.reward_currency <> mine.reward_currency, false),
					coalesce(c.source_host = mine.source_host, false))
			OFFSET 0) near
		WHERE NOT bountygo.cannot_be_same(mine.id, near.id)
			-- Nor does anything speak against any other member: one that names no year must not bring two editions together.
			AND NOT EXISTS (SELECT FROM (SELECT t.id FROM bountygo.tasks t WHERE t.cluster_id = near.cluster_id LIMIT 50) m
				WHERE bountygo.cannot_be_same(mine.id, m.id))
			AND NOT EXISTS (SELECT FROM bountygo.cluster_splits s
				WHERE s.low_task_id = mine.id AND (s.high_task_id = near.id
						OR s.high_task_id IN (SELECT m.id FROM bountygo.tasks m WHERE m.cluster_id = near.cluster_id))
					OR s.high_task_id = mine.id AND (s.low_task_id = near.id
						OR s.low_task_id IN (SELECT m.id FROM bountygo.tasks m WHERE m.cluster_id = near.cluster_id)))
		ORDER BY near.distance, near.id LIMIT 20
	LOOP
		cluster := other.cluster_id;
		IF cluster IS NOT NULL THEN
			PERFORM FROM bountygo.clusters c WHERE c.id = cluster FOR UPDATE SKIP LOCKED;
		ELSE
			PERFORM FROM bountygo.tasks t WHERE t.id = other.id AND t.cluster_id IS NULL FOR NO KEY UPDATE SKIP LOCKED;
		END IF;
		IF NOT FOUND THEN
			busy := true;
			CONTINUE;
		END IF;
		IF cluster IS NULL THEN
			INSERT INTO bountygo.clusters (canonical_task_id) VALUES (least(mine.id, other.id)) RETURNING id INTO cluster;
		END IF;
		UPDATE bountygo.tasks t SET cluster_id = cluster, cluster_is_due = false WHERE t.id IN (mine.id, other.id)
			AND t.cluster_id IS DISTINCT FROM cluster;
		PERFORM bountygo.repair_cluster(cluster);
		RETURN cluster;
	END LOOP;
	IF mine.cluster_is_due <> busy THEN
		UPDATE bountygo.tasks t SET cluster_is_due = busy WHERE t.id = mine.id;
	END IF;
	RETURN NULL;
END
$$;
COMMENT ON FUNCTION bountygo.join_cluster(bigint) IS
'Puts a task that stands alone into the cluster of its nearest duplicate, or makes one of the two; returns it, NULL if there is none. A duplicate that somebody is writing at this moment makes the task due: the workers try again.';

CREATE FUNCTION bountygo.cluster_task() RETURNS trigger
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	PERFORM bountygo.join_cluster(NEW.id);
	RETURN NULL;
END
$$;
COMMENT ON FUNCTION bountygo.cluster_task() IS 'Deferred trigger on tasks: join_cluster().';

CREATE FUNCTION bountygo.leave_cluster() RETURNS trigger
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	PERFORM bountygo.repair_cluster(OLD.cluster_id);
	RETURN NULL;
END
$$;
COMMENT ON FUNCTION bountygo.leave_cluster() IS 'Trigger on tasks that are deleted: repair_cluster().';

CREATE FUNCTION bountygo.repair_due_clusters() RETURNS integer
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	due record;
	done integer := 0;
BEGIN
	FOR due IN SELECT c.id FROM bountygo.clusters c WHERE c.is_due ORDER BY c.id LIMIT 50 FOR UPDATE SKIP LOCKED
	LOOP
		done := done + bountygo.repair_cluster(due.id)::integer;
	END LOOP;
	FOR due IN SELECT t.id FROM bountygo.tasks t WHERE t.cluster_is_due ORDER BY t.id LIMIT 50
	LOOP
		done := done + (bountygo.join_cluster(due.id) IS NOT NULL)::integer;
	END LOOP;
	RETURN done;
END
$$;
COMMENT ON FUNCTION bountygo.repair_due_clusters() IS 'What was left due because somebody was writing, at most 50 of each; returns how many are settled. For workers.';

-- Looking and parting -----------------------------------------------------------------------------------------------

CREATE FUNCTION bountygo.nearest_tasks(task_id bigint, wanted integer, OUT id bigint, OUT similarity real, OUT is_duplicate boolean)
RETURNS SETOF record
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	mine bountygo.tasks;
	mine_tags bigint[];
BEGIN
	-- Of another's draft nobody learns what it is like.
	SELECT * INTO mine FROM bountygo.tasks t WHERE t.id = nearest_tasks.task_id
		AND (t.status <> 'draft' OR t.sponsor_id = bountygo.current_user_id() OR bountygo.is_moderator() OR bountygo.is_database_admin());
	mine_tags := ARRAY(SELECT tt.tag_id FROM bountygo.task_tags tt WHERE tt.task_id = mine.id);
	-- Each way to be alike brings its candidates from an index, a bounded number of them.
	RETURN QUERY
	WITH near AS (
		SELECT n.id FROM (SELECT t.id FROM bountygo.tasks t WHERE t.cluster_id = mine.cluster_id LIMIT 200) n
		UNION SELECT n.id FROM unnest(mine.bands) AS k (key), LATERAL (SELECT t.id FROM bountygo.tasks t
			WHERE t.bands @> ARRAY[k.key] LIMIT 50) n
		UNION SELECT n.id FROM (SELECT t.id FROM bountygo.tasks t WHERE t.organizer_id = mine.organizer_id LIMIT 100) n
		UNION SELECT n.task_id FROM unnest(mine_tags) AS g (tag), LATERAL (SELECT tt.task_id FROM bountygo.task_tags tt
			WHERE tt.tag_id = g.tag ORDER BY tt.tag_id, tt.task_id DESC LIMIT 100) n
	), scored AS (
		SELECT t.id, t.cluster_id = mine.cluster_id AS same,
			0.45 * greatest(0, 1 - coalesce(bountygo.hamming(t.simhash, mine.simhash), 32) / 32.0)
			+ 0.25 * coalesce(bountygo.title_similarity(t.title, mine.title), 0)
			+ 0.2 * CASE WHEN cardinality(mine_tags) > 0 THEN (SELECT count(*) FILTER (WHERE tt.tag_id = ANY (mine_tags))::real
				/ (count(*) FILTER (WHERE tt.tag_id <> ALL (mine_tags)) + cardinality(mine_tags))
				FROM bountygo.task_tags tt WHERE tt.task_id = t.id) ELSE 0 END
			+ 0.1 * coalesce((t.organizer_id = mine.organizer_id)::integer, 0) AS score
		FROM near n JOIN bountygo.tasks t ON t.id = n.id
		WHERE t.id <> mine.id AND t.status <> 'draft'
	)
	SELECT s.id, round(least(1, CASE WHEN s.same THEN 0.9 + s.score / 10 ELSE least(s.score, 0.899) END)::numeric, 3)::real,
		coalesce(s.same, false)
	FROM scored s WHERE s.same OR s.score >= 0.15
	ORDER BY 2 DESC, 1 LIMIT least(wanted, 100);
END
$$;
COMMENT ON FUNCTION bountygo.nearest_tasks(bigint, integer) IS
'The tasks most like one, at most "wanted", drafts never: by fingerprint, title, tags and organizer, from 0 to 1; members of its cluster from 0.9. Runs as the owner, so that indexes serve it under row security.';

CREATE FUNCTION bountygo.similar_tasks(id bigint, "limit" integer DEFAULT 10) RETURNS jsonb
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	answer jsonb;
BEGIN
	IF coalesce("limit", 10) NOT BETWEEN 1 AND 100 THEN
		PERFORM bountygo.raise_invalid(bountygo.problem('?limit', 'This must be from 1 to 100.'));
	END IF;
	PERFORM bountygo.require_task(similar_tasks.id);
	SELECT jsonb_build_object('items', coalesce(jsonb_agg(jsonb_build_object('id', t.id, 'title', t.title, 'source_url', t.source_url,
			'similarity', n.similarity, 'is_duplicate', n.is_duplicate) ORDER BY n.similarity DESC, t.id), '[]'))
		INTO answer
		FROM bountygo.nearest_tasks(similar_tasks.id, coalesce("limit", 10)) n JOIN bountygo.tasks t ON t.id = n.id;
	RETURN answer;
END
$$;
COMMENT ON FUNCTION bountygo.similar_tasks(bigint, integer) IS
'The tasks most like a task, the most alike first: similarity from 0 to 1 by text, title, tags and organizer; is_duplicate: both are in one cluster, the same task on two pages. limit 1 to 100. UB404 if there is no such task for you.';

CREATE FUNCTION bountygo.split_from_cluster(id bigint) RETURNS bigint
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	caller constant bigint := bountygo.current_user_id();
	-- Within functions that run as bountygo_owner current_user is that role; "role" is still what the caller has set.
	is_dba constant boolean := pg_has_role(coalesce(nullif(current_setting('role'), 'none'), session_user)::name, 'bountygo_admin', 'MEMBER');
	mine record;
BEGIN
	IF caller IS NULL AND NOT is_dba THEN
		RAISE EXCEPTION 'sign in first' USING ERRCODE = 'UB401',
			HINT = 'Send an access token, or call bountygo.authenticate(token) in the same transaction.';
	END IF;
	PERFORM bountygo.require_scope('tasks:write');
	SELECT t.id, t.cluster_id, t.sponsor_id, t.submitted_by, t.status INTO mine FROM bountygo.tasks t
		WHERE t.id = split_from_cluster.id FOR NO KEY UPDATE;
	IF mine.id IS NULL OR (mine.status = 'draft' AND mine.sponsor_id IS DISTINCT FROM caller AND NOT bountygo.is_moderator() AND NOT is_dba) THEN
		RAISE EXCEPTION 'there is no task %', coalesce(split_from_cluster.id::text, '(null)')
			USING ERRCODE = 'UB404', HINT = 'It does not exist or is not visible to you.';
	END IF;
	IF NOT coalesce(caller IN (mine.sponsor_id, mine.submitted_by), false) AND NOT bountygo.is_moderator()
			AND NOT (caller IS NULL AND is_dba) THEN
		RAISE EXCEPTION 'this task is not yours to split' USING ERRCODE = 'UB403',
			HINT = 'Its sponsor, who submitted its page, and moderators may. Report it instead.';
	END IF;
	IF mine.cluster_id IS NULL THEN
		RAISE EXCEPTION 'this task stands alone' USING ERRCODE = 'UB409', HINT = 'It is in no cluster that it could be taken out of.';
	END IF;
	INSERT INTO bountygo.cluster_splits (low_task_id, high_task_id, split_by)
		SELECT least(t.id, mine.id), greatest(t.id, mine.id), caller FROM bountygo.tasks t
		WHERE t.cluster_id = mine.cluster_id AND t.id <> mine.id ORDER BY t.id
		ON CONFLICT DO NOTHING;
	UPDATE bountygo.tasks t SET cluster_id = NULL WHERE t.id = mine.id;
	INSERT INTO bountygo.events (kind, task_id, payload)
		VALUES ('task_split', mine.id, jsonb_build_object('cluster_id', mine.cluster_id));
	PERFORM bountygo.repair_cluster(mine.cluster_id);
	RETURN mine.cluster_id;
END
$$;
COMMENT ON FUNCTION bountygo.split_from_cluster(bigint) IS
'What split_task does, with the rights of the tables'' owner, after it has made sure who may; returns the cluster that the task was in.';

CREATE FUNCTION bountygo.split_task(id bigint) RETURNS jsonb
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	was constant bigint := bountygo.split_from_cluster(split_task.id);
BEGIN
	RETURN jsonb_build_object('task', bountygo.get_task(split_task.id), 'cluster_before', was);
END
$$;
COMMENT ON FUNCTION bountygo.split_task(bigint) IS
'"Not the same": takes a task out of its cluster and keeps it from ever joining those members again; {"task", "cluster_before"}, one event task_split. For its sponsor, who submitted its page, and moderators. UB401 without a user, UB403 for others, UB404 if there is no such task for you, UB409 if it stands alone.';
