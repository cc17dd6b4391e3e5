"""Users, jobs, credits and assets: what people own, with truth in PostgreSQL."""
