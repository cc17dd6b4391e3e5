"""What the routes of the dialect have in common: bodies of any content type, and errors as its clients show them."""

from darkroom_chassis.errors import AppError
from darkroom_chassis.validation import invalid_by
from darkroom_schemas.errors import ErrorCode
from fastapi import Request, Response
from fastapi.exceptions import RequestValidationError

from platform_api.domain.errors import Refused
from platform_api.http.direct import Handler
from platform_api.http.errors import app_error
from platform_api.http.requests import AnyContentTypeRoute


class StableQueueRoute(AnyContentTypeRoute):
    """Answers `missing_required_field` where nothing but missing fields is wrong, and lists all of them in `error`."""

    def direct_handler(self) -> Handler | None:
        handle = super().direct_handler()
        return handle and _telling_all(handle)

    def get_route_handler(self) -> Handler:
        return _telling_all(super().get_route_handler())


def _telling_all(handle: Handler) -> Handler:
    async def handle_telling_all(request: Request) -> Response:
        try:
            return await handle(request)
        except RequestValidationError as error:
            if any(problem["type"] != "missing" for problem in error.errors()):
                raise
            raise invalid_by(error.errors(), code=ErrorCode.MISSING_REQUIRED_FIELD) from error
        except Refused as refusal:
            raise _with_details(app_error(refusal)) from refusal

    return handle_telling_all


def _with_details(error: AppError) -> AppError:
    """Put the details of a refusal into its sentence, which is all that the dialect's clients show."""
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
