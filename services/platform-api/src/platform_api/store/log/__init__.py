"""The outbox and the offset of the event log in PostgreSQL."""
