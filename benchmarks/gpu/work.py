"""The steps that the checks run, at full size or as the tiny profile scales them."""

from dataclasses import dataclass

from darkroom_schemas.payload import AnyPayload, ImagePayload, PromptPayload, VideoPayload
from gpu_worker.models.profile import Profile

SDXL, WAN, QWEN = "sdxl-base-1.0", "wan2.1-t2v-1.3b", "qwen2.5-7b-instruct"
MODELS = (SDXL, WAN, QWEN)
GIB = 1024**3
FEW_STEPS, MORE_STEPS = 2, 6
"""Seconds per step come from the difference, so that encoding and the first call count nothing."""


@dataclass(frozen=True, slots=True)
class Work:
    """Makes the payloads. `is_tiny` runs everything on a CPU with the tiny models."""

    profile: Profile
    is_tiny: bool

    def images(self, seeds: tuple[int, ...] = (1, 2, 3, 4, 5, 6), steps: int = 8) -> AnyPayload:
        """Return SDXL images of 1024x1024, DPM++ 2M Karras."""
        return self._fit(
            ImagePayload(
                family="sdxl", prompt="a lighthouse at dawn, long exposure", seeds=seeds, width=1024, height=1024,
                steps=steps, guidance_scale=7.0, sampler="DPM++ 2M Karras", model=SDXL, bucket="bench",
                max_bytes=20_000_000,
            )
        )  # fmt: skip

    def video(self, steps: int = FEW_STEPS, frames: int | None = None) -> AnyPayload:
        """Return a WAN video of 480x832, UniPC; by default of 81 frames, or 17 in a dry run."""
        frames = frames or (17 if self.is_tiny else 81)
        return self._fit(
            VideoPayload(
                family="wan_video", prompt="waves on a beach", seeds=(1,), width=480, height=832, frames=frames,
                fps=16, steps=steps, guidance_scale=5.0, sampler="UniPC", model=WAN, bucket="bench",
                max_bytes=200_000_000,
            )
        )  # fmt: skip

    def prompt(self) -> AnyPayload:
        """Return a prompt to enhance."""
        return self._fit(
            PromptPayload(family="prompt", prompt="a lighthouse", seeds=(1,), max_new_tokens=64, model=QWEN)
        )

    def _fit(self, payload: AnyPayload) -> AnyPayload:
        fitted = self.profile.fit(payload)
        if isinstance(payload, PromptPayload):
            return fitted
        # The tiny profile limits the steps, and the checks count them.
        return fitted.model_copy(update={"steps": payload.steps})
