"""Connectors beside servers that each test scripts, with a real object store and spool folder."""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass
from ipaddress import ip_network
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from darkroom_outbound import OutboundPolicy
from gpu_worker.backends.credentials import Credential
from gpu_worker.backends.entry import BackendEntry
from gpu_worker.connectors.attempt import Storage
from gpu_worker.connectors.build import build_backend
from gpu_worker.connectors.tools import Tools
from gpu_worker.domain.backend import Backend
from gpu_worker.loops.object_deletions import ObjectDeletions
from gpu_worker.store.objects import ObjectUploads, open_store
from gpu_worker.store.spool import SpoolFolders
from pydantic import SecretStr
from support.store_watch import StoreNotes

Serve = Callable[[Mapping[str, Any]], Awaitable[str]]
"""Serves handlers by `METHOD /path` on loopback and returns the base URL."""
Build = Callable[..., Backend]


@dataclass(frozen=True)
class Place:
    """Where attempts store their files."""

    storage: Storage
    objects: Path
    spool: Path

    def files(self) -> list[str]:
        """Return the names of all files that are stored or wait for their upload."""
        return [path.name for folder in (self.objects, self.spool) for path in folder.rglob("*") if path.is_file()]


@pytest.fixture
def place(tmp_path: Path) -> Place:
    """Give an empty object store and spool folder."""
    objects, spool = tmp_path / "objects", tmp_path / "spool"
    uploads = ObjectUploads(open_store(objects.as_uri()), StoreNotes())
    return Place(Storage(uploads, SpoolFolders(spool).folder, ObjectDeletions(uploads)), objects, spool)


@pytest.fixture
async def serve() -> AsyncIterator[Serve]:
    """Start servers; they stop after the test."""
    async with AsyncExitStack() as stack:

        async def start(handlers: Mapping[str, Any]) -> str:
            app = web.Application()
            for place, handler in handlers.items():
                method, _, path = place.partition(" ")
                app.router.add_route(method, path, handler)
            runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.01, handler_cancellation=True)
            await runner.setup()
            stack.push_async_callback(runner.cleanup)
            await web.TCPSite(runner, "127.0.0.1", 0).start()
            return f"http://127.0.0.1:{runner.addresses[0][1]}"

        yield start


@pytest.fixture
async def build(place: Place) -> AsyncIterator[Build]:
    """Build a connector from its entry and a secret. `networks` are allowed for `fetch_api`, by default loopback."""
    async with AsyncExitStack() as stack:

        def make(
            entry: Mapping[str, Any],
            secret: str | None = None,
            *,
            hosts: tuple[str, ...] = ("127.0.0.1",),
            networks: tuple[str, ...] = ("127.0.0.0/8",),
        ) -> Backend:
            named = {} if secret is None else {"main": Credential(secret=SecretStr(secret), hosts=hosts)}
            policy = OutboundPolicy(tuple(ip_network(text) for text in networks))
            parsed = BackendEntry.model_validate(dict(entry))
            backend = build_backend(parsed, Tools(place.storage, named, "worker@peer", policy))
            stack.push_async_callback(backend.close)
            return backend

        yield make
