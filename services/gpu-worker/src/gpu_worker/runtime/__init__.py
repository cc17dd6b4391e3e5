"""The two processes of a worker, and what a pipeline needs of the machine: devices, memory, model files."""
