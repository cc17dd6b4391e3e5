"""Frames: messages to WebSocket clients as they are sent, with what subscriptions decide by."""

import json
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from darkroom_schemas.ids import TenantId

Message = dict[str, Any]


class Topic(StrEnum):
    """What a monitor can subscribe to."""

    WORKERS = "workers"
    MACHINES = "machines"
    JOBS = "jobs"
    """All messages about jobs."""
    JOBS_STATUS = "jobs:status"
    JOBS_PROGRESS = "jobs:progress"
    SYSTEM_STATS = "system_stats"
    HEARTBEAT = "heartbeat"


@dataclass(frozen=True, slots=True)
class Frame:
    """One message in its serialized form, shared by all connections that send it.

    `tenant` is None for messages about the fleet, which only operators see, and for progress, which names no tenant.
    """

    text: str
    topic: Topic
    tenant: TenantId | None = None
    job_id: str | None = None
    workflow_id: str | None = None
    worker_id: str | None = None


def frame(message: Message, topic: Topic, tenant: TenantId | None = None) -> Frame:
    """Serialize a message."""
    return Frame(
        to_text(message), topic, tenant, message.get("job_id"), message.get("workflow_id"), message.get("worker_id")
    )


def to_text(message: Message) -> str:
    """Return a message as JSON without spaces."""
    return json.dumps(message, separators=(",", ":"), ensure_ascii=False)
