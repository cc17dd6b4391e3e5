"""The families of Darkroom's own models: what the payload of each may contain. Data of the catalogue."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Annotated, Self

from pydantic import Field, model_validator

from darkroom_schemas.base import Wire
from darkroom_schemas.catalogue_file import CatalogueError, Tables, build, operator_file, read_tables

NAME_PATTERN = r"^[a-z][a-z0-9_]{0,63}$"
FamilyName = Annotated[str, Field(pattern=NAME_PATTERN)]
"""Name of a family. Which ones there are is a matter of the catalogue."""


class Kind(StrEnum):
    """What a family makes, which decides the model of its payload."""

    IMAGE = "image"
    VIDEO = "video"
    PROMPT = "prompt"


class Family(Wire):
    """A family of models that share a payload. The worker's pipeline may serve several."""

    name: FamilyName
    kind: Kind
    multiple_of: int = Field(default=1, ge=1, le=256)
    """Width and height are multiples of it, in pixels."""
    frame_step: int = Field(default=1, ge=1, le=64)
    """A video has a multiple of it and one more frames."""
    samplers: tuple[str, ...] = Field(default=(), max_length=100)
    takes_negative_prompt: bool = False
    takes_loras: bool = False
    takes_clip_skip: bool = False
    takes_init_image: bool = False
    """Whether its pictures may start from one, or be drawn in two passes: `init_image`, `mask_image` and `hires`."""

    in_mini: bool = False
    """Whether the profile `mini` has a trained model of it; its others have random weights, as those of `tiny`."""

    @model_validator(mode="after")
    def _drawing_has_samplers(self) -> Self:
        if self.kind is not Kind.PROMPT and not self.samplers:
            raise ValueError(f"samplers: an {self.kind} family needs at least one")
        return self


def read_families(tables: Tables) -> dict[str, Family]:
    """Return the families of a catalogue by name; raises CatalogueError."""
    return {name: build(Family, "families", name, entry) for name, entry in tables["families"].items()}


def known_families(families: Mapping[str, Family], *kinds: Kind) -> str:
    """Return the names of the families of these kinds, of all by default, for a message."""
    return ", ".join(name for name, family in families.items() if not kinds or family.kind in kinds)


try:
    TABLES: Tables = read_tables(operator_file())
    FAMILIES: Mapping[str, Family] = read_families(TABLES)
except CatalogueError as error:  # every process reads the catalogue when it starts
    raise SystemExit(str(error)) from None
