"""Asks each back end of a list what it offers, as the worker does, for `darkroom worker check`."""

import asyncio
import tempfile
from collections.abc import Sequence
from pathlib import Path

from darkroom_schemas.base import Wire

from gpu_worker.backends.backend_list import BackendList, BackendListError
from gpu_worker.backends.entry import BackendEntry
from gpu_worker.connectors.attempt import Storage
from gpu_worker.connectors.build import build_backend
from gpu_worker.connectors.tools import Tools
from gpu_worker.domain.failures import ConnectorNotReady
from gpu_worker.loops.backend_watch import DISCOVER_TIMEOUT_S
from gpu_worker.loops.object_deletions import ObjectDeletions
from gpu_worker.loops.store_health import StoreHealth
from gpu_worker.store.objects import ObjectUploads, open_store
from gpu_worker.store.spool import SpoolFolders


class BackendReport(Wire):
    """What a back end answered. Sizes are in bytes; None where it does not say."""

    id: str
    type: str
    url: str | None
    alias: str | None = None
    problem: str | None = None
    """Why it takes no steps; None if it does."""
    types: tuple[str, ...] = ()
    version: str | None = None
    device: str | None = None
    models: tuple[str, ...] = ()
    """Models that jobs may use."""
    hidden_models: int = 0
    """Number of its models that the list of back ends does not allow."""
    missing_models: tuple[str, ...] = ()
    """Models that the list allows and the back end does not have."""
    custom_nodes: tuple[str, ...] = ()
    vram_bytes: int | None = None
    free_vram_bytes: int | None = None
    queue_depth: int | None = None


async def check_backends(listed: BackendList) -> Sequence[BackendReport]:
    """Ask all back ends at once; each has 30 seconds."""
    with tempfile.TemporaryDirectory(prefix="darkroom-check-") as folder:
        uploads = ObjectUploads(open_store(Path(folder, "objects").as_uri()), StoreHealth())
        storage = Storage(uploads, SpoolFolders(Path(folder)).folder, ObjectDeletions(uploads))
        tools = Tools(storage, listed.credentials, "check")
        return await asyncio.gather(*(_check(entry, tools) for entry in listed.backends))


async def _check(entry: BackendEntry, tools: Tools) -> BackendReport:
    report = BackendReport(id=entry.id, type=entry.type.value, url=entry.url, alias=entry.alias)
    try:
        backend = build_backend(entry, tools)
    except BackendListError as error:
        return report.model_copy(update={"problem": str(error)})
    try:
        async with asyncio.timeout(DISCOVER_TIMEOUT_S):
            found = await backend.discover()
    except TimeoutError:
        return report.model_copy(update={"problem": f"it did not answer within {DISCOVER_TIMEOUT_S:.0f} s"})
    except ConnectorNotReady as problem:
        return report.model_copy(update={"problem": str(problem)})
    finally:
        await backend.close()
    offered = entry.offered(found.models)
    return report.model_copy(
        update={
            "types": tuple(backend.types),
            "version": found.version,
            "device": found.device,
            "models": offered,
            "hidden_models": len(found.models) - len(offered),
            "missing_models": tuple(model for model in entry.models or () if model not in found.models),
            "custom_nodes": found.custom_nodes,
            "vram_bytes": found.vram_bytes,
            "free_vram_bytes": found.free_vram_bytes,
            "queue_depth": found.queue_depth,
        }
    )
