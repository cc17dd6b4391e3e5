"""What the worker's own logic needs of the world around it."""

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from darkroom_schemas.channels import Preview
from darkroom_schemas.step import ClaimedStep, StepResult


class StepRun(Protocol):
    """One attempt in hand, as the queue gives it."""

    @property
    def step(self) -> ClaimedStep: ...

    @property
    def stop(self) -> asyncio.Event:
        """Set when the attempt is to end: it was cancelled, took too long, or its lease is lost."""

    def progress(
        self,
        percent: float,
        *,
        message: str | None = None,
        current_step: int | None = None,
        total_steps: int | None = None,
    ) -> None: ...

    def show_preview(self, preview: Preview) -> None:
        """Tell with the next progress where a preview is."""


class Connector(Protocol):
    """What executes steps. Raises a Failure for a failed attempt, Stopped after `stop` was set."""

    @property
    def name(self) -> str: ...

    @property
    def types(self) -> Sequence[str]:
        """The job types that it serves."""

    @property
    def models(self) -> Sequence[str]:
        """The models that it offers, by their logical names."""

    async def check(self) -> None:
        """Raise if a step could not start now."""

    async def run(self, run: StepRun) -> StepResult: ...


@dataclass(frozen=True, slots=True)
class StoredObject:
    """An object as it was stored; `sha256` is in hexadecimal."""

    size_bytes: int
    sha256: str


class ObjectStore(Protocol):
    """Where outputs are kept."""

    async def put(self, key: str, path: Path, mime_type: str) -> StoredObject: ...

    async def delete(self, key: str) -> None:
        """Delete an object if it is there."""


class Deletions(Protocol):
    """Takes what nobody will ask for out of the store."""

    def discard(self, keys: Iterable[str]) -> None:
        """Delete objects before long."""
