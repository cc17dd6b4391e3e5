"""HTTP routes of queue-api."""
