"""Encodes prompts for WAN as diffusers' `WanPipeline` does, but reads no text as a control token and counts tokens."""

from typing import Any

import torch
from darkroom_schemas.payload import ImagePayload, VideoPayload
from darkroom_schemas.recipe import PromptRead, TextRead

from gpu_worker.pipelines.encoded_text import EncodedText
from gpu_worker.pipelines.user_text import user_token_ids

MAX_TOKENS = 512
"""Length of the text that WAN was trained with, the end token included."""


def encode_text(
    pipeline: Any,  # pipelines of diffusers are untyped
    payload: ImagePayload | VideoPayload,
    device: torch.device,
) -> EncodedText:
    """Encode the prompt and, for guidance above 1, the negative prompt.

    The embeddings have the shape (1, 512, width) and are moved to `device`.
    """
    embeds, read = _encode(pipeline, payload.prompt, device)
    arguments, negative = {"prompt_embeds": embeds}, None
    if payload.guidance_scale > 1:
        arguments["negative_prompt_embeds"], negative = _encode(pipeline, payload.negative_prompt or "", device)
    return EncodedText(arguments, TextRead(prompt=read, negative_prompt=negative))


@torch.no_grad()
def _encode(pipeline: Any, text: str, device: torch.device) -> tuple[torch.Tensor, PromptRead]:
    """Return the embeddings, zero behind the end token, and what was read."""
    from diffusers.pipelines.wan.pipeline_wan import prompt_clean

    tokenizer, encoder = pipeline.tokenizer, pipeline.text_encoder
    tokens = user_token_ids(tokenizer, prompt_clean(text))
    kept = tokens[: MAX_TOKENS - 1]
    length = len(kept) + 1
    ids = torch.tensor([[*kept, tokenizer.eos_token_id, *[tokenizer.pad_token_id] * (MAX_TOKENS - length)]])
    mask = torch.zeros_like(ids)
    mask[:, :length] = 1
    embeds = encoder(ids.to(device), mask.to(device)).last_hidden_state
    embeds[:, length:] = 0
    return embeds.to(device, encoder.dtype), PromptRead(tokens=len(tokens), read=len(kept))
