"""Decides where the things of a scene stand and how large they are."""

from dataclasses import dataclass
from functools import cache
from random import Random
from typing import NamedTuple

from PIL import Image, ImageDraw

from darkroom_mini.world.backdrop import Ground
from darkroom_mini.world.light import light_of
from darkroom_mini.world.palette import WHITE
from darkroom_mini.world.pen import Pen
from darkroom_mini.world.scene import Colour, Place, Scene, Setting, Thing
from darkroom_mini.world.subjects.catalogue import SUBJECTS, Anchor

_PLACES = {Place.LEFT: 0.28, Place.CENTRE: 0.5, Place.RIGHT: 0.72}
_ACROSS: dict[int, tuple[float, ...]] = {2: (0.27, 0.73), 3: (0.18, 0.5, 0.82)}
_WIDEST: dict[int, float] = {1: 0.86, 2: 0.45, 3: 0.31}
"""Largest width of one of several things, as a fraction of the picture's."""
_WIDEST_ASIDE = 0.48
_SIZES: dict[int, float] = {1: 0.74, 2: 0.6, 3: 0.5}
"""Height of one unit, as a fraction of the shorter side."""
_SKY_Y, _WATER_Y, _SEA_Y = 0.38, 0.52, 0.7
_MARGIN = 0.04
"""Between a thing and the edge of the picture."""


class Extent(NamedTuple):
    """How far a drawing reaches from its origin, in its units."""

    left: float
    top: float
    right: float
    bottom: float


@dataclass(frozen=True, slots=True)
class Placed:
    """A thing and where it is drawn: the position of its origin in fractions of the picture, its size in units."""

    thing: Thing
    x: float
    y: float
    size: float
    """Of one unit of its drawing, as a fraction of the shorter side."""
    width: float
    """Of the whole drawing, as a fraction of the shorter side."""
    flipped: bool


def place_things(scene: Scene, ground: Ground, size: tuple[int, int], random: Random) -> list[Placed]:
    """Return the things of a scene from left to right; `size` is that of the picture (width, height)."""
    things = scene.drawn
    if not things:
        return []
    short = min(size)
    wide, high = size[0] / short, size[1] / short
    columns = _ACROSS.get(len(things), (_PLACES[scene.place],))
    widest = _WIDEST[len(things)] if scene.place is Place.CENTRE else _WIDEST_ASIDE
    scale, all_flipped = random.uniform(0.94, 1.04), random.random() < 0.5
    placed = []
    for thing, column in zip(things, columns, strict=True):
        subject, extent = SUBJECTS[thing.subject], extent_of(thing.subject)
        across, down = extent.right - extent.left, extent.bottom - extent.top
        middle = _middle(subject.anchor, scene.setting)
        room = (ground.y if middle is None else 2 * min(middle, 1 - middle)) - 2 * _MARGIN
        reach = -extent.top if middle is None else down
        unit = min(_SIZES[len(things)] * subject.size, widest * wide / across, room * high / reach) * scale
        flipped = subject.flips and (random.random() < 0.5 if len(scene.things) > 1 else all_flipped)
        shift = (extent.left + extent.right) / 2 * (-1 if flipped else 1)
        x = column + random.uniform(-0.02, 0.02) - shift * unit / wide
        y = ground.y if middle is None else middle - (extent.top + extent.bottom) / 2 * unit / high
        placed.append(Placed(thing, x, y + random.uniform(-0.012, 0.012), unit, across * unit, flipped))
    return placed


def needs_island(placed: Placed, ground: Ground) -> bool:
    """Return whether a thing needs land to stand on in the water."""
    return ground.water and SUBJECTS[placed.thing.subject].anchor is Anchor.GROUND


def casts_shadow(placed: Placed) -> bool:
    """Return whether a thing stands on the ground."""
    return SUBJECTS[placed.thing.subject].anchor in (Anchor.GROUND, Anchor.AFLOAT)


@cache
def extent_of(subject: str) -> Extent:
    """Return how far the drawing of a subject reaches."""
    canvas = ImageDraw.Draw(Image.new("RGB", (1, 1)))
    light = light_of(Scene((Thing(subject, Colour.WHITE),)))
    pen = Pen(draw=canvas, x_px=0, y_px=0, size_px=1, light=light, random=Random(0))
    SUBJECTS[subject].draw(pen, WHITE)
    return Extent(*pen.bounds)


def _middle(anchor: Anchor, setting: Setting) -> float | None:
    """Return the height of the middle of what does not stand, None for what stands."""
    if anchor in (Anchor.GROUND, Anchor.AFLOAT):
        return None
    if anchor is Anchor.SKY:
        return _SKY_Y
    return _SEA_Y if setting is Setting.SEA else _WATER_Y
