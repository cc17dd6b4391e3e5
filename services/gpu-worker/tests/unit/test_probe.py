"""The driver's tables are read, MIG instances are devices of their own, and torch is not imported."""

from pathlib import Path

import pytest
from gpu_worker.machine.probe import parse_gpus, parse_torch_version, probe_gpus, split_by_mig

TABLE = """\
0, NVIDIA RTX 6000 Ada Generation, GPU-1111, 49140, 48500, 570.86.10, 8.9, [N/A]
1, NVIDIA H100, 80GB HBM3, GPU-2222, 81559, 81000, 570.86.10, 9.0, Enabled
2, NVIDIA GRID, GPU-3333, [N/A], [N/A], 570.86.10, 7.5, [N/A]
No devices were found
"""
LISTING = """\
GPU 0: NVIDIA RTX 6000 Ada Generation (UUID: GPU-1111)
GPU 1: NVIDIA H100 80GB HBM3 (UUID: GPU-2222)
  MIG 3g.40gb     Device  0: (UUID: MIG-aaaa-1)
  MIG 1g.10gb     Device  1: (UUID: MIG-bbbb-2)
"""


def test_the_drivers_table_is_read_and_lines_of_another_form_are_left_out() -> None:
    gpus = parse_gpus(TABLE)
    assert [gpu.name for gpu in gpus] == ["NVIDIA RTX 6000 Ada Generation", "NVIDIA H100, 80GB HBM3"]
    assert (gpus[0].memory_bytes, gpus[0].free_bytes) == (49140 * 1024 * 1024, 48500 * 1024 * 1024)
    assert (gpus[1].driver, gpus[1].compute_capability, gpus[1].has_mig) == ("570.86.10", "9.0", True)


def test_the_instances_of_a_divided_gpu_replace_it() -> None:
    whole, large, small = split_by_mig(parse_gpus(TABLE), LISTING)
    assert (whole.uuid, large.uuid, small.uuid) == ("GPU-1111", "MIG-aaaa-1", "MIG-bbbb-2")
    assert (large.memory_bytes, small.free_bytes) == (40_000_000_000, 10_000_000_000)
    assert large.is_meant_by("MIG-aaaa-1")
    assert not large.is_meant_by("1")


@pytest.mark.usefixtures("stand_in_driver")
def test_the_gpus_come_from_nvidia_smi_on_the_path() -> None:
    assert [gpu.uuid for gpu in probe_gpus()] == ["GPU-1111", "MIG-aaaa-1", "MIG-bbbb-2"]


def test_without_a_driver_there_are_no_gpus(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert probe_gpus() == ()


@pytest.fixture
def stand_in_driver(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Put an `nvidia-smi` on the path that answers as one with two GPUs does."""
    (tmp_path / "table").write_text(TABLE)
    (tmp_path / "listing").write_text(LISTING)
    program = tmp_path / "nvidia-smi"
    program.write_text(f'#!/bin/sh\nif [ "$1" = -L ]; then cat {tmp_path}/listing; else cat {tmp_path}/table; fi\n')
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")


@pytest.mark.parametrize(
    ("source", "cuda", "hip"),
    [
        ("cuda: Optional[str] = None\nhip: Optional[str] = None\n", None, None),
        ("from typing import Optional\ncuda: Optional[str] = '12.8'\nhip = None\n", "12.8", None),
        ("cuda = None\nhip = '6.3'\n", None, "6.3"),
        ("", None, None),
    ],
)
def test_what_torch_was_built_for_is_read_from_its_version_file(source: str, cuda: str | None, hip: str | None) -> None:
    build = parse_torch_version(source)
    assert (build.cuda, build.hip) == (cuda, hip)
