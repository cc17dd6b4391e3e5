"""Buildings."""

from math import cos, pi, sin

from darkroom_mini.world.palette import INK, LAMP, RGB, WHITE, contrast, darker, mix, shade
from darkroom_mini.world.pen import Pen
from darkroom_mini.world.scene import Time

_ROOF: RGB = (122, 60, 52)
_SLATE: RGB = (72, 76, 92)
_DOOR: RGB = (74, 48, 36)


def house(pen: Pen, colour: RGB) -> None:
    """Draw a house: gabled roof, chimney, door, two windows."""
    roof = contrast(colour, _ROOF, _SLATE)
    pen.box(0.22, -1.0, 0.36, -0.6, (128, 72, 62))
    pen.box(-0.46, -0.54, 0.46, 0, colour)
    pen.poly([(-0.6, -0.5), (0, -1.0), (0.6, -0.5)], roof)
    pen.poly([(-0.5, -0.5), (0, -0.9), (0.5, -0.5)], darker(roof, 0.15))
    pen.oval(0, -0.64, 0.08, 0.08, LAMP if pen.light.lamps else (160, 204, 234), glow=pen.light.lamps)
    pen.box(-0.1, -0.34, 0.1, 0, _DOOR)
    for left in (-0.38, 0.18):
        pen.box(left - 0.025, -0.42, left + 0.225, -0.17, (250, 248, 240))
        pen.window(left, -0.395, left + 0.2, -0.195)
        pen.box(left + 0.09, -0.395, left + 0.11, -0.195, (250, 248, 240))


def lighthouse(pen: Pen, colour: RGB) -> None:
    """Draw a striped lighthouse; by night with its beams."""
    if pen.light.time is Time.NIGHT:
        beam = mix(pen.light.sky, (255, 240, 170), 0.4)
        for side in (-1, 1):
            pen.poly([(0, -0.8), (side * 1.4, -1.06), (side * 1.4, -0.58)], beam, glow=True, measured=False)
    wall = contrast(colour, WHITE, (176, 182, 192))
    pen.poly([(-0.19, 0), (0.19, 0), (0.115, -0.72), (-0.115, -0.72)], wall)
    for low in (0.06, 0.3, 0.54):
        near, far = (0.19 - 0.104 * y for y in (low, low + 0.13))
        pen.poly([(-near, -low), (near, -low), (far, -low - 0.13), (-far, -low - 0.13)], colour)
    pen.box(-0.065, -0.15, 0.065, 0, _DOOR)
    pen.box(-0.16, -0.76, 0.16, -0.71, shade(colour, 0.35))
    pen.box(-0.09, -0.88, 0.09, -0.76, LAMP, glow=True)
    pen.poly([(-0.14, -0.88), (0.14, -0.88), (0, -1.04)], shade(colour, 0.1))


def castle(pen: Pen, colour: RGB) -> None:
    """Draw a castle: a gate, battlements, two towers with pointed roofs."""
    dark, roof = shade(colour, 0.16), contrast(colour, (156, 52, 58), (62, 74, 150))
    pen.box(-0.36, -0.52, 0.36, 0, colour)
    for index in range(4):
        left = -0.34 + index * 0.19
        pen.box(left, -0.61, left + 0.11, -0.5, colour)
    for x in (-0.46, 0.46):
        pen.box(x - 0.155, -0.7, x + 0.155, 0, dark)
        pen.poly([(x - 0.22, -0.7), (x + 0.22, -0.7), (x, -1.06)], roof)
        pen.window(x - 0.05, -0.56, x + 0.05, -0.38)
    pen.box(-0.12, -0.22, 0.12, 0, _DOOR)
    pen.dome(0, -0.22, 0.12, 0.13, _DOOR)
    for left in (-0.24, 0.14):
        pen.window(left, -0.44, left + 0.1, -0.3)


def windmill(pen: Pen, colour: RGB) -> None:
    """Draw a windmill: a tapering tower and four broad sails in a cross."""
    roof = contrast(colour, (118, 64, 54), _SLATE)
    sail = contrast(pen.light.sky, contrast(colour, (250, 246, 232), (236, 190, 120)), (196, 120, 70))
    pen.poly([(-0.26, 0), (0.26, 0), (0.15, -0.66), (-0.15, -0.66)], colour)
    pen.poly([(0.06, 0), (0.26, 0), (0.15, -0.66), (0.05, -0.66)], shade(colour, 0.14))
    pen.dome(0, -0.65, 0.18, 0.18, roof)
    pen.box(-0.07, -0.2, 0.07, 0, _DOOR)
    pen.window(-0.045, -0.44, 0.045, -0.33)
    start = pen.random.uniform(0.5, 1.05)
    for quarter in range(4):
        u, v = cos(start + quarter * pi / 2), sin(start + quarter * pi / 2)
        near, far, wide = 0.12, 0.56, 0.15
        pen.line([(0, -0.66), (far * u, -0.66 + far * v)], 0.035, (92, 62, 42))
        corners = [(near, 0.0), (far, 0.0), (far, wide), (near, wide)]
        pen.poly([(a * u - b * v, -0.66 + a * v + b * u) for a, b in corners], sail)
        for rung in (0.27, 0.42):
            pen.line(
                [(rung * u, -0.66 + rung * v), (rung * u - wide * v, -0.66 + rung * v + wide * u)], 0.018, (92, 62, 42)
            )
    pen.oval(0, -0.66, 0.05, 0.05, (70, 48, 36))


def tent(pen: Pen, colour: RGB) -> None:
    """Draw a ridge tent with an open entrance and a pennant."""
    pen.line([(0, -0.72), (0, -0.94)], 0.025, (92, 62, 42))
    pen.poly([(0, -0.94), (0.2, -0.87), (0, -0.8)], contrast(colour, (220, 50, 50), (250, 214, 60)))
    pen.poly([(-0.62, 0), (0, -0.74), (0.62, 0)], colour)
    pen.poly([(0, -0.74), (0.62, 0), (0.3, 0)], shade(colour, 0.2))
    pen.poly([(0, -0.6), (0.19, 0), (-0.19, 0)], LAMP if pen.light.lamps else INK, glow=pen.light.lamps)
    pen.poly([(0, -0.6), (-0.19, 0), (-0.08, 0)], contrast(colour, (250, 248, 240), (196, 170, 130)))
