"""Measures the memory of denoising and decoding on a GPU, to refine the planner's footprints from the next start on.

Encoding and prompt enhancement are not measured: what they need depends on the number of tokens, and is small.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import torch

from gpu_worker.domain.memory.card import CUDA
from gpu_worker.domain.memory.footprint import Shape, StageName
from gpu_worker.domain.memory.measured import Peaks
from gpu_worker.domain.memory.placement import bytes_between_steps, bytes_during
from gpu_worker.runtime.device import Device
from gpu_worker.runtime.model_cache import AdmittedModel


class PeakRecorder:
    """Records the peak of each stage that completes. Does nothing on a CPU, which reports no peaks."""

    def __init__(
        self,
        device: Device,
        peaks: Peaks,
        keys: Mapping[str, str],
        *,
        loaded_bytes: Callable[[], int],
        store: Callable[[Peaks], None],
    ) -> None:
        """`keys` has the name of each model's measurements, `loaded_bytes` returns what loaded models hold."""
        self._device = device
        self._peaks = peaks
        self._keys = keys
        self._loaded_bytes = loaded_bytes
        self._store = store

    @contextmanager
    def decoding(self, model: AdmittedModel, vae: Any, shape: Shape) -> Iterator[None]:
        """Record the peak of a decode, with tiles or whole as the VAE is set at its end, unless it raises."""
        if self._device.kind != CUDA:
            yield
            return
        self._reset()
        yield
        self._record(model, StageName.DECODE_TILED if vae.use_tiling else StageName.DECODE, shape)

    @contextmanager
    def encoding(self, model: AdmittedModel, vae: Any, shape: Shape) -> Iterator[None]:
        """Record the peak of encoding a picture, with tiles or whole as the VAE is set at its end, unless it raises."""
        if self._device.kind != CUDA:
            yield
            return
        self._reset()
        yield
        self._record(model, StageName.ENCODE_IMAGE_TILED if vae.use_tiling else StageName.ENCODE_IMAGE, shape)

    @contextmanager
    def denoising(self, model: AdmittedModel, shape: Shape, denoiser: Any) -> Iterator[None]:
        """Record the peak of a pipeline's call from the end of the denoiser's first call on.

        That call still sees what encoding the text left on the device. A pipeline that calls it once measures nothing.
        """
        if self._device.kind != CUDA:
            yield
            return
        calls = 0

        def count(_module: Any, _inputs: Any, _output: Any) -> None:
            nonlocal calls
            calls += 1
            if calls == 1:
                self._reset()

        handle = denoiser.register_forward_hook(count)
        try:
            yield
        finally:
            handle.remove()
        if calls > 1:
            self._record(model, StageName.DENOISE, shape)

    def _reset(self) -> None:
        torch.cuda.reset_peak_memory_stats()

    def _record(self, model: AdmittedModel, stage: StageName, shape: Shape) -> None:
        placement = model.plan.placement
        others = self._loaded_bytes() - bytes_between_steps(model.footprint, placement)
        weights = bytes_during(model.footprint, placement, stage)
        peak = torch.cuda.max_memory_allocated() - others
        if self._peaks.add((self._keys[model.ref.name], stage, shape), peak, weights):
            self._store(self._peaks)
