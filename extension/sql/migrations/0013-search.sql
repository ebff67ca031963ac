-- What search and lists need: an index of words, tags where the task is, and an index for each filter in the order of lists.

ALTER TABLE bountygo.tasks ADD COLUMN search tsvector;
ALTER TABLE bountygo.tasks ADD COLUMN tag_ids bigint[] NOT NULL DEFAULT '{}';
COMMENT ON COLUMN bountygo.tasks.search IS 'The words of title (A), organizer and tags (B), summary (C), description and eligibility (D), kept by triggers.';
COMMENT ON COLUMN bountygo.tasks.tag_ids IS 'The tags of task_tags, kept by triggers: lists filter by them without a join.';

CREATE INDEX tasks_search_idx ON bountygo.tasks USING gin (search) WITH (fastupdate = on, gin_pending_list_limit = 512);
CREATE INDEX tasks_tag_ids_idx ON bountygo.tasks USING gin (tag_ids) WITH (fastupdate = on, gin_pending_list_limit = 128);
CREATE INDEX tasks_live_idx ON bountygo.tasks (created_at DESC, id DESC) WHERE status IN ('active', 'paused') AND gone_at IS NULL;
CREATE INDEX tasks_category_created_idx ON bountygo.tasks (category, created_at DESC, id DESC);
CREATE INDEX tasks_organizer_created_idx ON bountygo.tasks (organizer_id, created_at DESC, id DESC);
CREATE INDEX tasks_language_created_idx ON bountygo.tasks (language, created_at DESC, id DESC);
CREATE INDEX tasks_distribution_created_idx ON bountygo.tasks (reward_distribution, created_at DESC, id DESC);
CREATE INDEX tasks_currency_amount_idx ON bountygo.tasks (reward_currency, reward_amount DESC NULLS LAST, id DESC);
DROP INDEX bountygo.tasks_source_host_idx;
CREATE INDEX tasks_source_host_idx ON bountygo.tasks (source_host, created_at DESC, id DESC);
CREATE INDEX tasks_opens_idx ON bountygo.tasks (opens_at) WHERE opens_at IS NOT NULL;
CREATE INDEX tasks_draft_idx ON bountygo.tasks (created_at DESC, id DESC) WHERE status = 'draft';
CREATE INDEX tasks_gone_idx ON bountygo.tasks (created_at DESC, id DESC) WHERE gone_at IS NOT NULL;
CREATE INDEX tasks_window_idx ON bountygo.tasks USING gist (tstzrange(deadline_earliest, deadline, '[]')) WHERE deadline_earliest < deadline;
CREATE INDEX task_counts_views_idx ON bountygo.task_counts (views DESC, task_id DESC);
-- How many are open: without it the planner guesses a third.
CREATE STATISTICS bountygo.tasks_open_stats ON (coalesce(deadline, 'infinity'::timestamptz)) FROM bountygo.tasks;

CREATE TABLE bountygo.search_words (
	word text COLLATE "C" NOT NULL CHECK (length(word) BETWEEN 3 AND 40)
);
CREATE INDEX search_words_word_idx ON bountygo.search_words (word);
CREATE INDEX search_words_forms_idx ON bountygo.search_words USING gin (bountygo.word_forms(word, 1)) WITH (fastupdate = off);
COMMENT ON TABLE bountygo.search_words IS 'Words that public tasks have or had, for questions that are misspelt. A word may stand here twice: a unique key would let writers wait for each other.';

CREATE TABLE bountygo.search_stale (
	task_id bigint NOT NULL
);
CREATE INDEX search_stale_task_idx ON bountygo.search_stale (task_id);
COMMENT ON TABLE bountygo.search_stale IS 'Tasks whose organizer or tag got another name, or whose tags were changed by the thousand, and that are to be indexed again (bountygo.refresh_search). No foreign key: a task that is gone needs nothing.';
