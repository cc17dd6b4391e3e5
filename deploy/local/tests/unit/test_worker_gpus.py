"""A stack starts one worker for each GPU that the driver lists, and leaves the choice to the operator's settings."""

from pathlib import Path

import pytest
from darkroom_local.errors import StackError
from darkroom_local.worker_gpus import gpus_of, number_of_workers

TABLE = """\
0, NVIDIA GeForce RTX 4090, GPU-1111, 24564, 24000, 570.86.10, 8.9, [N/A]
1, NVIDIA GeForce RTX 3060, GPU-2222, 12288, 12000, 570.86.10, 8.6, [N/A]
"""


@pytest.fixture(autouse=True)
def two_gpus(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Put an `nvidia-smi` on the path that answers as that of a machine with two GPUs does."""
    (tmp_path / "table").write_text(TABLE)
    program = tmp_path / "nvidia-smi"
    program.write_text(f"#!/bin/sh\ncat {tmp_path}/table\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")


def test_each_gpu_gets_a_worker() -> None:
    gpus = gpus_of("full", {})
    assert gpus == ("GPU-1111", "GPU-2222")
    assert number_of_workers(None, gpus) == 2


def test_a_profile_of_the_cpu_has_one_worker_and_no_gpu() -> None:
    assert gpus_of("tiny", {}) == ()
    assert number_of_workers(None, ()) == 1


def test_a_number_that_was_asked_for_is_obeyed() -> None:
    assert number_of_workers(0, ("GPU-1111",)) == 0
    assert number_of_workers(3, ("GPU-1111",)) == 3


def test_settings_that_name_a_device_are_left_alone() -> None:
    assert gpus_of("full", {"GPU_WORKER_DEVICE": "1"}) == ()


@pytest.mark.parametrize(
    ("visible", "gpus"),
    [("1", ("GPU-2222",)), ("GPU-2222,0", ("GPU-2222", "GPU-1111")), ("", ()), ("0,9,1", ("GPU-1111",))],
)
def test_the_gpus_that_cuda_may_see_are_the_ones_that_are_used(visible: str, gpus: tuple[str, ...]) -> None:
    assert gpus_of("full", {"CUDA_VISIBLE_DEVICES": visible}) == gpus


def test_an_unknown_profile_is_refused_with_the_known_ones() -> None:
    with pytest.raises(StackError, match="full, mini, tiny"):
        gpus_of("huge", {})
