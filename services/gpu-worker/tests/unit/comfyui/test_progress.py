"""One percentage for a graph, which never falls."""

from typing import Any

import pytest
from gpu_worker.connectors.comfyui.progress import GraphProgress


def graph(**samplers: Any) -> dict[str, dict[str, Any]]:
    return {
        "load": {"class_type": "CheckpointLoaderSimple", "inputs": {}},
        "sample": {"class_type": "KSampler", "inputs": {"steps": 8, "latent_image": ["load", 0]}},
        "save": {"class_type": "SaveImage", "inputs": {"images": ["sample", 0]}},
    } | samplers


def test_a_sampler_counts_as_often_as_it_has_steps() -> None:
    progress = GraphProgress(graph())
    progress.finished("load")
    progress.advanced("sample", 4, 8)
    assert progress.now.percent == pytest.approx(50)
    assert (progress.now.message, progress.now.step, progress.now.steps) == ("KSampler", 4, 8)


def test_a_custom_sampler_has_the_steps_of_its_scheduler() -> None:
    custom = {
        "sigmas": {"class_type": "BasicScheduler", "inputs": {"steps": 30}},
        "custom": {
            "class_type": "SamplerCustomAdvanced",
            "inputs": {"sigmas": ["sigmas", 0], "latent_image": ["x", 0]},
        },
        "which": {"class_type": "KSamplerSelect", "inputs": {"sampler_name": "euler"}},
    }
    progress = GraphProgress(custom)
    progress.advanced("custom", 15, 30)
    assert progress.now.percent == pytest.approx(100 * 15 / 32)


def test_it_never_falls_and_ends_below_100() -> None:
    progress = GraphProgress(graph())
    progress.advanced("sample", 8, 8)
    high = progress.now.percent
    progress.advanced("sample", 1, 8)  # a second pass of the same node
    assert progress.now.percent == high
    for node in graph():
        progress.finished(node)
    assert progress.now.percent == 99.0


def test_cached_nodes_count_at_once() -> None:
    progress = GraphProgress(graph())
    progress.cached(["load", "sample", "unknown", 5])
    assert progress.now.percent == pytest.approx(90)


def test_states_say_the_same_as_single_events() -> None:
    progress = GraphProgress(graph())
    states = {"load": {"state": "finished"}, "sample": {"state": "running", "value": 2, "max": 8}, "x": 5}
    progress.states(states)
    assert progress.now.percent == pytest.approx(30)


@pytest.mark.parametrize(("value", "maximum"), [(None, 8), (1, 0), ("1", "8"), (True, True), (1, None)])
def test_odd_numbers_change_nothing(value: Any, maximum: Any) -> None:
    progress = GraphProgress(graph())
    progress.advanced("sample", value, maximum)
    progress.advanced("of an expansion", 1, 2)
    assert progress.now.percent == 0
