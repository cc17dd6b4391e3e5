"""Settings at, on and under the sea."""

from darkroom_mini.world.backdrop import Backdrop, Ground
from darkroom_mini.world.palette import darker, mix
from darkroom_mini.world.scene import Time


def sea(backdrop: Backdrop) -> Ground:
    """Draw the open sea with waves."""
    horizon = backdrop.random.uniform(0.55, 0.62)
    backdrop.sky(horizon)
    near, night = backdrop.lit((52, 128, 186)), backdrop.light.time is Time.NIGHT
    backdrop.gradient(
        horizon, 1, mix(near, backdrop.light.bottom, 0.12 if night else 0.28), backdrop.lit((20, 74, 138))
    )
    crest = mix(near, (255, 255, 255), 0.2 if night else 0.42)
    for _ in range(11):
        x, y = backdrop.random.uniform(0, 1), backdrop.random.uniform(horizon + 0.04, 0.98)
        backdrop.oval(x, y, 0.04 + 0.14 * (y - horizon), 0.0055, crest)
    return Ground(0.83, water=True)


def beach(backdrop: Backdrop) -> Ground:
    """Draw sand, surf and the sea behind it."""
    horizon = backdrop.random.uniform(0.54, 0.6)
    backdrop.sky(horizon)
    near = backdrop.lit((58, 150, 198))
    backdrop.gradient(horizon, 0.82, mix(near, backdrop.light.bottom, 0.2), near)
    shore = backdrop.random.uniform(0.7, 0.73)
    backdrop.hills(shore, 0.016, backdrop.lit((246, 250, 250)))
    backdrop.hills(shore + 0.022, 0.016, backdrop.lit((238, 210, 152)))
    for _ in range(10):
        backdrop.oval(
            backdrop.random.uniform(0, 1),
            backdrop.random.uniform(0.84, 0.98),
            0.014,
            0.007,
            backdrop.lit((212, 182, 124)),
        )
    return Ground(0.87, darker(backdrop.lit((238, 210, 152)), 0.18))


def underwater(backdrop: Backdrop) -> Ground:
    """Draw the sea from below: rays of light, weeds, bubbles, the sea bed."""
    light = backdrop.light
    backdrop.gradient(0, 1, light.top, light.bottom)
    ray = mix(light.top, (255, 255, 255), 0.14)
    for _ in range(3):
        x = backdrop.random.uniform(0.05, 0.95)
        backdrop.poly([(x - 0.03, 0), (x + 0.05, 0), (x + 0.16, 0.5), (x + 0.04, 0.5)], mix(ray, light.bottom, 0.25))
    bed = mix(backdrop.lit((206, 190, 140)), light.bottom, 0.35)
    backdrop.hills(0.84, 0.02, bed)
    weed = mix(backdrop.lit((40, 140, 92)), light.bottom, 0.25)
    for _ in range(7):
        x, height = backdrop.random.uniform(0, 1), backdrop.random.uniform(0.1, 0.24)
        for blade in (-0.02, 0.0, 0.02):
            backdrop.cone(x + blade, 0.9, 0.03, height * (1 - 9 * abs(blade)), weed)
    for _ in range(10):
        radius = backdrop.random.uniform(0.007, 0.016)
        x, y = backdrop.random.uniform(0, 1), backdrop.random.uniform(0.1, 0.8)
        backdrop.oval(x, y, radius, radius, mix(light.sky, (255, 255, 255), 0.5))
    return Ground(0.89, darker(bed, 0.25))
