"""The published weights follow prompts: what a night, a colour and a seed do shows in the pixels."""

from collections.abc import Callable
from pathlib import Path

import darkroom_mini
import numpy as np
import pytest
import torch
from numpy.typing import NDArray

pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")  # of diffusers
FOLDER = Path(darkroom_mini.__path__[0], "weights", "darkroom-mini")
MAX_BYTES = 15_000_000
Draw = Callable[..., NDArray[np.float32]]


@pytest.fixture(scope="module")
def draw() -> Draw:
    """Draw prompts, one picture each, as values from 0 to 1 of shape (n, 256, 256, 3)."""
    from diffusers import StableDiffusionXLPipeline

    pipeline = StableDiffusionXLPipeline.from_pretrained(FOLDER, dtype=torch.float32, local_files_only=True)
    pipeline.set_progress_bar_config(disable=True)

    def drawn(*prompts: str, seed: int = 1) -> NDArray[np.float32]:
        generators = [torch.Generator().manual_seed(seed) for _ in prompts]
        made = pipeline(
            prompt=list(prompts), generator=generators, num_inference_steps=10, guidance_scale=3.5, output_type="np"
        )
        pictures: NDArray[np.float32] = made.images
        return pictures

    return drawn


def test_a_clone_stays_small() -> None:
    assert sum(file.stat().st_size for file in FOLDER.rglob("*") if file.is_file()) < MAX_BYTES


def test_a_night_is_darker_than_a_day(draw: Draw) -> None:
    night, day = draw("a boat on the sea at night", "a boat on the sea at noon").mean((1, 2, 3))
    assert night < 0.6 * day


@pytest.mark.parametrize(("colour", "channel"), [("red", 0), ("green", 1), ("blue", 2)])
def test_a_thing_has_its_colour(draw: Draw, colour: str, channel: int) -> None:
    [picture] = draw(f"a {colour} hot air balloon over a snowy field")
    centre = picture[64:192, 64:192]
    others = [one for one in range(3) if one != channel]
    has_colour = centre[..., channel] > centre[..., others].max(-1) + 0.15
    assert has_colour.mean() > 0.15


def test_seeds_give_different_pictures_and_the_same_one_gives_the_same(draw: Draw) -> None:
    first, again, other = (draw("a house in a meadow", seed=seed)[0] for seed in (1, 1, 2))
    assert np.array_equal(first, again)
    assert np.abs(first - other).mean() > 0.02
