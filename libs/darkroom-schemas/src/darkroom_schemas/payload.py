"""The payload that a worker receives, for each family of job types. All values are resolved."""

from enum import StrEnum
from typing import Annotated, Literal, Self, get_args

from pydantic import Field, TypeAdapter, ValidationInfo, field_validator, model_validator

from darkroom_schemas.base import Wire
from darkroom_schemas.loras import MAX_LORAS, LoraChoice
from darkroom_schemas.samplers import step_limit

MAX_SEED = 2**64 - 1
Seed = Annotated[int, Field(ge=0, le=MAX_SEED)]
MAX_PROMPT_CHARACTERS = 20_000
"""Maximum length of a prompt of Darkroom's own models, after references to earlier steps are replaced."""
Prompt = Annotated[str, Field(max_length=MAX_PROMPT_CHARACTERS)]
MAX_CLIP_SKIP = 12
ClipSkip = Annotated[int, Field(ge=1, le=MAX_CLIP_SKIP)]
"""Layer of the text encoders, counted from the end: 2 is the last but one, SDXL's usual layer. 1 counts as 2.

The numbers are those of A1111's `CLIP_stop_at_last_layers` and of ComfyUI's `stop_at_clip_layer`, which is negative.
"""


class Family(StrEnum):
    """The pipeline that runs a step."""

    SDXL = "sdxl"
    WAN_VIDEO = "wan_video"
    WAN_IMAGE = "wan_image"
    PROMPT = "prompt"


LeftOpen = Literal["steps", "guidance_scale", "sampler"]
LEFT_OPEN: tuple[LeftOpen, ...] = get_args(LeftOpen)
"""Values for which a model may have its own default, if the user did not choose them."""


class _Drawing(Wire):
    """Fields of images and videos. Sizes are in pixels, multiples of 8 (SDXL) or 16 (WAN)."""

    prompt: Prompt
    negative_prompt: Prompt | None = None
    """None means the default of the model on the worker, an empty text no negative prompt."""
    original_prompt: Prompt | None = None
    width: int = Field(ge=64, le=4096)
    height: int = Field(ge=64, le=4096)
    steps: int = Field(ge=1, le=200)
    guidance_scale: float = Field(ge=0, le=50)
    sampler: str
    model: str
    bucket: str
    max_bytes: int = Field(gt=0)
    chosen: tuple[LeftOpen, ...] | None = Field(default=None, max_length=len(LEFT_OPEN))
    """Which values the user chose; the others give way to the defaults of the model. None: all of them stand."""

    @model_validator(mode="after")
    def _sampler_takes_the_steps(self) -> Self:
        limit = step_limit(self.sampler)
        if limit is not None and self.steps > limit:
            raise ValueError(f"steps: must be at most {limit} with the sampler {self.sampler}, are {self.steps}")
        return self


class ImagePayload(_Drawing):
    """A batch of still images, one per seed."""

    family: Literal[Family.SDXL, Family.WAN_IMAGE]
    seeds: tuple[Seed, ...] = Field(min_length=1, max_length=64)
    clip_skip: ClipSkip | None = None
    """For SDXL; None means its usual layer."""
    loras: tuple[LoraChoice, ...] = Field(default=(), max_length=MAX_LORAS)
    """For SDXL, in addition to the tags of the prompt. The worker must offer each as the model `lora:<name>`."""

    @field_validator("loras")
    @classmethod
    def _only_for_sdxl(cls, loras: tuple[LoraChoice, ...], info: ValidationInfo) -> tuple[LoraChoice, ...]:
        if loras and info.data.get("family") is not Family.SDXL:
            raise ValueError("only SDXL applies LoRAs")
        return loras


class VideoPayload(_Drawing):
    """One video. `frames` is 4k+1, `fps` frames per second."""

    family: Literal[Family.WAN_VIDEO]
    seeds: tuple[Seed, ...] = Field(min_length=1, max_length=1)
    frames: int = Field(ge=5, le=257)
    fps: int = Field(ge=1, le=60)


class PromptPayload(Wire):
    """Expansion of a short prompt by a language model. The result is `StepResult.text`."""

    family: Literal[Family.PROMPT]
    prompt: Prompt
    seeds: tuple[Seed, ...] = Field(min_length=1, max_length=1)
    max_new_tokens: int = Field(default=512, ge=1, le=4096)
    model: str


Payload = Annotated[ImagePayload | VideoPayload | PromptPayload, Field(discriminator="family")]
PAYLOAD: TypeAdapter[ImagePayload | VideoPayload | PromptPayload] = TypeAdapter(Payload)
