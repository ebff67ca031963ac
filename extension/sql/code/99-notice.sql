-- CREATE EXTENSION hides notices from its script, so this one has to be let out. Who says IF NOT EXISTS, as pg_dump and scripts do,
-- needs no advice.
SET LOCAL client_min_messages = notice;
DO $$
BEGIN
	IF current_query() !~* '\mif\s+not\s+exists\M' THEN
		RAISE NOTICE 'BountyGo @VERSION@ is installed. Next step: SELECT bountygo.start();';
	END IF;
END
$$;
