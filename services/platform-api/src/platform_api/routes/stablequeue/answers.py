"""What the routes of the dialect have in common: bodies of any content type, and its word for a missing field."""

from darkroom_chassis.validation import invalid_by
from darkroom_schemas.errors import ErrorCode
from fastapi import Request, Response
from fastapi.exceptions import RequestValidationError

from platform_api.routes.direct import Handler
from platform_api.routes.requests import AnyContentTypeRoute


class StableQueueRoute(AnyContentTypeRoute):
    """Answers `missing_required_field` where nothing but missing fields is wrong."""

    def direct_handler(self) -> Handler | None:
        handle = super().direct_handler()
        return handle and _naming_missing_fields(handle)

    def get_route_handler(self) -> Handler:
        return _naming_missing_fields(super().get_route_handler())


def _naming_missing_fields(handle: Handler) -> Handler:
    async def handle_naming_missing_fields(request: Request) -> Response:
        try:
            return await handle(request)
        except RequestValidationError as error:
            if any(problem["type"] != "missing" for problem in error.errors()):
                raise
            raise invalid_by(error.errors(), code=ErrorCode.MISSING_REQUIRED_FIELD) from error

    return handle_naming_missing_fields
