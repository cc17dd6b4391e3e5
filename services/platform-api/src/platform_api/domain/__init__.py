"""What the platform decides, without frameworks, drivers or I/O."""
