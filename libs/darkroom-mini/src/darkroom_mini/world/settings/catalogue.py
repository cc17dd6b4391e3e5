"""The catalogue of settings."""

from collections.abc import Callable

from darkroom_mini.world.backdrop import Backdrop, Ground
from darkroom_mini.world.scene import Setting
from darkroom_mini.world.settings import elsewhere, land, water

SETTINGS: dict[Setting, Callable[[Backdrop], Ground]] = {
    Setting.SEA: water.sea,
    Setting.BEACH: water.beach,
    Setting.MEADOW: land.meadow,
    Setting.FOREST: land.forest,
    Setting.DESERT: land.desert,
    Setting.SNOW: land.snow,
    Setting.CITY: land.city,
    Setting.SPACE: elsewhere.space,
    Setting.ROOM: elsewhere.room,
    Setting.UNDERWATER: water.underwater,
}
"""What draws each setting and says where things stand in it."""
