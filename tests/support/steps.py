"""Makers of steps and workers for tests."""

import time
from typing import Any

from darkroom_schemas.ids import JobId, StepId, TenantId, WorkerId, new_uuid7
from darkroom_schemas.step import StepSubmit
from darkroom_schemas.worker import Capabilities, Requirements, WorkerInfo


def make_step(**changes: Any) -> StepSubmit:
    """Make a step of type `simulation`; `changes` replace its fields."""
    job_id = JobId(new_uuid7())
    fields: dict[str, Any] = {
        "id": StepId(f"{job_id}:1:00"),
        "job_id": job_id,
        "tenant": TenantId("t1"),
        "requirements": Requirements(type="simulation"),
        "payload": {"n": 1},
        "created_us": time.time_ns() // 1000,
    }
    return StepSubmit(**(fields | changes))


def make_worker(name: str = "w1", **changes: Any) -> WorkerInfo:
    """Make a worker that can run `simulation`; `changes` replace its fields."""
    fields: dict[str, Any] = {
        "worker_id": WorkerId(name),
        "incarnation": new_uuid7(),
        "machine_id": "m1",
        "capabilities": Capabilities(types=("simulation",)),
        "version": "0",
    }
    return WorkerInfo(**(fields | changes))
