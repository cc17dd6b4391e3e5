"""The history of schema `platform`, and how to bring a database to its head."""
