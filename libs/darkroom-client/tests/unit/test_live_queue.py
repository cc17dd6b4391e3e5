"""The live view follows the messages of the socket."""

from typing import Any

from darkroom_client.live_queue import MAX_JOBS, MAX_RECENT, LiveQueue

WORKER: dict[str, Any] = {
    "id": "w1", "status": "busy", "capabilities": {"gpu_model": "Test GPU", "services": ["simulation"]},
}  # fmt: skip
JOB: dict[str, Any] = {
    "job_id": "a", "job_type": "simulation", "status": "in_progress", "worker_id": "w1", "progress": 10.0,
    "started_at": 5, "completed_at": None, "error": None,
}  # fmt: skip
SNAPSHOT: dict[str, Any] = {
    "type": "full_state_snapshot",
    "workers": [WORKER],
    "machines": [{"machine_id": "m1", "workers": ["w1"]}],
    "jobs": {
        "active": [JOB],
        "pending": [JOB | {"job_id": "b", "status": "pending", "worker_id": None, "started_at": None}],
        "completed": [],
        "failed": [JOB | {"job_id": "c", "status": "failed", "completed_at": 9, "error": {"message": "broke"}}],
    },
    "system_stats": {"pending_jobs": 1},
}


def test_a_snapshot_replaces_everything() -> None:
    live = LiveQueue()
    live.apply({"type": "worker_connected", "worker_data": WORKER | {"id": "gone"}, "machine_id": "m0"})
    live.apply(SNAPSHOT)
    assert {one.id: (one.machine, one.gpu, one.status) for one in live.workers.values()} == {
        "w1": ("m1", "Test GPU", "busy")
    }
    assert [job.id for job in live.running()] == ["a"]
    assert live.waiting_by_type() == {"simulation": 1}
    assert [(one.id, one.error) for one in live.recent] == [("c", "broke")]
    assert live.stats == {"pending_jobs": 1}


def test_a_job_is_followed_to_its_end() -> None:
    live = LiveQueue()
    live.apply({"type": "job_submitted", "job_id": "a", "job_data": {"job_type": "simulation"}})
    assert live.waiting_by_type() == {"simulation": 1}
    live.apply({"type": "job_assigned", "job_id": "a", "worker_id": "w1", "assigned_at": 5})
    live.apply({"type": "update_job_progress", "job_id": "a", "step_progress": 40.0, "message": "denoise"})
    [job] = live.running()
    assert (job.worker, job.progress, job.message, job.started_ms) == ("w1", 40.0, "denoise", 5)
    live.apply({"type": "job_status_changed", "job_id": "a", "new_status": "pending"})
    assert live.running() == []
    live.apply({"type": "job_status_changed", "job_id": "a", "new_status": "completed"})
    result: dict[str, Any] = {"status": "success", "data": {}, "error": None}
    live.apply({"type": "complete_job", "job_id": "a", "timestamp": 9, "result": result})
    assert live.jobs == {}
    assert [(one.id, one.status, one.job_type) for one in live.recent] == [("a", "completed", "simulation")]
    live.apply({"type": "job_cancelled", "job_id": "b", "failed_at": 1, "timestamp": 1, "error": "user"})
    assert live.recent[0].status == "cancelled"


def test_workers_come_change_and_go() -> None:
    live = LiveQueue()
    live.apply({"type": "worker_connected", "worker_data": WORKER | {"status": "idle"}, "machine_id": "m1"})
    live.apply({"type": "worker_status_changed", "worker_id": "w1", "new_status": "busy"})
    assert live.workers["w1"].status == "busy"
    live.apply({"type": "worker_status_changed", "worker_id": "unknown", "new_status": "busy"})
    live.apply({"type": "worker_disconnected", "worker_id": "w1"})
    assert live.workers == {}
    live.apply({"type": "of a later release"})


def test_the_view_is_bounded() -> None:
    live = LiveQueue()
    for number in range(MAX_JOBS + 10):
        live.apply({"type": "job_submitted", "job_id": str(number), "job_data": {"job_type": "simulation"}})
    assert len(live.jobs) == MAX_JOBS
    result = {"status": "failed", "data": None, "error": "broke"}
    for number in range(MAX_RECENT + 10):
        live.apply({"type": "complete_job", "job_id": str(number), "timestamp": 9, "result": result})
    assert len(live.recent) == MAX_RECENT
