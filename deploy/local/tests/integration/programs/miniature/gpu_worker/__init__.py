"""A miniature in place of the service, for tests of the supervisor."""
