-- The schemas of what the REST API answers (JSON Schema 2020-12), for openapi(). A member is a row: schema, name, type, description.

CREATE FUNCTION bountygo.schema_of(notation text) RETURNS jsonb
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	nullable constant boolean := notation LIKE '%?';
	plain constant text := rtrim(notation, '?');
	answer jsonb;
BEGIN
	IF plain ~ '^[A-Z]\w+$' THEN
		answer := jsonb_build_object('$ref', '#/components/schemas/' || plain);
		RETURN CASE WHEN nullable THEN jsonb_build_object('anyOf', jsonb_build_array(answer, '{"type": "null"}'::jsonb)) ELSE answer END;
	ELSIF plain LIKE '[%]' THEN
		answer := jsonb_build_object('type', 'array', 'items', bountygo.schema_of(substr(plain, 2, length(plain) - 2)));
	ELSIF plain LIKE '{%}' THEN
		answer := jsonb_build_object('type', 'object', 'additionalProperties', bountygo.schema_of(substr(plain, 2, length(plain) - 2)));
	ELSIF plain LIKE '%|%' OR plain LIKE '"%"' THEN
		answer := jsonb_build_object('type', 'string', 'enum', to_jsonb(string_to_array(btrim(plain, '"'), '|')));
		RETURN CASE WHEN nullable THEN answer || jsonb_build_object('type', '["string", "null"]'::jsonb,
			'enum', answer -> 'enum' || '[null]') ELSE answer END;
	ELSE
		answer := CASE plain
			WHEN 'any' THEN '{}'
			WHEN 'object' THEN '{"type": "object"}'
			WHEN 'boolean' THEN '{"type": "boolean"}'
			WHEN 'text' THEN '{"type": "string"}'
			WHEN 'url' THEN '{"type": "string", "format": "uri"}'
			WHEN 'email' THEN '{"type": "string", "maxLength": 320}'
			WHEN 'instant' THEN '{"type": "string", "format": "date-time"}'
			WHEN 'date' THEN '{"type": "string", "format": "date"}'
			WHEN 'duration' THEN '{"type": "string", "format": "duration"}'
			WHEN 'id' THEN '{"type": "integer", "format": "int64", "minimum": 1}'
			WHEN 'count' THEN '{"type": "integer", "format": "int64", "minimum": 0}'
			WHEN 'integer' THEN '{"type": "integer"}'
			WHEN 'number' THEN '{"type": "number"}'
			WHEN 'amount' THEN '{"type": "number", "minimum": 0}'
			WHEN 'share' THEN '{"type": "number", "minimum": 0, "maximum": 1}'
			END;
		IF answer IS NULL THEN
			RAISE EXCEPTION 'no schema is written as "%"', notation;
		END IF;
	END IF;
	RETURN CASE WHEN nullable AND answer ? 'type' THEN jsonb_set(answer, '{type}', jsonb_build_array(answer -> 'type', 'null')) ELSE answer END;
END
$$;
COMMENT ON FUNCTION bountygo.schema_of(text) IS
'A type of the list in schemas() as JSON Schema: a word (text, url, instant, id, count, …), Name of another schema, a|b|c for one of these words, [x] for a list, {x} for an object of x by name; with ? it may be null.';

CREATE FUNCTION bountygo.enum_schema_name(type_name text) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN pg_catalog.replace(pg_catalog.initcap(pg_catalog.replace(type_name, '_', ' ')), ' ', '');
COMMENT ON FUNCTION bountygo.enum_schema_name(text) IS 'The name under which an enumerated type stands among the schemas: task_status is TaskStatus.';

