"""Draws a scene."""

from dataclasses import dataclass
from random import Random

from PIL import Image, ImageDraw

from darkroom_mini.world.backdrop import Backdrop, Ground
from darkroom_mini.world.layout import Placed, casts_shadow, needs_island, place_things
from darkroom_mini.world.light import Light, light_of
from darkroom_mini.world.palette import PAINT, tinted
from darkroom_mini.world.pen import Pen
from darkroom_mini.world.scene import Scene
from darkroom_mini.world.settings.catalogue import SETTINGS
from darkroom_mini.world.styles import restyle
from darkroom_mini.world.subjects.catalogue import SUBJECTS
from darkroom_mini.world.weather import draw_far_weather, draw_near_weather

_SUPERSAMPLING = 2
_ISLAND = (226, 200, 142)

Box = tuple[float, float, float, float]


@dataclass(frozen=True, slots=True)
class Picture:
    """A drawn scene."""

    image: Image.Image
    boxes: tuple[Box, ...]
    """Left, top, right and bottom of each thing, as fractions of the picture."""


def render(scene: Scene, seed: int, width: int = 256, height: int = 256) -> Picture:
    """Draw a scene with the layout of a seed. The same arguments give the same bytes."""
    random = Random(seed)
    light = light_of(scene)
    canvas = Image.new("RGB", (width * _SUPERSAMPLING, height * _SUPERSAMPLING))
    backdrop = Backdrop(canvas, light, scene.weather, random)
    ground = SETTINGS[scene.setting](backdrop)
    backdrop.image = draw_far_weather(canvas, scene.weather, light)
    boxes = []
    for placed in place_things(scene, ground, (width, height), random):
        _draw_footing(backdrop, placed, ground)
        boxes.append(_draw_thing(backdrop, placed, light, random))
    image = draw_near_weather(backdrop.image, scene.weather, light, random)
    return Picture(restyle(image, scene.style, (width, height), random), tuple(boxes))


def _draw_footing(backdrop: Backdrop, placed: Placed, ground: Ground) -> None:
    half = placed.width / 2
    if needs_island(placed, ground):
        backdrop.oval(placed.x, placed.y + 0.015, half * 0.9 + 0.04, 0.045, tinted(_ISLAND, backdrop.light.scenery))
    elif casts_shadow(placed) and ground.shadow is not None:
        backdrop.oval(placed.x, placed.y, half * 0.8, 0.022, ground.shadow)


def _draw_thing(backdrop: Backdrop, placed: Placed, light: Light, random: Random) -> Box:
    width, height = backdrop.image.size
    pen = Pen(
        draw=ImageDraw.Draw(backdrop.image),
        x_px=placed.x * width,
        y_px=placed.y * height,
        size_px=placed.size * backdrop.unit,
        light=light,
        random=random,
        flipped=placed.flipped,
    )
    SUBJECTS[placed.thing.subject].draw(pen, PAINT[placed.thing.colour])
    left, top, right, bottom = pen.bounds
    return left / width, top / height, right / width, bottom / height
