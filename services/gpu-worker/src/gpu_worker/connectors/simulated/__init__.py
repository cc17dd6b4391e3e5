"""Simulated work, to test fleets, faults and load without a GPU."""
