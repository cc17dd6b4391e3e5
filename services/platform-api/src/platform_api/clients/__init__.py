"""What is reached outside of PostgreSQL: the queue's counters and the object store."""
