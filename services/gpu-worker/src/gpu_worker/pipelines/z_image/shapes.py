"""The shapes of Z-Image's stages, which the planner admits and the peaks of a device are recorded for. No torch."""

from darkroom_schemas.payload import AnyPayload

from gpu_worker.domain.memory.footprint import Shape, StageName
from gpu_worker.models.family import Shapes, drawing

TEXT_TOKENS = 512
"""Length of the text that the model reads, the chat template's tokens included."""


def stage_shapes(payload: AnyPayload) -> Shapes:
    """Return the shape of each stage of a step; one image is decoded at a time."""
    asked = drawing(payload)
    return {
        StageName.ENCODE: Shape(TEXT_TOKENS),
        StageName.DENOISE: denoised(payload, len(asked.seeds)),
        StageName.DECODE: Shape(asked.width * asked.height),
    }


def denoised(payload: AnyPayload, images: int) -> Shape:
    """Return the shape of denoising that many images at once. With guidance each of them is computed twice."""
    asked = drawing(payload)
    return Shape(asked.width * asked.height * (2 if asked.guidance_scale > 0 else 1), batch=images)
