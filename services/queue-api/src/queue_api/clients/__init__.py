"""What queue-api reads and writes in Redis beside the queue."""
