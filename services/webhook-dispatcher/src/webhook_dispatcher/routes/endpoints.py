"""`/api/webhooks`: a tenant's endpoints."""

from datetime import UTC, datetime, timedelta
from typing import Annotated

from darkroom_chassis.errors import AppError
from darkroom_chassis.idempotency import keyed
from darkroom_chassis.validation import invalid_request
from darkroom_schemas.base import Request
from darkroom_schemas.errors import ErrorCode, FieldError
from darkroom_schemas.fields import Text
from fastapi import APIRouter, Query, Response
from pydantic import BaseModel, ConfigDict, Field

from webhook_dispatcher.context import Ctx
from webhook_dispatcher.domain.endpoint import Dialect
from webhook_dispatcher.domain.ports import UnitOfWork
from webhook_dispatcher.domain.signature import check_plain_secret, check_secret, new_secret
from webhook_dispatcher.routes.access import OnlyEnables, TenantDep
from webhook_dispatcher.routes.bodies import EndpointChange, EndpointView, NewEndpoint, endpoint_view
from webhook_dispatcher.routes.requests import (
    CREATED,
    IdempotencyHeader,
    WebhookId,
    answered,
    check_url,
    endpoint_of,
    not_found,
)

router = APIRouter(prefix="/api/webhooks", tags=["webhooks"])
WEEK_S, DAY_S = 604_800, 86_400


class Rotation(Request):
    """Body of `POST /api/webhooks/{id}/rotate`. A missing `secret` is generated."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"overlap_s": 86400}]})

    secret: Annotated[Text, Field(max_length=200)] | None = None
    overlap_s: int = Field(default=DAY_S, ge=0, le=WEEK_S, description="Time for which both secrets sign, in seconds.")


class Rotated(BaseModel):
    """The new secret, which is not shown again."""

    secret: str
    previous_valid_until: datetime


@router.post("", status_code=201, summary="Register an endpoint", response_model=EndpointView, responses=CREATED)
async def create_webhook(
    body: NewEndpoint, tenant: TenantDep, context: Ctx, idempotency_key: IdempotencyHeader = None
) -> Response:
    """Register a URL. Store the `secret` of the response: it verifies signatures and is not shown again."""
    await check_url(context, str(body.url))

    async def work(stores: UnitOfWork) -> str:
        if await stores.endpoints.registered_by(tenant) >= context.quotas.endpoints:
            sentence = f"At most {context.quotas.endpoints} webhooks may be registered; delete one first."
            raise AppError(409, ErrorCode.ENDPOINT_LIMIT, sentence)
        form = body.form()
        return endpoint_view(await stores.endpoints.add(tenant, form), form.secret).model_dump_json()

    key = keyed(idempotency_key, "/api/webhooks", body)
    return answered(await context.idempotency(tenant, key, work), 201)


@router.get("", summary="List endpoints")
async def list_webhooks(
    tenant: TenantDep,
    context: Ctx,
    of_jobs: Annotated[bool, Query(description="List those that deliver the webhooks of single jobs instead.")] = False,
) -> dict[str, list[EndpointView]]:
    """Return all of the tenant's endpoints."""
    return {"webhooks": [endpoint_view(e) for e in await context.endpoints.list(tenant, of_jobs=of_jobs)]}


@router.get("/{webhook_id}", summary="Read an endpoint")
async def read_webhook(webhook_id: WebhookId, tenant: TenantDep, context: Ctx) -> EndpointView:
    """Return one endpoint."""
    return endpoint_view(await endpoint_of(context, tenant, webhook_id))


@router.put("/{webhook_id}", summary="Change an endpoint")
async def change_webhook(
    webhook_id: WebhookId, body: EndpointChange, tenant: TenantDep, context: Ctx, only_enables: OnlyEnables
) -> EndpointView:
    """Change an endpoint. `active: true` enables a disabled endpoint again."""
    endpoint = await endpoint_of(context, tenant, webhook_id)
    changes = body.changes()
    if only_enables and changes.keys() - {"active"}:
        raise AppError(403, ErrorCode.FORBIDDEN, "Operators may only change `active` of a user's webhook.")
    if endpoint.origin is not None and changes.keys() & {"url", "events", "filters"}:
        raise invalid_request(
            [FieldError(field="url", message="belongs to the webhooks of jobs and cannot be changed")]
        )
    if "url" in changes:
        await check_url(context, changes["url"])
    if not changes:
        return endpoint_view(endpoint)
    changed = await context.endpoints.change(tenant, webhook_id, changes)
    if changed is None:
        raise not_found("webhook")
    context.arrived.set()
    return endpoint_view(changed)


@router.delete("/{webhook_id}", status_code=204, summary="Delete an endpoint")
async def delete_webhook(webhook_id: WebhookId, tenant: TenantDep, context: Ctx) -> Response:
    """Delete an endpoint, its pending deliveries and its log."""
    if not await context.endpoints.remove(tenant, webhook_id):
        raise not_found("webhook")
    return Response(status_code=204)


@router.post("/{webhook_id}/rotate", summary="Replace the secret", response_model=Rotated, responses=CREATED)
async def rotate_secret(
    webhook_id: WebhookId,
    tenant: TenantDep,
    context: Ctx,
    body: Rotation | None = None,
    idempotency_key: IdempotencyHeader = None,
) -> Response:
    """Replace the secret. During the overlap, requests carry a signature of each."""
    endpoint = await endpoint_of(context, tenant, webhook_id)
    asked = body or Rotation()
    if asked.secret is not None:
        try:
            (check_plain_secret if endpoint.dialect is Dialect.EMPROPS else check_secret)(asked.secret)
        except ValueError as error:
            raise invalid_request([FieldError(field="secret", message=str(error))]) from error

    async def work(stores: UnitOfWork) -> str:
        secret = asked.secret or new_secret()
        if not await stores.endpoints.rotate(tenant, webhook_id, secret, overlap_s=asked.overlap_s):
            raise not_found("webhook")
        until = datetime.now(UTC) + timedelta(seconds=asked.overlap_s)
        return Rotated(secret=secret, previous_valid_until=until).model_dump_json()

    key = keyed(idempotency_key, f"/api/webhooks/{webhook_id}/rotate", asked)
    return answered(await context.idempotency(tenant, key, work), 200)
