"""Errors that a client sees.

    AppError                 status, code, sentence; rendered by `render` into the one error body
    └─ Unauthenticated       401 with WWW-Authenticate

Everything else that escapes a route is a 500 whose details stay in the log.
"""

from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any

import structlog
from darkroom_schemas.errors import ErrorBody, ErrorCode, FieldError
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

PROBLEM_JSON = "application/problem+json"

_CODES = {
    400: ErrorCode.INVALID_REQUEST,
    401: ErrorCode.UNAUTHENTICATED,
    403: ErrorCode.FORBIDDEN,
    404: ErrorCode.NOT_FOUND,
    405: ErrorCode.METHOD_NOT_ALLOWED,
    409: ErrorCode.CONFLICT,
    413: ErrorCode.PAYLOAD_TOO_LARGE,
    416: ErrorCode.RANGE_NOT_SATISFIABLE,
    429: ErrorCode.RATE_LIMITED,
    503: ErrorCode.UNAVAILABLE,
}


class AppError(Exception):
    """An answer other than success, decided on purpose. `extra` adds top-level members for a dialect."""

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
    """No credential, or one that is not valid (any more)."""

    def __init__(self, sentence: str, code: ErrorCode = ErrorCode.UNAUTHENTICATED) -> None:
        super().__init__(401, code, sentence, headers={"WWW-Authenticate": 'Bearer realm="darkroom"'})


def render(error: AppError, instance: str) -> JSONResponse:
    """Write the one error body; `instance` is the path of the request."""
    trace_id = structlog.contextvars.get_contextvars().get("trace_id")
    detail = "; ".join(f"{e.field}: {e.message}" for e in error.errors) or error.sentence
    body = ErrorBody(
        error=error.sentence,
        message=detail,
        code=error.code,
        type=f"urn:darkroom:error:{error.code}",
        title=HTTPStatus(error.status).phrase,
        status=error.status,
        detail=detail,
        instance=instance,
        trace_id=trace_id,
        retryable=error.retryable,
        errors=list(error.errors),
    )
    return JSONResponse(
        body.model_dump(mode="json") | error.extra,
        status_code=error.status,
        headers=error.headers,
        media_type=PROBLEM_JSON,
    )


def field_errors(errors: Sequence[Any]) -> list[FieldError]:
    """Turn pydantic's error list into fields as the client wrote them (`metadata.prompt`)."""
    return [FieldError(field=_field_name(e["loc"]), message=_sentence(e)) for e in errors]


def _field_name(location: Sequence[Any]) -> str:
    parts = [str(p) for p in location]
    if parts and parts[0] in {"body", "query", "path", "header", "cookie"}:
        parts = parts[1:] or [parts[0]]
    return ".".join(parts)


def _sentence(error: Mapping[str, Any]) -> str:
    message = str(error["msg"]).removeprefix("Value error, ")
    return message[:1].lower() + message[1:]


def install_error_handlers(app: FastAPI) -> None:
    """Answer every error of `app` in the one body; validation is 400 and names the fields."""

    async def on_app_error(request: Request, error: Exception) -> JSONResponse:
        assert isinstance(error, AppError)  # noqa: S101 - registered for this class only
        return render(error, request.url.path)

    async def on_validation(request: Request, error: Exception) -> JSONResponse:
        assert isinstance(error, RequestValidationError)  # noqa: S101 - registered for this class only
        fields = field_errors(error.errors())
        names = ", ".join(dict.fromkeys(f.field for f in fields))
        wrong = AppError(400, ErrorCode.INVALID_REQUEST, f"The request is not valid: {names}.", errors=fields)
        return render(wrong, request.url.path)

    async def on_http(request: Request, error: Exception) -> JSONResponse:
        assert isinstance(error, HTTPException)  # noqa: S101 - registered for this class only
        code = _CODES.get(error.status_code, ErrorCode.INTERNAL)
        plain = AppError(error.status_code, code, str(error.detail), headers=error.headers)
        return render(plain, request.url.path)

    app.add_exception_handler(AppError, on_app_error)
    app.add_exception_handler(RequestValidationError, on_validation)
    app.add_exception_handler(HTTPException, on_http)
