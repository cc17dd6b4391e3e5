"""The entries of a model list: where each model comes from, and what it needs of the machine."""

from enum import StrEnum
from importlib.util import find_spec
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from darkroom_schemas.payload import ClipSkip, Prompt
from darkroom_schemas.samplers import find_sampler, step_limit
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from gpu_worker.domain.checkpoints.kind import Prediction
from gpu_worker.models.families import family_of, samplers_of


class WeightType(StrEnum):
    """Number format of the weights on a GPU. A CPU computes in float32."""

    FLOAT16 = "float16"
    BFLOAT16 = "bfloat16"
    FLOAT32 = "float32"


def _known(name: str) -> str:
    return family_of(name).name


FamilyName = Annotated[str, AfterValidator(_known)]
"""The pipeline that loads and runs a model."""


class _Entry(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class HubSource(_Entry):
    """A repository of the Hugging Face hub, downloaded into its cache on first use."""

    repo: Annotated[str, Field(pattern=r"^[\w.-]+/[\w.-]+$")]
    revision: Annotated[str, Field(pattern=r"^[\w.-][\w./-]*$")] = "main"
    """A branch, a tag, or a commit, which pins the files."""
    variant: str | None = "auto"
    """Variant of the weights where there are several, such as `fp16`; `auto` prefers fp16 for dtype float16."""
    files: tuple[str, ...] = ()
    """Patterns of the files to download; empty means configurations, tokenizers and safetensors."""


class FolderSource(_Entry):
    """A folder in the layout of diffusers or transformers. With `package`, it is relative to an installed package."""

    folder: Path
    variant: str | None = "auto"
    """As for a hub source."""

    @model_validator(mode="before")
    @classmethod
    def _inside_its_package(cls, given: Any) -> Any:  # Any: whatever YAML contains
        """Turn `{package: NAME, folder: PATH}` into the folder itself."""
        if not isinstance(given, dict) or "package" not in given:
            return given
        rest = {name: value for name, value in given.items() if name != "package"}
        package, folder = str(given["package"]), str(given.get("folder", ""))
        found = find_spec(package)
        if found is None or not found.submodule_search_locations:
            raise ValueError(f"package: {package} is not installed")
        return {**rest, "folder": Path(found.submodule_search_locations[0], folder)}


class FileSource(_Entry):
    """A single-file `.safetensors` checkpoint."""

    file: Path
    config: Path | None = None
    """Folder with the configurations and tokenizers of its architecture; by default those that its family ships."""

    @model_validator(mode="after")
    def _is_safetensors(self) -> Self:
        if self.file.suffix != ".safetensors":
            raise ValueError(f"file must end in .safetensors (pickled checkpoints can run code): {self.file}")
        return self


class TinySource(_Entry):
    """A model with random weights, built on first use. Its outputs are noise."""

    tiny: FamilyName
    """The family of which it is one."""


Source = HubSource | FolderSource | FileSource | TinySource


class ModelDefaults(_Entry):
    """Values for what a payload leaves open."""

    negative_prompt: Prompt = ""
    steps: Annotated[int, Field(ge=1, le=200)] | None = None
    guidance_scale: Annotated[float, Field(ge=0, le=50)] | None = None
    sampler: str | None = None
    clip_skip: ClipSkip | None = None
    timestep_spacing: Literal["leading", "trailing", "linspace"] | None = None
    """As diffusers' schedulers name it. Lightning and Hyper checkpoints need `trailing`."""
    prediction_type: Prediction | None = None
    """By default what the checkpoint states."""

    @model_validator(mode="after")
    def _sampler_takes_the_steps(self) -> Self:
        limit = None if self.sampler is None else step_limit(self.sampler)
        if limit is not None and (self.steps or 0) > limit:
            raise ValueError(f"steps: must be at most {limit} with the sampler {self.sampler}")
        return self

    @property
    def schedule(self) -> dict[str, str]:
        """Return the settings of the scheduler, as diffusers names them."""
        settings = {"timestep_spacing": self.timestep_spacing, "prediction_type": self.prediction_type}
        return {name: str(value) for name, value in settings.items() if value is not None}


class ModelEntry(_Entry):
    """One model as a profile offers it."""

    family: FamilyName
    source: Source = Field(union_mode="left_to_right")
    vae: HubSource | FolderSource | None = None
    """Replaces the model's own VAE. A single-file checkpoint with a VAE keeps its own."""
    defaults: ModelDefaults = ModelDefaults()
    dtype: WeightType = WeightType.FLOAT16
    sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")] | None = None
    """Weights with another hash are refused; `ModelFiles.sha256` says what is hashed."""
    disk_bytes: int = Field(gt=0)
    footprint: str | None = None
    """Architecture whose footprint applies; by default the family's own."""
    memory_bytes: int | None = Field(default=None, gt=0)
    """Device memory of the weights; with `peak_bytes`, replaces the footprint."""
    peak_bytes: int | None = Field(default=None, gt=0)
    """Peak device memory of a job of any size, weights included."""
    on_request: bool = False
    """Offered only where the operator names it, so that a worker does not download what few people need."""

    @model_validator(mode="after")
    def _has_defaults_of_its_family(self) -> Self:
        family = family_of(self.family)
        stated = {name for name, value in self.defaults if value not in (None, "")}
        if unusable := sorted(stated - family.usable_defaults):
            raise ValueError(f"defaults.{unusable[0]} has no effect on {family.name} models")
        sampler, known = self.defaults.sampler, samplers_of(family)
        if sampler is not None and find_sampler(sampler, known) is None:
            raise ValueError(f"defaults.sampler: no {sampler!r}; there are: {', '.join(known)}")
        return self

    @model_validator(mode="after")
    def _states_both_sizes_or_none(self) -> Self:
        if (self.memory_bytes is None) != (self.peak_bytes is None):
            raise ValueError("memory_bytes and peak_bytes go together")
        if self.memory_bytes is not None and self.peak_bytes is not None and self.peak_bytes < self.memory_bytes:
            raise ValueError("peak_bytes includes the weights, so it is at least memory_bytes")
        return self


class SourceKind(StrEnum):
    """How a model gets to the machine."""

    HUB = "hub"
    FOLDER = "folder"
    FILE = "file"
    BUILT = "built"


def describe(source: Source) -> tuple[SourceKind, str]:
    """Return the kind of a source, and its name as the recipe and the machine check show it."""
    match source:
        case HubSource():
            return SourceKind.HUB, source.repo
        case FolderSource():
            return SourceKind.FOLDER, source.folder.name
        case FileSource():
            return SourceKind.FILE, source.file.name
        case TinySource():
            return SourceKind.BUILT, f"tiny:{source.tiny}"


def checkpoint_source(path: Path) -> FolderSource | FileSource:
    """Return the source of a checkpoint; raises ValidationError if it is neither a folder nor `.safetensors`."""
    return FolderSource(folder=path) if path.is_dir() else FileSource(file=path)


Models = dict[str, ModelEntry]
