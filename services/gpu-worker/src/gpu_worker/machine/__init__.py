"""What this machine has, and what a profile needs of it. No torch."""
