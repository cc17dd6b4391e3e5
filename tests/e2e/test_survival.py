"""Processes are killed in the middle of a job, and the job still completes, once."""

from collections.abc import Callable

import psutil
import pytest
from darkroom_client import Client, HistoryLine, JobState, ServiceError
from darkroom_local.state import RunningStack, StateDir
from support.stack import replicas_of
from support.waiting import until

pytestmark = pytest.mark.e2e


@pytest.fixture
def client(stack: RunningStack) -> Client:
    return Client(stack.platform_url, stack.api_key)


def follow_and_kill_midway(
    client: Client, job_id: str, victims: Callable[[], list[psutil.Process]]
) -> list[HistoryLine]:
    """Follow a job to its end, kill the victims once the job runs, and return the job's history."""
    history: dict[int, HistoryLine] = {}
    killed = False
    for event in client.jobs.stream(job_id):
        if event.state is JobState.PROCESSING and not killed:
            for process in victims():
                process.kill()
            killed = True
        history |= {line.seq: line for line in event.history}
    assert killed
    return list(history.values())


def completions(history: list[HistoryLine]) -> int:
    return sum(line.event == "complete" for line in history)


def test_a_job_whose_gpu_process_was_killed_completes_once(client: Client, stack: RunningStack) -> None:
    def gpu_process() -> list[psutil.Process]:
        return psutil.Process(stack.pids["gpu-worker"]).children()[:1]

    with client:
        job_id = client.submit("video_high", "waves").id
        history = follow_and_kill_midway(client, job_id, gpu_process)
        job = client.jobs.get(job_id)
    assert (job.status, len(job.assets), completions(history)) == (JobState.COMPLETED, 1, 1)


def test_a_job_whose_worker_was_killed_completes_once(client: Client, stack: RunningStack) -> None:
    with client:
        job_id = client.submit("video_high", "waves").id
        history = follow_and_kill_midway(client, job_id, lambda: [psutil.Process(stack.pids["gpu-worker"])])
        job = client.jobs.get(job_id)
    assert (job.status, len(job.assets), completions(history)) == (JobState.COMPLETED, 1, 1)


@pytest.mark.parametrize("replicas", [1, 2])
def test_a_job_whose_platform_api_was_killed_is_followed_to_its_end(
    client: Client, stack: RunningStack, stack_state: StateDir, replicas: int
) -> None:
    victims = replicas_of(stack, "platform-api")[:replicas]
    with client:
        job_id = client.submit("video_high", "waves").id
        history = follow_and_kill_midway(client, job_id, lambda: victims)
        job = client.jobs.get(job_id)
    assert (job.status, len(job.assets), completions(history)) == (JobState.COMPLETED, 1, 1)
    assert {process.pid for process in victims}.isdisjoint(stack_state.running().pids.values())


async def test_a_job_is_taken_and_completes_after_valkey_and_postgres_were_killed(
    client: Client, stack: RunningStack, stack_state: StateDir
) -> None:
    servers = [psutil.Process(stack.pids[name]) for name in ("valkey", "postgres")]
    for server in servers:
        server.kill()
    psutil.wait_procs(servers, timeout=10)

    async def submission() -> str | None:
        try:
            return client.submit("sdxl_image_fast", "waves", idempotency_key="after-the-kill").id
        except ServiceError:
            return None

    with client:
        job_id = await until(submission, timeout_s=60)
        assert job_id is not None
        assert list(client.jobs.stream(job_id))
        assert client.jobs.get(job_id).status is JobState.COMPLETED
    after = stack_state.running().pids
    assert after.keys() == stack.pids.keys()
    assert not {after["valkey"], after["postgres"]} & set(stack.pids.values())
