"""Prometheus metrics of the worker."""

from prometheus_client import Counter, Gauge, Histogram

STEPS = Counter("darkroom_worker_steps_total", "Attempts that ended, by outcome.", ["type", "connector", "outcome"])
STEP_SECONDS = Histogram(
    "darkroom_worker_step_seconds",
    "Time from claim to result.",
    ["type"],
    buckets=(0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 600, 900),
)
STAGE_SECONDS = Histogram(
    "darkroom_worker_stage_seconds",
    "Time of each stage of completed steps.",
    ["type", "stage"],
    buckets=(0.01, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 600),
)
MODEL_LOADS = Counter("darkroom_worker_model_loads_total", "Models loaded into memory.", ["model"])
MODEL_LOAD_SECONDS = Counter("darkroom_worker_model_load_seconds_total", "Time spent loading models.", ["model"])
MODELS_RESIDENT = Gauge("darkroom_worker_models_resident", "Models in memory.")
MEMORY_BYTES = Gauge("darkroom_worker_memory_bytes", "Device memory that the GPU process holds.")
CHILD_READY = Gauge("darkroom_worker_child_ready", "1 while the GPU process can take a step.")
CHILD_LOST = Counter("darkroom_worker_child_lost_total", "GPU processes that crashed, hung or were killed.")
UPLOADED_BYTES = Counter("darkroom_worker_uploaded_bytes_total", "Bytes put into the object store.")
CLAIMS_HELD = Gauge("darkroom_worker_claims_held", "1 while the worker takes no steps for this reason.", ["reason"])
UPLOADS_REFUSED = Counter("darkroom_worker_uploads_refused_total", "Uploads that failed and are tried again.")
MODEL_READY = Gauge("darkroom_worker_model_ready", "1 while steps can use the model.", ["model"])
MODEL_DOWNLOADED_BYTES = Gauge(
    "darkroom_worker_model_downloaded_bytes", "Bytes of a download that are here.", ["model"]
)
MODEL_TOTAL_BYTES = Gauge("darkroom_worker_model_total_bytes", "Bytes of a download when it is complete.", ["model"])
BACKEND_UP = Gauge("darkroom_worker_backend_up", "1 while the external back end answers.", ["backend"])
