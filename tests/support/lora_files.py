"""LoRAs with random weights for a tiny SDXL, in the formats of kohya and of diffusers."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save_file

RANK = 4
_PREFIXES = {"unet": "lora_unet_", "text_encoder": "lora_te1_", "text_encoder_2": "lora_te2_"}


def write_lora(
    file: Path, parts: Mapping[str, Any], seed: int, *, kohya: bool = True, more_inputs: int = 0, scale: float = 0.2
) -> None:
    """Write a LoRA for the parts, which must be without one; `more_inputs` make it one of another architecture."""
    random = torch.Generator().manual_seed(seed)
    tensors: dict[str, torch.Tensor] = {}
    for part, name, module in _layers(parts):
        down = torch.randn(RANK, module.in_features + more_inputs, generator=random) * scale
        up = torch.randn(module.out_features, RANK, generator=random) * scale
        if kohya:
            key = _PREFIXES[part] + name.replace(".", "_")
            tensors |= {f"{key}.lora_down.weight": down, f"{key}.lora_up.weight": up, f"{key}.alpha": torch.tensor(4.0)}
        elif part == "unet":
            tensors |= {f"{part}.{name}.lora_A.weight": down, f"{part}.{name}.lora_B.weight": up}
    file.parent.mkdir(parents=True, exist_ok=True)
    save_file(tensors, file)


def _layers(parts: Mapping[str, Any]) -> Iterator[tuple[str, str, Any]]:
    """Yield part, name of the layer as published LoRAs spell it, and the layer."""
    for name, module in parts["unet"].named_modules():
        if name.endswith(("attn2.to_q", "attn1.to_k")):
            yield "unet", name, module
    for part in ("text_encoder", "text_encoder_2"):
        for name, module in parts[part].named_modules():
            if name.endswith(("q_proj", "k_proj", "v_proj", "out_proj")):
                yield part, "text_model." + name.removeprefix("text_model."), module
