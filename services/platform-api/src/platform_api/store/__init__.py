"""PostgreSQL behind the domain's ports; all SQL of the service lives here."""
