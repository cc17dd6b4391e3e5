"""What the two processes of a worker say to each other."""

from pathlib import Path
from typing import Annotated, Literal

from darkroom_schemas.base import Wire
from darkroom_schemas.errors import StepErrorCode
from darkroom_schemas.payload import Payload
from darkroom_schemas.recipe import Recipe
from pydantic import Field, TypeAdapter

from gpu_worker.models.profile import Profile


class MemoryPlan(Wire):
    """How the child may use its device."""

    budget_gb: float | None = None
    """Memory for models and work; None means nearly all that the device has."""
    offload: Literal["auto", "never", "always"] = "auto"
    """Keep a model's parts in main memory while they are not computing; `auto` does so for models that do not fit."""
    max_batch: int = Field(default=64, ge=1)
    vae_tiling: bool = False
    """Decode in tiles: slower, less memory, faint seams."""


class Setup(Wire):
    """First message to a child: everything that it needs to know about its place."""

    kind: Literal["setup"] = "setup"
    profile: Profile
    models_dir: Path
    memory: MemoryPlan = MemoryPlan()
    heartbeat_s: float = 1.0


class RunStep(Wire):
    """Run one step; its files go into `spool`."""

    kind: Literal["run"] = "run"
    run_id: str
    payload: Payload
    spool: Path


class StopStep(Wire):
    """Stop the step, if it is still the one that runs."""

    kind: Literal["stop"] = "stop"
    run_id: str


class Ready(Wire):
    """The child has its device, all its models' files, and those models resident that its profile preloads."""

    kind: Literal["ready"] = "ready"
    device: str
    device_name: str
    memory_bytes: int


class Heartbeat(Wire):
    """The child's process works. `quiet_s` is how long the step that runs has shown no sign of life."""

    kind: Literal["heartbeat"] = "heartbeat"
    quiet_s: float
    memory_bytes: int
    models: tuple[str, ...]


class ModelLoaded(Wire):
    """A model is resident now."""

    kind: Literal["model_loaded"] = "model_loaded"
    model: str
    seconds: float
    memory_bytes: int


class Progressed(Wire):
    """How far the running step is. `percent` is of the whole step."""

    kind: Literal["progress"] = "progress"
    run_id: str
    percent: float
    message: str
    current_step: int | None = None
    total_steps: int | None = None
    preview: Path | None = None
    """A small picture of how it looks so far, complete in the spool folder."""


class FileReady(Wire):
    """An output lies complete in the spool folder, with its thumbnail."""

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
    """The step is finished and all its files were announced."""

    kind: Literal["done"] = "done"
    run_id: str
    text: str | None = None
    timings_s: dict[str, float] = Field(default_factory=dict)


class StepFailure(Wire):
    """The step failed, for a reason that the child survived."""

    kind: Literal["failed"] = "failed"
    run_id: str
    code: StepErrorCode
    message: str
    retryable: bool


class StepHalted(Wire):
    """The step stopped because it was asked to."""

    kind: Literal["halted"] = "halted"
    run_id: str


ToChild = Setup | RunStep | StopStep
StepOutcome = StepDone | StepFailure | StepHalted
FromChild = Ready | Heartbeat | ModelLoaded | Progressed | FileReady | StepDone | StepFailure | StepHalted

TO_CHILD: TypeAdapter[ToChild] = TypeAdapter(Annotated[ToChild, Field(discriminator="kind")])
FROM_CHILD: TypeAdapter[FromChild] = TypeAdapter(Annotated[FromChild, Field(discriminator="kind")])
