"""Decodes latents to frames. The decoder is called once for each latent frame; a step can stop between the calls."""

from typing import Any

import torch
from darkroom_schemas.payload import VideoPayload

from gpu_worker.domain.memory.footprint import Shape
from gpu_worker.pipelines.decoding import VaeLadder
from gpu_worker.pipelines.finite import require_finite
from gpu_worker.pipelines.preview import Colours, fit_colours
from gpu_worker.pipelines.recipes import make_recipe
from gpu_worker.pipelines.sink import Pixels
from gpu_worker.pipelines.stage import StageReport
from gpu_worker.pipelines.wan.state import WanState


def decode_seeds(state: WanState, report: StageReport) -> None:
    """Decode each seed's latents and hand the frames to the sink."""
    all_latents = state.latents or []
    vae, models = state.loaded.parts["vae"], state.context.models
    vae.use_tiling = state.loaded.plan.tiled
    with VaeLadder(vae, lambda: models.evict_others(state.payload.model)) as ladder:
        for index, latents in enumerate(all_latents):

            def decode(index: int = index, latents: torch.Tensor = latents) -> Pixels:
                return _decode(state, latents, _Calls(report, index, len(all_latents), latents.shape[2]))

            frames = ladder.run(decode)
            recipe = make_recipe(
                state.payload,
                state.context,
                state.computed,
                index=index,
                batch_shape=latents.shape,
                batch_index=0,
                dtype=state.loaded.parts["transformer"].dtype,
                decode_dtype=vae.dtype,
                tiled=ladder.tiled,
                text=state.text.read if state.text else None,
            )
            if isinstance(state.payload, VideoPayload):
                state.sink.video(index, frames, state.payload.fps, recipe)
            else:
                state.sink.image(index, frames[0], recipe)


def fit_wan_colours(vae: Any, device: torch.device) -> Colours:
    """Fit the colour map of previews to the VAE, on one frame."""
    return fit_colours(lambda latents: _frames(vae, latents.unsqueeze(2), device)[0], vae.config.z_dim)


def _decode(state: WanState, latents: torch.Tensor, before_call: "_Calls") -> Pixels:
    model = state.loaded
    vae = model.parts["vae"]
    shape = Shape(state.payload.width * state.payload.height, state.frames)
    hook = vae.decoder.register_forward_pre_hook(before_call)
    try:
        with state.context.peaks.decoding(model, vae, shape):
            return _frames(vae, latents, state.context.device.torch_device)
    finally:
        hook.remove()
        # A decode that ended early leaves gigabytes of features of the last frames in this cache.
        vae.clear_cache()


@torch.inference_mode()
def _frames(vae: Any, latents: torch.Tensor, device: torch.device) -> Pixels:
    latents = latents.to(device, vae.dtype)
    shape = (1, vae.config.z_dim, 1, 1, 1)
    mean = latents.new_tensor(vae.config.latents_mean).view(shape)
    deviation = latents.new_tensor(vae.config.latents_std).view(shape)
    video = vae.decode(latents * deviation + mean, return_dict=False)[0][0]
    require_finite(video, "The decoded pixels")
    scaled = (video / 2 + 0.5).clamp(0, 1).mul(255).round().to(torch.uint8)
    frames: Pixels = scaled.permute(1, 2, 3, 0).contiguous().cpu().numpy()
    return frames


class _Calls:
    """Runs before each call of the decoder: reports progress, and raises Stopped after a stop request."""

    def __init__(self, report: StageReport, seed: int, seeds: int, calls: int) -> None:
        self._report = report
        self._done = seed * calls
        self._all = seeds * calls

    def __call__(self, _module: Any, _inputs: Any) -> None:
        # With tiling the decoder is called more often than there are latent frames.
        self._report.tick(min(self._done, self._all), self._all)
        self._done += 1
