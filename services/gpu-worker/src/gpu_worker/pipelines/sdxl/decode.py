"""Decodes latents to pixels one image at a time, so that the bytes do not depend on the batch."""

from typing import Any

import torch
from darkroom_chassis.logs import get_logger

from gpu_worker.domain.memory.footprint import Shape
from gpu_worker.pipelines.decoding import DecodeLadder
from gpu_worker.pipelines.finite import is_finite, not_finite, require_finite
from gpu_worker.pipelines.preview import Colours, fit_colours
from gpu_worker.pipelines.recipes import make_recipe
from gpu_worker.pipelines.sdxl.state import SdxlState
from gpu_worker.pipelines.sink import Pixels
from gpu_worker.pipelines.stage import StageReport

log = get_logger(__name__)


def decode_images(state: SdxlState, report: StageReport) -> None:
    """Decode every image and hand it to the sink, which encodes it while the next one is decoded."""
    payload, model = state.payload, state.loaded
    vae = model.parts["vae"]
    shape = Shape(payload.width * payload.height)
    device, models = state.context.device.torch_device, state.context.models
    places = [(latents, place) for latents in state.batches or () for place in range(len(latents))]
    vae.use_tiling = model.plan.tiled
    with DecodeLadder(vae, lambda: models.evict_others(payload.model)) as ladder:
        for index, (latents, place) in enumerate(places):
            with state.context.peaks.decoding(model, vae, shape):
                pixels, decode_dtype = _decode_finite(vae, latents[place : place + 1], device, ladder)
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
            )
            state.sink.image(index, pixels, recipe)
            report.tick(index + 1, len(payload.seeds))


def fit_sdxl_colours(vae: Any, device: torch.device) -> Colours:
    """Fit the colour map of previews to the VAE."""
    return fit_colours(lambda latents: _pixels(_decode(vae, latents, device)), vae.config.latent_channels)


def _decode_finite(
    vae: Any, latents: torch.Tensor, device: torch.device, ladder: DecodeLadder
) -> tuple[Pixels, torch.dtype]:
    """Decode one image; once more in float32 if the VAE's format overflows. Raises a NOT_FINITE Failure."""
    picture = ladder.decode(lambda: _decode(vae, latents, device))
    if is_finite(picture):
        return _pixels(picture), vae.dtype
    usual = vae.dtype
    if usual is torch.float32:
        raise not_finite("The decoded pixels")
    log.warning("A picture is decoded again in float32, because the decoder overflowed", dtype=str(usual))
    del picture
    try:
        # In place and back: half precision survives the way through float32 without a change.
        vae.to(torch.float32)
        picture = ladder.decode(lambda: _decode(vae, latents, device))
    finally:
        vae.to(usual)
    require_finite(picture, "The decoded pixels")
    return _pixels(picture), torch.float32


@torch.inference_mode()
def _decode(vae: Any, latents: torch.Tensor, device: torch.device) -> torch.Tensor:
    """Return a picture of shape (3, height, width), from -1 to 1."""
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


def _pixels(picture: torch.Tensor) -> Pixels:
    scaled = (picture.float() / 2 + 0.5).clamp(0, 1).mul(255).round().to(torch.uint8)
    pixels: Pixels = scaled.permute(1, 2, 0).contiguous().cpu().numpy()
    return pixels
