"""Encodes prompts as diffusers' `ZImagePipeline` does, but reads no text as a control token, and counts tokens.

The text encoder is a causal language model: padding behind the text, which the pipeline masks and removes, has no
effect on it and is left out. Of a prompt that is too long, the end is not read; the end of the chat template always is.
"""

from functools import partial
from typing import Any

import torch
from darkroom_schemas.payload import ImagePayload
from darkroom_schemas.recipe import PromptRead, TextRead

from gpu_worker.pipelines.chat import chat_frame
from gpu_worker.pipelines.encoded_text import EncodedText
from gpu_worker.pipelines.stage import StageReport
from gpu_worker.pipelines.user_text import user_token_ids
from gpu_worker.pipelines.z_image.pipeline import job_pipeline
from gpu_worker.pipelines.z_image.shapes import TEXT_TOKENS
from gpu_worker.pipelines.z_image.state import ZImageState
from gpu_worker.runtime.batches import with_room

_LAYER = -2
"""Index of the hidden states that the model was trained with: the input of the last layer."""


def encode_prompts(state: ZImageState, _: StageReport) -> None:
    """Encode the prompts of a job, unless an earlier job had the same ones."""
    models, name = state.context.models, state.payload.model
    state.text = with_room(partial(_cached, state), lambda: models.evict_others(name), "this prompt")


def encode_text(tokenizer: Any, encoder: Any, payload: ImagePayload, device: torch.device) -> EncodedText:
    """Encode the prompt and, with guidance, the negative prompt. Tokenizers and models are untyped.

    The embeddings have the shape (tokens, width) and are moved to `device`.
    """
    embeds, read = _encode(tokenizer, encoder, payload.prompt, device)
    arguments, negative = {"prompt_embeds": embeds}, None
    if payload.guidance_scale > 0:
        text = payload.negative_prompt or ""
        arguments["negative_prompt_embeds"], negative = _encode(tokenizer, encoder, text, device)
    return EncodedText(arguments, TextRead(prompt=read, negative_prompt=negative))


def _cached(state: ZImageState) -> EncodedText:
    payload, device = state.payload, state.context.device.torch_device

    def encode() -> EncodedText:
        with job_pipeline(state) as pipeline:
            return encode_text(pipeline.tokenizer, pipeline.text_encoder, payload, device)

    is_guided = payload.guidance_scale > 0
    return state.context.texts.get(state.loaded.ref, payload, encode, device, is_guided=is_guided)


@torch.no_grad()
def _encode(tokenizer: Any, encoder: Any, text: str, device: torch.device) -> tuple[torch.Tensor, PromptRead]:
    before, after = chat_frame(tokenizer, enable_thinking=True)
    tokens = user_token_ids(tokenizer, text)
    kept = tokens[: TEXT_TOKENS - len(before) - len(after)]
    ids = torch.tensor([[*before, *kept, *after]], device=device)
    output = encoder(input_ids=ids, attention_mask=torch.ones_like(ids), output_hidden_states=True, use_cache=False)
    embeds: torch.Tensor = output.hidden_states[_LAYER][0]
    return embeds.to(device), PromptRead(tokens=len(tokens), read=len(kept))
