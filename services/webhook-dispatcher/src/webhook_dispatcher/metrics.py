"""Metrics of webhook-dispatcher."""

from prometheus_client import Counter, Gauge, Histogram

ATTEMPTS = Counter("darkroom_webhook_attempts_total", "Delivery attempts by outcome.", ["outcome"])
ATTEMPT_SECONDS = Histogram(
    "darkroom_webhook_attempt_seconds",
    "Duration of delivery attempts.",
    buckets=(0.01, 0.05, 0.1, 0.5, 1, 5, 15),
)
DELIVERIES_MADE = Counter("darkroom_webhook_deliveries_total", "Deliveries created by events.")
BACKLOG_SECONDS = Gauge(
    "darkroom_webhook_backlog_seconds", "Time for which the longest due endpoint has waited for a dispatcher."
)
PENDING = Gauge("darkroom_webhook_pending_deliveries", "Deliveries that are due now or later.")
PAUSED = Gauge("darkroom_webhook_paused_endpoints", "Endpoints whose circuit breaker is open, or that asked to wait.")
DISABLED = Gauge("darkroom_webhook_disabled_endpoints", "Endpoints that the dispatcher has disabled.")
PROGRESS = Counter("darkroom_webhook_progress_total", "Progress webhooks by outcome, not retried.", ["outcome"])
