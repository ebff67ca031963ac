-- extract_html() and extract_text(): what a caller sees of reading, without a job. What the rules find is tested elsewhere; here
-- it is the surface: shapes, outcomes, errors, the child process.
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS bountygo;
RESET client_min_messages;

-- Exactly the members of API.md, whatever comes of it.
SELECT string_agg(k, ' ' ORDER BY k) AS members FROM jsonb_object_keys(bountygo.extract_text('Some text that is long enough.')) k;
SELECT string_agg(k, ' ' ORDER BY k) AS members FROM jsonb_object_keys(bountygo.extract_html('')) k;
SELECT string_agg(k, ' ' ORDER BY k) AS members
FROM jsonb_object_keys(bountygo.extract_html(convert_to(repeat('x', 2 * 1024 * 1024 + 1), 'UTF8'))) k;

-- A page with a title, a reward and a deadline: each value stands in the text where it says.
CREATE TEMPORARY TABLE page AS SELECT bountygo.extract_html(convert_to($page$<!doctype html>
<html lang="en"><head><title>Parser bounty</title></head><body><article>
<h1>Parser bounty: read hostile pages</h1>
<p>We pay a bounty of 5,000 USDC for a parser that survives hostile pages. The prize goes to the first working submission.</p>
<p>Submission deadline: October 4, 2026, 17:00 UTC. Everybody may take part, in teams or alone.</p>
</article></body></html>$page$, 'UTF8'), 'https://example.org/bounty?utm_source=mail#top', 'text/html; charset=utf-8') AS r;
SELECT r ->> 'outcome' AS outcome, r -> 'is_task' AS is_task, r ->> 'language' AS language, r ->> 'url' AS url,
	r -> 'snapshot_id' AS snapshot_id, r #>> '{fields,reward,value,amount}' AS amount,
	r #>> '{fields,reward,value,currency}' AS currency, r #>> '{fields,deadline,value,latest}' AS latest FROM page;
SELECT count(*) > 2 AS several, bool_and(substr(r ->> 'text', (f.value ->> 'start')::integer + 1,
	(f.value ->> 'end')::integer - (f.value ->> 'start')::integer) = f.value ->> 'quote') AS quotes_are_there
FROM page, jsonb_each(r -> 'fields') f;

-- Characters, not bytes: an accent before the value moves it by one.
SELECT substr(r ->> 'text', (r #>> '{fields,reward,start}')::integer + 1, 10) AS quote
FROM (SELECT bountygo.extract_text('Développeurs, prize: 5,000 USDC for the best parser.') AS r) x;

-- Legacy character sets, by header and by meta.
SELECT bountygo.extract_html('\x3c703ebaecbfcdcbc93c2f703e', NULL, 'text/html; charset=gb2312') ->> 'text' AS gb;
SELECT bountygo.extract_html(convert_to('<meta charset=windows-1251><p>', 'UTF8') || '\xcfF0E8E7'::bytea) ->> 'text' AS cyrillic;

-- Outcomes, not errors, for what pages are.
SELECT bountygo.extract_html('') ->> 'outcome' AS nothing, bountygo.extract_html('<p> </p>') ->> 'outcome' AS blank,
	bountygo.extract_html('\x89504e470d0a1a0a0000000d49484452') ->> 'outcome' AS image,
	bountygo.extract_html(convert_to(repeat('<p>x', 524289), 'UTF8')) ->> 'outcome' AS large;

-- The method is one of those that evidence knows; the quote of a category is a whole word.
SELECT DISTINCT f.value ->> 'method' AS methods
FROM jsonb_each(bountygo.extract_html('<title>Translate the docs: 300 USDT bounty</title><h1>Translate the docs</h1><p>We pay 300 USDT for it.') -> 'fields') f;
SELECT bountygo.extract_text('Translate our docs to Chinese, 300 USDT.') #>> '{fields,category,quote}' AS quote;

-- Errors for what callers do.
\set SHOW_CONTEXT never
SELECT 1 FROM bountygo.extract_html(NULL);
SELECT 1 FROM bountygo.extract_html('<p>', 'ftp://user:pass@example.org/');
SELECT 1 FROM bountygo.extract_html('<p>', 'file:///a b');
SELECT 1 FROM bountygo.extract_html('<p>', 'https://user:pass@example.org/');
SELECT 1 FROM bountygo.extract_html('<p>', NULL, repeat('x', 1025));
SELECT 1 FROM bountygo.extract_text(NULL);
SELECT 1 FROM bountygo.extract_text('too short');
SELECT 1 FROM bountygo.extract_text(repeat('ж', 200001));
SELECT 1 FROM bountygo.extract_text(repeat('x', 1000000));
SELECT 1 FROM bountygo.extract_text('Some text that is long enough.', 'not a url');
\echo :LAST_ERROR_SQLSTATE
-- The limits themselves are allowed; so is an address that would not be fetched from: nothing is.
SELECT bountygo.extract_text('0123456789') ->> 'outcome' AS shortest, bountygo.extract_text(repeat('ж', 200000)) ->> 'outcome' AS longest,
	bountygo.extract_text('Some text that is long enough.', 'http://127.0.0.1:9999/x') ->> 'outcome' AS private;
-- A saved page has an address of another kind; of a page over the limit the part that was read is kept, without fields.
SELECT bountygo.extract_text('Some text that is long enough.', 'file:///saved/page.html') ->> 'url' AS saved;
SELECT r ->> 'outcome' AS outcome, r -> 'fields' AS fields, left(r ->> 'text', 5) AS text
FROM bountygo.extract_html(convert_to('<p>Begin ' || repeat('x ', 2 * 1024 * 1024), 'UTF8')) r;

-- One child for this session, kept from call to call, and replaced when it is gone.
SELECT pid IS NOT NULL AS runs, pages > 1 AS has_read FROM bountygo.reader_status();
SELECT pid AS first FROM bountygo.reader_status() \gset
SELECT bountygo.extract_text('Some text that is long enough.') ->> 'outcome' AS outcome;
SELECT pid = :first AS same FROM bountygo.reader_status();
DO $$
BEGIN
	EXECUTE format('COPY (SELECT 1) TO PROGRAM %L', (SELECT 'cat > /dev/null; kill -9 ' || pid FROM bountygo.reader_status()));
END
$$;
SELECT bountygo.extract_text('Some text that is long enough.') ->> 'outcome' AS outcome;
SELECT pid <> :first AS another, pages FROM bountygo.reader_status();
