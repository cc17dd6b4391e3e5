"""Adapters of the Connector port: the GPU process of this worker, and simulated work."""
