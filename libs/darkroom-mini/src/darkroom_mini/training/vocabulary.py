"""A vocabulary of the captions' own words, in the form of CLIP's tokenizer."""

import json
from collections.abc import Iterator, Sequence
from random import Random
from typing import Any

import torch
from torch import Tensor

from darkroom_mini.captions.fillers import UNWANTED
from darkroom_mini.captions.grammar import describe
from darkroom_mini.captions.sampling import sample_scene
from darkroom_mini.training.home import Home
from darkroom_mini.training.plan import Plan

TOKENS = 77
MERGES = "merges.json"
_START, _END = "<|startoftext|>", "<|endoftext|>"
_FIRST_PAD, _SECOND_PAD = _END, "!"
_MOST_TOKENS = 4_000
_SUFFIX = "</w>"


def build_vocabulary(plan: Plan, home: Home) -> None:
    """Write the merges that make each word of the captions one token. Other words fall into pieces and letters."""
    from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, trainers

    tokenizer = Tokenizer(models.BPE(end_of_word_suffix=_SUFFIX))
    tokenizer.normalizer = normalizers.Lowercase()
    tokenizer.pre_tokenizer = pre_tokenizers.Split(" ", "removed")
    trainer = trainers.BpeTrainer(
        vocab_size=_MOST_TOKENS, min_frequency=3, end_of_word_suffix=_SUFFIX, show_progress=False
    )
    tokenizer.train_from_iterator(_words(plan), trainer)
    home.path(MERGES).write_text(json.dumps(json.loads(tokenizer.to_str())["model"]["merges"]))


def tokenizers(home: Home) -> tuple[Any, Any]:  # Any: transformers is untyped
    """Return the tokenizers of both text encoders: the first pads with the end token, the second with `!`."""
    from tokenizers import pre_tokenizers
    from transformers import CLIPTokenizer

    merges = [(left, right) for left, right in json.loads(home.text(MERGES))]
    letters = sorted(pre_tokenizers.ByteLevel.alphabet())
    spellings = [*letters, *(letter + _SUFFIX for letter in letters), *map("".join, merges), _START, _END]
    vocabulary = {spelling: place for place, spelling in enumerate(dict.fromkeys(spellings))}
    first, second = (
        CLIPTokenizer(vocab=vocabulary, merges=merges, pad_token=pad, model_max_length=TOKENS)
        for pad in (_FIRST_PAD, _SECOND_PAD)
    )
    return first, second


def token_ids(tokenizer: Any, texts: Sequence[str], length: int = TOKENS) -> Tensor:
    """Return token ids of shape (texts, length)."""
    found = tokenizer(list(texts), padding="max_length", max_length=length, truncation=True)
    return torch.tensor(found["input_ids"])


def _words(plan: Plan) -> Iterator[str]:
    """Yield words as often as captions use them. Words that do not exist are rare, and do not count."""
    random = Random(plan.seed)
    for _ in range(plan.vocabulary_captions):
        scene, stated = sample_scene(random)
        text = describe(scene, stated, random).text.lower()
        yield "".join(letter if "a" <= letter <= "z" else " " for letter in text)
    for _ in range(3):
        yield from UNWANTED
