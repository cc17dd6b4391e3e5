"""The outbox and the applied position of the event log in PostgreSQL."""
