"""The composition roots of the service process, the GPU process and the machine check."""
