"""The recipe, by which an output can be reproduced. Stored with the asset and embedded in PNG files."""

from typing import Any

from pydantic import Field

from darkroom_schemas.base import Wire
from darkroom_schemas.loras import MAX_LORAS


class WeightsRef(Wire):
    """Weights that replace a part of a model. `sha256` is that of a file, or of a folder's list of files and hashes."""

    source: str
    revision: str | None = None
    sha256: str | None = None


class ModelRef(Wire):
    """A loaded model. `sha256` is None only if the weights in a folder have not been hashed yet."""

    name: str
    source: str
    revision: str | None = None
    sha256: str | None = None
    vae: WeightsRef | None = None
    """The VAE that replaces the model's own."""


class LoraRef(Wire):
    """A LoRA that was applied. `sha256` is that of its file."""

    name: str
    weight: float
    sha256: str


class PromptRead(Wire):
    """What a model read of a prompt. `read` of its `tokens` were read, without start, end and padding tokens."""

    tokens: int = Field(ge=0)
    read: int = Field(ge=0)
    chunks: int = Field(default=1, ge=1)
    """Number of parts that the text encoder read one after another."""
    weighted: bool = False
    """Whether weights as in `(word:1.3)` changed the embedding."""
    loras_not_applied: tuple[str, ...] = Field(default=(), max_length=100)
    """LoRA tags of the prompt without effect, as written; the first 100."""


class TextRead(Wire):
    """What a model read of its prompts. `negative_prompt` is None if guidance is off and none was encoded."""

    prompt: PromptRead
    negative_prompt: PromptRead | None = None
    clip_skip: int | None = None
    """Layer of SDXL's text encoders, counted from the end, as requested; 1 counts as 2. None means 2, the usual one."""


class SchedulerUsed(Wire):
    """The scheduler that computed the noise levels and the steps, by its class in diffusers, and its configuration."""

    kind: str
    prediction_type: str | None = None
    timestep_spacing: str | None = None
    flow_shift: float | None = None
    """Shift of the noise levels of flow matching."""
    settings: dict[str, bool | int | float | str] = Field(default_factory=dict)
    """The other values of its configuration that are not null."""


class GpuSoftware(Wire):
    """What chooses the kernels on a GPU, besides torch. None where unknown."""

    capability: str | None = None
    """Compute capability, such as `9.0`."""
    cuda: str | None = None
    """Version of CUDA that torch was built with."""
    cudnn: str | None = None
    driver: str | None = None


class VideoEncoding(Wire):
    """The encoder of a video, by its name in FFmpeg, and its options."""

    encoder: str
    options: dict[str, str]


class InitImageUsed(Wire):
    """The picture that drawing started from, by the SHA-256 of its file; `mask_image` is that of the mask."""

    init_image: str
    mask_image: str | None = None
    mask_blur: int | None = None
    """None without a mask."""
    denoising_strength: float
    tiled: bool = False
    """Whether the picture was encoded in tiles, which changes it slightly."""


class HiresUsed(Wire):
    """The first pass of a picture that was drawn in two: its size and batch, and how the second one began.

    The size of the output is that of the second pass. The fields of the recipe beside `steps` hold for both.
    """

    width: int
    height: int
    batch_shape: tuple[int, ...]
    batch_index: int
    upscaler: str
    denoising_strength: float
    steps: int
    """Steps of the second pass before the denoising strength leaves some out."""
    tiled: bool = False
    """Whether the pixels were decoded or encoded in tiles between the passes."""


class Recipe(Wire):
    """All inputs that determine the pixels. The same recipe, `batch_shape` included, yields the same bytes."""

    prompt: str
    negative_prompt: str = ""
    original_prompt: str | None = None
    seed: int
    width: int
    height: int
    frames: int = 1
    fps: int | None = None
    steps: int
    guidance_scale: float
    sampler: str
    model: ModelRef
    batch_shape: tuple[int, ...]
    batch_index: int = 0
    device: str
    dtype: str
    decode_dtype: str | None = None
    """Number format of the decoder. SDXL decodes again in float32 what overflows in half precision."""
    tiled: bool = False
    """Whether the output was decoded in tiles, which changes its pixels slightly."""
    threads: int
    libraries: dict[str, str]
    profile: str
    text: TextRead | None = None
    """None in recipes of earlier releases."""
    dtypes: dict[str, str] | None = None
    """Number format of each part's weights, by the part's name in diffusers; that of most of them if they differ."""
    scheduler: SchedulerUsed | None = None
    attention: str | None = None
    """Attention backend of the denoiser, by its name in diffusers; `native` is torch's."""
    placement: str | None = None
    """How the parts shared the device: `resident`, `text_out`, `offloaded` or `text_streamed`."""
    gpu: GpuSoftware | None = None
    """None on a CPU."""
    encoding: VideoEncoding | None = None
    """None for images, which are lossless."""
    loras: tuple[LoraRef, ...] = Field(default=(), max_length=MAX_LORAS)
    init_image: InitImageUsed | None = None
    hires: HiresUsed | None = None


class BackendRecipe(Wire):
    """What an external back end was asked for, from which its output can be requested again."""

    backend: str
    """Id of the back end."""
    backend_type: str
    """Type of the back end, such as `comfyui`."""
    version: str | None = None
    """Version that the back end reports."""
    prompt: str = ""
    seed: int | None = None
    model: str | None = None
    request: dict[str, Any] = Field(default_factory=dict)
    """The request as it was sent, without credentials: a ComfyUI graph, or the body of an HTTP request."""


AnyRecipe = Recipe | BackendRecipe
"""The recipe of an output of Darkroom's own pipelines, or of an external back end."""
