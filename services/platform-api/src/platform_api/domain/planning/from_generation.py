"""Plans a generation: on a live back end with the server's alias, otherwise on Darkroom's own workers."""

from collections.abc import Iterator, Sequence
from typing import Any

from darkroom_schemas.catalogue import CATALOGUE, JobType
from darkroom_schemas.families import FAMILIES
from darkroom_schemas.image_to_image import DEFAULT_SCALE, Hires
from darkroom_schemas.payload import ImagePayload, LeftOpen
from darkroom_schemas.planning import seeds_from
from darkroom_schemas.remote_payloads import A1111Payload, ComfyUIPayload
from darkroom_schemas.samplers import KARRAS, find_name, find_sampler, step_limit
from darkroom_schemas.worker import Capabilities, Requirements

from platform_api.domain.planning.checkpoints import (
    DEFAULT_CHECKPOINT,
    UnknownCheckpoint,
    choose_for_backend,
    choose_for_worker,
)
from platform_api.domain.planning.generation import (
    MEGAPIXEL,
    PARAMS,
    Generation,
    check_work,
    is_chosen,
    price_of_image,
    work_of_image,
    wrong,
)
from platform_api.domain.planning.generation_members import check_members
from platform_api.domain.planning.loras import Chosen, choose_loras
from platform_api.domain.planning.plan import Plan, PlannedStep
from platform_api.domain.servers import backend_type

FAST, HIGH = CATALOGUE["sdxl_image_fast"], CATALOGUE["sdxl_image_high"]
FAMILY = FAMILIES[str(HIGH.family)]
DEFAULT_STEPS, DEFAULT_CFG_SCALE = 20, 7.0
A1111_SIDE = 512
PRESETS = frozenset({"balanced", "fast", "quality", "normal"})
"""Quality presets and schedulers that do not change the sampler."""
A1111_SCHEDULERS = (
    *("Uniform", "Karras", "Exponential", "Polyexponential", "SGM Uniform", "KL Optimal", "Align Your Steps"),
    *("Simple", "Normal", "DDIM", "Beta"),
)


def plan_generation(
    asked: Generation, live: Sequence[Capabilities], unknown: UnknownCheckpoint = UnknownCheckpoint.FALLBACK
) -> Plan:
    """Validate and plan a generation; raises `InvalidParameter` with the unsupported field and the reason.

    The plan's notices are also stored in its parameters.
    """
    check_members(asked.other_members, "")
    check_members(asked.members, PARAMS, hires=asked.hires)
    seeds = seeds_from(asked.seed, asked.images)
    type_ = backend_type(asked.app_type)
    behind = [can for can in live if asked.server_alias in can.backends and type_ in can.types]
    notice = None
    if asked.workflow is not None:
        step = _comfyui_step(asked, is_live=bool(behind))
    elif behind and type_ == "a1111":
        choice = choose_for_backend(asked.checkpoint, behind, unknown)
        step, notice = _a1111_step(asked, seeds, choice.checkpoint), choice.notice
    else:
        choice = choose_for_worker(asked.checkpoint, live, unknown)
        chosen = choose_loras(
            asked.prompt, asked.loras, live, prompt_field=f"{PARAMS}positive_prompt", loras_field=f"{PARAMS}loras"
        )
        step, notice = _own_step(asked, seeds, choice.checkpoint or DEFAULT_CHECKPOINT, chosen), choice.notice
    parameters = {
        **asked.stored,
        "prompt": asked.prompt,
        "negative_prompt": asked.negative_prompt or "",
        "seeds": list(seeds),
        "served_by": step.job_type,
        "bucket": CATALOGUE[step.job_type].bucket,
    }
    if notice is None:
        return Plan(asked.app_type, (step,), parameters)
    return Plan(asked.app_type, (step,), parameters | {"notices": [notice]}, notices=(notice,))


