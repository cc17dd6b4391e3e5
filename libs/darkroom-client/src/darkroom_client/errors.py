"""Errors of the SDK.

DarkroomError
├── NotReachable       no connection, or it was lost and could not be restored
├── NotAuthorised      401 or 403
├── NotFound           404: does not exist, or belongs to another user
├── NotEnoughCredits   402, with the missing credits
├── InvalidRequest     any other 4xx, or refused before sending; `fields` describes each invalid field
├── ServiceError       5xx or 429, or a malformed response; `retry_after` is the time to wait in seconds
├── JobFailed          a job failed without outputs
└── NotGenuine         a webhook without a valid, recent signature
"""

from collections.abc import Mapping
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from time import time
from typing import Any

import httpx

MAX_RETRY_AFTER_S = 86_400.0


class DarkroomError(Exception):
    """Base class of all errors of this SDK.

    `status`, `code`, `fields` (problem by field), `details`, `trace_id` (for the operator's logs) and `retry_after`
    (seconds) are those of the service's response, if there was one.
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
        """Return the service's sentence, followed by a line for each invalid field that it does not describe."""
        others = {field: wrong for field, wrong in self.fields.items() if wrong not in self.message}
        return "\n".join([self.message, *(f"  {field}: {wrong}" for field, wrong in others.items())])


class NotReachable(DarkroomError):
    """The service cannot be reached."""


class NotAuthorised(DarkroomError):
    """The token is missing, invalid, expired, or lacks a right."""


class NotFound(DarkroomError):
    """The object does not exist, or belongs to another user."""


class NotEnoughCredits(DarkroomError):
    """The balance does not cover the price. The amounts are None if the service does not report them."""

    required_credits: float | None = None
    balance_credits: float | None = None
    missing_credits: float | None = None


class InvalidRequest(DarkroomError):
    """The request is invalid. `fields` maps each invalid field to its problem."""


class ServiceError(DarkroomError):
    """The service cannot process the request now."""


class JobFailed(DarkroomError):
    """The job failed or was cancelled, and has no outputs."""


class NotGenuine(DarkroomError):
    """The webhook's signature is missing, invalid or too old. Respond with 400 and ignore it."""


def error_of(response: httpx.Response) -> DarkroomError:
    """Convert an error response to an exception."""
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
    """Parse the Retry-After header, which is a number of seconds or a date, and return seconds."""
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
