-- Types that both code and tables use. Code only: the tables are made by bountygo.init() (DESIGN 5).
\echo Use "CREATE EXTENSION bountygo" to load this file. \quit

SET LOCAL check_function_bodies = off;

-- There letters have no case and names no key: better said here than found out later, by another message.
DO $$
BEGIN
	IF current_setting('server_encoding') = 'SQL_ASCII' THEN
		RAISE EXCEPTION 'bountygo can not work in a database whose encoding is SQL_ASCII'
			USING ERRCODE = '0A000', HINT = 'Create the database with ENCODING ''UTF8''.';
	END IF;
END
$$;

CREATE TYPE bountygo.user_role AS ENUM ('user', 'moderator', 'admin');
COMMENT ON TYPE bountygo.user_role IS 'What a user may do beyond their own objects: moderators correct public ones, admins run the service.';

CREATE TYPE bountygo.task_status AS ENUM ('draft', 'active', 'paused', 'completed', 'cancelled');
COMMENT ON TYPE bountygo.task_status IS 'What the sponsor decided. Whether a task is still open follows from its deadline and the clock: see task_state.';

CREATE TYPE bountygo.task_state AS ENUM ('upcoming', 'open', 'maybe', 'closed', 'gone', 'unknown');
COMMENT ON TYPE bountygo.task_state IS 'Computed at query time, never stored. maybe: the clock is inside the deadline''s window; unknown: no deadline is stated.';

CREATE TYPE bountygo.task_category AS ENUM ('development', 'design', 'content', 'research', 'security', 'marketing', 'translation',
	'community', 'hackathon', 'grant', 'meme', 'web3_interaction', 'social_giveaway', 'trading_contest', 'quiz', 'other');
COMMENT ON TYPE bountygo.task_category IS 'What kind of work a task asks for, with its Chinese label: development 开发, design 设计, content 征文 (writing), research 研究, security 漏洞赏金 (bug bounty programmes), marketing 营销, translation 翻译, community 社区, hackathon 黑客松, grant 资助, meme 表情包, web3_interaction Web3交互, social_giveaway 社交媒体抽奖, trading_contest 交易大赛, quiz 问答, other 其他.';

CREATE TYPE bountygo.tag_category AS ENUM ('industry', 'skill', 'media');
COMMENT ON TYPE bountygo.tag_category IS 'What a tag is about; NULL on tags that nobody has classified.';

CREATE TYPE bountygo.reward_distribution AS ENUM ('each', 'split', 'raffle', 'tiers', 'points', 'perks', 'quote');
COMMENT ON TYPE bountygo.reward_distribution IS 'How a reward is shared out: each winner the amount, split among them, drawn by lot, by tiers or places, points, perks without an amount, or as quoted by the applicant.';

CREATE TYPE bountygo.deadline_precision AS ENUM ('month', 'day', 'minute', 'second');
COMMENT ON TYPE bountygo.deadline_precision IS 'How exactly a deadline is stated; with its zone, or the lack of one, it gives the width of the window.';

CREATE TYPE bountygo.missing_reason AS ENUM ('absent', 'ambiguous', 'conflict', 'unparseable', 'unsupported');
COMMENT ON TYPE bountygo.missing_reason IS 'Why a field has no value. unsupported: a model gave one, but its quote is not in the page or does not support it.';

CREATE TYPE bountygo.job_kind AS ENUM ('page', 'preview', 'text', 'recheck', 'jwks');
COMMENT ON TYPE bountygo.job_kind IS 'page: fetch, read, and (if asked) make a task; preview: no task; text: text that was handed in, for the model; recheck: the page of a task, again; jwks: the keys of an OpenID Connect provider.';

CREATE TYPE bountygo.extract_engine AS ENUM ('rules', 'model');
COMMENT ON TYPE bountygo.extract_engine IS 'Who reads a text: the rules, at once, or after them the model, which takes a job.';

CREATE TYPE bountygo.job_state AS ENUM ('queued', 'leased', 'done', 'dead', 'cancelled');
COMMENT ON TYPE bountygo.job_state IS 'queued and leased are open; done, dead and cancelled are final. dead: it could not be done, "why" says why.';

CREATE TYPE bountygo.job_stage AS ENUM ('fetch', 'read', 'model', 'store', 'end');
COMMENT ON TYPE bountygo.job_stage IS 'Where a job is: fetching the page, reading it, asking the model, storing the outcome, at its end.';

CREATE TYPE bountygo.outcome AS ENUM ('ok', 'not_modified', 'robots_denied', 'blocked_address', 'bad_url', 'challenge', 'login_wall',
	'empty', 'too_large', 'too_complex', 'timeout', 'dns', 'connect', 'tls', 'gone', 'http_4xx', 'http_5xx', 'rate_limited',
	'too_many_redirects', 'bad_response', 'unsupported_type', 'reader_crashed', 'cancelled');
COMMENT ON TYPE bountygo.outcome IS 'What came of fetching and reading a page (extension/outcome.h).';

CREATE TYPE bountygo.route_auth AS ENUM ('none', 'optional', 'user', 'moderator', 'admin');
COMMENT ON TYPE bountygo.route_auth IS 'Who may call a REST route. Ownership of single objects is decided by row-level security, not here.';

CREATE TYPE bountygo.route_row AS (id integer, method text, path text, function text, auth bountygo.route_auth, scope text,
	success_status smallint, location text, is_async boolean, cache_seconds integer, cache_topics text[], rate_zone text,
	max_body integer, timeout_ms integer, answer text, content_type text, is_secret boolean, null_code text, example jsonb);
COMMENT ON TYPE bountygo.route_row IS 'A row of bountygo.routes, before that table exists.';

CREATE TYPE bountygo.count_mode AS ENUM ('none', 'exact', 'estimated');
COMMENT ON TYPE bountygo.count_mode IS 'Whether a list says how many items it has in all ("total"). Over REST: Prefer: count=exact or count=estimated.';
