"""Denoises one seed after another, since a single video uses the whole device."""

from typing import Any

import torch

from gpu_worker.domain.memory.footprint import Shape
from gpu_worker.pipelines.placement import clear_text
from gpu_worker.pipelines.preview import Previews
from gpu_worker.pipelines.stage import StageReport
from gpu_worker.pipelines.wan.samplers import make_sampler
from gpu_worker.pipelines.wan.state import WanState


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
            report.tick(number * calls + step + 1, len(seeds) * calls, previews.of(changes))
            return changes

        finished.append(_denoise(state, seed, on_step))
    state.latents = finished


def _denoise(state: WanState, seed: int, on_step: Any) -> torch.Tensor:
    from diffusers import WanPipeline

    payload, model = state.payload, state.loaded
    parts = dict(model.parts)
    parts["scheduler"] = make_sampler(payload.sampler, parts["scheduler"].config)
    pipeline = WanPipeline(**parts)
    pipeline.set_progress_bar_config(disable=True)
    if model.offloaded:
        pipeline.enable_model_cpu_offload()
    shape = Shape(payload.width * payload.height, state.frames)
    try:
        with state.context.peaks.denoising(model, shape, parts["transformer"]):
            latents: torch.Tensor = pipeline(
                prompt=payload.prompt,
                negative_prompt=payload.negative_prompt or None,
                generator=torch.Generator("cpu").manual_seed(seed),
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
