"""How a generation becomes a step: for a back end, for our pipeline, or not at all."""

from typing import Any

import pytest
from darkroom_schemas.payload import MAX_SEED
from darkroom_schemas.worker import Capabilities
from platform_api.domain.errors import InvalidParameter
from platform_api.domain.planning.checkpoints import UnknownCheckpoint, checkpoints
from platform_api.domain.planning.from_generation import plan_generation
from platform_api.domain.planning.generation import Generation
from platform_api.domain.planning.plan import Plan, PlannedStep

SDXL = "sdxl-base-1.0"

SDXL_WORKER = Capabilities(types=("sdxl_image_fast", "sdxl_image_high"), models=(SDXL, "pony_v8"))
FORGE = Capabilities(types=("a1111",), backends=("Main",))


def plan_of(
    live: tuple[Capabilities, ...] = (SDXL_WORKER,),
    unknown: UnknownCheckpoint = UnknownCheckpoint.FALLBACK,
    **asked: Any,
) -> Plan:
    values = {"app_type": "forge", "server_alias": "Main", "prompt": "a boat"} | asked
    return plan_generation(Generation(**values), live, unknown)


def step_of(live: tuple[Capabilities, ...] = (SDXL_WORKER,), **asked: Any) -> PlannedStep:
    (step,) = plan_of(live, **asked).steps
    return step


def refused(live: tuple[Capabilities, ...] = (SDXL_WORKER,), **asked: Any) -> str:
    with pytest.raises(InvalidParameter) as error:
        step_of(live, **asked)
    return error.value.name.removeprefix("generation_params.")


def test_what_was_not_given_is_filled_in_from_the_catalogue() -> None:
    payload = step_of().payload
    assert (payload["width"], payload["height"], payload["steps"]) == (1024, 1024, 20)
    assert (payload["sampler"], payload["guidance_scale"], payload["model"]) == ("DPM++ 2M Karras", 7.0, SDXL)
    assert len(payload["seeds"]) == 1


def test_image_of_the_catalogues_size_and_steps_costs_the_catalogues_price() -> None:
    assert step_of(steps=15).price_mc == 250
    assert step_of(steps=25).price_mc == 500


def test_price_grows_with_steps_and_pixels_and_is_never_nothing() -> None:
    prices = [step_of(steps=steps).price_mc for steps in range(1, 151)]
    assert prices == sorted(prices)
    assert step_of(steps=50, width=512, height=512).price_mc == 250
    assert step_of(steps=1, width=64, height=64).price_mc == 10


@pytest.mark.parametrize(
    ("sampler", "scheduler", "expected"),
    [
        ("Euler", None, "Euler"),
        ("Euler", "Balanced", "Euler"),
        ("Euler", "Automatic", "Euler"),
        ("Euler", "karras", "Euler Karras"),
        ("DPM++ 2M Karras", "Karras", "DPM++ 2M Karras"),
        (None, "Karras", "DPM++ 2M Karras"),
        ("dpm++ 2m karras", " KARRAS ", "DPM++ 2M Karras"),
        ("dpmpp_2m", "karras", "DPM++ 2M Karras"),
        ("euler_ancestral", "Normal", "Euler a"),
        ("EULER", "balanced", "Euler"),
    ],
)
def test_sampler_and_scheduler_become_one_name(sampler: str | None, scheduler: str | None, expected: str) -> None:
    assert step_of(sampler=sampler, scheduler=scheduler).payload["sampler"] == expected


@pytest.mark.parametrize(("sampler", "expected"), [("euler A", "Euler a"), ("Restart", "Restart"), ("None", None)])
def test_back_end_gets_the_sampler_in_its_own_spelling(sampler: str, expected: str | None) -> None:
    assert step_of((FORGE,), sampler=sampler, scheduler="sgm_uniform").payload["sampler_name"] == expected
    assert step_of((FORGE,), scheduler="sgm_uniform").payload["scheduler"] == "SGM Uniform"


@pytest.mark.parametrize("path", ["pony_v8", "Pony_v8.safetensors", "Pony/pony_v8.safetensors", "a\\pony_v8.ckpt"])
def test_checkpoint_is_found_by_its_file_name(path: str) -> None:
    assert step_of(checkpoint=path).payload["model"] == "pony_v8"


