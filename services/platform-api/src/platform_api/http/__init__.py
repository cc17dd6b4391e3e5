"""Shared by the routes: authentication, limits, parameters, errors and responses."""
