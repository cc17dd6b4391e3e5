"""Encoded prompts of earlier steps, so that the same text with other seeds needs no text encoder."""

from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import replace

import torch
from darkroom_schemas.payload import ImagePayload, VideoPayload
from darkroom_schemas.recipe import ModelRef

from gpu_worker.pipelines.encoded_text import EncodedText

MAX_BYTES = 256_000_000
_NOT_OF_THE_TEXT = frozenset(
    {"seeds", "width", "height", "frames", "fps", "steps", "sampler", "guidance_scale", "original_prompt", "bucket"}
    | {"max_bytes"}
)
"""Fields of a payload that do not influence its embeddings. All others are part of the key, future ones included."""


class TextCache:
    """The embeddings that were used last, in main memory. One thread uses it."""

    def __init__(self, max_bytes: int = MAX_BYTES) -> None:
        self._max_bytes = max_bytes
        self._texts: OrderedDict[Hashable, EncodedText] = OrderedDict()
        self._bytes = 0

    def get(
        self,
        model: ModelRef,
        payload: ImagePayload | VideoPayload,
        encode: Callable[[], EncodedText],
        device: torch.device,
        *,
        is_guided: bool,
        adapters: tuple[str, ...] = (),
    ) -> EncodedText:
        """Return the encoded prompts of a payload, from `encode` unless the same text was encoded before.

        `is_guided` is whether the negative prompt is encoded, too. `adapters` identify what changes the text encoders,
        such as LoRAs with their weights.
        """
        key = (model, adapters, is_guided, payload.model_dump_json(exclude=set(_NOT_OF_THE_TEXT)))
        known = self._texts.get(key)
        if known is None:
            text = encode()
            self._store(key, _moved(text, torch.device("cpu")))
            return text
        self._texts.move_to_end(key)
        return _moved(known, device)

    def _store(self, key: Hashable, text: EncodedText) -> None:
        self._texts[key] = text
        self._bytes += _size(text)
        while self._bytes > self._max_bytes:
            _, oldest = self._texts.popitem(last=False)
            self._bytes -= _size(oldest)


def _moved(text: EncodedText, device: torch.device) -> EncodedText:
    return replace(text, arguments={name: tensor.to(device) for name, tensor in text.arguments.items()})


def _size(text: EncodedText) -> int:
    return sum(tensor.numel() * tensor.element_size() for tensor in text.arguments.values())
