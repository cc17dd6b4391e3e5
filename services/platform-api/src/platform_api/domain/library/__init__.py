"""Workflows and collections: what users save and generate jobs from."""
