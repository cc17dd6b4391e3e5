"""The payload that a worker receives, for each kind of Darkroom's own models. All values are resolved.

The kind is that of the payload's family, which the catalogue knows.
"""

from typing import Annotated, Any, Literal, Self, get_args

from pydantic import (
    AfterValidator,
    Discriminator,
    Field,
    Tag,
    TypeAdapter,
    ValidationInfo,
    field_validator,
    model_validator,
)

from darkroom_schemas.base import Wire
from darkroom_schemas.families import FAMILIES, FamilyName, Kind, known_families
from darkroom_schemas.image_to_image import DEFAULT_STRENGTH, MAX_MASK_BLUR, Hires, denoising_steps
from darkroom_schemas.inputs import InputFile
from darkroom_schemas.loras import MAX_LORAS, LoraChoice
from darkroom_schemas.samplers import step_limit

MAX_SEED = 2**64 - 1
Seed = Annotated[int, Field(ge=0, le=MAX_SEED)]
MAX_PROMPT_CHARACTERS = 20_000
"""Maximum length of a prompt of Darkroom's own models, after references to earlier steps are replaced."""
Prompt = Annotated[str, Field(max_length=MAX_PROMPT_CHARACTERS)]
MAX_CLIP_SKIP = 12
ClipSkip = Annotated[int, Field(ge=1, le=MAX_CLIP_SKIP)]
"""Layer of the text encoders, counted from the end: 2 is the last but one, the usual layer of SDXL. 1 counts as 2.

The numbers are those of A1111's `CLIP_stop_at_last_layers` and of ComfyUI's `stop_at_clip_layer`, which is negative.
"""


LeftOpen = Literal["steps", "guidance_scale", "sampler"]
LEFT_OPEN: tuple[LeftOpen, ...] = get_args(LeftOpen)
"""Values for which a model may have its own default, if the user did not choose them."""


def _require_kind(kind: Kind) -> AfterValidator:
    """Validate that a family is one of the catalogue's of this kind."""

    def check(name: str) -> str:
        family = FAMILIES.get(name)
        if family is None or family.kind is not kind:
            raise ValueError(f"must be one of {known_families(FAMILIES, kind)}, not {name!r}")
        return name

    return AfterValidator(check)


