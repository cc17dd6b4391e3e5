"""The decoder learns to paint what the designed latents leave out."""

from functools import cached_property
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from darkroom_mini.training.autoencoder import craft_decoder, new_autoencoder
from darkroom_mini.training.crafted_encoder import craft_encoder
from darkroom_mini.training.home import Home
from darkroom_mini.training.latents import BLOCK_PX, as_images, load_latents
from darkroom_mini.training.loop import Pace, run
from darkroom_mini.training.plan import Plan
from darkroom_mini.training.precision import bfloat16
from darkroom_mini.training.prepare import KEPT, LATENTS
from darkroom_mini.training.team import Team

_CROP = 7
"""Blocks along the side of a crop."""
_EDGES = 0.7
_LEAST_NOISE, _MOST_NOISE = 0.03, 0.3
"""Spread of the noise on latents, as a denoiser leaves some."""


class DecoderStage:
    """Trains the decoder on crops of the kept pictures, and on whole ones in every fourth step."""

    name = "decoder"

    def __init__(self, plan: Plan, home: Home, *, half: bool = False) -> None:
        """Needs the stage `prepare`. Uses a GPU if there is one. With `half`, it learns in bfloat16."""
        self._plan = plan
        self._half = half
        self._map = load_latents(home.path(LATENTS))
        self._pixels = home.array(KEPT)
        self._device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
        vae = new_autoencoder(plan)
        craft_decoder(vae, self._map)
        craft_encoder(vae, self._map)
        vae.encoder.requires_grad_(False)
        vae.quant_conv.requires_grad_(False)
        self._vae = vae.to(self._device, memory_format=torch.channels_last)

    @property
    def module(self) -> nn.Module:
        """Return the autoencoder, of which only the decoder learns."""
        vae: nn.Module = self._vae
        return vae

    @cached_property
    def pace(self) -> Pace:
        """Return how it learns."""
        return Pace(self._plan.decoder_steps, 2.5e-3, decay_share=0.6, average=0.98)

    def loss(self, step: int, generator: torch.Generator) -> Tensor:
        """Return how far decoded pictures are from the real ones: their pixels, and their edges."""
        whole = step % 4 == 3
        size = max(1, self._plan.decoder_batch // 4) if whole else self._plan.decoder_batch
        chosen = torch.randint(len(self._pixels), (size,), generator=generator)
        pixels = np.asarray(self._pixels[chosen.numpy()])
        if not whole:
            blocks = pixels.shape[1] // BLOCK_PX - _CROP + 1
            top, left = (int(torch.randint(blocks, (), generator=generator)) * BLOCK_PX for _ in range(2))
            pixels = pixels[:, top : top + _CROP * BLOCK_PX, left : left + _CROP * BLOCK_PX]
        latents = torch.from_numpy(self._map.encode(pixels))
        spread = _LEAST_NOISE + (_MOST_NOISE - _LEAST_NOISE) * torch.rand(size, 1, 1, 1, generator=generator)
        latents = latents + spread * torch.randn(latents.shape, generator=generator)
        real = as_images(pixels).to(self._device)
        latents = latents.to(self._device).contiguous(memory_format=torch.channels_last)
        with bfloat16(self._device, enabled=self._half):
            decoded = self._vae.decode(latents).sample
        return picture_loss(decoded.float(), real)

    def error(self, pictures: int) -> float:
        """Return the mean absolute error, of a range of 2, on some of the kept pictures."""
        pixels = np.asarray(self._pixels[-pictures:])
        decoded = self.decode(torch.from_numpy(self._map.encode(pixels)))
        return float((decoded - as_images(pixels)).abs().mean())

    @torch.no_grad()
    def decode(self, latents: Tensor) -> Tensor:
        """Return pictures (n, 3, height, width), from -1 to 1."""
        parts: list[Any] = [self._vae.decode(some.to(self._device)).sample.cpu() for some in torch.split(latents, 8)]
        return torch.cat(parts).clamp(-1, 1)


def train_decoder(plan: Plan, home: Home, half: bool, team: Team) -> None:
    """Run the stage in one process of a team."""
    stage = DecoderStage(plan, home, half=half)
    run(stage, home, plan.seed, plan.checkpoint_s, team)
    if team.rank == 0:
        print(f"Mean absolute error of the decoder: {stage.error(64):.4f}", flush=True)


def picture_loss(drawn: Tensor, real: Tensor) -> Tensor:
    """Return the difference of pictures: absolute, squared, and that of their edges."""
    edges = sum(F.l1_loss(drawn.diff(dim=axis), real.diff(dim=axis)) for axis in (2, 3))
    return F.l1_loss(drawn, real) + F.mse_loss(drawn, real) + _EDGES * torch.as_tensor(edges)
