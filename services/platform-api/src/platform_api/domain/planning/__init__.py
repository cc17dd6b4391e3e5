"""Plans: which steps answer a request. This package does not know jobs."""
