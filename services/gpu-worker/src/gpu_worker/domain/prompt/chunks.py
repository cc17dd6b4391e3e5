"""Divides the tokens of a prompt into chunks of the length that a text encoder reads at once."""

from collections.abc import Sequence
from dataclasses import dataclass

Weighted = tuple[Sequence[int], float]
"""The token ids of one span, and its weight."""


@dataclass(frozen=True, slots=True)
class Chunk:
    """Token ids and their weights, without special tokens and padding. Both have the same length."""

    ids: tuple[int, ...] = ()
    weights: tuple[float, ...] = ()


@dataclass(frozen=True, slots=True)
class Chunks:
    """The chunks of a prompt, at least one, and how many of its tokens they contain."""

    chunks: tuple[Chunk, ...]
    tokens: int
    read: int


def divide(sections: Sequence[Sequence[Weighted]], *, size: int, limit: int) -> Chunks:
    """Divide sections into chunks of at most `size` tokens; the first `limit` chunks are kept.

    Each section begins a chunk, so an empty one is an empty chunk, except at the end of the prompt.
    """
    chunks: list[Chunk] = []
    given = 0
    for place, section in enumerate(sections):
        ids = [token for span, _ in section for token in span]
        weights = [weight for span, weight in section for _ in span]
        given += len(ids)
        is_last = place == len(sections) - 1
        if not ids and not (is_last and chunks):
            chunks.append(Chunk())
        starts = range(0, len(ids), size)
        chunks += (Chunk(tuple(ids[at : at + size]), tuple(weights[at : at + size])) for at in starts)
    kept = tuple(chunks[:limit])
    return Chunks(kept, given, sum(len(chunk.ids) for chunk in kept))
