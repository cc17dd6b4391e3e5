"""Assets in PostgreSQL, and which stored objects are to be deleted."""
