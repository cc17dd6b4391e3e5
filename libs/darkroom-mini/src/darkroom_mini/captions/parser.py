"""Reads out of a prompt what the model can draw of it."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from darkroom_mini.captions.lexicon import (
    COLOURS,
    COUNTS,
    LANDSCAPES,
    MANY,
    ONE,
    PLACES,
    SETTING_TAGS,
    SETTINGS,
    STYLES,
    TIME_TAGS,
    TIMES,
    WEATHER_TAGS,
    WEATHERS,
)
from darkroom_mini.world.scene import Colour, Place, Setting, Style, Time, Weather

_RELATION = "relation"


@dataclass(frozen=True, slots=True)
class Named:
    """A subject and the colour that stands before it."""

    subject: str
    colour: Colour | None


@dataclass(slots=True)
class Facts:
    """What a prompt states; None and empty for what it does not."""

    things: list[Named] = field(default_factory=list)
    """From left to right."""
    count: int = 1
    setting: Setting | None = None
    time: Time | None = None
    weather: Weather | None = None
    style: Style | None = None
    place: Place | None = None


def parse(prompt: str) -> Facts:
    """Return what a prompt states in the words of the lexicon. Other words are ignored.

    Longer phrases go before shorter ones, so `under an orange sky` states a time and no colour.
    """
    facts, colour, reversed_pair, places = Facts(), None, False, 0
    for match in _pattern().finditer(prompt.lower()):
        kind, value = _phrases()[match[0]]
        if kind == "colour":
            colour = value
        elif kind == "thing":
            facts.things.append(Named(value, colour))
            colour = None
        elif kind == _RELATION:
            reversed_pair = value
        else:
            places += kind == "place"
            setattr(facts, kind, value)
    if reversed_pair:
        facts.things.reverse()
    if places > 1:
        facts.place = None
    return facts


@cache
def _phrases() -> dict[str, tuple[str, Any]]:  # Any: an enum, a subject, a number or a direction
    phrases: dict[str, tuple[str, Any]] = {}
    tables: Iterable[tuple[str, Mapping[Any, tuple[str, ...]]]] = (
        ("setting", SETTING_TAGS), ("time", TIME_TAGS), ("weather", WEATHER_TAGS), ("setting", LANDSCAPES),
        ("setting", SETTINGS), ("time", TIMES), ("weather", WEATHERS), ("style", STYLES), ("place", PLACES),
        ("colour", COLOURS), ("count", COUNTS), ("thing", MANY), ("thing", ONE),
    )  # fmt: skip
    for kind, table in tables:
        phrases.update({word: (kind, value) for value, words in table.items() for word in words})
    phrases["to the left of"] = (_RELATION, False)
    phrases["to the right of"] = (_RELATION, True)
    return phrases


@cache
def _pattern() -> re.Pattern[str]:
    longest_first = sorted(_phrases(), key=len, reverse=True)
    return re.compile(r"(?<![\w-])(?:" + "|".join(map(re.escape, longest_first)) + r")(?![\w-])")
