"""What a payload demands of memory: the shapes of its stages."""

from collections.abc import Mapping

from darkroom_schemas.catalogue import CATALOGUE, Connector, JobType
from darkroom_schemas.payload import PAYLOAD, AnyPayload
from darkroom_schemas.planning import complete_payload

from gpu_worker.models.families import family_of, serving
from gpu_worker.models.family import Shapes
from gpu_worker.models.registry import ModelEntry

_USUAL_PROMPT_CHARS = 1000


def stage_shapes(payload: AnyPayload) -> Shapes:
    """Return the shape of each stage of a step."""
    return serving(payload.family).stage_shapes(payload)


def usual_payload(job_type: JobType, outputs: int | None = None) -> AnyPayload:
    """Return a payload as the platform sends it for a job type of Darkroom's own pipelines, with a long prompt."""
    given = {"prompt": "x" * _USUAL_PROMPT_CHARS, "seeds": tuple(range(outputs or job_type.outputs))}
    return PAYLOAD.validate_python(complete_payload(job_type, given))


def least_shapes(entry: ModelEntry) -> Shapes:
    """Return the shapes of the smallest step that the catalogue orders of a model's family: one picture of a batch."""
    served = family_of(entry.family).serves
    payloads = (usual_payload(job_type, outputs=1) for job_type in CATALOGUE.values() if job_type.family in served)
    return min(
        map(stage_shapes, payloads), key=lambda shapes: sum(shape.size * shape.frames for shape in shapes.values())
    )


def local_job_types(models: Mapping[str, ModelEntry]) -> tuple[JobType, ...]:
    """Return the job types of Darkroom's own pipelines whose model is among `models` and can run them."""
    return tuple(
        job_type
        for job_type in CATALOGUE.values()
        if job_type.connector is Connector.LOCAL
        and (entry := models.get(str(job_type.model))) is not None
        and job_type.family in family_of(entry.family).serves
    )
