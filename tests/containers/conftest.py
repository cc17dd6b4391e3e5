"""The images and docker-compose.yml, run by `make test-deploy` only: they need docker or podman, and minutes."""

import json
import os
from collections.abc import Iterator

import pytest
from darkroom_client import Client
from support.containers import Containers, installation

if "TEST_DEPLOY" not in os.environ:
    collect_ignore_glob = ["test_*.py"]


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Containers]:
    """Start one installation for all tests; each leaves it running."""
    with installation(tmp_path_factory.mktemp("site")) as made:
        yield made


@pytest.fixture
def client(site: Containers) -> Iterator[Client]:
    """Return a client of the demo user, whose key is new."""
    made = json.loads(
        site.ask_engine("exec", site.of("platform-api")[0], "python", "-m", "platform_api", "bootstrap", "--json")
    )
    with Client(site.url, made["api_key"]) as client:
        yield client
