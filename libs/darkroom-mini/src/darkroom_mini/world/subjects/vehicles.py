"""Vehicles on roads, rails, water and in the air."""

from darkroom_mini.world.palette import GLASS, LAMP, METAL, RGB, WHITE, WOOD, contrast, darker, lighter, shade
from darkroom_mini.world.pen import Pen

_TYRE: RGB = (26, 26, 30)


def _wheel(pen: Pen, x: float, y: float, radius: float) -> None:
    pen.oval(x, y, radius, radius, _TYRE)
    pen.oval(x, y, radius * 0.48, radius * 0.48, METAL)


def car(pen: Pen, colour: RGB) -> None:
    """Draw a car from the side: cabin, two windows, two large wheels."""
    dark = shade(colour, 0.22)
    pen.blob(
        [(-0.4, -0.36), (-0.3, -0.62), (-0.1, -0.7), (0.16, -0.68), (0.3, -0.58), (0.42, -0.36), (0, -0.3)], colour
    )
    pen.poly([(-0.31, -0.38), (-0.24, -0.58), (-0.03, -0.61), (-0.03, -0.38)], GLASS)
    pen.poly([(0.03, -0.38), (0.03, -0.61), (0.2, -0.57), (0.32, -0.38)], GLASS)
    pen.blob(
        [
            (-0.64, -0.32),
            (-0.4, -0.42),
            (0.36, -0.42),
            (0.62, -0.34),
            (0.68, -0.2),
            (0.62, -0.12),
            (-0.6, -0.12),
            (-0.68, -0.2),
        ],
        colour,
    )
    pen.box(-0.62, -0.19, 0.64, -0.13, dark)
    pen.oval(0.62, -0.28, 0.05, 0.06, LAMP, glow=True)
    pen.oval(-0.64, -0.28, 0.035, 0.055, (210, 40, 40))
    for x in (-0.37, 0.38):
        _wheel(pen, x, -0.14, 0.165)


def bus(pen: Pen, colour: RGB) -> None:
    """Draw a bus from the side: a long box with a row of windows."""
    dark = shade(colour, 0.25)
    pen.blob(
        [
            (-0.74, -0.62),
            (-0.7, -0.68),
            (0.66, -0.68),
            (0.74, -0.6),
            (0.76, -0.2),
            (0.72, -0.12),
            (-0.72, -0.12),
            (-0.74, -0.2),
        ],
        colour,
    )
    for index in range(5):
        left = -0.66 + index * 0.235
        pen.window(left, -0.58, left + 0.19, -0.38)
    pen.poly([(0.54, -0.58), (0.7, -0.58), (0.73, -0.38), (0.54, -0.38)], GLASS)
    pen.box(-0.74, -0.31, 0.76, -0.26, dark)
    pen.oval(0.72, -0.2, 0.035, 0.045, LAMP, glow=True)
    for x in (-0.44, 0.44):
        _wheel(pen, x, -0.12, 0.13)


def train(pen: Pen, colour: RGB) -> None:
    """Draw a steam locomotive from the side, with a chimney and smoke."""
    dark = shade(colour, 0.3)
    for x, y, radius in ((0.34, -0.9, 0.09), (0.2, -1.02, 0.12), (0, -1.08, 0.13)):
        pen.oval(x, y, radius, radius * 0.8, (226, 228, 232))
    pen.poly([(0.36, -0.52), (0.54, -0.52), (0.58, -0.82), (0.32, -0.82)], dark)
    pen.oval(0.08, -0.55, 0.1, 0.12, dark)
    pen.box(-0.64, -0.86, -0.18, -0.18, colour)
    pen.box(-0.7, -0.92, -0.12, -0.84, dark)
    pen.window(-0.54, -0.74, -0.28, -0.5)
    pen.box(-0.2, -0.54, 0.6, -0.2, colour)
    pen.oval(0.6, -0.37, 0.08, 0.17, lighter(colour, 0.2))
    pen.box(0.12, -0.55, 0.18, -0.2, contrast(colour, (240, 200, 70), WHITE))
    pen.oval(0.64, -0.46, 0.05, 0.06, LAMP, glow=True)
    pen.poly([(0.54, -0.18), (0.8, -0.02), (0.54, -0.02)], dark)
    pen.box(-0.66, -0.22, 0.62, -0.14, darker(METAL, 0.4))
    for x, radius in ((-0.46, 0.17), (-0.08, 0.17), (0.24, 0.12), (0.48, 0.12)):
        pen.oval(x, -radius, radius, radius, _TYRE)
        pen.oval(x, -radius, radius * 0.6, radius * 0.6, contrast(colour, (200, 50, 46), METAL))


