"""The two processes of a worker and the messages between them, and the device, memory and models of the GPU process."""
