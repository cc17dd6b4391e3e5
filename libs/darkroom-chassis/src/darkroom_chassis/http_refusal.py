"""Responses of the HTTP server itself to requests that never reach the application."""

from http import HTTPStatus

from darkroom_schemas.errors import ErrorCode

from darkroom_chassis.errors import AppError, render

_CODES = {
    400: (ErrorCode.INVALID_REQUEST, False),
    408: (ErrorCode.REQUEST_TIMEOUT, False),
    414: (ErrorCode.URI_TOO_LONG, False),
    431: (ErrorCode.HEADERS_TOO_LARGE, False),
    503: (ErrorCode.UNAVAILABLE, True),
}


def refusal(status: int, sentence: str) -> bytes:
    """Render a complete HTTP/1.1 response with the common error body. It closes the connection."""
    code, retryable = _CODES[status]
    headers = {"Connection": "close"} | ({"Retry-After": "2"} if retryable else {})
    response = render(AppError(status, code, sentence, retryable=retryable, headers=headers), instance="")
    lines = [f"HTTP/1.1 {status} {HTTPStatus(status).phrase}\r\n".encode()]
    lines += [name + b": " + value + b"\r\n" for name, value in response.raw_headers]
    return b"".join(lines) + b"\r\n" + bytes(response.body)
