-- The REST surface. An endpoint is a function and a row here; ids below 10000 are ours, others are left alone.

CREATE FUNCTION bountygo.own_routes() RETURNS SETOF bountygo.route_row
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
	SELECT r.id, r.method, CASE WHEN r.path ~ '^/(health|openapi\.json|llms\.txt)$' THEN r.path ELSE '/api/v1' || r.path END, r.function,
		r.auth::bountygo.route_auth, r.scope, r.status::smallint, '/api/v1' || (r.more ->> 'location'),
		coalesce((r.more ->> 'async')::boolean, false), coalesce((r.more ->> 'cache')::integer, 0),
		coalesce((SELECT array_agg(t.topic) FROM jsonb_array_elements_text(r.more -> 'topics') AS t (topic)), '{}'),
		r.zone, coalesce((r.more ->> 'body')::integer, CASE WHEN r.method = 'GET' THEN 0 ELSE 65536 END),
		coalesce((r.more ->> 'ms')::integer, 10000), r.answer, coalesce(r.more ->> 'type', 'application/json'),
		coalesce((r.more ->> 'secret')::boolean, false), r.more ->> 'null', bountygo.route_example(r.id)
	FROM (VALUES
		-- The service itself
		(1, 'GET', '/health', 'health', 'none', NULL, 200, 'Health', 'api', '{}'::jsonb),
		(2, 'GET', '', 'api_index', 'none', NULL, 200, 'ApiIndex', 'api', '{"cache": 300, "topics": ["routes"]}'),
		(3, 'GET', '/openapi.json', 'openapi', 'none', NULL, 200, 'OpenApi', 'api', '{"cache": 300, "topics": ["routes"]}'),
		(4, 'GET', '/llms.txt', 'llms_text', 'none', NULL, 200, NULL, 'api', '{"cache": 300, "topics": ["routes"], "type": "text/plain; charset=utf-8"}'),
		-- Users
		(10, 'GET', '/users/me', 'me', 'user', 'account:read', 200, 'Me', 'api', '{}'),
		(11, 'PATCH', '/users/me', 'update_me', 'user', 'account:write', 200, 'Me', 'write', '{}'),
		(12, 'PUT', '/users/me', 'update_me', 'user', 'account:write', 200, 'Me', 'write', '{}'),
		(13, 'DELETE', '/users/me', 'delete_me', 'user', NULL, 204, NULL, 'write', '{}'),
		(14, 'GET', '/users/me/export', 'export_me', 'user', NULL, 200, 'Export', 'api', '{"ms": 30000}'),
		(15, 'GET', '/users/me/wallets', 'list_wallets', 'user', 'account:read', 200, 'WalletList', 'api', '{}'),
		(16, 'DELETE', '/users/me/wallets/{id}', 'unlink_wallet', 'user', NULL, 204, NULL, 'write', '{}'),
		(17, 'POST', '/users/me/wallets/{id}/primary', 'set_primary_wallet', 'user', NULL, 200, 'Wallet', 'write', '{}'),
		(18, 'GET', '/users/{id}', 'public_user', 'none', NULL, 200, 'User', 'api', '{"cache": 60, "topics": ["users"]}'),
		(19, 'PATCH', '/users/{id}', 'admin_update_user', 'admin', NULL, 200, 'AdminUser', 'write', '{}'),
		-- Tasks
		(20, 'GET', '/tasks', 'list_tasks', 'optional', 'tasks:read', 200, 'TaskList', 'api', '{"cache": 30, "topics": ["tasks"]}'),
		(21, 'POST', '/tasks', 'create_task', 'user', 'tasks:write', 201, 'Task', 'write', '{"location": "/tasks/{id}", "body": 393216}'),
		(22, 'GET', '/tasks/{id}', 'get_task', 'optional', 'tasks:read', 200, 'Task', 'api', '{"cache": 30, "topics": ["tasks"]}'),
		(23, 'GET', '/tasks/{id}/evidence', 'task_evidence', 'optional', 'tasks:read', 200, 'EvidenceMap', 'api', '{"cache": 30, "topics": ["tasks"]}'),
		(24, 'GET', '/tasks/{id}/snapshot', 'task_snapshot', 'optional', 'tasks:read', 200, 'Snapshot', 'api', '{"cache": 30, "topics": ["tasks"]}'),
		(25, 'PATCH', '/tasks/{id}', 'update_task', 'user', 'tasks:write', 200, 'Task', 'write', '{"body": 393216}'),
		(26, 'PUT', '/tasks/{id}', 'update_task', 'user', 'tasks:write', 200, 'Task', 'write', '{"body": 393216}'),
		(27, 'DELETE', '/tasks/{id}', 'delete_task', 'user', 'tasks:write', 204, NULL, 'write', '{}'),
		(28, 'POST', '/tasks/{id}/join', 'join_task', 'user', 'todos:write', 200, 'Todo', 'write', '{}'),
		(29, 'DELETE', '/tasks/{id}/join', 'leave_task', 'user', 'todos:write', 204, NULL, 'write', '{}'),
		(30, 'POST', '/tasks/{id}/complete', 'complete_task', 'user', 'tasks:write', 200, 'Task', 'write', '{}'),
		(31, 'PUT', '/tasks/{id}/complete', 'complete_task', 'user', 'tasks:write', 200, 'Task', 'write', '{}'),
		(32, 'GET', '/tasks/{id}/messages', 'list_messages', 'optional', 'messages:read', 200, 'MessageList', 'api', '{}'),
		(33, 'POST', '/tasks/{id}/messages', 'post_message', 'user', 'messages:write', 201, 'Message', 'write', '{"location": "/messages/{id}"}'),
		(34, 'GET', '/messages/{id}', 'get_message', 'optional', 'messages:read', 200, 'Message', 'api', '{}'),
		(35, 'PATCH', '/messages/{id}', 'edit_message', 'user', 'messages:write', 200, 'Message', 'write', '{}'),
		(36, 'PUT', '/messages/{id}', 'edit_message', 'user', 'messages:write', 200, 'Message', 'write', '{}'),
		(37, 'DELETE', '/messages/{id}', 'delete_message', 'user', 'messages:write', 204, NULL, 'write', '{}'),
		(38, 'GET', '/tasks/{id}/history', 'list_task_history', 'optional', 'tasks:read', 200, 'HistoryList', 'api', '{"cache": 30, "topics": ["tasks"]}'),
		(39, 'GET', '/tasks/{id}/similar', 'similar_tasks', 'optional', 'tasks:read', 200, 'SimilarList', 'api', '{"cache": 30, "topics": ["tasks"]}'),
		-- Reading pages
		(40, 'POST', '/url-agent/process', 'submit_url', 'user', 'jobs:write', 202, 'Job', 'extract', '{"location": "/url-agent/jobs/{id}", "async": true}'),
		(41, 'POST', '/url-agent/batch', 'submit_urls', 'user', 'jobs:write', 202, 'Batch', 'extract', '{"location": "/url-agent/jobs?group_id={group_id}", "body": 3145728, "ms": 30000}'),
		(42, 'POST', '/url-agent/extract-info', 'preview_url', 'optional', 'jobs:write', 202, 'Job', 'extract', '{"location": "/url-agent/jobs/{id}", "async": true}'),
		(43, 'POST', '/url-agent/parse', 'preview_url', 'optional', 'jobs:write', 202, 'Job', 'extract', '{"location": "/url-agent/jobs/{id}", "async": true}'),
		(44, 'POST', '/url-agent/extract-from-content', 'extract_text', 'optional', 'jobs:write', 200, 'ExtractionOrJob', 'extract', '{"body": 2621440, "ms": 15000, "location": "/url-agent/jobs/{id}", "async": true}'),
		(45, 'GET', '/url-agent/jobs', 'list_jobs', 'user', 'jobs:read', 200, 'JobList', 'api', '{}'),
		(46, 'GET', '/url-agent/jobs/{id}', 'get_job', 'optional', 'jobs:read', 200, 'Job', 'api', '{}'),
		(47, 'DELETE', '/url-agent/jobs/{id}', 'cancel_job', 'user', 'jobs:write', 204, NULL, 'write', '{}'),
		(48, 'POST', '/url-agent/create-task', 'create_task_from_job', 'user', 'tasks:write', 201, 'Task', 'write', '{"location": "/tasks/{id}", "body": 393216}'),
		(49, 'GET', '/url-agent/status', 'agent_status', 'none', NULL, 200, 'AgentStatus', 'api', '{}'),
		(50, 'GET', '/url-agent/metrics', 'agent_metrics', 'admin', NULL, 200, 'AgentMetrics', 'api', '{}'),
		(51, 'GET', '/x/{url}', 'card', 'none', NULL, 200, 'Card', 'api', '{"cache": 300, "topics": ["tasks"]}'),
		-- What people do about tasks
		(60, 'POST', '/tasks/{id}/recheck', 'recheck_task', 'user', 'jobs:write', 202, 'Job', 'extract', '{"location": "/url-agent/jobs/{id}", "async": true}'),
		(61, 'POST', '/tasks/{id}/correct', 'correct_task', 'user', 'tasks:write', 200, 'Correction', 'write', '{"body": 393216}'),
		(62, 'POST', '/tasks/{id}/split', 'split_task', 'user', 'tasks:write', 200, 'Split', 'write', '{}'),
		(63, 'POST', '/tasks/{id}/report', 'report_task', 'user', 'tasks:write', 201, 'Report', 'write', '{"location": "/reports/{id}"}'),
		(64, 'GET', '/reports', 'list_reports', 'user', NULL, 200, 'ReportList', 'api', '{}'),
		(65, 'GET', '/reports/{id}', 'get_report', 'user', NULL, 200, 'Report', 'api', '{}'),
		(66, 'POST', '/reports/{id}/resolve', 'resolve_report', 'moderator', NULL, 200, 'Report', 'write', '{}'),
		-- Todos, under their own name and under the old one
		(70, 'GET', '/todos', 'list_todos', 'user', 'todos:read', 200, 'TodoList', 'api', '{}'),
		(71, 'POST', '/todos', 'create_todo', 'user', 'todos:write', 201, 'Todo', 'write', '{"location": "/todos/{id}"}'),
		(72, 'GET', '/todos/deadlines', 'my_deadlines', 'user', 'todos:read', 200, 'DeadlineList', 'api', '{}'),
		(73, 'GET', '/todos/{id}', 'get_todo', 'user', 'todos:read', 200, 'Todo', 'api', '{}'),
		(74, 'PATCH', '/todos/{id}', 'update_todo', 'user', 'todos:write', 200, 'Todo', 'write', '{}'),
		(75, 'PUT', '/todos/{id}', 'update_todo', 'user', 'todos:write', 200, 'Todo', 'write', '{}'),
		(76, 'DELETE', '/todos/{id}', 'delete_todo', 'user', 'todos:write', 204, NULL, 'write', '{}'),
		(80, 'GET', '/tasks/my-todos', 'list_todos', 'user', 'todos:read', 200, 'TodoList', 'api', '{}'),
		(81, 'POST', '/tasks/my-todos', 'create_todo', 'user', 'todos:write', 201, 'Todo', 'write', '{"location": "/todos/{id}"}'),
		(82, 'GET', '/tasks/my-todos/deadlines', 'my_deadlines', 'user', 'todos:read', 200, 'DeadlineList', 'api', '{}'),
		(83, 'GET', '/tasks/my-todos/{id}', 'get_todo', 'user', 'todos:read', 200, 'Todo', 'api', '{}'),
		(84, 'PATCH', '/tasks/my-todos/{id}', 'update_todo', 'user', 'todos:write', 200, 'Todo', 'write', '{}'),
		(85, 'PUT', '/tasks/my-todos/{id}', 'update_todo', 'user', 'todos:write', 200, 'Todo', 'write', '{}'),
		(86, 'DELETE', '/tasks/my-todos/{id}', 'delete_todo', 'user', 'todos:write', 204, NULL, 'write', '{}'),
		-- Signing in
		(100, 'POST', '/auth/wallet/nonce', 'wallet_nonce', 'none', NULL, 200, 'WalletNonce', 'auth', '{}'),
		(101, 'POST', '/auth/wallet/verify', 'wallet_sign_in', 'none', NULL, 200, 'Tokens', 'auth', '{"secret": true}'),
		(102, 'POST', '/auth/wallet/link', 'wallet_link', 'user', NULL, 201, 'Wallet', 'auth', '{"location": "/users/me/wallets"}'),
		(103, 'POST', '/auth/oidc/{provider}', 'oidc_sign_in', 'none', NULL, 200, 'Tokens', 'auth', '{"secret": true, "null": "UB503"}'),
		(104, 'POST', '/auth/oidc/{provider}/link', 'oidc_link', 'user', NULL, 200, 'AuthStatus', 'auth', '{"null": "UB503"}'),
		(105, 'POST', '/auth/google', 'google_sign_in', 'none', NULL, 200, 'Tokens', 'auth', '{"secret": true, "null": "UB503"}'),
		(106, 'POST', '/auth/clerk', 'clerk_sign_in', 'none', NULL, 200, 'Tokens', 'auth', '{"secret": true, "null": "UB503"}'),
		(107, 'POST', '/auth/refresh', 'refresh_session', 'none', NULL, 200, 'Tokens', 'auth', '{"secret": true, "null": "UB401"}'),
		(108, 'POST', '/auth/logout', 'sign_out', 'user', NULL, 204, NULL, 'auth', '{}'),
		(109, 'POST', '/auth/logout-all', 'sign_out_everywhere', 'user', NULL, 204, NULL, 'auth', '{}'),
		(110, 'GET', '/auth/status', 'auth_status', 'optional', 'account:read', 200, 'AuthStatus', 'api', '{}'),
		(111, 'GET', '/auth/sessions', 'list_sessions', 'user', NULL, 200, 'SessionList', 'api', '{}'),
		(112, 'DELETE', '/auth/sessions/{id}', 'revoke_session', 'user', NULL, 204, NULL, 'auth', '{}'),
		(113, 'GET', '/auth/keys', 'list_api_keys', 'user', NULL, 200, 'ApiKeyList', 'api', '{}'),
		(114, 'POST', '/auth/keys', 'create_api_key', 'user', NULL, 201, 'NewApiKey', 'auth', '{"location": "/auth/keys", "secret": true}'),
		(115, 'DELETE', '/auth/keys/{id}', 'revoke_api_key', 'user', NULL, 204, NULL, 'auth', '{}'),
		-- Organizers
		(130, 'GET', '/organizers', 'list_organizers', 'none', NULL, 200, 'OrganizerList', 'api', '{"cache": 60, "topics": ["organizers", "tasks"]}'),
		(131, 'GET', '/organizers/{id}', 'get_organizer', 'none', NULL, 200, 'Organizer', 'api', '{"cache": 60, "topics": ["organizers", "tasks"]}'),
		(132, 'PATCH', '/organizers/{id}', 'update_organizer', 'moderator', NULL, 200, 'Organizer', 'write', '{}'),
		(133, 'PUT', '/organizers/{id}', 'update_organizer', 'moderator', NULL, 200, 'Organizer', 'write', '{}'),
		(134, 'POST', '/organizers/{id}/merge', 'merge_organizer', 'moderator', NULL, 200, 'Organizer', 'write', '{}'),
		(135, 'POST', '/organizers/{id}/verify', 'verify_organizer', 'moderator', NULL, 200, 'Organizer', 'write', '{}'),
		-- Tags
		(140, 'GET', '/tags', 'list_tags', 'none', NULL, 200, 'TagList', 'api', '{"cache": 60, "topics": ["tags", "tasks"]}'),
		(141, 'GET', '/tags/search', 'search_tags', 'none', NULL, 200, 'TagList', 'api', '{"cache": 60, "topics": ["tags", "tasks"]}'),
		(142, 'GET', '/tags/categories', 'tag_categories', 'none', NULL, 200, 'TagCategoryList', 'api', '{"cache": 60, "topics": ["tags", "tasks"]}'),
		(143, 'GET', '/tags/{id}', 'get_tag', 'none', NULL, 200, 'Tag', 'api', '{"cache": 60, "topics": ["tags", "tasks"]}'),
		(144, 'POST', '/tags', 'create_tag', 'user', 'tags:write', 201, 'Tag', 'write', '{"location": "/tags/{id}"}'),
		(145, 'POST', '/tags/bulk', 'create_tags', 'moderator', NULL, 200, 'TagBulk', 'write', '{}'),
		(146, 'PATCH', '/tags/{id}', 'update_tag', 'moderator', NULL, 200, 'Tag', 'write', '{}'),
		(147, 'PUT', '/tags/{id}', 'update_tag', 'moderator', NULL, 200, 'Tag', 'write', '{}'),
		(148, 'DELETE', '/tags/{id}', 'delete_tag', 'moderator', NULL, 204, NULL, 'write', '{}'),
		(149, 'GET', '/tags/me/profile', 'list_tag_interests', 'user', 'account:read', 200, 'InterestList', 'api', '{}'),
		(150, 'POST', '/tags/me/profile', 'set_tag_interest', 'user', 'account:write', 200, 'Interest', 'write', '{}'),
		(151, 'PUT', '/tags/me/profile/{tag_id}', 'set_tag_interest', 'user', 'account:write', 200, 'Interest', 'write', '{}'),
		(152, 'DELETE', '/tags/me/profile/{tag_id}', 'remove_tag_interest', 'user', 'account:write', 204, NULL, 'write', '{}'),
		-- Analytics
		(160, 'GET', '/analytics/system', 'system_analytics', 'none', NULL, 200, 'SystemAnalytics', 'api', '{"cache": 60, "topics": ["analytics"]}'),
		(161, 'GET', '/analytics/popular-tags', 'popular_tags', 'none', NULL, 200, 'PopularTags', 'api', '{"cache": 60, "topics": ["analytics"]}'),
		(162, 'GET', '/analytics/recent-activity', 'recent_activity', 'none', NULL, 200, 'ActivityList', 'api', '{"cache": 30, "topics": ["tasks"]}'),
		(163, 'GET', '/analytics/me', 'my_analytics', 'user', 'account:read', 200, 'MyAnalytics', 'api', '{}'),
		(164, 'GET', '/analytics/sponsor-dashboard', 'sponsor_dashboard', 'user', 'tasks:read', 200, 'SponsorDashboard', 'api', '{}'),
		(165, 'GET', '/analytics/tasks/{id}', 'task_analytics', 'user', 'tasks:read', 200, 'TaskAnalytics', 'api', '{}')
		) AS r (id, method, path, function, auth, scope, status, answer, zone, more)
