"""Checks of the repository itself: house rules, documents, generated contracts."""
