"""Ports: what the worker's logic needs from the queue, the connectors and the object store."""

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Protocol

from darkroom_schemas.channels import Preview
from darkroom_schemas.step import ClaimedStep, StepResult


class StepRun(Protocol):
    """One attempt of a step, as the queue's consumer hands it out."""

    @property
    def step(self) -> ClaimedStep: ...

    @property
    def stop(self) -> asyncio.Event:
        """Set when the attempt must end: it was cancelled, timed out, or lost its lease."""

    @property
    def stop_reason(self) -> str | None:
        """Why `stop` is set. After `lost`, another attempt may have continued what this one began elsewhere."""

    def progress(
        self,
        percent: float,
        *,
        message: str | None = None,
        current_step: int | None = None,
        total_steps: int | None = None,
    ) -> None: ...

    def show_preview(self, preview: Preview) -> None:
        """Publish a preview with the next progress report."""


class Connector(Protocol):
    """Executes steps of some job types. `run` raises Failure for a failed attempt and Stopped once `stop` is set."""

    @property
    def name(self) -> str: ...

    @property
    def types(self) -> Sequence[str]:
        """The job types that it serves."""

    @property
    def models(self) -> Sequence[str]:
        """The models that it offers, by their logical names."""

    async def check(self) -> None:
        """Raise ConnectorNotReady if a step could not start now."""

    async def run(self, run: StepRun) -> StepResult: ...


@dataclass(frozen=True, slots=True)
class StoredObject:
    """An object as it was stored; `sha256` is in hexadecimal."""

    size_bytes: int
    sha256: str


class ObjectStore(Protocol):
    """Stores outputs and has the inputs of steps.

    All methods raise a retryable STORAGE Failure if the store refuses; `put` tries for minutes.
    """

    async def put(self, key: str, path: Path, mime_type: str) -> StoredObject: ...

    async def get(self, key: str, path: Path, max_bytes: int) -> StoredObject:
        """Write an object to a file. Raises LookupError if there is none, or if it is larger than `max_bytes`."""

    async def delete(self, key: str) -> None:
        """Delete an object if it is there."""


class Deletions(Protocol):
    """Deletes objects that no result refers to."""

    def discard(self, keys: Iterable[str]) -> None:
        """Queue objects for deletion; returns at once."""


class HoldName(StrEnum):
    """What can keep the worker from claiming steps."""

    DEVICE = "device"
    OBJECT_STORE = "object_store"


class Holds(Protocol):
    """Keeps the worker from claiming steps while those in progress continue."""

    def hold(self, name: HoldName, reason: str) -> None: ...

    def release(self, name: HoldName) -> None: ...


class StoreWatch(Protocol):
    """Learns whether the object store takes outputs."""

    def refused(self, reason: str) -> None: ...

    def accepted(self) -> None: ...


class StepOutcomes(Protocol):
    """Learns how steps on the device ended, to judge whether the device still works."""

    def succeeded(self) -> None: ...

    def failed(self, reason: str) -> None:
        """Record a failure that says nothing about the step and so may be the device's."""
