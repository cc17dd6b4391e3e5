"""What queue-api decides, free of frameworks and drivers."""
