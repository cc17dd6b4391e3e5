"""Denoises one seed after another, since a single video uses the whole device."""

from functools import partial
from typing import Any

import torch

from gpu_worker.domain.memory.footprint import Shape
from gpu_worker.pipelines import noise
from gpu_worker.pipelines.computation import describe_computation
from gpu_worker.pipelines.finite import require_finite
from gpu_worker.pipelines.placement import clear_text
from gpu_worker.pipelines.preview import Previews
from gpu_worker.pipelines.stage import StageReport
from gpu_worker.pipelines.wan.samplers import make_sampler
from gpu_worker.pipelines.wan.state import WanState
from gpu_worker.pipelines.wan.text import encode_text
from gpu_worker.runtime.batches import with_room


def denoise_seeds(state: WanState, report: StageReport) -> None:
    """Denoise each seed on its own."""
    seeds = state.payload.seeds
    finished: list[torch.Tensor] = []
    previews = Previews(state.sink, state.loaded.colours)
    for number, seed in enumerate(seeds):

        def on_step(
            pipeline: Any, step: int, _timestep: Any, changes: dict[str, Any], number: int = number
        ) -> dict[str, Any]:
            calls = pipeline.num_timesteps
            report.tick(number * calls + step + 1, len(seeds) * calls, previews.of(changes, number))
            return changes

        latents = with_room(
            partial(_denoise, state, seed, on_step),
            lambda: state.context.models.evict_others(state.payload.model),
            "a video of this size",
        )
        require_finite(latents, "The latents")
        finished.append(latents)
    state.latents = finished


def _denoise(state: WanState, seed: int, on_step: Any) -> torch.Tensor:
    from diffusers import WanPipeline

    payload, model = state.payload, state.loaded
    parts = dict(model.parts)
    parts["scheduler"] = make_sampler(payload.sampler, parts["scheduler"].config)
    pipeline = WanPipeline(**parts, **model.config)
    pipeline.set_progress_bar_config(disable=True)
    if state.computation is None:
        state.computation = describe_computation(model, parts["scheduler"], parts["transformer"])
    if model.offloaded:
        pipeline.enable_model_cpu_offload()
    shape = Shape(payload.width * payload.height, state.frames)
    try:
        if state.text is None:
            device = state.context.device.torch_device
            encode = partial(encode_text, pipeline, payload, device)
            is_guided = payload.guidance_scale > 1
            state.text = state.context.texts.get(model.ref, payload, encode, device, is_guided=is_guided)
        with state.context.peaks.denoising(model, shape, parts["transformer"]):
            latents: torch.Tensor = pipeline(
                **state.text.arguments,
                generator=noise.generator(seed),
                height=payload.height,
                width=payload.width,
                num_frames=state.frames,
                num_inference_steps=payload.steps,
                guidance_scale=payload.guidance_scale,
                output_type="latent",
                callback_on_step_end=on_step,
            ).frames
        return latents
    finally:
        # This alone resets the transformer's caches, and the pipeline skips it when it raises.
        pipeline.maybe_free_model_hooks()
        clear_text(parts)
