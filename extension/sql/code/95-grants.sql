-- Who may call what. Nothing is open to everyone; what each role may do is listed here, and only here.

CREATE FUNCTION bountygo.grant_privileges() RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	-- What people and programs call through SQL or REST, under row-level security, and what that needs inside.
	api constant text[] := ARRAY['authenticate', 'current_user_id', 'current_user_role', 'is_moderator', 'is_admin',
		'me', 'user_object', 'auth_status', 'public_user', 'api_index', 'openapi', 'health', 'version', 'agent_status',
		'submit_url', 'submit_urls', 'preview_url', 'submit_one', 'submit_text', 'get_job', 'list_jobs', 'cancel_job', 'job_object',
		'extraction_result', 'canonical_url', 'url_check', 'max_age', 'extract_html', 'extract_text', 'read_text', 'reader_status',
		'get_task', 'list_tasks', 'create_task', 'require_task', 'task_evidence', 'task_snapshot', 'task_state', 'snapshot',
		'may_edit_task', 'organizer_id', 'set_task_tags', 'raise_invalid', 'problem', 'name_key', 'rfc3339', 'clean_text',
		'has_control_characters', 'cursor_make', 'cursor_read', 'cursor_mac', 'reward_value', 'deadline_value', 'prize_value',
		'milestone_value', 'quotes_at']
		-- signing in and accounts
		|| ARRAY['current_session_id', 'current_scopes', 'in_scope', 'require_scope', 'cursor_is_ours', 'checksum_address', 'require_user', 'require_person', 'refresh_session', 'sign_out',
			'sign_out_everywhere', 'list_sessions', 'revoke_session', 'wallet_nonce', 'wallet_sign_in', 'wallet_link', 'wallet_object',
			'oidc_sign_in', 'google_sign_in', 'clerk_sign_in', 'oidc_link', 'auth_status', 'me_object', 'public_user', 'nickname_problem', 'is_time_zone',
			'update_me', 'admin_update_user', 'list_wallets', 'set_primary_wallet', 'unlink_wallet', 'api_key_object', 'list_api_keys',
			'create_api_key', 'revoke_api_key', 'export_me', 'delete_me', 'model_calls_left']
		-- tasks, todos, messages, reports
		|| ARRAY['route_example', 'task_fields', 'put_task_fields', 'record_task_changes', 'field_key', 'next_statuses',
			'require_editor', 'page_size', 'text_problems', 'tag_problems', 'reward_problems', 'language_problems', 'instant_problems',
			'link_problems', 'content_problems', 'offset_problems', 'instant_window', 'date_window', 'iso_duration', 'canonical_fields',
			'apply_user_fields', 'list_task_history', 'lock_own_task', 'update_task', 'complete_task', 'delete_task', 'todo_object',
			'get_todo', 'join_task', 'leave_task', 'create_todo', 'update_todo', 'delete_todo', 'list_todos', 'my_deadlines',
			'message_object', 'get_message', 'list_messages', 'post_message', 'edit_message', 'delete_message', 'report_object',
			'get_report', 'report_task', 'list_reports', 'resolve_report', 'correction_value', 'correction_problems', 'sponsored_title_problems', 'may_correct_task',
			'apply_corrections', 'correct_task', 'store_job_task', 'create_task_from_job', 'field_value', 'reward_parts', 'deadline_parts']
		-- lists and search
		|| ARRAY['evidence_object', 'find_tasks', 'find_public_tasks', 'category_words', 'find_category', 'category_problem', 'category_of', 'plain_text', 'prefix_singles', 'search_query', 'corrected_query',
			'word_forms', 'word_distance']
		-- organizers, tags, analytics
		|| ARRAY['name_grams', 'name_score', 'hold_names', 'hold_organizer', 'hold_tags', 'organizer_id', 'find_tags', 'tag_ids',
			'require_moderator', 'organizer_task_counts', 'organizer_objects', 'organizers_named', 'list_organizers', 'present_organizer',
			'get_organizer', 'rename_organizer', 'update_organizer', 'verify_organizer', 'move_organizer_tasks', 'join_organizers',
			'merge_organizer', 'tag_task_counts', 'tag_objects', 'tags_named', 'list_tags', 'search_tags', 'tag_categories', 'present_tag',
			'get_tag', 'read_synonyms', 'put_synonyms', 'new_tag', 'create_tag', 'create_tags', 'change_tag', 'update_tag',
			'move_tag_tasks', 'move_tag_interests', 'drop_tag', 'delete_tag', 'interest_object', 'list_tag_interests', 'set_tag_interest',
			'remove_tag_interest', 'count_analytics', 'system_analytics', 'popular_tags', 'recent_activity', 'task_ref', 'my_analytics',
			'task_numbers', 'check_days', 'sponsor_dashboard', 'task_analytics',
			'add_common_tags']
		-- rechecks, clusters, cards
		|| ARRAY['recheck_task', 'similar_tasks', 'nearest_tasks', 'split_task', 'split_from_cluster', 'simhash', 'hamming', 'similar_keys',
			'title_similarity', 'titles_conflict', 'task_keys', 'next_check', 'card', 'known_page', 'agent_metrics']
		-- REST and its documentation
		|| ARRAY['request_header', 'answer_fields', 'llms_text', 'schemas', 'schema_of', 'schema_members', 'enum_schema_name', 'type_schema',
			'argument_default', 'argument_rules', 'route_arguments', 'route_texts', 'openapi_components', 'openapi_operations', 'error_catalogue'];
	-- What administrators may do besides.
	admin constant text[] := ARRAY['issue_token', 'create_user', 'doctor', 'schema_version', 'migrations', 'library_version',
		'secret_status', 'reader_problem', 'worker_is_live', 'ppio_reset_breaker', 'ppio_status', 'gateway_routes',
		'set_oidc_provider', 'schedule_keys', 'set_user_role', 'refresh_analytics', 'tidy_views', 'record_views'];
	-- What the gateway's login may call: all else goes through call().
	gateway constant text[] := ARRAY['call', 'gateway_routes', 'gateway_greeting', 'health', 'record_views'];
	monitor constant text[] := ARRAY['health', 'worker_is_live', 'version', 'library_version', 'schema_version'];
	-- What workers may not: hand out identities, make tables, end each other.
	not_worker constant text[] := ARRAY['call', 'authenticate', 'issue_token', 'access_token', 'create_user', 'init', 'start', 'stop', 'launch_workers',
		'terminate_workers', 'register_workers', 'signal_workers', 'grant_privileges', 'limit_api_keys', 'migrations', 'sync_routes', 'doctor',
		'create_task', 'me']
		|| ARRAY['start_session', 'new_refresh_token', 'tokens_object', 'refresh_session', 'wallet_nonce', 'wallet_sign_in', 'wallet_link',
			'oidc_sign_in', 'oidc_link', 'admin_update_user', 'set_user_role', 'set_oidc_provider', 'set_primary_wallet', 'unlink_wallet',
			'create_api_key', 'export_me', 'delete_me'];
	-- The short list of functions that run with the rights of the tables' owner: they write what workers trust, from arguments
	-- that they check themselves; or they are triggers, which must see what their caller may not, and at commit run as whoever
	-- is the session's user then.
	-- Accounts: who signs in is nobody yet; secrets and proofs are nobody's to write; an account's end reaches everything.
	as_owner constant text[] := ARRAY['gateway_routes', 'gateway_greeting', 'submit_one', 'submit_urls', 'submit_text', 'health', 'check_quotes', 'check_task_evidence',
		'check_evidence_task', 'check_tag_evidence', 'check_part_evidence', 'refuse_evidence_truncate', 'find_public_tasks', 'index_task',
		'index_task_tags', 'index_renamed',
		-- rechecks, clusters, cards
		'recheck_task', 'nearest_tasks', 'split_from_cluster', 'cluster_task', 'leave_cluster', 'known_page', 'agent_status',
		'agent_metrics', 'tidy',
		-- organizers, tags, analytics
		'hold_organizer', 'hold_tags', 'keep_former_name', 'organizer_task_counts', 'tag_task_counts', 'move_tag_interests',
		'count_analytics', 'refresh_analytics', 'record_views', 'tidy_views',
		-- tasks, todos, messages, reports
		'make_task_counts', 'count_rows', 'check_join', 'clear_task', 'apply_corrections', 'store_job_task',
		-- accounts
		'refresh_session', 'wallet_nonce', 'wallet_sign_in', 'wallet_link', 'oidc_sign_in', 'oidc_link', 'set_primary_wallet', 'unlink_wallet',
		'create_api_key', 'admin_update_user', 'export_me', 'delete_me', 'schedule_keys'];
	f record;
	statement text;
