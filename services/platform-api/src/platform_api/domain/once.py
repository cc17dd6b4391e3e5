"""What a creating request does: in one transaction, and once for an Idempotency-Key."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Protocol

from darkroom_schemas.ids import UserId

from platform_api.domain.api_keys import NewApiKeys
from platform_api.domain.credits import CreditChanges
from platform_api.domain.library import LibraryChanges
from platform_api.domain.ports import Answer, IdempotencyKey, JobChanges


@dataclass(frozen=True, slots=True)
class Unit:
    """What may be written inside one transaction."""

    jobs: JobChanges
    credits: CreditChanges
    library: LibraryChanges
    keys: NewApiKeys


Work = Callable[[Unit], Awaitable[str]]
"""Writes, and returns the body of the answer."""


class Once(Protocol):
    """Runs work in a transaction, or gives the answer that the same request got before."""

    async def __call__(self, user_id: UserId, key: IdempotencyKey | None, work: Work) -> Answer:
        """Raises what the work raises, `UnknownUser`, and `KeyReused` or `KeyInUse`."""
        ...
