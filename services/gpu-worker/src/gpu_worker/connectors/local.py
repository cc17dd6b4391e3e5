"""Runs steps in the GPU process and uploads the files that it writes."""

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from darkroom_schemas.catalogue import Connector as ConnectorName
from darkroom_schemas.errors import StepErrorCode
from darkroom_schemas.loras import lora_model
from darkroom_schemas.payload import AnyPayload, ImagePayload
from darkroom_schemas.step import StepResult

from gpu_worker.connectors.attempt import Attempt, Storage, attempt
from gpu_worker.connectors.input_files import fetch_input
from gpu_worker.domain.failures import UNFORESEEN, ConnectorNotReady, Failure, Stopped
from gpu_worker.domain.model_states import ModelPhase, ModelStates
from gpu_worker.domain.output_file import OutputFile
from gpu_worker.domain.ports import StepOutcomes, StepRun
from gpu_worker.models.demands import local_job_types
from gpu_worker.models.families import family_of, takes_loras
from gpu_worker.models.lora_folder import LoraUse
from gpu_worker.models.payloads import read_payload, require_model, with_defaults
from gpu_worker.models.profile import Profile
from gpu_worker.runtime.messages import FileReady, Progressed, RunStep, StepDone, StepFailure, StepOutcome


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
    """Serves the job types whose models the profile offers, and offers LoRAs beside a model that applies them."""

    name = ConnectorName.LOCAL.value

    def __init__(
        self,
        child: Child,
        profile: Profile,
        storage: Storage,
        outcomes: StepOutcomes,
        states: ModelStates,
        loras: Loras | None = None,
    ) -> None:
        self._child = child
        self._profile = profile
        self._storage = storage
        self._outcomes = outcomes
        self._states = states
        self._loras = loras
        self.types = tuple(job_type.name for job_type in local_job_types(profile.models))

    @property
    def models(self) -> tuple[str, ...]:
        """Return the models that are ready and, if one of them uses LoRAs, those that are here now as `lora:<name>`."""
        models, entries = self._states.ready, self._profile.models
        if self._loras is None or not any(takes_loras(family_of(entries[name].family)) for name in models):
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
        async with attempt(run, self._storage) as current:
            inputs = await self._inputs(payload, current)
            outcome = await self._run_on_device(
                RunStep(run_id=run.step.token, payload=payload, spool=current.folder, loras=loras, inputs=inputs),
                run.stop,
                on_progress=lambda update: _forward(current, update),
                on_file=lambda file: current.outputs.start(_output(file)),
            )
            return await self._result(outcome, current)

    async def _inputs(self, payload: AnyPayload, current: Attempt) -> dict[str, Path]:
        """Bring the input files of a payload to the attempt's folder; raises a Failure that names the field."""
        if not isinstance(payload, ImagePayload):
            return {}
        given = {"init_image": payload.init_image, "mask_image": payload.mask_image}
        return {
            name: await fetch_input(self._storage.store, name, file, current.folder)
            for name, file in given.items()
            if file is not None
        }

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

    async def _result(self, outcome: StepOutcome, current: Attempt) -> StepResult:
        match outcome:
            case StepDone():
                return await current.result(
                    outcome.timings_s, text=outcome.text, enhanced=outcome.enhanced, notes=outcome.notes
                )
            case StepFailure():
                retryable = outcome.retryable and _may_end_otherwise(outcome, current.run)
                raise Failure(outcome.code, outcome.message, retryable=retryable)
            case _:
                raise Stopped


def _may_end_otherwise(failure: StepFailure, run: StepRun) -> bool:
    """Return whether another attempt may succeed. Numbers that overflow twice depend on the model and the seed."""
    return failure.code is not StepErrorCode.NOT_FINITE or run.step.attempt == 1


def _forward(current: Attempt, update: Progressed) -> None:
    if update.preview is not None:
        current.previews.show(update.preview.path, update.preview.grid)
    current.run.progress(
        update.percent, message=update.message, current_step=update.current_step, total_steps=update.total_steps
    )


def _output(file: FileReady) -> OutputFile:
    return OutputFile(
        index=file.index,
        path=file.path,
        mime_type=file.mime_type,
        thumbnail=file.thumbnail,
        width=file.width,
        height=file.height,
        frames=file.frames,
        duration_s=file.duration_s,
        recipe=file.recipe,
    )
