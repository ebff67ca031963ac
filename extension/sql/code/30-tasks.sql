-- Tasks: their computed state, reading them one by one and in lists, and making one by hand.

CREATE TYPE bountygo.state_filter AS ENUM ('open', 'maybe', 'closed', 'upcoming', 'gone', 'unknown', 'any');
COMMENT ON TYPE bountygo.state_filter IS 'Which tasks a list shows. open: all that may still be open, so maybe and unknown as well; any: closed ones, too; else exactly that task_state.';

CREATE TYPE bountygo.task_sort AS ENUM ('-created_at', 'deadline', '-reward');
COMMENT ON TYPE bountygo.task_sort IS 'Order of a list of tasks: newest first, next to close first, highest reward first. Unknown deadlines and rewards come last.';

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
	at timestamptz DEFAULT pg_catalog.clock_timestamp()) RETURNS bountygo.task_state
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE
	WHEN status IN ('completed', 'cancelled') OR at OPERATOR(pg_catalog.>) deadline THEN 'closed'::bountygo.task_state
	WHEN deadline IS NULL THEN 'unknown'
	WHEN at OPERATOR(pg_catalog.<) deadline_earliest THEN 'open'
	ELSE 'maybe' END;
COMMENT ON FUNCTION bountygo.task_state(bountygo.task_status, timestamptz, timestamptz, timestamptz) IS
'The state of a task at an instant (default: now), never stored. closed: completed, cancelled, or past the last instant its deadline can mean; maybe: inside the deadline''s window; unknown: no deadline is stated.';

-- One task ------------------------------------------------------------------------------------------------------

CREATE FUNCTION bountygo.task_evidence(id bigint) RETURNS jsonb
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	found jsonb;
	tags jsonb;
BEGIN
	PERFORM bountygo.require_task(task_evidence.id);
	SELECT coalesce(jsonb_object_agg(e.field, jsonb_build_object('value', e.value, 'quote', e.quote, 'start', e.start_char,
			'end', e.end_char, 'method', e.method, 'confidence', e.confidence, 'snapshot_id', e.snapshot_id)), '{}')
		INTO found
		FROM bountygo.evidence e
		WHERE e.task_id = task_evidence.id AND e.is_current AND e.field NOT IN ('tags', 'rewards', 'milestones');
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
		WHERE e.task_id = task_evidence.id AND e.is_current AND e.field = 'tags'
		HAVING count(*) > 0;
	RETURN found || coalesce(tags, '{}');
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
AS $$
DECLARE
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
			'state', bountygo.task_state(t.status, t.deadline_earliest, t.deadline),
			'organizer', CASE WHEN o.id IS NOT NULL THEN jsonb_build_object('id', o.id, 'name', o.name) END,
			'sponsor', CASE WHEN u.id IS NOT NULL THEN
				jsonb_build_object('id', u.id, 'nickname', u.nickname, 'avatar_url', u.avatar_url) END,
			'reward', bountygo.reward_value(t.reward_amount, t.reward_min, t.reward_currency, t.reward_distribution),
			'deadline', bountygo.deadline_value(t.deadline_date, t.deadline_earliest, t.deadline, t.deadline_text,
				t.deadline_precision, t.deadline_zone),
			'eligibility', t.eligibility)
		|| jsonb_build_object(
			'tags', (SELECT coalesce(jsonb_agg(g.name ORDER BY g.name_key), '[]')
				FROM bountygo.task_tags tt JOIN bountygo.tags g ON g.id = tt.tag_id WHERE tt.task_id = t.id),
			'rewards', (SELECT coalesce(jsonb_agg(e.value || jsonb_build_object('quote', e.quote, 'start', e.start_char,
					'end', e.end_char, 'method', e.method, 'confidence', e.confidence, 'snapshot_id', e.snapshot_id)
					ORDER BY r.place NULLS LAST, r.id), '[]')
				FROM bountygo.rewards r JOIN bountygo.evidence e ON e.id = r.evidence_id WHERE r.task_id = t.id),
			'milestones', (SELECT coalesce(jsonb_agg(e.value || jsonb_build_object('quote', e.quote, 'start', e.start_char,
					'end', e.end_char, 'method', e.method, 'confidence', e.confidence, 'snapshot_id', e.snapshot_id)
					ORDER BY m.earliest, m.id), '[]')
				FROM bountygo.milestones m JOIN bountygo.evidence e ON e.id = m.evidence_id WHERE m.task_id = t.id),
			'evidence', bountygo.task_evidence(t.id),
			'missing', t.missing,
			'source_url', t.source_url,
			'external_link', t.external_link,
			'snapshot_id', t.snapshot_id,
			'created_at', bountygo.rfc3339(t.created_at),
			'updated_at', bountygo.rfc3339(t.updated_at))
		INTO found
		FROM bountygo.tasks t
		LEFT JOIN bountygo.organizers o ON o.id = t.organizer_id
		LEFT JOIN bountygo.public_users u ON u.id = t.sponsor_id
		WHERE t.id = get_task.id;
	IF found IS NULL THEN
		PERFORM bountygo.require_task(get_task.id);
	END IF;
	RETURN found;
