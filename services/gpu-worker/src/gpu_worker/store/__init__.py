"""Adapters for storage: the object store, and the spool folders on disk."""
