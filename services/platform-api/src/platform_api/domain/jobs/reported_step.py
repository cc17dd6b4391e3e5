"""Applies a step event that arrived as a webhook rather than from the log. The same event in the log has no effect."""

from enum import StrEnum

from darkroom_schemas.events import Event
from darkroom_schemas.status import TERMINAL

from platform_api.domain.jobs.apply_step_events import JOB_CHANGING, apply_step_events
from platform_api.domain.jobs.ports import JobsTransaction
from platform_api.domain.jobs.view import AssetUrls


class Outcome(StrEnum):
    """What a reported event did."""

    APPLIED = "applied"
    IRRELEVANT = "irrelevant"
    """Events of this type change no job."""
    UNKNOWN_JOB = "unknown_job"
    STALE_RUN = "stale_run"
    """The job has begun a later run."""
    NO_EFFECT = "no_effect"
    """It was applied before, or the job or step has ended."""


async def apply_reported(event: Event, *, jobs_transaction: JobsTransaction, urls: AssetUrls) -> Outcome:
    """Apply one event in a transaction of its own; idempotent."""
    if event.type not in JOB_CHANGING or event.step_id is None:
        return Outcome.IRRELEVANT
    async with jobs_transaction() as jobs:
        state = (await jobs.load([event.job_id])).get(event.job_id)
        if state is None:
            return Outcome.UNKNOWN_JOB
        if all(step.id != event.step_id for step in state.steps):
            return Outcome.STALE_RUN
        if state.job.status in TERMINAL:
            return Outcome.NO_EFFECT
        changes = await apply_step_events([event], jobs=jobs, urls=urls)
    return Outcome.APPLIED if changes else Outcome.NO_EFFECT
