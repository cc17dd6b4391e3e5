"""Parses seeds as clients send them: numbers, numbers in quotes, and values that request a random seed."""

from typing import Any

from darkroom_schemas.payload import MAX_SEED

RANDOM = (None, "", -1, "-1")
MAX_DIGITS = len(str(MAX_SEED))


def read_seed(value: Any) -> int | None:  # Any: whatever the client sent
    """Return the seed, or None for a random one; raises `ValueError` for any other value."""
    if isinstance(value, str):
        value = value.strip()
    if not isinstance(value, bool | float) and value in RANDOM:
        return None
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) <= MAX_DIGITS:
        value = int(value)
    if isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= MAX_SEED:
        return value
    raise ValueError(f'must be a whole number from 0 to {MAX_SEED}; "" or -1 requests a random seed')
