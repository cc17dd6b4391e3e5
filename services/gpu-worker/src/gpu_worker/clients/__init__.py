"""What the worker asks about the machine it is on."""
