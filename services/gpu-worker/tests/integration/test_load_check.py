"""`darkroom worker check --load` loads the models in a real GPU process."""

from pathlib import Path

import pytest
from gpu_worker.wiring.load_check import load_models


@pytest.fixture(autouse=True)
def no_settings_of_this_machine(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)


async def test_models_that_load_are_no_problem(models_dir: Path) -> None:
    assert await load_models("tiny", models_dir) == []


async def test_a_model_that_does_not_fit_is_named(models_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GPU_WORKER_MEMORY_GB", "0.3")
    problems = await load_models("tiny", models_dir)
    assert "sdxl-base-1.0: was not loaded, since it does not fit" in problems
    assert not any("qwen" in problem for problem in problems)


async def test_a_process_that_cannot_start_is_a_problem(models_dir: Path) -> None:
    """The full profile finds no GPU on the machines that run the tests."""
    pytest.importorskip("torch")
    import torch

    if torch.cuda.is_available():
        pytest.skip("this machine has a GPU")
    assert await load_models("full", models_dir) == ["the GPU process ended before it was ready; its log says why"]


async def test_loading_that_takes_too_long_is_a_problem(models_dir: Path) -> None:
    assert await load_models("tiny", models_dir, timeout_s=0.01) == ["the models were not loaded within 0.01 s"]
