"""Loads the model of a step with the memory that there is."""

from darkroom_schemas.payload import AnyPayload

from gpu_worker.pipelines.context import PipelineContext
from gpu_worker.runtime.batches import with_room
from gpu_worker.runtime.model_cache import AdmittedModel


def load_model(context: PipelineContext, payload: AnyPayload, added_bytes: int = 0) -> AdmittedModel:
    """Return the model of a step; loads it once more without the others if memory runs out. Raises a Failure.

    `added_bytes` are weights that the step adds to the model.
    """
    models, name = context.models, payload.model
    return with_room(
        lambda: context.admit(payload, added_bytes), lambda: models.evict_others(name), f"the model {name}"
    )