@pytest.mark.parametrize(
    ("path", "checkpoint"),
    [
        ("SD/pony.safetensors [0a1b2c3d4e]", "sd\\pony.safetensors [0a1b2c3d4e]"),
        ("pony", "old/pony.ckpt"),
        ("0A1B2C3D4E", "sd\\pony.safetensors [0a1b2c3d4e]"),
        ("old/pony", "old/pony.ckpt"),
        ("old\\pony.ckpt", "old/pony.ckpt"),
    ],
)
def test_checkpoint_of_a_back_end_is_found_by_path_title_and_hash(path: str, checkpoint: str) -> None:
    forge = FORGE.model_copy(update={"models": ("sd\\pony.safetensors [0a1b2c3d4e]", "old/pony.ckpt", SDXL)})
    plan = plan_of((forge,), checkpoint=path)
    assert (plan.steps[0].payload["checkpoint"], plan.notices) == (checkpoint, ())


@pytest.mark.parametrize(
    "path", ["models/Pony/v8.safetensors", "Pony\\v8", "deadbeef01", "sdxl-base-1", "wan2.1-t2v-1.3b"]
)
def test_unknown_checkpoint_falls_back_to_the_default_and_says_so(path: str) -> None:
    plan = plan_of(checkpoint=path)
    assert plan.steps[0].payload["model"] == SDXL
    (notice,) = plan.notices
    assert repr(path) in notice
    assert SDXL in notice
    assert plan.parameters["notices"] == [notice]


def test_unknown_checkpoint_of_a_back_end_falls_back_to_its_default() -> None:
    plan = plan_of((FORGE.model_copy(update={"models": ("pony",)}),), checkpoint="v8")
    assert plan.steps[0].payload["checkpoint"] is None
    assert "'v8'" in plan.notices[0]


def test_back_end_that_does_not_report_its_checkpoints_gets_the_name_as_it_came() -> None:
    plan = plan_of((FORGE,), checkpoint="SD\\v8.safetensors")
    assert (plan.steps[0].payload["checkpoint"], plan.notices) == ("SD/v8.safetensors", ())


def test_unknown_checkpoint_is_refused_where_the_operator_wants_it_so() -> None:
    for live in ((SDXL_WORKER,), (FORGE.model_copy(update={"models": ("pony",)}),)):
        with pytest.raises(InvalidParameter, match="v8") as error:
            plan_of(live, UnknownCheckpoint.REJECT, checkpoint="v8")
        assert error.value.name == "generation_params.checkpoint_name"


def test_checkpoints_are_those_of_live_workers_and_the_default() -> None:
    assert checkpoints([FORGE]) == [SDXL]
    assert checkpoints([SDXL_WORKER, FORGE]) == [SDXL, "pony_v8"]


def test_what_no_pipeline_of_ours_does_needs_a_back_end() -> None:
    for name, asked in (
        ("restore_faces", {"restore_faces": True}),
        ("upscaler_model", {"upscaler": "ESRGAN"}),
        ("refiner_model", {"refiner": "other"}),
        ("style_preset", {"style": "oil"}),
        ("subseed", {"subseed": 0}),
    ):
        assert refused(**asked) == name
        assert step_of((FORGE,), **asked).job_type == "a1111"
    assert step_of(upscaler="None", refiner="", style="simple").job_type == "sdxl_image_high"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("init_images", ["iVBOR"]),
        ("mask", "iVBOR"),
        ("loras", [{"name": "ink"}]),
        ("alwayson_scripts", {"ControlNet": {"args": []}}),
        ("clip_skip", 2),
        ("vae", "sdxl_vae.safetensors"),
        ("tiling", True),
        ("styles", ["oil"]),
        ("enable_hr", True),
        ("subseed_strength", 0.3),
        ("override_settings", {"eta_ddim": 1}),
    ],
)
def test_member_that_would_change_the_picture_is_refused_by_name(name: str, value: object) -> None:
    for live in ((SDXL_WORKER,), (FORGE,)):
        assert refused(live, members={name: value}) == name
        assert refused(live, other_members={name: value}) == name


