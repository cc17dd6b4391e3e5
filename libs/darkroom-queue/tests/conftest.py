"""A link to an empty Valkey."""

from collections.abc import AsyncIterator

import pytest
from darkroom_queue import RedisLink


@pytest.fixture
async def link(redis_url: str) -> AsyncIterator[RedisLink]:
    link = await RedisLink.open(redis_url)
    yield link
    await link.close()
