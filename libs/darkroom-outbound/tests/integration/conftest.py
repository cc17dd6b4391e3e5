"""A server on loopback."""

from collections.abc import AsyncIterator

import pytest
from support.site import Site, serving_site


@pytest.fixture
async def site() -> AsyncIterator[Site]:
    """Serve on a free port of loopback."""
    async with serving_site() as made:
        yield made
