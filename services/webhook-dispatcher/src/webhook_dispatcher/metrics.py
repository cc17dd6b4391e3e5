"""Metrics of webhook-dispatcher."""

from prometheus_client import Counter, Histogram

ATTEMPTS = Counter("darkroom_webhook_attempts_total", "Delivery attempts by outcome.", ["outcome"])
ATTEMPT_SECONDS = Histogram(
    "darkroom_webhook_attempt_seconds",
    "Duration of delivery attempts.",
    buckets=(0.01, 0.05, 0.1, 0.5, 1, 5, 15),
)
DELIVERIES_MADE = Counter("darkroom_webhook_deliveries_total", "Deliveries created by events.")
