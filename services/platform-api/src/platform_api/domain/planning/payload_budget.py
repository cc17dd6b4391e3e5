"""How much the payloads of steps that are submitted together may hold."""

from typing import Any

from pydantic_core import to_json

from platform_api.domain.planning.templates import Unfillable

MAX_BYTES = 1_000_000
"""The queue takes no larger payload; and a small template that names a long text often would fill its memory."""


class PayloadBudget:
    """Adds payloads up as they are made, so that too many are noticed before all of them are."""

    def __init__(self) -> None:
        self._left = MAX_BYTES

    def take(self, payload: dict[str, Any]) -> None:
        """Count one more payload; raises `Unfillable`."""
        self._left -= len(to_json(payload))
        if self._left < 0:
            raise Unfillable(f"what is filled in makes payloads of more than {MAX_BYTES} bytes together")
