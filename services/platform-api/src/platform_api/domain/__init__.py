"""The platform's rules and use cases. No frameworks, drivers or I/O."""
