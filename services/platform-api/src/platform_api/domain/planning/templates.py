"""References to results of earlier steps in payloads: `{{steps.00.text}}`, `{{steps.00.outputs.0.url}}`."""

import json
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

REFERENCE_START = "{{steps."
"""Start of a reference. Spaces inside the braces are allowed here as in all placeholders."""
MAX_FILLED_IN = 1_000_000
OUTPUT_FIELDS = ("url", "thumbnail_url", "asset_id", "mime_type", "width", "height", "seed", "file")
"""Fields of an output. `file` is the stored object, for the input files of a later step."""
REFERENCE = re.compile(
    r"\{\{\s*steps\.(\d{1,2})\.(?:(text)|outputs\.(\d{1,2})\.(" + "|".join(OUTPUT_FIELDS) + r"))\s*\}\}", re.ASCII
)
_START = re.compile(r"\{\{\s*steps\.", re.ASCII)


@dataclass(frozen=True, slots=True)
class Reference:
    """A reference to the text of a step, or to a field of one of its outputs."""

    step: int
    output: int | None
    field: str

    def __str__(self) -> str:
        place = self.field if self.output is None else f"outputs.{self.output}.{self.field}"
        return f"{REFERENCE_START}{self.step:02d}.{place}}}}}"


Lookup = Callable[[Reference], Any]
"""Returns the value of a reference; raises `Unfillable`."""


class Unfillable(Exception):
    """A placeholder has no value, or the values are too large; the message gives the reason."""


def references(template: Any) -> Iterator[Reference]:
    """Yield the references in any JSON value, except in keys of objects."""
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
    """Return whether a text contains the start of a reference."""
    return _START.search(text) is not None


def fill_in(template: Any, lookup: Lookup) -> Any:
    """Replace references anywhere in a JSON value. A string that is a single reference takes the type of its value.

    Raises `Unfillable` if a value is missing, or if the values have more than 1,000,000 characters together.
    """
    check_length(as_text(lookup(reference)) for reference in references(template))
    return _fill_in(template, lookup)


def as_text(value: Any) -> str:
    """Return a value as it appears inside a longer text."""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def check_length(filled_in: Iterable[str]) -> None:
    """Limit the total length of inserted values: a small template can repeat a long text many times."""
    length = sum(map(len, filled_in))
    if length > MAX_FILLED_IN:
        raise Unfillable(f"the values to fill in have {length} characters, more than {MAX_FILLED_IN}")


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
