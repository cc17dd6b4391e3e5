"""Samplers are known by every spelling that clients use, and no two of them by the same one."""

import pytest
from darkroom_schemas.families import FAMILIES
from darkroom_schemas.samplers import find_name, find_sampler

SDXL_SAMPLERS = FAMILIES["sdxl"].samplers


@pytest.mark.parametrize("name", SDXL_SAMPLERS)
def test_case_and_punctuation_make_no_difference(name: str) -> None:
    for spelling in (name, name.lower(), name.upper(), name.replace(" ", "_"), f" {name.replace(' ', '-')} "):
        assert find_sampler(spelling, SDXL_SAMPLERS) == name


@pytest.mark.parametrize(
    ("spelling", "name"),
    [
        ("euler_ancestral", "Euler a"),
        ("dpm_2", "DPM2"),
        ("dpm_2_ancestral", "DPM2 a"),
        ("dpmpp_2s_ancestral", "DPM++ 2S a"),
        ("dpmpp_2s_ancestral_karras", "DPM++ 2S a Karras"),
        ("dpmpp_sde", "DPM++ SDE"),
        ("dpmpp_2m_sde_gpu", "DPM++ 2M SDE"),
        ("uni_pc", "UniPC"),
        ("ddim", "DDIM"),
        ("EulerDiscreteScheduler", "Euler"),
        ("DPMSolverMultistepScheduler", "DPM++ 2M"),
        ("unipcmultistepscheduler", "UniPC"),
    ],
)
def test_names_of_comfyui_and_diffusers_are_known(spelling: str, name: str) -> None:
    assert find_sampler(spelling, SDXL_SAMPLERS) == name


@pytest.mark.parametrize("name", ["", "Warp", "Euler Karras a", "dpmpp_3m_sde", "Karras", "DDIM Karras"])
def test_other_names_are_not_guessed(name: str) -> None:
    assert find_sampler(name, SDXL_SAMPLERS) is None


def test_sampler_that_a_pipeline_lacks_is_not_found_there() -> None:
    assert find_sampler("euler_ancestral", ("UniPC", "Euler")) is None
    assert find_name("sgm_uniform", ("SGM Uniform", "Karras")) == "SGM Uniform"
