"""Models stay loaded while there is room; each use is planned again, and a leased model is never evicted."""

import gc
import sys
import threading
import weakref
from collections.abc import Callable
from dataclasses import dataclass, field

import pytest
from darkroom_schemas.errors import StepErrorCode
from darkroom_schemas.recipe import ModelRef
from gpu_worker.domain.failures import Failure
from gpu_worker.domain.memory.card import CPU, CUDA, Card
from gpu_worker.domain.memory.footprint import Component, Footprint, Point, Shape, StageFootprint, StageName
from gpu_worker.domain.memory.placement import Placement
from gpu_worker.domain.memory.plan import Policy
from gpu_worker.models.registry import ModelEntry, TinySource
from gpu_worker.runtime.model_cache import LoadedModel, Memory, ModelCache

GB = 1_000_000_000
STEP = {StageName.ENCODE: Shape(1), StageName.DENOISE: Shape(1), StageName.DECODE: Shape(1)}
ENTRY = ModelEntry(family="sdxl", source=TinySource(tiny="sdxl"), disk_bytes=1)


def footprint(gb: float, work_gb: float = 1.0) -> Footprint:
    """Return a footprint with a tenth of the weights in the text encoder and in the VAE, and the rest in the UNet."""
    weights = {Component.TEXT_ENCODER: gb / 10, Component.UNET: gb * 8 / 10, Component.VAE: gb / 10}
    work = StageFootprint((Point(Shape(1), round(work_gb * GB)),))
    return Footprint({part: round(size * GB) for part, size in weights.items()}, dict.fromkeys(STEP, work))


class Part:
    """Stands for a module, and can be watched."""


@dataclass
class Machine:
    """A card on which a cache loads stand-ins of models."""

    total_gb: float
    foreign_gb: float = 0.0
    ram_gb: float = 64.0
    kind: str = CUDA
    loads: list[tuple[str, Placement]] = field(default_factory=list)
    moves: list[tuple[str, Placement]] = field(default_factory=list)
    freed: list[Callable[[], None]] = field(default_factory=list)
    loaded_as: dict[str, Footprint] = field(default_factory=dict)
    fails_to_move: bool = False

    def cache(self, **footprints: Footprint) -> ModelCache:
        memory = Memory(self._card, lambda: round(self.ram_gb * GB), self._free, Policy())
        return ModelCache(
            dict.fromkeys(footprints, ENTRY),
            footprints,
            {"sdxl": lambda name, _, placement: self._load(name, placement, footprints[name])},
            place=self._place,
            memory=memory,
            on_loaded=lambda _name, _bytes, _seconds: None,
        )

    def _free(self) -> None:
        for watch in self.freed:
            watch()

    def _card(self, loaded_bytes: int) -> Card:
        total = round(self.total_gb * GB)
        return Card(self.kind, "card", total, total - round(self.foreign_gb * GB) - loaded_bytes, loaded_bytes)

    def _load(self, name: str, placement: Placement, promised: Footprint) -> LoadedModel:
        self.loads.append((name, placement))
        weights = self.loaded_as.get(name, promised).weights
        return LoadedModel(ModelRef(name=name, source="test"), {"unet": Part()}, weights)

    def _place(self, model: LoadedModel, placement: Placement) -> None:
        if self.fails_to_move:
            raise MemoryError
        self.moves.append((model.ref.name, placement))


def test_a_loaded_model_is_not_loaded_again() -> None:
    machine = Machine(40)
    cache = machine.cache(a=footprint(10))
    assert cache.get("a", STEP).parts is cache.get("a", STEP).parts
    assert machine.loads == [("a", Placement.RESIDENT)]
    assert cache.used_bytes() == 10 * GB


def test_room_is_made_by_dropping_the_least_recently_used() -> None:
    cache = Machine(31, ram_gb=11).cache(a=footprint(10), b=footprint(10), c=footprint(10))
    for name in "abac":
        with cache.leases():
            cache.get(name, STEP)
    assert cache.names() == ("a", "c")


