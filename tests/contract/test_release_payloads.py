"""Processes of this release and of earlier ones read each other's messages."""

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from support.release_payloads import CROSSING, FOLDER, payloads_of

RECORDED = sorted(FOLDER.glob("*/*.json"))
of_releases = pytest.mark.parametrize("path", RECORDED, ids=lambda path: f"{path.parent.name}-{path.stem}")


def recorded(path: Path) -> dict[str, Any]:
    content: dict[str, Any] = json.loads(path.read_text())
    return content


def lost(old: Any, new: Any, where: str = "") -> list[str]:
    """Return the paths of what was written, is still known, and reads differently now."""
    if isinstance(old, dict) and isinstance(new, dict):
        return [found for name in old.keys() & new for found in lost(old[name], new[name], f"{where}.{name}")]
    if isinstance(old, list) and isinstance(new, list) and len(old) == len(new):
        return [found for n, (a, b) in enumerate(zip(old, new, strict=True)) for found in lost(a, b, f"{where}.{n}")]
    return [] if old == new else [f"{where}: {old!r} became {new!r}"]


def test_every_message_is_recorded() -> None:
    assert {path.stem for path in RECORDED} == set(CROSSING)


@of_releases
@pytest.mark.parametrize("kind", ["full", "least"])
def test_this_release_reads_what_earlier_ones_wrote(path: Path, kind: str) -> None:
    old = recorded(path)[kind]
    read = CROSSING[path.stem].model_validate_json(json.dumps(old)).model_dump(mode="json")
    assert lost(old, read) == []


@of_releases
@pytest.mark.parametrize("kind", ["full", "least"])
def test_earlier_releases_read_what_this_one_writes(path: Path, kind: str) -> None:
    written = payloads_of(CROSSING[path.stem])[kind]
    jsonschema.validate(written, recorded(path)["schema"])


@pytest.mark.parametrize(
    ("old", "new", "found"),
    [
        ({"a": 1}, {"a": 1, "b": 2}, []),
        ({"a": 1, "gone": 2}, {"a": 1}, []),
        ({"a": {"b": 1}}, {"a": {"b": 1.5}}, [".a.b: 1 became 1.5"]),
        ([1, 2], [1], [": [1, 2] became [1]"]),
    ],
)
def test_a_changed_meaning_is_found(old: Any, new: Any, found: list[str]) -> None:
    assert lost(old, new) == found
