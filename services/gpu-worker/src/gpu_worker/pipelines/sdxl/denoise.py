"""Denoises all seeds in one batch, or in smaller batches if memory runs out."""

from collections.abc import Sequence
from functools import partial

import torch

from gpu_worker.domain.memory.footprint import Shape
from gpu_worker.pipelines import noise
from gpu_worker.pipelines.batch_progress import BatchProgress
from gpu_worker.pipelines.computation import describe_computation
from gpu_worker.pipelines.finite import require_finite
from gpu_worker.pipelines.placement import clear_text
from gpu_worker.pipelines.preview import Previews
from gpu_worker.pipelines.sdxl.samplers import make_sampler
from gpu_worker.pipelines.sdxl.state import SdxlState
from gpu_worker.pipelines.sdxl.text import encode_text
from gpu_worker.pipelines.stage import StageReport
from gpu_worker.runtime.batches import in_fitting_batches


def denoise_batches(state: SdxlState, report: StageReport) -> None:
    """Denoise the seeds. Each image has its own generator, so it does not depend on the others of its batch."""
    seeds = state.payload.seeds
    finished: list[torch.Tensor] = []
    previews = Previews(state.sink, state.loaded.colours)

    def denoise(batch: Sequence[int]) -> torch.Tensor:
        done = sum(len(latents) for latents in finished)
        return _denoise(state, batch, BatchProgress(report, previews, done, len(batch), len(seeds)))

    for _, latents in in_fitting_batches(
        seeds,
        denoise,
        largest=state.loaded.plan.batch,
        free_memory=lambda: state.context.models.evict_others(state.payload.model),
    ):
        require_finite(latents, "The latents")
        finished.append(latents)
    state.batches = finished


def _denoise(state: SdxlState, seeds: Sequence[int], on_step: BatchProgress) -> torch.Tensor:
    from diffusers import StableDiffusionXLPipeline

    payload, model = state.payload, state.loaded
    parts = dict(model.parts)
    parts["scheduler"] = make_sampler(payload.sampler, parts["scheduler"].config)
    pipeline = StableDiffusionXLPipeline(**parts, **model.config, add_watermarker=False)
    pipeline.set_progress_bar_config(disable=True)
    if state.computation is None:
        state.computation = describe_computation(model, parts["scheduler"], parts["unet"])
    if model.offloaded:
        pipeline.enable_model_cpu_offload()
    shape = Shape(payload.width * payload.height, batch=len(seeds))
    try:
        if state.text is None:
            device = state.context.device.torch_device
            names = {lora.name for lora in state.loras}
            adapters = tuple(sorted(f"{lora.name}:{lora.sha256}:{lora.weight}" for lora in state.loras))
            encode = partial(encode_text, pipeline, payload, device, names)
            is_guided = payload.guidance_scale > 1
            state.text = state.context.texts.get(
                model.ref, payload, encode, device, is_guided=is_guided, adapters=adapters
            )
        with state.context.peaks.denoising(model, shape, parts["unet"]):
            latents: torch.Tensor = pipeline(
                **state.text.arguments,
                num_images_per_prompt=len(seeds),
                generator=[noise.generator(seed) for seed in seeds],
                height=payload.height,
                width=payload.width,
                num_inference_steps=payload.steps,
                guidance_scale=payload.guidance_scale,
                output_type="latent",
                callback_on_step_end=on_step,
            ).images
        return latents
    finally:
        pipeline.maybe_free_model_hooks()
        clear_text(parts)
