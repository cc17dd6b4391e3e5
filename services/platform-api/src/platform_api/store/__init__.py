"""PostgreSQL implementations of the domain's ports. All SQL of the service is in this package."""
