"""Makes the pipeline object of one job, which shares the model's parts and has a scheduler of its own."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from darkroom_schemas.errors import StepErrorCode
from darkroom_schemas.samplers import find_sampler

from gpu_worker.domain.failures import Failure
from gpu_worker.pipelines.placement import clear_text
from gpu_worker.pipelines.z_image.state import ZImageState

SAMPLERS = ("Euler",)


@contextmanager
def job_pipeline(state: ZImageState) -> Iterator[Any]:  # pipelines of diffusers are untyped
    """Yield the pipeline of a job; afterwards no part stays where only this job needed it. Raises a Failure."""
    from diffusers import ZImagePipeline

    model = state.loaded
    parts = dict(model.parts)
    parts["scheduler"] = make_sampler(state.payload.sampler, parts["scheduler"].config)
    pipeline = ZImagePipeline(**parts, **model.config)
    pipeline.set_progress_bar_config(disable=True)
    if model.offloaded:
        pipeline.enable_model_cpu_offload()
    try:
        yield pipeline
    finally:
        pipeline.maybe_free_model_hooks()
        clear_text(parts)


def make_sampler(name: str, model_config: Any) -> Any:  # configurations and schedulers of diffusers are untyped
    """Return a new scheduler with the model's shift; it holds the state of one job. Raises a Failure.

    The pipeline passes noise levels from 1 to 1/steps to it, which no other kind of flow scheduler takes as they are.
    """
    from diffusers import FlowMatchEulerDiscreteScheduler

    if find_sampler(name, SAMPLERS) is None:
        message = f"sampler: no {name!r} for Z-Image; there are: {', '.join(SAMPLERS)}"
        raise Failure(StepErrorCode.INVALID_PAYLOAD, message)
    return FlowMatchEulerDiscreteScheduler.from_config(model_config)
