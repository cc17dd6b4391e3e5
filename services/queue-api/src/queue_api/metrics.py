"""Metrics of queue-api."""

from prometheus_client import Counter

ETA_STARTS = Counter(
    "darkroom_eta_starts_total", "Starts of sampled steps: inside, before or after the predicted interval.", ["verdict"]
)
