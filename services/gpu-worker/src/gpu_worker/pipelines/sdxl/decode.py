"""Decodes latents to pixels one image at a time, so that the bytes do not depend on the batch."""

from typing import Any

import torch

from gpu_worker.domain.memory.footprint import Shape
from gpu_worker.pipelines.preview import Colours, fit_colours
from gpu_worker.pipelines.recipes import make_recipe
from gpu_worker.pipelines.sdxl.state import SdxlState
from gpu_worker.pipelines.sink import Pixels
from gpu_worker.pipelines.stage import StageReport


def decode_images(state: SdxlState, report: StageReport) -> None:
    """Decode every image and hand it to the sink, which encodes it while the next one is decoded."""
    payload, model = state.payload, state.loaded
    vae = model.parts["vae"]
    vae.use_tiling = model.plan.tiled
    shape = Shape(payload.width * payload.height)
    index = 0
    for latents in state.batches or ():
        for place in range(len(latents)):
            with state.context.peaks.stage(model, model.plan.decode_stage, shape):
                pixels = _decode(vae, latents[place : place + 1], state.context.device.torch_device)
            recipe = make_recipe(
                payload,
                state.context,
                state.loaded.ref,
                index=index,
                batch_shape=latents.shape,
                batch_index=place,
                dtype=latents.dtype,
            )
            state.sink.image(index, pixels, recipe)
            index += 1
            report.tick(index, len(payload.seeds))


def fit_sdxl_colours(vae: Any, device: torch.device) -> Colours:
    """Fit the colour map of previews to the VAE."""
    return fit_colours(lambda latents: _decode(vae, latents, device), vae.config.latent_channels)


@torch.inference_mode()
def _decode(vae: Any, latents: torch.Tensor, device: torch.device) -> Pixels:
    latents = latents.to(device, vae.dtype)
    mean, deviation = (getattr(vae.config, name, None) for name in ("latents_mean", "latents_std"))
    if mean is not None and deviation is not None:
        shape = (1, latents.shape[1], 1, 1)
        latents = latents * latents.new_tensor(deviation).view(shape) / vae.config.scaling_factor
        latents = latents + latents.new_tensor(mean).view(shape)
    else:
        latents = latents / vae.config.scaling_factor
    picture = vae.decode(latents, return_dict=False)[0][0]
    scaled = (picture.float() / 2 + 0.5).clamp(0, 1).mul(255).round().to(torch.uint8)
    pixels: Pixels = scaled.permute(1, 2, 0).contiguous().cpu().numpy()
    return pixels
