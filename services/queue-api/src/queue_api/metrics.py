"""Metrics of queue-api."""

from prometheus_client import Counter

ETA_STARTS = Counter(
    "darkroom_eta_starts_total", "Starts of sampled steps: inside, early or late by what was foretold.", ["verdict"]
)
