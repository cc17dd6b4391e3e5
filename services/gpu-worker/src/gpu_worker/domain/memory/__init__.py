"""Decides how a step uses the memory of a card: footprints of models, and the plan for a step. Pure."""
