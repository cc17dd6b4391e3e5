"""Every request body in the documents has an example, which its schema accepts."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from contract.repository import ROOT

DOCUMENTS = sorted(Path(ROOT, "proto-schemas", "openapi").glob("*.json"))


def bodies(document: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            for content in operation.get("requestBody", {}).get("content", {}).values():
                if content["schema"].get("format") != "binary":
                    yield f"{method} {path}", content["schema"]


def examples_of(schema: dict[str, Any], document: dict[str, Any]) -> list[Any]:
    """Return the examples of a schema, or of the models that it refers to."""
    if (reference := schema.get("$ref")) is not None:
        schema = document["components"]["schemas"][reference.rpartition("/")[2]]
    found = list(schema.get("examples", []))
    return found or [one for part in schema.get("anyOf", []) for one in examples_of(part, document)]


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.stem)
def test_every_body_has_an_example_that_its_schema_accepts(path: Path) -> None:
    document = json.loads(path.read_text())
    for place, schema in bodies(document):
        examples = examples_of(schema, document)
        assert examples, f"{place} has no example"
        validator = Draft202012Validator(schema | {"components": document["components"]})
        for example in examples:
            assert list(validator.iter_errors(example)) == [], place