END
$$;
COMMENT ON FUNCTION bountygo.get_task(bigint) IS
'A task with its computed state, tags, rewards, milestones, organizer, public sponsor, and the evidence of each field; "missing" says why a field has no value. Drafts only for their sponsor and moderators. UB404 if there is no such task for you.';

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

-- Lists ---------------------------------------------------------------------------------------------------------

-- Inlined into the statements of list_tasks, so that each order walks its own index. The casts of status keep the planner from
-- statistics that row security lets it half use: where all tasks are active, it took "not a draft" for a rare thing.
CREATE FUNCTION bountygo.matching_tasks(pattern text, state bountygo.state_filter, status bountygo.task_status,
	category bountygo.task_category, tag_ids bigint[], organizer_id bigint, sponsor_id bigint, reward_min numeric,
	reward_max numeric, currency text, reward_type bountygo.reward_distribution, closes_before timestamptz,
	closes_after timestamptz, language text, has_deadline boolean, source_host text, source_url text, at timestamptz)
RETURNS TABLE (id bigint, created_at timestamptz, deadline timestamptz, reward_amount numeric)
LANGUAGE sql STABLE
AS $$
	SELECT t.id, t.created_at, t.deadline, t.reward_amount
	FROM bountygo.tasks t
	WHERE CASE $2
			-- Not as an OR, which invites a bitmap of all open tasks and a sort where a walk along an index stops early.
			WHEN 'open' THEN t.status::text NOT IN ('completed', 'cancelled') AND coalesce(t.deadline, 'infinity') >= $18
			WHEN 'any' THEN true
			ELSE bountygo.task_state(t.status, t.deadline_earliest, t.deadline, $18)::text = $2::text END
		AND ($3 IS NULL AND t.status::text <> 'draft' OR t.status = $3)
		AND ($4 IS NULL OR t.category = $4)
		AND ($5 IS NULL OR $5 <@ ARRAY(SELECT tt.tag_id FROM bountygo.task_tags tt WHERE tt.task_id = t.id))
		AND ($6 IS NULL OR t.organizer_id = $6)
		AND ($7 IS NULL OR t.sponsor_id = $7)
		AND ($8 IS NULL OR t.reward_amount >= $8)
		AND ($9 IS NULL OR t.reward_amount <= $9)
		AND ($10 IS NULL OR t.reward_currency = pg_catalog.upper($10))
		AND ($11 IS NULL OR t.reward_distribution = $11)
		AND ($12 IS NULL OR t.deadline < $12)
		AND ($13 IS NULL OR t.deadline_earliest >= $13)
		AND ($14 IS NULL OR t.language = $14)
		AND ($15 IS NULL OR (t.deadline IS NOT NULL) = $15)
		AND ($16 IS NULL OR t.source_host = pg_catalog.lower($16))
		AND ($17 IS NULL OR t.source_url = $17)
		AND ($1 IS NULL OR pg_catalog.lower(t.title) LIKE $1 OR pg_catalog.lower(t.summary) LIKE $1
			OR EXISTS (SELECT FROM bountygo.organizers o WHERE o.id = t.organizer_id AND pg_catalog.lower(o.name) LIKE $1)
			OR EXISTS (SELECT FROM bountygo.task_tags tt JOIN bountygo.tags g ON g.id = tt.tag_id
				WHERE tt.task_id = t.id AND pg_catalog.lower(g.name) LIKE $1))
