"""Typed identifiers, and the formats of step ids and event ids."""

import os
import re
import time
import uuid
from dataclasses import dataclass
from typing import NewType, Self

JobId = NewType("JobId", str)
StepId = NewType("StepId", str)
TenantId = NewType("TenantId", str)
UserId = NewType("UserId", str)
WorkerId = NewType("WorkerId", str)
TraceId = NewType("TraceId", str)
AssetId = NewType("AssetId", str)

SYSTEM_TENANT = TenantId("system")
"""The tenant of steps that the operator submits to the queue directly. All other tenants are users of the platform."""

_EVENT_ID = re.compile(r"(\d{1,4})-(\d{1,16})-(\d{1,16})-(\d{1,16})\Z", re.ASCII)


def new_uuid7() -> str:
    """Create a time-ordered UUID (RFC 9562 §5.7), so that primary keys are appended to the end of their index."""
    ms = time.time_ns() // 1_000_000
    value = (ms << 80) | int.from_bytes(os.urandom(10))
    value = (value & ~(0xF << 76)) | (0x7 << 76)
    value = (value & ~(0x3 << 62)) | (0x2 << 62)
    return str(uuid.UUID(int=value))


def new_trace_id() -> TraceId:
    """Create a W3C trace id: 32 lower-case hex digits, not all zero."""
    return TraceId(uuid.uuid4().hex)


def step_id(job_id: JobId, run: int, number: int) -> StepId:
    """Return the id of step `number` (from 0) in a job's `run` (from 1): `<job>:<run>:<nn>`."""
    return StepId(f"{job_id}:{run}:{number:02d}")


@dataclass(frozen=True, order=True, slots=True)
class EventId:
    """Position in the event log: `<shard>-<epoch>-<ms>-<seq>`, ordered within one shard."""

    shard: int
    epoch: int
    ms: int
    seq: int

    def __str__(self) -> str:
        return f"{self.shard}-{self.epoch}-{self.ms}-{self.seq}"

    @property
    def stream_id(self) -> str:
        """Return the id of the entry in the shard's Redis stream."""
        return f"{self.ms}-{self.seq}"

    @classmethod
    def parse(cls, text: str) -> Self:
        """Parse an event id. Raises ValueError unless it is four numbers joined by hyphens."""
        match = _EVENT_ID.match(text)
        if match is None:
            raise ValueError(f"not an event id: {text[:64]!r}; expected <shard>-<epoch>-<ms>-<seq>")
        shard, epoch, ms, seq = map(int, match.groups())
        return cls(shard, epoch, ms, seq)
