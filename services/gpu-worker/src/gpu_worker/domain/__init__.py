"""What a worker decides: who runs a step, how an attempt fails, where outputs go. No torch, driver or I/O."""
