"""The generators of a job's noise: one for each seed, on the CPU, so that the noise is the same on every device."""

import torch

_WORD = 2**32
_MASK = 2**64 - 1


def generator(seed: int) -> torch.Generator:
    """Return a generator on the CPU; each of the 64 bits of the seed counts. Raises ValueError outside [0, 2**64)."""
    return torch.Generator("cpu").manual_seed(generator_seed(seed))


def generator_seed(seed: int) -> int:
    """Return the 32 bits that torch's Mersenne Twister is seeded with; it ignores all others of its seed.

    A seed below 2**32 is its own result, as in A1111 and ComfyUI with noise from the CPU. A larger one is mixed by
    SplitMix64 (Steele, Lea and Flood, "Fast splittable pseudorandom number generators", OOPSLA 2014; constants of
    Vigna's splitmix64.c), of which the upper half is taken. Two seeds, at least one of them that large, share their
    noise with a probability of 2**-32. Raises ValueError for a seed outside [0, 2**64).
    """
    if not 0 <= seed <= _MASK:
        raise ValueError(f"seed: {seed} is not in [0, 2**64)")
    return seed if seed < _WORD else _splitmix64(seed) // _WORD


def _splitmix64(state: int) -> int:
    mixed = (state + 0x9E3779B97F4A7C15) & _MASK
    mixed = ((mixed ^ (mixed >> 30)) * 0xBF58476D1CE4E5B9) & _MASK
    mixed = ((mixed ^ (mixed >> 27)) * 0x94D049BB133111EB) & _MASK
    return mixed ^ (mixed >> 31)
