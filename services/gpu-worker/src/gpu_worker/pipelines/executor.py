"""Runs steps on the pipeline of their payload's family."""

from collections.abc import Callable
from functools import partial

from darkroom_schemas.payload import Family, PromptPayload

from gpu_worker.models.files import find_model
from gpu_worker.models.payloads import with_defaults
from gpu_worker.models.registry import ModelFamily
from gpu_worker.pipelines.context import LoadContext, PipelineContext
from gpu_worker.pipelines.qwen.job import run_prompt
from gpu_worker.pipelines.qwen.load import load_qwen
from gpu_worker.pipelines.sdxl.job import run_sdxl
from gpu_worker.pipelines.sdxl.load import load_sdxl
from gpu_worker.pipelines.sink import OutputSink
from gpu_worker.pipelines.wan.job import run_wan
from gpu_worker.pipelines.wan.load import load_wan
from gpu_worker.runtime.child_link import Send, StepLink
from gpu_worker.runtime.device import choose_device
from gpu_worker.runtime.messages import FileReady, ModelLoaded, Ready, RunStep, Setup, StepDone
from gpu_worker.runtime.model_cache import LoadedModel, ModelCache

_LOADERS = {ModelFamily.SDXL: load_sdxl, ModelFamily.WAN: load_wan, ModelFamily.QWEN: load_qwen}

OpenSink = Callable[[RunStep, int, Callable[[FileReady], None]], OutputSink]
"""Opens the sink of one step: the step, the largest allowed file in bytes, and what announces a complete file."""


class PipelineExecutor:
    """Implements `StepExecutor` on the device and the models of a setup."""

    def __init__(self, setup: Setup, send: Send, open_sink: OpenSink) -> None:
        self._open_sink = open_sink
        self._device = choose_device(setup.profile.devices, setup.memory.budget_gb)
        self._entries = setup.profile.models
        load_context = LoadContext(self._device, setup.models_dir, setup.memory, self._check)
        self._link: StepLink | None = None

        def on_loaded(name: str, model: LoadedModel, seconds: float) -> None:
            send(ModelLoaded(model=name, seconds=round(seconds, 3), memory_bytes=model.memory_bytes))

        self.models = ModelCache(
            self._entries,
            {family: partial(load, context=load_context) for family, load in _LOADERS.items()},
            budget_bytes=self._device.budget_bytes,
            free_memory=self._device.free_caches,
            on_loaded=on_loaded,
        )
        self._context = PipelineContext(self._device, setup.memory, self.models, setup.profile.name)
        for entry in self._entries.values():
            # Download every model now, so that no step waits for a download.
            find_model(entry, setup.models_dir)
        for name in setup.profile.preload:
            self.models.get(name)

    def ready(self) -> Ready:
        """Describe the device to the parent."""
        return Ready(device=self._device.kind, device_name=self._device.name, memory_bytes=self._device.total_bytes)

    def memory_bytes(self) -> int:
        """Return the memory in use, for the metrics."""
        return self._device.used_bytes() or self.models.used_bytes()

    def resident_models(self) -> tuple[str, ...]:
        """Return the models that are loaded."""
        return self.models.names()

    def run(self, step: RunStep, link: StepLink) -> StepDone:
        """Run one step to its end."""
        self._link = link
        try:
            return self._run(step, link)
        finally:
            self._link = None

    def _check(self) -> None:
        """Raise Stopped if the running step was asked to stop; models are also loaded when no step runs."""
        if self._link is not None:
            self._link.check()

    def _run(self, step: RunStep, link: StepLink) -> StepDone:
        payload = with_defaults(step.payload, self._entries)
        if isinstance(payload, PromptPayload):
            result, timings = run_prompt(payload, self._context, link)
            return StepDone(
                run_id=step.run_id,
                text=result.text,
                enhanced=result.failure is None,
                notes=result.notes,
                timings_s=timings,
            )
        sink = self._open_sink(step, payload.max_bytes, link.file_ready)
        if payload.family is Family.SDXL:
            timings, notes = run_sdxl(payload, self._context, sink, link)
        else:
            timings, notes = run_wan(payload, self._context, sink, link)
        return StepDone(run_id=step.run_id, notes=notes, timings_s=timings)
