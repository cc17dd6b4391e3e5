"""What a payload demands of memory: the shapes of its stages."""

from collections.abc import Mapping

from darkroom_schemas.catalogue import CATALOGUE, Connector, JobType
from darkroom_schemas.payload import PAYLOAD, AnyPayload, PromptPayload, VideoPayload
from darkroom_schemas.planning import complete_payload

from gpu_worker.domain.memory.footprint import Shape, StageName
from gpu_worker.models.payloads import MODELS_OF
from gpu_worker.models.registry import ModelEntry

_SDXL_TOKENS = 16 * 77
"""Sixteen chunks of CLIP's 77 tokens, positive and negative prompt together."""
_WAN_TOKENS = 512
_INSTRUCTION_TOKENS = 256
_USUAL_PROMPT_CHARS = 1000


def stage_shapes(payload: AnyPayload) -> dict[StageName, Shape]:
    """Return the shape of each stage of a step. A token has at least one byte of the text."""
    if isinstance(payload, PromptPayload):
        tokens = _INSTRUCTION_TOKENS + len(payload.prompt.encode()) + payload.max_new_tokens
        return {StageName.WRITE: Shape(tokens)}
    pixels = payload.width * payload.height
    if payload.family == "sdxl":
        return {
            StageName.ENCODE: Shape(_SDXL_TOKENS),
            StageName.DENOISE: Shape(pixels, batch=len(payload.seeds)),
            StageName.DECODE: Shape(pixels),
        }
    frames = payload.frames if isinstance(payload, VideoPayload) else 1
    return {
        StageName.ENCODE: Shape(_WAN_TOKENS),
        StageName.DENOISE: Shape(pixels, frames),
        StageName.DECODE: Shape(pixels, frames),
    }


def usual_payload(job_type: JobType, outputs: int | None = None) -> AnyPayload:
    """Return a payload as the platform sends it for a job type of Darkroom's own pipelines, with a long prompt."""
    given = {"prompt": "x" * _USUAL_PROMPT_CHARS, "seeds": tuple(range(outputs or job_type.outputs))}
    return PAYLOAD.validate_python(complete_payload(job_type, given))


def least_shapes(entry: ModelEntry) -> dict[StageName, Shape]:
    """Return the shapes of the smallest step that the catalogue orders of a model's family: one picture of a batch."""
    payloads = (
        usual_payload(job_type, outputs=1)
        for job_type in CATALOGUE.values()
        if job_type.family is not None and MODELS_OF.get(job_type.family) is entry.family
    )
    return min(
        map(stage_shapes, payloads), key=lambda shapes: sum(shape.size * shape.frames for shape in shapes.values())
    )


def local_job_types(models: Mapping[str, object]) -> tuple[JobType, ...]:
    """Return the job types of Darkroom's own pipelines whose model is among `models`."""
    return tuple(
        job_type
        for job_type in CATALOGUE.values()
        if job_type.connector is Connector.LOCAL and job_type.model in models
    )
