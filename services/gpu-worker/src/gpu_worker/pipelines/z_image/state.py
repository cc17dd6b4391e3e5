"""The state that the stages of one Z-Image job share."""

from dataclasses import dataclass

import torch
from darkroom_schemas.payload import ImagePayload

from gpu_worker.pipelines.job_state import JobState


@dataclass(slots=True, kw_only=True)
class ZImageState(JobState):
    """One job. `text` holds the encoded prompts, `batches` the finished latents, in the order of the seeds."""

    payload: ImagePayload
    batches: list[torch.Tensor] | None = None
