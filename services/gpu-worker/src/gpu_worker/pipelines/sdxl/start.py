"""Starts denoising from the latents of pictures, and keeps what a mask leaves as it is.

The pipelines of diffusers do the same, but only for latents of four channels: any others they encode as if they were
pictures. The arithmetic and the order of random numbers are theirs, so that the bytes are, too.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

_WHITE = 255.0


@dataclass(frozen=True, slots=True)
class NoisedStart:
    """The latents of a batch of pictures, of shape (n, channels, height, width), and the noise that is added to them.

    `strength` is the share of the steps that is run. `drawn`, of shape (1, 1, height, width), is 1 where a mask is
    white and 0 where it is black; None without a mask.
    """

    clean: torch.Tensor
    noise: torch.Tensor
    strength: float
    drawn: torch.Tensor | None = None

    def arguments(self, pipeline: Any, steps: int) -> dict[str, Any]:  # Any: pipelines are untyped
        """Return the arguments with which an image-to-image pipeline begins, and give it what reads them."""
        from diffusers.image_processor import VaeImageProcessor

        channels = self.clean.shape[1]
        pipeline.image_processor = VaeImageProcessor(
            vae_scale_factor=pipeline.vae_scale_factor, vae_latent_channels=channels
        )
        return {"image": self.clean, "latents": self._noised(pipeline, steps), "strength": self.strength}

    def _noised(self, pipeline: Any, steps: int) -> torch.Tensor:
        """Return the latents of the first step: all noise if a masked picture is drawn anew."""
        scheduler = pipeline.scheduler
        scheduler.set_timesteps(steps, device=self.clean.device)
        times, _ = pipeline.get_timesteps(steps, self.strength, self.clean.device)
        if self.drawn is not None and self.strength == 1.0:
            noised: torch.Tensor = self.noise * scheduler.init_noise_sigma
        else:
            noised = scheduler.add_noise(self.clean, self.noise, times[:1].repeat(len(self.clean)))
        return noised

    def restore(self, pipeline: Any, step: int, latents: torch.Tensor) -> torch.Tensor:
        """Return the latents after a step, with those of the picture, as noisy, where the mask is black."""
        if self.drawn is None:
            return latents
        kept, scheduler = self.clean, pipeline.scheduler
        times = scheduler.timesteps[-pipeline.num_timesteps :]
        if step + 1 < len(times):
            kept = scheduler.add_noise(kept, self.noise, torch.tensor([times[step + 1]]))
        return (1 - self.drawn) * kept + self.drawn * latents


def noised_start(
    clean: torch.Tensor, generators: Sequence[torch.Generator], strength: float, mask: NDArray[np.uint8] | None
) -> NoisedStart:
    """Draw the noise for latents. `mask` has the shape of the pictures, (height, width)."""
    from diffusers.utils.torch_utils import randn_tensor

    noise = randn_tensor(tuple(clean.shape), generator=list(generators), device=clean.device, dtype=clean.dtype)
    if mask is None:
        return NoisedStart(clean, noise, strength)
    white = (torch.from_numpy(mask.astype(np.float32) / _WHITE) >= 0.5).float()[None, None]
    drawn = torch.nn.functional.interpolate(white, size=tuple(clean.shape[-2:]))
    in_order = clean.contiguous()  # as in diffusers: the kernels of a convolution depend on the order in memory
    return NoisedStart(in_order, noise, strength, drawn.to(clean.device, clean.dtype))
