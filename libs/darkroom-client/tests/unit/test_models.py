"""Answers are read as the API writes them, in all its words."""

import pytest
from darkroom_client import Job, JobEvent, JobState

JOB = {"id": "j1", "job_type": "video_fast", "created_at": "2026-01-02T03:04:05Z"}


@pytest.mark.parametrize(
    ("word", "state"),
    [
        ("queued", JobState.QUEUED), ("pending", JobState.QUEUED), ("delayed", JobState.QUEUED),
        ("processing", JobState.PROCESSING), ("running", JobState.PROCESSING), ("completed", JobState.COMPLETED),
        ("failed", JobState.FAILED), ("cancelled", JobState.FAILED),
    ],
)  # fmt: skip
def test_every_word_for_a_state_is_understood(word: str, state: JobState) -> None:
    assert Job.model_validate(JOB | {"status": word}).status is state
    assert JobEvent("job_update", None, {"status": word}).state is state


def test_a_job_that_was_printed_can_be_read_again() -> None:
    metadata = {"prompt": "waves", "all_assets": ["/a/1.mp4"], "seeds": [7]}
    job = Job.model_validate(JOB | {"status": "completed", "data": {"progress": 100.0}, "metadata": metadata})
    assert Job.model_validate(job.model_dump(mode="json")) == job
    assert (job.progress, job.prompt, job.assets, job.has_ended) == (100.0, "waves", ("/a/1.mp4",), True)


def test_members_of_a_newer_service_are_passed_over() -> None:
    assert Job.model_validate(JOB | {"status": "queued", "mood": "calm"}).status is JobState.QUEUED
