"""The checks of `doctor` that need this service's settings."""

import os
import uuid
from collections.abc import Mapping
from urllib.parse import urlsplit

from darkroom_chassis.database_checks import database_findings
from darkroom_chassis.doctor import Check, Finding, disk, error, ok, warning
from darkroom_chassis.redis_checks import redis_findings
from darkroom_queue import QueueClient, Registry, WorkerRecord
from darkroom_redis.facts import read_facts

from platform_api.clients.objects import StoredObjects
from platform_api.migrations import MIGRATIONS
from platform_api.settings import Settings

PROBE_BYTES = 4096
LOOPBACK = {"127.0.0.1", "localhost", "::1"}


def doctor_checks(settings: Settings, version: str) -> Mapping[str, Check]:
    """Return the checks by name. `version` is that of this release."""
    return {
        "settings": lambda: _settings(settings),
        "postgresql": lambda: database_findings(settings.database_url.get_secret_value(), MIGRATIONS, "platform_api"),
        "redis": lambda: _redis(settings),
        "objects": lambda: _objects(settings.object_store_url),
        "workers": lambda: _workers(settings, version),
    }


async def _settings(settings: Settings) -> list[Finding]:
    found = [ok("settings", "all values are valid")]
    url = urlsplit(settings.public_url)
    if url.scheme != "https" and url.hostname not in LOOPBACK:
        found.append(
            warning(
                "settings",
                f"PUBLIC_URL is {settings.public_url}: passwords, keys and cookies travel unencrypted",
                "Serve the platform under https, and set PUBLIC_URL to that address (docs/deploy.md).",
            )
        )
    if settings.jwt_secret == settings.signing_secret:
        found.append(
            error(
                "settings",
                "JWT_SECRET and SIGNING_SECRET are the same",
                "Give each its own random value: one must not reveal the other.",
            )
        )
    return found


async def _redis(settings: Settings) -> list[Finding]:
    client = await QueueClient.open(settings.redis_url.get_secret_value())
    try:
        await client.check_writes()
        return redis_findings(await read_facts(client))
    finally:
        await client.close()


async def _objects(url: str) -> list[Finding]:
    """Write, read and delete an object."""
    store, key, content = StoredObjects(url), f"doctor/{uuid.uuid4()}", os.urandom(PROBE_BYTES)
    await store.write(key, content, "application/octet-stream")
    try:
        read = b"".join([part async for part in store.read(key, 0, PROBE_BYTES)])
    finally:
        await store.delete([key])
    if read != content:
        remedy = "Use another object store: outputs would be damaged."
        return [error("objects", "the object store returned other bytes than were written", remedy)]
    return [ok("objects", "an object was written, read and deleted"), *disk("objects", url)]


async def _workers(settings: Settings, version: str) -> list[Finding]:
    client = await QueueClient.open(settings.redis_url.get_secret_value())
    try:
        workers = await Registry(client).workers()
    finally:
        await client.close()
    if not workers:
        return [
            warning("workers", "no worker is registered", "Start a worker; see the entry NoWorkers of docs/runbook.md.")
        ]
    return [_worker(worker, version) for worker in workers]


def _worker(worker: WorkerRecord, version: str) -> Finding:
    info = worker.info
    device = info.gpu or "no GPU"
    name = f"{info.worker_id}: {device}, profile {info.profile}, version {info.version}"
    if info.version == version:
        return ok("workers", name)
    return warning("workers", f"{name}, unlike {version} here", "Finish the upgrade of the workers (docs/upgrade.md).")
