"""Results of earlier steps inside a later step's payload: `{{steps.00.text}}`, `{{steps.00.outputs.0.url}}`."""

import json
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

REFERENCE_START = "{{steps."
"""Begins a reference, here as everywhere with or without blanks inside the braces."""
MAX_FILLED_IN = 1_000_000
OUTPUT_FIELDS = ("url", "thumbnail_url", "asset_id", "mime_type", "width", "height", "seed")
REFERENCE = re.compile(
    r"\{\{\s*steps\.(\d{1,2})\.(?:(text)|outputs\.(\d{1,2})\.(" + "|".join(OUTPUT_FIELDS) + r"))\s*\}\}", re.ASCII
)
_START = re.compile(r"\{\{\s*steps\.", re.ASCII)


@dataclass(frozen=True, slots=True)
class Reference:
    """Names the text of a step, or a field of one of its outputs."""

    step: int
    output: int | None
    field: str

    def __str__(self) -> str:
        place = self.field if self.output is None else f"outputs.{self.output}.{self.field}"
        return f"{REFERENCE_START}{self.step:02d}.{place}}}}}"


Lookup = Callable[[Reference], Any]
"""Gives the value of a reference; raises `Unfillable`."""


class Unfillable(Exception):
    """A template's blanks have nothing to be filled with, or too much; the message says which."""


def references(template: Any) -> Iterator[Reference]:
    """Find the references in any JSON value, keys of objects aside."""
    match template:
        case str():
            yield from map(_reference, REFERENCE.finditer(template))
        case list() | tuple():
            for item in template:
                yield from references(item)
        case dict():
            for item in template.values():
                yield from references(item)


def starts_reference(text: str) -> bool:
    """Tell whether a text could be read as naming results of steps, whole or in part."""
    return _START.search(text) is not None


def fill_in(template: Any, lookup: Lookup) -> Any:
    """Replace references anywhere in a JSON value. A string that is one reference takes the type of its value.

    Raises `Unfillable`, also when the results are so long that the payload would not be one any more.
    """
    check_length(as_text(lookup(reference)) for reference in references(template))
    return _fill_in(template, lookup)


def as_text(value: Any) -> str:
    """Write a value as it stands inside a longer text."""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def check_length(filled_in: Iterable[str]) -> None:
    """Refuse what would make a payload of a small template and a long text that it names many times."""
    length = sum(map(len, filled_in))
    if length > MAX_FILLED_IN:
        raise Unfillable(f"what is to be filled in has {length} characters, more than {MAX_FILLED_IN}")


def _fill_in(template: Any, lookup: Lookup) -> Any:
    match template:
        case str():
            if whole := REFERENCE.fullmatch(template):
                return lookup(_reference(whole))
            return REFERENCE.sub(lambda match: as_text(lookup(_reference(match))), template)
        case list() | tuple():
            return [_fill_in(item, lookup) for item in template]
        case dict():
            return {name: _fill_in(item, lookup) for name, item in template.items()}
    return template


def _reference(match: re.Match[str]) -> Reference:
    step, text, output, field = match.groups()
    return Reference(int(step), None if text else int(output), text or field)
