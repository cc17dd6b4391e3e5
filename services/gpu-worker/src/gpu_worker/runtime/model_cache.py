"""Holds loaded models, and admits each step through the memory planner before it uses one.

A model that must leave the card waits in main memory if that has room. From there it returns in about a second, from
the disk in up to a minute.
"""

import time
from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any

from darkroom_chassis.logs import get_logger
from darkroom_schemas.errors import StepErrorCode
from darkroom_schemas.recipe import ModelRef

from gpu_worker.domain.failures import Failure
from gpu_worker.domain.memory.card import CUDA, Card, Resident
from gpu_worker.domain.memory.footprint import DENOISERS, Component, Footprint, Shape, StageName
from gpu_worker.domain.memory.placement import Placement, bytes_between_steps, ram_bytes
from gpu_worker.domain.memory.plan import Demand, Plan, Policy, Refusal
from gpu_worker.domain.memory.planner import plan_step
from gpu_worker.models.demands import least_shapes
from gpu_worker.models.registry import ModelEntry

log = get_logger(__name__)
_LEAST_FREE_RAM_BYTES = 2_000_000_000
"""Main memory that models which wait there leave to others."""


@dataclass(frozen=True, slots=True)
class LoadedModel:
    """A loaded model: the parts of its pipeline, and its reference in recipes."""

    ref: ModelRef
    parts: Mapping[str, Any]
    weights: Mapping[Component, int]
    """Bytes of each component, as loaded."""
    colours: Any = None
    """The colour map of previews, None for no previews (Any: an array, and only the GPU process imports numpy)."""
    config: Mapping[str, Any] = field(default_factory=dict)
    """Settings of the pipeline beside its parts, such as `boundary_ratio`; each job's pipeline is built with them."""


@dataclass(frozen=True, slots=True)
class AdmittedModel:
    """A model that is loaded and placed for one step, and the step's plan."""

    ref: ModelRef
    parts: Mapping[str, Any]
    colours: Any
    config: Mapping[str, Any]
    plan: Plan
    footprint: Footprint

    @property
    def offloaded(self) -> bool:
        """Return whether only one component at a time is on the device."""
        return self.plan.placement is Placement.OFFLOADED


@dataclass(frozen=True, slots=True)
class Memory:
    """The device and the main memory as they are now, and the operator's settings."""

    card: Callable[[int], Card]
    """Returns the card; the argument is what the loaded models hold of it."""
    free_ram_bytes: Callable[[], int]
    free_caches: Callable[[], None]
    policy: Policy


Loader = Callable[[str, ModelEntry, Placement], LoadedModel]
"""Loads a model and places it."""
Place = Callable[[LoadedModel, Placement], None]
"""Moves the components of a loaded model."""
Loaded = Callable[[str, int, float], None]
"""Called after a load with the model's name, its bytes on the device, and the seconds that it took."""


@dataclass(frozen=True, slots=True)
class _Held:
    """A loaded model and where it is."""

    model: LoadedModel
    placement: Placement
    device_bytes: int
    ram_bytes: int


