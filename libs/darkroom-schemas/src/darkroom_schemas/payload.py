"""What a worker receives for each family of job: fully resolved, so that a worker decides nothing about the request."""

from enum import StrEnum
from typing import Annotated, Literal

from pydantic import Field, TypeAdapter

from darkroom_schemas.base import Wire

MAX_SEED = 2**64 - 1
Seed = Annotated[int, Field(ge=0, le=MAX_SEED)]


class Family(StrEnum):
    """Which code runs a step."""

    SDXL = "sdxl"
    WAN_VIDEO = "wan_video"
    WAN_IMAGE = "wan_image"
    PROMPT = "prompt"


class _Drawing(Wire):
    """What pictures and videos have in common. Sizes in pixels, multiples of 8 (SDXL) or 16 (WAN)."""

    prompt: str
    negative_prompt: str = ""
    original_prompt: str | None = None
    width: int = Field(ge=64, le=4096)
    height: int = Field(ge=64, le=4096)
    steps: int = Field(ge=1, le=200)
    guidance_scale: float = Field(ge=0, le=50)
    sampler: str
    model: str
    bucket: str
    max_bytes: int = Field(gt=0)


class ImagePayload(_Drawing):
    """A batch of still images, one per seed."""

    family: Literal[Family.SDXL, Family.WAN_IMAGE]
    seeds: tuple[Seed, ...] = Field(min_length=1, max_length=64)


class VideoPayload(_Drawing):
    """One video. `frames` is 4k+1, `fps` frames per second."""

    family: Literal[Family.WAN_VIDEO]
    seeds: tuple[Seed, ...] = Field(min_length=1, max_length=1)
    frames: int = Field(ge=5, le=257)
    fps: int = Field(ge=1, le=60)


class PromptPayload(Wire):
    """Expansion of a short prompt by a language model. The answer is `StepResult.text`."""

    family: Literal[Family.PROMPT]
    prompt: str
    seeds: tuple[Seed, ...] = Field(min_length=1, max_length=1)
    max_new_tokens: int = Field(default=512, ge=1, le=4096)
    model: str


Payload = Annotated[ImagePayload | VideoPayload | PromptPayload, Field(discriminator="family")]
PAYLOAD: TypeAdapter[ImagePayload | VideoPayload | PromptPayload] = TypeAdapter(Payload)
