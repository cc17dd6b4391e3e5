"""Plans jobs of the catalogue's own types. The payload contains every value that affects the output."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from darkroom_schemas.catalogue import CATALOGUE, JobType
from darkroom_schemas.families import Kind
from darkroom_schemas.loras import LoraChoice, without_tags
from darkroom_schemas.payload import MAX_SEED
from darkroom_schemas.planning import complete_payload, seeds_from
from darkroom_schemas.worker import Capabilities

from platform_api.domain.errors import InvalidParameter, UnknownJobType
from platform_api.domain.planning.image_to_image import NO_OPTIONS, ImageOptions, with_image_options
from platform_api.domain.planning.loras import Chosen, choose_loras, refuse_loras
from platform_api.domain.planning.plan import DEFAULT_PRIORITY, Plan, PlannedStep
from platform_api.domain.planning.templates import REFERENCE_START, starts_reference

PROMPT_TYPE = "prompt_enhance"
SUBMITTABLE = tuple(name for name, job_type in CATALOGUE.items() if job_type.kind is not None)
"""The job types of Darkroom's own models."""
MAX_PROMPT_CHARACTERS = 2000
ENHANCED_PROMPT = "{{steps.00.text}}"


@dataclass(frozen=True, slots=True)
class JobRequest:
    """A request, independent of any dialect. `extra` is stored with the job and not interpreted.

    Without a negative prompt, the default of the model applies; an empty one means none.
    """

    job_type: str
    prompt: str = ""
    negative_prompt: str | None = None
    seed: int | None = None
    priority: int = DEFAULT_PRIORITY
    loras: tuple[LoraChoice, ...] = ()
    image: ImageOptions = NO_OPTIONS
    extra: dict[str, Any] = field(default_factory=dict)


def plan_job(request: JobRequest, live: Sequence[Capabilities] = ()) -> Plan:
    """Validate and plan a request; raises `UnknownJobType` or `InvalidParameter`.

    `live` are the live workers, which must offer the LoRAs of the request.
    """
    job_type = CATALOGUE.get(request.job_type)
    if job_type is None or request.job_type not in SUBMITTABLE:
        raise UnknownJobType(request.job_type, SUBMITTABLE)
    _check(request, job_type)
    seeds = seeds_from(request.seed, job_type.outputs)
    negative_prompt = request.negative_prompt
    chosen = _loras(request, job_type, live)
    steps = []
    if job_type.enhanced:
        steps.append(_step(CATALOGUE[PROMPT_TYPE], request.prompt, None, seeds, job_type.enhance_price_mc))
        last = _step(
            job_type, ENHANCED_PROMPT, negative_prompt, seeds, job_type.price_mc, request.prompt, image=request.image
        )
    else:
        last = _step(
            job_type, chosen.prompt, negative_prompt, seeds, job_type.price_mc, loras=chosen, image=request.image
        )
    parameters = {
        **request.extra,
        "prompt": request.prompt,
        "negative_prompt": request.negative_prompt or "",
        "seeds": list(seeds),
        "bucket": job_type.bucket,
        **chosen.parameters,
        **request.image.given,
    }
    return Plan(job_type.name, (*steps, last), parameters, request.priority)


def _loras(request: JobRequest, job_type: JobType, live: Sequence[Capabilities]) -> Chosen:
    """Return the prompt without LoRA tags and the LoRAs; a language model writes for a picture that may have them."""
    if job_type.takes_loras:
        return choose_loras(request.prompt, request.loras, live)
    is_enhancement = job_type.kind is Kind.PROMPT
    refuse_loras("" if is_enhancement else request.prompt, request.loras, job_type.name)
    return Chosen(without_tags(request.prompt) if is_enhancement else request.prompt)


def _check(request: JobRequest, job_type: JobType) -> None:
    for name, prompt in (("prompt", request.prompt), ("negative_prompt", request.negative_prompt or "")):
        if len(prompt) > MAX_PROMPT_CHARACTERS:
            raise InvalidParameter(name, f"must have at most {MAX_PROMPT_CHARACTERS} characters, has {len(prompt)}")
        if "\0" in prompt:
            raise InvalidParameter(name, "must not contain the character U+0000")
        if job_type.enhanced and starts_reference(prompt):
            raise InvalidParameter(name, f"must not contain {REFERENCE_START}, which refers to results of other steps")
    if request.seed is not None and not 0 <= request.seed <= MAX_SEED:
        raise InvalidParameter("seed", f"must be between 0 and {MAX_SEED}")


def _step(
    job_type: JobType,
    prompt: str,
    negative_prompt: str | None,
    seeds: tuple[int, ...],
    price_mc: int,
    original_prompt: str | None = None,
    loras: Chosen | None = None,
    image: ImageOptions = NO_OPTIONS,
) -> PlannedStep:
    given: dict[str, Any] = {"prompt": prompt, "seeds": seeds}
    if job_type.kind is Kind.PROMPT:
        given["seeds"] = seeds[:1]
    else:
        given |= {"negative_prompt": negative_prompt, "original_prompt": original_prompt}
    requirements = None
    if loras is not None and loras.loras:
        given["loras"] = loras.loras
        own = job_type.requirements
        requirements = own.model_copy(update={"models": own.models + loras.models})
    payload = complete_payload(job_type, given)
    step = PlannedStep(job_type.name, payload, price_mc, outputs=len(payload["seeds"]), requirements=requirements)
    return with_image_options(step, job_type, given, image) if image else step
