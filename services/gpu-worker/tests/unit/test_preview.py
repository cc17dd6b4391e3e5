"""Previews: colours that follow the decoder, about one a second."""

from pathlib import Path
from typing import Any

import numpy as np
import torch
from darkroom_schemas.channels import PreviewGrid
from gpu_worker.pipelines.preview import MIN_INTERVAL_S, Previews, draw, fit_colours, in_grid
from gpu_worker.pipelines.sink import Pixels
from gpu_worker.runtime.messages import PreviewFile

CHANNELS = 4
MIX = torch.tensor([[40.0, -10, 0], [0, 30, 5], [5, 5, 20], [-10, 0, 10]])


def decode(latents: torch.Tensor) -> Pixels:
    """Decode as a VAE whose colours are a linear mix of its channels, eight times larger."""
    colours = torch.einsum("bchw,cr->bhwr", latents, MIX) + 128
    large = colours[0].repeat_interleave(8, 0).repeat_interleave(8, 1)
    pixels: Pixels = large.clamp(0, 255).round().to(torch.uint8).numpy()
    return pixels


class Shelf:
    """Keeps the previews that it was given."""

    def __init__(self) -> None:
        self.drawn: list[Pixels] = []

    def preview(self, pixels: Pixels) -> Path:
        self.drawn.append(pixels)
        return Path(f"{len(self.drawn)}.webp")


def test_colours_of_a_preview_are_those_that_the_decoder_gives() -> None:
    latents = torch.randn((CHANNELS, 16, 24), generator=torch.Generator().manual_seed(1)).clamp(-1, 1)
    preview = draw(latents, fit_colours(decode, CHANNELS))
    expected = decode(latents.unsqueeze(0))[::8, ::8]
    assert preview.shape == (16, 24, 3)
    assert np.abs(preview.astype(int) - expected.astype(int)).max() <= 3


def test_noise_that_a_sampler_has_scaled_up_and_values_that_are_no_numbers_are_drawn_all_the_same() -> None:
    colours = fit_colours(decode, CHANNELS)
    noise = torch.randn((CHANNELS, 16, 16), generator=torch.Generator().manual_seed(1))
    assert np.array_equal(draw(noise * 14, colours), draw(noise * 28, colours))
    assert draw(torch.full((CHANNELS, 4, 4), float("nan")), colours).shape == (4, 4, 3)


def test_a_preview_is_drawn_once_a_second_of_all_pictures_or_the_middle_frame() -> None:
    now, shelf = 0.0, Shelf()
    sink: Any = shelf  # of an `OutputSink` it has only `preview`
    previews = Previews(sink, fit_colours(decode, CHANNELS), clock=lambda: now)
    batch, video = torch.zeros((6, CHANNELS, 8, 8)), torch.zeros((1, CHANNELS, 21, 4, 6))
    assert previews.of({"latents": batch}) is None
    now = MIN_INTERVAL_S
    grid = PreviewGrid(first=6, count=6, columns=3)
    assert previews.of({"latents": batch}, 6) == PreviewFile(path=Path("1.webp"), grid=grid)
    assert previews.of({"latents": batch}) is None
    now = 2 * MIN_INTERVAL_S
    assert previews.of({"latents": video}) == PreviewFile(path=Path("2.webp"))
    assert [drawn.shape for drawn in shelf.drawn] == [(16, 24, 3), (4, 6, 3)]


def test_pictures_stand_row_by_row_in_a_grid() -> None:
    pictures = [np.full((2, 3, 3), value, np.uint8) for value in (10, 20, 30, 40, 50)]
    grid = in_grid(pictures, 3)
    assert grid[::2, ::3, 0].tolist() == [[10, 20, 30], [40, 50, 0]]


def test_a_model_without_colours_draws_none() -> None:
    now = 0.0
    sink: Any = Shelf()  # of an `OutputSink` it has only `preview`
    previews = Previews(sink, None, clock=lambda: now)
    now = 10.0
    assert previews.of({"latents": torch.zeros((1, CHANNELS, 8, 8))}) is None
