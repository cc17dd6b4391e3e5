"""Jobs whose pictures start from one, or are drawn in two passes: their fields, their files and their work."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from darkroom_schemas.catalogue import CATALOGUE, JobType
from darkroom_schemas.image_to_image import Hires
from darkroom_schemas.inputs import InputFile
from darkroom_schemas.payload import ImagePayload
from darkroom_schemas.planning import complete_payload
from pydantic import ValidationError

from platform_api.domain.errors import InvalidParameter
from platform_api.domain.planning.generation import MAX_WORK, MEGAPIXEL
from platform_api.domain.planning.inputs import SINGLE_FILES
from platform_api.domain.planning.plan import PlannedStep

SETTINGS = ("mask_blur", "denoising_strength", "hires")
FIELDS = (*SINGLE_FILES, *SETTINGS)
"""Fields of payloads of families with `takes_init_image`."""
_UNKNOWN_FILE = InputFile(key="-", mime_type="image/png", size_bytes=1)
"""Stands for a file during validation, since it is known only when the job is submitted."""


@dataclass(frozen=True, slots=True)
class ImageOptions:
    """What a request says about the pictures that it starts from, and about a second pass.

    `files` are assets or references to earlier steps by the names of their fields, as `take_files` returns them.
    """

    files: Mapping[str, Any] = field(default_factory=dict)
    settings: Mapping[str, Any] = field(default_factory=dict)

    def __bool__(self) -> bool:
        return bool(self.files or self.settings)

    @property
    def given(self) -> dict[str, Any]:
        """Return all fields that the request states."""
        return {**self.files, **self.settings}


NO_OPTIONS = ImageOptions()


def with_image_options(
    step: PlannedStep, job_type: JobType, given: Mapping[str, Any], options: ImageOptions
) -> PlannedStep:
    """Return a step with these options, at the price of its work. `given` are the payload's other values.

    The price of an output is that of the type, scaled by steps × pixels of both passes.
    Raises `InvalidParameter` with the name of the field.
    """
    if not job_type.takes_init_image:
        known = ", ".join(name for name, entry in CATALOGUE.items() if entry.takes_init_image)
        raise InvalidParameter(min(options.given), f"needs a job type that draws from pictures ({known})")
    _check_members(options.settings.get("hires"))
    try:
        payload = complete_payload(
            job_type, {**given, **options.settings, **dict.fromkeys(options.files, _UNKNOWN_FILE)}
        )
    except ValidationError as error:
        name, message = _problem(error)
        raise InvalidParameter(name, message) from None
    drawn = ImagePayload.model_validate(payload)
    usual = drawn.steps * drawn.width * drawn.height
    _check_work(drawn)
    width, height = drawn.final_size
    payload |= options.files
    payload["max_bytes"] = drawn.max_bytes * width * height // (drawn.width * drawn.height)
    return replace(step, payload=payload, price_mc=-(-job_type.price_mc * drawn.step_pixels // usual))


def _check_members(hires: Any) -> None:  # Any: JSON, of which the payload model checks the rest
    """Reject a member that wire models ignore."""
    unknown = hires.keys() - Hires.model_fields.keys() if isinstance(hires, dict) else set()
    if unknown:
        raise InvalidParameter(f"hires.{min(unknown)}"[:100], f"is none of {', '.join(Hires.model_fields)}")


def _check_work(payload: ImagePayload) -> None:
    """Reject a job that would occupy a worker for too long."""
    work = len(payload.seeds) * payload.step_pixels / MEGAPIXEL
    if payload.hires is not None and work > MAX_WORK:
        message = (
            f"is too much work: images times steps times megapixels must be at most {MAX_WORK:.0f}, are {work:.0f}"
        )
        raise InvalidParameter("hires", message)


def _problem(error: ValidationError) -> tuple[str, str]:
    problem = error.errors(include_url=False, include_input=False)[0]
    return ".".join(map(str, problem["loc"])), problem["msg"].removeprefix("Value error, ")
