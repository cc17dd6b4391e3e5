"""The payload that a connector to an external back end receives, for each of its job types."""

from enum import StrEnum
from typing import Annotated, Any, Literal, Self

from pydantic import ConfigDict, Field, model_validator

from darkroom_schemas.base import Wire
from darkroom_schemas.inputs import MAX_INPUTS, InputFile, InputName
from darkroom_schemas.payload import MAX_SEED, Seed

MAX_NODES = 2000
"""Maximum number of nodes of a ComfyUI graph."""
SAFE_METHODS = frozenset({"GET", "HEAD"})
DottedPath = Annotated[str, Field(min_length=1, max_length=1000)]
"""Part of a JSON value: names of members and numbers of items, separated by dots, such as `data.0.url`."""
HeaderName = Annotated[str, Field(pattern=r"^[!#$%&'*+.^_`|~0-9A-Za-z-]+$", max_length=200)]
HeaderValue = Annotated[str, Field(pattern=r"^[^\x00-\x08\x0a-\x1f\x7f]*$", max_length=8000)]


class _Stored(Wire):
    """Fields of back ends that store files: the bucket, and the maximum size of a file in bytes."""

    bucket: str
    max_bytes: int = Field(gt=0)


class ComfyUIPayload(_Stored):
    """A ComfyUI graph in its API format: node id → {class_type, inputs}. At most `max_outputs` files are stored.

    `inputs` are files by the names that the graph uses, such as the `image` of a LoadImage node. They are uploaded to
    the server, and the names that it returns replace those in the graph.
    """

    workflow: dict[str, dict[str, Any]] = Field(min_length=1, max_length=MAX_NODES)
    max_outputs: int = Field(default=1, ge=1, le=64)
    inputs: dict[InputName, InputFile] = Field(default_factory=dict, max_length=MAX_INPUTS)


class A1111Payload(_Stored):
    """A request to A1111 or Forge, one image per seed: img2img with an `init_image`, otherwise txt2img.

    A `mask_image` is white where the `init_image` changes.
    `options` are passed on unchanged. `denoising_strength` is for img2img and for the second pass of the hires fix.
    """

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
    init_image: InputFile | None = None
    mask_image: InputFile | None = None
    denoising_strength: float | None = Field(default=None, ge=0, le=1)
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


class Condition(Wire):
    """A condition on a JSON value: what `path` names equals a value, or is `in` a list of values."""

    model_config = ConfigDict(populate_by_name=True, serialize_by_alias=True)

    path: DottedPath
    equals: Any = None
    one_of: tuple[Any, ...] | None = Field(default=None, alias="in", min_length=1, max_length=50)

    @model_validator(mode="after")
    def _has_one_kind(self) -> Self:
        if ("equals" in self.model_fields_set) == (self.one_of is not None):
            raise ValueError("needs either `equals` or `in`")
        return self


class CancelRequest(Wire):
    """The request that cancels work at the server. `{dotted.path}` in `url` is as in `Poll.url`."""

    url: str = Field(min_length=1, max_length=4000)
    method: Literal["POST", "DELETE", "PUT", "PATCH"] = "POST"


class Poll(Wire):
    """How to wait for the result of a request that only starts the work.

    `{dotted.path}` in `url` stands for that part of the first answer. It is requested every `interval_s` seconds until
    its answer meets `done` or `failed`. `select` names the part of the last answer that is the result. `cancel` is sent
    once, without a body, if the wait is stopped.
    """

    url: str = Field(min_length=1, max_length=4000)
    interval_s: float = Field(default=2.0, ge=0.1, le=600)
    done: Condition
    failed: Condition | None = None
    select: DottedPath | None = None
    cancel: CancelRequest | None = None


class FetchPayload(Wire):
    """An HTTP request. `StepResult.text` is the response's body, or the part named by `select` (`data.0.url`).

    With `stream`, the response is server-sent events or lines of JSON, and `select` names the text of each. A response
    that is not text becomes an output of at most `max_bytes`. With `store`, the body does, whatever it is, or the files
    whose URLs `select` names, at most `max_outputs` of them.
    """

    url: str = Field(pattern=r"^https?://\S+$", max_length=4000)
    method: Literal["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"] = "GET"
    headers: dict[HeaderName, HeaderValue] = Field(default_factory=dict, max_length=50)
    body: Any = None
    """Sent as JSON. A string is sent unchanged."""
    select: DottedPath | None = None
    credential: str | None = Field(default=None, min_length=1, max_length=100)
    """Name of a credential of the worker, which is sent to the hosts that the operator permits for it."""
    poll: Poll | None = None
    stream: bool = False
    store: bool = False
    max_outputs: int = Field(default=1, ge=1, le=16)
    bucket: str = "fetch_api"
    max_bytes: int = Field(default=100_000_000, gt=0)

    @model_validator(mode="after")
    def _is_one_kind(self) -> Self:
        if self.stream and (self.store or self.poll is not None):
            raise ValueError("stream: cannot be combined with `store` or `poll`")
        return self


class SimulatedFault(StrEnum):
    """What goes wrong in simulated work, in place of an ordinary failure."""

    CRASH = "crash"
    """The worker process ends at once, as if killed."""
    HANG = "hang"
    """Nothing more is reported, and the work ends only when it is stopped."""
    DEAF = "deaf"
    """As `hang`, and stop requests are ignored."""
    SLOW = "slow"
    """The rest of the work takes ten times as long."""
    OUT_OF_MEMORY = "out_of_memory"
    STORAGE = "storage"
    """The object store refuses the output."""
    CORRUPT_OUTPUT = "corrupt_output"
    """The pictures are cut in the middle of the file."""
    LOST_HEARTBEAT = "lost_heartbeat"
    """The whole worker process stands still for `fault_s` seconds, so its leases expire."""


class SimulationPayload(Wire):
    """Simulated work, with pictures that show the prompt, the seed and the number of steps as text.

    The duration in seconds is `duration_s + step_megapixel_s * steps * megapixels`, megapixels being those of all
    pictures. `fail_rate` is the share of attempts that fail, `jitter` the relative spread of the duration. Faults need
    `GPU_WORKER_SIMULATED_FAULTS` on the worker; `fault_attempts` is the number of first attempts that have the fault.
    """

    duration_s: float = Field(default=1.0, ge=0, le=86_400)
    step_megapixel_s: float = Field(default=0.0, ge=0, le=3600)
    steps: int = Field(default=10, ge=1, le=10_000)
    jitter: float = Field(default=0.0, ge=0, le=1)
    fail_rate: float = Field(default=0.0, ge=0, le=1)
    retryable: bool = True
    seed: int = Field(default=0, ge=-(2**63), le=MAX_SEED)
    prompt: str = Field(default="", max_length=20_000)
    pictures: int = Field(default=0, ge=0, le=64)
    width: int = Field(default=512, ge=64, le=4096)
    height: int = Field(default=512, ge=64, le=4096)
    fault: SimulatedFault | None = None
    fault_attempts: int = Field(default=1, ge=1, le=100)
    fault_s: float = Field(default=30.0, ge=0, le=600)


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
