"""Creates the steps of a run from a plan, and their submissions to the queue."""

from datetime import datetime

from darkroom_schemas.catalogue import CATALOGUE
from darkroom_schemas.ids import JobId, TenantId
from darkroom_schemas.status import JobStatus
from darkroom_schemas.step import Redelivery, StepSubmit

from platform_api.domain.jobs.group_steps import held_back
from platform_api.domain.jobs.job import Job, Step
from platform_api.domain.planning.plan import Plan, PlannedStep, needs_of


def steps_of(plan: Plan, job_id: JobId, now: datetime) -> tuple[Step, ...]:
    """Create the steps of a job's first run."""
    steps = [create_step(planned, job_id, number, now) for number, planned in enumerate(plan.steps)]
    return held_back(steps, plan.group_rules)


def create_step(planned: PlannedStep, job_id: JobId, number: int, now: datetime, *, run: int = 1) -> Step:
    """Create the record of a step. It counts as submitted at `now` unless it waits for other steps."""
    needs = needs_of(planned, number)
    return Step(
        job_id=job_id,
        run=run,
        number=number,
        job_type=planned.job_type,
        status=JobStatus.QUEUED,
        payload=planned.payload,
        price_mc=planned.price_mc,
        outputs=planned.outputs,
        needs=needs,
        requirements=planned.requirements,
        submitted_at=None if needs else now,
    )


def step_submission(job: Job, step: Step) -> StepSubmit:
    """Return a step in the queue's format."""
    job_type = CATALOGUE[step.job_type]
    return StepSubmit(
        id=step.id,
        job_id=job.id,
        tenant=TenantId(job.user_id),
        requirements=step.requirements or CATALOGUE[step.job_type].requirements,
        payload=step.payload,
        created_us=int(job.created_at.timestamp() * 1_000_000),
        priority=job.priority,
        expected_ms=max(1, int(job_type.expected_s * 1000)),
        timeout_s=job_type.timeout_s,
        redelivery=Redelivery.RERUN if job_type.is_repeatable(step.payload) else Redelivery.NEVER,
        job_steps=job.steps_total,
        job_steps_done=job.steps_done,
        trace_id=job.trace_id,
        traceparent=job.traceparent,
    )
