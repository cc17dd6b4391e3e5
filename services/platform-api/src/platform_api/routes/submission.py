"""What every dialect does with a job: plan it, submit it once, and have it relayed."""

from collections.abc import Awaitable, Callable

from darkroom_chassis.middleware import current_trace_id
from darkroom_schemas.ids import UserId

from platform_api.domain.errors import Refused
from platform_api.domain.plan import Plan
from platform_api.domain.ports import Answer, IdempotencyKey
from platform_api.domain.submit_job import Render, submit_job
from platform_api.metrics import JOBS_ACCEPTED
from platform_api.routes.context import Context


async def submit(
    context: Context,
    plan: Callable[[], Awaitable[Plan]],
    *,
    user_id: UserId,
    idempotency: IdempotencyKey | None,
    render: Render,
) -> Answer:
    """Return the answer to give; a repeated request gets its first one, whatever would stand in its way by now."""
    try:
        planned = await plan()
        answer = await submit_job(
            planned,
            user_id=user_id,
            trace_id=current_trace_id(),
            idempotency=idempotency,
            render=render,
            jobs=context.acceptance,
            backlog=context.backlog,
            max_depth=context.queue_max_depth,
            urls=context.urls,
            clock=context.clock,
        )
    except Refused:
        earlier = await context.acceptance.earlier(user_id, idempotency) if idempotency else None
        if earlier is None:
            raise
        return earlier
    if not answer.replayed:
        JOBS_ACCEPTED.labels(planned.job_type).inc()
        context.ring_relay()
    return answer
