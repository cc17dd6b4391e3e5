"""Jobs of platform-api as they are accepted, and the events of their steps, for tests of transitions."""

from datetime import UTC, datetime
from typing import Any

from darkroom_schemas.events import Event
from darkroom_schemas.ids import JobId, TenantId, TraceId, UserId
from darkroom_schemas.status import JobStatus
from platform_api.domain.assets.signed_urls import UrlSigner
from platform_api.domain.jobs.job import Job, JobState
from platform_api.domain.jobs.steps import steps_of
from platform_api.domain.planning.plan import Plan

USER, JOB = UserId("019aa7f0-0d7b-7d7a-8a5e-6a2f2a4d3b10"), JobId("019aa7f1-5c3e-7c66-b5a1-9f0d3c1f1c11")
NOW = datetime(2026, 11, 21, tzinfo=UTC)
URLS = UrlSigner("s" * 32, "https://darkroom.example")


def accepted(plan: Plan) -> JobState:
    """Return the state of a job that was just accepted."""
    job = Job(
        id=JOB,
        user_id=USER,
        job_type=plan.job_type,
        status=JobStatus.QUEUED,
        run=1,
        priority=50,
        parameters=plan.parameters,
        steps_total=len(plan.steps),
        price_mc=plan.price_mc,
        history_seq=1,
        trace_id=TraceId("0" * 32),
        created_at=NOW,
        updated_at=NOW,
        group_rules=plan.group_rules,
    )
    return JobState(job, steps_of(plan, JOB, NOW))


def step_event(
    kind: str, number: int, data: dict[str, Any], *, run: int = 1, id_: str = "0-1-1-1", after_ms: int = 0
) -> Event:
    """Return an event of a step, `after_ms` after the job was accepted."""
    return Event(
        id=id_,
        type=kind,
        job_id=JOB,
        step_id=f"{JOB}:{run}:{number:02d}",
        tenant=TenantId(USER),
        at_ms=int(NOW.timestamp() * 1000) + after_ms,
        data=data,
    )
