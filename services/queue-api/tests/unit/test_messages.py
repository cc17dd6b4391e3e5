"""Events of the log become the dialect's messages."""

import json
from typing import Any

import pytest
from darkroom_schemas.channels import MachineState, ProgressMessage, WorkerState
from darkroom_schemas.events import Event
from darkroom_schemas.ids import JobId, StepId, TenantId, WorkerId
from darkroom_schemas.status import JobStatus
from darkroom_schemas.step import StepView, Submission
from darkroom_schemas.worker import Capabilities, Requirements, WorkerInfo
from queue_api.domain.fleet_messages import changed, connected, disconnected, machine_changed
from queue_api.domain.frame_buffer import MAX_FRAMES, FrameBuffer, Overflowed
from queue_api.domain.frames import Frame, Topic, frame
from queue_api.domain.messages import frames_of, progress_frame
from queue_api.domain.progress import LatestProgress

ERROR = {"code": "backend_error", "message": "broke", "retryable": False}
INFO = WorkerInfo(
    worker_id=WorkerId("w@host_8188"),
    incarnation="i",
    machine_id="m",
    capabilities=Capabilities(types=("comfyui",), models=("a",), vram_gb=24, backends=("host_8188", "studio")),
    concurrency=2,
    version="1",
    gpu="Test GPU",
)


def event(kind: str, **data: Any) -> Event:
    return Event(
        id="0-1-2-3", type=kind, job_id=JobId("wf"), step_id=StepId("wf:1:02"), tenant=TenantId("t"), at_ms=5, data=data
    )


def messages(frames: tuple[Frame, ...] | list[Frame]) -> list[dict[str, Any]]:
    return [json.loads(one.text) for one in frames]


@pytest.mark.parametrize(
    ("source", "types"),
    [
        (event("step.queued", job_type="simulation"), ["job_submitted"]),
        (event("step.started", worker_id="w", attempt=1), ["job_assigned", "job_status_changed"]),
        (event("step.retrying", worker_id="w", attempt=1, error=ERROR, retry_at_ms=9), ["job_status_changed"]),
        (event("step.released", worker_id="w", attempt=1), ["job_status_changed"]),
        (event("step.completed", worker_id="w", attempt=1, result={}), ["job_status_changed", "complete_job"]),
        (event("step.failed", worker_id="w", attempt=1, error=ERROR),
         ["job_status_changed", "job_failed", "complete_job"]),
        (event("step.failed", worker_id="w", attempt=1, error=ERROR | {"code": "timeout"}),
         ["job_status_changed", "job_timeout", "complete_job"]),
        (event("step.failed", worker_id="w", attempt=1, error=ERROR | {"code": "of a later release"}),
         ["job_status_changed", "job_failed", "complete_job"]),
        (event("step.cancelled", reason="user"), ["job_status_changed", "job_cancelled"]),
        (event("job.completed"), []),
    ],
)  # fmt: skip
def test_each_event_becomes_its_documented_messages(source: Event, types: list[str]) -> None:
    frames = frames_of(source)
    made = messages(frames)
    assert [m["type"] for m in made] == types
    assert [m["job_id"] for m in made] == ["wf:1:02"] * len(types)
    assert [m["event_id"] for m in made if "event_id" in m] == (["0-1-2-3"] if types else [])
    assert {(one.topic, one.tenant, one.workflow_id) for one in frames} <= {(Topic.JOBS_STATUS, "t", "wf")}


