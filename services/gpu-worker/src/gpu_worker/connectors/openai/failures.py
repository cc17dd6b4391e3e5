"""What OpenAI's errors mean: https://platform.openai.com/docs/guides/error-codes, and `param` and `code` of bodies."""

from typing import Any

from darkroom_schemas.errors import StepErrorCode

from gpu_worker.connectors.server_faults import Refused, ServerFault, failure_of
from gpu_worker.domain.failures import Failure

_NO_MODEL = frozenset({"model_not_found", "invalid_model", "not_found_error"})
_POLICY = frozenset({"content_policy_violation", "content_filter", "moderation_blocked"})
_NO_CREDIT = frozenset({"insufficient_quota", "billing_hard_limit_reached", "billing_not_active"})


def is_hopeless(refused: Refused) -> bool:
    """Whether a 429 does not pass by waiting: the account has no credit."""
    return bool(_words(refused) & _NO_CREDIT)


def openai_failure(fault: ServerFault, model: str, *, repeatable: bool) -> Failure:
    """Return the failure of an attempt. An error of the service (500) is not charged, so it may be repeated."""
    if not isinstance(fault, Refused):
        return failure_of(fault, repeatable=repeatable)
    words = _words(fault)
    if words & _NO_MODEL or (fault.status == 404 and "model" in fault.detail.lower()):
        return Failure(StepErrorCode.MODEL_UNAVAILABLE, f"The server has no model {model!r} ({fault})")
    if words & _POLICY:
        return Failure(StepErrorCode.INVALID_PAYLOAD, f"The service refused the content: {fault.detail}")
    if words & _NO_CREDIT:
        return Failure(StepErrorCode.BACKEND, f"The account of the server's credential has no credit ({fault})")
    if fault.status == 404:
        return Failure(StepErrorCode.BACKEND, f"The server does not offer this; its URL may be wrong ({fault})")
    if fault.status in {400, 422} and isinstance(param := _error(fault).get("param"), str) and param:
        return Failure(StepErrorCode.INVALID_PAYLOAD, f"{param}: {fault.detail}")
    return failure_of(fault, repeatable=repeatable or fault.status == 500)


def _words(fault: Refused) -> set[str]:
    error = _error(fault)
    return {value for name in ("code", "type") if isinstance(value := error.get(name), str)}


def _error(fault: Refused) -> dict[str, Any]:
    error = fault.body.get("error") if isinstance(fault.body, dict) else None
    return error if isinstance(error, dict) else {}
