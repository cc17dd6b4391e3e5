"""Whatever a client may send has bounds: every list, map, text and number of every request, in the documents.

Objects of any content (`additionalProperties: true`) are bounded by their depth and by the size of the body.
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from contract.repository import ROOT

DOCUMENTS = sorted(Path(ROOT, "proto-schemas", "openapi").glob("*.json"))


def schemas_of(document: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield the schema of each body, and of each number in a path or a query; the server bounds their texts."""
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            for parameter in operation.get("parameters", []):
                for schema in (parameter["schema"], *parameter["schema"].get("anyOf", [])):
                    if schema.get("type") in {"integer", "number"}:
                        yield f"{method} {path} {parameter['in']} {parameter['name']}", schema
            for content in operation.get("requestBody", {}).get("content", {}).values():
                yield f"{method} {path} body", content["schema"]


def unbounded(schema: dict[str, Any], document: dict[str, Any], place: str, seen: frozenset[str]) -> Iterator[str]:
    """Yield the places in a schema that have no bound."""
    if (reference := schema.get("$ref")) is not None:
        name = reference.rpartition("/")[2]
        if name not in seen:
            yield from unbounded(document["components"]["schemas"][name], document, place, seen | {name})
        return
    for part in (*schema.get("anyOf", []), *schema.get("oneOf", []), *schema.get("allOf", [])):
        yield from unbounded(part, document, place, seen)
    for name, inner in schema.get("properties", {}).items():
        yield from unbounded(inner, document, f"{place}.{name}", seen)
    if "enum" in schema or "const" in schema:
        return
    match schema.get("type"):
        case "array":
            if "maxItems" not in schema and "prefixItems" not in schema:
                yield f"{place}: a list without maxItems"
            yield from unbounded(schema.get("items", {}), document, f"{place}[]", seen)
        case "string":
            if not {"maxLength", "format"} & schema.keys() and not _bounded_pattern(schema):
                yield f"{place}: a text without maxLength"
        case "integer" | "number":
            if not {"maximum", "exclusiveMaximum"} & schema.keys():
                yield f"{place}: a number without maximum"
        case "object":
            if isinstance(inner := schema.get("additionalProperties"), dict):
                if "maxProperties" not in schema:
                    yield f"{place}: a map without maxProperties"
                yield from unbounded(inner, document, f"{place}.*", seen)


def _bounded_pattern(schema: dict[str, Any]) -> bool:
    pattern = schema.get("pattern", "")
    return pattern.endswith(("}$", "$")) and not any(sign in pattern for sign in ("*", "+"))


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.stem)
def test_every_field_of_every_request_has_a_bound(path: Path) -> None:
    document = json.loads(path.read_text())
    found = {one for place, schema in schemas_of(document) for one in unbounded(schema, document, place, frozenset())}
    assert found == set()
