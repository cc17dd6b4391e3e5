"""Encodes prompts of any length for SDXL, with weights as in A1111.

Chunks, padding and weights follow AUTOMATIC1111/stable-diffusion-webui: modules/sd_hijack_clip.py (`tokenize_line`,
`process_tokens`) and modules/sd_emphasis.py (`EmphasisOriginal`). A prompt of one chunk without weights is encoded as
diffusers' `StableDiffusionXLPipeline.encode_prompt` does.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from darkroom_schemas.errors import StepErrorCode
from darkroom_schemas.payload import ImagePayload
from darkroom_schemas.recipe import PromptRead, TextRead

from gpu_worker.domain.failures import Failure
from gpu_worker.domain.prompt.chunks import Chunk, Chunks, divide
from gpu_worker.domain.prompt.syntax import Prompt, parse_prompt
from gpu_worker.pipelines.encoded_text import EncodedText
from gpu_worker.pipelines.user_text import user_token_ids

CHUNK_TOKENS = 75
"""Tokens of a chunk between its start and its end token."""
MAX_CHUNKS = 107
"""Chunks of a prompt that are read: enough for 2,000 characters of any script, at four bytes a character."""
_MAX_LORAS_NAMED = 100
_USUAL_LAYER = 2
"""Clip skip that selects the layer with which SDXL was trained: the last but one. The last one is not used."""


def encode_text(
    pipeline: Any,  # pipelines of diffusers are untyped
    payload: ImagePayload,
    device: torch.device,
    loras: Collection[str] = (),
) -> EncodedText:
    """Encode the prompt and, for guidance above 1, the negative prompt. Both are padded to the same number of chunks.

    The embeddings have the shape (1, 77 × chunks, both widths), pooled ones (1, width of the second encoder).
    An empty negative prompt is all zeros if the model's `force_zeros_for_empty_prompt` is set, as in diffusers.
    `loras` are the names of the LoRAs that are applied; those in a negative prompt have no effect.
    Raises an INVALID_PAYLOAD Failure if `clip_skip` exceeds the layers of the model.
    """
    encoders = _encoders(pipeline, payload.clip_skip or _USUAL_LAYER, device)
    is_guided = payload.guidance_scale > 1
    texts = (payload.prompt, payload.negative_prompt or "") if is_guided else (payload.prompt,)
    prompts = [parse_prompt(text) for text in texts]
    divided = [[encoder.divide(prompt) for encoder in encoders] for prompt in prompts]
    length = max(len(chunks.chunks) for both in divided for chunks in both)
    embeds, pooled = _encode(encoders, divided[0], length)
    arguments = {"prompt_embeds": embeds, "pooled_prompt_embeds": pooled}
    if is_guided:
        is_zero = not payload.negative_prompt and pipeline.config.force_zeros_for_empty_prompt
        zeros = (torch.zeros_like(embeds), torch.zeros_like(pooled))
        embeds, pooled = zeros if is_zero else _encode(encoders, divided[1], length)
        arguments |= {"negative_prompt_embeds": embeds, "negative_pooled_prompt_embeds": pooled}
    negative = _read(prompts[1], divided[1], ()) if is_guided else None
    read = TextRead(prompt=_read(prompts[0], divided[0], loras), negative_prompt=negative, clip_skip=payload.clip_skip)
    return EncodedText(arguments, read)


def weigh(hidden: torch.Tensor, weights: Sequence[float]) -> torch.Tensor:
    """Multiply the hidden states of a chunk, shape (1, tokens, width), by the weights, and restore their mean.

    Restored is the mean of all elements of the chunk, unless the weights made it 0. The result is limited to the finite
    numbers of its format. Without any weight other than 1, the states stay as they are.
    """
    if all(weight == 1.0 for weight in weights):
        return hidden
    wide = hidden.float()
    weighted = wide * wide.new_tensor(weights).view(1, -1, 1)
    factor = wide.mean() / weighted.mean()
    if bool(torch.isfinite(factor)):
        weighted = weighted * factor
    largest = torch.finfo(hidden.dtype).max
    return weighted.clamp(-largest, largest).to(hidden.dtype)


@dataclass(frozen=True, slots=True)
class _Encoder:
    """A text encoder with its tokenizer. `layer` is the index of the hidden states to use.

    Its own `device` does not say where it computes: its weights may wait elsewhere until it is called.
    """

    tokenizer: Any
    model: Any
    layer: int
    device: torch.device

    def divide(self, prompt: Prompt) -> Chunks:
        sections = [
            [(user_token_ids(self.tokenizer, span.text), span.weight) for span in section]
            for section in prompt.sections
        ]
        return divide(sections, size=CHUNK_TOKENS, limit=MAX_CHUNKS)

    def encode(self, chunk: Chunk) -> tuple[torch.Tensor, torch.Tensor]:
        """Return the hidden states of a chunk, shape (1, 77, width), and the encoder's first output."""
        padding = CHUNK_TOKENS - len(chunk.ids)
        start, end, pad = (self.tokenizer.bos_token_id, self.tokenizer.eos_token_id, self.tokenizer.pad_token_id)
        ids = torch.tensor([[start, *chunk.ids, end, *[pad] * padding]])
        output = self.model(ids.to(self.device), output_hidden_states=True)
        weights = [1.0, *chunk.weights, 1.0, *[1.0] * padding]
        return weigh(output.hidden_states[self.layer], weights), output[0]


def _encoders(pipeline: Any, clip_skip: int, device: torch.device) -> tuple[_Encoder, _Encoder]:
    models = (pipeline.text_encoder, pipeline.text_encoder_2)
    layers = min(model.config.num_hidden_layers for model in models)
    if clip_skip > layers:
        raise Failure(StepErrorCode.INVALID_PAYLOAD, f"clip_skip: must be 1 to {layers} for this model, is {clip_skip}")
    first, second = zip((pipeline.tokenizer, pipeline.tokenizer_2), models, strict=True)
    layer = -max(clip_skip, _USUAL_LAYER)
    return _Encoder(*first, layer, device), _Encoder(*second, layer, device)


@torch.no_grad()
def _encode(encoders: Sequence[_Encoder], divided: Sequence[Chunks], length: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Return the embeddings of all chunks, and the pooled ones of the second encoder's first chunk."""
    widths: list[torch.Tensor] = []
    pooled = torch.empty(0)
    for encoder, chunks in zip(encoders, divided, strict=True):
        padded = [*chunks.chunks, *[Chunk()] * (length - len(chunks.chunks))]
        outputs = [encoder.encode(chunk) for chunk in padded]
        widths.append(torch.cat([hidden for hidden, _ in outputs], dim=1))
        pooled = outputs[0][1]
    return torch.cat(widths, dim=-1), pooled


def _read(prompt: Prompt, divided: Sequence[Chunks], applied: Collection[str]) -> PromptRead:
    first = divided[0]
    without_effect = [tag.source for tag in prompt.loras if tag.name not in applied]
    return PromptRead(
        tokens=first.tokens,
        read=first.read,
        chunks=len(first.chunks),
        weighted=prompt.is_weighted,
        loras_not_applied=tuple(without_effect[:_MAX_LORAS_NAMED]),
    )
