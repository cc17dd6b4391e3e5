"""Seeds are taken as clients send them, and nothing else is taken for one."""

import pytest
from darkroom_schemas.payload import MAX_SEED
from platform_api.domain.planning.seeds import read_seed


@pytest.mark.parametrize("value", [None, "", "  ", -1, "-1"])
def test_words_for_a_random_seed_are_none(value: object) -> None:
    assert read_seed(value) is None


@pytest.mark.parametrize(("value", "seed"), [(0, 0), ("41", 41), (" 41 ", 41), (str(MAX_SEED), MAX_SEED)])
def test_numbers_are_taken_in_quotes_too(value: object, seed: int) -> None:
    assert read_seed(value) == seed


@pytest.mark.parametrize(
    "value", [True, False, 1.0, -1.0, -2, "-2", "0x10", "many", "²", MAX_SEED + 1, "9" * 5000, [], {}]
)
def test_anything_else_is_refused(value: object) -> None:
    with pytest.raises(ValueError, match="whole number"):
        read_seed(value)
