"""The EmProps dialect."""
