"""Models stay resident while there is room, and the least recently used leaves first."""

import pytest
from darkroom_schemas.errors import StepErrorCode
from darkroom_schemas.recipe import ModelRef
from gpu_worker.domain.failures import Failure
from gpu_worker.models.registry import ModelEntry, ModelFamily, TinyArchitecture, TinySource
from gpu_worker.runtime.model_cache import LoadedModel, ModelCache


def entry(memory: int, peak: int) -> ModelEntry:
    source = TinySource(tiny=TinyArchitecture.SDXL)
    return ModelEntry(family=ModelFamily.SDXL, source=source, disk_bytes=1, memory_bytes=memory, peak_bytes=peak)


class Loads:
    """Counts loads; each model turns out to take what `measured` says."""

    def __init__(self, measured: dict[str, int]) -> None:
        self.measured = measured
        self.names: list[str] = []

    def __call__(self, name: str, _: ModelEntry) -> LoadedModel:
        self.names.append(name)
        return LoadedModel(ModelRef(name=name, source="test"), {}, self.measured[name])


def make_cache(loads: Loads, entries: dict[str, ModelEntry], budget: int) -> ModelCache:
    return ModelCache(
        entries,
        {ModelFamily.SDXL: loads},
        budget_bytes=budget,
        free_memory=lambda: None,
        on_loaded=lambda _name, _model, _seconds: None,
    )


def test_a_resident_model_is_not_loaded_again() -> None:
    loads = Loads({"a": 10})
    cache = make_cache(loads, {"a": entry(10, 12)}, budget=100)
    assert cache.get("a") is cache.get("a")
    assert loads.names == ["a"]


def test_room_is_made_before_a_load_by_dropping_the_least_recently_used() -> None:
    loads = Loads({"a": 10, "b": 10, "c": 10})
    cache = make_cache(loads, {name: entry(10, 15) for name in "abc"}, budget=34)
    cache.get("a")
    cache.get("b")
    cache.get("a")
    cache.get("c")
    assert cache.names() == ("a", "c")


def test_the_measured_size_counts_once_it_is_known() -> None:
    loads = Loads({"a": 30, "b": 10})
    cache = make_cache(loads, {"a": entry(10, 10), "b": entry(10, 10)}, budget=35)
    cache.get("a")
    cache.get("b")
    assert cache.names() == ("b",)
    assert cache.used_bytes() == 10


def test_a_model_larger_than_the_budget_is_still_tried_alone() -> None:
    loads = Loads({"a": 10, "b": 90})
    cache = make_cache(loads, {"a": entry(10, 10), "b": entry(90, 120)}, budget=100)
    cache.get("a")
    cache.get("b")
    assert cache.names() == ("b",)


def test_when_memory_runs_out_only_the_working_model_stays() -> None:
    loads = Loads({"a": 10, "b": 10})
    cache = make_cache(loads, {"a": entry(10, 10), "b": entry(10, 10)}, budget=100)
    cache.get("a")
    cache.get("b")
    cache.evict_others("a")
    assert cache.names() == ("a",)


def test_a_model_that_is_not_offered_is_refused_with_the_list_of_those_that_are() -> None:
    cache = make_cache(Loads({}), {"a": entry(1, 1)}, budget=1)
    with pytest.raises(Failure, match="it has: a") as caught:
        cache.get("b")
    assert caught.value.code is StepErrorCode.MODEL_UNAVAILABLE
