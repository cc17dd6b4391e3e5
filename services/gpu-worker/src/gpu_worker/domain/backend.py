"""The port of external back ends: what a connector to one server implements."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from darkroom_schemas.errors import StepErrorCode
from darkroom_schemas.step import StepResult

from gpu_worker.domain.failures import BackendAway, Failure, Stopped
from gpu_worker.domain.ports import StepRun


@dataclass(frozen=True, slots=True)
class Discovery:
    """What a back end offers at the moment. Sizes are in bytes; None where it does not say."""

    version: str | None = None
    device: str | None = None
    """Name of its GPU."""
    models: tuple[str, ...] = ()
    """Checkpoints or language models by the names that jobs use; LoRAs as `lora:<name>`."""
    custom_nodes: tuple[str, ...] = ()
    """For ComfyUI: the packages of custom nodes."""
    vram_bytes: int | None = None
    free_vram_bytes: int | None = None
    queue_depth: int | None = None


class Backend(Protocol):
    """A connector to one server.

    All methods except `close` raise ConnectorNotReady, with the reason in a sentence for operators, if the server does
    not answer or refuses the credentials.
    """

    @property
    def types(self) -> Sequence[str]:
        """The job types that it serves."""

    async def ping(self) -> None:
        """Find out within a few seconds, by a cheap request, whether the server answers. Called every few seconds."""

    async def discover(self) -> Discovery:
        """Ask the server what it offers. Called when it appears, and once a minute."""

    async def run(self, run: StepRun) -> StepResult:
        """Run one attempt. Raises Failure for a failed attempt, and Stopped once `run.stop` is set."""

    async def close(self) -> None:
        """Close the connections."""


_TRIES_WHILE_AWAY, _PAUSE_WHILE_AWAY_S = 45, 1.0
"""Longer than it takes to notice that a server is away: then its worker stops, and its steps lose no attempt."""


class BackendSteps:
    """Gives all steps of a worker to its one back end. A step that finds its server away begins again."""

    def __init__(self, name: str, backend: Backend) -> None:
        self._name, self._backend = name, backend

    def connector_name(self, job_type: str) -> str:  # noqa: ARG002 - the same for all
        """Return the type of the back end, for logs and metrics."""
        return self._name

    async def execute(self, run: StepRun) -> StepResult:
        """Run the attempt; raises an UNWORKABLE Failure for a job type that the back end does not serve."""
        job_type = run.step.requirements.type
        if job_type not in self._backend.types:
            raise Failure(StepErrorCode.UNWORKABLE, f"This back end does not serve {job_type!r}")
        for _ in range(_TRIES_WHILE_AWAY):
            try:
                return await self._backend.run(run)
            except BackendAway:
                await _pause(run.stop)
        return await self._backend.run(run)


async def _pause(stop: asyncio.Event) -> None:
    try:
        async with asyncio.timeout(_PAUSE_WHILE_AWAY_S):
            await stop.wait()
    except TimeoutError:
        return
    raise Stopped
