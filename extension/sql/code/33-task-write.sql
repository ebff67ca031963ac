-- Tasks, written by people.

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
