"""Every bit of a seed counts, and seeds of 32 bits draw what torch draws for them."""

import pytest
import torch
from gpu_worker.pipelines.noise import generator, generator_seed
from hypothesis import given
from hypothesis import strategies as st

BITS = 64


def noise(seed: int) -> list[float]:
    return torch.randn(8, generator=generator(seed)).tolist()


@given(st.integers(0, 2**32 - 1))
def test_a_seed_of_32_bits_draws_what_torch_draws_for_it(seed: int) -> None:
    assert noise(seed) == torch.randn(8, generator=torch.Generator().manual_seed(seed)).tolist()


@pytest.mark.parametrize("bit", range(BITS))
@pytest.mark.parametrize("seed", [0, 1, 2**32 + 1, 2**64 - 1])
def test_a_change_of_any_bit_changes_the_noise(seed: int, bit: int) -> None:
    assert noise(seed) != noise(seed ^ (1 << bit))


def test_large_seeds_are_mixed_as_splitmix64_does() -> None:
    # The second output of Vigna's splitmix64.c from the state 1234567, which the first one advanced by the constant.
    assert generator_seed(1234567 + 0x9E3779B97F4A7C15) == 3203168211198807973 >> 32


@given(st.integers(0, 2**64 - 1))
def test_what_torch_is_seeded_with_has_32_bits(seed: int) -> None:
    assert 0 <= generator_seed(seed) < 2**32


@pytest.mark.parametrize("seed", [-1, 2**64])
def test_a_seed_of_more_than_64_bits_is_refused(seed: int) -> None:
    with pytest.raises(ValueError, match="seed"):
        generator_seed(seed)
