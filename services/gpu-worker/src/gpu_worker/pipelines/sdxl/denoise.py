"""Denoises all seeds in one batch, or in smaller batches if memory runs out."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import torch
from darkroom_schemas.image_to_image import denoising_steps

from gpu_worker.domain.memory.footprint import Shape
from gpu_worker.pipelines import noise
from gpu_worker.pipelines.batch_progress import BatchProgress
from gpu_worker.pipelines.computation import describe_computation
from gpu_worker.pipelines.finite import require_finite
from gpu_worker.pipelines.placement import clear_text
from gpu_worker.pipelines.preview import Previews
from gpu_worker.pipelines.sdxl.samplers import make_sampler
from gpu_worker.pipelines.sdxl.start import NoisedStart, noised_start
from gpu_worker.pipelines.sdxl.state import SdxlState
from gpu_worker.pipelines.sdxl.text import encode_text
from gpu_worker.pipelines.stage import StageReport
from gpu_worker.runtime.batches import in_fitting_batches


@dataclass(frozen=True, slots=True)
class _Pass:
    """One pass over all seeds. `strength` is for one that starts from pictures."""

    width: int
    height: int
    steps: int
    strength: float | None = None


def denoise_batches(state: SdxlState, report: StageReport) -> None:
    """Denoise the seeds. Each image has its own generator, so it does not depend on the others of its batch."""
    payload = state.payload
    _run(state, _Pass(payload.width, payload.height, payload.steps, payload.strength), report)


def refine_batches(state: SdxlState, report: StageReport) -> None:
    """Denoise the enlarged pictures of the first pass, with the noise of the same seeds."""
    hires = state.hires
    steps = hires.steps_after(state.payload.steps)
    _run(state, _Pass(*state.payload.final_size, steps, hires.denoising_strength), report)


def _run(state: SdxlState, which: _Pass, report: StageReport) -> None:
    seeds = state.payload.seeds
    finished: list[torch.Tensor] = []
    previews = Previews(state.sink, state.loaded.colours)

    def denoise(batch: Sequence[int]) -> torch.Tensor:
        done = sum(len(latents) for latents in finished)
        return _denoise(state, which, batch, BatchProgress(report, previews, done, len(batch), len(seeds)))

    for _, latents in in_fitting_batches(
        range(len(seeds)),
        denoise,
        largest=state.loaded.plan.batch,
        free_memory=lambda: state.context.models.evict_others(state.payload.model),
    ):
        require_finite(latents, "The latents")
        finished.append(latents)
    state.batches = finished


def _denoise(state: SdxlState, which: _Pass, batch: Sequence[int], on_step: BatchProgress) -> torch.Tensor:
    payload, model = state.payload, state.loaded
    parts = dict(model.parts)
    parts["scheduler"] = make_sampler(payload.sampler, parts["scheduler"].config)
    pipeline = _pipeline_kind(state)(**parts, **model.config, add_watermarker=False)
    pipeline.set_progress_bar_config(disable=True)
    if state.computation is None:
        state.computation = describe_computation(model, parts["scheduler"], parts["unet"])
    if model.offloaded:
        pipeline.enable_model_cpu_offload()
    shape = Shape(which.width * which.height, batch=len(batch))
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
        generators = [noise.generator(payload.seeds[index]) for index in batch]
        start = _start(state, which, batch, generators)
        with state.context.peaks.denoising(model, shape, parts["unet"]):
            latents: torch.Tensor = pipeline(
                **state.text.arguments,
                **_beginning(start, which, pipeline),
                num_images_per_prompt=len(batch),
                generator=generators,
                num_inference_steps=which.steps,
                guidance_scale=payload.guidance_scale,
                output_type="latent",
                callback_on_step_end=on_step if start is None else partial(_after_step, start, on_step),
            ).images
        return latents
    finally:
        pipeline.maybe_free_model_hooks()
        clear_text(parts)


def _pipeline_kind(state: SdxlState) -> Any:  # Any: pipelines of diffusers are untyped
    import diffusers

    if state.starts is None:
        return diffusers.StableDiffusionXLPipeline
    return diffusers.StableDiffusionXLImg2ImgPipeline


def _start(
    state: SdxlState, which: _Pass, batch: Sequence[int], generators: Sequence[torch.Generator]
) -> NoisedStart | None:
    """Return what a batch starts from; None is noise alone.

    Latents are drawn before the noise, with the same generators, as diffusers does that encodes the picture itself.
    """
    if state.starts is None or which.strength is None:
        return None
    latents = [state.starts[index](generator) for index, generator in zip(batch, generators, strict=True)]
    mask = None if state.source is None else state.source.mask
    strength = _strength(which.steps, which.strength)
    return noised_start(torch.cat(latents).to(state.context.device.torch_device), generators, strength, mask)


def _beginning(start: NoisedStart | None, which: _Pass, pipeline: Any) -> dict[str, Any]:
    """Return the arguments with which a pipeline begins: the size, or the latents to start from."""
    if start is None:
        return {"width": which.width, "height": which.height}
    return start.arguments(pipeline, which.steps)


def _after_step(
    start: NoisedStart, on_step: BatchProgress, pipeline: Any, step: int, time: Any, changes: dict[str, Any]
) -> dict[str, Any]:
    latents = start.restore(pipeline, step, changes["latents"])
    return on_step(pipeline, step, time, changes | {"latents": latents})


def _strength(steps: int, strength: float) -> float:
    """Return the strength that leaves at least one step, of which the pipelines need one."""
    return strength if int(steps * strength) > 0 else (denoising_steps(steps, strength) + 0.5) / (steps + 0.5)
