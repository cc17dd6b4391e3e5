"""Prometheus metrics of this service."""

from darkroom_schemas.catalogue import CATALOGUE
from prometheus_client import Counter, Gauge, Histogram

JOBS_ACCEPTED = Counter("darkroom_jobs_accepted_total", "Jobs accepted.", ["job_type"])
JOBS_ENDED = Counter("darkroom_jobs_ended_total", "Jobs that ended.", ["job_type", "status"])
JOB_SECONDS = Histogram(
    "darkroom_job_seconds",
    "Time from the acceptance of a job to its end, retries included.",
    ["job_type", "status"],
    buckets=(1, 2.5, 5, 10, 30, 60, 120, 300, 600, 1800, 3600, 14400),
)
JOB_WAIT_SECONDS = Histogram(
    "darkroom_job_wait_seconds",
    "Time from the acceptance of a job to the start of its first step.",
    ["job_type"],
    buckets=(0.1, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 900, 3600),
)
JOBS_ACTIVE = Gauge("darkroom_jobs_active", "Jobs that have not ended, by status.", ["status"])
CREDITS_RESERVED = Gauge("darkroom_credits_reserved", "Credits that jobs which have not ended hold in reserve.")
OUTBOX_ROWS = Gauge("darkroom_outbox_rows", "Outbox rows that the queue has not accepted yet.")
OUTBOX_AGE_SECONDS = Gauge("darkroom_outbox_age_seconds", "Age of the oldest of these rows; 0 if there is none.")
OUTBOX_REJECTED = Gauge("darkroom_outbox_rejected_rows", "Outbox rows that the relay has put aside.")
OUTBOX_RELAYED = Counter("darkroom_outbox_relayed_total", "Outbox rows accepted by the queue.", ["kind"])
EVENTS_APPLIED = Counter("darkroom_events_applied_total", "Queue events that changed a job.", ["type"])
EVENTS_UNUSABLE = Counter("darkroom_events_unusable_total", "Queue events that cannot be applied; their jobs fail.")
STEPS_RECONCILED = Counter("darkroom_steps_reconciled_total", "Steps repaired by the reconciler.", ["how"])
STREAMS_OPEN = Gauge("darkroom_sse_streams", "Open event streams.")
ASSETS_EXPIRED = Counter("darkroom_assets_expired_total", "Assets removed at the end of their retention.")
OBJECTS_DELETED = Counter("darkroom_objects_deleted_total", "Objects deleted from the object store.")

LABELLED_TYPES = frozenset({*CATALOGUE, "collection_generation", "forge", "comfyui"})


def type_label(job_type: str) -> str:
    """Return the label of a job type. Clients choose types freely, and each label is a permanent time series."""
    return job_type if job_type in LABELLED_TYPES else "other"
