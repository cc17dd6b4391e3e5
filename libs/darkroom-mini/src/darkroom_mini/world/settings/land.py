"""Settings on land."""

from darkroom_mini.world.backdrop import Backdrop, Ground
from darkroom_mini.world.palette import RGB, darker

_GRASS: RGB = (98, 168, 82)
_SAND: RGB = (240, 198, 124)
_SNOW: RGB = (244, 248, 252)


def meadow(backdrop: Backdrop) -> Ground:
    """Draw green hills with flowers."""
    horizon = backdrop.random.uniform(0.56, 0.63)
    backdrop.sky(horizon)
    backdrop.hills(horizon, 0.035, backdrop.hazy((142, 192, 112), 0.2))
    backdrop.hills(horizon + 0.1, 0.03, backdrop.lit(_GRASS))
    backdrop.flowers(0.8, 12)
    return Ground(0.86, darker(backdrop.lit(_GRASS), 0.2))


def forest(backdrop: Backdrop) -> Ground:
    """Draw two rows of dark firs behind a clearing."""
    horizon = backdrop.random.uniform(0.56, 0.62)
    backdrop.sky(horizon)
    for row, (low, share, step) in enumerate(((horizon + 0.02, 0.4, 0.11), (horizon + 0.09, 0.05, 0.14))):
        x = backdrop.random.uniform(-0.1, 0)
        colour = backdrop.hazy((38, 96, 62), share)
        while x < 1.1:
            height = backdrop.random.uniform(0.36, 0.52) - 0.04 * row
            for tier in range(3):
                backdrop.cone(x, low - tier * height * 0.25, 0.19 - tier * 0.04, height * 0.5, colour)
            x += step * backdrop.random.uniform(0.8, 1.1) * backdrop.unit / backdrop.image.width
        backdrop.box(0, low - 0.01, 1, 1, colour)
    backdrop.hills(horizon + 0.12, 0.015, backdrop.lit((86, 124, 58)))
    for _ in range(9):
        blade = backdrop.random.uniform(0.02, 0.04)
        backdrop.cone(
            backdrop.random.uniform(0, 1), backdrop.random.uniform(0.8, 0.98), blade, blade, backdrop.lit((66, 102, 48))
        )
    return Ground(0.87, darker(backdrop.lit((86, 124, 58)), 0.25))


def desert(backdrop: Backdrop) -> Ground:
    """Draw sand dunes."""
    horizon = backdrop.random.uniform(0.56, 0.63)
    backdrop.sky(horizon)
    backdrop.hills(horizon + 0.01, 0.045, backdrop.hazy((226, 176, 108), 0.15))
    backdrop.hills(horizon + 0.11, 0.04, backdrop.lit(_SAND))
    for _ in range(4):
        x, y = backdrop.random.uniform(0.1, 0.9), backdrop.random.uniform(0.84, 0.97)
        backdrop.oval(x, y, backdrop.random.uniform(0.1, 0.18), 0.008, backdrop.lit((212, 166, 98)))
    return Ground(0.87, darker(backdrop.lit(_SAND), 0.2))


def snow(backdrop: Backdrop) -> Ground:
    """Draw white hills with a few firs."""
    horizon = backdrop.random.uniform(0.56, 0.63)
    backdrop.sky(horizon)
    backdrop.hills(horizon, 0.03, backdrop.hazy((206, 220, 236), 0.1))
    for _ in range(5):
        x, y = backdrop.random.uniform(0.02, 0.98), horizon + backdrop.random.uniform(0.02, 0.05)
        height = backdrop.random.uniform(0.1, 0.16)
        backdrop.cone(x, y, height * 0.7, height, backdrop.lit((52, 98, 86)))
    backdrop.hills(horizon + 0.1, 0.025, backdrop.lit(_SNOW))
    return Ground(0.87, darker(backdrop.lit(_SNOW), 0.16))


def city(backdrop: Backdrop) -> Ground:
    """Draw blocks of flats with windows behind a street."""
    backdrop.sky(0.75)
    x = -0.02
    base = backdrop.hazy((96, 102, 124), 0.22)
    pane = (255, 222, 130) if backdrop.light.lamps else backdrop.hazy((196, 214, 230), 0.2)
    while x < 1:
        wide, high = backdrop.random.uniform(0.13, 0.21), backdrop.random.uniform(0.26, 0.54)
        wide *= backdrop.unit / backdrop.image.width
        backdrop.box(x, 0.8 - high, x + wide, 0.85, darker(base, backdrop.random.uniform(0, 0.28)))
        for column in range(3):
            for row in range(int(high / 0.085)):
                if backdrop.random.random() < 0.6:
                    left, top = x + wide * (0.14 + column * 0.28), 0.8 - high + 0.03 + row * 0.085
                    backdrop.box(left, top, left + wide * 0.15, top + 0.04, pane)
        x += wide + 0.006
    backdrop.box(0, 0.79, 1, 0.84, backdrop.lit((172, 172, 172)))
    backdrop.box(0, 0.84, 1, 1, backdrop.lit((84, 86, 94)))
    for index in range(5):
        backdrop.box(index * 0.23 + 0.02, 0.935, index * 0.23 + 0.13, 0.95, backdrop.lit((232, 232, 222)))
    return Ground(0.88, darker(backdrop.lit((84, 86, 94)), 0.3))
