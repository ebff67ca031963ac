-- Backends and gateways keep routes in memory; these triggers tell them to look again.
DROP TRIGGER IF EXISTS routes_changed ON bountygo.routes;
CREATE TRIGGER routes_changed AFTER INSERT OR UPDATE OR DELETE ON bountygo.routes
	FOR EACH ROW EXECUTE FUNCTION bountygo.routes_changed();
DROP TRIGGER IF EXISTS routes_truncated ON bountygo.routes;
CREATE TRIGGER routes_truncated AFTER TRUNCATE ON bountygo.routes
	FOR EACH STATEMENT EXECUTE FUNCTION bountygo.routes_changed();
