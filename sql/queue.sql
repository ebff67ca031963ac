-- The queue through SQL: submitting, looking, cancelling, and what each refuses. No worker runs here.
\set SHOW_CONTEXT never
SET client_min_messages = warning;
SET timezone = 'UTC';
CREATE EXTENSION IF NOT EXISTS bountygo;
SELECT bountygo.init() > 0 AS ready;
\pset format unaligned
\pset tuples_only on
-- What other tests left in the queue would be claimed here.
DELETE FROM bountygo.jobs WHERE state IN ('queued', 'leased');

-- One canonical form.
SELECT bountygo.canonical_url(u) FROM unnest(ARRAY['HTTPS://Queue.Example:443/a/../b?utm_source=x&id=1#frag', 'queue.example/path',
	'http://queue.example:80', 'https://bücher.example/ü']) AS u;
SELECT bountygo.canonical_url(NULL) IS NULL;

-- A job, and the same again.
SELECT bountygo.submit_url('https://queue.example/one?utm_campaign=x') AS job \gset
SELECT jsonb_pretty(:'job'::jsonb - '{id,created_at}'::text[]);
SELECT bountygo.submit_url('https://QUEUE.example/one#again', true) ->> 'id' = :'job'::jsonb ->> 'id' AS same_job;
SELECT auto_create FROM bountygo.jobs WHERE id = (:'job'::jsonb ->> 'id')::bigint;
SELECT bountygo.preview_url('https://queue.example/one') ->> 'id' <> :'job'::jsonb ->> 'id' AS another_kind;
SELECT kind, priority, is_public FROM bountygo.jobs WHERE host = 'queue.example' ORDER BY id;
SELECT bountygo.get_job((:'job'::jsonb ->> 'id')::bigint) - '{id,created_at}'::text[] = :'job'::jsonb - '{id,created_at}'::text[] AS as_submitted;

-- What is wrong with a URL or a number is said with its place.
\set VERBOSITY verbose
\set ON_ERROR_STOP off
SELECT bountygo.submit_url(NULL);
\set VERBOSITY default
SELECT bountygo.submit_url('');
SELECT bountygo.submit_url('ftp://queue.example/');
SELECT bountygo.submit_url('file:///etc/passwd');
SELECT bountygo.submit_url('https://user:secret@queue.example/');
SELECT bountygo.submit_url('https://queue.example/' || repeat('a', 2100));
SELECT bountygo.submit_url('https://10.0.0.1/');
SELECT bountygo.submit_url('https://queue.example:22/');
SELECT bountygo.submit_url(E'https://queue.example/\x01');
SELECT bountygo.submit_url('https://queue.example/two', max_age => -1);
SELECT bountygo.submit_text('short');
SELECT bountygo.submit_text(repeat('x', 200001));
SELECT bountygo.get_job(0);
SELECT bountygo.cancel_job(0);
SELECT bountygo.list_jobs("limit" => 0);
SELECT bountygo.list_jobs("limit" => 101);
SELECT bountygo.list_jobs(cursor => 'nonsense');
SELECT bountygo.submit_urls(NULL);
SELECT bountygo.submit_urls('{}');
SELECT bountygo.submit_urls(array_fill('https://queue.example/'::text, ARRAY[1001]));
SELECT bountygo.submit_urls('{{https://queue.example/a},{https://queue.example/b}}');

-- A group: each item has its own outcome, in the order given.
SELECT bountygo.submit_urls(ARRAY['https://queue.example/g1', 'gopher://queue.example/', NULL, 'https://queue.example/g2', 'https://queue.example/g1'], true) AS batch \gset
SELECT i.value - 'job_id' FROM jsonb_array_elements(:'batch'::jsonb -> 'items') i;
SELECT count(DISTINCT i.value ->> 'job_id') AS jobs FROM jsonb_array_elements(:'batch'::jsonb -> 'items') i;
SELECT bountygo.list_jobs(group_id => (:'batch'::jsonb ->> 'group_id')::bigint) #- '{group,id}' -> 'group';
SELECT bountygo.list_jobs(group_id => (:'batch'::jsonb ->> 'group_id')::bigint, "limit" => 1) AS page \gset
SELECT jsonb_array_length(:'page'::jsonb -> 'items'), :'page'::jsonb ->> 'next' IS NOT NULL, :'page'::jsonb #> '{items,0}' ? 'result';
SELECT c, bountygo.list_jobs(group_id => (:'batch'::jsonb ->> 'group_id')::bigint, count => c, "limit" => 1) -> 'total' FROM unnest(enum_range(NULL::bountygo.count_mode)) c;
SELECT i.value ->> 'url' FROM jsonb_array_elements(bountygo.list_jobs(group_id => (:'batch'::jsonb ->> 'group_id')::bigint, cursor => :'page'::jsonb ->> 'next') -> 'items') i;
SELECT bountygo.list_jobs(state => 'dead', group_id => (:'batch'::jsonb ->> 'group_id')::bigint) -> 'items';