BEGIN
	-- Relations of another owner were restored into a cluster that lacked the roles: what named a role was left out. All of that can be
	-- said again, the policies in the migration that holds them, privileges in each.
	IF to_regrole('bountygo_owner') IS NOT NULL AND EXISTS (SELECT FROM pg_class c
			WHERE c.relnamespace = 'bountygo'::regnamespace AND c.relkind IN ('r', 'p') AND c.relowner <> to_regrole('bountygo_owner')) THEN
		FOR f IN SELECT c.oid::regclass AS relation, c.relkind AS kind FROM pg_class c
			WHERE c.relnamespace = 'bountygo'::regnamespace AND c.relkind IN ('r', 'p', 'v', 'm', 'S')
				AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype IN ('a', 'i')
					AND d.refclassid = 'pg_class'::regclass)
		LOOP
			EXECUTE format('ALTER TABLE %s OWNER TO bountygo_owner', f.relation);
		END LOOP;
		FOR f IN SELECT m.name, m.body FROM bountygo.migrations() m WHERE m.id <= bountygo.schema_version() ORDER BY m.id
		LOOP
			IF f.name ~ '(^|-)policies$' THEN
				EXECUTE f.body;
			ELSE
				FOR statement IN SELECT r[1] FROM regexp_matches(f.body, '^(GRANT [^;]+);', 'gn') r
				LOOP
					EXECUTE statement;
				END LOOP;
			END IF;
		END LOOP;
	END IF;
	FOR f IN
		SELECT p.oid::regprocedure AS signature, p.proname AS name, p.prokind AS kind, p.prosecdef AS definer,
				pg_get_userbyid(p.proowner) AS owner
			FROM pg_proc p WHERE p.pronamespace = 'bountygo'::regnamespace
	LOOP
		EXECUTE format('REVOKE ALL ON ROUTINE %s FROM PUBLIC', f.signature);
		CONTINUE WHEN to_regrole('bountygo_owner') IS NULL;
		EXECUTE format('GRANT EXECUTE ON ROUTINE %s TO bountygo_owner', f.signature);
		IF f.name = ANY (as_owner) THEN
			IF NOT f.definer THEN
				EXECUTE format('ALTER FUNCTION %s SECURITY DEFINER', f.signature);
			END IF;
			IF f.owner <> 'bountygo_owner' THEN
				EXECUTE format('ALTER FUNCTION %s OWNER TO bountygo_owner', f.signature);
			END IF;
		END IF;
		-- Whoever calls REST does so with the rights of the API and with no more.
		IF f.name = 'call' AND f.owner <> 'bountygo_rest' THEN
			EXECUTE format('ALTER FUNCTION %s OWNER TO bountygo_rest', f.signature);
		END IF;
		IF f.name = ANY (api) THEN
			EXECUTE format('GRANT EXECUTE ON ROUTINE %s TO bountygo_api', f.signature);
		END IF;
		IF f.name = ANY (api || admin) THEN
			EXECUTE format('GRANT EXECUTE ON ROUTINE %s TO bountygo_admin', f.signature);
		END IF;
		IF f.name = ANY (gateway) THEN
			EXECUTE format('GRANT EXECUTE ON ROUTINE %s TO bountygo_gateway', f.signature);
		END IF;
		IF f.name = ANY (monitor) THEN
			EXECUTE format('GRANT EXECUTE ON ROUTINE %s TO bountygo_monitor', f.signature);
		END IF;
		IF f.name <> ALL (not_worker) THEN
			EXECUTE format('GRANT EXECUTE ON ROUTINE %s TO bountygo_worker', f.signature);
		END IF;
	END LOOP;
END
$$;
COMMENT ON FUNCTION bountygo.grant_privileges() IS
'Takes every function of the schema from PUBLIC and gives each role what it may call; names the few that run as bountygo_owner. After a restore without the roles it gives the tables their owner, policies and privileges back. init() calls it; harmless when repeated. Superusers only.';

SELECT bountygo.grant_privileges();
REVOKE ALL ON SCHEMA bountygo FROM PUBLIC;
