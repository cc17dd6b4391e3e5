"""Exception handlers that render every error in the common error body."""

from darkroom_schemas.errors import ErrorCode
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from fastapi.routing import APIRoute
from starlette.exceptions import HTTPException
from starlette.types import Receive, Scope, Send

from darkroom_chassis.errors import AppError, render
from darkroom_chassis.validation import invalid_by

NO_SOCKET = "There is no WebSocket at this path."
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


def install_error_handlers(app: FastAPI) -> None:
    """Render every error of `app` in the common error body. Validation errors are 400 and name the fields."""

    async def on_app_error(request: Request, error: Exception) -> JSONResponse:
        assert isinstance(error, AppError)  # noqa: S101 - registered for this class only
        return render(error, request.url.path)

    async def on_validation(request: Request, error: Exception) -> JSONResponse:
        assert isinstance(error, RequestValidationError)  # noqa: S101 - registered for this class only
        route = request.scope.get("route")
        body = route.body_field if isinstance(route, APIRoute) else None
        model = body.field_info.annotation if body else None
        return render(invalid_by(error.errors(), model), request.url.path)

    async def on_http(request: Request, error: Exception) -> JSONResponse:
        assert isinstance(error, HTTPException)  # noqa: S101 - registered for this class only
        code = _CODES.get(error.status_code, ErrorCode.INTERNAL)
        plain = AppError(error.status_code, code, _sentence(request, error), headers=error.headers)
        return render(plain, request.url.path)

    async def on_unknown_path(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "websocket" or "websocket.http.response" not in scope.get("extensions", {}):
            await app.router.not_found(scope, receive, send)
            return
        await render(AppError(404, ErrorCode.NOT_FOUND, NO_SOCKET), scope["path"])(scope, receive, send)

    app.router.default = on_unknown_path
    app.add_exception_handler(AppError, on_app_error)
    app.add_exception_handler(RequestValidationError, on_validation)
    app.add_exception_handler(HTTPException, on_http)


def _sentence(request: Request, error: HTTPException) -> str:
    match error.status_code:
        case 404:
            return "There is no such path; /docs lists all of them."
        case 405:
            allowed = (error.headers or {}).get("Allow", "")
            return f"This path does not take {request.method}" + (f", but {allowed}." if allowed else ".")
    return str(error.detail)