$$;
COMMENT ON FUNCTION bountygo.matching_tasks(text, bountygo.state_filter, bountygo.task_status, bountygo.task_category, bigint[],
	bigint, bigint, numeric, numeric, text, bountygo.reward_distribution, timestamptz, timestamptz, text, boolean, text, text,
	timestamptz) IS
'The filters of list_tasks, checked and resolved: pattern is a lower-case LIKE pattern, source_url canonical, at the clock. NULL filters nothing.';

CREATE FUNCTION bountygo.list_tasks(
	q text DEFAULT NULL,
	state bountygo.state_filter DEFAULT 'open',
	status bountygo.task_status DEFAULT NULL,
	category bountygo.task_category DEFAULT NULL,
	tag text[] DEFAULT NULL,
	organizer_id bigint DEFAULT NULL,
	sponsor_id bigint DEFAULT NULL,
	reward_min numeric DEFAULT NULL,
	reward_max numeric DEFAULT NULL,
	currency text DEFAULT NULL,
	reward_type bountygo.reward_distribution DEFAULT NULL,
	closes_before timestamptz DEFAULT NULL,
	closes_after timestamptz DEFAULT NULL,
	language text DEFAULT NULL,
	has_deadline boolean DEFAULT NULL,
	source_host text DEFAULT NULL,
	url text DEFAULT NULL,
	sort bountygo.task_sort DEFAULT '-created_at',
	cursor text DEFAULT NULL,
	"limit" integer DEFAULT 20) RETURNS jsonb
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	at constant timestamptz := clock_timestamp();
	problems jsonb := '[]';
	wanted_state constant bountygo.state_filter := coalesce(list_tasks.state, 'open');
	wanted_sort constant bountygo.task_sort := coalesce(list_tasks.sort, '-created_at');
	size constant integer := coalesce(list_tasks."limit", 20);
	pattern text;
	tag_ids bigint[];
	page_url text;
	problem text;
	after_key text;
	after_id bigint;
	after_time timestamptz;
	after_number numeric;
	ids bigint[];
	keys text[];
	items jsonb;
