"""The payload that a worker receives, for each family of job types. All values are resolved."""

from enum import StrEnum
from typing import Annotated, Any, Literal, Self, get_args

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

SAFE_METHODS = frozenset({"GET", "HEAD"})


class _Stored(Wire):
    """Fields of back ends that store files: the bucket, and the maximum size of a file in bytes."""

    bucket: str
    max_bytes: int = Field(gt=0)


class ComfyUIPayload(_Stored):
    """A ComfyUI graph in its API format: node id → {class_type, inputs}. At most `max_outputs` files are stored."""

    workflow: dict[str, dict[str, Any]] = Field(min_length=1)
    max_outputs: int = Field(default=1, ge=1, le=64)


class A1111Payload(_Stored):
    """A text-to-image request to A1111 or Forge, one image per seed. `options` are passed on unchanged."""

    prompt: str
    negative_prompt: str = ""
    width: int = Field(default=512, ge=64, le=4096)
    height: int = Field(default=512, ge=64, le=4096)
    steps: int = Field(default=20, ge=1, le=200)
    cfg_scale: float = Field(default=7.0, ge=0, le=50)
    sampler_name: str | None = None
    scheduler: str | None = None
    checkpoint: str | None = None
    seeds: tuple[Seed, ...] = Field(min_length=1, max_length=64)
    options: dict[str, Any] = Field(default_factory=dict)


class ChatMessage(Wire):
    """One turn of a conversation."""

    role: Literal["system", "user", "assistant"]
    content: str


class ChatPayload(Wire):
    """A conversation to be continued by Ollama or an OpenAI-like server. The result is `StepResult.text`."""

    model: str
    messages: tuple[ChatMessage, ...] = Field(min_length=1, max_length=200)
    temperature: float | None = Field(default=None, ge=0, le=2)
    max_tokens: int | None = Field(default=None, ge=1, le=131_072)
    seed: Seed | None = None


class OpenAIImagePayload(_Stored):
    """Images by an OpenAI-like server."""

    model: str
    prompt: str
    count: int = Field(default=1, ge=1, le=10)
    size: str | None = Field(default=None, pattern=r"^(auto|\d{2,4}x\d{2,4})$")
    quality: str | None = None


class StabilityPayload(_Stored):
    """One image by the Stability API; `service` is the last part of its path."""

    service: Literal["core", "ultra", "sd3"] = "core"
    prompt: str
    negative_prompt: str = ""
    aspect_ratio: str = Field(default="1:1", pattern=r"^\d{1,2}:\d{1,2}$")
    seed: Annotated[int, Field(ge=0, le=2**32 - 2)] | None = None


class FetchPayload(Wire):
    """An HTTP request. `StepResult.text` is the response's body, or the part named by `select` (`data.0.url`)."""

    url: str = Field(pattern=r"^https?://\S+$", max_length=4000)
    method: Literal["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"] = "GET"
    headers: dict[str, str] = Field(default_factory=dict)
    body: Any = None
    """Sent as JSON. A string is sent unchanged."""
    select: str | None = None


class SimulationPayload(Wire):
    """Simulated work. `fail_rate` is the share of failing attempts, `jitter` the relative spread of the duration."""

    duration_s: float = Field(default=1.0, ge=0, le=86_400)
    steps: int = Field(default=10, ge=1, le=10_000)
    jitter: float = Field(default=0.0, ge=0, le=1)
    fail_rate: float = Field(default=0.0, ge=0, le=1)
    retryable: bool = True
    seed: int = Field(default=0, ge=-(2**63), le=MAX_SEED)


REMOTE_PAYLOADS: dict[str, type[Wire]] = {
    "comfyui": ComfyUIPayload,
    "a1111": A1111Payload,
    "ollama_chat": ChatPayload,
    "openai_chat": ChatPayload,
    "openai_image": OpenAIImagePayload,
    "stability_api": StabilityPayload,
    "fetch_api": FetchPayload,
    "simulation": SimulationPayload,
}
"""The payload model of each job type without a family."""
