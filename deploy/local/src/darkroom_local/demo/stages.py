"""What the worker measured inside each step of a job, as the queue API tells it."""

import httpx
from darkroom_client.models import Job
from darkroom_schemas.catalogue import CATALOGUE
from darkroom_schemas.ids import JobId, step_id
from darkroom_schemas.step import StepResult

FIRST_RUN = 1


def stages_of(job: Job, queue: httpx.Client) -> dict[str, float]:
    """Return the seconds of each stage of the job, the steps joined in their order."""
    seconds: dict[str, float] = {}
    for number in range(2 if CATALOGUE[job.job_type].enhanced else 1):
        answer = queue.get(f"/jobs/{step_id(JobId(job.id), FIRST_RUN, number)}").raise_for_status()
        result = StepResult.model_validate(answer.json()["result"])
        for stage, stage_s in result.timings_s.items():
            seconds[stage] = seconds.get(stage, 0.0) + stage_s
    return seconds
