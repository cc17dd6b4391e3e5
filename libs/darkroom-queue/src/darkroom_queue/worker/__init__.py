"""The worker: claims steps, sends heartbeats, runs a handler, reports results."""
