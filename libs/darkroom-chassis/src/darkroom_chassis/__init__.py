"""Code shared by all services: settings, logs, errors, authentication, probes, background loops, shutdown."""
