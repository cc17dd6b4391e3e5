"""`/api/webhooks`: a tenant's endpoints and their delivery log."""

import json
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from darkroom_chassis.errors import AppError
from darkroom_chassis.idempotency import keyed
from darkroom_chassis.validation import invalid_request, must_be_one_of
from darkroom_outbound import read_url
from darkroom_schemas.base import Request
from darkroom_schemas.errors import ErrorCode, FieldError
from darkroom_schemas.fields import MAX_INT64, Text
from darkroom_schemas.ids import new_uuid7
from fastapi import APIRouter, Depends, Header, Path, Query, Response
from pydantic import AfterValidator, AnyHttpUrl, BaseModel, ConfigDict, Field, UrlConstraints

from webhook_dispatcher.context import Context, Ctx
from webhook_dispatcher.domain.endpoint import Endpoint
from webhook_dispatcher.domain.events import SUBSCRIBABLE
from webhook_dispatcher.domain.ports import Answer, UnitOfWork
from webhook_dispatcher.domain.signature import check_secret, new_secret
from webhook_dispatcher.routes.access import TenantDep

router = APIRouter(prefix="/api/webhooks", tags=["webhooks"])


def _known_event(name: str) -> str:
    if name not in SUBSCRIBABLE:
        raise ValueError(must_be_one_of(name, SUBSCRIBABLE))
    return name


def _requestable(url: AnyHttpUrl) -> AnyHttpUrl:
    read_url(str(url))
    return url


def _usable_secret(text: str) -> str:
    check_secret(text)
    return text


async def _webhook_id(webhook_id: Annotated[str, Path(description="Id of an endpoint, a UUID.")]) -> str:
    try:
        return str(UUID(webhook_id))
    except ValueError:
        raise _not_found() from None


MAX_URL = 2000
PRIVATE = "must lead to a public address; the operator can allow private networks with WEBHOOK_ALLOWED_NETWORKS"
Url = Annotated[AnyHttpUrl, UrlConstraints(max_length=MAX_URL), AfterValidator(_requestable)]
EventName = Annotated[Text, Field(max_length=100), AfterValidator(_known_event)]
Events = Annotated[list[EventName], Field(max_length=20)]
Description = Annotated[Text, Field(max_length=200)]
Secret = Annotated[Text, Field(max_length=200), AfterValidator(_usable_secret)]
WebhookId = Annotated[str, Depends(_webhook_id)]
IdempotencyHeader = Annotated[
    str | None,
    Header(
        alias="Idempotency-Key",
        description="Makes the request idempotent for 24 h: a repetition returns the first response.",
    ),
]
CREATED: dict[int | str, dict[str, Any]] = {
    409: {
        "description": "The first request with this Idempotency-Key is in progress, or the endpoint limit is reached"
    },
    422: {"description": "The Idempotency-Key was used with another request"},
}


class NewEndpoint(Request):
    """Body of `POST /api/webhooks`. Empty `events` means all; a missing `secret` is generated."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"url": "https://example.com/hooks/darkroom", "events": ["job.completed"]}]}
    )

    url: Url
    events: Events = Field(default_factory=list)
    description: Description = ""
    secret: Secret | None = None


class EndpointChange(Request):
    """Body of `PUT /api/webhooks/{id}`. Missing fields stay unchanged."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"events": ["job.completed", "job.failed"]}]})

    url: Url | None = None
    events: Events | None = None
    description: Description | None = None
    active: bool | None = None


class EndpointView(BaseModel):
    """An endpoint. Only the response that creates it contains `secret`."""

    id: str
    url: str
    events: list[str]
    description: str
    active: bool
    disabled_reason: str | None
    created_at: datetime
    secret: str | None = None


def _view(endpoint: Endpoint, secret: str | None = None) -> EndpointView:
    return EndpointView(
        id=endpoint.id, url=endpoint.url, events=list(endpoint.events), description=endpoint.description,
        active=endpoint.active, disabled_reason=endpoint.disabled_reason, created_at=endpoint.created_at, secret=secret,
    )  # fmt: skip


def _found(endpoint: Endpoint | None) -> Endpoint:
    if endpoint is None:
        raise _not_found()
    return endpoint


def _not_found() -> AppError:
    return AppError(404, ErrorCode.NOT_FOUND, "There is no such webhook.")


async def _check_url(context: Context, url: str) -> None:
    """Refuse a URL to which no webhook would be sent: 400."""
    try:
        await context.urls.check(url)
    except (ValueError, OSError) as error:
        message = str(error) if isinstance(error, ValueError) else PRIVATE
        raise invalid_request([FieldError(field="url", message=message)]) from error


def _answered(answer: Answer, status: int) -> Response:
    headers = {"Idempotent-Replayed": "true"} if answer.replayed else None
    return Response(answer.body, status, media_type="application/json", headers=headers)


