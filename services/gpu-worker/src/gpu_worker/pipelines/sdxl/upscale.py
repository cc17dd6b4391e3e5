"""Enlarges the pictures of the first pass, from which the second pass starts."""

from functools import partial

import numpy as np
import torch
from PIL import Image

from gpu_worker.domain.memory.footprint import Shape
from gpu_worker.pipelines.decoding import VaeLadder, decode_finite
from gpu_worker.pipelines.sdxl.decode import decode_latents
from gpu_worker.pipelines.sdxl.encode import encode_start, vae_ladder
from gpu_worker.pipelines.sdxl.state import FirstPass, SdxlState, Start
from gpu_worker.pipelines.stage import StageReport


def upscale_images(state: SdxlState, report: StageReport) -> None:
    """Enlarge every picture of the first pass to the size of the second."""
    batches = state.batches or []
    places = [(latents, place) for latents in batches for place in range(len(latents))]
    size, starts = state.payload.final_size, list[Start]()
    tiled = False
    if state.hires.upscaler == "latent":
        levels = len(state.loaded.parts["vae"].config.block_out_channels)
        latent_size = (size[1] >> (levels - 1), size[0] >> (levels - 1))
        starts = [partial(_enlarged, latents[place : place + 1], latent_size) for latents, place in places]
    else:
        with vae_ladder(state, "enlarging a picture") as ladder:
            for latents, place in places:
                starts.append(_through_pixels(state, latents[place : place + 1], size, ladder))
                report.tick(len(starts), len(places))
            tiled = ladder.tiled
    state.first = FirstPass(tuple((tuple(latents.shape), place) for latents, place in places), tiled)
    state.starts, state.batches = starts, None


def _enlarged(latents: torch.Tensor, size: tuple[int, int], _: torch.Generator) -> torch.Tensor:
    """Enlarge latents to a height and a width, as A1111's upscaler "Latent"."""
    return torch.nn.functional.interpolate(latents, size=size, mode="bilinear", antialias=False)


def _through_pixels(state: SdxlState, latents: torch.Tensor, size: tuple[int, int], ladder: VaeLadder) -> Start:
    vae, device = state.loaded.parts["vae"], state.context.device.torch_device
    shape = Shape(state.payload.width * state.payload.height)
    with state.context.peaks.decoding(state.loaded, vae, shape):
        pixels, _ = decode_finite(vae, partial(decode_latents, vae, latents, device), ladder)
    picture = Image.fromarray(pixels).resize(size, Image.Resampling.LANCZOS)
    return encode_start(state, np.asarray(picture), ladder)
