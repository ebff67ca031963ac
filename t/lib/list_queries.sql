-- The questions that lists are asked: every filter in every order, and some together, for tasks of generated_tasks.sql. Frequent values,
-- rare ones, and ones that no task has.
CREATE TEMP TABLE list_queries AS
SELECT row_number() OVER (ORDER BY f.n, s.n) AS n, f.name || ' ' || s.sort AS name,
	concat_ws(', ', nullif(f.args, ''), 'sort => ' || quote_literal(s.sort)) AS args
FROM (VALUES
	(1, 'default', ''), (2, 'state any', 'state => ''any'''), (3, 'state maybe', 'state => ''maybe'''), (4, 'state closed', 'state => ''closed'''),
	(5, 'state upcoming', 'state => ''upcoming'''), (6, 'state gone', 'state => ''gone'''), (7, 'state unknown', 'state => ''unknown'''),
	(8, 'status active', 'status => ''active'''), (9, 'status paused', 'status => ''paused'''), (10, 'status completed', 'status => ''completed'', state => ''any'''),
	(11, 'status draft', 'status => ''draft'''),
	(12, 'category frequent', 'category => ''development'''), (13, 'category rare', 'category => ''其他'''),
	(14, 'tag frequent', 'tag => ''{rust}'''), (15, 'tag rare', 'tag => ''{rarity}'''), (16, 'tag none', 'tag => ''{never used}'''),
	(17, 'tags two', 'tag => ''{rust,solidity}'''), (18, 'tags three', 'tag => ''{rust,topic 300,topic 400}'''),
	(19, 'organizer frequent', 'organizer_id => (SELECT o.id FROM pg_temp.some_organizers o ORDER BY o.tasks DESC LIMIT 1)'),
	(20, 'organizer rare', 'organizer_id => (SELECT o.id FROM pg_temp.some_organizers o ORDER BY o.tasks LIMIT 1)'), (21, 'organizer none', 'organizer_id => 0'),
	(22, 'sponsor', 'sponsor_id => (SELECT min(t.sponsor_id) FROM pg_temp.some_tasks t)'), (23, 'sponsor none', 'sponsor_id => 0'),
	(24, 'reward_min low', 'reward_min => 50'), (25, 'reward_min high', 'reward_min => 8000'), (26, 'reward_min none', 'reward_min => 1000000000'),
	(27, 'reward range', 'reward_min => 100, reward_max => 101'), (28, 'reward_max', 'reward_max => 25'),
	(29, 'currency frequent', 'currency => ''usdc'''), (30, 'currency rare', 'currency => ''DOT'''), (31, 'currency none', 'currency => ''XYZ'''),
	(32, 'currency and reward', 'currency => ''ETH'', reward_min => 5000'),
	(33, 'reward_type frequent', 'reward_type => ''each'''), (34, 'reward_type rare', 'reward_type => ''quote'''),
	(35, 'closes_before', 'closes_before => now() + interval ''3 days'''), (36, 'closes_before past', 'closes_before => now() - interval ''1 day'''),
	(37, 'closes_after', 'closes_after => now() + interval ''60 days'''), (38, 'closes this week', 'closes_after => now(), closes_before => now() + interval ''7 days'''),
	(39, 'closes long ago', 'state => ''any'', closes_after => ''2000-01-01Z'', closes_before => ''2001-01-01Z'''),
	(40, 'language en', 'language => ''en'''), (41, 'language zh', 'language => ''zh'''), (42, 'language rare', 'language => ''eo'''), (43, 'language none', 'language => ''xx'''),
	(44, 'has_deadline', 'has_deadline => true'), (45, 'has no deadline', 'has_deadline => false'),
	(46, 'source_host frequent', 'source_host => ''host0.example'''), (47, 'source_host rare', 'source_host => ''host2900.example'''), (48, 'source_host none', 'source_host => ''none.example'''),
	(49, 'url', 'url => (SELECT max(t.source_url) FROM pg_temp.some_tasks t)'), (50, 'url none', 'url => ''https://none.example/'''),
	(51, 'category and language', 'category => ''quiz'', language => ''ko'''), (52, 'category and tag', 'category => ''hackathon'', tag => ''{topic 300}'''),
	(53, 'language and currency and reward', 'language => ''zh'', currency => ''SOL'', reward_min => 2000'),
	(54, 'q frequent', 'q => ''solana'''), (55, 'q rare', 'q => (SELECT min(w.word) FROM pg_temp.some_words w)'), (56, 'q chinese', 'q => ''黑客松'''),
	(57, 'q one character', 'q => ''客'''), (58, 'q mixed', 'q => ''solana 区块链'''), (59, 'q phrase', 'q => ''"landing page" design'''),
	(60, 'q misspelt', 'q => ''slana'''), (61, 'q none', 'q => ''qqqqqqqqqqqq'''), (62, 'q no word', 'q => ''!!!'''), (63, 'q and category', 'q => ''wallet'', category => ''grant'''),
	(64, 'q and rare language', 'q => ''wallet'', language => ''eo'''), (65, 'q or', 'q => ''wallet or bridge -solana'''), (66, 'q any state', 'q => ''hackathon'', state => ''any''')
	) AS f (n, name, args)
CROSS JOIN (VALUES (1, '-created_at'), (2, 'deadline'), (3, '-reward'), (4, '-views'), (5, '-relevance')) AS s (n, sort)
WHERE s.sort <> '-relevance' OR f.name ~ '^q ';
CREATE TEMP TABLE some_organizers AS SELECT t.organizer_id AS id, count(*) AS tasks FROM bountygo.tasks t WHERE t.organizer_id IS NOT NULL GROUP BY 1;
CREATE TEMP TABLE some_tasks AS SELECT t.sponsor_id, t.source_url FROM bountygo.tasks t ORDER BY t.id DESC LIMIT 100;
CREATE TEMP TABLE some_words AS SELECT w.word FROM bountygo.search_words w WHERE w.word ~ '^[0-9a-f]{6}$' LIMIT 1;
-- Values, so that the questions read no other table.
UPDATE list_queries SET args = replace(args, '(SELECT o.id FROM pg_temp.some_organizers o ORDER BY o.tasks DESC LIMIT 1)', (SELECT o.id FROM some_organizers o ORDER BY o.tasks DESC LIMIT 1)::text);
UPDATE list_queries SET args = replace(args, '(SELECT o.id FROM pg_temp.some_organizers o ORDER BY o.tasks LIMIT 1)', (SELECT o.id FROM some_organizers o ORDER BY o.tasks LIMIT 1)::text);
UPDATE list_queries SET args = replace(args, '(SELECT min(t.sponsor_id) FROM pg_temp.some_tasks t)', (SELECT min(t.sponsor_id) FROM some_tasks t)::text);
UPDATE list_queries SET args = replace(args, '(SELECT max(t.source_url) FROM pg_temp.some_tasks t)', quote_literal((SELECT max(t.source_url) FROM some_tasks t)));
UPDATE list_queries SET args = replace(args, '(SELECT min(w.word) FROM pg_temp.some_words w)', quote_literal((SELECT min(w.word) FROM some_words w)));
