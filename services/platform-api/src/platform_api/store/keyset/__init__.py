"""Keyset pagination over UUIDv7 keys, which are ordered by time."""
