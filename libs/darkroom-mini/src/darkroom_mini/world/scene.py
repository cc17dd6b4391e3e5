"""What a picture shows, as plain data."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum


class Colour(StrEnum):
    """Colours of things."""

    RED = "red"
    ORANGE = "orange"
    YELLOW = "yellow"
    GREEN = "green"
    BLUE = "blue"
    PURPLE = "purple"
    PINK = "pink"
    WHITE = "white"
    BLACK = "black"
    BROWN = "brown"
    GRAY = "gray"


class Setting(StrEnum):
    """Where a scene takes place."""

    SEA = "sea"
    BEACH = "beach"
    MEADOW = "meadow"
    FOREST = "forest"
    DESERT = "desert"
    SNOW = "snow"
    CITY = "city"
    SPACE = "space"
    ROOM = "room"
    UNDERWATER = "underwater"


class Time(StrEnum):
    """Time of day, which decides the light."""

    DAWN = "dawn"
    DAY = "day"
    DUSK = "dusk"
    NIGHT = "night"


class Weather(StrEnum):
    """Weather of an outdoor scene."""

    CLEAR = "clear"
    RAIN = "rain"
    SNOW = "snow"
    FOG = "fog"


class Style(StrEnum):
    """How a scene is drawn."""

    FLAT = "flat"
    WATERCOLOUR = "watercolour"
    PIXEL = "pixel"
    LINE = "line"
    NEON = "neon"


class Place(StrEnum):
    """Where in the picture a single thing stands."""

    LEFT = "left"
    CENTRE = "centre"
    RIGHT = "right"


WITHOUT_WEATHER = frozenset({Setting.SPACE, Setting.ROOM, Setting.UNDERWATER})
"""Settings whose weather is always clear."""
MAX_COUNT = 3


@dataclass(frozen=True, slots=True)
class Thing:
    """A subject of the catalogue in one colour."""

    subject: str
    colour: Colour


@dataclass(frozen=True, slots=True)
class Scene:
    """One picture: up to three things of one kind, or two different ones, the first of them on the left; or none."""

    things: tuple[Thing, ...]
    count: int = 1
    """How many there are of a single kind, 1 to 3; 1 otherwise."""
    setting: Setting = Setting.MEADOW
    time: Time = Time.DAY
    weather: Weather = Weather.CLEAR
    style: Style = Style.FLAT
    place: Place = Place.CENTRE
    """Of a single thing; several stand across the whole picture."""

    def __post_init__(self) -> None:
        _require(len(self.things) <= 2, f"things: at most two, not {len(self.things)}")
        _require(1 <= self.count <= MAX_COUNT, f"count: 1 to {MAX_COUNT}, not {self.count}")
        _require(len(self.things) == 1 or self.count == 1, "count: only things of one kind have one")
        single = len(self.things) == 1 and self.count == 1
        _require(single or self.place is Place.CENTRE, "place: only a single thing has one")
        dry = self.setting in WITHOUT_WEATHER
        _require(not dry or self.weather is Weather.CLEAR, f"weather: always clear in the setting {self.setting}")
        _require(self.style is not Style.NEON or self.time is Time.NIGHT, "time: always night in the style neon")

    @property
    def drawn(self) -> Sequence[Thing]:
        """Return each thing that is drawn, from left to right."""
        return self.things if len(self.things) > 1 else self.things * self.count


def _require(holds: bool, message: str) -> None:
    if not holds:
        raise ValueError(message)
