"""Transactions that are executed once per Idempotency-Key."""
