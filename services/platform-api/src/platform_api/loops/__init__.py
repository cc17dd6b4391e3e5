"""Background loops: the relay to Redis, the consumer of its log, reconciliation, streams and deletions."""