-- Cancel, once.
SELECT bountygo.cancel_job((:'job'::jsonb ->> 'id')::bigint) - '{id,created_at,finished_at}'::text[];
SELECT bountygo.cancel_job((:'job'::jsonb ->> 'id')::bigint);
SELECT bountygo.submit_url('https://queue.example/one') ->> 'id' <> :'job'::jsonb ->> 'id' AS a_new_job;

-- What a worker does, step by step: claim, store, end; then a snapshot answers the next submit.
DELETE FROM bountygo.jobs WHERE host = 'queue.example';
SELECT bountygo.queue_take_slot(1, -1, now(), 3);
SELECT bountygo.submit_url('https://queue.example/page') ->> 'id' AS id \gset
SELECT c.url, c.attempts, c.lease_token FROM bountygo.queue_claim_pages(1, 5, 4, '0', '1 minute', clock_timestamp()) c;
SELECT (bountygo.get_job(:id)) ->> 'progress';
SELECT bountygo.queue_store_page(:id, 1, 'https://queue.example/page', 'https://queue.example/page', 200, 'text/html', NULL, NULL, 10,
	'{"outcome": "ok", "is_task": false, "language": "en", "fields": {}, "text": "Words."}', false, 'no_key', 0);
SELECT (bountygo.get_job(:id) -> 'result') - 'snapshot_id', bountygo.get_job(:id) ->> 'progress';
SELECT bountygo.queue_store_page(:id, 1, 'https://queue.example/page', NULL, 200, NULL, NULL, NULL, 10, '{"text": ""}', false, NULL, 0) AS twice;
SELECT j ->> 'state', j -> 'result' ->> 'text', j ->> 'attempts' FROM bountygo.submit_url('https://queue.example/page') j;
SELECT bountygo.submit_url('https://queue.example/page', max_age => 0) ->> 'state' AS fresh;

-- Many pages at once: only those whose lease holds, each with its own; one that the model is asked about goes on.
SELECT jsonb_array_length(bountygo.submit_urls(array(SELECT format('https://many.example/%s', n) FROM generate_series(1, 4) n)) -> 'items');
SELECT count(*) FROM bountygo.queue_claim_pages(1, 5, 4, '0', '1 minute', clock_timestamp()) c WHERE c.host = 'many.example';
UPDATE bountygo.jobs SET lease_token = 9 WHERE id = (SELECT job_id FROM bountygo.job_payloads WHERE url = 'https://many.example/3');
SELECT p.url, s.state FROM (SELECT array_agg(j.id ORDER BY j.id DESC) AS ids, array_agg(p.url ORDER BY j.id DESC) AS urls, array_agg(p.url = 'https://many.example/2' ORDER BY j.id DESC) AS asks,
		array_agg(jsonb_build_object('text', 'Page ' || right(p.url, 1), 'is_task', false, 'language', 'en') ORDER BY j.id DESC) AS results
	FROM bountygo.jobs j JOIN bountygo.job_payloads p ON p.job_id = j.id WHERE j.host = 'many.example') a
CROSS JOIN LATERAL bountygo.queue_store_pages(a.ids, array_fill(1, '{4}'), a.urls, array_fill(NULL::text, '{4}'), array_fill(200, '{4}'), array_fill('text/html'::text, '{4}'),
	array_fill(NULL::text, '{4}'), array_fill(NULL::text, '{4}'), array_fill(10, '{4}'), a.results, a.asks, array_fill('no_key'::text, '{4}'), array_fill(0, '{4}')) s
JOIN bountygo.job_payloads p ON p.job_id = s.job ORDER BY p.url;
SELECT p.url, j.state, j.stage, j.host, j.attempts, s.url, s.final_url, s.text, s.result, s.text_hash = sha256(convert_to(s.text, 'UTF8')) AS hash, r.model_outcome
	FROM bountygo.job_payloads p JOIN bountygo.jobs j ON j.id = p.job_id LEFT JOIN bountygo.job_results r ON r.job_id = j.id LEFT JOIN bountygo.snapshots s ON s.id = r.snapshot_id
	WHERE p.url LIKE 'https://many.example/%' ORDER BY p.url;
