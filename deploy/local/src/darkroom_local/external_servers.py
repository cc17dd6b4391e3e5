"""Checks the user's own servers, which replace the embedded ones, before the services start."""

import asyncio
from collections.abc import Mapping

import psycopg
from darkroom_queue import QueueClient
from darkroom_redis import RedisUnavailable

from darkroom_local.errors import ProcessFailed

CONNECT_TIMEOUT_S = 5
REMEDY = "Start that server, set another address, or unset the variable to use the embedded server."


async def check_redis(url: str) -> None:
    """Connect to the Redis of REDIS_URL; raises ProcessFailed if it can't be used."""
    try:
        redis_client = await QueueClient.open(url)
    except (RedisUnavailable, ValueError) as error:
        raise ProcessFailed(f"REDIS_URL can't be used: {str(error).rstrip('.')}. {REMEDY}") from None
    await redis_client.close()


async def check_databases(urls: Mapping[str, str]) -> None:
    """Connect to each database; raises ProcessFailed if one can't be used. Keys are the names of the variables."""
    for variable, url in urls.items():
        await asyncio.to_thread(_check_database, variable, url)


def _check_database(variable: str, url: str) -> None:
    scheme, _, rest = url.partition("://")
    try:
        # A URL in SQLAlchemy's form may contain a driver, as in postgresql+psycopg://.
        psycopg.connect(f"{scheme.partition('+')[0]}://{rest}", connect_timeout=CONNECT_TIMEOUT_S).close()
    except psycopg.Error as error:
        reason = "it is not a URL such as postgresql://user:password@host:5432/name"  # the URL may contain a password
        if isinstance(error, psycopg.OperationalError):
            reason = (str(error).strip() or type(error).__name__).splitlines()[0].rstrip(".")
        raise ProcessFailed(f"{variable} can't be used: {reason}. {REMEDY}") from None
