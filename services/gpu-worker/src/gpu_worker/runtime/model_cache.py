"""Holds loaded models in memory, and evicts the least recently used ones before a load that would not fit."""

import time
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from darkroom_chassis.logs import get_logger
from darkroom_schemas.errors import StepErrorCode
from darkroom_schemas.recipe import ModelRef

from gpu_worker.domain.failures import Failure
from gpu_worker.models.registry import ModelEntry, ModelFamily

log = get_logger(__name__)


@dataclass(frozen=True, slots=True)
class LoadedModel:
    """A loaded model: the parts of its pipeline, and its reference in recipes."""

    ref: ModelRef
    parts: Mapping[str, Any]
    memory_bytes: int
    offloaded: bool = False
    colours: Any = None
    """The colour map of previews, None for no previews (Any: an array, and only the GPU process imports numpy)."""
    config: Mapping[str, Any] = field(default_factory=dict)
    """Settings of the pipeline beside its parts, such as `boundary_ratio`; each job's pipeline is built with them."""


Loader = Callable[[str, ModelEntry], LoadedModel]
Loaded = Callable[[str, LoadedModel, float], None]


class ModelCache:
    """An LRU cache of models. Not thread-safe: only the thread that runs steps uses it."""

    def __init__(
        self,
        entries: Mapping[str, ModelEntry],
        loaders: Mapping[ModelFamily, Loader],
        *,
        budget_bytes: int,
        free_memory: Callable[[], None],
        on_loaded: Loaded,
    ) -> None:
        self._entries = entries
        self._loaders = loaders
        self._budget_bytes = budget_bytes
        self._free_memory = free_memory
        self._on_loaded = on_loaded
        self._resident: OrderedDict[str, LoadedModel] = OrderedDict()
        self._measured: dict[str, int] = {}

    def names(self) -> tuple[str, ...]:
        """Return the loaded models, least recently used first."""
        return tuple(self._resident)

    def used_bytes(self) -> int:
        """Return the memory that the loaded models use."""
        return sum(model.memory_bytes for model in self._resident.values())

    def get(self, name: str) -> LoadedModel:
        """Return a model; loads it if necessary, after evicting others for room. Raises a Failure if it is unknown."""
        if name in self._resident:
            self._resident.move_to_end(name)
            return self._resident[name]
        entry = self._entries.get(name)
        if entry is None:
            raise Failure(
                StepErrorCode.MODEL_UNAVAILABLE,
                f"This worker has no model {name!r}; it has: {', '.join(self._entries)}",
            )
        self._make_room(name, entry)
        started = time.perf_counter()
        model = self._loaders[entry.family](name, entry)
        self._resident[name] = model
        self._measured[name] = model.memory_bytes
        self._on_loaded(name, model, time.perf_counter() - started)
        return model

    def evict_others(self, name: str) -> None:
        """Evict every other model, because memory ran out in spite of the estimates."""
        for other in [resident for resident in self._resident if resident != name]:
            del self._resident[other]
            log.warning("Evicted a model because memory ran out", model=other, kept=name)
        self._free_memory()

    def _make_room(self, name: str, entry: ModelEntry) -> None:
        weights = self._measured.get(name, entry.memory_bytes)
        work = entry.peak_bytes - entry.memory_bytes
        while self._resident and self.used_bytes() + weights + work > self._budget_bytes:
            dropped, _ = self._resident.popitem(last=False)
            self._free_memory()
            log.info("Evicted a model to make room", model=dropped, wanted=name)
