"""Metrics of queue-api. Gauges describe the whole queue, and every replica publishes the same ones."""

from prometheus_client import Counter, Gauge

ETA_STARTS = Counter(
    "darkroom_eta_starts_total", "Starts of sampled steps: inside, before or after the predicted interval.", ["verdict"]
)
WAITING_STEPS = Gauge("darkroom_queue_waiting_steps", "Steps that wait for a worker, without delayed ones.", ["type"])
RUNNING_STEPS = Gauge("darkroom_queue_running_steps", "Steps that workers run.", ["type"])
DELAYED_STEPS = Gauge("darkroom_queue_delayed_steps", "Steps scheduled for later, or backing off before a retry.")
OLDEST_WAIT_SECONDS = Gauge(
    "darkroom_queue_oldest_wait_seconds", "Time since the submission of the oldest waiting step; 0 if none waits.",
    ["type"],
)  # fmt: skip
WORK_SECONDS = Gauge(
    "darkroom_queue_work_seconds", "Worker seconds of the waiting and running steps, by the median of measured times.",
    ["type"],
)  # fmt: skip
WORK_UPPER_SECONDS = Gauge(
    "darkroom_queue_work_upper_seconds", "The same by the 90th percentile: an upper bound of the work.", ["type"]
)
DEAD_LETTERS = Gauge("darkroom_queue_dead_letters", "Failed steps that can be submitted again.")
PAUSED_TYPES = Gauge("darkroom_queue_paused_types", "Job types that an operator has paused; `*` counts as one.")
WORKERS = Gauge("darkroom_queue_workers", "Live workers by state: idle or busy.", ["state"])
LEASES = Gauge("darkroom_queue_leases", "Running steps under a lease.")
OVERDUE_LEASES = Gauge("darkroom_queue_overdue_leases", "Leases that have expired and were not swept yet.")
LOG_ENTRIES = Gauge("darkroom_queue_log_entries", "Entries of the event log.")
LOG_LAG_SECONDS = Gauge(
    "darkroom_queue_log_lag_seconds", "How far a reader of the event log is behind the latest event.", ["reader"]
)
REDIS_MEMORY_BYTES = Gauge("darkroom_redis_memory_bytes", "Memory that the Redis server uses.")
REDIS_MEMORY_LIMIT_BYTES = Gauge("darkroom_redis_memory_limit_bytes", "maxmemory of the Redis server; 0 is no limit.")
