"""Limit for the payloads of steps that are submitted together."""

from typing import Any

from pydantic_core import to_json

from platform_api.domain.planning.templates import Unfillable

MAX_BYTES = 1_000_000
"""The queue accepts no larger payload, and a small template that repeats a long text could exhaust its memory."""


class PayloadBudget:
    """Sums up payload sizes as they are built, so that the limit is detected before all are in memory."""

    def __init__(self) -> None:
        self._left = MAX_BYTES

    def take(self, payload: dict[str, Any]) -> None:
        """Add a payload; raises `Unfillable` if the total exceeds `MAX_BYTES`."""
        self._left -= len(to_json(payload))
        if self._left < 0:
            raise Unfillable(f"the filled-in payloads have more than {MAX_BYTES} bytes together")