@router.post("", status_code=201, summary="Register an endpoint", response_model=EndpointView, responses=CREATED)
async def create_webhook(
    body: NewEndpoint, tenant: TenantDep, context: Ctx, idempotency_key: IdempotencyHeader = None
) -> Response:
    """Register a URL. Store the `secret` of the response: it verifies signatures and is not shown again."""

    await _check_url(context, str(body.url))

    async def work(stores: UnitOfWork) -> str:
        if await stores.endpoints.registered_by(tenant) >= context.quotas.endpoints:
            sentence = f"At most {context.quotas.endpoints} webhooks may be registered; delete one first."
            raise AppError(409, ErrorCode.ENDPOINT_LIMIT, sentence)
        secret = body.secret or new_secret()
        endpoint = await stores.endpoints.add(
            tenant, url=str(body.url), events=body.events, description=body.description,
            sealed_secret=context.box.seal(secret),
        )  # fmt: skip
        return _view(endpoint, secret).model_dump_json()

    key = keyed(idempotency_key, "/api/webhooks", body)
    return _answered(await context.idempotency(tenant, key, work), 201)


@router.get("", summary="List endpoints")
async def list_webhooks(tenant: TenantDep, context: Ctx) -> dict[str, list[EndpointView]]:
    """Return all of the tenant's endpoints."""
    return {"webhooks": [_view(e) for e in await context.endpoints.list(tenant)]}


@router.get("/{webhook_id}", summary="Read an endpoint")
async def read_webhook(webhook_id: WebhookId, tenant: TenantDep, context: Ctx) -> EndpointView:
    """Return one endpoint."""
    return _view(_found(await context.endpoints.get(tenant, webhook_id)))


@router.put("/{webhook_id}", summary="Change an endpoint")
async def change_webhook(webhook_id: WebhookId, body: EndpointChange, tenant: TenantDep, context: Ctx) -> EndpointView:
    """Change an endpoint. `active: true` enables a disabled endpoint again."""
    changes = body.model_dump(exclude_none=True, mode="json")
    if not changes:
        return await read_webhook(webhook_id, tenant, context)
    if body.url is not None:
        await _check_url(context, str(body.url))
    endpoint = _found(await context.endpoints.change(tenant, webhook_id, changes))
    context.arrived.set()
    return _view(endpoint)


@router.delete("/{webhook_id}", status_code=204, summary="Delete an endpoint")
async def delete_webhook(webhook_id: WebhookId, tenant: TenantDep, context: Ctx) -> Response:
    """Delete an endpoint, its pending deliveries and its log."""
    if not await context.endpoints.remove(tenant, webhook_id):
        _found(None)
    return Response(status_code=204)


@router.post(
    "/{webhook_id}/test",
    status_code=202,
    summary="Send a test event",
    response_model=dict[str, str],
    responses=CREATED,
)
async def send_test(
    webhook_id: WebhookId, tenant: TenantDep, context: Ctx, idempotency_key: IdempotencyHeader = None
) -> Response:
    """Send a `webhook.test` to this endpoint, regardless of its `events`."""
    endpoint = _found(await context.endpoints.get(tenant, webhook_id))
    await _check_url(context, endpoint.url)

    async def work(stores: UnitOfWork) -> str:
        message_id = f"msg_test_{new_uuid7()}"
        await stores.tests.enqueue(endpoint, message_id)
        return json.dumps({"message_id": message_id})

    key = keyed(idempotency_key, f"/api/webhooks/{webhook_id}/test", None)
    answer = await context.idempotency(tenant, key, work)
    context.arrived.set()
    return _answered(answer, 202)


@router.get("/{webhook_id}/stats", summary="Count deliveries")
async def read_stats(webhook_id: WebhookId, tenant: TenantDep, context: Ctx) -> dict[str, int]:
    """Return the numbers of the endpoint's deliveries by outcome."""
    endpoint = _found(await context.endpoints.get(tenant, webhook_id))
    counts = await context.deliveries.stats(endpoint.id)
    return {
        "total_deliveries": sum(counts.values()),
        "successful_deliveries": counts.get("delivered", 0),
        "failed_deliveries": counts.get("failed", 0),
        "pending_deliveries": counts.get("pending", 0),
        "retry_queue_size": await context.deliveries.retrying(endpoint.id),
    }


@router.get("/{webhook_id}/deliveries", summary="Read the delivery log")
async def list_deliveries(
    webhook_id: WebhookId,
    tenant: TenantDep,
    context: Ctx,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
    before: Annotated[
        int | None, Query(ge=1, le=MAX_INT64, description="Id of the last delivery of the previous page.")
    ] = None,
) -> dict[str, Any]:
    """Return deliveries of an endpoint, newest first."""
    endpoint = _found(await context.endpoints.get(tenant, webhook_id))
    records = await context.deliveries.newest(endpoint.id, limit=limit, before=before)
    return {"deliveries": records}
