"""An entry's footprint follows its number format, its VAE and its stated sizes; the file of peaks is bounded."""

from pathlib import Path

import pytest
from gpu_worker.domain.memory.footprint import Component, Shape, StageName
from gpu_worker.domain.memory.measured import MAX_POINTS, Peaks, refined
from gpu_worker.models.footprint_book import shipped_book
from gpu_worker.models.footprints import footprint_of, peak_key
from gpu_worker.models.peak_file import peak_file, read_peaks, write_peaks
from gpu_worker.models.profile_loader import load_profile
from gpu_worker.models.registry import ModelEntry
from pydantic import ValidationError

BOOK = shipped_book()
FULL = load_profile("full").models
SDXL = FULL["sdxl-base-1.0"]
PICTURE = Shape(1024 * 1024)


def test_a_checkpoint_with_its_own_vae_decodes_in_float32() -> None:
    replaced, own = footprint_of(SDXL, BOOK, None), footprint_of(SDXL.model_copy(update={"vae": None}), BOOK, None)
    decode = StageName.DECODE
    assert own.weights[Component.VAE] == 2 * replaced.weights[Component.VAE]
    assert own.stages[decode].work_bytes(PICTURE) == pytest.approx(
        2 * replaced.stages[decode].work_bytes(PICTURE), 1e-3
    )
    assert StageName.DECODE_FP32 not in own.stages
    assert peak_key(SDXL) != peak_key(SDXL.model_copy(update={"vae": None}))


def test_a_cpu_computes_in_float32_and_so_needs_twice_the_bytes() -> None:
    wan = FULL["wan2.1-t2v-1.3b"]
    gpu, cpu = footprint_of(wan, BOOK, None), footprint_of(wan, BOOK, None, on_cpu=True)
    assert cpu.weights[Component.TRANSFORMER] == 2 * gpu.weights[Component.TRANSFORMER]
    assert cpu.weights[Component.VAE] == gpu.weights[Component.VAE]
    assert cpu.stages[StageName.DECODE] == gpu.stages[StageName.DECODE]


def test_stated_sizes_replace_the_book_for_jobs_of_any_size() -> None:
    stated = SDXL.model_copy(update={"memory_bytes": 10_000, "peak_bytes": 12_000})
    footprint = footprint_of(stated, BOOK, None)
    assert 10_000 <= footprint.weights_bytes <= 10_000 + len(footprint.weights)
    assert footprint.stages[StageName.DENOISE].work_bytes(Shape(10**9, batch=64)) == 2_000
    assert set(footprint.weights) == set(BOOK["sdxl"].weights)


@pytest.mark.parametrize(
    ("sizes", "reason"),
    [({"memory_bytes": 5}, "go together"), ({"memory_bytes": 5, "peak_bytes": 4}, "at least memory_bytes")],
)
def test_sizes_that_contradict_each_other_are_refused(sizes: dict[str, int], reason: str) -> None:
    with pytest.raises(ValidationError, match=reason):
        ModelEntry.model_validate({"family": "sdxl", "source": {"tiny": "sdxl"}, "disk_bytes": 1} | sizes)


def test_what_a_card_measured_is_read_back_for_that_card_only(tmp_path: Path) -> None:
    peaks = Peaks()
    assert peaks.add((peak_key(SDXL), StageName.DECODE, PICTURE), peak_bytes=9_000_000_000, weights_bytes=7_000_000_000)
    write_peaks(peak_file(tmp_path), "NVIDIA A", peaks)
    found = refined(footprint_of(SDXL, BOOK, None), read_peaks(peak_file(tmp_path), "NVIDIA A"), peak_key(SDXL))
    assert found.stages[StageName.DECODE].work_bytes(PICTURE) == 2_000_000_000
    assert read_peaks(peak_file(tmp_path), "NVIDIA B").points() == {}


def test_a_peak_below_the_weights_is_not_believed() -> None:
    peaks = Peaks()
    assert not peaks.add(("a", StageName.DENOISE, PICTURE), peak_bytes=6_999, weights_bytes=7_000)
    assert peaks.points() == {}


def test_the_largest_measurement_of_a_shape_counts() -> None:
    peaks, key = Peaks(), ("a", StageName.DENOISE, PICTURE)
    assert peaks.add(key, 10, 1)
    assert not peaks.add(key, 8, 1)
    assert peaks.points() == {key: 9}


def test_the_measurements_are_bounded_and_the_oldest_are_forgotten(tmp_path: Path) -> None:
    peaks = Peaks()
    for size in range(1, MAX_POINTS + 11):
        peaks.add(("a", StageName.DENOISE, Shape(size)), size, 0)
    assert len(peaks.points()) == MAX_POINTS
    write_peaks(peak_file(tmp_path), "card", peaks)
    assert read_peaks(peak_file(tmp_path), "card").points() == peaks.points()
    for number in range(40):
        write_peaks(peak_file(tmp_path), f"card {number}", Peaks([(("a", StageName.DENOISE, PICTURE), 1)]))
    assert read_peaks(peak_file(tmp_path), "card").points() == {}
    assert read_peaks(peak_file(tmp_path), "card 39").points() != {}


@pytest.mark.parametrize("content", ["", "{", '{"devices": {"card": [1]}}', "\x00"])
def test_a_damaged_file_of_measurements_is_ignored(tmp_path: Path, content: str) -> None:
    peak_file(tmp_path).write_text(content)
    assert read_peaks(peak_file(tmp_path), "card").points() == {}
