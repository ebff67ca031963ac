-- Lists of tasks: filters, orders, cursors, search.

CREATE TYPE bountygo.state_filter AS ENUM ('open', 'maybe', 'closed', 'upcoming', 'gone', 'unknown', 'any');
COMMENT ON TYPE bountygo.state_filter IS 'Which tasks a list shows. open: all that are not surely over, so upcoming, maybe and unknown as well; any: closed and gone ones, too; else exactly that task_state.';

CREATE TYPE bountygo.task_sort AS ENUM ('-created_at', 'deadline', '-reward', '-relevance', '-views');
COMMENT ON TYPE bountygo.task_sort IS 'Order of a list of tasks: newest first, next to close first, highest reward first, best match of q first, most seen first. Unknown deadlines and rewards come last.';

CREATE FUNCTION bountygo.category_words() RETURNS TABLE (word text, category bountygo.task_category)
LANGUAGE sql IMMUTABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
	SELECT bountygo.name_key(w.word), c.category
	FROM (VALUES
		('development'::bountygo.task_category, '开发|编程|程序开发|软件开发|技术开发|技术|coding|programming|engineering|dev|software'),
		('design', '设计|平面设计|UI设计|视觉设计|海报设计|ui|ux|graphic design'),
		('content', '征文|写作|内容|内容创作|文章|文案|投稿|征稿|视频|writing|article|blog|copywriting|video'),
		('research', '研究|调研|数据分析|分析|investigation|analysis|survey'),
		('security', '安全|漏洞赏金|漏洞|漏洞悬赏|审计|众测|bug bounty|bug bounties|audit|vulnerability'),
		('marketing', '营销|推广|市场|市场推广|宣传|promotion|growth'),
		('translation', '翻译|本地化|localization|localisation|l10n'),
		('community', '社区|社群|社区建设|社区运营|大使|ambassador|moderation'),
		('hackathon', '黑客松|黑客马拉松|编程马拉松|hack|hackfest|buildathon'),
		('grant', '资助|赠款|资助计划|基金|扶持|funding|grants|microgrant'),
		('meme', '表情包|梗图|meme创作|memes|迷因'),
		('web3_interaction', 'web3交互|web3互动|链上交互|链上任务|交互|交互任务|on-chain|onchain|testnet|quest'),
		('social_giveaway', '社交媒体抽奖|社媒抽奖|抽奖|转发抽奖|空投|赠送|giveaway|airdrop|raffle'),
		('trading_contest', '交易大赛|交易赛|交易竞赛|交易比赛|trading competition|trading'),
		('quiz', '问答|答题|测验|竞答|trivia'),
		('other', '其他|其它|综合|misc|others')) AS c (category, words)
		CROSS JOIN LATERAL (SELECT c.category::text AS word UNION ALL SELECT regexp_split_to_table(c.words, '\|')) w
$$;
COMMENT ON FUNCTION bountygo.category_words() IS
'The words by which lists take a category: its own name, the Chinese names of the old service, and other English ones, as name_key.';

CREATE FUNCTION bountygo.find_category(word text) RETURNS bountygo.task_category
LANGUAGE sql IMMUTABLE
SET search_path = pg_catalog, pg_temp
AS $$
	SELECT CASE WHEN find_category.word = ANY (enum_range(NULL::bountygo.task_category)::text[]) THEN find_category.word::bountygo.task_category
		ELSE (SELECT w.category FROM bountygo.category_words() w WHERE w.word = bountygo.name_key(left(find_category.word, 100)) LIMIT 1) END
$$;
COMMENT ON FUNCTION bountygo.find_category(text) IS 'The category that a word means, as category_of; NULL if it means none.';

CREATE FUNCTION bountygo.category_problem(word text, pointer text) RETURNS jsonb
LANGUAGE sql IMMUTABLE
SET search_path = pg_catalog, pg_temp
AS $$
	SELECT bountygo.problem(pointer, format('This is no category; the nearest is "%s".', (
			SELECT w.category FROM bountygo.category_words() w, bountygo.word_distance(w.word, k.key, 8) AS d (distance)
			ORDER BY strpos(w.word, k.key) = 0 OR k.key = '', d.distance, w.word LIMIT 1)))
		FROM bountygo.name_key(left(category_problem.word, 100)) AS k (key)