$$;
COMMENT ON FUNCTION bountygo.own_routes() IS
'The REST surface of this version, as rows of bountygo.routes; sync_routes() brings the table to it.';

CREATE FUNCTION bountygo.sync_routes() RETURNS integer
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	changed integer;
	removed integer;
BEGIN
	-- First what is gone or moved, or a path that changed its id would meet its old row.
	DELETE FROM bountygo.routes r
	WHERE r.id < 10000 AND NOT EXISTS (SELECT FROM bountygo.own_routes() w WHERE (w.id, w.method, w.path) = (r.id, r.method, r.path));
	GET DIAGNOSTICS removed = ROW_COUNT;
	INSERT INTO bountygo.routes AS r (id, method, path, function, auth, scope, success_status, location, is_async, cache_seconds,
		cache_topics, rate_zone, max_body, timeout_ms, answer, content_type, is_secret, null_code, example)
	SELECT w.* FROM bountygo.own_routes() w
	ON CONFLICT (id) DO UPDATE SET function = excluded.function, auth = excluded.auth, scope = excluded.scope,
		success_status = excluded.success_status, location = excluded.location, is_async = excluded.is_async,
		cache_seconds = excluded.cache_seconds, cache_topics = excluded.cache_topics, rate_zone = excluded.rate_zone,
		max_body = excluded.max_body, timeout_ms = excluded.timeout_ms, answer = excluded.answer,
		content_type = excluded.content_type, is_secret = excluded.is_secret, null_code = excluded.null_code,
		example = excluded.example
	WHERE r.* IS DISTINCT FROM excluded.*;
	GET DIAGNOSTICS changed = ROW_COUNT;
	RETURN removed + changed;
END
$$;
COMMENT ON FUNCTION bountygo.sync_routes() IS
'Brings the routes that belong to BountyGo (ids below 10000) to what this version offers and returns how many rows changed; backends and gateways hear of it at commit. init() calls it. Add your own from id 10000 on.';
