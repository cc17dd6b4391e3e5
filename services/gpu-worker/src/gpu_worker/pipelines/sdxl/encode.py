"""Encodes pictures to the latents that denoising starts from."""

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import torch
from darkroom_chassis.logs import get_logger

from gpu_worker.domain.memory.footprint import Shape
from gpu_worker.domain.memory.placement import Placement
from gpu_worker.pipelines.decoding import VaeLadder
from gpu_worker.pipelines.finite import is_finite, require_finite
from gpu_worker.pipelines.sdxl.state import SdxlState, Start
from gpu_worker.pipelines.sink import Pixels
from gpu_worker.pipelines.source_image import read_source
from gpu_worker.pipelines.stage import StageReport

log = get_logger(__name__)
_WHITE = 255.0


def read_image(state: SdxlState, _: StageReport) -> None:
    """Read the input files before anything is loaded for them."""
    state.source = read_source(state.payload, state.inputs)


def encode_image(state: SdxlState, _: StageReport) -> None:
    """Encode the picture once for all seeds; each of them then takes its own sample."""
    if state.source is None:
        raise LookupError("no picture was read")
    with vae_ladder(state, "encoding a picture") as ladder:
        start = encode_start(state, state.source.pixels, ladder)
        state.encoded_in_tiles = ladder.tiled
    state.starts = [start] * len(state.payload.seeds)


def vae_ladder(state: SdxlState, what: str) -> VaeLadder:
    """Return the context in which a stage runs the VAE, in tiles from the start if the plan says so."""
    vae, models = state.loaded.parts["vae"], state.context.models
    vae.use_tiling = state.loaded.plan.tiled
    return VaeLadder(vae, lambda: models.evict_others(state.payload.model), what)


def encode_start(state: SdxlState, pixels: Pixels, ladder: VaeLadder) -> Start:
    """Return what draws the latents of a picture, as the generator of a seed chooses them. Raises a Failure."""
    model, device = state.loaded, state.context.device.torch_device
    vae, dtype = model.parts["vae"], model.parts["unet"].dtype
    if model.plan.placement is Placement.OFFLOADED:
        vae.to(device)  # the next pipeline moves it away before it brings the UNet
    with state.context.peaks.encoding(model, vae, Shape(pixels.shape[0] * pixels.shape[1])):
        moments = _finite(vae, partial(_moments, vae, _tensor(pixels), device), ladder)
    return partial(_sample, vae, moments, dtype)


def _tensor(pixels: Pixels) -> torch.Tensor:
    """Return pixels as the VAE takes them: of shape (1, 3, height, width), from -1 to 1.

    They keep their order in memory, as in diffusers, since the kernels of a convolution depend on it.
    """
    return 2.0 * torch.from_numpy(pixels[None].astype(np.float32) / _WHITE).permute(0, 3, 1, 2) - 1.0


@torch.inference_mode()
def _moments(vae: Any, picture: torch.Tensor, device: torch.device) -> torch.Tensor:  # Any: VAEs are untyped
    """Return mean and logarithm of the variance, of shape (1, 2 * channels, height / f, width / f)."""
    moments: torch.Tensor = vae.encode(picture.to(device, vae.dtype)).latent_dist.parameters
    return moments


def _finite(vae: Any, encode: Callable[[], torch.Tensor], ladder: VaeLadder) -> torch.Tensor:
    """Encode; once more in float32 if the VAE's format overflows. Raises a NOT_FINITE Failure."""
    moments = ladder.run(encode)
    usual = vae.dtype
    if is_finite(moments) or usual is torch.float32:
        require_finite(moments, "The encoded picture's numbers")
        return moments
    log.warning("A picture is encoded again in float32, because the encoder overflowed", dtype=str(usual))
    try:
        vae.to(torch.float32)
        moments = ladder.run(encode)
    finally:
        vae.to(usual)
    require_finite(moments, "The encoded picture's numbers")
    return moments


def _sample(vae: Any, moments: torch.Tensor, dtype: torch.dtype, generator: torch.Generator) -> torch.Tensor:
    """Return latents of shape (1, channels, height / f, width / f), scaled as the denoiser expects them."""
    from diffusers.models.autoencoders.vae import DiagonalGaussianDistribution

    config = vae.config
    latents: torch.Tensor = DiagonalGaussianDistribution(moments).sample(generator).to(dtype)
    mean, deviation = (getattr(config, name, None) for name in ("latents_mean", "latents_std"))
    factor: float = config.scaling_factor
    if mean is None or deviation is None:
        return factor * latents
    shape = (1, latents.shape[1], 1, 1)
    centred = latents - latents.new_tensor(mean).view(shape)
    return centred * factor / latents.new_tensor(deviation).view(shape)