$$;
COMMENT ON FUNCTION bountygo.category_problem(text, text) IS 'What is wrong with a word that is no category, as problem() says it, with the nearest one.';

CREATE FUNCTION bountygo.category_of(word text, pointer text DEFAULT '/category') RETURNS bountygo.task_category
LANGUAGE plpgsql IMMUTABLE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	found constant bountygo.task_category := bountygo.find_category(category_of.word);
BEGIN
	IF found IS NULL AND category_of.word IS NOT NULL THEN
		PERFORM bountygo.raise_invalid(bountygo.category_problem(category_of.word, pointer),
			'Categories are ' || array_to_string(enum_range(NULL::bountygo.task_category), ', ') || '.');
	END IF;
	RETURN found;
END
$$;
COMMENT ON FUNCTION bountygo.category_of(text, text) IS
'The category that a word means, in English or Chinese (征文: content, 黑客松: hackathon); NULL for NULL. UB422 at the pointer names the nearest for a word that means none.';

CREATE FUNCTION bountygo.find_tasks(query tsquery, title text, state bountygo.state_filter, status bountygo.task_status,
	category bountygo.task_category, tag_ids bigint[], organizer_id bigint, sponsor_id bigint, reward_min numeric, reward_max numeric,
	currency text, reward_type bountygo.reward_distribution, closes_before timestamptz, closes_after timestamptz, language text,
	has_deadline boolean, source_host text, source_url text, at timestamptz, sort bountygo.task_sort, after_key text, after_id bigint,
	size integer, count bountygo.count_mode, OUT ids bigint[], OUT next text, OUT total bigint) RETURNS record
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
-- Lists never read all tasks from end to end, and what they read is in memory or on a disk without a head.
SET enable_seqscan = off
SET random_page_cost = 1.1
SET max_parallel_workers_per_gather = 0
AS $$
DECLARE
	-- Drafts are few: first they, then the rest, as row-level security keeps most operators from the indexes.
	tasks text := CASE WHEN status IS DISTINCT FROM 'draft' THEN 'bountygo.tasks t'
		ELSE '(SELECT * FROM bountygo.tasks d WHERE d.status = ''draft''' || CASE WHEN bountygo.current_user_id() IS NOT NULL AND NOT bountygo.is_moderator()
			THEN ' AND d.sponsor_id = bountygo.current_user_id()' ELSE '' END || ' OFFSET 0) t' END;
	-- A statement for the filters that are given, planned for their values: constant pieces, values only as parameters.
	filter text := CASE
			WHEN status IS NOT NULL THEN 't.status = $3'
			WHEN state IN ('open', 'maybe', 'upcoming', 'unknown', 'gone') THEN 't.status IN (''active'', ''paused'')'
			ELSE 't.status <> ''draft''' END
		|| CASE state
			WHEN 'any' THEN ''
			WHEN 'closed' THEN ' AND (t.status IN (''completed'', ''cancelled'') OR t.deadline < $2)'
			ELSE CASE WHEN status IS NOT NULL THEN ' AND t.status NOT IN (''completed'', ''cancelled'')' ELSE '' END
				|| CASE state WHEN 'gone' THEN ' AND t.gone_at IS NOT NULL' ELSE ' AND t.gone_at IS NULL' END
				|| CASE state
					WHEN 'maybe' THEN ' AND t.deadline_earliest < t.deadline AND t.deadline >= $2 AND tstzrange(t.deadline_earliest, t.deadline, ''[]'') @> $2 AND (t.opens_at IS NULL OR t.opens_at <= $2)'
					WHEN 'upcoming' THEN ' AND t.opens_at > $2'
					WHEN 'unknown' THEN ' AND t.deadline IS NULL AND (t.opens_at IS NULL OR t.opens_at <= $2)'
					ELSE '' END END
		|| CASE WHEN category IS NOT NULL THEN ' AND t.category = $4' ELSE '' END
		|| CASE WHEN tag_ids IS NOT NULL THEN ' AND t.tag_ids @> $5' ELSE '' END
		|| CASE WHEN organizer_id IS NOT NULL THEN ' AND t.organizer_id = $6' ELSE '' END
		|| CASE WHEN sponsor_id IS NOT NULL THEN ' AND t.sponsor_id = $7' ELSE '' END
		|| CASE WHEN reward_min IS NOT NULL THEN ' AND t.reward_amount >= $8' ELSE '' END
		|| CASE WHEN reward_max IS NOT NULL THEN ' AND t.reward_amount <= $9' ELSE '' END
		|| CASE WHEN currency IS NOT NULL THEN ' AND t.reward_currency = $10' ELSE '' END
		|| CASE WHEN reward_type IS NOT NULL THEN ' AND t.reward_distribution = $11' ELSE '' END
		|| CASE WHEN closes_before IS NOT NULL THEN ' AND t.deadline < $12' ELSE '' END
		|| CASE WHEN closes_after IS NOT NULL THEN ' AND t.deadline_earliest >= $13 AND t.deadline >= $13' ELSE '' END
		|| CASE WHEN language IS NOT NULL THEN ' AND t.language = $14' ELSE '' END
		|| CASE has_deadline WHEN true THEN ' AND t.deadline IS NOT NULL' WHEN false THEN ' AND t.deadline IS NULL' ELSE '' END
		|| CASE WHEN source_host IS NOT NULL THEN ' AND t.source_host = $15' ELSE '' END
		|| CASE WHEN source_url IS NOT NULL THEN ' AND t.source_url = $16' ELSE '' END;
	by_words constant text := CASE WHEN query IS NOT NULL THEN ' AND t.search @@ $1' ELSE '' END;
	-- Not over yet. Without a deadline a task never is.
	counted constant text := filter;
	lives constant boolean := state IN ('open', 'upcoming', 'gone');
	has_window constant boolean := coalesce(has_deadline, false) OR closes_before IS NOT NULL OR closes_after IS NOT NULL;
	not_over constant text := CASE WHEN NOT lives OR has_deadline IS FALSE THEN '' WHEN has_window THEN ' AND t.deadline >= $2'
		ELSE ' AND coalesce(t.deadline, ''infinity'') >= $2' END;
	known constant text := CASE WHEN NOT lives THEN ' AND t.deadline IS NOT NULL' ELSE ' AND t.deadline >= $2' END;
	-- What contradicts itself finds nothing, which no plan would know before it has looked everywhere.
	impossible constant boolean := (has_window AND (has_deadline IS FALSE OR state = 'unknown')) OR closes_before <= closes_after
		OR (lives AND closes_before <= at);
	may_be_unknown constant boolean := CASE sort
		WHEN 'deadline' THEN NOT has_window AND state <> 'maybe'
		WHEN '-reward' THEN reward_min IS NULL AND reward_max IS NULL END;
	after_time constant timestamptz := CASE WHEN sort IN ('-created_at', 'deadline') THEN after_key END;
	-- After what is no number comes nothing: cursors are signed, but not everywhere with a key.
	after_number constant numeric := CASE WHEN sort NOT IN ('-created_at', 'deadline')
		THEN nullif(nullif(nullif(after_key::numeric, 'NaN'), 'infinity'), '-infinity') END;
	-- One more than asked for tells whether there is a next page.
	wanted constant integer := size + 1;
	statements text[];
	statement text;
	more_ids bigint[];
	keys text[];
	more_keys text[];
	plan jsonb;
	hits integer;
