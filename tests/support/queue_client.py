"""A client of an empty queue."""

from collections.abc import AsyncIterator

import pytest
from darkroom_queue import QueueClient


@pytest.fixture
async def link(redis_url: str) -> AsyncIterator[QueueClient]:
    """Connect to an empty Valkey; the client is closed after the test."""
    link = await QueueClient.open(redis_url)
    yield link
    await link.close()
