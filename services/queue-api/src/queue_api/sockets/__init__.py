"""WebSockets of queue-api."""
