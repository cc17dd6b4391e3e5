"""Rows of `assets`."""

from dataclasses import fields
from typing import Any

from darkroom_schemas.recipe import AnyRecipe
from pydantic import TypeAdapter
from sqlalchemy import RowMapping, func, select

from platform_api.domain.assets.asset import Asset
from platform_api.domain.jobs.job import JobState
from platform_api.store.tables.assets import asset_tags, assets

_COLUMNS = tuple(field.name for field in fields(Asset) if field.name != "tags")
_TAGS = select(asset_tags.c.name).where(asset_tags.c.asset_id == assets.c.id).order_by(asset_tags.c.tag)
WITH_TAGS = select(assets, func.array(_TAGS.scalar_subquery()).label("tags"))
"""Selects assets with the names of their tags."""
_RECIPE: TypeAdapter[AnyRecipe] = TypeAdapter(AnyRecipe)


def asset_of(row: RowMapping) -> Asset:
    """Build an asset from a row of `WITH_TAGS`."""
    recipe = _RECIPE.validate_python(row["recipe"]) if row["recipe"] else None
    return Asset(**{name: row[name] for name in _COLUMNS} | {"recipe": recipe, "tags": tuple(row["tags"])})


def asset_row(asset: Asset, state: JobState) -> dict[str, Any]:
    """Return the row of an asset of the job's current run."""
    return row_of(asset, next(step.job_type for step in state.steps if step.number == asset.step))


def row_of(asset: Asset, step_type: str) -> dict[str, Any]:
    """Return the row of an asset that a step of this type produced."""
    return {name: getattr(asset, name) for name in _COLUMNS} | {
        "recipe": asset.recipe.model_dump(mode="json") if asset.recipe else None,
        "step_type": step_type,
    }
