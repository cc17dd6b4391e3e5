"""Qwen2.5 7B Instruct on the meta device. The configuration is that of `Qwen/Qwen2.5-7B-Instruct`."""

from collections.abc import Iterator
from typing import Any

import torch

from gpu_worker.domain.memory.footprint import Component, Footprint, Point, Shape, StageFootprint, StageName
from gpu_worker.pipelines.footprints.live import weights_of, work_bytes

_TOKENS = (512, 2048, 8192)


def measure_qwen() -> Footprint:
    """Measure Qwen2.5 7B in bfloat16. The work is that of a first call with as many tokens as the text has at its end.

    That is an upper bound: later calls have the same cache and compute one token.
    """
    model = qwen_model()
    weights = sum(tensor.numel() * tensor.element_size() for tensor in weights_of(model))
    return Footprint({Component.LANGUAGE_MODEL: weights}, {StageName.WRITE: StageFootprint(tuple(_write(model)))})


def qwen_model() -> Any:
    """Return the model on the meta device, in bfloat16."""
    from transformers import Qwen2Config, Qwen2ForCausalLM

    with torch.device("meta"):
        return Qwen2ForCausalLM(
            Qwen2Config(
                vocab_size=152064, hidden_size=3584, intermediate_size=18944, num_hidden_layers=28,
                num_attention_heads=28, num_key_value_heads=4, max_position_embeddings=32768,
                tie_word_embeddings=False,
            )
        ).to(torch.bfloat16).eval()  # fmt: skip


def _write(model: Any) -> Iterator[Point]:
    for tokens in _TOKENS:

        def call(tokens: int = tokens) -> Any:
            return model(torch.zeros((1, tokens), dtype=torch.long), use_cache=True, logits_to_keep=1)

        yield Point(Shape(tokens), work_bytes([model], call))
