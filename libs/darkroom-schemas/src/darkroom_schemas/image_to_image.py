"""Drawing that starts from a picture: img2img, inpainting, and the second pass of the hires fix."""

from typing import Literal, Self

from pydantic import Field, model_validator

from darkroom_schemas.base import Wire

DEFAULT_STRENGTH = 0.75
"""Denoising strength of img2img and inpainting, as in A1111."""
DEFAULT_SCALE = 2.0
MAX_SIDE = 4096
MAX_MASK_BLUR = 64
DEFAULT_MASK_BLUR = 4
Upscaler = Literal["latent", "lanczos"]


def denoising_steps(steps: int, strength: float) -> int:
    """Return how many of the steps run from a picture at a denoising strength from 0 to 1; at least one.

    As in diffusers, the first steps are left out: `strength * steps`, rounded down, remain.
    """
    return min(steps, max(1, int(steps * strength)))


class Hires(Wire):
    """A second pass at a larger size, as A1111's hires fix: the finished picture is enlarged and drawn over.

    The size is `scale` times that of the first pass, rounded down to what the family supports, or `width` and `height`;
    without either it is twice that of the first pass. Of the `steps`, those run that `denoising_strength` leaves.
    `latent` enlarges latents, bilinearly, and `lanczos` the decoded pixels.
    """

    scale: float | None = Field(default=None, ge=1, le=4)
    width: int | None = Field(default=None, ge=64, le=MAX_SIDE)
    height: int | None = Field(default=None, ge=64, le=MAX_SIDE)
    denoising_strength: float = Field(default=0.7, ge=0, le=1)
    steps: int | None = Field(default=None, ge=1, le=200)
    """None means those of the first pass."""
    upscaler: Upscaler = "latent"

    @model_validator(mode="after")
    def _has_one_size(self) -> Self:
        if (self.width is None) != (self.height is None):
            raise ValueError("width and height must be given together")
        if self.scale is not None and self.width is not None:
            raise ValueError("needs either scale, or width and height")
        return self

    def size(self, width: int, height: int, multiple: int) -> tuple[int, int]:
        """Return the width and height in pixels of the second pass; raises ValueError for one that is not supported."""
        if self.width is None or self.height is None:
            scale = DEFAULT_SCALE if self.scale is None else self.scale
            larger = (int(width * scale) // multiple * multiple, int(height * scale) // multiple * multiple)
        else:
            larger = (self.width, self.height)
        if larger[0] % multiple or larger[1] % multiple:
            raise ValueError(f"width and height must be multiples of {multiple}, are {larger[0]} and {larger[1]}")
        if larger[0] < width or larger[1] < height:
            raise ValueError(f"must be at least {width}x{height}, the size of the first pass, not {_text(larger)}")
        if max(larger) > MAX_SIDE:
            raise ValueError(f"must have at most {MAX_SIDE} pixels a side, not {_text(larger)}")
        return larger

    def steps_after(self, steps: int) -> int:
        """Return the steps of the second pass, of which `denoising_strength` leaves some out."""
        return steps if self.steps is None else self.steps


def _text(size: tuple[int, int]) -> str:
    return f"{size[0]}x{size[1]}"
