-- What people tell the moderators about tasks: that something is wrong, or what would be right.

CREATE TYPE bountygo.report_kind AS ENUM ('report', 'correction');
COMMENT ON TYPE bountygo.report_kind IS 'report: something is wrong with a task; correction: what one of its fields should say.';

CREATE TYPE bountygo.report_reason AS ENUM ('spam', 'wrong', 'duplicate', 'scam', 'expired', 'other');
COMMENT ON TYPE bountygo.report_reason IS 'Why a task is reported to the moderators.';

CREATE TYPE bountygo.report_status AS ENUM ('open', 'accepted', 'dismissed');
COMMENT ON TYPE bountygo.report_status IS 'What the moderators made of a report; accepted and dismissed are final.';
