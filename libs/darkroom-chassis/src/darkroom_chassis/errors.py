"""Errors that a client sees.

    AppError                 status, code, sentence; rendered by `render` into the common error body
    └─ Unauthenticated       401 with WWW-Authenticate

Any other exception of a route is a 500 whose details appear only in the log.
"""

from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any

import structlog
from darkroom_schemas.errors import ErrorBody, ErrorCode, FieldError
from fastapi.responses import JSONResponse

PROBLEM_JSON = "application/problem+json"
MAX_INSTANCE = 500
"""Maximum length of the request's path in an error, in characters."""


class AppError(Exception):
    """An error response. `extra` adds top-level members to the body, for a dialect."""

    def __init__(
        self,
        status: int,
        code: ErrorCode,
        sentence: str,
        *,
        errors: Sequence[FieldError] = (),
        retryable: bool = False,
        headers: Mapping[str, str] | None = None,
        extra: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(sentence)
        self.status, self.code, self.sentence = status, code, sentence
        self.errors, self.retryable = tuple(errors), retryable
        self.headers, self.extra = dict(headers or {}), dict(extra or {})


class Unauthenticated(AppError):
    """401: the credential is missing, invalid, expired or revoked."""

    def __init__(self, sentence: str, code: ErrorCode = ErrorCode.UNAUTHENTICATED) -> None:
        super().__init__(401, code, sentence, headers={"WWW-Authenticate": 'Bearer realm="darkroom"'})


def body_of(error: AppError, instance: str) -> dict[str, Any]:
    """Return an error as the common error body. `instance` is the path of the request."""
    trace_id = structlog.contextvars.get_contextvars().get("trace_id")
    body = ErrorBody(
        error=error.sentence,
        message=error.sentence,
        code=error.code,
        type=f"urn:darkroom:error:{error.code}",
        title=HTTPStatus(error.status).phrase,
        status=error.status,
        detail=error.sentence,
        instance=instance[:MAX_INSTANCE],
        trace_id=trace_id,
        retryable=error.retryable,
        errors=list(error.errors),
    )
    return body.model_dump(mode="json") | error.extra


def render(error: AppError, instance: str) -> JSONResponse:
    """Render an error as a response with the common error body."""
    return JSONResponse(
        body_of(error, instance),
        status_code=error.status,
        headers=error.headers,
        media_type=PROBLEM_JSON,
    )
