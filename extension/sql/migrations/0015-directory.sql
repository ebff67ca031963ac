-- Organizers and tags under all their names, what people care for, and what is counted: views, sources, tags by day.

ALTER TABLE bountygo.organizers ADD COLUMN is_verified boolean NOT NULL DEFAULT false;
ALTER TABLE bountygo.organizers ADD CHECK (length(url) <= 2048 AND url ~* '^https?://');
COMMENT ON COLUMN bountygo.organizers.is_verified IS 'A moderator has made sure that it is who it says.';

CREATE TABLE bountygo.organizer_aliases (
	name_key text PRIMARY KEY,
	organizer_id bigint NOT NULL REFERENCES bountygo.organizers ON DELETE CASCADE,
	name text NOT NULL CHECK (length(name) BETWEEN 1 AND 200),
	former_id bigint UNIQUE,
	created_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX organizer_aliases_organizer_idx ON bountygo.organizer_aliases (organizer_id);
COMMENT ON TABLE bountygo.organizer_aliases IS 'Other names of organizers: of those merged into them, and what they were called before. Pages that use one find the organizer. No key is both here and in organizers.';
COMMENT ON COLUMN bountygo.organizer_aliases.former_id IS 'Id of the organizer of this name that was merged: get_organizer answers for it. No foreign key: that row is gone.';

CREATE TABLE bountygo.tag_synonyms (
	name_key text PRIMARY KEY,
	tag_id bigint NOT NULL REFERENCES bountygo.tags ON DELETE CASCADE,
	name text NOT NULL CHECK (length(name) BETWEEN 1 AND 100),
	language text CHECK (language ~ '^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$' AND length(language) <= 35),
	former_id bigint UNIQUE,
	created_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX tag_synonyms_tag_idx ON bountygo.tag_synonyms (tag_id);
COMMENT ON TABLE bountygo.tag_synonyms IS 'Other names of tags, in any language. Whoever uses one gets the tag. No key is both here and in tags.';
COMMENT ON COLUMN bountygo.tag_synonyms.former_id IS 'Id of the tag of this name that was merged: get_tag answers for it. No foreign key: that row is gone.';

CREATE TABLE bountygo.former_tag_names (
	tag_id bigint NOT NULL REFERENCES bountygo.tags ON DELETE CASCADE,
	name_key text NOT NULL,
	PRIMARY KEY (tag_id, name_key)
);
COMMENT ON TABLE bountygo.former_tag_names IS 'Synonyms that were taken away. Nobody finds a tag by them, but evidence from before may go on naming it so.';

CREATE TABLE bountygo.tag_interests (
	user_id bigint NOT NULL REFERENCES bountygo.users ON DELETE CASCADE,
	tag_id bigint NOT NULL REFERENCES bountygo.tags ON DELETE CASCADE,
	weight numeric(4,2) NOT NULL CHECK (weight BETWEEN 0 AND 10),
	updated_at timestamptz NOT NULL DEFAULT now(),
	PRIMARY KEY (user_id, tag_id)
);
CREATE INDEX tag_interests_tag_idx ON bountygo.tag_interests (tag_id);
COMMENT ON TABLE bountygo.tag_interests IS 'How much a user cares for a tag, from 0 (not at all) to 10. Private.';

-- Names are found by their first letters and by what they share with a misspelt one. Without the pending list, which every search
-- would have to read from end to end.
CREATE INDEX organizers_name_start_idx ON bountygo.organizers (name_key text_pattern_ops);
CREATE INDEX organizers_grams_idx ON bountygo.organizers USING gin (bountygo.name_grams(name_key)) WITH (fastupdate = off);
CREATE INDEX organizer_aliases_name_start_idx ON bountygo.organizer_aliases (name_key text_pattern_ops);
CREATE INDEX organizer_aliases_grams_idx ON bountygo.organizer_aliases USING gin (bountygo.name_grams(name_key)) WITH (fastupdate = off);
CREATE INDEX tags_name_start_idx ON bountygo.tags (name_key text_pattern_ops);
CREATE INDEX tags_grams_idx ON bountygo.tags USING gin (bountygo.name_grams(name_key)) WITH (fastupdate = off);
CREATE INDEX tag_synonyms_name_start_idx ON bountygo.tag_synonyms (name_key text_pattern_ops);
CREATE INDEX tag_synonyms_grams_idx ON bountygo.tag_synonyms USING gin (bountygo.name_grams(name_key)) WITH (fastupdate = off);
CREATE INDEX organizers_created_idx ON bountygo.organizers (created_at DESC, id DESC);

-- Tasks of an organizer and of a tag are counted in the index alone; both lead with the key that the old ones had.
CREATE INDEX tasks_organizer_count_idx ON bountygo.tasks (organizer_id, status, deadline) INCLUDE (gone_at);
DROP INDEX bountygo.tasks_organizer_idx;
CREATE INDEX task_tags_tag_task_idx ON bountygo.task_tags (tag_id, task_id);
DROP INDEX bountygo.task_tags_tag_idx;

-- Views ---------------------------------------------------------------------------------------------------------

CREATE TABLE bountygo.view_salts (
	day date PRIMARY KEY,
	salt bytea NOT NULL CHECK (octet_length(salt) = 32)
);
COMMENT ON TABLE bountygo.view_salts IS 'A random salt a UTC day, under which viewers are hashed. It goes with its day, and with it the way from a hash to an address. Nobody but the owner reads it.';

CREATE TABLE bountygo.task_views (
	task_id bigint NOT NULL REFERENCES bountygo.tasks ON DELETE CASCADE,
	day date NOT NULL,
	viewer bytea NOT NULL CHECK (octet_length(viewer) = 16),
	PRIMARY KEY (task_id, day, viewer)
);
CREATE INDEX task_views_day_idx ON bountygo.task_views (day);
COMMENT ON TABLE bountygo.task_views IS 'Who has seen a task today, as salted hashes, so that each viewer counts once a day. Rows go with the salt of their day; the numbers stay in task_view_days.';

CREATE TABLE bountygo.task_view_days (
	task_id bigint NOT NULL REFERENCES bountygo.tasks ON DELETE CASCADE,
	day date NOT NULL,
	viewers integer NOT NULL CHECK (viewers > 0),
	PRIMARY KEY (task_id, day)
) WITH (fillfactor = 80);
COMMENT ON TABLE bountygo.task_view_days IS 'How many viewers a task had on a UTC day. Nothing links days: who comes on two days counts in both.';

CREATE TABLE bountygo.task_view_sources (
	task_id bigint NOT NULL REFERENCES bountygo.tasks ON DELETE CASCADE,
	day date NOT NULL,
	host text NOT NULL CHECK (length(host) <= 253),
	viewers integer NOT NULL CHECK (viewers > 0),
	PRIMARY KEY (task_id, day, host)
) WITH (fillfactor = 80);
COMMENT ON TABLE bountygo.task_view_sources IS 'From which hosts the viewers of a day came, as their first view of the task that day says.';
COMMENT ON COLUMN bountygo.task_view_sources.host IS 'Host of the referring page; empty for all hosts beyond the first hundred of a task and day.';

-- Numbers that would take reading all tasks, kept by bountygo.refresh_analytics() ---------------------------------

CREATE TABLE bountygo.analytics_summary (
	"only" boolean PRIMARY KEY DEFAULT true CHECK ("only"),
	computed_at timestamptz NOT NULL,
	took interval NOT NULL,
	value jsonb NOT NULL
);
COMMENT ON TABLE bountygo.analytics_summary IS 'One row: the numbers of system_analytics(), when they were counted and how long that took.';

CREATE TABLE bountygo.tag_days (
	day date NOT NULL,
	tag_id bigint NOT NULL REFERENCES bountygo.tags ON DELETE CASCADE,
	tasks integer NOT NULL CHECK (tasks > 0),
	PRIMARY KEY (day, tag_id)
);
CREATE INDEX tag_days_tag_idx ON bountygo.tag_days (tag_id);
COMMENT ON TABLE bountygo.tag_days IS 'How many public tasks that were made on a UTC day have a tag.';

CREATE TABLE bountygo.tag_days_counted (
	day date PRIMARY KEY,
	counted_at timestamptz NOT NULL
);
CREATE INDEX tag_days_counted_at_idx ON bountygo.tag_days_counted (counted_at);
COMMENT ON TABLE bountygo.tag_days_counted IS 'Which days tag_days knows, and since when.';
