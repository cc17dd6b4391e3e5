"""Draws a contact sheet: many prompts, one picture each, in the order of the list and not selected."""

import math
from collections.abc import Sequence
from pathlib import Path
from textwrap import wrap
from typing import Any

import torch
from PIL import Image, ImageDraw

_TILE_PX, _TEXT_PX = 208, 30
_BATCH = 6
_LINE_LETTERS = 36

PROMPTS = (
    "a lighthouse at dawn",
    "a red boat on the sea at night",
    "a cat on a windowsill",
    "two trees in a snowy field",
    "a blue car in the city at sunset",
    "three mushrooms in the forest",
    "a rocket in space",
    "a castle on a hill at night, pixel art",
    "a palm tree on the beach at sunset",
    "watercolor of a yellow flower in a field",
    "a white dog in the snow",
    "a green hot air balloon over the desert at dawn",
    "a house on the left, in a snowy landscape at night",
    "a pink fish underwater",
    "a cup of coffee by the window in the morning",
    "a purple mountain in the desert",
    "a windmill in a green field, blue sky",
    "the full moon over the sea at night",
    "a cat beside a red boat",
    "a red umbrella on a city street in the rain",
    "two birds over the sea at sunset",
    "a black cat in space",
    "my dog sleeps by the window in the evening",
    "a yellow bus in the fog, line drawing",
    "a penguin in falling snow",
    "a blue elephant in the forest at night",
    "neon art of a guitar in the city",
    "a train and a house in a meadow at dusk",
    "an airplane over the city at night",
    "a snowman next to a green pine tree",
    "waves rolling onto a beach at dusk",
    "a city street in the rain at night",
    "a lonely orange tree on the right, meadow, sunset",
    "the sun above the beach",
    "a grey rabbit in the woods in the morning",
    "a blue butterfly over a meadow",
    "a whale in the ocean by moonlight",
    "an elephant on the beach in the afternoon",
    "a white robot on another planet",
    "a tent in a dark forest under the stars",
    "two red apples on a windowsill",
    "a lantern in falling snow at midnight",
    "a pine tree in winter, watercolor painting",
    "8-bit pixel art of a green train in the desert",
    "ink drawing of a lighthouse by the sea",
    "a neon sign of a purple cat",
    "a cactus and a yellow bird in the desert at noon",
    "a boat to the right of a lighthouse in the fog",
    "three hot air balloons over a snowy field",
    "a black car in the forest at first light",
    "a crimson sailing ship crossing a stormy ocean under the moonlight, cinematic",
    "two kittens playing in the snow",
    "a castle in the mist",
    "a spaceship above the city at twilight",
    "a pink flower underwater",
    "a yellow taxi in town, rainy evening",
    "a brown dog and a white cat in a garden",
    "an old windmill at sundown, retro game graphics",
    "a penguin on the left, by the sea",
    "a green mug in front of a window at night",
    "a golden fish next to a black cup",
    "a mountain peak above the clouds at daybreak",
    "a school bus in a snowstorm",
    "an umbrella on the sand in daylight, line art",
)


def draw_sheet(
    pipeline: Any, prompts: Sequence[str], file: Path, *, columns: int = 6, steps: int = 12, guidance: float = 3.0
) -> None:
    """Write a sheet of one picture of each prompt, with the seed 100 and up."""
    pictures: list[Image.Image] = []
    for start in range(0, len(prompts), _BATCH):
        some = list(prompts[start : start + _BATCH])
        generators = [torch.Generator().manual_seed(100 + start + place) for place in range(len(some))]
        drawn = pipeline(
            prompt=some, generator=generators, height=256, width=256, num_inference_steps=steps, guidance_scale=guidance
        )
        pictures += drawn.images
    rows = math.ceil(len(pictures) / columns)
    sheet = Image.new("RGB", (columns * _TILE_PX, rows * (_TILE_PX + _TEXT_PX)), "white")
    pen = ImageDraw.Draw(sheet)
    for place, (picture, prompt) in enumerate(zip(pictures, prompts, strict=True)):
        x, y = place % columns * _TILE_PX, place // columns * (_TILE_PX + _TEXT_PX)
        sheet.paste(picture.resize((_TILE_PX - 4, _TILE_PX - 4), Image.Resampling.LANCZOS), (x + 2, y + 2))
        lines = wrap(prompt, _LINE_LETTERS, max_lines=2, placeholder=" …")
        pen.text((x + 3, y + _TILE_PX), "\n".join(lines), fill="black", font_size=11, spacing=1)
    sheet.save(file)
