"""Results of earlier steps inside a later step's payload: `{{steps.00.text}}`, `{{steps.00.outputs.0.url}}`."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

REFERENCE_START = "{{steps."
OUTPUT_FIELDS = ("url", "thumbnail_url", "asset_id", "mime_type", "width", "height", "seed")
_REFERENCE = re.compile(
    r"\{\{steps\.(\d{1,2})\.(?:(text)|outputs\.(\d{1,2})\.(" + "|".join(OUTPUT_FIELDS) + r"))\}\}", re.ASCII
)


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
"""Gives the value of a reference; raises `MissingResult`."""


class MissingResult(Exception):
    """A step's payload names something that an earlier step did not deliver."""

    def __init__(self, reference: Reference) -> None:
        super().__init__(f"{reference} was not delivered")


def references(template: Any) -> Iterator[Reference]:
    """Find the references in any JSON value, keys of objects aside."""
    match template:
        case str():
            yield from map(_reference, _REFERENCE.finditer(template))
        case list() | tuple():
            for item in template:
                yield from references(item)
        case dict():
            for item in template.values():
                yield from references(item)


def fill_in(template: Any, lookup: Lookup) -> Any:
    """Replace references anywhere in a JSON value. A string that is one reference takes the type of its value."""
    match template:
        case str():
            if whole := _REFERENCE.fullmatch(template):
                return lookup(_reference(whole))
            return _REFERENCE.sub(lambda match: str(lookup(_reference(match))), template)
        case list() | tuple():
            return [fill_in(item, lookup) for item in template]
        case dict():
            return {name: fill_in(item, lookup) for name, item in template.items()}
    return template


def _reference(match: re.Match[str]) -> Reference:
    step, text, output, field = match.groups()
    return Reference(int(step), None if text else int(output), text or field)