CREATE FUNCTION bountygo.schema_members() RETURNS TABLE (schema text, member text, notation text, description text)
LANGUAGE sql IMMUTABLE
SET search_path = pg_catalog, pg_temp
AS $$
	VALUES
	-- Errors
	('Problem', 'type', 'text', 'A URI for the kind of problem; about:blank: the status says it all.'),
	('Problem', 'title', 'text', 'The status in words.'),
	('Problem', 'status', 'integer', 'The HTTP status.'),
	('Problem', 'code', 'text', 'Stable code to test for: UB and the status.'),
	('Problem', 'detail', 'text', 'What is wrong, for people; not for programs.'),
	('Problem', 'hint?', 'text', 'What would be right, as a sentence.'),
	('Problem', 'errors?', '[ProblemEntry]', 'Each wrong value, all of them at once.'),
	('Problem', 'request_id?', 'text', 'The id of the request, as in X-Request-Id; name it when you report a fault.'),
	('ProblemEntry', 'pointer', 'text', 'Where: /name in the body (RFC 6901), ?name in the query, {name} in the path, or empty for the whole.'),
	('ProblemEntry', 'detail', 'text', 'What is wrong there, as a sentence.'),
	-- The service
	('Health', 'status', 'healthy|degraded|unhealthy', 'degraded: something waits or is slower; unhealthy: nothing works.'),
	('Health', 'version', 'text', 'The version of the service.'),
	('Health', 'uptime_seconds', 'count', 'Seconds since the database started.'),
	('Health', 'components', '{HealthComponent}', 'What it depends on, by name: database, redis, workers, ppio, queue.'),
	('HealthComponent', 'status', 'text', 'healthy, not_configured, or what is wrong.'),
	('HealthComponent', 'latency_ms?', 'amount', 'How long it took to answer.'),
	('HealthComponent', 'alive?', 'count', 'Workers that run.'),
	('HealthComponent', 'oldest_due_seconds?', 'amount', 'How long the oldest job that is due has waited.'),
	('ApiIndex', 'name', 'text', 'The name of the service.'),
	('ApiIndex', 'version', 'text', 'Its version.'),
	('ApiIndex', 'links', '[ApiLink]', 'Every endpoint.'),
	('ApiLink', 'method', 'GET|POST|PUT|PATCH|DELETE', 'The HTTP method.'),
	('ApiLink', 'href', 'text', 'The path, with {names} for its parameters.'),
	('ApiLink', 'auth', 'none|optional|user|moderator|admin', 'Who may use it.'),
	-- Users and signing in
	('User', 'id', 'id', 'The user''s number.'),
	('User', 'nickname', 'text', 'The name to show.'),
	('User', 'avatar_url', 'text?', 'A picture, https.'),
	('User', 'created_at', 'instant', 'When the account was made.'),
	('Me', 'email', 'email?', 'E-mail address; nobody else sees it.'),
	('Me', 'email_verified', 'boolean', 'Whether somebody trustworthy has vouched for the address.'),
	('Me', 'role', 'UserRole', 'What the user may do.'),
	('Me', 'locale', 'text', 'Language tag, such as en or zh-CN.'),
	('Me', 'timezone', 'text', 'IANA name, such as Asia/Shanghai.'),
	('Me', 'updated_at', 'instant', 'When the account last changed.'),
	('AdminUser', 'disabled_at', 'instant?', 'Since when the account is closed to signing in.'),
	('AdminUser', 'model_calls_per_day', 'count?', 'Model calls a UTC day; null: as many as anybody.'),
	('Tokens', 'access_token', 'text', 'Send it as Authorization: Bearer.'),
	('Tokens', 'token_type', '"Bearer"', 'Always Bearer.'),
	('Tokens', 'expires_in', 'count', 'Seconds that the access token is good for.'),
	('Tokens', 'refresh_token', 'text', 'Good once, for /auth/refresh. Keep it secret.'),
	('Tokens', 'refresh_expires_at', 'instant', 'When the session ends for good.'),
	('Tokens', 'user', 'Me', 'Who has signed in.'),
	('WalletNonce', 'message', 'text', 'The exact EIP-4361 message to sign (personal_sign).'),
	('WalletNonce', 'nonce', 'text', 'The nonce in it.'),
	('WalletNonce', 'address', 'text', 'The address in EIP-55 form.'),
	('WalletNonce', 'chain_id', 'id', 'The chain in it.'),
	('WalletNonce', 'expires_at', 'instant', 'Until when it can be used.'),
	('Wallet', 'id', 'id', 'The wallet''s number.'),
	('Wallet', 'address', 'text', 'Address in EIP-55 form.'),
	('Wallet', 'chain_id', 'id', 'The chain it signed in on.'),
	('Wallet', 'is_primary', 'boolean', 'Whether it is the one to pay to.'),
	('Wallet', 'created_at', 'instant', 'When it was linked.'),
	('AuthStatus', 'authenticated', 'boolean', 'Whether the request was signed in.'),
	('AuthStatus', 'user', 'Me?', 'Who is signed in.'),
	('AuthStatus', 'session_id', 'id?', 'The session; null with an API key.'),
	('AuthStatus', 'scopes', '[text]?', 'What the API key may do; null: everything.'),
	('AuthStatus', 'methods', 'AuthMethods', 'What the user signs in with.'),
	('AuthStatus', 'available', '[AvailableMethod]', 'What one can sign in with here.'),
	('AuthMethods', 'wallets', '[Wallet]', 'Linked wallets.'),
	('AuthMethods', 'identities', '[Identity]', 'Linked accounts elsewhere.'),
	('Identity', 'provider', 'text', 'Whose account it is.'),
	('Identity', 'email', 'email?', 'The address that it had.'),
	('Identity', 'created_at', 'instant', 'When it was linked.'),
	('AvailableMethod', 'method', 'wallet|oidc', 'How to sign in.'),
	('AvailableMethod', 'provider?', 'text', 'For oidc: the name to use in /auth/oidc/{provider}.'),
	('Session', 'id', 'id', 'The session''s number.'),
	('Session', 'method', 'text', 'wallet, oidc:<provider>, or admin.'),
	('Session', 'created_at', 'instant', 'When it was signed in.'),
	('Session', 'last_used_at', 'instant', 'When it was last refreshed or used.'),
	('Session', 'expires_at', 'instant', 'When it ends.'),
	('Session', 'user_agent', 'text?', 'What signed in.'),
	('Session', 'address', 'text?', 'From which address.'),
	('Session', 'is_current', 'boolean', 'Whether it is the one of this request.'),
	('ApiKey', 'id', 'id', 'The key''s number.'),
	('ApiKey', 'name', 'text', 'What its owner calls it.'),
	('ApiKey', 'prefix', 'text', 'The part of the key that is kept in clear.'),
	('ApiKey', 'scopes', '[text]', 'What it may do.'),
	('ApiKey', 'created_at', 'instant', 'When it was made.'),
	('ApiKey', 'expires_at', 'instant?', 'When it ends; null: never.'),
	('ApiKey', 'last_used_at', 'instant?', 'When it was last used.'),
	('NewApiKey', 'key', 'text', 'The key itself. It is shown this once.'),
	-- Tasks
	('Reward', 'amount', 'amount?', 'The stated total, or the largest of a range.'),
	('Reward', 'min', 'amount?', 'The least of a range.'),
	('Reward', 'currency', 'text?', 'Currency or token, such as USD or USDC.'),
	('Reward', 'distribution', 'RewardDistribution?', 'How it is shared out.'),
	('Deadline', 'date', 'date?', 'The date as written.'),
	('Deadline', 'earliest', 'instant?', 'The first instant that the words can mean.'),
	('Deadline', 'latest', 'instant?', 'The last instant that the words can mean.'),
	('Deadline', 'text', 'text?', 'The words of the page.'),
	('Deadline', 'precision', 'DeadlinePrecision?', 'How exactly it is stated.'),
	('Deadline', 'zone', 'text?', 'The time zone as written; null: none is stated.'),
	('OrganizerRef', 'id', 'id', 'The organizer''s number.'),
	('OrganizerRef', 'name', 'text', 'The organizer''s name.'),
	('Sponsor', 'id', 'id', 'The user''s number.'),
	('Sponsor', 'nickname', 'text', 'The name to show.'),
	('Sponsor', 'avatar_url', 'text?', 'A picture, https.'),
	('TaskCounts', 'views', 'count', 'Times that the task was looked at.'),
	('TaskCounts', 'joins', 'count', 'People who have it on their list.'),
	('TaskCounts', 'messages', 'count', 'Messages about it.'),
	('MyTodo', 'id', 'id', 'The todo''s number.'),
	('MyTodo', 'is_completed', 'boolean', 'Whether you are done with it.'),
	('TaskItem', 'id', 'id', 'The task''s number.'),
	('TaskItem', 'title', 'text?', 'At most 255 characters.'),
	('TaskItem', 'summary', 'text?', 'At most 500 characters.'),
	('TaskItem', 'category', 'TaskCategory?', 'What kind of work it asks for.'),
	('TaskItem', 'language', 'text?', 'The language of the page.'),
	('TaskItem', 'status', 'TaskStatus', 'What the sponsor decided.'),
	('TaskItem', 'state', 'TaskState', 'Computed from the deadline and the clock.'),
	('TaskItem', 'organizer', 'OrganizerRef?', 'Who offers the reward.'),
	('TaskItem', 'sponsor', 'Sponsor?', 'The user who published it.'),
	('TaskItem', 'reward', 'Reward?', 'What is paid.'),
	('TaskItem', 'deadline', 'Deadline?', 'Until when work can be handed in: a window.'),
	('TaskItem', 'tags', '[text]', 'Keywords.'),
	('TaskItem', 'missing', '{MissingReason}', 'Why a field has no value.'),
	('TaskItem', 'source_url', 'text?', 'The page that it was read from.'),
	('TaskItem', 'external_link', 'text?', 'Where to take part.'),
	('TaskItem', 'counts', 'TaskCounts', 'How much it is noticed.'),
	('TaskItem', 'my_todo?', 'MyTodo?', 'Your todo for it; only if you are signed in.'),
	('TaskItem', 'created_at', 'instant', 'When it was made here.'),
	('TaskItem', 'updated_at', 'instant', 'When it last changed.'),
	('Task', 'description', 'text?', 'At most 65535 characters.'),
	('Task', 'eligibility', 'text?', 'Who may take part.'),
	('Task', 'rewards', '[Prize]', 'The single prizes, as listed.'),
	('Task', 'milestones', '[Milestone]', 'Other dates that the page states.'),
	('Task', 'evidence', 'EvidenceMap', 'Where each value comes from.'),
	('Task', 'snapshot_id', 'id?', 'The page as it was when it was read.'),
	('Task', 'gone_at', 'instant?', 'Since when its page is gone.'),
	('Task', 'opens_at', 'instant?', 'From when on one can take part, if stated.'),
	('Task', 'checked_at', 'instant?', 'When its page was last read.'),
	('Task', 'cluster', 'Cluster?', 'Tasks that are the same.'),
	('Cluster', 'id', 'id', 'The cluster''s number.'),
	('Cluster', 'canonical_id', 'id?', 'The task that stands for all of them.'),
	('Cluster', 'size', 'count', 'How many tasks it holds.'),
	('Cluster', 'siblings', '[ClusterSibling]', 'The others.'),
	('ClusterSibling', 'id', 'id', 'The task''s number.'),
	('ClusterSibling', 'title', 'text?', 'Its title.'),
	('ClusterSibling', 'source_url', 'text?', 'Its page.'),
	('Evidence', 'value', 'any', 'The value that the quote supports.'),
	('Evidence', 'quote', 'text?', 'The exact words; null: a person said it.'),
	('Evidence', 'start', 'count?', 'Where they begin in the snapshot''s text, in characters.'),
	('Evidence', 'end', 'count?', 'Where they end, exclusive.'),
	('Evidence', 'method', 'text', 'jsonld, meta, rule, model, or user:<id>.'),
	('Evidence', 'confidence', 'share?', 'From 0 to 1.'),
	('Evidence', 'snapshot_id?', 'id?', 'The snapshot that is quoted.'),
	('Evidence', 'quotes?', '[TagQuote]', 'Of tags: each one''s own quote.'),
	('TagQuote', 'value', 'text', 'The tag.'),
	('TagQuote', 'quote', 'text?', 'The exact words.'),
	('TagQuote', 'start', 'count?', 'Where they begin.'),
	('TagQuote', 'end', 'count?', 'Where they end, exclusive.'),
	('Prize', 'place', 'count?', 'The place it is for, or the first of a range.'),
	('Prize', 'place_to', 'count?', 'The last place of a range.'),
	('Prize', 'count', 'count?', 'How many of it there are.'),
	('Prize', 'amount', 'amount?', 'Each one''s amount.'),
	('Prize', 'currency', 'text?', 'Currency or token.'),
	('Prize', 'label', 'text?', 'What it is for, in the page''s words.'),
	('Milestone', 'kind', 'text', 'Such as registration, submission, judging, winners.'),
	('Milestone', 'text', 'text', 'The words of the page.'),
	('Milestone', 'date', 'date?', 'The date as written.'),
	('Milestone', 'earliest', 'instant', 'The first instant that the words can mean.'),
	('Milestone', 'latest', 'instant', 'The last instant that the words can mean.'),
	('Milestone', 'precision', 'DeadlinePrecision', 'How exactly it is stated.'),
	('Milestone', 'zone', 'text?', 'The time zone as written.'),
	('Quoted', 'quote', 'text?', 'The exact words.'),
	('Quoted', 'start', 'count?', 'Where they begin in the snapshot''s text, in characters.'),
	('Quoted', 'end', 'count?', 'Where they end, exclusive.'),
	('Quoted', 'method', 'text', 'jsonld, meta, rule, model, or user:<id>.'),
	('Quoted', 'confidence', 'share?', 'From 0 to 1.'),
	('Quoted', 'snapshot_id?', 'id?', 'The snapshot that is quoted.'),
	('Snapshot', 'id', 'id', 'The snapshot''s number.'),
	('Snapshot', 'url', 'text', 'The canonical URL that was asked for.'),
	('Snapshot', 'final_url', 'text', 'Where redirects led.'),
	('Snapshot', 'fetched_at', 'instant', 'When it was fetched.'),
	('Snapshot', 'http_status', 'count?', 'What the site answered.'),
	('Snapshot', 'content_type', 'text?', 'The type it said.'),
	('Snapshot', 'language', 'text?', 'The language of the text.'),
	('Snapshot', 'bytes', 'count', 'Size of the page.'),
	('Snapshot', 'text', 'text', 'The main text, into which evidence points.'),
	('Snapshot', 'metadata', 'PageMetadata?', 'What the page says of itself.'),
	('PageMetadata', 'title', 'text?', 'Its title.'),
	('PageMetadata', 'author', 'text?', 'Its author.'),
	('PageMetadata', 'published', 'text?', 'When it was published, as written.'),
	('PageMetadata', 'site', 'text?', 'The name of its site.'),
	('PageMetadata', 'canonical', 'text?', 'The address it gives as its own.'),
	('PageMetadata', 'description', 'text?', 'Its description.'),
	('PageMetadata', 'image', 'text?', 'Its picture.'),
	('Message', 'id', 'id', 'The message''s number.'),
	('Message', 'task_id', 'id', 'The task it is about.'),
	('Message', 'author', 'User?', 'Who wrote it; null: the account is gone.'),
	('Message', 'content', 'text', '1 to 10000 characters.'),
	('Message', 'created_at', 'instant', 'When it was written.'),
	('Message', 'edited_at', 'instant?', 'When it was last changed.'),
	('HistoryItem', 'id', 'id', 'The change''s number.'),
	('HistoryItem', 'changed_at', 'instant', 'When.'),
	('HistoryItem', 'method', 'text', 'What changed it: rule, model, user:<id>, …'),
	('HistoryItem', 'changed_by', 'User?', 'Who changed it.'),
	('HistoryItem', 'field', 'text', 'The field.'),
	('HistoryItem', 'old_value', 'any', 'Its value before; null: none.'),
	('HistoryItem', 'new_value', 'any', 'Its value after; null: none.'),
	('SimilarItem', 'id', 'id', 'The task''s number.'),
	('SimilarItem', 'title', 'text?', 'Its title.'),
	('SimilarItem', 'source_url', 'text?', 'Its page.'),
	('SimilarItem', 'similarity', 'share', 'From 0 to 1.'),
	('SimilarItem', 'is_duplicate', 'boolean', 'Whether both are in one cluster.'),
	-- Reading pages
	('JobItem', 'id', 'id', 'The job''s number.'),
	('JobItem', 'kind', 'JobKind', 'What is to be done.'),
	('JobItem', 'state', 'JobState', 'How far it is.'),
	('JobItem', 'stage', 'JobStage', 'What is being done.'),
	('JobItem', 'progress', 'share', 'From 0 to 1.'),
	('JobItem', 'url', 'text?', 'The canonical URL; null for text.'),
	('JobItem', 'outcome', 'Outcome?', 'What came of it.'),
	('JobItem', 'why', 'text?', 'Why it is dead, or waits.'),
	('JobItem', 'attempts', 'count', 'How often it was tried.'),
	('JobItem', 'max_attempts', 'count', 'How often it may fail.'),
	('JobItem', 'created_at', 'instant', 'When it was submitted.'),
	('JobItem', 'started_at', 'instant?', 'When it was first taken up.'),
	('JobItem', 'finished_at', 'instant?', 'When it ended.'),
	('JobItem', 'group_id', 'id?', 'The batch it belongs to.'),
	('JobItem', 'task_id', 'id?', 'The task that came of it.'),
	('JobItem', 'snapshot_id', 'id?', 'The page as it was read.'),
	('Job', 'result', 'Extraction?', 'What was found; null until it is done.'),
	('JobGroup', 'id', 'id', 'The group''s number.'),
	('JobGroup', 'jobs', 'count', 'Jobs in it.'),
	('JobGroup', 'ended', 'count', 'Of these, ended.'),
	('JobGroup', 'done', 'count', 'Of these, done well.'),
	('JobGroup', 'progress', 'share', 'From 0 to 1.'),
	('Batch', 'group_id', 'id', 'For list_jobs(group_id => …).'),
	('Batch', 'items', '[BatchItem]', 'One for each URL, in the order given.'),
	('BatchItem', 'url', 'text?', 'The URL as given.'),
	('BatchItem', 'job_id?', 'id', 'Its job.'),
	('BatchItem', 'state?', 'JobState', 'How far that is.'),
	('BatchItem', 'error?', 'BatchError', 'Why it has no job.'),
	('BatchError', 'code', 'text', 'UB422.'),
	('BatchError', 'pointer', 'text', 'Where.'),
	('BatchError', 'detail', 'text', 'What is wrong.'),
	('Extraction', 'outcome', 'Outcome', 'What came of reading.'),
	('Extraction', 'is_task', 'boolean?', 'Whether the text offers a task.'),
	('Extraction', 'language', 'text?', 'The language of the text.'),
	('Extraction', 'url', 'text?', 'Where the text is from.'),
	('Extraction', 'snapshot_id', 'id?', 'The stored page.'),
	('Extraction', 'fields', 'EvidenceMap', 'What was found, each with its quote.'),
	('Extraction', 'rewards', '[Prize]', 'The single prizes.'),
	('Extraction', 'milestones', '[Milestone]', 'Other dates.'),
	('Extraction', 'missing', '{MissingReason}', 'Why a field was not found.'),
	('Extraction', 'metadata', 'PageMetadata?', 'What the page says of itself.'),
	('Extraction', 'text', 'text?', 'The main text: start and end count its characters.'),
	('Extraction', 'stats', 'ExtractionStats', 'What it took.'),
	('Extraction', 'model?', 'ModelPart', 'What the model did.'),
	('ExtractionStats', 'bytes', 'count', 'Bytes read.'),
	('ExtractionStats', 'nodes', 'count', 'Nodes of the tree.'),
	('ExtractionStats', 'ms', 'amount', 'Milliseconds.'),
	-- What people do about tasks
	('Report', 'id', 'id', 'The report''s number.'),
	('Report', 'task_id', 'id?', 'The task it is about.'),
	('Report', 'kind', 'report|correction', 'A complaint, or a value that shall be another.'),
	('Report', 'reason', 'text?', 'Why.'),
	('Report', 'note', 'text?', 'In the reporter''s words.'),
	('Report', 'field', 'text?', 'Of a correction: the field.'),
	('Report', 'value', 'any', 'Of a correction: the value it shall have.'),
	('Report', 'status', 'open|accepted|dismissed', 'What became of it.'),
	('Report', 'created_at', 'instant', 'When it was made.'),
	('Report', 'resolved_at', 'instant?', 'When it was decided.'),
	('Report', 'resolution', 'text?', 'What the moderator said.'),
	('Report', 'reporter?', 'User?', 'Who made it; moderators see it.'),
	('Correction', 'status', 'applied|proposed', 'Whether it holds now, or a moderator decides.'),
	('Correction', 'task', 'Task', 'The task as it is now.'),
	('Correction', 'report', 'Report?', 'What the moderator will see.'),
	('Split', 'task', 'Task', 'The task, on its own now.'),
	('Split', 'cluster_before', 'id?', 'The cluster it was in.'),
	-- Todos
	('TodoTask', 'id', 'id', 'The task''s number.'),
	('TodoTask', 'title', 'text?', 'Its title.'),
	('TodoTask', 'status', 'TaskStatus', 'What the sponsor decided.'),
	('TodoTask', 'state', 'TaskState', 'Computed from the deadline and the clock.'),
	('TodoTask', 'deadline', 'Deadline?', 'Its deadline.'),
	('Todo', 'id', 'id', 'The todo''s number.'),
	('Todo', 'task', 'TodoTask?', 'The task; null: something of your own.'),
	('Todo', 'title', 'text?', 'Your title.'),
	('Todo', 'description', 'text?', 'Your notes.'),
	('Todo', 'deadline', 'instant?', 'Your deadline.'),
	('Todo', 'remind_offsets', '[duration]', 'How long before the deadline to remind you.'),
	('Todo', 'is_completed', 'boolean', 'Whether it is done.'),
	('Todo', 'completed_at', 'instant?', 'Since when.'),
	('Todo', 'created_at', 'instant', 'When it was made.'),
	('Todo', 'updated_at', 'instant', 'When it last changed.'),
	('DeadlineItem', 'kind', 'task|todo', 'Whose deadline it is.'),
	('DeadlineItem', 'todo_id', 'id', 'The todo.'),
	('DeadlineItem', 'task_id', 'id?', 'The task.'),
	('DeadlineItem', 'title', 'text?', 'The title.'),
	('DeadlineItem', 'at', 'instant', 'The early edge: be ready then.'),
	('DeadlineItem', 'latest', 'instant', 'The late edge.'),
	('DeadlineItem', 'deadline', 'Deadline?', 'The task''s deadline as stated.'),
	-- Organizers and tags
	('Organizer', 'id', 'id', 'The organizer''s number.'),
	('Organizer', 'name', 'text', 'The organizer''s name.'),
	('Organizer', 'url', 'text?', 'Its site.'),
	('Organizer', 'is_verified', 'boolean', 'Whether a moderator has looked into it.'),
	('Organizer', 'aliases', '[text]', 'Other names.'),
	('Organizer', 'counts', 'OrganizerCounts', 'Its tasks.'),
	('Organizer', 'created_at', 'instant', 'When it was first seen.'),
	('OrganizerCounts', 'tasks', 'count', 'All tasks.'),
	('OrganizerCounts', 'open_tasks', 'count', 'Those that may still be open.'),
	('Tag', 'id', 'id', 'The tag''s number.'),
	('Tag', 'name', 'text', 'The tag''s name.'),
	('Tag', 'category', 'TagCategory?', 'What it is about.'),
	('Tag', 'is_active', 'boolean', 'Whether it is offered.'),
	('Tag', 'synonyms', '[TagSynonym]', 'Other names for the same.'),
	('Tag', 'counts', 'TagCounts', 'Its tasks.'),
	('Tag', 'created_at', 'instant', 'When it was made.'),
	('TagCounts', 'tasks', 'count', 'Tasks that have it.'),
	('TagSynonym', 'name', 'text', 'The other name.'),
	('TagSynonym', 'language', 'text?', 'Its language.'),
	('TagRef', 'id', 'id', 'The tag''s number.'),
	('TagRef', 'name', 'text', 'The tag''s name.'),
	('TagRef', 'category', 'TagCategory?', 'What it is about.'),
	('TagBulk', 'created', '[Tag]', 'The tags that were made.'),
	('TagBulk', 'skipped', '[SkippedTag]', 'Those that were not, and why.'),
	('SkippedTag', 'index', 'count', 'Which of the list, from 0.'),
	('SkippedTag', 'name', 'text?', 'Its name.'),
	('SkippedTag', 'reason', 'text', 'Why.'),
	('Interest', 'tag', 'TagRef', 'The tag.'),
	('Interest', 'weight', 'number', 'How much it interests you, 0 to 10.'),
	('Interest', 'updated_at', 'instant', 'When you said so.'),
	-- Cards
	('Card', 'url', 'text', 'The canonical URL.'),
	('Card', 'task', 'Task?', 'The task of that page.'),
	('Card', 'snapshot_id', 'id?', 'The newest snapshot.'),
	('Card', 'fetched_at', 'instant?', 'When that was fetched.'),
	('Card', 'fields', 'EvidenceMap', 'What was found in it.'),
	('Card', 'missing', '{MissingReason}', 'Why a field was not found.'),
	('Card', 'metadata', 'PageMetadata?', 'What the page says of itself.')
