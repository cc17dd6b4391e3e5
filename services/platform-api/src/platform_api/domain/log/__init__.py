"""The outbox towards the queue and the offset in its event log."""