BEGIN
	IF impossible THEN
		total := CASE WHEN count <> 'none' THEN 0 END;
		RETURN;
	END IF;
	IF query IS NOT NULL THEN
		-- How frequent words are together is nothing that statistics know, and two halves of a Chinese word are always together: the
		-- newest tasks tell. What is frequent is met soon on a walk along the order asked for; as a function it leaves the index out.
		SELECT count(*) INTO hits FROM (
			SELECT t.search FROM bountygo.tasks t WHERE t.status IN ('active', 'paused') AND t.gone_at IS NULL
			ORDER BY t.created_at DESC, t.id DESC LIMIT 500) t WHERE t.search @@ query;
		-- The walk meets one in 500 / hits, the index finds hits / 500 of all: the walk is taken if it is the shorter, by far, as what
		-- is long over lies on its way.
		filter := filter || CASE WHEN (hits / 500.0) ^ 2 * (SELECT c.reltuples FROM pg_class c WHERE c.oid = 'bountygo.tasks'::regclass)
			> 2 * CASE sort WHEN '-relevance' THEN 500 ELSE wanted END THEN ' AND ts_match_vq(t.search, $1)' ELSE by_words END;
	END IF;
	IF status IS DISTINCT FROM 'draft' AND (sort <> '-created_at' OR query IS NOT NULL OR num_nonnulls(category, tag_ids, organizer_id, sponsor_id,
			reward_min, reward_max, currency, reward_type, closes_before, closes_after, language, source_host) > 1)
		AND (state NOT IN ('open', 'any') OR num_nonnulls(query, category, tag_ids, organizer_id, sponsor_id, reward_min, reward_max, currency,
			reward_type, closes_before, closes_after, language, source_host, source_url, status) > 0) THEN
		-- Few are taken first and sorted then: a walk along the order would have to be lucky to meet them.
		EXECUTE 'EXPLAIN (FORMAT JSON) SELECT FROM bountygo.tasks t WHERE ' || filter || not_over INTO plan
			USING query, at, status, category, tag_ids, organizer_id, sponsor_id, reward_min, reward_max, currency, reward_type,
				closes_before, closes_after, language, source_host, source_url;
		IF (plan #>> '{0,Plan,Plan Rows}')::numeric <= 3000 THEN
			tasks := '(SELECT * FROM bountygo.tasks t WHERE ' || filter || not_over || ' OFFSET 0) t';
			filter := 'true';
		END IF;
	END IF;
	-- Each walks an index in the order asked for or takes what another index finds and sorts it, as the planner sees fit. The unknown
	-- are asked for apart, and only if the known do not fill the page.
	statements := CASE sort
		WHEN '-created_at' THEN ARRAY['SELECT t.id, t.created_at AS key FROM ' || tasks || ' WHERE ' || filter || not_over
			|| CASE WHEN after_id IS NOT NULL THEN ' AND (t.created_at, t.id) < ($17, $19)' ELSE '' END
			|| ' ORDER BY t.created_at DESC, t.id DESC LIMIT $20']
		WHEN 'deadline' THEN ARRAY[
			CASE WHEN has_deadline IS NOT FALSE AND state <> 'unknown' AND (after_id IS NULL OR after_time IS NOT NULL)
				THEN 'SELECT t.id, t.deadline AS key FROM ' || tasks || ' WHERE ' || filter || known
				|| CASE WHEN after_id IS NOT NULL THEN ' AND (t.deadline, t.id) > ($17, $19)' ELSE '' END
				|| ' ORDER BY t.deadline, t.id LIMIT $20' END,
			CASE WHEN may_be_unknown THEN 'SELECT t.id, t.deadline AS key FROM ' || tasks || ' WHERE ' || filter || ' AND t.deadline IS NULL'
				|| CASE WHEN after_id IS NOT NULL AND after_time IS NULL THEN ' AND t.id > $19' ELSE '' END
				|| ' ORDER BY t.deadline, t.id LIMIT $20' END]
		WHEN '-reward' THEN ARRAY[
			CASE WHEN after_id IS NULL OR after_number IS NOT NULL
				THEN 'SELECT t.id, t.reward_amount AS key FROM ' || tasks || ' WHERE ' || filter || not_over || ' AND t.reward_amount IS NOT NULL'
				|| CASE WHEN after_id IS NOT NULL THEN ' AND t.reward_amount <= $18 AND (t.reward_amount, t.id) < ($18, $19)' ELSE '' END
				|| ' ORDER BY t.reward_amount DESC NULLS LAST, t.id DESC LIMIT $20' END,
			CASE WHEN may_be_unknown THEN 'SELECT t.id, t.reward_amount AS key FROM ' || tasks || ' WHERE ' || filter || not_over
				|| ' AND t.reward_amount IS NULL'
				|| CASE WHEN after_id IS NOT NULL AND after_number IS NULL THEN ' AND t.id < $19' ELSE '' END
				|| ' ORDER BY t.reward_amount DESC NULLS LAST, t.id DESC LIMIT $20' END]
		WHEN '-views' THEN ARRAY['SELECT t.id, c.views AS key FROM ' || tasks || CASE WHEN filter = 'true'
				THEN ' CROSS JOIN LATERAL (SELECT k.views, k.task_id FROM bountygo.task_counts k WHERE k.task_id = t.id OFFSET 0) c'
				ELSE ' JOIN bountygo.task_counts c ON c.task_id = t.id' END || ' WHERE '
			|| filter || not_over || CASE WHEN after_id IS NOT NULL THEN ' AND (c.views, c.task_id) < ($18::bigint, $19)' ELSE '' END
			|| ' ORDER BY c.views DESC, c.task_id DESC LIMIT $20']
		ELSE ARRAY['SELECT r.id, r.score AS key FROM (
				SELECT m.id, round((CASE WHEN lower(m.title) = $21 THEN 10 ELSE 0 END
					+ ts_rank_cd(''{0.05, 0.2, 0.5, 1}'', m.search, $1, 1))::numeric, 6) AS score
				FROM (SELECT t.id, t.title, t.search FROM ' || tasks || ' WHERE ' || filter || not_over || '
					ORDER BY t.created_at DESC, t.id DESC LIMIT 500) m) r'
			|| CASE WHEN after_id IS NOT NULL THEN ' WHERE (r.score, r.id) < ($18, $19)' ELSE '' END
			|| ' ORDER BY r.score DESC, r.id DESC LIMIT $20'] END;
	FOREACH statement IN ARRAY statements LOOP
		CONTINUE WHEN statement IS NULL OR cardinality(ids) >= wanted;
		EXECUTE 'SELECT array_agg(p.id), array_agg(' || CASE WHEN sort IN ('-created_at', 'deadline') THEN 'bountygo.rfc3339(p.key)' ELSE 'p.key::text' END
				|| ') FROM (' || statement || ') p' INTO more_ids, more_keys
			USING query, at, status, category, tag_ids, organizer_id, sponsor_id, reward_min, reward_max, currency, reward_type, closes_before,
				closes_after, language, source_host, source_url, after_time, after_number, after_id, wanted - coalesce(cardinality(ids), 0), title;
		ids := ids || more_ids;
		keys := keys || more_keys;
	END LOOP;
	IF cardinality(ids) > size THEN
		next := bountygo.cursor_make(sort::text, keys[size], ids[size]);
		ids := ids[1:size];
	END IF;
	IF count <> 'none' THEN
		statement := 'SELECT FROM bountygo.tasks t WHERE ' || counted || not_over || by_words;
		IF count = 'estimated' THEN
			EXECUTE 'EXPLAIN (FORMAT JSON) ' || statement INTO plan
				USING query, at, status, category, tag_ids, organizer_id, sponsor_id, reward_min, reward_max, currency, reward_type,
					closes_before, closes_after, language, source_host, source_url;
			total := (plan #>> '{0,Plan,Plan Rows}')::numeric;
		END IF;
		-- Few are counted: an estimate of 3 is no use.
		IF count = 'exact' OR total <= 1000 THEN
			EXECUTE 'SELECT count(*) FROM (' || statement || ') c' INTO total
				USING query, at, status, category, tag_ids, organizer_id, sponsor_id, reward_min, reward_max, currency, reward_type,
					closes_before, closes_after, language, source_host, source_url;
		END IF;
	END IF;
END
$$;
COMMENT ON FUNCTION bountygo.find_tasks(tsquery, text, bountygo.state_filter, bountygo.task_status, bountygo.task_category, bigint[], bigint, bigint,
	numeric, numeric, text, bountygo.reward_distribution, timestamptz, timestamptz, text, boolean, text, text, timestamptz, bountygo.task_sort, text,
	bigint, integer, bountygo.count_mode) IS
'The ids of a page of list_tasks, the cursor of the next one, and how many there are if they are to be counted, under the caller''s row-level security. Arguments are checked and resolved by list_tasks; NULL filters nothing.';

CREATE FUNCTION bountygo.find_public_tasks(query tsquery, title text, state bountygo.state_filter, status bountygo.task_status,
	category bountygo.task_category, tag_ids bigint[], organizer_id bigint, sponsor_id bigint, reward_min numeric, reward_max numeric,
	currency text, reward_type bountygo.reward_distribution, closes_before timestamptz, closes_after timestamptz, language text,
	has_deadline boolean, source_host text, source_url text, at timestamptz, sort bountygo.task_sort, after_key text, after_id bigint,
	size integer, count bountygo.count_mode, OUT ids bigint[], OUT next text, OUT total bigint) RETURNS record
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
SET plan_cache_mode = force_generic_plan
AS $$
DECLARE
	times timestamptz[];
BEGIN
	IF status = 'draft' THEN
		RETURN;
	END IF;
	IF sort = '-created_at' AND state = 'open' AND count = 'none' AND num_nonnulls(query, status, category, tag_ids, organizer_id,
			sponsor_id, reward_min, reward_max, currency, reward_type, closes_before, closes_after, language, has_deadline, source_host,
			source_url) = 0 THEN
		-- What is asked for most has a plan that is kept.
		SELECT array_agg(p.id), array_agg(p.created_at) INTO ids, times FROM (
			SELECT t.id, t.created_at FROM bountygo.tasks t
			WHERE t.status IN ('active', 'paused') AND t.gone_at IS NULL AND coalesce(t.deadline, 'infinity') >= at
				AND (t.created_at, t.id) < (coalesce(after_key::timestamptz, 'infinity'), coalesce(after_id, 9223372036854775807))
			ORDER BY t.created_at DESC, t.id DESC LIMIT size + 1) p;
		IF cardinality(ids) > size THEN
			next := bountygo.cursor_make('-created_at', bountygo.rfc3339(times[size]), ids[size]);
			ids := ids[1:size];
		END IF;
		RETURN;
	END IF;
	SELECT f.ids, f.next, f.total INTO ids, next, total
		FROM bountygo.find_tasks(query, title, state, status, category, tag_ids, organizer_id, sponsor_id, reward_min, reward_max,
			currency, reward_type, closes_before, closes_after, language, has_deadline, source_host, source_url, at, sort, after_key,
			after_id, size, count) f;
END
$$;
COMMENT ON FUNCTION bountygo.find_public_tasks(tsquery, text, bountygo.state_filter, bountygo.task_status, bountygo.task_category, bigint[], bigint, bigint,
	numeric, numeric, text, bountygo.reward_distribution, timestamptz, timestamptz, text, boolean, text, text, timestamptz, bountygo.task_sort, text,
	bigint, integer, bountygo.count_mode) IS
'find_tasks() for all that everyone may see, never a draft. It runs with the rights of the tables'' owner: under row-level security no index of words, amounts or states may be used, since their operators might tell of rows that are hidden.';

CREATE FUNCTION bountygo.list_tasks(
	q text DEFAULT NULL,
	state bountygo.state_filter DEFAULT NULL,
	status bountygo.task_status DEFAULT NULL,
	category text DEFAULT NULL,
	kind text DEFAULT NULL,
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
	count bountygo.count_mode DEFAULT 'none',
	cursor text DEFAULT NULL,
	"limit" integer DEFAULT 20) RETURNS jsonb
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
SET plan_cache_mode = force_generic_plan
AS $$
DECLARE
	at constant timestamptz := clock_timestamp();
	caller constant bigint := bountygo.current_user_id();
	problems jsonb := '[]';
	-- Who asks for completed tasks, or for the task of a page, does not mean that it shall be open.
	wanted_state constant bountygo.state_filter := coalesce(list_tasks.state, CASE
		WHEN list_tasks.url IS NOT NULL OR list_tasks.status IN ('completed', 'cancelled') THEN 'any'::bountygo.state_filter ELSE 'open' END);
	wanted_sort constant bountygo.task_sort := coalesce(list_tasks.sort, '-created_at');
	size constant integer := coalesce(list_tasks."limit", 20);
	question text := nullif(btrim(q, E' \t\r\n'), '');
	query tsquery;
	wanted_category bountygo.task_category;
	tag_ids bigint[];
	page_url text;
	problem text;
	hint text;
	corrected text;
	after record;
	found record;
	items jsonb;
	answer jsonb;
BEGIN
	IF size NOT BETWEEN 1 AND 100 THEN
		problems := problems || bountygo.problem('?limit', 'This must be from 1 to 100.');
	END IF;
	IF num_nonnulls(q, category, kind, tag, reward_min, reward_max, url, sort, closes_before, closes_after) > 1 OR sort IS NULL OR sort = '-relevance' THEN
		IF length(q) > 200 THEN
			problems := problems || bountygo.problem('?q', 'This must have at most 200 characters.');
		END IF;
		IF wanted_sort = '-relevance' AND question IS NULL THEN
			problems := problems || bountygo.problem('?sort', 'Relevance is to something: give q as well.');
		END IF;
		IF category IS NOT NULL AND kind IS NOT NULL THEN
			problems := problems || bountygo.problem('?kind', 'kind is another name of category: give one of them.');
		END IF;
		IF cardinality(tag) > 20 OR array_ndims(tag) > 1 THEN
			problems := problems || bountygo.problem('?tag', 'At most 20 tags can be asked for at once.');
		END IF;
		IF reward_min IN ('NaN', 'Infinity') OR reward_min < 0 THEN
			problems := problems || bountygo.problem('?reward_min', 'This must be a number from 0.');
		END IF;
		IF reward_max IN ('NaN', 'Infinity') OR reward_max < 0 THEN
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
	END IF;
	IF category IS NOT NULL OR kind IS NOT NULL THEN
		wanted_category := bountygo.find_category(coalesce(category, kind));
		IF wanted_category IS NULL THEN
			problems := problems || bountygo.category_problem(coalesce(category, kind), CASE WHEN category IS NULL THEN '?kind' ELSE '?category' END);
			hint := 'Categories are ' || array_to_string(enum_range(NULL::bountygo.task_category), ', ') || '.';
		END IF;
	END IF;
	IF jsonb_array_length(problems) > 0 THEN
		PERFORM bountygo.raise_invalid(problems, hint);
	END IF;

	IF cardinality(tag) > 0 THEN
		-- A tag that nobody has used matches nothing; an id of 0 stands for it.
		SELECT array_agg(coalesce(f.id, 0)) INTO tag_ids FROM unnest(bountygo.find_tags(tag, true)) AS f (id);
	END IF;
	IF cursor IS NOT NULL THEN
		SELECT c.key, c.id INTO after FROM bountygo.cursor_read(cursor, wanted_sort::text) c;
	ELSE
		SELECT NULL::text AS key, NULL::bigint AS id INTO after;
	END IF;
	LOOP
		IF question IS NOT NULL THEN
			query := bountygo.search_query(coalesce(corrected, question));
		END IF;
		IF list_tasks.status = 'draft' THEN
			SELECT * INTO found FROM bountygo.find_tasks(query, lower(question), wanted_state, list_tasks.status, wanted_category, tag_ids,
				list_tasks.organizer_id, list_tasks.sponsor_id, reward_min, reward_max, upper(currency), reward_type, closes_before, closes_after,
				list_tasks.language, has_deadline, lower(source_host), page_url, at, wanted_sort, after.key, after.id, size,
				coalesce(list_tasks.count, 'none'));
		ELSE
			SELECT * INTO found FROM bountygo.find_public_tasks(query, lower(question), wanted_state, list_tasks.status, wanted_category, tag_ids,
				list_tasks.organizer_id, list_tasks.sponsor_id, reward_min, reward_max, upper(currency), reward_type, closes_before, closes_after,
				list_tasks.language, has_deadline, lower(source_host), page_url, at, wanted_sort, after.key, after.id, size,
				coalesce(list_tasks.count, 'none'));
		END IF;
		EXIT WHEN found.ids IS NOT NULL OR question IS NULL OR corrected IS NOT NULL;
		corrected := bountygo.corrected_query(question);
		EXIT WHEN corrected IS NULL;
	END LOOP;

	-- Under the caller's row-level security: what was found is only what to look at. Scalar subqueries look up by key whatever the
	-- planner thinks of so small a table.
	SELECT jsonb_agg(jsonb_build_object(
			'id', t.id,
			'title', t.title,
			'summary', t.summary,
			'category', t.category,
			'language', t.language,
			'status', t.status,
			'state', bountygo.task_state(t.status, t.deadline_earliest, t.deadline, t.opens_at, t.gone_at, at),
			'organizer', (SELECT jsonb_build_object('id', o.id, 'name', o.name) FROM bountygo.organizers o WHERE o.id = t.organizer_id),
			'sponsor', (SELECT jsonb_build_object('id', u.id, 'nickname', u.nickname, 'avatar_url', u.avatar_url)
				FROM bountygo.public_users u WHERE u.id = t.sponsor_id),
			'reward', bountygo.reward_value(t.reward_amount, t.reward_min, t.reward_currency, t.reward_distribution),
			'deadline', bountygo.deadline_value(t.deadline_date, t.deadline_earliest, t.deadline, t.deadline_text,
				t.deadline_precision, t.deadline_zone),
			'tags', (SELECT coalesce(jsonb_agg(g.name ORDER BY g.name_key), '[]') FROM unnest(t.tag_ids) AS i (id)
				CROSS JOIN LATERAL (SELECT n.name, n.name_key FROM bountygo.tags n WHERE n.id = i.id OFFSET 0) g),
			'missing', t.missing,
			'source_url', t.source_url,
			'external_link', t.external_link,
			'counts', coalesce((SELECT jsonb_build_object('views', c.views, 'joins', c.joins, 'messages', c.messages)
				FROM bountygo.task_counts c WHERE c.task_id = t.id), '{"joins": 0, "views": 0, "messages": 0}'),
			'created_at', bountygo.rfc3339(t.created_at),
			'updated_at', bountygo.rfc3339(t.updated_at)) ORDER BY p.n) INTO items
		FROM unnest(found.ids) WITH ORDINALITY AS p (id, n)
		JOIN bountygo.tasks t ON t.id = p.id;
	IF caller IS NOT NULL AND items IS NOT NULL THEN
		SELECT jsonb_agg(i.item || jsonb_build_object('my_todo', (
				SELECT jsonb_build_object('id', d.id, 'is_completed', d.is_completed) FROM bountygo.todos d
				WHERE d.user_id = caller AND d.task_id = (i.item -> 'id')::bigint)) ORDER BY i.n)
			INTO items FROM jsonb_array_elements(items) WITH ORDINALITY AS i (item, n);
	END IF;
	answer := jsonb_build_object('items', coalesce(items, '[]'), 'next', found.next);
	IF found.total IS NOT NULL THEN
		answer := answer || jsonb_build_object('total', found.total);
	END IF;
	IF corrected IS NOT NULL AND items IS NOT NULL THEN
		answer := answer || jsonb_build_object('corrected', jsonb_build_object('from', question, 'to', corrected));
	END IF;
	RETURN answer;
END
$$;
COMMENT ON FUNCTION bountygo.list_tasks(text, bountygo.state_filter, bountygo.task_status, text, text, text[], bigint, bigint, numeric,
	numeric, text, bountygo.reward_distribution, timestamptz, timestamptz, text, boolean, text, text, bountygo.task_sort,
	bountygo.count_mode, text, integer) IS
'Tasks, by words, filters and order: {"items": [...], "next": cursor or null}, with "total" if they are counted. q (up to 200 characters): all words in title, organizer, tags, summary, description or eligibility, English endings left aside, Chinese without spaces; "a phrase", or, -word; words that no task has are replaced by the nearest if nothing is found, and "corrected": {from, to} says so. state open hides what is surely over or gone; it is the default, but any is with url or a status of completed or cancelled. category, or kind, in English or Chinese (征文, 黑客松); tag: all of them, by name, synonym or id; reward_min, reward_max: of the amount as stated, whatever its currency unless currency is given; closes_before, closes_after: the whole window of the deadline lies there; url: the task of that page, in whatever state. Drafts only with status => ''draft'', your own. sort -relevance needs q and ranks at most the newest 500 that match. Signed in, each has my_todo. limit 1 to 100, default 20. UB422 for wrong values and foreign cursors.';
