"""Denoises all seeds in one batch, or in smaller batches if memory runs out."""

from collections.abc import Sequence

import torch

from gpu_worker.pipelines import noise
from gpu_worker.pipelines.batch_progress import BatchProgress
from gpu_worker.pipelines.computation import describe_computation
from gpu_worker.pipelines.finite import require_finite
from gpu_worker.pipelines.preview import Previews
from gpu_worker.pipelines.stage import StageReport
from gpu_worker.pipelines.z_image.pipeline import job_pipeline
from gpu_worker.pipelines.z_image.shapes import denoised
from gpu_worker.pipelines.z_image.state import ZImageState
from gpu_worker.runtime.batches import in_fitting_batches


def denoise_batches(state: ZImageState, report: StageReport) -> None:
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


def _denoise(state: ZImageState, seeds: Sequence[int], on_step: BatchProgress) -> torch.Tensor:
    payload, model = state.payload, state.loaded
    # The pipeline takes a list of texts, since they differ in length.
    texts = {name: [embeds] for name, embeds in state.encoded.arguments.items()}
    with job_pipeline(state) as pipeline:
        transformer = pipeline.transformer
        if state.computation is None:
            state.computation = describe_computation(model, pipeline.scheduler, transformer)
        with state.context.peaks.denoising(model, denoised(payload, len(seeds)), transformer):
            latents: torch.Tensor = pipeline(
                **texts,
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
