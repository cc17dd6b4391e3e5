"""The committed contracts in proto-schemas/ are what the code says."""

import json
from pathlib import Path

import pytest
from support.proto_schemas import FOLDER, generate

OPENAPI = FOLDER / "openapi"


def test_generated_contracts_are_current() -> None:
    committed = {path: path.read_text() for path in FOLDER.glob("*/*.json") if path.parent.name != "examples"}
    current = generate()
    stale = {path.name for path in committed.keys() | current if committed.get(path) != current.get(path)}
    assert stale == set(), "run `make proto-schemas` and commit what changed"


@pytest.mark.parametrize("document", sorted(OPENAPI.glob("*.json")), ids=lambda path: path.stem)
def test_no_schema_is_named_after_a_module(document: Path) -> None:
    names = json.loads(document.read_text()).get("components", {}).get("schemas", {})
    assert [name for name in names if "__" in name] == []