BEGIN
	IF size NOT BETWEEN 1 AND 100 THEN
		problems := problems || bountygo.problem('?limit', 'This must be from 1 to 100.');
	END IF;
	IF length(q) > 200 THEN
		problems := problems || bountygo.problem('?q', 'This must have at most 200 characters.');
	END IF;
	IF cardinality(tag) > 20 THEN
		problems := problems || bountygo.problem('?tag', 'At most 20 tags can be asked for at once.');
	END IF;
	IF reward_min = 'NaN' OR reward_min < 0 THEN
		problems := problems || bountygo.problem('?reward_min', 'This must be a number from 0.');
	END IF;
	IF reward_max = 'NaN' OR reward_max < 0 THEN
		problems := problems || bountygo.problem('?reward_max', 'This must be a number from 0.');
	END IF;
	IF reward_min > reward_max AND reward_min <> 'NaN' THEN
		problems := problems || bountygo.problem('?reward_min', 'This must not be more than reward_max.');
	END IF;
	IF url IS NOT NULL THEN
		SELECT c.canonical, c.problem INTO page_url, problem FROM bountygo.url_check(url) c;
		IF problem IS NOT NULL THEN
			problems := problems || bountygo.problem('?url', problem);
		END IF;
	END IF;
	PERFORM bountygo.raise_invalid(problems);

	IF btrim(q) <> '' THEN
		pattern := '%' || regexp_replace(lower(btrim(q)), '([\\%_])', '\\\1', 'g') || '%';
	END IF;
	IF cardinality(tag) > 0 THEN
		-- A tag that nobody has used matches nothing; an id of 0 stands for it.
		SELECT array_agg(coalesce(g.id, 0)) INTO tag_ids
			FROM unnest(tag) AS n (name) LEFT JOIN bountygo.tags g ON g.name_key = bountygo.name_key(n.name);
	END IF;
	IF cursor IS NOT NULL THEN
		SELECT c.key, c.id INTO after_key, after_id FROM bountygo.cursor_read(cursor, wanted_sort::text) c;
		IF wanted_sort = '-reward' THEN
			after_number := after_key::numeric;
		ELSE
			after_time := after_key::timestamptz;
		END IF;
	END IF;

	-- One row more than asked for tells whether there is a next page.
	IF wanted_sort = '-created_at' THEN
		SELECT array_agg(p.id), array_agg(p.key) INTO ids, keys
			FROM (SELECT m.id, bountygo.rfc3339(m.created_at) AS key
				FROM bountygo.matching_tasks(pattern, wanted_state, list_tasks.status, list_tasks.category, tag_ids,
					list_tasks.organizer_id, list_tasks.sponsor_id, list_tasks.reward_min, list_tasks.reward_max, list_tasks.currency,
					list_tasks.reward_type, list_tasks.closes_before, list_tasks.closes_after, list_tasks.language,
					list_tasks.has_deadline, list_tasks.source_host, page_url, at) m
				WHERE after_id IS NULL OR (m.created_at, m.id) < (after_time, after_id)
				ORDER BY m.created_at DESC, m.id DESC LIMIT size + 1) p;
	ELSIF wanted_sort = 'deadline' THEN
		SELECT array_agg(p.id), array_agg(p.key) INTO ids, keys
			FROM (SELECT m.id, bountygo.rfc3339(m.deadline) AS key
				FROM bountygo.matching_tasks(pattern, wanted_state, list_tasks.status, list_tasks.category, tag_ids,
					list_tasks.organizer_id, list_tasks.sponsor_id, list_tasks.reward_min, list_tasks.reward_max, list_tasks.currency,
					list_tasks.reward_type, list_tasks.closes_before, list_tasks.closes_after, list_tasks.language,
					list_tasks.has_deadline, list_tasks.source_host, page_url, at) m
				WHERE CASE WHEN after_id IS NULL THEN true
					WHEN after_time IS NULL THEN m.deadline IS NULL AND m.id > after_id
					ELSE (m.deadline, m.id) > (after_time, after_id) OR m.deadline IS NULL END
				ORDER BY m.deadline, m.id LIMIT size + 1) p;
	ELSE
		SELECT array_agg(p.id), array_agg(p.key) INTO ids, keys
			FROM (SELECT m.id, m.reward_amount::text AS key
				FROM bountygo.matching_tasks(pattern, wanted_state, list_tasks.status, list_tasks.category, tag_ids,
					list_tasks.organizer_id, list_tasks.sponsor_id, list_tasks.reward_min, list_tasks.reward_max, list_tasks.currency,
					list_tasks.reward_type, list_tasks.closes_before, list_tasks.closes_after, list_tasks.language,
					list_tasks.has_deadline, list_tasks.source_host, page_url, at) m
				WHERE CASE WHEN after_id IS NULL THEN true
					WHEN after_number IS NULL THEN m.reward_amount IS NULL AND m.id < after_id
					ELSE (m.reward_amount, m.id) < (after_number, after_id) OR m.reward_amount IS NULL END
				ORDER BY m.reward_amount DESC NULLS LAST, m.id DESC LIMIT size + 1) p;
	END IF;

	SELECT jsonb_agg(jsonb_build_object(
			'id', t.id,
			'title', t.title,
			'summary', t.summary,
			'category', t.category,
			'language', t.language,
			'status', t.status,
			'state', bountygo.task_state(t.status, t.deadline_earliest, t.deadline, at),
			'organizer', CASE WHEN o.id IS NOT NULL THEN jsonb_build_object('id', o.id, 'name', o.name) END,
			'sponsor', CASE WHEN u.id IS NOT NULL THEN
				jsonb_build_object('id', u.id, 'nickname', u.nickname, 'avatar_url', u.avatar_url) END,
			'reward', bountygo.reward_value(t.reward_amount, t.reward_min, t.reward_currency, t.reward_distribution),
			'deadline', bountygo.deadline_value(t.deadline_date, t.deadline_earliest, t.deadline, t.deadline_text,
				t.deadline_precision, t.deadline_zone),
			'tags', (SELECT coalesce(jsonb_agg(g.name ORDER BY g.name_key), '[]')
				FROM bountygo.task_tags tt JOIN bountygo.tags g ON g.id = tt.tag_id WHERE tt.task_id = t.id),
			'missing', t.missing,
			'source_url', t.source_url,
			'external_link', t.external_link,
			'created_at', bountygo.rfc3339(t.created_at),
			'updated_at', bountygo.rfc3339(t.updated_at)) ORDER BY p.n) INTO items
		FROM unnest(ids[1:size]) WITH ORDINALITY AS p (id, n)
		JOIN bountygo.tasks t ON t.id = p.id
		LEFT JOIN bountygo.organizers o ON o.id = t.organizer_id
		LEFT JOIN bountygo.public_users u ON u.id = t.sponsor_id;
	RETURN jsonb_build_object('items', coalesce(items, '[]'),
		'next', CASE WHEN cardinality(ids) > size THEN bountygo.cursor_make(wanted_sort::text, keys[size], ids[size]) END);
