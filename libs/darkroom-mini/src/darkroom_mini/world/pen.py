"""Draws one thing in coordinates of its own."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from math import cos, radians, sin
from random import Random

from PIL import ImageDraw

from darkroom_mini.world.light import Light
from darkroom_mini.world.palette import GLASS, LAMP, RGB, tinted

Point = tuple[float, float]
_CURVE_STEPS = 8
_OVAL_STEPS = 36


@dataclass(slots=True)
class Pen:
    """A pen in the coordinates of a thing: x to the right, y down, its height about 1.

    The origin is the middle of the base of what stands, and the middle of what flies. Colours are tinted by the light
    of the scene, except those with `glow`.
    """

    draw: ImageDraw.ImageDraw
    x_px: float
    y_px: float
    size_px: float
    light: Light
    random: Random
    flipped: bool = False
    bounds: list[float] = field(default_factory=list)
    """Left, top, right and bottom of what was drawn, in pixels."""

    def poly(self, points: Sequence[Point], colour: RGB, *, glow: bool = False, measured: bool = True) -> None:
        """Fill a polygon. One that is not `measured` does not count as part of the thing."""
        placed = [self._place(x, y) for x, y in points]
        if measured:
            self._measure(placed)
        self.draw.polygon(placed, fill=colour if glow else tinted(colour, self.light.things))

    def blob(self, points: Sequence[Point], colour: RGB, *, glow: bool = False) -> None:
        """Fill a smooth closed curve through the points."""
        self.poly(_smooth(points, closed=True), colour, glow=glow)

    def oval(
        self, x: float, y: float, rx: float, ry: float, colour: RGB, *, turn: float = 0, glow: bool = False
    ) -> None:
        """Fill an ellipse around (x, y), turned clockwise by degrees."""
        self.poly(_arc(x, y, rx, ry, 0, 360, turn), colour, glow=glow)

    def slice(self, x: float, y: float, rx: float, ry: float, start: float, end: float, colour: RGB) -> None:
        """Fill a slice of an ellipse between two angles in degrees, clockwise from the right."""
        self.poly([(x, y), *_arc(x, y, rx, ry, start, end, 0)], colour)

    def dome(self, x: float, y: float, rx: float, ry: float, colour: RGB) -> None:
        """Fill the upper half of an ellipse."""
        self.poly(_arc(x, y, rx, ry, 180, 360, 0), colour)

    def box(self, left: float, top: float, right: float, bottom: float, colour: RGB, *, glow: bool = False) -> None:
        """Fill a rectangle."""
        self.poly([(left, top), (right, top), (right, bottom), (left, bottom)], colour, glow=glow)

    def line(self, points: Sequence[Point], width: float, colour: RGB) -> None:
        """Draw straight lines with round ends."""
        placed = [self._place(x, y) for x, y in points]
        self._measure(placed)
        paint, thick = tinted(colour, self.light.things), max(2.0, width * self.size_px)
        self.draw.line(placed, fill=paint, width=round(thick), joint="curve")
        half = thick / 2 - 0.5
        for x, y in (placed[0], placed[-1]):
            self.draw.ellipse((x - half, y - half, x + half, y + half), fill=paint)

    def curve(self, points: Sequence[Point], width: float, colour: RGB) -> None:
        """Draw a smooth curve through the points."""
        self.line(_smooth(points, closed=False), width, colour)

    def window(self, left: float, top: float, right: float, bottom: float) -> None:
        """Draw a window, which is lit at dusk and at night."""
        self.box(left, top, right, bottom, LAMP if self.light.lamps else GLASS, glow=self.light.lamps)

    def eye(self, x: float, y: float, radius: float) -> None:
        """Draw a dark eye with a spark."""
        self.oval(x, y, radius, radius, (18, 18, 20))
        self.oval(x + radius * 0.3, y - radius * 0.35, radius * 0.35, radius * 0.35, (250, 250, 250), glow=True)

    def _place(self, x: float, y: float) -> Point:
        return self.x_px + (-x if self.flipped else x) * self.size_px, self.y_px + y * self.size_px

    def _measure(self, points: Sequence[Point]) -> None:
        across, down = [x for x, _ in points], [y for _, y in points]
        new = [min(across), min(down), max(across), max(down)]
        if self.bounds:
            old = self.bounds
            new = [min(old[0], new[0]), min(old[1], new[1]), max(old[2], new[2]), max(old[3], new[3])]
        self.bounds = new


def _arc(x: float, y: float, rx: float, ry: float, start: float, end: float, turn: float) -> list[Point]:
    steps = max(2, round(_OVAL_STEPS * (end - start) / 360))
    angles = [radians(start + (end - start) * step / steps) for step in range(steps + 1)]
    tilt_cos, tilt_sin = cos(radians(turn)), sin(radians(turn))
    flat = [(rx * cos(angle), ry * sin(angle)) for angle in angles]
    return [(x + u * tilt_cos - v * tilt_sin, y + u * tilt_sin + v * tilt_cos) for u, v in flat]


def _smooth(points: Sequence[Point], *, closed: bool) -> list[Point]:
    """Return points of a Catmull-Rom spline through the given ones."""
    around = [points[-1], *points, points[0], points[1]] if closed else [points[0], *points, points[-1]]
    curve = []
    for before, start, end, after in zip(around, around[1:], around[2:], around[3:], strict=False):
        curve += [_spline(before, start, end, after, step / _CURVE_STEPS) for step in range(_CURVE_STEPS)]
    return curve if closed else [*curve, points[-1]]


def _spline(before: Point, start: Point, end: Point, after: Point, t: float) -> Point:
    def along(a: float, b: float, c: float, d: float) -> float:
        return 0.5 * (2 * b + (c - a) * t + (2 * a - 5 * b + 4 * c - d) * t**2 + (3 * b - a - 3 * c + d) * t**3)

    return along(before[0], start[0], end[0], after[0]), along(before[1], start[1], end[1], after[1])
