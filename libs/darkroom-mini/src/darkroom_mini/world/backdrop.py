"""Draws the scenery behind things, in fractions of the picture."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import sin
from random import Random

import numpy as np
from PIL import Image, ImageDraw

from darkroom_mini.world.light import Light
from darkroom_mini.world.palette import RGB, mix, tinted
from darkroom_mini.world.scene import Time, Weather

Point = tuple[float, float]
_HILL_STEPS = 24
_FLOWERS: tuple[RGB, ...] = ((245, 236, 122), (246, 246, 244), (236, 152, 172))
_STAR: RGB = (236, 236, 216)


@dataclass(frozen=True, slots=True)
class Ground:
    """Where things stand."""

    y: float
    """As a fraction of the height."""
    shadow: RGB | None = None
    """Colour of the shadows of things, None for none."""
    water: bool = False
    """Whether it is water, on which only what swims can be."""


@dataclass(slots=True)
class Backdrop:
    """The canvas of a scene. Positions are fractions of width and height; radii are fractions of the shorter side."""

    image: Image.Image
    light: Light
    weather: Weather
    random: Random

    @property
    def draw(self) -> ImageDraw.ImageDraw:
        """Return what draws on the canvas."""
        return ImageDraw.Draw(self.image)

    @property
    def unit(self) -> int:
        """Return the shorter side in pixels."""
        return min(self.image.size)

    def lit(self, colour: RGB) -> RGB:
        """Return a colour of the scenery in the light of the scene."""
        return tinted(colour, self.light.scenery)

    def hazy(self, colour: RGB, share: float) -> RGB:
        """Return a colour of the scenery at a distance, mixed with the sky."""
        return mix(self.lit(colour), self.light.bottom, share)

    def gradient(self, top: float, bottom: float, above: RGB, below: RGB) -> None:
        """Fill a band with a vertical gradient."""
        width, height = self.image.size
        first, last = round(top * height), round(bottom * height)
        steps = np.linspace(0, 1, max(1, last - first))[:, None]
        column = np.asarray(above) * (1 - steps) + np.asarray(below) * steps
        band = np.broadcast_to(column.round().astype(np.uint8)[:, None], (len(column), width, 3))
        self.image.paste(Image.fromarray(np.ascontiguousarray(band)), (0, first))

    def box(self, left: float, top: float, right: float, bottom: float, colour: RGB) -> None:
        """Fill a rectangle."""
        width, height = self.image.size
        self.draw.rectangle((left * width, top * height, right * width, bottom * height), fill=colour)

    def oval(self, x: float, y: float, rx: float, ry: float, colour: RGB) -> None:
        """Fill an ellipse."""
        width, height = self.image.size
        x_px, y_px, a, b = x * width, y * height, rx * self.unit, ry * self.unit
        self.draw.ellipse((x_px - a, y_px - b, x_px + a, y_px + b), fill=colour)

    def poly(self, points: Sequence[Point], colour: RGB) -> None:
        """Fill a polygon."""
        width, height = self.image.size
        self.draw.polygon([(x * width, y * height) for x, y in points], fill=colour)

    def hills(self, y: float, rise: float, colour: RGB) -> None:
        """Fill everything below a wavy line."""
        phase, waves = self.random.uniform(0, 6.3), self.random.uniform(2.2, 4.5)
        steps = [step / _HILL_STEPS for step in range(_HILL_STEPS + 1)]
        self.poly([(0, 1), *((x, y + rise * sin(phase + waves * x)) for x in steps), (1, 1)], colour)

    def cone(self, x: float, y: float, width: float, height: float, colour: RGB) -> None:
        """Fill a triangle on a base at y; width and height are fractions of the shorter side."""
        across, down = width * self.unit / self.image.width, height * self.unit / self.image.height
        self.poly([(x - across / 2, y), (x + across / 2, y), (x, y - down)], colour)

    def flowers(self, low: float, number: int) -> None:
        """Scatter small flowers below a height."""
        for _ in range(number):
            colour = self.lit(self.random.choice(_FLOWERS))
            self.oval(self.random.uniform(0, 1), self.random.uniform(low, 0.98), 0.011, 0.011, colour)

    def stars(self, number: int, lowest: float) -> None:
        """Scatter stars above a height."""
        for _ in range(number):
            radius = self.random.uniform(0.0045, 0.009)
            self.oval(self.random.uniform(0, 1), self.random.uniform(0, lowest), radius, radius, _STAR)

    def sky(self, horizon: float) -> None:
        """Fill the sky and what is in it: stars, clouds, a low sun, or bands of mist."""
        self.gradient(0, min(1, horizon + 0.1), self.light.top, self.light.bottom)
        if self.weather is not Weather.CLEAR:
            self._clouds(self.random.randint(3, 4), mix(self.light.top, (255, 255, 255), 0.16))
        elif self.light.time is Time.NIGHT:
            self.stars(26, horizon)
        elif self.light.time is Time.DAY:
            self._clouds(self.random.randint(1, 3), (250, 252, 255))
        elif self.light.time is Time.DUSK:
            self.oval(self.random.uniform(0.15, 0.85), horizon, 0.14, 0.14, (255, 226, 132))
        else:
            for _ in range(3):
                wide = self.random.uniform(0.2, 0.4)
                self.oval(self.random.uniform(0.1, 0.9), self.random.uniform(0.2, 0.5), wide, 0.014, (255, 228, 224))

    def _clouds(self, number: int, colour: RGB) -> None:
        for _ in range(number):
            x, y, size = (
                self.random.uniform(0.05, 0.95),
                self.random.uniform(0.06, 0.28),
                self.random.uniform(0.05, 0.09),
            )
            for shift, drop, scale in ((-1.0, 0.2, 0.75), (0.0, 0.0, 1.0), (1.0, 0.2, 0.8)):
                across = shift * size * self.unit / self.image.width
                self.oval(x + across, y + drop * size, size * scale * 1.1, size * scale * 0.6, colour)
