"""queue-api: steps, workers and live events of the queue, for programs and operators."""
