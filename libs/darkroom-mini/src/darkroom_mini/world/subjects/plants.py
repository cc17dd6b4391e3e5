"""Plants and mushrooms."""

from math import cos, pi, sin

from darkroom_mini.world.palette import LEAF, RGB, WHITE, WOOD, contrast, lighter, shade
from darkroom_mini.world.pen import Pen

_BARK: RGB = (150, 108, 68)


def tree(pen: Pen, colour: RGB) -> None:
    """Draw a broad-leaved tree with a round crown."""
    dark = shade(colour, 0.2)
    pen.poly([(-0.11, 0), (0.11, 0), (0.07, -0.5), (-0.07, -0.5)], WOOD)
    pen.oval(-0.25, -0.54, 0.24, 0.21, dark)
    pen.oval(0.25, -0.54, 0.24, 0.21, dark)
    pen.oval(0, -0.7, 0.34, 0.31, colour)
    pen.oval(-0.1, -0.79, 0.18, 0.15, lighter(colour, 0.15))


def pine(pen: Pen, colour: RGB) -> None:
    """Draw a pine of three tiers."""
    pen.box(-0.07, -0.2, 0.07, 0, WOOD)
    for width, low, high in ((0.42, -0.14, -0.56), (0.34, -0.4, -0.8), (0.25, -0.66, -1.04)):
        pen.poly([(-width, low), (width, low), (0, high)], colour)
        pen.poly([(0.02, low), (width, low), (0, high)], shade(colour, 0.16))


def palm(pen: Pen, colour: RGB) -> None:
    """Draw a palm tree: a bent trunk, hanging fronds, coconuts."""
    pen.curve([(-0.1, 0), (-0.07, -0.3), (0, -0.56), (0.1, -0.78)], 0.1, _BARK)
    for reach, rise, fall in (
        (-0.5, 0.1, 0.3),
        (-0.46, 0.26, 0.04),
        (0.5, 0.1, 0.3),
        (0.46, 0.26, 0.04),
        (-0.26, 0.02, 0.42),
        (0.26, 0.02, 0.42),
    ):
        tip, middle = (0.1 + reach, -0.78 + fall), (0.1 + reach * 0.55, -0.8 - rise)
        pen.blob(
            [(0.1, -0.84), middle, tip, (0.1 + reach * 0.5, -0.7 - rise * 0.5), (0.1, -0.74)],
            colour if fall < 0.2 else shade(colour, 0.2),
        )
    for x in (0.04, 0.15):
        pen.oval(x, -0.72, 0.055, 0.055, WOOD)


def flower(pen: Pen, colour: RGB) -> None:
    """Draw a large flower with seven petals on a stem with two leaves."""
    pen.box(-0.035, -0.62, 0.035, 0, LEAF)
    pen.blob([(0.02, -0.08), (0.22, -0.34), (0.34, -0.36), (0.26, -0.14)], LEAF)
    pen.blob([(-0.02, -0.16), (-0.22, -0.42), (-0.34, -0.44), (-0.26, -0.22)], shade(LEAF, 0.15))
    for index in range(7):
        angle = index * 2 * pi / 7 + 0.3
        pen.oval(
            0.21 * cos(angle), -0.72 + 0.21 * sin(angle), 0.145, 0.145, colour if index % 2 else lighter(colour, 0.18)
        )
    pen.oval(0, -0.72, 0.13, 0.13, contrast(colour, (247, 202, 50), (112, 66, 36)))


def cactus(pen: Pen, colour: RGB) -> None:
    """Draw a cactus with two arms."""
    dark = shade(colour, 0.25)
    pen.line([(0, -0.04), (0, -0.88)], 0.26, colour)
    pen.line([(-0.08, -0.34), (-0.36, -0.34), (-0.36, -0.64)], 0.15, colour)
    pen.line([(0.08, -0.46), (0.35, -0.46), (0.35, -0.78)], 0.15, colour)
    for x in (-0.06, 0.05):
        pen.line([(x, -0.86), (x, -0.06)], 0.022, dark)
    pen.oval(0, -1.0, 0.07, 0.06, contrast(colour, (240, 110, 150), (250, 210, 60)))


def mushroom(pen: Pen, colour: RGB) -> None:
    """Draw a mushroom with a dotted cap."""
    dots = contrast(colour, WHITE, (226, 130, 120))
    pen.blob([(-0.13, -0.44), (0.13, -0.44), (0.17, -0.06), (0.1, 0), (-0.1, 0), (-0.17, -0.06)], (242, 230, 208))
    pen.oval(0, -0.44, 0.5, 0.09, shade(colour, 0.3))
    pen.dome(0, -0.44, 0.5, 0.48, colour)
    for x, y, radius in ((-0.25, -0.6, 0.075), (0.02, -0.76, 0.09), (0.27, -0.58, 0.07), (-0.02, -0.55, 0.055)):
        pen.oval(x, y, radius, radius * 0.85, dots)
