-- Reading a page or a text at once, by rules, in this session's own bountygo-reader (reader/functions.c).

CREATE FUNCTION bountygo.extract_html(html bytea, url text DEFAULT NULL, content_type text DEFAULT NULL) RETURNS jsonb
LANGUAGE c VOLATILE CALLED ON NULL INPUT PARALLEL RESTRICTED
SET search_path = pg_catalog, pg_temp
AS 'MODULE_PATHNAME', 'bg_extract_html_sql';
COMMENT ON FUNCTION bountygo.extract_html(bytea, text, text) IS 'Reads a page that you have: its main text and the fields of a task, each with the quote it comes from. html: the page''s bytes as fetched, at most 2 MiB (more: outcome too_large). url: where it is from, to make links absolute. content_type: the HTTP header''s value, for its charset. Fetches nothing and stores nothing; the page is read in a process of its own within 2 s. A page that cannot be read gives an outcome, not an error. UB422: no html, or url is neither a web address nor that of a file; UB503: the reader cannot be started.';

CREATE FUNCTION bountygo.read_text(content text, url text) RETURNS jsonb
LANGUAGE c VOLATILE CALLED ON NULL INPUT PARALLEL RESTRICTED
SET search_path = pg_catalog, pg_temp
AS 'MODULE_PATHNAME', 'bg_extract_text_sql';
COMMENT ON FUNCTION bountygo.read_text(text, text) IS 'extract_text() by rules.';

CREATE FUNCTION bountygo.extract_text(content text, url text DEFAULT NULL, engine bountygo.extract_engine DEFAULT 'rules') RETURNS jsonb
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	IF extract_text.engine = 'model' THEN
		PERFORM bountygo.require_user();
		RETURN bountygo.submit_text(extract_text.content, extract_text.url);
	END IF;
	RETURN bountygo.read_text(extract_text.content, extract_text.url);
END
$$;
COMMENT ON FUNCTION bountygo.extract_text(text, text, bountygo.extract_engine) IS 'Reads plain text or Markdown: the fields of a task, each with the quote it comes from. content: 10 to 200000 characters. url: where it is from, a web address or a file''s; it is not fetched. engine: rules answers at once and stores nothing; model returns a job, in which the model is asked for what the rules leave open. UB401: the model, for nobody; UB422: content too short or too long, or url is neither; UB429: your model calls of today are used up (DETAIL: seconds until there are more); UB503: the reader cannot be started.';

CREATE FUNCTION bountygo.reader_status(OUT pid integer, OUT pages integer) RETURNS record
LANGUAGE c VOLATILE STRICT PARALLEL RESTRICTED
SET search_path = pg_catalog, pg_temp
AS 'MODULE_PATHNAME', 'bg_reader_status_sql';
COMMENT ON FUNCTION bountygo.reader_status() IS 'The bountygo-reader of this session: its process id (NULL: none runs) and the pages that it has read.';
