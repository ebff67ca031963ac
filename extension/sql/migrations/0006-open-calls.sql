-- Calls of the model that are under way are few among many that have ended: each admission looks for those that nobody closes.

CREATE INDEX model_calls_open_idx ON bountygo.model_calls (id) WHERE state IN ('reserved', 'answered');
