"""The light of a scene: its sky, and how it tints what it falls on."""

from dataclasses import dataclass

from darkroom_mini.world.palette import RGB, brightness, mix
from darkroom_mini.world.scene import Scene, Setting, Style, Time, Weather

Tint = tuple[float, float, float]

_SKY: dict[Time, tuple[RGB, RGB]] = {
    Time.DAWN: ((150, 160, 224), (255, 208, 196)),
    Time.DAY: ((74, 156, 236), (206, 234, 252)),
    Time.DUSK: ((96, 52, 128), (255, 136, 52)),
    Time.NIGHT: ((8, 12, 38), (40, 52, 108)),
}
_SPACE: dict[Time, tuple[RGB, RGB]] = {
    Time.DAWN: ((72, 46, 108), (156, 94, 156)),
    Time.DAY: ((20, 40, 108), (46, 88, 172)),
    Time.DUSK: ((72, 20, 32), (160, 62, 36)),
    Time.NIGHT: ((3, 4, 14), (14, 14, 42)),
}
_DEPTH: dict[Time, tuple[RGB, RGB]] = {
    Time.DAWN: ((150, 176, 206), (96, 110, 168)),
    Time.DAY: ((104, 214, 226), (22, 104, 164)),
    Time.DUSK: ((196, 120, 96), (84, 52, 104)),
    Time.NIGHT: ((16, 34, 74), (6, 10, 32)),
}
_SCENERY: dict[Time, Tint] = {
    Time.DAWN: (1.0, 0.91, 0.93),
    Time.DAY: (1.0, 1.0, 1.0),
    Time.DUSK: (1.0, 0.80, 0.66),
    Time.NIGHT: (0.38, 0.43, 0.64),
}
_THINGS: dict[Time, Tint] = {
    Time.DAWN: (1.0, 0.95, 0.95),
    Time.DAY: (1.0, 1.0, 1.0),
    Time.DUSK: (1.0, 0.88, 0.80),
    Time.NIGHT: (0.70, 0.72, 0.86),
}
_NEON_SCENERY: Tint = (0.72, 0.76, 0.9)
"""Brighter than by night, since neon shows what differs from its neighbourhood."""
_OVERCAST: dict[Weather, float] = {Weather.CLEAR: 0.0, Weather.RAIN: 0.62, Weather.SNOW: 0.5, Weather.FOG: 0.55}


@dataclass(frozen=True, slots=True)
class Light:
    """The light of one scene."""

    time: Time
    top: RGB
    """The sky at its top."""
    bottom: RGB
    """The sky at the horizon."""
    scenery: Tint
    things: Tint

    @property
    def lamps(self) -> bool:
        """Return whether windows and lamps are lit."""
        return self.time in (Time.DUSK, Time.NIGHT)

    @property
    def sky(self) -> RGB:
        """Return the colour of the sky behind things."""
        return mix(self.top, self.bottom, 0.6)


def light_of(scene: Scene) -> Light:
    """Return the light of a scene. Clouds take colour from the sky."""
    skies = {Setting.SPACE: _SPACE, Setting.UNDERWATER: _DEPTH}.get(scene.setting, _SKY)
    top, bottom = skies[scene.time]
    share = _OVERCAST[scene.weather]
    if scene.style is Style.NEON:
        return Light(scene.time, *_sky_of(top, bottom, share), _NEON_SCENERY, _THINGS[Time.DAY])
    return Light(scene.time, *_sky_of(top, bottom, share), _SCENERY[scene.time], _THINGS[scene.time])


def _sky_of(top: RGB, bottom: RGB, share: float) -> tuple[RGB, RGB]:
    return _clouded(top, share), _clouded(bottom, share)


def _clouded(sky: RGB, share: float) -> RGB:
    level = round(brightness(sky) * 0.92)
    return mix(sky, (level, level, min(255, level + 10)), share)
