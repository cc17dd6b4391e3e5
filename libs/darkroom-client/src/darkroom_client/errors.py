"""What a call can end with instead of an answer.

DarkroomError
├── NotReachable     no connection, or it was cut and didn't come back
├── NotAuthorised    401 or 403
├── NotFound         404: no such thing, or not yours
├── InvalidRequest   any other 4xx; `fields` names what is wrong
└── ServiceError     5xx or 429: try again later
"""

from http import HTTPStatus
from typing import Any

import httpx


class DarkroomError(Exception):
    """Base of all errors of this SDK. `status` and `code` are the service's, where it answered."""

    def __init__(self, message: str, *, status: int | None = None, code: str | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.code = code


class NotReachable(DarkroomError):
    """No connection."""


class NotAuthorised(DarkroomError):
    """The token is missing, wrong, expired, or not good for this."""


class NotFound(DarkroomError):
    """No such thing, or it belongs to somebody else."""


class InvalidRequest(DarkroomError):
    """The service refuses the request; `fields` maps each wrong field to what is wrong."""

    def __init__(self, message: str, *, status: int, code: str | None, fields: dict[str, str]) -> None:
        super().__init__(message, status=status, code=code)
        self.fields = fields


class ServiceError(DarkroomError):
    """The service can't answer now."""


def error_of(response: httpx.Response) -> DarkroomError:
    """Read the error body of an answer that is not a success."""
    body = _body_of(response)
    message = str(body.get("error") or body.get("detail") or f"HTTP {response.status_code}")
    status, code = response.status_code, body.get("code")
    if status in (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN):
        return NotAuthorised(message, status=status, code=code)
    if status == HTTPStatus.NOT_FOUND:
        return NotFound(message, status=status, code=code)
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR or status == HTTPStatus.TOO_MANY_REQUESTS:
        return ServiceError(message, status=status, code=code)
    fields = {str(wrong.get("field")): str(wrong.get("message")) for wrong in body.get("errors") or ()}
    return InvalidRequest(message, status=status, code=code, fields=fields)


def _body_of(response: httpx.Response) -> dict[str, Any]:
    try:
        body = response.json()
    except ValueError:
        return {}
    return body if isinstance(body, dict) else {}
