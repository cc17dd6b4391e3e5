"""Samplers are found by their names in A1111, ComfyUI and diffusers, in any case."""

import pytest
from darkroom_schemas.families import FAMILIES
from darkroom_schemas.samplers import find_sampler, step_limit

SDXL_SAMPLERS = FAMILIES["sdxl"].samplers


@pytest.mark.parametrize(
    ("name", "sampler"),
    [
        ("euler_ancestral", "Euler a"),
        ("EULER A", "Euler a"),
        ("dpmpp_2m_karras", "DPM++ 2M Karras"),
        ("dpmpp_2m_sde_gpu_karras", "DPM++ 2M SDE Karras"),
        ("dpm_2_ancestral", "DPM2 a"),
        ("uni_pc", "UniPC"),
        ("uni_pc_bh2", "UniPC"),
        ("EulerDiscreteScheduler", "Euler"),
        ("eulerdiscretescheduler karras", "Euler Karras"),
        ("lcm", "LCM"),
        ("TCDScheduler", "TCD"),
        ("warp", None),
    ],
)
def test_a_sampler_is_found_by_any_of_its_names(name: str, sampler: str | None) -> None:
    assert find_sampler(name, SDXL_SAMPLERS) == sampler


def test_only_samplers_of_distilled_models_limit_the_steps() -> None:
    assert {name: limit for name in SDXL_SAMPLERS if (limit := step_limit(name))} == {"LCM": 50, "TCD": 50}
    assert step_limit("LCMScheduler") == 50