def test_a_submission_has_all_fields_of_the_dialect() -> None:
    view = StepView(
        id=StepId("wf:1:02"), job_id=JobId("wf"), tenant=TenantId("t"), type="simulation", priority=70,
        status=JobStatus.QUEUED, attempt=0, max_attempts=3, queued_at_ms=4,
    )  # fmt: skip
    submission = Submission(Requirements(type="simulation", models=("m",), vram_gb=8), {"steps": 2}, 120.0)
    [message] = messages(frames_of(event("step.queued", job_type="simulation"), view, submission))
    assert message["job_data"] == {
        "id": "wf:1:02", "job_type": "simulation", "status": "pending", "priority": 70, "payload": {"steps": 2},
        "workflow_id": "wf", "workflow_priority": 70, "workflow_datetime": 4, "step_number": 2, "customer_id": "t",
        "requirements": {
            "models": ["m"], "custom_nodes": [], "tags": [], "hardware": {"gpu_memory_gb": 8}, "timeout_minutes": 2.0,
        },
        "created_at": 5,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("source", "old", "new"),
    [
        (event("step.completed", worker_id="w", attempt=1, result={}), "in_progress", "completed"),
        (event("step.failed", worker_id="w", attempt=1, error=ERROR), "in_progress", "failed"),
        (event("step.failed", attempt=0, error=ERROR | {"code": "timeout"}), "pending", "timeout"),
        (event("step.cancelled", reason="user"), "pending", "cancelled"),
    ],
)
def test_an_end_is_a_change_of_status(source: Event, old: str, new: str) -> None:
    change = messages(frames_of(source))[0]
    assert (change["old_status"], change["new_status"]) == (old, new)


def test_the_end_of_a_failed_job_reads_as_a_failed_completion() -> None:
    complete = messages(frames_of(event("step.failed", worker_id="w", attempt=1, error=ERROR)))[-1]
    assert complete["result"] == {"status": "failed", "data": None, "error": "broke"}


def test_progress_is_the_workflows_beside_that_of_the_step() -> None:
    progress = ProgressMessage(
        job_id=JobId("wf"), step_id=StepId("s"), worker_id=WorkerId("w"), progress=75, step_progress=50, at_ms=5
    )
    [message] = messages([progress_frame(progress)])
    assert (message["type"], message["progress"], message["step_progress"]) == ("update_job_progress", 75, 50)


async def test_the_latest_progress_of_each_step_is_taken_in_the_order_of_its_coming() -> None:
    latest = LatestProgress()
    made = {percent: frame({"progress": percent}, Topic.JOBS_PROGRESS) for percent in (10, 20, 30)}
    for step, percent in (("a", 10), ("b", 20), ("a", 30)):
        latest.put(StepId(step), made[percent])
    assert await latest.take() == [made[20], made[30]]


def test_a_worker_of_a_back_end_comes_with_its_connector() -> None:
    worker, connector = messages(connected(INFO, WorkerState.IDLE, 5))
    assert worker["type"] == "worker_connected"
    assert worker["worker_data"]["capabilities"]["gpu_memory_gb"] == 24
    assert connector == {
        "type": "connector_status_changed", "timestamp": 5, "connector_id": "host_8188", "service_type": "comfyui",
        "worker_id": "w@host_8188", "status": "active",
    }  # fmt: skip
    gone, inactive = messages(disconnected(INFO.worker_id, INFO, WorkerState.LOST, 6))
    assert (gone["type"], gone["machine_id"], gone["reason"]) == ("worker_disconnected", "m", "lost")
    assert inactive["status"] == "inactive"
    [change] = messages([changed(INFO, "idle", "busy", "j", 7)])
    assert (change["old_status"], change["new_status"], change["current_job_id"]) == ("idle", "busy", "j")


@pytest.mark.parametrize(
    ("status", "is_new", "types"),
    [
        (MachineState.READY, True, ["machine_startup", "machine_startup_complete"]),
        (MachineState.READY, False, ["machine_status_updated"]),
        (MachineState.SHUTDOWN, False, ["machine_shutdown"]),
        (MachineState.DISCONNECTED, False, ["machine_disconnected"]),
    ],
)
def test_a_machine_starts_changes_and_ends(status: MachineState, is_new: bool, types: list[str]) -> None:
    made = messages(machine_changed("m", status, 1, 5, is_new=is_new))
    assert [m["type"] for m in made] == types
    assert {m["machine_id"] for m in made} == {"m"}


async def test_a_reader_that_is_too_far_behind_overflows() -> None:
    buffer, one = FrameBuffer(), frame({"type": "x"}, Topic.WORKERS)
    buffer.put([one] * MAX_FRAMES)
    assert len(await buffer.take()) == MAX_FRAMES
    buffer.put([one] * (MAX_FRAMES + 1))
    with pytest.raises(Overflowed):
        await buffer.take()