DELETE FROM bountygo.jobs j USING bountygo.job_payloads p WHERE p.job_id = j.id AND p.url LIKE 'https://many.example/%';

-- Failures: back-off within its bounds and with jitter, then dead; a host's pause costs no attempt.
SELECT bool_and(b >= make_interval(secs => least(3600, power(2, n - 1)) / 2) AND b <= make_interval(secs => least(3600, power(2, n - 1)))), count(DISTINCT b) > 900
	FROM (SELECT n, bountygo.queue_backoff(n, 1, 3600) AS b FROM generate_series(1, 20) n, generate_series(1, 100)) t;
SELECT bountygo.submit_url('https://fail.example/page') ->> 'id' AS id \gset
UPDATE bountygo.jobs SET max_attempts = 2 WHERE id = :id;
SELECT c.attempts FROM bountygo.queue_claim_pages(1, 5, 4, '0', '1 minute', clock_timestamp()) c WHERE c.id = :id;
SELECT bountygo.queue_fail(:id, 1, 'rate_limited', 'rate_limited', 'The site asks to be called less often.', true, false, 30, 1, 3600, 3);
SELECT attempts, run_at BETWEEN now() + interval '29 seconds' AND now() + interval '31 seconds' FROM bountygo.jobs WHERE id = :id;
SELECT failures, last_outcome, next_fetch_at > now() + interval '29 seconds' FROM bountygo.hosts WHERE host = 'fail.example';
SELECT count(*) FROM bountygo.queue_claim_pages(1, 5, 4, '0', '1 minute', clock_timestamp()) c WHERE c.id = :id;
UPDATE bountygo.hosts SET next_fetch_at = '-infinity' WHERE host = 'fail.example';
UPDATE bountygo.jobs SET run_at = now() WHERE id = :id;
SELECT c.attempts FROM bountygo.queue_claim_pages(1, 5, 4, '0', '1 minute', clock_timestamp()) c WHERE c.id = :id;
SELECT bountygo.queue_fail(:id, 2, 'http_5xx', 'http_5xx', 'The site failed to answer.', true, false, -1, 1, 3600, 3);
SELECT bountygo.queue_fail(:id, 2, 'http_5xx', 'http_5xx', 'The site failed to answer.', true, false, -1, 1, 3600, 3) AS again;
UPDATE bountygo.jobs SET run_at = now() WHERE id = :id;
UPDATE bountygo.hosts SET next_fetch_at = '-infinity' WHERE host = 'fail.example';
SELECT c.attempts FROM bountygo.queue_claim_pages(1, 5, 4, '0', '1 minute', clock_timestamp()) c WHERE c.id = :id;
SELECT bountygo.queue_fail(:id, 3, 'http_5xx', 'http_5xx', 'The site failed to answer.', true, false, -1, 1, 3600, 3);
SELECT state, outcome, why, attempts FROM bountygo.jobs WHERE id = :id;

-- Every host has its turn, whoever has most pages; nobody beyond the limit of a host.
DELETE FROM bountygo.jobs WHERE host LIKE '%.example';
SELECT jsonb_array_length(bountygo.submit_urls(array(SELECT 'https://big.example/' || n FROM generate_series(1, 50) n)) -> 'items');
SELECT jsonb_array_length(bountygo.submit_urls(array(SELECT format('https://small%s.example/', n) FROM generate_series(1, 5) n)) -> 'items');
SELECT c.host, count(*) FROM bountygo.queue_claim_pages(1, 8, 3, '0', '1 minute', clock_timestamp()) c GROUP BY 1 ORDER BY 1;
SELECT c.host, count(*) FROM bountygo.queue_claim_pages(1, 8, 3, '0', '1 minute', clock_timestamp()) c GROUP BY 1 ORDER BY 1;
SELECT count(*) FROM bountygo.jobs WHERE host = 'big.example' AND state = 'leased';
SELECT bountygo.queue_next(clock_timestamp()) IS NOT NULL;
SELECT bountygo.queue_take_slot(1, -2, now(), 3), count(*) FROM bountygo.jobs WHERE state = 'leased';
SELECT state, count(*) FROM bountygo.jobs WHERE host LIKE '%.example' GROUP BY 1;

-- What operators see.
SELECT slot, alive, in_hand, why FROM bountygo.worker_status;
SELECT kind, state, stage, jobs, due, why FROM bountygo.queue_stats WHERE state = 'queued';
SELECT host, queued, in_hand, why FROM bountygo.host_status WHERE host = 'big.example';

DELETE FROM bountygo.jobs WHERE host LIKE '%.example';
DELETE FROM bountygo.workers;
