"""Graphs are checked before they are sent, and only file names are changed in them."""

from typing import Any

import pytest
from darkroom_schemas.errors import StepErrorCode
from gpu_worker.connectors.comfyui.graph import Graph, check_graph, with_files
from gpu_worker.domain.failures import Failure


def node(**inputs: Any) -> dict[str, dict[str, Any]]:
    return {"4": {"class_type": "Loader", "inputs": inputs}}


@pytest.mark.parametrize(
    "inputs",
    [
        {"ckpt_name": "../secret.safetensors"},
        {"ckpt_name": "sd/../../x.ckpt"},
        {"ckpt_name": "sd\\..\\x.ckpt"},
        {"lora_name": "/etc/passwd"},
        {"vae_name": "C:\\models\\x"},
        {"unet_name": "\\\\host\\share\\x"},
        {"image": "../input.png"},
        {"filename_prefix": "../../out"},
        {"lora_1": {"on": True, "lora": "../x.safetensors"}},
        {"anything": "~/x.safetensors"},
    ],
)
def test_a_file_name_that_leaves_its_folder_is_refused_by_node_and_input(inputs: dict[str, Any]) -> None:
    with pytest.raises(Failure, match=r"^node 4 \(Loader\), input ") as caught:
        check_graph(node(**inputs))
    assert caught.value.code is StepErrorCode.INVALID_PAYLOAD


@pytest.mark.parametrize(
    "inputs",
    [
        {"ckpt_name": "sd/model.v1..5.safetensors"},
        {"ckpt_name": "sd\\model.ckpt"},
        {"text": "a cat ../ and a dog, see /etc"},
        {"text": "C: the third note"},
        {"filename_prefix": "shots/%date:yyyy%/fox"},
        {"values": [1, 2, 3]},
        {"image": ["5", 0]},
    ],
)
def test_other_inputs_are_left_alone(inputs: dict[str, Any]) -> None:
    check_graph(node(**inputs) | {"5": {"class_type": "Any"}})


@pytest.mark.parametrize(
    ("graph", "words"),
    [
        ({"1": {"inputs": {}}}, r"workflow\.1\.class_type"),
        ({"1": {"class_type": 5}}, r"workflow\.1\.class_type"),
        ({"1": {"class_type": "X", "inputs": []}}, r"workflow\.1\.inputs"),
        ({"9": {"class_type": "Save", "inputs": {"images": ["77", 0]}}}, r"node 9 \(Save\), input images: .* node 77"),
        ({"1": {"class_type": "X", "inputs": {"x": float("nan")}}}, "NaN"),
        ({"1": {"class_type": "X", "inputs": {"x": "y" * 9_000_000}}}, "at most 8,000,000 bytes"),
    ],
)
def test_a_malformed_graph_is_refused(graph: dict[str, Any], words: str) -> None:
    with pytest.raises(Failure, match=words):
        check_graph(graph)


def test_names_of_files_are_replaced_wherever_a_node_uses_them_and_nothing_else() -> None:
    graph: Graph = {
        "1": {"class_type": "LoadImage", "inputs": {"image": "a.png"}},
        "2": {"class_type": "LoadImage", "inputs": {"image": "a.png [input]", "seed": 2**64 - 1}},
        "3": {"class_type": "Text", "inputs": {"text": "draw a.png"}, "_meta": {"title": "t"}},
    }
    replaced = with_files(graph, {"a.png": "darkroom/x.png"})
    assert replaced["1"]["inputs"] == {"image": "darkroom/x.png"}
    assert replaced["2"]["inputs"] == {"image": "darkroom/x.png", "seed": 2**64 - 1}
    assert replaced["3"] == graph["3"]
    assert graph["1"]["inputs"]["image"] == "a.png"
