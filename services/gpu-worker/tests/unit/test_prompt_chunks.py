"""Prompts of any length are divided into chunks of the length that an encoder reads."""

import pytest
from gpu_worker.domain.prompt.chunks import Chunk, Chunks, divide
from hypothesis import given
from hypothesis import strategies as st


def test_tokens_fill_one_chunk_after_the_other_and_keep_their_weights() -> None:
    assert divide([[([1, 2], 1.0), ([3, 4, 5], 1.5)]], size=3, limit=9) == Chunks(
        (Chunk((1, 2, 3), (1.0, 1.0, 1.5)), Chunk((4, 5), (1.5, 1.5))), tokens=5, read=5
    )


@pytest.mark.parametrize(
    ("sections", "lengths"),
    [
        ([[]], [0]),
        ([[([1], 1.0)], [([2], 1.0)]], [1, 1]),
        ([[], [([2], 1.0)]], [0, 1]),
        ([[([1], 1.0)], [], [([2], 1.0)]], [1, 0, 1]),
        ([[([1], 1.0)], []], [1]),
        ([[([1, 2, 3], 1.0)], [([4], 1.0)]], [3, 1]),
    ],
)
def test_each_section_begins_a_chunk(sections: list[list[tuple[list[int], float]]], lengths: list[int]) -> None:
    assert [len(chunk.ids) for chunk in divide(sections, size=3, limit=9).chunks] == lengths


def test_what_is_behind_the_last_chunk_is_counted_and_not_read() -> None:
    result = divide([[(range(10), 1.0)]], size=3, limit=2)
    assert (len(result.chunks), result.tokens, result.read) == (2, 10, 6)


@given(st.lists(st.lists(st.tuples(st.lists(st.integers(0, 9), max_size=9), st.floats(-2, 2)), max_size=4), min_size=1))
def test_no_token_is_lost_or_moved(sections: list[list[tuple[list[int], float]]]) -> None:
    result = divide(sections, size=4, limit=10_000)
    everything = [(token, weight) for section in sections for ids, weight in section for token in ids]
    kept = [pair for chunk in result.chunks for pair in zip(chunk.ids, chunk.weights, strict=True)]
    assert kept == everything
    assert result.tokens == result.read == len(everything)
    assert result.chunks
    assert all(len(chunk.ids) <= 4 for chunk in result.chunks)
