"""The outbox to the queue, and the applied position of its event log."""
