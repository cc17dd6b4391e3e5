"""Workflows and collections in PostgreSQL."""
