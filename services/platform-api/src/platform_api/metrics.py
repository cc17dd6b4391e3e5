"""Prometheus metrics of this service."""

from darkroom_schemas.catalogue import CATALOGUE
from prometheus_client import Counter, Gauge

JOBS_ACCEPTED = Counter("darkroom_jobs_accepted_total", "Jobs accepted.", ["job_type"])
JOBS_ENDED = Counter("darkroom_jobs_ended_total", "Jobs that ended.", ["job_type", "status"])
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
