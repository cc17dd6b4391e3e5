"""Stores in PostgreSQL, schema `webhooks`."""
