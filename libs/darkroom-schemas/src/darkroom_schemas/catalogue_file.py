"""Reads the tables of the catalogue: the shipped file, and the operator's, which adds and replaces whole entries."""

import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from darkroom_schemas.base import MAX_MEMBERS

CATALOGUE_VARIABLE = "DARKROOM_CATALOGUE"
"""Environment variable with the path of the operator's file. All services of an installation need the same file."""
SHIPPED = "catalogue.toml"
MAX_FILE_BYTES = 1_000_000
_SECTIONS = ("families", "types")

Model = TypeVar("Model", bound=BaseModel)


class CatalogueError(Exception):
    """A catalogue cannot be used; the message names the file and the field."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One table, and the file that it comes from."""

    origin: str
    values: dict[str, Any]


Tables = Mapping[str, Mapping[str, Entry]]
"""The entries of each section by their names."""


def read_tables(operator_file: Path | None = None) -> Tables:
    """Return the shipped entries, with those of the operator's file added or in their place; raises CatalogueError."""
    tables = _tables_of((files("darkroom_schemas") / SHIPPED).read_text("utf-8"), SHIPPED)
    if operator_file is None:
        return tables
    own = _tables_of(_text_of(operator_file), str(operator_file))
    merged = {section: dict(tables[section]) | dict(own[section]) for section in _SECTIONS}
    for section, entries in merged.items():
        if len(entries) > MAX_MEMBERS:
            message = f"{section}: must be at most {MAX_MEMBERS} with the shipped ones, are {len(entries)}"
            raise CatalogueError(f"{operator_file}: {message}")
    return merged


def build(model: type[Model], section: str, name: str, entry: Entry) -> Model:
    """Return the model of an entry; raises CatalogueError that names the field."""
    known = sorted(model.model_fields.keys() - {"name"})
    for field in entry.values:
        if field not in known:
            raise CatalogueError(f"{entry.origin}: {section}.{name}.{field}: unknown; known: {', '.join(known)}")
    try:
        return model.model_validate({**entry.values, "name": name})
    except ValidationError as error:
        problem = error.errors(include_input=False, include_url=False)[0]
        field = ".".join(map(str, ("", *problem["loc"])))
        raise CatalogueError(f"{entry.origin}: {section}.{name}{field}: {problem['msg']}") from error


def _tables_of(text: str, origin: str) -> dict[str, dict[str, Entry]]:
    try:
        content = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise CatalogueError(f"{origin}: not TOML: {error}") from error
    if unknown := content.keys() - set(_SECTIONS):
        raise CatalogueError(f"{origin}: {min(unknown)}: unknown; known: {', '.join(_SECTIONS)}")
    tables: dict[str, dict[str, Entry]] = {}
    for section in _SECTIONS:
        entries = content.get(section, {})
        if not isinstance(entries, dict):
            raise CatalogueError(f"{origin}: {section}: must be a table of tables")
        for name, values in entries.items():
            if not isinstance(values, dict):
                raise CatalogueError(f"{origin}: {section}.{name}: must be a table")
        tables[section] = {name: Entry(origin, values) for name, values in entries.items()}
    return tables


def _text_of(path: Path) -> str:
    try:
        with path.open("rb") as file:
            content = file.read(MAX_FILE_BYTES + 1)
        if len(content) > MAX_FILE_BYTES:
            raise CatalogueError(f"{CATALOGUE_VARIABLE}: {path} has more than {MAX_FILE_BYTES:,} bytes")
        return content.decode()
    except OSError as error:
        raise CatalogueError(f"{CATALOGUE_VARIABLE}: cannot read {path}: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise CatalogueError(f"{CATALOGUE_VARIABLE}: {path} is not text in UTF-8") from error


def operator_file() -> Path | None:
    """Return the path that the environment states, None if it states none."""
    path = os.environ.get(CATALOGUE_VARIABLE)
    return Path(path) if path else None
