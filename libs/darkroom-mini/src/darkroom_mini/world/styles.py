"""Turns the flat drawing of a scene into one of another style."""

from collections.abc import Callable
from functools import cache
from random import Random

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFilter

from darkroom_mini.world.scene import Style

Floats = NDArray[np.floating]
_PAPER = 250.0
_PAPERS = 24
_PAPER_PX = 128
_PIXELS = 48
"""Blocks along the shorter side of pixel art."""
_LEVELS = 32
_LEAST_STEP = 18
"""Difference of neighbouring pixels that makes an outline."""
_NIGHT = np.asarray((12.0, 4.0, 26.0), np.float32)


def restyle(drawing: Image.Image, style: Style, size: tuple[int, int], random: Random) -> Image.Image:
    """Return a supersampled flat drawing in a style, at its final size (width, height) in pixels."""
    return _STYLES[style](drawing, size, random)


def _flat(drawing: Image.Image, size: tuple[int, int], _: Random) -> Image.Image:
    return _reduced(drawing, size)


def _pixel(drawing: Image.Image, size: tuple[int, int], _: Random) -> Image.Image:
    block = min(size) / _PIXELS
    small = drawing.resize((round(size[0] / block), round(size[1] / block)), Image.Resampling.BOX)
    levels = (np.asarray(small).astype(np.int32) + _LEVELS // 2) // _LEVELS * _LEVELS
    return Image.fromarray(levels.clip(0, 255).astype(np.uint8)).resize(size, Image.Resampling.NEAREST)


def _watercolour(drawing: Image.Image, size: tuple[int, int], random: Random) -> Image.Image:
    wet = _flat(drawing, size, random).filter(ImageFilter.GaussianBlur(min(size) / 170))
    pigment = np.asarray(_papers()[random.randrange(_PAPERS)].resize(size, Image.Resampling.BICUBIC))
    colours = _PAPER - (_PAPER - np.asarray(wet).astype(np.float32)) * pigment[..., None].clip(0, 1) * 0.94
    return Image.fromarray(colours.clip(0, 255).astype(np.uint8))


def _line(drawing: Image.Image, size: tuple[int, int], _: Random) -> Image.Image:
    """Ink outlines on paper, with a pale wash of the colours."""
    edges = _edges(drawing, size)
    wash = _PAPER - (_PAPER - np.asarray(_reduced(drawing, size)).astype(np.float32)) * 0.42
    inked = wash * (1 - edges[..., None]) + 30 * edges[..., None]
    return Image.fromarray(inked.clip(0, 255).astype(np.uint8))


def _neon(drawing: Image.Image, size: tuple[int, int], _: Random) -> Image.Image:
    """Glowing outlines in their own colours on a dark ground."""
    flat = np.asarray(_reduced(drawing, size)).astype(np.float32)
    near = _purest_near(flat)
    vivid = 255 * ((near / _over_channels(np.maximum, near).clip(24, 255) - 0.5) * 1.5 + 0.5).clip(0.06, 1)
    lines = _edges(drawing, size)[..., None] * vivid
    halo = Image.fromarray(lines.clip(0, 255).astype(np.uint8)).filter(ImageFilter.GaussianBlur(min(size) / 60))
    glowing = flat * 0.14 + _NIGHT + 1.5 * np.asarray(halo).astype(np.float32) + lines
    return Image.fromarray(glowing.clip(0, 255).astype(np.uint8))


def _purest_near(flat: Floats) -> Floats:
    """Return the colour around each pixel, in which pure colours count most."""
    purity = _over_channels(np.maximum, flat) - _over_channels(np.minimum, flat)
    weight = (purity / 255) ** 2 + 0.004
    total, weights = np.zeros_like(flat), np.zeros_like(weight)
    for shift in (-2, 0, 2):
        for axis in (0, 1):
            total += np.roll(flat * weight, shift, axis)
            weights += np.roll(weight, shift, axis)
    near: Floats = (total / weights).astype(np.float32)
    return near


def _over_channels(pick: Callable[..., Floats], colours: Floats) -> Floats:
    """Return one value of each pixel; much faster than a reduction along the short last axis."""
    return pick(pick(colours[..., 0], colours[..., 1]), colours[..., 2])[..., None]


def _edges(drawing: Image.Image, size: tuple[int, int]) -> Floats:
    """Return how much of each pixel an outline covers, from 0 to 1."""
    strong = np.zeros((drawing.height, drawing.width), np.bool_)
    for plane in drawing.split():
        values = np.asarray(plane).astype(np.int16)
        down = np.abs(values[1:] - values[:-1]) > _LEAST_STEP
        across = np.abs(values[:, 1:] - values[:, :-1]) > _LEAST_STEP
        for part, step in ((strong[1:], down), (strong[:-1], down), (strong[:, 1:], across), (strong[:, :-1], across)):
            part |= step
    cover = _reduced(Image.fromarray(strong.astype(np.uint8) * 255), size)
    edges: Floats = np.asarray(cover).astype(np.float32) / 255
    return edges


def _reduced(drawing: Image.Image, size: tuple[int, int]) -> Image.Image:
    return drawing.reduce((drawing.width // size[0], drawing.height // size[1]))


@cache
def _papers() -> list[Image.Image]:
    """Return sheets of how much pigment stays where: blotches, grain, and a ragged white edge."""
    generator = np.random.default_rng(5)

    def cloud(cells: int) -> Floats:
        noise = Image.fromarray((generator.random((cells, cells)) * 255).astype(np.uint8))
        return np.asarray(noise.resize((_PAPER_PX, _PAPER_PX), Image.Resampling.BICUBIC)).astype(np.float32) / 255

    inward = np.minimum(np.linspace(0, 1, _PAPER_PX), np.linspace(1, 0, _PAPER_PX))
    border = np.minimum(inward[:, None], inward[None]) * 2
    sheets = []
    for _ in range(_PAPERS):
        ragged = ((border - 0.03 - 0.06 * cloud(12)) / 0.07).clip(0, 1)
        pigment = (0.72 + 0.26 * cloud(8) + 0.1 * (cloud(40) - 0.5)) * ragged
        sheets.append(Image.fromarray(pigment.astype(np.float32)))
    return sheets


_STYLES: dict[Style, Callable[[Image.Image, tuple[int, int], Random], Image.Image]] = {
    Style.FLAT: _flat,
    Style.WATERCOLOUR: _watercolour,
    Style.PIXEL: _pixel,
    Style.LINE: _line,
    Style.NEON: _neon,
}
