"""Things that are neither alive nor built to live or travel in."""

from math import cos, radians, sin

from darkroom_mini.world.palette import INK, LAMP, LEAF, METAL, PAINT, RGB, WHITE, WOOD, contrast, lighter, shade
from darkroom_mini.world.pen import Pen, Point
from darkroom_mini.world.scene import Colour

_CARROT: RGB = (242, 130, 40)


def snowman(pen: Pen, colour: RGB) -> None:
    """Draw a snowman of two balls, with a hat; hat and scarf have its colour."""
    accent = colour if colour != PAINT[Colour.WHITE] else (150, 176, 214)
    for side in (-1, 1):
        pen.line([(side * 0.18, -0.46), (side * 0.5, -0.66)], 0.035, WOOD)
    pen.oval(0, -0.25, 0.3, 0.26, (250, 252, 255))
    pen.oval(0, -0.62, 0.21, 0.2, (250, 252, 255))
    pen.line([(-0.17, -0.47), (0.17, -0.47)], 0.09, accent)
    pen.box(0.06, -0.47, 0.16, -0.24, accent)
    pen.box(-0.26, -0.82, 0.26, -0.76, accent)
    pen.box(-0.16, -1.06, 0.16, -0.8, accent)
    for side in (-1, 1):
        pen.oval(side * 0.075, -0.67, 0.03, 0.03, INK)
    pen.poly([(0, -0.63), (0, -0.57), (0.18, -0.59)], _CARROT)
    for y in (-0.34, -0.22, -0.1):
        pen.oval(-0.02, y, 0.028, 0.028, INK)


def robot(pen: Pen, colour: RGB) -> None:
    """Draw a robot from the front: square head and body, an antenna, claws."""
    dark = shade(colour, 0.28)
    pen.line([(0, -0.96), (0, -1.08)], 0.03, dark)
    pen.oval(0, -1.1, 0.05, 0.05, (236, 60, 60), glow=True)
    for side in (-1, 1):
        pen.box(side * 0.13 - 0.075, -0.2, side * 0.13 + 0.075, 0, dark)
        pen.line([(side * 0.3, -0.54), (side * 0.45, -0.4), (side * 0.45, -0.24)], 0.09, dark)
        pen.oval(side * 0.45, -0.2, 0.075, 0.075, METAL)
    pen.box(-0.3, -0.62, 0.3, -0.16, colour)
    pen.box(-0.18, -0.5, 0.18, -0.3, (44, 56, 72))
    for x, lamp in ((-0.1, (240, 80, 70)), (0, (250, 210, 70)), (0.1, (90, 210, 110))):
        pen.oval(x, -0.4, 0.035, 0.035, lamp, glow=True)
    pen.box(-0.26, -0.96, 0.26, -0.66, colour)
    for side in (-1, 1):
        pen.oval(side * 0.12, -0.84, 0.075, 0.075, (250, 252, 255))
        pen.oval(side * 0.12, -0.84, 0.036, 0.036, INK)
    pen.box(-0.13, -0.74, 0.13, -0.7, dark)


def umbrella(pen: Pen, colour: RGB) -> None:
    """Draw an open umbrella with a crooked handle."""
    second = contrast(colour, lighter(colour, 0.5), (232, 106, 106))
    pen.box(-0.028, -0.9, 0.028, -0.08, WOOD)
    pen.curve([(0, -0.1), (0.02, -0.01), (0.1, 0), (0.15, -0.09)], 0.055, WOOD)
    for index in range(4):
        pen.slice(0, -0.5, 0.58, 0.5, 180 + 45 * index, 225 + 45 * index, colour if index % 2 == 0 else second)
    pen.line([(0, -1.0), (0, -1.07)], 0.035, WOOD)


def cup(pen: Pen, colour: RGB) -> None:
    """Draw a cup of coffee with a handle and steam."""
    for x in (-0.14, 0.1):
        pen.curve([(x, -0.68), (x + 0.07, -0.78), (x - 0.03, -0.9), (x + 0.05, -1.02)], 0.045, (228, 232, 236))
    pen.curve([(0.28, -0.48), (0.5, -0.46), (0.52, -0.26), (0.26, -0.16)], 0.085, colour)
    pen.oval(0, -0.01, 0.46, 0.055, contrast(colour, WHITE, (176, 186, 200)))
    pen.poly([(-0.36, -0.58), (0.36, -0.58), (0.28, -0.1), (0.18, -0.02), (-0.18, -0.02), (-0.28, -0.1)], colour)
    pen.oval(0, -0.58, 0.36, 0.09, lighter(colour, 0.3))
    pen.oval(0, -0.57, 0.3, 0.06, (92, 56, 36))


