"""Checks a graph before it is sent, and puts the names of uploaded files into it."""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from darkroom_schemas.errors import StepErrorCode

from gpu_worker.domain.failures import Failure

Graph = dict[str, dict[str, Any]]
"""Node id → {class_type, inputs}, ComfyUI's API format."""

MAX_GRAPH_BYTES = 8_000_000
_MAX_NAME = 200
_MODEL_FILE = re.compile(r"\.(safetensors|sft|ckpt|pth?|bin|gguf|onnx|yaml)\s*\Z", re.IGNORECASE)
_FILE_INPUTS = frozenset({"image", "mask", "video", "audio", "file", "model", "lora", "vae", "clip", "filename_prefix"})
_DRIVE = re.compile(r"[A-Za-z]:")


def check_graph(graph: Graph) -> None:
    """Raise an INVALID_PAYLOAD Failure for a graph that is too large or malformed, or whose file names leave their
    folder."""
    for node_id, node in graph.items():
        class_type, inputs = node.get("class_type"), node.get("inputs", {})
        if not isinstance(class_type, str) or not 0 < len(class_type) <= _MAX_NAME:
            raise _invalid(f"workflow.{node_id}.class_type: must be the name of a node class")
        if not isinstance(inputs, dict):
            raise _invalid(f"workflow.{node_id}.inputs: must be an object")
        for name, value in inputs.items():
            _check_input(graph, node_id, name, value)
    try:
        size = len(json.dumps(graph, allow_nan=False))
    except (ValueError, RecursionError):
        raise _invalid("workflow: must be JSON without NaN and of moderate depth") from None
    if size > MAX_GRAPH_BYTES:
        raise _invalid(f"workflow: must be at most {MAX_GRAPH_BYTES:,} bytes, is {size:,}")


def node_name(graph: Mapping[str, Any], node_id: str) -> str:
    """Return `node 4 (CheckpointLoaderSimple)`, as messages name a node."""
    node = graph.get(node_id)
    class_type = node.get("class_type") if isinstance(node, dict) else None
    return f"node {node_id} ({class_type})" if isinstance(class_type, str) else f"node {node_id}"


def link_of(value: Any) -> str | None:
    """Return the id of the node to which an input is linked; None for a value."""
    if isinstance(value, list) and len(value) == 2 and isinstance(value[0], str) and isinstance(value[1], int | float):
        return value[0]
    return None


def with_files(graph: Graph, names: Mapping[str, str]) -> Graph:
    """Return the graph with other names of input files: `names` is name in the graph → name on the server.

    Raises an INVALID_PAYLOAD Failure for a file that no node uses.
    """
    used: set[str] = set()

    def replaced(value: Any) -> Any:
        if isinstance(value, str) and (name := value.removesuffix(" [input]")) in names:
            used.add(name)
            return names[name]
        return value

    result = {
        node_id: node | {"inputs": {name: replaced(value) for name, value in node.get("inputs", {}).items()}}
        for node_id, node in graph.items()
    }
    for name in names:
        if name not in used:
            raise _invalid(f"inputs.{name}: no node of the workflow uses this name")
    return result


def _check_input(graph: Graph, node_id: str, name: str, value: Any) -> None:
    source = link_of(value)
    if source is not None:
        if source not in graph:
            where = f"{node_name(graph, node_id)}, input {name}"
            raise _invalid(f"{where}: is linked to node {source[:_MAX_NAME]}, which the workflow does not have")
        return
    for key, text in _texts(name, value):
        if (_MODEL_FILE.search(text) or key in _FILE_INPUTS or key.endswith("_name")) and _leaves_folder(text):
            where = f"{node_name(graph, node_id)}, input {key}"
            raise _invalid(f"{where}: must be a name inside the server's folder, without '..' and not absolute")


def _texts(name: str, value: Any) -> Iterator[tuple[str, str]]:
    """Yield the texts of an input with their names. Some nodes have an object for each of several models."""
    if isinstance(value, str):
        yield name, value
    elif isinstance(value, dict):
        yield from ((str(key), text) for key, text in value.items() if isinstance(text, str))


def _leaves_folder(text: str) -> bool:
    parts = text.strip().replace("\\", "/").split("/")
    return ".." in parts or parts[0] == "~" or (len(parts) > 1 and parts[0] == "") or bool(_DRIVE.match(parts[0]))


def _invalid(message: str) -> Failure:
    return Failure(StepErrorCode.INVALID_PAYLOAD, message)
