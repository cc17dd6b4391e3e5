"""Messages between the two processes of a worker."""

from pathlib import Path
from typing import Annotated, Literal

from darkroom_schemas.base import Wire
from darkroom_schemas.channels import PreviewGrid
from darkroom_schemas.errors import StepErrorCode
from darkroom_schemas.payload import Payload
from darkroom_schemas.recipe import Recipe
from pydantic import Field, TypeAdapter

from gpu_worker.domain.memory.plan import Offload, Policy
from gpu_worker.models.files import ModelFiles
from gpu_worker.models.lora_folder import LoraUse
from gpu_worker.models.profile import Profile


class MemoryPlan(Wire):
    """How the GPU process may use the memory of its device."""

    budget_gb: float | None = None
    """Memory for models and work, in GiB; None means nearly all of the device's."""
    offload: Literal["auto", "never", "always"] = "auto"
    """Hold components in main memory while they do not compute; `auto` does so for as few as necessary."""
    max_batch: int = Field(default=64, ge=1)
    vae_tiling: bool = False
    """Always decode in tiles, and not only if necessary: needs less memory, is slower, and can leave faint seams."""

    @property
    def policy(self) -> Policy:
        """Return the settings as the planner takes them."""
        return Policy(Offload(self.offload), self.vae_tiling, self.max_batch)


class Setup(Wire):
    """First message to the GPU process: its whole configuration."""

    kind: Literal["setup"] = "setup"
    profile: Profile
    models_dir: Path
    models: dict[str, ModelFiles | None] | None = None
    """The models to begin with, as in `AddModel`; None means all of the profile, whose files must be here."""
    memory: MemoryPlan = MemoryPlan()
    gpu: str | None = None
    """The only GPU that the process may see, as CUDA_VISIBLE_DEVICES names it; None leaves the environment as it is."""
    heartbeat_s: float = 1.0


class AddModel(Wire):
    """Offer one more model of the profile. `files` is None for one that the process builds."""

    kind: Literal["add_model"] = "add_model"
    model: str
    files: ModelFiles | None


class RunStep(Wire):
    """Run one step; its files are written to `spool`."""

    kind: Literal["run"] = "run"
    run_id: str
    payload: Payload
    spool: Path
    loras: tuple[LoraUse, ...] = ()
    inputs: dict[str, Path] = Field(default_factory=dict)
    """The input files by the names of their fields in the payload."""


class StopStep(Wire):
    """Stop the step if it is the one that runs."""

    kind: Literal["stop"] = "stop"
    run_id: str


class Ready(Wire):
    """The process has its device, and has answered for each model of its setup."""

    kind: Literal["ready"] = "ready"
    device: str
    device_name: str
    memory_bytes: int
    """All memory of the device."""
    usable_bytes: int
    """What this process may hold of it now: free memory, and what it holds already, within its limit."""
    limit_bytes: int | None = None
    """The most that it may ever hold; None means all of it."""


class Heartbeat(Wire):
    """Sent every `heartbeat_s`. `quiet_s` is the time since the running step last reported, 0 if none runs."""

    kind: Literal["heartbeat"] = "heartbeat"
    quiet_s: float
    memory_bytes: int
    models: tuple[str, ...]


class ModelLoaded(Wire):
    """A model has been loaded."""

    kind: Literal["model_loaded"] = "model_loaded"
    model: str
    seconds: float
    memory_bytes: int


class ModelReady(Wire):
    """Steps can use a model. It is loaded if the profile preloads it and it fits."""

    kind: Literal["model_ready"] = "model_ready"
    model: str


class ModelRefused(Wire):
    """A model cannot be used."""

    kind: Literal["model_refused"] = "model_refused"
    model: str
    reason: str


class PreviewFile(Wire):
    """A preview, complete in the spool folder."""

    path: Path
    grid: PreviewGrid = PreviewGrid()


class Progressed(Wire):
    """Progress of the running step. `percent` refers to the whole step, the step numbers to the stage in `message`."""

    kind: Literal["progress"] = "progress"
    run_id: str
    percent: float
    message: str
    current_step: int | None = None
    total_steps: int | None = None
    preview: PreviewFile | None = None


class FileReady(Wire):
    """An output and its thumbnail are complete in the spool folder."""

    kind: Literal["file"] = "file"
    run_id: str
    index: int
    path: Path
    thumbnail: Path
    mime_type: str
    width: int
    height: int
    frames: int | None = None
    duration_s: float | None = None
    recipe: Recipe


class StepDone(Wire):
    """The step has finished, and all its files were announced."""

    kind: Literal["done"] = "done"
    run_id: str
    text: str | None = None
    enhanced: bool | None = None
    notes: tuple[str, ...] = ()
    timings_s: dict[str, float] = Field(default_factory=dict)


class StepFailure(Wire):
    """The step failed. The process continues, unless it `ends`."""

    kind: Literal["failed"] = "failed"
    run_id: str
    code: StepErrorCode
    message: str
    retryable: bool
    ends: bool = False
    """The process exits after this message, because the context of its device is broken."""


class StepHalted(Wire):
    """The step stopped on request."""

    kind: Literal["halted"] = "halted"
    run_id: str


ToChild = Setup | AddModel | RunStep | StopStep
ModelAnswer = ModelReady | ModelRefused
StepOutcome = StepDone | StepFailure | StepHalted
FromChild = Ready | Heartbeat | ModelLoaded | ModelAnswer | Progressed | FileReady | StepDone | StepFailure | StepHalted

TO_CHILD: TypeAdapter[ToChild] = TypeAdapter(Annotated[ToChild, Field(discriminator="kind")])
FROM_CHILD: TypeAdapter[FromChild] = TypeAdapter(Annotated[FromChild, Field(discriminator="kind")])
