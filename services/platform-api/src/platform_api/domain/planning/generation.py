"""A StableQueue generation request, validated and independent of the field names of its two routes."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from darkroom_schemas.catalogue import JobType
from darkroom_schemas.loras import LoraChoice

from platform_api.domain.errors import InvalidParameter

PARAMS = "generation_params."
"""Prefix of field names in errors."""
MAX_IMAGES = 16
MAX_SIDE, MAX_PIXELS = 2048, 1536 * 1536
MAX_STEPS = 150
MAX_WORK = 1000.0
"""Steps × megapixels of all images of a request: about five minutes on the GPU that the prices are based on."""
MIN_PRICE_MC = 10
HIRES_WORK = 4.0
"""Factor for the second pass at twice the width and height."""
MEGAPIXEL = 1_048_576
NO_CHOICE = frozenset({"", "none", "automatic", "simple"})
"""Values that mean no choice; `simple` is the default style of StableQueue's own page."""


@dataclass(frozen=True, slots=True)
class Generation:
    """One request. None means not given. `stored` is saved with the job and not interpreted.

    `members` are the undeclared members of `generation_params`, `other_members` those of the whole request.
    """

    app_type: str
    server_alias: str
    prompt: str
    negative_prompt: str | None = None
    width: int | None = None
    height: int | None = None
    steps: int | None = None
    cfg_scale: float | None = None
    sampler: str | None = None
    scheduler: str | None = None
    seed: int | None = None
    images: int = 1
    checkpoint: str | None = None
    restore_faces: bool = False
    hires: bool = False
    upscaler: str | None = None
    refiner: str | None = None
    style: str | None = None
    subseed: int | None = None
    clip_skip: int | None = None
    loras: tuple[LoraChoice, ...] = ()
    workflow: Mapping[str, Any] | None = None
    members: Mapping[str, Any] = field(default_factory=dict)
    other_members: Mapping[str, Any] = field(default_factory=dict)
    stored: Mapping[str, Any] = field(default_factory=dict)


def wrong(name: str, message: str) -> InvalidParameter:
    """Return the error for a field of `generation_params`."""
    return InvalidParameter(f"{PARAMS}{name}", message)


def is_chosen(word: str | None) -> bool:
    """Return whether the value is a choice."""
    return word is not None and word.strip().lower() not in NO_CHOICE


def price_of_image(job_type: JobType, *, work: float, typical_work: float) -> int:
    """Return the catalogue's price of one output, in thousandths, scaled by the work and rounded up."""
    return max(MIN_PRICE_MC, math.ceil(job_type.price_mc * work / typical_work))


def work_of_image(width: int, height: int, steps: int, *, hires: bool = False) -> float:
    """Return steps × megapixels; raises `InvalidParameter` if an image would be too large."""
    if width * height > MAX_PIXELS:
        raise wrong("width", f"times height must be at most {MAX_PIXELS} pixels")
    return steps * width * height / MEGAPIXEL * (HIRES_WORK if hires else 1.0)


def check_work(images: int, work: float) -> None:
    """Reject a request that would occupy a worker for too long; raises `InvalidParameter`."""
    if images * work > MAX_WORK:
        raise wrong(
            "num_images", f"times steps times megapixels must be at most {MAX_WORK:.0f}, is {images * work:.0f}"
        )