END
$$;
COMMENT ON FUNCTION bountygo.list_tasks(text, bountygo.state_filter, bountygo.task_status, bountygo.task_category, text[], bigint,
	bigint, numeric, numeric, text, bountygo.reward_distribution, timestamptz, timestamptz, text, boolean, text, text,
	bountygo.task_sort, text, integer) IS
'Tasks, as {"items": [...], "next": cursor or null}. q: text in title, summary, organizer or tags, whatever its case; state open (default) hides what is surely closed; tag: all of them; reward_min, reward_max: of the amount as stated, whatever its currency unless currency is given; closes_before, closes_after: the whole window of the deadline lies there; url: the task of that page. Drafts only with status => ''draft'', your own. limit 1 to 100, default 20. UB422 for wrong values and foreign cursors.';

-- By hand -------------------------------------------------------------------------------------------------------

CREATE FUNCTION bountygo.create_task(
	title text,
	summary text DEFAULT NULL,
	description text DEFAULT NULL,
	category bountygo.task_category DEFAULT NULL,
	reward_amount numeric DEFAULT NULL,
	reward_currency text DEFAULT NULL,
	reward_distribution bountygo.reward_distribution DEFAULT NULL,
	deadline timestamptz DEFAULT NULL,
	external_link text DEFAULT NULL,
	tags text[] DEFAULT NULL,
	organizer_name text DEFAULT NULL,
	status bountygo.task_status DEFAULT 'active') RETURNS jsonb
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	caller constant bigint := bountygo.current_user_id();
	problems jsonb := '[]';
	wanted_title constant text := bountygo.clean_text(title);
	wanted_summary constant text := bountygo.clean_text(summary, true);
	wanted_description constant text := bountygo.clean_text(description, true);
	wanted_link constant text := bountygo.clean_text(external_link);
	wanted_organizer constant text := bountygo.clean_text(organizer_name);
	wanted_currency constant text := upper(bountygo.clean_text(reward_currency));
	wanted_precision constant bountygo.deadline_precision := CASE WHEN deadline IS NOT NULL THEN 'second' END;
	names text[];
	organizer bigint;
	new_id bigint;
