"""Users, API keys, sessions and credits in PostgreSQL."""
