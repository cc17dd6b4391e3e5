"""The state that the stages of one WAN job share."""

from dataclasses import dataclass

import torch
from darkroom_schemas.payload import ImagePayload, VideoPayload

from gpu_worker.pipelines.job_state import JobState


@dataclass(slots=True, kw_only=True)
class WanState(JobState):
    """One job. `text` holds the encoded prompts, `latents` the finished latents of each seed."""

    payload: ImagePayload | VideoPayload
    latents: list[torch.Tensor] | None = None

    @property
    def frames(self) -> int:
        """Return the number of frames; an image is a video of one frame."""
        return self.payload.frames if isinstance(self.payload, VideoPayload) else 1