def _own_step(asked: Generation, seeds: tuple[int, ...], model: str, chosen: Chosen) -> PlannedStep:
    for name, why in _not_for_workers(asked):
        raise wrong(name, why)
    steps = asked.steps or DEFAULT_STEPS
    job_type = FAST if steps <= _typical_steps(FAST) else HIGH
    width, height = asked.width or HIGH.width or 0, asked.height or HIGH.height or 0
    work_of_image(width, height, steps)
    sampler = _sampler(asked.sampler, asked.scheduler)
    limit = step_limit(sampler)
    if limit is not None and steps > limit:
        raise wrong("steps", f"must be at most {limit} with the sampler {sampler}, are {steps}")
    payload = ImagePayload(
        family=FAMILY.name,
        prompt=chosen.prompt,
        loras=chosen.loras,
        negative_prompt=asked.negative_prompt,
        width=width,
        height=height,
        steps=steps,
        guidance_scale=DEFAULT_CFG_SCALE if asked.cfg_scale is None else asked.cfg_scale,
        sampler=sampler,
        chosen=tuple(_chosen(asked)),
        model=model,
        bucket=job_type.bucket,
        max_bytes=job_type.max_output_bytes * (round(DEFAULT_SCALE**2) if asked.hires else 1),
        seeds=seeds,
        clip_skip=asked.clip_skip,
        hires=Hires() if asked.hires else None,
    )
    work = payload.step_pixels / MEGAPIXEL
    check_work(asked.images, work)
    typical = work_of_image(job_type.width or 0, job_type.height or 0, _typical_steps(job_type))
    return PlannedStep(
        job_type.name,
        payload.model_dump(mode="json", exclude_none=True),
        price_of_image(job_type, work=work, typical_work=typical),
        outputs=len(seeds),
        requirements=Requirements(type=job_type.name, models=(model, *chosen.models)),
    )


def _chosen(asked: Generation) -> Iterator[LeftOpen]:
    """Yield the values that the client chose; for the others, the model may have defaults of its own."""
    if asked.steps is not None:
        yield "steps"
    if asked.cfg_scale is not None:
        yield "guidance_scale"
    if is_chosen(asked.sampler) or _is_karras(asked.scheduler):
        yield "sampler"


def _is_karras(scheduler: str | None) -> bool:
    """Return whether a scheduler is the one that changes the sampler."""
    return scheduler is not None and find_name(scheduler, (KARRAS,)) is not None


def _not_for_workers(asked: Generation) -> Iterator[tuple[str, str]]:
    """Return the requested features that only an operator's back end supports."""
    why = f"needs a back end that serves {asked.server_alias!r}, and no live worker offers one"
    flags = {
        "restore_faces": asked.restore_faces,
        "upscaler_model": is_chosen(asked.upscaler),
        "refiner_model": is_chosen(asked.refiner),
        "style_preset": is_chosen(asked.style),
        "subseed": asked.subseed is not None,
    }
    yield from ((name, why) for name, is_asked in flags.items() if is_asked)


def _sampler(name: str | None, scheduler: str | None) -> str:
    sampler = name if name is not None and is_chosen(name) else str(HIGH.sampler)
    if scheduler is not None and is_chosen(scheduler) and scheduler.strip().lower() not in PRESETS:
        if find_name(scheduler, (KARRAS,)) is None:
            message = f"must be Karras, Automatic or Balanced without a back end of your own, not {scheduler[:64]!r}"
            raise wrong("scheduler_or_quality_preset", message)
        sampler = f"{sampler} {KARRAS}" if find_name(sampler[-len(KARRAS) :], (KARRAS,)) is None else sampler
    found = find_sampler(sampler, FAMILY.samplers)
    if found is None:
        message = f"with its scheduler must be one of {', '.join(FAMILY.samplers)}, not {sampler[:64]!r}"
        raise wrong("sampler_name", message)
    return found


