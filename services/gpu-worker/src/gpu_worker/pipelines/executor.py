"""Runs steps on the pipeline of their payload's family."""

from collections.abc import Callable
from functools import partial

from darkroom_chassis.logs import get_logger
from darkroom_schemas.errors import StepErrorCode

from gpu_worker.domain.failures import Failure
from gpu_worker.domain.memory.card import CPU
from gpu_worker.domain.memory.measured import refined
from gpu_worker.models.files import ModelFiles, find_model, with_own_vae
from gpu_worker.models.footprint_book import shipped_book
from gpu_worker.models.footprints import footprint_of, peak_key
from gpu_worker.models.payloads import with_defaults
from gpu_worker.models.peak_file import peak_file, read_peaks, write_peaks
from gpu_worker.pipelines.context import LoadContext, PipelineContext
from gpu_worker.pipelines.families import REGISTRY, pipeline_serving
from gpu_worker.pipelines.family import Work
from gpu_worker.pipelines.peaks import PeakRecorder
from gpu_worker.pipelines.placement import place
from gpu_worker.pipelines.sink import OutputSink
from gpu_worker.pipelines.text_cache import TextCache
from gpu_worker.runtime.child_link import Send, StepLink
from gpu_worker.runtime.device import choose_device
from gpu_worker.runtime.messages import FileReady, ModelLoaded, Ready, RunStep, Setup, StepDone
from gpu_worker.runtime.model_cache import Loader, Memory, ModelCache
from gpu_worker.runtime.ram import available_ram_bytes

log = get_logger(__name__)

OpenSink = Callable[[RunStep, int, Callable[[FileReady], None]], OutputSink]
"""Opens the sink of one step: the step, the largest allowed file in bytes, and what announces a complete file."""


class PipelineExecutor:
    """Implements `StepExecutor` on the device and the models of a setup."""

    def __init__(self, setup: Setup, send: Send, open_sink: OpenSink) -> None:
        self._open_sink = open_sink
        self._device = choose_device(setup.profile.devices, setup.memory.budget_gb)
        self._link: StepLink | None = None
        self._profile, self._models_dir = setup.profile, setup.models_dir
        self._entries = entries = setup.profile.models
        self._files: dict[str, ModelFiles] = {}
        stored = peak_file(setup.models_dir)
        self._peaks = peaks = read_peaks(stored, self._device.name)

        def on_loaded(name: str, device_bytes: int, seconds: float) -> None:
            send(ModelLoaded(model=name, seconds=round(seconds, 3), memory_bytes=device_bytes))

        self.models = ModelCache(
            {},
            {},
            self._loaders(LoadContext(self._device, setup.models_dir, self._check, self._files)),
            place=lambda model, placement: place(model.parts, placement, self._device.torch_device),
            memory=Memory(self._device.card, available_ram_bytes, self._device.free_caches, setup.memory.policy),
            on_loaded=on_loaded,
        )
        recorder = PeakRecorder(
            self._device,
            peaks,
            {name: peak_key(entry) for name, entry in entries.items()},
            loaded_bytes=self.models.used_bytes,
            store=lambda measured: write_peaks(stored, self._device.name, measured),
        )
        self._context = PipelineContext(self._device, self.models, recorder, setup.profile.name, TextCache())
        if setup.models is None:
            for name in entries:
                self._offer(name, None)
            for name in setup.profile.preload:
                self._preload(name)

    @staticmethod
    def _loaders(context: LoadContext) -> dict[str, Loader]:
        return {family.name: partial(family.load, context=context) for family in REGISTRY}

    def add_model(self, name: str, files: ModelFiles | None, link: StepLink) -> None:
        """Offer a model, and load it if the profile preloads it; raises a Failure if it cannot be used."""
        self._link = link
        try:
            self._offer(name, files)
            if name in self._profile.preload:
                self._preload(name)
        except BaseException:
            self.models.withdraw(name)
            raise
        finally:
            self._link = None

    def _offer(self, name: str, files: ModelFiles | None) -> None:
        entry = with_own_vae(self._entries[name])
        self._files[name] = files = files or find_model(entry, self._models_dir)
        footprint = footprint_of(entry, shipped_book(), files.path, on_cpu=self._device.kind == CPU)
        self.models.offer(name, entry, refined(footprint, self._peaks, peak_key(entry)))

    def _preload(self, name: str) -> None:
        """Load a model as its smallest job type needs it. One that does not fit is left out; its steps are refused."""
        try:
            self.models.get(name)
        except Failure as failure:
            if failure.code is not StepErrorCode.OUT_OF_MEMORY:
                raise
            log.warning("A model is not loaded before the first step", model=name, reason=failure.message)

    def ready(self) -> Ready:
        """Describe the device to the parent."""
        card = self._device.card(self.models.used_bytes())
        return Ready(
            device=card.kind,
            device_name=card.name,
            memory_bytes=card.total_bytes,
            usable_bytes=card.usable_bytes,
            limit_bytes=card.limit_bytes,
        )

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
            with self.models.leases():
                return self._run(step, link)
        finally:
            self._link = None

    def _check(self) -> None:
        """Raise Stopped if the running step was asked to stop; models are also loaded when no step runs."""
        if self._link is not None:
            self._link.check()

    def _run(self, step: RunStep, link: StepLink) -> StepDone:
        payload = with_defaults(step.payload, self._entries)
        work = Work(
            payload,
            self._context,
            link,
            open_sink=lambda max_bytes: self._open_sink(step, max_bytes, link.file_ready),
            loras=step.loras,
            inputs=step.inputs,
        )
        ended = pipeline_serving(payload.family).run(work)
        return StepDone(
            run_id=step.run_id,
            text=ended.text,
            enhanced=ended.enhanced,
            notes=ended.notes,
            timings_s=ended.timings_s,
        )
