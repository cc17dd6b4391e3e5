"""Assets in PostgreSQL, and stored objects to be deleted."""
