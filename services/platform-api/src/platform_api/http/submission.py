"""Submission of a job in any dialect: plan it, submit it once, wake the relay."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

from darkroom_chassis.idempotency import IdempotencyKey
from darkroom_chassis.middleware import current_trace_id
from darkroom_chassis.tracing import request_traceparent
from darkroom_schemas.ids import UserId
from darkroom_schemas.job import JobView
from darkroom_schemas.webhook import JobWebhook

from platform_api.context import Context
from platform_api.domain.answers import Answer
from platform_api.domain.errors import Refused
from platform_api.domain.jobs.submit import submit_job
from platform_api.domain.planning.inputs import with_files
from platform_api.domain.planning.plan import Plan
from platform_api.http.workability import UNWORKABLE, Reason, lack_for_plan
from platform_api.metrics import JOBS_ACCEPTED, type_label


@dataclass(frozen=True, slots=True)
class Prospects:
    """State of the queue when a job is accepted: waiting steps by type, and notices for the submitter."""

    queued: Mapping[str, int]
    reason: Reason = None
    notices: tuple[str, ...] = ()


Render = Callable[[JobView, Prospects], str]
"""Renders the response to a submission."""


async def submit(
    context: Context,
    plan: Callable[[], Awaitable[Plan]],
    *,
    user_id: UserId,
    idempotency: IdempotencyKey | None,
    render: Render,
    webhook: JobWebhook | None = None,
) -> Answer:
    """Submit a job and return the response. A repeated request gets the first response, even if it would now fail."""
    try:
        planned = await with_files(await plan(), user_id, context.assets.files)
        lack = await lack_for_plan(context, planned)
        notices = (*planned.notices, *([lack] if lack else []))
        reason = UNWORKABLE if lack else None
        answer = await submit_job(
            planned,
            user_id=user_id,
            trace_id=current_trace_id(),
            idempotency=idempotency,
            render=lambda job, queued: render(job, Prospects(queued, reason, notices)),
            jobs=context.jobs.submissions,
            backlog=context.jobs.backlog,
            max_depth=context.jobs.max_depth,
            urls=context.urls,
            clock=context.clock,
            webhook=webhook,
            traceparent=request_traceparent(),
        )
    except Refused:
        earlier = await context.jobs.submissions.earlier(user_id, idempotency) if idempotency else None
        if earlier is None:
            raise
        return earlier
    if not answer.replayed:
        JOBS_ACCEPTED.labels(type_label(planned.job_type)).inc()
        context.jobs.wake_relay()
    return answer
