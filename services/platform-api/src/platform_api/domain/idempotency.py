"""Creating requests: one transaction each, and executed once per Idempotency-Key."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Protocol

from darkroom_chassis.idempotency import IdempotencyKey
from darkroom_schemas.ids import UserId

from platform_api.domain.accounts.api_keys import NewApiKeys
from platform_api.domain.accounts.credits import CreditChanges
from platform_api.domain.answers import Answer
from platform_api.domain.assets.upload import NewUploads
from platform_api.domain.jobs.ports import JobChanges
from platform_api.domain.library.ports import LibraryChanges
from platform_api.domain.library.presets import NewPresets
from platform_api.domain.servers import NewServers


@dataclass(frozen=True, slots=True)
class Operator:
    """The holder of an admin key, which belongs to no user."""

    key_id: str


@dataclass(frozen=True, slots=True)
class UnitOfWork:
    """The repositories of one transaction."""

    jobs: JobChanges
    credits: CreditChanges
    library: LibraryChanges
    keys: NewApiKeys
    servers: NewServers
    uploads: NewUploads
    presets: NewPresets


Work = Callable[[UnitOfWork], Awaitable[str]]
"""Writes, and returns the response body."""


class Idempotency(Protocol):
    """Runs work in a transaction, or returns the stored response of an identical earlier request."""

    async def __call__(self, principal: UserId | Operator, key: IdempotencyKey | None, work: Work) -> Answer:
        """Run `work`. Keys are scoped to the principal.

        Raises what the work raises, `UnknownUser`, and `KeyReused` or `KeyInUse`.
        """
        ...
