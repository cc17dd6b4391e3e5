"""A complete output on the disk of this machine."""

from dataclasses import dataclass
from pathlib import Path

from darkroom_schemas.recipe import AnyRecipe


@dataclass(frozen=True, slots=True)
class OutputFile:
    """A file that is ready for its upload. Sizes in pixels; None where the kind of file has none."""

    index: int
    path: Path
    mime_type: str
    thumbnail: Path | None = None
    """A WebP of at most 384 pixels a side."""
    width: int | None = None
    height: int | None = None
    frames: int | None = None
    duration_s: float | None = None
    recipe: AnyRecipe | None = None
