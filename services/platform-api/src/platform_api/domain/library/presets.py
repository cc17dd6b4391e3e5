"""Presets: generation requests that a user has saved under a name."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from darkroom_schemas.ids import UserId

MAX_PRESETS = 100


@dataclass(frozen=True, slots=True)
class Preset:
    """A saved request, as `POST /api/queue-job` accepts it. Its job type may have been removed since."""

    id: str
    user_id: UserId
    name: str
    request: dict[str, Any]
    created_at: datetime
    updated_at: datetime


class Presets(Protocol):
    """Presets of users. Those of other users do not exist for the caller."""

    async def all(self, user_id: UserId) -> list[Preset]:
        """Return the user's presets in the order of their names; at most `MAX_PRESETS`."""
        ...

    async def get(self, user_id: UserId, preset_id: str) -> Preset | None: ...

    async def change(self, preset: Preset) -> bool:
        """Replace name, request and time of change under the id; False if it is gone. Raises `AlreadyExists`."""
        ...

    async def remove(self, user_id: UserId, preset_id: str) -> bool: ...


class NewPresets(Protocol):
    """Stores new presets, inside the caller's transaction."""

    async def add(self, preset: Preset, *, limit: int) -> None:
        """Store a preset; raises `AlreadyExists`, or `TooManyPresets` if the user has `limit` of them."""
        ...
