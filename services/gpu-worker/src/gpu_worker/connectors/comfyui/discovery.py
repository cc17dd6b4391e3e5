"""Reads what a server offers: models, custom nodes, and its GPU."""

import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import PurePosixPath
from typing import Any

from darkroom_schemas.loras import lora_model

from gpu_worker.connectors.comfyui.client import ComfyClient
from gpu_worker.connectors.server_faults import Refused
from gpu_worker.domain.backend import Discovery

MAX_MODELS = 2_000
MAX_NODES = 2_000
_MAX_NAME = 300
_CUSTOM = "custom_nodes."
_MODELS = (("CheckpointLoaderSimple", "ckpt_name", "checkpoints"), ("UNETLoader", "unet_name", "diffusion_models"))
_LORAS = (("LoraLoader", "lora_name", "loras"),)
_DEVICE = re.compile(r"^(?:\w+:\d+ )?(?P<name>.*?)(?: : .*)?$")
"""`cuda:0 NVIDIA GeForce RTX 4090 : cudaMallocAsync`"""


async def discover(client: ComfyClient) -> Discovery:
    """Ask the server; raises ServerFault."""
    stats = await client.system_stats()
    info = await client.object_info()
    info = info if isinstance(info, dict) else {}
    models = await _names(client, info, _MODELS)
    loras = [lora_model(_stem(name)) for name in await _names(client, info, _LORAS)]
    system, device = _system(stats)
    return Discovery(
        version=system,
        device=device.get("name"),
        models=tuple(sorted({*models, *loras})[:MAX_MODELS]),
        custom_nodes=tuple(sorted(set(_custom_nodes(info)))[:MAX_NODES]),
        vram_bytes=device.get("vram_total"),
        free_vram_bytes=device.get("vram_free"),
        queue_depth=await _queue_depth(client),
    )


async def _queue_depth(client: ComfyClient) -> int:
    queue = await client.queue()
    return len(queue.running) + len(queue.pending)


async def _names(client: ComfyClient, info: Mapping[str, Any], loaders: Iterable[tuple[str, str, str]]) -> list[str]:
    """Return the choices of loader nodes; of a server without these nodes, the files of the folder."""
    names: list[str] = []
    for node, field, folder in loaders:
        choices = choices_of(info.get(node), field)
        if choices is None:
            choices = await _folder(client, folder)
        names += [name.replace("\\", "/") for name in choices if 0 < len(name) <= _MAX_NAME]
    return names


async def _folder(client: ComfyClient, folder: str) -> list[str]:
    try:
        files = await client.models(folder)
    except Refused:
        return []
    return [file for file in files if isinstance(file, str)] if isinstance(files, list) else []


def choices_of(node: Any, field: str) -> list[str] | None:
    """Return the choices of an input in `/object_info`, in its older and its newer form; None if it has none."""
    try:
        described = node["input"]["required"][field]
        choices = described[0] if isinstance(described[0], list) else described[1]["options"]
    except (LookupError, TypeError):
        return None
    return [choice for choice in choices if isinstance(choice, str)] if isinstance(choices, list) else None


def _custom_nodes(info: Mapping[str, Any]) -> Iterator[str]:
    """Yield the packages of custom nodes, and their classes: workflows require the one or the other."""
    for name, node in info.items():
        module = node.get("python_module") if isinstance(node, dict) else None
        if isinstance(module, str) and module.startswith(_CUSTOM):
            package = module.removeprefix(_CUSTOM).partition(".")[0]
            yield from (text for text in (package, name) if 0 < len(text) <= _MAX_NAME)


def _system(stats: Any) -> tuple[str | None, Mapping[str, Any]]:
    """Return the version, and the first GPU as `name`, `vram_total` and `vram_free`; empty if there is none."""
    stats = stats if isinstance(stats, dict) else {}
    system, devices = stats.get("system"), stats.get("devices")
    version = system.get("comfyui_version") if isinstance(system, dict) else None
    version = version[:50] if isinstance(version, str) else None
    for device in devices if isinstance(devices, list) else ():
        if isinstance(device, dict) and device.get("type") != "cpu":
            sizes = {key: device[key] for key in ("vram_total", "vram_free") if isinstance(device.get(key), int)}
            found = _DEVICE.match(str(device.get("name"))[:_MAX_NAME])
            return version, sizes | ({"name": found["name"]} if found else {})
    return version, {}


def _stem(name: str) -> str:
    path = PurePosixPath(name)
    return str(path.with_suffix("")) if path.suffix.lower() in (".safetensors", ".pt", ".ckpt", ".sft") else name
