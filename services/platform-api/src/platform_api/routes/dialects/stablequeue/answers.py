"""Shared by the StableQueue routes: bodies of any content type, and errors in the form that clients display."""

from darkroom_chassis.errors import AppError
from darkroom_chassis.validation import invalid_by
from darkroom_schemas.errors import ErrorCode
from fastapi import Request, Response
from fastapi.exceptions import RequestValidationError

from platform_api.domain.errors import Refused
from platform_api.http.errors import app_error
from platform_api.http.requests import AnyContentTypeRoute, Handler


class StableQueueRoute(AnyContentTypeRoute):
    """Responds `missing_required_field` if all errors are missing fields, and lists all of them in `error`."""

    def get_route_handler(self) -> Handler:
        return _reporting_all_missing(super().get_route_handler())


def _reporting_all_missing(handle: Handler) -> Handler:
    async def handle_reporting_all(request: Request) -> Response:
        try:
            return await handle(request)
        except RequestValidationError as error:
            if any(problem["type"] != "missing" for problem in error.errors()):
                raise
            raise invalid_by(error.errors(), code=ErrorCode.MISSING_REQUIRED_FIELD) from error
        except Refused as refusal:
            raise _with_details(app_error(refusal)) from refusal

    return handle_reporting_all


def _with_details(error: AppError) -> AppError:
    """Append the details of an error to its message: StableQueue clients display only the message."""
    details = error.extra.get("details")
    if not isinstance(details, str):
        return error
    return AppError(
        error.status,
        error.code,
        f"{error.sentence} {details}",
        errors=error.errors,
        retryable=error.retryable,
        headers=error.headers,
        extra=error.extra,
    )
