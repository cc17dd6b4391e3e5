"""Peaks of denoising and decoding are recorded as work beside the weights that the placement holds."""

from collections.abc import Callable
from types import SimpleNamespace

import pytest
import torch
from darkroom_schemas.recipe import ModelRef
from gpu_worker.domain.memory.card import CPU, CUDA
from gpu_worker.domain.memory.footprint import Component, Footprint, Shape, StageName
from gpu_worker.domain.memory.measured import Peaks
from gpu_worker.domain.memory.placement import Placement
from gpu_worker.domain.memory.plan import Plan
from gpu_worker.pipelines.peaks import PeakRecorder
from gpu_worker.runtime.device import Device
from gpu_worker.runtime.model_cache import AdmittedModel

GB = 1_000_000_000
SHAPE = Shape(1024 * 1024)
FOOTPRINT = Footprint({Component.TEXT_ENCODER: 10 * GB, Component.TRANSFORMER: 3 * GB, Component.VAE: GB})
MODEL = AdmittedModel(
    ModelRef(name="wan", source="test"),
    {},
    None,
    {},
    Plan(Placement.TEXT_OUT, tiled=False, batch=1, peak_bytes=0, device_bytes=0, ram_bytes=0),
    FOOTPRINT,
)

WHOLE = SimpleNamespace(use_tiling=False)


class Cuda:
    """The counter of torch's allocator: the largest value since the last reset."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.peak = 0
        monkeypatch.setattr(torch.cuda, "reset_peak_memory_stats", self._reset)
        monkeypatch.setattr(torch.cuda, "max_memory_allocated", lambda: self.peak)

    def reach(self, gb: float) -> None:
        self.peak = max(self.peak, round(gb * GB))

    def _reset(self) -> None:
        self.peak = 0


@pytest.fixture
def cuda(monkeypatch: pytest.MonkeyPatch) -> Cuda:
    return Cuda(monkeypatch)


def recorder(peaks: Peaks, kind: str = CUDA, stored: Callable[[Peaks], None] = lambda _: None) -> PeakRecorder:
    """Record on a device that holds 4 GB of this model's weights and 2 GB of another's between steps."""
    device = Device(kind, "card", 24 * GB, None)
    return PeakRecorder(device, peaks, {"wan": "wan/bf16"}, loaded_bytes=lambda: 6 * GB, store=stored)


def test_the_work_of_a_decode_is_its_peak_without_the_weights_of_this_and_other_models(cuda: Cuda) -> None:
    peaks = Peaks()
    saved: list[int] = []
    cuda.reach(20)
    with recorder(peaks, stored=lambda found: saved.append(len(found.points()))).decoding(MODEL, WHOLE, SHAPE):
        cuda.reach(11)
    assert peaks.points() == {("wan/bf16", StageName.DECODE, SHAPE): 5 * GB}
    assert saved == [1]


def test_denoising_is_measured_without_what_encoding_left_on_the_device(cuda: Cuda) -> None:
    peaks, denoiser = Peaks(), torch.nn.Identity()
    with recorder(peaks).denoising(MODEL, SHAPE, denoiser):
        cuda.reach(16)
        denoiser(torch.zeros(1))
        cuda.reach(8)
        denoiser(torch.zeros(1))
    assert peaks.points() == {("wan/bf16", StageName.DENOISE, SHAPE): 2 * GB}
    assert len(denoiser._forward_hooks) == 0


def test_one_call_measures_nothing(cuda: Cuda) -> None:
    peaks, denoiser = Peaks(), torch.nn.Identity()
    with recorder(peaks).denoising(MODEL, SHAPE, denoiser):
        cuda.reach(16)
        denoiser(torch.zeros(1))
    assert peaks.points() == {}


def test_a_stage_that_fails_measures_nothing(cuda: Cuda) -> None:
    peaks = Peaks()
    cuda.reach(11)
    with pytest.raises(MemoryError), recorder(peaks).decoding(MODEL, WHOLE, SHAPE):
        raise MemoryError
    assert peaks.points() == {}


def test_a_cpu_measures_nothing() -> None:
    peaks = Peaks()
    with recorder(peaks, CPU).decoding(MODEL, WHOLE, SHAPE):
        pass
    with recorder(peaks, CPU).denoising(MODEL, SHAPE, torch.nn.Identity()):
        pass
    assert peaks.points() == {}
