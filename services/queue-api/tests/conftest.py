"""A running queue-api, started once a module; every test finds the queue empty."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import httpx
import pytest
from darkroom_local.servers.valkey import EmbeddedValkey
from support.services import RunningService, running_service

TOKEN = "operator-token-for-tests"


def _start(url: str, folder: Path) -> Iterator[RunningService]:
    env = {"REDIS_URL": url, "AUTH_TOKEN": TOKEN, "QUEUE_MAX_DEPTH": "3", "WS_CONNECTIONS_PER_CLIENT": "2"}
    with running_service("queue_api", "QUEUE_API_PORT", env, folder) as service:
        yield service


@pytest.fixture(scope="module")
def shared_service(valkey_server: EmbeddedValkey, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningService]:
    yield from _start(valkey_server.url, tmp_path_factory.mktemp("queue-api"))


@pytest.fixture
def service(shared_service: RunningService, redis_url: str) -> RunningService:
    return shared_service


@pytest.fixture
def own_service(redis_url: str, tmp_path: Path) -> Iterator[RunningService]:
    """A process for one test only, which may end it."""
    yield from _start(redis_url, tmp_path)


@pytest.fixture
async def api(service: RunningService) -> AsyncIterator[httpx.AsyncClient]:
    headers = {"Authorization": f"Bearer {TOKEN}"}
    async with httpx.AsyncClient(base_url=service.url, headers=headers) as client:
        yield client
