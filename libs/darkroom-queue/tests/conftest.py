"""A link to an empty Valkey."""

from collections.abc import AsyncIterator

import pytest
from darkroom_queue import QueueClient


@pytest.fixture
async def link(redis_url: str) -> AsyncIterator[QueueClient]:
    link = await QueueClient.open(redis_url)
    yield link
    await link.close()
