"""`POST /api/webhooks/queue`: webhook-dispatcher reports step events to a platform that cannot read the event log."""

import json
from datetime import datetime
from typing import Annotated, Any

from darkroom_chassis.errors import AppError
from darkroom_schemas.base import Request as RequestBody
from darkroom_schemas.errors import ErrorCode
from darkroom_schemas.events import Event
from darkroom_schemas.fields import JsonObject, Text
from darkroom_schemas.ids import EventId, JobId, StepId, TenantId
from fastapi import APIRouter, Header, Request
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from standardwebhooks import Webhook, WebhookVerificationError

from platform_api.context import Ctx
from platform_api.domain.errors import NotFound
from platform_api.domain.jobs.reported_step import Outcome, apply_reported
from platform_api.http.auth import UUID_TEXT
from platform_api.http.errors import invalid
from platform_api.http.query_parameters import KnownQueryRoute

router = APIRouter(tags=["reports"], route_class=KnownQueryRoute)
SignatureHeader = Annotated[str, Header(description="As webhook-dispatcher sets it, by Standard Webhooks.")]


class StepEvent(RequestBody):
    """A `step.*` event as webhook-dispatcher sends it. `data` has at least `job_id`, `step_id` and `event_id`."""

    model_config = ConfigDict(
        extra="ignore",
        json_schema_extra={
            "examples": [
                {
                    "type": "step.failed",
                    "timestamp": "2026-11-27T19:16:57.201000Z",
                    "data": {
                        "job_id": "019aa7f1-5c3e-7c66-b5a1-9f0d3c1f1c11",
                        "step_id": "019aa7f1-5c3e-7c66-b5a1-9f0d3c1f1c11:1:00",
                        "worker_id": "gpu-1",
                        "attempt": 3,
                        "error": {"code": "timeout", "message": "The step took more than 600 s.", "retryable": False},
                        "event_id": "0-1795806648770-1795807017201-1",
                    },
                }
            ]
        },
    )

    type: Annotated[Text, Field(max_length=100)]
    timestamp: datetime
    data: JsonObject


class StepReported(BaseModel):
    """What the event did. Every outcome is final: the same delivery need not be repeated."""

    outcome: Outcome


@router.post(
    "/api/webhooks/queue",
    operation_id="report_step",
    summary="Report a step event",
    responses={
        400: {"description": "The body is no step event"},
        401: {"description": "The signature is missing, too old, or of another secret"},
        404: {"description": "QUEUE_WEBHOOK_SECRET is not set"},
    },
    openapi_extra={
        "requestBody": {"required": True, "content": {"application/json": {"schema": StepEvent.model_json_schema()}}}
    },
)
async def report_step(
    request: Request,
    context: Ctx,
    webhook_id: SignatureHeader = "",
    webhook_timestamp: SignatureHeader = "",
    webhook_signature: SignatureHeader = "",
) -> StepReported:
    """Apply a `step.*` event that is signed with `QUEUE_WEBHOOK_SECRET`. Events of earlier runs have no effect."""
    if context.queue_webhooks is None:
        raise NotFound("route")
    signed = {
        "webhook-id": webhook_id, "webhook-timestamp": webhook_timestamp, "webhook-signature": webhook_signature,
    }  # fmt: skip
    body = await request.body()
    event = _event(_verified(context.queue_webhooks, body, signed))
    if event is None:
        return StepReported(outcome=Outcome.UNKNOWN_JOB)
    outcome = await apply_reported(event, jobs_transaction=context.jobs.transaction, urls=context.urls)
    if outcome is Outcome.APPLIED:
        context.jobs.wake_relay()
    return StepReported(outcome=outcome)


def _verified(webhook: Webhook, body: bytes, headers: dict[str, str]) -> Any:  # Any: JSON
    try:
        webhook.verify(body, headers, json_parse=False)
    except (WebhookVerificationError, ValueError) as error:  # ValueError: signatures that are none
        sentence = "The signature is missing, too old, or of another secret than QUEUE_WEBHOOK_SECRET."
        raise AppError(401, ErrorCode.UNAUTHENTICATED, sentence) from error
    try:
        return json.loads(body)
    except (ValueError, RecursionError) as error:
        raise invalid("body", "must be JSON") from error


def _event(body: Any) -> Event | None:  # Any: JSON
    """Return the event that webhook-dispatcher had read from the log; None if its job was submitted to queue-api."""
    try:
        sent = StepEvent.model_validate(body)
    except ValidationError as error:
        raise invalid("body", "must have `type`, `timestamp` and `data`") from error
    data = dict(sent.data)
    job_id, step_id, event_id = (data.pop(name, None) for name in ("job_id", "step_id", "event_id"))
    if not isinstance(job_id, str):
        raise invalid("data.job_id", "must be the id of a job")
    if not isinstance(step_id, str):
        raise invalid("data.step_id", "must be the id of a step")
    if not UUID_TEXT.match(job_id) or not step_id.startswith(f"{job_id}:"):
        return None
    try:
        at_ms = EventId.parse(str(event_id)).ms
    except ValueError as error:
        raise invalid("data.event_id", "must be the id of an event") from error
    return Event(
        id=str(event_id),
        type=sent.type,
        job_id=JobId(job_id),
        step_id=StepId(step_id),
        tenant=TenantId(""),
        at_ms=at_ms,
        data=data,
    )
