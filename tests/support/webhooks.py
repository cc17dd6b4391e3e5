"""What the tests of webhook-dispatcher do again and again."""

import time
from datetime import UTC, datetime
from itertools import count
from typing import Any

import httpx
from darkroom_queue import Producer, QueueClient
from darkroom_schemas.events import Emission, EventType
from darkroom_schemas.ids import JobId, TenantId, UserId, new_uuid7
from darkroom_schemas.job import HistoryEntry, HistoryEvent, JobEventData, JobView
from darkroom_schemas.status import JobStatus

NOW = datetime(2026, 1, 1, tzinfo=UTC)
outbox_ids = count(time.time_ns())  # the Valkey of the run may remember those of other modules


async def job_ends(
    link: QueueClient,
    tenant: str,
    kind: EventType = EventType.JOB_COMPLETED,
    *,
    job_id: JobId | None = None,
    webhook: dict[str, Any] | None = None,
    outbox_id: int | None = None,
) -> str:
    """Append the event of a job's end, or of another change, as the platform does; returns the event id."""
    job_id = job_id or JobId(new_uuid7())
    status = {"created": "queued", "started": "running"}.get(kind.removeprefix("job."), kind.removeprefix("job."))
    job = JobView(
        id=job_id, user_id=UserId(tenant), job_type="prompt_enhance", run=1, status=JobStatus(status), priority=50,
        text="a longer prompt", price_mc=500, charged_mc=500, created_at=NOW, updated_at=NOW,
    )  # fmt: skip
    history = HistoryEntry(
        job_id=job_id, seq=1, run=1, event=HistoryEvent.COMPLETE, status=JobStatus.COMPLETED, message="done", at=NOW
    )
    data = JobEventData(job=job, history=history).model_dump(mode="json")
    if webhook is not None:
        data["webhook"] = webhook
    return await emit(link, tenant, kind, data, job_id=job_id, outbox_id=outbox_id)


async def emit(
    link: QueueClient,
    tenant: str,
    kind: EventType,
    data: dict[str, Any],
    *,
    job_id: JobId | None = None,
    outbox_id: int | None = None,
) -> str:
    """Append an event to the log; returns its id."""
    emission = Emission(
        outbox_id=next(outbox_ids) if outbox_id is None else outbox_id,
        type=kind,
        job_id=job_id or JobId(new_uuid7()),
        tenant=TenantId(tenant),
        data=data,
    )
    [event_id] = await Producer(link).emit([emission])
    return str(event_id)


async def register(api: httpx.AsyncClient, url: str, **more: Any) -> dict[str, Any]:
    answer = await api.post("/api/webhooks", json={"url": url} | more)
    assert answer.status_code == 201, answer.text
    created: dict[str, Any] = answer.json()
    return created


async def deliveries_of(api: httpx.AsyncClient, webhook_id: str) -> list[dict[str, Any]]:
    answer = await api.get(f"/api/webhooks/{webhook_id}/deliveries")
    lines: list[dict[str, Any]] = answer.json()["deliveries"]
    return lines
