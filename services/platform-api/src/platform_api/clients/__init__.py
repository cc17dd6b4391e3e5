"""Clients of the queue and of the object store."""