def boat(pen: Pen, colour: RGB) -> None:
    """Draw a sailing boat: a hull in its colour and two pale sails."""
    pen.box(-0.02, -1, 0.02, -0.2, WOOD)
    pen.poly([(0.05, -0.98), (0.05, -0.3), (0.5, -0.3)], WHITE)
    pen.poly([(-0.05, -0.86), (-0.05, -0.3), (-0.4, -0.3)], (222, 218, 206))
    pen.poly([(0.02, -1), (0.02, -0.92), (0.16, -0.96)], colour)
    pen.poly([(-0.58, -0.25), (0.62, -0.25), (0.4, 0.02), (-0.4, 0.02)], colour)
    pen.poly(
        [(-0.58, -0.25), (0.62, -0.25), (0.58, -0.19), (-0.54, -0.19)],
        contrast(colour, lighter(colour, 0.55), (170, 120, 80)),
    )


def airplane(pen: Pen, colour: RGB) -> None:
    """Draw an airliner from the side: fuselage, swept wing, tail fin."""
    dark = shade(colour, 0.25)
    pen.poly([(-0.04, -0.04), (0.16, -0.04), (-0.06, -0.34), (-0.18, -0.34)], dark)
    pen.poly([(-0.62, -0.04), (-0.44, -0.06), (-0.6, -0.4), (-0.78, -0.4)], colour)
    pen.blob(
        [
            (-0.74, -0.06),
            (-0.5, -0.13),
            (0.4, -0.15),
            (0.64, -0.08),
            (0.72, 0.02),
            (0.6, 0.1),
            (0.2, 0.14),
            (-0.4, 0.08),
        ],
        colour,
    )
    pen.poly([(-0.66, 0.0), (-0.5, 0.0), (-0.72, 0.14), (-0.84, 0.14)], dark)
    pen.poly([(-0.06, 0.04), (0.2, 0.04), (-0.14, 0.42), (-0.32, 0.42)], dark)
    pen.poly([(0.5, -0.09), (0.62, -0.07), (0.68, -0.01), (0.5, -0.01)], GLASS)
    for index in range(6):
        left = -0.38 + index * 0.14
        pen.window(left, -0.07, left + 0.075, 0.0)


def rocket(pen: Pen, colour: RGB) -> None:
    """Draw a rocket that flies upwards on its flame."""
    body = contrast(colour, WHITE, (196, 202, 208))
    pen.blob([(-0.13, 0.3), (0.13, 0.3), (0.1, 0.5), (0, 0.7), (-0.1, 0.5)], (255, 160, 46), glow=True)
    pen.blob([(-0.07, 0.3), (0.07, 0.3), (0.05, 0.42), (0, 0.54), (-0.05, 0.42)], (255, 236, 130), glow=True)
    for side in (-1, 1):
        pen.poly([(side * 0.14, -0.02), (side * 0.4, 0.3), (side * 0.4, 0.42), (side * 0.12, 0.3)], colour)
    pen.blob([(0, -0.62), (0.17, -0.34), (0.21, 0), (0.16, 0.32), (-0.16, 0.32), (-0.21, 0), (-0.17, -0.34)], body)
    pen.poly([(-0.178, -0.3), (-0.1, -0.5), (0, -0.66), (0.1, -0.5), (0.178, -0.3)], colour)
    pen.oval(0, -0.08, 0.11, 0.11, shade(colour, 0.2))
    pen.oval(0, -0.08, 0.075, 0.075, (140, 206, 244))
    pen.box(-0.04, 0.1, 0.04, 0.4, shade(colour, 0.2))


def balloon(pen: Pen, colour: RGB) -> None:
    """Draw a hot air balloon with stripes and a basket."""
    stripe = contrast(colour, lighter(colour, 0.6), (232, 116, 106))
    for side in (-1, 1):
        pen.line([(side * 0.18, 0.2), (side * 0.09, 0.42)], 0.022, WOOD)
    pen.blob(
        [
            (0, -0.6),
            (0.32, -0.48),
            (0.45, -0.18),
            (0.34, 0.08),
            (0.12, 0.3),
            (-0.12, 0.3),
            (-0.34, 0.08),
            (-0.45, -0.18),
            (-0.32, -0.48),
        ],
        colour,
    )
    for side in (-1, 1):
        pen.blob(
            [
                (side * 0.06, -0.59),
                (side * 0.24, -0.46),
                (side * 0.3, -0.18),
                (side * 0.22, 0.08),
                (side * 0.08, 0.29),
                (side * 0.12, 0.04),
                (side * 0.15, -0.2),
                (side * 0.13, -0.42),
            ],
            stripe,
        )
    pen.box(-0.12, 0.28, 0.12, 0.33, shade(colour, 0.3))
    pen.box(-0.12, 0.42, 0.12, 0.6, (150, 100, 58))
    pen.box(-0.13, 0.42, 0.13, 0.46, (112, 72, 42))