BEGIN
	IF caller IS NULL AND NOT pg_has_role(current_user, 'bountygo_admin', 'MEMBER') THEN
		RAISE EXCEPTION 'sign in to create a task'
			USING ERRCODE = 'UB401', HINT = 'Send an access token, or call bountygo.authenticate(token) in the same transaction.';
	END IF;

	IF wanted_title IS NULL THEN
		problems := problems || bountygo.problem('/title', 'A task needs a title of 1 to 255 characters.');
	ELSIF length(wanted_title) > 255 THEN
		problems := problems || bountygo.problem('/title', 'This must have at most 255 characters.');
	ELSIF bountygo.has_control_characters(wanted_title) THEN
		problems := problems || bountygo.problem('/title', 'This must be one line without control characters.');
	END IF;
	IF length(wanted_summary) > 500 THEN
		problems := problems || bountygo.problem('/summary', 'This must have at most 500 characters.');
	END IF;
	IF bountygo.has_control_characters(wanted_summary, true) THEN
		problems := problems || bountygo.problem('/summary', 'This must not hold control characters.');
	END IF;
	IF length(wanted_description) > 65535 THEN
		problems := problems || bountygo.problem('/description', 'This must have at most 65535 characters.');
	END IF;
	IF bountygo.has_control_characters(wanted_description, true) THEN
		problems := problems || bountygo.problem('/description', 'This must not hold control characters.');
	END IF;
	IF NOT (reward_amount >= 0 AND reward_amount < 1e18 AND scale(trim_scale(reward_amount)) <= 18) THEN
		problems := problems || bountygo.problem('/reward_amount',
			'This must be a number from 0 to below 10^18 with at most 18 decimal places.');
	END IF;
	IF wanted_currency !~ '^[A-Z][A-Z0-9.]{0,15}$' THEN
		problems := problems || bountygo.problem('/reward_currency',
			'This must be a currency or token of 1 to 16 letters and digits, such as USD or USDC.');
	END IF;
	IF NOT isfinite(deadline) OR deadline NOT BETWEEN '0001-01-01 00:00Z' AND '9999-12-31 23:59:59Z' THEN
		problems := problems || bountygo.problem('/deadline', 'This must be an instant in the years 1 to 9999.');
	END IF;
	IF wanted_link !~* '^https?://[^/?#\s@]+([/?#][^\s]*)?$' THEN
		problems := problems || bountygo.problem('/external_link', 'This must be a URL that begins with http:// or https://, without a user name.');
	ELSIF length(wanted_link) > 2048 THEN
		problems := problems || bountygo.problem('/external_link', 'This must have at most 2048 characters.');
	ELSIF bountygo.has_control_characters(wanted_link) THEN
		problems := problems || bountygo.problem('/external_link', 'This must not hold control characters.');
	END IF;
	IF length(wanted_organizer) > 200 THEN
		problems := problems || bountygo.problem('/organizer_name', 'This must have at most 200 characters.');
	ELSIF bountygo.has_control_characters(wanted_organizer) THEN
		problems := problems || bountygo.problem('/organizer_name', 'This must be one line without control characters.');
	END IF;
	IF array_ndims(tags) > 1 THEN
		problems := problems || bountygo.problem('/tags', 'This must be a flat list of names.');
	ELSIF cardinality(tags) > 20 THEN
		problems := problems || bountygo.problem('/tags', 'A task has at most 20 tags.');
	ELSE
		SELECT problems || coalesce(jsonb_agg(bountygo.problem('/tags/' || n.i - 1,
				'A tag is one line of 1 to 100 characters.') -> 0 ORDER BY n.i), '[]') INTO problems
			FROM unnest(tags) WITH ORDINALITY AS n (name, i)
			WHERE bountygo.clean_text(n.name) IS NULL OR length(bountygo.clean_text(n.name)) > 100
				OR bountygo.has_control_characters(bountygo.clean_text(n.name));
		-- The first spelling of each counts.
		SELECT array_agg(d.name ORDER BY d.i) INTO names
			FROM (SELECT DISTINCT ON (bountygo.name_key(n.name)) bountygo.clean_text(n.name) AS name, n.i
				FROM unnest(tags) WITH ORDINALITY AS n (name, i)
				ORDER BY bountygo.name_key(n.name), n.i) d
			WHERE d.name IS NOT NULL;
	END IF;
	IF create_task.status NOT IN ('draft', 'active') THEN
		problems := problems || bountygo.problem('/status', 'A new task is a draft or active.');
	END IF;
	PERFORM bountygo.raise_invalid(problems);

	IF wanted_organizer IS NOT NULL THEN
		organizer := bountygo.organizer_id(wanted_organizer);
	END IF;
	INSERT INTO bountygo.tasks (sponsor_id, submitted_by, organizer_id, status, title, summary, description, category,
			reward_amount, reward_currency, reward_distribution, deadline_earliest, deadline, deadline_precision, external_link)
		VALUES (caller, caller, organizer, coalesce(create_task.status, 'active'), wanted_title, wanted_summary, wanted_description,
			create_task.category, create_task.reward_amount, wanted_currency, create_task.reward_distribution, create_task.deadline,
			create_task.deadline, wanted_precision, wanted_link)
		RETURNING id INTO new_id;
	PERFORM bountygo.set_task_tags(new_id, names);
	INSERT INTO bountygo.evidence (task_id, field, value, method)
		SELECT new_id, v.field, v.value, 'user:' || coalesce(caller, 0)
		FROM (VALUES ('title', to_jsonb(wanted_title)),
			('summary', to_jsonb(wanted_summary)),
			('description', to_jsonb(wanted_description)),
			('category', to_jsonb(create_task.category)),
			('organizer', to_jsonb(wanted_organizer)),
			('tags', to_jsonb(names)),
			('reward', bountygo.reward_value(create_task.reward_amount, NULL, wanted_currency, create_task.reward_distribution)),
			('deadline', bountygo.deadline_value(NULL, create_task.deadline, create_task.deadline, NULL, wanted_precision, NULL))
			) AS v (field, value)
		WHERE v.value IS NOT NULL;
	INSERT INTO bountygo.events (kind, task_id) VALUES ('task_created', new_id);
	RETURN bountygo.get_task(new_id);
