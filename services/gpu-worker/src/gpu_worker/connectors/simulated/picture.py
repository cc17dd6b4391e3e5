"""Pictures of simulated work: text on a colour that the seed decides, so that people and tests see whose they are."""

import colorsys
import random
import textwrap
from collections.abc import Sequence
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

_THUMBNAIL_SIDE_PX = 384
_MARGIN_SHARE = 0.06
_LINES = 14
_CHARACTERS = 40
_SATURATION, _BRIGHTNESS = 0.55, 0.35


def write_picture(path: Path, thumbnail: Path, width: int, height: int, seed: int, lines: Sequence[str]) -> None:
    """Write a picture as PNG, and its thumbnail of at most 384 pixels a side as WebP."""
    image = draw_picture(width, height, seed, lines)
    image.save(path)
    image.thumbnail((_THUMBNAIL_SIDE_PX, _THUMBNAIL_SIDE_PX))
    image.save(thumbnail, "WEBP")


def draw_picture(width: int, height: int, seed: int, lines: Sequence[str]) -> Image.Image:
    """Return an RGB picture of the lines; long ones are wrapped, and what does not fit is left out."""
    hue = random.Random(seed).random()  # noqa: S311 - a colour, not a secret
    red, green, blue = (round(255 * part) for part in colorsys.hsv_to_rgb(hue, _SATURATION, _BRIGHTNESS))
    image = Image.new("RGB", (width, height), (red, green, blue))
    margin = round(_MARGIN_SHARE * min(width, height))
    size = max(8, round(min(width / _CHARACTERS * 1.7, height / _LINES)))
    wrapped = [part for line in lines for part in textwrap.wrap(line, _CHARACTERS) or [""]]
    room = max(1, (height - 2 * margin) // round(1.25 * size))
    font = ImageFont.load_default(size)
    ImageDraw.Draw(image).multiline_text((margin, margin), "\n".join(wrapped[:room]), "white", font, spacing=size // 4)
    return image
