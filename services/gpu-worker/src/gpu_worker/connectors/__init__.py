"""What executes a step, behind one port: our own GPU child, or simulated work."""
