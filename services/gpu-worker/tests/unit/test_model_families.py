"""Families declare what the worker needs to know of them; a name that no family has is refused with those known."""

import pytest
from darkroom_schemas.catalogue import CATALOGUE
from darkroom_schemas.families import FAMILIES, Kind
from darkroom_schemas.payload import ImagePayload, PromptPayload
from gpu_worker.domain.memory.footprint import StageName
from gpu_worker.models.demands import least_shapes, local_job_types, stage_shapes
from gpu_worker.models.families import family_of, model_families, serving
from gpu_worker.models.profile import Profile, Scale
from gpu_worker.models.profile_loader import load_profile
from pydantic import ValidationError


def test_every_family_of_the_catalogue_is_served_by_one_family_of_models() -> None:
    served = [name for family in model_families().values() for name in family.serves]
    assert sorted(served) == sorted(FAMILIES)
    assert {serving(name).name for name in FAMILIES} == set(model_families())


def test_an_unknown_family_is_refused_with_the_known_ones() -> None:
    with pytest.raises(ValueError, match="no 'flux'; there are: sdxl, wan, qwen, z_image"):
        family_of("flux")
    with pytest.raises(ValueError, match="no model family serves 'flux'"):
        serving("flux")
    with pytest.raises(ValidationError, match=r"families sdxl, wan_image, .* not 'flux'"):
        Profile.model_validate(load_profile("tiny").model_dump() | {"scales": {"flux": Scale()}})


def test_a_job_type_is_offered_only_by_a_model_of_a_family_that_serves_it() -> None:
    models = dict(load_profile("tiny").models)
    assert {job_type.name for job_type in local_job_types(models)} == {
        name for name, job_type in CATALOGUE.items() if job_type.kind is not None
    }
    models["sdxl-base-1.0"] = models["wan2.1-t2v-1.3b"]
    assert not {"sdxl_image_fast", "sdxl_image_high"} & {job_type.name for job_type in local_job_types(models)}


@pytest.mark.parametrize("name", list(model_families()))
def test_the_smallest_step_of_a_family_has_a_shape_for_each_stage(name: str) -> None:
    entry = next(entry for entry in load_profile("full").models.values() if entry.family == name)
    kinds = {FAMILIES[served].kind for served in family_of(name).serves}
    stages = {"write"} if kinds == {Kind.PROMPT} else {"encode", "denoise", "decode"}
    assert set(least_shapes(entry)) == stages


def test_guidance_doubles_what_z_image_denoises_at_once(z_image_payload: ImagePayload) -> None:
    plain = stage_shapes(z_image_payload)[StageName.DENOISE]
    guided = stage_shapes(z_image_payload.model_copy(update={"guidance_scale": 4.0}))[StageName.DENOISE]
    assert (guided.size, guided.batch) == (2 * plain.size, plain.batch)


def test_a_payload_of_another_kind_has_no_shapes(image_payload: ImagePayload, prompt_payload: PromptPayload) -> None:
    with pytest.raises(TypeError, match="asks for no image"):
        family_of("sdxl").stage_shapes(prompt_payload)
    with pytest.raises(TypeError, match="is no prompt"):
        family_of("qwen").stage_shapes(image_payload)
