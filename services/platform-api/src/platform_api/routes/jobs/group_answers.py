"""The responses of `/api/job-groups`."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from darkroom_schemas.groups.policy import Policy, policy_name
from darkroom_schemas.groups.status import GroupStatus, standing_of
from darkroom_schemas.ids import StepId
from darkroom_schemas.job import JobError, JobOutput, JobView
from darkroom_schemas.status import JobStatus
from pydantic import BaseModel, Field

from platform_api.domain.jobs.group_steps import children_of
from platform_api.domain.jobs.job import Job, Step
from platform_api.domain.planning.group_rules import GroupRules
from platform_api.http.workability import Reason


class AcceptedGroup(BaseModel):
    """A group that was just accepted. `price_credits` is reserved; what is not delivered is released at the end."""

    job_group_id: str
    status: GroupStatus = GroupStatus.RUNNING
    total_count: int
    seeds: list[int] = Field(description="The seed of each child.")
    price_credits: float
    reason: Reason = Field(description="`unworkable`: no connected worker supports the job type; it waits for one.")
    notices: list[str]
    created_at: datetime


class GroupChild(BaseModel):
    """One child. `progress` is 0 to 100."""

    number: int
    seed: int
    status: JobStatus
    progress: float
    outputs: list[JobOutput]
    text: str | None
    error: JobError | None
    worker_id: str | None
    started_at: datetime | None
    completed_at: datetime | None


class JobGroup(BaseModel):
    """A group and its children. Only `completed_at` says that the group is final."""

    job_group_id: str
    status: GroupStatus
    job_type: str
    policy: str
    max_parallel: int | None
    completed_count: int
    failed_count: int
    cancelled_count: int
    total_count: int
    child_jobs: list[GroupChild]
    error: JobError | None
    price_credits: float
    charged_credits: float
    metadata: dict[str, Any] = Field(description="The parameters of the job, with the metadata of the request.")
    created_at: datetime
    completed_at: datetime | None


def job_group(job: Job, view: JobView, steps: Sequence[Step], progress: Mapping[StepId, float]) -> JobGroup:
    """Return a group. `steps` are those of the current run; `progress` has the percentages of the running ones."""
    rules = job.group_rules or GroupRules()
    children = children_of(steps, rules)
    policy = Policy(needed=rules.needed)
    states = [child.status for child in children]
    standing = standing_of(states, policy, cancelled=job.status is JobStatus.CANCELLED)
    seeds = job.parameters["seeds"]
    return JobGroup(
        job_group_id=job.id,
        status=standing.status,
        job_type=job.job_type,
        policy=policy_name(policy),
        max_parallel=rules.max_parallel,
        completed_count=standing.completed,
        failed_count=standing.failed,
        cancelled_count=standing.cancelled,
        total_count=standing.total,
        child_jobs=[
            GroupChild(
                number=number,
                seed=seed,
                status=child.status,
                progress=100.0 if child.status is JobStatus.COMPLETED else progress.get(child.id, 0.0),
                outputs=[output for output in view.outputs if output.step == child.number],
                text=child.text,
                error=child.error,
                worker_id=child.worker_id,
                started_at=child.started_at,
                completed_at=child.finished_at,
            )
            for number, (child, seed) in enumerate(zip(children, seeds, strict=True))
        ],
        error=job.error,
        price_credits=job.price_mc / 1000,
        charged_credits=job.charged_mc / 1000,
        metadata=job.parameters,
        created_at=job.created_at,
        completed_at=job.completed_at,
    )