class ModelCache:
    """Loaded models in the order of their use. One thread calls it; `names` and `used_bytes` may be read by others."""

    def __init__(
        self,
        entries: Mapping[str, ModelEntry],
        footprints: Mapping[str, Footprint],
        loaders: Mapping[str, Loader],
        *,
        place: Place,
        memory: Memory,
        on_loaded: Loaded,
    ) -> None:
        self._entries = dict(entries)
        self._footprints = dict(footprints)
        self._loaders = loaders
        self._place = place
        self._memory = memory
        self._on_loaded = on_loaded
        self._held: OrderedDict[str, _Held] = OrderedDict()
        self._leased: set[str] = set()
        self._is_leasing = False
        self._added_bytes: dict[str, int] = {}
        # Replaced as a whole, never changed: the heartbeat thread reads them at any time.
        self._names: tuple[str, ...] = ()
        self._used_bytes = 0

    def names(self) -> tuple[str, ...]:
        """Return the loaded models, least recently used first."""
        return self._names

    def used_bytes(self) -> int:
        """Return the device memory that the loaded models hold between steps."""
        return self._used_bytes

    def offer(self, name: str, entry: ModelEntry, footprint: Footprint) -> None:
        """Add a model, or replace one of the same name; it is loaded when it is first taken."""
        self.withdraw(name)
        self._entries[name] = entry
        self._footprints[name] = footprint

    def withdraw(self, name: str) -> None:
        """Offer a model no longer, and drop it if it is loaded."""
        self._entries.pop(name, None)
        if name in self._held:
            self._drop(name)

    @contextmanager
    def leases(self) -> Iterator[None]:
        """Let no model that is taken in this context be evicted before its end. A model taken outside is not leased."""
        self._is_leasing = True
        try:
            yield
        finally:
            self._is_leasing = False
            self._leased.clear()

    def get(self, name: str, shapes: Mapping[StageName, Shape] | None = None, added_bytes: int = 0) -> AdmittedModel:
        """Return a model that is placed so that a step of these shapes fits; loads it and evicts others if necessary.

        Without shapes, the smallest step that the catalogue orders of the model's family must fit. `added_bytes` are
        weights that the step adds to the model, such as LoRAs. They count until the model is taken again.
        Raises a MODEL_UNAVAILABLE Failure if the model is not offered, and an OUT_OF_MEMORY Failure with the needed and
        the free bytes if the step does not fit.
        """
        entry = self._entries.get(name)
        if entry is None:
            raise Failure(
                StepErrorCode.MODEL_UNAVAILABLE,
                f"This worker has no model {name!r}; it has: {', '.join(self._entries)}",
            )
        self._added_bytes[name] = added_bytes
        shapes = least_shapes(entry) if shapes is None else shapes
        demand = Demand(name, self._footprint(name), shapes, is_loaded=name in self._held)
        plan = self._plan(demand)
        for other in plan.evict:
            parked = self._evict(other, reserved_ram_bytes=demand.ram_bytes(plan.ram_bytes))
            log.info("Evicted a model to make room", model=other, wanted=name, parked=parked)
        model = self._load(name, entry, plan) if name not in self._held else self._placed(name, plan)
        self._keep(name, model, plan.placement)
        if self._is_leasing:
            self._leased.add(name)
        return AdmittedModel(model.ref, model.parts, model.colours, model.config, plan, self._footprint(name))

    def change(self, name: str, change: Callable[[], None]) -> None:
        """Call `change`, which replaces layers of a loaded model, and place the model's components again.

        A model that cannot be placed again is dropped; raises an OUT_OF_MEMORY Failure for one that is not loaded.
        """
        held = self._held.get(name)
        if held is None:
            message = f"The model {name!r} had to leave the device, because memory ran out"
            raise Failure(StepErrorCode.OUT_OF_MEMORY, message, retryable=True)
        try:
            change()
        finally:
            self._place_or_drop(name, held.model, held.placement)

    def evict_others(self, name: str) -> None:
        """Evict every other model that is not leased, because memory ran out in spite of the plan."""
        others = [other for other, held in self._held.items() if held.device_bytes and other != name]
        for other in [other for other in others if other not in self._leased]:
            parked = self._evict(other)
            log.warning("Evicted a model because memory ran out", model=other, kept=name, parked=parked)
        self._memory.free_caches()

    def _plan(self, demand: Demand) -> Plan:
        residents = [
            Resident(other, held.device_bytes, held.ram_bytes, other in self._leased)
            for other, held in self._held.items()
        ]
        free_ram = self._memory.free_ram_bytes()
        answer = plan_step(self._memory.card(self._used_bytes), free_ram, demand, residents, self._memory.policy)
        if isinstance(answer, Refusal):
            log.warning("A step does not fit", model=demand.model, reason=str(answer))
            raise Failure(StepErrorCode.OUT_OF_MEMORY, f"This worker has too little {answer}", retryable=True)
        return answer

    def _footprint(self, name: str) -> Footprint:
        """Return the footprint of a model with what was added to its denoiser."""
        footprint = self._footprints[name]
        added = self._added_bytes.get(name, 0)
        if not added:
            return footprint
        denoiser = next(component for component in footprint.weights if component in DENOISERS)
        weights = {**footprint.weights, denoiser: footprint.weights[denoiser] + added}
        return replace(footprint, weights=weights)

    def _load(self, name: str, entry: ModelEntry, plan: Plan) -> LoadedModel:
        started = time.perf_counter()
        model = self._loaders[entry.family](name, entry, plan.placement)
        self._footprints[name] = replace(self._footprints[name], weights=model.weights)
        self._on_loaded(name, plan.device_bytes, time.perf_counter() - started)
        return model

    def _placed(self, name: str, plan: Plan) -> LoadedModel:
        held = self._held[name]
        if held.placement is not plan.placement:
            log.info("Moved the components of a model", model=name, placement=plan.placement.value)
            self._place_or_drop(name, held.model, plan.placement)
        return held.model

    def _place_or_drop(self, name: str, model: LoadedModel, placement: Placement) -> None:
        try:
            self._place(model, placement)
        except BaseException:
            # Some components may be on the device and some not.
            self._drop(name)
            raise

    def _keep(self, name: str, model: LoadedModel, placement: Placement) -> None:
        footprint = self._footprint(name)
        held = _Held(model, placement, bytes_between_steps(footprint, placement), ram_bytes(footprint, placement))
        self._held[name] = held
        self._held.move_to_end(name)
        self._publish()

    def _evict(self, name: str, reserved_ram_bytes: int = 0) -> bool:
        """Move a model to main memory, or drop it if that has no room beside `reserved_ram_bytes`; return which."""
        held, weights = self._held[name], self._footprint(name).weights_bytes
        room = self._memory.free_ram_bytes() - reserved_ram_bytes - _LEAST_FREE_RAM_BYTES
        parked = _Held(held.model, Placement.OFFLOADED, 0, weights)
        if not held.device_bytes or self._memory.card(self._used_bytes).kind != CUDA or weights - held.ram_bytes > room:
            del held, parked
            self._drop(name)
            return False
        self._place_or_drop(name, held.model, Placement.OFFLOADED)
        self._held[name] = parked
        self._publish()
        self._memory.free_caches()
        return True

    def _drop(self, name: str) -> None:
        # Nothing here may reference the model while its memory is freed.
        del self._held[name]
        self._publish()
        self._memory.free_caches()

    def _publish(self) -> None:
        self._names = tuple(self._held)
        self._used_bytes = sum(held.device_bytes for held in self._held.values())