$$;
COMMENT ON FUNCTION bountygo.schema_members() IS
'The members of each object that the REST API answers, in the notation of schema_of(). A name that ends with ? may be left out.';

CREATE FUNCTION bountygo.schemas() RETURNS jsonb
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
	WITH RECURSIVE
	-- A schema with the members of others before its own.
	extended (schema, parent) AS (VALUES ('Me', 'User'), ('AdminUser', 'Me'), ('NewApiKey', 'ApiKey'), ('Task', 'TaskItem'), ('Job', 'JobItem'),
		('Prize', 'Quoted'), ('Milestone', 'Quoted')),
	ancestors (schema, ancestor) AS (
		SELECT DISTINCT m.schema, m.schema FROM bountygo.schema_members() m
		UNION SELECT a.schema, e.parent FROM ancestors a JOIN extended e ON e.schema = a.ancestor),
	objects AS (
		SELECT a.schema AS name, jsonb_build_object('type', 'object',
			'properties', jsonb_object_agg(rtrim(m.member, '?'), bountygo.schema_of(m.notation) || jsonb_build_object('description', m.description)),
			'required', coalesce(jsonb_agg(m.member ORDER BY m.member) FILTER (WHERE m.member NOT LIKE '%?'), '[]'),
			'additionalProperties', false) AS body
		FROM ancestors a JOIN bountygo.schema_members() m ON m.schema = a.ancestor
		WHERE a.schema <> 'Quoted'
		GROUP BY a.schema),
	lists (name, item, more) AS (VALUES
		('WalletList', 'Wallet', NULL::jsonb), ('SessionList', 'Session', NULL), ('ApiKeyList', 'ApiKey', NULL),
		('TaskList', 'TaskItem', NULL), ('MessageList', 'Message', NULL), ('HistoryList', 'HistoryItem', NULL),
		('JobList', 'JobItem', '{"group": {"$ref": "#/components/schemas/JobGroup", "description": "The progress of the group that was asked for."}}'),
		('ReportList', 'Report', NULL), ('TodoList', 'Todo', NULL), ('DeadlineList', 'DeadlineItem', NULL),
		('OrganizerList', 'Organizer', NULL), ('TagList', 'Tag', NULL), ('InterestList', 'Interest', NULL)),
	list_objects AS (
		SELECT l.name, jsonb_build_object('type', 'object', 'description', 'A page of a list.',
			'properties', jsonb_build_object(
				'items', bountygo.schema_of('[' || l.item || ']'),
				'next', bountygo.schema_of('text?') || '{"description": "The cursor of the next page; null: this is the last."}',
				'total', bountygo.schema_of('count') || '{"description": "How many there are in all; only with Prefer: count=exact or count=estimated."}')
				|| coalesce(l.more, '{}'),
			'required', '["items", "next"]'::jsonb, 'additionalProperties', false) AS body
		FROM lists l),
	enums AS (
		SELECT bountygo.enum_schema_name(t.typname) AS name, jsonb_build_object('type', 'string', 'enum',
			(SELECT jsonb_agg(e.enumlabel ORDER BY e.enumsortorder) FROM pg_enum e WHERE e.enumtypid = t.oid))
			|| coalesce(jsonb_build_object('description', obj_description(t.oid, 'pg_type')), '{}') AS body
		FROM pg_type t WHERE t.typnamespace = 'bountygo'::regnamespace AND t.typtype = 'e'),
	others (name, body) AS (VALUES
		('EvidenceMap', '{"type": "object", "description": "Evidence by field: title, organizer, category, tags, reward, deadline, eligibility, summary, …",
			"additionalProperties": {"$ref": "#/components/schemas/Evidence"}}'::jsonb),
		('ExtractionOrJob', '{"description": "What the rules found; or, if the model was asked for, the job that asks it.",
			"oneOf": [{"$ref": "#/components/schemas/Extraction"}, {"$ref": "#/components/schemas/Job"}]}'),
		('OpenApi', '{"type": "object", "description": "An OpenAPI 3.1 document.", "required": ["openapi", "info", "paths"]}'),
		('Export', '{"type": "object", "description": "Everything about the user, by kind: account, wallets, tasks, todos, messages and so on."}'),
		('ModelPart', '{"type": "object", "description": "Whether the model was asked, and what came of it.",
			"properties": {"outcome": {"type": "string", "description": "no_key, budget, unavailable, or what came of the call."}}}'))
	SELECT jsonb_object_agg(s.name, s.body) FROM (
		SELECT * FROM objects UNION ALL SELECT * FROM list_objects UNION ALL SELECT * FROM enums UNION ALL SELECT * FROM others) s
$$;
COMMENT ON FUNCTION bountygo.schemas() IS
'The component schemas of the REST API by name, as JSON Schema 2020-12: every answer that routes name, what these are made of, and the enumerated types.';
