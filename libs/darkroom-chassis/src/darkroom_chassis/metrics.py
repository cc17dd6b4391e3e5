"""Metrics that every HTTP service has."""

from prometheus_client import Counter, Gauge, Histogram

HTTP_SECONDS = Histogram(
    "darkroom_http_request_seconds",
    "Time from the request's first byte to the response's last.",
    ["method", "route", "status"],
    buckets=(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10),
)
BUILD = Gauge("darkroom_build_info", "1; the labels name the service and its version.", ["service", "version"])
LOOP_RESTARTS = Counter(
    "darkroom_loop_restarts_total", "Background loops that crashed and were started again.", ["loop"]
)
HTTP_REFUSED = Counter(
    "darkroom_http_refused_total", "Requests and connections that never reached the application, by reason.", ["reason"]
)
ITEMS_REJECTED = Counter(
    "darkroom_items_rejected_total", "Items that a background loop could not process and put aside.", ["loop", "reason"]
)
UNREADABLE = "UnreadableEntry"
"""Reason in `ITEMS_REJECTED` for an entry of the event log that a reader cannot parse and skips."""
