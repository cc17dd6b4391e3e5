"""Every attempt has a folder of its own in the object store."""

from darkroom_schemas.ids import JobId, StepId, TenantId, step_id
from darkroom_schemas.step import ClaimedStep
from darkroom_schemas.worker import Requirements
from gpu_worker.domain.object_keys import object_folder


def claimed(step: StepId, attempt: int, token: str = "worker.1.0") -> ClaimedStep:
    return ClaimedStep(
        id=step,
        job_id=JobId("job"),
        tenant=TenantId("t"),
        token=token,
        attempt=attempt,
        timeout_s=1,
        payload={},
        requirements=Requirements(type="simulation"),
    )


def test_the_folder_names_job_run_step_and_attempt() -> None:
    assert object_folder(claimed(step_id(JobId("0190-ab"), 2, 1), attempt=3)) == "0190-ab/2/01/3-worker.1.0"


def test_a_step_that_was_named_by_hand_has_a_folder_too() -> None:
    assert object_folder(claimed(StepId("by-hand"), attempt=1)) == "job/1/by-hand/1-worker.1.0"


def test_an_attempt_that_has_the_number_of_another_has_a_folder_of_its_own() -> None:
    first, again = (claimed(StepId("job:1:00"), attempt=1, token=token) for token in ("one.7", "two.1"))
    assert object_folder(first) != object_folder(again)
