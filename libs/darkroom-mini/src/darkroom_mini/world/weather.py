"""Draws weather over a scene."""

from random import Random

import numpy as np
from PIL import Image, ImageDraw

from darkroom_mini.world.light import Light
from darkroom_mini.world.palette import mix
from darkroom_mini.world.scene import Weather

_FAR_FOG, _NEAR_FOG = 0.52, 0.16


def draw_far_weather(image: Image.Image, weather: Weather, light: Light) -> Image.Image:
    """Return the scenery as it is seen through the weather, before things are drawn."""
    return _fog(image, light, _FAR_FOG) if weather is Weather.FOG else image


def draw_near_weather(image: Image.Image, weather: Weather, light: Light, random: Random) -> Image.Image:
    """Return the scene with the weather in front of it."""
    if weather is Weather.FOG:
        return _fog(image, light, _NEAR_FOG)
    unit, draw = min(image.size), ImageDraw.Draw(image)
    if weather is Weather.RAIN:
        colour = mix(light.sky, (235, 244, 255), 0.62)
        for _ in range(round(46 * image.width * image.height / unit**2)):
            x, y = random.uniform(0, image.width * 1.1), random.uniform(-0.1, 1) * image.height
            length = random.uniform(0.07, 0.12) * unit
            draw.line((x, y, x - length * 0.3, y + length), fill=colour, width=max(2, round(unit * 0.01)))
    if weather is Weather.SNOW:
        for _ in range(round(60 * image.width * image.height / unit**2)):
            x, y = random.uniform(0, image.width), random.uniform(0, image.height)
            radius = random.uniform(0.008, 0.017) * unit
            draw.ellipse((x - radius, y - radius, x + radius, y + radius), fill=(250, 252, 255))
    return image


def _fog(image: Image.Image, light: Light, most: float) -> Image.Image:
    """Mix the picture with the colour of fog, most of all at its middle."""
    pale = mix(light.bottom, (238, 240, 244), 0.35)
    height = image.height
    share = most * (0.55 + 0.45 * np.cos(np.linspace(-1.6, 1.3, height))) * 255
    column = share.round().astype(np.uint8)[:, None]
    mask = Image.fromarray(np.ascontiguousarray(np.broadcast_to(column, (height, image.width))))
    return Image.composite(Image.new("RGB", image.size, pale), image, mask)
