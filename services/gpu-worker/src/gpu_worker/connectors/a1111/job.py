"""The images of one job, one request for each seed."""

import asyncio
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

from darkroom_schemas.errors import StepErrorCode
from darkroom_schemas.remote_payloads import A1111Payload

from gpu_worker.backends.entry import BackendEntry
from gpu_worker.connectors.a1111.checkpoints import title_of
from gpu_worker.connectors.a1111.client import A1111Client, ServerState
from gpu_worker.connectors.a1111.failures import a1111_failure, names_sampler, sampler_failure
from gpu_worker.connectors.a1111.requests import body_of, decoded, info_of, recorded, route_of, write_image
from gpu_worker.connectors.a1111.task import Task
from gpu_worker.connectors.allowed_models import require_allowed
from gpu_worker.connectors.attempt import Attempt
from gpu_worker.connectors.input_files import fetch_input
from gpu_worker.connectors.meter import Meter
from gpu_worker.connectors.patience import patiently
from gpu_worker.connectors.preview_frames import PreviewFrames
from gpu_worker.connectors.received import received_output
from gpu_worker.connectors.recipes import backend_recipe
from gpu_worker.connectors.server_faults import BadAnswer, Refused, ServerFault, Unreachable
from gpu_worker.domain.failures import Failure
from gpu_worker.domain.ports import ObjectStore

_MOST_JSON_BYTES = 64_000_000
"""Largest answer with an image in Base64, which has to be in memory."""


class A1111Job:
    """One attempt. `unfinished` is the task that the server may still work on."""

    def __init__(
        self, entry: BackendEntry, client: A1111Client, store: ObjectStore, current: Attempt, payload: A1111Payload
    ) -> None:
        self._entry, self._client, self._store = entry, client, store
        self._current, self._payload = current, payload
        self._meter, self._previews = Meter(current.run), PreviewFrames(current)
        self.unfinished: Task | None = None

    async def perform(self) -> None:
        """Make all images and start their uploads. Raises Failure."""
        payload = self._payload
        try:
            title = None
            if payload.checkpoint:
                title = title_of(payload.checkpoint, await self._client.checkpoints())
                require_allowed(self._entry, title, "checkpoint")
            given = {"init_image": payload.init_image, "mask_image": payload.mask_image}
            images = {
                name: await fetch_input(self._store, name, file, self._current.folder)
                for name, file in given.items()
                if file is not None
            }
            for index, seed in enumerate(payload.seeds):
                await self._one(index, seed, title, images)
        except ServerFault as fault:
            raise await self._failure(fault) from fault
        finally:
            await self._previews.end()

    async def _one(self, index: int, seed: int, title: str | None, images: Mapping[str, Path]) -> None:
        payload, run = self._payload, self._current.run
        task = Task(self._client, f"darkroom({run.step.token}.{index})")
        body = body_of(payload, seed, title, images, task.id)
        answer = await patiently(run, self._meter, partial(self._send, task, index, body))
        if await task.was_interrupted():
            raise Failure(StepErrorCode.BACKEND, "Somebody interrupted the image on the server", retryable=True)
        path = self._current.folder / str(index)
        await asyncio.to_thread(write_image, answer, path, payload.max_bytes)
        info = info_of(answer)
        recipe = backend_recipe(
            self._entry,
            recorded(body),
            version=info.version,
            prompt=payload.prompt,
            seed=seed if info.seed is None else info.seed,
            model=info.model or title,
        )
        self._current.outputs.start(await received_output(path, index, recipe))
        self._at(index, 1.0, "image")

    async def _send(self, task: Task, index: int, body: dict[str, Any]) -> Any:
        limit = min(self._payload.max_bytes * 4 // 3 + 4_000_000, _MOST_JSON_BYTES)
        await task.prepare()
        following = asyncio.create_task(
            task.follow(partial(self._show, index), lambda: self._meter.say("waiting for other work of the server"))
        )
        self.unfinished = task
        try:
            answer = await self._client.generate(route_of(self._payload), body, limit)
        except (BadAnswer, Refused, Unreachable):
            self.unfinished = None
            raise
        finally:
            following.cancel()
            await asyncio.gather(following, return_exceptions=True)
        self.unfinished = None
        return answer

    def _show(self, index: int, state: ServerState) -> None:
        """Report progress and preview of the image that is made."""
        self._at(index, state.progress, "image", state)
        if state.image is not None:
            try:
                self._previews.show(decoded(state.image))
            except BadAnswer:
                return

    def _at(self, index: int, done: float, message: str, state: ServerState | None = None) -> None:
        count = len(self._payload.seeds)
        self._meter.at(
            100.0 * (index + min(done, 1.0)) / count,
            f"{message} {index + 1} of {count}",
            current_step=state.step if state else None,
            total_steps=state.steps if state else None,
        )

    async def _failure(self, fault: ServerFault) -> Failure:
        if not names_sampler(fault) or self._payload.sampler_name is None:
            return a1111_failure(fault)
        try:
            samplers = await self._client.samplers()
        except ServerFault:
            samplers = []
        return sampler_failure(self._payload, samplers)
