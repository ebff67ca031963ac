-- Lists of tasks: filters, orders, cursors, search.

CREATE TYPE bountygo.state_filter AS ENUM ('open', 'maybe', 'closed', 'upcoming', 'gone', 'unknown', 'any');
COMMENT ON TYPE bountygo.state_filter IS 'Which tasks a list shows. open: all that may still be open, so maybe and unknown as well; any: closed ones, too; else exactly that task_state.';

CREATE TYPE bountygo.task_sort AS ENUM ('-created_at', 'deadline', '-reward');
COMMENT ON TYPE bountygo.task_sort IS 'Order of a list of tasks: newest first, next to close first, highest reward first. Unknown deadlines and rewards come last.';

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
