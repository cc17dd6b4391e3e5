"""What a caption is, and which attributes of a scene it may leave out."""

from dataclasses import dataclass
from enum import StrEnum


class Attribute(StrEnum):
    """Attributes that a caption may state. Subjects and counts are always stated."""

    COLOUR = "colour"
    SECOND_COLOUR = "second_colour"
    """Of the second of two things."""
    SETTING = "setting"
    TIME = "time"
    WEATHER = "weather"
    STYLE = "style"
    PLACE = "place"


@dataclass(frozen=True, slots=True)
class Caption:
    """A description of a scene, and what it states."""

    text: str
    stated: frozenset[Attribute]
