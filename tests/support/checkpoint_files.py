"""Writes safetensors files with given tensors of zeros, without torch."""

import json
import math
from collections.abc import Mapping
from pathlib import Path

SDXL_TENSORS = {
    "model.diffusion_model.input_blocks.0.0.weight": (320, 4, 3, 3),
    "conditioner.embedders.0.transformer.text_model.embeddings.token_embedding.weight": (2,),
    "conditioner.embedders.1.model.ln_final.weight": (2,),
    "first_stage_model.decoder.conv_in.weight": (2,),
}
"""The least that makes a file an SDXL checkpoint."""
VAE_TENSORS = {"first_stage_model.decoder.conv_in.weight": (2,)}
_HALF_BYTES = 2


def write_safetensors(
    path: Path, shapes: Mapping[str, tuple[int, ...]], metadata: Mapping[str, str] | None = None
) -> Path:
    """Write a complete file of half-precision tensors and return its path."""
    header: dict[str, object] = {} if metadata is None else {"__metadata__": dict(metadata)}
    end = 0
    for name, shape in shapes.items():
        begin, end = end, end + _HALF_BYTES * math.prod(shape)
        header[name] = {"dtype": "F16", "shape": list(shape), "data_offsets": [begin, end]}
    text = json.dumps(header).encode()
    path.write_bytes(len(text).to_bytes(8, "little") + text + b"\0" * end)
    return path
