-- The errors of the REST API, for the documentation and the tests: README.md has this table, t/153_errors.pl raises each row.

CREATE FUNCTION bountygo.error_catalogue() RETURNS TABLE (code text, status smallint, title text, "when" text, example text)
LANGUAGE sql IMMUTABLE
SET search_path = pg_catalog, pg_temp
AS $$
	VALUES
	('UB400', 400::smallint, 'Bad Request', 'The request is no HTTP or its body no JSON object.', 'a body of {"title": '),
	('UB401', 401, 'Unauthorized', 'Nobody is signed in, or the token is forged, expired or revoked.', 'GET /api/v1/users/me without a token'),
	('UB403', 403, 'Forbidden', 'You are signed in, but may not do this: it takes another role, the owner, or a scope that the API key lacks.', 'GET /api/v1/url-agent/metrics as a user'),
	('UB404', 404, 'Not Found', 'There is no such path or object, or you may not see it.', 'GET /api/v1/tasks/999999999'),
	('UB405', 405, 'Method Not Allowed', 'The path has no such method; Allow lists those it has.', 'PUT /api/v1/tasks'),
	('UB409', 409, 'Conflict', 'The state of the object does not permit it, something like it exists, or a request with the same Idempotency-Key is at work.', 'cancelling a job that has ended'),
	('UB410', 410, 'Gone', 'It was here and is no more.', 'raised by functions'),
	('UB412', 412, 'Precondition Failed', 'The object has changed since you read it (If-Match).', 'PATCH with the ETag of an earlier state'),
	('UB413', 413, 'Content Too Large', 'The body is larger than the route allows.', 'a body of 70 KB for POST /api/v1/url-agent/process'),
	('UB414', 414, 'URI Too Long', 'The address is longer than allowed.', 'a query of 20 KB'),
	('UB415', 415, 'Unsupported Media Type', 'The body is not application/json.', 'a form'),
	('UB422', 422, 'Unprocessable Content', 'A value is wrong, unknown, missing or repeated; errors names each.', 'GET /api/v1/tasks?limit=0'),
	('UB429', 429, 'Too Many Requests', 'The limit of the rate zone or a quota is reached; Retry-After says when it goes on.', 'requests faster than the zone allows'),
	('UB431', 431, 'Request Header Fields Too Large', 'The headers are larger than allowed.', 'a header of 100 KB'),
	('UB500', 500, 'Internal Server Error', 'A fault of the service; the request id finds it in the log.', 'an error of no other class'),
	('UB501', 501, 'Not Implemented', 'It is not built in or not configured here.', 'a route whose function is not installed'),
	('UB502', 502, 'Bad Gateway', 'A service that is needed answered badly.', 'raised by functions'),
	('UB503', 503, 'Service Unavailable', 'The database, the workers or the model cannot be had now; Retry-After says when to try again.', 'while the database starts'),
	('UB504', 504, 'Gateway Timeout', 'It took longer than the route allows.', 'a statement over the time limit'),
	-- Errors of the server's own classes, as the gateway shows them: status and fixed text, the original only in the log.
	('23505', 409, 'Conflict', 'Something unique exists already.', 'unique_violation'),
	('23P01', 409, 'Conflict', 'It collides with something that exists.', 'exclusion_violation'),
	('23503', 409, 'Conflict', 'Something that it refers to is missing, or something refers to it.', 'foreign_key_violation'),
	('23502', 422, 'Unprocessable Content', 'A value is missing.', 'not_null_violation'),
	('23514', 422, 'Unprocessable Content', 'A value breaks a rule of its table.', 'check_violation'),
	('22xxx', 422, 'Unprocessable Content', 'A value can''t be taken: out of range, wrong form.', 'numeric_value_out_of_range'),
	('25006', 405, 'Method Not Allowed', 'A write by GET.', 'read_only_sql_transaction'),
	('42501', 403, 'Forbidden', 'Row security or a missing right; 401 for anonymous callers.', 'insufficient_privilege'),
	('40001', 503, 'Service Unavailable', 'It lost against another transaction; reads are repeated once.', 'serialization_failure'),
	('40P01', 503, 'Service Unavailable', 'It lost against another transaction; reads are repeated once.', 'deadlock_detected'),
	('55P03', 503, 'Service Unavailable', 'A lock could not be had.', 'lock_not_available'),
	('57014', 504, 'Gateway Timeout', 'It was cancelled, by its time limit as a rule.', 'query_canceled'),
	('57P01', 503, 'Service Unavailable', 'The server stops.', 'admin_shutdown'),
	('57P02', 503, 'Service Unavailable', 'The server restarts after a crash.', 'crash_shutdown'),
	('57P03', 503, 'Service Unavailable', 'The server starts.', 'cannot_connect_now'),
	('08xxx', 503, 'Service Unavailable', 'The connection to the database broke.', 'connection_failure'),
	('53xxx', 503, 'Service Unavailable', 'The server lacks memory, disk or connections.', 'out_of_memory'),
	('54xxx', 400, 'Bad Request', 'A limit of the server is exceeded, such as its stack.', 'statement_too_complex'),
	('any other', 500, 'Internal Server Error', 'A fault of the service.', 'internal_error')
$$;
COMMENT ON FUNCTION bountygo.error_catalogue() IS
'Every code of an error that the REST API answers: first those of class UB, whose number is the HTTP status, then how SQLSTATEs of the server''s own classes appear.';
