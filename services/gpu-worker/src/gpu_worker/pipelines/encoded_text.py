"""Encoded prompts, as the text stages hand them to the denoiser and the cache keeps them."""

from dataclasses import dataclass

import torch
from darkroom_schemas.recipe import TextRead


@dataclass(frozen=True, slots=True)
class EncodedText:
    """Embeddings by the names of the pipeline's arguments, and what was read of the text."""

    arguments: dict[str, torch.Tensor]
    read: TextRead
