"""Rows of `assets`."""

from dataclasses import fields
from typing import Any

from darkroom_schemas.recipe import Recipe
from sqlalchemy import RowMapping

from platform_api.domain.assets.asset import Asset
from platform_api.domain.jobs.job import JobState

_ASSET_FIELDS = tuple(field.name for field in fields(Asset))


def asset_of(row: RowMapping) -> Asset:
    """Build an asset from a row of `assets`."""
    recipe = Recipe.model_validate(row["recipe"]) if row["recipe"] else None
    return Asset(**{name: row[name] for name in _ASSET_FIELDS} | {"recipe": recipe})


def asset_row(asset: Asset, state: JobState) -> dict[str, Any]:
    """Return the row of an asset of the job's current run."""
    return {name: getattr(asset, name) for name in _ASSET_FIELDS} | {
        "recipe": asset.recipe.model_dump(mode="json") if asset.recipe else None,
        "step_type": next(step.job_type for step in state.steps if step.number == asset.step),
    }