class _Drawing(Wire):
    """Fields of images and videos. Sizes are in pixels, multiples of the family's `multiple_of`."""

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
    """A batch of still images, one per seed.

    `init_image`, `mask_image` and `hires` are for families with `takes_init_image`. The picture is scaled and cropped
    around its centre to the payload's size. Where the mask is white, it is drawn over; elsewhere its pixels stay.
    """

    family: Annotated[FamilyName, _require_kind(Kind.IMAGE)]
    seeds: tuple[Seed, ...] = Field(min_length=1, max_length=64)
    clip_skip: ClipSkip | None = None
    """For families with `takes_clip_skip`, others ignore it; None means the usual layer."""
    loras: tuple[LoraChoice, ...] = Field(default=(), max_length=MAX_LORAS)
    """For families with `takes_loras`, in addition to the tags of the prompt. The worker must offer each as the model
    `lora:<name>`."""

    init_image: InputFile | None = None
    """The picture to start from; None: drawing starts from noise alone."""
    mask_image: InputFile | None = None
    mask_blur: int | None = Field(default=None, ge=0, le=MAX_MASK_BLUR)
    """Radius in pixels by which the edge of the mask is softened where old and new pixels meet. None means 4."""
    denoising_strength: float | None = Field(default=None, ge=0, le=1)
    """How far to leave the `init_image`: at 0.6, the last 60 % of the steps run. None means 0.75."""
    hires: Hires | None = None

    @field_validator("loras")
    @classmethod
    def _only_where_they_apply(cls, loras: tuple[LoraChoice, ...], info: ValidationInfo) -> tuple[LoraChoice, ...]:
        family = FAMILIES.get(info.data.get("family", ""))
        if loras and family is not None and not family.takes_loras:
            raise ValueError(f"{family.name} applies no LoRAs")
        return loras

    @field_validator("init_image", "hires")
    @classmethod
    def _only_where_images_are_read(cls, value: Any, info: ValidationInfo) -> Any:  # Any: of either field
        family = FAMILIES.get(info.data.get("family", ""))
        if value is not None and family is not None and not family.takes_init_image:
            raise ValueError(f"{family.name} draws from text only")
        return value

    @field_validator("mask_image", "mask_blur", "denoising_strength")
    @classmethod
    def _only_for_an_image(cls, value: Any, info: ValidationInfo) -> Any:  # Any: of either field
        if value is not None and info.data.get("init_image") is None:
            raise ValueError("needs an init_image, which it is for")
        return value

    @field_validator("hires")
    @classmethod
    def _is_possible(cls, hires: Hires | None, info: ValidationInfo) -> Hires | None:
        known = info.data
        if hires is None or not known.keys() >= {"family", "width", "height", "sampler"}:
            return hires
        if known.get("init_image") is not None:
            raise ValueError("cannot be combined with an init_image")
        hires.size(known["width"], known["height"], FAMILIES[known["family"]].multiple_of)
        limit = step_limit(known["sampler"])
        if limit is not None and hires.steps is not None and hires.steps > limit:
            raise ValueError(f"steps must be at most {limit} with the sampler {known['sampler']}, are {hires.steps}")
        return hires

    @property
    def strength(self) -> float | None:
        """Return the denoising strength of img2img and inpainting; None without an image."""
        if self.init_image is None:
            return None
        return DEFAULT_STRENGTH if self.denoising_strength is None else self.denoising_strength

    @property
    def final_size(self) -> tuple[int, int]:
        """Return the width and height of the outputs, in pixels."""
        if self.hires is None:
            return self.width, self.height
        return self.hires.size(self.width, self.height, FAMILIES[self.family].multiple_of)

    @property
    def step_pixels(self) -> int:
        """Return the work for one output: pixels of all denoising steps that run."""
        first = self.steps if self.strength is None else denoising_steps(self.steps, self.strength)
        work = first * self.width * self.height
        if self.hires is not None:
            width, height = self.final_size
            second = denoising_steps(self.hires.steps_after(self.steps), self.hires.denoising_strength)
            work += second * width * height
        return work


class VideoPayload(_Drawing):
    """One video. `frames` is a multiple of the family's `frame_step` and one, `fps` frames per second."""

    family: Annotated[FamilyName, _require_kind(Kind.VIDEO)]
    seeds: tuple[Seed, ...] = Field(min_length=1, max_length=1)
    frames: int = Field(ge=5, le=257)
    fps: int = Field(ge=1, le=60)


class PromptPayload(Wire):
    """Expansion of a short prompt by a language model. The result is `StepResult.text`."""

    family: Annotated[FamilyName, _require_kind(Kind.PROMPT)]
    prompt: Prompt
    seeds: tuple[Seed, ...] = Field(min_length=1, max_length=1)
    max_new_tokens: int = Field(default=512, ge=1, le=4096)
    model: str


AnyPayload = ImagePayload | VideoPayload | PromptPayload
PAYLOADS: dict[Kind, type[Wire]] = {Kind.IMAGE: ImagePayload, Kind.VIDEO: VideoPayload, Kind.PROMPT: PromptPayload}
"""The payload model of each kind."""


def _kind_of(payload: Any) -> str | None:  # Any: what pydantic validates or serializes
    """Return the kind of a payload's family; None, which is an error, for an unknown family."""
    name = payload.get("family") if isinstance(payload, dict) else getattr(payload, "family", None)
    family = FAMILIES.get(name) if isinstance(name, str) else None
    return None if family is None else family.kind.value


Payload = Annotated[
    Annotated[ImagePayload, Tag(Kind.IMAGE.value)]
    | Annotated[VideoPayload, Tag(Kind.VIDEO.value)]
    | Annotated[PromptPayload, Tag(Kind.PROMPT.value)],
    Discriminator(
        _kind_of,
        custom_error_type="unknown_family",
        custom_error_message=f"family: must be one of {known_families(FAMILIES)}",
    ),
]
PAYLOAD: TypeAdapter[AnyPayload] = TypeAdapter(Payload)
