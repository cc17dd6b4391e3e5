"""Settings off the earth and under a roof."""

from darkroom_mini.world.backdrop import Backdrop, Ground
from darkroom_mini.world.light import Tint
from darkroom_mini.world.palette import RGB, darker, lighter, mix, tinted

_PLANETS: tuple[RGB, ...] = ((206, 160, 100), (120, 170, 202), (192, 110, 122))
_WALLS: tuple[RGB, ...] = ((228, 206, 178), (200, 216, 206), (224, 196, 190))


def space(backdrop: Backdrop) -> Ground:
    """Draw stars, a ringed planet, and the ground of a moon."""
    light = backdrop.light
    backdrop.gradient(0, 1, light.top, light.bottom)
    backdrop.stars(42, 0.95)
    x, y = backdrop.random.choice((0.13, 0.87)), backdrop.random.uniform(0.12, 0.22)
    size, planet = backdrop.random.uniform(0.06, 0.1), backdrop.random.choice(_PLANETS)
    backdrop.oval(x, y, size * 1.75, size * 0.36, lighter(planet, 0.5))
    backdrop.oval(x, y, size, size, planet)
    red, green, blue = (0.5 + 0.5 * part for part in light.scenery)
    soft: Tint = (red, green, blue)
    dust = tinted((152, 150, 158), soft)
    backdrop.hills(0.83, 0.018, dust)
    for _ in range(6):
        wide = backdrop.random.uniform(0.03, 0.07)
        backdrop.oval(
            backdrop.random.uniform(0.05, 0.95), backdrop.random.uniform(0.9, 0.97), wide, 0.015, darker(dust, 0.2)
        )
    return Ground(0.89, darker(dust, 0.25))


def room(backdrop: Backdrop) -> Ground:
    """Draw a room: a window onto a meadow above a wooden sill."""
    backdrop.sky(0.62)
    backdrop.box(0, 0.62, 1, 1, backdrop.hazy((112, 156, 108), 0.45))
    wall, frame = backdrop.lit(backdrop.random.choice(_WALLS)), backdrop.lit((248, 246, 242))
    left, right = 0.12, 0.88
    backdrop.box(0, 0, left, 1, wall)
    backdrop.box(right, 0, 1, 1, wall)
    backdrop.box(0, 0, 1, 0.07, wall)
    backdrop.box(0, 0.82, 1, 1, wall)
    for x in (left, 0.5, right):
        backdrop.box(x - 0.016, 0.06, x + 0.016, 0.82, frame)
    for y in (0.075, 0.4):
        backdrop.box(left - 0.016, y - 0.016, right + 0.016, y + 0.012, frame)
    wood = backdrop.lit((180, 126, 76))
    backdrop.box(0.02, 0.8, 0.98, 0.91, wood)
    backdrop.box(0.02, 0.885, 0.98, 0.93, darker(wood, 0.28))
    return Ground(0.86, mix(wood, darker(wood, 0.5), 0.5))
