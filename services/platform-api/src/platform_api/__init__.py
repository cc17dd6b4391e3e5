"""The platform: users, jobs, credits and assets. PostgreSQL is the system of record."""