def test_work_of_a_loaded_model_counts_at_every_use_and_not_only_at_its_load() -> None:
    """Both models fit beside each other until the first one works again with a larger step."""
    machine = Machine(24, ram_gb=16)
    cache = machine.cache(a=footprint(6), b=footprint(15))
    with cache.leases():
        cache.get("a", STEP)
    with cache.leases():
        cache.get("b", STEP)
    assert cache.names() == ("a", "b")
    large = {name: Shape(4) for name in STEP}
    with cache.leases():
        cache.get("a", large)
    assert cache.names() == ("a",)


def test_what_another_process_takes_is_seen_at_the_next_use() -> None:
    machine = Machine(24)
    cache = machine.cache(a=footprint(10))
    assert not cache.get("a", STEP).offloaded
    machine.foreign_gb = 13.0
    admitted = cache.get("a", STEP)
    assert admitted.offloaded
    assert machine.moves == [("a", Placement.OFFLOADED)]
    # The VAE, which runs last, stays until the next step.
    assert cache.used_bytes() == 1 * GB
    assert machine.loads == [("a", Placement.RESIDENT)]


def test_a_step_that_does_not_fit_is_refused_with_the_numbers_and_nothing_is_evicted() -> None:
    cache = Machine(20).cache(a=footprint(5), b=footprint(100))
    with cache.leases():
        cache.get("a", STEP)
    with pytest.raises(Failure) as caught:
        cache.get("b", STEP)
    assert caught.value.code is StepErrorCode.OUT_OF_MEMORY
    assert caught.value.retryable
    assert "needed" in caught.value.message
    assert "free" in caught.value.message
    assert cache.names() == ("a",)


def test_the_weights_as_loaded_replace_those_of_the_book() -> None:
    machine = Machine(40, loaded_as={"a": footprint(20)})
    cache = machine.cache(a=footprint(10))
    cache.get("a", STEP)
    assert cache.used_bytes() == 20 * GB


def test_an_evicted_model_waits_in_main_memory_and_returns_from_there() -> None:
    machine = Machine(24)
    cache = machine.cache(a=footprint(10), b=footprint(15))
    for name in "aba":
        with cache.leases():
            assert cache.get(name, STEP).plan.placement is Placement.RESIDENT
    assert machine.loads == [("a", Placement.RESIDENT), ("b", Placement.RESIDENT)]
    assert machine.moves == [("a", Placement.OFFLOADED), ("b", Placement.OFFLOADED), ("a", Placement.RESIDENT)]
    assert cache.used_bytes() == 10 * GB


def test_sdxl_video_and_prompt_take_turns_on_24_gb_without_a_second_load() -> None:
    machine = Machine(24)
    cache = machine.cache(sdxl=footprint(7, 3), wan=footprint(14.7, 2), qwen=footprint(15.2, 1))
    for number in range(100):
        with cache.leases():
            cache.get(("sdxl", "wan", "qwen")[number % 3], STEP)
    assert [name for name, _ in machine.loads] == ["sdxl", "wan", "qwen"]


def test_a_model_that_main_memory_has_no_room_for_is_dropped() -> None:
    machine = Machine(24, ram_gb=16)
    cache = machine.cache(a=footprint(10), b=footprint(15))
    for name in "aba":
        with cache.leases():
            cache.get(name, STEP)
    assert [name for name, _ in machine.loads] == ["a", "b", "a"]
    assert machine.moves == []


def test_main_memory_that_the_next_load_needs_is_not_taken_by_the_model_that_leaves() -> None:
    machine = Machine(24, ram_gb=22)
    cache = machine.cache(a=footprint(10), b=footprint(15))
    for name in "ab":
        with cache.leases():
            cache.get(name, STEP)
    assert cache.names() == ("b",), "15 GB pass through main memory, and 10 more do not fit beside them"


