"""Valkey and PostgreSQL out of wheels, described once for the supervisor and for the tests."""
