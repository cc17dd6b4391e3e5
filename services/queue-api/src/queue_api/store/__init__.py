"""What queue-api keeps in Redis besides the queue itself."""
