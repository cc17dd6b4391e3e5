"""Transactions that run once for an Idempotency-Key."""
