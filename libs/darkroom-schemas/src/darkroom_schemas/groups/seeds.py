"""Seeds of the children of a group: distinct, and the same for the same base seed."""

import random
import secrets
from collections.abc import Callable, Iterator
from enum import StrEnum
from itertools import count, islice

from darkroom_schemas.payload import MAX_SEED
from darkroom_schemas.planning import MADE_SEEDS_BELOW

MIN_DISTANCE = 1_000_003
"""Random seeds differ by at least this from one another."""
_GOLDEN_SHARE = 0.6180339887498949
"""1/φ: the golden ratio divides the range of seeds, as in Knuth's multiplicative hashing (TAOCP 3, 6.4)."""


class SeedStrategy(StrEnum):
    """How the seeds follow from the base seed, which is the first one."""

    RANDOM = "random"
    """Random numbers with a minimum distance."""
    SEQUENTIAL = "sequential"
    """The base seed plus 0, 1, 2, 3…"""
    FIBONACCI = "fibonacci"
    """The base seed plus 0, 1, 2, 3, 5, 8…"""
    GOLDEN_RATIO = "golden_ratio"
    """Multiples of the golden section of the range, which spread evenly for every number of children."""


def seeds_of(
    strategy: SeedStrategy, base_seed: int | None, number: int, *, below: int = MAX_SEED + 1, span: int = 1
) -> tuple[int, ...]:
    """Return `number` distinct seeds from 0 to `below` - 1, the first being `base_seed`, or a random number.

    They are below 2^53, so that JavaScript represents them exactly, unless the base seed is not. The base seed must be
    less than `below`. They differ by at least `span`, the number of seeds that a child counts on from its own.
    """
    if base_seed is None:
        base_seed = secrets.randbelow(min(below, MADE_SEEDS_BELOW))
    limit = min(below, MADE_SEEDS_BELOW if base_seed < MADE_SEEDS_BELOW else MAX_SEED + 1)
    if strategy is SeedStrategy.RANDOM:
        return _random(base_seed, number, limit)
    offsets = _OFFSETS[strategy](limit)
    seeds: list[int] = []
    for offset in islice(offsets, number):
        seed = (base_seed + offset) % limit
        while any(abs(seed - other) < span for other in seeds):
            seed = (seed + 1) % limit
        seeds.append(seed)
    return tuple(seeds)


def _random(base_seed: int, number: int, limit: int) -> tuple[int, ...]:
    source = random.Random(base_seed)  # noqa: S311 - reproducible, not secret
    seeds = [base_seed]
    while len(seeds) < number:
        seed = source.randrange(limit)
        if all(abs(seed - other) >= MIN_DISTANCE for other in seeds):
            seeds.append(seed)
    return tuple(seeds)


def _sequential(_: int) -> Iterator[int]:
    return count()


def _fibonacci(_: int) -> Iterator[int]:
    yield 0
    this, following = 1, 2
    while True:
        yield this
        this, following = following, this + following


def _golden(limit: int) -> Iterator[int]:
    step = round(limit * _GOLDEN_SHARE) | 1  # odd, so that multiples are distinct in a range that is a power of two
    return (number * step for number in count())


_OFFSETS: dict[SeedStrategy, Callable[[int], Iterator[int]]] = {
    SeedStrategy.SEQUENTIAL: _sequential,
    SeedStrategy.FIBONACCI: _fibonacci,
    SeedStrategy.GOLDEN_RATIO: _golden,
}
