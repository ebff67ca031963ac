-- A database whose encoding is not UTF-8: what it can hold is stored, what it can't is refused by its name and not taken for a crash.
SET client_min_messages = warning;
DROP DATABASE IF EXISTS bountygo_latin1;
CREATE DATABASE bountygo_latin1 ENCODING 'LATIN1' LC_COLLATE 'C' LC_CTYPE 'C' TEMPLATE template0;
SELECT current_database() AS was \gset
\c bountygo_latin1
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS bountygo;
\set SHOW_CONTEXT never
\pset format unaligned
\pset tuples_only on
-- "é" in UTF-8, then a character that Latin 1 lacks.
SELECT r ->> 'outcome', length(r ->> 'text'), position(chr(233) IN r ->> 'text') > 0
FROM bountygo.extract_html(decode('3c703e436166c3a92070617973203530303020555344433c2f703e', 'hex')) r;
\set VERBOSITY sqlstate
SELECT bountygo.extract_html(decode('3c703ee5a596e98791205072697a65203530303020555344433c2f703e', 'hex')) ->> 'outcome';
SELECT bountygo.extract_text('Caf' || chr(233) || ' pays 5000 USDC for a parser.') ->> 'outcome';
SELECT bountygo.extract_html(decode('3c703ee9205072697a653c2f703e', 'hex'), 'https://caf' || chr(233) || '.example/', 'text/html; charset=latin1') ->> 'url';
-- Names have their keys, too: "É" as the small letter.
SELECT bountygo.name_key('  Caf' || chr(201) || '-Labs ') = 'caf' || chr(233) || ' labs';
SELECT bountygo.init() > 0;
INSERT INTO bountygo.tags (name, name_key) VALUES ('Caf' || chr(201), bountygo.name_key('Caf' || chr(201)));
SELECT t.name_key = 'caf' || chr(233) FROM bountygo.tags t WHERE t.name = 'Caf' || chr(201);
\c :was
DROP DATABASE bountygo_latin1;
-- Where the server does not know what its bytes mean, there is nothing to begin with.
CREATE DATABASE bountygo_ascii ENCODING 'SQL_ASCII' LC_COLLATE 'C' LC_CTYPE 'C' TEMPLATE template0;
\c bountygo_ascii
CREATE EXTENSION bountygo;
\c :was
DROP DATABASE bountygo_ascii;
