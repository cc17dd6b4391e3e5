"""From a request to the steps that answer it, with every value that decides the pixels filled in from the catalogue."""

import secrets
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from darkroom_schemas.catalogue import CATALOGUE, OURVIDZ_TYPES, JobType
from darkroom_schemas.ids import JobId, TenantId, UserId
from darkroom_schemas.payload import MAX_SEED, Family, ImagePayload, PromptPayload, VideoPayload
from darkroom_schemas.status import JobStatus
from darkroom_schemas.step import StepSubmit
from darkroom_schemas.worker import Requirements

from platform_api.domain.errors import InvalidParameter, UnknownJobType
from platform_api.domain.job import Job, Step

PROMPT_TYPE = "prompt_enhance"
SUBMITTABLE = (*OURVIDZ_TYPES, PROMPT_TYPE)
MAX_PROMPT_CHARACTERS = 2000
MADE_SEEDS_BELOW = 2**53
"""Seeds that we make stay exact in JavaScript, whose numbers are doubles."""
ENHANCED_PROMPT = "{{steps.00.text}}"


@dataclass(frozen=True, slots=True)
class JobRequest:
    """What a caller asks for, in the words of no dialect. `extra` is kept with the job and read by nobody."""

    user_id: UserId
    job_type: str
    prompt: str = ""
    negative_prompt: str = ""
    seed: int | None = None
    priority: int = 50
    extra: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Plan:
    """The steps of a job, the parameters worth remembering, and the price if everything is delivered."""

    steps: tuple[Step, ...]
    parameters: dict[str, Any]
    price_mc: int


def plan_job(request: JobRequest, job_id: JobId) -> Plan:
    """Check the request's values and resolve it; raises `UnknownJobType` or `InvalidParameter`."""
    job_type = CATALOGUE.get(request.job_type)
    if job_type is None or request.job_type not in SUBMITTABLE:
        raise UnknownJobType(request.job_type, SUBMITTABLE)
    _check(request)
    seed = secrets.randbelow(MADE_SEEDS_BELOW) if request.seed is None else request.seed
    seeds = tuple((seed + i) % (MAX_SEED + 1) for i in range(job_type.outputs))
    negative_prompt = request.negative_prompt if job_type.is_sdxl else ""
    steps = []
    if job_type.enhanced:
        steps.append(_step(job_id, 0, CATALOGUE[PROMPT_TYPE], request.prompt, "", seeds, job_type.enhance_price_mc))
    prompt = ENHANCED_PROMPT if job_type.enhanced else request.prompt
    steps.append(_step(job_id, len(steps), job_type, prompt, negative_prompt, seeds, job_type.price_mc, request.prompt))
    parameters = {
        **request.extra,
        "prompt": request.prompt,
        "negative_prompt": request.negative_prompt,
        "seeds": list(seeds),
        "bucket": job_type.bucket,
    }
    return Plan(tuple(steps), parameters, job_type.total_price_mc)


def step_submission(job: Job, step: Step) -> StepSubmit:
    """Write a step as the queue takes it. Workers offer a type only if their memory allows it, so none is required."""
    job_type = CATALOGUE[step.job_type]
    return StepSubmit(
        id=step.id,
        job_id=job.id,
        tenant=TenantId(job.user_id),
        requirements=Requirements(type=job_type.name, models=(job_type.model,) if job_type.model else ()),
        payload=step.payload,
        created_us=_microseconds(job.created_at),
        priority=job.priority,
        expected_ms=max(1, int(job_type.expected_s * 1000)),
        timeout_s=job_type.timeout_s,
        trace_id=job.trace_id,
    )


def _check(request: JobRequest) -> None:
    for name, prompt in (("prompt", request.prompt), ("negative_prompt", request.negative_prompt)):
        if len(prompt) > MAX_PROMPT_CHARACTERS:
            raise InvalidParameter(name, f"must have at most {MAX_PROMPT_CHARACTERS} characters, has {len(prompt)}")
        if "\0" in prompt:
            raise InvalidParameter(name, "must not contain the character U+0000")
    if request.seed is not None and not 0 <= request.seed <= MAX_SEED:
        raise InvalidParameter("seed", f"must be between 0 and {MAX_SEED}")
    if not 1 <= request.priority <= 100:
        raise InvalidParameter("priority", "must be between 1 and 100")


def _step(
    job_id: JobId,
    number: int,
    job_type: JobType,
    prompt: str,
    negative_prompt: str,
    seeds: tuple[int, ...],
    price_mc: int,
    original_prompt: str = "",
) -> Step:
    payload = _payload(job_type, prompt, negative_prompt, seeds, original_prompt if prompt != original_prompt else None)
    return Step(job_id, 1, number, job_type.name, JobStatus.QUEUED, payload, price_mc)


def _payload(
    job_type: JobType, prompt: str, negative_prompt: str, seeds: tuple[int, ...], original_prompt: str | None
) -> dict[str, Any]:
    payload: ImagePayload | VideoPayload | PromptPayload
    if job_type.family is Family.PROMPT:
        payload = PromptPayload(family=Family.PROMPT, prompt=prompt, seeds=seeds[:1], model=str(job_type.model))
        return payload.model_dump(mode="json")
    common = job_type.model_dump(
        include={"family", "width", "height", "steps", "guidance_scale", "sampler", "model", "bucket", "frames", "fps"}
    ) | {
        "prompt": prompt,
        "negative_prompt": negative_prompt,
        "original_prompt": original_prompt,
        "seeds": seeds,
        "max_bytes": job_type.max_output_bytes,
    }
    is_video = job_type.family is Family.WAN_VIDEO
    payload = VideoPayload.model_validate(common) if is_video else ImagePayload.model_validate(common)
    return payload.model_dump(mode="json")


def _microseconds(moment: datetime) -> int:
    return int(moment.timestamp() * 1_000_000)
