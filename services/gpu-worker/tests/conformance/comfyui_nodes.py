"""The node classes of the suite's ComfyUI, and its checks of graphs, with the recorded error bodies."""

from collections.abc import Container
from typing import Any

NODES = {
    "CheckpointLoaderSimple": ("ckpt_name",),
    "LoraLoader": ("lora_name",),
    "EmptyLatentImage": ("width", "height"),
    "CLIPTextEncode": ("text",),
    "KSampler": ("seed", "steps", "model", "positive", "negative", "latent_image"),
    "VAEDecode": ("samples",),
    "SaveImage": ("images", "filename_prefix"),
    "PreviewImage": ("images",),
    "PreviewAny": ("source",),
    "LoadImage": ("image",),
    "Broken": (),
    "Hungry": (),
    "Glow": (),
}
"""Class → required inputs."""
OUTPUT_NODES = frozenset({"SaveImage", "PreviewImage", "PreviewAny"})
_PACKAGES = {"Glow": "custom_nodes.ComfyUI-Glow"}


def object_info(checkpoint: str, lora: str) -> dict[str, Any]:
    """Return the body of `/object_info`: older and newer form of choices."""
    choices: dict[str, dict[str, Any]] = {
        "CheckpointLoaderSimple": {"ckpt_name": [[checkpoint], {"tooltip": "The name of the checkpoint."}]},
        "LoraLoader": {"lora_name": ["COMBO", {"options": [lora]}]},
    }
    return {
        name: {
            "input": {"required": choices.get(name, {field: ["*", {}] for field in fields})},
            "python_module": _PACKAGES.get(name, "nodes"),
            "output_node": name in OUTPUT_NODES,
        }
        for name, fields in NODES.items()
    }


def problems_of(
    graph: dict[str, Any], uploads: Container[str]
) -> tuple[dict[str, Any] | None, dict[str, Any], list[str]]:
    """Return the error, `node_errors` and the output nodes that can run."""
    node_errors: dict[str, Any] = {}
    for node_id, node in graph.items():
        if node["class_type"] not in NODES:
            message = f"Cannot execute because node {node['class_type']} does not exist."
            return _error("invalid_prompt", message, f"Node ID '#{node_id}'"), {}, []
        if errors := _errors(node["class_type"], node["inputs"], uploads):
            node_errors[node_id] = {"errors": errors, "class_type": node["class_type"]}
    outputs = [node_id for node_id, node in graph.items() if node["class_type"] in OUTPUT_NODES]
    if not outputs:
        return _error("prompt_no_outputs", "Prompt has no outputs", ""), {}, []
    valid = [output for output in outputs if not _needs(graph, output) & node_errors.keys()]
    for node_id, entry in node_errors.items():
        entry["dependent_outputs"] = [output for output in outputs if node_id in _needs(graph, output)]
    if not valid:
        return _error("prompt_outputs_failed_validation", "Prompt outputs failed validation", ""), node_errors, []
    return None, node_errors, valid


def _needs(graph: dict[str, Any], node_id: str) -> set[str]:
    found = {node_id}
    for value in graph[node_id]["inputs"].values():
        if isinstance(value, list):
            found |= _needs(graph, value[0])
    return found


def _errors(kind: str, inputs: dict[str, Any], uploads: Container[str]) -> list[dict[str, Any]]:
    errors = [
        _problem("required_input_missing", "Required input is missing", name, name)
        for name in NODES[kind]
        if name not in inputs and name not in ("negative", "model")
    ]
    width = inputs.get("width")
    if isinstance(width, int) and width < 16:
        errors.append(_problem("value_smaller_than_min", f"Value {width} smaller than min of 16", "width", "width"))
    checkpoint = inputs.get("ckpt_name", "tiny-sd15.safetensors")
    if checkpoint != "tiny-sd15.safetensors":
        details = f"ckpt_name: {checkpoint!r} not in ['tiny-sd15.safetensors']"
        errors.append(_problem("value_not_in_list", "Value not in list", details, "ckpt_name", checkpoint))
    if kind == "LoadImage" and inputs.get("image") not in uploads:
        details = f"image - Invalid image file: {inputs.get('image')}"
        errors.append(_problem("custom_validation_failed", "Custom validation failed for node", details, "image"))
    return errors


def _problem(kind: str, message: str, details: str, name: str, received: Any = None) -> dict[str, Any]:
    extra = {"input_name": name} | ({} if received is None else {"received_value": received})
    return {"type": kind, "message": message, "details": details, "extra_info": extra}


def _error(kind: str, message: str, details: str) -> dict[str, Any]:
    return {"type": kind, "message": message, "details": details, "extra_info": {}}
