"""What a server sends is read with tolerance: anything may be missing, or be something else."""

import json
import struct
from typing import Any

import pytest
from gpu_worker.backends.entry import BackendEntry
from gpu_worker.connectors.comfyui.answers import Outcome, read_history, read_queue
from gpu_worker.connectors.comfyui.discovery import choices_of
from gpu_worker.connectors.comfyui.failures import execution_failure, invalid_nodes
from gpu_worker.connectors.comfyui.frames import read_event, read_frame
from gpu_worker.connectors.comfyui.recipe import Recipes

ENTRY = BackendEntry.model_validate({"type": "comfyui", "url": "http://127.0.0.1:8188"})
FILES = {"9": {"images": [{"filename": "x.png", "subfolder": "", "type": "output"}]}}


def history(status: Any) -> dict[str, Any]:
    return {"id": {"outputs": FILES, "status": status}}


def test_an_interrupted_prompt_is_told_from_a_failed_one_by_its_messages() -> None:
    error = ["execution_error", {"node_id": "3"}]
    failed = read_history(history({"status_str": "error", "messages": [["execution_start", {}], error]}), "id")
    interrupted = read_history(history({"status_str": "error", "messages": [["execution_interrupted", {}]]}), "id")
    assert failed is not None
    assert (failed.outcome, failed.error) == (Outcome.FAILED, {"node_id": "3"})
    assert interrupted is not None
    assert interrupted.outcome is Outcome.INTERRUPTED


@pytest.mark.parametrize("status", [None, {}, {"status_str": "success", "messages": "x"}, {"messages": [[1], 5]}])
def test_a_status_that_says_nothing_is_a_success(status: Any) -> None:
    read = read_history(history(status), "id")
    assert read is not None
    assert (read.outcome, read.outputs) == (Outcome.SUCCEEDED, FILES)


@pytest.mark.parametrize("body", [None, [], {}, {"id": None}, {"other": {}}])
def test_an_unknown_prompt_has_no_end(body: Any) -> None:
    assert read_history(body, "id") is None


def test_a_queue_is_read_whatever_its_entries_are() -> None:
    queue = read_queue({"queue_running": [[0, "a", {}, {}, []], "x", [1]], "queue_pending": None})
    assert (queue.running, queue.pending) == (("a",), ())
    assert "a" in queue
    assert read_queue(None).running == ()


def test_both_forms_of_choices_are_read() -> None:
    def described(field: Any) -> Any:
        return {"input": {"required": {"name": field}}}

    assert choices_of(described([["a", "b", 5], {}]), "name") == ["a", "b"]
    assert choices_of(described(["COMBO", {"options": ["a"]}]), "name") == ["a"]
    odd: list[Any] = [described(["STRING", {}]), described([]), described(None), {}, None, "x"]
    assert [choices_of(node, "name") for node in odd] == [None] * 6


def test_previews_are_read_in_both_forms() -> None:
    plain = read_frame(struct.pack(">II", 1, 1) + b"jpeg")
    assert plain is not None
    assert (plain.image, plain.prompt_id) == (b"jpeg", None)
    head = json.dumps({"prompt_id": "p"}).encode()
    named = read_frame(struct.pack(">II", 4, len(head)) + head + b"png")
    assert named is not None
    assert (named.image, named.prompt_id) == (b"png", "p")


@pytest.mark.parametrize(
    "frame",
    [b"", b"\0\0", struct.pack(">II", 3, 1) + b"text", struct.pack(">II", 4, 2**31) + b"{}",
     struct.pack(">II", 4, 2) + b"[]", struct.pack(">II", 4, 3) + b"{x}"],
)  # fmt: skip
def test_other_frames_are_no_previews(frame: bytes) -> None:
    assert read_frame(frame) is None


@pytest.mark.parametrize("text", ["", "5", "[]", "{}", '{"type": "x"}', '{"type": 5, "data": {}}', "[" * 100_000])
def test_other_messages_are_no_events(text: str) -> None:
    assert read_event(text) is None


def test_problems_of_many_nodes_are_cut() -> None:
    problem = {"type": "value_smaller_than_min", "message": "Value -5 smaller than min of 1", "details": "width",
               "extra_info": {"input_name": "width"}}  # fmt: skip
    failure = invalid_nodes({}, {str(number): {"errors": [problem]} for number in range(40)})
    assert "node 0, input width: Value -5 smaller than min of 1;" in failure.message
    assert failure.message.endswith("and 35 more problems")
    assert len(failure.message) <= 500


@pytest.mark.parametrize("data", [{}, {"node_id": 5, "exception_message": None}, {"exception_type": []}])
def test_an_error_without_details_is_a_failure_too(data: dict[str, Any]) -> None:
    assert execution_failure({}, data).message.startswith("ComfyUI failed in node ")


def test_the_recipe_follows_links_to_the_prompt_and_leaves_a_large_graph_out() -> None:
    graph: dict[str, dict[str, Any]] = {
        "n": {"class_type": "CLIPTextEncode", "inputs": {"text": "blurry"}},
        "p": {"class_type": "CLIPTextEncode", "inputs": {"text": ["s", 0]}},
        "s": {"class_type": "String", "inputs": {"value": "a red fox"}},
        "c": {"class_type": "ControlNetApply", "inputs": {"conditioning": ["p", 0]}},
        "k": {"class_type": "KSampler", "inputs": {"noise_seed": 7, "positive": ["c", 0], "negative": ["n", 0]}},
    }
    recipe = Recipes(graph, ENTRY, None).next()
    assert (recipe.prompt, recipe.seed, recipe.model, recipe.request) == ("a red fox", 7, None, graph)
    graph["x"] = {"class_type": "Note", "inputs": {"text": "y" * 70_000}}
    assert Recipes(graph, ENTRY, None).next().request == {}


def test_the_recipes_of_many_outputs_fit_into_a_result() -> None:
    graph = {"p": {"class_type": "CLIPTextEncode", "inputs": {"text": "灯塔" * 2_000}}}
    recipes = Recipes(graph, ENTRY, None)
    made = [recipes.next() for _ in range(64)]
    assert made[0].request == graph
    assert made[-1].request == {}
    assert sum(len(recipe.model_dump_json().encode()) for recipe in made) < 140_000
