"""HTTP: translates requests to use cases and their results to the words of each dialect."""