@pytest.mark.parametrize(
    "members",
    [
        {"init_images": [], "mask": None, "loras": [], "alwayson_scripts": {}, "override_settings": {}},
        {"clip_skip": 1, "vae": "Automatic", "tiling": False, "styles": [], "enable_hr": False, "subseed_strength": 0},
        {"denoising_strength": 0.7, "hr_scale": 1.5, "hr_upscaler": "Latent", "mask_blur": 4, "seed_resize_from_w": -1},
    ],
)
def test_member_that_changes_nothing_is_accepted(members: dict[str, Any]) -> None:
    assert step_of(members=members).job_type == "sdxl_image_high"


def test_clip_skip_reaches_the_pipeline_and_a_back_end() -> None:
    assert step_of(clip_skip=2).payload["clip_skip"] == 2
    assert "clip_skip" not in step_of().payload
    assert step_of((FORGE,), clip_skip=2).payload["options"] == {"override_settings": {"CLIP_stop_at_last_layers": 2}}


def test_clip_skip_of_a_workflow_is_refused() -> None:
    comfy = Capabilities(types=("comfyui",), backends=("Main",))
    assert refused((comfy,), app_type="comfyui", workflow={"1": {}}, clip_skip=3) == "clip_skip"
    assert step_of((comfy,), app_type="comfyui", workflow={"1": {}}, clip_skip=2).job_type == "comfyui"


def test_second_pass_cannot_be_changed() -> None:
    assert refused((FORGE,), hires=True, members={"denoising_strength": 0.7}) == "denoising_strength"
    assert step_of((FORGE,), hires=True, members={"hr_scale": 2, "hr_upscaler": "None"}).payload["options"]["enable_hr"]


def test_further_members_are_counted() -> None:
    assert refused(members={f"m{number}": 1 for number in range(101)}) == "generation_params"


def test_other_words_for_the_application_run_where_forge_jobs_do() -> None:
    for word in ("Forge", "swarmui", "sdxl_image_fast"):
        plan = plan_of((SDXL_WORKER, FORGE), app_type=word)
        assert (plan.job_type, plan.steps[0].job_type) == (word, "a1111")
    comfy = Capabilities(types=("comfyui",), backends=("Main",))
    assert plan_of((comfy,), app_type="ComfyUI", workflow={"1": {}}).steps[0].job_type == "comfyui"


def test_back_end_of_another_alias_or_kind_gets_nothing() -> None:
    assert step_of((SDXL_WORKER, FORGE), server_alias="Attic").requirements.backend is None  # type: ignore[union-attr]
    assert step_of((SDXL_WORKER, FORGE), app_type="comfyui").job_type == "sdxl_image_high"


def test_second_pass_costs_four_times_as_much() -> None:
    assert step_of((FORGE,), hires=True).price_mc == 4 * step_of((FORGE,)).price_mc


def test_second_pass_of_our_own_pipeline_is_priced_by_the_steps_that_run() -> None:
    plain, twice = step_of(steps=20), step_of(steps=20, hires=True)
    assert twice.payload["hires"] == {"denoising_strength": 0.7, "upscaler": "latent"}
    assert twice.price_mc == plain.price_mc * (20 + 4 * 14) // 20
    assert twice.payload["max_bytes"] == 4 * plain.payload["max_bytes"]


def test_work_of_one_job_is_bounded() -> None:
    assert refused(images=16, steps=20, hires=True) == "num_images"
    assert refused(images=16, steps=150) == "num_images"
    assert refused(width=2048, height=2048) == "width"


def test_seeds_count_up_and_wrap() -> None:
    assert step_of(seed=MAX_SEED, images=2).payload["seeds"] == [MAX_SEED, 0]


def test_the_payload_says_what_the_client_chose() -> None:
    assert step_of().payload["chosen"] == []
    assert step_of(steps=8, cfg_scale=0, sampler="Euler").payload["chosen"] == ["steps", "guidance_scale", "sampler"]
    assert step_of(scheduler="Karras").payload["chosen"] == ["sampler"]
    assert step_of(sampler="Automatic", scheduler="Balanced").payload["chosen"] == []


def test_steps_beyond_the_limit_of_the_sampler_are_refused() -> None:
    assert refused(steps=51, sampler="lcm") == "steps"
    assert step_of(steps=50, sampler="TCDScheduler").payload["sampler"] == "TCD"
