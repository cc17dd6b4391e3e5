"""Shared by routes: ids in paths, idempotency keys, and the endpoint that a request concerns."""

from typing import Annotated, Any
from uuid import UUID

from darkroom_chassis.errors import AppError
from darkroom_chassis.validation import invalid_request
from darkroom_schemas.errors import ErrorCode, FieldError
from darkroom_schemas.ids import TenantId
from fastapi import Depends, Header, Path, Response

from webhook_dispatcher.context import Context
from webhook_dispatcher.domain.endpoint import Endpoint
from webhook_dispatcher.domain.ports import Answer

PRIVATE = "must lead to a public address; the operator can allow private networks with WEBHOOK_ALLOWED_NETWORKS"
CREATED: dict[int | str, dict[str, Any]] = {
    409: {
        "description": "The first request with this Idempotency-Key is in progress, or the endpoint limit is reached"
    },
    422: {"description": "The Idempotency-Key was used with another request"},
    429: {"description": "Too many requests, tests or replays; see Retry-After"},
}


async def _webhook_id(webhook_id: Annotated[str, Path(description="Id of an endpoint, a UUID.")]) -> str:
    try:
        return str(UUID(webhook_id))
    except ValueError:
        raise not_found("webhook") from None


WebhookId = Annotated[str, Depends(_webhook_id)]
IdempotencyHeader = Annotated[
    str | None,
    Header(
        alias="Idempotency-Key",
        description="Makes the request idempotent for 24 h: a repetition returns the first response.",
    ),
]


async def endpoint_of(context: Context, tenant: TenantId, webhook_id: str) -> Endpoint:
    """Return a tenant's endpoint: 404 if there is none."""
    endpoint = await context.endpoints.get(tenant, webhook_id)
    if endpoint is None:
        raise not_found("webhook")
    return endpoint


def not_found(what: str) -> AppError:
    """Return the error for something that is not there, or not the tenant's."""
    return AppError(404, ErrorCode.NOT_FOUND, f"There is no such {what}.")


def answered(answer: Answer, status: int) -> Response:
    """Return the response, with a header if it is a replayed one."""
    headers = {"Idempotent-Replayed": "true"} if answer.replayed else None
    return Response(answer.body, status, media_type="application/json", headers=headers)


async def check_url(context: Context, url: str) -> None:
    """Refuse a URL to which no webhook would be sent: 400."""
    try:
        await context.urls.check(url)
    except (ValueError, OSError) as error:
        message = str(error) if isinstance(error, ValueError) else PRIVATE
        raise invalid_request([FieldError(field="url", message=message)]) from error
