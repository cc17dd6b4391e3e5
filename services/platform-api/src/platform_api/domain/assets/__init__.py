"""Assets: stored outputs, their links and their retention."""
