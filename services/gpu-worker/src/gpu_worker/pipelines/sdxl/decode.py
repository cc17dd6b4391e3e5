"""Decodes latents to pixels one image at a time, so that the bytes do not depend on the batch."""

from functools import partial
from typing import Any

import torch

from gpu_worker.domain.memory.footprint import Shape
from gpu_worker.pipelines.decoding import VaeLadder, decode_finite, to_pixels
from gpu_worker.pipelines.preview import Colours, fit_colours
from gpu_worker.pipelines.recipes import make_recipe
from gpu_worker.pipelines.sdxl.beginning import beginning_of
from gpu_worker.pipelines.sdxl.state import SdxlState
from gpu_worker.pipelines.stage import StageReport


def decode_images(state: SdxlState, report: StageReport) -> None:
    """Decode every image and hand it to the sink, which encodes it while the next one is decoded."""
    payload, model = state.payload, state.loaded
    vae = model.parts["vae"]
    width, height = payload.final_size
    shape = Shape(width * height)
    device, models = state.context.device.torch_device, state.context.models
    places = [(latents, place) for latents in state.batches or () for place in range(len(latents))]
    vae.use_tiling = model.plan.tiled
    with VaeLadder(vae, lambda: models.evict_others(payload.model)) as ladder:
        for index, (latents, place) in enumerate(places):
            with state.context.peaks.decoding(model, vae, shape):
                decode = partial(decode_latents, vae, latents[place : place + 1], device)
                pixels, decode_dtype = decode_finite(vae, decode, ladder)
            recipe = make_recipe(
                payload,
                state.context,
                state.computed,
                index=index,
                batch_shape=latents.shape,
                batch_index=place,
                dtype=latents.dtype,
                decode_dtype=decode_dtype,
                tiled=ladder.tiled,
                text=state.text.read if state.text else None,
                loras=state.loras,
            ).model_copy(update=beginning_of(state, index))
            if state.source is not None:
                pixels = state.source.keep_unmasked(pixels)
            state.sink.image(index, pixels, recipe)
            report.tick(index + 1, len(payload.seeds))


def fit_sdxl_colours(vae: Any, device: torch.device) -> Colours:
    """Fit the colour map of previews to the VAE."""
    return fit_colours(lambda latents: to_pixels(decode_latents(vae, latents, device)), vae.config.latent_channels)


@torch.inference_mode()
def decode_latents(vae: Any, latents: torch.Tensor, device: torch.device) -> torch.Tensor:
    """Decode latents (1, channels, height / f, width / f) to pixels of shape (3, height, width), -1 to 1."""
    latents = latents.to(device, vae.dtype)
    mean, deviation = (getattr(vae.config, name, None) for name in ("latents_mean", "latents_std"))
    if mean is not None and deviation is not None:
        shape = (1, latents.shape[1], 1, 1)
        latents = latents * latents.new_tensor(deviation).view(shape) / vae.config.scaling_factor
        latents = latents + latents.new_tensor(mean).view(shape)
    else:
        latents = latents / vae.config.scaling_factor
    picture: torch.Tensor = vae.decode(latents, return_dict=False)[0][0]
    return picture
