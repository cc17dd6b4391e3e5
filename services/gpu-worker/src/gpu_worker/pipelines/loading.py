"""Loads the model of a step with the memory that there is."""

from gpu_worker.runtime.batches import with_room
from gpu_worker.runtime.model_cache import LoadedModel, ModelCache


def load_model(models: ModelCache, name: str) -> LoadedModel:
    """Return a model; loads it once more without the others if memory runs out. Raises a Failure."""
    return with_room(lambda: models.get(name), lambda: models.evict_others(name), f"the model {name}")
