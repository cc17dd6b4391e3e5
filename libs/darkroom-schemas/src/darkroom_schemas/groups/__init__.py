"""What a group of steps means, whichever service runs it: its policy and the seeds of its children."""