def _a1111_step(asked: Generation, seeds: tuple[int, ...], checkpoint: str | None) -> PlannedStep:
    job_type = CATALOGUE["a1111"]
    width, height = asked.width or A1111_SIDE, asked.height or A1111_SIDE
    steps = asked.steps or DEFAULT_STEPS
    work = work_of_image(width, height, steps, hires=asked.hires)
    check_work(asked.images, work)
    payload = A1111Payload(
        prompt=_with_tags(asked),
        negative_prompt=asked.negative_prompt or "",
        width=width,
        height=height,
        steps=steps,
        cfg_scale=DEFAULT_CFG_SCALE if asked.cfg_scale is None else asked.cfg_scale,
        sampler_name=_as_a1111_writes(asked.sampler) if asked.sampler and is_chosen(asked.sampler) else None,
        scheduler=find_name(asked.scheduler or "", A1111_SCHEDULERS),
        checkpoint=checkpoint,
        seeds=seeds,
        options=_options(asked),
        bucket=job_type.bucket,
        max_bytes=job_type.max_output_bytes,
    )
    return PlannedStep(
        job_type.name,
        payload.model_dump(mode="json"),
        price_of_image(job_type, work=work, typical_work=work_of_image(A1111_SIDE, A1111_SIDE, DEFAULT_STEPS)),
        outputs=len(seeds),
        requirements=Requirements(type=job_type.name, backend=asked.server_alias),
    )


def _as_a1111_writes(sampler: str) -> str:
    """Return a sampler in the spelling of A1111, which is case-sensitive. Unknown samplers are returned unchanged."""
    return find_sampler(sampler, FAMILY.samplers) or sampler


def _with_tags(asked: Generation) -> str:
    """Return the prompt with a tag for each LoRA, which is how A1111 takes them."""
    return " ".join((asked.prompt, *(f"<lora:{lora.name}:{lora.weight:g}>" for lora in asked.loras)))


def _options(asked: Generation) -> dict[str, Any]:
    """Return the other settings as options of A1111's API."""
    options: dict[str, Any] = {}
    if asked.restore_faces:
        options["restore_faces"] = True
    if asked.hires:
        options |= {"enable_hr": True, "hr_scale": 2}
        if is_chosen(asked.upscaler):
            options["hr_upscaler"] = asked.upscaler
    if is_chosen(asked.refiner):
        options |= {"refiner_checkpoint": asked.refiner, "refiner_switch_at": 0.8}
    if is_chosen(asked.style):
        options["styles"] = [asked.style]
    if asked.subseed is not None:
        options["subseed"] = asked.subseed
    if asked.clip_skip is not None:
        options["override_settings"] = {"CLIP_stop_at_last_layers": asked.clip_skip}
    return options


def _comfyui_step(asked: Generation, *, is_live: bool) -> PlannedStep:
    job_type = CATALOGUE["comfyui"]
    if backend_type(asked.app_type) != job_type.name:
        raise wrong("workflow", f"needs the app_type comfyui, not {asked.app_type!r}")
    if not is_live:
        raise wrong("workflow", f"needs a ComfyUI that serves {asked.server_alias!r}, and no live worker offers one")
    if asked.clip_skip not in {None, 1, 2}:
        raise wrong("clip_skip", "has no effect on a workflow, which has a node for it")
    if asked.loras:
        raise wrong("loras", "has no effect on a workflow, which has nodes for them")
    payload = ComfyUIPayload(
        workflow=dict(asked.workflow or {}),
        max_outputs=asked.images,
        bucket=job_type.bucket,
        max_bytes=job_type.max_output_bytes,
    )
    return PlannedStep(
        job_type.name,
        payload.model_dump(mode="json"),
        job_type.price_mc,
        outputs=asked.images,
        requirements=Requirements(type=job_type.name, backend=asked.server_alias),
    )


def _typical_steps(job_type: JobType) -> int:
    return job_type.steps or DEFAULT_STEPS
