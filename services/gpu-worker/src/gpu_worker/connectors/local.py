"""Runs steps in the GPU process and uploads the files that it writes."""

import asyncio
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any, Protocol

from darkroom_schemas.catalogue import CATALOGUE
from darkroom_schemas.catalogue import Connector as ConnectorName
from darkroom_schemas.errors import StepErrorCode
from darkroom_schemas.loras import lora_model
from darkroom_schemas.step import StepOutput, StepResult

from gpu_worker.connectors.previews import PreviewUploads
from gpu_worker.domain.failures import UNFORESEEN, ConnectorNotReady, Failure, Stopped
from gpu_worker.domain.model_states import ModelPhase, ModelStates
from gpu_worker.domain.object_keys import object_folder
from gpu_worker.domain.ports import Deletions, ObjectStore, StepOutcomes, StepRun
from gpu_worker.models.lora_folder import LoraUse
from gpu_worker.models.payloads import read_payload, require_model, with_defaults
from gpu_worker.models.profile import AnyPayload, Profile
from gpu_worker.models.registry import ModelFamily
from gpu_worker.runtime.messages import FileReady, Progressed, RunStep, StepDone, StepFailure, StepOutcome

_THUMBNAIL_TYPE = "image/webp"

OpenSpool = Callable[[], AbstractContextManager[Path]]
"""Makes a folder in which one attempt's files wait for their upload; leaving the context removes it."""


class Child(Protocol):
    """The GPU process; implemented by `runtime.gpu_child.GpuChild`."""

    @property
    def is_available(self) -> bool: ...

    async def run(
        self,
        step: RunStep,
        *,
        stop: asyncio.Event,
        on_progress: Callable[[Progressed], None],
        on_file: Callable[[FileReady], None],
    ) -> StepOutcome: ...


class Loras(Protocol):
    """The LoRAs of this machine; implemented by `models.lora_folder.LoraFolder`."""

    @property
    def names(self) -> tuple[str, ...]: ...

    def choose(self, payload: AnyPayload) -> tuple[LoraUse, ...]:
        """Return the LoRAs of a step; raises a Failure."""


class LocalConnector:
    """Serves the job types whose models the profile offers, and offers LoRAs beside an SDXL model."""

    name = ConnectorName.LOCAL.value

    def __init__(
        self,
        child: Child,
        profile: Profile,
        store: ObjectStore,
        spool: OpenSpool,
        deletions: Deletions,
        outcomes: StepOutcomes,
        states: ModelStates,
        loras: Loras | None = None,
    ) -> None:
        self._child = child
        self._profile = profile
        self._store = store
        self._spool = spool
        self._deletions = deletions
        self._outcomes = outcomes
        self._states = states
        self._loras = loras
        self.types = tuple(
            entry.name
            for entry in CATALOGUE.values()
            if entry.connector is ConnectorName.LOCAL and entry.model in profile.models
        )

    @property
    def models(self) -> tuple[str, ...]:
        """Return the models that are ready and, if one of them uses LoRAs, those that are here now as `lora:<name>`."""
        models, entries = self._states.ready, self._profile.models
        if self._loras is None or ModelFamily.SDXL not in {entries[name].family for name in models}:
            return models
        return (*models, *map(lora_model, self._loras.names))

    async def check(self) -> None:
        """Raise ConnectorNotReady while the GPU process or its first models are starting, or no model is ready."""
        if not self._states.have_started:
            states = "; ".join(f"{name}: {state}" for name, state in self._states.describe().items())
            problem = "the models are starting" if self._states.ready else "no model is ready"
            raise ConnectorNotReady(f"{problem}: {states}")
        if not self._child.is_available:
            raise ConnectorNotReady("the GPU process is starting")

    async def run(self, run: StepRun) -> StepResult:
        """Run one attempt. Each file is uploaded as soon as it is complete, while the GPU process works on the next.

        When the attempt fails or stops, uploads are cancelled and what they stored is queued for deletion.
        """
        payload = self._profile.fit(with_defaults(read_payload(run.step.payload), self._profile.models))
        require_model(payload, self._profile.models)
        self._require_ready(payload.model)
        loras = () if self._loras is None else await asyncio.to_thread(self._loras.choose, payload)
        uploads = _Uploads(self._store, object_folder(run.step))
        previews = PreviewUploads(self._store, object_folder(run.step), run)
        with self._spool() as folder:
            try:
                outcome = await self._run_on_device(
                    RunStep(run_id=run.step.token, payload=payload, spool=folder, loras=loras),
                    run.stop,
                    on_progress=lambda update: _forward(run, update, previews),
                    on_file=uploads.start,
                )
                return await self._result(outcome, uploads, run)
            except BaseException:
                self._deletions.discard(await uploads.abandon())
                raise
            finally:
                await previews.end()

    def _require_ready(self, model: str) -> None:
        state = self._states.all[model]
        if state.phase is not ModelPhase.READY:
            raise Failure(StepErrorCode.MODEL_UNAVAILABLE, f"The model {model!r} is not ready: {state}", retryable=True)

    async def _run_on_device(
        self,
        step: RunStep,
        stop: asyncio.Event,
        on_progress: Callable[[Progressed], None],
        on_file: Callable[[FileReady], None],
    ) -> StepOutcome:
        """Run the step, and record how it ended before anybody else learns it."""
        try:
            outcome = await self._child.run(step, stop=stop, on_progress=on_progress, on_file=on_file)
        except Failure as failure:
            if failure.code in UNFORESEEN:
                self._outcomes.failed(failure.message)
            raise
        if isinstance(outcome, StepDone):
            self._outcomes.succeeded()
        elif isinstance(outcome, StepFailure) and outcome.code in UNFORESEEN:
            self._outcomes.failed(outcome.message)
        return outcome

    async def _result(self, outcome: StepOutcome, uploads: "_Uploads", run: StepRun) -> StepResult:
        match outcome:
            case StepDone():
                started = time.perf_counter()
                outputs = await uploads.finish(run.stop)
                run.progress(100.0, message="done")
                timings = outcome.timings_s | {"upload": round(time.perf_counter() - started, 3)}
                return StepResult(
                    outputs=outputs,
                    text=outcome.text,
                    enhanced=outcome.enhanced,
                    notes=outcome.notes,
                    timings_s=timings,
                )
            case StepFailure():
                retryable = outcome.retryable and _may_end_otherwise(outcome, run)
                raise Failure(outcome.code, outcome.message, retryable=retryable)
            case _:
                raise Stopped


