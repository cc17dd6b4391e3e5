"""Frames: messages to WebSocket clients as they are sent, with what subscriptions decide by."""

import json
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from darkroom_schemas.ids import TenantId

Message = dict[str, Any]
_TEXT = 0x81
"""First byte of a frame: the final one, of text."""


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
    """One message in its serialized form, shared by all connections that send it: as JSON, and as a WebSocket frame.

    `tenant` is None for messages about the fleet, which only operators see, and for progress, which names no tenant.
    """

    text: str
    data: bytes
    topic: Topic
    tenant: TenantId | None = None
    job_id: str | None = None
    workflow_id: str | None = None
    worker_id: str | None = None


def frame(message: Message, topic: Topic, tenant: TenantId | None = None) -> Frame:
    """Serialize a message."""
    text = to_text(message)
    about = (message.get("job_id"), message.get("workflow_id"), message.get("worker_id"))
    return Frame(text, text_frame(text), topic, tenant, *about)


def text_frame(text: str) -> bytes:
    """Return a text frame of a server (RFC 6455, 5.2): final, not masked, without extensions."""
    payload = text.encode()
    size = len(payload)
    if size < 126:
        return bytes((_TEXT, size)) + payload
    if size < 2**16:
        return _TEXT.to_bytes() + b"\x7e" + size.to_bytes(2) + payload
    return _TEXT.to_bytes() + b"\x7f" + size.to_bytes(8) + payload


def to_text(message: Message) -> str:
    """Return a message as JSON without spaces."""
    return json.dumps(message, separators=(",", ":"), ensure_ascii=False)