def test_a_model_whose_move_to_main_memory_failed_is_dropped() -> None:
    machine = Machine(24)
    cache = machine.cache(a=footprint(10), b=footprint(15))
    with cache.leases():
        cache.get("a", STEP)
    machine.fails_to_move = True
    with pytest.raises(MemoryError):
        cache.get("b", STEP)
    assert cache.names() == ()


def test_memory_that_ran_out_moves_the_other_models_to_main_memory() -> None:
    machine = Machine(60)
    cache = machine.cache(a=footprint(10), b=footprint(10))
    for name in "ab":
        with cache.leases():
            cache.get(name, STEP)
    cache.evict_others("b")
    assert (cache.names(), cache.used_bytes()) == (("a", "b"), 10 * GB)
    assert machine.moves == [("a", Placement.OFFLOADED)]


def test_on_a_cpu_a_model_that_leaves_is_dropped() -> None:
    machine = Machine(24, kind=CPU)
    cache = machine.cache(a=footprint(10), b=footprint(15))
    for name in "ab":
        with cache.leases():
            cache.get(name, STEP)
    assert cache.names() == ("b",)


def test_a_leased_model_is_not_evicted() -> None:
    cache = Machine(20, ram_gb=11).cache(a=footprint(10), b=footprint(10))
    with cache.leases():
        cache.get("a", STEP)
        plan = cache.get("b", STEP).plan
        assert plan.evict == ()
        assert plan.placement is Placement.TEXT_OUT or plan.placement is Placement.OFFLOADED
        cache.evict_others("b")
        assert cache.names() == ("a", "b")
    cache.evict_others("b")
    assert cache.names() == ("b",)


def test_a_dropped_model_is_gone_before_caches_are_freed() -> None:
    """Otherwise its memory is only free after the next eviction."""
    machine = Machine(16, ram_gb=11)
    cache = machine.cache(a=footprint(10), b=footprint(10))
    with cache.leases():
        part = weakref.ref(cache.get("a", STEP).parts["unet"])
    alive: list[bool] = []
    machine.freed.append(lambda: alive.append(part() is not None))
    gc.collect()
    with cache.leases():
        cache.get("b", STEP)
    assert alive == [False]


def test_a_model_that_was_loaded_before_the_first_step_may_be_evicted_by_it() -> None:
    machine = Machine(24)
    cache = machine.cache(a=footprint(10), b=footprint(15))
    cache.get("a", STEP)
    with cache.leases():
        assert cache.get("b", STEP).plan.evict == ("a",)


def test_a_model_whose_move_failed_is_dropped() -> None:
    machine = Machine(24)
    cache = machine.cache(a=footprint(10))
    cache.get("a", STEP)
    machine.foreign_gb, machine.fails_to_move = 13.0, True
    with pytest.raises(MemoryError):
        cache.get("a", STEP)
    assert cache.names() == ()


def test_a_model_that_is_not_offered_is_refused_with_the_list_of_those_that_are() -> None:
    with pytest.raises(Failure, match="it has: a") as caught:
        Machine(20).cache(a=footprint(1)).get("b", STEP)
    assert caught.value.code is StepErrorCode.MODEL_UNAVAILABLE


def test_the_heartbeat_may_read_the_names_at_any_time() -> None:
    cache = Machine(14).cache(**{name: footprint(8) for name in "abcd"})
    stop = threading.Event()
    reads = 0
    ended_well: list[bool] = []

    def beat() -> None:
        nonlocal reads
        while not stop.is_set():
            assert len(cache.names()) <= 4
            assert cache.used_bytes() >= 0
            reads += 1
        ended_well.append(True)

    usual = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        threads = [threading.Thread(target=beat) for _ in range(2)]
        for thread in threads:
            thread.start()
        for number in range(3000):
            with cache.leases():
                cache.get("abcd"[number % 4], STEP)
    finally:
        sys.setswitchinterval(usual)
        stop.set()
        for thread in threads:
            thread.join()
    assert ended_well == [True, True]
    assert reads > 100
