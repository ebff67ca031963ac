-- Organizers and tags: finding, making, merging them; what tags people care for.

CREATE FUNCTION bountygo.organizer_id(name text) RETURNS bigint
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	wanted text := bountygo.name_key(organizer_id.name);
	found bigint;
BEGIN
	-- Looking first spares the sequence; two at once meet in the unique key, and the loser finds the winner's row.
	SELECT o.id INTO found FROM bountygo.organizers o WHERE o.name_key = wanted;
	IF found IS NULL THEN
		INSERT INTO bountygo.organizers (name, name_key) VALUES (organizer_id.name, wanted)
			ON CONFLICT DO NOTHING RETURNING id INTO found;
	END IF;
	IF found IS NULL THEN
		SELECT o.id INTO STRICT found FROM bountygo.organizers o WHERE o.name_key = wanted;
	END IF;
	RETURN found;
END
$$;
COMMENT ON FUNCTION bountygo.organizer_id(text) IS 'The organizer of that name (compared by name_key), made if there is none.';
