"""Describes scenes in words, and reads such words back. Needs nothing but the scenes."""
