"""The catalogue of all job types, read from catalogue.toml and the operator's file when a process starts."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Annotated, Any

from pydantic import Field

from darkroom_schemas.base import Wire
from darkroom_schemas.catalogue_file import CatalogueError, Entry, Tables, build
from darkroom_schemas.families import FAMILIES, NAME_PATTERN, TABLES, Family, FamilyName, Kind, known_families
from darkroom_schemas.remote_payloads import REMOTE_PAYLOADS, SAFE_METHODS
from darkroom_schemas.samplers import find_sampler, step_limit
from darkroom_schemas.worker import Requirements

_MIME_TYPES = {Kind.IMAGE: "image/png", Kind.VIDEO: "video/mp4", Kind.PROMPT: "text/plain"}
_IMAGE_FIELDS = ("steps", "guidance_scale", "sampler", "width", "height")
_NEEDED = {Kind.IMAGE: _IMAGE_FIELDS, Kind.VIDEO: (*_IMAGE_FIELDS, "frames", "fps"), Kind.PROMPT: ()}
"""Fields that a type of each kind must state."""


class Connector(StrEnum):
    """What executes a step: Darkroom's pipelines (`local`) or an external back end."""

    LOCAL = "local"
    COMFYUI = "comfyui"
    A1111 = "a1111"
    OLLAMA = "ollama"
    OPENAI = "openai"
    HTTP = "http"
    SIMULATED = "simulated"


class JobType(Wire):
    """One entry of the catalogue. Sizes in pixels, prices in thousandths of a credit per output."""

    name: Annotated[str, Field(pattern=NAME_PATTERN)]
    label: Annotated[str, Field(min_length=1, max_length=200)]
    connector: Connector = Connector.LOCAL
    family: FamilyName | None = None
    model: Annotated[str, Field(min_length=1, max_length=200)] | None = None
    steps: int | None = Field(default=None, ge=1, le=200)
    guidance_scale: float | None = Field(default=None, ge=0, le=50)
    sampler: str | None = None
    width: int | None = Field(default=None, ge=64, le=4096)
    height: int | None = Field(default=None, ge=64, le=4096)
    frames: int | None = Field(default=None, ge=5, le=257)
    fps: int | None = Field(default=None, ge=1, le=60)
    outputs: int = Field(default=1, ge=1, le=64)
    mime_type: str
    bucket: Annotated[str, Field(pattern=NAME_PATTERN)]
    max_output_bytes: int = Field(gt=0)
    price_mc: int = Field(ge=0)
    enhanced: bool = False
    enhance_price_mc: int = Field(default=0, ge=0)
    timeout_s: int = Field(default=900, ge=1, le=86_400)
    vram_gb: int = Field(default=0, ge=0, le=1024)
    expected_s: float = Field(gt=0)
    """Service time on a 48 GB GPU, in seconds: the cost estimate until the queue has measured the service time."""
    needs_credential: bool = False

    @property
    def kind(self) -> Kind | None:
        """Return what the type's own model makes; None for a type of another back end."""
        return None if self.family is None else FAMILIES[self.family].kind

    @property
    def takes_negative_prompt(self) -> bool:
        """Whether a negative prompt has an effect. Without guidance it has none."""
        return self.family is not None and FAMILIES[self.family].takes_negative_prompt and bool(self.guidance_scale)

    @property
    def takes_loras(self) -> bool:
        """Whether the type's model applies LoRAs."""
        return self.family is not None and FAMILIES[self.family].takes_loras

    @property
    def takes_init_image(self) -> bool:
        """Whether the type's pictures may start from one, or be drawn in two passes."""
        return self.family is not None and FAMILIES[self.family].takes_init_image

    @property
    def returns_text(self) -> bool:
        """Whether the result is text rather than stored files."""
        return self.mime_type.startswith(("text/", "application/json"))

    @property
    def requirements(self) -> Requirements:
        """Return the requirements of the type's steps. Memory is not one: workers offer only types that fit."""
        return Requirements(type=self.name, models=(self.model,) if self.model else ())

    def models_of(self, payload: Mapping[str, Any]) -> tuple[str, ...]:
        """Return the models without which no worker can run a step with this payload.

        Servers of OpenAI's API may accept names that they do not list, and other payloads need not name one.
        """
        if self.family is None and self.connector is not Connector.OLLAMA:
            return ()
        return (payload["model"],)

    def is_repeatable(self, payload: Mapping[str, Any]) -> bool:
        """Whether a step may run twice: it uses no paid API and makes no request with side effects."""
        changes = self.connector is Connector.HTTP and payload.get("method", "GET") not in SAFE_METHODS
        return not self.needs_credential and not changes

    def adds_enhancement_to(self, other: "JobType") -> bool:
        """Whether this type makes the output of another one, which is not enhanced."""
        same = (self.family, self.steps, self.frames) == (other.family, other.steps, other.frames)
        return same and not other.enhanced

    @property
    def total_price_mc(self) -> int:
        """Price of a completely delivered job, in thousandths of a credit."""
        return self.price_mc * self.outputs + self.enhance_price_mc


