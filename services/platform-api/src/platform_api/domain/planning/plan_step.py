"""Plans the steps of a job type from a payload with variables filled in."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Annotated, Any

from darkroom_schemas.catalogue import CATALOGUE
from darkroom_schemas.loras import MAX_LORAS, LoraChoice
from darkroom_schemas.planning import payload_model, seeds_from, type_values
from darkroom_schemas.remote_payloads import REMOTE_PAYLOADS
from darkroom_schemas.worker import Capabilities, Requirements
from pydantic import Field, TypeAdapter, ValidationError

from platform_api.domain.errors import InvalidParameter
from platform_api.domain.planning.from_catalogue import JobRequest, plan_job
from platform_api.domain.planning.image_to_image import FIELDS, SETTINGS, ImageOptions
from platform_api.domain.planning.inputs import SINGLE_FILES, take_files
from platform_api.domain.planning.plan import PlannedStep
from platform_api.domain.planning.seeds import read_seed
from platform_api.domain.planning.templates import references

_OUTPUTS = {"comfyui": "max_outputs", "fetch_api": "max_outputs", "openai_image": "count", "simulation": "pictures"}
"""The payload field with the number of outputs; otherwise one per seed, or one."""
_TEXTS = ("prompt", "negative_prompt")
_PARAMETERS = (*_TEXTS, "seed")
"""Parameters that jobs on Darkroom's own models accept; all other values come from the job type.

Some also take `loras`, and those of `image_to_image`.
"""
_LORAS: TypeAdapter[tuple[LoraChoice, ...]] = TypeAdapter(
    Annotated[tuple[LoraChoice, ...], Field(max_length=MAX_LORAS)]
)


def plan_steps(
    job_type: str,
    payload: dict[str, Any],
    requirements: Requirements | None,
    *,
    where: str,
    live: Sequence[Capabilities] = (),
    more_loras: tuple[LoraChoice, ...] = (),
) -> tuple[PlannedStep, ...]:
    """Plan the step of a job type, or the two steps of an enhanced one.

    `live` are the live workers, which must offer the LoRAs of the payload and `more_loras`.
    Raises `InvalidParameter` with the field's name below `where`.
    """
    if job_type in REMOTE_PAYLOADS:
        return (_remote(job_type, payload, requirements, where),)
    takes_loras = job_type in CATALOGUE and CATALOGUE[job_type].takes_loras
    takes_images = job_type in CATALOGUE and CATALOGUE[job_type].takes_init_image
    known = (*_PARAMETERS, *(("loras",) if takes_loras else ()), *(FIELDS if takes_images else ()))
    for name, value in payload.items():
        if name not in known:
            allowed = ", ".join(known)
            raise InvalidParameter(f"{where}.{name}", f"is not a parameter of {job_type}, which has {allowed}")
        if name in _TEXTS and not isinstance(value, str):
            raise InvalidParameter(f"{where}.{name}", "must be a text")
    seed = _seed(payload.get("seed"), where)
    try:
        image, payload = _image_options(payload)
        loras = (*_loras(payload.get("loras") or ()), *(more_loras if takes_loras else ()))
        request = JobRequest(job_type, **(payload | {"seed": seed, "loras": loras, "image": image}))
        steps = plan_job(request, live).steps
    except InvalidParameter as error:
        raise InvalidParameter(f"{where}.{error.name}", error.message) from None
    return tuple(_requiring(step, requirements) for step in steps)


def _image_options(payload: Mapping[str, Any]) -> tuple[ImageOptions, dict[str, Any]]:
    """Return the options that are about pictures, and the rest of the payload."""
    rest = {name: value for name, value in payload.items() if value is not None or name not in FIELDS}
    files = take_files(rest, SINGLE_FILES, "")
    settings = {name: rest.pop(name) for name in SETTINGS if name in rest}
    return ImageOptions(files, settings), rest


def _loras(value: Any) -> tuple[LoraChoice, ...]:
    try:
        return _LORAS.validate_python(value)
    except ValidationError as error:
        name, message = next(_problems(error))
        raise InvalidParameter(f"loras.{name}".rstrip("."), message) from None


def _requiring(step: PlannedStep, more: Requirements | None) -> PlannedStep:
    if more is None:
        return step
    required = more.model_copy(update={"type": step.job_type, "models": step.required.models + more.models})
    return PlannedStep(step.job_type, step.payload, step.price_mc, step.outputs, requirements=required)


def _remote(job_type: str, payload: dict[str, Any], requirements: Requirements | None, where: str) -> PlannedStep:
    entry = CATALOGUE[job_type]
    model = payload_model(entry)
    if job_type == "a1111" and "seeds" not in payload:
        payload = dict(payload)
        payload["seeds"] = list(seeds_from(_seed(payload.pop("seed", None), where), 1))
    if unknown := payload.keys() - model.model_fields.keys():
        raise InvalidParameter(f"{where}.{min(unknown)}", f"is not a parameter of {job_type}")
    payload = payload | type_values(entry)
    files = take_files(payload, model.model_fields, where)
    try:
        payload = model.model_validate(payload).model_dump(mode="json", exclude_unset=True) | files
    except ValidationError as error:
        for field, message in _problems(error):
            raise InvalidParameter(f"{where}.{field}" if field else where, message) from None
    count = payload.get(_OUTPUTS.get(job_type, ""), len(payload.get("seeds", (None,))))
    if count == 0:
        count = 1  # the text
    if not isinstance(count, int):
        raise InvalidParameter(f"{where}.{_OUTPUTS[job_type]}", "must be a number, not a reference: it sets the price")
    models = tuple(name for name in entry.models_of(payload) if not any(references(name)))
    if models:
        more = requirements or entry.requirements
        requirements = more.model_copy(update={"models": tuple(sorted({*more.models, *models}))})
    return PlannedStep(job_type, payload, entry.price_mc, outputs=count, requirements=requirements)


def _seed(value: Any, where: str) -> int | None:
    try:
        return read_seed(value)
    except ValueError as error:
        raise InvalidParameter(f"{where}.seed", str(error)) from None


def _problems(error: ValidationError) -> Iterator[tuple[str, str]]:
    """Return the validation errors, except for values that are known only when earlier steps are completed."""
    for problem in error.errors(include_url=False):
        value = problem["input"]
        if not (isinstance(value, str) and any(references(value))):
            yield ".".join(map(str, problem["loc"])), problem["msg"]
