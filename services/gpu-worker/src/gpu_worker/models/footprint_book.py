"""Reads and writes the footprints of the known architectures (registry/footprints.json)."""

import json
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from gpu_worker.domain.memory.footprint import Component, Footprint, Point, Shape, StageFootprint, StageName

Book = Mapping[str, Footprint]
"""Footprints by the name of an architecture."""


class _Stage(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    points: tuple[tuple[int, int, int, int], ...] = Field(min_length=1)
    """Size, frames, batch, and bytes of work."""
    workspace_bytes: int = Field(default=0, ge=0)
    workspace_size: int = Field(default=0, ge=0)


class _Architecture(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    weights: dict[Component, int]
    stages: dict[StageName, _Stage]


class _File(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    architectures: dict[str, _Architecture]
    measured_with: dict[str, str] = Field(default_factory=dict)
    """Versions of the libraries that the measurement ran."""


@cache
def shipped_book() -> Book:
    """Return the footprints that this release carries."""
    return parse_book((files("gpu_worker") / "registry/footprints.json").read_text())


def parse_book(text: str) -> Book:
    """Parse a book; raises ValidationError that names the field."""
    return {name: _footprint(entry) for name, entry in _File.model_validate_json(text).architectures.items()}


def write_book(book: Book, measured_with: Mapping[str, str]) -> str:
    """Return the text of a book, with one line for each stage."""
    lines = ["{", f'  "measured_with": {_json(dict(measured_with))},', '  "architectures": {']
    for name, footprint in book.items():
        lines += [f"    {_json(name)}: {{", f'      "weights": {_json(footprint.weights)},', '      "stages": {']
        lines += _joined([f"        {_json(stage)}: {_json(_raw(it))}" for stage, it in footprint.stages.items()])
        lines += ["      }", "    }," if name != list(book)[-1] else "    }"]
    return "\n".join([*lines, "  }", "}", ""])


def _joined(lines: list[str]) -> list[str]:
    return [f"{line}," for line in lines[:-1]] + lines[-1:]


def _json(value: Any) -> str:  # Any: whatever JSON can express
    return json.dumps(value)


def _raw(stage: StageFootprint) -> dict[str, object]:
    points = [[point.shape.size, point.shape.frames, point.shape.batch, point.work_bytes] for point in stage.points]
    if not stage.workspace_bytes:
        return {"points": points}
    return {
        "points": points, "workspace_bytes": stage.workspace_bytes, "workspace_size": stage.workspace_size
    }  # fmt: skip


def _footprint(entry: _Architecture) -> Footprint:
    return Footprint(
        entry.weights,
        {
            name: StageFootprint(
                tuple(Point(Shape(size, frames, batch), work) for size, frames, batch, work in stage.points),
                stage.workspace_bytes,
                stage.workspace_size,
            )
            for name, stage in entry.stages.items()
        },
    )
