"""Background loops of queue-api."""
