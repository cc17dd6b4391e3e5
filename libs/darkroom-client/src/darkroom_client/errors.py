"""What a call can end with instead of an answer.

DarkroomError
├── NotReachable       no connection, or it was cut and didn't come back
├── NotAuthorised      401 or 403
├── NotFound           404: no such thing, or not yours
├── NotEnoughCredits   402, with what is missing
├── InvalidRequest     any other 4xx, or refused before it was sent; `fields` names what is wrong
├── ServiceError       5xx or 429, or an answer that is none of Darkroom's; `retry_after` says when to try again
├── JobFailed          a job has made nothing that could be saved
└── NotGenuine         a webhook that Darkroom has not signed, or not lately
"""

from collections.abc import Mapping
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from time import time
from typing import Any

import httpx

MAX_RETRY_AFTER_S = 86_400.0


class DarkroomError(Exception):
    """Base of all errors of this SDK.

    `status`, `code`, `fields` (what is wrong with which field), `details`, `trace_id` (for the operator's logs) and
    `retry_after` (seconds) are the service's, where it answered.
    """

    def __init__(
        self,
        message: str,
        *,
        status: int | None = None,
        code: str | None = None,
        fields: Mapping[str, str] | None = None,
        details: Any = None,  # Any: JSON
        trace_id: str | None = None,
        retry_after: float | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.status = status
        self.code = code
        self.fields = dict(fields or {})
        self.details = details
        self.trace_id = trace_id
        self.retry_after = retry_after

    def __str__(self) -> str:
        """Say the service's sentence, and below it each wrong field that the sentence does not explain itself."""
        unsaid = {field: wrong for field, wrong in self.fields.items() if wrong not in self.message}
        return "\n".join([self.message, *(f"  {field}: {wrong}" for field, wrong in unsaid.items())])


class NotReachable(DarkroomError):
    """No connection."""


class NotAuthorised(DarkroomError):
    """The token is missing, wrong, expired, or not good for this."""


class NotFound(DarkroomError):
    """No such thing, or it belongs to somebody else."""


class NotEnoughCredits(DarkroomError):
    """The balance does not cover the price; the three are None where the service does not tell them."""

    required_credits: float | None = None
    balance_credits: float | None = None
    missing_credits: float | None = None


class InvalidRequest(DarkroomError):
    """The request is refused; `fields` maps each wrong field to what is wrong."""


class ServiceError(DarkroomError):
    """The service can't answer now."""


class JobFailed(DarkroomError):
    """The job failed or was cancelled, and there is nothing to save."""


class NotGenuine(DarkroomError):
    """The webhook's signature is missing, wrong or too old. Answer it with 400, and do nothing."""


def error_of(response: httpx.Response) -> DarkroomError:
    """Read the error body of an answer that is not a success."""
    body = _body_of(response)
    kind = _kind_of(response.status_code)
    message = str(
        body.get("error") or body.get("detail") or f"{response.url.host} answered HTTP {response.status_code}"
    )
    errors = body.get("errors")
    wrong = [item for item in errors if isinstance(item, dict)] if isinstance(errors, list) else []
    error = kind(
        message,
        status=response.status_code,
        code=body.get("code"),
        fields={str(item.get("field")): str(item.get("message")) for item in wrong},
        details=body.get("details"),
        trace_id=body.get("trace_id"),
        retry_after=_retry_after_s(response),
    )
    if isinstance(error, NotEnoughCredits):
        return _with_credits(error, body)
    return error


def _kind_of(status: int) -> type[DarkroomError]:
    match status:
        case HTTPStatus.UNAUTHORIZED | HTTPStatus.FORBIDDEN:
            return NotAuthorised
        case HTTPStatus.NOT_FOUND:
            return NotFound
        case HTTPStatus.PAYMENT_REQUIRED:
            return NotEnoughCredits
        case HTTPStatus.TOO_MANY_REQUESTS:
            return ServiceError
    return ServiceError if status >= HTTPStatus.INTERNAL_SERVER_ERROR else InvalidRequest


def _with_credits(error: NotEnoughCredits, body: dict[str, Any]) -> NotEnoughCredits:
    for name in ("required_credits", "balance_credits", "missing_credits"):
        amount = body.get(name)
        setattr(error, name, float(amount) if isinstance(amount, int | float) else None)
    sentences = [error.message, error.details, body.get("suggestedAction")]
    error.message = " ".join(text for text in sentences if isinstance(text, str) and text)
    return error


def _retry_after_s(response: httpx.Response) -> float | None:
    """Read the header: a number of seconds, or the time when to try again."""
    text = response.headers.get("retry-after", "").strip()
    if text.isascii() and text.isdecimal():
        return min(float(text), MAX_RETRY_AFTER_S)
    try:
        wait_s = parsedate_to_datetime(text).timestamp() - time()
    except (ValueError, OverflowError):
        return None
    return min(max(wait_s, 0.0), MAX_RETRY_AFTER_S)


def _body_of(response: httpx.Response) -> dict[str, Any]:
    try:
        body = response.json()
    except ValueError:
        return {}
    return body if isinstance(body, dict) else {}
