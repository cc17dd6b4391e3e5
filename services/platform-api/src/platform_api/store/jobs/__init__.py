"""Jobs and steps in PostgreSQL."""
