-- Messages about tasks, as public as their task.

CREATE TYPE bountygo.message_sort AS ENUM ('created_at', '-created_at');
COMMENT ON TYPE bountygo.message_sort IS 'Order of the messages of a task: oldest first, as one reads them, or newest first.';

CREATE FUNCTION bountygo.message_object(id bigint) RETURNS jsonb
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
	SELECT jsonb_build_object('id', m.id, 'task_id', m.task_id,
		'author', CASE WHEN u.id IS NOT NULL THEN bountygo.user_object(u.id, u.nickname, u.avatar_url, u.created_at) END,
		'content', m.content, 'created_at', bountygo.rfc3339(m.created_at), 'edited_at', bountygo.rfc3339(m.edited_at))
	FROM bountygo.messages m LEFT JOIN bountygo.public_users u ON u.id = m.author_id
	WHERE m.id = $1
$$;
COMMENT ON FUNCTION bountygo.message_object(bigint) IS 'A message as the API shows it; NULL if it is not visible to the caller. author is null once the account is gone.';

CREATE FUNCTION bountygo.get_message(id bigint) RETURNS jsonb
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	found constant jsonb := bountygo.message_object(get_message.id);
BEGIN
	IF found IS NULL THEN
		RAISE EXCEPTION 'there is no message %', coalesce(get_message.id::text, '(null)')
			USING ERRCODE = 'UB404', HINT = 'It does not exist or is not visible to you.';
	END IF;
	RETURN found;
END
$$;
COMMENT ON FUNCTION bountygo.get_message(bigint) IS 'A message about a task: author, content, created_at, edited_at. UB404 if there is none for you.';

CREATE FUNCTION bountygo.list_messages(
	id bigint,
	sort bountygo.message_sort DEFAULT 'created_at',
	count bountygo.count_mode DEFAULT 'none',
	cursor text DEFAULT NULL,
	"limit" integer DEFAULT 20) RETURNS jsonb
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	size constant integer := bountygo.page_size(list_messages."limit");
	wanted constant text := 'messages ' || coalesce(list_messages.sort, 'created_at');
	after_id bigint;
	ids bigint[];
BEGIN
	PERFORM bountygo.require_task(list_messages.id);
	IF cursor IS NOT NULL THEN
		after_id := (bountygo.cursor_read(cursor, wanted)).id;
	END IF;
	IF list_messages.sort = '-created_at' THEN
		ids := ARRAY(SELECT m.id FROM bountygo.messages m WHERE m.task_id = list_messages.id AND (after_id IS NULL OR m.id < after_id)
			ORDER BY m.id DESC LIMIT size + 1);
	ELSE
		ids := ARRAY(SELECT m.id FROM bountygo.messages m WHERE m.task_id = list_messages.id AND (after_id IS NULL OR m.id > after_id)
			ORDER BY m.id LIMIT size + 1);
	END IF;
	RETURN jsonb_build_object(
			'items', (SELECT coalesce(jsonb_agg(bountygo.message_object(i.id) ORDER BY i.n), '[]')
				FROM unnest(ids[1:size]) WITH ORDINALITY AS i (id, n)),
			'next', CASE WHEN cardinality(ids) > size THEN bountygo.cursor_make(wanted, NULL, ids[size]) END)
		|| CASE WHEN list_messages.count <> 'none' THEN jsonb_build_object('total',
			(SELECT k.messages FROM bountygo.task_counts k WHERE k.task_id = list_messages.id)) ELSE '{}' END;
END
$$;
COMMENT ON FUNCTION bountygo.list_messages(bigint, bountygo.message_sort, bountygo.count_mode, text, integer) IS
'The messages about a task, oldest first; sort -created_at: newest first. limit 1 to 100, default 20. UB404 if there is no such task for you, UB422 for a foreign cursor.';

