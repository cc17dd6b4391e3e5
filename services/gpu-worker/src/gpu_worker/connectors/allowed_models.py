"""The operator's list of models that jobs may use on a back end."""

from darkroom_schemas.errors import StepErrorCode

from gpu_worker.backends.entry import BackendEntry
from gpu_worker.domain.failures import Failure

_MAX_SHOWN = 10


def require_allowed(entry: BackendEntry, model: str, field: str) -> None:
    """Raise a MODEL_UNAVAILABLE Failure for a model that is not in the list of the entry, if it has one."""
    if entry.models is None or model in entry.models:
        return
    allowed = ", ".join(entry.models[:_MAX_SHOWN]) or "none"
    raise Failure(
        StepErrorCode.MODEL_UNAVAILABLE, f"{field}: the operator does not allow {model[:200]!r} here, but {allowed}"
    )
