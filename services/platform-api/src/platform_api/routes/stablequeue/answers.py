"""What the routes of the dialect have in common: bodies of any content type, and its word for a missing field."""

from collections.abc import Callable, Coroutine
from typing import Any

from darkroom_chassis.errors import AppError, field_errors
from darkroom_schemas.errors import ErrorCode
from fastapi import Request, Response
from fastapi.exceptions import RequestValidationError

from platform_api.routes.requests import AnyContentTypeRoute


class StableQueueRoute(AnyContentTypeRoute):
    """Answers `missing_required_field` where nothing but missing fields is wrong."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handle = super().get_route_handler()

        async def handle_naming_missing_fields(request: Request) -> Response:
            try:
                return await handle(request)
            except RequestValidationError as error:
                if any(problem["type"] != "missing" for problem in error.errors()):
                    raise
                fields = field_errors(error.errors())
                names = ", ".join(field.field for field in fields)
                sentence = f"A required field is missing: {names}."
                raise AppError(400, ErrorCode.MISSING_REQUIRED_FIELD, sentence, errors=fields) from error

        return handle_naming_missing_fields
