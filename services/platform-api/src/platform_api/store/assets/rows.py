"""Rows of `assets`."""

from dataclasses import fields
from typing import Any

from darkroom_schemas.recipe import AnyRecipe
from pydantic import TypeAdapter
from sqlalchemy import RowMapping

from platform_api.domain.assets.asset import Asset
from platform_api.domain.jobs.job import JobState

_ASSET_FIELDS = tuple(field.name for field in fields(Asset))
_RECIPE: TypeAdapter[AnyRecipe] = TypeAdapter(AnyRecipe)


def asset_of(row: RowMapping) -> Asset:
    """Build an asset from a row of `assets`."""
    recipe = _RECIPE.validate_python(row["recipe"]) if row["recipe"] else None
    return Asset(**{name: row[name] for name in _ASSET_FIELDS} | {"recipe": recipe})


def asset_row(asset: Asset, state: JobState) -> dict[str, Any]:
    """Return the row of an asset of the job's current run."""
    return row_of(asset, next(step.job_type for step in state.steps if step.number == asset.step))


def row_of(asset: Asset, step_type: str) -> dict[str, Any]:
    """Return the row of an asset that a step of this type produced."""
    return {name: getattr(asset, name) for name in _ASSET_FIELDS} | {
        "recipe": asset.recipe.model_dump(mode="json") if asset.recipe else None,
        "step_type": step_type,
    }