def read_types(tables: Tables, families: Mapping[str, Family]) -> dict[str, JobType]:
    """Return the job types of a catalogue by name; raises CatalogueError."""
    types: dict[str, JobType] = {}
    for name, entry in tables["types"].items():
        types[name] = job_type = build(JobType, "types", name, _filled_in(name, entry, families))
        problem = _problem(job_type, families)
        if problem is not None:
            raise CatalogueError(f"{entry.origin}: types.{name}.{problem}")
    return types


def _filled_in(name: str, entry: Entry, families: Mapping[str, Family]) -> Entry:
    """Let the bucket be the name of the type, and the MIME type that of its family's kind, unless they are stated."""
    family = families.get(str(entry.values.get("family")))
    if family is None and "family" in entry.values:
        message = f"must be one of {known_families(families)}, is {entry.values['family']!r}"
        raise CatalogueError(f"{entry.origin}: types.{name}.family: {message}")
    usual = {"bucket": name} if family is None else {"bucket": name, "mime_type": _MIME_TYPES[family.kind]}
    return Entry(entry.origin, usual | entry.values)


def _problem(job_type: JobType, families: Mapping[str, Family]) -> str | None:
    """Return the field of a type that does not suit its family, and why."""
    if job_type.connector is not Connector.LOCAL:
        if job_type.family is not None:
            return f"family: is for the connector {Connector.LOCAL}, not for {job_type.connector}"
        if job_type.name not in REMOTE_PAYLOADS:
            return f"connector: must be {Connector.LOCAL}; types of other back ends are {', '.join(REMOTE_PAYLOADS)}"
        return None
    family = families.get(job_type.family or "")
    if family is None:
        return f"family: is required for the connector {Connector.LOCAL}"
    needed = ("model", *_NEEDED[family.kind])
    missing = next((field for field in needed if getattr(job_type, field) is None), None)
    if missing is not None:
        return f"{missing}: is required for the family {family.name}"
    return _drawing_problem(job_type, family)


def _drawing_problem(job_type: JobType, family: Family) -> str | None:
    for field in ("width", "height"):
        size = getattr(job_type, field)
        if size is not None and size % family.multiple_of:
            return f"{field}: must be a multiple of {family.multiple_of}, is {size}"
    if job_type.frames is not None and job_type.frames % family.frame_step != 1 % family.frame_step:
        return f"frames: must be a multiple of {family.frame_step} and one more, are {job_type.frames}"
    if job_type.sampler is not None and find_sampler(job_type.sampler, family.samplers) is None:
        return f"sampler: must be one of {', '.join(family.samplers)}, is {job_type.sampler!r}"
    limit = None if job_type.sampler is None else step_limit(job_type.sampler)
    if limit is not None and (job_type.steps or 0) > limit:
        return f"steps: must be at most {limit} with the sampler {job_type.sampler}, are {job_type.steps}"
    if job_type.outputs > 1 and family.kind is not Kind.IMAGE:
        return f"outputs: must be 1 for the family {family.name}"
    return None


try:
    CATALOGUE: dict[str, JobType] = read_types(TABLES, FAMILIES)
except CatalogueError as error:  # every process reads the catalogue when it starts
    raise SystemExit(str(error)) from None

OURVIDZ_TYPES: tuple[str, ...] = tuple(CATALOGUE)[:10]
"""The ten types of the OurVidz dialect, in its documented order. The operator's types follow the shipped ones."""
