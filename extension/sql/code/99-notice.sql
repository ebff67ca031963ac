DO $$
BEGIN
	RAISE NOTICE 'BountyGo @VERSION@ is installed. Next step: SELECT bountygo.start();';
END
$$;
