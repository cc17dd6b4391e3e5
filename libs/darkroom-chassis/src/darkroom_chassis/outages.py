"""Responses while a server that a service depends on is unavailable: 503 with Retry-After."""

from collections.abc import Mapping

from darkroom_schemas.errors import ErrorCode
from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse

from darkroom_chassis.errors import AppError, render

RETRY_AFTER_S = 10
Outages = Mapping[type[Exception], str]
"""Exceptions that indicate an outage, and the subject of the error sentence, such as `The database`."""


def install_outage_handlers(app: FastAPI, outages: Outages) -> None:
    """Respond to each of the exceptions with 503."""

    async def on_outage(request: Request, error: Exception) -> JSONResponse:
        what = next(name for kind, name in outages.items() if isinstance(error, kind))
        headers = {"Retry-After": str(RETRY_AFTER_S)}
        sentence = f"{what} does not answer."
        return render(AppError(503, ErrorCode.UNAVAILABLE, sentence, retryable=True, headers=headers), request.url.path)

    for kind in outages:
        app.add_exception_handler(kind, on_outage)
