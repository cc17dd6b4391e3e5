"""The logic of queue-api, independent of frameworks and drivers."""