def apple(pen: Pen, colour: RGB) -> None:
    """Draw an apple with a stalk and a leaf."""
    pen.curve([(0, -0.66), (0.02, -0.8), (0.08, -0.88)], 0.05, WOOD)
    pen.blob(
        [(0.06, -0.76), (0.2, -0.9), (0.38, -0.86), (0.24, -0.74)],
        LEAF if colour != PAINT[Colour.GREEN] else (150, 110, 50),
    )
    pen.blob(
        [
            (0, -0.64),
            (0.2, -0.72),
            (0.4, -0.56),
            (0.4, -0.3),
            (0.22, -0.03),
            (0, -0.04),
            (-0.22, -0.03),
            (-0.4, -0.3),
            (-0.4, -0.56),
            (-0.2, -0.72),
        ],
        colour,
    )
    pen.oval(-0.2, -0.48, 0.08, 0.13, lighter(colour, 0.45), turn=20)


def guitar(pen: Pen, colour: RGB) -> None:
    """Draw an upright guitar."""
    pen.box(-0.04, -0.98, 0.04, -0.5, (92, 60, 40))
    pen.poly([(-0.085, -1.14), (0.085, -1.14), (0.06, -0.95), (-0.06, -0.95)], (62, 42, 32))
    pen.blob(
        [
            (0, -0.62),
            (0.17, -0.6),
            (0.2, -0.46),
            (0.16, -0.36),
            (0.28, -0.22),
            (0.26, -0.06),
            (0, 0),
            (-0.26, -0.06),
            (-0.28, -0.22),
            (-0.16, -0.36),
            (-0.2, -0.46),
            (-0.17, -0.6),
        ],
        colour,
    )
    pen.oval(0, -0.36, 0.085, 0.085, INK)
    pen.box(-0.1, -0.17, 0.1, -0.12, contrast(colour, (62, 42, 32), WHITE))
    for x in (-0.022, 0.022):
        pen.line([(x, -0.98), (x, -0.14)], 0.01, (236, 226, 196))


def mountain(pen: Pen, colour: RGB) -> None:
    """Draw a mountain with a snowy summit and a lower one behind it."""
    pen.poly([(-0.98, 0), (-0.44, -0.54), (0.1, 0)], shade(colour, 0.24))
    pen.poly([(-0.64, 0), (0.08, -0.9), (0.84, 0)], colour)
    pen.poly([(0.08, -0.9), (0.84, 0), (0.12, 0), (0.17, -0.42)], shade(colour, 0.2))
    snow = contrast(colour, (250, 252, 255), (190, 216, 242))
    pen.poly([(0.08, -0.9), (-0.16, -0.6), (-0.05, -0.65), (0.06, -0.55), (0.18, -0.66), (0.325, -0.61)], snow)


def moon(pen: Pen, colour: RGB) -> None:
    """Draw a full moon with craters."""
    pen.oval(0, 0, 0.48, 0.48, colour, glow=True)
    for x, y, radius in (
        (-0.17, -0.13, 0.12),
        (0.16, 0.06, 0.14),
        (-0.1, 0.25, 0.085),
        (0.12, -0.29, 0.065),
        (-0.33, 0.09, 0.06),
    ):
        pen.oval(x, y, radius, radius, shade(colour, 0.14), glow=True)


def sun(pen: Pen, colour: RGB) -> None:
    """Draw a sun with twelve rays."""
    for index in range(12):
        pen.poly(_ray(index * 30 + 6), lighter(colour, 0.1), glow=True)
    pen.oval(0, 0, 0.36, 0.36, colour, glow=True)
    pen.oval(-0.07, -0.07, 0.22, 0.22, lighter(colour, 0.28), glow=True)


def _ray(degrees: float) -> list[Point]:
    u, v = cos(radians(degrees)), sin(radians(degrees))
    return [
        (0.39 * u - 0.08 * v, 0.39 * v + 0.08 * u),
        (0.39 * u + 0.08 * v, 0.39 * v - 0.08 * u),
        (0.62 * u, 0.62 * v),
    ]


def lantern(pen: Pen, colour: RGB) -> None:
    """Draw a lantern with a handle and a light inside."""
    pen.curve([(-0.2, -0.74), (-0.16, -0.98), (0.16, -0.98), (0.2, -0.74)], 0.04, shade(colour, 0.3))
    pen.poly([(-0.3, -0.66), (0.3, -0.66), (0.14, -0.86), (-0.14, -0.86)], colour)
    pen.box(-0.24, -0.66, 0.24, -0.14, (255, 240, 180), glow=True)
    pen.blob([(0, -0.54), (0.1, -0.34), (0, -0.2), (-0.1, -0.34)], (255, 170, 50), glow=True)
    for x in (-0.24, 0.24):
        pen.box(x - 0.035, -0.66, x + 0.035, -0.14, colour)
    pen.box(-0.32, -0.14, 0.32, 0, colour)
    pen.oval(0, -0.98, 0.05, 0.05, LAMP)
