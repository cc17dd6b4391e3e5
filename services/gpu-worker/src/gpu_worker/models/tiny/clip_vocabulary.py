"""CLIP's tokenizer, with the real vocabulary from the open-clip-torch wheel."""

import gzip
from typing import Any

from darkroom_chassis.logs import get_logger

from gpu_worker.models.tiny.wheel_data import printable_bytes, wheel_file

log = get_logger(__name__)

_MERGES = 49_152 - 256 - 2
START, END = "<|startoftext|>", "<|endoftext|>"


def clip_tokenizer(*, pad: str = END) -> Any:  # transformers is untyped
    """Build CLIP's tokenizer; SDXL's first encoder pads with the end token, its second with `!`.

    Without the wheel every byte is one token: the same code path with other ids.
    """
    from transformers import CLIPTokenizer

    characters = list(printable_bytes().values())
    merges = _read_merges()
    spellings = [*characters, *(f"{character}</w>" for character in characters), *map("".join, merges), START, END]
    vocabulary = {spelling: place for place, spelling in enumerate(spellings)}
    return CLIPTokenizer(vocab=vocabulary, merges=merges, pad_token=pad, model_max_length=77)


def has_real_vocabulary() -> bool:
    """Return whether the token ids equal those that real checkpoints were trained with."""
    return _vocabulary_file() is not None


def _vocabulary_file() -> Any:
    return wheel_file("open_clip", "bpe_simple_vocab_16e6.txt.gz")


def _read_merges() -> list[tuple[str, str]]:
    path = _vocabulary_file()
    if path is None:
        log.warning("The CLIP vocabulary is missing (install open-clip-torch); tokenizing by bytes instead")
        return []
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        next(lines)
        pairs = (line.split() for _, line in zip(range(_MERGES), lines, strict=False))
        return [(left, right) for left, right in pairs]
