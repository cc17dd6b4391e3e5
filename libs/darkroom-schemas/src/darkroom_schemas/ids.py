"""Typed identifiers and the formats that carry meaning: step ids and event ids."""

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
"""Owns the steps that the operator gives to the queue directly. All other tenants are users of the platform."""

_EVENT_ID = re.compile(r"(\d{1,4})-(\d{1,16})-(\d{1,16})-(\d{1,16})\Z", re.ASCII)


def new_uuid7() -> str:
    """Make a time-ordered UUID (RFC 9562 §5.7), so that primary keys grow at the right edge of their index."""
    ms = time.time_ns() // 1_000_000
    value = (ms << 80) | int.from_bytes(os.urandom(10))
    value = (value & ~(0xF << 76)) | (0x7 << 76)
    value = (value & ~(0x3 << 62)) | (0x2 << 62)
    return str(uuid.UUID(int=value))


def new_trace_id() -> TraceId:
    """Make a W3C trace id: 32 lower-case hex digits, never all zero."""
    return TraceId(uuid.uuid4().hex)


def step_id(job_id: JobId, run: int, number: int) -> StepId:
    """Name step `number` (from 0) of a job's `run` (from 1): `<job>:<run>:<nn>`."""
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
        """Read an event id; raises ValueError for anything else than four numbers joined by dashes."""
        match = _EVENT_ID.match(text)
        if match is None:
            raise ValueError(f"not an event id: {text[:64]!r}; expected <shard>-<epoch>-<ms>-<seq>")
        shard, epoch, ms, seq = map(int, match.groups())
        return cls(shard, epoch, ms, seq)
