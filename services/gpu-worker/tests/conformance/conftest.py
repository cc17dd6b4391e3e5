"""A connector beside its scripted peer, with a real object store and spool folder."""

import asyncio
from collections.abc import AsyncIterator
from ipaddress import ip_network
from pathlib import Path

import pytest
from darkroom_outbound import OutboundPolicy
from gpu_worker.backends.credentials import Credential
from gpu_worker.backends.entry import BackendEntry
from gpu_worker.connectors.attempt import Storage
from gpu_worker.connectors.tools import Tools
from gpu_worker.loops.object_deletions import ObjectDeletions
from gpu_worker.store.objects import ObjectUploads, open_store
from gpu_worker.store.spool import SpoolFolders
from pydantic import SecretStr
from support.store_watch import StoreNotes

from .subjects import SUBJECTS
from .suite import CREDENTIAL, SECRET, Bench, Subject, id_of


@pytest.fixture(params=SUBJECTS, ids=id_of)
def subject(request: pytest.FixtureRequest) -> Subject:
    """Give each connector in turn."""
    chosen: Subject = request.param
    return chosen


@pytest.fixture
async def bench(subject: Subject, tmp_path: Path) -> AsyncIterator[Bench]:
    """Start the peer and build the connector."""
    objects, spool = tmp_path / "objects", tmp_path / "spool"
    uploads = ObjectUploads(open_store(objects.as_uri()), StoreNotes())
    deletions = ObjectDeletions(uploads)
    storage = Storage(uploads, SpoolFolders(spool).folder, deletions)
    deleting = asyncio.create_task(deletions.run())
    credential = Credential(secret=SecretStr(SECRET), username=subject.username, hosts=("127.0.0.1",))
    peer = subject.make_peer()
    await peer.start()
    place = {"url": peer.url, "credential": CREDENTIAL} if subject.has_server else {}
    entry = BackendEntry.model_validate({"type": subject.type, **place, **subject.entry})
    loopback = OutboundPolicy((ip_network("127.0.0.0/8"),))
    backend = subject.build(entry, Tools(storage, {CREDENTIAL: credential}, "worker@peer", loopback))
    yield Bench(subject, peer, backend, storage, deletions, objects, spool)
    await backend.close()
    await peer.kill()
    deleting.cancel()
