"""What every Darkroom service repeats, once: settings, logs, errors, auth, probes, background loops, shutdown."""
