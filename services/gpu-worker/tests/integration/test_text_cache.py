"""Prompts are encoded once: the same text with other seeds draws the same picture without the text encoders."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import pytest
import torch
from darkroom_schemas.payload import ImagePayload
from darkroom_schemas.recipe import ModelRef, PromptRead, TextRead
from gpu_worker.pipelines.encoded_text import EncodedText
from gpu_worker.pipelines.executor import PipelineExecutor
from gpu_worker.pipelines.text_cache import TextCache
from support.drawing import Draw

CPU = torch.device("cpu")
MODEL = ModelRef(name="sdxl", source="test")


@contextmanager
def calls_of(executor: PipelineExecutor, payload: ImagePayload) -> Iterator[list[Any]]:
    """Count the calls of the model's text encoder."""
    calls: list[Any] = []
    encoder = executor.models.get(payload.model).parts["text_encoder"]
    handle = encoder.register_forward_pre_hook(lambda *_: calls.append(1))
    try:
        yield calls
    finally:
        handle.remove()


@pytest.mark.parametrize("family", ["image", "still"])
def test_the_same_text_with_another_seed_needs_no_text_encoder(
    draw: Draw, executor: PipelineExecutor, image_payload: ImagePayload, still_payload: ImagePayload, family: str
) -> None:
    payload = (image_payload if family == "image" else still_payload).model_copy(
        update={"prompt": f"a cached {family}", "seeds": (1,)}
    )
    with calls_of(executor, payload) as calls:
        first = draw(payload)
        first.run()
        encoded = len(calls)
        assert encoded > 0
        for changes in ({"seeds": (2,)}, {"steps": 3}, {}):
            again = draw(payload.model_copy(update=changes))
            again.run()
        assert len(calls) == encoded
        draw(payload.model_copy(update={"negative_prompt": "fog"})).run()
        assert len(calls) > encoded
    assert np.array_equal(first.pixels(0), again.pixels(0))
    assert first.files[0].path.read_bytes() == again.files[0].path.read_bytes()


def text(size: int) -> EncodedText:
    read = TextRead(prompt=PromptRead(tokens=1, read=1))
    return EncodedText({"prompt_embeds": torch.zeros(size, dtype=torch.uint8)}, read)


def test_memory_is_bounded_and_the_text_used_last_stays(image_payload: ImagePayload) -> None:
    cache, encoded = TextCache(max_bytes=250), list[str]()

    def get(prompt: str) -> None:
        def encode() -> EncodedText:
            encoded.append(prompt)
            return text(100)

        cache.get(MODEL, image_payload.model_copy(update={"prompt": prompt}), encode, CPU, is_guided=True)

    for prompt in ("a", "b", "a", "c", "a", "b"):
        get(prompt)
    assert encoded == ["a", "b", "c", "b"]


def test_another_model_another_lora_and_guidance_have_texts_of_their_own(image_payload: ImagePayload) -> None:
    cache, encoded = TextCache(), list[int]()

    def encode() -> EncodedText:
        encoded.append(1)
        return text(1)

    for model, is_guided, adapters in (
        (MODEL, True, ()),
        (MODEL.model_copy(update={"sha256": "1" * 64}), True, ()),
        (MODEL, False, ()),
        (MODEL, True, ("style:0.8",)),
    ):
        for _ in range(2):
            cache.get(model, image_payload, encode, CPU, is_guided=is_guided, adapters=adapters)
    assert len(encoded) == 4
