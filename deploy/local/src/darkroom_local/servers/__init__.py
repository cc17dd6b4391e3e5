"""Valkey and PostgreSQL from Python wheels, as process descriptions for the supervisor and for tests."""
