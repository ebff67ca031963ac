-- Many pages stored at once: what is made of a page goes to its own job, wherever it stands among the others.
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS bountygo;
SELECT bountygo.init() > 0 AS ready;
\pset format unaligned
\pset tuples_only on
BEGIN;
INSERT INTO bountygo.jobs (id, kind, state, stage, host, auto_create, lease_token, leased_until)
SELECT 900000000 + n, CASE n WHEN 1 THEN 'preview' ELSE 'page' END::bountygo.job_kind, 'leased', 'fetch', 'pages.example', n IN (3, 4), 1,
	now() + interval '1 minute' FROM generate_series(1, 5) n;
INSERT INTO bountygo.job_payloads (job_id, url) SELECT 900000000 + n, 'https://pages.example/' || n FROM generate_series(1, 5) n;
CREATE TEMPORARY TABLE page AS SELECT n, 900000000 + n AS job, 'https://pages.example/' || n AS url, bountygo.extract_text(
	format('Parser bounty %s. We pay a bounty of $%s500 for a parser in Rust. Submission deadline: October 4, 2037, 17:00 UTC.', n, n),
	'https://pages.example/' || n) AS result FROM generate_series(1, 5) n;
-- The lease of the second is lost: nothing is stored of it.
SELECT s.job - 900000000, s.state FROM (SELECT array_agg(job ORDER BY n) AS jobs, array_agg(CASE n WHEN 2 THEN 7 ELSE 1 END ORDER BY n) AS tokens,
	array_agg(url ORDER BY n) AS urls, array_fill(200, ARRAY[5]) AS statuses, array_fill(NULL::text, ARRAY[5]) AS none,
	array_agg(100 ORDER BY n) AS sizes, array_agg(result ORDER BY n) AS results, array_fill(false, ARRAY[5]) AS no,
	array_fill(0, ARRAY[5]) AS delays FROM page) p,
	bountygo.queue_store_pages(jobs, tokens, urls, urls, statuses, none, none, none, sizes, results, no, none, delays) s ORDER BY 1;
SELECT p.n, j.state, r.task_id IS NOT NULL AS has_task, t.job_id = j.id AS its_own, s.url = p.url AS its_page, t.source_url = p.url AS its_url,
	t.snapshot_id = s.id AS its_snapshot
FROM page p JOIN bountygo.jobs j ON j.id = p.job LEFT JOIN bountygo.job_results r ON r.job_id = j.id LEFT JOIN bountygo.tasks t ON t.id = r.task_id
LEFT JOIN bountygo.snapshots s ON s.id = r.snapshot_id ORDER BY p.n;
ROLLBACK;
