"""Ids of prompts that any worker can compute from the step, so that it finds the prompt of a lost worker."""

import hashlib
import uuid

from darkroom_schemas.ids import StepId

MAX_PROMPTS = 32
"""Prompts that a step may have had on one server: one for each attempt that failed there."""
_NAMESPACE = uuid.UUID("5b1c8c0e-6f4e-5d1c-9b52-3f3a4f0b7a11")


def prompt_ids(step_id: StepId) -> tuple[str, ...]:
    """Return the ids of a step's prompts in the order of their use. The id of a step contains the job's run."""
    return tuple(str(uuid.uuid5(_NAMESPACE, f"{step_id}#{number}")) for number in range(MAX_PROMPTS))


def client_id(worker_id: str) -> str:
    """Return the id of a worker's WebSocket. It stays the same over restarts, so that the new socket takes over."""
    return f"darkroom-{hashlib.sha256(worker_id.encode()).hexdigest()[:16]}"
