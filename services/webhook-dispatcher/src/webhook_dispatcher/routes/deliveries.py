"""Deliveries to an endpoint: test events, the log, statistics and replays."""

import json
from typing import Annotated

from darkroom_chassis.idempotency import keyed
from darkroom_schemas.base import Request
from darkroom_schemas.fields import MAX_INT64, Text
from darkroom_schemas.ids import new_uuid7
from fastapi import APIRouter, Path, Query, Response
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from webhook_dispatcher.context import Ctx
from webhook_dispatcher.domain.delivery import DeliveryStatus
from webhook_dispatcher.domain.delivery_log import AttemptRecord, DeliveryRecord, LogFilter, Replayed
from webhook_dispatcher.domain.ports import UnitOfWork
from webhook_dispatcher.routes.access import TenantDep
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
MAX_REPLAYED = 10_000
DeliveryId = Annotated[int, Path(ge=1, le=MAX_INT64, description="Id of a delivery.")]


class Replay(Request):
    """Body of `POST /api/webhooks/{id}/replay`."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"what": "missed", "rate_per_s": 5}]})

    what: Replayed = Field(description="`failed` deliveries, or those `missed` while the endpoint was disabled.")
    since: AwareDatetime | None = Field(default=None, description="Only deliveries created at or after this time.")
    rate_per_s: float = Field(default=10.0, gt=0, le=1000, description="Deliveries per second.")


class ReplayAnswer(BaseModel):
    """The number of deliveries that are made again, at most 10,000. `more`: repeat the request for the others."""

    replayed: int
    more: bool


class Stats(BaseModel):
    """Numbers of an endpoint's deliveries. `total_deliveries` leaves out missed ones."""

    total_deliveries: int
    successful_deliveries: int
    failed_deliveries: int
    pending_deliveries: int
    retry_queue_size: int
    missed_deliveries: int


class Deliveries(BaseModel):
    """A page of the delivery log. `cursor` is the `before` of the next page, null on the last one."""

    deliveries: list[DeliveryRecord]
    cursor: int | None


class Attempts(BaseModel):
    """The attempts of a delivery, oldest first."""

    attempts: list[AttemptRecord]


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
    endpoint = await endpoint_of(context, tenant, webhook_id)
    await check_url(context, endpoint.url)

    async def work(stores: UnitOfWork) -> str:
        message_id = f"msg_test_{new_uuid7()}"
        await stores.tests.enqueue(endpoint, message_id)
        return json.dumps({"message_id": message_id})

    key = keyed(idempotency_key, f"/api/webhooks/{webhook_id}/test", None)
    answer = await context.idempotency(tenant, key, work)
    context.arrived.set()
    return answered(answer, 202)


@router.get("/{webhook_id}/stats", summary="Count deliveries")
async def read_stats(webhook_id: WebhookId, tenant: TenantDep, context: Ctx) -> Stats:
    """Return the numbers of the endpoint's deliveries by outcome."""
    endpoint = await endpoint_of(context, tenant, webhook_id)
    counts = await context.deliveries.counts(endpoint.id)
    return Stats(
        total_deliveries=counts.delivered + counts.failed + counts.pending,
        successful_deliveries=counts.delivered,
        failed_deliveries=counts.failed,
        pending_deliveries=counts.pending,
        retry_queue_size=counts.retrying,
        missed_deliveries=counts.missed,
    )


@router.get("/{webhook_id}/deliveries", summary="Read the delivery log")
async def list_deliveries(
    webhook_id: WebhookId,
    tenant: TenantDep,
    context: Ctx,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
    before: Annotated[int | None, Query(ge=1, le=MAX_INT64, description="`cursor` of the previous page.")] = None,
    status: Annotated[DeliveryStatus | None, Query()] = None,
    event_type: Annotated[Text | None, Query(max_length=100)] = None,
    since: Annotated[AwareDatetime | None, Query(description="Created at or after this time.")] = None,
    until: Annotated[AwareDatetime | None, Query(description="Created before this time.")] = None,
) -> Deliveries:
    """Return deliveries of an endpoint, newest first."""
    endpoint = await endpoint_of(context, tenant, webhook_id)
    chosen = LogFilter(before, status, event_type, since, until)
    records = await context.deliveries.newest(endpoint.id, chosen, limit=limit)
    return Deliveries(deliveries=records, cursor=records[-1].id if len(records) == limit else None)


@router.get("/{webhook_id}/deliveries/{delivery_id}/attempts", summary="Read the attempts of a delivery")
async def list_attempts(webhook_id: WebhookId, delivery_id: DeliveryId, tenant: TenantDep, context: Ctx) -> Attempts:
    """Return the attempts of a delivery, with up to 16 KiB of each response."""
    endpoint = await endpoint_of(context, tenant, webhook_id)
    attempts = await context.deliveries.attempts(endpoint.id, delivery_id)
    if attempts is None:
        raise not_found("delivery")
    return Attempts(attempts=attempts)


@router.post(
    "/{webhook_id}/deliveries/{delivery_id}/replay",
    status_code=202,
    summary="Replay a delivery",
    response_model=ReplayAnswer,
    responses=CREATED,
)
async def replay_delivery(
    webhook_id: WebhookId,
    delivery_id: DeliveryId,
    tenant: TenantDep,
    context: Ctx,
    idempotency_key: IdempotencyHeader = None,
) -> Response:
    """Make a delivery again, with the same `webhook-id`. One that is pending stays as it is."""
    endpoint = await endpoint_of(context, tenant, webhook_id)

    async def work(stores: UnitOfWork) -> str:
        if not await stores.replays.one(endpoint.id, delivery_id):
            raise not_found("delivery")
        return ReplayAnswer(replayed=1, more=False).model_dump_json()

    key = keyed(idempotency_key, f"/api/webhooks/{webhook_id}/deliveries/{delivery_id}/replay", None)
    answer = await context.idempotency(tenant, key, work)
    context.arrived.set()
    return answered(answer, 202)


@router.post(
    "/{webhook_id}/replay",
    status_code=202,
    summary="Replay failed or missed deliveries",
    response_model=ReplayAnswer,
    responses=CREATED,
)
async def replay(
    webhook_id: WebhookId, body: Replay, tenant: TenantDep, context: Ctx, idempotency_key: IdempotencyHeader = None
) -> Response:
    """Make deliveries again, the oldest first, at the given rate. A replay to a disabled endpoint waits for it."""
    endpoint = await endpoint_of(context, tenant, webhook_id)

    async def work(stores: UnitOfWork) -> str:
        made = await stores.replays.many(
            endpoint.id, body.what, since=body.since, rate_per_s=body.rate_per_s, limit=MAX_REPLAYED
        )
        return ReplayAnswer(replayed=made, more=made == MAX_REPLAYED).model_dump_json()

    key = keyed(idempotency_key, f"/api/webhooks/{webhook_id}/replay", body)
    answer = await context.idempotency(tenant, key, work)
    context.arrived.set()
    return answered(answer, 202)
