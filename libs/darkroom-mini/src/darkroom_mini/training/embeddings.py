"""Embeds all captions of the data once, with the finished text encoders."""

import json
from collections.abc import Sequence
from random import Random
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor

from darkroom_mini.captions.fillers import TAILS, UNWANTED, unknown_word
from darkroom_mini.training.home import Home
from darkroom_mini.training.loop import load_weights
from darkroom_mini.training.plan import Plan
from darkroom_mini.training.text import TextEncoders
from darkroom_mini.training.vocabulary import token_ids, tokenizers

EMPTY = "empty"
_BATCH = 256
_EMPTY_TEXTS = 64


class Embedded(NamedTuple):
    """Embeddings of captions, in half precision on disk."""

    states: Any
    """Of shape (captions, 77, width)."""
    pooled: Any
    """Of shape (captions, pooled)."""


class TextReader:
    """The finished encoders with their tokenizers."""

    def __init__(self, plan: Plan, home: Home) -> None:
        """Needs the stage `text`."""
        self.tokenizers = tokenizers(home)
        self.encoders = TextEncoders(plan, len(self.tokenizers[0])).eval()
        load_weights(self.encoders, "text", home)

    @torch.no_grad()
    def read(self, texts: Sequence[str]) -> tuple[Tensor, Tensor]:
        """Return states (texts, 77, width) and pooled embeddings (texts, pooled)."""
        first_ids, second_ids = (token_ids(tokenizer, texts) for tokenizer in self.tokenizers)
        return self.encoders.states(first_ids, second_ids)


def embed_captions(plan: Plan, home: Home) -> None:
    """Make the embeddings that are missing: those of each shape's captions, and those of texts that state nothing."""
    reader = TextReader(plan, home)
    for name in (EMPTY, *(shape.name for shape in plan.shapes)):
        if not home.has(f"pooled-{name}.npy"):
            captions = _empty_texts(plan.seed) if name == EMPTY else json.loads(home.text(f"captions-{name}.json"))
            _embed(reader, captions, name, plan, home)
            print(f"{name}: {len(captions)} captions embedded", flush=True)


def open_embeddings(name: str, home: Home) -> Embedded:
    """Open the embeddings of a shape, or those of empty texts."""
    return Embedded(home.array(f"states-{name}"), home.array(f"pooled-{name}"))


def _embed(reader: TextReader, captions: Sequence[str], name: str, plan: Plan, home: Home) -> None:
    states = home.new_array(f"states-{name}", np.float16, (len(captions), 77, sum(plan.text_hidden)))
    pooled = home.new_array(f"pooled-{name}", np.float16, (len(captions), plan.pooled))
    for start in range(0, len(captions), _BATCH):
        part = slice(start, start + _BATCH)
        some, pools = reader.read(captions[part])
        states[part], pooled[part] = some.numpy(), pools.numpy()
    home.finish_array(f"states-{name}")
    home.finish_array(f"pooled-{name}")


def _empty_texts(seed: int) -> list[str]:
    """Return the empty text first, then what negative prompts name."""
    random = Random(seed)
    pool = [*UNWANTED, *UNWANTED, *TAILS, *(unknown_word(random) for _ in range(20))]
    return ["", *(", ".join(random.sample(pool, random.randint(1, 5))) for _ in range(_EMPTY_TEXTS - 1))]