CREATE FUNCTION bountygo.content_problems(content text) RETURNS jsonb
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN bountygo.clean_text(content, true) IS NULL THEN bountygo.problem('/content', 'A message has 1 to 10000 characters.')
	ELSE bountygo.text_problems('/content', bountygo.clean_text(content, true), 10000, true) END;
COMMENT ON FUNCTION bountygo.content_problems(text) IS 'What is wrong with the content of a message, as a list for raise_invalid.';

CREATE FUNCTION bountygo.post_message(id bigint, content text) RETURNS jsonb
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	caller constant bigint := bountygo.require_user();
	message bigint;
BEGIN
	PERFORM bountygo.require_task(post_message.id);
	PERFORM bountygo.raise_invalid(bountygo.content_problems(post_message.content));
	BEGIN
		INSERT INTO bountygo.messages (task_id, author_id, content)
			VALUES (post_message.id, caller, bountygo.clean_text(post_message.content, true)) RETURNING messages.id INTO message;
	EXCEPTION WHEN foreign_key_violation OR insufficient_privilege THEN
		-- Deleted since we looked.
		PERFORM bountygo.require_task(post_message.id);
		RAISE;
	END;
	INSERT INTO bountygo.events (kind, task_id, payload) VALUES ('new_message', post_message.id, jsonb_build_object('message_id', message));
	RETURN bountygo.message_object(message);
END
$$;
COMMENT ON FUNCTION bountygo.post_message(bigint, text) IS
'Says something about a task and returns the message. content: 1 to 10000 characters, may have lines. Everyone who sees the task sees it. UB401 without a user, UB404 if there is no such task for you, UB422.';

CREATE FUNCTION bountygo.edit_message(id bigint, content text DEFAULT NULL, clear text[] DEFAULT NULL) RETURNS jsonb
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	wanted constant text := bountygo.clean_text(edit_message.content, true);
	problems jsonb;
	old text;
BEGIN
	PERFORM bountygo.require_user();
	SELECT m.content INTO old FROM bountygo.messages m WHERE m.id = edit_message.id FOR NO KEY UPDATE;
	IF NOT FOUND THEN
		PERFORM bountygo.get_message(edit_message.id);
		RAISE EXCEPTION 'this message is not yours' USING ERRCODE = 'UB403', HINT = 'Its author and moderators may change it.';
	END IF;
	SELECT coalesce(jsonb_agg(bountygo.problem('/' || c.name, 'This cannot be cleared.') -> 0 ORDER BY c.i), '[]') INTO problems
		FROM unnest(clear) WITH ORDINALITY AS c (name, i);
	IF problems = '[]' AND edit_message.content IS NOT NULL THEN
		problems := bountygo.content_problems(edit_message.content);
	END IF;
	PERFORM bountygo.raise_invalid(problems);
	IF wanted IS DISTINCT FROM old AND wanted IS NOT NULL THEN
		UPDATE bountygo.messages m SET content = wanted, edited_at = clock_timestamp() WHERE m.id = edit_message.id;
	END IF;
	RETURN bountygo.message_object(edit_message.id);
END
$$;
COMMENT ON FUNCTION bountygo.edit_message(bigint, text, text[]) IS
'Changes a message of one''s own, or any as a moderator, and returns it; edited_at tells that it was. content: 1 to 10000 characters, cannot be cleared. UB401 without a user, UB403 if it is another''s, UB404, UB422.';

CREATE FUNCTION bountygo.delete_message(id bigint) RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	PERFORM bountygo.require_editor();
	DELETE FROM bountygo.messages m WHERE m.id = delete_message.id;
	IF NOT FOUND THEN
		PERFORM bountygo.get_message(delete_message.id);
		RAISE EXCEPTION 'this message is not yours' USING ERRCODE = 'UB403', HINT = 'Its author and moderators may delete it.';
	END IF;
END
$$;
COMMENT ON FUNCTION bountygo.delete_message(bigint) IS
'Deletes a message of one''s own, or any as a moderator. UB401 without a user, UB403 if it is another''s, UB404.';
