"""One attempt at a step as gpu-worker's connectors see it, without a queue."""

import asyncio
from typing import Any, Protocol

from darkroom_schemas.channels import Preview
from darkroom_schemas.ids import JobId, TenantId, step_id
from darkroom_schemas.step import ClaimedStep
from darkroom_schemas.worker import Requirements


class FakeRun:
    """The queue's side of one attempt, with its progress kept."""

    def __init__(self, job_type: str, payload: dict[str, Any], attempt: int) -> None:
        job = JobId("job")
        self.step = ClaimedStep(
            id=step_id(job, 1, 0),
            job_id=job,
            tenant=TenantId("t"),
            token=f"worker.{attempt}.0",
            attempt=attempt,
            timeout_s=60,
            payload=payload,
            requirements=Requirements(type=job_type),
        )
        self.stop = asyncio.Event()
        self.stop_reason: str | None = None
        self.reported: list[float] = []
        self.messages: list[str] = []
        self.progressed = asyncio.Event()
        self.previews: list[Preview] = []
        self.shown = asyncio.Event()

    def progress(self, percent: float, *, message: str | None = None, **_: object) -> None:
        self.reported.append(percent)
        self.messages.append(message or "")
        self.progressed.set()

    async def reports(self, count: int) -> None:
        """Wait until progress was reported so often."""
        while len(self.reported) < count:
            self.progressed.clear()
            await self.progressed.wait()

    def show_preview(self, preview: Preview) -> None:
        self.previews.append(preview)
        self.shown.set()


class MakeRun(Protocol):
    """Makes attempts as the queue would hand them out."""

    def __call__(self, job_type: str, payload: dict[str, Any], attempt: int = 1) -> FakeRun: ...
