"""The samplers that the platform promises are those that the worker has, by every spelling."""

import json
import math
from collections.abc import Callable
from importlib.resources import files
from typing import Any

import pytest
from darkroom_schemas.families import FAMILIES
from gpu_worker.domain.failures import Failure
from gpu_worker.pipelines.sdxl import samplers as sdxl
from gpu_worker.pipelines.wan import samplers as wan


def test_the_worker_has_the_samplers_that_are_promised() -> None:
    assert set(sdxl.SAMPLERS) == set(FAMILIES["sdxl"].samplers)


@pytest.mark.parametrize("make", [sdxl.make_sampler, wan.make_sampler])
def test_the_worker_takes_a_sampler_in_any_spelling(make: Callable[[str, dict[str, float]], object]) -> None:
    config = {"num_train_timesteps": 1000, "flow_shift": 3.0}
    assert type(make("dpmpp_2m", config)) is type(make("DPM++ 2M", config))
    with pytest.raises(Failure, match="there are"):
        make("warp", config)


@pytest.fixture
def sdxl_config() -> dict[str, Any]:
    """The published configuration: `leading` timesteps."""
    config: dict[str, Any] = json.loads(
        (files("gpu_worker") / "registry/sdxl/scheduler/scheduler_config.json").read_text()
    )
    return config


def trained_sigma(timestep: int) -> float:
    """Compute SDXL's noise level by hand: betas are the squares of an even division of the roots of both ends."""
    first, last = 0.00085**0.5, 0.012**0.5
    kept = 1.0
    for number in range(timestep + 1):
        kept *= 1 - (first + (last - first) * number / 999) ** 2
    return math.sqrt((1 - kept) / kept)


@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # of NumPy, about code of diffusers
@pytest.mark.parametrize("sampler", ["DPM++ 2M", "DPM++ 2M SDE", "DPM++ 3M", "UniPC", "DEIS"])
def test_multistep_samplers_start_at_the_noise_that_the_model_was_trained_with(
    sdxl_config: dict[str, Any], sampler: str
) -> None:
    scheduler = sdxl.make_sampler(sampler, sdxl_config)
    scheduler.set_timesteps(15)
    timesteps = [round(999 * part / 15) for part in range(15, 0, -1)]
    assert scheduler.timesteps.tolist() == timesteps
    assert scheduler.sigmas[:-1].tolist() == pytest.approx(
        [trained_sigma(timestep) for timestep in timesteps], rel=1e-4
    )
    assert float(scheduler.sigmas[0]) == pytest.approx(14.6146, abs=1e-3)


def test_a_spacing_that_a_model_was_distilled_for_is_kept(sdxl_config: dict[str, Any]) -> None:
    scheduler = sdxl.make_sampler("DPM++ 2M", sdxl_config | {"timestep_spacing": "trailing"})
    assert scheduler.config.timestep_spacing == "trailing"
    assert sdxl.make_sampler("Euler", sdxl_config).config.timestep_spacing == "leading"


@pytest.mark.parametrize("steps", [1, 2, 4, 25, 150])
@pytest.mark.parametrize("shift", [3.0, 5.0])
def test_euler_for_wan_shifts_its_noise_levels_once(steps: int, shift: float) -> None:
    scheduler = wan.make_sampler("Euler", {"num_train_timesteps": 1000, "flow_shift": shift})
    scheduler.set_timesteps(steps)
    even = [1 - number / steps for number in range(steps)]
    shifted = [shift * level / (1 + (shift - 1) * level) for level in even]
    assert scheduler.sigmas.tolist() == pytest.approx([*shifted, 0.0], abs=1e-6)
    assert scheduler.timesteps.tolist() == pytest.approx([1000 * level for level in shifted], abs=1e-3)
