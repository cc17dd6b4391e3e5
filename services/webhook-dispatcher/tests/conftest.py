"""A running webhook-dispatcher with a short schedule, started once a module; every test is a user of its own."""

from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager

import httpx
import pytest
from darkroom_local.servers.ports import free_ports
from darkroom_local.servers.valkey import EmbeddedValkey
from darkroom_queue import QueueClient
from darkroom_schemas.ids import new_uuid7
from support.keys import publish_key
from support.receiver import Receiver
from support.servers import PostgresDatabases
from support.services import RunningService, StartService, running_service
from webhook_dispatcher.migrations import MIGRATIONS


@pytest.fixture(scope="module")
def database_url(postgres_databases: PostgresDatabases) -> str:
    return postgres_databases.server.url(postgres_databases.create(MIGRATIONS.upgrade))


@pytest.fixture(scope="module")
def start(valkey_server: EmbeddedValkey, database_url: str, tmp_path_factory: pytest.TempPathFactory) -> StartService:
    """Start a dispatcher; every one of a module finds the same database."""
    env = {
        "REDIS_URL": valkey_server.url,
        "DATABASE_URL": database_url,
        "SECRETS_KEY": "k" * 32,
        "WEBHOOK_SCHEDULE_S": "0,0.2,0.2,0.2",
        "WEBHOOK_ALLOWED_NETWORKS": "127.0.0.0/8",
        "WEBHOOK_ENDPOINTS_PER_TENANT": "20",
        "WEBHOOK_REQUESTS_PER_MINUTE": "0",
        "WEBHOOK_SENDS_PER_MINUTE": "0",
    }

    @contextmanager
    def run(**changes: str) -> Iterator[RunningService]:
        folder = tmp_path_factory.mktemp("webhook-dispatcher")
        with running_service("webhook_dispatcher", "WEBHOOK_DISPATCHER_PORT", env | changes, folder) as service:
            yield service

    return run


@pytest.fixture(scope="module")
def service(start: StartService) -> Iterator[RunningService]:
    with start() as service:
        yield service


@pytest.fixture
async def link(valkey_server: EmbeddedValkey) -> AsyncIterator[QueueClient]:
    link = await QueueClient.open(valkey_server.url)
    yield link
    await link.close()


@pytest.fixture
def user() -> str:
    return new_uuid7()


@pytest.fixture
async def api(service: RunningService, link: QueueClient, user: str) -> AsyncIterator[httpx.AsyncClient]:
    """Calls as the test's user."""
    async with httpx.AsyncClient(base_url=service.url, headers={"X-API-Key": await publish_key(link, user)}) as client:
        yield client


@pytest.fixture
def receiver() -> Receiver:
    return Receiver(free_ports(1)[0])
