"""Counts what the sentences of an expander leave out of new requests."""

from collections import Counter
from collections.abc import Sequence
from random import Random
from typing import Any

import torch

from darkroom_mini.captions.expansion import sample_expansion
from darkroom_mini.captions.kept import missing

_BATCH, _MOST_TOKENS = 50, 80


@torch.inference_mode()
def write_sentences(model: Any, tokenizer: Any, requests: Sequence[str]) -> list[str]:
    """Return what an expander writes for requests; random as torch's seed. Both are transformers', which is untyped."""
    turns = [[{"role": "user", "content": request}] for request in requests]
    asked = tokenizer.apply_chat_template(turns, add_generation_prompt=True, tokenize=False)
    ids = tokenizer(asked, return_tensors="pt", padding=True, padding_side="left").to(model.device)
    answers = model.generate(**ids, max_new_tokens=_MOST_TOKENS)[:, ids["input_ids"].shape[1] :]
    sentences: list[str] = tokenizer.batch_decode(answers, skip_special_tokens=True)
    return sentences


def left_out(model: Any, tokenizer: Any, requests: int, *, seed: int, german: float) -> Counter[str]:
    """Return how many of `requests` lost something, as `any`, and how many lost each attribute.

    `german` is the share of requests in German.
    """
    random, lost = Random(seed), Counter[str]()
    pairs = [sample_expansion(random, german) for _ in range(requests)]
    torch.manual_seed(seed)
    for start in range(0, requests, _BATCH):
        batch = pairs[start : start + _BATCH]
        sentences = write_sentences(model, tokenizer, [pair.request for pair in batch])
        for pair, sentence in zip(batch, sentences, strict=True):
            gone = missing(pair.scene, pair.stated, sentence)
            lost.update([*gone, *(["any"] if gone else [])])
    return lost
