"""What the errors of `/sdapi/v1` mean: `{"error", "detail", "body", "errors"}`, or FastAPI's `{"detail"}`."""

from darkroom_schemas.errors import StepErrorCode
from darkroom_schemas.remote_payloads import A1111Payload

from gpu_worker.connectors.answers import shortened
from gpu_worker.connectors.server_faults import Refused, ServerFault, failure_of
from gpu_worker.domain.failures import Failure

_MAX_SAMPLERS = 30


def names_sampler(fault: ServerFault) -> bool:
    """Whether the server does not know the sampler."""
    return isinstance(fault, Refused) and fault.status in {400, 404} and "sampler" in fault.detail.lower()


def sampler_failure(payload: A1111Payload, samplers: list[str]) -> Failure:
    """Return the failure of a job with a sampler that the server does not have."""
    known = f"; there are {', '.join(samplers[:_MAX_SAMPLERS])}" if samplers else ""
    return Failure(StepErrorCode.INVALID_PAYLOAD, f"sampler_name: the server has no {payload.sampler_name!r}{known}")


def a1111_failure(fault: ServerFault) -> Failure:
    """Return the failure of an attempt. An image may be requested again: nothing is charged."""
    if not isinstance(fault, Refused):
        return failure_of(fault)
    words = _words(fault)
    if "outofmemory" in words.lower() or "out of memory" in words.lower():
        return Failure(StepErrorCode.OUT_OF_MEMORY, f"The server ran out of memory: {words}", retryable=True)
    if "nansexception" in words.lower():
        return Failure(StepErrorCode.NOT_FINITE, f"The server computed no valid image: {words}", retryable=True)
    if fault.status == 404 and "model" in fault.detail.lower():
        return Failure(StepErrorCode.MODEL_UNAVAILABLE, f"The server has no such model: {words}")
    if fault.status == 404 and fault.detail in ("", "Not Found"):
        return Failure(StepErrorCode.BACKEND, "The server has no API: it must be started with --api")
    if fault.status == 500:
        return Failure(StepErrorCode.BACKEND, f"The server failed: {words}", retryable=True)
    return failure_of(fault)


def _words(fault: Refused) -> str:
    """Return the kind of the error and its sentence, which is in `errors`."""
    body = fault.body if isinstance(fault.body, dict) else {}
    parts = [body.get("error"), body.get("errors") or body.get("detail")]
    text = ": ".join(part for part in parts if isinstance(part, str) and part)
    return shortened(text) or str(fault)
