import pytest
from darkroom_schemas.status import ACTIVE, TERMINAL, JobStatus, can_move, sources_of


@pytest.mark.parametrize("status", sorted(TERMINAL))
def test_an_ended_job_moves_nowhere_but_into_a_new_run(status: JobStatus) -> None:
    allowed = {new for new in JobStatus if can_move(status, new)}
    assert allowed == (set() if status is JobStatus.COMPLETED else {JobStatus.QUEUED})


def test_every_active_state_can_be_cancelled() -> None:
    assert sources_of(JobStatus.CANCELLED) == ACTIVE


def test_within_a_run_nothing_comes_back_from_the_end() -> None:
    assert all(not (sources_of(new) & TERMINAL) for new in JobStatus)
