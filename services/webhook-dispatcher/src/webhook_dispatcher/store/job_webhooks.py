"""Webhooks of single jobs. Their deliveries belong to an endpoint that a tenant has for each origin it names."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from darkroom_chassis.logs import get_logger
from darkroom_chassis.metrics import ITEMS_REJECTED
from darkroom_outbound import RefusedUrl, read_url
from darkroom_schemas.ids import JobId, TenantId, new_uuid7
from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from webhook_dispatcher.domain.events import Notice
from webhook_dispatcher.domain.ports import SecretBox
from webhook_dispatcher.domain.signature import new_secret
from webhook_dispatcher.store.tables import endpoint_queues, endpoints, job_webhooks

log = get_logger(__name__)
MAX_ORIGINS = 100
"""Origins of one tenant: each has a queue of its own."""
NO_EVENTS = ["-"]
"""The endpoint of an origin lists nothing, so that the previous release sends it nothing."""


@dataclass(frozen=True, slots=True)
class StoredJobWebhook:
    """The webhook of a job, and the endpoint of its origin."""

    endpoint_id: str
    url: str
    events: tuple[str, ...]
    active: bool


async def store_job_webhooks(connection: AsyncConnection, notices: Sequence[Notice], box: SecretBox) -> None:
    """Store the webhooks of new jobs. One whose URL is unusable, or of too many origins, is left out and logged."""
    for notice in notices:
        if notice.webhook is None or notice.job_id is None:
            continue
        try:
            origin = str(read_url(notice.webhook.url).origin())
        except RefusedUrl as error:
            _reject(notice, str(error))
            continue
        endpoint_id = await _endpoint_of(connection, notice.tenant, origin, box)
        if endpoint_id is None:
            _reject(notice, f"more than {MAX_ORIGINS} origins")
            continue
        row = {"job_id": notice.job_id, "endpoint_id": endpoint_id, "url": notice.webhook.url,
               "events": list(notice.webhook.events)}  # fmt: skip
        await connection.execute(insert(job_webhooks).values(row).on_conflict_do_nothing())


async def webhooks_of(
    connection: AsyncConnection, job_ids: Collection[JobId]
) -> Mapping[tuple[TenantId, str], StoredJobWebhook]:
    """Return the webhooks of jobs, by tenant and job."""
    if not job_ids:
        return {}
    statement = (
        select(job_webhooks, endpoints.c.tenant, endpoints.c.active)
        .join(endpoints, endpoints.c.id == job_webhooks.c.endpoint_id)
        .where(job_webhooks.c.job_id.in_(job_ids))
        .with_for_update(read=True, key_share=True)
    )
    return {
        (TenantId(row.tenant), row.job_id): StoredJobWebhook(row.endpoint_id, row.url, tuple(row.events), row.active)
        for row in await connection.execute(statement)
    }


async def _endpoint_of(connection: AsyncConnection, tenant: TenantId, origin: str, box: SecretBox) -> str | None:
    mine = select(endpoints.c.id).where(endpoints.c.tenant == tenant, endpoints.c.origin == origin)
    found: str | None = (await connection.execute(mine)).scalar_one_or_none()
    if found is not None:
        return found
    count = select(func.count()).where(endpoints.c.tenant == tenant, endpoints.c.origin.is_not(None))
    if (await connection.execute(count)).scalar_one() >= MAX_ORIGINS:
        return None
    sealed = box.seal(new_secret())
    new = insert(endpoints).values(
        id=new_uuid7(), tenant=tenant, url=origin, origin=origin, events=NO_EVENTS, sealed_secret=sealed,
        description="Webhooks of single jobs", ed25519=True,
    )  # fmt: skip
    made: str = (await connection.execute(new.returning(endpoints.c.id))).scalar_one()
    await connection.execute(insert(endpoint_queues).values(endpoint_id=made))
    return made


def _reject(notice: Notice, reason: str) -> None:
    ITEMS_REJECTED.labels("intake", "JobWebhook").inc()
    log.warning("The webhook of a job cannot be used and is left out", job_id=notice.job_id, reason=reason)