def _may_end_otherwise(failure: StepFailure, run: StepRun) -> bool:
    """Return whether another attempt may succeed. Numbers that overflow twice depend on the model and the seed."""
    return failure.code is not StepErrorCode.NOT_FINITE or run.step.attempt == 1


def _forward(run: StepRun, update: Progressed, previews: PreviewUploads) -> None:
    if update.preview is not None:
        previews.show(update.preview)
    run.progress(
        update.percent, message=update.message, current_step=update.current_step, total_steps=update.total_steps
    )


class _Uploads:
    """The uploads of one attempt."""

    def __init__(self, store: ObjectStore, folder: str) -> None:
        self._store = store
        self._folder = folder
        self._tasks: list[asyncio.Task[StepOutput]] = []
        self._keys: list[str] = []

    def start(self, file: FileReady) -> None:
        """Start the upload of a file that the GPU process announced."""
        self._tasks.append(asyncio.create_task(self._upload(file)))

    async def finish(self, stop: asyncio.Event) -> tuple[StepOutput, ...]:
        """Wait for all uploads and return the outputs by index; raises the first failure, and Stopped after a stop."""
        uploading, stopping = asyncio.gather(*self._tasks), asyncio.create_task(stop.wait())
        try:
            ends: set[asyncio.Future[Any]] = {uploading, stopping}
            await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
        finally:
            stopping.cancel()
        if not uploading.done():
            uploading.cancel()
            raise Stopped
        return tuple(sorted(uploading.result(), key=lambda output: output.index))

    async def abandon(self) -> list[str]:
        """Cancel the uploads and return the keys that they may have stored."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        return self._keys

    async def _upload(self, file: FileReady) -> StepOutput:
        key = f"{self._folder}/{file.index}{file.path.suffix}"
        thumbnail_key = f"{self._folder}/{file.index}.thumbnail{file.thumbnail.suffix}"
        self._keys += key, thumbnail_key
        stored = await self._store.put(key, file.path, file.mime_type)
        await self._store.put(thumbnail_key, file.thumbnail, _THUMBNAIL_TYPE)
        return StepOutput(
            key=key,
            index=file.index,
            mime_type=file.mime_type,
            size_bytes=stored.size_bytes,
            sha256=stored.sha256,
            width=file.width,
            height=file.height,
            frames=file.frames,
            duration_s=file.duration_s,
            thumbnail_key=thumbnail_key,
            recipe=file.recipe,
        )
