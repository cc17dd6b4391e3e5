"""queue-api: HTTP and WebSocket access to the queue's steps, workers and events, for programs and operators."""