END
$$;
COMMENT ON FUNCTION bountygo.create_task(text, text, text, bountygo.task_category, numeric, text, bountygo.reward_distribution,
	timestamptz, text, text[], text, bountygo.task_status) IS
'Makes a task by hand and returns it. title 1 to 255 characters, summary up to 500, description up to 65535; reward_amount from 0; deadline: the last instant; external_link http(s); up to 20 tags of up to 100 characters, made if new; status draft or active. You are its sponsor, and each value is evidence of method user:<your id>. An administrator without a token makes it without a sponsor (method user:0). UB401 without a user; UB422 lists everything that is wrong.';

CREATE FUNCTION bountygo.organizer_id(name text) RETURNS bigint
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	wanted text := bountygo.name_key(organizer_id.name);
	found bigint;
BEGIN
	-- Looking first spares the sequence; two at once meet in the unique key, and the loser finds the winner's row.
	SELECT o.id INTO found FROM bountygo.organizers o WHERE o.name_key = wanted;
	IF found IS NULL THEN
		INSERT INTO bountygo.organizers (name, name_key) VALUES (organizer_id.name, wanted)
			ON CONFLICT DO NOTHING RETURNING id INTO found;
	END IF;
	IF found IS NULL THEN
		SELECT o.id INTO STRICT found FROM bountygo.organizers o WHERE o.name_key = wanted;
	END IF;
	RETURN found;
END
$$;
COMMENT ON FUNCTION bountygo.organizer_id(text) IS 'The organizer of that name (compared by name_key), made if there is none.';

CREATE FUNCTION bountygo.set_task_tags(task_id bigint, names text[]) RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	keys text[] := ARRAY(SELECT bountygo.name_key(n.name) FROM unnest(names) WITH ORDINALITY AS n (name, i) ORDER BY n.i);
	ids bigint[] := ARRAY(SELECT g.id FROM bountygo.tags g WHERE g.name_key = ANY (keys));
BEGIN
	IF cardinality(ids) < (SELECT count(DISTINCT k) FROM unnest(keys) AS k) THEN
		-- In the order of their keys, so that two transactions with the same new tags cannot wait for each other.
		INSERT INTO bountygo.tags (name, name_key)
			SELECT DISTINCT ON (n.key) n.name, n.key FROM unnest(names, keys) WITH ORDINALITY AS n (name, key, i)
			WHERE NOT EXISTS (SELECT FROM bountygo.tags g WHERE g.name_key = n.key)
			ORDER BY n.key, n.i
			ON CONFLICT DO NOTHING;
		ids := ARRAY(SELECT g.id FROM bountygo.tags g WHERE g.name_key = ANY (keys));
	END IF;
	INSERT INTO bountygo.task_tags (task_id, tag_id) SELECT set_task_tags.task_id, t.id FROM unnest(ids) AS t (id);
END
$$;
COMMENT ON FUNCTION bountygo.set_task_tags(bigint, text[]) IS 'Gives a new task its tags, made if new. The evidence that names them is the caller''s to write.';
