"""A running queue-api, started once a module; every test finds the queue empty."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import httpx
import pytest
from darkroom_local.servers.valkey import EmbeddedValkey
from support.queue_api import HEADERS, queue_api
from support.servers import empty_valkey
from support.services import RunningService

LIMITS = {"QUEUE_MAX_DEPTH": "3", "WS_CONNECTIONS_PER_CLIENT": "2"}


@pytest.fixture(scope="module")
def shared_service(valkey_server: EmbeddedValkey, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningService]:
    empty_valkey(valkey_server.url)
    with queue_api(valkey_server.url, tmp_path_factory.mktemp("queue-api"), **LIMITS) as service:
        yield service


@pytest.fixture
def service(shared_service: RunningService, redis_url: str) -> RunningService:
    return shared_service


@pytest.fixture
def own_service(redis_url: str, tmp_path: Path) -> Iterator[RunningService]:
    """A process for one test only, which may end it."""
    with queue_api(redis_url, tmp_path, **LIMITS) as service:
        yield service


@pytest.fixture
async def api(service: RunningService) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(base_url=service.url, headers=HEADERS) as client:
        yield client
