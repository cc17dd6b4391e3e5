"""Background loops of the service process."""
