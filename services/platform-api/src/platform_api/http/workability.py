"""Whether live workers support a job: checked at submission and while it waits. If none does, the job waits."""

from collections.abc import Sequence
from typing import Literal

from darkroom_chassis.availability import ADVISORY_S
from darkroom_queue import Waiting, WaitReason, fits
from darkroom_queue.operate.insight import nearest_lack
from darkroom_redis import RedisUnavailable
from darkroom_schemas.catalogue import CATALOGUE
from darkroom_schemas.status import TERMINAL, JobStatus

from platform_api.context import Context
from platform_api.domain.jobs.job import Job
from platform_api.domain.planning.from_catalogue import PROMPT_TYPE
from platform_api.domain.planning.plan import Plan

UNWORKABLE: Literal["unworkable"] = "unworkable"
Reason = Literal["unworkable"] | None
"""Why an accepted job does not start, if that needs another worker."""
MAX_CHARACTERS = 500


async def lack_for_plan(context: Context, plan: Plan) -> str | None:
    """Return a notice if no live worker supports a step of the plan; None also if Redis does not answer."""
    if await context.jobs.capacity.by_type() is None:
        return None
    live = await context.jobs.fleet.live()
    for step in plan.steps:
        if not any(fits(step.required, can) for can in live):
            return _sentence(nearest_lack(step.required, live) if live else ())
    return None


async def lack_of_job(context: Context, job: Job) -> str | None:
    """Return a notice if no live worker supports a waiting step of the job; None also if Redis does not answer."""
    if job.status in TERMINAL or (job.status is JobStatus.RUNNING and job.steps_total == 1):
        return None
    if await _is_workable_type(context, job):
        return None
    if job.steps_total == 1 and _requires_its_type_only(job):
        live = await context.jobs.fleet.live()
        return _sentence(nearest_lack(CATALOGUE[job.job_type].requirements, live) if live else ())
    try:
        for step in await context.jobs.reads.submitted_steps(job):
            if lack := lack_of_step(await context.jobs.waiting.why_waiting(step, ADVISORY_S)):
                return lack
    except RedisUnavailable:
        return None
    return None


def lack_of_step(waiting: Waiting | None) -> str | None:
    """Return a notice if a step waits because no live worker supports it."""
    if waiting is None or waiting.reason is not WaitReason.UNWORKABLE:
        return None
    return _sentence(waiting.missing)


async def _is_workable_type(context: Context, job: Job) -> bool:
    """Return whether live workers support the job's type, for a job without requirements of its own.

    Returns False for other jobs, whose steps must be checked, and True if Redis does not answer.
    """
    now = await context.jobs.capacity.by_type()
    if now is None:
        return True
    if not _requires_its_type_only(job):
        return False
    types = (PROMPT_TYPE, job.job_type) if CATALOGUE[job.job_type].enhanced else (job.job_type,)
    return all(now[name].workers for name in types)


def _requires_its_type_only(job: Job) -> bool:
    return job.job_type in CATALOGUE and not {"served_by", "loras"} & job.parameters.keys()


def _sentence(missing: Sequence[str]) -> str:
    if not missing or "no worker is registered" in missing:
        return "No worker is connected; the job waits for one that supports it."
    lack = ", ".join(missing)[:MAX_CHARACTERS]
    return f"No connected worker supports this job: the nearest one lacks {lack}. It waits for one that does."
