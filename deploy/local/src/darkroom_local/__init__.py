"""Runs all of Darkroom on one machine: embedded servers, a supervisor, and the commands that use them."""
