"""Servers, which StableQueue clients choose by alias. A worker with a back end of that name serves it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from darkroom_schemas.worker import Capabilities

from platform_api.domain.errors import AlreadyExists, Forbidden, UnknownServer

BACKEND_TYPES = {"forge": "a1111", "comfyui": "comfyui"}
"""Job type by the client's application type."""
OTHER_APPS = "forge"
"""Other application types run as this one; the given type is only stored."""


def backend_type(app_type: str) -> str:
    """Return the job type of the back ends for an application type."""
    return BACKEND_TYPES.get(app_type.strip().lower(), BACKEND_TYPES[OTHER_APPS])


@dataclass(frozen=True, slots=True)
class Server:
    """An alias with a description for users. Those that nobody added have no times and cannot be changed."""

    alias: str
    api_url: str | None = None
    description: str = ""
    created_at: datetime | None = None
    updated_at: datetime | None = None
    is_configured: bool = False


class NewServers(Protocol):
    """Stores new servers, inside the caller's transaction."""

    async def add(self, server: Server) -> Server | None:
        """Store a server; return None if its alias is taken."""
        ...


class Servers(Protocol):
    """Stores the servers that operators added."""

    async def all(self) -> Sequence[Server]: ...

    async def change(self, alias: str, server: Server) -> Server | None:
        """Replace a server, optionally under a new alias; None if it does not exist. Raises `AlreadyExists`."""
        ...

    async def remove(self, alias: str) -> bool: ...


class ServerList:
    """The servers of the configuration, the added ones, and the back ends that live workers offer."""

    def __init__(self, configured: Sequence[str], added: Servers) -> None:
        self._configured, self._added = {alias: Server(alias, is_configured=True) for alias in configured}, added

    async def all(self, live: Sequence[Capabilities] = ()) -> list[Server]:
        """Return all servers, sorted by alias. `live` are the live workers."""
        offered = {alias: Server(alias) for alias in _offered_by(live)}
        servers = offered | {server.alias: server for server in await self._added.all()} | self._configured
        return [servers[alias] for alias in sorted(servers)]

    async def get(self, alias: str, live: Sequence[Capabilities] = (), *, field: str = "alias") -> Server:
        """Return a server; raises `UnknownServer` with the request's `field` that holds the alias."""
        if alias in self._configured:
            return self._configured[alias]
        for server in await self._added.all():
            if server.alias == alias:
                return server
        if alias in _offered_by(live):
            return Server(alias)
        raise await self.unknown(alias, live, field=field)

    async def unknown(self, alias: str, live: Sequence[Capabilities] = (), *, field: str = "alias") -> UnknownServer:
        """Return the error for an unknown alias."""
        return UnknownServer(alias, [server.alias for server in await self.all(live)], field)

    async def add(self, server: Server, *, servers: NewServers) -> Server:
        """Store a server; raises `AlreadyExists`."""
        self._check_alias(server.alias)
        added = await servers.add(server)
        if added is None:
            raise AlreadyExists("server", server.alias)
        return added

    async def change(self, alias: str, server: Server) -> Server:
        """Replace a server, optionally under a new alias; raises `Forbidden`, `UnknownServer` or `AlreadyExists`."""
        self._check_changeable(alias)
        self._check_alias(server.alias)
        changed = await self._added.change(alias, server)
        if changed is None:
            raise await self.unknown(alias)
        return changed

    async def remove(self, alias: str) -> None:
        """Delete a server; raises `Forbidden` or `UnknownServer`."""
        self._check_changeable(alias)
        if not await self._added.remove(alias):
            raise await self.unknown(alias)

    def _check_alias(self, alias: str) -> None:
        if alias in self._configured:
            raise AlreadyExists("server", alias)

    def _check_changeable(self, alias: str) -> None:
        if alias in self._configured:
            raise Forbidden(f"The server {alias!r} is defined in the platform's configuration and cannot be changed.")


def _offered_by(live: Sequence[Capabilities]) -> set[str]:
    """Return the names of back ends of live workers that run what clients of servers ask for."""
    apps = set(BACKEND_TYPES.values())
    return {name for can in live if not apps.isdisjoint(can.types) for name in can.backends}
