"""An asset: one stored output of a step, or an upload."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from darkroom_schemas.ids import AssetId, JobId, UserId
from darkroom_schemas.recipe import AnyRecipe
from darkroom_schemas.worker import Requirements


@dataclass(frozen=True, slots=True)
class Asset:
    """One stored file and where its bytes are."""

    id: AssetId
    user_id: UserId
    job_id: JobId | None
    """None for an upload."""
    run: int
    step: int
    output_index: int
    job_type: str
    object_key: str
    thumbnail_key: str | None
    mime_type: str
    size_bytes: int
    sha256: str
    width: int | None
    height: int | None
    frames: int | None
    duration_s: float | None
    recipe: AnyRecipe | None
    created_at: datetime
    favourite: bool = False
    tags: tuple[str, ...] = ()

    @property
    def seed(self) -> int | None:
        return self.recipe.seed if self.recipe else None


@dataclass(frozen=True, slots=True)
class Origin:
    """The step that produced an asset: its job type, its payload with all values, and the price of one output."""

    job_type: str
    payload: dict[str, Any]
    price_mc: int
    requirements: Requirements | None
